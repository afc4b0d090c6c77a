//! What types and methods from outside the analysed code do with the data they hold.
//!
//! A table of kinds, not of verdicts: `Mutex` is a lock, `DashMap` a map that can be
//! written through `&self`, `broadcast::Sender` reaches subscribers of this process.
//! Rules decide on what the code does with a value of the kind.

use super::types::{T, last_part};

/// Crates whose types and functions the tables here describe: taken for foreign even
/// where a repository holds them beside their examples.
pub(crate) fn known_crate(name: &str) -> bool {
    matches!(
        name,
        "axum" | "axum_extra" | "axum_core" | "actix" | "actix_web" | "actix_http" | "actix_session" | "rocket" | "warp" | "poem"
            | "poem_openapi" | "salvo" | "tide" | "ntex" | "tonic" | "tower" | "tower_http" | "tower_service" | "tower_sessions"
            | "hyper" | "hyper_util" | "tokio" | "async_std" | "futures" | "futures_util" | "parking_lot" | "dashmap"
            | "moka" | "cached" | "quick_cache" | "governor" | "tower_governor" | "actix_governor" | "async_session"
            | "axum_session" | "async_graphql" | "juniper" | "socketioxide" | "jsonrpsee" | "jsonrpc_core" | "rmcp"
            | "once_cell" | "lazy_static" | "arc_swap" | "crossbeam" | "flume" | "async_channel" | "prometheus" | "kameo"
            | "ractor" | "xtra" | "apalis" | "tokio_cron_scheduler"
    )
}

/// What a foreign type is, as far as state goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Shares or owns its argument: `Arc`, `Box`, `State`, `Data`, guards.
    Pointer,
    /// Computes its argument once: `LazyLock`, `OnceCell`.
    Lazy,
    /// Lets its argument be changed through a shared reference.
    Lock,
    /// Replaces a small value in place: `Cell`, `ArcSwap`.
    Cell,
    Atomic,
    /// A plain collection with keys.
    Map,
    /// A plain collection without keys.
    List,
    /// A collection that can be changed through a shared reference.
    SharedMap,
    /// A bounded or expiring collection of that sort.
    Cache,
    /// Sends to every subscriber in this process.
    Broadcast,
    /// Sends to one receiver in this process.
    Sender,
    Receiver,
    /// Wakes waiters in this process.
    Notify,
    /// Counts requests per client and refuses.
    Limiter,
    /// A library's session store in memory.
    MemorySessions,
    /// Emits to sockets of this process.
    SocketHub,
    /// Keeps accepted jobs in memory.
    JobStore,
    /// A macro that remembers what a function answered.
    MemoMacro,
    /// A key made at random.
    RandomKey,
    /// Files of this machine.
    Disk,
    /// A database in files of this machine.
    EmbeddedDatabase,
    /// A database in this process's memory.
    MemoryDatabase,
    /// Work by this process's clock.
    Timer,
    /// Runs jobs by this process's clock.
    Scheduler,
    /// A pool, client or other means to reach something.
    Handle,
    /// An actor's address.
    Address,
    Metric,
    /// `Option`, `Result`: may hold its first argument.
    Maybe,
    Iter,
    /// Text, numbers, times: nothing to follow.
    Scalar,
    Other,
}

/// The kind of a foreign type, by its path.
pub(crate) fn kind(path: &str) -> Kind {
    let last = last_part(path);
    let from = |name: &str| path.contains(name);
    match last {
        "Arc" | "Rc" | "Box" | "Cow" | "Pin" | "Weak" | "Data" | "ThinData" | "ReqData" | "Extension" | "State"
        | "MutexGuard" | "RwLockReadGuard" | "RwLockWriteGuard" | "OwnedMutexGuard" | "Ref" | "RefMut"
        | "OwnedRwLockReadGuard" | "OwnedRwLockWriteGuard" | "MappedMutexGuard" | "Json" | "Form" | "Query"
        | "CachePadded" | "Guard" | "ManuallyDrop" | "Wrapping" | "Reverse" | "AssertUnwindSafe" | "Triomphe"
        | "Depot" | "DebugIgnore" | "Secret" | "SecretBox" | "Valid" | "WithRejection" => Kind::Pointer,
        "LazyLock" | "Lazy" | "OnceCell" | "OnceLock" | "SyncOnceCell" | "AsyncOnceCell" | "LazyCell"
        | "SetOnce" | "OnceBox" | "LazyStatic" => Kind::Lazy,
        "Mutex" | "RwLock" | "RefCell" | "ReentrantMutex" | "FairMutex" | "SpinLock" | "UnsafeCell" | "QCell"
        | "AtomicRefCell" | "ReentrantLock" | "AsyncMutex" | "AsyncRwLock" | "StdMutex" | "SpinMutex" => Kind::Lock,
        "Cell" | "ArcSwap" | "ArcSwapOption" | "ArcSwapAny" | "AtomicCell" | "AtomicArc" | "AtomicOption" => Kind::Cell,
        _ if last.starts_with("Atomic") => Kind::Atomic,
        "DashMap" | "DashSet" | "SkipMap" | "SkipSet" | "ConcurrentHashMap" | "CHashMap" | "SegQueue" | "ArrayQueue"
        | "Injector" | "SsMap" | "CacheMap" => Kind::SharedMap,
        "HashMap" | "HashSet" | "HashIndex" | "TreeIndex" | "HashCache" if from("scc") || from("papaya") || from("flurry") => {
            Kind::SharedMap
        }
        "HashMap" | "BTreeMap" | "IndexMap" | "FxHashMap" | "AHashMap" | "MultiMap" | "LinkedHashMap" | "BiMap"
        | "BiHashMap" | "HashTrieMap" | "SlotMap" | "DenseSlotMap" | "HopSlotMap" | "SecondaryMap" | "Slab"
        | "VecMap" | "NoHashMap" | "IntMap" | "ExpiringMap" | "DelayQueue" | "StreamMap" | "Trie" | "PatriciaMap"
        | "JoinMap" => Kind::Map,
        "LruCache" | "LruMap" | "TimedCache" | "SizedCache" | "TimedSizedCache" | "UnboundCache" | "TtlCache"
        | "ExpiringSizedCache" | "ClruCache" | "UnsyncCache" | "TtlSortedCache" | "ExpiringValueCache" => Kind::Map,
        "Vec" | "VecDeque" | "HashSet" | "BTreeSet" | "IndexSet" | "BinaryHeap" | "LinkedList" | "SmallVec"
        | "ArrayVec" | "FxHashSet" | "AHashSet" | "PriorityQueue" | "RingBuffer" | "AllocRingBuffer"
        | "ConstGenericRingBuffer" | "CircularBuffer" | "CircularQueue" | "BitVec" | "BloomFilter" | "Bloom"
        | "RoaringBitmap" | "HeapRb" => Kind::List,
        "Cache" if from("moka") || from("quick_cache") || from("stretto") || from("mini_moka") || from("foyer") => {
            Kind::Cache
        }
        "SegmentedCache" | "AsyncCache" | "HybridCache" => Kind::Cache,
        "Sender" if from("broadcast") || from("watch") || from("async_broadcast") => Kind::Broadcast,
        "BroadcastSender" | "WatchSender" | "EventBus" | "SharedObservable" | "Observable" => Kind::Broadcast,
        "Notify" | "Event" | "Condvar" => Kind::Notify,
        "Sender" | "UnboundedSender" | "SyncSender" | "AsyncSender" | "WeakSender" | "OwnedPermit" => Kind::Sender,
        "Receiver" | "UnboundedReceiver" | "AsyncReceiver" | "InactiveReceiver" | "UnboundedReceiverStream"
        | "ReceiverStream" | "BroadcastStream" | "WatchStream" => Kind::Receiver,
        "RateLimiter" | "DefaultKeyedRateLimiter" | "DefaultDirectRateLimiter" | "GovernorConfig" | "Governor"
        | "GovernorLayer" | "GovernorConfigBuilder" | "RateLimitLayer" | "KeyedRateLimiter" | "SecureClientIpConfig" => {
            Kind::Limiter
        }
        "MemoryStorage" | "MemoryBroker" | "InMemoryQueue" if from("apalis") || from("job") || from("queue") => Kind::JobStore,
        "MemoryStore" | "MemoryStorage" | "MokaStore" if from("limit") => Kind::Limiter,
        "MokaStore" | "MemoryStorage" if from("session") => Kind::MemorySessions,
        "MemoryStore" | "MemorySessionStore" | "SessionNullPool" | "InMemorySessionStore" | "InMemoryStore" => {
            Kind::MemorySessions
        }
        "InMemoryBackend" if from("limit") => Kind::Limiter,
        "SocketIo" | "SocketIoBuilder" => Kind::SocketHub,
        "JobScheduler" | "AsyncScheduler" | "Scheduler" => Kind::Scheduler,
        "Addr" | "Recipient" | "WeakAddr" | "ActorRef" | "WeakRecipient" | "Address" => Kind::Address,
        "Counter" | "CounterVec" | "IntCounter" | "IntCounterVec" | "Gauge" | "GaugeVec" | "IntGauge" | "IntGaugeVec"
        | "Histogram" | "HistogramVec" | "Registry" | "PrometheusHandle" | "Meter" | "PrometheusMetrics" | "Summary"
        | "UpDownCounter" | "StatsdClient" | "MetricHandle" => Kind::Metric,
        "Option" | "Result" | "Poll" | "LockResult" | "ControlFlow" | "Either" => Kind::Maybe,
        "Iter" => Kind::Iter,
        "String" | "str" | "Uuid" | "Duration" | "Instant" | "SystemTime" | "DateTime" | "PathBuf" | "Path" | "bool"
        | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "f32"
        | "f64" | "char" | "IpAddr" | "SocketAddr" | "Bytes" | "Url" | "Uri" | "NaiveDateTime" | "OffsetDateTime" => {
            Kind::Scalar
        }
        "Client" | "Pool" | "PgPool" | "SqlitePool" | "MySqlPool" | "AnyPool" | "DatabaseConnection" | "DbConn"
        | "ConnectionManager" | "MultiplexedConnection" | "Semaphore" | "CancellationToken" | "JoinHandle" | "JoinSet"
        | "AbortHandle" | "File" | "BufWriter" | "BufReader" | "TcpStream" | "TaskTracker" | "Runtime" | "Handle" | "Child" | "Regex" | "RegexSet" | "Tera" | "Handlebars"
        | "Environment" | "Logger" | "ThreadPool" | "PooledConnection" | "Surreal" | "Database" | "Db" | "Connection"
        | "ClientWithMiddleware" | "HttpClient" | "Channel" | "LoggerHandle" | "Barrier" | "TlsAcceptor"
        | "TlsConnector" | "OwnedSemaphorePermit" | "SemaphorePermit" | "DynamoDbClient" | "S3Client" | "TcpListener"
        | "UdpSocket" | "Shutdown" | "Trigger" | "DropGuard" | "WorkerGuard" | "Interval" | "Sleep" => Kind::Handle,
        _ => Kind::Other,
    }
}

pub(crate) fn kind_of(ty: &T) -> Kind {
    match ty {
        T::Ext(path, _) => kind(path.as_str()),
        T::Ref(_) => Kind::Pointer,
        T::Slice(_) => Kind::List,
        T::Tuple(parts) if parts.is_empty() => Kind::Scalar,
        _ => Kind::Other,
    }
}

/// A wrapper taken off: what a pointer, lazy value, lock or `Option` holds.
pub(crate) fn unwrap_one(ty: &T) -> Option<&T> {
    match ty {
        T::Ref(inner) => Some(inner),
        T::Ext(path, args) => match kind(path.as_str()) {
            Kind::Lock if args.len() > 1 => args.last(),
            Kind::Pointer | Kind::Lazy | Kind::Lock | Kind::Cell | Kind::Maybe => args.first(),
            _ => None,
        },
        _ => None,
    }
}

/// Through pointers and lazy values only: what `.` sees without locking.
pub(crate) fn deref(ty: &T) -> Option<&T> {
    match ty {
        T::Ref(inner) => Some(inner),
        T::Ext(path, args) if matches!(kind(path.as_str()), Kind::Pointer | Kind::Lazy) => args.first(),
        _ => None,
    }
}

/// All wrappers off.
pub(crate) fn payload(ty: &T) -> &T {
    let mut at = ty;
    while let Some(inner) = unwrap_one(at) {
        at = inner;
    }
    at
}

/// What makes a type changeable through a shared reference, if anything does without
/// looking into the fields of our own types.
pub(crate) fn interior(ty: &T) -> Option<Kind> {
    if let T::Ext(path, args) = ty
        && last_part(path.as_str()).ends_with("SessionStore")
        && args.iter().any(|arg| kind_of(arg) == Kind::MemorySessions)
    {
        // `SessionStore<SessionNullPool>`
        return Some(Kind::MemorySessions);
    }
    match kind_of(ty) {
        kind @ (Kind::Lock
        | Kind::Cell
        | Kind::Atomic
        | Kind::SharedMap
        | Kind::Cache
        | Kind::Broadcast
        | Kind::Notify
        | Kind::Limiter
        | Kind::MemorySessions
        | Kind::SocketHub
        | Kind::Sender
        | Kind::JobStore
        | Kind::Scheduler) => Some(kind),
        Kind::Pointer | Kind::Lazy | Kind::Maybe => unwrap_one(ty).and_then(interior),
        // Built once, its elements change: `HashMap<K, Mutex<V>>`, `[AtomicU64; N]`.
        Kind::Map | Kind::List => ty.args().last().and_then(interior),
        _ => match ty {
            T::Tuple(parts) => parts.iter().find_map(interior),
            _ => None,
        },
    }
}

/// Whether a clone is the same data: pointers, senders, handles.
pub(crate) fn clone_shares(ty: &T) -> bool {
    match ty {
        T::Ref(inner) => clone_shares(inner),
        T::Ext(path, _) => match kind(path.as_str()) {
            Kind::Pointer => !matches!(last_part(path.as_str()), "Box" | "Cow" | "Json" | "Form" | "Query"),
            Kind::Maybe => unwrap_one(ty).is_some_and(clone_shares),
            Kind::Broadcast
            | Kind::Sender
            | Kind::Cache
            | Kind::Address
            | Kind::Handle
            | Kind::Limiter
            | Kind::MemorySessions
            | Kind::SocketHub
            | Kind::JobStore
            | Kind::Metric => true,
            _ => false,
        },
        _ => false,
    }
}

/// What a method of a foreign type does to the data behind the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Leads to the data: `lock`, `unwrap`, `iter_mut`.
    Through,
    Read,
    Write,
}

pub(crate) fn effect(kind: Kind, method: &str) -> Effect {
    if kind == Kind::Notify && matches!(method, "notify" | "notify_one" | "notify_all" | "notify_waiters" | "notify_last")
    {
        return Effect::Write;
    }
    if kind == Kind::Limiter {
        return match method {
            _ if method.starts_with("check") || method.starts_with("until") || method.contains("acquire") => Effect::Write,
            _ => Effect::Read,
        };
    }
    if matches!(kind, Kind::Pointer | Kind::Maybe) && matches!(method, "map" | "and_then" | "insert" | "get_or_insert_with") {
        // `Option::insert` and its like are writes only on a place; seen as such below.
        if method == "insert" || method == "get_or_insert_with" {
            return Effect::Write;
        }
        return Effect::Through;
    }
    if kind == Kind::Handle || kind == Kind::Metric {
        return Effect::Read;
    }
    if kind == Kind::Iter && !matches!(method, "collect" | "count" | "any" | "all" | "sum" | "position" | "last" | "max" | "min") {
        return Effect::Through;
    }
    if kind == Kind::Scalar && matches!(method, "replace" | "add" | "sub" | "update" | "take" | "swap") {
        return Effect::Read;
    }
    match method {
        "lock" | "write" | "read" | "try_lock" | "try_read" | "try_write" | "lock_owned" | "read_owned" | "write_owned"
        | "try_lock_owned" | "blocking_lock" | "blocking_read" | "blocking_write" | "upgradable_read" | "borrow"
        | "borrow_mut" | "try_borrow" | "try_borrow_mut" | "get_mut" | "unwrap" | "expect" | "unwrap_or_else"
        | "unwrap_or_default" | "unwrap_or" | "ok" | "ok_or" | "ok_or_else" | "map_err" | "as_ref" | "as_mut" | "as_deref"
        | "as_deref_mut" | "deref" | "deref_mut" | "iter_mut" | "values_mut" | "into_inner" | "get_ref" | "inner"
        | "with" | "with_borrow" | "with_borrow_mut" | "await" | "by_ref" | "try_with" | "get_many_mut" | "first_mut"
        | "last_mut" | "back_mut" | "front_mut" | "peek_mut" | "for_each" | "value_mut" | "value" | "pin" | "guard"
        | "downgrade" | "upgrade" | "split_at_mut" | "lock_arc" | "read_arc" | "write_arc" | "lock_ref" | "clone"
        | "to_owned" | "iter" | "into_iter" | "find" | "find_map" | "filter" | "filter_map" | "map" | "next"
        | "and_then" | "or_else" | "then" | "inspect" | "zip" | "enumerate" | "rev" | "flatten" | "take_while"
        | "skip" | "chain" | "timeout" | "context" | "with_context" | "wrap_err" | "force" | "as_any" | "as_slice"
        | "as_mut_slice" | "cloned" | "copied" | "get_or_init" | "get_or_try_init" | "map_or" | "map_or_else"
        | "unwrap_unchecked" | "or_default" => match method {
            "or_default" => Effect::Write,
            _ => Effect::Through,
        },
        "insert" | "push" | "push_back" | "push_front" | "push_str" | "remove" | "remove_entry" | "remove_if" | "retain"
        | "clear" | "drain" | "extend" | "append" | "pop" | "pop_front" | "pop_back" | "truncate" | "set" | "store"
        | "swap" | "replace" | "take" | "compare_exchange" | "compare_exchange_weak" | "compare_and_swap" | "entry"
        | "entry_ref" | "or_insert" | "or_insert_with" | "or_insert_with_key" | "and_modify" | "or_try_insert_with"
        | "get_or_insert" | "get_or_insert_with" | "get_or_insert_mut" | "try_insert" | "insert_entry" | "update"
        | "send" | "send_replace" | "send_modify" | "send_if_modified" | "broadcast" | "emit" | "publish" | "modify"
        | "put" | "upsert" | "alter" | "alter_all" | "rcu" | "sort" | "sort_by" | "sort_by_key" | "dedup" | "invalidate"
        | "invalidate_all" | "get_with" | "try_get_with" | "or_insert_with_if" | "optionally_get_with" | "reset" | "incr"
        | "inc" | "increment" | "decrement" | "dec" | "add" | "sub" | "swap_remove" | "shift_remove" | "split_off"
        | "resize" | "fill" | "cache_set" | "cache_remove" | "cache_get_or_set_with" | "cache_clear" | "insert_async"
        | "remove_async" | "rotate_left" | "shuffle" | "insert_sync" | "pop_lru" | "promote" | "retain_mut" | "shrink_to"
        | "insert_with_ttl" | "delete" | "insert_key" | "set_if_none" | "try_push" | "force_push" | "notify" | "save"
        | "push_within_capacity" | "insert_at" | "do_send" | "try_send" | "try_broadcast" | "send_async"
        | "insert_weighted" | "cache_reset" | "toggle" | "write_str" | "write_all" | "write_fmt" | "read_exact"
        | "read_to_end" | "advance" | "add_assign" | "sub_assign" => Effect::Write,
        _ if method.starts_with("fetch_") => Effect::Write,
        _ if starts_with_verb(method) => Effect::Write,
        _ => Effect::Read,
    }
}

fn starts_with_verb(method: &str) -> bool {
    ["set_", "add_", "insert_", "remove_", "push_", "delete_", "update_", "clear_", "increment_", "register_", "apply_"]
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
    if kind != Kind::Maybe && matches!(method, "unwrap" | "expect" | "unwrap_or_else" | "ok" | "map_err" | "unwrap_or_log") {
        return receiver.clone();
    }
    match kind {
        Kind::Lock => match method {
            "lock" | "read" | "write" | "try_lock" | "try_read" | "try_write" | "lock_owned" | "read_owned"
            | "write_owned" | "blocking_lock" | "blocking_read" | "blocking_write" | "upgradable_read" | "borrow"
            | "borrow_mut" | "get_mut" | "into_inner" | "take" | "replace" | "lock_arc" | "read_arc" | "write_arc"
            | "try_borrow" | "try_borrow_mut" | "with_borrow" | "with_borrow_mut" => {
                unwrap_one(receiver).cloned().unwrap_or_default()
            }
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
            "unwrap" | "expect" | "unwrap_or" | "unwrap_or_default" | "unwrap_or_else" | "into_inner" | "insert"
            | "get_or_insert_with" | "get_or_insert" | "unwrap_or_log" => first(),
            "iter" | "into_iter" | "iter_mut" => T::ext("Iter", vec![first()]),
            "is_some" | "is_none" | "is_ok" | "is_err" => T::ext("bool", vec![]),
            "as_deref" | "as_deref_mut" => {
                T::ext("std::option::Option", vec![deref(&first()).cloned().unwrap_or_else(first)])
            }
            "map" | "and_then" | "map_or" | "map_or_else" | "zip" => T::Unknown,
            _ => receiver.clone(),
        },
        Kind::Map | Kind::SharedMap | Kind::Cache => match method {
            "get" | "get_mut" | "remove" | "insert" | "peek" | "get_or_insert_with" | "get_async" | "pop" | "read"
            | "swap_remove" | "shift_remove" | "cache_get" | "get_if_present" | "get_refresh" | "put" => {
                T::ext("std::option::Option", vec![value()])
            }
            "entry" | "entry_ref" => T::ext("Entry", vec![value()]),
            "get_with" | "try_get_with" | "or_insert_with" => value(),
            "values" | "values_mut" | "into_values" => T::ext("Iter", vec![value()]),
            "keys" | "into_keys" => T::ext("Iter", vec![first()]),
            "iter" | "iter_mut" | "into_iter" | "drain" => {
                T::ext("Iter", vec![if args.len() > 1 { T::Tuple(vec![first(), value()].into()) } else { first() }])
            }
            "clone" | "pin" => receiver.clone(),
            _ if kind == Kind::Cache => receiver.clone(),
            _ => T::Unknown,
        },
        Kind::List => match method {
            "get" | "get_mut" | "first" | "last" | "pop" | "pop_front" | "pop_back" | "first_mut" | "last_mut" | "front"
            | "back" | "back_mut" | "front_mut" | "take" | "peek" => T::ext("std::option::Option", vec![first()]),
            "remove" | "swap_remove" => first(),
            "iter" | "iter_mut" | "into_iter" | "drain" => T::ext("Iter", vec![first()]),
            "clone" | "to_vec" | "to_owned" => receiver.clone(),
            _ => T::Unknown,
        },
        Kind::Iter => match method {
            "next" | "find" | "last" | "nth" | "max" | "min" | "max_by_key" | "min_by_key" | "next_back" | "reduce"
            | "max_by" | "min_by" => T::ext("std::option::Option", vec![first()]),
            "map" | "filter_map" | "flat_map" | "fold" | "collect" | "sum" | "count" | "position" | "any" | "all"
            | "for_each" | "zip" | "find_map" | "try_for_each" | "for_each_concurrent" | "unzip" | "partition" => T::Unknown,
            "enumerate" => T::ext("Iter", vec![T::Tuple(vec![T::ext("usize", vec![]), first()].into())]),
            _ => receiver.clone(),
        },
        Kind::Broadcast => match method {
            "clone" => receiver.clone(),
            "subscribe" => T::ext("tokio::sync::broadcast::Receiver", args.to_vec()),
            "borrow" | "borrow_and_update" => first(),
            _ => T::Unknown,
        },
        Kind::Receiver => match method {
            "recv" | "next" | "try_recv" | "recv_async" | "blocking_recv" => T::ext("std::option::Option", vec![first()]),
            _ => T::Unknown,
        },
        Kind::SocketHub if matches!(method, "build_layer" | "build_svc" | "with_inner_svc") => {
            T::Tuple(vec![T::Unknown, receiver.clone()].into())
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
            (_, "clone" | "to_owned" | "as_ref" | "as_mut") => receiver.clone(),
            _ => T::Unknown,
        },
    }
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
        Kind::Lock | Kind::Cell | Kind::Lazy => vec![unwrap_one(receiver).cloned().unwrap_or_default()],
        Kind::Broadcast if matches!(method, "send_modify" | "send_if_modified") => vec![first()],
        _ => match last_of(receiver) {
            "Entry" | "OccupiedEntry" => vec![first()],
            _ => Vec::new(),
        },
    }
}
