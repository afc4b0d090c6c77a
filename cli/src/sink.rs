//! The one place after the rules where findings are set aside: suppressions, levels, baseline,
//! and what changed. Pure: what was read for it stands in a [`Policy`].
//!
//! Nothing is lost without a trace. Each step marks or counts what it takes, and what was said
//! about findings and matches none becomes a [`Problem`].

mod accepted;
mod suppressed;

use std::collections::{BTreeSet, HashSet};

use crate::baseline::Entries;
use crate::checks::{Check, UNUSED_HINT};
use crate::config::Config;
use crate::finding::{Confidence, Finding, Fine, Problem};
use crate::near::did_you_mean;
use crate::report::Hidden;
use crate::since::Changes;
use crate::source::{SourceFile, Sources};
use crate::span::{FileId, Place};
use crate::suppress::Scan;
use crate::workspace::Workspace;

pub(crate) use accepted::concerns;

/// What was decided before the run: levels and roles, accepted findings, what changed.
#[derive(Debug, Default)]
pub struct Policy {
    pub(crate) config: Config,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) changes: Option<Changes>,
}

/// The baseline that was read.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) entries: Entries,
    pub(crate) file: SourceFile,
}

/// A hint that was followed: its layer, and its place there.
pub(crate) type Followed = BTreeSet<(usize, usize)>;

/// What the rules found, and what stands around it.
pub(crate) struct Found {
    pub(crate) findings: Vec<Finding>,
    pub(crate) fine: Vec<Fine>,
    pub(crate) followed: Followed,
    pub(crate) scans: Vec<(FileId, Scan)>,
    /// Paths of files that were not analysed: what they say can match nothing.
    pub(crate) unread: HashSet<String>,
}

/// What is left for the report.
pub(crate) struct Settled {
    pub(crate) findings: Vec<Finding>,
    pub(crate) fine: Vec<Fine>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) hidden: Hidden,
}

/// Sets aside what the policy says, and reports what of the policy matched nothing.
pub(crate) fn settle(found: Found, policy: &Policy, workspace: &mut Workspace) -> Settled {
    let Found { mut findings, mut fine, followed, mut scans, unread } = found;
    findings.sort_by(|a, b| (a.site.place, a.rule.name).cmp(&(b.site.place, b.rule.name)));
    fine.sort_by_key(|one| one.site.place);
    scans.retain(|(file, _)| !unread.contains(&workspace.sources.file(*file).path));

    let mut complaints = Complaints { config: &policy.config, problems: Vec::new() };
    suppressed::mark(&mut findings, &fine, &scans, workspace, &mut complaints);
    complaints.problems.retain(|problem| selected(workspace, problem.place));
    if let Some(baseline) = &policy.baseline {
        accepted::mark(&mut findings, baseline, workspace, &mut complaints);
    }
    unused_hints(&followed, &findings, &fine, workspace, &mut complaints);

    findings.retain(|finding| selected(workspace, finding.site.place));
    fine.retain(|one| selected(workspace, one.site.place));
    let mut hidden = Hidden::default();
    findings.retain_mut(|finding| {
        let package = workspace.sources.file(finding.site.place.file).package;
        let level = policy.config.level(Some(package), finding.rule.name, true, finding.confidence);
        hidden.allowed += usize::from(level.is_none());
        finding.level = level.unwrap_or(finding.level);
        level.is_some()
    });
    if let Some(changes) = &policy.changes {
        findings.retain(|finding| {
            let kept = touched(finding, changes, &workspace.sources);
            hidden.unchanged += usize::from(!kept && finding.suppression.is_none());
            kept
        });
    }

    let mut problems = complaints.problems;
    let sources = &workspace.sources;
    let key = |problem: &Problem| (sources.file(problem.place.file).path.clone(), problem.place.span);
    problems.sort_by_cached_key(|problem| (key(problem), problem.check, problem.message.clone()));
    Settled { findings, fine, problems, hidden }
}

fn selected(workspace: &Workspace, place: Place) -> bool {
    workspace.packages[workspace.sources.file(place.file).package].selected
}

/// Whether the site, one of its other names or anything that touches it changed.
fn touched(finding: &Finding, changes: &Changes, sources: &Sources) -> bool {
    let accesses = finding.accesses.iter().map(|access| access.place);
    std::iter::once(finding.site.place)
        .chain(finding.site.also.iter().copied())
        .chain(accesses)
        .any(|place| changes.touch(sources, place))
}

/// Problems in the making: each gets the level that its check has where it stands.
struct Complaints<'c> {
    config: &'c Config,
    problems: Vec<Problem>,
}

impl Complaints<'_> {
    fn add(
        &mut self,
        check: &'static Check,
        package: Option<usize>,
        place: Place,
        message: String,
        help: String,
    ) {
        // A check is like a rule that is never quite sure.
        if let Some(level) = self.config.level(package, check.name, false, Confidence::Likely) {
            self.problems.push(Problem { check: check.name, level, place, message, help });
        }
    }
}

/// Hints that no site follows, in files whose whole reach was read.
fn unused_hints(
    followed: &Followed,
    findings: &[Finding],
    fine: &[Fine],
    workspace: &mut Workspace,
    complaints: &mut Complaints<'_>,
) {
    let config = complaints.config;
    for (at, layer) in config.layers.iter().enumerate() {
        let Some(file) = layer.file.map(|file| &config.files[file]) else { continue };
        let within = file.full_path.parent().is_some_and(|folder| folder.starts_with(&workspace.root));
        let unused = layer.hints.iter().enumerate().filter(|(hint, _)| !followed.contains(&(at, *hint)));
        let mut unused = unused.map(|(_, hint)| hint).peekable();
        if !within || unused.peek().is_none() {
            continue;
        }
        let id = workspace.sources.push(file.clone());
        for hint in unused {
            let symbols = findings.iter().map(|one| &one.site).chain(fine.iter().map(|one| &one.site));
            let help =
                did_you_mean(&hint.site, symbols.map(|site| site.symbol.as_str())).unwrap_or_else(|| {
                    "`--show-fine` lists all sites by their names; remove the line if it is gone".to_owned()
                });
            let message = format!("there is no site `{}`", hint.site);
            complaints.add(&UNUSED_HINT, None, Place { file: id, span: hint.span }, message, help);
        }
    }
}

#[cfg(test)]
mod tests;
