//! What a run found, and the formats that put it into words, a file each.
//!
//! A format only prints: it neither sorts nor drops findings, opens no file, and
//! asks the environment nothing. Colour and width are decided by the caller.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::facts::FileFacts;
use crate::finding::{Finding, Fine, Level, Note, Problem, RuleMeta, SuppressionKind};
use crate::source::Sources;
use crate::span::Place;

pub(crate) mod accessor;
pub(crate) mod escape;
mod evidence;
pub(crate) mod excerpt;
mod github;
mod gitlab;
pub(crate) mod human;
mod json;
pub(crate) mod junit;
pub(crate) mod page;
mod rustc;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sarif;
mod short;
pub(crate) mod words;

/// Everything a format may show. Lists are sorted; formats only print.
#[derive(Debug)]
pub struct Report {
    /// Absolute path of the analysed root.
    pub root: PathBuf,
    /// What services that look at a whole repository have to put before each relative path:
    /// empty, or the way down to the root, as in `services/shop/`.
    pub prefix: String,
    /// Text of every file a place points into.
    pub sources: Sources,
    /// Every rule there is, also those that found nothing.
    pub rules: &'static [&'static RuleMeta],
    /// By path, position, rule. Those that were set aside are among them.
    pub findings: Vec<Finding>,
    /// Looked at and harmless, by path and position.
    pub fine: Vec<Fine>,
    /// Not read or not analysed.
    pub notes: Vec<Note>,
    /// What is wrong with suppressions, hints and the baseline; by path and position.
    pub problems: Vec<Problem>,
    /// How many findings are not among `findings`.
    pub hidden: Hidden,
    /// Files analysed.
    pub files: usize,
    /// What it was made from: millions of small pieces, which a program that ends need not give back.
    #[expect(dead_code, reason = "held, not read")]
    pub(crate) spent: Vec<FileFacts>,
}

/// How many findings there are of each level, and how many were set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Findings of level error.
    pub errors: usize,
    /// Findings of level warning.
    pub warnings: usize,
    /// Findings of level note.
    pub notes: usize,
    /// Findings that a comment or an attribute suppresses, of any level.
    pub suppressed: usize,
    /// Findings that the baseline accepts, of any level.
    pub baseline: usize,
}

/// Findings that no format lists, by what keeps them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    /// Their rule is allowed.
    pub allowed: usize,
    /// Nothing about them changed since the revision that was asked for.
    pub unchanged: usize,
}

impl Report {
    /// The path in the repository, 1-based line, 1-based character column.
    fn locate(&self, place: Place) -> (String, u32, u32) {
        let (path, line, column) = self.sources.locate(place);
        (self.in_repository(path), line, column)
    }

    /// The folder that paths in the repository are relative to.
    fn repository(&self) -> PathBuf {
        let down = self.prefix.matches('/').count();
        self.root.ancestors().nth(down).unwrap_or(&self.root).to_owned()
    }

    /// A path relative to the root as one in the repository.
    fn in_repository(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("{}{path}", self.prefix) }
    }

    /// Counts the findings by level, those that were set aside apart.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for finding in &self.findings {
            match (&finding.suppression, finding.level) {
                (Some(by), _) if by.kind == SuppressionKind::Baseline => counts.baseline += 1,
                (Some(_), _) => counts.suppressed += 1,
                (None, Level::Error) => counts.errors += 1,
                (None, Level::Warning) => counts.warnings += 1,
                (None, Level::Note) => counts.notes += 1,
            }
        }
        counts
    }

    /// The findings that were not set aside: what formats for people list.
    pub fn active(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppression.is_none())
    }

    /// The highest level of an active finding or a problem; nothing where there is neither.
    pub fn worst(&self) -> Option<Level> {
        let problems = self.problems.iter().map(|problem| problem.level);
        self.active().map(|finding| finding.level).chain(problems).max()
    }
}

/// A form that a report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Snippets with labels, for reading in a terminal
    Human,
    /// One line a finding
    Short,
    /// Everything, in this tool's own documented schema
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Messages like cargo's, for rust-analyzer
    Rustc,
    /// Annotations of a GitHub workflow, ten a level
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit's XML, a suite a rule
    Junit,
}

/// How the formats for people look. The formats for machines ignore it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Use escape codes for colour.
    pub color: bool,
    /// List what was looked at and found harmless.
    pub show_fine: bool,
    /// Label every access, and say why the rule claims the site.
    pub verbose: bool,
    /// Print findings only: no notes, no summary, nothing that is fine.
    pub quiet: bool,
    /// Columns to use.
    pub width: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { color: false, show_fine: false, verbose: false, quiet: false, width: 100 }
    }
}

/// Writes what stops a run, for people.
pub(crate) fn write_problems(
    problems: &[Problem],
    sources: &Sources,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    human::write_problems(problems, sources, options, out)
}

/// The same for an editor.
pub(crate) fn write_problem_messages(
    problems: &[Problem],
    sources: &Sources,
    out: &mut dyn Write,
) -> io::Result<()> {
    rustc::write_problems(problems, sources, out)
}

/// Writes the report in that format, ending with a newline unless there is nothing to say.
pub fn write(format: Format, report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, options, out),
        Format::Short => short::write(report, options, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Rustc => rustc::write(report, options, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Junit => junit::write(report, out),
    }
}
