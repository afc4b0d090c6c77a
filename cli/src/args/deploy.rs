//! The command line of `deploy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Color, ReportArgs};
use crate::deploy::fix::Step;
#[cfg(feature = "generate")]
use crate::deploy::generate::Proxy;
use crate::deploy::report::DeployFormat;

/// Find what a deployment still assumes, remove it, and make what it lacks
#[derive(Debug, Subcommand)]
pub(crate) enum Deploy {
    Check(DeployCheckArgs),
    Fix(DeployFixArgs),
    #[cfg(feature = "generate")]
    Generate(DeployGenerateArgs),
}

impl Deploy {
    /// When to colour.
    pub(crate) fn color(&self) -> Option<Color> {
        match self {
            Deploy::Check(args) => args.report.color,
            Deploy::Fix(args) => args.color,
            #[cfg(feature = "generate")]
            Deploy::Generate(args) => args.color,
        }
    }
}

/// Report sticky sessions, single instances, local volumes, and replicas that cannot leave
///
/// Reads manifests, charts, compose files, Terraform, CloudFormation and the configuration of
/// proxies as they lie there: nothing is applied or asked of a cluster, and nothing is rendered
/// without `--render`.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 nothing denied, 1 something denied, 2 could not run.")]
pub(crate) struct DeployCheckArgs {
    /// Folder of deployment files, or one file
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub(crate) path: PathBuf,

    /// Source of the service: findings say whether its code still needs them [default: PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) code: Option<PathBuf>,

    /// Let `helm` render charts, and say which conditional findings are really there
    #[arg(long)]
    pub(crate) render: bool,

    #[command(flatten)]
    pub(crate) report: ReportArgs<DeployFormat>,

    /// Let warnings fail the run too
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Output")]
    pub(crate) deny: Option<Deny>,

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

/// Write autoscaler, disruption budget, probes, alerts, a dashboard and the plan of a roll-out
///
/// For each Deployment of the service's own below PATH. Probes and a pre-stop pause go into a copy
/// of the Deployment's file, by inserted lines. Where the code still keeps state in its process
/// there is no autoscaler; what belongs to open connections gets a tier of its own, with affinity
/// by the key in its routes. Each file is checked as by `deploy check` before it is written.
#[cfg(feature = "generate")]
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 written or nothing to write, 2 could not run.")]
pub(crate) struct DeployGenerateArgs {
    /// Folder of deployment files, or one file
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub(crate) path: PathBuf,

    /// Folder to write to; files there are not overwritten
    #[arg(long, value_name = "FOLDER")]
    pub(crate) into: PathBuf,

    /// Overwrite files that say something else
    #[arg(long)]
    pub(crate) force: bool,

    /// Source of the service: what has to stay in memory, and where it says that it is ready [default: PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) code: Option<PathBuf>,

    /// Version of the cluster; from 1.30 on it can sleep by itself
    #[arg(long, value_name = "VERSION", default_value = "1.30", value_parser = version, help_heading = "Manifests")]
    pub(crate) kubernetes: (u32, u32),

    /// Path that answers 200 when the service is ready [default: from the manifests or the code]
    #[arg(long, value_name = "PATH", help_heading = "Manifests")]
    pub(crate) ready: Option<String>,

    /// Replicas at most
    #[arg(long, value_name = "NUMBER", default_value_t = 10, help_heading = "Manifests")]
    pub(crate) most: u32,

    /// Parameter of a route that says which connections belong together [default: the first]
    #[arg(long, value_name = "NAME", help_heading = "Manifests")]
    pub(crate) key: Option<String>,

    /// Prefixes of keys under which sessions are stored, as a regular expression
    #[arg(long, value_name = "REGEX", default_value = ".*sess.*", help_heading = "Alerts")]
    pub(crate) sessions: String,

    /// Write the configuration of a proxy too (repeatable)
    #[arg(long, value_enum, value_name = "PROXY", help_heading = "Proxies")]
    pub(crate) proxy: Vec<Proxy>,

    /// Address of a replica, for the proxies (repeatable) [default: name and port of the Deployment]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Proxies")]
    pub(crate) server: Vec<String>,

    /// Port on which the proxies listen
    #[arg(long, value_name = "PORT", default_value_t = 8080, help_heading = "Proxies")]
    pub(crate) listen: u16,

    /// When to colour [default: auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) color: Option<Color>,
}

/// `1.30` or `v1.30.2`.
#[cfg(feature = "generate")]
fn version(text: &str) -> Result<(u32, u32), String> {
    let mut parts = text.trim_start_matches('v').split('.').map(str::parse);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err("a version is two numbers, as in 1.30".to_owned()),
    }
}

/// What fails a run beyond errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Findings of level warning
    Warnings,
}
