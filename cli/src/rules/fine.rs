//! What is harmless, and why: settled before any rule is asked.

use crate::finding::{AccessKind, Context, Role};
use crate::model::external::{self, Kind};
use crate::model::site::{Live, Use, split_words};
use crate::model::types::{T, last_part};

use super::case::Case;

pub(super) enum Settled {
    /// Nothing to say: a plain constant, a part of something else.
    Hidden,
    Fine(Role, String),
    /// Goes without saying, where the collection that it is part of is reported.
    Part(Role, String),
    /// For the rules.
    Open,
}

/// What parts of a collection's entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Part of the collection: what it says of them is enough.
    OfWhole,
    /// State of their own: the collection is harmless.
    Alone,
}

pub(super) fn settle(case: &Case, parts: Parts) -> Settled {
    let site = case.site;
    let element = site.element() && parts == Parts::OfWhole;
    let part = |role: Role, reason: &str| Settled::Part(role, reason.to_string());
    let fine = |role: Role, reason: &str| Settled::Fine(role, reason.to_string());
    if site.per_request {
        return fine(Role::Handle, "made for one request or connection and dropped with it");
    }
    if matches!(
        site.kind,
        Some(
            Kind::Limiter
                | Kind::MemorySessions
                | Kind::JobStore
                | Kind::MemoMacro
                | Kind::SocketHub
                | Kind::RandomKey
                | Kind::Disk
                | Kind::EmbeddedDatabase
                | Kind::MemoryDatabase
                | Kind::Timer
        )
    ) {
        return Settled::Open;
    }
    let payload = case.payload_kind();
    if matches!(payload, Kind::Handle) && !site.holds.collection {
        return fine(Role::Handle, "a pool, client or other means, not data");
    }
    if matches!(payload, Kind::Metric) {
        return fine(Role::Metrics, "numbers for operators");
    }
    let channel =
        matches!(payload, Kind::Sender | Kind::Address | Kind::Receiver) || site.kind == Some(Kind::Sender);
    if channel && case.taken_by_requests() {
        return Settled::Open;
    }
    if channel && !site.holds.collection {
        return fine(Role::Handle, "a channel to a task of this process");
    }
    if site.kind.is_none() && site.sharing.is_none() {
        return Settled::Hidden;
    }
    if case.writes.is_empty() && case.background_writes.is_empty() {
        if site.kind.is_none() && site.uses.is_empty() {
            return Settled::Hidden;
        }
        return fine(role_of_constant(case), "never written after start-up");
    }
    if case.writes.is_empty() {
        return fine(
            Role::Cache,
            "written only by a task of this process: each replica keeps its own copy up to date",
        );
    }
    if element
        && site.kind.is_none()
        && site.sharing == Some(crate::model::site::Sharing::Locked)
        && site.live == Live::No
    {
        return part(Role::Entity, "part of the entries of a collection that is reported itself");
    }
    if element && !site.holds.collection && site.one_socket {
        return part(Role::Connection, "the socket of one client, in a registry that is reported itself");
    }
    if site.kind.is_none() && site.one_socket && !site.element() && !site.holds.collection {
        return fine(Role::Handle, "one socket, used by what owns it");
    }
    let local = site.kind.is_none() && site.info.mechanism == crate::finding::Mechanism::SharedLocal;
    if local && case.reads.is_empty() && !case.removes() {
        return fine(Role::Handle, "only collected by the loop that owns it");
    }
    if local && batch(case) {
        return fine(Role::Handle, "a batch that one loop collects and hands on");
    }
    let looks = |one: &&Use| one.used && one.access.kind == AccessKind::Write;
    if site.holds.collection
        && case.reads.is_empty()
        && !site.uses.iter().any(|one| looks(&one))
        && site.live == Live::No
        && plain(case)
    {
        return fine(Role::Metrics, "written while serving, but nothing ever reads it");
    }
    if handles_only(case) {
        return fine(Role::Handle, "holds pools, tasks or listeners of this process");
    }
    if case.number() && only_compared(case) {
        return fine(Role::Handle, "a number that this process only compares for itself");
    }
    // What counts for one entry of a table may be a limit.
    if case.number() && site.stays && (!site.element() || case.reads.is_empty()) && !limits(case) {
        return fine(
            Role::Handle,
            "a number that never leaves this process: compared, logged, or a key here",
        );
    }
    if !case.number() && site.stays && !limits(case) {
        return fine(Role::Handle, "a cursor is all that changes in it, and it never leaves this process");
    }
    if memo(case) {
        return fine(
            Role::Cache,
            "filled on a miss by the one function that uses it: every replica computes the same",
        );
    }
    if single_flight(case) {
        return fine(
            Role::Coordination,
            "requests for the same answer wait for the one that asks: another replica asks for itself",
        );
    }
    if case.only_fetched()
        && site.live == Live::No
        && !case.scalar()
        && !case.cache_like()
        && !case.keys_only()
    {
        if case.writes.iter().all(|one| one.when.background) && !case.routes_remove() {
            return fine(Role::Cache, "every replica fetches it again by its own clock");
        }
        if case.read_through() && !case.invalidated() {
            return fine(Role::Cache, "filled on a miss with what is fetched from elsewhere");
        }
    }
    if signal(case) {
        return fine(Role::Handle, "a flag about this process itself, and those who wait for it");
    }
    if seen_of_others(case) {
        return fine(
            Role::Metrics,
            "what this process has seen of another's health: each replica asks again",
        );
    }
    if gauge(case) && !limits(case) {
        return fine(Role::Metrics, "how much is going on in this process");
    }
    if case.flag() && !toggled(case) {
        return fine(Role::Handle, "a flag that this process sets for itself");
    }
    if case.scalar() && case.named(&["metric", "metrics", "stats", "statistics", "telemetry"])
        || case.named(&["metric", "metrics", "telemetry"]) && tallies(case.payload())
        || case.scalar() && case.in_file_of(&["metric", "metrics", "prometheus"])
    {
        return fine(Role::Metrics, "numbers for operators");
    }
    if (case.scalar() || counters(case)) && only_shown_to_operators(case) {
        return fine(Role::Metrics, "only counted here and shown to operators");
    }
    if scratch(case) {
        return fine(Role::Handle, "scratch space: every use overwrites what it finds");
    }
    if unit_lock(case) && site.info.mechanism == crate::finding::Mechanism::ThreadLocal {
        return fine(Role::Handle, "guards nothing outside this thread");
    }
    if matches!(site.kind, Some(Kind::Broadcast | Kind::Notify)) && !heard_by_clients(case) {
        return fine(Role::Handle, "wakes tasks of this process; no client waits on it");
    }
    Settled::Open
}

/// What this process has seen of another's health: said of whom, or written by probes alone.
fn seen_of_others(case: &Case) -> bool {
    let others = [
        "backend",
        "backends",
        "check",
        "checker",
        "checks",
        "circuit",
        "endpoint",
        "endpoints",
        "node",
        "nodes",
        "origin",
        "peer",
        "peers",
        "probe",
        "probes",
        "provider",
        "providers",
        "upstream",
        "upstreams",
    ];
    let breaks = |name: &String| {
        let mut words = Vec::new();
        split_words(name, &mut words);
        words.iter().any(|word| matches!(word.as_str(), "circuit" | "breaker"))
    };
    let about = case.named(&["circuit", "breaker"])
        || case.site.holds.names.iter().any(breaks)
        || case.named(&["health"]) && !case.site.holds.collection;
    about && (case.named(&others) || case.writes.iter().all(|one| one.when.background && !one.when.request))
}

fn role_of_constant(case: &Case) -> Role {
    if case.named(&["secret", "key", "keys", "password"]) { Role::Secret } else { Role::Config }
}

/// Several counters: an array of atomics, a table of numbers.
fn counters(case: &Case) -> bool {
    let value = case.payload().args().last().map(external::payload);
    case.site.holds.collection
        && value.is_some_and(|value| {
            matches!(external::kind_of(value), Kind::Atomic)
                || matches!(value, T::Ext(path, _) if matches!(last_part(path.as_str()), "u32" | "u64" | "usize" | "i32" | "i64" | "f64"))
        })
}

/// Numbers, durations or histograms by name, label or place.
fn tallies(ty: &T) -> bool {
    let ty = external::payload(ty);
    match external::kind_of(ty) {
        Kind::Atomic | Kind::Metric => true,
        Kind::Scalar => {
            external::is_number(ty)
                || matches!(ty, T::Ext(path, _) if matches!(last_part(path.as_str()), "Duration" | "f64" | "f32"))
        }
        Kind::Map | Kind::SharedMap | Kind::List => ty.args().last().is_some_and(tallies),
        _ => false,
    }
}

/// A counter whose value no route but one for operators ever reads.
fn only_shown_to_operators(case: &Case) -> bool {
    if case.flag() {
        return false;
    }
    let counts = case.writes.iter().all(|one| {
        one.operation.as_str().starts_with("fetch_")
            || matches!(one.operation.as_str(), "+=" | "store" | "set" | "swap" | "=")
            || matches!(one.operation.as_str(), "entry" | "or_default" | "or_insert") && counters(case)
    });
    let silent = case.writes.iter().all(|one| {
        !one.used || matches!(one.operation.as_str(), "store" | "=" | "entry" | "or_default" | "or_insert")
    });
    // How many counters an array has says nothing of what they counted.
    let sized = |one: &Use| one.operation == "len" && matches!(case.payload(), T::Slice(_));
    let shown = case
        .site
        .uses
        .iter()
        .filter(|one| one.access.kind == AccessKind::Read && one.when.request && !sized(one))
        .all(for_operators);
    counts && silent && shown
}

/// Whether a function, by its name or its routes, answers questions of operators.
fn for_operators(one: &Use) -> bool {
    let mut words = Vec::new();
    split_words(last_part(&one.access.function), &mut words);
    if let Context::Request { routes } = &one.access.context {
        for route in routes {
            split_words(route, &mut words);
        }
    }
    words.iter().any(|word| {
        let exact = matches!(
            word.as_str(),
            "stat" | "stats" | "status" | "statistics" | "info" | "ready" | "readyz" | "livez"
        );
        exact
            || ["metric", "health", "prometheus", "uptime", "debug", "admin"]
                .iter()
                .any(|stem| word.starts_with(stem))
    })
}

/// No component, whose reads happen inside the library.
fn plain(case: &Case) -> bool {
    matches!(case.site.kind, None | Some(Kind::Lock | Kind::SharedMap))
        && case.site.uses.iter().all(|one| one.access.kind == AccessKind::Write)
}

/// Entries are handles, or a pool of them; nothing in it is data.
fn handles_only(case: &Case) -> bool {
    let entry = case.payload().args().last().map(external::payload);
    let value = entry.map(external::kind_of);
    let named = |says: &dyn Fn(&str) -> bool| matches!(entry, Some(T::Ext(path, _)) if says(path.as_str()));
    let replies = named(&|path| path.contains("oneshot"));
    // Somebody's connection, kept for another request to take.
    let client = named(&|path| last_part(path).ends_with("Stream"));
    let numbered = case.site.holds.key.as_ref().is_some_and(|key| {
        matches!(key, T::Ext(path, _) if matches!(last_part(path.as_str()), "usize" | "u64" | "u32" | "u16" | "i64" | "i32"))
    });
    value == Some(Kind::Handle) && !client
        || replies && numbered
        || case.holds(Kind::Handle)
            && case.own_name(&["pool", "pools", "handles", "tasks", "listeners", "workers"])
}

/// A list that only the function that owns it touches, and takes whole.
fn batch(case: &Case) -> bool {
    let mut functions: Vec<_> = case.site.uses.iter().map(|one| one.function).collect();
    functions.dedup();
    let taken = |one: &&Use| {
        let mut words = Vec::new();
        split_words(last_part(&one.operation), &mut words);
        let given =
            ["take", "drain", "clear", "flush", "send", "write", "insert", "save", "persist", "ingest"];
        one.operation != "insert" && words.iter().any(|word| given.contains(&word.as_str()))
    };
    let counted = |one: &Use| {
        matches!(
            one.operation.as_str(),
            "push" | "push_back" | "extend" | "append" | "len" | "is_empty" | "reserve" | "capacity"
        )
    };
    case.payload_kind() == Kind::List
        && functions.len() == 1
        && case.site.uses.iter().any(|one| taken(&one))
        && case.site.uses.iter().all(|one| counted(one) || taken(&one))
}

fn limits(case: &Case) -> bool {
    case.named(&["limit", "limiter", "quota", "max", "attempts", "rate"])
}

/// No value of it leaves this process: it is compared, or taken modulo something.
fn only_compared(case: &Case) -> bool {
    let mut uses = case.writes.iter().chain(&case.reads).peekable();
    uses.peek().is_some()
        && !limits(case)
        && uses.all(|one| !one.used || one.compared || matches!(one.operation.as_str(), "+=" | "=" | "store"))
}

/// A table of answers: looked up, and filled where the answer was missing, in one place.
fn memo(case: &Case) -> bool {
    let mut functions: Vec<_> =
        case.writes.iter().chain(&case.reads).map(|one| (one.function, one.region)).collect();
    functions.sort();
    functions.dedup();
    let fills = case.writes.iter().all(|one| {
        matches!(
            one.access.operation.as_str(),
            "insert"
                | "="
                | "put"
                | "get_with"
                | "try_get_with"
                | "replace"
                | "set"
                | "entry"
                | "or_insert_with"
                | "or_insert"
                | "get_or_insert_with"
                | "push"
        )
    });
    let asks = case.reads.iter().any(|one| {
        matches!(one.access.operation.as_str(), "get" | "read" | "clone" | "peek" | "cloned" | "compare")
    });
    // When something last happened, or how often, is no answer that could be computed again.
    let entry = external::payload(case.payload().args().last().unwrap_or(case.payload()));
    let counted = case.site.holds.collection
        && (external::is_time(entry)
            || matches!(entry, T::Ext(path, _) if last_part(path.as_str()) == "Duration"));
    let holds = case.site.holds.collection || case.optional() || matches!(case.payload(), T::Adt(..));
    // A message loop reads and writes in one place, for many clients.
    let looped = case.site.sharing.is_some_and(|sharing| sharing != crate::model::site::Sharing::Locked);
    !looped
        && !counted
        && functions.len() == 1
        && fills
        && asks
        && holds
        && case.site.live == Live::No
        && case.read_through()
        && !case.entries_change()
        && !case.scalar()
        && !case.keys_only()
        && !dated(case)
}

/// A list of what was done when, by nothing that could be looked up: a limit counts in it.
fn dated(case: &Case) -> bool {
    case.payload_kind() == Kind::List
        && case.writes_with(&["push", "push_back"])
        && case.holds_name(&external::TIMES)
}

/// Those who wait for an answer that one of them is fetching: by key, and gone when it is there.
fn single_flight(case: &Case) -> bool {
    let entries = case.payload().args().last().unwrap_or(case.payload());
    let once = entries.any(&mut |ty| matches!(ty, T::Ext(path, _) if path.as_str().contains("oneshot")));
    let answer = entries.any(&mut |ty| {
        let T::Ext(path, _) = ty else { return false };
        let waits = path.as_str().contains("watch") || path.as_str().contains("broadcast");
        external::kind_of(ty) == Kind::Receiver && waits || last_part(path.as_str()) == "Shared"
    });
    // How many are under way is told to anybody.
    let counted = |one: &&&Use| !matches!(one.operation.as_str(), "len" | "is_empty");
    let uses = || case.writes.iter().chain(&case.reads).filter(counted);
    let fills = |one: &&&Use| matches!(one.operation.as_str(), "insert" | "entry" | "or_insert_with");
    let same = uses().filter(fills).all(|fill| {
        uses().all(|one| one.function == fill.function || one.shares_caller(fill) || fill.shares_caller(one))
    });
    let mut functions: Vec<_> = uses().map(|one| one.function).collect();
    functions.sort();
    functions.dedup();
    case.removes() && (once && functions.len() == 1 || answer && same && case.read_through())
}

/// A flag that one route sets and another obeys. What a GET alone sets is not switched by anybody:
/// it tells who is connected.
fn toggled(case: &Case) -> bool {
    let routes = |list: &[&Use]| -> Vec<String> {
        list.iter()
            .flat_map(|one| match &one.access.context {
                Context::Request { routes } => routes.clone(),
                _ => Vec::new(),
            })
            .collect()
    };
    let (written, read) = (routes(&case.writes), routes(&case.reads));
    written.iter().any(|route| !route.starts_with("GET "))
        && read.iter().any(|route| !written.contains(route))
}

/// A flag with what wakes those who wait for it: `(AtomicBool, Notify)`.
fn signal(case: &Case) -> bool {
    let T::Tuple(parts) = case.payload() else { return false };
    shutdown(case)
        && parts.iter().all(|part| match external::kind_of(part) {
            Kind::Notify => true,
            _ => matches!(part, T::Ext(path, _) if matches!(last_part(path.as_str()), "AtomicBool" | "bool")),
        })
}

/// A number that goes up when something begins and down when it ends, and is compared or shown to
/// operators.
fn gauge(case: &Case) -> bool {
    case.number()
        && case.writes_with(&["fetch_add"])
        && case.writes_with(&["fetch_sub"])
        && case.writes.iter().all(|one| !one.used || one.operation.as_str().starts_with("compare"))
        && case.reads.iter().all(|one| one.compared || for_operators(one) || one.when.routes.is_empty())
}

fn scratch(case: &Case) -> bool {
    case.site.info.mechanism == crate::finding::Mechanism::ThreadLocal
        && case.writes.iter().any(|one| one.access.operation == "clear")
        && case.reads.iter().all(|read| case.writes.iter().any(|write| write.function == read.function))
}

pub(super) fn unit_lock(case: &Case) -> bool {
    matches!(case.site.kind, Some(Kind::Lock))
        && matches!(case.payload(), T::Tuple(parts) if parts.is_empty())
}

fn shutdown(case: &Case) -> bool {
    case.named(&[
        "shutdown",
        "stop",
        "stopping",
        "stopped",
        "ready",
        "running",
        "exit",
        "quit",
        "alive",
        "healthy",
        "initialized",
        "done",
        "terminate",
        "cancel",
        "cancelled",
        "closed",
        "draining",
        "dirty",
        "enabled",
        "debug",
        "verbose",
        "flag",
        "active",
        "started",
        "finished",
        "abort",
        "killed",
        "connected",
        "disconnected",
        "logging",
    ])
}

fn heard_by_clients(case: &Case) -> bool {
    let waits = |operation: &str| {
        matches!(
            operation,
            "subscribe"
                | "notified"
                | "resubscribe"
                | "borrow"
                | "changed"
                | "wait"
                | "listen"
                | "new_receiver"
        )
    };
    let listens = case.reads.iter().any(|one| waits(last_part(one.operation.as_str())))
        || case.site.uses.iter().any(|one| one.access.kind == AccessKind::Read && one.when.request);
    let watch = match external::payload(&case.site.ty) {
        T::Ext(path, _) => path.as_str().contains("watch"),
        _ => false,
    };
    let about_process = shutdown(case) || case.named(&["signal", "reload"]);
    let unit =
        case.payload().args().first().is_some_and(|ty| matches!(ty, T::Tuple(parts) if parts.is_empty()));
    listens && !about_process && !(unit && (watch || case.named(&["tx", "close", "kill", "notify", "0"])))
}
