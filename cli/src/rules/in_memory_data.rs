//! Domain data whose only copy this is, and all state that no other rule claims.
//! Page: `in_memory_data.md`.

use crate::finding::{Confidence, Landing, Mechanism, Role, RuleMeta};

use crate::model::external::Kind;

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-data",
        summary: "data that requests write and read, kept in this process only",
        page: include_str!("in_memory_data.md"),
    },
    role: Role::Entity,
    landing: Landing::Database,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    if case.site.kind == Some(Kind::MemoryDatabase) {
        let confidence = if case.site.known { Confidence::Sure } else { Confidence::Worth };
        let reasons = vec!["a database opened in this process's memory at start-up".into()];
        return Some(Claim { strength: 96, confidence, reasons });
    }
    case.site.holds.collection.then(|| fallback(case))
}

/// What is claimed where no rule claims anything.
pub(super) fn fallback(case: &Case) -> Claim {
    let minor =
        case.assumed() && (!case.site.holds.collection || case.site.info.mechanism == Mechanism::ThreadLocal);
    let confidence = match (case.routed(), case.reads.is_empty()) {
        _ if minor => Confidence::Worth,
        // A cursor, a buffer or a copy looks like this too.
        (true, false) if case.in_one_function() && case.site.holds.key.is_none() => Confidence::Likely,
        // A mark that a task of this process sets as well.
        (true, false) if case.scalar() && case.writes.iter().all(|one| one.when.background) => {
            Confidence::Likely
        }
        (true, false) => Confidence::Sure,
        (false, false) => Confidence::Likely,
        (_, true) => Confidence::Likely,
    };
    Claim { strength: 30, confidence, reasons: vec!["written and read while serving".into()] }
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` holds data in this process only"),
        replicas: "what one replica stores the others do not have: 1 of N requests finds it".into(),
        restart: "all of it is lost".into(),
        help: "keep it in the database, or in Redis where it is short-lived".into(),
    }
}
