//! What can go wrong, in words that are safe to log.
//!
//! An error says the operation, the key's prefix and the cause. It refuses to carry a value or
//! the variable part of a key: those are somebody's data.

use std::borrow::Cow;
use std::fmt;

/// What a call of an accessor can answer instead of a result.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    operation: &'static str,
    accessor: Cow<'static, str>,
    kind: ErrorKind,
}

/// The kinds of [`Error`]. More may come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such record: never written, or expired.
    NotFound,
    /// The record was deleted after the caller had loaded it. It stays deleted.
    Deleted,
    /// There is a record already, and the call was to create one.
    Exists,
    /// Somebody else wrote in between. `update` gave up after this many attempts.
    Conflict {
        /// How often the write was tried.
        attempts: u32,
    },
    /// A record is there, but it is not what this type stores under this schema.
    Undecodable {
        /// The schema number that the record was written under.
        schema: u32,
        /// What does not fit, without the value itself.
        reason: String,
    },
    /// The record was written under a newer schema than this binary knows.
    NewerSchema {
        /// The schema number that the record was written under.
        stored: u32,
        /// The schema number of this binary's type.
        known: u32,
    },
    /// What the store holds under the key was not written by this library.
    Foreign {
        /// What was found there, without the value itself.
        reason: String,
    },
    /// The encoded record or value is over the limit. Nothing was sent.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The limit in bytes, see [`Options::value_limit`](crate::Options::value_limit).
        limit: usize,
    },
    /// A key or an index value cannot be encoded.
    BadKey(String),
    /// A value cannot be encoded.
    Unencodable(String),
    /// A counter would leave the range of its type. It was not changed.
    OutOfRange {
        /// The field's name.
        counter: String,
    },
    /// The store did not answer in time.
    Timeout {
        /// Whether the call may have taken effect all the same.
        may_have_happened: bool,
    },
    /// The store could not be reached. The call did not take effect.
    Unreachable(String),
    /// The connection broke while the call was under way: it may or may not have taken effect.
    Interrupted(String),
    /// The store refused.
    Rejected(String),
    /// No store was installed before the first use of an externalised static.
    NotInstalled,
    /// A store was installed before.
    AlreadyInstalled,
    /// This backend cannot do that.
    Unsupported(String),
    /// Two types claim the same place in the store with different layouts.
    Clash(String),
    /// An address or option that cannot be right.
    Config(String),
}

impl Error {
    pub(crate) fn new(
        operation: &'static str,
        accessor: impl Into<Cow<'static, str>>,
        kind: ErrorKind,
    ) -> Self {
        let accessor = accessor.into();
        Self { inner: Box::new(Inner { operation, accessor, kind }) }
    }

    pub(crate) fn config(reason: impl Into<String>) -> Self {
        Self::new("connect", "store", ErrorKind::Config(reason.into()))
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }

    /// The operation that failed, `load` say.
    pub fn operation(&self) -> &'static str {
        self.inner.operation
    }

    /// The fixed part of the key.
    pub fn accessor(&self) -> &str {
        &self.inner.accessor
    }

    /// Whether the record is not there: [`ErrorKind::NotFound`] or [`ErrorKind::Deleted`].
    pub fn is_absent(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::NotFound | ErrorKind::Deleted)
    }

    /// Whether the call may have taken effect although it failed. Where it is not known to be
    /// harmless to repeat, look before repeating it.
    pub fn may_have_happened(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Interrupted(_) | ErrorKind::Timeout { may_have_happened: true })
    }

    /// A word for metrics and logs.
    pub fn outcome(&self) -> &'static str {
        self.inner.kind.outcome()
    }
}

impl ErrorKind {
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Deleted => "deleted",
            Self::Exists => "exists",
            Self::Conflict { .. } => "conflict",
            Self::Undecodable { .. } => "undecodable",
            Self::NewerSchema { .. } => "newer_schema",
            Self::Foreign { .. } => "foreign",
            Self::TooLarge { .. } => "too_large",
            Self::BadKey(_) => "bad_key",
            Self::Unencodable(_) => "unencodable",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Timeout { .. } => "timeout",
            Self::Unreachable(_) => "unreachable",
            Self::Interrupted(_) => "interrupted",
            Self::Rejected(_) => "rejected",
            Self::NotInstalled => "not_installed",
            Self::AlreadyInstalled => "already_installed",
            Self::Unsupported(_) => "unsupported",
            Self::Clash(_) => "clash",
            Self::Config(_) => "config",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such record (never written, or expired)"),
            Self::Deleted => f.write_str("the record was deleted in the meantime"),
            Self::Exists => f.write_str("there is a record already"),
            Self::Conflict { attempts } => {
                write!(f, "somebody else wrote in between, {attempts} attempt(s) made; nothing was changed")
            }
            Self::Undecodable { schema, reason } => write!(
                f,
                "the record of schema {schema} is not what this type stores: {reason}; \
                 raise the schema and give a migration, or set `undecodable = \"miss\"`"
            ),
            Self::NewerSchema { stored, known } => write!(
                f,
                "the record has schema {stored}, this binary knows up to {known}; \
                 a newer binary wrote it"
            ),
            Self::Foreign { reason } => {
                write!(f, "something else is stored under this key: {reason}")
            }
            Self::TooLarge { bytes, limit } => write!(
                f,
                "{bytes} bytes are over the limit of {limit}; nothing was sent \
                 (`Options::value_limit` raises it)"
            ),
            Self::BadKey(reason) => write!(f, "the key cannot be encoded: {reason}"),
            Self::Unencodable(reason) => write!(f, "the value cannot be encoded: {reason}"),
            Self::OutOfRange { counter } => {
                write!(f, "the counter `{counter}` would leave the range of its type; nothing was changed")
            }
            Self::Timeout { may_have_happened } => write!(
                f,
                "the store did not answer in time; {}",
                if *may_have_happened { "the call may have taken effect" } else { "nothing was changed" }
            ),
            Self::Unreachable(reason) => {
                write!(f, "the store cannot be reached: {reason}; nothing was changed")
            }
            Self::Interrupted(reason) => {
                write!(f, "the connection broke: {reason}; the call may have taken effect")
            }
            Self::Rejected(reason) => write!(f, "the store refused: {reason}"),
            Self::NotInstalled => f.write_str(
                "no store is installed; call `store.install()` at start-up, before the first request",
            ),
            Self::AlreadyInstalled => f.write_str("a store is installed already"),
            Self::Unsupported(reason) => write!(f, "this store cannot do that: {reason}"),
            Self::Clash(reason) => f.write_str(reason),
            Self::Config(reason) => f.write_str(reason),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { operation, accessor, kind } = &*self.inner;
        write!(f, "{operation} `{accessor}`: {kind}")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.inner.operation)
            .field("accessor", &self.inner.accessor)
            .field("kind", &self.inner.kind)
            .finish()
    }
}

impl std::error::Error for Error {}
