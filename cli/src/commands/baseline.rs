//! `baseline`: writes the present findings down as accepted, or takes out what is gone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{output, policy};
use crate::args::{BaselineArgs, LevelFlags};
use crate::baseline::{self, Entries, Key};
use crate::config;
use crate::error::Error;
use crate::finding::SuppressionKind;
use crate::report::Report;
use crate::report::words::count;
use crate::sink::{self, Policy};
use crate::workspace::{Manifests, Workspace};

/// What a run would do to the file.
pub(super) struct Plan {
    path: PathBuf,
    old: Option<Entries>,
    /// Entries of packages that this run does not read, or not as a whole.
    kept: BTreeMap<Key, usize>,
    prune: bool,
}

/// Reads the old file, and what decides about findings.
pub(super) fn plan(workspace: &Workspace, args: &BaselineArgs) -> Result<(Plan, Policy), Error> {
    let root = &workspace.root;
    let config = policy::configuration(workspace, &args.decide, &LevelFlags::default())?;
    let found = policy::baseline_path(root, &args.decide);
    let path = found.unwrap_or_else(|| new_path(root));
    let baseline = match std::fs::symlink_metadata(&path) {
        Ok(_) => Some(policy::read_baseline(&path, root)?),
        Err(_) => None,
    };
    let kept = baseline.iter().flat_map(|baseline| {
        let other = baseline.entries.iter().filter(|(key, _)| !sink::concerns(key, baseline, workspace));
        other.map(|(key, entry)| (key.clone(), entry.count))
    });
    let kept = kept.collect();
    let old = baseline.as_ref().map(|baseline| baseline.entries.clone());
    Ok((Plan { path, old, kept, prune: args.prune }, Policy { config, baseline, changes: None }))
}

/// Beside the configuration, or else where the workspace begins.
fn new_path(root: &Path) -> PathBuf {
    let beside = policy::nearest(root, config::FILE).and_then(|file| file.parent().map(Path::to_owned));
    let mut manifests = Manifests::default();
    let folder = beside
        .or_else(|| manifests.workspace_above(root))
        .or_else(|| manifests.package_above(root))
        .unwrap_or_else(|| root.to_owned());
    folder.join(baseline::FILE)
}

/// Writes the file, and says what that changes.
pub(super) fn write(plan: &Plan, report: &Report) -> Result<String, Error> {
    let mut counts: BTreeMap<Key, usize> = BTreeMap::new();
    for finding in &report.findings {
        let accepted = finding.suppression.as_ref().map(|by| by.kind);
        let wanted = match accepted {
            Some(SuppressionKind::Baseline) => true,
            Some(SuppressionKind::InSource) => false,
            None => !plan.prune,
        };
        if wanted {
            *counts.entry(Key::of(finding)).or_default() += 1;
        }
    }
    for (key, number) in &plan.kept {
        let known = counts.entry(key.clone()).or_default();
        *known = (*known).max(*number);
    }
    let here = std::env::current_dir().ok();
    let shown = here.and_then(|here| plan.path.strip_prefix(here).ok());
    let path = shown.unwrap_or(&plan.path).display();
    if counts.is_empty() && plan.old.is_none() {
        return Ok("nothing found, so there is nothing to accept; no file was written\n".to_owned());
    }
    output::write_whole(&plan.path, &baseline::text(&counts))
        .map_err(|source| Error::Baseline { path: plan.path.clone(), source })?;

    let old: BTreeMap<&Key, usize> =
        plan.old.iter().flatten().map(|(key, entry)| (key, entry.count)).collect();
    let more = |key: &Key, number: usize| number.saturating_sub(old.get(key).copied().unwrap_or(0));
    let new: usize = counts.iter().map(|(key, number)| more(key, *number)).sum();
    let gone = |key: &Key, number: usize| number.saturating_sub(counts.get(key).copied().unwrap_or(0));
    let gone: usize = old.iter().map(|(key, number)| gone(key, *number)).sum();
    let all = count(counts.values().sum(), "finding");
    Ok(format!("{path}: {all} accepted, {new} of them new; {gone} taken out\n"))
}
