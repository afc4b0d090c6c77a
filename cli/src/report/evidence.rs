//! Chooses which accesses of a finding get a label in its snippets.
//!
//! A site can have hundreds of accesses. A reader needs the declaration, who changes it
//! and who is then wrong about it, on one screen. What is left out is counted in words,
//! never dropped. How labels are drawn is decided in [`super::excerpt`].

use crate::finding::{Access, AccessKind, Context, Finding};
use crate::source::Sources;
use crate::span::Place;

use super::escape::visible;
use super::excerpt::{Mark, MarkKind, blocks};
use super::words;

/// Labels of one kind.
const LABELS: usize = 4;
/// Lines that all snippets of a finding may take.
const HEIGHT: usize = 28;

/// What to show of a finding's accesses.
#[derive(Debug)]
pub(crate) struct Evidence {
    /// The declaration first, then the accesses to be labelled.
    pub(crate) marks: Vec<Mark>,
    /// Where the rest is, a phrase a kind; empty where all are labelled.
    pub(crate) rest: Vec<String>,
}

/// Chooses, or takes all of them.
pub(crate) fn choose(finding: &Finding, sources: &Sources, all: bool) -> Evidence {
    let writes = ranked(finding, AccessKind::Write);
    let reads = ranked(finding, AccessKind::Read);
    let mut chosen: Vec<&Access> = Vec::new();
    if all {
        chosen.extend(writes.iter().chain(&reads));
    } else {
        let mut places = vec![finding.site.place];
        for at in 0..LABELS {
            for access in [writes.get(at), reads.get(at)].into_iter().flatten() {
                places.push(access.place);
                // One write and one read are the least that explains anything.
                if at == 0 || height(sources, &places) <= HEIGHT {
                    chosen.push(access);
                } else {
                    places.pop();
                }
            }
        }
    }

    let declaration = Mark {
        place: finding.site.place,
        text: format!("kept here: {}", words::mechanism(finding.site.mechanism)),
        kind: MarkKind::Declared,
    };
    let accesses = chosen.iter().map(|access| Mark {
        place: access.place,
        text: words::access(access),
        kind: match access.kind {
            AccessKind::Write => MarkKind::Written,
            AccessKind::Read => MarkKind::Read,
        },
    });
    let marks = std::iter::once(declaration).chain(accesses).collect();
    let rest = [(writes, "write"), (reads, "read")]
        .into_iter()
        .filter_map(|(all, noun)| left_out(&all, &chosen, noun))
        .collect();
    Evidence { marks, rest }
}

fn height(sources: &Sources, places: &[Place]) -> usize {
    let frames: usize = blocks(sources, places).iter().map(|block| block.height()).sum();
    // A line to underline with, and one for the words.
    frames + 2 * places.len()
}

/// The accesses of one kind, the most telling first: those that a route is known for,
/// and a function that was not named yet before one that was.
fn ranked(finding: &Finding, kind: AccessKind) -> Vec<&Access> {
    let mut accesses: Vec<&Access> = finding.accesses.iter().filter(|access| access.kind == kind).collect();
    accesses.sort_by_key(|access| match &access.context {
        Context::Request { routes } if !routes.is_empty() => 0,
        Context::Request { .. } => 1,
        Context::Background => 2,
        Context::Startup => 3,
    });
    let mut seen = std::collections::HashSet::new();
    let (mut first, again): (Vec<&Access>, Vec<&Access>) =
        accesses.into_iter().partition(|access| seen.insert(access.function.as_str()));
    first.extend(again);
    first
}

/// ``3 more writes in `login`, `refresh` ``
fn left_out(all: &[&Access], chosen: &[&Access], noun: &str) -> Option<String> {
    let rest: Vec<&Access> = all
        .iter()
        .copied()
        .filter(|access| !chosen.iter().any(|taken| std::ptr::eq(*taken, *access)))
        .collect();
    if rest.is_empty() {
        return None;
    }
    let mut functions: Vec<String> = Vec::new();
    for access in &rest {
        let name = format!("`{}`", visible(&access.function));
        if !functions.contains(&name) {
            functions.push(name);
        }
    }
    let count = words::count(rest.len(), &format!("more {noun}"));
    Some(format!("{count} in {}", words::some_of(&functions, "function")))
}
