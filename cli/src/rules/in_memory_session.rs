//! Who is logged in, hand-shakes, one-time codes. Page: `in_memory_session.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;
use crate::model::site::Live;

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-session",
        summary: "sessions, tokens or hand-shake state kept in this process",
        page: include_str!("in_memory_session.md"),
    },
    role: Role::Session,
    landing: Landing::Redis,
    judge,
    say,
};

const STRONG: [&str; 41] = [
    "authentication",
    "authentications",
    "token",
    "tokens",
    "csrf",
    "auth",
    "pkce",
    "oauth",
    "oauth2",
    "otp",
    "totp",
    "nonce",
    "nonces",
    "challenge",
    "challenges",
    "ticket",
    "tickets",
    "passkey",
    "webauthn",
    "login",
    "logins",
    "jwt",
    "verifier",
    "verifiers",
    "magic",
    "refresh",
    "revoked",
    "revocation",
    "handshake",
    "handshakes",
    "authorization",
    "authenticated",
    "credential",
    "credentials",
    "cookie",
    "cookies",
    "code",
    "codes",
    "signin",
    "2fa",
    "mfa",
];
const SESSION: [&str; 2] = ["session", "sessions"];
const AUTH: [&str; 16] = [
    "auth",
    "authenticate",
    "authorize",
    "authentication",
    "login",
    "logout",
    "verify",
    "password",
    "cookie",
    "cookies",
    "token",
    "identity",
    "account",
    "credential",
    "credentials",
    "signin",
];
const LOGIN: [&str; 8] =
    ["auth", "account", "identity", "registration", "logout", "verify", "username", "usernames"];

fn judge(case: &Case) -> Option<Claim> {
    let claim = |strength, confidence, reason: &str| {
        Some(Claim { strength, confidence, reasons: vec![reason.into()] })
    };
    if case.site.kind == Some(Kind::MemorySessions) {
        return claim(95, Confidence::Sure, "the library's session store that keeps sessions in memory");
    }
    if case.scalar() {
        return None;
    }
    // "Session" alone may be a game's or a call's: functions must speak of logins too.
    if case.own_name(&["bucket", "buckets", "limiter", "limit", "rate"]) {
        // Tokens to be spent, not shown.
        return None;
    }
    if case.own_name(&["device", "devices", "push", "fcm", "apns"]) {
        // Where to reach a telephone, not who is logged in.
        return None;
    }
    let own = case.own_name(&STRONG)
        || case.own_name(&SESSION) && (case.touched_by(&AUTH) || case.in_file_of(&AUTH));
    let types = case.named(&STRONG);
    let touched = case.touched_by(&STRONG);
    let confidence = if case.routed() { Confidence::Sure } else { Confidence::Likely };
    match (own, types, touched) {
        _ if case.site.live == Live::Whole => None,
        (true, _, _) => {
            claim(76, confidence, "named after sessions or credentials, written and read while serving")
        }
        (_, true, true) => {
            claim(72, confidence, "holds session or credential types, in functions that deal with them")
        }
        (_, true, _) => claim(45, Confidence::Likely, "holds session or credential types"),
        (_, _, true) if case.named(&LOGIN) => {
            claim(50, Confidence::Likely, "touched by functions that deal with logins")
        }
        _ => None,
    }
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` keeps sessions or credentials in this process"),
        replicas: "a request that lands on another replica does not find what this one stored: the user is logged out, the hand-shake fails".into(),
        restart: "everyone who is logged in or half-way through a hand-shake has to start again".into(),
        help: "keep it in Redis with an expiry under the token as key, or put it into a signed token that needs no store".into(),
    }
}
