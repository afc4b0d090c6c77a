//! Traefik's own configuration, as YAML or TOML, and its labels wherever they stand.

use std::ops::Range;

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::TRAEFIK_STICKY;
use super::super::tree::Node;
use super::Findings;

/// Whether a document is a dynamic configuration: services below a protocol, or the
/// `backends` of the first version.
pub(crate) fn is_configuration(root: &Node) -> bool {
    ["http", "tcp"].iter().any(|protocol| root.at(&[protocol, "services"]).is_some())
        || root.get("backends").is_some() && root.get("frontends").is_some()
}

/// Looks at every service of a dynamic configuration.
pub(super) fn check(root: &Node, file: FileId, findings: &mut Findings) {
    let mut seen: Vec<(String, Range<usize>, String)> = Vec::new();
    root.walk(&mut |above, entry| {
        let inside = |key: &str| above.iter().any(|one| one.eq_ignore_ascii_case(key));
        if !inside("services") && !inside("backends") {
            return;
        }
        let said = entry.value.text().unwrap_or("");
        let balances = inside("loadBalancer") || inside("weighted");
        let title = match entry.key.as_str() {
            "sticky" if balances && on(&entry.value) => "a sticky cookie pins a client to one replica",
            "stickiness" if balances && said != "false" => "a sticky cookie pins a client to one replica",
            "strategy" if balances && said.eq_ignore_ascii_case("hrw") => {
                "the strategy `hrw` picks the replica by the client's address"
            }
            "highestRandomWeight" => "the service is picked by the client's address",
            _ => return,
        };
        let end = if entry.value.text().is_some() { entry.value.span.end } else { entry.key_span.end };
        let span = entry.key_span.start..end.max(entry.key_span.end);
        seen.push((above.join("."), span, title.to_owned()));
    });
    for (place, span, title) in seen {
        findings.say(&TRAEFIK_STICKY, Level::Error, file, span, &place, title);
    }
}

/// `sticky = true`, or a table with a cookie that is not switched off.
fn on(sticky: &Node) -> bool {
    match sticky.text() {
        Some(text) => text == "true",
        None => sticky.get("cookie").is_some_and(|cookie| cookie.text() != Some("false")),
    }
}

/// Labels as a list of `key=value` or as a map: those that pin clients make one finding.
pub(super) fn labels(labels: &Node, file: FileId, subject: &str, findings: &mut Findings) {
    let listed = labels.items().iter().filter_map(|item| {
        let (key, value) = item.text()?.split_once('=')?;
        Some((key.to_owned(), value.to_owned(), item.span.clone()))
    });
    let mapped = labels.entries().iter().map(|entry| {
        let value = entry.value.text().unwrap_or("").to_owned();
        (entry.key.clone(), value, entry.key_span.start..entry.value.span.end)
    });
    // Several labels make one cookie: the first of each service stands for all.
    let mut services: Vec<String> = Vec::new();
    for (key, value, span) in listed.chain(mapped) {
        let Some(service) = pinned(&key, &value) else { continue };
        if services.contains(&service) {
            continue;
        }
        services.push(service);
        let title = format!("`{key}` pins a client to one replica by cookie");
        findings.say(&TRAEFIK_STICKY, Level::Error, file, span, subject, title);
    }
}

/// The service that a label pins, by the part of the label before its switch.
pub(super) fn pinned(key: &str, value: &str) -> Option<String> {
    let key = key.trim().to_ascii_lowercase();
    let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    if !key.starts_with("traefik.") || value == "false" {
        return None;
    }
    let switches = ["loadbalancer.sticky", "loadbalancer.stickiness", "weighted.sticky"];
    if let Some(at) = switches.iter().find_map(|switch| key.find(switch)) {
        return Some(key[..at].to_owned());
    }
    let strategy = key.find("loadbalancer.strategy").filter(|_| value == "hrw")?;
    Some(key[..strategy].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_pin() {
        let some = "traefik.http.services.a.".to_owned();
        assert_eq!(pinned("traefik.http.services.a.loadbalancer.sticky.cookie", "true"), Some(some.clone()));
        assert_eq!(
            pinned("traefik.http.services.a.loadBalancer.sticky.cookie.name", "x"),
            Some(some.clone())
        );
        assert_eq!(pinned("traefik.http.services.a.loadbalancer.strategy", "hrw"), Some(some));
        assert_eq!(pinned("traefik.http.services.a.loadbalancer.sticky.cookie", "false"), None);
        assert_eq!(pinned("traefik.http.services.a.loadbalancer.server.port", "80"), None);
        assert_eq!(pinned("traefik.http.services.a.loadbalancer.strategy", "wrr"), None);
    }
}
