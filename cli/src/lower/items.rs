//! Items: modules, imports, statics, types, functions, impls.
//!
//! Items under `#[cfg(test)]` are dropped here unless asked for, so that nothing
//! behind sees them. Items inside bodies are lifted to the enclosing module: their
//! names are visible a little too widely, which does no harm in practice.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;

use crate::facts::{
    Attr, Body, Field, Function, Impl, Item, ItemKind, Param, Receiver, Static, StaticKind, Trait, Ty,
    Variant,
};
use crate::span::Span;

use super::{bodies, macros, pats, plain, types};

/// Longest attribute text that is kept, in bytes.
const MAX_ATTR: usize = 400;

/// What is collected while one file is lowered.
pub(super) struct Lowering {
    tests: bool,
    /// Items found inside bodies, waiting for their module to take them.
    pub(super) lifted: Vec<Item>,
    /// The first expression that was nested too deep.
    pub(super) too_deep: Option<Span>,
}

impl Lowering {
    pub(super) fn new(tests: bool) -> Self {
        Lowering { tests, lifted: Vec::new(), too_deep: None }
    }

    pub(super) fn items(&mut self, from: &[syn::Item]) -> Vec<Item> {
        let outer = std::mem::take(&mut self.lifted);
        let mut out = Vec::new();
        for item in from {
            self.item(item, &mut out);
        }
        out.append(&mut self.lifted);
        self.lifted = outer;
        out
    }

    pub(super) fn item(&mut self, from: &syn::Item, out: &mut Vec<Item>) {
        match from {
            syn::Item::Mod(inner) if self.keep(&inner.attrs) => {
                let items = inner.content.as_ref().map(|(_, items)| self.items(items));
                let path = inner.attrs.iter().find_map(path_attr);
                out.push(item(&inner.ident, &inner.attrs, ItemKind::Module { items, path }));
            }
            syn::Item::Mod(inner) if inner.content.is_none() => {
                let path = inner.attrs.iter().find_map(path_attr);
                out.push(item(&inner.ident, &[], ItemKind::TestModule { path }));
            }
            syn::Item::Use(inner) if self.keep(&inner.attrs) => {
                use_tree(&inner.tree, &mut Vec::new(), plain(inner.span()), out);
            }
            syn::Item::ExternCrate(inner) => {
                let name = types::name(inner.rename.as_ref().map_or(&inner.ident, |(_, rename)| rename));
                let kind = ItemKind::Use { path: vec![types::name(&inner.ident)], glob: false };
                out.push(Item {
                    name,
                    span: plain(inner.ident.span()),
                    attrs: Vec::new(),
                    within: ustr::Ustr::default(),
                    kind,
                });
            }
            syn::Item::Static(inner) if self.keep(&inner.attrs) => {
                let mutable = matches!(inner.mutability, syn::StaticMutability::Mut(_));
                let held = self.held(StaticKind::Static { mutable }, &inner.ty, &inner.expr);
                out.push(item(&inner.ident, &inner.attrs, ItemKind::Static(held)));
            }
            syn::Item::Const(inner) if self.keep(&inner.attrs) => {
                let held = self.held(StaticKind::Const, &inner.ty, &inner.expr);
                out.push(item(&inner.ident, &inner.attrs, ItemKind::Static(held)));
            }
            syn::Item::Struct(inner) if self.keep(&inner.attrs) => {
                let kind = ItemKind::Struct {
                    generics: types::generics(&inner.generics),
                    fields: self.fields(&inner.fields),
                };
                out.push(item(&inner.ident, &inner.attrs, kind));
            }
            syn::Item::Enum(inner) if self.keep(&inner.attrs) => {
                let variant = |from: &syn::Variant| Variant {
                    name: types::name(&from.ident),
                    fields: self.fields(&from.fields),
                };
                let variants = inner.variants.iter().map(variant).collect();
                let kind = ItemKind::Enum { generics: types::generics(&inner.generics), variants };
                out.push(item(&inner.ident, &inner.attrs, kind));
            }
            syn::Item::Type(inner) if self.keep(&inner.attrs) => {
                let kind =
                    ItemKind::Alias { generics: types::generics(&inner.generics), ty: types::ty(&inner.ty) };
                out.push(item(&inner.ident, &inner.attrs, kind));
            }
            syn::Item::Fn(inner) if self.keep(&inner.attrs) => {
                let function = self.function(&inner.sig, Some(&inner.block));
                out.push(item(&inner.sig.ident, &inner.attrs, ItemKind::Fn(Box::new(function))));
            }
            syn::Item::Impl(inner) if self.keep(&inner.attrs) => self.implementation(inner, out),
            syn::Item::Trait(inner) if self.keep(&inner.attrs) => {
                let mut items = Vec::new();
                for member in &inner.items {
                    if let syn::TraitItem::Fn(member) = member {
                        let function = self.function(&member.sig, member.default.as_ref());
                        items.push(item(&member.sig.ident, &member.attrs, ItemKind::Fn(Box::new(function))));
                    }
                }
                let kind = Trait {
                    generics: types::generics(&inner.generics),
                    supertraits: types::bounds(&inner.supertraits),
                    items,
                };
                out.push(item(&inner.ident, &inner.attrs, ItemKind::Trait(Box::new(kind))));
            }
            syn::Item::Macro(inner) if self.keep(&inner.attrs) => self.item_macro(&inner.mac, out),
            _ => {}
        }
    }

    fn held(&mut self, kind: StaticKind, ty: &syn::Type, init: &syn::Expr) -> Static {
        Static { kind, ty: types::ty(ty), ty_text: types::text(ty), init: self.body_of(init) }
    }

    fn body_of(&mut self, expr: &syn::Expr) -> Option<Box<Body>> {
        Some(Box::new(bodies::expression(self, expr)))
    }

    pub(super) fn item_macro(&mut self, call: &syn::Macro, out: &mut Vec<Item>) {
        let name = call.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let kind = match name.as_str() {
            "lazy_static" => StaticKind::Lazy,
            "thread_local" => StaticKind::ThreadLocal,
            "macro_rules" | "task_local" => return,
            _ => {
                let inner = macros::items(call.tokens.clone());
                for inner in &inner {
                    self.item(inner, out);
                }
                return;
            }
        };
        for found in macros::statics(call.tokens.clone()) {
            if self.keep(&found.attrs) {
                let held = self.held(kind, &found.ty, &found.init);
                out.push(item(&found.name, &found.attrs, ItemKind::Static(held)));
            }
        }
    }

    fn implementation(&mut self, from: &syn::ItemImpl, out: &mut Vec<Item>) {
        let mut items = Vec::new();
        for member in &from.items {
            match member {
                syn::ImplItem::Fn(member) if self.keep(&member.attrs) => {
                    let function = self.function(&member.sig, Some(&member.block));
                    items.push(item(&member.sig.ident, &member.attrs, ItemKind::Fn(Box::new(function))));
                }
                syn::ImplItem::Type(member) => {
                    let kind = ItemKind::Alias { generics: Vec::new(), ty: types::ty(&member.ty) };
                    items.push(item(&member.ident, &member.attrs, kind));
                }
                syn::ImplItem::Const(member) => {
                    let held = self.held(StaticKind::Const, &member.ty, &member.expr);
                    items.push(item(&member.ident, &member.attrs, ItemKind::Static(held)));
                }
                _ => {}
            }
        }
        let kind = Impl {
            generics: types::generics(&from.generics),
            trait_path: from.trait_.as_ref().map(|(path, _)| types::path(path)),
            self_ty: types::ty(&from.self_ty),
            items,
        };
        out.push(Item {
            name: ustr::Ustr::from(""),
            span: plain(from.self_ty.span()),
            attrs: attrs(&from.attrs),
            within: ustr::Ustr::default(),
            kind: ItemKind::Impl(Box::new(kind)),
        });
    }

    fn function(&mut self, sig: &syn::Signature, block: Option<&syn::Block>) -> Function {
        let mut receiver = None;
        let mut params = Vec::new();
        for input in &sig.inputs {
            match input {
                syn::FnArg::Receiver(this) => receiver = Some(receiver_of(this)),
                syn::FnArg::Typed(typed) => {
                    params.push(Param { pat: pats::pat(&typed.pat), ty: types::ty(&typed.ty) });
                }
            }
        }
        let before = self.lifted.len();
        let body = block.map(|block| Box::new(bodies::block(self, block)));
        for item in &mut self.lifted[before..] {
            if item.within.is_empty() {
                item.within = types::name(&sig.ident);
            }
        }
        Function {
            generics: types::generics(&sig.generics),
            params,
            receiver,
            output: types::output(&sig.output),
            body,
        }
    }

    fn fields(&self, from: &syn::Fields) -> Vec<Field> {
        let field = |(index, field): (usize, &syn::Field)| Field {
            name: field.ident.as_ref().map_or_else(|| ustr::Ustr::from(&index.to_string()), types::name),
            ty: types::ty(&field.ty),
            ty_text: types::text(&field.ty),
            span: plain(field.ident.as_ref().map_or_else(|| field.ty.span(), |ident| ident.span())),
        };
        from.iter().enumerate().filter(|(_, field)| self.keep(&field.attrs)).map(field).collect()
    }

    /// False for what only exists in test builds.
    pub(super) fn keep(&self, attrs: &[syn::Attribute]) -> bool {
        self.tests || !attrs.iter().any(test_only)
    }
}

fn receiver_of(from: &syn::Receiver) -> Receiver {
    match &from.kind {
        syn::ReceiverKind::Reference(_, _, Some(_)) => Receiver::RefMut,
        syn::ReceiverKind::Reference(..) => Receiver::Ref,
        syn::ReceiverKind::Typed(_, ty) => match types::ty(ty) {
            Ty::Ref { mutable: true, .. } => Receiver::RefMut,
            Ty::Ref { .. } => Receiver::Ref,
            Ty::Path(path) => match path.last() {
                // `self: Pin<&mut Self>`, `self: Arc<Self>`
                Some(last) if matches!(last.args.first(), Some(Ty::Ref { mutable: true, .. })) => {
                    Receiver::RefMut
                }
                Some(last) if !last.args.is_empty() => Receiver::Ref,
                _ => Receiver::Value,
            },
            _ => Receiver::Value,
        },
        _ => Receiver::Value,
    }
}

fn item(name: &syn::Ident, from: &[syn::Attribute], kind: ItemKind) -> Item {
    Item {
        name: types::name(name),
        span: plain(name.span()),
        attrs: attrs(from),
        within: ustr::Ustr::default(),
        kind,
    }
}

pub(super) fn attrs(from: &[syn::Attribute]) -> Vec<Attr> {
    let kept = |attr: &&syn::Attribute| {
        !["doc", "allow", "expect", "warn", "deny", "inline", "must_use"]
            .iter()
            .any(|name| attr.path().is_ident(name))
    };
    from.iter().filter(kept).map(attr).collect()
}

fn attr(from: &syn::Attribute) -> Attr {
    let tokens = match &from.meta {
        syn::Meta::List(list) => list.tokens.clone(),
        syn::Meta::NameValue(pair) => pair.value.to_token_stream(),
        syn::Meta::Path(_) => TokenStream::new(),
    };
    let text = first_string(tokens.clone());
    let mut tokens = tokens.to_string();
    if tokens.len() > MAX_ATTR {
        let cut = (0..=MAX_ATTR).rev().find(|at| tokens.is_char_boundary(*at)).unwrap_or(0);
        tokens.truncate(cut);
    }
    Attr { path: types::path(from.path()), text, tokens }
}

fn first_string(tokens: TokenStream) -> Option<String> {
    tokens.into_iter().find_map(|tree| match tree {
        proc_macro2::TokenTree::Literal(literal) => match syn::Lit::new(literal) {
            syn::Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

fn path_attr(from: &syn::Attribute) -> Option<String> {
    match &from.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => {
            first_string(pair.value.to_token_stream())
        }
        _ => None,
    }
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, ..))]`; not `#[cfg(not(test))]`.
fn test_only(attr: &syn::Attribute) -> bool {
    if attr.path().segments.last().is_some_and(|last| last.ident == "test" || last.ident == "bench") {
        return true;
    }
    attr.path().is_ident("cfg")
        && matches!(&attr.meta, syn::Meta::List(list) if requires_test(list.tokens.clone()))
}

fn requires_test(tokens: TokenStream) -> bool {
    let trees: Vec<_> = tokens.into_iter().collect();
    match &trees[..] {
        [proc_macro2::TokenTree::Ident(word)] => word == "test",
        [proc_macro2::TokenTree::Ident(word), proc_macro2::TokenTree::Group(group), ..] if word == "all" => {
            let mut part = TokenStream::new();
            let mut found = false;
            for tree in group.stream() {
                if matches!(&tree, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ',') {
                    found |= requires_test(std::mem::take(&mut part));
                } else {
                    part.extend([tree]);
                }
            }
            found || requires_test(part)
        }
        _ => false,
    }
}

fn use_tree(tree: &syn::UseTree, prefix: &mut Vec<ustr::Ustr>, span: Span, out: &mut Vec<Item>) {
    let mut push = |name: ustr::Ustr, path: Vec<ustr::Ustr>, glob: bool| {
        out.push(Item {
            name,
            span,
            attrs: Vec::new(),
            within: ustr::Ustr::default(),
            kind: ItemKind::Use { path, glob },
        });
    };
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(types::name(&path.ident));
            use_tree(&path.tree, prefix, span, out);
            prefix.pop();
        }
        syn::UseTree::Name(last) => {
            let name = types::name(&last.ident);
            let (name, path) = named(name, None, prefix);
            push(name, path, false);
        }
        syn::UseTree::Rename(last) => {
            let (name, path) = named(types::name(&last.ident), Some(types::name(&last.rename)), prefix);
            push(name, path, false);
        }
        syn::UseTree::Glob(_) => push(ustr::Ustr::from("*"), prefix.clone(), true),
        syn::UseTree::Group(group) => {
            for inner in &group.items {
                use_tree(inner, prefix, span, out);
            }
        }
    }
}

/// `a::{self}` names `a` itself.
fn named(
    name: ustr::Ustr,
    rename: Option<ustr::Ustr>,
    prefix: &[ustr::Ustr],
) -> (ustr::Ustr, Vec<ustr::Ustr>) {
    let mut path = prefix.to_vec();
    if name != "self" || path.is_empty() {
        path.push(name);
    }
    let own = path.last().copied().unwrap_or(name);
    (rename.unwrap_or(own), path)
}
