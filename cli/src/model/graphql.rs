//! GraphQL: one endpoint, many operations. A resolver is named by what clients write:
//! `query books`, `mutation createBook`, and `field Book.author` below the roots.
//!
//! Which type is the root of what is told by the call that makes the schema, else by its name.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::index::Index;
use super::names::Names;
use super::summary::Summary;
use super::tree::ItemId;
use super::types::{T, last_part};
use crate::facts::{Attr, ItemKind, Sym};

/// Types below a root that is put together of others, so deep.
const MAX_MERGED: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Roots {
    kinds: FxHashMap<ItemId, &'static str>,
}

impl Roots {
    pub(super) fn new(names: &Names, index: &Index, summaries: &[(ItemId, Arc<Summary>)]) -> Self {
        let mut roots = Roots::default();
        for (adt, at) in summaries.iter().flat_map(|(_, summary)| &summary.schemas) {
            if let Some(kind) = ["query", "mutation", "subscription"].get(usize::from(*at)) {
                roots.add(names, index, *adt, kind, MAX_MERGED);
            }
        }
        roots
    }

    /// A root, and those that it merges: `struct Query(Users, Books);`
    fn add(&mut self, names: &Names, index: &Index, adt: ItemId, kind: &'static str, hops: usize) {
        if self.kinds.contains_key(&adt) || hops == 0 {
            return;
        }
        self.kinds.insert(adt, kind);
        let ItemKind::Struct { fields, .. } = &names.tree.item(adt).item.kind else { return };
        for at in 0..fields.len() {
            if let T::Adt(inner, _) = Index::field_type(names, adt, at, &[])
                && index.impls_for(inner).any(|info| resolves(&names.tree.item(info.id).item.attrs).is_some())
            {
                self.add(names, index, inner, kind, hops - 1);
            }
        }
    }

    /// The operation that a method of an impl with one of the libraries' attributes is.
    pub(super) fn operation(&self, names: &Names, index: &Index, method: ItemId) -> Option<String> {
        let declared = names.tree.item(method);
        let parent = declared.parent?;
        let kind = resolves(&names.tree.item(parent).item.attrs)?;
        let T::Adt(adt, _) = index.impl_of(parent)?.self_ty.value() else { return None };
        let of = names.tree.item(*adt).item.name;
        let field = renamed(&declared.item.attrs).unwrap_or_else(|| camel(declared.item.name));
        let root = self.kinds.get(adt).copied().or_else(|| {
            let named = |word: &str| of.as_str().contains(word);
            match kind {
                Kind::Subscription => Some("subscription"),
                Kind::Fields => None,
                Kind::Object if named("Mutation") => Some("mutation"),
                Kind::Object if named("Query") => Some("query"),
                Kind::Object => None,
            }
        });
        Some(match root {
            Some(root) => format!("{root} {field}"),
            None => format!("field {of}.{field}"),
        })
    }
}

/// The position in the call that makes a schema is what the type is the root of.
pub(super) fn makes_schema(path: &str) -> bool {
    let Some((owner, name)) = path.rsplit_once("::") else { return false };
    match last_part(owner) {
        "Schema" => matches!(name, "build" | "new" | "build_with_ignore_name_conflicts"),
        "RootNode" => name.starts_with("new"),
        _ => false,
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Object,
    Subscription,
    /// More fields of an object.
    Fields,
}

fn resolves(attrs: &[Attr]) -> Option<Kind> {
    attrs.iter().find_map(|attr| {
        let first = attr.path.segments.first()?;
        Some(match attr.path.last()?.name.as_str() {
            "Object" | "graphql_object" => Kind::Object,
            "object" if first.name == "juniper" => Kind::Object,
            "Subscription" | "graphql_subscription" => Kind::Subscription,
            "subscription" if first.name == "juniper" => Kind::Subscription,
            "ComplexObject" => Kind::Fields,
            _ => return None,
        })
    })
}

/// `#[graphql(name = "books")]`
fn renamed(attrs: &[Attr]) -> Option<String> {
    let attr = attrs.iter().find(|attr| attr.path.last().is_some_and(|last| last.name == "graphql"))?;
    let (before, rest) = attr.tokens.split_once("name = \"")?;
    let whole = before.is_empty() || before.ends_with([' ', '(']);
    whole.then(|| rest.split('"').next().unwrap_or_default().to_string())
}

/// `create_book` to `createBook`.
fn camel(name: Sym) -> String {
    let mut out = String::new();
    for (at, word) in name.as_str().split('_').filter(|word| !word.is_empty()).enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if at > 0 => out.extend(first.to_uppercase()),
            first => out.extend(first),
        }
        out.push_str(letters.as_str());
    }
    out
}
