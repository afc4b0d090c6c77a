//! Who makes a value is whom its callbacks serve: a socket's actor that a handler starts, a
//! stream that it answers with, a guard that it drops, a command that it puts on a queue.
//!
//! Foreign code calls such methods later and from elsewhere, but for the request in which the
//! value was made. What is made at start-up alone is told nothing here.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::context::When;
use super::index::Index;
use super::names::Names;
use super::summary::Summary;
use super::times::{TraitTime, trait_time};
use super::tree::{Def, ItemId};
use super::types::{T, last_part};
use crate::facts::{Param, Receiver, Ty};

/// Methods by the type of ours that they are called on.
#[derive(Debug, Default)]
pub(super) struct Makers {
    callbacks: FxHashMap<ItemId, Vec<ItemId>>,
    /// Those that our own code calls through a trait, without seeing on which type: they run for
    /// whom the value was made, not for whom the call is made.
    commands: FxHashSet<ItemId>,
}

impl Makers {
    /// What foreign code calls on types that the analysed code makes.
    pub(super) fn new(names: &Names, index: &Index, summaries: &[(ItemId, Arc<Summary>)]) -> Self {
        let made: FxHashSet<ItemId> = summaries
            .iter()
            .flat_map(|(_, summary)| &summary.constructs)
            .filter(|(_, field, ..)| field.is_none())
            .map(|(adt, ..)| *adt)
            .collect();
        let mut makers = Makers::default();
        for (id, _) in summaries {
            let Some((adt, Def::Ext(of))) = implementor(names, index, *id) else { continue };
            let method = names.tree.item(*id).item.name;
            let (of, method) = (of.as_str(), method.as_str());
            // An actor of one connection starts in the request that opens it.
            let begins = last_part(of) == "Actor" && method == "started";
            if made.contains(&adt)
                && !of.contains("tracing")
                && (begins || matches!(trait_time(last_part(of), method), TraitTime::Request))
            {
                makers.callbacks.entry(adt).or_default().push(*id);
            }
        }
        makers
    }

    /// Takes in the methods that are called through traits of ours on values that requests alone
    /// make; true where there are any.
    pub(super) fn add_commands(
        &mut self,
        names: &Names,
        index: &Index,
        summaries: &[(ItemId, Arc<Summary>)],
        when: impl Fn(&Summary, ItemId, u32) -> When,
    ) -> bool {
        let dynamic: FxHashSet<ItemId> = summaries
            .iter()
            .flat_map(|(_, summary)| &summary.calls)
            .filter(|call| call.dynamic)
            .map(|call| call.callee)
            .collect();
        let mut methods: FxHashMap<ItemId, Vec<ItemId>> = FxHashMap::default();
        for id in dynamic {
            if let Some((adt, Def::Item(_))) = implementor(names, index, id)
                && commands(names, id)
            {
                methods.entry(adt).or_default().push(id);
            }
        }
        let mut elsewhere: FxHashSet<ItemId> = FxHashSet::default();
        let mut known: FxHashSet<ItemId> = FxHashSet::default();
        for (id, summary) in summaries {
            for (adt, field, _, region) in &summary.constructs {
                if field.is_some() || !methods.contains_key(adt) || elsewhere.contains(adt) {
                    continue;
                }
                let when = when(summary, *id, *region);
                if when.startup || when.background && !when.request {
                    elsewhere.insert(*adt);
                } else if !when.routes.is_empty() {
                    known.insert(*adt);
                }
            }
        }
        for adt in known.into_iter().filter(|adt| !elsewhere.contains(adt)) {
            let found = methods.remove(&adt).unwrap_or_default();
            self.commands.extend(found.iter().copied());
            self.callbacks.entry(adt).or_default().extend(found);
        }
        for list in self.callbacks.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        !self.commands.is_empty()
    }

    pub(super) fn called_on(&self, adt: ItemId) -> &[ItemId] {
        self.callbacks.get(&adt).map_or(&[], |list| list)
    }

    pub(super) fn is_command(&self, method: ItemId) -> bool {
        self.commands.contains(&method)
    }
}

/// Whether a method does something to what it is given, as a command does: a value that is kept
/// to be asked again changes itself.
fn commands(names: &Names, method: ItemId) -> bool {
    names.tree.item(method).function().is_some_and(|function| {
        let given = |param: &Param| matches!(param.ty, Ty::Ref { mutable: true, .. });
        function.receiver == Some(Receiver::Value) || function.params.iter().any(given)
    })
}

/// The type of ours that a trait's method is implemented for, and the trait.
fn implementor(names: &Names, index: &Index, method: ItemId) -> Option<(ItemId, Def)> {
    let info = index.impl_of(names.tree.item(method).parent?)?;
    match info.self_ty.value() {
        T::Adt(adt, _) => Some((*adt, info.of?)),
        _ => None,
    }
}
