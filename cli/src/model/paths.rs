//! What a path in an expression leads to: a variable, a static, a function, a variant.

use std::sync::Arc;

use super::eval::Frame;
use super::summary::{Callable, Root, Val};
use super::tree::{Def, ItemId};
use super::types::{T, names_of, shared};
use crate::facts::{ExprKind, ItemKind, Path, Segment, StaticKind, Sym, Ty};

impl Frame<'_, '_> {
    pub(super) fn path(&mut self, path: &Path) -> Val {
        if let Some(name) = path.as_ident()
            && let Some(val) = self.vars.get(name)
        {
            return val.clone();
        }
        let Some(module) = self.scope.module else {
            return Val::default();
        };
        let names = names_of(path);
        if let Some((last, owner)) = path.segments.split_last()
            && !owner.is_empty()
        {
            let head = self.owner_type(owner);
            if let Some(item) = head.as_ref().and_then(|head| self.associated(head, last.name)) {
                return self.item_value(item);
            }
        }
        for def in self.names().resolve(module, &names) {
            match def {
                Def::Item(item) => return self.item_value(item),
                Def::Variant(adt, variant) => {
                    let ty = T::Adt(adt, shared(Vec::new()));
                    return Val { ty, variant: Some(variant), ..Val::default() };
                }
                Def::Ext(_) => {
                    return Val { callable: Some(Callable::Foreign), ..Val::default() };
                }
                Def::Mod(_) => {}
            }
        }
        Val::default()
    }

    /// The type that a path's head names, when it names one.
    pub(super) fn owner_type(&self, owner: &[Segment]) -> Option<T> {
        match self.names().segments_ty(owner, &self.scope) {
            T::Unknown => None,
            ty => Some(ty),
        }
    }

    pub(super) fn qualified(&mut self, ty: &Ty, path: &Path) -> Val {
        let owner = self.ty(ty);
        let name = path.last().map(|last| last.name).unwrap_or_default();
        match self.associated(&owner, name) {
            Some(item) => self.item_value(item),
            None => Val::default(),
        }
    }

    /// `Type::name`: a method or associated function of the analysed code.
    pub(super) fn associated(&self, owner: &T, name: Sym) -> Option<ItemId> {
        match owner.value() {
            T::Adt(adt, _) => self.ev.index.methods_of(*adt, name).first().copied(),
            T::Bound(defs) => defs.iter().find_map(|def| match def {
                Def::Item(of) => {
                    let list = self.ev.index.implementations(*of, name);
                    list.first().copied()
                }
                _ => None,
            }),
            T::Ext(path, _) => self.ev.index.extension(path.as_str(), name),
            _ => None,
        }
    }

    /// The same for a call: behind a trait it can land on any of several.
    pub(super) fn all_associated(&self, owner: &T, name: Sym) -> Vec<ItemId> {
        match owner.value() {
            T::Bound(_) => self.methods_on(owner.value(), name),
            _ => self.associated(owner, name).into_iter().collect(),
        }
    }

    pub(super) fn item_value(&mut self, item: ItemId) -> Val {
        let declared = self.names().tree.item(item);
        match &declared.item.kind {
            ItemKind::Static(held) => {
                let scope = self.ev.index.scope(self.names(), item);
                let mut ty = self.names().ty(&held.ty, &scope);
                match held.kind {
                    StaticKind::Lazy => ty = T::ext("LazyStatic", vec![ty]),
                    StaticKind::ThreadLocal => ty = T::ext("LocalKey", vec![ty]),
                    _ => {}
                }
                let constant = held.kind == StaticKind::Const;
                let own = [Root::Static(item)];
                // `const ADMIN: &str = "/admin";` is as good as the text.
                let literal = match declared.body().filter(|_| constant) {
                    Some(body) => match body.root.map(|root| body.kind(root)) {
                        Some(ExprKind::Str(text)) => Some(Arc::from(text.as_str())),
                        _ => None,
                    },
                    None => None,
                };
                Val { literal, ..Val::of(ty).with_roots(if constant { &[] } else { &own }) }
            }
            ItemKind::Fn(_) => Val { callable: Some(Callable::Item(item)), ..Val::default() },
            ItemKind::Struct { fields, .. } => {
                if fields.is_empty() {
                    self.out.constructs.push((item, None, declared.place().span, self.region));
                }
                Val {
                    ty: T::Adt(item, shared(Vec::new())),
                    callable: Some(Callable::Item(item)),
                    fresh: true,
                    ..Val::default()
                }
            }
            _ => Val::default(),
        }
    }
}
