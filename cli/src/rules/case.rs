//! A site as the rules see it: short questions with answers from the evidence.

use crate::finding::{AccessKind, Context};
use crate::model::Site;
use crate::model::context::SOCKET;
use crate::model::external::{self, Kind};
use crate::model::site::Use;
use crate::model::types::{T, last_part};

pub(crate) struct Case<'s> {
    pub(crate) site: &'s Site,
    /// Writes while serving requests.
    pub(crate) writes: Vec<&'s Use>,
    /// Reads while serving requests.
    pub(crate) reads: Vec<&'s Use>,
    /// Writes in background tasks only.
    pub(crate) background_writes: Vec<&'s Use>,
}

/// Operations that take something out.
const REMOVES: [&str; 22] = [
    "remove",
    "retain",
    "clear",
    "drain",
    "pop",
    "pop_front",
    "pop_back",
    "truncate",
    "take",
    "remove_entry",
    "remove_if",
    "swap_remove",
    "shift_remove",
    "split_off",
    "invalidate",
    "invalidate_all",
    "delete",
    "cache_remove",
    "cache_clear",
    "remove_async",
    "pop_lru",
    "retain_mut",
];

impl<'s> Case<'s> {
    pub(crate) fn new(site: &'s Site) -> Self {
        Case {
            site,
            writes: site.serving(AccessKind::Write).collect(),
            reads: site.serving(AccessKind::Read).collect(),
            background_writes: site.running(AccessKind::Write).filter(|one| !one.when.request).collect(),
        }
    }

    /// What the data is once every wrapper is off.
    pub(crate) fn payload(&self) -> &T {
        external::payload(&self.site.ty)
    }

    pub(crate) fn payload_kind(&self) -> Kind {
        external::kind_of(self.payload())
    }

    pub(crate) fn named(&self, words: &[&str]) -> bool {
        self.site.has_word(words)
    }

    /// The declared name alone, not its types.
    pub(crate) fn own_name(&self, words: &[&str]) -> bool {
        let mut own = Vec::new();
        let symbol = &self.site.info.symbol;
        let last = last_part(symbol);
        // A tuple's field has no name but its type's.
        let name = if last.chars().all(|c| c.is_ascii_digit()) {
            symbol.split("::").next().unwrap_or(last)
        } else {
            last
        };
        crate::model::site::split_words(name, &mut own);
        own.iter().any(|word| words.contains(&word.as_str()))
    }

    /// A word in the module path of the site.
    pub(crate) fn in_file_of(&self, words: &[&str]) -> bool {
        let path = self.site.info.item_path.strip_suffix(&self.site.info.symbol).unwrap_or_default();
        let mut own = Vec::new();
        crate::model::site::split_words(path, &mut own);
        own.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Nobody was seen to call what writes here.
    pub(crate) fn assumed(&self) -> bool {
        self.writes.iter().all(|one| one.when.assumed && one.when.routes.is_empty())
    }

    /// A word in the name of a function that touches the site.
    pub(crate) fn touched_by(&self, words: &[&str]) -> bool {
        self.writes.iter().chain(&self.reads).any(|one| {
            let mut own = Vec::new();
            crate::model::site::split_words(&one.access.function, &mut own);
            own.iter().any(|word| words.contains(&word.as_str()))
        })
    }

    pub(crate) fn holds(&self, kind: Kind) -> bool {
        self.site.holds.kinds.contains(&kind)
    }

    pub(crate) fn holds_name(&self, names: &[&str]) -> bool {
        self.site.holds.names.iter().any(|name| names.contains(&name.as_str()))
    }

    /// There may be nothing in it yet.
    pub(crate) fn optional(&self) -> bool {
        self.site.ty.any(&mut |ty| external::kind_of(ty) == Kind::Maybe)
    }

    /// What one function puts in another takes out, and it uses what it took: a ring
    /// buffer drops its oldest entry where it adds one.
    pub(crate) fn taken_by_a_worker(&self) -> bool {
        let added: Vec<_> = self
            .writes
            .iter()
            .filter(|one| {
                matches!(
                    one.access.operation.as_str(),
                    "push" | "push_back" | "push_front" | "try_push" | "insert"
                )
            })
            .map(|one| one.function)
            .collect();
        self.site.uses.iter().any(|one| {
            matches!(
                one.access.operation.as_str(),
                "pop" | "try_pop" | "pop_front" | "pop_back" | "drain" | "take"
            ) && one.used
                && !added.contains(&one.function)
        })
    }

    /// One route puts into the channel what another takes out.
    pub(crate) fn taken_by_requests(&self) -> bool {
        let routes = |operations: &[&str]| -> Vec<&String> {
            let uses = self.site.uses.iter().filter(|one| operations.contains(&one.operation.as_str()));
            uses.flat_map(|one| match &one.access.context {
                Context::Request { routes } => routes.iter().collect(),
                _ => Vec::new(),
            })
            .collect()
        };
        let puts = routes(&["send", "try_send", "send_async", "blocking_send", "push", "force_push"]);
        let takes =
            routes(&["recv", "try_recv", "recv_async", "recv_timeout", "blocking_recv", "try_iter", "drain"]);
        self.site.kind == Some(Kind::Sender)
            && !puts.is_empty()
            // A loop that takes out for everyone runs for those who put in.
            && !takes.is_empty()
            && takes.iter().all(|route| !puts.contains(route))
    }

    /// All that happens to it while serving happens in one function.
    pub(crate) fn in_one_function(&self) -> bool {
        let mut functions: Vec<_> = self.writes.iter().chain(&self.reads).map(|one| one.function).collect();
        functions.dedup();
        functions.len() == 1
    }

    /// A table of numbers that requests raise: what limits are made of.
    pub(crate) fn counts(&self) -> bool {
        let value = self.payload().args().last().map(external::payload);
        let number = |ty: &T| {
            external::kind_of(external::payload(ty)) == Kind::Scalar
                && !matches!(ty, T::Ext(path, _) if last_part(path.as_str()) == "String")
        };
        let numbers = match value {
            Some(T::Tuple(parts)) => parts.iter().any(number),
            Some(other) => number(other),
            None => false,
        };
        numbers && self.site.holds.collection && self.writes_with(&["+="])
    }

    /// A table of points in time.
    pub(crate) fn times(&self) -> bool {
        let value = self.payload().args().last().map(external::payload);
        self.site.holds.key.is_some() && value.is_some_and(external::is_time)
    }

    /// A single number, flag or small value rather than a collection.
    pub(crate) fn scalar(&self) -> bool {
        matches!(self.payload_kind(), Kind::Scalar | Kind::Atomic)
    }

    pub(crate) fn number(&self) -> bool {
        external::is_number(self.payload())
    }

    pub(crate) fn flag(&self) -> bool {
        match self.payload() {
            T::Ext(path, _) => matches!(last_part(path.as_str()), "AtomicBool" | "bool"),
            _ => false,
        }
    }

    pub(crate) fn writes_with(&self, operations: &[&str]) -> bool {
        self.writes.iter().any(|one| operations.contains(&one.access.operation.as_str()))
    }

    pub(crate) fn removes(&self) -> bool {
        self.site.uses.iter().any(|one| {
            one.access.kind == AccessKind::Write && REMOVES.contains(&one.access.operation.as_str())
        })
    }

    /// Every write while serving happens in a function that also looks first: what is
    /// put in is what was not there yet.
    pub(crate) fn read_through(&self) -> bool {
        let adds: Vec<_> =
            self.writes.iter().filter(|one| !REMOVES.contains(&one.access.operation.as_str())).collect();
        let whole = |one: &Use| matches!(one.operation.as_str(), "=" | "store" | "swap" | "replace" | "set");
        !adds.is_empty()
            && adds.iter().all(|write| {
                matches!(
                    write.access.operation.as_str(),
                    "get_with" | "try_get_with" | "get_or_insert_with" | "or_insert_with"
                ) || self
                    .reads
                    .iter()
                    .any(|read| {
                        let before = read.access.place.span.start <= write.access.place.span.start;
                        read.used && before && (read.function, read.region) == (write.function, write.region)
                    })
                    // What is replaced as a whole is loaded anew, unless there was nothing before.
                    || (!whole(write) || self.optional() && !self.site.holds.collection)
                        && self.reads.iter().any(|read| read.used && read.shares_caller(write))
            })
    }

    /// A handler takes entries out or empties the whole: other replicas keep theirs.
    pub(crate) fn invalidated(&self) -> bool {
        self.writes.iter().any(|one| {
            REMOVES.contains(&one.access.operation.as_str())
                && !self.reads.iter().any(|read| read.function == one.function)
        })
    }

    /// A known route takes entries out.
    pub(crate) fn routes_remove(&self) -> bool {
        self.writes.iter().any(|one| {
            REMOVES.contains(&one.access.operation.as_str())
                && matches!(&one.access.context, Context::Request { routes } if !routes.is_empty())
        })
    }

    /// A library's bounded or expiring collection.
    pub(crate) fn library_cache(&self) -> bool {
        matches!(self.site.kind, Some(Kind::Cache))
            || self.holds_name(&["LruCache", "TimedCache", "SizedCache", "TimedSizedCache", "TtlCache"])
    }

    /// Entries with nothing but a key: a set of what was seen, whatever collection keeps it.
    pub(crate) fn keys_only(&self) -> bool {
        let keyed = matches!(self.payload_kind(), Kind::Map | Kind::SharedMap | Kind::Cache);
        let nothing = |value: &T| matches!(value, T::Tuple(parts) if parts.is_empty());
        keyed && self.payload().args().get(1).is_some_and(nothing)
    }

    /// Called a cache, itself or what holds it.
    pub(crate) fn named_cache(&self) -> bool {
        self.own_name(&["cache", "cached", "caches", "memo", "memoized", "lru"])
            || self.symbol().split("::").next().is_some_and(|owner| owner.ends_with("Cache"))
    }

    pub(crate) fn cache_like(&self) -> bool {
        self.library_cache() || self.named_cache()
    }

    /// Entries can be changed where they lie: they count or collect, nothing else knows it.
    pub(crate) fn entries_change(&self) -> bool {
        let value = self.payload().args().last();
        let ours = value.is_some_and(|value| matches!(external::payload(value), T::Adt(..)));
        let changes = value.and_then(external::interior).is_some_and(|kind| kind != Kind::Sender)
            || ours && self.site.holds.changing;
        changes && self.site.holds.collection
    }

    /// Writes while serving that add or replace something.
    pub(crate) fn adds(&self) -> impl Iterator<Item = &&'s Use> {
        self.writes.iter().filter(|one| !REMOVES.contains(&one.access.operation.as_str()))
    }

    /// All that is put in was fetched from outside this process, where it stays.
    pub(crate) fn only_fetched(&self) -> bool {
        self.adds().next().is_some() && self.adds().all(|one| one.fetched) && !self.site.entries_change
    }

    /// A collection that grows while serving and that nothing ever empties.
    pub(crate) fn unbounded(&self) -> bool {
        let grows = self.writes_with(&[
            "insert",
            "push",
            "push_back",
            "entry",
            "or_insert_with",
            "or_insert",
            "extend",
            "append",
        ]);
        let bounded = matches!(self.site.kind, Some(Kind::Cache))
            || self.holds_name(&["LruCache", "TimedCache", "SizedCache"]);
        grows && self.site.holds.collection && !self.removes() && !bounded
    }

    /// Routes known to write. That a socket does says little of whom it concerns.
    pub(crate) fn routed(&self) -> bool {
        let routed = |one: &&&Use| match &one.access.context {
            Context::Request { routes } => routes.iter().any(|route| route != SOCKET),
            _ => false,
        };
        // `fetch_add` and `remove` look as well where their answer is used.
        let looks = |one: &&Use| {
            one.used
                && (one.operation.as_str().starts_with("fetch_")
                    || REMOVES.contains(&one.access.operation.as_str()))
        };
        self.writes.iter().any(|one| routed(&one))
            && (!self.reads.is_empty() || self.writes.iter().any(looks))
    }

    pub(crate) fn symbol(&self) -> &str {
        &self.site.info.symbol
    }
}
