//! Annotations that make a controller or a cloud's balancer pin clients.

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{AWS_STICKY, CLOUD_AFFINITY, Form, INGRESS_COOKIE, INGRESS_HASH, TRAEFIK_STICKY};
use super::super::tree::{Entry, Node};
use super::{Findings, nginx};

/// Which values of an annotation pin clients.
enum Pins {
    /// Any value that is not empty or off.
    On,
    /// One of these, whatever the case.
    One(&'static [&'static str]),
    /// A list `key=value,..` that has this pair.
    Pair(&'static str),
    /// A text that has this.
    Has(&'static str),
    /// A hash key, judged by what it stands for.
    Hash,
}

/// By the end of the annotation's name.
static ANNOTATIONS: &[(&str, Pins, &Form)] = &[
    ("nginx.ingress.kubernetes.io/affinity", Pins::One(&["cookie"]), &INGRESS_COOKIE),
    ("nginx.ingress.kubernetes.io/upstream-hash-by", Pins::Hash, &INGRESS_HASH),
    ("nginx.ingress.kubernetes.io/load-balance", Pins::One(&["ip_hash"]), &INGRESS_HASH),
    ("nginx.org/sticky-cookie-services", Pins::On, &INGRESS_COOKIE),
    ("nginx.com/sticky-cookie-services", Pins::On, &INGRESS_COOKIE),
    ("nginx.org/lb-method", Pins::Has("hash"), &INGRESS_HASH),
    ("haproxy.org/cookie-persistence", Pins::On, &INGRESS_COOKIE),
    ("haproxy.org/load-balance", Pins::One(&["source"]), &INGRESS_HASH),
    ("haproxy.com/cookie-persistence", Pins::On, &INGRESS_COOKIE),
    ("ingress.kubernetes.io/affinity", Pins::One(&["cookie"]), &INGRESS_COOKIE),
    ("haproxy-ingress.github.io/affinity", Pins::One(&["cookie"]), &INGRESS_COOKIE),
    ("haproxy-ingress.github.io/balance-algorithm", Pins::One(&["source"]), &INGRESS_HASH),
    ("haproxy.router.openshift.io/balance", Pins::One(&["source"]), &INGRESS_HASH),
    ("traefik.ingress.kubernetes.io/affinity", Pins::One(&["true"]), &TRAEFIK_STICKY),
    ("traefik.ingress.kubernetes.io/service.sticky.cookie", Pins::On, &TRAEFIK_STICKY),
    ("traefik.ingress.kubernetes.io/service.sticky", Pins::On, &TRAEFIK_STICKY),
    ("traefik.backend.loadbalancer.sticky", Pins::One(&["true"]), &TRAEFIK_STICKY),
    ("traefik.backend.loadbalancer.stickiness", Pins::One(&["true"]), &TRAEFIK_STICKY),
    ("alb.ingress.kubernetes.io/target-group-attributes", Pins::Pair("stickiness.enabled=true"), &AWS_STICKY),
    (
        "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes",
        Pins::Pair("stickiness.enabled=true"),
        &AWS_STICKY,
    ),
    (
        "service.beta.kubernetes.io/do-loadbalancer-sticky-sessions-type",
        Pins::One(&["cookies"]),
        &CLOUD_AFFINITY,
    ),
    ("service.beta.kubernetes.io/linode-loadbalancer-stickiness", Pins::On, &CLOUD_AFFINITY),
    ("load-balancer.hetzner.cloud/http-sticky-sessions", Pins::One(&["true"]), &CLOUD_AFFINITY),
    (
        "service.beta.kubernetes.io/oci-load-balancer-session-persistence-cookie-name",
        Pins::On,
        &CLOUD_AFFINITY,
    ),
    ("appgw.ingress.kubernetes.io/cookie-based-affinity", Pins::One(&["true"]), &CLOUD_AFFINITY),
    ("run.googleapis.com/sessionAffinity", Pins::One(&["true"]), &CLOUD_AFFINITY),
    ("konghq.com/hash-on", Pins::One(&["ip", "cookie", "consumer"]), &INGRESS_HASH),
    ("zalando.org/skipper-loadbalancer", Pins::One(&["consistenthash"]), &INGRESS_HASH),
    ("projectcontour.io/load-balancer", Pins::One(&["cookie", "requesthash"]), &INGRESS_COOKIE),
];

/// Options of a controller's own ConfigMap, which hold for everything behind it.
static OPTIONS: &[(&str, Pins, &Form)] = &[
    ("load-balance", Pins::One(&["source", "ip_hash"]), &INGRESS_HASH),
    ("balance-algorithm", Pins::One(&["source"]), &INGRESS_HASH),
    ("upstream-hash-by", Pins::Hash, &INGRESS_HASH),
    ("lb-method", Pins::Has("hash"), &INGRESS_HASH),
    ("cookie-persistence", Pins::On, &INGRESS_COOKIE),
    ("affinity", Pins::One(&["cookie"]), &INGRESS_COOKIE),
];

/// Where something is said: in which file, and what it is about.
pub(super) struct Place<'a> {
    pub(super) file: FileId,
    pub(super) subject: &'a str,
    /// The key.
    pub(super) key: &'a str,
}

/// Looks at one option of a ConfigMap. Tells whether it was one that pins.
pub(super) fn controller_option(place: &Place, entry: &Entry, findings: &mut Findings) -> bool {
    judge(OPTIONS, place, entry, findings)
}

/// Looks at the annotations of an object.
pub(super) fn annotations(object: &Node, file: FileId, subject: &str, findings: &mut Findings) {
    for place in object.each("metadata") {
        for map in place.value.each("annotations") {
            for entry in map.value.entries() {
                annotation(entry, file, subject, findings);
            }
        }
    }
}

/// Looks at one annotation, wherever it stands. Tells whether it was one that pins.
pub(super) fn annotation(entry: &Entry, file: FileId, subject: &str, findings: &mut Findings) -> bool {
    let key = entry.key.as_str();
    if let Some(action) = key.strip_prefix("alb.ingress.kubernetes.io/actions.") {
        return alb_action(action, entry, file, subject, findings);
    }
    judge(ANNOTATIONS, &Place { file, subject, key }, entry, findings)
}

fn judge(
    table: &[(&str, Pins, &'static Form)],
    place: &Place,
    entry: &Entry,
    findings: &mut Findings,
) -> bool {
    let Some((name, pins, form)) = table.iter().find(|(name, ..)| place.key == *name) else {
        return false;
    };
    let value = entry.value.text().unwrap_or("");
    let lower = value.to_ascii_lowercase();
    let off = matches!(lower.as_str(), "" | "false" | "none" | "off" | "disabled" | "no" | "0");
    let level = match pins {
        Pins::On if off => return false,
        Pins::One(values) if !values.contains(&lower.as_str()) => return false,
        Pins::Pair(pair) if !lower.split(',').any(|part| part.trim() == *pair) => return false,
        Pins::Has(part) if !lower.contains(part) || lower.contains("request_uri") => return false,
        Pins::Hash if off => return false,
        Pins::Hash => match nginx::hashed(value).0 {
            Level::Note => Level::Note,
            _ => Level::Error,
        },
        _ => Level::Error,
    };
    let span = entry.key_span.start..entry.value.span.end.max(entry.key_span.end);
    let title = format!("`{name}: {value}` pins clients to one replica");
    findings.say(form, level, place.file, span, place.subject, title);
    true
}

fn alb_action(action: &str, entry: &Entry, file: FileId, subject: &str, findings: &mut Findings) -> bool {
    let value: String =
        entry.value.text().unwrap_or("").split_whitespace().collect::<String>().to_ascii_lowercase();
    let Some((_, after)) = value.split_once("\"targetgroupstickinessconfig\"") else { return false };
    let on = after.split('}').next().is_some_and(|config| config.contains("\"enabled\":true"));
    if on {
        let span = entry.key_span.clone();
        findings.say(
            &AWS_STICKY,
            Level::Error,
            file,
            span,
            subject,
            format!("the action `{action}` pins clients to one target group"),
        );
    }
    on
}
