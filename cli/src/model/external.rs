//! What types and methods from outside the analysed code do with the data they hold.
//!
//! A table of kinds, not of verdicts: `Mutex` is a lock, `DashMap` a map that can be
//! written through `&self`, `broadcast::Sender` reaches subscribers of this process.
//! Rules decide on what the code does with a value of the kind.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::types::{T, last_part};
use crate::facts::Sym;

/// Crates whose types and functions the tables here describe: taken for foreign even
/// where a repository holds them beside their examples.
pub(crate) fn known_crate(name: &str) -> bool {
    matches!(
        name,
        "axum"
            | "axum_extra"
            | "axum_core"
            | "actix"
            | "actix_web"
            | "actix_http"
            | "actix_session"
            | "rocket"
            | "warp"
            | "poem"
            | "poem_openapi"
            | "salvo"
            | "tide"
            | "ntex"
            | "tonic"
            | "tower"
            | "tower_http"
            | "tower_service"
            | "tower_sessions"
            | "hyper"
            | "hyper_util"
            | "tokio"
            | "async_std"
            | "futures"
            | "futures_util"
            | "parking_lot"
            | "dashmap"
            | "moka"
            | "cached"
            | "quick_cache"
            | "governor"
            | "tower_governor"
            | "actix_governor"
            | "async_session"
            | "poem_mcpserver"
            | "axum_session"
            | "async_graphql"
            | "juniper"
            | "socketioxide"
            | "jsonrpsee"
            | "jsonrpc_core"
            | "rmcp"
            | "once_cell"
            | "lazy_static"
            | "arc_swap"
            | "crossbeam"
            | "flume"
            | "async_channel"
            | "prometheus"
            | "kameo"
            | "ractor"
            | "xtra"
            | "apalis"
            | "tokio_cron_scheduler"
            | "oxide_auth"
            | "rouille"
            | "gotham"
            | "tiny_http"
            | "iron"
            | "viz"
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
        "Arc"
        | "Rc"
        | "Box"
        | "Cow"
        | "Pin"
        | "Weak"
        | "Data"
        | "ThinData"
        | "ReqData"
        | "Extension"
        | "State"
        | "MutexGuard"
        | "RwLockReadGuard"
        | "RwLockWriteGuard"
        | "OwnedMutexGuard"
        | "Ref"
        | "RefMut"
        | "OwnedRwLockReadGuard"
        | "OwnedRwLockWriteGuard"
        | "MappedMutexGuard"
        | "Json"
        | "Form"
        | "Query"
        | "CachePadded"
        | "Guard"
        | "ManuallyDrop"
        | "Wrapping"
        | "Reverse"
        | "AssertUnwindSafe"
        | "Triomphe"
        | "Depot"
        | "DebugIgnore"
        | "Secret"
        | "SecretBox"
        | "Valid"
        | "WithRejection" => Kind::Pointer,
        "LazyLock" | "Lazy" | "OnceCell" | "OnceLock" | "SyncOnceCell" | "AsyncOnceCell" | "LazyCell"
        | "SetOnce" | "OnceBox" | "LazyStatic" => Kind::Lazy,
        "Mutex" | "RwLock" | "RefCell" | "ReentrantMutex" | "FairMutex" | "SpinLock" | "UnsafeCell"
        | "QCell" | "AtomicRefCell" | "ReentrantLock" | "AsyncMutex" | "AsyncRwLock" | "StdMutex"
        | "SpinMutex" => Kind::Lock,
        "Cell" | "ArcSwap" | "ArcSwapOption" | "ArcSwapAny" | "AtomicCell" | "AtomicArc" | "AtomicOption" => {
            Kind::Cell
        }
        _ if last.starts_with("Atomic") => Kind::Atomic,
        "DashMap" | "DashSet" | "SkipMap" | "SkipSet" | "ConcurrentHashMap" | "CHashMap" | "SegQueue"
        | "ArrayQueue" | "Injector" | "SsMap" | "CacheMap" => Kind::SharedMap,
        // Queues that any task may put into and take from.
        "Queue" if from("deadqueue") => Kind::SharedMap,
        "ConcurrentQueue" => Kind::SharedMap,
        "HashMap" | "HashSet" | "HashIndex" | "TreeIndex" | "HashCache"
            if from("scc") || from("papaya") || from("flurry") =>
        {
            Kind::SharedMap
        }
        "HashMap" | "BTreeMap" | "IndexMap" | "FxHashMap" | "AHashMap" | "MultiMap" | "LinkedHashMap"
        | "BiMap" | "BiHashMap" | "HashTrieMap" | "SlotMap" | "DenseSlotMap" | "HopSlotMap"
        | "SecondaryMap" | "Slab" | "VecMap" | "NoHashMap" | "IntMap" | "ExpiringMap" | "DelayQueue"
        | "StreamMap" | "OrderMap" | "Trie" | "PatriciaMap" | "JoinMap" => Kind::Map,
        "LruCache" | "LruMap" | "TimedCache" | "SizedCache" | "TimedSizedCache" | "UnboundCache"
        | "TtlCache" | "ExpiringSizedCache" | "ClruCache" | "UnsyncCache" | "TtlSortedCache"
        | "ExpiringValueCache" => Kind::Map,
        "Vec"
        | "VecDeque"
        | "HashSet"
        | "BTreeSet"
        | "IndexSet"
        | "OrderSet"
        | "BinaryHeap"
        | "LinkedList"
        | "SmallVec"
        | "ArrayVec"
        | "FxHashSet"
        | "AHashSet"
        | "PriorityQueue"
        | "RingBuffer"
        | "AllocRingBuffer"
        | "ConstGenericRingBuffer"
        | "CircularBuffer"
        | "CircularQueue"
        | "BitVec"
        | "BloomFilter"
        | "Bloom"
        | "RoaringBitmap"
        | "HeapRb" => Kind::List,
        "Cache"
            if from("moka")
                || from("quick_cache")
                || from("stretto")
                || from("mini_moka")
                || from("foyer") =>
        {
            Kind::Cache
        }
        "SegmentedCache" | "AsyncCache" | "HybridCache" => Kind::Cache,
        "Sender" if from("broadcast") || from("watch") || from("async_broadcast") => Kind::Broadcast,
        "BroadcastSender" | "WatchSender" | "EventBus" | "SharedObservable" | "Observable" => Kind::Broadcast,
        "Notify" | "Event" | "Condvar" => Kind::Notify,
        "Sender" | "UnboundedSender" | "SyncSender" | "AsyncSender" | "WeakSender" | "OwnedPermit" => {
            Kind::Sender
        }
        "Receiver"
        | "UnboundedReceiver"
        | "AsyncReceiver"
        | "InactiveReceiver"
        | "UnboundedReceiverStream"
        | "ReceiverStream"
        | "BroadcastStream"
        | "WatchStream" => Kind::Receiver,
        "Rate" | "Inflight" if from("pingora") => Kind::Limiter,
        "RateLimiter"
        | "DefaultKeyedRateLimiter"
        | "DefaultDirectRateLimiter"
        | "GovernorConfig"
        | "Governor"
        | "GovernorLayer"
        | "GovernorConfigBuilder"
        | "RateLimitLayer"
        | "KeyedRateLimiter"
        | "SecureClientIpConfig" => Kind::Limiter,
        "MemoryStorage" | "MemoryBroker" | "InMemoryQueue"
            if from("apalis") || from("job") || from("queue") =>
        {
            Kind::JobStore
        }
        "MemoryStore" | "MemoryStorage" | "MokaStore" if from("limit") => Kind::Limiter,
        "MokaStore" | "MemoryStorage" if from("session") => Kind::MemorySessions,
        // Codes and tokens that an OAuth server has handed out; sessions of an MCP server.
        "AuthMap" | "TokenMap" if from("oxide_auth") => Kind::MemorySessions,
        "LocalSessionManager" => Kind::MemorySessions,
        "MemoryBackend" if from("gotham") => Kind::MemorySessions,
        // Without another backend it is that one.
        "NewSessionMiddleware" if from("gotham") => Kind::MemorySessions,
        "MemoryStore"
        | "MemorySessionStore"
        | "SessionNullPool"
        | "InMemorySessionStore"
        | "InMemoryStore" => Kind::MemorySessions,
        "InMemoryBackend" if from("limit") => Kind::Limiter,
        "SocketIo" | "SocketIoBuilder" => Kind::SocketHub,
        "JobScheduler" | "AsyncScheduler" | "Scheduler" => Kind::Scheduler,
        "Addr" | "WeakAddr" | "ActorRef" | "Address" => Kind::Address,
        // Elsewhere it is whom something is sent or paid to.
        "Recipient" | "WeakRecipient" if from("actix") || from("kameo") => Kind::Address,
        "Counter" | "CounterVec" | "IntCounter" | "IntCounterVec" | "Gauge" | "GaugeVec" | "IntGauge"
        | "IntGaugeVec" | "Histogram" | "HistogramVec" | "Registry" | "PrometheusHandle" | "Meter"
        | "PrometheusMetrics" | "Summary" | "UpDownCounter" | "StatsdClient" | "MetricHandle" => Kind::Metric,
        "Option" | "Result" | "Poll" | "LockResult" | "ControlFlow" | "Either" => Kind::Maybe,
        "Iter" => Kind::Iter,
        "String" | "str" | "Uuid" | "Duration" | "Instant" | "SystemTime" | "DateTime" | "PathBuf"
        | "Path" | "bool" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32"
        | "i64" | "i128" | "isize" | "f32" | "f64" | "char" | "IpAddr" | "SocketAddr" | "Bytes" | "Url"
        | "Uri" | "NaiveDateTime" | "OffsetDateTime" => Kind::Scalar,
        "Pipeline" if from("ntex") || from("redis") => Kind::Handle,
        "Client"
        | "Pool"
        | "PgPool"
        | "SqlitePool"
        | "MySqlPool"
        | "AnyPool"
        | "DatabaseConnection"
        | "DbConn"
        | "ConnectionManager"
        | "MultiplexedConnection"
        | "Semaphore"
        | "CancellationToken"
        | "JoinHandle"
        | "JoinSet"
        | "AbortHandle"
        | "File"
        | "BufWriter"
        | "BufReader"
        | "TcpStream"
        | "TaskTracker"
        | "Runtime"
        | "Handle"
        | "Child"
        | "Regex"
        | "RegexSet"
        | "Tera"
        | "Handlebars"
        | "Environment"
        | "Logger"
        | "ThreadPool"
        | "PooledConnection"
        | "Surreal"
        | "Database"
        | "Db"
        | "Connection"
        | "ClientWithMiddleware"
        | "HttpClient"
        | "Channel"
        | "LoggerHandle"
        | "Barrier"
        | "TlsAcceptor"
        | "TlsConnector"
        | "OwnedSemaphorePermit"
        | "SemaphorePermit"
        | "DynamoDbClient"
        | "S3Client"
        | "TcpListener"
        | "UdpSocket"
        | "Shutdown"
        | "Trigger"
        | "DropGuard"
        | "WorkerGuard"
        | "Interval"
        | "Sleep" => Kind::Handle,
        _ => Kind::Other,
    }
}

/// As [`kind`], which is asked for each expression and each part of its type: remembered.
fn kind_at(path: Sym) -> Kind {
    thread_local! {
        static KNOWN: RefCell<FxHashMap<Sym, Kind>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| *known.entry(path).or_insert_with(|| kind(path.as_str())))
}

pub(crate) fn kind_of(ty: &T) -> Kind {
    match ty {
        T::Ext(path, _) => kind_at(*path),
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
        T::Ext(path, args) => match kind_at(*path) {
            Kind::Lock if args.len() > 1 => args.last(),
            Kind::Pointer | Kind::Lazy | Kind::Lock | Kind::Cell | Kind::Maybe => args.first(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether taking a lock answers a result, as the standard library's locks do.
pub(crate) fn can_be_poisoned(ty: &T) -> bool {
    let T::Ext(path, _) = ty else { return false };
    let path = path.as_str();
    let others = ["parking_lot", "tokio", "async", "futures", "spin", "antidote"];
    matches!(last_part(path), "Mutex" | "RwLock" | "StdMutex")
        && !others.iter().any(|name| path.contains(name))
}

/// Through pointers and lazy values only: what `.` sees without locking.
pub(crate) fn deref(ty: &T) -> Option<&T> {
    match ty {
        T::Ref(inner) => Some(inner),
        T::Ext(path, args) if matches!(kind_at(*path), Kind::Pointer | Kind::Lazy) => args.first(),
        _ => None,
    }
}

/// Whether a type counts: an integer, an atomic one.
pub(crate) fn is_number(ty: &T) -> bool {
    let T::Ext(path, _) = ty else { return false };
    let name = last_part(path.as_str());
    let sized = name.strip_prefix(['u', 'i']).is_some_and(|size| size.parse::<u32>().is_ok());
    sized || matches!(name, "usize" | "isize") || name.starts_with("Atomic") && name != "AtomicBool"
}

/// Types that are a point in time.
pub(crate) const TIMES: [&str; 5] = ["Instant", "SystemTime", "DateTime", "NaiveDateTime", "OffsetDateTime"];

/// Whether a type is a point in time.
pub(crate) fn is_time(ty: &T) -> bool {
    matches!(ty, T::Ext(path, _) if TIMES.contains(&last_part(path.as_str())))
}

/// All wrappers off.
pub(crate) fn payload(ty: &T) -> &T {
    let mut at = ty;
    while let Some(inner) = unwrap_one(at) {
        at = inner;
    }
    at
}

/// What a library's own code reads and writes: a store of its, or a foreign type that takes
/// one as a part, `Endpoint<AuthMap, TokenMap>`.
fn library_part(ty: &T) -> Option<Kind> {
    let known = |kind: &Kind| matches!(kind, Kind::MemorySessions | Kind::Limiter | Kind::JobStore);
    match (kind_of(ty), ty) {
        (Kind::Other, T::Ext(_, args)) => args.iter().map(kind_of).find(known),
        (kind, _) => Some(kind).filter(known),
    }
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
    // A library's store behind a lock of ours is still that store.
    if kind_of(ty) == Kind::Lock
        && let Some(held) = library_part(payload(ty))
    {
        return Some(held);
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
            _ => library_part(ty),
        },
    }
}

/// Whether a function that answers this hands out a copy: owned, and sharing nothing.
pub(crate) fn is_copy(ty: &T) -> bool {
    match kind_of(ty) {
        Kind::Scalar => true,
        Kind::Map | Kind::List => {
            let shares = |ty: &T| {
                matches!(ty, T::Ref(_) | T::Unknown | T::Bound(_))
                    || clone_shares(ty)
                    || interior(ty).is_some()
            };
            !ty.args().is_empty() && !ty.any(&mut |part| shares(part))
        }
        Kind::Maybe => unwrap_one(ty).is_some_and(is_copy),
        _ => false,
    }
}

/// Whether a clone is the same data: pointers, senders, handles.
pub(crate) fn clone_shares(ty: &T) -> bool {
    match ty {
        T::Ref(inner) => clone_shares(inner),
        T::Ext(path, _) => match kind_at(*path) {
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
