//! The command line of `deploy`.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::{Color, Output, output};
use crate::deploy::fix::Step;
use crate::deploy::report::DeployFormat;

/// Find what a deployment still assumes, remove it, and make what it lacks
#[derive(Debug, Subcommand)]
pub(crate) enum Deploy {
    Check(DeployCheckArgs),
    Fix(DeployFixArgs),
}

impl Deploy {
    /// When to colour.
    pub(crate) fn color(&self) -> Option<Color> {
        match self {
            Deploy::Check(args) => args.color,
            Deploy::Fix(args) => args.color,
        }
    }
}

/// Report sticky sessions, single instances, local volumes, and replicas that cannot leave
///
/// Reads manifests, charts, compose files, Terraform, CloudFormation and the configuration of
/// proxies as they lie there: nothing is rendered, applied or asked of a cluster.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 nothing denied, 1 something denied, 2 could not run.")]
pub(crate) struct DeployCheckArgs {
    /// Folder of deployment files, or one file
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub(crate) path: PathBuf,

    /// Source of the service: findings say whether its code still needs them [default: PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) code: Option<PathBuf>,

    /// Format on standard output
    #[arg(long, value_enum, default_value_t = DeployFormat::Human, help_heading = "Output")]
    pub(crate) format: DeployFormat,

    /// Write a report to a file as well (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = OsStringValueParser::new().try_map(output::<DeployFormat>), help_heading = "Output")]
    pub(crate) output: Vec<Output<DeployFormat>>,

    /// Let warnings fail the run too
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Output")]
    pub(crate) deny: Option<Deny>,

    /// When to colour [default: auto]
    #[arg(long, value_enum, value_name = "WHEN", help_heading = "Output")]
    pub(crate) color: Option<Color>,

    /// Findings only: no notes about files, no summary
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,

    /// Show findings of level note too
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
}

/// Take out what pins clients or keeps the service single, by the smallest edits
///
/// Comments, order, indentation and line ends stay, and each changed file is read and checked
/// again before it is written. What the code still needs stays, too. Roll the changes out in the
/// order of `--only`: service, ingress, balancer.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 changed or nothing to change, 2 could not run.")]
pub(crate) struct DeployFixArgs {
    /// Folder of deployment files, or one file
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub(crate) path: PathBuf,

    /// Source of the service: what its code still needs stays [default: PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) code: Option<PathBuf>,

    /// Print a diff and change nothing
    #[arg(long)]
    pub(crate) diff: bool,

    /// Only what belongs to this step of the way out
    #[arg(long, value_enum, value_name = "STEP")]
    pub(crate) only: Option<Step>,

    /// Also take out what the code still needs
    #[arg(long)]
    pub(crate) force: bool,

    /// Change files that git has uncommitted changes of
    #[arg(long)]
    pub(crate) allow_dirty: bool,

    /// When to colour [default: auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) color: Option<Color>,
}

/// What fails a run beyond errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Findings of level warning
    Warnings,
}
