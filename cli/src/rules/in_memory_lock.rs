//! Locks, in-flight sets, leader flags. Page: `in_memory_lock.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-lock",
        summary: "a lock or an in-flight set that other replicas do not see",
        page: include_str!("in_memory_lock.md"),
    },
    role: Role::Coordination,
    landing: Landing::Redis,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    let claim = |strength, reason: &str| {
        Some(Claim { strength, confidence: Confidence::Likely, reasons: vec![reason.into()] })
    };
    if super::fine::unit_lock(case) {
        return claim(82, "a lock around nothing, taken while serving: it guards something outside");
    }
    let words = [
        "lock",
        "locks",
        "inflight",
        "flight",
        "processing",
        "seen",
        "dedup",
        "dedupe",
        "idempotency",
        "leader",
        "taken",
        "reserved",
        "claimed",
        "mutexes",
        "busy",
    ];
    if case.own_name(&words) && !case.scalar() {
        return claim(73, "named after a lock or an in-flight set");
    }
    let set = case.keys_only()
        || matches!(case.payload(), crate::model::types::T::Ext(path, _) if path.as_str().ends_with("Set"));
    let tested = case.reads.iter().any(|one| {
        let asked = ["contains", "contains_key"].contains(&one.access.operation.as_str());
        asked || case.keys_only() && ["get", "peek", "is_some"].contains(&one.access.operation.as_str())
    }) || case.writes.iter().any(|one| one.access.operation == "insert" && one.used);
    if set && tested && case.writes_with(&["insert", "put", "push"]) {
        return claim(56, "a set that is asked before something is let through");
    }
    None
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` keeps others out within this process only"),
        replicas: "another replica does not see the lock: both go ahead at the same time".into(),
        restart: "what was held or in flight is forgotten".into(),
        help: "use a database constraint or a lock in Redis with an expiry and a fencing token".into(),
    }
}
