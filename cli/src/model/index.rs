//! Methods by receiver type, impls by trait: what a call can land on.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::names::Names;
use super::tree::{Def, ItemId};
use super::types::{Scope, T, bind, last_part, names_of};
use crate::facts::{Impl, ItemKind, Sym, Ty};

/// What a type needs to be stored.
pub(crate) const SERDE: [&str; 2] = ["Serialize", "Deserialize"];

#[derive(Debug, Clone)]
pub(crate) struct ImplInfo {
    pub(crate) id: ItemId,
    pub(crate) self_ty: T,
    /// The trait, where this is a trait impl.
    pub(crate) of: Option<Def>,
    /// The trait's type arguments: `Connect` in `Handler<Connect>`.
    pub(crate) of_args: Vec<T>,
    pub(crate) assoc: Vec<(Sym, T)>,
}

#[derive(Default)]
pub(crate) struct Index {
    pub(crate) impls: Vec<ImplInfo>,
    /// Position in `impls` by the impl's item.
    by_item: FxHashMap<ItemId, usize>,
    methods: FxHashMap<(ItemId, Sym), Vec<ItemId>>,
    /// Inherent and trait methods by name alone.
    by_name: FxHashMap<Sym, Vec<ItemId>>,
    trait_impls: FxHashMap<ItemId, Vec<usize>>,
    by_adt: FxHashMap<ItemId, Vec<usize>>,
    /// Methods of impls on foreign types (extension traits).
    foreign: FxHashMap<(Sym, Sym), Vec<ItemId>>,
    /// Methods of blanket impls (`impl<T> Ext for T`).
    blanket: FxHashMap<Sym, Vec<ItemId>>,
    /// Functions by the impl or trait they stand in.
    members: FxHashMap<(ItemId, Sym), ItemId>,
    deref: FxHashMap<ItemId, T>,
    /// Types of ours with a trait of serde's that is implemented by hand.
    serde: FxHashSet<(ItemId, &'static str)>,
    /// Structs of ours that a lock in some field holds.
    locked: OnceCell<FxHashSet<ItemId>>,
    /// The names in reach of functions that were asked about.
    scopes: RefCell<FxHashMap<ItemId, Rc<Scope>>>,
}

impl Index {
    pub(crate) fn build(names: &Names) -> Self {
        let mut index = Index::default();
        let ids: Vec<ItemId> = names.tree.ids().collect();
        for &id in &ids {
            match &names.tree.item(id).item.kind {
                ItemKind::Impl(inner) => index.add_impl(names, id, inner),
                ItemKind::Fn(_) => {
                    let declared = names.tree.item(id);
                    if let Some(parent) = declared.parent {
                        index.members.insert((parent, declared.item.name), id);
                    }
                }
                _ => {}
            }
        }
        for &id in &ids {
            let declared = names.tree.item(id);
            let Some(parent) = declared.parent else {
                continue;
            };
            let ItemKind::Fn(_) = declared.item.kind else {
                continue;
            };
            let Some(&at) = index.by_item.get(&parent) else {
                continue;
            };
            let name = declared.item.name;
            index.by_name.entry(name).or_default().push(id);
            match index.impls[at].self_ty.value() {
                T::Adt(adt, _) => index.methods.entry((*adt, name)).or_default().push(id),
                T::Ext(path, _) => {
                    let key = Ustr::from(super::types::last_part(path.as_str()));
                    index.foreign.entry((key, name)).or_default().push(id);
                }
                // A method of a tuple is no method of everything.
                T::Tuple(_) | T::Slice(_) | T::Fn(_) => {}
                _ => index.blanket.entry(name).or_default().push(id),
            }
        }
        index
    }

    fn add_impl(&mut self, names: &Names, id: ItemId, inner: &Impl) {
        let declared = names.tree.item(id);
        let mut scope = Scope { module: Some(declared.module), ..Scope::default() };
        scope.generics = names.generic_scope(&inner.generics, &scope);
        let self_ty = names.ty(&inner.self_ty, &scope);
        scope.self_ty = self_ty.clone();
        let of = inner
            .trait_path
            .as_ref()
            .and_then(|path| names.resolve(declared.module, &names_of(path)).first().copied());
        let mut assoc = Vec::new();
        for item in &inner.items {
            if let ItemKind::Alias { ty, .. } = &item.kind {
                assoc.push((item.name, names.ty(ty, &scope)));
            }
        }
        let at = self.impls.len();
        if let Some(Def::Item(of)) = of {
            self.trait_impls.entry(of).or_default().push(at);
        }
        let foreign = match of {
            Some(Def::Ext(path)) => last_part(path.as_str()),
            _ => "",
        };
        if let T::Adt(adt, _) = &self_ty {
            self.serde.extend(SERDE.iter().filter(|name| **name == foreign).map(|name| (*adt, *name)));
        }
        let deref = foreign == "Deref";
        if let (true, T::Adt(adt, _), Some((_, target))) = (deref, &self_ty, assoc.first()) {
            self.deref.insert(*adt, target.clone());
        }
        self.by_item.insert(id, at);
        if let T::Adt(adt, _) = self_ty.value() {
            self.by_adt.entry(*adt).or_default().push(at);
        }
        let of_args = inner
            .trait_path
            .as_ref()
            .and_then(|path| path.last())
            .map_or(Vec::new(), |last| last.args().iter().map(|arg| names.ty(arg, &scope)).collect());
        self.impls.push(ImplInfo { id, self_ty, of, of_args, assoc });
    }

    pub(crate) fn impl_of(&self, item: ItemId) -> Option<&ImplInfo> {
        self.by_item.get(&item).map(|at| &self.impls[*at])
    }

    /// Whether a lock in some field holds a struct of ours.
    pub(crate) fn is_locked(&self, names: &Names, adt: ItemId) -> bool {
        let locked = self.locked.get_or_init(|| {
            let mut found = FxHashSet::default();
            for id in names.tree.ids() {
                let ItemKind::Struct { fields, .. } = &names.tree.item(id).item.kind else { continue };
                for at in 0..fields.len() {
                    let ty = Index::field_type(names, id, at, &[]);
                    found.extend(super::shared::locked_struct(names, self, &ty));
                }
            }
            found
        });
        locked.contains(&adt)
    }

    /// The impls for a type of ours.
    pub(crate) fn impls_for(&self, adt: ItemId) -> impl Iterator<Item = &ImplInfo> {
        let own = self.by_adt.get(&adt).into_iter().flatten();
        own.map(|at| &self.impls[*at])
    }

    /// Whether a type of ours has a trait of [`SERDE`] by hand.
    pub(crate) fn has_serde(&self, adt: ItemId, name: &'static str) -> bool {
        self.serde.contains(&(adt, name))
    }

    pub(crate) fn methods_of(&self, adt: ItemId, name: Sym) -> &[ItemId] {
        self.methods.get(&(adt, name)).map_or(&[], |list| list)
    }

    pub(crate) fn deref_target(&self, adt: ItemId) -> Option<&T> {
        self.deref.get(&adt)
    }

    pub(crate) fn trait_item(&self, of: ItemId, name: Sym) -> Option<ItemId> {
        self.members.get(&(of, name)).copied()
    }

    /// Every implementation of a trait's method, the default body included.
    pub(crate) fn implementations(&self, of: ItemId, name: Sym) -> Vec<ItemId> {
        let mut found: Vec<ItemId> = self
            .trait_impls
            .get(&of)
            .into_iter()
            .flatten()
            .filter_map(|at| self.members.get(&(self.impls[*at].id, name)).copied())
            .collect();
        found.extend(self.trait_item(of, name));
        found
    }

    /// What runs when a message of that type reaches an actor (that one, where it is known).
    pub(crate) fn message_handlers(&self, message: ItemId, actor: Option<ItemId>) -> Vec<ItemId> {
        self.impls
            .iter()
            .filter(|info| matches!(info.of, Some(Def::Ext(of)) if matches!(super::types::last_part(of.as_str()), "Handler" | "Message")))
            .filter(|info| matches!(info.of_args.first(), Some(T::Adt(adt, _)) if *adt == message))
            .filter(|info| match (&info.self_ty, actor) {
                (T::Adt(adt, _), Some(actor)) => *adt == actor,
                _ => true,
            })
            .filter_map(|info| self.members.get(&(info.id, Ustr::from("handle"))).copied())
            .collect()
    }

    /// Functions that make a value of a type of ours out of a request.
    pub(crate) fn extractors(&self, adt: ItemId) -> Vec<ItemId> {
        self.impls
            .iter()
            .filter(|info| matches!(&info.self_ty, T::Adt(own, _) if *own == adt))
            .filter(|info| {
                matches!(info.of, Some(Def::Ext(of)) if matches!(
                    super::types::last_part(of.as_str()),
                    "FromRequestParts" | "FromRequest" | "Extractible" | "OptionalFromRequestParts" | "FromParam" | "FromData"
                ))
            })
            .flat_map(|info| {
                ["from_request_parts", "from_request", "extract", "from_param", "from_data"]
                    .iter()
                    .filter_map(|name| self.members.get(&(info.id, Ustr::from(name))).copied())
            })
            .collect()
    }

    pub(crate) fn extension(&self, path: &str, name: Sym) -> Option<ItemId> {
        let key = Ustr::from(super::types::last_part(path));
        self.foreign
            .get(&(key, name))
            .or_else(|| self.blanket.get(&name))
            .and_then(|list| list.first().copied())
    }

    /// The one method of that name in the analysed code, if there is only one.
    pub(crate) fn only_method(&self, name: Sym) -> Option<ItemId> {
        match self.by_name.get(&name).map(|list| &list[..]) {
            Some([one]) => Some(*one),
            _ => None,
        }
    }

    /// Types that implement a trait of the analysed code.
    pub(crate) fn implementors(&self, of: ItemId) -> impl Iterator<Item = &T> {
        self.trait_impls.get(&of).into_iter().flatten().map(|at| &self.impls[*at].self_ty)
    }

    /// The names in reach of a function, method or initialiser.
    pub(crate) fn scope(&self, names: &Names, id: ItemId) -> Rc<Scope> {
        if let Some(known) = self.scopes.borrow().get(&id) {
            return known.clone();
        }
        let scope = Rc::new(self.scope_of(names, id));
        self.scopes.borrow_mut().insert(id, scope.clone());
        scope
    }

    fn scope_of(&self, names: &Names, id: ItemId) -> Scope {
        let declared = names.tree.item(id);
        let mut scope = Scope { module: Some(declared.module), ..Scope::default() };
        if let Some(parent) = declared.parent {
            match &names.tree.item(parent).item.kind {
                ItemKind::Impl(inner) => {
                    scope.generics = names.generic_scope(&inner.generics, &scope);
                    if let Some(info) = self.impl_of(parent) {
                        scope.self_ty = info.self_ty.clone();
                        scope.assoc = info.assoc.clone();
                    }
                }
                ItemKind::Trait(inner) => {
                    scope.generics = names.generic_scope(&inner.generics, &scope);
                    scope.self_ty = T::Bound(vec![Def::Item(parent)].into());
                }
                _ => {}
            }
        }
        if let Some(function) = declared.function() {
            let own = names.generic_scope(&function.generics, &scope);
            scope.generics.extend(own);
        }
        scope
    }

    /// The type of a field, by position, for a struct or (counting on) an enum.
    pub(crate) fn field_type(names: &Names, adt: ItemId, at: usize, args: &[T]) -> T {
        if !args.is_empty() {
            return Self::field_type_of(names, adt, at, args);
        }
        if let Some(known) = names.fields.borrow().get(&(adt, at)) {
            return known.clone();
        }
        let ty = Self::field_type_of(names, adt, at, args);
        names.fields.borrow_mut().insert((adt, at), ty.clone());
        ty
    }

    fn field_type_of(names: &Names, adt: ItemId, at: usize, args: &[T]) -> T {
        let declared = names.tree.item(adt);
        let (generics, ty): (_, Option<&Ty>) = match &declared.item.kind {
            ItemKind::Struct { generics, fields } => (generics, fields.get(at).map(|field| &field.ty)),
            ItemKind::Enum { generics, variants } => {
                let field = variants.iter().flat_map(|variant| &variant.fields).nth(at);
                (generics, field.map(|field| &field.ty))
            }
            _ => return T::Unknown,
        };
        let Some(ty) = ty else { return T::Unknown };
        let mut scope = Scope { module: Some(declared.module), ..Scope::default() };
        let bounds = names.generic_scope(generics, &scope);
        scope.self_ty = T::Adt(adt, args.to_vec().into());
        scope.generics = bind(generics, args)
            .into_iter()
            .zip(bounds)
            .map(|((name, ty), (_, bound))| (name, if ty.is_unknown() { bound } else { ty }))
            .collect();
        names.ty(ty, &scope)
    }

    /// Position of a struct's field by name.
    pub(crate) fn field_at(names: &Names, adt: ItemId, name: Sym) -> Option<usize> {
        match &names.tree.item(adt).item.kind {
            ItemKind::Struct { fields, .. } => fields.iter().position(|field| field.name == name),
            _ => None,
        }
    }
}
