//! Work started by this process's own clock. Page: `timer.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "timer",
        summary: "work started by this process's own clock",
        page: include_str!("timer.md"),
    },
    role: Role::Coordination,
    landing: Landing::Broker,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    if case.site.kind != Some(Kind::Timer) {
        return None;
    }
    let (confidence, reason) = match case.site.known {
        true => (Confidence::Likely, "a timer at start-up whose work reaches out, by its name"),
        false => (Confidence::Worth, "a timer started at start-up"),
    };
    Some(Claim { strength: 98, confidence, reasons: vec![reason.into()] })
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` starts work by the clock of this process"),
        replicas: "every replica does it: N mails, N charges, N clean-ups at the same time".into(),
        restart: "the clock starts again: work is late, or done twice".into(),
        help: "take a lock in the database for each run, or let the platform's scheduler start one job"
            .into(),
    }
}
