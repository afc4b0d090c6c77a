//! The verdict as SARIF 2.1.0: a witness for each finding of `check` that a difference was traced
//! to, under that finding's rule, place and fingerprint, so that viewers bring the two together.
//!
//! A difference that no line is known to cause has no place, and services refuse results without
//! one: it is a notification of the run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::claims::Claim;
use super::{Divergence, Verdict, terminal};
use crate::finding::Level;
use crate::report::sarif::{log, place};
use crate::report::{escape, words};

pub(super) fn write(verdict: &Verdict, prefix: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut witnessed: BTreeMap<&str, (&Claim, Vec<&Divergence>)> = BTreeMap::new();
    let mut untraced = Vec::new();
    for divergence in &verdict.divergences {
        match &divergence.explanation.claim {
            Some(claim) => {
                witnessed.entry(&claim.fingerprint).or_insert((claim, Vec::new())).1.push(divergence);
            }
            None => untraced.push(divergence),
        }
    }
    let mut rules: Vec<_> = witnessed.values().map(|(claim, _)| claim.meta).collect();
    rules.sort_by_key(|rule| rule.name);
    rules.dedup_by_key(|rule| rule.name);
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| json!({"id": rule.name, "shortDescription": {"text": rule.summary}, "help": {"text": rule.page, "markdown": rule.page}}))
        .collect();
    let said = |level: &str, text: String| json!({"level": level, "message": {"text": text}});
    let warnings = verdict.warnings.iter().map(|warning| said("warning", warning.clone()));
    let notes: Vec<Value> =
        untraced.into_iter().map(|one| said("error", sentence(one))).chain(warnings).collect();
    let results = witnessed.values().map(|(claim, seen)| result(claim, seen, prefix)).collect();
    out.write_all(escape::json(&log(rules, notes, results))?.as_bytes())
}

fn result(claim: &Claim, seen: &[&Divergence], prefix: &str) -> Value {
    let mut text = format!("{}. Shown by running it:", escape::sentence(&claim.title));
    for divergence in seen {
        text.push_str(&format!(" {}.", sentence(divergence)));
    }
    let causes: Vec<&str> = seen.iter().map(|one| one.explanation.cause.name()).collect();
    let mut properties = json!({
        "role": claim.role,
        "mechanism": claim.mechanism,
        "confidence": claim.confidence,
        "landing": claim.landing,
        "symbol": claim.symbol,
        "causes": causes,
    });
    if !claim.accessor.is_empty() {
        properties["accessor"] = claim.accessor.join("\n").into();
    }
    json!({
        "ruleId": claim.rule,
        // Shown, no longer only read: whatever `check` alone is sure of.
        "level": words::level(Level::Error),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": place(&format!("{prefix}{}", claim.file)),
            "region": {"startLine": claim.line, "startColumn": claim.column},
        }}],
        "partialFingerprints": {"statelessSite/v1": claim.fingerprint},
        "properties": properties,
    })
}

/// What was seen, and after what.
fn sentence(divergence: &Divergence) -> String {
    let after = divergence
        .writer
        .as_ref()
        .map_or_else(String::new, |writer| format!(" after {} on replica {}", writer.line, writer.replica));
    format!(
        "{}{} ({}; {})",
        terminal::title(divergence),
        escape::visible(&after),
        divergence.explanation.cause.name(),
        divergence.schedules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )
}
