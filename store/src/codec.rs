//! Between values and stored fields.
//!
//! A struct is stored a field each, as JSON, so that a write can send only what changed and an
//! older binary leaves alone what it does not know. Everything else is one field named
//! [`WHOLE`]. Errors say where and of which sort, and never quote a value.

mod fields;
mod join;
mod split;

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::fields::Fields;

/// The field of a value that is no struct.
pub(crate) const WHOLE: &str = "=";

/// The name of a stored field.
pub type Name = Cow<'static, str>;

/// A value in its stored form.
pub(crate) struct Encoded {
    pub(crate) fields: Fields,
    /// Fields that the type has but this value leaves out (`skip_serializing_if`).
    pub(crate) skipped: Vec<&'static str>,
}

/// Why a value or a record does not pass the codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodecError(String);

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

impl CodecError {
    fn in_field(name: &str, error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let what = match error.classify() {
            Category::Data => "has another type",
            Category::Io | Category::Syntax | Category::Eof => "is not JSON",
        };
        let place = match error.column() {
            0 => String::new(),
            column => format!(" (column {column})"),
        };
        if name == WHOLE {
            Self(format!("the value {what}{place}"))
        } else {
            Self(format!("field `{name}` {what}{place}"))
        }
    }
}

/// Splits a value into its fields.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Encoded, CodecError> {
    match split::split(value) {
        Ok(encoded) => Ok(encoded),
        Err(split::Refused::NotAStruct) => {
            let text = encode_one(WHOLE, value)?;
            Ok(Encoded { fields: Fields::from_iter([(WHOLE, text)]), skipped: Vec::new() })
        }
        Err(split::Refused::Field(error)) => Err(error),
    }
}

/// One field's value.
pub(crate) fn encode_one<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<String, CodecError> {
    serde_json::to_string(value).map_err(|_| inexpressible(name))
}

fn inexpressible(name: &str) -> CodecError {
    if name == WHOLE {
        CodecError("JSON cannot express it (a map whose keys are no text, say)".to_owned())
    } else {
        CodecError(format!("JSON cannot express field `{name}`"))
    }
}

/// Puts a value together again. Fields that the type does not know are ignored.
pub(crate) fn decode<T: DeserializeOwned>(fields: &Fields) -> Result<T, CodecError> {
    match fields.get(WHOLE) {
        Some(text) => decode_one(WHOLE, text),
        None => join::join(fields),
    }
}

/// One field's value.
pub(crate) fn decode_one<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, CodecError> {
    serde_json::from_str(text).map_err(|error| CodecError::in_field(name, &error))
}

/// Whether two stored texts mean the same. A server may have changed spaces and the order of
/// object members.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other
        || match (
            serde_json::from_str::<serde_json::Value>(one),
            serde_json::from_str::<serde_json::Value>(other),
        ) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        deep: Vec<u8>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        text: String,
        #[serde(rename = "n")]
        number: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maybe: Option<String>,
        inner: Inner,
    }

    fn sample() -> Sample {
        Sample { text: "a\"b\0".into(), number: u64::MAX, maybe: None, inner: Inner { deep: vec![1, 2] } }
    }

    #[test]
    fn a_struct_is_stored_a_field_each() {
        let encoded = encode(&sample()).unwrap();
        let expected =
            [("inner", r#"{"deep":[1,2]}"#), ("n", "18446744073709551615"), ("text", r#""a\"b\u0000""#)];
        let found: Vec<_> = encoded.fields.iter().collect();
        assert_eq!(found, expected);
        assert_eq!(encoded.skipped, ["maybe"]);
        assert_eq!(decode::<Sample>(&encoded.fields).unwrap(), sample());
    }

    #[test]
    fn anything_else_is_one_field() {
        for value in [vec![1, 2], vec![]] {
            let encoded = encode(&value).unwrap();
            assert_eq!(encoded.fields.len(), 1);
            assert_eq!(decode::<Vec<u64>>(&encoded.fields).unwrap(), value);
        }
        let map = HashMap::from([("@v".to_owned(), 1)]);
        let encoded = encode(&map).unwrap();
        assert_eq!(encoded.fields.get(WHOLE), Some(r#"{"@v":1}"#));
        assert_eq!(decode::<HashMap<String, i32>>(&encoded.fields).unwrap(), map);
        let encoded = encode(&Some(sample())).unwrap();
        assert!(encoded.fields.contains_key(WHOLE));
        assert_eq!(decode::<Option<Sample>>(&encoded.fields).unwrap(), Some(sample()));
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Wrapper(Inner);
        let wrapped = Wrapper(Inner { deep: vec![3] });
        let encoded = encode(&wrapped).unwrap();
        assert!(encoded.fields.contains_key("deep"));
        assert_eq!(decode::<Wrapper>(&encoded.fields).unwrap(), wrapped);
    }

    #[test]
    fn unknown_fields_are_ignored_and_missing_ones_named() {
        let mut fields = encode(&sample()).unwrap().fields;
        fields.insert("later", "{}");
        assert_eq!(decode::<Sample>(&fields).unwrap(), sample());
        fields.remove("text");
        let error = decode::<Sample>(&fields).unwrap_err();
        assert_eq!(error.to_string(), "field `text` is missing");
    }

    #[test]
    fn errors_never_quote_the_value() {
        let mut fields = encode(&sample()).unwrap().fields;
        fields.insert("n", "\"secret\"");
        let error = decode::<Sample>(&fields).unwrap_err().to_string();
        assert_eq!(error, "field `n` has another type (column 8)");
        fields.insert("n", "secret");
        let error = decode::<Sample>(&fields).unwrap_err().to_string();
        assert_eq!(error, "field `n` is not JSON (column 1)");
    }

    #[test]
    fn a_value_that_json_lacks_is_an_error() {
        let map = HashMap::from([((1, 2), 3)]);
        assert!(encode(&map).is_err());
    }

    #[test]
    fn order_and_spaces_do_not_make_a_change() {
        assert!(same(r#"{"a":1,"b":[1,2]}"#, r#"{"b": [1, 2], "a": 1}"#));
        assert!(!same(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(!same("x", "y"));
    }
}
