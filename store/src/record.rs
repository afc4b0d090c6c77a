//! What a type that derives `Externalize` gets besides its accessor: lists, bulk loads, counters.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Serialize;

use crate::at::{At, Value, fetch_all};
use crate::backend::{ALL, Query};
use crate::call::{self, Repeat};
use crate::codec::{self, Name};
use crate::descriptor::{Count, Descriptor, Held};
use crate::error::{Error, ErrorKind};
use crate::key::{Key, KeyPart};
use crate::loaded::{self, Decoded, Loaded};
use crate::store::Store;

/// A type whose values are records in a store. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not externalised",
    note = "add `#[derive(Externalize)]` and `#[externalize(key = \"..\")]`"
)]
pub trait Externalize: Value {
    /// Its place in the store.
    const DESCRIPTOR: &'static Descriptor;
}

impl<T: Externalize> Loaded<T> {
    /// Writes the changes, see [`At::save`].
    pub async fn save(&mut self, store: &Store) -> Result<(), Error> {
        let at = At::of(store, T::DESCRIPTOR, self.key().clone());
        at.save(self).await
    }

    /// Deletes the record if it still is what was loaded, see [`At::delete_loaded`].
    pub async fn delete(&self, store: &Store) -> Result<(), Error> {
        let at = At::<T>::of(store, T::DESCRIPTOR, self.key().clone());
        at.delete_loaded(self).await
    }
}

/// The keys of many records.
pub(crate) fn keys_of(
    store: &Store,
    descriptor: &Descriptor,
    keys: impl IntoIterator<Item: IntoIterator<Item = Result<KeyPart, String>>>,
) -> Result<Vec<Key>, String> {
    keys.into_iter()
        .map(|parts| {
            let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(store.key(descriptor, &parts))
        })
        .collect()
}

/// Loads many records, in the order of the keys, in one round trip a server.
pub(crate) async fn load_many<T: Externalize>(
    store: &Store,
    keys: Result<Vec<Key>, String>,
) -> Result<Vec<Option<Loaded<T>>>, Error> {
    let descriptor = T::DESCRIPTOR;
    let limit = store.limits().timeout;
    call::run(store, descriptor, "load_many", limit, async |call| {
        let keys = keys.map_err(ErrorKind::BadKey)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = fetch_all(&call, &keys, descriptor.touch_on_read()).await?;
        keys.iter()
            .zip(found)
            .map(|(key, stored)| match loaded::decode(descriptor, key, stored)? {
                Decoded::Value(loaded) => Ok(Some(loaded)),
                Decoded::Nothing(_) => Ok(None),
            })
            .collect()
    })
    .await
}

/// The accessor of a counter field.
#[derive(Debug)]
pub struct Counter<T, N> {
    at: At<T>,
    name: &'static str,
    number: PhantomData<fn() -> N>,
}

impl<T: Value, N: Count + Send + Sync> Counter<T, N> {
    /// The counter of this record with this stored name.
    pub fn new(at: At<T>, name: &'static str) -> Self {
        Self { at, name, number: PhantomData }
    }

    /// Adds, and answers with the new value. Never conflicts.
    pub async fn incr(&self, by: N) -> Result<N, Error> {
        self.at.add(self.name, by.to_stored()).await
    }

    /// Subtracts, and answers with the new value. Never conflicts.
    pub async fn decr(&self, by: N) -> Result<N, Error> {
        self.at.add(self.name, by.to_stored().saturating_neg()).await
    }
}

/// Where a page of a list begins: after the last record of the one before. As text it can be
/// handed to a client, which learns the record's key from it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor(Key);

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(..)")
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for Cursor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Key::from_stored(text.to_owned())))
    }
}

/// A page of records in the order of their keys.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// The records. A page may be shorter than its limit without being the last.
    pub items: Vec<Loaded<T>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
    /// Records of this page that could not be decoded.
    pub undecodable: Vec<Error>,
}

/// The records that an index has under one value.
#[derive(Clone, Debug)]
pub struct List<T> {
    store: Store,
    descriptor: Held,
    index: &'static str,
    value: Result<String, ErrorKind>,
    after: Option<Cursor>,
    limit: u32,
    record: PhantomData<fn() -> T>,
}

impl<T: Value> List<T> {
    /// The records whose field `index` has this value.
    pub fn by<V: Serialize + ?Sized>(
        store: &Store,
        descriptor: impl Into<Held>,
        index: &'static str,
        value: &V,
    ) -> Self {
        let value = codec::encode_one(index, value)
            .map(|json| loaded::index_value(&json))
            .map_err(|error| ErrorKind::BadKey(error.to_string()));
        Self {
            store: store.clone(),
            descriptor: descriptor.into(),
            index,
            value,
            after: None,
            limit: 100,
            record: PhantomData,
        }
    }

    /// All records.
    pub fn all(store: &Store, descriptor: impl Into<Held>) -> Self {
        Self {
            store: store.clone(),
            descriptor: descriptor.into(),
            index: ALL,
            value: Ok(String::new()),
            after: None,
            limit: 100,
            record: PhantomData,
        }
    }

    /// At most so many records a page. 100 by default.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, 10_000);
        self
    }

    /// Only the records after a page's end.
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// A page. A list is no read of its records: it does not renew their lifetime.
    pub async fn page(&self) -> Result<Page<T>, Error> {
        let limit = self.store.limits().timeout;
        call::run(&self.store, &self.descriptor, "list", limit, async |call| {
            let query = Query {
                index: Name::Borrowed(self.index),
                value: self.value.clone()?,
                after: self.after.clone().map(|cursor| cursor.0),
                limit: self.limit,
            };
            let space = call.space().await?;
            let backend = self.store.backend();
            let listing = call.ask(Repeat::Safe, || backend.list(&space, &query)).await?;
            let mut page = Page {
                items: Vec::with_capacity(listing.records.len()),
                next: listing.next.map(Cursor),
                undecodable: Vec::new(),
            };
            for (key, record) in listing.records {
                let stored = crate::backend::Stored::Live(record);
                match loaded::decode(&self.descriptor, &key, stored) {
                    Ok(Decoded::Value(loaded)) => page.items.push(loaded),
                    Ok(Decoded::Nothing(_)) => {}
                    Err(kind) => {
                        let accessor = self.descriptor.space.prefix().to_owned();
                        page.undecodable.push(Error::new("list", accessor, kind));
                    }
                }
            }
            Ok(page)
        })
        .await
    }

    /// How many there are, exactly, at this moment.
    pub async fn count(&self) -> Result<u64, Error> {
        let limit = self.store.limits().timeout;
        call::run(&self.store, &self.descriptor, "count", limit, async |call| {
            let value = self.value.clone()?;
            let space = call.space().await?;
            let backend = self.store.backend();
            call.ask(Repeat::Safe, || backend.count(&space, self.index, &value)).await
        })
        .await
    }
}
