//! A chart's values, and other files of keys and values: what they turn on.

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{Form, RECREATE, SQLITE_VOLUME, TRAEFIK_STICKY, VALUES_STICKY};
use super::super::read::{Document, Set, objects_in};
use super::super::tree::Entry;
use super::backing::for_development;
use super::{Findings, ingress, is_backing};

pub(super) fn check(document: &Document, findings: &mut Findings) {
    let mut seen: Vec<(&'static Form, &Entry, String, String)> = Vec::new();
    let mut annotations: Vec<(&Entry, String)> = Vec::new();
    // Objects among the values are judged as objects.
    let objects = objects_in(&document.root);
    document.root.walk(&mut |above, entry| {
        if objects.iter().any(|object| object.span.contains(&entry.key_span.start)) {
            return;
        }
        let text = entry.value.text().unwrap_or("");
        let place = above.join(".");
        // A chart's database is a part of its own.
        if above.iter().any(|key| is_backing(key))
            && !above.iter().any(|key| matches!(*key, "db" | "database"))
        {
            return;
        }
        let last = above.last().copied().unwrap_or("").to_ascii_lowercase();
        let mut hit = |form, title: String| seen.push((form, entry, place.clone(), title));
        match entry.key.as_str() {
            key if key.contains('/') => annotations.push((entry, place.clone())),
            "enabled" if entry.value.is_true() && pins(&last) => {
                hit(&VALUES_STICKY, format!("`{place}.enabled: {text}` turns stickiness on"))
            }
            "sessionAffinity" if text.eq_ignore_ascii_case("ClientIP") => hit(
                &VALUES_STICKY,
                "`sessionAffinity: ClientIP` pins a client's address to one replica".into(),
            ),
            "type" if last == "sessionaffinity" && text.eq_ignore_ascii_case("ClientIP") => {
                hit(&VALUES_STICKY, "the affinity `ClientIP` pins a client's address to one replica".into())
            }
            key if pins(&key.to_ascii_lowercase()) && entry.value.is_true() => {
                hit(&VALUES_STICKY, format!("`{key}: {text}` turns stickiness on"))
            }
            "cookie"
                if last == "sticky"
                    && !entry.value.is_null()
                    && text != "false"
                    && above.iter().any(|key| key.eq_ignore_ascii_case("loadBalancer")) =>
            {
                hit(&TRAEFIK_STICKY, "a sticky cookie pins a client to one replica".into());
            }
            "type" if text == "Recreate" && last.contains("strategy") => {
                hit(&RECREATE, "the old replica stops before the new one starts".into())
            }
            key if text == "Recreate" && key.to_ascii_lowercase().contains("strategy") => {
                hit(&RECREATE, "the old replica stops before the new one starts".into())
            }
            "type" | "driver" | "backend" | "engine" if on_volume(text) => {
                hit(&SQLITE_VOLUME, format!("`{text}` keeps the database in a file on a volume"))
            }
            _ => {}
        }
    });
    for (entry, place) in annotations {
        ingress::annotation(entry, document.file, &place, findings);
    }
    let path = &findings.set.sources.file(document.file).path;
    for (form, entry, place, title) in seen {
        let level = match std::ptr::eq(form, &raw const RECREATE) {
            true if for_development(path) => Level::Note,
            true => Level::Warning,
            false => Level::Error,
        };
        findings.say(
            form,
            level,
            document.file,
            entry.key_span.start..entry.value.span.end.max(entry.key_span.end),
            &place,
            title,
        );
    }
}

/// Whether a key is a switch of stickiness.
fn pins(key: &str) -> bool {
    let key = key.replace(['-', '_'], "");
    matches!(
        key.as_str(),
        "sticky"
            | "stickysession"
            | "stickysessions"
            | "stickiness"
            | "sessionaffinity"
            | "cookieaffinity"
            | "sessionstickiness"
            | "stickycookie"
    )
}

fn on_volume(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with("sqlite") && !text.contains("memory")
}

/// The first value that a template condition names.
pub(super) fn value_of(condition: &str) -> Option<&str> {
    let words = condition.split_whitespace().map(|word| word.trim_matches(['(', ')']));
    words.map(|word| word.trim_start_matches('$')).find_map(|word| word.strip_prefix(".Values."))
}

/// What a template condition needs: its values, and whether the chart's own values give it.
pub(super) fn what_turns_on(set: &Set, file: FileId, condition: &str) -> String {
    let path = value_of(condition);
    let shown = crate::report::escape::visible(condition);
    let Some(path) = path else {
        return format!("only where `{shown}` holds");
    };
    let keys: Vec<&str> = path.split('.').collect();
    let Some(values) = set.default_values(file) else {
        return format!("only where `{shown}` holds; the chart's values are not here");
    };
    let path_of_values = &set.sources.file(values.file).path;
    match values.root.entry_at(&keys) {
        Some(entry) => {
            let (line, _) = set.sources.file(values.file).line_column(entry.key_span.start as u32);
            let on = entry.value.is_true();
            format!(
                "only where `{shown}` holds; `{path}` is {} by default ({path_of_values}:{line})",
                if on { "on" } else { "off" }
            )
        }
        None => format!("only where `{shown}` holds; `{path}` is not set in {path_of_values}"),
    }
}
