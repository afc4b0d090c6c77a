//! A record between two schemas: what a migration works on.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{self, Fields};

/// Leads a record from one schema to the next.
pub type Migration = fn(&mut Draft) -> Result<(), MigrationError>;

/// The stored fields of a record of an older schema, to be changed into those of the next.
///
/// ```
/// use stateless_store::{Draft, MigrationError};
///
/// /// Schema 1 had `name: String`, schema 2 has `first` and `last`.
/// fn split_name(draft: &mut Draft) -> Result<(), MigrationError> {
///     let name: String = draft.take("name")?;
///     let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
///     draft.set("first", &first)?;
///     draft.set("last", &last)
/// }
/// ```
#[derive(Debug)]
pub struct Draft {
    fields: Fields,
}

/// Why a record cannot be migrated. The text is fixed, so that it cannot contain a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationError(Cow<'static, str>);

impl MigrationError {
    /// An error with this text.
    pub const fn new(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MigrationError {}

impl Draft {
    pub(crate) fn new(fields: Fields) -> Self {
        Self { fields }
    }

    pub(crate) fn into_fields(self) -> Fields {
        self.fields
    }

    /// Whether there is such a field.
    pub fn contains(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A field's value, in the type that it had.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, MigrationError> {
        let Some(text) = self.fields.get(name) else {
            return Err(MigrationError(format!("no field `{name}`").into()));
        };
        codec::decode_one(name, text).map_err(|error| MigrationError(error.to_string().into()))
    }

    /// A field's value, which is dropped.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, MigrationError> {
        let value = self.get(name)?;
        self.fields.remove(name);
        Ok(value)
    }

    /// Sets a field.
    pub fn set<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), MigrationError> {
        let text =
            codec::encode_one(name, value).map_err(|error| MigrationError(error.to_string().into()))?;
        self.fields.insert(name, text);
        Ok(())
    }

    /// Drops a field. Answers whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        self.fields.remove(name)
    }

    /// Gives a field another name, where there is one.
    pub fn rename(&mut self, from: &str, to: &'static str) {
        if let Some(text) = self.fields.get(from).map(str::to_owned) {
            self.fields.remove(from);
            self.fields.insert(to, text);
        }
    }
}
