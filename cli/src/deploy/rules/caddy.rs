//! Caddy: reverse proxies that pick the upstream by what a client brings.

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::CADDY_STICKY;
use super::super::lines::lines;
use super::{Findings, nginx};

pub(super) fn check(file: FileId, text: &str, findings: &mut Findings) {
    for words in lines(text) {
        // In a block of its own, or as an option behind `reverse_proxy {`.
        let Some(at) = words.iter().position(|word| matches!(word.text, "lb_policy" | "policy")) else {
            continue;
        };
        let Some(policy) = words.get(at + 1) else { continue };
        let by = words.get(at + 2).map_or("", |word| word.text);
        let (level, what) = match policy.text {
            "ip_hash" | "client_ip_hash" => (Level::Error, "the client's address"),
            "cookie" => (Level::Error, "a cookie"),
            "header" | "query" => nginx::hashed(by),
            "uri_hash" => (Level::Note, "what is asked for: sharding, which may stay"),
            _ => continue,
        };
        let span = words[at].span.start..words[words.len() - 1].span.end;
        let title = format!("`lb_policy {}` picks the upstream by {what}", policy.text);
        findings.say(&CADDY_STICKY, level, file, span, "reverse_proxy", title);
    }
}
