//! Envoy: clusters that hash, routes that say by what, and filters that keep a session.
//!
//! A hash balancer alone picks at random: only the route's `hash_policy` makes it stick. Where
//! no route of the document has one, the cluster is only worth knowing.

use std::ops::Range;

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::MESH_HASH;
use super::super::tree::Node;
use super::{Findings, is_backing, nginx};

/// Whether a document is a bootstrap or a discovery response.
pub(crate) fn is_configuration(root: &Node) -> bool {
    root.get("static_resources").is_some()
        || root.get("resources").is_some_and(|all| all.items().iter().any(|one| one.get("@type").is_some()))
}

/// Looks at a whole document: Envoy's own, or an object that patches it.
pub(super) fn check(root: &Node, file: FileId, subject: &str, findings: &mut Findings) {
    let mut seen: Vec<(Level, Range<usize>, String)> = Vec::new();
    let mut policies: Vec<(Level, String)> = Vec::new();
    root.walk(&mut |_, entry| {
        let text = entry.value.text().unwrap_or("");
        let end = if entry.value.text().is_some() { entry.value.span.end } else { entry.key_span.end };
        let span = entry.key_span.start..end.max(entry.key_span.end);
        match entry.key.as_str() {
            "lb_policy" if matches!(text, "RING_HASH" | "MAGLEV") => {
                seen.push((Level::Error, span, format!("`lb_policy: {text}` picks the replica by a hash")));
            }
            "@type" if text.ends_with(".RingHash") || text.ends_with(".Maglev") => {
                seen.push((Level::Error, span, "the balancer picks the replica by a hash".into()));
            }
            "@type" if text.ends_with("StatefulSession") => {
                seen.push((Level::Error, span, "the filter keeps a client at one replica".into()));
            }
            "hash_policy" | "hashPolicy" => policies.extend(entry.value.items().iter().map(by)),
            _ => {}
        }
    });
    let kept = seen.iter().any(|(_, _, title)| title.contains("filter"));
    // The strictest policy decides: one that pins clients is one too many.
    let policy = policies.iter().max_by_key(|(level, _)| *level);
    for (level, span, mut title) in seen {
        let level = match policy {
            _ if title.contains("filter") => level,
            Some((found, what)) => {
                title.push_str(&format!(": {what}"));
                *found
            }
            None if kept => level,
            None => {
                title.push_str("; no route here says by what");
                Level::Warning
            }
        };
        findings.say(&MESH_HASH, level, file, span, subject, title);
    }
}

fn by(policy: &Node) -> (Level, String) {
    if let Some(cookie) = policy.text_at(&["cookie", "name"]) {
        return (Level::Error, format!("the cookie `{cookie}`"));
    }
    if policy.at(&["connection_properties", "source_ip"]).is_some_and(Node::is_true) {
        return (Level::Error, "the client's address".into());
    }
    let named = policy
        .text_at(&["header", "header_name"])
        .map(|name| ("header", name))
        .or_else(|| policy.text_at(&["query_parameter", "name"]).map(|name| ("parameter", name)));
    match named {
        Some((kind, name)) if is_backing(name) => (Level::Note, format!("the {kind} `{name}`")),
        Some((kind, name)) => (nginx::hashed(name).0, format!("the {kind} `{name}`")),
        None => (Level::Warning, "a value of the request".into()),
    }
}
