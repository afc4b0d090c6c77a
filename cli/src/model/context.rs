//! When each function runs: at start-up, in a request and of which route, in a task.
//!
//! Starts from the entry points (main functions, handlers, trait impls that frameworks
//! call) and follows calls to a fixed point.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::channels::Channels;
use super::external;
use super::graphql;
use super::index::Index;
use super::makers::Makers;
use super::names::Names;
use super::summary::{HandlerRef, RegionKind, Summary};
use super::times::{TraitTime, trait_time};
use super::tree::{Def, ItemId};
use super::types::{T, last_part};
use super::web;
use crate::facts::Attr;

/// The times at which something runs, and the routes it runs for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) request: bool,
    pub(crate) background: bool,
    pub(crate) startup: bool,
    /// Nobody was seen to call it: taken for a request for want of better.
    pub(crate) assumed: bool,
    /// Shared: most of what runs for the same routes was called by one function.
    pub(crate) routes: Arc<BTreeSet<Ustr>>,
}

impl When {
    /// In a request of one route.
    fn of_route(route: &str) -> When {
        When { request: true, routes: Arc::new([Ustr::from(route)].into()), ..When::default() }
    }

    /// Adds `other`; true where that changed something.
    fn add(&mut self, other: &When) -> bool {
        let before = (self.request, self.background, self.startup, self.assumed);
        let mut more = false;
        self.assumed |= other.assumed;
        self.request |= other.request;
        self.background |= other.background;
        self.startup |= other.startup;
        if self.routes.is_empty() && !other.routes.is_empty() {
            self.routes = other.routes.clone();
            more = true;
        } else if self.routes.len() < MAX_ROUTES
            && !Arc::ptr_eq(&self.routes, &other.routes)
            && !other.routes.is_subset(&self.routes)
        {
            Arc::make_mut(&mut self.routes).extend(other.routes.iter().copied());
            more = true;
        }
        more || before != (self.request, self.background, self.startup, self.assumed)
    }

    /// As far as it is a request of a known route.
    fn routed(self) -> When {
        match self.routes.is_empty() {
            true => When::default(),
            false => When { request: true, routes: self.routes, ..When::default() },
        }
    }

    fn is_empty(&self) -> bool {
        !(self.request || self.background || self.startup)
    }
}

/// A route, however long its path has grown.
type RouteKey = ((ItemId, u32), HandlerRef, Option<Ustr>);

/// More routes than this reaching one function say nothing more about it.
const MAX_ROUTES: usize = 64;

pub(crate) struct Contexts {
    functions: FxHashMap<ItemId, When>,
    regions: FxHashMap<(ItemId, u32), When>,
    /// Functions that a framework calls: their parameters come from it.
    pub(crate) entries: FxHashMap<ItemId, ()>,
    /// Functions that are known to be called, before any is assumed to be.
    reached: FxHashSet<ItemId>,
    /// Extractors that a handler's parameters call.
    extracts: FxHashMap<ItemId, Vec<ItemId>>,
    channels: Channels,
    makers: Makers,
    /// For whom the loops over messages run, by number.
    loops: Vec<When>,
    /// For whom a message is sent, by type and variant.
    messages: FxHashMap<(ItemId, Option<u32>), When>,
}

impl Contexts {
    pub(super) fn new(
        names: &Names,
        index: &Index,
        summaries: &[(ItemId, Arc<Summary>)],
        channels: Channels,
    ) -> Self {
        let makers = Makers::new(names, index, summaries);
        let mut contexts = Contexts::settled(names, index, summaries, channels, makers);
        let mut makers = std::mem::take(&mut contexts.makers);
        if makers.add_commands(names, index, summaries, |summary, id, at| contexts.region(summary, id, at)) {
            // What was told to the commands by those who call them is taken back.
            contexts = Contexts::settled(names, index, summaries, contexts.channels, makers);
        } else {
            contexts.makers = makers;
        }
        contexts
    }

    /// All that follows from the entry points.
    fn settled(
        names: &Names,
        index: &Index,
        summaries: &[(ItemId, Arc<Summary>)],
        channels: Channels,
        makers: Makers,
    ) -> Self {
        let mut contexts = Contexts {
            functions: FxHashMap::default(),
            regions: FxHashMap::default(),
            entries: FxHashMap::default(),
            reached: FxHashSet::default(),
            extracts: FxHashMap::default(),
            loops: vec![When::default(); channels.owners.len()],
            messages: FxHashMap::default(),
            channels,
            makers,
        };
        contexts.add_routes(summaries);
        let graph = graphql::Roots::new(names, index, summaries);
        for (id, summary) in summaries {
            contexts.add_entry(names, index, &graph, *id, summary);
        }
        contexts.add_extractors(names, index);
        let by_id: FxHashMap<ItemId, &Summary> =
            summaries.iter().map(|(id, summary)| (*id, &**summary)).collect();
        let order: Vec<ItemId> = summaries.iter().map(|(id, _)| *id).collect();
        contexts.propagate(&by_id, order.clone());
        contexts.reached =
            contexts.functions.iter().filter(|(_, when)| !when.is_empty()).map(|(id, _)| *id).collect();
        // Whatever nobody here calls: a library's surface, a callback we did not follow.
        let unreached: Vec<ItemId> = order
            .iter()
            .copied()
            .filter(|id| contexts.functions.get(id).is_none_or(When::is_empty))
            .collect();
        let called: FxHashSet<ItemId> = unreached
            .iter()
            .filter_map(|id| by_id.get(id))
            .flat_map(|summary| &summary.calls)
            .map(|call| call.callee)
            .collect();
        for id in unreached {
            let declared = names.tree.item(id);
            let Some(function) = declared.function() else {
                continue;
            };
            if !called.contains(&id) {
                // A constructor that nobody was seen to call most likely runs at start-up.
                let makes = declared.parent.is_some() && function.receiver.is_none();
                let when = When { request: !makes, startup: makes, assumed: true, ..When::default() };
                contexts.functions.entry(id).or_default().add(&when);
            }
        }
        contexts.propagate(&by_id, order.clone());
        // Senders that are never reached say nothing: such a loop serves somebody.
        let silent = contexts.loops.iter_mut().filter(|when| when.is_empty());
        if silent.map(|when| *when = When { request: true, assumed: true, ..When::default() }).count() > 0 {
            contexts.propagate(&by_id, order);
        }
        contexts
    }

    fn add_routes(&mut self, summaries: &[(ItemId, Arc<Summary>)]) {
        let mut longest: FxHashMap<RouteKey, u32> = FxHashMap::default();
        let routes = || summaries.iter().flat_map(|(_, summary)| &summary.routes);
        for route in routes() {
            let known = longest.entry((route.id, route.handler, route.method)).or_default();
            *known = (*known).max(route.depth);
        }
        let mut around: FxHashMap<((ItemId, u32), HandlerRef), Vec<HandlerRef>> = FxHashMap::default();
        for (at, handler, layer) in summaries.iter().flat_map(|(_, summary)| &summary.layered) {
            around.entry((*at, *handler)).or_default().push(*layer);
        }
        for route in routes() {
            if longest[&(route.id, route.handler, route.method)] > route.depth {
                continue;
            }
            let path = if route.path.is_empty() { "/" } else { &route.path };
            let text = match route.method {
                Some(method) if method == "EVENT" => format!("event {}", route.path),
                Some(method) => format!("{method} {path}"),
                None => path.to_string(),
            };
            let when = When::of_route(&text);
            self.add_handler(route.handler, &when);
            for layer in around.get(&(route.id, route.handler)).into_iter().flatten() {
                self.add_handler(*layer, &when);
            }
        }
        for (_, summary) in summaries {
            for (handler, _) in &summary.handlers {
                self.add_handler(*handler, &When { request: true, ..When::default() });
            }
        }
    }

    fn add_handler(&mut self, handler: HandlerRef, when: &When) {
        match handler {
            HandlerRef::Fn(id) => {
                self.functions.entry(id).or_default().add(when);
                self.entries.insert(id, ());
            }
            HandlerRef::Region(id, region) => {
                self.regions.entry((id, region)).or_default().add(when);
            }
        }
    }

    fn add_entry(
        &mut self,
        names: &Names,
        index: &Index,
        graph: &graphql::Roots,
        id: ItemId,
        summary: &Summary,
    ) {
        let declared = names.tree.item(id);
        let attrs = &declared.item.attrs;
        let startup = When { startup: true, ..When::default() };
        let request = When { request: true, ..When::default() };
        if declared.function().is_none() {
            self.functions.entry(id).or_default().add(&startup);
            return;
        }
        let Some(parent) = declared.parent else {
            if declared.item.name == "main" || attrs.iter().any(launches) {
                self.functions.entry(id).or_default().add(&startup);
            } else if attrs.iter().any(web::serving_attribute) {
                self.serve(id, attrs, request);
            }
            return;
        };
        let around = &names.tree.item(parent).item;
        if let Some(operation) = graph.operation(names, index, id) {
            self.functions.entry(id).or_default().add(&When::of_route(&operation));
            self.entries.insert(id, ());
            return;
        }
        if attrs.iter().chain(&around.attrs).any(web::serving_attribute) {
            self.serve(id, attrs, request);
            return;
        }
        let of = index.impl_of(parent).and_then(|info| info.of);
        if let Some(route) = of.and_then(|of| grpc_route(names, of, declared.item.name.as_str())) {
            self.functions.entry(id).or_default().add(&When::of_route(&route));
            self.entries.insert(id, ());
            return;
        }
        let Some(Def::Ext(of)) = of else { return };
        if of.as_str().contains("tracing") || of.as_str() == "log::Log" {
            // Observability: whatever it keeps, no client sees it.
            self.functions.entry(id).or_default().add(&startup);
            return;
        }
        match trait_time(last_part(of.as_str()), declared.item.name.as_str()) {
            // What puts routes together runs before any of them is asked for.
            TraitTime::Request if !summary.routes.is_empty() => {
                self.functions.entry(id).or_default().add(&startup);
            }
            TraitTime::Startup => {
                self.functions.entry(id).or_default().add(&startup);
            }
            TraitTime::Request => {
                self.functions.entry(id).or_default().add(&request);
                self.entries.insert(id, ());
            }
            TraitTime::Called => {}
        }
    }

    fn serve(&mut self, id: ItemId, attrs: &[Attr], mut when: When) {
        let known = self.functions.get(&id).is_some_and(|known| !known.routes.is_empty());
        if !known {
            for (method, path) in attrs.iter().filter_map(web::attribute_route) {
                let text = match method {
                    Some(method) => format!("{method} {path}"),
                    None => path,
                };
                Arc::make_mut(&mut when.routes).insert(Ustr::from(&text));
            }
        }
        self.functions.entry(id).or_default().add(&when);
        self.entries.insert(id, ());
    }

    /// A handler's parameters are made by functions that run for its routes.
    fn add_extractors(&mut self, names: &Names, index: &Index) {
        let entries: Vec<ItemId> = self.entries.keys().copied().collect();
        for id in entries {
            let Some(function) = names.tree.item(id).function() else {
                continue;
            };
            let scope = index.scope(names, id);
            let mut found = Vec::new();
            for param in &function.params {
                if let T::Adt(adt, _) = external::payload(&names.ty(&param.ty, &scope)) {
                    found.extend(index.extractors(*adt));
                }
            }
            if !found.is_empty() {
                self.extracts.insert(id, found);
            }
        }
    }

    fn propagate(&mut self, by_id: &FxHashMap<ItemId, &Summary>, mut queue: Vec<ItemId>) {
        queue.reverse();
        let mut waiting: FxHashSet<ItemId> = queue.iter().copied().collect();
        while let Some(id) = queue.pop() {
            waiting.remove(&id);
            let Some(summary) = by_id.get(&id) else {
                continue;
            };
            for callee in self.extracts.get(&id).cloned().unwrap_or_default() {
                let when = self.functions.get(&id).cloned().unwrap_or_default();
                if self.functions.entry(callee).or_default().add(&when) && waiting.insert(callee) {
                    queue.push(callee);
                }
            }
            for call in &summary.calls {
                let when = self.region(summary, id, call.region);
                // A constructor that nobody calls says nothing of what others call.
                let idle = when.assumed && !when.request && self.reached.contains(&call.callee);
                if when.is_empty() || idle {
                    continue;
                }
                let when = match call.dynamic && self.makers.is_command(call.callee) {
                    true => When { routes: Arc::default(), ..when },
                    false => when,
                };
                if self.functions.entry(call.callee).or_default().add(&when) && waiting.insert(call.callee) {
                    queue.push(call.callee);
                }
            }
            for (adt, field, _, region) in &summary.constructs {
                let callbacks = self.makers.called_on(*adt);
                if field.is_some() || callbacks.is_empty() {
                    continue;
                }
                let when = self.region(summary, id, *region).routed();
                for callee in callbacks.iter().filter(|_| !when.is_empty()) {
                    if self.functions.entry(*callee).or_default().add(&when) && waiting.insert(*callee) {
                        queue.push(*callee);
                    }
                }
            }
            // What is given away while serving a route serves that route.
            for (handler, region) in &summary.handlers {
                let HandlerRef::Fn(callee) = handler else { continue };
                let when = self.region(summary, id, *region).routed();
                if !when.is_empty()
                    && self.functions.entry(*callee).or_default().add(&when)
                    && waiting.insert(*callee)
                {
                    queue.push(*callee);
                }
            }
            for woken in self.feed(summary, id) {
                if waiting.insert(woken) {
                    queue.push(woken);
                }
            }
        }
    }

    /// Tells the loops that take a function's messages when it sends them; answers the
    /// functions for which that is news.
    fn feed(&mut self, summary: &Summary, id: ItemId) -> Vec<ItemId> {
        let mut woken = Vec::new();
        for feed in self.channels.feeds.get(&id).cloned().unwrap_or_default() {
            let mut when = self.region(summary, id, feed.region);
            if when.is_empty() {
                continue;
            }
            // What is sent at start-up is taken out by a task.
            when.background |= when.startup;
            when.startup = false;
            for number in feed.loops {
                if self.loops[number].add(&when) {
                    woken.push(self.channels.owners[number]);
                }
            }
            if let Some((message, variant)) = feed.message
                && self.messages.entry((message, variant)).or_default().add(&when)
            {
                woken.extend(self.channels.readers.get(&message).into_iter().flatten());
            }
        }
        woken
    }

    /// When a message is sent, where senders of its type are known; never, for a variant
    /// that nobody sends.
    fn sent(&self, message: ItemId, variant: u32) -> Option<When> {
        self.channels.readers.get(&message)?;
        let mut when = self.messages.get(&(message, Some(variant))).cloned().unwrap_or_default();
        if let Some(any) = self.messages.get(&(message, None)) {
            when.add(any);
        }
        Some(when)
    }

    /// When a part of a function runs.
    pub(crate) fn region(&self, summary: &Summary, id: ItemId, region: u32) -> When {
        let own = self.functions.get(&id).cloned().unwrap_or_default();
        let mut chain = Vec::new();
        let mut at = region;
        while at != 0 {
            chain.push(at);
            at = summary.regions[at as usize].parent;
        }
        let per_request = own.request && !own.startup && !own.background;
        // What surrounds it runs for one request already: a handler, not a loop that waits for more.
        let handles = |at: &u32| summary.regions[*at as usize].kind == RegionKind::Request;
        let of_one = own.request || chain.iter().any(handles);
        let around = Around { per_request, of_one };
        let own = connected(own, summary, 0);
        let parts = chain.iter().rev();
        parts.fold(own, |outer, at| connected(self.part(summary, id, *at, outer, around), summary, *at))
    }

    /// When a part of a function runs, by what surrounds it.
    fn part(&self, summary: &Summary, id: ItemId, at: u32, outer: When, around: Around) -> When {
        match &summary.regions[at as usize].kind {
            RegionKind::Inherit => outer,
            RegionKind::Request => {
                let mut when = self.regions.get(&(id, at)).cloned().unwrap_or_default();
                when.request = true;
                if when.routes.is_empty() && outer.request {
                    // A callback inside a handler: still that route.
                    when.routes = outer.routes;
                }
                when
            }
            RegionKind::Spawned => {
                When { background: outer.background || outer.startup, startup: false, ..outer }
            }
            RegionKind::Serves => match self.channels.fed_loop(id, at) {
                Some(number) if !outer.request || outer.startup || !around.of_one => {
                    self.loops[number].clone()
                }
                _ => When { request: true, background: false, startup: false, ..outer },
            },
            RegionKind::Tick if around.per_request => outer,
            RegionKind::Tick => When { background: true, ..When::default() },
            RegionKind::Message(message, variant) => match self.sent(*message, *variant) {
                Some(when) if !outer.is_empty() => when,
                _ => outer,
            },
            RegionKind::Routes(routes)
                if outer.request && !outer.routes.iter().any(|route| is_whole(route)) =>
            {
                When { routes: Arc::new(routes.iter().copied().collect()), ..outer }
            }
            RegionKind::Routes(_) => outer,
            RegionKind::Callback => When { request: true, assumed: !outer.request, startup: false, ..outer },
            RegionKind::PerWorker => When { startup: true, ..When::default() },
        }
    }
}

/// What stands for a route where a connection becomes a WebSocket without a router.
pub(crate) const SOCKET: &str = "WebSocket";

/// What is around all parts of a function.
#[derive(Clone, Copy)]
struct Around {
    /// It only runs for requests.
    per_request: bool,
    /// Something around runs for one request already.
    of_one: bool,
}

/// A request that came over a connection of its own, where no router gave it a path.
fn connected(when: When, summary: &Summary, region: u32) -> When {
    if !when.request || !when.routes.is_empty() || !summary.sockets.contains(&region) {
        return when;
    }
    When { routes: Arc::new([Ustr::from(SOCKET)].into()), ..when }
}

/// Whether a route says its method, or is no path: nothing below it says more.
fn is_whole(route: &str) -> bool {
    !route.starts_with('/')
}

/// The HTTP path of a gRPC method: generated services stand in a module `.._server`.
fn grpc_route(names: &Names, of: Def, method: &str) -> Option<String> {
    let (module, service) = match of {
        Def::Item(id) => {
            let declared = names.tree.item(id);
            (names.tree.module(declared.module).path.clone(), declared.item.name.to_string())
        }
        Def::Ext(path) => {
            let (module, service) = path.as_str().rsplit_once("::")?;
            (module.to_string(), service.to_string())
        }
        _ => return None,
    };
    if !module.ends_with("_server") {
        return None;
    }
    let mut camel = String::new();
    for word in method.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    let full = match of {
        Def::Item(id) => service_name(names, id),
        _ => None,
    };
    Some(format!("POST /{}/{camel}", full.unwrap_or(service)))
}

/// `SERVICE_NAME` beside a generated trait, package included.
fn service_name(names: &Names, of: ItemId) -> Option<String> {
    let module = names.tree.item(of).module;
    let found = names.resolve(module, &[Ustr::from("SERVICE_NAME")]);
    let Some(Def::Item(id)) = found.first() else {
        return None;
    };
    let body = names.tree.item(*id).body()?;
    match body.kind(body.root?) {
        crate::facts::ExprKind::Str(text) => Some(text.clone()),
        _ => None,
    }
}

fn launches(attr: &Attr) -> bool {
    attr.path.last().is_some_and(|last| matches!(last.name.as_str(), "main" | "launch" | "lambda" | "event"))
}
