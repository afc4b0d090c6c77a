//! Which of our types are shared as a whole, so that their plain fields are state.
//!
//! A struct behind a lock, an actor, the owner of a message loop: each of its fields
//! can change without a lock of its own.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::context::Contexts;
use super::external::{self, Kind};
use super::index::Index;
use super::names::Names;
use super::summary::{RegionKind, Root, Summary};
use super::tree::{Def, ItemId};
use super::types::{T, last_part};
use crate::facts::{ItemKind, Receiver, Ty};
use crate::finding::AccessKind;

/// Why a struct's plain fields are state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sharing {
    /// It stands behind a lock that is itself a site.
    Locked,
    /// It is an actor.
    Actor,
    /// A loop over messages owns it.
    Loop,
}

pub(crate) struct Shared {
    pub(crate) structs: FxHashMap<ItemId, Sharing>,
    /// Made only while serving, and stored nowhere that outlives the request.
    pub(crate) per_request: FxHashSet<ItemId>,
    /// Stored as the elements of some collection that is shared: of which.
    pub(crate) elements: FxHashMap<ItemId, Vec<Root>>,
}

impl Shared {
    /// `holders`: everything that can be shared (statics, fields, locals), with its type.
    pub(crate) fn new(
        names: &Names,
        index: &Index,
        summaries: &[(ItemId, Arc<Summary>)],
        contexts: &Contexts,
        holders: &[(Root, T)],
    ) -> Self {
        let mut structs = FxHashMap::default();
        let mut locked: FxHashMap<ItemId, Vec<Root>> = FxHashMap::default();
        let mut elements: FxHashMap<ItemId, Vec<Root>> = FxHashMap::default();
        let mut kept = FxHashSet::default();
        let mut kept_traits = FxHashSet::default();
        let mut per_request = per_request(names, summaries, contexts);
        for (root, ty) in holders {
            if let Some(adt) = locked_struct(names, index, ty) {
                if holds_several(names, adt, written_out(names, *root)) {
                    structs.insert(adt, Sharing::Locked);
                }
                locked.entry(adt).or_default().push(*root);
            }
            let (mut held, mut traits) = (FxHashSet::default(), FxHashSet::default());
            collect_elements(names, index, ty, false, &ELEMENTS, &mut held, &mut traits);
            for adt in held {
                elements.entry(adt).or_default().push(*root);
            }
            // What holds it goes with the request: so does what it holds.
            if !matches!(root, Root::Field(adt, _) if per_request.contains(adt)) {
                let places: &[Kind] = if external::interior(ty).is_some() { &KEEPS } else { &ELEMENTS };
                collect_elements(names, index, ty, false, places, &mut kept, &mut kept_traits);
            }
        }
        let passing = passing(summaries, contexts);
        let mut connections = FxHashSet::default();
        for info in &index.impls {
            let (Some(Def::Ext(of)), T::Adt(adt, _)) = (info.of, &info.self_ty) else {
                continue;
            };
            if last_part(of.as_str()) == "Actor" {
                structs.insert(*adt, Sharing::Actor);
                let per_socket = info.assoc.iter().any(
                    |(_, ty)| matches!(ty, T::Ext(path, _) if last_part(path.as_str()) == "WebsocketContext"),
                );
                if per_socket {
                    connections.insert(*adt);
                }
            }
        }
        for (id, summary) in summaries {
            let declared = names.tree.item(*id);
            let owns = declared.function().is_some_and(|function| {
                matches!(function.receiver, Some(Receiver::Value | Receiver::RefMut))
            });
            for (adt, region) in &summary.owned {
                // `let mut state = State::new(); loop { .. state.apply(rx.recv().await) .. }`
                let looped = summary.serving.iter().any(|serving| encloses(summary, *region, *serving));
                let when = contexts.region(summary, *id, *region);
                if looped && (!when.request || when.startup) {
                    structs.entry(*adt).or_insert(Sharing::Loop);
                }
            }
            if summary.serves
                && owns
                && !passing.contains(id)
                && let Some(parent) = declared.parent
                && let Some(info) = index.impl_of(parent)
                && let T::Adt(adt, _) = &info.self_ty
            {
                structs.entry(*adt).or_insert(Sharing::Loop);
            }
        }
        for adt in changed_in_place(names, summaries, contexts) {
            // A lock around it is what it is called by.
            if !locked.contains_key(&adt) {
                structs.entry(adt).or_insert(Sharing::Loop);
            }
        }
        per_request.retain(|adt| !kept.contains(adt) || connections.contains(adt));
        per_request.extend(connections);
        // What is only ever behind the locks of such structs goes with them.
        let goes = |root: &Root| matches!(root, Root::Field(adt, _) if per_request.contains(adt));
        let inner: Vec<ItemId> =
            locked.iter().filter(|(_, roots)| roots.iter().all(goes)).map(|(adt, _)| *adt).collect();
        per_request.extend(inner);
        Shared { structs, per_request, elements }
    }
}

/// A few numbers and texts: one value, whose parts say nothing alone. A list of texts
/// among several of them is such a part too.
pub(crate) fn one_value(names: &Names, adt: ItemId) -> bool {
    let parts = field_types(names, adt, &[]);
    let plain = |part: &T| match external::payload(part) {
        T::Ext(path, _) => matches!(external::kind(path.as_str()), Kind::Scalar | Kind::Other),
        _ => false,
    };
    let listed = |part: &T| {
        let list = external::payload(part);
        external::kind_of(list) == Kind::List && list.args().iter().all(plain)
    };
    let plain_parts = parts.iter().filter(|part| plain(part)).count();
    parts.iter().all(|part| plain(part) || plain_parts >= 3 && listed(part))
}

/// Whether what a lock protects is several pieces of state, each worth a line of its own, or one
/// thing whose parts say nothing alone: settings, a status, a game. A lock that is written out
/// around the struct where it is held names one thing more often than one behind an alias or in
/// a binding, which is the service's state as a whole.
fn holds_several(names: &Names, adt: ItemId, written_out: bool) -> bool {
    let collections = field_types(names, adt, &[])
        .iter()
        .filter(|part| {
            matches!(
                external::kind_of(external::payload(part)),
                Kind::Map | Kind::List | Kind::SharedMap | Kind::Cache
            )
        })
        .count();
    !one_value(names, adt) && collections > usize::from(written_out)
}

/// Whether a lock stands in the declaration itself, not behind an alias.
fn written_out(names: &Names, root: Root) -> bool {
    let written = match root {
        Root::Static(id) => match &names.tree.item(id).item.kind {
            ItemKind::Static(held) => &held.ty,
            _ => return false,
        },
        Root::Field(id, at) => match super::collect::nth_field(&names.tree.item(id).item.kind, at.into()) {
            Some((_, field)) => &field.ty,
            None => return false,
        },
        _ => return false,
    };
    names_lock(written)
}

/// Whether a type as written has a lock in it.
fn names_lock(ty: &Ty) -> bool {
    match ty {
        Ty::Path(path) => path.segments.iter().any(|segment| {
            external::kind(segment.name.as_str()) == Kind::Lock || segment.args().iter().any(names_lock)
        }),
        Ty::Ref { inner, .. } | Ty::Slice(inner) => names_lock(inner),
        Ty::Tuple(parts) => parts.iter().any(names_lock),
        _ => false,
    }
}

/// The struct that a lock protects as a whole, looking through pointers.
pub(crate) fn locked_struct(names: &Names, index: &Index, ty: &T) -> Option<ItemId> {
    let mut at = ty;
    let mut locked = false;
    loop {
        match at {
            T::Adt(adt, _) => {
                let is_struct = matches!(names.tree.item(*adt).item.kind, ItemKind::Struct { .. });
                return (locked && is_struct).then_some(*adt);
            }
            T::Bound(defs) if locked => {
                return defs.iter().find_map(|def| match def {
                    Def::Item(of) => index.implementors(*of).find_map(|ty| match ty {
                        T::Adt(adt, _) => Some(*adt),
                        _ => None,
                    }),
                    Def::Ext(_) | Def::Mod(_) | Def::Variant(..) => None,
                });
            }
            other => {
                locked |= matches!(external::kind_of(other), Kind::Lock);
                at = external::unwrap_one(other)?;
            }
        }
    }
}

/// What has elements.
const ELEMENTS: [Kind; 4] = [Kind::Map, Kind::List, Kind::SharedMap, Kind::Cache];
/// What a request can leave something in that it made, where it can be changed.
const KEEPS: [Kind; 6] = [Kind::Map, Kind::List, Kind::SharedMap, Kind::Cache, Kind::Maybe, Kind::Cell];

/// Structs that collections hold, directly or by pointer, lock or address.
fn collect_elements(
    names: &Names,
    index: &Index,
    ty: &T,
    inside: bool,
    holders: &[Kind],
    out: &mut FxHashSet<ItemId>,
    traits: &mut FxHashSet<ItemId>,
) {
    match ty {
        T::Adt(adt, args) => {
            if inside && out.insert(*adt) {
                // What an element is made of lives as long as it does.
                for field in field_types(names, *adt, args) {
                    collect_elements(names, index, &field, true, holders, out, traits);
                }
            }
            for arg in args.iter() {
                collect_elements(names, index, arg, inside, holders, out, traits);
            }
        }
        T::Bound(defs) if inside => {
            for def in defs.iter() {
                // A blanket impl can lead back to its own trait.
                if let Def::Item(of) = def
                    && traits.insert(*of)
                {
                    for implementor in index.implementors(*of) {
                        collect_elements(names, index, implementor, true, holders, out, traits);
                    }
                }
            }
        }
        other => {
            let holds = holders.contains(&external::kind_of(other));
            for arg in other.args() {
                collect_elements(names, index, arg, inside || holds, holders, out, traits);
            }
        }
    }
}

/// Functions that are called within requests alone and that no task of their own runs: what they
/// own ends with the connection, whichever loop they are.
fn passing(summaries: &[(ItemId, Arc<Summary>)], contexts: &Contexts) -> FxHashSet<ItemId> {
    let mut passing = FxHashSet::default();
    let mut lasting = FxHashSet::default();
    for (id, summary) in summaries {
        for call in &summary.calls {
            let when = contexts.region(summary, *id, call.region);
            let served = when.request && !when.startup && !when.background && !when.assumed;
            let waits = |kind: &RegionKind| *kind != RegionKind::Inherit;
            let task = summary.nearest(call.region, waits);
            let spawned = task.is_some_and(|task| summary.regions[task as usize].kind == RegionKind::Spawned);
            if served && !spawned {
                passing.insert(call.callee);
            } else {
                lasting.insert(call.callee);
            }
        }
    }
    passing.retain(|id| !lasting.contains(id));
    passing
}

/// Whether a region is another one or lies around it.
fn encloses(summary: &Summary, outer: u32, inner: u32) -> bool {
    let mut at = inner;
    while at != outer && at != 0 {
        at = summary.regions[at as usize].parent;
    }
    at == outer
}

/// The types of all fields, for an enum those of all variants.
pub(super) fn field_types(names: &Names, adt: ItemId, args: &[T]) -> Vec<T> {
    let count = match &names.tree.item(adt).item.kind {
        ItemKind::Struct { fields, .. } => fields.len(),
        ItemKind::Enum { variants, .. } => variants.iter().map(|variant| variant.fields.len()).sum(),
        _ => 0,
    };
    (0..count).map(|at| Index::field_type(names, adt, at, args)).collect()
}

/// Structs that are only ever made while a request is served.
fn per_request(
    names: &Names,
    summaries: &[(ItemId, Arc<Summary>)],
    contexts: &Contexts,
) -> FxHashSet<ItemId> {
    let mut made: FxHashMap<ItemId, bool> = FxHashMap::default();
    for (id, summary) in summaries {
        let copies = names.tree.item(*id).item.name == "clone";
        for (adt, field, _, region) in &summary.constructs {
            if field.is_some() || copies {
                continue;
            }
            let when = contexts.region(summary, *id, *region);
            let only = when.request && !when.startup && !when.background && !when.assumed;
            // A constructor that nobody was seen to call says nothing.
            let known = when.request || when.startup || when.background;
            if known {
                *made.entry(*adt).or_insert(true) &= only;
            }
        }
    }
    made.into_iter().filter(|(_, only)| *only).map(|(adt, _)| adt).collect()
}

/// Structs made at start-up and nowhere else, with collections that requests change through
/// `&mut self`: whoever owns one, a task of an unknown library or our own, keeps it between them.
fn changed_in_place(
    names: &Names,
    summaries: &[(ItemId, Arc<Summary>)],
    contexts: &Contexts,
) -> FxHashSet<ItemId> {
    let mut made: FxHashMap<ItemId, bool> = FxHashMap::default();
    let mut changed = FxHashSet::default();
    for (id, summary) in summaries {
        for (adt, field, _, region) in &summary.constructs {
            let when = contexts.region(summary, *id, *region);
            if field.is_none() {
                *made.entry(*adt).or_insert(true) &= when.startup && !when.assumed && !when.request;
            }
        }
        // Nothing else can change what no lock protects.
        let alone = names.tree.item(*id).function().and_then(|function| function.receiver);
        if !matches!(alone, Some(Receiver::RefMut | Receiver::Value)) {
            continue;
        }
        for touch in &summary.touches {
            let Root::Field(adt, at) = touch.root else { continue };
            // What is named after a change may be a client asking its server for it.
            let guessed = super::effects::starts_with_verb(touch.operation.as_str());
            if touch.kind != AccessKind::Write || guessed || changed.contains(&adt) {
                continue;
            }
            let when = contexts.region(summary, *id, touch.region);
            let ty = Index::field_type(names, adt, at as usize, &[]);
            let collection = matches!(external::kind_of(&ty), Kind::Map | Kind::List);
            if collection && external::interior(&ty).is_none() && when.request && !when.startup {
                changed.insert(adt);
            }
        }
    }
    changed.retain(|adt| made.get(adt) == Some(&true));
    changed
}

/// Structs that are only ever held by statics, directly or as a field of such a struct.
pub(super) fn static_types(candidates: &[(Root, T)]) -> FxHashSet<ItemId> {
    let mut holders: FxHashMap<ItemId, Vec<Root>> = FxHashMap::default();
    for (root, ty) in candidates {
        if let T::Adt(adt, _) = external::payload(ty) {
            holders.entry(*adt).or_default().push(*root);
        }
    }
    let mut found: FxHashSet<ItemId> = FxHashSet::default();
    // A struct in a struct in a static: deeper ones are rare.
    for _ in 0..3 {
        found = holders
            .iter()
            .filter(|(_, roots)| {
                roots.iter().all(|root| match root {
                    Root::Static(_) => true,
                    Root::Field(adt, _) => found.contains(adt),
                    _ => false,
                })
            })
            .map(|(adt, _)| *adt)
            .collect();
    }
    found
}
