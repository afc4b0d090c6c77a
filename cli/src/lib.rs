//! Finds the state that a Rust service keeps in its own process.
//!
//! The library behind `cargo stateless`: [`workspace::load`] reads, [`analyze`] judges,
//! [`report::write`] puts the result into words. Nothing is compiled, nothing is run, and
//! no network is used.

pub mod args;
mod audit;
mod baseline;
pub mod cache;
mod checks;
pub mod commands;
mod config;
pub mod deploy;
pub mod error;
mod facts;
pub mod finding;
mod fingerprint;
mod judged;
mod lower;
mod model;
mod near;
mod remembered;
pub mod report;
mod rules;
mod scorecard;
mod shape;
mod since;
pub mod sink;
pub mod source;
pub mod span;
mod suppress;
#[cfg(feature = "verify")]
pub mod verify;
pub mod workspace;

use rayon::prelude::*;

use cache::Cache;
use facts::FileFacts;
use judged::Judged;
use remembered::Remembered;
use report::Report;
use shape::{Digest, Words};
use sink::Policy;
use span::FileId;
use suppress::Scan;
use workspace::Workspace;

/// Analyses what was read: facts, model, findings, and what `policy` sets aside. Calls `progress` with (done, all) files,
/// from several threads. Never fails: what could not be analysed stands in the report's notes.
///
/// ```
/// let folder = std::env::temp_dir().join(format!("stateless-doc-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// std::fs::write(folder.join("main.rs"), "fn main() {}")?;
/// let request = cargo_stateless::workspace::Request { path: folder.clone(), ..Default::default() };
/// let workspace = cargo_stateless::workspace::load(&request)?;
/// let policy = cargo_stateless::sink::Policy::default();
/// let report = cargo_stateless::analyze(workspace, &policy, &|_done, _all| {});
/// assert!(report.findings.is_empty());
/// std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn analyze(workspace: Workspace, policy: &Policy, progress: &(dyn Fn(u64, u64) + Sync)) -> Report {
    analyze_with(workspace, policy, None, progress)
}

/// As [`analyze`], and remembers what was found for the next time that nothing has changed.
pub fn analyze_with(
    workspace: Workspace,
    policy: &Policy,
    cache: Option<&Cache>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Report {
    // Where so much address space is not to be had, a smaller stack still does for code
    // that people write; without any thread of its own, the caller's has to do.
    let pool = [lower::STACK_BYTES, lower::STACK_BYTES / 16]
        .into_iter()
        .find_map(|bytes| rayon::ThreadPoolBuilder::new().stack_size(bytes).build().ok());
    match pool {
        Some(pool) => pool.install(|| run(workspace, policy, cache, progress)),
        None => run(workspace, policy, cache, progress),
    }
}

fn run(
    mut workspace: Workspace,
    policy: &Policy,
    cache: Option<&Cache>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Report {
    let read = workspace.sources.len();
    let cache = cache.filter(|cache| !cache.lies_in(&workspace.root));
    let remembered = cache.map(|cache| Remembered::new(cache, &workspace, policy));
    let recalled = remembered.as_ref().and_then(|remembered| remembered.recall(&workspace));
    let (Judged { findings, fine, followed, notes }, mut scans, spent) = match recalled {
        Some(judged) => {
            let scans = scans(&workspace, 0);
            // What they point into joins the sources as it did the first time.
            model::settings::sites(&mut workspace);
            (judged, scans, Vec::new())
        }
        None => judge(&mut workspace, policy, remembered.as_ref(), progress),
    };
    scans.extend(self::scans(&workspace, read));
    let found = sink::Found {
        findings,
        fine,
        followed,
        scans,
        unread: notes.iter().map(|note| note.path.clone()).collect(),
    };
    let settled = sink::settle(found, policy, &mut workspace);
    let unread = notes.len();
    let mut all = workspace.notes;
    all.extend(notes);
    all.sort();
    Report {
        root: workspace.root,
        prefix: String::new(),
        files: read - unread,
        sources: workspace.sources,
        rules: rules::ALL,
        findings: settled.findings,
        fine: settled.fine,
        notes: all,
        problems: settled.problems,
        hidden: settled.hidden,
        spent,
    }
}

/// Suppressions in the sources from a number on, where there are any.
fn scans(workspace: &Workspace, from: usize) -> Vec<(FileId, Scan)> {
    let names: Vec<&'static str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let files: Vec<_> = workspace.sources.iter().skip(from).collect();
    let scans = files.par_iter().map(|(id, file)| (*id, suppress::scan(&file.path, &file.text, &names)));
    scans.filter(|(_, scan)| !scan.is_empty()).collect()
}

/// From text to findings, which are remembered where that is wanted.
fn judge(
    workspace: &mut Workspace,
    policy: &Policy,
    remembered: Option<&Remembered>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> (Judged, Vec<(FileId, Scan)>, Vec<FileFacts>) {
    let files: Vec<_> = workspace.sources.iter().collect();
    let done = std::sync::atomic::AtomicU64::new(0);
    let (facts, notes): (Vec<_>, Vec<_>) = files
        .par_iter()
        .map_init(lower::Room::default, |room, (_, file)| {
            let lowered = lower::lower(file, workspace.with_tests, room);
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, files.len() as u64);
            lowered
        })
        .unzip();
    drop(files);
    let words = remembered.map(|_| Words::read_so_far());
    let shapes = || -> Vec<Digest> {
        let Some(words) = &words else { return Vec::new() };
        let files: Vec<_> = workspace.sources.iter().zip(&facts).zip(&notes).collect();
        let shape =
            files.par_iter().map(|(((_, file), facts), note)| shape::of(file, facts, note.as_ref(), words));
        shape.map(|shape| shape.digest).collect()
    };
    // The model uses one core; what does without it is done meanwhile.
    let (mut sites, (served, scans, shapes)) = rayon::join(
        || model::sites(workspace, &facts),
        || (workspace.served(), self::scans(workspace, 0), shapes()),
    );
    sites.extend(model::settings::sites(workspace));
    let followed = std::cell::RefCell::new(sink::Followed::new());
    let hint = |site: &finding::SiteInfo| {
        let package = workspace.sources.file(site.place.file).package;
        let (layer, at) = policy.config.hint(package, &site.symbol, &site.item_path)?;
        followed.borrow_mut().insert((layer, at));
        let said = &policy.config.layers[layer].hints[at];
        Some(rules::Hint { role: said.role, place: policy.config.place(layer, said.span) })
    };
    let (mut findings, fine) = rules::judge_all(&sites, &hint);
    if let Some(served) = served {
        for finding in &mut findings {
            let package = workspace.sources.file(finding.site.place.file).package;
            if !served.contains(&package) {
                finding.confidence = finding::Confidence::Worth;
                finding
                    .reasons
                    .push("no server is started in this package, and none that starts one uses it".into());
            }
        }
    }
    let told = notes.iter().flatten().cloned().collect();
    let mut judged = Judged { findings, fine, followed: followed.into_inner(), notes: told };
    if let (Some(remembered), Some(words)) = (remembered, &words) {
        judged = remembered.keep(workspace, &facts, &notes, (words, &shapes), judged);
    }
    (judged, scans, facts)
}
