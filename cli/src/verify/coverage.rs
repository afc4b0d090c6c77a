//! Which routes were shown not to depend on a replica: pairs of a request that gave something
//! out and one that carried it, served by different processes.

use std::collections::BTreeMap;

use super::lineage::Link;
use super::record::Exchange;

/// Pairs of routes, writer first, and whether different processes served them in some run.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pairs: BTreeMap<(String, String), bool>,
}

impl Coverage {
    /// Enters the pairs of a run; `links` says for each exchange what it carries.
    pub(crate) fn enter(&mut self, run: &[Exchange], links: &[Vec<Link>]) {
        for (reader, links) in run.iter().zip(links) {
            for link in links {
                let writer = &run[link.from];
                let pair = (writer.key.route.clone(), reader.key.route.clone());
                *self.pairs.entry(pair).or_default() |= !writer.same_process(reader);
            }
        }
    }

    pub(crate) fn all(&self) -> usize {
        self.pairs.len()
    }

    /// Pairs that one process alone served in every run.
    pub(crate) fn never_crossed(&self) -> impl Iterator<Item = &(String, String)> {
        self.pairs.iter().filter(|(_, crossed)| !**crossed).map(|(pair, _)| pair)
    }
}
