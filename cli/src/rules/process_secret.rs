//! Keys made at random when the process starts. Page: `process_secret.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "process-secret",
        summary: "a key made at random when the process starts",
        page: include_str!("process_secret.md"),
    },
    role: Role::Secret,
    landing: Landing::Configuration,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    if case.site.kind != Some(Kind::RandomKey) {
        return None;
    }
    let (confidence, reason) = match (case.site.kept, case.site.known) {
        (true, _) => (Confidence::Worth, "made at random, and written to a file in the same function"),
        _ if case.site.fallback => (Confidence::Likely, "made at random where the environment supplies none"),
        (false, true) => (Confidence::Sure, "a key type's own generator, called at start-up"),
        (false, false) => (Confidence::Likely, "random bytes named after a key, made at start-up"),
    };
    Some(Claim { strength: 97, confidence, reasons: vec![reason.into()] })
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` is a key made at random when the process starts"),
        replicas: "what one replica signed or encrypted the others reject: users are logged out at random".into(),
        restart: "everything signed before is invalid: everyone is logged out on each deploy".into(),
        help: "read the key from configuration (an environment variable or a secret store), the same for every replica".into(),
    }
}
