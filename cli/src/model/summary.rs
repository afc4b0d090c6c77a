//! What is known of one function after its body was read: the evaluator's answer.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use ustr::Ustr;

use super::tree::ItemId;
use super::types::T;
use crate::facts::Sym;
use crate::finding::AccessKind;
use crate::span::Span;

/// Where state lives, as the evaluator sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Root {
    Static(ItemId),
    /// A struct's field by position (for an enum, counting over its variants).
    Field(ItemId, u16),
    /// A binding in a function, by the position of its name.
    Local(ItemId, u32),
    /// A parameter of the function at hand; `SELF` is `self`.
    Param(u16),
    /// A value the function at hand asked its framework for, by type.
    Fetched(u16),
}

pub(crate) const SELF: u16 = u16::MAX;

/// A part of a function that may run at another time than the function itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RegionKind {
    /// Runs with what surrounds it.
    Inherit,
    /// Runs for each request.
    Request,
    /// A task or thread: its own time when started at start-up.
    Spawned,
    /// A loop that waits for messages or connections.
    Serves,
    /// Handed to something foreign that calls it when something happens.
    Callback,
    /// A factory that runs once for each worker.
    PerWorker,
    /// The arm of a `match` for one variant of an enum: where that is a message, it runs
    /// for those who send it.
    Message(ItemId, u32),
    /// The arm of a `match` on the path of a request: it runs for these routes.
    Routes(Arc<[Ustr]>),
    /// What a loop over messages does when a clock strikes instead.
    Tick,
}

#[derive(Debug, Clone)]
pub(crate) struct Region {
    pub(crate) parent: u32,
    pub(crate) kind: RegionKind,
}

/// One access.
#[derive(Debug, Clone)]
pub(crate) struct Touch {
    pub(crate) root: Root,
    pub(crate) kind: AccessKind,
    pub(crate) operation: Sym,
    pub(crate) span: Span,
    pub(crate) region: u32,
    /// The answer is used: returned, compared, bound.
    pub(crate) used: bool,
    /// The answer is only an operand: compared, or part of a sum.
    pub(crate) compared: bool,
    /// What is written was fetched from outside this process.
    pub(crate) fetched: bool,
    /// What is written is that parameter.
    pub(crate) written: Option<u16>,
}

/// A message put into a channel.
#[derive(Debug, Clone)]
pub(crate) struct Send {
    /// The sending end.
    pub(crate) roots: Vec<Root>,
    /// Our type that the message is, and which variant of it.
    pub(crate) message: Option<ItemId>,
    pub(crate) variant: Option<u32>,
    /// The parameter that the message is: its callers know more.
    pub(crate) from: Option<u16>,
    pub(crate) region: u32,
}

/// A loop that takes messages out of a channel.
#[derive(Debug, Clone)]
pub(crate) struct Receive {
    pub(crate) roots: Vec<Root>,
    pub(crate) message: Option<ItemId>,
    pub(crate) region: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct CallSite {
    pub(crate) callee: ItemId,
    pub(crate) region: u32,
    /// The method's name, or the whole call of a function.
    pub(crate) span: Span,
    /// Which arguments were fetched from outside this process, a bit each.
    pub(crate) fetched: u32,
    /// One of several that a call through a trait can land on.
    pub(crate) dynamic: bool,
}

/// What a route leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum HandlerRef {
    Fn(ItemId),
    /// A closure: a region of a function.
    Region(ItemId, u32),
}

/// A route as far as it is put together.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// Where it was first written.
    pub(crate) id: (ItemId, u32),
    pub(crate) method: Option<Sym>,
    pub(crate) path: String,
    /// How many prefixes it has been given: the longest form wins.
    pub(crate) depth: u32,
    pub(crate) handler: HandlerRef,
}

/// A router, a filter, a resource: paths waiting for handlers, handlers with paths.
#[derive(Debug, Clone, Default)]
pub(crate) struct Web {
    pub(crate) path: String,
    pub(crate) method: Option<Sym>,
    pub(crate) routes: Vec<Route>,
    /// What runs around its routes.
    pub(crate) layers: Vec<HandlerRef>,
}

/// A binding or expression that creates state outside any type of ours.
#[derive(Debug, Clone)]
pub(crate) struct LocalSite {
    pub(crate) root: Root,
    pub(crate) name: Sym,
    pub(crate) span: Span,
    pub(crate) ty: T,
    pub(crate) region: u32,
}

/// A value handed to a framework for its handlers to find by type.
#[derive(Debug, Clone)]
pub(crate) struct Injected {
    pub(crate) ty: T,
    pub(crate) roots: Vec<Root>,
    pub(crate) region: u32,
}

/// A call of a foreign constructor or function worth a rule's look.
#[derive(Debug, Clone)]
pub(crate) struct ForeignCall {
    pub(crate) path: Sym,
    pub(crate) span: Span,
    pub(crate) region: u32,
    /// The binding the result went to.
    pub(crate) bound: Option<(Sym, Span)>,
    pub(crate) strings: Vec<Sym>,
}

#[derive(Debug, Clone)]
pub(crate) enum Callable {
    Item(ItemId),
    /// A closure of the function at hand: its region, and what it answers.
    Closure(u32),
    Foreign,
}

/// Roots of one value: hardly ever more than two.
pub(crate) type Roots = SmallVec<[Root; 2]>;

/// What an expression leads to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Val {
    pub(crate) ty: T,
    pub(crate) roots: Roots,
    /// Made here and not yet shared: writing to it is construction.
    pub(crate) fresh: bool,
    pub(crate) callable: Option<Callable>,
    pub(crate) web: Option<Arc<Web>>,
    /// The foreign function that made it.
    pub(crate) made_by: Option<Sym>,
    pub(crate) literal: Option<Arc<str>>,
    /// Straight from a lock that can be poisoned: the result around the guard is not in `ty`.
    pub(crate) locked: bool,
    /// The variant of our enum that it is.
    pub(crate) variant: Option<u32>,
    /// The answer of foreign code that may wait for something outside this process.
    pub(crate) foreign: bool,
    /// Made of what such an answer brought: read from a database, a file, another service.
    pub(crate) fetched: bool,
}

impl Val {
    pub(crate) fn of(ty: T) -> Val {
        Val { ty, ..Val::default() }
    }

    pub(crate) fn with_roots(mut self, roots: &[Root]) -> Val {
        self.roots = Roots::from_slice(roots);
        self
    }

    pub(crate) fn merge(&mut self, other: &Val) {
        if self.ty.is_unknown() {
            self.ty = other.ty.clone();
        }
        for root in &other.roots {
            if !self.roots.contains(root) {
                self.roots.push(*root);
            }
        }
        self.fresh &= other.fresh;
        self.fetched |= other.fetched;
        if self.variant != other.variant {
            self.variant = None;
        }
        if self.web.is_none() {
            self.web = other.web.clone();
        }
        if self.callable.is_none() {
            self.callable = other.callable.clone();
        }
        // Random in one branch is random.
        let random = |path: Sym| {
            super::components::is_random(path.as_str()) || super::components::makes_key(path.as_str())
        };
        if other.made_by.is_some_and(random) {
            self.made_by = other.made_by;
        }
    }
}

/// Everything one function body says about state.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) regions: Vec<Region>,
    pub(crate) touches: Vec<Touch>,
    pub(crate) calls: Vec<CallSite>,
    pub(crate) routes: Vec<Route>,
    /// What runs around a route: where that was written, its handler, the layer.
    pub(crate) layered: Vec<((ItemId, u32), HandlerRef, HandlerRef)>,
    /// Types that are the roots of a GraphQL schema, and which.
    pub(crate) schemas: Vec<(ItemId, u8)>,
    /// Regions in which a connection becomes a WebSocket without a route.
    pub(crate) sockets: Vec<u32>,
    /// Functions given to a framework to call, whatever the route, and where.
    pub(crate) handlers: Vec<(HandlerRef, u32)>,
    pub(crate) locals: Vec<LocalSite>,
    pub(crate) injected: Vec<Injected>,
    pub(crate) foreign: Vec<ForeignCall>,
    /// One root's data became another's: `State { users: users.clone() }`.
    pub(crate) aliases: Vec<(Root, Root)>,
    /// Struct literals: which type, which field, where, in which region.
    pub(crate) constructs: Vec<(ItemId, Option<u16>, Span, u32)>,
    /// What the function answers, in terms of its parameters and of global roots.
    pub(crate) output: Val,
    /// Routes that the function adds to a router it was handed.
    pub(crate) param_web: Vec<(u16, Arc<Web>)>,
    /// Loops over messages while owning `self` or a local.
    pub(crate) serves: bool,
    /// Regions that hold such loops.
    pub(crate) serving: Vec<u32>,
    pub(crate) sends: Vec<Send>,
    pub(crate) receives: Vec<Receive>,
    /// Sending ends given to foreign code, and where.
    pub(crate) handed: Vec<(Vec<Root>, u32)>,
    /// Regions of loops that wait for something else than a channel of ours.
    pub(crate) waits_outside: Vec<u32>,
    /// Structs of ours that a binding here owns, and in which region.
    pub(crate) owned: Vec<(ItemId, u32)>,
    /// What was handed to parameters that the callee uses at a time of its own.
    pub(crate) passed: Vec<(ItemId, Root, Vec<Root>)>,
    /// Parameters that are called, and in which region.
    pub(crate) ran: Vec<(u16, u32)>,
    /// Parameters that some callee calls for requests.
    pub(crate) ran_below: Vec<u16>,
    /// Types of ours that each worker makes for itself and hands to its handlers.
    pub(crate) worker_types: Vec<ItemId>,
    /// Types asked for by a getter (`data::<T>()`), in the order of [`Root::Fetched`].
    pub(crate) fetched: Vec<T>,
    /// What a caller takes over, see [`Summary::settle`].
    pub(crate) lent: Lent,
}

/// What a function does to what it was given: looked at for each of its calls, put together once.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    /// The first touch of each parameter and kind, by its place in [`Summary::touches`].
    pub(crate) touches: Vec<u32>,
    /// Parameters that are used at a time of its own.
    pub(crate) own_time: Vec<Root>,
    /// Parameters that are called for requests: handlers in all but name.
    pub(crate) serves: Vec<u16>,
    /// Those of [`Summary::aliases`] that have a parameter at one end.
    pub(crate) aliases: Vec<(Root, Root)>,
}

impl Summary {
    /// Makes what callers ask for, when all else is known.
    pub(super) fn settle(&mut self) {
        let mut lent = Lent::default();
        let mut seen = FxHashSet::default();
        for (at, touch) in self.touches.iter().enumerate() {
            if !matches!(touch.root, Root::Param(_)) {
                continue;
            }
            if self.own_time(touch.region) {
                if !lent.own_time.contains(&touch.root) {
                    lent.own_time.push(touch.root);
                }
            } else if seen.insert((touch.root, touch.kind)) {
                lent.touches.push(at as u32);
            }
        }
        lent.serves.clone_from(&self.ran_below);
        for (param, region) in &self.ran {
            let for_requests = |kind: &RegionKind| matches!(kind, RegionKind::Request | RegionKind::Serves);
            if self.nearest(*region, for_requests).is_some() && !lent.serves.contains(param) {
                lent.serves.push(*param);
            }
        }
        let param = |root: &Root| matches!(root, Root::Param(_));
        // What is passed on to be used so is used so here.
        for root in self.passed.iter().flat_map(|(_, _, roots)| roots).filter(|root| param(root)) {
            if !lent.own_time.contains(root) {
                lent.own_time.push(*root);
            }
        }
        lent.aliases = self.aliases.iter().filter(|(from, to)| param(from) || param(to)).copied().collect();
        self.lent = lent;
    }

    /// Whether a region runs at another time than the call of its function.
    pub(crate) fn own_time(&self, region: u32) -> bool {
        let mut at = region;
        while at != 0 {
            let kind = &self.regions[at as usize].kind;
            if !matches!(kind, RegionKind::Inherit | RegionKind::Message(..) | RegionKind::Routes(_)) {
                return true;
            }
            at = self.regions[at as usize].parent;
        }
        false
    }

    /// The innermost region around one that is of a kind, itself included.
    pub(crate) fn nearest(&self, region: u32, kind: impl Fn(&RegionKind) -> bool) -> Option<u32> {
        let mut at = region;
        while at != 0 {
            if kind(&self.regions[at as usize].kind) {
                return Some(at);
            }
            at = self.regions[at as usize].parent;
        }
        None
    }

    /// A region without the arms around it: what runs in one go.
    pub(crate) fn without_arms(&self, region: u32) -> u32 {
        self.nearest(region, |kind| !matches!(kind, RegionKind::Message(..) | RegionKind::Routes(_)))
            .unwrap_or(0)
    }
}
