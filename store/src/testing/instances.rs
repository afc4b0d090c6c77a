//! Several instances of a service in one process, as behind a load balancer.
//!
//! Whether a service keeps state of its own becomes a unit test: with two instances every second
//! request meets one that has not seen the one before. What it cannot show is a plain `static`,
//! which the instances share here and would not share in two processes: `check` finds those.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::backend::Backend;
use crate::memory::Memory;
use crate::store::Store;

/// Instances of a service that share nothing but a store.
///
/// ```
/// use stateless_store::testing::instances::Instances;
/// use stateless_store::{StateCounter, Store};
///
/// /// A service that counts its visitors.
/// struct Service {
///     visits: StateCounter<u64>,
/// }
///
/// impl Service {
///     fn new(store: Store) -> Self {
///         Self { visits: StateCounter::new(&store, "visits") }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateless_store::Error> {
/// let service = Instances::in_memory(2, Service::new);
/// for expected in 1..=10 {
///     assert_eq!(service.next().visits.add(1).await?, expected);
/// }
/// # Ok(()) }
/// ```
pub struct Instances<T> {
    make: Box<dyn Fn(Store) -> T + Send + Sync>,
    backend: Arc<dyn Backend>,
    running: Vec<T>,
    turn: AtomicUsize,
}

impl<T: fmt::Debug> fmt::Debug for Instances<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instances").field("running", &self.running).finish_non_exhaustive()
    }
}

impl<T> Instances<T> {
    /// So many instances on one new store in memory.
    pub fn in_memory(count: usize, make: impl Fn(Store) -> T + Send + Sync + 'static) -> Self {
        Self::over(Arc::new(Memory::new()), count, make)
    }

    /// So many instances on one backend, each with a connected store of its own.
    pub fn over(
        backend: Arc<dyn Backend>,
        count: usize,
        make: impl Fn(Store) -> T + Send + Sync + 'static,
    ) -> Self {
        let running = (0..count.max(1)).map(|_| make(Store::over_shared(backend.clone()))).collect();
        Self { make: Box::new(make), backend, running, turn: AtomicUsize::new(0) }
    }

    /// The instance whose turn it is. The next call gets another one.
    pub fn next(&self) -> &T {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.running[turn % self.running.len()]
    }

    /// All instances.
    pub fn all(&self) -> &[T] {
        &self.running
    }

    /// Replaces all instances by new ones, as a deployment does: what they kept is gone.
    pub fn restart(&mut self) {
        let count = self.running.len();
        self.running.clear();
        let fresh = (0..count).map(|_| (self.make)(Store::over_shared(self.backend.clone())));
        self.running.extend(fresh);
    }
}
