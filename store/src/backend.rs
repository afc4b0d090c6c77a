//! The contract between the typed accessors and a store.
//!
//! A backend moves records of named JSON fields and decides each write in one atomic step on its
//! side. It knows nothing of types, retries or time-outs: those are the callers' side of the
//! contract. [`testing::conformance`](crate::testing) says whether a backend keeps to it.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use crate::codec::{Fields, Name};
pub use crate::key::Key;

/// What the methods of [`Backend`] return.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Counts the writes of a record. It never restarts, not even after delete and re-create: a new
/// record begins with the server's time in microseconds. Zero means that nothing was ever there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// The name of the index that holds all records of a space.
pub const ALL: &str = "@all";

/// Where the records of one type live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// The key template, `cart:{user}` say. Two types never share one.
    pub template: Cow<'static, str>,
    /// The fields that records are listed by, [`ALL`] included where all can be listed.
    pub indexes: &'static [&'static str],
}

impl Space {
    /// The template up to its first placeholder: what errors and logs call it.
    pub fn prefix(&self) -> &str {
        let fixed = self.template.split('{').next().unwrap_or_default();
        fixed.trim_end_matches([':', '/'])
    }
}

/// What a backend found under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// No record. After a delete the version is the tombstone's, else zero.
    Nothing(Version),
    /// A record that has not expired.
    Live(Record),
}

/// A record as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Goes up with each write of a field that is no counter.
    pub version: Version,
    /// The schema number that it was written under.
    pub schema: u32,
    /// Its fields and counters.
    pub fields: Fields,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("version", &self.version)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// What has to be there for a write to take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything or nothing.
    Any,
    /// A live record of the write's schema.
    Present,
    /// No live record.
    Absent,
    /// No live record, and none that was created and deleted since this was seen: either nothing
    /// at all, or the tombstone of this version.
    AbsentSince(Version),
    /// A live record of this version.
    Version(Version),
}

/// A change of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Add {
    /// The field.
    pub name: Name,
    /// By how much.
    pub by: i64,
    /// What the result must not go below.
    pub min: i64,
    /// What the result must not go above.
    pub max: i64,
}

/// One atomic write of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// What has to be there.
    pub expect: Expect,
    /// The schema number that the fields are written under. A record of a newer schema is never
    /// written; one of an older schema is not written under [`Expect::Present`].
    pub schema: u32,
    /// Drops the fields that this write does not set, counters of `init` and `add` excepted.
    /// Under [`Expect::Any`] a record of an older schema is always replaced.
    pub replace: bool,
    /// Fields to set.
    pub set: Vec<(Name, String)>,
    /// Fields to drop.
    pub unset: Vec<Name>,
    /// Counters to set where they are missing.
    pub init: Vec<(Name, i64)>,
    /// Counters to change.
    pub add: Vec<Add>,
    /// Index entries to set: an index of the space, and the encoded value.
    pub index: Vec<(Name, String)>,
    /// The lifetime of a record that this write creates, or whose lifetime it renews. `None` is
    /// for ever.
    pub ttl: Option<Duration>,
    /// Whether an existing record's lifetime begins again. If not it stays as it is.
    pub renew: bool,
}

impl Write {
    /// A write that changes nothing yet.
    pub fn new(expect: Expect, schema: u32) -> Self {
        Self {
            expect,
            schema,
            replace: false,
            set: Vec::new(),
            unset: Vec::new(),
            init: Vec::new(),
            add: Vec::new(),
            index: Vec::new(),
            ttl: None,
            renew: false,
        }
    }

    /// Whether an existing record's version goes up: counters and lifetimes never conflict.
    pub fn bumps(&self) -> bool {
        self.replace || !self.set.is_empty() || !self.unset.is_empty()
    }
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took place.
    Written {
        /// The version from now on.
        version: Version,
        /// The counters of `add`, in order, after the change.
        counters: Vec<i64>,
    },
    /// What was expected was not there. This was (or had been a moment before).
    Refused(Stored),
    /// The record has another schema number.
    OtherSchema(u32),
    /// A counter of `add` would leave its range.
    OutOfRange(Name),
}

/// One atomic delete of one record. It leaves a tombstone with the next version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delete {
    /// [`Expect::Any`] or [`Expect::Version`].
    pub expect: Expect,
    /// How long the tombstone stays.
    pub tombstone: Duration,
    /// Whether the answer should hold the deleted record.
    pub take: bool,
}

/// What came of a delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// The record is gone. It is here if it was asked for.
    Gone(Option<Record>),
    /// What was expected was not there. This was.
    Refused(Stored),
}

/// Which records to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// An index of the space.
    pub index: Name,
    /// The encoded value; empty for [`ALL`].
    pub value: String,
    /// Only keys after this one, in the order of their bytes.
    pub after: Option<Key>,
    /// At most so many.
    pub limit: u32,
}

/// A page of records in the order of their keys. It can be shorter than the limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The live records of this page.
    pub records: Vec<(Key, Record)>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Key>,
}

/// What a backend can do. One that cannot answers [`FailureKind::Unsupported`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// `list` and `count`.
    pub lists: bool,
    /// `write` with `add` and `init`.
    pub counters: bool,
}

impl Capabilities {
    /// All of them.
    pub const ALL: Self = Self { lists: true, counters: true };

    /// Without lists.
    pub const fn without_lists(mut self) -> Self {
        self.lists = false;
        self
    }

    /// Without counters.
    pub const fn without_counters(mut self) -> Self {
        self.counters = false;
        self
    }
}

/// A store of records.
///
/// Each method is one round trip where the backend's protocol allows it. An expired record is
/// nothing, at once and to every method.
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// A word for logs, `redis` say.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    /// Called once a process and space before anything else: the place to create a table.
    fn prepare<'a>(&'a self, space: &'a Space) -> Pending<'a, ()> {
        let _ = space;
        Box::pin(async { Ok(()) })
    }

    /// Loads records, in the order of the keys. With `touch` their lifetime begins again.
    fn load<'a>(
        &'a self,
        space: &'a Space,
        keys: &'a [Key],
        touch: Option<Duration>,
    ) -> Pending<'a, Vec<Stored>>;

    /// Writes one record.
    fn write<'a>(&'a self, space: &'a Space, key: &'a Key, write: &'a Write) -> Pending<'a, Outcome>;

    /// Deletes one record.
    fn delete<'a>(&'a self, space: &'a Space, key: &'a Key, delete: Delete) -> Pending<'a, Deleted>;

    /// How long a live record has left; `None` outside if there is none, inside if it is for ever.
    fn lifetime<'a>(&'a self, space: &'a Space, key: &'a Key) -> Pending<'a, Option<Option<Duration>>>;

    /// Sets how long a live record has left. Answers whether there was one.
    fn expire<'a>(&'a self, space: &'a Space, key: &'a Key, ttl: Option<Duration>) -> Pending<'a, bool>;

    /// A page of an index.
    fn list<'a>(&'a self, space: &'a Space, query: &'a Query) -> Pending<'a, Listing>;

    /// How many live records an index value has, exactly.
    fn count<'a>(&'a self, space: &'a Space, index: &'a str, value: &'a str) -> Pending<'a, u64>;
}

/// Why a backend could not answer. The cause must not contain values or keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// The cause, safe to log.
    pub cause: String,
}

/// Kinds of [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// Nothing was sent, or the server took nothing: safe to repeat.
    Unreachable,
    /// It may have taken effect.
    Interrupted,
    /// No answer in time. It may have taken effect.
    Timeout,
    /// The server refused.
    Rejected,
    /// Something else is stored under the key.
    Foreign,
    /// The backend cannot do that.
    Unsupported,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into() }
    }
}
