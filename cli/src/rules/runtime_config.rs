//! Settings that a handler changes in this process. Page: `runtime_config.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "runtime-config",
        summary: "settings that a request changes in this process only",
        page: include_str!("runtime_config.md"),
    },
    role: Role::Config,
    landing: Landing::Database,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    let words = ["config", "configuration", "settings", "options", "preferences"];
    if !case.own_name(&words) || case.scalar() {
        return None;
    }
    Some(Claim {
        strength: 71,
        confidence: Confidence::Likely,
        reasons: vec!["settings that are changed while serving".into()],
    })
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` is changed while serving, in this process only"),
        replicas: "a setting changed through one replica does not reach the others".into(),
        restart: "the change is gone unless it was stored elsewhere as well".into(),
        help: "store it in the database and read it from there, or tell all replicas to reload".into(),
    }
}
