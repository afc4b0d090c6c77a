//! One record's accessor: everything that can be done with the value under one key.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::backend::{Add, Delete, Deleted, Expect, Outcome, Stored, Version, Write};
use crate::call::{self, Call, Repeat};
use crate::codec::{self, Encoded, Name};
use crate::descriptor::{Count, Held};
use crate::error::{Error, ErrorKind};
use crate::key::{Key, KeyPart};
use crate::loaded::{self, Decoded, Loaded};
use crate::observe;
use crate::store::Store;

/// What can be stored.
pub trait Value: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Value for T {}

/// The accessor of the record under one key.
pub struct At<T> {
    store: Store,
    descriptor: Held,
    parts: Vec<KeyPart>,
    key: Result<Key, ErrorKind>,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for At<T> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            descriptor: self.descriptor.clone(),
            parts: self.parts.clone(),
            key: self.key.clone(),
            value: PhantomData,
        }
    }
}

impl<T> fmt::Debug for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("At").field("accessor", &self.descriptor.space.prefix()).finish_non_exhaustive()
    }
}

impl<T> At<T> {
    /// The accessor of the record whose key has these parts. An error in a part shows when the
    /// accessor is used.
    pub fn new(
        store: &Store,
        descriptor: impl Into<Held>,
        parts: impl IntoIterator<Item = Result<KeyPart, String>>,
    ) -> Self {
        let descriptor = descriptor.into();
        let (parts, key) = match parts.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(parts) => {
                let key = store.key(&descriptor, &parts);
                (parts, Ok(key))
            }
            Err(reason) => (Vec::new(), Err(ErrorKind::BadKey(reason))),
        };
        Self { store: store.clone(), descriptor, parts, key, value: PhantomData }
    }

    /// The accessor of a record that was loaded before, from a list say.
    pub(crate) fn of(store: &Store, descriptor: impl Into<Held>, key: Key) -> Self {
        Self {
            store: store.clone(),
            descriptor: descriptor.into(),
            parts: Vec::new(),
            key: Ok(key),
            value: PhantomData,
        }
    }

    fn key(&self) -> Result<&Key, ErrorKind> {
        self.key.as_ref().map_err(Clone::clone)
    }

    fn encode(&self, value: &T) -> Result<Encoded, ErrorKind>
    where
        T: Serialize,
    {
        let limit = self.store.limits().value_limit;
        loaded::encode(&self.descriptor, &self.parts, value, limit)
    }
}

impl<T: Value> At<T> {
    async fn run<'a, R, F>(
        &'a self,
        operation: &'static str,
        body: impl FnOnce(Call<'a>) -> F,
    ) -> Result<R, Error>
    where
        F: Future<Output = Result<R, ErrorKind>>,
    {
        let limit = self.store.limits().timeout;
        call::run(&self.store, &self.descriptor, operation, limit, body).await
    }

    /// Loads the record; `None` where there is none.
    pub async fn load(&self) -> Result<Option<Loaded<T>>, Error> {
        self.run("load", async |call| {
            let key = self.key()?;
            let stored = fetch(&call, key, self.descriptor.touch_on_read()).await?;
            match loaded::decode(&self.descriptor, key, stored)? {
                Decoded::Value(loaded) => Ok(Some(loaded)),
                Decoded::Nothing(_) => {
                    observe::miss(self.descriptor.space.prefix(), call.operation);
                    Ok(None)
                }
            }
        })
        .await
    }

    /// Loads the record, or begins a default one with the key filled in. It is written by the
    /// first [`save`](Self::save), not before.
    pub async fn load_or_default(&self) -> Result<Loaded<T>, Error>
    where
        T: Default,
    {
        self.run("load", async |call| {
            let key = self.key()?;
            let stored = fetch(&call, key, self.descriptor.touch_on_read()).await?;
            match loaded::decode(&self.descriptor, key, stored)? {
                Decoded::Value(loaded) => Ok(loaded),
                Decoded::Nothing(absent) => Ok(absent.with(key.clone(), self.fresh()?)),
            }
        })
        .await
    }

    /// Whether there is a record. Does not decode it, and does not count as a read for expiry.
    pub async fn exists(&self) -> Result<bool, Error> {
        Ok(self.expires_in().await?.is_some())
    }

    /// Writes the changes since the value was loaded, if nobody else has written meanwhile.
    /// Counters are changed by the difference, never overwritten.
    pub async fn save(&self, loaded: &mut Loaded<T>) -> Result<(), Error> {
        self.run("save", async |call| {
            let key = self.key()?;
            if key != loaded.key() {
                let reason = "this value was loaded under another key";
                return Err(ErrorKind::BadKey(reason.to_owned()));
            }
            let encoded = self.encode(loaded)?;
            let write = loaded::difference(&self.descriptor, loaded, &encoded);
            match self.write(&call, key, &write).await? {
                Outcome::Written { version, counters } => {
                    loaded.saved(&self.descriptor, encoded, &write, version, &counters);
                    Ok(())
                }
                // Nothing was seen at the load, and nothing is said to be there: it is being made.
                Outcome::Refused(Stored::Nothing(Version(0))) if !loaded.is_stored() => {
                    Err(ErrorKind::Conflict { attempts: 1 })
                }
                Outcome::Refused(Stored::Nothing(_)) => Err(ErrorKind::Deleted),
                Outcome::Refused(Stored::Live(_)) => Err(ErrorKind::Conflict { attempts: 1 }),
                other => Err(self.refusal(other)),
            }
        })
        .await
    }

    /// Creates the record; [`ErrorKind::Exists`] where there is one.
    pub async fn insert(&self, value: &T) -> Result<(), Error> {
        self.run("insert", async |call| {
            let key = self.key()?;
            let write = loaded::whole(&self.descriptor, &self.encode(value)?, Expect::Absent);
            match self.write(&call, key, &write).await? {
                Outcome::Written { .. } => Ok(()),
                Outcome::Refused(_) => Err(ErrorKind::Exists),
                other => Err(self.refusal(other)),
            }
        })
        .await
    }

    /// Creates or overwrites the record, whoever wrote it and even if it was deleted; its
    /// lifetime begins again. Counters of an existing record stay, and so do fields that this
    /// binary does not know. Where others write too, `update` is what you want.
    pub async fn put(&self, value: &T) -> Result<(), Error> {
        self.run("put", async |call| {
            let key = self.key()?;
            let write = loaded::whole(&self.descriptor, &self.encode(value)?, Expect::Any);
            match self.write(&call, key, &write).await? {
                Outcome::Written { .. } => Ok(()),
                other => Err(self.refusal(other)),
            }
        })
        .await
    }

    /// Changes the record: loads it, calls `change`, and writes what changed if nobody else has
    /// written meanwhile; otherwise again, within bounds. [`ErrorKind::NotFound`] where there is
    /// no record.
    pub async fn update<R>(&self, mut change: impl FnMut(&mut T) -> R) -> Result<R, Error> {
        let absent = |_: &Self| None;
        match self.change(absent, |value| Ok::<R, Infallible>(change(value))).await? {
            Ok(result) => Ok(result),
            Err(never) => match never {},
        }
    }

    /// Like [`update`](Self::update), and begins with a default value where there is no record.
    pub async fn update_or_default<R>(&self, mut change: impl FnMut(&mut T) -> R) -> Result<R, Error>
    where
        T: Default,
    {
        let absent = |this: &Self| Some(this.fresh());
        match self.change(absent, |value| Ok::<R, Infallible>(change(value))).await? {
            Ok(result) => Ok(result),
            Err(never) => match never {},
        }
    }

    /// Like [`update`](Self::update), but `change` can decide against it: its error is handed
    /// back, and nothing is written.
    pub async fn try_update<R, E>(
        &self,
        change: impl FnMut(&mut T) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        self.change(|_| None, change).await
    }

    async fn change<R, E>(
        &self,
        absent_value: impl Fn(&Self) -> Option<Result<T, ErrorKind>>,
        mut change: impl FnMut(&mut T) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        let limits = self.store.limits();
        let limit = limits.update_timeout;
        call::run(&self.store, &self.descriptor, "update", limit, async |call| {
            let key = self.key()?;
            let mut turn = None;
            let mut current = None;
            let mut attempts = 0;
            loop {
                attempts += 1;
                let stored = match current.take() {
                    Some(stored) => stored,
                    None => fetch(&call, key, None).await?,
                };
                let mut loaded = match loaded::decode(&self.descriptor, key, stored)? {
                    Decoded::Value(loaded) => loaded,
                    Decoded::Nothing(absent) => match absent_value(self) {
                        Some(value) => absent.with(key.clone(), value?),
                        None if attempts == 1 => return Err(ErrorKind::NotFound),
                        None => return Err(absent.error()),
                    },
                };
                let result = match change(&mut loaded) {
                    Ok(result) => result,
                    Err(error) => return Ok(Err(error)),
                };
                let encoded = self.encode(&loaded)?;
                let write = loaded::difference(&self.descriptor, &loaded, &encoded);
                if loaded::is_empty(&self.descriptor, &write, loaded.schema()) && !write.renew {
                    return Ok(Ok(result));
                }
                let refused = match self.write(&call, key, &write).await? {
                    Outcome::Written { .. } => return Ok(Ok(result)),
                    Outcome::Refused(stored) => stored,
                    other => return Err(self.refusal(other)),
                };
                crate::observe::conflict(self.descriptor.space.prefix());
                if attempts >= limits.update_attempts || call.over() {
                    return Err(ErrorKind::Conflict { attempts });
                }
                // Tasks of this process stop disturbing each other.
                if turn.is_none() {
                    turn = Some(call.turn(self.store.gate(key)).await?);
                } else if attempts <= 3 && version_of(&refused) != loaded.version() {
                    // The refusal brought the newest record along.
                    current = Some(refused);
                } else {
                    let wait = Duration::from_millis(1 << attempts.min(5));
                    call.pause(wait).await;
                }
            }
        })
        .await
    }

    /// Deletes the record. Answers whether there was one. Who has loaded it before cannot save
    /// it any more.
    pub async fn delete(&self) -> Result<bool, Error> {
        self.run("delete", async |call| match self.remove(&call, Expect::Any, false).await? {
            Deleted::Gone(_) => Ok(true),
            Deleted::Refused(_) => Ok(false),
        })
        .await
    }

    /// Deletes the record if it still is what was loaded.
    pub async fn delete_loaded(&self, loaded: &Loaded<T>) -> Result<(), Error> {
        self.run("delete", async |call| {
            let expect = Expect::Version(loaded.version());
            match self.remove(&call, expect, false).await? {
                Deleted::Gone(_) => Ok(()),
                Deleted::Refused(Stored::Nothing(_)) => Err(ErrorKind::Deleted),
                Deleted::Refused(Stored::Live(_)) => Err(ErrorKind::Conflict { attempts: 1 }),
            }
        })
        .await
    }

    /// Deletes the record and answers with it, in one step: of several callers one gets it.
    pub async fn take(&self) -> Result<Option<T>, Error> {
        self.run("take", async |call| {
            let record = match self.remove(&call, Expect::Any, true).await? {
                Deleted::Gone(Some(record)) => record,
                Deleted::Gone(None) | Deleted::Refused(_) => return Ok(None),
            };
            match loaded::decode::<T>(&self.descriptor, self.key()?, Stored::Live(record))? {
                Decoded::Value(loaded) => Ok(Some(loaded.into_inner())),
                Decoded::Nothing(_) => Ok(None),
            }
        })
        .await
    }

    /// How long the record has left. `None`: there is none. `Some(None)`: it does not expire.
    pub async fn expires_in(&self) -> Result<Option<Option<Duration>>, Error> {
        self.run("expires_in", async |call| {
            let (space, key) = (call.space().await?, self.key()?);
            let backend = self.store.backend();
            call.ask(Repeat::Safe, || backend.lifetime(&space, key)).await
        })
        .await
    }

    /// Sets how long the record has left, whatever the type says.
    pub async fn expire_in(&self, left: Duration) -> Result<(), Error> {
        self.run("expire_in", async |call| {
            let (space, key) = (call.space().await?, self.key()?);
            let backend = self.store.backend();
            let ask = || backend.expire(&space, key, Some(left));
            match call.ask(Repeat::Safe, ask).await? {
                true => Ok(()),
                false => Err(ErrorKind::NotFound),
            }
        })
        .await
    }

    /// Writes one field, by its stored name, without loading the record.
    /// [`ErrorKind::NotFound`] where there is no record.
    pub async fn set_field<F: Serialize + ?Sized>(&self, name: &'static str, value: &F) -> Result<(), Error> {
        self.run("set_field", async |call| {
            let text =
                codec::encode_one(name, value).map_err(|error| ErrorKind::Unencodable(error.to_string()))?;
            let limit = self.store.limits().value_limit;
            if text.len() > limit {
                let bytes = text.len();
                return Err(ErrorKind::TooLarge { bytes, limit });
            }
            let mut write = self.partial();
            if self.descriptor.space.indexes.contains(&name) {
                write.index.push((Name::Borrowed(name), loaded::index_value(&text)));
            }
            write.set.push((Name::Borrowed(name), text));
            self.patch(&call, &write).await.map(|_| ())
        })
        .await
    }

    /// Changes a counter, by its stored name. It never conflicts, and the answer is its value
    /// after the change. [`ErrorKind::NotFound`] where there is no record.
    pub async fn add<N: Count>(&self, name: &'static str, by: i64) -> Result<N, Error> {
        self.run("add", async |call| {
            let mut write = self.partial();
            write.add.push(Add { name: Name::Borrowed(name), by, min: N::MIN, max: N::MAX });
            let counters = self.patch(&call, &write).await?;
            Ok(N::from_stored(counters.first().copied().unwrap_or(0)))
        })
        .await
    }

    /// Changes a counter and creates the record where there is none.
    pub(crate) async fn count<N: Count>(&self, name: &'static str, start: i64, by: i64) -> Result<N, Error> {
        self.run("add", async |call| {
            let mut write = Write::new(Expect::Any, self.descriptor.schema);
            write.ttl = self.descriptor.ttl;
            write.renew = self.descriptor.renews_on_write();
            write.init.push((Name::Borrowed(name), start));
            write.add.push(Add { name: Name::Borrowed(name), by, min: N::MIN, max: N::MAX });
            match self.write(&call, self.key()?, &write).await? {
                Outcome::Written { counters, .. } => {
                    Ok(N::from_stored(counters.first().copied().unwrap_or(start)))
                }
                other => Err(self.refusal(other)),
            }
        })
        .await
    }

    /// A write of a part of an existing record.
    fn partial(&self) -> Write {
        let mut write = Write::new(Expect::Present, self.descriptor.schema);
        write.ttl = self.descriptor.ttl;
        write.renew = self.descriptor.renews_on_write();
        write
    }

    async fn patch(&self, call: &Call<'_>, write: &Write) -> Result<Vec<i64>, ErrorKind> {
        let key = self.key()?;
        let mut migrated = false;
        loop {
            match self.write(call, key, write).await? {
                Outcome::Written { counters, .. } => return Ok(counters),
                Outcome::Refused(_) => return Err(ErrorKind::NotFound),
                Outcome::OtherSchema(stored) if stored < self.descriptor.schema && !migrated => {
                    // A part of the new layout must not land in a record of the old one.
                    Box::pin(self.update(|_| ())).await.map_err(|error| error.kind().clone())?;
                    migrated = true;
                }
                other => return Err(self.refusal(other)),
            }
        }
    }

    async fn write(&self, call: &Call<'_>, key: &Key, write: &Write) -> Result<Outcome, ErrorKind> {
        let space = call.space().await?;
        let backend = self.store.backend();
        call.ask(Repeat::OnlyUnsent, || backend.write(&space, key, write)).await
    }

    async fn remove(&self, call: &Call<'_>, expect: Expect, take: bool) -> Result<Deleted, ErrorKind> {
        let (space, key) = (call.space().await?, self.key()?);
        let backend = self.store.backend();
        let delete = Delete { expect, tombstone: self.store.limits().tombstone, take };
        call.ask(Repeat::OnlyUnsent, || backend.delete(&space, key, delete)).await
    }

    fn refusal(&self, outcome: Outcome) -> ErrorKind {
        match outcome {
            Outcome::OtherSchema(stored) if stored > self.descriptor.schema => {
                ErrorKind::NewerSchema { stored, known: self.descriptor.schema }
            }
            Outcome::OtherSchema(schema) => ErrorKind::Undecodable {
                schema,
                reason: "an older schema came back after a migration".to_owned(),
            },
            Outcome::OutOfRange(name) => ErrorKind::OutOfRange { counter: name.into_owned() },
            Outcome::Refused(Stored::Nothing(_)) => ErrorKind::NotFound,
            Outcome::Refused(Stored::Live(_)) => ErrorKind::Conflict { attempts: 1 },
            Outcome::Written { .. } => ErrorKind::Rejected("an unexpected answer".to_owned()),
        }
    }

    /// A default value with the key filled in.
    fn fresh(&self) -> Result<T, ErrorKind>
    where
        T: Default,
    {
        let value = T::default();
        if self.descriptor.keys.is_empty() {
            return Ok(value);
        }
        let encoded = loaded::encode(&self.descriptor, &self.parts, &value, usize::MAX)?;
        codec::decode(&encoded.fields)
            .map_err(|error| ErrorKind::BadKey(format!("the type does not take it: {error}")))
    }
}

fn version_of(stored: &Stored) -> Version {
    match stored {
        Stored::Nothing(version) => *version,
        Stored::Live(record) => record.version,
    }
}

pub(crate) async fn fetch(call: &Call<'_>, key: &Key, touch: Option<Duration>) -> Result<Stored, ErrorKind> {
    let keys = std::slice::from_ref(key);
    let mut found = fetch_all(call, keys, touch).await?;
    Ok(found.pop().unwrap_or(Stored::Nothing(Version(0))))
}

pub(crate) async fn fetch_all(
    call: &Call<'_>,
    keys: &[Key],
    touch: Option<Duration>,
) -> Result<Vec<Stored>, ErrorKind> {
    let space = call.space().await?;
    let backend = call.store.backend();
    call.ask(Repeat::Safe, || backend.load(&space, keys, touch)).await
}
