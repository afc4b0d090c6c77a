//! Sites: every place that holds state, with the accesses that reach it.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::context::When;
use super::external::Kind;
pub(crate) use super::shared::Sharing;
use super::stored::Stored;
use super::summary::Root;
use super::tree::ItemId;
use super::types::T;
use crate::facts::Sym;
use crate::finding::{Access, AccessKind, SiteInfo};

/// One place that holds state, and everything the rules may ask about it.
#[derive(Debug)]
pub(crate) struct Site {
    /// The names that its data has, that of the finding first.
    pub(crate) roots: Vec<Root>,
    pub(crate) info: SiteInfo,
    pub(crate) ty: T,
    /// What makes it changeable; `None` for a plain field of something shared.
    pub(crate) kind: Option<Kind>,
    pub(crate) sharing: Option<Sharing>,
    /// Everything in the payload: our own types looked into.
    pub(crate) holds: Holds,
    pub(crate) uses: Vec<Use>,
    /// Made and dropped with one request or connection.
    pub(crate) per_request: bool,
    /// Only shares its holder's lock: the fields below it are sites of their own.
    pub(crate) fields: Vec<Root>,
    /// Lower-case words of the site's and its types' names.
    pub(crate) words: Vec<String>,
    pub(crate) live: Live,
    /// Lives inside an element of a collection: of which.
    pub(crate) element_of: Vec<Root>,
    /// Its payload is the writing end of one client's socket.
    pub(crate) one_socket: bool,
    /// Configuration is asked first, and this is made where it says nothing.
    pub(crate) fallback: bool,
    /// Also written to a file where it is made.
    pub(crate) kept: bool,
    /// The tables know what made it; else its name alone speaks.
    pub(crate) known: bool,
    /// A number that is only compared, logged, or a key of this process's own collections.
    pub(crate) stays: bool,
    /// Entries of the collection can be changed where they lie.
    pub(crate) entries_change: bool,
    /// What it would be in a store, where it could be there.
    pub(crate) stored: Option<Stored>,
}

/// What a payload consists of.
#[derive(Debug, Default, Clone)]
pub(crate) struct Holds {
    pub(crate) kinds: FxHashSet<Kind>,
    /// Last parts of the names of all types in it.
    pub(crate) names: FxHashSet<String>,
    /// Those of them that are the payload, its keys and entries: not what lies deeper.
    pub(crate) near: FxHashSet<String>,
    /// Key type, where the payload is a map.
    pub(crate) key: Option<T>,
    /// It is a collection.
    pub(crate) collection: bool,
    /// Its entries have parts that change by themselves, and are sites of their own.
    pub(crate) changing: bool,
}

/// How close a collection's entries are to a client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Live {
    #[default]
    No,
    /// A sender or socket among other data.
    Part,
    /// The entries are senders or sockets.
    Whole,
}

/// One access, with what the rules need beyond the words for it.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) access: Access,
    pub(crate) when: When,
    pub(crate) operation: Sym,
    pub(crate) used: bool,
    /// The answer is only compared or calculated with.
    pub(crate) compared: bool,
    pub(crate) function: ItemId,
    /// The part of the function: two handlers can be closures of one function.
    pub(crate) region: u32,
    /// What is written was fetched from outside this process.
    pub(crate) fetched: bool,
    /// Functions that serve requests and call that one, directly or by one other.
    pub(crate) callers: Callers,
}

/// Functions, and which part of them: two handlers can be closures of one function.
pub(crate) type Callers = Arc<[(ItemId, u32)]>;

impl Use {
    /// Whether one function calls what does both: it looks first and then fills, say.
    pub(crate) fn shares_caller(&self, other: &Use) -> bool {
        self.function != other.function
            && self
                .callers
                .iter()
                .any(|caller| other.callers.contains(caller) || *caller == (other.function, other.region))
    }
}

impl Site {
    /// A site that a single call or attribute shows, without type or accesses.
    pub(super) fn bare(root: Root, info: SiteInfo, kind: Kind) -> Site {
        let mut words = Vec::new();
        split_words(&info.symbol, &mut words);
        Site {
            roots: vec![root],
            info,
            ty: T::Unknown,
            kind: Some(kind),
            sharing: None,
            holds: Holds::default(),
            uses: Vec::new(),
            per_request: false,
            fields: Vec::new(),
            words,
            live: Live::No,
            element_of: Vec::new(),
            one_socket: false,
            fallback: false,
            kept: false,
            known: true,
            stays: false,
            entries_change: false,
            stored: None,
        }
    }

    /// Whether it lives inside an element of another site's collection.
    pub(crate) fn element(&self) -> bool {
        !self.element_of.is_empty()
    }

    pub(crate) fn serving(&self, kind: AccessKind) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(move |one| one.access.kind == kind && one.when.request)
    }

    pub(crate) fn running(&self, kind: AccessKind) -> impl Iterator<Item = &Use> {
        self.uses
            .iter()
            .filter(move |one| one.access.kind == kind && (one.when.request || one.when.background))
    }

    pub(crate) fn has_word(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }
}

/// `rateLimiters_v2` to `rate`, `limiters`, `v2`.
pub(crate) fn split_words(name: &str, out: &mut Vec<String>) {
    let mut word = String::new();
    let mut lower = false;
    for letter in name.chars() {
        if (!letter.is_alphanumeric() || letter.is_uppercase() && lower) && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        lower = letter.is_lowercase() || letter.is_numeric();
    }
    if !word.is_empty() {
        out.push(word);
    }
}
