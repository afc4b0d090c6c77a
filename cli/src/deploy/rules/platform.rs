//! Application specs of platforms: fly.toml, render.yaml, app.yaml, app.json and their like.
//!
//! One instance is what most platforms start with, so only a number that is said, or a disk
//! that only one instance can have, is worth more than a note.

use std::ops::Range;

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{CLOUD_AFFINITY, Form, ONE_REPLICA, PLATFORM_DISK, SQLITE_VOLUME};
use super::super::tree::{Entry, Node};
use super::{Findings, is_backing};

/// Which platform reads a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Fly,
    Render,
    DigitalOcean,
    Heroku,
    Railway,
    AppEngine,
    Copilot,
    ContainerApp,
}

/// Tells the platform by the file's name and by what it says.
pub(crate) fn platform(name: &str, root: &Node) -> Option<Platform> {
    let has = |key: &str| root.get(key).is_some();
    let services = root.get("services").map_or(&[][..], Node::items);
    let typed = |key: &str| services.iter().any(|one| one.get(key).is_some());
    match name {
        "fly.toml" => Some(Platform::Fly),
        _ if name.starts_with("fly.") && name.ends_with(".toml") && has("app") => Some(Platform::Fly),
        "render.yaml" | "render.yml" => Some(Platform::Render),
        "railway.toml" | "railway.json" => Some(Platform::Railway),
        "app.json" if has("formation") => Some(Platform::Heroku),
        _ if has("runtime") && (has("manual_scaling") || has("automatic_scaling") || has("network")) => {
            Some(Platform::AppEngine)
        }
        _ if typed("type") && (typed("env") || typed("runtime") || typed("plan")) => Some(Platform::Render),
        _ if has("name") && (typed("instance_count") || typed("instance_size_slug")) => {
            Some(Platform::DigitalOcean)
        }
        "manifest.yml" if has("type") && has("image") => Some(Platform::Copilot),
        _ if root.at(&["properties", "configuration", "ingress"]).is_some()
            || root.at(&["properties", "template", "containers"]).is_some() =>
        {
            Some(Platform::ContainerApp)
        }
        _ => None,
    }
}

struct Say<'f, 'a> {
    file: FileId,
    findings: &'f mut Findings<'a>,
}

impl Say<'_, '_> {
    fn entry(&mut self, form: &'static Form, level: Level, entry: &Entry, subject: &str, title: &str) {
        let end = if entry.value.text().is_some() { entry.value.span.end } else { entry.key_span.end };
        let span: Range<usize> = entry.key_span.start..end.max(entry.key_span.end);
        self.findings.say(form, level, self.file, span, subject, title.to_owned());
    }

    fn one(&mut self, entry: Option<&Entry>, subject: &str) {
        if let Some(entry) = entry.filter(|entry| entry.value.text() == Some("1")) {
            self.entry(&ONE_REPLICA, Level::Error, entry, subject, "one instance");
        }
    }
}

/// Looks at one spec.
pub(super) fn check(platform: Platform, root: &Node, file: FileId, findings: &mut Findings) {
    let mut say = Say { file, findings };
    match platform {
        Platform::Fly => fly(root, &mut say),
        Platform::Render => {
            for service in root.get("services").map_or(&[][..], Node::items) {
                let kind = service.text_at(&["type"]).unwrap_or("service");
                let name = service.text_at(&["name"]).unwrap_or(kind);
                if matches!(kind, "redis" | "keyvalue" | "cron") || is_backing(name) {
                    continue;
                }
                say.one(service.entry("numInstances"), name);
                if let Some(disk) = service.entry("disk") {
                    say.entry(&PLATFORM_DISK, Level::Error, disk, name, "a service with a disk runs once");
                    let at = disk.value.text_at(&["mountPath"]).unwrap_or("");
                    if let Some((span, text)) = database_below(service, at) {
                        let title = format!("`{text}` is a file that one instance has");
                        say.findings.say(&SQLITE_VOLUME, Level::Error, file, span, name, title);
                    }
                }
            }
        }
        Platform::DigitalOcean => {
            for service in root.get("services").map_or(&[][..], Node::items) {
                let name = service.text_at(&["name"]).unwrap_or("service");
                say.one(service.entry("instance_count"), name);
            }
        }
        Platform::Heroku => {
            for process in root.get("formation").map_or(&[][..], Node::entries) {
                say.one(process.value.entry("quantity"), &process.key);
            }
        }
        Platform::Railway => say.one(root.entry_at(&["deploy", "numReplicas"]), "deploy"),
        Platform::AppEngine => {
            say.one(root.entry_at(&["manual_scaling", "instances"]), "manual_scaling");
            say.one(root.entry_at(&["automatic_scaling", "max_num_instances"]), "automatic_scaling");
            say.one(root.entry_at(&["automatic_scaling", "max_instances"]), "automatic_scaling");
            if let Some(entry) = root.entry_at(&["network", "session_affinity"])
                && entry.value.is_true()
            {
                say.entry(
                    &CLOUD_AFFINITY,
                    Level::Error,
                    entry,
                    "network",
                    "a client is pinned to one instance",
                );
            }
        }
        Platform::Copilot => {
            say.one(root.entry("count"), root.text_at(&["name"]).unwrap_or("service"));
            if let Some(entry) = root.entry_at(&["http", "stickiness"])
                && entry.value.is_true()
            {
                say.entry(&CLOUD_AFFINITY, Level::Error, entry, "http", "a client is pinned to one task");
            }
        }
        Platform::ContainerApp => {
            let name = root.text_at(&["name"]).unwrap_or("container app");
            say.one(root.entry_at(&["properties", "template", "scale", "maxReplicas"]), name);
            let affinity =
                root.entry_at(&["properties", "configuration", "ingress", "stickySessions", "affinity"]);
            if let Some(entry) = affinity.filter(|entry| entry.value.text() == Some("sticky")) {
                say.entry(&CLOUD_AFFINITY, Level::Error, entry, name, "a client is pinned to one replica");
            }
        }
    }
}

/// A variable that names a database's file on the disk.
fn database_below(service: &Node, disk: &str) -> Option<(Range<usize>, String)> {
    let values = service.get("envVars")?.items().iter().filter_map(|one| one.get("value"));
    let is_file = |text: &str| {
        let name = text.rsplit('/').next().unwrap_or(text);
        name.ends_with(".db") || name.contains(".sqlite")
    };
    let mut named = values.filter_map(|value| Some((value.span.clone(), value.text()?.to_owned())));
    named.find(|(_, text)| !disk.is_empty() && text.contains(disk) && is_file(text))
}

/// A volume belongs to one machine: more machines have more disks, each with other data.
fn fly(root: &Node, say: &mut Say) {
    let name = root.text_at(&["app"]).unwrap_or("app").to_owned();
    for key in ["mounts", "mount"] {
        for entry in root.each(key) {
            say.entry(&PLATFORM_DISK, Level::Error, entry, &name, "a volume belongs to one machine");
        }
    }
    // One machine that never stops is only the least number, not the most.
    for section in ["http_service", "services"] {
        let Some(node) = root.get(section) else { continue };
        for service in std::iter::once(node).chain(node.items()) {
            if let Some(entry) = service.entry("min_machines_running")
                && entry.value.text() == Some("1")
            {
                say.entry(&ONE_REPLICA, Level::Note, entry, &name, "one machine is enough to be up");
            }
        }
    }
    if let Some(entry) = root.entry_at(&["deploy", "strategy"])
        && entry.value.text() == Some("immediate")
    {
        let title = "all machines are replaced at once";
        say.entry(&super::super::finding::RECREATE, Level::Warning, entry, &name, title);
    }
}
