//! Deserialises a struct from one JSON text a field.

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, Visitor, value};
use serde::forward_to_deserialize_any;

use super::{CodecError, Fields};

pub(super) fn join<T: DeserializeOwned>(fields: &Fields) -> Result<T, CodecError> {
    T::deserialize(Joiner(fields))
}

impl de::Error for CodecError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        // The message may quote a value.
        Self("its fields do not make up this type".to_owned())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("field `{field}` is missing"))
    }
}

struct Joiner<'de>(&'de Fields);

impl<'de> de::Deserializer<'de> for Joiner<'de> {
    type Error = CodecError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_map(Walk { rest: self.0.iter(), current: None })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Walk<'de, I> {
    rest: I,
    current: Option<(&'de str, &'de str)>,
}

impl<'de, I: Iterator<Item = (&'de str, &'de str)>> MapAccess<'de> for Walk<'de, I> {
    type Error = CodecError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, CodecError> {
        self.current = self.rest.next();
        match self.current {
            Some((name, _)) => seed.deserialize(value::StrDeserializer::<CodecError>::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, CodecError> {
        let Some((name, text)) = self.current else {
            return Err(CodecError("a value without a name".to_owned()));
        };
        let mut json = serde_json::Deserializer::from_str(text);
        seed.deserialize(&mut json)
            .and_then(|value| json.end().map(|()| value))
            .map_err(|error| CodecError::in_field(name, &error))
    }
}
