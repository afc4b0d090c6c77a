//! Live sockets, subscribers, broadcast channels. Page: `in_memory_connections.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;
use crate::model::site::Live;
use crate::model::types::{T, last_part};

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "in-memory-connections",
        summary: "sockets or subscribers that only this process can reach",
        page: include_str!("in_memory_connections.md"),
    },
    role: Role::Connection,
    landing: Landing::PubSub,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    let claim = |strength, confidence, reason: &str| {
        Some(Claim { strength, confidence, reasons: vec![reason.into()] })
    };
    match case.site.kind {
        Some(Kind::Broadcast | Kind::Notify) => {
            let confidence = if case.routed() { Confidence::Sure } else { Confidence::Likely };
            return claim(90, confidence, "sent to while serving, and clients of this process wait on it");
        }
        Some(Kind::SocketHub) => {
            return claim(
                92,
                Confidence::Sure,
                "emits to the sockets of this process through its default adapter",
            );
        }
        _ => {}
    }
    let confidence = if case.routed() { Confidence::Sure } else { Confidence::Likely };
    match case.site.live {
        Live::Whole => return claim(84, confidence, "a registry of senders or sockets"),
        Live::Part => {
            return claim(70, confidence, "its entries hold the sender or socket of a client");
        }
        Live::No => {}
    }
    let entry = case.payload().args();
    if let [T::Ext(path, _)] = entry
        && case.site.holds.collection
        && last_part(path.as_str()) == "SocketAddr"
        && !case.taken_by_a_worker()
    {
        return claim(61, confidence, "the addresses of connected clients");
    }
    if case.own_name(&[
        "connections",
        "clients",
        "subscribers",
        "peers",
        "sockets",
        "listeners",
        "watchers",
        "connected",
        "online",
    ]) {
        return claim(60, Confidence::Likely, "named after connections, changed while serving");
    }
    None
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` reaches only the clients connected to this process"),
        replicas: "what one client sends reaches the listeners on its own replica: with N replicas the others miss it".into(),
        restart: "all connections drop, and messages sent meanwhile are lost".into(),
        help: "the sockets stay here; publish what concerns others through Redis (or NATS, PostgreSQL NOTIFY) and let each replica pass it on to its own".into(),
    }
}
