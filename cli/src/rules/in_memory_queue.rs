//! Work accepted but not yet done. Page: `in_memory_queue.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;
use crate::model::site::Live;

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-queue",
        summary: "accepted work that waits in this process",
        page: include_str!("in_memory_queue.md"),
    },
    role: Role::Queue,
    landing: Landing::Broker,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    if case.site.kind == Some(Kind::JobStore) {
        let reasons = vec!["the library's job store that keeps jobs in memory".into()];
        return Some(Claim { strength: 95, confidence: Confidence::Sure, reasons });
    }
    if case.taken_by_requests() {
        let reasons = vec!["one route puts in what another takes out".into()];
        return Some(Claim { strength: 91, confidence: Confidence::Sure, reasons });
    }
    let words = ["job", "jobs", "queue", "queued", "backlog", "outbox", "worklist", "tasks", "scheduled"];
    let queue = case.holds_name(&[
        "VecDeque",
        "BinaryHeap",
        "SegQueue",
        "ArrayQueue",
        "ConcurrentQueue",
        "Queue",
        "PriorityQueue",
        "DelayQueue",
    ]) && case.writes_with(&["push", "push_back", "try_push"])
        && case.taken_by_a_worker();
    let named = case.own_name(&words);
    if !case.site.holds.collection || case.site.live != Live::No {
        return None;
    }
    let claim = |strength, reason: &str| {
        Some(Claim { strength, confidence: Confidence::Likely, reasons: vec![reason.into()] })
    };
    match (queue, named) {
        (true, true) => claim(78, "work is put in at one end and taken out at the other"),
        (true, false) => claim(58, "work is put in at one end and taken out at the other"),
        (false, true) => claim(63, "named after work that waits, changed while serving"),
        _ => None,
    }
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` holds accepted work in this process"),
        replicas: "only the replica that accepted the work can do it or tell about it".into(),
        restart: "accepted work that is not done yet is lost without a word".into(),
        help: "put the work into a broker or a jobs table before answering, and let any replica take it"
            .into(),
    }
}
