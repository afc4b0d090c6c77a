//! Turns rows into what the contract says, fields into documents, and errors into failures.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::backend::{Deleted, Failure, FailureKind, Outcome, Record, Stored, Version};
use crate::codec::Fields;
use crate::key::Key;

/// A field that `jsonb` would change or refuse is kept as text under this name.
const AS_TEXT: &str = "$json";

/// A failure without the server's own words, which can quote values.
pub(super) fn failure(error: &sqlx::Error) -> Failure {
    let (kind, cause) = match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            let kind = match &*code {
                // Shutting down or starting up: the statement was rolled back or never begun.
                "57P01" | "57P02" | "57P03" | "53300" => FailureKind::Unreachable,
                "57014" => FailureKind::Timeout,
                "22P02" | "22003" => FailureKind::Foreign,
                // Deadlock and serialisation failure: rolled back.
                "40P01" | "40001" => FailureKind::Unreachable,
                _ => FailureKind::Rejected,
            };
            (kind, format!("PostgreSQL answered SQLSTATE {code}"))
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            (FailureKind::Unreachable, "connection refused".to_owned())
        }
        sqlx::Error::Io(error) => (FailureKind::Interrupted, error.kind().to_string()),
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            (FailureKind::Unreachable, "the pool has no connection".to_owned())
        }
        sqlx::Error::Tls(_) => (FailureKind::Rejected, "TLS failed".to_owned()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (FailureKind::Foreign, "a column has another type than this library gave it".to_owned())
        }
        sqlx::Error::Protocol(_) => (FailureKind::Interrupted, "the protocol broke off".to_owned()),
        _ => (FailureKind::Rejected, "PostgreSQL: the call failed".to_owned()),
    };
    Failure::new(kind, cause)
}

fn foreign() -> Failure {
    Failure::new(FailureKind::Foreign, "a row that is no record")
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
    row: &'r PgRow,
    column: usize,
) -> Result<T, Failure> {
    row.try_get(column).map_err(|error| failure(&error))
}

/// Fields as one JSON object.
pub(super) fn document(fields: &Fields) -> String {
    let mut out = String::with_capacity(2 + fields.iter().map(|(n, t)| n.len() + t.len() + 4).sum::<usize>());
    out.push('{');
    for (i, (name, text)) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_text(name, &mut out);
        out.push(':');
        // jsonb has no NUL and no minus zero, and our own mark must stay ours.
        if text.contains("\\u0000") || text.contains("-0") || text.contains(AS_TEXT) {
            out.push_str("{\"$json\":");
            push_text(text, &mut out);
            out.push('}');
        } else {
            out.push_str(text);
        }
    }
    out.push('}');
    out
}

fn push_text(text: &str, out: &mut String) {
    // A text always serialises.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn fields(document: &str) -> Result<Fields, Failure> {
    let parts: BTreeMap<String, &RawValue> = serde_json::from_str(document).map_err(|_| foreign())?;
    let mut fields = Fields::new();
    for (name, value) in parts {
        let text = value.get();
        let text = if text.starts_with("{\"$json\"") {
            let kept: HashMap<String, String> = serde_json::from_str(text).map_err(|_| foreign())?;
            kept.get(AS_TEXT).cloned().ok_or_else(foreign)?
        } else {
            text.to_owned()
        };
        fields.insert(name, text);
    }
    Ok(fields)
}

/// What a row says: version, schema and document from this column on.
fn stored(row: &PgRow, at: usize) -> Result<Stored, Failure> {
    let version: i64 = get(row, at)?;
    let version = Version(u64::try_from(version).map_err(|_| foreign())?);
    let document: Option<String> = get(row, at + 2)?;
    match document {
        None => Ok(Stored::Nothing(version)),
        Some(document) => {
            let schema: i32 = get(row, at + 1)?;
            Ok(Stored::Live(Record {
                version,
                schema: u32::try_from(schema).map_err(|_| foreign())?,
                fields: fields(&document)?,
            }))
        }
    }
}

pub(super) fn by_key(rows: &[PgRow]) -> Result<HashMap<Key, Stored>, Failure> {
    rows.iter().map(|row| Ok((Key::from_stored(get(row, 0)?), stored(row, 1)?))).collect()
}

pub(super) fn records(rows: &[PgRow]) -> Result<Vec<(Key, Record)>, Failure> {
    rows.iter()
        .map(|row| match stored(row, 1)? {
            Stored::Live(record) => Ok((Key::from_stored(get(row, 0)?), record)),
            Stored::Nothing(_) => Err(foreign()),
        })
        .collect()
}

/// What a write answers.
pub(super) fn outcome(rows: &[PgRow]) -> Result<Outcome, Failure> {
    let Some(row) = rows.first() else {
        // Nothing there, or a row that appeared while the statement ran.
        return Ok(Outcome::Refused(Stored::Nothing(Version(0))));
    };
    if get(row, 0)? {
        let version: i64 = get(row, 1)?;
        let counters: Option<Vec<i64>> = get(row, 4)?;
        return Ok(Outcome::Written {
            version: Version(u64::try_from(version).map_err(|_| foreign())?),
            counters: counters.unwrap_or_default(),
        });
    }
    stored(row, 1).map(Outcome::Refused)
}

/// What a delete answers.
pub(super) fn deleted(rows: &[PgRow], take: bool) -> Result<Deleted, Failure> {
    let Some(row) = rows.first() else {
        return Ok(Deleted::Refused(Stored::Nothing(Version(0))));
    };
    if !get(row, 0)? {
        return stored(row, 1).map(Deleted::Refused);
    }
    match stored(row, 1)? {
        Stored::Live(record) if take => Ok(Deleted::Gone(Some(record))),
        _ => Ok(Deleted::Gone(None)),
    }
}

pub(super) fn lifetime(rows: &[PgRow]) -> Result<Option<Option<Duration>>, Failure> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let left: Option<f64> = get(row, 0)?;
    Ok(Some(left.map(|left| Duration::try_from_secs_f64(left).unwrap_or(Duration::ZERO))))
}

pub(super) fn count(rows: &[PgRow]) -> Result<u64, Failure> {
    let row = rows.first().ok_or_else(foreign)?;
    let count: i64 = get(row, 0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn texts(rows: &[PgRow]) -> Result<Vec<String>, Failure> {
    rows.iter().map(|row| get(row, 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_jsonb_would_change_is_kept_as_text() {
        let fields_in = Fields::from_iter([
            ("a", r#""x\u0000y""#),
            ("b", r#"{"$json":"mine"}"#),
            ("c", "-0.0"),
            ("d", "[1,2]"),
        ]);
        let document = document(&fields_in);
        assert!(!document.contains(r#":"x\u0000y""#), "{document}");
        assert!(document.ends_with(r#""d":[1,2]}"#), "{document}");
        assert_eq!(fields(&document).unwrap(), fields_in);
    }

    #[test]
    fn a_document_that_is_none_is_foreign() {
        for text in ["[]", "3", "{", r#"{"a":{"$json":3}}"#] {
            assert_eq!(fields(text).unwrap_err().kind, FailureKind::Foreign, "{text}");
        }
    }
}
