//! A store in this process, for development and tests.
//!
//! It keeps records in the same encoded form as the servers do and decides by the same rules, so
//! that what works here works there. It is no cache and no production store: a second process
//! has another one, and a restart empties it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::{
    Backend, Delete, Deleted, Expect, Failure, FailureKind, Listing, Outcome, Pending, Query, Record, Space,
    Stored, Version, Write,
};
use crate::codec::Name;
use crate::key::Key;

/// Records in the memory of this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    entries: Mutex<BTreeMap<String, Entry>>,
    start: Instant,
    /// What `advance` has added to the clock.
    ahead: AtomicU64,
    /// Versions begin here, so that they look like a server's.
    epoch: u64,
}

#[derive(Debug)]
struct Entry {
    version: u64,
    /// `None` is a tombstone.
    record: Option<Body>,
    /// On this store's clock.
    expires: Option<Duration>,
}

#[derive(Debug)]
struct Body {
    template: Cow<'static, str>,
    schema: u32,
    fields: crate::codec::Fields,
    index: BTreeMap<Name, String>,
}

impl Default for Shared {
    fn default() -> Self {
        let epoch = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(1, |age| u64::try_from(age.as_micros()).unwrap_or(1));
        Self { entries: Mutex::default(), start: Instant::now(), ahead: AtomicU64::new(0), epoch }
    }
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the store's clock forward, so that a test of expiry need not wait.
    pub fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.shared.ahead.fetch_add(micros, Ordering::SeqCst);
    }

    /// Forgets a record as a server does that runs out of memory: no tombstone stays.
    pub fn evict(&self, key: &Key) {
        self.entries().remove(key.as_str());
    }

    fn now(&self) -> Duration {
        let ahead = Duration::from_micros(self.shared.ahead.load(Ordering::SeqCst));
        self.shared.start.elapsed() + ahead
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        // Nothing in here panics half-way through a change.
        self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first_version(&self, now: Duration) -> u64 {
        self.shared.epoch + u64::try_from(now.as_micros()).unwrap_or(u64::MAX / 2)
    }
}

impl Entry {
    fn expired(&self, now: Duration) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    fn stored(&self) -> Stored {
        match &self.record {
            None => Stored::Nothing(Version(self.version)),
            Some(body) => Stored::Live(Record {
                version: Version(self.version),
                schema: body.schema,
                fields: body.fields.clone(),
            }),
        }
    }
}

/// The entry under a key, with an expired one dropped first.
fn current<'a>(entries: &'a mut BTreeMap<String, Entry>, key: &Key, now: Duration) -> Option<&'a mut Entry> {
    if entries.get(key.as_str()).is_some_and(|e| e.expired(now)) {
        entries.remove(key.as_str());
    }
    entries.get_mut(key.as_str())
}

fn expected(expect: Expect, entry: Option<&Entry>) -> bool {
    let live = entry.is_some_and(|entry| entry.record.is_some());
    let version = entry.map_or(0, |entry| entry.version);
    match expect {
        Expect::Any => true,
        Expect::Present => live,
        Expect::Absent => !live,
        Expect::AbsentSince(seen) => !live && (version == 0 || version == seen.0),
        Expect::Version(seen) => live && version == seen.0,
    }
}

fn not_a_counter(name: &str) -> Failure {
    Failure::new(FailureKind::Foreign, format!("`{name}` is not a whole number"))
}

impl Memory {
    fn write_now(&self, space: &Space, key: &Key, write: &Write) -> Result<Outcome, Failure> {
        let now = self.now();
        let mut entries = self.entries();
        let entry = current(&mut entries, key, now);
        if !expected(write.expect, entry.as_deref()) {
            let stored = entry.map_or(Stored::Nothing(Version(0)), |entry| entry.stored());
            return Ok(Outcome::Refused(stored));
        }
        let before = entry.as_ref().map_or(0, |entry| entry.version);
        let live = entry.and_then(|entry| entry.record.as_mut());
        let schema = live.as_ref().map(|body| body.schema);
        if let Some(schema) = schema
            && (schema > write.schema || (write.expect == Expect::Present && schema != write.schema))
        {
            return Ok(Outcome::OtherSchema(schema));
        }

        // Everything is worked out before anything changes.
        let mut counters = Vec::new();
        for add in &write.add {
            let old = live.as_ref().and_then(|body| body.fields.get(&add.name));
            let old: i64 = match old {
                Some(text) => text.parse().map_err(|_| not_a_counter(&add.name))?,
                None => write.init.iter().find(|(name, _)| *name == add.name).map_or(0, |(_, start)| *start),
            };
            match old.checked_add(add.by) {
                Some(new) if (add.min..=add.max).contains(&new) => counters.push(new),
                _ => return Ok(Outcome::OutOfRange(add.name.clone())),
            }
        }

        let created = live.is_none();
        let mut fresh = Body {
            template: space.template.clone(),
            schema: write.schema,
            fields: Default::default(),
            index: BTreeMap::new(),
        };
        let body = live.unwrap_or(&mut fresh);
        let older = write.expect == Expect::Any && body.schema < write.schema;
        if write.replace || older {
            let is_counter = |name: &str| {
                write.init.iter().any(|(counter, _)| counter == name)
                    || write.add.iter().any(|add| add.name == name)
            };
            body.fields.retain(is_counter);
        }
        for name in &write.unset {
            body.fields.remove(name);
        }
        for (name, text) in &write.set {
            body.fields.insert(name, text);
        }
        for (name, start) in &write.init {
            if !body.fields.contains_key(name) {
                body.fields.insert(name, start.to_string());
            }
        }
        for (add, new) in write.add.iter().zip(&counters) {
            body.fields.insert(&add.name, new.to_string());
        }
        for (index, value) in &write.index {
            body.index.insert(index.clone(), value.clone());
        }
        // Replaced texts stay in the buffer, and a record here lives long.
        body.fields = body.fields.iter().collect();
        body.schema = write.schema;

        let version = match (created, write.bumps()) {
            (true, _) => self.first_version(now).max(before + 1),
            (false, true) => before + 1,
            (false, false) => before,
        };
        let expires = write.ttl.map(|ttl| now + ttl);
        if created {
            let entry = Entry { version, record: Some(fresh), expires };
            entries.insert(key.as_str().to_owned(), entry);
        } else if let Some(entry) = entries.get_mut(key.as_str()) {
            entry.version = version;
            if write.renew {
                entry.expires = expires;
            }
        }
        Ok(Outcome::Written { version: Version(version), counters })
    }

    fn delete_now(&self, key: &Key, delete: Delete) -> Deleted {
        let now = self.now();
        let mut entries = self.entries();
        let entry = current(&mut entries, key, now);
        let live = entry.as_ref().is_some_and(|entry| entry.record.is_some());
        let Some(entry) = entry.filter(|entry| live && expected(delete.expect, Some(entry))) else {
            let entry = entries.get(key.as_str());
            let stored = entry.map_or(Stored::Nothing(Version(0)), Entry::stored);
            return Deleted::Refused(stored);
        };
        let gone = entry.record.take().map(|body| Record {
            version: Version(entry.version),
            schema: body.schema,
            fields: body.fields,
        });
        entry.version += 1;
        entry.expires = Some(now + delete.tombstone);
        Deleted::Gone(gone.filter(|_| delete.take))
    }
}

impl Backend for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn load<'a>(
        &'a self,
        _: &'a Space,
        keys: &'a [Key],
        touch: Option<Duration>,
    ) -> Pending<'a, Vec<Stored>> {
        let now = self.now();
        let mut entries = self.entries();
        let found = keys.iter().map(|key| {
            let Some(entry) = current(&mut entries, key, now) else {
                return Stored::Nothing(Version(0));
            };
            if let Some(ttl) = touch.filter(|_| entry.record.is_some()) {
                entry.expires = Some(now + ttl);
            }
            entry.stored()
        });
        let found = Ok(found.collect());
        Box::pin(async { found })
    }

    fn write<'a>(&'a self, space: &'a Space, key: &'a Key, write: &'a Write) -> Pending<'a, Outcome> {
        let outcome = self.write_now(space, key, write);
        Box::pin(async { outcome })
    }

    fn delete<'a>(&'a self, _: &'a Space, key: &'a Key, delete: Delete) -> Pending<'a, Deleted> {
        let deleted = self.delete_now(key, delete);
        Box::pin(async { Ok(deleted) })
    }

    fn lifetime<'a>(&'a self, _: &'a Space, key: &'a Key) -> Pending<'a, Option<Option<Duration>>> {
        let now = self.now();
        let mut entries = self.entries();
        let left = current(&mut entries, key, now)
            .filter(|entry| entry.record.is_some())
            .map(|entry| entry.expires.map(|at| at.saturating_sub(now)));
        Box::pin(async move { Ok(left) })
    }

    fn expire<'a>(&'a self, _: &'a Space, key: &'a Key, ttl: Option<Duration>) -> Pending<'a, bool> {
        let now = self.now();
        let mut entries = self.entries();
        let entry = current(&mut entries, key, now).filter(|entry| entry.record.is_some());
        let there = entry.is_some();
        if let Some(entry) = entry {
            entry.expires = ttl.map(|ttl| now + ttl);
        }
        Box::pin(async move { Ok(there) })
    }

    fn list<'a>(&'a self, space: &'a Space, query: &'a Query) -> Pending<'a, Listing> {
        let now = self.now();
        let entries = self.entries();
        let mut hits = entries.iter().filter(|(key, entry)| {
            !entry.expired(now)
                && query.after.as_ref().is_none_or(|after| key.as_str() > after.as_str())
                && listed(space, entry, &query.index, &query.value)
        });
        let mut listing = Listing::default();
        while listing.records.len() < query.limit as usize {
            let Some((key, entry)) = hits.next() else {
                break;
            };
            if let Stored::Live(record) = entry.stored() {
                listing.records.push((Key::from_stored(key.clone()), record));
            }
        }
        if hits.next().is_some() {
            listing.next = listing.records.last().map(|(key, _)| key.clone());
        }
        drop(entries);
        Box::pin(async { Ok(listing) })
    }

    fn count<'a>(&'a self, space: &'a Space, index: &'a str, value: &'a str) -> Pending<'a, u64> {
        let now = self.now();
        let entries = self.entries();
        let count = entries
            .iter()
            .filter(|(_, entry)| !entry.expired(now) && listed(space, entry, index, value))
            .count();
        drop(entries);
        Box::pin(async move { Ok(count as u64) })
    }
}

/// Whether an index has this entry. Spaces share the map, so the index value is not enough.
fn listed(space: &Space, entry: &Entry, index: &str, value: &str) -> bool {
    entry.record.as_ref().is_some_and(|body| {
        body.template == space.template && body.index.get(index).is_some_and(|v| v == value)
    })
}
