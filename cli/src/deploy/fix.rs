//! Takes stickiness and single instances out of deployment files, by the smallest edits.
//!
//! A file is changed by byte ranges, so comments, order, indentation, anchors and line ends
//! stay. The changed text is checked again: where a finding would stay, a new one would come,
//! or the file would not be read any more, nothing of that file is changed. What stands under a
//! template's condition, in a flow map, or is not sure, is left to people.

pub(super) mod compare;
mod diff;
pub(super) mod edits;

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::DeployReport;
use super::finding::{Class, DeployFinding};
use crate::finding::Level;
use crate::span::FileId;

pub use diff::unified;

/// When a change should be rolled out: the innermost first, each behind a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Step {
    /// Services, meshes and workloads inside the cluster
    Service,
    /// Ingresses, gateways and proxies in front of them
    Ingress,
    /// The outermost balancer
    Balancer,
}

/// One replaced range of bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// First byte and one past the last, in the text without a byte order mark.
    pub range: (usize, usize),
    /// What stands there afterwards.
    pub text: String,
}

/// A file that is to change.
#[derive(Debug)]
pub struct Change {
    /// Relative to the root.
    pub path: String,
    /// To open.
    pub full_path: PathBuf,
    /// The text now, and afterwards.
    pub before: String,
    /// See `before`.
    pub after: String,
    /// What is done, a line each, with the step that it belongs to.
    pub done: Vec<(Step, String)>,
}

/// A finding that stays, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    /// `path:line`.
    pub place: String,
    /// The finding's headline.
    pub what: String,
    /// Why it is not changed.
    pub why: String,
}

/// What a run would do.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files to change.
    pub changes: Vec<Change>,
    /// What stays.
    pub kept: Vec<Kept>,
}

/// What to do about findings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// Also what the code still needs.
    pub force: bool,
    /// Only this step.
    pub only: Option<Step>,
}

/// Plans the edits for the findings of a report.
pub fn plan(report: &DeployReport, wishes: Wishes) -> Plan {
    let mut plan = Plan::default();
    for (id, _) in report.sources.iter() {
        file(report, id, wishes, &mut plan);
    }
    plan
}

fn file(report: &DeployReport, id: FileId, wishes: Wishes, plan: &mut Plan) {
    let source = report.sources.file(id);
    let text = edits::Text::new(&source.path, &source.text);
    let mut edits: FxHashSet<Edit> = FxHashSet::default();
    let mut done = Vec::new();
    let mut fixed: Vec<&DeployFinding> = Vec::new();
    for finding in report.active().filter(|one| one.file == id && wanted(one)) {
        let step = step(finding);
        if wishes.only.is_some_and(|only| only != step) {
            continue;
        }
        let found = refusal(finding, wishes).map_or_else(|| edits::edits(&text, finding), Err);
        match found {
            Ok(found) => {
                edits.extend(found);
                let line = source.line_column(finding.span.start as u32).0;
                done.push((step, format!("{}:{line}: {}", source.path, finding.title)));
                fixed.push(finding);
            }
            Err(why) => plan.kept.push(kept(report, finding, why)),
        }
    }
    if edits.is_empty() {
        return;
    }
    let edits = in_order(edits);
    let after = apply(&source.text, &edits);
    let compared = verify(&source.path, &after, &fixed, report)
        .and_then(|()| compare::only_intended(&source.path, &source.text, &after, &edits));
    match compared {
        Ok(()) => plan.changes.push(Change {
            path: source.path.clone(),
            full_path: source.full_path.clone(),
            before: source.text.clone(),
            after,
            done,
        }),
        Err(why) => plan.kept.extend(fixed.into_iter().map(|one| kept(report, one, why.clone()))),
    }
}

/// What a fix knows how to take out.
fn wanted(finding: &DeployFinding) -> bool {
    finding.level >= Level::Warning
        && (finding.form.class == Class::Sticky || edits::mends(finding.form.name))
}

fn refusal(finding: &DeployFinding, wishes: Wishes) -> Option<String> {
    let needed = finding.code.as_ref().filter(|code| !code.needed_by.is_empty());
    if let Some(code) = needed.filter(|_| !wishes.force && edits::removes(finding.form.name)) {
        return Some(code.sentence());
    }
    finding.notes.first().map(|note| format!("{note}: change it where that is decided"))
}

fn kept(report: &DeployReport, finding: &DeployFinding, why: String) -> Kept {
    let (path, line, _) = report.sources.locate(finding.place());
    Kept { place: format!("{path}:{line}"), what: format!("{}: {}", finding.subject, finding.title), why }
}

fn step(finding: &DeployFinding) -> Step {
    match finding.form.name {
        "aws-stickiness" | "cloud-session-affinity" => Step::Balancer,
        name if finding.form.class == Class::Sticky
            && !matches!(name, "service-session-affinity" | "mesh-consistent-hash") =>
        {
            Step::Ingress
        }
        _ => Step::Service,
    }
}

/// The edits by place. Of two that overlap the first is enough: both take the same thing out.
pub(super) fn in_order(edits: FxHashSet<Edit>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = edits.into_iter().collect();
    edits.sort();
    let mut end = 0;
    edits.retain(|edit| {
        let apart = edit.range.0 >= end;
        end = end.max(edit.range.1);
        apart
    });
    edits
}

/// The text with all edits, which are in order.
pub(super) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut after = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        after.push_str(&text[at..edit.range.0]);
        after.push_str(&edit.text);
        at = edit.range.1;
    }
    after.push_str(&text[at..]);
    after
}

/// Reads the changed text like any other: what was fixed is gone, nothing new is there, and no
/// more of it is unclear than before.
fn verify(path: &str, after: &str, fixed: &[&DeployFinding], report: &DeployReport) -> Result<(), String> {
    let checked = super::check_text(path, after);
    let unclear = report.notes.iter().filter(|note| note.path == path).count();
    if checked.notes.len() > unclear {
        return Err("the changed file could not be read any more".to_owned());
    }
    let judged = |one: &&DeployFinding| {
        matches!(one.form.class, Class::Sticky | Class::SingleInstance) && one.level >= Level::Warning
    };
    let left = count(checked.active().filter(judged));
    let known = count(report.active());
    let taken = count(fixed.iter().copied());
    for (finding, left) in &left {
        let of = |all: &FxHashMap<_, usize>| all.get(finding).copied().unwrap_or(0);
        if *left > of(&known).saturating_sub(of(&taken)) {
            return Err(format!("`{}` would still be found, or anew", finding.2));
        }
    }
    Ok(())
}

/// How often each finding is there, by form, subject and headline.
fn count<'a>(
    findings: impl Iterator<Item = &'a DeployFinding>,
) -> FxHashMap<(&'static str, &'a str, &'a str), usize> {
    let mut all = FxHashMap::default();
    for one in findings {
        *all.entry((one.form.name, one.subject.as_str(), one.title.as_str())).or_insert(0) += 1;
    }
    all
}
