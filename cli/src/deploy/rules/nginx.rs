//! nginx: upstreams that pin a client to a server.

use nginx_lint_parser::ast::{ConfigItem, Directive};

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::NGINX_STICKY;
use super::super::read::{parse_nginx, too_deep};
use super::Findings;

pub(super) fn check(file: FileId, text: &str, findings: &mut Findings) {
    if too_deep(text).is_some() {
        return;
    }
    let (config, _) = parse_nginx(text);
    walk(&config.items, None, file, findings);
}

fn walk(items: &[ConfigItem], upstream: Option<&str>, file: FileId, findings: &mut Findings) {
    for item in items {
        let ConfigItem::Directive(directive) = item else { continue };
        if let Some(name) = upstream {
            judge(directive, name, file, findings);
        }
        if let Some(block) = &directive.block {
            let inside = (directive.name == "upstream").then(|| directive.first_arg().unwrap_or("upstream"));
            walk(&block.items, inside.or(upstream), file, findings);
        }
    }
}

fn judge(directive: &Directive, upstream: &str, file: FileId, findings: &mut Findings) {
    let span = directive.span.start.offset..directive.span.end.offset;
    let subject = format!("upstream {upstream}");
    let first = directive.first_arg().unwrap_or("");
    match directive.name.as_str() {
        "ip_hash" => {
            findings.say(
                &NGINX_STICKY,
                Level::Error,
                file,
                span,
                &subject,
                "`ip_hash` pins a client's address to one server".into(),
            );
        }
        "sticky" => {
            findings.say(
                &NGINX_STICKY,
                Level::Error,
                file,
                span,
                &subject,
                format!("`sticky {first}` pins a client to one server"),
            );
        }
        "hash" => {
            let (level, what) = hashed(first);
            findings.say(
                &NGINX_STICKY,
                level,
                file,
                span,
                &subject,
                format!("`hash {first}` picks the server by {what}"),
            );
        }
        _ => {}
    }
}

/// What a hash key stands for. A key of the client pins clients; one of the content spreads
/// content, which no state of the service can be the reason for.
pub(super) fn hashed(key: &str) -> (Level, &'static str) {
    let key = key.trim_matches(['"', '\'']).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
    if has(&[
        "remote_addr",
        "cookie",
        "http_x_forwarded_for",
        "http_x_real_ip",
        "authorization",
        "session",
        "sess",
        "token",
        "remote_user",
        "user",
        "client",
        "realip",
        "jsessionid",
        "sid",
    ]) {
        (Level::Error, "the client")
    } else if has(&["request_uri", "uri", "host", "server_name", "shard", "tenant", "request_body", "args"])
        && !key.contains("$arg_")
    {
        (Level::Note, "what is asked for: sharding, which may stay")
    } else {
        (Level::Warning, "a value of the request")
    }
}
