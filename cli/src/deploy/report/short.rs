//! A line a finding: place, level, form, what was found.

use std::io::{self, Write};

use crate::report::escape::{sentence, visible};
use crate::report::{Options, words};

use super::{DeployReport, headline, locate};

pub(super) fn write(report: &DeployReport, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.active() {
        let (path, line, column) = locate(report, finding);
        let (path, level) = (visible(path), words::level(finding.level));
        writeln!(out, "{path}:{line}:{column}: {level}[{}]: {}", finding.form.name, headline(finding))?;
    }
    for problem in &report.problems {
        let (path, line, column) = report.sources.locate(problem.place);
        let (path, level) = (visible(path), words::level(problem.level));
        writeln!(out, "{path}:{line}:{column}: {level}[{}]: {}", problem.check, sentence(&problem.message))?;
    }
    if options.quiet {
        return Ok(());
    }
    for note in &report.notes {
        let line = note.line.map(|line| format!("{line}:")).unwrap_or_default();
        writeln!(out, "{}:{line} unclear: {}", visible(&note.path), sentence(&note.message))?;
    }
    Ok(())
}
