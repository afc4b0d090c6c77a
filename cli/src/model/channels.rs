//! Brings both ends of channels together: which sends feed which loops, so that what a
//! loop does is done for the routes that send to it, or for nobody but this process.
//!
//! Ends are told by the data they are, else by the type of the message. A loop that waits
//! for anything else as well, or whose senders are not known, is left as it is.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::external::{self, Kind};
use super::index::Index;
use super::link::Links;
use super::names::Names;
use super::summary::{RegionKind, Root, Summary};
use super::tree::ItemId;

/// A place from which messages come.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub(super) region: u32,
    /// Numbers of the loops that take them out.
    pub(super) loops: Vec<usize>,
    pub(super) message: Option<(ItemId, Option<u32>)>,
}

#[derive(Debug, Default)]
pub(super) struct Channels {
    /// The loop of a region, by its number.
    loops: FxHashMap<(ItemId, u32), usize>,
    /// The functions that the loops stand in.
    pub(super) owners: Vec<ItemId>,
    pub(super) feeds: FxHashMap<ItemId, Vec<Feed>>,
    /// Functions that tell the variants of a message apart.
    pub(super) readers: FxHashMap<ItemId, Vec<ItemId>>,
}

impl Channels {
    pub(super) fn new(
        names: &Names,
        index: &Index,
        summaries: &[(ItemId, Arc<Summary>)],
        links: &mut Links,
    ) -> Self {
        let mut channels = Channels::default();
        let mut by_end: FxHashMap<Root, Vec<usize>> = FxHashMap::default();
        let mut by_message: FxHashMap<ItemId, Vec<usize>> = FxHashMap::default();
        for (id, summary) in summaries {
            for receive in &summary.receives {
                if summary.waits_outside.contains(&receive.region) {
                    continue;
                }
                let next = channels.owners.len();
                let number = *channels.loops.entry((*id, receive.region)).or_insert(next);
                if number == next {
                    channels.owners.push(*id);
                }
                for end in ends(names, index, links, *id, &receive.roots) {
                    by_end.entry(end).or_default().push(number);
                }
                if let Some(message) = receive.message {
                    by_message.entry(message).or_default().push(number);
                }
            }
        }
        if channels.owners.is_empty() {
            return channels;
        }
        let called: FxHashSet<ItemId> =
            summaries.iter().flat_map(|(_, summary)| &summary.calls).map(|call| call.callee).collect();
        let mut fed = vec![false; channels.owners.len()];
        for (id, summary) in summaries {
            for send in &summary.sends {
                if send.from.is_some() && called.contains(id) {
                    continue; // The callers' sends say it better.
                }
                let mut loops = Vec::new();
                for end in ends(names, index, links, *id, &send.roots) {
                    loops.extend(by_end.get(&end).into_iter().flatten().copied());
                }
                if loops.is_empty()
                    && let Some(message) = send.message
                {
                    loops.extend(by_message.get(&message).into_iter().flatten().copied());
                }
                channels.feed(*id, send.region, loops, send.message.map(|of| (of, send.variant)), &mut fed);
            }
        }
        // Fed by foreign code alone: when it was given the sending end.
        for (id, summary) in summaries {
            for (roots, region) in &summary.handed {
                let mut loops = Vec::new();
                for end in ends(names, index, links, *id, roots) {
                    loops.extend(by_end.get(&end).into_iter().flatten().filter(|at| !fed[**at]).copied());
                }
                channels.feed(*id, *region, loops, None, &mut vec![false; fed.len()]);
            }
        }
        let known: FxHashSet<usize> =
            channels.feeds.values().flatten().flat_map(|feed| feed.loops.iter().copied()).collect();
        channels.loops.retain(|_, number| known.contains(number));
        let taken: FxHashSet<ItemId> =
            channels.feeds.values().flatten().filter_map(|feed| Some(feed.message?.0)).collect();
        for (id, summary) in summaries {
            for region in &summary.regions {
                if let RegionKind::Message(message, _) = region.kind
                    && taken.contains(&message)
                {
                    let readers = channels.readers.entry(message).or_default();
                    if readers.last() != Some(id) {
                        readers.push(*id);
                    }
                }
            }
        }
        channels
    }

    fn feed(
        &mut self,
        id: ItemId,
        region: u32,
        mut loops: Vec<usize>,
        message: Option<(ItemId, Option<u32>)>,
        fed: &mut [bool],
    ) {
        loops.sort_unstable();
        loops.dedup();
        if loops.is_empty() {
            return;
        }
        for number in &loops {
            fed[*number] = true;
        }
        self.feeds.entry(id).or_default().push(Feed { region, loops, message });
    }

    /// The number of the loop of a region, where its senders are known.
    pub(super) fn fed_loop(&self, id: ItemId, region: u32) -> Option<usize> {
        self.loops.get(&(id, region)).copied()
    }
}

/// The channels that roots are ends of.
fn ends(names: &Names, index: &Index, links: &mut Links, id: ItemId, roots: &[Root]) -> Vec<Root> {
    let mut found = Vec::new();
    for root in roots {
        let real: Vec<Root> = match root {
            Root::Param(_) => links.given.get(&(id, *root)).into_iter().flatten().copied().collect(),
            Root::Fetched(_) => Vec::new(),
            root => vec![*root],
        };
        for root in real {
            let ty = links.root_type(names, index, root);
            if matches!(external::kind_of(external::payload(&ty)), Kind::Sender | Kind::Receiver) {
                found.push(links.groups.find(root));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}
