//! Live sockets, subscribers, broadcast channels. Page: `in_memory_connections.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;

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

const SOCKETS: [&str; 14] = [
    "WebSocket", "SplitSink", "WebSocketStream", "SocketRef", "Session", "DuplexStream", "TcpStream", "SseSender", "Recipient",
    "Sink", "WsSender", "ConnectionHandle", "FramedWrite", "FramedStream",
];

fn judge(case: &Case) -> Option<Claim> {
    let claim = |strength, confidence, reason: &str| Some(Claim { strength, confidence, reasons: vec![reason.into()] });
    match case.site.kind {
        Some(Kind::Broadcast | Kind::Notify) => {
            let confidence = if case.routed() { Confidence::Sure } else { Confidence::Likely };
            return claim(90, confidence, "sent to while serving, and clients of this process wait on it");
        }
        Some(Kind::SocketHub) => {
            return claim(92, Confidence::Sure, "emits to the sockets of this process through its default adapter");
        }
        _ => {}
    }
    let live = case.holds(Kind::Sender) || case.holds(Kind::Broadcast) || case.holds(Kind::Address);
    let sockets = case.holds_name(&SOCKETS);
    let confidence = if case.routed() { Confidence::Sure } else { Confidence::Likely };
    if (live || sockets) && case.site.holds.collection {
        return claim(if live { 76 } else { 64 }, confidence, "a registry of senders or sockets");
    }
    if case.own_name(&["connections", "clients", "subscribers", "peers", "sockets", "listeners", "watchers", "connected", "online"]) {
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
