//! A parsed type, path or generic list to ours. Lifetimes are dropped.

use quote::ToTokens;
use ustr::Ustr;

use crate::facts::{Generic, Path, Segment, Ty};

/// Longest type text that is kept for reports, in characters.
const MAX_TEXT: usize = 120;

pub(super) fn ty(from: &syn::Type) -> Ty {
    match from {
        syn::Type::Path(path) => match &path.qself {
            Some(qself) => Ty::Projection(Box::new(ty(&qself.ty)), self::path(&path.path)),
            None => Ty::Path(self::path(&path.path)),
        },
        syn::Type::Reference(reference) => {
            Ty::Ref { inner: Box::new(ty(&reference.elem)), mutable: reference.mutability.is_some() }
        }
        syn::Type::Tuple(tuple) => Ty::Tuple(tuple.elems.iter().map(ty).collect()),
        syn::Type::Slice(slice) => Ty::Slice(Box::new(ty(&slice.elem))),
        syn::Type::Array(array) => Ty::Slice(Box::new(ty(&array.elem))),
        syn::Type::Paren(paren) => ty(&paren.elem),
        syn::Type::Group(group) => ty(&group.elem),
        syn::Type::TraitObject(object) => Ty::Dyn(bounds(&object.bounds)),
        syn::Type::ImplTrait(object) => Ty::Impl(bounds(&object.bounds)),
        syn::Type::FnPtr(pointer) => Ty::Fn(Box::new(output(&pointer.output))),
        _ => Ty::Unknown,
    }
}

pub(super) fn bounds<'a>(from: impl IntoIterator<Item = &'a syn::TypeParamBound>) -> Vec<Path> {
    from.into_iter()
        .filter_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => Some(path(&bound.path)),
            _ => None,
        })
        .collect()
}

pub(super) fn output(from: &syn::ReturnType) -> Ty {
    match from {
        syn::ReturnType::Default => Ty::Tuple(Vec::new()),
        syn::ReturnType::Type(_, inner) => ty(inner),
    }
}

pub(super) fn path(from: &syn::Path) -> Path {
    Path { segments: from.segments.iter().map(segment).collect() }
}

pub(super) fn name(ident: &proc_macro2::Ident) -> Ustr {
    let text = ident.to_string();
    Ustr::from(text.strip_prefix("r#").unwrap_or(&text))
}

fn segment(from: &syn::PathSegment) -> Segment {
    let mut args = Vec::new();
    let mut assoc = Vec::new();
    match &from.arguments {
        syn::PathArguments::None => {}
        syn::PathArguments::AngleBracketed(list) => generic_args(&list.args, &mut args, &mut assoc),
        syn::PathArguments::Parenthesized(list) => {
            args.extend(list.inputs.iter().map(|arg| ty(&arg.ty)));
            assoc.push((Ustr::from("Output"), output(&list.output)));
        }
    }
    Segment { name: name(&from.ident), args, assoc }
}

fn generic_args<'a>(
    from: impl IntoIterator<Item = &'a syn::GenericArgument>,
    args: &mut Vec<Ty>,
    assoc: &mut Vec<(Ustr, Ty)>,
) {
    for arg in from {
        match arg {
            syn::GenericArgument::Type(inner) => args.push(ty(inner)),
            syn::GenericArgument::AssocType(inner) => assoc.push((name(&inner.ident), ty(&inner.ty))),
            _ => {}
        }
    }
}

pub(super) fn turbofish(from: &Option<syn::AngleBracketedGenericArguments>) -> Vec<Ty> {
    let mut args = Vec::new();
    if let Some(list) = from {
        generic_args(&list.args, &mut args, &mut Vec::new());
    }
    args
}

pub(super) fn generics(from: &syn::Generics) -> Vec<Generic> {
    let mut list: Vec<Generic> = from
        .type_params()
        .map(|param| Generic { name: name(&param.ident), bounds: bounds(&param.bounds) })
        .collect();
    for predicate in from.where_clause.iter().flat_map(|clause| &clause.predicates) {
        if let syn::WherePredicate::Type(predicate) = predicate
            && let Ty::Path(subject) = ty(&predicate.bounded_ty)
            && let Some(subject) = subject.as_ident()
            && let Some(generic) = list.iter_mut().find(|generic| generic.name == subject)
        {
            generic.bounds.extend(bounds(&predicate.bounds));
        }
    }
    list
}

/// The type in the source's words, without the blanks that tokens would have.
pub(super) fn text(from: &syn::Type) -> String {
    let tokens = from.to_token_stream().to_string();
    let mut out = String::with_capacity(tokens.len());
    for part in tokens.split(' ') {
        let glued = out.is_empty()
            || matches!(part.as_bytes().first(), Some(b'<' | b'>' | b',' | b':' | b')' | b']' | b';'))
            || out.ends_with(['<', '&', '(', '[', ':', '\''])
            || part.starts_with('(') && !out.ends_with("->");
        if !glued {
            out.push(' ');
        }
        out.push_str(part);
    }
    let out = out.replace(",", ", ").replace(",  ", ", ");
    match out.char_indices().nth(MAX_TEXT) {
        Some((cut, _)) => format!("{}…", &out[..cut]),
        None => out,
    }
}
