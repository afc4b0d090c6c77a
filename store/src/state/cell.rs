//! One value, and one number.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::Place;
use crate::at::{At, Value};
use crate::codec::WHOLE;
use crate::descriptor::{Count, Descriptor, Touch};
use crate::error::Error;
use crate::loaded::Loaded;
use crate::store::Store;

/// Takes the place of `Mutex<T>`: one record.
///
/// ```
/// # use stateless_store::{StateCell, Store};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateless_store::Error> {
/// let store = Store::memory();
/// let motd: StateCell<String> = StateCell::new(&store, "motd");
/// assert_eq!(motd.get().await?, None);
/// motd.set(&"hello".to_owned()).await?;
/// motd.update(|text| text.push('!')).await?;
/// assert_eq!(motd.get().await?.as_deref(), Some("hello!"));
/// # Ok(()) }
/// ```
pub struct StateCell<T> {
    place: Place,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for StateCell<T> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), value: PhantomData }
    }
}

impl<T> fmt::Debug for StateCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StateCell").field(&self.place.descriptor.space.template).finish()
    }
}

impl<T> StateCell<T> {
    /// A cell in this store, under this key.
    pub fn new(store: &Store, key: impl Into<String>) -> Self {
        Self { place: Place::new(store, key.into(), &[]), value: PhantomData }
    }

    /// A static cell, in the installed store.
    pub const fn global(descriptor: &'static Descriptor) -> Self {
        Self { place: Place::global(descriptor), value: PhantomData }
    }

    /// Where and how the value is stored.
    pub fn descriptor(&self) -> &Descriptor {
        &self.place.descriptor
    }

    /// The value expires so long after what `touch` says.
    pub fn ttl(mut self, ttl: Duration, touch: Touch) -> Self {
        self.place.ttl(ttl, touch);
        self
    }
}

impl<T: Value> StateCell<T> {
    /// The accessor, with everything that accessors can do.
    pub fn at(&self) -> Result<At<T>, Error> {
        Ok(At::new(&self.place.store()?, self.place.descriptor.clone(), []))
    }

    /// The value; `None` where it was never set, or expired.
    pub async fn get(&self) -> Result<Option<T>, Error> {
        Ok(self.at()?.load().await?.map(Loaded::into_inner))
    }

    /// Sets the value, whatever was there.
    pub async fn set(&self, value: &T) -> Result<(), Error> {
        self.at()?.put(value).await
    }

    /// Removes the value and answers with it; of several callers one gets it.
    pub async fn take(&self) -> Result<Option<T>, Error> {
        self.at()?.take().await
    }

    /// Changes the value, see [`At::update`]. `change` may run more than once.
    pub async fn update<R>(&self, change: impl FnMut(&mut T) -> R) -> Result<R, Error> {
        self.at()?.update(change).await
    }

    /// Changes the value, and begins with a default one where there is none.
    pub async fn update_or_default<R>(&self, change: impl FnMut(&mut T) -> R) -> Result<R, Error>
    where
        T: Default,
    {
        self.at()?.update_or_default(change).await
    }
}

/// Takes the place of an atomic integer: one record with one counter.
///
/// ```
/// # use stateless_store::{StateCounter, Store};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateless_store::Error> {
/// let store = Store::memory();
/// let orders: StateCounter<u64> = StateCounter::new(&store, "orders");
/// assert_eq!(orders.add(1).await?, 1);
/// assert_eq!(orders.get().await?, 1);
/// # Ok(()) }
/// ```
pub struct StateCounter<N> {
    place: Place,
    /// What the first `add` adds to.
    start: i64,
    number: PhantomData<fn() -> N>,
}

impl<N> Clone for StateCounter<N> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), start: self.start, number: PhantomData }
    }
}

impl<N> fmt::Debug for StateCounter<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StateCounter").field(&self.place.descriptor.space.template).finish()
    }
}

impl<N> StateCounter<N> {
    /// A counter in this store, under this key, from zero.
    pub fn new(store: &Store, key: impl Into<String>) -> Self {
        Self { place: Place::new(store, key.into(), &[]), start: 0, number: PhantomData }
    }

    /// A static counter, in the installed store.
    pub const fn global(descriptor: &'static Descriptor, start: i64) -> Self {
        Self { place: Place::global(descriptor), start, number: PhantomData }
    }

    /// Counts from here where nobody has counted yet.
    pub fn starting_at(mut self, start: i64) -> Self {
        self.start = start;
        self
    }
}

impl<N: Count + Send + Sync + 'static> StateCounter<N> {
    fn at(&self) -> Result<At<i64>, Error> {
        Ok(At::new(&self.place.store()?, self.place.descriptor.clone(), []))
    }

    /// The number.
    pub async fn get(&self) -> Result<N, Error> {
        let found = self.at()?.load().await?;
        Ok(N::from_stored(found.map_or(self.start, |number| *number)))
    }

    /// Adds, and answers with the new number: no two callers get the same. One round trip, never
    /// a conflict.
    pub async fn add(&self, by: i64) -> Result<N, Error> {
        self.at()?.count::<N>(WHOLE, self.start, by).await
    }

    /// Back to the start.
    pub async fn reset(&self) -> Result<(), Error> {
        self.at()?.delete().await.map(|_| ())
    }
}
