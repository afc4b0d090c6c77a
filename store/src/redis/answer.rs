//! Reads what the scripts and Redis itself answer.

use redis::{RedisError, Value};

use crate::backend::{Deleted, Failure, FailureKind, Outcome, Record, Stored, Version};
use crate::codec::{Fields, Name};
use crate::key::Key;

fn unexpected() -> Failure {
    Failure::new(FailureKind::Rejected, "an unexpected answer")
}

fn foreign(what: &str) -> Failure {
    Failure::new(FailureKind::Foreign, what)
}

/// The server's word for an error, the first one's of a pipeline.
pub(super) fn code(error: &RedisError) -> Option<String> {
    match error.code() {
        Some(code) => Some(code.to_owned()),
        None => {
            let errors = error.clone().into_server_errors()?;
            errors.first().map(|(_, error)| error.code().to_owned())
        }
    }
}

/// A failure without the server's own words, which can quote arguments.
pub(super) fn failure(error: &RedisError) -> Failure {
    let code = code(error);
    let kind = match code.as_deref() {
        Some("WRONGTYPE") => return foreign("a Redis value of another type"),
        // The server took nothing: it is starting, or somebody else leads.
        Some("LOADING" | "MASTERDOWN" | "READONLY" | "TRYAGAIN" | "CLUSTERDOWN" | "BUSY") => {
            FailureKind::Unreachable
        }
        Some(_) => FailureKind::Rejected,
        None if error.is_connection_refusal() => FailureKind::Unreachable,
        None if error.is_timeout() => FailureKind::Timeout,
        None if error.is_io_error() || error.is_connection_dropped() => FailureKind::Interrupted,
        None if error.is_unrecoverable_error() => FailureKind::Interrupted,
        None => FailureKind::Rejected,
    };
    let cause = match &code {
        Some(code) => format!("Redis answered {code}"),
        None => format!("Redis: {}", error.category()),
    };
    Failure::new(kind, cause)
}

fn text(value: Value) -> Result<String, Failure> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).map_err(|_| foreign("bytes that are not UTF-8")),
        Value::SimpleString(text) => Ok(text),
        Value::Int(number) => Ok(number.to_string()),
        _ => Err(unexpected()),
    }
}

fn number<T: std::str::FromStr>(value: Value) -> Result<T, Failure> {
    text(value)?
        .parse()
        .map_err(|_| foreign("something that is not a number where a version or schema belongs"))
}

/// A hash as `HGETALL` answers it: version and schema, fields that lie together, fields apart.
pub(super) fn stored(value: Value) -> Result<Stored, Failure> {
    let flat = match value {
        Value::Array(flat) => flat,
        Value::Map(pairs) => pairs.into_iter().flat_map(|(name, value)| [name, value]).collect(),
        Value::Nil => Vec::new(),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => {
            return Err(foreign("a Redis value of another type"));
        }
        _ => return Err(unexpected()),
    };
    if flat.is_empty() {
        return Ok(Stored::Nothing(Version(0)));
    }
    let mut meta = None;
    let mut fields = None;
    let mut apart = Vec::new();
    let mut flat = flat.into_iter();
    while let (Some(name), Some(value)) = (flat.next(), flat.next()) {
        match &name {
            Value::BulkString(name) if name == b"@" => meta = Some(versions(&text(value)?)?),
            Value::BulkString(name) if name == b"@f" => fields = Some(unpacked(text(value)?)?),
            Value::BulkString(name) if name.starts_with(b"@") => {}
            _ => apart.push((text(name)?, text(value)?)),
        }
    }
    let mut fields = fields.unwrap_or_default();
    fields.extend(apart);
    match meta {
        Some((version, None)) => Ok(Stored::Nothing(version)),
        Some((version, Some(schema))) => Ok(Stored::Live(Record { version, schema, fields })),
        None => Err(foreign("a Redis hash without a version")),
    }
}

fn unpacked(text: String) -> Result<Fields, Failure> {
    Fields::unpack(text).ok_or_else(|| foreign("something else where fields belong"))
}

/// Version and schema, as `17 2`; a tombstone's schema is `-`.
pub(super) fn versions(meta: &str) -> Result<(Version, Option<u32>), Failure> {
    let wrong = || foreign("something else where a version and a schema belong");
    let (version, schema) = meta.split_once(' ').ok_or_else(wrong)?;
    let schema = match schema {
        "-" => None,
        schema => Some(schema.parse().map_err(|_| wrong())?),
    };
    Ok((Version(version.parse().map_err(|_| wrong())?), schema))
}

/// An answer `{word, ..}`.
fn tagged(value: Value) -> Result<(String, std::vec::IntoIter<Value>), Failure> {
    let Value::Array(values) = value else {
        return Err(unexpected());
    };
    let mut values = values.into_iter();
    let word = text(values.next().ok_or_else(unexpected)?)?;
    Ok((word, values))
}

/// What `write.lua` answers, and `quick.lua` before it: the version alone, maybe with the schema.
pub(super) fn outcome(value: Value) -> Result<Outcome, Failure> {
    if let Value::BulkString(_) = &value {
        let text = text(value)?;
        let version = text.split(' ').next().and_then(|version| version.parse().ok());
        let version = version.map(Version).ok_or_else(unexpected)?;
        return Ok(Outcome::Written { version, counters: Vec::new() });
    }
    let (word, mut rest) = tagged(value)?;
    let mut next = || rest.next().ok_or_else(unexpected);
    match word.as_str() {
        "written" => {
            let version = Version(number(next()?)?);
            let Value::Array(counters) = next()? else {
                return Err(unexpected());
            };
            let counters = counters.into_iter().map(number).collect::<Result<Vec<i64>, Failure>>()?;
            Ok(Outcome::Written { version, counters })
        }
        "refused" => Ok(Outcome::Refused(stored(next()?)?)),
        "nothing" => Ok(Outcome::Refused(Stored::Nothing(Version(number(next()?)?)))),
        "schema" => Ok(Outcome::OtherSchema(number(next()?)?)),
        "range" => Ok(Outcome::OutOfRange(Name::Owned(text(next()?)?))),
        "foreign" => Err(foreign("a Redis hash that is no record")),
        _ => Err(unexpected()),
    }
}

/// What `delete.lua` answers.
pub(super) fn deleted(value: Value) -> Result<Deleted, Failure> {
    let (word, mut rest) = tagged(value)?;
    let mut next = || rest.next().ok_or_else(unexpected);
    match word.as_str() {
        "gone" => match stored(next()?)? {
            Stored::Live(record) => Ok(Deleted::Gone(Some(record))),
            Stored::Nothing(_) => Ok(Deleted::Gone(None)),
        },
        "refused" => Ok(Deleted::Refused(stored(next()?)?)),
        "nothing" => Ok(Deleted::Refused(Stored::Nothing(Version(number(next()?)?)))),
        "foreign" => Err(foreign("a Redis hash that is no record")),
        _ => Err(unexpected()),
    }
}

/// What `list.lua` answers: keys.
pub(super) fn keys(value: Value) -> Result<Vec<Key>, Failure> {
    let Value::Array(values) = value else {
        return Err(unexpected());
    };
    values.into_iter().map(|value| text(value).map(Key::from_stored)).collect()
}
