//! The result of a deployment check in words, a format a file.
//!
//! A format only prints, as those of `check` do; colour and width are decided by the caller.

mod github;
mod human;
mod json;
mod sarif;
mod short;

use std::io::{self, Write};

use crate::report::Options;

use super::DeployReport;
use super::finding::DeployFinding;

/// A form that the report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DeployFormat {
    /// Snippets with labels, for reading in a terminal
    Human,
    /// One line a finding
    Short,
    /// Everything, in this tool's own documented schema
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
}

/// Writes the report in that format.
///
/// # Errors
/// What writing to `out` answers.
pub fn write(
    format: DeployFormat,
    report: &DeployReport,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        DeployFormat::Human => human::write(report, options, out),
        DeployFormat::Short => short::write(report, options, out),
        DeployFormat::Json => json::write(report, out),
        DeployFormat::Sarif => sarif::write(report, out),
        DeployFormat::Github => github::write(report, out),
    }
}

/// `path`, 1-based line and column of a finding.
fn locate<'a>(report: &'a DeployReport, finding: &DeployFinding) -> (&'a str, u32, u32) {
    report.sources.locate(finding.place())
}

/// `subject: title`.
fn headline(finding: &DeployFinding) -> String {
    crate::report::escape::sentence(&format!("{}: {}", finding.subject, finding.title))
}
