//! A connected store: which backend, under which limits.
//!
//! Knows addresses and options; what happens in a call is in `call`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::backend::{Backend, Space};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind};
use crate::key::{Key, KeyPart};
use crate::memory::Memory;
use crate::pulse::Pulse;

/// The environment variable that [`Store::from_env`] reads.
pub const STORE_VARIABLE: &str = "STATELESS_STORE";

/// Locks that tasks of this process take turns on after a conflict.
const GATES: usize = 64;

/// A connected store. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Arc<dyn Backend>,
    options: Options,
    /// Spaces that are prepared, by template, with the layout that claimed them.
    spaces: RwLock<HashMap<String, Claimed>>,
    gates: Vec<tokio::sync::Mutex<()>>,
    pulse: Pulse,
}

#[derive(Clone)]
struct Claimed {
    space: Arc<Space>,
    schema: u32,
    type_name: String,
}

/// How a store is used. Begin with [`Store::options`].
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) namespace: String,
    pub(crate) timeout: Duration,
    pub(crate) update_timeout: Duration,
    pub(crate) update_attempts: u32,
    pub(crate) safe_attempts: u32,
    pub(crate) value_limit: usize,
    pub(crate) tombstone: Duration,
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    pub(crate) connections: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            timeout: Duration::from_secs(5),
            update_timeout: Duration::from_secs(30),
            update_attempts: 256,
            safe_attempts: 4,
            value_limit: 1024 * 1024,
            tombstone: Duration::from_secs(60 * 60),
            connections: 10,
        }
    }
}

impl Options {
    /// A prefix of all keys, so that several services can share a server. Letters, digits, `-`
    /// and `_`. None by default.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// How long one call may take, reconnecting and repeats included; one
    /// answer may take four fifths of it. Five seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a server may take for one answer: less than a call, so that there is time for
    /// another attempt.
    pub(crate) fn answer_timeout(&self) -> Duration {
        self.timeout.mul_f64(0.8)
    }

    /// How long `update` may take, all its attempts included. Thirty seconds by default.
    pub fn update_timeout(mut self, timeout: Duration) -> Self {
        self.update_timeout = timeout;
        self
    }

    /// How often `update` tries before it answers with a conflict. 256 by default: the attempts
    /// of one process take turns, so only other processes cause more than two.
    pub fn update_attempts(mut self, attempts: u32) -> Self {
        self.update_attempts = attempts.max(1);
        self
    }

    /// How often a call that is safe to repeat is tried. Four by default.
    pub fn safe_attempts(mut self, attempts: u32) -> Self {
        self.safe_attempts = attempts.max(1);
        self
    }

    /// The greatest size of an encoded record in bytes. One MiB by default.
    pub fn value_limit(mut self, bytes: usize) -> Self {
        self.value_limit = bytes;
        self
    }

    /// How long a deleted record's tombstone stays. An hour by default. Longer than any task
    /// holds on to a record that it has not found.
    pub fn tombstone(mut self, tombstone: Duration) -> Self {
        self.tombstone = tombstone.max(Duration::from_millis(1));
        self
    }

    /// The most connections that are opened at a time, where the backend pools them
    /// (PostgreSQL). Ten by default.
    pub fn connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// Connects: `memory:`, `redis://..`, `rediss://..` or `postgres://..`.
    pub async fn connect(self, url: &str) -> Result<Store, Error> {
        let scheme = url.split(':').next().unwrap_or_default();
        let backend: Arc<dyn Backend> = match scheme {
            "memory" => Arc::new(Memory::new()),
            #[cfg(feature = "redis")]
            "redis" | "rediss" | "unix" | "redis+unix" => {
                Arc::new(crate::redis::Redis::connect(url, &self).await?)
            }
            #[cfg(not(feature = "redis"))]
            "redis" | "rediss" | "unix" | "redis+unix" => {
                return Err(Error::config(
                    "for a redis:// address enable the feature `redis` of stateless-store",
                ));
            }
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Arc::new(crate::postgres::Postgres::connect(url, &self).await?),
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => {
                return Err(Error::config(
                    "for a postgres:// address enable the feature `postgres` of stateless-store",
                ));
            }
            // The address may hold a password: it is not shown.
            _ => {
                return Err(Error::config(
                    "the store's address must begin with memory:, redis://, rediss:// or postgres://",
                ));
            }
        };
        self.with(backend)
    }

    /// Uses a backend of your own, or one on a pool that you have.
    pub fn with(self, backend: Arc<dyn Backend>) -> Result<Store, Error> {
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !self.namespace.chars().all(fine) {
            return Err(Error::config("a namespace may only have letters, digits, `-` and `_`"));
        }
        Ok(Store::assemble(backend, self))
    }
}

impl Store {
    /// Default options, to be changed.
    pub fn options() -> Options {
        Options::default()
    }

    /// Connects to what the variable `STATELESS_STORE` says, or to memory where it is not set.
    pub async fn from_env() -> Result<Self, Error> {
        match std::env::var(STORE_VARIABLE) {
            Ok(url) => Self::connect(&url).await,
            Err(std::env::VarError::NotPresent) => {
                #[cfg(feature = "tracing")]
                tracing::warn!("{STORE_VARIABLE} is not set: state stays in this process's memory");
                Ok(Self::memory())
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Error::config("STATELESS_STORE is not valid UTF-8"))
            }
        }
    }

    /// Connects with default options.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Options::default().connect(url).await
    }

    /// A new, empty store in this process's memory.
    pub fn memory() -> Self {
        Self::over(Memory::new())
    }

    /// A store over a backend, with default options.
    pub fn over(backend: impl Backend) -> Self {
        Self::over_shared(Arc::new(backend))
    }

    /// The same, over a backend that is shared.
    pub fn over_shared(backend: Arc<dyn Backend>) -> Self {
        Self::assemble(backend, Options::default())
    }

    fn assemble(backend: Arc<dyn Backend>, options: Options) -> Self {
        let gates = (0..GATES).map(|_| tokio::sync::Mutex::new(())).collect();
        let shared = Shared { backend, options, spaces: RwLock::default(), gates, pulse: Pulse::default() };
        Self { shared: Arc::new(shared) }
    }

    /// The backend.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.shared.backend
    }

    pub(crate) fn limits(&self) -> &Options {
        &self.shared.options
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.shared.pulse
    }

    pub(crate) fn gate(&self, key: &Key) -> &tokio::sync::Mutex<()> {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in key.as_str().bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let at = usize::try_from(hash % GATES as u64).unwrap_or(0);
        &self.shared.gates[at]
    }

    /// The key of a record, with the namespace.
    pub(crate) fn key(&self, descriptor: &Descriptor, parts: &[KeyPart]) -> Key {
        Key::fill(&self.shared.options.namespace, &descriptor.space.template, parts)
    }

    /// The space of a type if it was prepared before.
    pub(crate) fn prepared(&self, descriptor: &Descriptor) -> Result<Option<Arc<Space>>, ErrorKind> {
        let spaces = self.shared.spaces.read().unwrap_or_else(PoisonError::into_inner);
        let Some(claimed) = spaces.get(&*descriptor.space.template) else {
            return Ok(None);
        };
        if claimed.schema != descriptor.schema
            || claimed.type_name != descriptor.type_name
            || claimed.space.indexes != descriptor.space.indexes
        {
            return Err(ErrorKind::Clash(format!(
                "`{}` and `{}` both claim the key `{}`; give one another key",
                claimed.type_name, descriptor.type_name, descriptor.space.template
            )));
        }
        Ok(Some(claimed.space.clone()))
    }

    /// The space of a type as the backend sees it: with the namespace.
    pub(crate) fn space(&self, descriptor: &Descriptor) -> Space {
        let mut space = descriptor.space.clone();
        if !self.shared.options.namespace.is_empty() {
            space.template = format!("{}/{}", self.shared.options.namespace, space.template).into();
        }
        space
    }

    /// Notes that a space is prepared.
    pub(crate) fn claim(&self, descriptor: &Descriptor, space: Arc<Space>) {
        let mut spaces = self.shared.spaces.write().unwrap_or_else(PoisonError::into_inner);
        spaces.entry(descriptor.space.template.to_string()).or_insert(Claimed {
            space,
            schema: descriptor.schema,
            type_name: descriptor.type_name.to_string(),
        });
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("backend", &self.shared.backend.name()).finish_non_exhaustive()
    }
}
