//! Compose files: fixed names and ports, local data, sticky labels of the proxy.

use std::ops::Range;

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{
    BIND_MOUNT, CADDY_STICKY, FIXED_NAME, Form, HOST_PORT, NGINX_STICKY, ONE_REPLICA, SHORT_GRACE,
    SQLITE_VOLUME,
};
use super::super::read::Document;
use super::super::tree::{Entry, Node};
use super::backing::{for_development, runs_once};
use super::{Findings, is_backing, traefik};

pub(super) fn check(document: &Document, findings: &mut Findings) {
    let Some(services) = document.root.get("services") else { return };
    // What is only run on a developer's machine is never scaled.
    let most = if for_development(&findings.set.sources.file(document.file).path) {
        Level::Note
    } else {
        Level::Error
    };
    for service in services.entries() {
        let subject = format!("service {}", service.key);
        let labels = [service.value.get("labels"), service.value.at(&["deploy", "labels"])];
        for labels in labels.into_iter().flatten() {
            traefik::labels(labels, document.file, &subject, findings);
            proxy_labels(labels, document.file, &subject, findings);
        }
        if is_part(service) {
            continue;
        }
        let mut say = |form: &'static Form, level: Level, span: Range<usize>, title: String| {
            findings.say(form, level.min(most), document.file, span, &subject, title);
        };
        one_only(&service.value, &mut say);
        volumes(&service.value, &mut say);
    }
}

/// What only one container can have: a number that is said, a name, a port of the host.
fn one_only(service: &Node, say: &mut dyn FnMut(&'static Form, Level, Range<usize>, String)) {
    let said = |entry: &Entry| entry.key_span.start..entry.value.span.end.max(entry.key_span.end);
    for path in [&["deploy", "replicas"][..], &["scale"]] {
        if let Some(entry) = service.entry_at(path).filter(|entry| entry.value.text() == Some("1")) {
            say(&ONE_REPLICA, Level::Error, said(entry), "one replica".into());
        }
    }
    if let Some(entry) = service.entry("container_name") {
        let name = entry.value.text().unwrap_or("");
        say(&FIXED_NAME, Level::Warning, said(entry), format!("only one container can be called `{name}`"));
    }
    // One port is enough to be alone on the host: the first stands for all.
    let mut ports = service.get("ports").map_or(&[][..], Node::items).iter();
    if let Some((port, host)) = ports.find_map(|port| Some((port, host_port(port)?))) {
        let title = format!("only one container can take port {host} of the host");
        say(&HOST_PORT, Level::Warning, port.span.clone(), title);
    }
    let grace = service.entry("stop_grace_period");
    if let Some(entry) = grace.filter(|entry| matches!(entry.value.text(), Some("0" | "0s" | "1s"))) {
        say(&SHORT_GRACE, Level::Warning, said(entry), "open requests are cut off".into());
    }
}

/// Labels that other proxies read.
fn proxy_labels(labels: &Node, file: FileId, subject: &str, findings: &mut Findings) {
    let listed = labels.items().iter().filter_map(|item| {
        let (key, value) = item.text()?.split_once('=')?;
        Some((key, value, item.span.clone()))
    });
    let mapped = labels.entries().iter().map(|entry| {
        (entry.key.as_str(), entry.value.text().unwrap_or(""), entry.key_span.start..entry.value.span.end)
    });
    for (key, value, span) in listed.chain(mapped) {
        let (form, policy): (&'static Form, &[&str]) = match key {
            _ if key.starts_with("caddy") && key.ends_with(".lb_policy") => {
                (&CADDY_STICKY, &["ip_hash", "client_ip_hash", "cookie"])
            }
            "com.github.nginx-proxy.nginx-proxy.loadbalance" => {
                (&NGINX_STICKY, &["ip_hash", "hash $remote_addr", "sticky"])
            }
            _ => continue,
        };
        if policy.iter().any(|one| value.trim_start_matches('"').starts_with(one)) {
            let title = format!("`{key}` pins a client to one replica");
            findings.say(form, Level::Error, file, span, subject, title);
        }
    }
}

/// Proxies publish ports and databases keep data: that is what they are for.
fn is_part(service: &Entry) -> bool {
    const PROXIES: &[&str] = &[
        "traefik",
        "nginx",
        "haproxy",
        "caddy",
        "envoy",
        "httpd",
        "apache",
        "proxy",
        "swag",
        "certbot",
        "watchtower",
        "portainer",
        "cloudflared",
        "tunnel",
    ];
    let image = service.value.text_at(&["image"]).unwrap_or("");
    let built = service.value.get("build").is_some();
    let proxy = |name: &str| {
        name.rsplit('/')
            .next()
            .unwrap_or(name)
            .split([':', '-', '_', '@'])
            .any(|part| PROXIES.contains(&part))
    };
    is_backing(image)
        || runs_once(image)
        || proxy(image)
        || (!built || image.is_empty()) && (is_backing(&service.key) || proxy(&service.key))
}

/// The port of the host that a `ports` item fixes.
fn host_port(port: &Node) -> Option<String> {
    if let Some(published) = port.text_at(&["published"]) {
        return (!published.is_empty() && !published.contains('-')).then(|| published.to_owned());
    }
    let text = port.text()?;
    let parts: Vec<&str> = text.rsplitn(3, ':').collect();
    let host = parts.get(1)?;
    (!host.is_empty() && !host.contains('-')).then(|| (*host).to_owned())
}

fn volumes(service: &Node, say: &mut dyn FnMut(&'static Form, Level, Range<usize>, String)) {
    let mut data: Vec<(Range<usize>, String, String)> = Vec::new();
    for volume in service.get("volumes").map_or(&[][..], Node::items) {
        let (source, target, read_only) = match volume.text() {
            Some(text) => {
                let parts: Vec<&str> = text.split(':').collect();
                let [source, target, rest @ ..] = &parts[..] else { continue };
                (
                    (*source).to_owned(),
                    (*target).to_owned(),
                    rest.iter().any(|mode| mode.split(',').any(|one| one == "ro")),
                )
            }
            None => (
                volume.text_at(&["source"]).unwrap_or("").to_owned(),
                volume.text_at(&["target"]).unwrap_or("").to_owned(),
                volume.get("read_only").is_some_and(Node::is_true),
            ),
        };
        if !read_only && !source.is_empty() {
            data.push((volume.span.clone(), source, target));
        }
    }
    for (span, source, target) in &data {
        let bind = source.starts_with(['.', '/', '~', '$']);
        if bind && holds_data(target) && !source.ends_with(".sock") {
            say(
                &BIND_MOUNT,
                Level::Warning,
                span.clone(),
                format!("`{target}` lies in the host's `{source}`"),
            );
        }
    }
    let Some((span, text)) = sqlite(service) else { return };
    if !data.is_empty() {
        say(&SQLITE_VOLUME, Level::Error, span, format!("`{text}` is a file that one replica has"));
    }
}

/// Whether a folder of a container is one for data, and not for code or configuration.
pub(super) fn holds_data(target: &str) -> bool {
    let target = target.to_ascii_lowercase();
    let words = [
        "data", "storage", "upload", "media", "db", "database", "var/lib", "files", "state", "sessions",
        "persist",
    ];
    let file = target
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.') && !name.ends_with(".db") && !name.contains("sqlite"));
    !file && words.iter().any(|word| target.contains(word))
}

/// An environment variable that names an SQLite file.
pub(super) fn sqlite(service: &Node) -> Option<(Range<usize>, String)> {
    let environment = service.get("environment").or_else(|| service.get("env"))?;
    let listed = environment.items().iter().filter_map(|item| match item.text() {
        Some(text) => Some((text.split_once('=')?.1.to_owned(), item.span.clone())),
        None => Some((item.text_at(&["value"])?.to_owned(), item.get("value")?.span.clone())),
    });
    let mapped = environment.entries().iter().filter_map(|entry| {
        Some((entry.value.text()?.to_owned(), entry.key_span.start..entry.value.span.end))
    });
    listed.chain(mapped).find_map(|(value, span)| {
        let value = value.trim_matches(['"', '\'']).to_owned();
        let lower = value.to_ascii_lowercase();
        let file = lower.starts_with("sqlite:")
            || lower.starts_with("file:") && lower.contains(".db")
            || lower.ends_with(".sqlite")
            || lower.ends_with(".sqlite3");
        (file && !lower.contains(":memory:")).then_some((span, value))
    })
}
