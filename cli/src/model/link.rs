//! Tells which roots are the same data, and gives accesses that cross a function or a
//! framework to the state they land on.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::collect::{ANY, ByType, Collector};
use super::external::{self, Kind};
use super::index::Index;
use super::names::Names;
use super::summary::{LocalSite, Root, SELF, Summary, Touch};
use super::tree::ItemId;
use super::types::{T, last_part};
use crate::facts::ItemKind;

/// Which roots are the same data, and what callers hand to parameters.
pub(super) struct Links<'m> {
    pub(super) locals: FxHashMap<Root, (ItemId, &'m LocalSite)>,
    pub(super) groups: Groups,
    /// What callers passed in for parameters that a callee uses at a time of its own.
    pub(super) given: FxHashMap<(ItemId, Root), FxHashSet<Root>>,
}

impl<'m> Links<'m> {
    pub(super) fn new(names: &Names, index: &Index, summaries: &'m [(ItemId, Arc<Summary>)]) -> Self {
        let mut locals = FxHashMap::default();
        for (id, summary) in summaries {
            for local in &summary.locals {
                locals.insert(local.root, (*id, local));
            }
        }
        let mut links = Links { locals, groups: Groups::default(), given: given(summaries) };
        for (id, summary) in summaries {
            if matches!(names.tree.item(*id).item.kind, ItemKind::Static(_)) {
                // What an initialiser makes is what the static holds.
                for root in &summary.output.roots {
                    if matches!(root, Root::Local(owner, _) if owner == id) {
                        links.groups.union(*root, Root::Static(*id));
                    }
                }
            }
            for (from, to) in &summary.aliases {
                let known = [from, to].iter().all(|root| !matches!(root, Root::Param(_) | Root::Fetched(_)));
                if !known {
                    continue;
                }
                let (one, other) = (links.root_type(names, index, *from), links.root_type(names, index, *to));
                if alike(core(&one), core(&other)) || ends_of_one(&one, &other) {
                    links.groups.union(*from, *to);
                }
            }
        }
        links
    }

    pub(super) fn root_type(&self, names: &Names, index: &Index, root: Root) -> T {
        match root {
            Root::Static(id) => match &names.tree.item(id).item.kind {
                ItemKind::Static(held) => names.ty(&held.ty, &index.scope(names, id)),
                _ => T::Unknown,
            },
            Root::Field(id, at) => Index::field_type(names, id, at as usize, &[]),
            Root::Local(..) => self.locals.get(&root).map(|(_, local)| local.ty.clone()).unwrap_or_default(),
            Root::Param(_) | Root::Fetched(_) => T::Unknown,
        }
    }
}

/// What callers passed in for parameters, through a few functions.
fn given(summaries: &[(ItemId, Arc<Summary>)]) -> FxHashMap<(ItemId, Root), FxHashSet<Root>> {
    let mut given: FxHashMap<(ItemId, Root), FxHashSet<Root>> = FxHashMap::default();
    for _ in 0..4 {
        let mut changed = false;
        for (id, summary) in summaries {
            for (callee, param, roots) in &summary.passed {
                let mut real: Vec<Root> = Vec::new();
                for root in roots {
                    match root {
                        Root::Param(_) => real.extend(given.get(&(*id, *root)).into_iter().flatten()),
                        root => real.push(*root),
                    }
                }
                let known = given.entry((*callee, *param)).or_default();
                for root in real {
                    changed |= known.insert(root);
                }
            }
        }
        if !changed {
            break;
        }
    }
    given
}

/// Which parameters of which callees a parameter, or what a function asked for, is handed to,
/// where the callee uses it at a time of its own.
type Passed = FxHashMap<(ItemId, Root), Vec<(ItemId, Root)>>;

fn passed_on(summaries: &[(ItemId, Arc<Summary>)]) -> Passed {
    let mut passed = Passed::default();
    for (id, summary) in summaries {
        for (callee, param, roots) in &summary.passed {
            for root in roots.iter().filter(|root| matches!(root, Root::Param(_) | Root::Fetched(_))) {
                passed.entry((*id, *root)).or_default().push((*callee, *param));
            }
        }
    }
    passed
}

/// A sender and the receiver of the same messages.
fn ends_of_one(a: &T, b: &T) -> bool {
    let (a, b) = (external::payload(a), external::payload(b));
    let end = |ty: &T| matches!(external::kind_of(ty), Kind::Sender | Kind::Receiver);
    end(a) && end(b) && a.args().iter().zip(b.args()).all(|(a, b)| alike(core(a), core(b)))
}

impl<'m> Collector<'_, 'm> {
    /// Touches by root.
    pub(super) fn gather(&mut self) {
        for (id, summary) in self.summaries {
            for touch in &summary.touches {
                if !matches!(touch.root, Root::Param(_) | Root::Fetched(_)) {
                    self.touches.entry(touch.root).or_default().push((*id, touch));
                }
            }
        }
    }

    /// Gives what callees do at a time of their own (closures that are handlers, tasks) to
    /// what their callers passed in.
    pub(super) fn pass_on(&mut self) {
        for ((callee, param), roots) in &self.links.given {
            let Some(summary) = self.by_id.get(callee) else {
                continue;
            };
            for touch in
                summary.touches.iter().filter(|touch| touch.root == *param && summary.own_time(touch.region))
            {
                for root in roots {
                    self.touches.entry(*root).or_default().push((*callee, touch));
                }
            }
        }
        for list in self.touches.values_mut() {
            list.sort_by_key(|(id, touch)| (*id, touch.span));
        }
    }

    /// Gives what handlers do to a parameter to the state that the framework hands them:
    /// found by type, as the frameworks do.
    pub(super) fn inject(&mut self) {
        let mut by_type = ByType::default();
        let startup = |id: ItemId, region: u32| {
            let when = self.contexts.region(self.by_id[&id], id, region);
            !when.request || when.startup
        };
        for (id, summary) in self.summaries {
            for injected in &summary.injected {
                let key = loose(core(&injected.ty));
                if external::interior(&key).is_some() && startup(*id, injected.region) {
                    let roots = injected
                        .roots
                        .iter()
                        .filter(|root| !matches!(root, Root::Param(_) | Root::Fetched(_)));
                    by_type.entry((self.package(*id), key.clone())).or_default().extend(roots.clone());
                    by_type.entry((ANY, key)).or_default().extend(roots);
                }
            }
        }
        let mut by_shape = ByType::default();
        for (root, (id, local)) in &self.links.locals {
            if startup(*id, local.region) {
                for package in [self.package(*id), ANY] {
                    by_shape.entry((package, loose(core(&local.ty)))).or_default().push(*root);
                }
            }
        }
        for list in by_type.values_mut().chain(by_shape.values_mut()) {
            list.sort();
            list.dedup();
        }
        let tables = [by_type, self.fields_by_type(), by_shape];
        let passed = passed_on(self.summaries);
        for (id, summary) in self.summaries {
            for touch in &summary.touches {
                let Root::Fetched(at) = touch.root else {
                    continue;
                };
                if let Some(ty) = summary.fetched.get(at as usize) {
                    self.give(*id, ty, touch, &tables);
                }
            }
            for (at, ty) in summary.fetched.iter().enumerate() {
                self.give_later(*id, Root::Fetched(at as u16), ty, &passed, &tables);
            }
            if !self.contexts.entries.contains_key(id) {
                continue;
            }
            let Some(function) = self.names.tree.item(*id).function() else {
                continue;
            };
            let scope = self.index.scope(self.names, *id);
            for touch in &summary.touches {
                let Root::Param(at) = touch.root else {
                    continue;
                };
                if at == SELF {
                    continue;
                }
                let Some(param) = function.params.get(at as usize) else {
                    continue;
                };
                let ty = self.names.ty(&param.ty, &scope);
                self.give(*id, &ty, touch, &tables);
            }
            for (at, param) in function.params.iter().enumerate() {
                let root = Root::Param(at as u16);
                if passed.contains_key(&(*id, root)) {
                    let ty = self.names.ty(&param.ty, &scope);
                    self.give_later(*id, root, &ty, &passed, &tables);
                }
            }
        }
    }

    /// What functions that a handler calls do, at a time of their own, to what the framework
    /// handed it: a socket's loop uses the state that its route was given.
    fn give_later(&mut self, id: ItemId, root: Root, ty: &T, passed: &Passed, tables: &[ByType; 3]) {
        let mut reached = FxHashSet::default();
        let mut next = vec![(id, root)];
        while let Some(at) = next.pop() {
            for (callee, param) in passed.get(&at).into_iter().flatten() {
                if !reached.insert((*callee, *param)) {
                    continue;
                }
                next.push((*callee, *param));
                let Some(summary) = self.by_id.get(callee).copied() else { continue };
                for touch in summary.touches.iter().filter(|touch| touch.root == *param) {
                    if summary.own_time(touch.region) {
                        self.give(*callee, ty, touch, tables);
                    }
                }
            }
        }
    }

    /// Gives a touch to the state of a type that the framework would find.
    pub(super) fn give(&mut self, id: ItemId, ty: &T, touch: &'m Touch, tables: &[ByType; 3]) {
        // tide's handlers are handed their state inside the request.
        let inside = match ty {
            T::Ext(path, args) if last_part(path.as_str()) == "Request" => args.first().unwrap_or(ty),
            other => other,
        };
        let key = loose(core(inside));
        if external::interior(&key).is_none() {
            return;
        }
        // Of the same package first: another service's state may have the same type.
        let own = self.package(id);
        let exact = [own, ANY]
            .into_iter()
            .find_map(|package| tables.iter().find_map(|table| table.get(&(package, key.clone()))));
        // `HashMap::new()` does not say of what: whatever can be the same type.
        let found = exact.or_else(|| {
            tables.iter().find_map(|table| {
                let fits = table
                    .iter()
                    .filter(|((package, ty), _)| *package == own && !ty.is_unknown() && alike(ty, &key));
                fits.map(|(_, roots)| roots).min()
            })
        });
        for root in found.into_iter().flatten() {
            self.touches.entry(*root).or_default().push((id, touch));
            if exact.is_none() && !inside.any(&mut |part| part.is_unknown()) {
                // Of the state itself: neither what it came in nor what points to it.
                self.told.insert(*root, core(inside).clone());
            }
        }
    }

    /// Fields whose type is itself changeable: what `FromRef` hands out.
    pub(super) fn fields_by_type(&self) -> ByType {
        let mut out = ByType::default();
        for id in self.names.tree.ids() {
            if let ItemKind::Struct { fields, .. } = &self.names.tree.item(id).item.kind {
                for at in 0..fields.len() {
                    let ty = Index::field_type(self.names, id, at, &[]);
                    if external::interior(&ty).is_some() {
                        for package in [self.package(id), ANY] {
                            out.entry((package, loose(core(&ty))))
                                .or_default()
                                .push(Root::Field(id, at as u16));
                        }
                    }
                }
            }
        }
        out
    }

    /// A static of a type of ours with a single changeable field: the two are one site.
    pub(super) fn join_wrappers(&mut self, candidates: &[(Root, T)]) {
        let mut changeable: FxHashMap<ItemId, Vec<Root>> = FxHashMap::default();
        let mut held: FxHashMap<ItemId, usize> = FxHashMap::default();
        for (root, ty) in candidates {
            if let (Root::Field(adt, _), Some(_)) = (root, external::interior(ty)) {
                changeable.entry(*adt).or_default().push(*root);
            }
            if let T::Adt(adt, _) = core(ty) {
                *held.entry(*adt).or_default() += 1;
            }
        }
        for (root, ty) in candidates {
            if let (Root::Static(_), T::Adt(adt, _)) = (root, core(ty))
                && let Some([field]) = changeable.get(adt).map(|list| &list[..])
                && held.get(adt) == Some(&1)
            {
                self.links.groups.union(*root, *field);
            }
        }
    }
}

/// Pointers taken off: what two types must share to be the same injected state.
pub(super) fn core(ty: &T) -> &T {
    let mut at = ty;
    while let Some(inner) = external::deref(at) {
        at = inner;
    }
    at
}

/// Whether two types can be the same data, as far as both are known.
pub(super) fn alike(a: &T, b: &T) -> bool {
    match (a, b) {
        (T::Unknown, _) | (_, T::Unknown) | (T::Bound(_), _) | (_, T::Bound(_)) => true,
        // Libraries have several names for the same limiter.
        (T::Ext(a, _), T::Ext(b, _))
            if external::kind(a.as_str()) == Kind::Limiter && external::kind(b.as_str()) == Kind::Limiter =>
        {
            true
        }
        (T::Ext(a, a_args), T::Ext(b, b_args)) => {
            last_part(a.as_str()) == last_part(b.as_str())
                && a_args.iter().zip(b_args.iter()).all(|(a, b)| alike(core(a), core(b)))
        }
        (T::Adt(a, _), T::Adt(b, _)) => a == b,
        (T::Tuple(a), T::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| alike(core(a), core(b)))
        }
        (T::Slice(a), T::Slice(b)) => alike(core(a), core(b)),
        _ => false,
    }
}

/// A type with its numbers made alike: literals do not say how wide they are.
pub(super) fn loose(ty: &T) -> T {
    match ty {
        T::Ext(path, args) if args.is_empty() => match path.as_str() {
            "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128"
            | "isize" => T::number(),
            _ => ty.clone(),
        },
        T::Ext(path, args) => T::Ext(*path, args.iter().map(loose).collect()),
        T::Adt(id, args) => T::Adt(*id, args.iter().map(loose).collect()),
        T::Ref(inner) => T::Ref(Arc::new(loose(inner))),
        T::Tuple(args) => T::Tuple(args.iter().map(loose).collect()),
        T::Slice(inner) => T::Slice(Arc::new(loose(inner))),
        other => other.clone(),
    }
}

/// Union-find over roots.
#[derive(Default)]
pub(super) struct Groups {
    parent: FxHashMap<Root, Root>,
}

impl Groups {
    pub(super) fn find(&mut self, root: Root) -> Root {
        let mut top = root;
        while let Some(above) = self.parent.get(&top) {
            top = *above;
        }
        // Whoever asks below this one again has a short way.
        let mut at = root;
        while at != top {
            match self.parent.insert(at, top) {
                Some(above) => at = above,
                None => break,
            }
        }
        top
    }

    pub(super) fn union(&mut self, a: Root, b: Root) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.parent.insert(a.max(b), a.min(b));
        }
    }
}
