//! Who calls a function, and what its callers hand it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::context::Contexts;
use super::site::Callers;
use super::summary::{RegionKind, Summary};
use super::tree::ItemId;

/// Which arguments every caller of a function fetched before, a bit each.
pub(super) fn fetched(summaries: &[(ItemId, Arc<Summary>)]) -> FxHashMap<ItemId, u32> {
    let mut all: FxHashMap<ItemId, u32> = FxHashMap::default();
    for call in summaries.iter().flat_map(|(_, summary)| &summary.calls) {
        *all.entry(call.callee).or_insert(u32::MAX) &= call.fetched;
    }
    all
}

/// More callers than this are a dispatcher's, and say nothing.
const MAX_CALLERS: usize = 16;

/// Who calls each function while serving, directly or by one other.
pub(super) fn callers(
    summaries: &[(ItemId, Arc<Summary>)],
    contexts: &Contexts,
) -> FxHashMap<ItemId, Callers> {
    let mut direct: FxHashMap<ItemId, Vec<(ItemId, u32)>> = FxHashMap::default();
    for (id, summary) in summaries {
        let serving = summary.calls.iter().filter(|call| contexts.region(summary, *id, call.region).request);
        for call in serving {
            let known = direct.entry(call.callee).or_default();
            let part = (*id, summary.nearest(call.region, |kind| *kind != RegionKind::Inherit).unwrap_or(0));
            if known.len() <= MAX_CALLERS && !known.contains(&part) && call.callee != *id {
                known.push(part);
            }
        }
    }
    direct.retain(|_, known| known.len() <= MAX_CALLERS);
    let around = |id: ItemId| direct.get(&id).into_iter().flatten().copied();
    let both = |id: ItemId| {
        // A part that runs at its own time has no callers: only whole functions have.
        let above = around(id).filter(|(_, part)| *part == 0).flat_map(|(one, _)| around(one));
        let mut list: Vec<_> = around(id).chain(above).collect();
        list.sort_unstable();
        list.dedup();
        list
    };
    direct.keys().map(|id| (*id, both(*id).into())).collect()
}
