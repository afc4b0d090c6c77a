//! A value together with what it was loaded as, and the writes that follow from the difference.
//!
//! Pure: turns records into values and values into writes. Asks no store.

use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::backend::{ALL, Add, Expect, Record, Stored, Version, Write};
use crate::codec::{self, Encoded, Fields, Name};
use crate::descriptor::{CounterField, Descriptor, Undecodable};
use crate::draft::Draft;
use crate::error::ErrorKind;
use crate::key::{self, Key, KeyPart};

/// A value that knows what it was loaded as, so that saving it sends only what changed and is
/// refused where somebody else was faster. Use it like the value itself.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    value: T,
    key: Key,
    seen: Seen,
}

/// What was in the store when the value was loaded.
#[derive(Clone, Debug)]
enum Seen {
    /// Nothing; of a deleted record the tombstone.
    Nothing(Version),
    /// Something that could not be decoded and is to be replaced.
    Undecodable(Version),
    /// This record.
    Record {
        version: Version,
        schema: u32,
        fields: Fields,
        /// What the migrations took away.
        dropped: Vec<Name>,
    },
}

impl<T> Deref for Loaded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Loaded<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Loaded<T> {
    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Whether the record was in the store when it was loaded.
    pub fn is_stored(&self) -> bool {
        matches!(self.seen, Seen::Record { .. })
    }

    /// The version that was loaded or last saved. [`Version(0)`](Version) where there was none.
    pub fn version(&self) -> Version {
        match self.seen {
            Seen::Nothing(_) => Version(0),
            Seen::Undecodable(version) | Seen::Record { version, .. } => version,
        }
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// A stored field that the type itself does not have.
    pub(crate) fn field<F: DeserializeOwned>(&self, name: &str) -> Result<F, String> {
        let text = match &self.seen {
            Seen::Record { fields, .. } => fields.get(name),
            _ => None,
        };
        let text = text.ok_or_else(|| format!("field `{name}` is missing"))?;
        codec::decode_one(name, text).map_err(|error| error.to_string())
    }
}

/// What decoding a stored thing gives.
pub(crate) enum Decoded<T> {
    Value(Loaded<T>),
    /// Nothing that counts, and what a new record takes the place of.
    Nothing(Absent),
}

/// An absent record, as it was seen.
pub(crate) struct Absent(Seen);

impl Absent {
    /// A new value in its place.
    pub(crate) fn with<T>(self, key: Key, value: T) -> Loaded<T> {
        Loaded { value, key, seen: self.0 }
    }

    pub(crate) fn error(&self) -> ErrorKind {
        match self.0 {
            Seen::Nothing(Version(0)) => ErrorKind::NotFound,
            _ => ErrorKind::Deleted,
        }
    }
}

/// Turns what is stored into a value of the newest schema.
pub(crate) fn decode<T: DeserializeOwned>(
    descriptor: &Descriptor,
    key: &Key,
    stored: Stored,
) -> Result<Decoded<T>, ErrorKind> {
    let record = match stored {
        Stored::Nothing(version) => return Ok(Decoded::Nothing(Absent(Seen::Nothing(version)))),
        Stored::Live(record) => record,
    };
    let Record { version, schema, mut fields } = record;
    for counter in descriptor.counters {
        // Nobody has counted yet: the counter is newer than the record.
        if !fields.contains_key(counter.name) {
            fields.insert(counter.name, "0");
        }
    }
    if schema > descriptor.schema {
        return Err(ErrorKind::NewerSchema { stored: schema, known: descriptor.schema });
    }
    let decoded = migrate(descriptor, schema, &fields).and_then(|migrated| {
        let dropped = match &migrated {
            None => Vec::new(),
            Some(new) => fields.keys().filter(|name| !new.contains_key(name)).map(owned).collect(),
        };
        codec::decode(migrated.as_ref().unwrap_or(&fields))
            .map(|value| (value, dropped))
            .map_err(|error| error.to_string())
    });
    match (decoded, descriptor.undecodable) {
        (Ok((value, dropped)), _) => Ok(Decoded::Value(Loaded {
            value,
            key: key.clone(),
            seen: Seen::Record { version, schema, fields, dropped },
        })),
        (Err(_), Undecodable::Miss) => Ok(Decoded::Nothing(Absent(Seen::Undecodable(version)))),
        (Err(reason), Undecodable::Error) => Err(ErrorKind::Undecodable { schema, reason }),
    }
}

/// Applies the migrations from `schema` on; `None` where there are none to apply.
fn migrate(descriptor: &Descriptor, schema: u32, fields: &Fields) -> Result<Option<Fields>, String> {
    if schema == descriptor.schema {
        return Ok(None);
    }
    let first = usize::try_from(schema)
        .ok()
        .and_then(|schema| schema.checked_sub(1))
        .filter(|first| *first < descriptor.migrations.len())
        .ok_or_else(|| format!("there is no migration from schema {schema}"))?;
    let mut draft = Draft::new(fields.clone());
    for (step, migration) in descriptor.migrations.iter().enumerate().skip(first) {
        migration(&mut draft)
            .map_err(|error| format!("the migration from schema {} failed: {error}", step + 1))?;
    }
    Ok(Some(draft.into_fields()))
}

/// Encodes a value under the key that it is going to be stored with.
pub(crate) fn encode<T: Serialize>(
    descriptor: &Descriptor,
    parts: &[KeyPart],
    value: &T,
    limit: usize,
) -> Result<Encoded, ErrorKind> {
    let mut encoded = codec::encode(value).map_err(|error| ErrorKind::Unencodable(error.to_string()))?;
    for (name, part) in descriptor.keys.iter().zip(parts) {
        encoded.fields.insert(name, &part.json);
    }
    let bytes = size(&encoded.fields);
    if bytes > limit {
        return Err(ErrorKind::TooLarge { bytes, limit });
    }
    Ok(encoded)
}

fn owned(name: &str) -> Name {
    Name::Owned(name.to_owned())
}

pub(crate) fn size(fields: &Fields) -> usize {
    fields.iter().map(|(name, text)| name.len() + text.len()).sum()
}

/// A write of the whole value, whatever of its kind is there.
pub(crate) fn whole(descriptor: &Descriptor, encoded: &Encoded, expect: Expect) -> Write {
    let mut write = Write::new(expect, descriptor.schema);
    write.index = index_entries(descriptor, &encoded.fields);
    write.unset = encoded.skipped.iter().map(|name| Name::Borrowed(*name)).collect();
    write.ttl = descriptor.ttl;
    write.renew = true;
    for (name, text) in encoded.fields.iter() {
        match descriptor.counter(name) {
            Some(_) => write.init.push((owned(name), text.parse().unwrap_or(i64::MAX))),
            None => write.set.push((owned(name), text.to_owned())),
        }
    }
    write
}

/// The write that brings the store from what was loaded to this value.
pub(crate) fn difference<T>(descriptor: &Descriptor, loaded: &Loaded<T>, encoded: &Encoded) -> Write {
    let (version, schema, fields, dropped) = match &loaded.seen {
        Seen::Nothing(version) => {
            return whole(descriptor, encoded, Expect::AbsentSince(*version));
        }
        Seen::Undecodable(version) => {
            let mut write = whole(descriptor, encoded, Expect::Version(*version));
            // Its counters cannot be trusted either.
            let init = std::mem::take(&mut write.init);
            write.set.extend(init.into_iter().map(|(name, n)| (name, n.to_string())));
            write.replace = true;
            return write;
        }
        Seen::Record { version, schema, fields, dropped } => (*version, *schema, fields, dropped),
    };
    let mut write = Write::new(Expect::Version(version), descriptor.schema);
    write.ttl = descriptor.ttl;
    write.renew = descriptor.renews_on_write();
    write.unset = encoded
        .skipped
        .iter()
        .map(|name| Name::Borrowed(*name))
        .filter(|name| fields.contains_key(name))
        .chain(dropped.iter().cloned())
        .collect();
    for (place, (name, text)) in encoded.fields.iter().enumerate() {
        let old = fields.get_near(name, place);
        if let Some(counter) = descriptor.counter(name) {
            let old = old.and_then(|old| old.parse::<i64>().ok()).unwrap_or(0);
            let new = text.parse::<i64>().unwrap_or(i64::MAX);
            if new != old {
                write.add.push(Add {
                    name: owned(name),
                    by: new.saturating_sub(old),
                    min: counter.min,
                    max: counter.max,
                });
            }
        } else if !old.is_some_and(|old| codec::same(old, text)) {
            write.set.push((owned(name), text.to_owned()));
        }
    }
    if schema == descriptor.schema && write.set.is_empty() && write.unset.is_empty() {
        return write;
    }
    if schema != descriptor.schema {
        // What an older schema had as an ordinary field may be a counter now.
        let start = |counter: &CounterField| fields.get(counter.name)?.parse().ok();
        let starts = descriptor.counters.iter().filter_map(|counter| Some((counter.name, start(counter)?)));
        write.init = starts.map(|(name, start)| (Name::Borrowed(name), start)).collect();
    }
    write.index = index_entries(descriptor, &encoded.fields);
    write
}

/// Whether a write of a difference would change nothing but the lifetime.
pub(crate) fn is_empty(descriptor: &Descriptor, write: &Write, loaded_schema: Option<u32>) -> bool {
    loaded_schema == Some(descriptor.schema)
        && write.add.is_empty()
        && write.set.is_empty()
        && write.unset.is_empty()
}

impl<T> Loaded<T> {
    pub(crate) fn schema(&self) -> Option<u32> {
        match &self.seen {
            Seen::Record { schema, .. } => Some(*schema),
            _ => None,
        }
    }

    /// Notes that `write` took place, so that the next difference begins there.
    pub(crate) fn saved(
        &mut self,
        descriptor: &Descriptor,
        encoded: Encoded,
        write: &Write,
        version: Version,
        counters: &[i64],
    ) {
        let before = match std::mem::replace(&mut self.seen, Seen::Nothing(Version(0))) {
            Seen::Record { fields, .. } => fields,
            _ => Fields::new(),
        };
        let mut fields = encoded.fields;
        for (place, (name, text)) in before.iter().enumerate() {
            // What this type does not know stays.
            if fields.get_near(name, place).is_none() && !write.unset.iter().any(|gone| gone == name) {
                fields.insert(name, text);
            }
        }
        for (add, now) in write.add.iter().zip(counters) {
            fields.insert(&add.name, now.to_string());
        }
        self.seen = Seen::Record { version, schema: descriptor.schema, fields, dropped: Vec::new() };
    }
}

fn index_entries(descriptor: &Descriptor, fields: &Fields) -> Vec<(Name, String)> {
    descriptor
        .space
        .indexes
        .iter()
        .map(|index| {
            let value =
                if *index == ALL { String::new() } else { index_value(fields.get(index).unwrap_or("null")) };
            (Name::Borrowed(*index), value)
        })
        .collect()
}

/// The encoded value that an index has for a field.
pub(crate) fn index_value(json: &str) -> String {
    key::encode_json(json)
}
