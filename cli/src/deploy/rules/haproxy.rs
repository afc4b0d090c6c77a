//! HAProxy: backends that pin a client to a server.

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::HAPROXY_STICKY;
use super::super::lines::{Word, begins_section, lines};
use super::{Findings, is_backing};

pub(super) fn check(file: FileId, text: &str, findings: &mut Findings) {
    let mut section = String::new();
    let lines = lines(text);
    for (at, words) in lines.iter().enumerate() {
        let span = words[0].span.start..words[words.len() - 1].span.end;
        match words[0].text {
            _ if begins_section(words) => {
                section = words.iter().take(2).map(|word| word.text).collect::<Vec<_>>().join(" ");
            }
            // A database's or broker's own balancing is no concern of the service's replicas.
            _ if is_backing(section.rsplit(' ').next().unwrap_or("")) => {}
            "balance" => balance(words, &section, file, span, findings),
            "cookie" if has(words, &["insert", "prefix", "rewrite"]) || names_servers(&lines[at + 1..]) => {
                let name = words.get(1).map_or("", |word| word.text);
                findings.say(
                    &HAPROXY_STICKY,
                    Level::Error,
                    file,
                    span,
                    &section,
                    format!("the cookie `{name}` pins a client to one server"),
                );
            }
            "stick" if has(words, &["on", "match"]) => {
                let key = words.get(2).map_or("", |word| word.text);
                findings.say(
                    &HAPROXY_STICKY,
                    Level::Error,
                    file,
                    span,
                    &section,
                    format!("`stick` pins clients by `{key}`"),
                );
            }
            "persist" if has(words, &["rdp-cookie"]) => {
                let title = "the cookie of a remote desktop pins a client to one server".into();
                findings.say(&HAPROXY_STICKY, Level::Error, file, span, &section, title);
            }
            "appsession" => {
                findings.say(
                    &HAPROXY_STICKY,
                    Level::Error,
                    file,
                    span,
                    &section,
                    "`appsession` pins a session to one server".into(),
                );
            }
            _ => {}
        }
    }
}

/// Whether a server of the section has a value for the cookie: then the service itself may set it.
fn names_servers(below: &[Vec<Word>]) -> bool {
    let mut section = below.iter().take_while(|words| !begins_section(words));
    section.any(|words| words[0].text == "server" && has(words, &["cookie"]))
}

fn has(words: &[Word], any: &[&str]) -> bool {
    words.iter().skip(1).any(|word| any.contains(&word.text))
}

fn balance(
    words: &[Word],
    section: &str,
    file: FileId,
    span: std::ops::Range<usize>,
    findings: &mut Findings,
) {
    let Some(algorithm) = words.get(1) else { return };
    let name = algorithm.text.split('(').next().unwrap_or(algorithm.text);
    let (level, what) = match name {
        "source" => (Level::Error, "the client's address"),
        "rdp-cookie" => (Level::Error, "a cookie"),
        "hdr" | "url_param" | "hash" => {
            super::nginx::hashed(&words[1..].iter().map(|word| word.text).collect::<Vec<_>>().join(" "))
        }
        "uri" => (Level::Note, "what is asked for: sharding, which may stay"),
        _ => return,
    };
    findings.say(
        &HAPROXY_STICKY,
        level,
        file,
        span,
        section,
        format!("`balance {}` picks the server by {what}", algorithm.text),
    );
}
