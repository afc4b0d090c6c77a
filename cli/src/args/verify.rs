//! The command line of `verify`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::ReportArgs;
use crate::verify::ScheduleKind;
use crate::verify::report::VerdictFormat;

/// Run several replicas and send each request of your test to another one than the last
///
/// Starts replicas of the service, and between them and your test a proxy that picks a replica
/// for every single request. What differs from the answers of one replica alone is explained:
/// who wrote, who read, and which line of the source holds the state.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 any replica serves any request, 1 something differs, 2 could not run.",
    override_usage = "cargo stateless verify [OPTIONS] --serve <COMMAND> -- <TEST>...\n       cargo stateless verify [OPTIONS] --serve <COMMAND> --scenario <FILE>"
)]
pub(crate) struct VerifyArgs {
    /// How many replicas
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(2..=64))]
    pub(crate) replicas: u16,

    /// What to run beside the baseline (repeatable) [default: avoid-last, random]
    #[arg(long, value_enum, value_name = "NAME")]
    pub(crate) schedule: Vec<ScheduleKind>,

    /// Run every schedule
    #[arg(long, conflicts_with = "schedule")]
    pub(crate) all: bool,

    /// Seed of the first random schedule
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many random schedules, with seeds from SEED on
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) randoms: u16,

    /// Starts one replica; `{port}` and `{replica}` are filled in, and PORT is set
    #[arg(long, value_name = "COMMAND", required_unless_present_any = ["replay", "target"], help_heading = "Service")]
    pub(crate) serve: Option<String>,

    /// A replica that runs elsewhere, as http://10.0.0.1:8080 (two or more)
    #[arg(long, value_name = "URL", conflicts_with_all = ["serve", "replicas", "replay", "port"], help_heading = "Service")]
    pub(crate) target: Vec<String>,

    /// Port that the service binds whatever it is told: each replica gets a network namespace
    #[arg(long, value_name = "PORT", help_heading = "Service")]
    pub(crate) port: Option<u16>,

    /// Port of this machine that the service needs in its namespace, a database's say (repeatable)
    #[arg(long, value_name = "PORT", requires = "port", help_heading = "Service")]
    pub(crate) share_port: Vec<u16>,

    /// Show a recorded failure again, or that it is FIXED; takes the service from the file
    #[arg(long, value_name = "FILE", conflicts_with = "test")]
    pub(crate) replay: Option<PathBuf>,

    /// Path that answers 2xx or 3xx once a replica is ready [default: it accepts a connection]
    #[arg(long, value_name = "PATH", help_heading = "Service")]
    pub(crate) ready: Option<String>,

    /// Seconds that a replica may take to be ready
    #[arg(long, value_name = "SECONDS", default_value_t = 30, help_heading = "Service")]
    pub(crate) ready_timeout: u64,

    /// Line of shell that clears what replicas share, before every run
    #[arg(long, value_name = "COMMAND", help_heading = "Service")]
    pub(crate) reset: Option<String>,

    /// Folder that a replica works in
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Folder::Copy, help_heading = "Service")]
    pub(crate) cwd: Folder,

    /// Count what replicas lose and cost, with every schedule that this needs
    #[arg(long, conflicts_with_all = ["target", "replay"], help_heading = "Scorecard")]
    pub(crate) scorecard: bool,

    /// Report in JSON of another day, to be shown beside today's numbers
    #[arg(long, value_name = "FILE", requires = "scorecard", help_heading = "Scorecard")]
    pub(crate) before: Option<PathBuf>,

    /// Store whose calls are counted, as redis://host:6379 or postgres://user@host/name
    #[arg(long, value_name = "URL", requires = "scorecard", help_heading = "Scorecard")]
    pub(crate) store: Option<String>,

    /// Do not compare a field, as `body.id` or `GET /cart header.x-served-by` (`*` for anything)
    #[arg(long, value_name = "FIELD", help_heading = "Comparison")]
    pub(crate) ignore: Vec<String>,

    /// Folder of the source in which the state is looked for
    #[arg(
        long,
        value_name = "PATH",
        default_value = ".",
        hide_default_value = true,
        help_heading = "Comparison"
    )]
    pub(crate) source: PathBuf,

    #[command(flatten)]
    pub(crate) report: ReportArgs<VerdictFormat>,

    /// Folder for logs and replay files [default: in the cache]
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    pub(crate) artifacts: Option<PathBuf>,

    /// Differences only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,

    /// List what is noise, and every field that differs
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,

    /// Send what a file holds in place of a test: HAR, a Hurl file, or requests in TOML (repeatable)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["test", "replay"], help_heading = "Scenario")]
    pub(crate) scenario: Vec<PathBuf>,

    /// Of a HAR, send what went to this address [default: where most of it went]
    #[arg(long, value_name = "URL", requires = "scenario", help_heading = "Scenario")]
    pub(crate) origin: Option<String>,

    /// Value for `{{NAME}}` in Hurl files and TOML (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, requires = "scenario", help_heading = "Scenario")]
    pub(crate) variable: Vec<(String, String)>,

    /// The test; it finds the address in STATELESS_URL
    #[arg(last = true, value_name = "TEST")]
    pub(crate) test: Vec<OsString>,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Where a replica works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Folder {
    /// A copy of this folder's tracked files, one a replica
    Copy,
    /// This folder, for all of them
    Shared,
}
