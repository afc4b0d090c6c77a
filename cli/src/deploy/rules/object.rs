//! Objects of a cluster other than workloads: services, ingresses, routes, mesh policies.

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{
    CLOUD_AFFINITY, GATEWAY_SESSION, INGRESS_COOKIE, INGRESS_HASH, MESH_HASH, SERVICE_AFFINITY,
    TRAEFIK_STICKY,
};
use super::super::read::Document;
use super::super::tree::{Entry, Node};
use super::backing::in_backing_chart;
use super::{Findings, envoy, ingress, is_backing};

/// `Kind name`, as people speak of objects.
pub(super) fn subject(root: &Node) -> String {
    let kind = root.text_at(&["kind"]).unwrap_or("object");
    let name = root.text_at(&["metadata", "name"]).unwrap_or("");
    // A masked template's name says nothing.
    if name.is_empty() || name.contains("xxxx") { kind.to_owned() } else { format!("{kind} {name}") }
}

pub(super) fn check(document: &Document, findings: &mut Findings) {
    let root = &document.root;
    let subject = subject(root);
    ingress::annotations(root, document.file, &subject, findings);
    // Knative and Cloud Run keep theirs on the template.
    if let Some(template) = root.at(&["spec", "template"]) {
        ingress::annotations(template, document.file, &subject, findings);
    }
    match root.text_at(&["kind"]).unwrap_or("") {
        "Service" => service(root, document.file, &subject, findings),
        "CustomResourceDefinition" => {}
        "EnvoyFilter" => envoy::check(root, document.file, &subject, findings),
        "DestinationRule" if root.text_at(&["spec", "host"]).is_some_and(is_backing) => {}
        _ => policies(root, document.file, &subject, findings),
    }
}

fn service(root: &Node, file: FileId, subject: &str, findings: &mut Findings) {
    for spec in root.each("spec") {
        for entry in spec.value.each("sessionAffinity") {
            if entry.value.text() == Some("ClientIP") && !backing(root) && !chart(findings, file) {
                say(
                    findings,
                    &SERVICE_AFFINITY,
                    entry,
                    file,
                    subject,
                    "`sessionAffinity: ClientIP` pins a client's address to one replica",
                );
            }
        }
    }
}

/// Whether the Service stands before a database or the like.
fn backing(root: &Node) -> bool {
    let selected = root.at(&["spec", "selector"]).map_or(&[][..], Node::entries);
    let names =
        selected.iter().filter_map(|entry| entry.value.text()).chain(root.text_at(&["metadata", "name"]));
    names.into_iter().any(is_backing)
}

/// Whether the file is a template of the chart of such a part.
fn chart(findings: &Findings, file: FileId) -> bool {
    in_backing_chart(&findings.set.sources.file(file).full_path)
}

fn say(
    findings: &mut Findings,
    form: &'static super::Form,
    entry: &Entry,
    file: FileId,
    subject: &str,
    title: &str,
) {
    let end = if entry.value.text().is_some() { entry.value.span.end } else { entry.key_span.end };
    findings.say(
        form,
        Level::Error,
        file,
        entry.key_span.start..end.max(entry.key_span.end),
        subject,
        title.to_owned(),
    );
}

/// Settings of routes and policies, told by their key and what stands above it.
fn policies(root: &Node, file: FileId, subject: &str, findings: &mut Findings) {
    let api = root.text_at(&["apiVersion"]).unwrap_or("");
    let kind = root.text_at(&["kind"]).unwrap_or("");
    let mut seen: Vec<(&'static super::Form, &Entry, String, Level)> = Vec::new();
    root.walk(&mut |above, entry| {
        let text = entry.value.text().unwrap_or("");
        let inside = |key: &str| above.contains(&key);
        let mut hit = |form, level, title: String| seen.push((form, entry, title, level));
        match entry.key.as_str() {
            "consistentHash" if inside("trafficPolicy") || inside("loadBalancer") => {
                let (level, what) = hash_of(&entry.value);
                hit(&MESH_HASH, level, format!("a consistent hash picks the replica by {what}"));
            }
            "type" if text == "ConsistentHash" && inside("loadBalancer") => {
                hit(&MESH_HASH, Level::Error, "a consistent hash picks the replica".into());
            }
            "sessionPersistence" if !entry.value.is_null() => {
                hit(
                    &GATEWAY_SESSION,
                    Level::Error,
                    "session persistence pins a client to one replica".into(),
                );
            }
            "sticky" if api.contains("traefik") && entry.value.get("cookie").is_some() => {
                hit(&TRAEFIK_STICKY, Level::Error, "a sticky cookie pins a client to one replica".into());
            }
            "strategy" if api.contains("traefik") && text.eq_ignore_ascii_case("hrw") => {
                let title = "the strategy `hrw` picks the replica by the client's address";
                hit(&TRAEFIK_STICKY, Level::Error, title.into());
            }
            "highestRandomWeight" if api.contains("traefik") => {
                let title = "the service is picked by the client's address";
                hit(&TRAEFIK_STICKY, Level::Error, title.into());
            }
            "sessionCookie"
                if api.contains("nginx.org") && entry.value.get("enable").is_some_and(Node::is_true) =>
            {
                hit(&INGRESS_COOKIE, Level::Error, "a session cookie pins a client to one replica".into());
            }
            "lb-method" | "loadBalancingMethod" if kind != "ConfigMap" && text.contains("hash") => {
                let (level, what) = if text.starts_with("ip_hash") {
                    (Level::Error, "the client")
                } else {
                    super::nginx::hashed(text)
                };
                hit(&INGRESS_HASH, level, format!("`lb-method: {text}` picks the replica by {what}"));
            }
            "strategy" if inside("loadBalancerPolicy") && matches!(text, "Cookie" | "RequestHash") => {
                hit(
                    &INGRESS_COOKIE,
                    Level::Error,
                    format!("the strategy `{text}` pins clients to one replica"),
                );
            }
            "policy" if inside("load_balancer") && matches!(text, "ring_hash" | "maglev") => {
                hit(&MESH_HASH, Level::Error, format!("the policy `{text}` picks the replica by a hash"));
            }
            "affinityType"
                if inside("sessionAffinity")
                    && matches!(text, "CLIENT_IP" | "GENERATED_COOKIE" | "HTTP_COOKIE") =>
            {
                hit(
                    &CLOUD_AFFINITY,
                    Level::Error,
                    format!("`affinityType: {text}` pins clients to one replica"),
                );
            }
            "type" if kind == "GCPBackendPolicy" && inside("sessionAffinity") && text != "NONE" => {
                hit(
                    &CLOUD_AFFINITY,
                    Level::Error,
                    format!("the affinity `{text}` pins clients to one replica"),
                );
            }
            "hash_on" if matches!(text, "ip" | "cookie" | "consumer") => {
                hit(&INGRESS_HASH, Level::Error, format!("`hash_on: {text}` pins clients to one replica"));
            }
            "type" if api.contains("apisix") && text == "chash" && inside("loadbalancer") => {
                hit(&INGRESS_HASH, Level::Error, "consistent hashing pins clients to one replica".into());
            }
            "ringHash" | "maglev" if api.contains("gloo") && inside("loadBalancerConfig") => {
                hit(&MESH_HASH, Level::Error, "a hash picks the replica".into());
            }
            "policy" if kind == "ServiceResolver" && matches!(text, "ring_hash" | "maglev") => {
                hit(&MESH_HASH, Level::Error, format!("the policy `{text}` picks the replica by a hash"));
            }
            "algorithm" if text == "consistent-hashing" => {
                hit(&INGRESS_HASH, Level::Error, "consistent hashing pins clients to one replica".into());
            }
            // A Service inside another object: an operator's template, a chart's values.
            "sessionAffinity" if text == "ClientIP" => {
                hit(
                    &SERVICE_AFFINITY,
                    Level::Error,
                    "`sessionAffinity: ClientIP` pins a client's address to one replica".into(),
                );
            }
            _ => {}
        }
    });
    for (form, entry, title, level) in seen {
        let end = if entry.value.text().is_some() { entry.value.span.end } else { entry.key_span.end };
        findings.say(form, level, file, entry.key_span.start..end.max(entry.key_span.end), subject, title);
    }
}

fn hash_of(config: &Node) -> (Level, String) {
    if config.get("httpCookie").is_some() {
        (Level::Error, "a cookie".into())
    } else if config.get("useSourceIp").is_some_and(Node::is_true) {
        (Level::Error, "the client's address".into())
    } else if let Some(header) = config.text_at(&["httpHeaderName"]) {
        (super::nginx::hashed(header).0, format!("the header `{header}`"))
    } else if let Some(name) = config.text_at(&["httpQueryParameterName"]) {
        (super::nginx::hashed(name).0, format!("the parameter `{name}`"))
    } else {
        (Level::Error, "a value of the request".into())
    }
}
