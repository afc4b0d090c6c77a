//! Makes what a deployment lacks: autoscaler, disruption budget, probes and pre-stop, a tier for
//! what has to stay in memory, alerts, a dashboard, a plan for the roll-out.
//!
//! Objects are made from the types of `k8s-openapi` and written as YAML with comments that say
//! why. What exists is changed by inserted lines only, in a copy of its file. Everything is read
//! back by `deploy check` before anybody sees it. Nothing is written here.

mod alerts;
mod canary;
mod dashboard;
mod emit;
mod objects;
mod pod;
mod proxy;
mod service;
#[cfg(test)]
mod tests;
mod tiers;
mod typed;

use std::path::{Path, PathBuf};

use super::finding::Class;
use super::{files, read};
use crate::finding::Level;
use crate::report::Report;
pub use proxy::Proxy;
use service::Service;

/// What is wanted of the generated files.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// The cluster's version, as in 1.30.
    pub kubernetes: (u32, u32),
    /// The path that answers 200 when the service is ready.
    pub ready: Option<String>,
    /// How many replicas at most.
    pub most: u32,
    /// The parameter of a route that says what belongs together, where it is not the first.
    pub key: Option<String>,
    /// Accessors of the store that hold sessions: a regular expression of Prometheus.
    pub sessions: String,
    /// Configurations of proxies to write beside the manifests.
    pub proxies: Vec<Proxy>,
    /// Addresses of the replicas, for the proxies.
    pub servers: Vec<String>,
    /// The port on which the proxies listen.
    pub listen: u16,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            kubernetes: (1, 30),
            ready: None,
            most: 10,
            key: None,
            sessions: ".*sess.*".to_owned(),
            proxies: Vec::new(),
            servers: Vec::new(),
            listen: 8080,
        }
    }
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Relative to the folder that the user names.
    pub path: String,
    /// All of it.
    pub text: String,
    /// What it is for, in a few words.
    pub what: String,
    /// The Deployment that it was made for, as in `path:line: Deployment name`; of a file for all
    /// of them the first.
    pub of: String,
}

/// What a run would write.
#[derive(Debug, Default)]
pub struct Made {
    /// By path.
    pub files: Vec<File>,
    /// What is left to people, a line each: place and reason.
    pub kept: Vec<String>,
}

impl Made {
    /// Two services in one folder would write some files over each other: the first one stays.
    fn add(&mut self, service: &Service, path: String, text: String, what: &str) {
        let of = service.place.clone();
        match self.files.iter().find(|file| file.path == path) {
            Some(first) => self.kept.push(format!(
                "{of}: {path} not written: that file is for {}; give each a folder of its own",
                first.of
            )),
            None => self.files.push(File { path, text, what: what.to_owned(), of }),
        }
    }
}

/// Makes the files for every Deployment at or below `path` that is the service's own.
///
/// # Errors
/// Where `path` itself cannot be read.
pub fn generate(path: &Path, code: Option<&Report>, wishes: &Wishes) -> std::io::Result<Made> {
    let found = files::find(path)?;
    let set = read::read(&found.sources, &found.syntax);
    let mut made = Made::default();
    let services = service::all(&set, code, &mut made.kept);
    for service in &services {
        one(service, wishes, &mut made);
    }
    if let Some(first) = services.first() {
        watch(first, wishes, &mut made);
        check_again(&found.sources, &mut made);
        // The plan names no file that is not written.
        let at = first.beside("canary.md");
        let here = at.rsplit_once('/').map_or("", |(folder, _)| folder);
        let plan = canary::plan(here, &services, &made.files);
        made.add(first, at, plan, "the order of the roll-out");
    }
    made.files.sort();
    Ok(made)
}

/// The objects of one Deployment.
fn one(service: &Service, wishes: &Wishes, made: &mut Made) {
    let stays = service.blocking();
    let scales = stays.is_none();
    if let Some(why) = stays {
        made.kept.push(format!("{}: no autoscaler: {why}", service.place));
    }
    if made.files.iter().any(|file| file.path == service.path) {
        made.kept.push(format!("{}: a second Deployment in one file: divide the file", service.place));
        return;
    }
    match pod::edited(service, wishes, scales) {
        Ok(Some(text)) => {
            made.add(service, service.path.clone(), text, "probes and pre-stop, in a copy of the file");
        }
        Ok(None) => {}
        Err(why) => made.kept.push(format!("{}: probes and pre-stop: {why}", service.place)),
    }
    if !service.has_autoscaler && scales {
        let text = objects::autoscaler(service, wishes);
        made.add(service, service.own("autoscaler"), text, "HorizontalPodAutoscaler");
    }
    if !service.has_budget {
        let text = objects::budget(service);
        made.add(service, service.own("disruption-budget"), text, "PodDisruptionBudget");
    }
    match tiers::tier(service, wishes) {
        Some(Ok(text)) => {
            made.add(service, service.own("stateful-tier"), text, "the tier that keeps connections");
        }
        Some(Err(why)) => made.kept.push(format!("{}: no stateful tier: {why}", service.place)),
        None => {}
    }
    for proxy in &wishes.proxies {
        let (name, text) = proxy::configuration(*proxy, service, wishes);
        made.add(service, service.beside(&name), text, "a proxy that sends each request to any replica");
    }
}

/// What watches all of them, in the folder of the first.
fn watch(first: &Service, wishes: &Wishes, made: &mut Made) {
    let mut add = |name: &str, text, what| made.add(first, first.beside(name), text, what);
    add("alerts.yaml", alerts::rules(wishes), "alert rules for Prometheus");
    add("alerts.test.yaml", alerts::tests(), "their tests, for promtool");
    add("dashboard.json", dashboard::json(wishes), "a dashboard for Grafana");
}

/// Reads everything back as `deploy check` does. A file in which something is found is not
/// written: what this tool makes must not be what it finds.
fn check_again(before: &crate::source::Sources, made: &mut Made) {
    let mut texts: Vec<(String, PathBuf, String)> = Vec::new();
    for (_, file) in before.iter() {
        if !made.files.iter().any(|one| one.path == file.path) {
            texts.push((file.path.clone(), file.full_path.clone(), file.text.clone()));
        }
    }
    for file in &made.files {
        texts.push((file.path.clone(), PathBuf::from(&file.path), file.text.clone()));
    }
    let report = super::judge(PathBuf::new(), files::many(texts));
    let existing = |path: &str| before.iter().any(|(_, file)| file.path == path);
    let Made { files, kept } = made;
    files.retain(|file| {
        let own = !existing(&file.path);
        let wrong = report.active().find(|finding| {
            let here = report.sources.file(finding.file).path == file.path;
            // In a copy of the user's own file only what was inserted is judged here.
            here && (own || finding.form.class == Class::Drain && finding.level >= Level::Warning)
        });
        let unread = report.notes.iter().find(|note| note.path == file.path);
        let unread = unread.filter(|_| own).map(|note| note.message.clone());
        let why = wrong.map(|finding| format!("{}: {}", finding.form.name, finding.title)).or(unread);
        if let Some(why) = &why {
            kept.push(format!("{}: not written, `deploy check` would find: {why}", file.path));
        }
        why.is_none()
    });
}
