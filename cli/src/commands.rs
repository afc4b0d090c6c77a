//! Runs a command: reads, analyses, writes reports, decides the exit status.
//!
//! The only module that knows about standard output, standard error and the terminal.

mod audit;
mod baseline;
mod deploy;
mod editor;
mod init;
mod interrupt;
mod output;
mod policy;
mod progress;
mod rules;
mod shell;
mod stdout;
#[cfg(feature = "verify")]
mod verify;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use clap::Parser;
use miette::Diagnostic;

use self::progress::Progress;
use crate::args::{BaselineArgs, CheckArgs, Cli, Color, Command, PolicyArgs, ReadArgs};
use crate::cache::Cache;
use crate::config;
use crate::error::Error;
use crate::finding::Level;
use crate::report::escape::visible;
use crate::report::{self, Format, Options, Report};
use crate::workspace::{self, Request};

/// The exit status for a run that found something denied.
const DENIED: u8 = 1;

/// The stack of the thread that works: the main thread's is set by the user's shell, and
/// may be small. Only what is used of it takes memory.
const STACK: usize = 256 << 20;

/// Runs the command line, as `cargo stateless ..` or `cargo-stateless ..`.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // Cargo passes its own subcommand on.
    if arguments.get(1).is_some_and(|first| first == "stateless") {
        arguments.remove(1);
    }
    // One of the processes that `verify` starts is this program.
    #[cfg(all(feature = "verify", target_os = "linux"))]
    if arguments.get(1).is_some_and(|first| first == crate::verify::namespace::INSIDE) {
        return crate::verify::namespace::inside::run(&arguments[2..]).unwrap_or_else(|why| {
            say(&format!("{}: {why}\n", painted("error", "1;31", false)));
            ExitCode::from(2)
        });
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // A reader that went away is no error, and there is nowhere else to say so.
            let _ = usage.print();
            return ExitCode::from(usage.exit_code() as u8);
        }
    };
    let color = match &cli.command {
        Command::Check(args) => args.report.color,
        Command::Explain(args) => args.color,
        #[cfg(feature = "verify")]
        Command::Verify(args) => args.report.color,
        Command::Deploy(command) => command.color(),
        _ => None,
    };
    let work = thread::Builder::new().stack_size(STACK).spawn(move || match &cli.command {
        Command::Check(args) => check(args),
        Command::Baseline(args) => accept(args),
        Command::Audit(args) => audit::run(args),
        Command::Plan(args) => audit::plan(args),
        Command::Init(args) => init::init(args).and_then(|said| print(&said)),
        Command::Deploy(command) => deploy::run(command),
        Command::Ra(args) => editor::run(args),
        Command::Explain(args) => rules::explain(args),
        Command::Rules(args) => rules::list(args),
        Command::Completions(args) => shell::completions(args),
        Command::Man(_) => shell::man(),
        #[cfg(feature = "verify")]
        Command::Verify(args) => verify::run(args),
    });
    let result = match work.map(thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Error::Bug),
        Err(error) => Err(Error::Thread(error)),
    };
    result.map(ExitCode::from).unwrap_or_else(|error| {
        say_error(&error, use_color(color, io::stderr().is_terminal()));
        ExitCode::from(error.exit_code())
    })
}

fn check(args: &CheckArgs) -> Result<u8, Error> {
    output::distinct(&args.report.output)?;
    if args.show_files || args.show_config {
        return show(args);
    }
    let (report, warnings) = analyse(&args.read, &args.policy, args.quiet)?;
    // The process ends with it: to give the memory back piece by piece would only take time.
    let mut report = ManuallyDrop::new(report);
    if let Some(path) = &args.deploy
        && let Some(running) = deploy::replicas(path)?
    {
        crate::deploy::tell(&mut report, &running);
    }
    if !args.quiet {
        say_warnings(&warnings, &report, args.report.color, args.report.format);
    }
    // Files get their names last, and none of them does if one cannot be made.
    let report: &Report = &report;
    let files: Result<Vec<_>, Error> = args
        .report
        .output
        .iter()
        .map(|file| {
            let options = options(args, false, stdout::WIDTH);
            output::stage(file, move |out| report::write(file.format, report, &options, out))
        })
        .collect();
    let options = options(args, use_color(args.report.color, stdout::is_terminal()), stdout::width());
    let shown = stdout::write(|out| report::write(args.report.format, report, &options, out));
    for file in files? {
        file.place()?;
    }
    shown?;
    Ok(if denies(report, &args.policy) { DENIED } else { 0 })
}

/// What `check` would read or obey, in place of doing so.
fn show(args: &CheckArgs) -> Result<u8, Error> {
    let workspace = workspace::load(&request(&args.read)?)?;
    if args.show_files {
        return print(&workspace::listing(&workspace));
    }
    let policy = policy::load(&workspace, &args.policy)?;
    let accepted = policy.baseline.as_ref().map(|baseline| (&baseline.file, &baseline.entries));
    print(&config::show(&policy.config, &workspace, accepted))
}

/// The report, and what is odd about the request.
fn analyse(read: &ReadArgs, policy: &PolicyArgs, quiet: bool) -> Result<(Report, Vec<String>), Error> {
    let progress = Progress::start(quiet);
    let workspace = workspace::load(&request(read)?)?;
    let policy = policy::load(&workspace, policy)?;
    let warnings = workspace.warnings.clone();
    let cache = cache(read);
    let mut report =
        crate::analyze_with(workspace, &policy, cache.as_ref(), &|done, total| progress.set(done, total));
    report.prefix = prefix(&report.root, |variable| std::env::var_os(variable));
    Ok((report, warnings))
}

/// The way from the repository that a CI service checked out down to the analysed root.
fn prefix(root: &Path, variable: impl Fn(&str) -> Option<OsString>) -> String {
    let repositories = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().filter_map(variable);
    let mut ways = repositories.filter_map(|repository| {
        let repository = std::fs::canonicalize(repository).ok()?;
        root.starts_with(&repository).then(|| workspace::shown(&repository, root))
    });
    match ways.next() {
        Some(way) if way != "." => way + "/",
        _ => String::new(),
    }
}

fn denies(report: &Report, policy: &PolicyArgs) -> bool {
    let least = if policy.levels.deny_warnings { Level::Warning } else { Level::Error };
    report.worst().is_some_and(|worst| worst >= least)
}

/// `baseline`.
fn accept(args: &BaselineArgs) -> Result<u8, Error> {
    let progress = Progress::start(false);
    let workspace = workspace::load(&request(&args.read)?)?;
    let (plan, policy) = baseline::plan(&workspace, args)?;
    let cache = cache(&args.read);
    let report =
        crate::analyze_with(workspace, &policy, cache.as_ref(), &|done, total| progress.set(done, total));
    drop(progress);
    print(&baseline::write(&plan, &report)?)
}

/// Says something on standard output, and is content.
fn print(text: &str) -> Result<u8, Error> {
    stdout::write(|out| out.write_all(text.as_bytes())).map(|()| 0)
}

fn cache(args: &ReadArgs) -> Option<Cache> {
    if args.select.no_cache { None } else { Cache::of_user() }
}

fn request(args: &ReadArgs) -> Result<Request, Error> {
    let path = match &args.manifest_path {
        Some(path) if path.file_name().is_none_or(|name| name != "Cargo.toml") => {
            return Err(Error::NotAManifest { path: path.clone() });
        }
        Some(path) => path,
        None => &args.path,
    };
    let select = &args.select;
    Ok(Request {
        path: path.clone(),
        packages: select.packages.clone(),
        exclude: select.exclude.clone(),
        workspace: select.workspace,
        no_ignore: select.no_ignore,
        tests: select.tests,
        benches: select.benches,
        examples: select.examples,
    })
}

fn options(args: &CheckArgs, color: bool, width: usize) -> Options {
    Options { color, show_fine: args.show_fine, verbose: args.verbose, quiet: args.quiet, width }
}

/// `--color`, then `CARGO_TERM_COLOR`, then `NO_COLOR`, then whether it is a terminal.
fn use_color(flag: Option<Color>, terminal: bool) -> bool {
    let variable = std::env::var("CARGO_TERM_COLOR").ok();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    decide_color(flag, variable.as_deref(), no_color, terminal)
}

/// `auto`, wherever it is said, leaves the question to what comes after it.
fn decide_color(flag: Option<Color>, variable: Option<&str>, no_color: bool, terminal: bool) -> bool {
    match (flag, variable) {
        (Some(Color::Always), _) => true,
        (Some(Color::Never), _) => false,
        (None, Some("always")) => true,
        (None, Some("never")) => false,
        _ => terminal && !no_color,
    }
}

/// Standard error is the last place to speak: where it is gone, nothing can be said.
fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// What is odd about the request, and the notes of the report where its format is one
/// for programs: whoever runs those should hear of them too.
fn say_warnings(warnings: &[String], report: &Report, color: Option<Color>, format: Format) {
    let color = use_color(color, io::stderr().is_terminal());
    let head = painted("warning", "1;33", color);
    for warning in warnings {
        say(&format!("{head}: {}\n", visible(warning)));
    }
    if matches!(format, Format::Human | Format::Short) {
        return;
    }
    for note in &report.notes {
        let line = note.line.map_or_else(String::new, |line| format!(":{line}"));
        let (path, message) = (visible(&note.path), visible(&note.message));
        say(&format!("{head}: {path}{line}: not analysed: {message}\n"));
    }
}

fn say_error(error: &Error, color: bool) {
    if let Error::Configuration { problems, sources } = error {
        let mut text = Vec::new();
        let options = Options { color, ..Options::default() };
        // Writing to a vector cannot fail.
        let _ = report::write_problems(problems, sources, &options, &mut text);
        say(&String::from_utf8_lossy(&text));
    }
    say(&format!("{}: {error}\n", painted("error", "1;31", color)));
    if let Some(help) = error.help() {
        say(&format!("  {}: {help}\n", painted("help", "1;36", color)));
    }
}

fn painted(word: &str, style: &str, color: bool) -> String {
    if color { format!("\x1b[{style}m{word}\x1b[0m") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_service_begin_where_it_checked_out() {
        let checkout = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(checkout.path()).unwrap();
        let way = |name: &'static str, root: &Path| {
            prefix(root, |asked| (asked == name).then(|| checkout.path().as_os_str().to_owned()))
        };
        assert_eq!(way("GITHUB_WORKSPACE", &root.join("services/shop")), "services/shop/");
        assert_eq!(way("CI_PROJECT_DIR", &root.join("a")), "a/");
        assert_eq!(way("GITHUB_WORKSPACE", &root), "");
        assert_eq!(way("GITHUB_WORKSPACE", Path::new("/elsewhere")), "");
        assert_eq!(way("OTHER", &root.join("a")), "");
    }

    #[test]
    fn color_flag_then_cargo_then_no_color_then_terminal() {
        assert!(decide_color(Some(Color::Always), Some("never"), true, false));
        assert!(!decide_color(Some(Color::Never), Some("always"), false, true));
        assert!(decide_color(None, Some("always"), true, false));
        assert!(!decide_color(None, Some("never"), false, true));
        assert!(!decide_color(None, Some("auto"), true, true));
        assert!(!decide_color(Some(Color::Auto), Some("always"), false, false));
        assert!(decide_color(None, None, false, true));
        assert!(decide_color(None, Some("rainbow"), false, true));
    }
}
