//! Derived data that can be computed or fetched again. Page: `in_memory_cache.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-cache",
        summary: "a cache that other replicas neither fill nor invalidate",
        page: include_str!("in_memory_cache.md"),
    },
    role: Role::Cache,
    landing: Landing::Redis,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    if case.site.kind == Some(Kind::MemoMacro) {
        let reasons = vec!["a macro that remembers what the function answered".into()];
        return Some(Claim { strength: 90, confidence: Confidence::Worth, reasons });
    }
    let (library, named) = (case.library_cache(), case.named_cache());
    // What has no values saves nobody the way to them: it is there to say who came before.
    if !library && !named || case.keys_only() {
        return None;
    }
    let strength = if library && named {
        88
    } else if library {
        68
    } else {
        75
    };
    Some(claim(case, strength))
}

/// What is claimed of a site that is a cache.
pub(super) fn claim(case: &Case, strength: u8) -> Claim {
    let stale = case.invalidated() || !case.read_through() || case.entries_change();
    let confidence = if stale { Confidence::Likely } else { Confidence::Worth };
    let reason = if stale {
        "handlers change or drop entries that other replicas go on serving"
    } else {
        "filled on a miss and only saves time"
    };
    Claim { strength, confidence, reasons: vec![reason.into()] }
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` is a cache of this process alone"),
        replicas: "a change made through one replica leaves the old value in the others".into(),
        restart: "the cache is cold; nothing is lost that cannot be fetched again".into(),
        help: "share it through Redis with an expiry, or publish invalidations to all replicas; a short expiry is enough where stale answers are allowed".into(),
    }
}
