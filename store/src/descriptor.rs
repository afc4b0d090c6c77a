//! What the macros say about a type: where its records live, how long, and in which layout.
//!
//! Plain data; everything that acts on it is elsewhere.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Space;
use crate::draft::Migration;

/// A type's place in the store.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// The type's name, for messages.
    pub type_name: Cow<'static, str>,
    /// The key template and the indexes.
    pub space: Space,
    /// How long a record lives; `None` is for ever.
    pub ttl: Option<Duration>,
    /// What makes a record's lifetime begin again.
    pub touch: Touch,
    /// The number of the layout.
    pub schema: u32,
    /// `migrations[i]` leads from schema `i + 1` to `i + 2`.
    pub migrations: &'static [Migration],
    /// What a record that cannot be decoded is.
    pub undecodable: Undecodable,
    /// The fields that are counters.
    pub counters: &'static [CounterField],
    /// The fields that make up the key, in the template's order.
    pub keys: &'static [&'static str],
}

/// A descriptor that the macros made, or one that was made at run time.
#[derive(Clone, Debug)]
pub enum Held {
    /// Made by a macro.
    Static(&'static Descriptor),
    /// Made at run time.
    Shared(Arc<Descriptor>),
}

impl Deref for Held {
    type Target = Descriptor;

    fn deref(&self) -> &Descriptor {
        match self {
            Self::Static(descriptor) => descriptor,
            Self::Shared(descriptor) => descriptor,
        }
    }
}

impl From<&'static Descriptor> for Held {
    fn from(descriptor: &'static Descriptor) -> Self {
        Self::Static(descriptor)
    }
}

impl From<Arc<Descriptor>> for Held {
    fn from(descriptor: Arc<Descriptor>) -> Self {
        Self::Shared(descriptor)
    }
}

/// What makes a record's lifetime begin again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Nothing: it ends so long after the record was created.
    Never,
    /// Every write.
    Write,
    /// Every read and write.
    Read,
}

/// What a record that cannot be decoded is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// An error.
    Error,
    /// Nothing: the next write replaces it.
    Miss,
}

/// A counter among a record's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterField {
    /// The stored name.
    pub name: &'static str,
    /// The least value of its type.
    pub min: i64,
    /// The greatest value of its type.
    pub max: i64,
}

impl Descriptor {
    /// A descriptor without anything optional.
    pub const fn new(template: &'static str) -> Self {
        Self {
            type_name: Cow::Borrowed(""),
            space: Space { template: Cow::Borrowed(template), indexes: &[] },
            ttl: None,
            touch: Touch::Never,
            schema: 1,
            migrations: &[],
            undecodable: Undecodable::Error,
            counters: &[],
            keys: &[],
        }
    }

    /// The lifetime to renew on a read.
    pub(crate) fn touch_on_read(&self) -> Option<Duration> {
        self.ttl.filter(|_| self.touch == Touch::Read)
    }

    /// Whether a write renews the lifetime.
    pub(crate) fn renews_on_write(&self) -> bool {
        self.touch != Touch::Never
    }

    pub(crate) fn counter(&self, name: &str) -> Option<&'static CounterField> {
        self.counters.iter().find(|counter| counter.name == name)
    }
}

/// A type that can count: what [`Externalize`](crate::Externalize)'s `counter` fields are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a counter",
    label = "not an integer that a counter can be",
    note = "counters are i8, i16, i32, i64, u8, u16, u32 or u64 (up to i64::MAX)"
)]
pub trait Count: Copy {
    /// The least value.
    const MIN: i64;
    /// The greatest value.
    const MAX: i64;
    /// The value as the store has it; what is above its range is capped.
    fn to_stored(self) -> i64;
    /// The value from the store; what does not fit is capped.
    fn from_stored(stored: i64) -> Self;
}

macro_rules! count {
    ($($type:ty: $min:expr, $max:expr;)*) => {
        $(impl Count for $type {
            const MIN: i64 = $min;
            const MAX: i64 = $max;
            fn to_stored(self) -> i64 {
                i64::try_from(self).unwrap_or(i64::MAX)
            }
            fn from_stored(stored: i64) -> Self {
                Self::try_from(stored).unwrap_or(if stored < 0 { Self::MIN } else { Self::MAX })
            }
        })*
    };
}

count! {
    i8: i8::MIN as i64, i8::MAX as i64;
    i16: i16::MIN as i64, i16::MAX as i64;
    i32: i32::MIN as i64, i32::MAX as i64;
    i64: i64::MIN, i64::MAX;
    u8: 0, u8::MAX as i64;
    u16: 0, u16::MAX as i64;
    u32: 0, u32::MAX as i64;
    u64: 0, i64::MAX;
}
