//! Why a verification could not be done. A difference between replicas is a result, never one
//! of these.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// A reason to stop before there is a verdict. Every one of them exits with 2.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Failure {
    /// `--serve` cannot be read as a command.
    #[error("`--serve` is no command: {why}")]
    #[diagnostic(help("write it as in a shell: `--serve './target/debug/shop --port {{port}}'`"))]
    Serve {
        /// What is wrong with it.
        why: String,
    },

    /// The program of `--serve` or the test command could not be started.
    #[error("`{program}` cannot be started: {source}")]
    #[diagnostic(help("{help}"))]
    Start {
        /// As it was looked for.
        program: String,
        /// What the system says.
        source: io::Error,
        /// The way out.
        help: &'static str,
    },

    /// A replica ended before it was ready, or while the test ran.
    #[error("replica {replica} ended {when}: {status}{log}")]
    #[diagnostic(help(
        "{}the whole log is in `{}`",
        help.as_ref().map_or_else(String::new, |help| format!("{help}; ")),
        log_file.display()
    ))]
    Died {
        /// Its number.
        replica: usize,
        /// `before it was ready` or the like.
        when: &'static str,
        /// How it ended.
        status: String,
        /// Its last lines, each on a line of its own.
        log: String,
        /// All of them.
        log_file: PathBuf,
        /// The way out, where one is known.
        help: Option<Box<str>>,
    },

    /// `--target` names no place that requests can go to.
    #[error("`--target {target}`: {why}")]
    #[diagnostic(help("each is the address of one running replica, as in `--target http://10.0.0.1:8080`"))]
    Target {
        /// As the caller wrote it.
        target: String,
        /// What is wrong with it.
        why: String,
    },

    /// A schedule wants what only the starter of a replica can do.
    #[error("`{schedule}` ends replicas, and those of `--target` run elsewhere")]
    #[diagnostic(help(
        "`avoid-last`, `random`, `sticky` and `reconnect` only send requests; `--serve` starts replicas that can be \
         ended"
    ))]
    Elsewhere {
        /// Its name.
        schedule: String,
    },

    /// The store does not say how often it was called.
    #[error("`--store` cannot be asked for its statistics: {why}")]
    #[diagnostic(help("without `--store` the scorecard lacks the calls a request, and has all else"))]
    Store {
        /// What it says.
        why: String,
    },

    /// `--port`, and no namespaces.
    #[error("no network namespace can be made for a replica: {why}")]
    #[diagnostic(help("{help}"))]
    NoNamespace {
        /// What the system says.
        why: String,
        /// The way out.
        help: String,
    },

    /// A replica runs, but never answered where it was told to listen.
    #[error("replica {replica} is not ready after {seconds} s: {what}{log}")]
    #[diagnostic(help("{help}"))]
    NotReady {
        /// Its number.
        replica: usize,
        /// How long it was waited for.
        seconds: u64,
        /// What was seen instead.
        what: String,
        /// Its last lines, each on a line of its own.
        log: String,
        /// The way out.
        help: String,
    },

    /// A working directory for a replica could not be made, or a log.
    #[error("`{}` cannot be made for a replica: {source}", path.display())]
    #[diagnostic(help(
        "free space or set TMPDIR; `--cwd shared` starts all replicas in this folder instead"
    ))]
    Prepare {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },

    /// `--reset` failed.
    #[error("`--reset` failed: {status}{output}")]
    #[diagnostic(help(
        "it runs before every run, by `sh -c` in this folder, and has to exit with 0: `{command}`"
    ))]
    Reset {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// Its last lines.
        output: String,
    },

    /// A scenario cannot be read, or not sent as it is meant.
    #[error("{place}: {why}")]
    #[diagnostic(help(
        "scenarios are HAR, Hurl files and TOML; a command behind `--` can send anything else"
    ))]
    Scenario {
        /// File, and line where there is one.
        place: String,
        /// What is wrong.
        why: String,
    },

    /// The test fails although only one replica answers.
    #[error("the test fails on a single replica already: {status}{output}")]
    #[diagnostic(help("make it pass first; a command finds the address in STATELESS_URL"))]
    Baseline {
        /// How it ended.
        status: String,
        /// Its last lines.
        output: String,
    },

    /// Two runs on one replica do not agree.
    #[error("two runs on one replica already differ: {what}")]
    #[diagnostic(help("{help}"))]
    Unstable {
        /// The first difference.
        what: String,
        /// The way out.
        help: &'static str,
    },

    /// The test ended without a request.
    #[error("the test sent no request to {url}{output}")]
    #[diagnostic(help(
        "it finds the address in STATELESS_URL; a fixed address in the test passes the proxy by"
    ))]
    Silent {
        /// Where the proxy listens.
        url: String,
        /// Its last lines.
        output: String,
    },

    /// There is nothing to drive the service with.
    #[error("nothing to send: no test command and no scenario")]
    #[diagnostic(help("add `-- COMMAND`, which finds the address in STATELESS_URL, or `--scenario FILE`"))]
    NothingToSend,

    /// What is to be compared with are no answers.
    #[error("no request of the test got an answer on one replica: {route} got {why}")]
    #[diagnostic(
        code(verify::no_answer),
        help("send the same request to the service by hand; over HTTP/2 without TLS it has to speak h2c")
    )]
    NoAnswer {
        /// The first request.
        route: String,
        /// What came instead.
        why: String,
    },

    /// The local part that everything goes through does not work.
    #[error("the proxy cannot work: {0}")]
    Proxy(io::Error),

    /// A report or a replay file could not be written or read.
    #[error("`{}`: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },

    /// Ctrl-C, or the system asks to end.
    #[error("interrupted; all replicas are ended")]
    Interrupted,
}
