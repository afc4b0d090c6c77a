//! The command line. Help texts and shapes only: what a flag does is decided elsewhere.

#[cfg(feature = "verify")]
pub(crate) mod verify;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::levels::LevelFlags;
use crate::report::Format;
use crate::rules::Rule;

pub(crate) mod audit;
pub(crate) mod deploy;
mod levels;
mod rule;

/// Find the state a Rust service keeps in its own process.
#[derive(Debug, Parser)]
#[command(name = "cargo-stateless", bin_name = "cargo stateless", version, styles = clap_styles())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(CheckArgs),
    Baseline(BaselineArgs),
    Audit(audit::AuditArgs),
    Plan(audit::PlanArgs),
    Init(InitArgs),
    #[command(subcommand)]
    Deploy(deploy::Deploy),
    Ra(RaArgs),
    Explain(ExplainArgs),
    Rules(RulesArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
    #[cfg(feature = "verify")]
    Verify(verify::VerifyArgs),
}

/// Report state in memory, who writes and reads it, and what a second replica breaks
///
/// Reads Rust files as they lie there: nothing is compiled, run or downloaded. Read is what
/// can run in a deployed service, in every package below PATH; tests, benches, build scripts
/// and examples that start no server are left out.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 nothing denied, 1 something denied, 2 could not run.")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) policy: PolicyArgs,

    /// Deployment files of the service: findings say how many replicas it runs
    #[arg(long, value_name = "PATH")]
    pub(crate) deploy: Option<PathBuf>,

    /// List which files are read and which are not, with the reason, and stop
    #[arg(long, conflicts_with = "show_config", help_heading = "Output")]
    pub(crate) show_files: bool,

    /// List the level of each rule and where it is said, and stop
    #[arg(long, help_heading = "Output")]
    pub(crate) show_config: bool,

    #[command(flatten)]
    pub(crate) report: ReportArgs<Format>,

    /// List what was looked at and found harmless, with the reason
    #[arg(long, help_heading = "Output")]
    pub(crate) show_fine: bool,

    /// Findings only: no notes, no progress
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,

    /// Say why each finding is claimed
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
}

/// What to read.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// Workspace, package, folder of Rust files, `.rs` file or `Cargo.toml`
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub(crate) path: PathBuf,

    /// Path to a Cargo.toml, instead of PATH
    #[arg(long, value_name = "PATH", conflicts_with = "path")]
    pub(crate) manifest_path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

/// Where a report goes, and in which of a command's formats; one of them is `human`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs<F: ValueEnum + Send + Sync + 'static> {
    /// Format on standard output
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(crate) format: F,

    /// Write a report to a file as well (repeatable, a file once)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = OsStringValueParser::new().try_map(output::<F>), help_heading = "Output")]
    pub(crate) output: Vec<Output<F>>,

    /// When to colour [default: auto]
    #[arg(long, value_enum, value_name = "WHEN", help_heading = "Output")]
    pub(crate) color: Option<Color>,
}

/// Which packages and files below a path.
#[derive(Debug, Clone, Args)]
pub(crate) struct SelectArgs {
    /// Report only this package; `*` and `?` as in globs (repeatable)
    #[arg(short, long = "package", value_name = "NAME", help_heading = "Packages")]
    pub(crate) packages: Vec<String>,

    /// Read the whole workspace that PATH belongs to
    #[arg(long, help_heading = "Packages")]
    pub(crate) workspace: bool,

    /// Do not report this package; `*` and `?` as in globs (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Packages")]
    pub(crate) exclude: Vec<String>,

    /// Read files that ignore files name, and hidden ones
    #[arg(long, help_heading = "Files")]
    pub(crate) no_ignore: bool,

    /// Read integration tests too
    #[arg(long, help_heading = "Files")]
    pub(crate) tests: bool,

    /// Read benches too
    #[arg(long, help_heading = "Files")]
    pub(crate) benches: bool,

    /// Read all examples, not only those that start a server
    #[arg(long, help_heading = "Files")]
    pub(crate) examples: bool,

    /// Neither use nor keep what earlier runs found
    #[arg(long, help_heading = "Files")]
    pub(crate) no_cache: bool,
}

/// Run a command of cargo's, then add findings to its messages: for rust-analyzer
///
/// An editor runs one command, `check.overrideCommand`. This one runs cargo first and passes its
/// messages on as they are, then adds a message for each finding, whether cargo succeeds or not.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 cargo succeeded and nothing denied, 1 cargo failed or something denied, \
                        2 cargo or the analysis could not run."
)]
pub(crate) struct RaArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) policy: PolicyArgs,

    /// Label every write and read, not only the most telling ones
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// What cargo is to do [default: check --workspace --all-targets]
    #[arg(last = true, value_name = "CARGO")]
    pub(crate) cargo: Vec<OsString>,
}

/// Show a rule's page: what it finds, why it breaks, with an example, and what to do
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The rule, as findings name it
    #[arg(value_name = "RULE", value_parser = rule::Named)]
    pub(crate) rule: &'static Rule,

    /// When to colour [default: auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) color: Option<Color>,
}

/// List all rules
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// A table, or JSON with the pages
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(crate) format: ListFormat,
}

/// Print a shell's completions, for `cargo-stateless` and, in bash, zsh and fish, `cargo stateless`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
pub(crate) struct ManArgs {}

/// How to list what is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    Human,
    /// JSON
    Json,
}

/// The files that decide about findings.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DecideArgs {
    /// Configuration to use in place of the nearest `stateless.toml`
    #[arg(long, value_name = "FILE", help_heading = "Levels")]
    pub(crate) config: Option<PathBuf>,

    /// Accepted findings, in place of the nearest `stateless-baseline.txt`
    #[arg(long, value_name = "FILE", help_heading = "Levels")]
    pub(crate) baseline: Option<PathBuf>,
}

/// What to set aside, and what to report.
#[derive(Debug, Default, Args)]
pub(crate) struct PolicyArgs {
    #[command(flatten)]
    pub(crate) levels: LevelFlags,

    #[command(flatten)]
    pub(crate) decide: DecideArgs,

    /// Accept nothing: list what the baseline has as well
    #[arg(long, conflicts_with = "baseline", help_heading = "Levels")]
    pub(crate) no_baseline: bool,

    /// Report only what changed since a git revision; all of it is still analysed
    #[arg(long, value_name = "REV", help_heading = "Levels")]
    pub(crate) since: Option<String>,
}

/// Accept the present findings: only new ones fail from now on
///
/// Writes one finding a line, by package, item path and rule, to `stateless-baseline.txt` beside
/// `stateless.toml`, or where there is none into the workspace's folder.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 written, 2 could not run.")]
pub(crate) struct BaselineArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) decide: DecideArgs,

    /// Only take out what is not found any more; accept nothing new
    #[arg(long, help_heading = "Levels")]
    pub(crate) prune: bool,
}

/// Write a `stateless.toml` in which every setting is explained
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 written, 2 could not run.")]
pub(crate) struct InitArgs {
    /// Folder to write it to
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub(crate) path: PathBuf,

    /// Replace the one that is there
    #[arg(long)]
    pub(crate) force: bool,
}

/// One `--output`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output<F> {
    pub(crate) format: F,
    pub(crate) file: PathBuf,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn output<F: ValueEnum>(value: OsString) -> Result<Output<F>, String> {
    let formats = || {
        let names: Vec<String> = F::value_variants()
            .iter()
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
            .collect();
        names.join(", ")
    };
    // Only the format has to be text; a file may be called anything.
    let bytes = value.as_encoded_bytes();
    let split = bytes.iter().position(|byte| *byte == b'=').filter(|at| *at + 1 < bytes.len());
    let Some((format, file)) = split.and_then(|at| split_at(&value, at)) else {
        return Err(format!("expected FORMAT=FILE, with a format of {}", formats()));
    };
    let format = F::from_str(&format, false)
        .map_err(|_| format!("`{format}` is no format; there are {}", formats()))?;
    if file == "-" {
        return Err("`-` would be a file of that name; `--format` says what standard output gets".to_owned());
    }
    Ok(Output { format, file: file.into() })
}

#[cfg(unix)]
fn split_at(value: &OsString, at: usize) -> Option<(String, OsString)> {
    use std::os::unix::ffi::OsStrExt;
    let (format, file) = value.as_bytes().split_at_checked(at)?;
    let file = std::ffi::OsStr::from_bytes(file.get(1..)?);
    Some((String::from_utf8_lossy(format).into_owned(), file.to_owned()))
}

#[cfg(not(unix))]
fn split_at(value: &OsString, _: usize) -> Option<(String, OsString)> {
    let (format, file) = value.to_str()?.split_once('=')?;
    Some((format.to_owned(), file.into()))
}

/// Cargo's own colours for help.
fn clap_styles() -> clap::builder::Styles {
    use clap::builder::styling::{AnsiColor, Effects, Styles};
    Styles::styled()
        .header(AnsiColor::BrightGreen.on_default() | Effects::BOLD)
        .usage(AnsiColor::BrightGreen.on_default() | Effects::BOLD)
        .literal(AnsiColor::BrightCyan.on_default() | Effects::BOLD)
        .placeholder(AnsiColor::Cyan.on_default())
        .error(AnsiColor::BrightRed.on_default() | Effects::BOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn outputs_are_split_at_the_first_sign() {
        let parsed = output::<Format>("json=a=b.json".into()).unwrap();
        assert_eq!(parsed, Output { format: Format::Json, file: "a=b.json".into() });
        assert!(output::<Format>("json".into()).is_err());
        assert!(output::<Format>("json=".into()).is_err());
        assert!(output::<Format>("json=-".into()).unwrap_err().contains("--format"));
        assert!(output::<Format>("xml=a".into()).unwrap_err().contains("human, short, json, sarif"));
    }
}
