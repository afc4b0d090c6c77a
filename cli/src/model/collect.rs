//! Collects sites: what could hold state, which places name the same, who touches it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::callers::{self, fetched};
use super::context::{Contexts, When};
use super::external::{self, Kind};
use super::flow::Flows;
use super::index::Index;
use super::link::Links;
use super::names::Names;
use super::payload::socket;
use super::shared::{Shared, Sharing, locked_struct, static_types};
use super::site::{Callers, Holds, Live, Site, Use, split_words};
use super::summary::{RegionKind, Root, Summary, Touch};
use super::tree::ItemId;
use super::types::{T, last_part};
use crate::facts::{Attr, Field, ItemKind, StaticKind, Sym};
use crate::finding::{Access, AccessKind, Context, Mechanism, SiteInfo};
use crate::span::Place;
use crate::workspace::Workspace;

/// Stands for "whichever package" in tables by package.
pub(super) const ANY: usize = usize::MAX;

/// State by package and type.
pub(super) type ByType = FxHashMap<(usize, T), Vec<Root>>;

pub(super) struct Collector<'a, 'm> {
    pub(super) workspace: &'m Workspace,
    pub(super) names: &'m Names<'a>,
    pub(super) index: &'m Index,
    pub(super) contexts: &'m Contexts,
    pub(super) summaries: &'m [(ItemId, Arc<Summary>)],
    pub(super) by_id: FxHashMap<ItemId, &'m Summary>,
    pub(super) worker_types: FxHashSet<ItemId>,
    /// Structs of ours that statics hold, and nothing else does.
    static_types: FxHashSet<ItemId>,
    pub(super) links: Links<'m>,
    pub(super) touches: FxHashMap<Root, Vec<(ItemId, &'m Touch)>>,
    /// Who calls a function while serving, directly or by one other.
    callers: FxHashMap<ItemId, Callers>,
    flows: Flows,
    /// What the functions say that are handed a binding whose own type says too little.
    pub(super) told: FxHashMap<Root, T>,
    /// Which arguments every caller of a function fetched before, a bit each.
    fetched: FxHashMap<ItemId, u32>,
}

pub(super) fn collect<'m>(
    workspace: &'m Workspace,
    names: &'m Names,
    index: &'m Index,
    summaries: &'m [(ItemId, Arc<Summary>)],
    contexts: &'m Contexts,
    links: Links<'m>,
) -> Vec<Site> {
    let mut collector = Collector {
        workspace,
        names,
        index,
        contexts,
        summaries,
        by_id: summaries.iter().map(|(id, summary)| (*id, &**summary)).collect(),
        worker_types: summaries
            .iter()
            .flat_map(|(_, summary)| summary.worker_types.iter().copied())
            .collect(),
        static_types: FxHashSet::default(),
        links,
        touches: FxHashMap::default(),
        callers: callers::callers(summaries, contexts),
        flows: Flows::default(),
        told: FxHashMap::default(),
        fetched: fetched(summaries),
    };
    collector.gather();
    collector.pass_on();
    collector.inject();
    collector.sites()
}

impl Collector<'_, '_> {
    pub(super) fn sites(&mut self) -> Vec<Site> {
        let candidates = self.candidates();
        self.static_types = static_types(&candidates);
        let shared = Shared::new(self.names, self.index, self.summaries, self.contexts, &candidates);
        let by_root: FxHashMap<Root, &T> = candidates.iter().map(|(root, ty)| (*root, ty)).collect();
        let known: FxHashSet<Root> = candidates.iter().map(|(root, _)| *root).collect();
        self.join_wrappers(&candidates);
        let mut sites = Vec::new();
        let mut done: FxHashSet<Root> = FxHashSet::default();
        let mut members: FxHashMap<Root, Vec<Root>> = FxHashMap::default();
        for (root, _) in &candidates {
            members.entry(self.links.groups.find(*root)).or_default().push(*root);
        }
        // What was made while serving is no site of its own, but may be the same data as one.
        let mut besides: FxHashMap<Root, Vec<Root>> = FxHashMap::default();
        let touched: Vec<Root> = self.touches.keys().copied().filter(|root| !known.contains(root)).collect();
        for root in touched {
            besides.entry(self.links.groups.find(root)).or_default().push(root);
        }
        for (root, ty) in &candidates {
            let group = self.links.groups.find(*root);
            if !done.insert(group) {
                continue;
            }
            let mut same = members.remove(&group).unwrap_or_default();
            // Data that something outlives a request with is not the request's.
            let passing =
                |root: &Root| matches!(root, Root::Field(adt, _) if shared.per_request.contains(adt));
            same.sort_by_key(|root| (passing(root), rank(root)));
            let chosen = same.first().copied().unwrap_or(*root);
            let mut types = same.iter().filter_map(|root| by_root.get(root).copied());
            let own = by_root.get(&chosen).copied().unwrap_or(ty);
            let changeable = |ty: &&T| external::interior(ty).is_some();
            let ty = Some(own).filter(changeable).or_else(|| types.find(changeable)).unwrap_or(own);
            let told = same.iter().find_map(|root| self.told.get(root)).cloned();
            let ty = told
                .as_ref()
                .filter(|_| {
                    ty.any(&mut |part| {
                        external::kind_of(part) == Kind::Map && part.args().is_empty() || part.is_unknown()
                    })
                })
                .unwrap_or(ty);
            // Another name for the same data can tell what this one leaves to be inferred.
            let others = same.iter().filter_map(|root| by_root.get(root).copied());
            let ty = others.fold(ty, |known, other| if other.refines(known) { other } else { known });
            let besides = besides.remove(&group).unwrap_or_default();
            if let Some(site) = self.site(chosen, ty, &same, &besides, &shared, &known) {
                sites.push(site);
            }
        }
        self.add_components(&mut sites);
        self.add_disk(&mut sites);
        self.add_memo_macros(&mut sites);
        sites.sort_by_key(|site| site.info.place);
        self.add_stored(&mut sites);
        sites
    }

    pub(super) fn make_use(
        &self,
        id: ItemId,
        kind: AccessKind,
        span: crate::span::Span,
        when: When,
        operation: Sym,
    ) -> Use {
        let context = if when.request {
            // A path that a method stands before elsewhere says nothing more.
            let told = |path: &Sym| {
                let method =
                    |route: &Sym| route.strip_suffix(path.as_str()).is_some_and(|m| m.ends_with(' '));
                when.routes.iter().any(method)
            };
            let routes = when.routes.iter().filter(|route| !told(route)).map(ToString::to_string).collect();
            Context::Request { routes }
        } else if when.background {
            Context::Background
        } else {
            Context::Startup
        };
        let access = Access {
            kind,
            place: Place { file: self.names.tree.item(id).file, span },
            function: self.function_name(id),
            context,
            operation: last_part(operation.as_str()).to_string(),
        };
        let callers = self.callers.get(&id).cloned().unwrap_or_default();
        Use {
            access,
            when,
            operation,
            used: true,
            compared: false,
            function: id,
            region: 0,
            fetched: false,
            callers,
        }
    }

    pub(super) fn info(&self, id: ItemId, symbol: String, place: Place, mechanism: Mechanism) -> SiteInfo {
        let module = self.names.tree.module(self.names.tree.item(id).module);
        SiteInfo {
            item_path: format!("{}::{symbol}", module.path),
            package: self.workspace.packages[module.package].name.clone(),
            symbol,
            mechanism,
            place,
            ty: String::new(),
            also: Vec::new(),
        }
    }

    /// Everything that could hold state: statics, fields, bindings of set-up code.
    pub(super) fn candidates(&self) -> Vec<(Root, T)> {
        let mut out = Vec::new();
        for id in self.names.tree.ids() {
            let declared = self.names.tree.item(id);
            if self.workspace.packages[self.names.tree.module(declared.module).package].proc_macro {
                continue;
            }
            match &declared.item.kind {
                // The macro of the second phase has put an accessor of the store in its place.
                ItemKind::Static(_) if externalized(&declared.item.attrs) => {}
                ItemKind::Static(held) if held.kind != StaticKind::Const => {
                    let scope = self.index.scope(self.names, id);
                    out.push((Root::Static(id), self.names.ty(&held.ty, &scope)));
                }
                ItemKind::Struct { fields, .. } => {
                    for at in 0..fields.len() {
                        out.push((Root::Field(id, at as u16), Index::field_type(self.names, id, at, &[])));
                    }
                }
                ItemKind::Enum { variants, .. } => {
                    let count = variants.iter().map(|variant| variant.fields.len()).sum::<usize>();
                    for at in 0..count {
                        let ty = Index::field_type(self.names, id, at, &[]);
                        // A message may carry a sender to answer through: no state.
                        if external::interior(&ty).is_some_and(|kind| kind != Kind::Sender) {
                            out.push((Root::Field(id, at as u16), ty));
                        }
                    }
                }
                _ => {}
            }
        }
        for (root, (id, local)) in &self.links.locals {
            let when = self.contexts.region(self.by_id[id], *id, local.region);
            if !when.request || when.startup {
                out.push((*root, local.ty.clone()));
            }
        }
        out.sort_by_key(|(root, _)| *root);
        out
    }

    pub(super) fn site(
        &mut self,
        root: Root,
        ty: &T,
        same: &[Root],
        besides: &[Root],
        shared: &Shared,
        known: &FxHashSet<Root>,
    ) -> Option<Site> {
        let kind = external::interior(ty);
        let mut sharing = None;
        let mut per_request = false;
        let mut element = Vec::new();
        let mut kind = kind;
        if let Root::Static(id) = root
            && let ItemKind::Static(held) = &self.names.tree.item(id).item.kind
            && held.kind == (StaticKind::Static { mutable: true })
        {
            kind = kind.or(Some(Kind::Cell));
        }
        if matches!(root, Root::Local(..)) && kind.is_none() {
            sharing = Some(Sharing::Loop);
        }
        if let Root::Field(adt, _) = root {
            sharing = shared.structs.get(&adt).copied();
            per_request = shared.per_request.contains(&adt);
            element = shared.elements.get(&adt).cloned().unwrap_or_default();
            let handle = matches!(
                external::kind_of(external::payload(ty)),
                Kind::Handle | Kind::Sender | Kind::Metric
            );
            // A registry inside an entry of another site is worth its own line.
            if !element.is_empty() && kind.is_none() && sharing.is_none() && self.live(ty, shared) != Live::No
            {
                sharing = Some(Sharing::Locked);
            }
            if kind.is_none() && sharing.is_none() && !handle {
                return None;
            }
        }
        let mut info = self.describe(root, ty)?;
        for other in same {
            if *other != root
                && let Some(other) = self.describe(*other, ty)
            {
                info.also.push(other.place);
            }
        }
        let mut fields = Vec::new();
        if let Some(inner) = locked_struct(self.names, self.index, ty)
            && let ItemKind::Struct { fields: list, .. } = &self.names.tree.item(inner).item.kind
        {
            let several = shared.structs.get(&inner) == Some(&Sharing::Locked);
            let count = if several { list.len() as u16 } else { 0 };
            fields =
                (0..count).map(|at| Root::Field(inner, at)).filter(|field| known.contains(field)).collect();
        }
        let mut holds = Holds::default();
        self.look_into(ty, &mut holds, 0);
        let live = self.live(ty, shared);
        let words = words_of(&info.symbol, &holds);
        let uses = self.uses(&[same, besides].concat());
        info.also.sort();
        info.also.dedup();
        let number = external::is_number(external::payload(ty));
        let mut flows = std::mem::take(&mut self.flows);
        let stays = if number {
            flows.stays(self, same)
        } else {
            let changed = self.changed_numbers(ty, same);
            !changed.is_empty() && flows.stays(self, &changed)
        };
        self.flows = flows;
        Some(Site {
            roots: same.to_vec(),
            info,
            ty: ty.clone(),
            kind,
            sharing,
            holds,
            uses,
            per_request,
            fields,
            words,
            live,
            element_of: element,
            one_socket: matches!(external::payload(ty), T::Ext(path, _) if socket(path.as_str())),
            fallback: false,
            kept: false,
            known: true,
            stays,
            entries_change: self.entries_change(ty),
            stored: None,
        })
    }

    /// The numbers that are all that ever changes in a struct of ours behind a lock: a cursor in
    /// a list that was filled at start.
    fn changed_numbers(&self, ty: &T, same: &[Root]) -> Vec<Root> {
        let Some(adt) = locked_struct(self.names, self.index, ty) else { return Vec::new() };
        let fields = super::shared::field_types(self.names, adt, &[]);
        let mut changed = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            let root = Root::Field(adt, at as u16);
            let writes = |list: &Vec<(ItemId, &Touch)>| {
                list.iter()
                    .any(|(id, touch)| touch.kind == AccessKind::Write && self.while_serving(*id, touch))
            };
            if self.touches.get(&root).is_some_and(writes) {
                if !external::is_number(field) {
                    return Vec::new();
                }
                changed.push(root);
            }
        }
        let whole = |root: &Root| {
            self.touches.get(root).is_some_and(|list| {
                list.iter().any(|(_, touch)| touch.kind == AccessKind::Write && touch.operation == "=")
            })
        };
        if same.iter().any(whole) { Vec::new() } else { changed }
    }

    fn while_serving(&self, id: ItemId, touch: &Touch) -> bool {
        let when = self.contexts.region(self.by_id[&id], id, touch.region);
        when.request || when.background
    }

    pub(super) fn describe(&self, root: Root, ty: &T) -> Option<SiteInfo> {
        let (item, symbol, place, mechanism, ty_text) = match root {
            Root::Static(id) => {
                let declared = self.names.tree.item(id);
                let ItemKind::Static(held) = &declared.item.kind else {
                    return None;
                };
                let mechanism = match held.kind {
                    StaticKind::ThreadLocal => Mechanism::ThreadLocal,
                    _ => Mechanism::Static,
                };
                let symbol = match declared.item.within {
                    within if within.is_empty() => declared.item.name.to_string(),
                    within => format!("{within}::{}", declared.item.name),
                };
                (id, symbol, declared.place(), mechanism, held.ty_text.clone())
            }
            Root::Field(id, at) => {
                let declared = self.names.tree.item(id);
                let (name, field) = nth_field(&declared.item.kind, at as usize)?;
                let owner = match name {
                    Some(variant) => format!("{}::{variant}", declared.item.name),
                    None => declared.item.name.to_string(),
                };
                let place = Place { file: declared.file, span: field.span };
                let symbol = format!("{owner}::{}", field.name);
                let worker = self.worker_types.contains(&id);
                let mechanism = match worker {
                    true => Mechanism::ThreadLocal,
                    false if self.static_types.contains(&id) => Mechanism::Static,
                    false => Mechanism::SharedField,
                };
                (id, symbol, place, mechanism, field.ty_text.clone())
            }
            Root::Local(id, _) => {
                let (_, local) = self.links.locals.get(&root)?;
                let declared = self.names.tree.item(id);
                let place = Place { file: declared.file, span: local.span };
                let symbol = format!("{}::{}", declared.item.name, local.name);
                let worker = self.per_worker(id, local.region);
                let mechanism = match worker {
                    true => Mechanism::ThreadLocal,
                    _ => Mechanism::SharedLocal,
                };
                (id, symbol, place, mechanism, String::new())
            }
            Root::Param(_) | Root::Fetched(_) => return None,
        };
        let component = matches!(
            external::interior(ty),
            Some(Kind::Limiter | Kind::MemorySessions | Kind::SocketHub | Kind::Scheduler | Kind::JobStore)
        );
        let mechanism = match mechanism {
            // In a field of ours it is held like any other data.
            Mechanism::SharedLocal if component => Mechanism::Component,
            mechanism => mechanism,
        };
        let declared = self.names.tree.item(item);
        let module = self.names.tree.module(declared.module);
        let info = SiteInfo {
            item_path: format!("{}::{symbol}", module.path),
            package: self.workspace.packages[module.package].name.clone(),
            symbol,
            mechanism,
            place,
            ty: ty_text,
            also: Vec::new(),
        };
        Some(info)
    }

    pub(super) fn per_worker(&self, id: ItemId, region: u32) -> bool {
        let summary = self.by_id[&id];
        let mut at = region;
        while at != 0 {
            if summary.regions[at as usize].kind == RegionKind::PerWorker {
                return true;
            }
            at = summary.regions[at as usize].parent;
        }
        false
    }

    /// The accesses of all roots that are the same data, one a place and kind.
    pub(super) fn uses(&self, same: &[Root]) -> Vec<Use> {
        let mut out: BTreeMap<(AccessKind, Place), Use> = BTreeMap::new();
        for root in same {
            for (id, touch) in self.touches.get(root).into_iter().flatten() {
                let place = Place { file: self.names.tree.item(*id).file, span: touch.span };
                let Entry::Vacant(free) = out.entry((touch.kind, place)) else { continue };
                let summary = self.by_id[id];
                let when = self.contexts.region(summary, *id, touch.region);
                let one = self.make_use(*id, touch.kind, touch.span, when, touch.operation);
                free.insert(Use {
                    used: touch.used,
                    compared: touch.compared || touch.operation == "compare",
                    fetched: touch.fetched || touch.written.is_some_and(|at| self.handed_fetched(*id, at)),
                    region: summary.without_arms(touch.region),
                    ..one
                });
            }
        }
        out.into_values().collect()
    }

    /// Whether all that a parameter is ever given was fetched from outside this process.
    fn handed_fetched(&self, id: ItemId, at: u16) -> bool {
        at < 32 && self.fetched.get(&id).is_some_and(|bits| bits >> at & 1 == 1)
    }

    pub(super) fn function_name(&self, id: ItemId) -> String {
        let declared = self.names.tree.item(id);
        let owner = declared.parent.and_then(|parent| match &self.names.tree.item(parent).item.kind {
            ItemKind::Impl(_) => match self.index.impl_of(parent).map(|info| info.self_ty.value()) {
                Some(T::Adt(adt, _)) => Some(self.names.tree.item(*adt).item.name.to_string()),
                Some(T::Ext(path, _)) => Some(last_part(path.as_str()).to_string()),
                _ => None,
            },
            ItemKind::Trait(_) => Some(self.names.tree.item(parent).item.name.to_string()),
            _ => None,
        });
        match owner {
            Some(owner) => format!("{owner}::{}", declared.item.name),
            None => declared.item.name.to_string(),
        }
    }

    pub(super) fn package(&self, id: ItemId) -> usize {
        self.names.tree.module(self.names.tree.item(id).module).package
    }
}

pub(super) fn nth_field(kind: &ItemKind, at: usize) -> Option<(Option<Sym>, &Field)> {
    match kind {
        ItemKind::Struct { fields, .. } => fields.get(at).map(|field| (None, field)),
        ItemKind::Enum { variants, .. } => variants
            .iter()
            .flat_map(|one| one.fields.iter().map(move |field| (Some(one.name), field)))
            .nth(at),
        _ => None,
    }
}

/// Which of several names for the same data a finding stands at.
pub(super) fn rank(root: &Root) -> (u8, Root) {
    let class = match root {
        Root::Static(_) => 0,
        Root::Field(..) => 1,
        Root::Local(..) => 2,
        Root::Param(_) | Root::Fetched(_) => 3,
    };
    (class, *root)
}

pub(super) fn words_of(symbol: &str, holds: &Holds) -> Vec<String> {
    let mut out = Vec::new();
    let mut names: Vec<&str> = vec![symbol];
    names.extend(holds.near.iter().map(String::as_str));
    for name in names {
        split_words(name, &mut out);
    }
    out.sort();
    out.dedup();
    out
}

fn externalized(attrs: &[Attr]) -> bool {
    attrs.iter().any(|attr| attr.path.last().is_some_and(|last| last.name.as_str() == "externalized"))
}
