//! Identifiers and counters whose value a client sees. Page: `in_memory_sequence.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-sequence",
        summary: "identifiers or counters handed out by this process",
        page: include_str!("in_memory_sequence.md"),
    },
    role: Role::Sequence,
    landing: Landing::Database,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    if !case.number() {
        return None;
    }
    let counts =
        case.writes.iter().any(|one| one.operation.as_str().starts_with("fetch_") || one.operation == "+=");
    if !counts {
        // Only assigned: a value, not a count.
        return None;
    }
    // What numbers sockets is mostly a key here; a client may be told it all the same.
    if case.own_name(&["conn", "connection", "connections", "socket", "websocket"]) {
        return Some(Claim {
            strength: 80,
            confidence: Confidence::Worth,
            reasons: vec!["numbers the connections of this process".into()],
        });
    }
    let confidence = if case.routed() { Confidence::Sure } else { Confidence::Likely };
    let strength = 80;
    Some(Claim {
        strength,
        confidence,
        reasons: vec!["a number changed while serving, whose value is used".into()],
    })
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` hands out numbers from this process"),
        replicas: "every replica counts on its own: the same identifier is given out N times, a count shows one N-th".into(),
        restart: "counting starts again, and identifiers repeat".into(),
        help: "let the database number rows, use random identifiers (UUIDv7), or count in Redis".into(),
    }
}
