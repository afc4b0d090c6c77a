//! What methods of foreign types do to the data behind their receiver, and what they
//! answer. A table by kind and method name; see [`super::external`] for the kinds.

use super::external::{Kind, deref, kind_of, unwrap_one};
use super::types::{T, last_part};

/// What a method of a foreign type does to the data behind the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Leads to the data: `lock`, `unwrap`, `iter_mut`.
    Through,
    Read,
    Write,
}

pub(crate) fn effect(kind: Kind, method: &str) -> Effect {
    if kind == Kind::Notify
        && matches!(method, "notify" | "notify_one" | "notify_all" | "notify_waiters" | "notify_last")
    {
        return Effect::Write;
    }
    if matches!(kind, Kind::Sender | Kind::Address) && !matches!(method, "unwrap" | "expect" | "clone") {
        // What is sent goes elsewhere: whatever holds the sender is only looked up.
        return Effect::Read;
    }
    if matches!(kind, Kind::Other | Kind::SocketHub)
        && matches!(method, "on" | "on_disconnect" | "on_fallback" | "ns" | "dyn_ns")
    {
        // Says what is to run: nothing is looked at yet.
        return Effect::Through;
    }
    if kind == Kind::Limiter {
        return match method {
            _ if method.starts_with("check") || method.starts_with("until") || method.contains("acquire") => {
                Effect::Write
            }
            _ => Effect::Read,
        };
    }
    if matches!(kind, Kind::Pointer | Kind::Maybe)
        && matches!(method, "map" | "and_then" | "insert" | "get_or_insert_with")
    {
        // `Option::insert` and its like are writes only on a place; seen as such below.
        if method == "insert" || method == "get_or_insert_with" {
            return Effect::Write;
        }
        return Effect::Through;
    }
    if kind == Kind::Handle || kind == Kind::Metric {
        return Effect::Read;
    }
    if kind == Kind::Iter
        && !matches!(
            method,
            "collect" | "count" | "any" | "all" | "sum" | "position" | "last" | "max" | "min"
        )
    {
        return Effect::Through;
    }
    if kind == Kind::Scalar && matches!(method, "replace" | "add" | "sub" | "update" | "take" | "swap") {
        return Effect::Read;
    }
    match method {
        "lock" | "write" | "read" | "try_lock" | "try_read" | "try_write" | "lock_owned" | "read_owned"
        | "write_owned" | "try_lock_owned" | "blocking_lock" | "blocking_read" | "blocking_write"
        | "upgradable_read" | "borrow" | "borrow_mut" | "try_borrow" | "try_borrow_mut" | "get_mut"
        | "unwrap" | "expect" | "unwrap_or_else" | "unwrap_or_default" | "unwrap_or" | "ok" | "ok_or"
        | "ok_or_else" | "map_err" | "as_ref" | "as_mut" | "as_deref" | "as_deref_mut" | "deref"
        | "deref_mut" | "iter_mut" | "values_mut" | "into_inner" | "get_ref" | "inner" | "with"
        | "with_borrow" | "with_borrow_mut" | "await" | "by_ref" | "try_with" | "get_many_mut"
        | "first_mut" | "last_mut" | "back_mut" | "front_mut" | "peek_mut" | "for_each" | "value_mut"
        | "value" | "pin" | "guard" | "downgrade" | "upgrade" | "split_at_mut" | "lock_arc" | "read_arc"
        | "write_arc" | "lock_ref" | "clone" | "to_owned" | "iter" | "into_iter" | "find" | "find_map"
        | "filter" | "filter_map" | "map" | "next" | "and_then" | "or_else" | "then" | "inspect" | "zip"
        | "enumerate" | "rev" | "flatten" | "take_while" | "skip" | "chain" | "timeout" | "context"
        | "with_context" | "wrap_err" | "force" | "as_any" | "as_slice" | "as_mut_slice" | "cloned"
        | "copied" | "get_or_init" | "get_or_try_init" | "map_or" | "map_or_else" | "unwrap_unchecked"
        | "or_default" => match method {
            "or_default" => Effect::Write,
            _ => Effect::Through,
        },
        "insert"
        | "push"
        | "push_back"
        | "push_front"
        | "push_str"
        | "remove"
        | "remove_entry"
        | "remove_if"
        | "retain"
        | "clear"
        | "drain"
        | "extend"
        | "append"
        | "pop"
        | "pop_front"
        | "pop_back"
        | "truncate"
        | "set"
        | "store"
        | "swap"
        | "replace"
        | "take"
        | "compare_exchange"
        | "compare_exchange_weak"
        | "compare_and_swap"
        | "entry"
        | "vacant_entry"
        | "raw_entry_mut"
        | "entry_ref"
        | "or_insert"
        | "or_insert_with"
        | "or_insert_with_key"
        | "and_modify"
        | "or_try_insert_with"
        | "get_or_insert"
        | "get_or_insert_with"
        | "get_or_insert_mut"
        | "try_insert"
        | "insert_entry"
        | "update"
        | "send"
        | "send_replace"
        | "send_modify"
        | "send_if_modified"
        | "broadcast"
        | "emit"
        | "publish"
        | "modify"
        | "put"
        | "upsert"
        | "alter"
        | "alter_all"
        | "rcu"
        | "sort"
        | "sort_by"
        | "sort_by_key"
        | "dedup"
        | "invalidate"
        | "invalidate_all"
        | "get_with"
        | "try_get_with"
        | "or_insert_with_if"
        | "optionally_get_with"
        | "reset"
        | "incr"
        | "inc"
        | "increment"
        | "decrement"
        | "dec"
        | "add"
        | "sub"
        | "swap_remove"
        | "shift_remove"
        | "split_off"
        | "resize"
        | "fill"
        | "cache_set"
        | "cache_remove"
        | "cache_get_or_set_with"
        | "cache_clear"
        | "insert_async"
        | "remove_async"
        | "rotate_left"
        | "clone_from"
        | "shuffle"
        | "insert_sync"
        | "pop_lru"
        | "promote"
        | "retain_mut"
        | "shrink_to"
        | "insert_with_ttl"
        | "delete"
        | "insert_key"
        | "set_if_none"
        | "try_push"
        | "force_push"
        | "notify"
        | "save"
        | "push_within_capacity"
        | "insert_at"
        | "do_send"
        | "try_send"
        | "try_broadcast"
        | "send_async"
        | "insert_weighted"
        | "cache_reset"
        | "toggle"
        | "write_str"
        | "write_all"
        | "write_fmt"
        | "read_exact"
        | "read_to_end"
        | "advance"
        | "add_assign"
        | "sub_assign" => Effect::Write,
        _ if method.starts_with("fetch_") => Effect::Write,
        _ if starts_with_verb(method) => Effect::Write,
        _ => Effect::Read,
    }
}

/// Whether awaiting what a foreign method or function answers may wait for something
/// outside this process. What waits for the client or for a clock does not count.
pub(crate) fn waits_outside(name: &str) -> bool {
    let client = matches!(
        name,
        "next"
            | "next_field"
            | "try_next"
            | "field"
            | "form"
            | "multipart"
            | "payload"
            | "bytes"
            | "text"
            | "json"
            | "body"
            | "body_string"
            | "body_bytes"
            | "body_json"
            | "body_form"
            | "chunk"
            | "collect"
            | "to_bytes"
            | "aggregate"
            | "data"
            | "extract"
            | "upgrade"
            | "on_upgrade"
            | "close"
            | "read_to_end"
            | "read_to_string"
            | "read_line"
            | "read_exact"
            | "read_buf"
            | "read_until"
            | "next_line"
            | "fill_buf"
    );
    let here = matches!(
        name,
        "sleep"
            | "sleep_until"
            | "tick"
            | "yield_now"
            | "notified"
            | "changed"
            | "wait"
            | "join"
            | "acquire"
            | "acquire_owned"
            | "lock"
            | "read"
            | "write"
            | "spawn"
            | "spawn_local"
            | "clone"
            | "new"
            | "default"
            | "from"
    );
    !client && !here && !super::waits::waiting(name)
}

/// Whether a foreign type is what a client sent: what is read out of it was not fetched.
pub(crate) fn is_request(ty: &T) -> bool {
    matches!(
        last_of(ty),
        "Request"
            | "HttpRequest"
            | "ServiceRequest"
            | "RequestParts"
            | "Incoming"
            | "Multipart"
            | "Payload"
            | "Field"
            | "WebSocket"
            | "TcpStream"
            | "BodyStream"
    )
}

/// Whether a method asks a pool, client or connection for something.
pub(crate) fn asks(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "query"
            | "query_row"
            | "query_map"
            | "query_one"
            | "query_opt"
            | "execute"
            | "load"
            | "first"
            | "find"
    )
}

/// Whether a method of a type that nobody knows is taken for a change by its name.
pub(super) fn starts_with_verb(method: &str) -> bool {
    [
        "set_",
        "add_",
        "insert_",
        "remove_",
        "push_",
        "delete_",
        "update_",
        "clear_",
        "increment_",
        "register_",
        "apply_",
    ]
    .iter()
    .any(|verb| method.starts_with(verb))
}

/// The type that a method of a foreign type answers, `Unknown` where it matters little.
pub(crate) fn method_type(receiver: &T, method: &str) -> T {
    let kind = kind_of(receiver);
    let args = receiver.args();
    let first = || args.first().cloned().unwrap_or_default();
    let value = || args.get(1).or(args.first()).cloned().unwrap_or_default();
    // A std lock answers a result: the lock's own answer above already is what it holds.
    if kind != Kind::Maybe
        && matches!(method, "unwrap" | "expect" | "unwrap_or_else" | "ok" | "map_err" | "unwrap_or_log")
    {
        return receiver.clone();
    }
    match kind {
        Kind::Lock => match method {
            "lock" | "read" | "write" | "try_lock" | "try_read" | "try_write" | "lock_owned"
            | "read_owned" | "write_owned" | "blocking_lock" | "blocking_read" | "blocking_write"
            | "upgradable_read" | "borrow" | "borrow_mut" | "get_mut" | "into_inner" | "take" | "replace"
            | "lock_arc" | "read_arc" | "write_arc" | "try_borrow" | "try_borrow_mut" | "with_borrow"
            | "with_borrow_mut" => unwrap_one(receiver).cloned().unwrap_or_default(),
            "clone" => receiver.clone(),
            _ => T::Unknown,
        },
        Kind::Cell => match method {
            "get" | "load" | "load_full" | "take" | "replace" | "swap" | "into_inner" => first(),
            _ => T::Unknown,
        },
        Kind::Lazy => match method {
            "get" | "get_mut" => T::ext("std::option::Option", vec![first()]),
            _ => first(),
        },
        Kind::Maybe => match method {
            "unwrap" | "expect" | "unwrap_or" | "unwrap_or_default" | "unwrap_or_else" | "into_inner"
            | "insert" | "get_or_insert_with" | "get_or_insert" | "unwrap_or_log" => first(),
            "iter" | "into_iter" | "iter_mut" => T::ext("Iter", vec![first()]),
            "is_some" | "is_none" | "is_ok" | "is_err" => T::bool(),
            "as_deref" | "as_deref_mut" => {
                T::ext("std::option::Option", vec![deref(&first()).cloned().unwrap_or_else(first)])
            }
            "map" | "and_then" | "map_or" | "map_or_else" | "zip" => T::Unknown,
            _ => receiver.clone(),
        },
        Kind::Map | Kind::SharedMap | Kind::Cache => match method {
            "get" | "get_mut" | "remove" | "insert" | "peek" | "get_or_insert_with" | "get_async" | "pop"
            | "read" | "swap_remove" | "shift_remove" | "cache_get" | "get_if_present" | "get_refresh"
            | "put" => T::ext("std::option::Option", vec![value()]),
            "entry" | "entry_ref" | "vacant_entry" | "raw_entry_mut" => T::ext("Entry", vec![value()]),
            "get_with" | "try_get_with" | "or_insert_with" => value(),
            "values" | "values_mut" | "into_values" => T::ext("Iter", vec![value()]),
            "keys" | "into_keys" => T::ext("Iter", vec![first()]),
            "iter" | "iter_mut" | "into_iter" | "drain" => T::ext(
                "Iter",
                vec![if args.len() > 1 { T::Tuple(vec![first(), value()].into()) } else { first() }],
            ),
            "clone" | "pin" => receiver.clone(),
            _ if kind == Kind::Cache => receiver.clone(),
            _ => T::Unknown,
        },
        Kind::List => match method {
            "get" | "get_mut" | "first" | "last" | "pop" | "pop_front" | "pop_back" | "first_mut"
            | "last_mut" | "front" | "back" | "back_mut" | "front_mut" | "take" | "peek" => {
                T::ext("std::option::Option", vec![first()])
            }
            "remove" | "swap_remove" => first(),
            "iter" | "iter_mut" | "into_iter" | "drain" => T::ext("Iter", vec![first()]),
            "clone" | "to_vec" | "to_owned" => receiver.clone(),
            _ => T::Unknown,
        },
        Kind::Iter => match method {
            "next" | "find" | "last" | "nth" | "max" | "min" | "max_by_key" | "min_by_key" | "next_back"
            | "reduce" | "max_by" | "min_by" => T::ext("std::option::Option", vec![first()]),
            "map"
            | "filter_map"
            | "flat_map"
            | "fold"
            | "collect"
            | "sum"
            | "count"
            | "position"
            | "any"
            | "all"
            | "for_each"
            | "zip"
            | "find_map"
            | "try_for_each"
            | "for_each_concurrent"
            | "unzip"
            | "partition" => T::Unknown,
            "enumerate" => T::ext("Iter", vec![T::Tuple(vec![T::number(), first()].into())]),
            _ => receiver.clone(),
        },
        Kind::Broadcast => match method {
            "clone" => receiver.clone(),
            "subscribe" => T::ext("tokio::sync::broadcast::Receiver", args.to_vec()),
            "borrow" | "borrow_and_update" => first(),
            _ => T::Unknown,
        },
        Kind::Receiver => match method {
            "recv" | "next" | "try_recv" | "recv_async" | "blocking_recv" => {
                T::ext("std::option::Option", vec![first()])
            }
            _ => T::Unknown,
        },
        Kind::Other if hands_state(receiver, method) => T::Ref(std::sync::Arc::new(first())),
        Kind::SocketHub if matches!(method, "build_layer" | "build_svc" | "with_inner_svc") => {
            T::Tuple(vec![T::Unknown, receiver.clone()].into())
        }
        Kind::SocketHub
            if matches!(
                method,
                "sockets" | "fetch_sockets" | "rooms" | "len" | "config" | "emit" | "emit_with_ack"
            ) =>
        {
            T::Unknown
        }
        // Builders: `GovernorConfigBuilder::default().per_second(2).finish()`.
        Kind::Limiter | Kind::SocketHub | Kind::MemorySessions | Kind::Scheduler => receiver.clone(),
        Kind::Sender | Kind::Address => match method {
            "clone" => receiver.clone(),
            _ => T::Unknown,
        },
        _ => match (last_of(receiver), method) {
            ("Entry" | "OccupiedEntry" | "VacantEntry", "and_modify") => receiver.clone(),
            ("Entry" | "OccupiedEntry" | "VacantEntry", _) => first(),
            ("LocalKey", _) => first(),
            (
                _,
                "clone" | "to_owned" | "as_ref" | "as_mut" | "get_ref" | "inner" | "inner_mut" | "deref"
                | "deref_mut" | "borrow" | "borrow_mut" | "by_ref" | "get_mut",
            ) => receiver.clone(),
            _ => T::Unknown,
        },
    }
}

/// `request.state()` of tide: the state of the server that a request came to.
pub(crate) fn hands_state(receiver: &T, method: &str) -> bool {
    method == "state" && last_of(receiver) == "Request" && !receiver.args().is_empty()
}

fn last_of(ty: &T) -> &str {
    match ty {
        T::Ext(path, _) => last_part(path.as_str()),
        _ => "",
    }
}

/// What a closure's parameters are when it is handed to a method of a foreign type.
pub(crate) fn closure_params(receiver: &T, method: &str) -> Vec<T> {
    let args = receiver.args();
    let first = || args.first().cloned().unwrap_or_default();
    match kind_of(receiver) {
        Kind::Map | Kind::SharedMap => match method {
            "retain" | "remove_if" | "alter_all" => args.to_vec(),
            "alter" => args.get(1).cloned().into_iter().collect(),
            _ => vec![first()],
        },
        Kind::Iter if method == "fold" => vec![T::Unknown, first()],
        Kind::Iter | Kind::Maybe | Kind::List | Kind::Pointer => vec![first(), first()],
        Kind::Lock | Kind::Cell | Kind::Lazy => {
            vec![unwrap_one(receiver).cloned().unwrap_or_default()]
        }
        Kind::Broadcast if matches!(method, "send_modify" | "send_if_modified") => vec![first()],
        _ => match last_of(receiver) {
            "Entry" | "OccupiedEntry" => vec![first()],
            _ => Vec::new(),
        },
    }
}
