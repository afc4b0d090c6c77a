//! Reads the few of serde's attributes that decide how a field is stored.
//!
//! The stored form goes through serde's own implementations, so most attributes just work. Those
//! that would make the type something else than a struct of named fields are refused.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use crate::errors::Errors;
use crate::options::text;

/// What serde does with a field.
#[derive(Default)]
pub(crate) struct FieldRules {
    /// Its name in the stored form, if another.
    pub(crate) rename: Option<String>,
    /// Its value is written in a way of its own, so it cannot be written alone.
    pub(crate) custom: bool,
    /// It is not stored.
    pub(crate) skipped: bool,
}

fn metas(attrs: &[Attribute]) -> Vec<Meta> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("serde"))
        // What does not parse is serde's to complain about.
        .filter_map(|attr| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok())
        .flatten()
        .collect()
}

/// Refuses what changes the form of the whole type.
pub(crate) fn check_type(attrs: &[Attribute], errors: &mut Errors) {
    for meta in metas(attrs) {
        let Some(name) = meta.path().get_ident().map(ToString::to_string) else {
            continue;
        };
        match name.as_str() {
            "deny_unknown_fields" => errors.at(
                &meta,
                "an older binary must leave alone what a newer one added: drop `deny_unknown_fields`",
            ),
            "rename_all" | "rename_all_fields" => {
                errors.at(&meta, "stored names are the fields' own: use `rename` on single fields instead")
            }
            "transparent" | "tag" | "untagged" | "content" | "from" | "try_from" | "into" | "remote" => {
                errors.at(
                    &meta,
                    format_args!("with `{name}` the type is not stored field by field; put it into a field of another struct"),
                );
            }
            _ => {}
        }
    }
}

/// What serde does with this field.
pub(crate) fn field_rules(attrs: &[Attribute], errors: &mut Errors) -> FieldRules {
    let mut rules = FieldRules::default();
    for meta in metas(attrs) {
        let Some(name) = meta.path().get_ident().map(ToString::to_string) else {
            continue;
        };
        match name.as_str() {
            "rename" => match text(&meta, "\"name\"") {
                Ok(literal) => rules.rename = Some(literal.value()),
                Err(_) => errors.at(&meta, "a stored field has one name: write `rename = \"name\"`"),
            },
            "flatten" => {
                errors.at(&meta, "a flattened field is many stored fields: write them out, or drop `flatten`")
            }
            "with" | "serialize_with" | "deserialize_with" | "getter" => rules.custom = true,
            "skip" | "skip_serializing" | "skip_deserializing" => rules.skipped = true,
            _ => {}
        }
    }
    rules
}
