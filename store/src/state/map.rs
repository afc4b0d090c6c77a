//! A map whose entries are records.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Place;
use crate::at::{At, Value};
use crate::backend::ALL;
use crate::descriptor::{Descriptor, Touch};
use crate::error::{Error, ErrorKind};
use crate::key::KeyPart;
use crate::loaded::Loaded;
use crate::record::{Cursor, List};
use crate::store::Store;

/// A map that keeps no list of its entries: it cannot count or walk them.
#[derive(Clone, Copy, Debug)]
pub struct Unlisted;

/// A map that keeps a list of its entries, at the price of an index entry each.
#[derive(Clone, Copy, Debug)]
pub struct Listed;

/// The hidden field that holds an entry's key, since stored keys cannot be read back.
const KEY_FIELD: &str = "#key";

/// Takes the place of `Mutex<HashMap<K, V>>`: each entry is a record of its own.
///
/// ```
/// # use stateless_store::{StateMap, Store};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateless_store::Error> {
/// let store = Store::memory();
/// let stock: StateMap<String, u32> = StateMap::new(&store, "stock:{}");
/// stock.insert("AB-123", &3).await?;
/// stock.update("AB-123", |left| *left -= 1).await?;
/// assert_eq!(stock.get("AB-123").await?, Some(2));
/// # Ok(()) }
/// ```
pub struct StateMap<K, V, L = Unlisted> {
    place: Place,
    entry: PhantomData<fn(K, L) -> V>,
}

impl<K, V, L> Clone for StateMap<K, V, L> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), entry: PhantomData }
    }
}

impl<K, V, L> fmt::Debug for StateMap<K, V, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StateMap").field(&self.place.descriptor.space.template).finish()
    }
}

impl<K, V> StateMap<K, V> {
    /// A map in this store. `{}` in the template stands for the key: `"session:{}"`.
    pub fn new(store: &Store, template: impl Into<String>) -> Self {
        Self { place: Place::new(store, with_placeholder(template.into()), &[]), entry: PhantomData }
    }
}

impl<K, V> StateMap<K, V, Listed> {
    /// A map in this store that can count and walk its entries.
    pub fn listed(store: &Store, template: impl Into<String>) -> Self {
        let mut place = Place::new(store, with_placeholder(template.into()), &[ALL]);
        place.change(|descriptor| descriptor.keys = &[KEY_FIELD]);
        Self { place, entry: PhantomData }
    }
}

/// A template without a place for the key would make all entries one.
fn with_placeholder(mut template: String) -> String {
    if !template.contains("{}") {
        template.push_str(":{}");
    }
    template
}

impl<K, V, L> StateMap<K, V, L> {
    /// A static map, in the installed store.
    pub const fn global(descriptor: &'static Descriptor) -> Self {
        Self { place: Place::global(descriptor), entry: PhantomData }
    }

    /// Where and how the entries are stored.
    pub fn descriptor(&self) -> &Descriptor {
        &self.place.descriptor
    }

    /// Entries expire so long after what `touch` says.
    pub fn ttl(mut self, ttl: Duration, touch: Touch) -> Self {
        self.place.ttl(ttl, touch);
        self
    }
}

impl<K, V: Value, L> StateMap<K, V, L> {
    /// The accessor of one entry, with everything that accessors can do.
    pub fn at<Q>(&self, key: &Q) -> Result<At<V>, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        let store = self.place.store()?;
        let descriptor = self.place.descriptor.clone();
        Ok(At::new(&store, descriptor, [KeyPart::new(key)]))
    }

    /// The entry's value.
    pub async fn get<Q>(&self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        Ok(self.at(key)?.load().await?.map(Loaded::into_inner))
    }

    /// Sets the entry, whatever was there; its lifetime begins again.
    pub async fn insert<Q>(&self, key: &Q, value: &V) -> Result<(), Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        self.at(key)?.put(value).await
    }

    /// Removes the entry and answers with its value; of several callers one gets it.
    pub async fn remove<Q>(&self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        self.at(key)?.take().await
    }

    /// Whether there is such an entry.
    pub async fn contains<Q>(&self, key: &Q) -> Result<bool, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        self.at(key)?.exists().await
    }

    /// Changes the entry, see [`At::update`]. `change` may run more than once.
    pub async fn update<Q, R>(&self, key: &Q, change: impl FnMut(&mut V) -> R) -> Result<R, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
    {
        self.at(key)?.update(change).await
    }

    /// Changes the entry, and begins with a default value where there is none.
    pub async fn update_or_default<Q, R>(&self, key: &Q, change: impl FnMut(&mut V) -> R) -> Result<R, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
        V: Default,
    {
        self.at(key)?.update_or_default(change).await
    }
}

impl<K: DeserializeOwned, V: Value> StateMap<K, V, Listed> {
    /// How many entries there are, exactly, at this moment.
    pub async fn len(&self) -> Result<u64, Error> {
        self.list(None, 1)?.count().await
    }

    /// Whether there are none.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len().await? == 0)
    }

    /// A page of entries in the order of their stored keys. Begin with `None`, go on with what
    /// [`Entries::next`] says.
    pub async fn entries(&self, after: Option<Cursor>, limit: u32) -> Result<Entries<K, V>, Error> {
        let page = self.list(after, limit)?.page().await?;
        let mut entries = Entries {
            items: Vec::with_capacity(page.items.len()),
            next: page.next,
            undecodable: page.undecodable,
        };
        for loaded in page.items {
            match loaded.field::<K>(KEY_FIELD) {
                Ok(key) => entries.items.push((key, loaded.into_inner())),
                Err(reason) => {
                    let prefix = self.place.descriptor.space.prefix().to_owned();
                    let kind = ErrorKind::Undecodable { schema: self.place.descriptor.schema, reason };
                    entries.undecodable.push(Error::new("list", prefix, kind));
                }
            }
        }
        Ok(entries)
    }

    fn list(&self, after: Option<Cursor>, limit: u32) -> Result<List<V>, Error> {
        let list = List::all(&self.place.store()?, self.place.descriptor.clone()).limit(limit);
        Ok(match after {
            Some(cursor) => list.after(cursor),
            None => list,
        })
    }
}

/// A page of a map's entries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entries<K, V> {
    /// The entries. A page may be shorter than its limit without being the last.
    pub items: Vec<(K, V)>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
    /// Entries of this page that could not be decoded.
    pub undecodable: Vec<Error>,
}
