//! Finds the state that a Rust service keeps in its own process.

pub mod args;
pub mod commands;
pub mod error;
mod facts;
pub mod finding;
mod lower;
mod model;
pub mod report;
mod rules;
pub mod source;
pub mod span;
pub mod workspace;

use rayon::prelude::*;

use report::Report;
use workspace::Workspace;

/// Analyses what was read: facts, model, findings. Calls `progress` with (done, all) files.
pub fn analyze(workspace: Workspace, progress: &(dyn Fn(u64, u64) + Sync)) -> Report {
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(lower::STACK_BYTES)
        .build()
        .expect("threads can be started");
    pool.install(|| run(workspace, progress))
}

fn run(workspace: Workspace, progress: &(dyn Fn(u64, u64) + Sync)) -> Report {
    let files: Vec<_> = workspace.sources.iter().collect();
    let done = std::sync::atomic::AtomicU64::new(0);
    let (facts, notes): (Vec<_>, Vec<_>) = files
        .par_iter()
        .map(|(_, file)| {
            let lowered = lower::lower(file, false);
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, files.len() as u64);
            lowered
        })
        .unzip();
    drop(files);
    let sites = model::sites(&workspace, &facts);
    let (mut findings, mut fine) = rules::judge_all(&sites);
    let kept = |package: &str| workspace.packages.iter().any(|one| one.selected && one.name == package);
    findings.retain(|finding| kept(&finding.site.package));
    fine.retain(|one| kept(&one.site.package));
    findings.sort_by(|a, b| (a.site.place, a.rule.name).cmp(&(b.site.place, b.rule.name)));
    fine.sort_by_key(|one| one.site.place);
    let unread = notes.iter().flatten().count();
    let mut all = workspace.notes;
    all.extend(notes.into_iter().flatten());
    all.sort();
    Report {
        root: workspace.root,
        files: workspace.sources.len() - unread,
        sources: workspace.sources,
        rules: &rules::ALL,
        findings,
        fine,
        notes: all,
    }
}
