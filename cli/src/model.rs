//! Links the facts of all files: which state there is, who touches it, and when.
//!
//! Pure: no IO, no errors. What it cannot tell stays unknown and the rules see that.

mod apply;
mod bare;
mod bind;
mod callers;
mod calls;
mod channels;
mod closures;
mod collect;
mod components;
pub(crate) mod context;
mod effects;
mod eval;
pub(crate) mod external;
mod flow;
mod foreign;
mod graphql;
mod index;
mod layers;
mod link;
mod macros;
mod makers;
mod matched;
mod messages;
mod names;
mod paths;
mod payload;
pub(crate) mod settings;
mod shared;
pub(crate) mod site;
pub(crate) mod stored;
mod summary;
mod texts;
mod times;
mod tree;
pub(crate) mod types;
mod vars;
mod waits;
mod web;

use crate::facts::FileFacts;
use crate::workspace::Workspace;
use channels::Channels;
use context::Contexts;
use eval::Evaluator;
use index::Index;
use link::Links;
use names::Names;
use tree::Tree;

pub(crate) use site::Site;
#[cfg(test)]
pub(crate) use waits::children;

/// Every site of the analysed code with its accesses, sorted by place.
pub(crate) fn sites(workspace: &Workspace, facts: &[FileFacts]) -> Vec<Site> {
    let names = Names::new(Tree::build(workspace, facts));
    let index = Index::build(&names);
    let evaluator = Evaluator::new(&names, &index);
    let summaries: Vec<_> = names
        .tree
        .ids()
        .filter(|id| names.tree.item(*id).body().is_some())
        .map(|id| (id, evaluator.summary(id)))
        .collect();
    let mut links = Links::new(&names, &index, &summaries);
    let channels = Channels::new(&names, &index, &summaries, &mut links);
    let contexts = Contexts::new(&names, &index, &summaries, channels);
    collect::collect(workspace, &names, &index, &summaries, &contexts, links)
}
