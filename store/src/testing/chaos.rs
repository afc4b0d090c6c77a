//! Faults on purpose: what a network and other instances do to a service, on demand.
//!
//! Draws from a seed, so that a run can be repeated. It stands before any backend; before
//! [`Memory`](crate::Memory) it makes a unit test of what else needs a bad day.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::backend::{
    Backend, Capabilities, Delete, Deleted, Expect, Failure, FailureKind, Listing, Name, Outcome, Pending,
    Query, Space, Stored, Write,
};
use crate::key::Key;

/// Which faults, and how often: each a share of the calls between 0 and 1.
///
/// ```
/// use stateless_store::testing::chaos::{Chaos, Faults};
/// use stateless_store::{Memory, StateMap, Store};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateless_store::Error> {
/// let faults = Faults::from_seed(7).conflicts(0.5);
/// let store = Store::over(Chaos::before(Memory::new(), faults));
/// let stock: StateMap<String, u32> = StateMap::new(&store, "stock");
/// stock.insert("AB-123", &0).await?;
/// for _ in 0..10 {
///     stock.update("AB-123", |n| *n += 1).await?; // repeated as often as it takes
/// }
/// assert_eq!(stock.get("AB-123").await?, Some(10));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    seed: u64,
    longest_delay: Duration,
    lost_requests: f64,
    lost_answers: f64,
    conflicts: f64,
    evictions: f64,
}

impl Faults {
    /// No faults yet.
    pub fn from_seed(seed: u64) -> Self {
        Self {
            seed,
            longest_delay: Duration::ZERO,
            lost_requests: 0.0,
            lost_answers: 0.0,
            conflicts: 0.0,
            evictions: 0.0,
        }
    }

    /// Every call waits up to so long.
    pub fn delays(mut self, longest: Duration) -> Self {
        self.longest_delay = longest;
        self
    }

    /// The connection breaks before the store is reached. The caller cannot tell.
    pub fn lost_requests(mut self, share: f64) -> Self {
        self.lost_requests = share;
        self
    }

    /// The connection breaks after the store has done it. The caller cannot tell.
    pub fn lost_answers(mut self, share: f64) -> Self {
        self.lost_answers = share;
        self
    }

    /// Somebody else writes the record right before a conditional write.
    pub fn conflicts(mut self, share: f64) -> Self {
        self.conflicts = share;
        self
    }

    /// The record is thrown out right before a call, as by a server that is out of memory.
    pub fn evictions(mut self, share: f64) -> Self {
        self.evictions = share;
        self
    }
}

/// A backend with faults before it.
pub struct Chaos {
    inner: Arc<dyn Backend>,
    faults: Faults,
    random: Mutex<fastrand::Rng>,
}

impl fmt::Debug for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos")
            .field("inner", &self.inner)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Chaos {
    /// Puts faults before a backend.
    pub fn before(backend: impl Backend, faults: Faults) -> Self {
        Self::before_shared(Arc::new(backend), faults)
    }

    /// The same, of a backend that is shared.
    pub fn before_shared(inner: Arc<dyn Backend>, faults: Faults) -> Self {
        Self { inner, faults, random: Mutex::new(fastrand::Rng::with_seed(faults.seed)) }
    }

    fn happens(&self, share: f64) -> bool {
        share > 0.0 && self.draw() < share
    }

    fn draw(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// A call with what may go wrong around it.
    async fn disturbed<T>(&self, call: Pending<'_, T>) -> Result<T, Failure> {
        if !self.faults.longest_delay.is_zero() {
            tokio::time::sleep(self.faults.longest_delay.mul_f64(self.draw())).await;
        }
        if self.happens(self.faults.lost_requests) {
            let cause = "chaos: the request was lost";
            return Err(Failure::new(FailureKind::Interrupted, cause));
        }
        let answer = call.await?;
        if self.happens(self.faults.lost_answers) {
            let cause = "chaos: the answer was lost";
            return Err(Failure::new(FailureKind::Interrupted, cause));
        }
        Ok(answer)
    }

    async fn evict_sometimes(&self, space: &Space, keys: &[Key]) -> Result<(), Failure> {
        for key in keys {
            if self.happens(self.faults.evictions) {
                self.inner.expire(space, key, Some(Duration::ZERO)).await?;
            }
        }
        Ok(())
    }

    /// A write by somebody else, which changes nothing but the version.
    async fn interfere_sometimes(&self, space: &Space, key: &Key, write: &Write) -> Result<(), Failure> {
        if matches!(write.expect, Expect::Version(_)) && self.happens(self.faults.conflicts) {
            let mut other = Write::new(Expect::Present, write.schema);
            other.unset.push(Name::Borrowed("#chaos"));
            self.inner.write(space, key, &other).await?;
        }
        Ok(())
    }
}

impl Backend for Chaos {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn prepare<'a>(&'a self, space: &'a Space) -> Pending<'a, ()> {
        self.inner.prepare(space)
    }

    fn load<'a>(
        &'a self,
        space: &'a Space,
        keys: &'a [Key],
        touch: Option<Duration>,
    ) -> Pending<'a, Vec<Stored>> {
        Box::pin(async move {
            self.evict_sometimes(space, keys).await?;
            // The inner call must not begin before the faults are drawn.
            let call = Box::pin(async move { self.inner.load(space, keys, touch).await });
            self.disturbed(call).await
        })
    }

    fn write<'a>(&'a self, space: &'a Space, key: &'a Key, write: &'a Write) -> Pending<'a, Outcome> {
        Box::pin(async move {
            self.evict_sometimes(space, std::slice::from_ref(key)).await?;
            self.interfere_sometimes(space, key, write).await?;
            let call = Box::pin(async move { self.inner.write(space, key, write).await });
            self.disturbed(call).await
        })
    }

    fn delete<'a>(&'a self, space: &'a Space, key: &'a Key, delete: Delete) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let call = Box::pin(async move { self.inner.delete(space, key, delete).await });
            self.disturbed(call).await
        })
    }

    fn lifetime<'a>(&'a self, space: &'a Space, key: &'a Key) -> Pending<'a, Option<Option<Duration>>> {
        Box::pin(async move {
            let call = Box::pin(async move { self.inner.lifetime(space, key).await });
            self.disturbed(call).await
        })
    }

    fn expire<'a>(&'a self, space: &'a Space, key: &'a Key, ttl: Option<Duration>) -> Pending<'a, bool> {
        Box::pin(async move {
            let call = Box::pin(async move { self.inner.expire(space, key, ttl).await });
            self.disturbed(call).await
        })
    }

    fn list<'a>(&'a self, space: &'a Space, query: &'a Query) -> Pending<'a, Listing> {
        Box::pin(async move {
            let call = Box::pin(async move { self.inner.list(space, query).await });
            self.disturbed(call).await
        })
    }

    fn count<'a>(&'a self, space: &'a Space, index: &'a str, value: &'a str) -> Pending<'a, u64> {
        Box::pin(async move {
            let call = Box::pin(async move { self.inner.count(space, index, value).await });
            self.disturbed(call).await
        })
    }
}
