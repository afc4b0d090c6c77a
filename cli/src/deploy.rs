//! Finds what a deployment still assumes: sticky clients, one instance, a local disk, no way to
//! leave.
//!
//! [`files`] reads, [`read`] makes trees, the rules look at them, [`report`] puts the result
//! into words. Nothing of the project is run, unless [`render`] is asked
//! for, and nothing is sent anywhere.

mod code;
mod files;
pub mod finding;
pub mod fix;
#[cfg(feature = "generate")]
pub mod generate;
mod helm;
mod lines;
mod read;
mod render;
pub mod report;
mod rules;
mod running;
mod suppress;
mod tomls;
mod tree;
mod yaml;

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::finding::{Level, Note, Problem};
use crate::fingerprint;
use crate::report::Counts;
use crate::source::Sources;
pub use code::join;
use finding::DeployFinding;
pub use render::render;
pub use running::{Running, running, tell};

/// What a check of deployment files found.
#[derive(Debug)]
pub struct DeployReport {
    /// The folder, or the folder of the file, that was checked.
    pub root: PathBuf,
    /// Every file that was read.
    pub sources: Sources,
    /// By path and position. Those that were set aside are among them.
    pub findings: Vec<DeployFinding>,
    /// What is wrong with suppressions.
    pub problems: Vec<Problem>,
    /// What could not be read.
    pub notes: Vec<Note>,
}

impl DeployReport {
    /// The findings that were not set aside.
    pub fn active(&self) -> impl Iterator<Item = &DeployFinding> {
        self.findings.iter().filter(|finding| finding.suppression.is_none())
    }

    /// Counts the findings by level, those that were set aside apart.
    pub fn counts(&self) -> Counts {
        let of = |level| self.active().filter(|finding| finding.level == level).count();
        Counts {
            errors: of(Level::Error),
            warnings: of(Level::Warning),
            notes: of(Level::Note),
            suppressed: self.findings.len() - self.active().count(),
            ..Counts::default()
        }
    }

    /// The highest level of an active finding or a problem.
    pub fn worst(&self) -> Option<Level> {
        let problems = self.problems.iter().map(|problem| problem.level);
        self.active().map(|finding| finding.level).chain(problems).max()
    }
}

/// Checks all deployment files at or below `path`.
///
/// # Errors
/// Where `path` itself cannot be read.
pub fn check(path: &Path) -> std::io::Result<DeployReport> {
    let found = files::find(path)?;
    let root = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    Ok(judge(root, found))
}

/// Checks one text as if it lay in a file of that name.
fn check_text(path: &str, text: &str) -> DeployReport {
    judge(PathBuf::new(), files::one(path, text))
}

fn judge(root: PathBuf, found: files::Found) -> DeployReport {
    let mut set = read::read(&found.sources, &found.syntax);
    let mut findings = rules::run(&set);
    findings.sort_by(|a, b| (a.file, a.span.start, a.form.name).cmp(&(b.file, b.span.start, b.form.name)));
    findings.dedup_by(|a, b| (a.file, a.span.start, a.form.name) == (b.file, b.span.start, b.form.name));
    identify(&found.sources, &mut findings);
    let problems = suppress::settle(&found.sources, &mut findings);
    let mut notes = found.notes;
    notes.append(&mut set.notes);
    notes.sort();
    DeployReport { root, sources: found.sources, findings, problems, notes }
}

/// Gives each finding its identity: file, subject and form, and its turn among equals.
fn identify(sources: &Sources, findings: &mut [DeployFinding]) {
    let mut turns: FxHashMap<String, u32> = FxHashMap::default();
    for finding in findings {
        let parts = [sources.file(finding.file).path.as_str(), &finding.subject, finding.form.name];
        let turn = turns.entry(fingerprint::of(&parts)).or_default();
        *turn += 1;
        finding.fingerprint = fingerprint::of(&[parts[0], parts[1], parts[2], &turn.to_string()]);
    }
}
