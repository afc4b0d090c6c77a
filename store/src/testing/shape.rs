//! Finds out what a type deserialises from, by offering it values and looking what it asks for.
//!
//! A type that refuses every sample (a text with a grammar of its own) is known by what it asked
//! for; the fields beside it are found all the same, since it is offered last the next time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// Texts that types with a grammar may take.
const SAMPLES: &[&str] = &[
    "",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "2000-01-01T00:00:00Z",
    "2000-01-01",
    "00:00:00",
    "127.0.0.1",
    "127.0.0.1:80",
    "http://a.example/",
    "a",
];

/// How often a type is offered something. More than its variants, samples and odd fields.
const ROUNDS: usize = 2000;

/// What stands where.
pub(super) fn of<T: DeserializeOwned>() -> BTreeMap<String, String> {
    let mut notes = Notes::default();
    for _ in 0..ROUNDS {
        notes.news = false;
        notes.stack.clear();
        let tracer = Tracer { notes: &mut notes, place: String::new() };
        let refused = T::deserialize(tracer).is_err();
        if refused {
            notes.learn();
        }
        if !notes.news {
            break;
        }
    }
    notes.shape
}

#[derive(Default)]
struct Notes {
    shape: BTreeMap<String, String>,
    /// Whether this round has found something that the next can use.
    news: bool,
    /// The variant to offer, by place.
    variants: BTreeMap<String, usize>,
    /// The sample to offer, by place.
    samples: BTreeMap<String, usize>,
    /// Places that refuse everything.
    odd: BTreeSet<String>,
    /// Containers that lead back to a type that they are in.
    closed: BTreeSet<String>,
    /// The place that was offered last.
    last: String,
    /// Names of the structs and enums around.
    stack: Vec<String>,
    /// The innermost optional place, list or map.
    container: Option<String>,
    again: bool,
}

impl Notes {
    fn note(&mut self, place: &str, kind: impl Into<String>) {
        let kind = kind.into();
        self.last = place.to_owned();
        if self.shape.get(place) != Some(&kind) {
            self.shape.insert(place.to_owned(), kind);
            self.news = true;
        }
    }

    /// After a refusal: another sample, or the place goes to the end of its struct.
    fn learn(&mut self) {
        if std::mem::take(&mut self.again) {
            return;
        }
        let place = self.last.clone();
        let is_text = self.shape.get(&place).is_some_and(|kind| kind == "string");
        let sample = self.samples.entry(place.clone()).or_default();
        if is_text && *sample + 1 < SAMPLES.len() {
            *sample += 1;
            self.news = true;
            return;
        }
        // All places around it come last as well.
        let mut around = place.as_str();
        loop {
            self.news |= self.odd.insert(around.to_owned());
            match around.rfind(['.', '[', '?', '{', '<']) {
                Some(end) => around = &around[..end],
                None => return,
            }
        }
    }

    fn enter(&mut self, place: &str, name: &str) -> Result<(), Refused> {
        if self.stack.iter().any(|outer| outer == name) {
            self.note(place, format!("{name} again"));
            if let Some(container) = self.container.clone() {
                self.news |= self.closed.insert(container);
            }
            self.again = true;
            return Err(Refused);
        }
        self.stack.push(name.to_owned());
        Ok(())
    }
}

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Tracer<'a> {
    notes: &'a mut Notes,
    place: String,
}

impl Tracer<'_> {
    fn inside(&mut self, suffix: &str) -> Tracer<'_> {
        Tracer { place: format!("{}{suffix}", self.place), notes: self.notes }
    }
}

macro_rules! leaf {
    ($($method:ident $kind:literal $visit:ident($($value:expr)?);)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.notes.note(&self.place, $kind);
            visitor.$visit($($value)?)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Tracer<'_> {
    type Error = Refused;

    leaf! {
        deserialize_bool "bool" visit_bool(false);
        deserialize_i8 "i8" visit_i8(0);
        deserialize_i16 "i16" visit_i16(0);
        deserialize_i32 "i32" visit_i32(0);
        deserialize_i64 "i64" visit_i64(0);
        deserialize_i128 "i128" visit_i128(0);
        deserialize_u8 "u8" visit_u8(1);
        deserialize_u16 "u16" visit_u16(1);
        deserialize_u32 "u32" visit_u32(1);
        deserialize_u64 "u64" visit_u64(1);
        deserialize_u128 "u128" visit_u128(1);
        deserialize_f32 "f32" visit_f32(0.0);
        deserialize_f64 "f64" visit_f64(0.0);
        deserialize_char "char" visit_char('a');
        deserialize_bytes "bytes" visit_bytes(&[]);
        deserialize_byte_buf "bytes" visit_byte_buf(Vec::new());
        deserialize_unit "unit" visit_unit();
        deserialize_any "anything" visit_unit();
        deserialize_ignored_any "anything" visit_unit();
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.notes.note(&self.place, "string");
        let sample = self.notes.samples.get(&self.place).copied().unwrap_or(0);
        visitor.visit_str(SAMPLES[sample])
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.notes.note(&self.place, "option");
        if self.notes.closed.contains(&self.place) {
            return visitor.visit_none();
        }
        let outer = self.notes.container.replace(self.place.clone());
        let result = visitor.visit_some(self.inside("?"));
        self.notes.container = outer;
        result
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        // JSON does not show it either.
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.notes.note(&self.place, "list");
        let left = usize::from(!self.notes.closed.contains(&self.place));
        let outer = self.notes.container.replace(self.place.clone());
        let tracer = Tracer { notes: &mut *self.notes, place: self.place };
        let result = visitor.visit_seq(Elements { tracer, left, numbered: None });
        self.notes.container = outer;
        result
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.notes.note(&self.place, format!("tuple of {len}"));
        visitor.visit_seq(Elements { tracer: self, left: len, numbered: Some(0) })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.notes.note(&self.place, "map");
        let left = usize::from(!self.notes.closed.contains(&self.place));
        let outer = self.notes.container.replace(self.place.clone());
        let tracer = Tracer { notes: &mut *self.notes, place: self.place };
        let result = visitor.visit_map(Entries { tracer, left });
        self.notes.container = outer;
        result
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.notes.enter(&self.place, name)?;
        let path = |field: &str| match self.place.as_str() {
            "" => field.to_owned(),
            place => format!("{place}.{field}"),
        };
        if fields.is_empty() {
            self.notes.note(&self.place, "empty struct");
        }
        let (odd, plain): (Vec<&str>, Vec<&str>) =
            fields.iter().copied().partition(|field| self.notes.odd.contains(&path(field)));
        let tracer = Tracer { notes: &mut *self.notes, place: self.place };
        let result = visitor.visit_map(Named {
            tracer,
            rest: plain.into_iter().chain(odd).collect::<Vec<_>>().into_iter(),
            current: "",
        });
        self.notes.stack.pop();
        result
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.notes.note(&self.place, format!("one of {}", variants.join(" | ")));
        let turn = self.notes.variants.entry(self.place.clone()).or_default();
        let variant = variants.get(*turn).or(variants.first()).copied().ok_or(Refused)?;
        if *turn < variants.len() {
            *turn += 1;
            // Even the last one: what was found stays, and a first one ends the round well.
            self.notes.news = true;
        }
        self.notes.enter(&self.place, name)?;
        let tracer = Tracer { notes: &mut *self.notes, place: self.place };
        let result = visitor.visit_enum(Variant { tracer, variant });
        self.notes.stack.pop();
        result
    }
}

struct Elements<'a> {
    tracer: Tracer<'a>,
    left: usize,
    /// The number of the next element of a tuple; a list's elements are all alike.
    numbered: Option<usize>,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let suffix = match &mut self.numbered {
            None => "[]".to_owned(),
            Some(number) => {
                *number += 1;
                format!("[{}]", *number - 1)
            }
        };
        seed.deserialize(self.tracer.inside(&suffix)).map(Some)
    }
}

struct Entries<'a> {
    tracer: Tracer<'a>,
    left: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Refused;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.tracer.inside("{key}")).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refused> {
        seed.deserialize(self.tracer.inside("{}"))
    }
}

struct Named<'a> {
    tracer: Tracer<'a>,
    rest: std::vec::IntoIter<&'static str>,
    current: &'static str,
}

impl<'de> MapAccess<'de> for Named<'_> {
    type Error = Refused;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        let Some(field) = self.rest.next() else {
            return Ok(None);
        };
        self.current = field;
        seed.deserialize(field.into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refused> {
        let suffix = match self.tracer.place.is_empty() {
            true => self.current.to_owned(),
            false => format!(".{}", self.current),
        };
        seed.deserialize(self.tracer.inside(&suffix))
    }
}

struct Variant<'a> {
    tracer: Tracer<'a>,
    variant: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Refused;
    type Variant = Tracer<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Tracer<'a>), Refused> {
        let name = seed.deserialize(self.variant.into_deserializer())?;
        let content =
            Tracer { place: format!("{}<{}>", self.tracer.place, self.variant), notes: self.tracer.notes };
        Ok((name, content))
    }
}

impl<'de> VariantAccess<'de> for Tracer<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Refused> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        de::Deserializer::deserialize_tuple(self, len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let name: &'static str = "variant";
        // Not a name of its own: it cannot be entered again but through its enum.
        self.notes.stack.retain(|outer| outer != name);
        de::Deserializer::deserialize_struct(self, name, fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::IpAddr;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Sample {
        text: String,
        grammar: Grammar,
        address: IpAddr,
        pair: (u8, i64),
        map: HashMap<u64, Vec<Inner>>,
        kind: Kind,
        tree: Tree,
        last: bool,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        deep: Option<f32>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Kind {
        Plain,
        Wrapped(Inner),
        Pair(u8, String),
        Named { x: i32 },
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Tree {
        children: Vec<Tree>,
        label: String,
    }

    /// Takes no sample at all.
    struct Grammar;

    impl<'de> Deserialize<'de> for Grammar {
        fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            String::deserialize(from)?;
            Err(de::Error::custom("no"))
        }
    }

    #[test]
    fn every_place_is_found() {
        let shape = of::<Sample>();
        let expected = [
            ("address", "string"),
            ("grammar", "string"),
            ("kind", "one of Plain | Wrapped | Pair | Named"),
            ("kind<Named>.x", "i32"),
            ("kind<Pair>", "tuple of 2"),
            ("kind<Pair>[0]", "u8"),
            ("kind<Pair>[1]", "string"),
            ("kind<Wrapped>.deep", "option"),
            ("kind<Wrapped>.deep?", "f32"),
            ("last", "bool"),
            ("map", "map"),
            ("map{key}", "u64"),
            ("map{}", "list"),
            ("map{}[].deep", "option"),
            ("map{}[].deep?", "f32"),
            ("pair", "tuple of 2"),
            ("pair[0]", "u8"),
            ("pair[1]", "i64"),
            ("text", "string"),
            ("tree.children", "list"),
            ("tree.children[]", "Tree again"),
            ("tree.label", "string"),
        ];
        let found: Vec<(&str, &str)> = shape.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_struct_has_one_place() {
        let expected = BTreeMap::from([(String::new(), "u32".to_owned())]);
        assert_eq!(of::<u32>(), expected);
    }
}
