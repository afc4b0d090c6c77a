//! Counts per client that decide who is refused. Page: `in_memory_limit.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;
use crate::model::types::{T, last_part};

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-limit",
        summary: "rate limits, bans or quotas counted in this process",
        page: include_str!("in_memory_limit.md"),
    },
    role: Role::RateLimit,
    landing: Landing::Redis,
    judge,
    say,
};

const WORDS: [&str; 29] = [
    "rate",
    "ratelimit",
    "limit",
    "limits",
    "limiter",
    "limiters",
    "attempts",
    "attempt",
    "ban",
    "bans",
    "banned",
    "blocked",
    "blocklist",
    "blacklist",
    "blocker",
    "throttle",
    "throttled",
    "bucket",
    "buckets",
    "quota",
    "quotas",
    "failures",
    "failed",
    "strikes",
    "lockout",
    "cooldown",
    "cooldowns",
    "governor",
    "denylist",
];

fn judge(case: &Case) -> Option<Claim> {
    let claim = |strength, confidence, reason: &str| {
        Some(Claim { strength, confidence, reasons: vec![reason.into()] })
    };
    if case.site.kind == Some(Kind::Limiter) {
        if !case.site.known {
            return claim(
                96,
                Confidence::Likely,
                "a library's limiter by its name; libraries count in memory unless told otherwise",
            );
        }
        if !case.writes.is_empty()
            && case.writes.iter().all(|one| one.operation.as_str().starts_with("until"))
        {
            return claim(96, Confidence::Worth, "a limiter that only delays, and refuses nobody");
        }
        return claim(96, Confidence::Sure, "a limiter that counts in this process's memory");
    }
    let by_address = case.site.holds.key.as_ref().is_some_and(address);
    // A list of revoked tokens is about sessions; a bucket of tokens is about limits.
    let token =
        case.own_name(&["token", "tokens", "jwt"]) && !case.own_name(&["bucket", "rate", "limiter", "limit"]);
    if case.counts()
        && (case.own_name(&WORDS)
            || case.touched_by(&WORDS)
            || case.touched_by(&["login", "check", "verify", "pin", "guard"]))
    {
        return claim(86, Confidence::Likely, "a table of counts that requests raise and compare");
    }
    let routed = if case.routed() { Confidence::Sure } else { Confidence::Likely };
    if case.counts() && by_address {
        return claim(82, routed, "a table of counts by client address");
    }
    if case.times() && !case.site.element() && !case.assumed() {
        return claim(54, routed, "remembers when each key was last seen");
    }
    match (case.own_name(&WORDS) && !token, case.named(&WORDS), by_address) {
        (true, _, true) => claim(85, Confidence::Sure, "named after a limit and keyed by client address"),
        (true, _, _) => claim(74, Confidence::Likely, "named after a limit, changed while serving"),
        (_, true, true) => {
            claim(80, Confidence::Sure, "counts by client address, with types named after a limit")
        }
        (_, true, _) if case.touched_by(&WORDS) => {
            claim(66, Confidence::Likely, "touched by functions that limit")
        }
        (_, _, true) if case.touched_by(&WORDS) => {
            claim(72, Confidence::Likely, "keyed by client address, in functions that limit")
        }
        _ => None,
    }
}

fn address(ty: &T) -> bool {
    let mut found = false;
    ty.any(&mut |ty| {
        found |= matches!(ty, T::Ext(path, _) if matches!(last_part(path.as_str()), "IpAddr" | "SocketAddr" | "Ipv4Addr"));
        found
    })
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` counts clients against a limit in this process"),
        replicas: "each replica grants the full quota: with N replicas the limit is N times as high, and a ban holds on one of N".into(),
        restart: "all counts and bans start from zero".into(),
        help: "count in Redis (one atomic script a key, with expiry), or limit in the gateway that all replicas share".into(),
    }
}
