//! Serialises a struct into one JSON text a field, without an intermediate tree.
//!
//! Refuses whatever is not a struct; the caller then stores it whole.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible};

use super::fields::Span;
use super::{CodecError, Encoded, Fields, inexpressible};

pub(super) fn split<T: Serialize + ?Sized>(value: &T) -> Result<Encoded, Refused> {
    value.serialize(Splitter)
}

#[derive(Debug)]
pub(super) enum Refused {
    NotAStruct,
    Field(CodecError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAStruct => f.write_str("not a struct"),
            Self::Field(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        // A type's own message may quote its value.
        Self::Field(CodecError("its `Serialize` refused".to_owned()))
    }
}

struct Splitter;

/// The fields so far, one after the other.
struct Splitting {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    skipped: Vec<&'static str>,
}

impl ser::SerializeStruct for Splitting {
    type Ok = Encoded;
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        if key.starts_with('@') || key == super::WHOLE {
            let reason = format!("the field name `{key}` is reserved; names must not begin with @");
            return Err(Refused::Field(CodecError(reason)));
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key.as_bytes());
        let middle = self.bytes.len();
        serde_json::to_writer(&mut self.bytes, value).map_err(|_| Refused::Field(inexpressible(key)))?;
        self.spans.push(Span { name: (start, middle), text: (middle, self.bytes.len()) });
        Ok(())
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), Refused> {
        self.skipped.push(key);
        Ok(())
    }

    fn end(self) -> Result<Encoded, Refused> {
        let buffer = String::from_utf8(self.bytes)
            .map_err(|_| Refused::Field(CodecError("its `Serialize` wrote what is no text".to_owned())))?;
        Ok(Encoded { fields: Fields::over(buffer, self.spans), skipped: self.skipped })
    }
}

/// Methods for everything that is no struct.
macro_rules! refuse {
    ($($method:ident($($type:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self $(, _: $type)*) -> Result<$ok, Refused> {
            Err(Refused::NotAStruct)
        })*
    };
}

impl ser::Serializer for Splitter {
    type Ok = Encoded;
    type Error = Refused;
    type SerializeSeq = Impossible<Encoded, Refused>;
    type SerializeTuple = Impossible<Encoded, Refused>;
    type SerializeTupleStruct = Impossible<Encoded, Refused>;
    type SerializeTupleVariant = Impossible<Encoded, Refused>;
    type SerializeMap = Impossible<Encoded, Refused>;
    type SerializeStruct = Splitting;
    type SerializeStructVariant = Impossible<Encoded, Refused>;

    fn serialize_struct(self, _: &'static str, fields: usize) -> Result<Splitting, Refused> {
        let (bytes, spans) = (Vec::with_capacity(32 * fields), Vec::with_capacity(fields));
        Ok(Splitting { bytes, spans, skipped: Vec::new() })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Encoded, Refused> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Encoded, Refused> {
        Err(Refused::NotAStruct)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Encoded, Refused> {
        Err(Refused::NotAStruct)
    }

    refuse! {
        serialize_bool(bool) -> Encoded;
        serialize_i8(i8) -> Encoded;
        serialize_i16(i16) -> Encoded;
        serialize_i32(i32) -> Encoded;
        serialize_i64(i64) -> Encoded;
        serialize_i128(i128) -> Encoded;
        serialize_u8(u8) -> Encoded;
        serialize_u16(u16) -> Encoded;
        serialize_u32(u32) -> Encoded;
        serialize_u64(u64) -> Encoded;
        serialize_u128(u128) -> Encoded;
        serialize_f32(f32) -> Encoded;
        serialize_f64(f64) -> Encoded;
        serialize_char(char) -> Encoded;
        serialize_str(&str) -> Encoded;
        serialize_bytes(&[u8]) -> Encoded;
        serialize_none() -> Encoded;
        serialize_unit() -> Encoded;
        serialize_unit_struct(&'static str) -> Encoded;
        serialize_unit_variant(&'static str, u32, &'static str) -> Encoded;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize)
            -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize)
            -> Self::SerializeStructVariant;
    }
}
