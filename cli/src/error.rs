//! What stops a run. Everything else is a [`crate::finding::Note`] in the report.
//!
//! Says what was wanted and the way out; how it is printed is decided in `commands`.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

use crate::finding::{Note, Problem};
use crate::report::escape::visible;
use crate::report::words::count;
use crate::source::Sources;

/// A reason to stop before there is a report. Every one of them exits with 2.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// PATH is not there.
    #[error("`{}` does not exist", path.display())]
    #[diagnostic(help(
        "PATH is a workspace, a package, a folder of Rust files, a `.rs` file or a `Cargo.toml`"
    ))]
    NotFound {
        /// As the caller wrote it.
        path: PathBuf,
    },

    /// A file to change has changes that git does not have.
    #[error("`{}` has uncommitted changes", path.display())]
    #[diagnostic(help("commit them, look at the edits with `--diff`, or say `--allow-dirty`"))]
    Dirty {
        /// The file.
        path: PathBuf,
    },

    /// A file to make is there already, and says something else.
    #[error("`{}` is there already; nothing was written", path.display())]
    #[diagnostic(help("name another folder with `--into`, or overwrite with `--force`"))]
    InTheWay {
        /// The file.
        path: PathBuf,
    },

    /// A changed file could not be written.
    #[error("`{}` cannot be written: {source}", path.display())]
    #[diagnostic(help("check the permissions of the file and of its folder"))]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },

    /// PATH of `deploy` is not there.
    #[error("`{}` does not exist", path.display())]
    #[diagnostic(help("PATH is a folder of deployment files, or one such file"))]
    NoDeployment {
        /// As the caller wrote it.
        path: PathBuf,
    },

    /// A file of `--with`, `--since` or `--profile` is not there.
    #[error("`{}` does not exist", path.display())]
    #[diagnostic(help(
        "`--with` takes the JSON of `verify` or `deploy check`, `--since` that of an earlier audit"
    ))]
    NoEvidence {
        /// As the caller wrote it.
        path: PathBuf,
    },

    /// A file of `--with`, `--since` or `--profile` is not what it has to be.
    #[error("`{}` cannot be used: {}", path.display(), visible(reason.trim_end()))]
    #[diagnostic(help(
        "make it with `--format json`, or `--output json=FILE`; a profile with `audit --show-profile`"
    ))]
    Unusable {
        /// As the caller wrote it.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// PATH is there but cannot be looked at.
    #[error("`{}` cannot be read: {source}", path.display())]
    #[diagnostic(help("check the permissions of the path and of the folders above it"))]
    Unreadable {
        /// As the caller wrote it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },

    /// PATH is something that holds no Rust code.
    #[error("`{}` is {what}, not something to analyse", path.display())]
    #[diagnostic(help(
        "PATH is a workspace, a package, a folder of Rust files, a `.rs` file or a `Cargo.toml`"
    ))]
    NotCode {
        /// As the caller wrote it.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },

    /// `--manifest-path` names another kind of file.
    #[error("`{}` is not a manifest", path.display())]
    #[diagnostic(help(
        "`--manifest-path` takes the path of a `Cargo.toml`; any other path goes without the flag"
    ))]
    NotAManifest {
        /// As the caller wrote it.
        path: PathBuf,
    },

    /// There was nothing to analyse.
    #[error("no Rust file could be read in `{}`{}", path.display(), reasons(.notes))]
    #[diagnostic(help("{}", nothing_read_help(*.left_out)))]
    NothingRead {
        /// Absolute.
        path: PathBuf,
        /// How many Rust files were left out as tests, benches, build scripts or examples.
        left_out: usize,
        /// What was found and could not be read.
        notes: Vec<Note>,
    },

    /// `-p` names a package that is not there.
    #[error("no package {}`{name}` among those that were read", matches_or_is(name))]
    #[diagnostic(help("{}", unknown_package_help(.near, .packages, *.in_tests)))]
    UnknownPackage {
        /// As the caller wrote it.
        name: String,
        /// Packages with a similar name, best first.
        near: Vec<String>,
        /// All packages, sorted.
        packages: Vec<String>,
        /// It is there, but among the tests or benches, which are not read.
        in_tests: bool,
    },

    /// `-p` and `--exclude` together leave no package.
    #[error("`--exclude` leaves no package to report on")]
    #[diagnostic(help("the packages are: {}", .packages.join(", ")))]
    NothingSelected {
        /// All packages, sorted.
        packages: Vec<String>,
    },

    /// A configuration says what cannot be obeyed.
    #[error("{} in the configuration", count(.problems.len(), "mistake"))]
    Configuration {
        /// What is wrong, each with its place.
        problems: Vec<Problem>,
        /// The text of the files.
        sources: Sources,
    },

    /// A file that decides about findings is there and cannot be read.
    #[error("`{}` cannot be used: {reason}", path.display())]
    #[diagnostic(help("without it the result could be another one, so nothing was checked"))]
    Unread {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// `init` found a configuration.
    #[error("`{}` is there already", path.display())]
    #[diagnostic(help("`--force` replaces it"))]
    IsThere {
        /// Its path.
        path: PathBuf,
    },

    /// `init` could not write.
    #[error("`{}` cannot be written: {source}", path.display())]
    #[diagnostic(help("PATH is an existing folder in which a file may be made"))]
    Init {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },

    /// `baseline` could not write.
    #[error("the baseline cannot be written to `{}`: {source}", path.display())]
    #[diagnostic(help(
        "its folder has to exist, and a file may have to be made in it; `--baseline FILE` names another one"
    ))]
    Baseline {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },

    /// `--since` could not be answered.
    #[error("`--since {revision}`: {reason}")]
    #[diagnostic(help("{help}"))]
    Since {
        /// As the caller wrote it.
        revision: String,
        /// What is wrong.
        reason: String,
        /// The way out.
        help: String,
    },

    /// `--output` could not be written.
    #[error("the {format} report cannot be written to `{}`: {source}", path.display())]
    #[diagnostic(help("`--output` needs an existing folder in which a file may be made"))]
    Output {
        /// The format's name.
        format: String,
        /// As the caller wrote it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },

    /// Two reports are to go to one file.
    #[error("two reports cannot both be written to `{}`", path.display())]
    #[diagnostic(help("give each `--output` a file of its own, other than that of standard output"))]
    SameOutput {
        /// As the caller wrote it the second time.
        path: PathBuf,
    },

    /// Cargo could not be run for its messages.
    #[error("`{program}` cannot be run: {source}")]
    #[diagnostic(help(
        "only this tool's own messages were printed; `check --format rustc` prints these without cargo"
    ))]
    Cargo {
        /// What was to be run.
        program: String,
        /// What the system says.
        source: io::Error,
    },

    /// Standard output could not be written, and not because its reader went away.
    #[error("standard output cannot be written: {0}")]
    Stdout(io::Error),

    /// The system refuses the thread that the analysis runs on.
    #[error("no thread could be started for the analysis: {0}")]
    Thread(io::Error),

    /// `verify` could not be done.
    #[cfg(feature = "verify")]
    #[error(transparent)]
    #[diagnostic(transparent)]
    Verify(#[from] crate::verify::Failure),

    /// The analysis panicked; the panic's own message is already on standard error.
    #[error("the analysis stopped in the middle: this is a bug in cargo stateless")]
    #[diagnostic(help(
        "please report it with the message above and, if possible, the file that it was about"
    ))]
    Bug,
}

impl Error {
    /// The exit status: 2, "could not run".
    pub fn exit_code(&self) -> u8 {
        2
    }
}

fn reasons(notes: &[Note]) -> String {
    const SHOWN: usize = 5;
    let mut text = String::new();
    for note in notes.iter().take(SHOWN) {
        let _ = write!(text, "\n  {}: {}", visible(&note.path), visible(&note.message));
    }
    if notes.len() > SHOWN {
        let _ = write!(text, "\n  and {} more", notes.len() - SHOWN);
    }
    text
}

fn nothing_read_help(left_out: usize) -> String {
    let mut text = String::from(
        "looked for `.rs` files in this folder and all below it, except hidden ones and those that an ignore file names \
         (`--no-ignore` reads these too)",
    );
    if left_out > 0 {
        let _ = write!(
            text,
            "; {left_out} Rust file{} left out: build scripts always, and `--tests`, `--benches`, `--examples` bring in the rest",
            if left_out == 1 { " was" } else { "s were" }
        );
    }
    text
}

fn matches_or_is(name: &str) -> &'static str {
    if name.contains(['*', '?']) { "matches " } else { "" }
}

fn unknown_package_help(near: &[String], packages: &[String], in_tests: bool) -> String {
    if in_tests {
        return "it lies in a folder of tests or benches: add `--tests` or `--benches`".to_owned();
    }
    let listed = format!("the packages are: {}", packages.join(", "));
    match near {
        [] => listed,
        near => {
            let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            format!("did you mean {}? {listed}", near.join(" or "))
        }
    }
}
