//! Patterns.

use crate::facts::Pat;

use super::{plain, types};

pub(super) fn pat(from: &syn::Pat) -> Pat {
    match from {
        syn::Pat::Ident(ident) => Pat::Bind {
            name: types::name(&ident.ident),
            span: plain(ident.ident.span()),
            inner: ident.subpat.as_ref().map(|(_, inner)| Box::new(pat(inner))),
        },
        syn::Pat::Tuple(tuple) => Pat::Tuple(tuple.elems.iter().map(pat).collect()),
        syn::Pat::TupleStruct(tuple) => {
            Pat::TupleStruct(types::path(&tuple.path), tuple.elems.iter().map(pat).collect())
        }
        syn::Pat::Struct(record) => Pat::Struct(
            types::path(&record.path),
            record.fields.iter().map(|field| (member(&field.member), pat(&field.pat))).collect(),
        ),
        syn::Pat::Path(constant) => Pat::TupleStruct(types::path(&constant.path), Vec::new()),
        syn::Pat::Reference(reference) => Pat::Ref(Box::new(pat(&reference.pat))),
        syn::Pat::Paren(paren) => pat(&paren.pat),
        syn::Pat::Or(or) => Pat::Or(or.cases.iter().map(pat).collect()),
        syn::Pat::Guard(guard) => pat(&guard.pat),
        syn::Pat::Slice(slice) => Pat::Slice(slice.elems.iter().map(pat).collect()),
        syn::Pat::Type(typed) => Pat::Typed(Box::new(pat(&typed.pat)), types::ty(&typed.ty)),
        _ => Pat::Wild,
    }
}

pub(super) fn member(from: &syn::Member) -> ustr::Ustr {
    match from {
        syn::Member::Named(ident) => types::name(ident),
        syn::Member::Unnamed(index) => ustr::Ustr::from(&index.index.to_string()),
    }
}
