//! Which findings the baseline accepts, and which of its entries match none.

use std::collections::BTreeMap;

use super::{Baseline, Complaints};
use crate::baseline::{Entry, Key};
use crate::checks::STALE_BASELINE;
use crate::finding::{Finding, Suppression, SuppressionKind};
use crate::span::Place;
use crate::workspace::Workspace;

/// Marks the findings that the baseline accepts, and complains about what is left of it.
pub(super) fn mark(
    findings: &mut [Finding],
    baseline: &Baseline,
    workspace: &mut Workspace,
    complaints: &mut Complaints<'_>,
) {
    let mut left: BTreeMap<&Key, usize> =
        baseline.entries.iter().map(|(key, entry)| (key, entry.count)).collect();
    let open = |finding: &&mut Finding| finding.suppression.is_none();
    for finding in findings.iter_mut().filter(open) {
        if let Some(count) = left.get_mut(&Key::of(finding)).filter(|count| **count > 0) {
            *count -= 1;
            accept(finding);
        }
    }
    left.retain(|key, count| *count > 0 && concerns(key, baseline, workspace));

    // What is left may only have moved with its module.
    let mut moved: BTreeMap<&Key, Vec<String>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(open) {
        let from = left.iter_mut().find(|(key, count)| **count > 0 && key.moved_to(finding));
        if let Some((key, count)) = from {
            *count -= 1;
            moved.entry(key).or_default().push(finding.site.item_path.clone());
            accept(finding);
        }
    }

    if moved.is_empty() && left.is_empty() {
        return;
    }
    let file = workspace.sources.push(baseline.file.clone());
    for (key, entry) in &baseline.entries {
        let place = Place { file, span: entry.span };
        for to in moved.remove(key).unwrap_or_default() {
            let message = format!("`{}` is now `{to}`, and still accepted", key.item_path);
            let help = "`cargo stateless baseline` writes the new name".to_owned();
            complaints.add(&STALE_BASELINE, None, place, message, help);
        }
        if let Some(count) = left.get(key).copied().filter(|count| *count > 0) {
            let help = "`cargo stateless baseline --prune` takes it out".to_owned();
            complaints.add(&STALE_BASELINE, None, place, gone(key, entry, count), help);
        }
    }
}

fn accept(finding: &mut Finding) {
    finding.suppression =
        Some(Suppression { kind: SuppressionKind::Baseline, reason: String::new(), place: None });
}

fn gone(key: &Key, entry: &Entry, count: usize) -> String {
    let Key { item_path, rule, .. } = key;
    match entry.count - count {
        0 => format!("`{rule}` is not found at `{item_path}` any more"),
        left => {
            format!("`{rule}` is found {left} times at `{item_path}`, not {} times any more", entry.count)
        }
    }
}

/// Whether an entry's package was read as a whole, so that what is not found is not there.
pub(crate) fn concerns(key: &Key, baseline: &Baseline, workspace: &Workspace) -> bool {
    let mut packages = workspace.packages.iter().filter(|package| package.name == key.package).peekable();
    if packages.peek().is_some() {
        return packages.all(|package| package.selected && package.folder.starts_with(&workspace.root));
    }
    // Of no package at all: gone, if everything was read that the baseline is about.
    baseline.file.full_path.parent().is_some_and(|folder| folder.starts_with(&workspace.root))
}
