//! Reads and checks a struct that derives `Externalize`.

use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, Meta, Type, Visibility};

use crate::errors::Errors;
use crate::options::{self, Options};
use crate::{serde_attr, suggest};

/// A struct, checked.
pub(super) struct Record {
    pub(super) ident: Ident,
    pub(super) vis: Visibility,
    pub(super) accessor: Ident,
    pub(super) options: Options,
    pub(super) fields: Vec<StoredField>,
    /// The fields of the key, in the template's order.
    pub(super) keys: Vec<usize>,
}

pub(super) struct StoredField {
    pub(super) ident: Ident,
    pub(super) vis: Visibility,
    pub(super) ty: Type,
    /// Its name in the store.
    pub(super) stored: String,
    pub(super) kind: Kind,
    pub(super) index: bool,
    /// Whether it can be written alone.
    pub(super) settable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Key,
    Counter,
}

const FIELD_OPTIONS: &[&str] = &["key", "index", "counter"];

/// Methods of the accessor, which a counter's method must not hide.
const TAKEN: &[&str] = &[
    "add",
    "clone",
    "delete",
    "delete_loaded",
    "exists",
    "expire_in",
    "expires_in",
    "insert",
    "load",
    "load_or_default",
    "put",
    "save",
    "set_field",
    "take",
    "try_update",
    "update",
    "update_or_default",
];

pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Record> {
    let metas = arguments(&input.attrs, errors);
    let options = options::read(metas, options::OF_TYPES, errors);
    serde_attr::check_type(&input.attrs, errors);
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a stored type has no generics: its layout has to be one layout");
    }
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields,
            _ => {
                errors.at(&input.ident, "only a struct with named fields can be externalised");
                return None;
            }
        },
        _ => {
            errors.at(
                &input.ident,
                "only a struct with named fields can be externalised; put the enum into a field of one",
            );
            return None;
        }
    };
    let fields: Vec<StoredField> =
        fields.named.iter().filter_map(|field| read_field(field, errors)).collect();
    for (i, field) in fields.iter().enumerate() {
        if fields[..i].iter().any(|other| other.stored == field.stored) {
            errors.at(&field.ident, format_args!("a second field stored as `{}`", field.stored));
        }
    }
    let keys = match &options.key {
        Some(template) => keys(template, &fields, errors),
        None => {
            if !has_key_option(&input.attrs) {
                errors.at(&input.ident, "say where it is stored: `#[externalize(key = \"cart:{user}\")]`");
            }
            Vec::new()
        }
    };
    let accessor = options
        .accessor
        .clone()
        .unwrap_or_else(|| Ident::new(&format!("{}At", input.ident), input.ident.span()));
    Some(Record { ident: input.ident.clone(), vis: input.vis.clone(), accessor, options, fields, keys })
}

/// Whether a key was given at all, readable or not.
fn has_key_option(attrs: &[Attribute]) -> bool {
    let mut ignored = Errors::default();
    let metas = arguments(attrs, &mut ignored);
    !ignored.is_empty() || metas.iter().any(|meta| meta.path().is_ident("key"))
}

/// What stands in the parentheses of all `#[externalize(..)]`.
fn arguments(attrs: &[Attribute], errors: &mut Errors) -> Vec<Meta> {
    let mut all = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("externalize")) {
        match &attr.meta {
            Meta::List(list) => all.extend(options::metas(list.tokens.clone(), errors)),
            _ => errors.at(attr, "write `#[externalize(..)]`"),
        }
    }
    all
}

fn read_field(field: &Field, errors: &mut Errors) -> Option<StoredField> {
    let ident = field.ident.clone()?;
    let rules = serde_attr::field_rules(&field.attrs, errors);
    let (mut key, mut index, mut counter) = (false, false, false);
    for meta in arguments(&field.attrs, errors) {
        let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
        let flag = match name.as_str() {
            "key" => &mut key,
            "index" => &mut index,
            "counter" => &mut counter,
            _ => {
                let shown = quote::ToTokens::to_token_stream(meta.path()).to_string();
                errors.at(&meta, suggest::unknown("option of a field", &shown, FIELD_OPTIONS));
                continue;
            }
        };
        if !matches!(meta, Meta::Path(_)) {
            errors.at(&meta, format_args!("`{name}` stands alone"));
        }
        if *flag {
            errors.at(&meta, format_args!("`{name}` is given twice"));
        }
        *flag = true;
    }
    if counter && key {
        errors.at(&ident, "a counter changes, a key does not: choose one");
    }
    if counter && index {
        errors.at(&ident, "a counter changes without its record being listed anew: it cannot be an index");
    }
    if counter && rules.custom {
        errors.at(&ident, "a counter is stored as a plain number: drop `with`");
    }
    if rules.skipped {
        if key || index || counter {
            errors.at(&ident, "serde skips this field, so it is not stored");
        }
        return None;
    }
    let name = ident.to_string();
    let name = name.strip_prefix("r#").unwrap_or(&name);
    if counter && TAKEN.contains(&name) {
        errors.at(
            &ident,
            format_args!(
                "the accessor has a method `{name}` already: rename the field \
                 (`#[serde(rename = \"{name}\")]` keeps its stored name)"
            ),
        );
    }
    let stored = rules.rename.unwrap_or_else(|| name.to_owned());
    if stored.starts_with(['@', '#', '=']) || stored.is_empty() {
        errors.at(&ident, "stored names must not begin with @, # or =");
    }
    let kind = match (key, counter) {
        (true, _) => Kind::Key,
        (_, true) => Kind::Counter,
        _ => Kind::Plain,
    };
    Some(StoredField {
        vis: field.vis.clone(),
        ty: field.ty.clone(),
        stored,
        kind,
        index,
        settable: !rules.custom && name != "field",
        ident,
    })
}

/// Brings the template's placeholders and the key fields together.
fn keys(template: &crate::template::Template, fields: &[StoredField], errors: &mut Errors) -> Vec<usize> {
    let name_of = |field: &StoredField| {
        let name = field.ident.to_string();
        name.strip_prefix("r#").unwrap_or(&name).to_owned()
    };
    let names: Vec<String> = fields.iter().map(name_of).collect();
    let mut keys = Vec::new();
    for placeholder in &template.placeholders {
        match names.iter().position(|name| name == placeholder) {
            Some(at) if fields[at].kind == Kind::Key => keys.push(at),
            Some(at) => errors.at(
                &fields[at].ident,
                format_args!("the key contains this field: mark it with `#[externalize(key)]`"),
            ),
            None => {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                errors.at(&template.literal, suggest::unknown("field", placeholder, &known));
            }
        }
    }
    for (at, field) in fields.iter().enumerate() {
        if field.kind == Kind::Key && !keys.contains(&at) && !template.placeholders.contains(&names[at]) {
            errors.at(
                &field.ident,
                format_args!("the key does not contain this field: put `{{{}}}` into `key`", names[at]),
            );
        }
    }
    keys
}
