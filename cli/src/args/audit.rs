//! Flags of `audit` and `plan`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::{DecideArgs, Output, SelectArgs, output};
use crate::audit::AuditFormat;

/// Write a report that a team decides from: verdict, state map, sites, plan and scorecard
///
/// One self-contained file, for the people who plan the migration. Several paths make one report
/// with a table across them.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 the report is written, 2 it could not be.")]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) about: AboutArgs,

    /// Write a report: html, markdown or json (repeatable, a file once)
    #[arg(
        long, value_name = "FORMAT=FILE", required_unless_present = "show_profile",
        value_parser = OsStringValueParser::new().try_map(output::<AuditFormat>), help_heading = "Output"
    )]
    pub(crate) output: Vec<Output<AuditFormat>>,

    /// Take results from the JSON of `verify` or `deploy check` in place of estimates; with several
    /// paths it says which service it is about (repeatable)
    #[arg(long, value_name = "[SERVICE=]FILE", help_heading = "Evidence")]
    pub(crate) with: Vec<PathBuf>,

    /// Compare with an earlier audit's JSON; several, the oldest first, make a trend (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub(crate) since: Vec<PathBuf>,

    /// A name for this audit in later trends, a date or a release say
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        help_heading = "Evidence"
    )]
    pub(crate) label: String,

    /// Print the effort profile of the tool, to be edited for `--profile`, and stop
    #[arg(long, help_heading = "Evidence")]
    pub(crate) show_profile: bool,
}

/// Print the plan alone, as Markdown for an issue tracker
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 the plan is printed, 2 it could not be.")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) about: AboutArgs,
}

/// What the report is about.
#[derive(Debug, Args)]
pub(crate) struct AboutArgs {
    /// Workspaces, packages or folders of Rust files
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) select: SelectArgs,

    #[command(flatten)]
    pub(crate) decide: DecideArgs,

    /// Effort of a site by role, in place of the tool's own
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub(crate) profile: Option<PathBuf>,
}
