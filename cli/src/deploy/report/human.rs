//! The report for reading in a terminal: miette's snippets and plain sentences.

use std::io::{self, Write};

use crate::finding::Level;
use crate::report::escape::{sentence, visible};
use crate::report::excerpt::{Excerpt, Mark, MarkKind};
use crate::report::human::Page;
use crate::report::{Options, words};
use crate::span::Place;

use super::super::finding::DeployFinding;
use super::{DeployReport, headline};

/// Notes about a whole workload are many and alike: without `-v` they are only counted.
pub(super) fn write(report: &DeployReport, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::new(options);
    let mut any = false;
    let mut hidden = 0;
    for finding in report.active() {
        if finding.level == Level::Note && !options.verbose {
            hidden += 1;
            continue;
        }
        if any {
            writeln!(out)?;
        }
        any = true;
        out.write_all(one(&page, report, finding, options).map_err(io::Error::other)?.as_bytes())?;
    }
    for problem in &report.problems {
        if any {
            writeln!(out)?;
        }
        any = true;
        let mark = Mark { place: problem.place, text: "said here".to_owned(), kind: MarkKind::Declared };
        let excerpt = Excerpt::new(&report.sources, &[mark], options.width);
        let title = sentence(&problem.message);
        let mut text =
            page.diagnostic(excerpt, problem.level, problem.check, title).map_err(io::Error::other)?;
        page.paragraph(&mut text, "help", &sentence(&problem.help));
        out.write_all(text.as_bytes())?;
    }
    if options.quiet {
        return Ok(());
    }
    if any {
        writeln!(out)?;
    }
    for note in &report.notes {
        let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
        writeln!(out, "unclear: {}{line}: {}", visible(&note.path), sentence(&note.message))?;
    }
    writeln!(out, "{}", summary(report, hidden))
}

fn one(
    page: &Page,
    report: &DeployReport,
    finding: &DeployFinding,
    options: &Options,
) -> Result<String, std::fmt::Error> {
    let mark = |place: Place, text: &str, kind| Mark { place, text: sentence(text), kind };
    let mut marks = vec![mark(finding.place(), finding.form.summary, MarkKind::Declared)];
    marks.extend(finding.related.iter().map(|(place, text)| mark(*place, text, MarkKind::Read)));
    let excerpt = Excerpt::new(&report.sources, &marks, options.width);
    let mut text = page.diagnostic(excerpt, finding.level, finding.form.name, headline(finding))?;
    for note in &finding.notes {
        page.paragraph(&mut text, "note", &sentence(note));
    }
    if let Some(code) = &finding.code {
        page.paragraph(&mut text, "code", &sentence(&code.sentence()));
    }
    page.paragraph(&mut text, "help", finding.form.help);
    Ok(text)
}

/// `1 error, 2 warnings in 3 files; 4 notes (-v shows them); 1 suppressed`
fn summary(report: &DeployReport, hidden: usize) -> String {
    let counts = report.counts();
    let parts: Vec<String> = [(counts.errors, "error"), (counts.warnings, "warning")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| words::count(number, noun))
        .collect();
    let found = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    let mut line = format!("{found} in {}", words::count(report.sources.len(), "file"));
    if counts.notes > 0 {
        line.push_str(&format!("; {}", words::count(counts.notes, "note")));
        if hidden > 0 {
            line.push_str(" (-v shows them)");
        }
    }
    if counts.suppressed > 0 {
        line.push_str(&format!("; {} suppressed", counts.suppressed));
    }
    if !report.notes.is_empty() {
        line.push_str(&format!("; {} unclear", report.notes.len()));
    }
    line
}
