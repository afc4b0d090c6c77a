//! Sites: every place that holds state, with the accesses that reach it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::components;
use super::context::{Contexts, When};
use super::external::{self, Kind};
use super::index::Index;
use super::names::Names;
use super::shared::{Shared, Sharing, locked_struct};
use super::summary::{LocalSite, Root, SELF, Summary, Touch};
use super::tree::ItemId;
use super::types::{T, last_part};
use crate::facts::{Field, ItemKind, StaticKind, Sym};
use crate::finding::{Access, AccessKind, Context, Mechanism, SiteInfo};
use crate::span::Place;
use crate::workspace::Workspace;

/// One place that holds state, and everything the rules may ask about it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) root: Root,
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
    /// The foreign function that made it, as far as known.
    pub(crate) made_by: Sym,
    pub(crate) live: Live,
    /// Lives inside an element of another site's collection.
    pub(crate) element: bool,
    /// Also written to a file where it is made.
    pub(crate) kept: bool,
    /// The tables know what made it; else its name alone speaks.
    pub(crate) known: bool,
}

/// See [`Sharing::Locked`].
pub(crate) const LOCKED: Sharing = Sharing::Locked;

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
    pub(crate) args: Vec<T>,
    pub(crate) used: bool,
    /// The answer is only compared or calculated with.
    pub(crate) compared: bool,
    pub(crate) function: ItemId,
    /// The function belongs to the type that holds the site.
    pub(crate) own_method: bool,
}

impl Site {
    /// A site that a single call or attribute shows, without type or accesses.
    fn bare(root: Root, info: SiteInfo, kind: Kind) -> Site {
        let mut words = Vec::new();
        split_words(&info.symbol, &mut words);
        Site {
            root,
            info,
            ty: T::Unknown,
            kind: Some(kind),
            sharing: None,
            holds: Holds::default(),
            uses: Vec::new(),
            per_request: false,
            fields: Vec::new(),
            words,
            made_by: Sym::default(),
            live: Live::No,
            element: false,
            kept: false,
            known: true,
        }
    }

    pub(crate) fn serving(&self, kind: AccessKind) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(move |one| one.access.kind == kind && one.when.request)
    }

    pub(crate) fn running(&self, kind: AccessKind) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(move |one| one.access.kind == kind && (one.when.request || one.when.background))
    }

    pub(crate) fn has_word(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }
}

/// Stands for "whichever package" in tables by package.
const ANY: usize = usize::MAX;

/// State by package and type.
type ByType = FxHashMap<(usize, T), Vec<Root>>;

struct Collector<'a, 'm> {
    workspace: &'m Workspace,
    names: &'m Names<'a>,
    index: &'m Index,
    contexts: &'m Contexts,
    summaries: &'m [(ItemId, Arc<Summary>)],
    by_id: FxHashMap<ItemId, &'m Summary>,
    locals: FxHashMap<Root, (ItemId, &'m LocalSite)>,
    groups: Groups,
    touches: FxHashMap<Root, Vec<(ItemId, &'m Touch)>>,
}

pub(crate) fn collect(
    workspace: &Workspace,
    names: &Names,
    index: &Index,
    summaries: &[(ItemId, Arc<Summary>)],
    contexts: &Contexts,
) -> Vec<Site> {
    let mut collector = Collector {
        workspace,
        names,
        index,
        contexts,
        summaries,
        by_id: summaries.iter().map(|(id, summary)| (*id, &**summary)).collect(),
        locals: FxHashMap::default(),
        groups: Groups::default(),
        touches: FxHashMap::default(),
    };
    collector.gather();
    collector.pass_on();
    collector.inject();
    collector.sites()
}

impl<'m> Collector<'_, 'm> {
    /// Touches by root, locals, and which roots are the same data.
    fn gather(&mut self) {
        for (id, summary) in self.summaries {
            for local in &summary.locals {
                self.locals.insert(local.root, (*id, local));
            }
        }
        for (id, summary) in self.summaries {
            if matches!(self.names.tree.item(*id).item.kind, ItemKind::Static(_)) {
                // What an initialiser makes is what the static holds.
                for root in &summary.output.roots {
                    if matches!(root, Root::Local(owner, _) if owner == id) {
                        self.groups.union(*root, Root::Static(*id));
                    }
                }
            }
            for (from, to) in &summary.aliases {
                let known = [from, to].iter().all(|root| !matches!(root, Root::Param(_) | Root::Fetched(_)));
                if known && alike(core(&self.root_type(*from)), core(&self.root_type(*to))) {
                    self.groups.union(*from, *to);
                }
            }
            for touch in &summary.touches {
                if !matches!(touch.root, Root::Param(_) | Root::Fetched(_)) {
                    self.touches.entry(touch.root).or_default().push((*id, touch));
                }
            }
        }
    }

    /// Gives what callees do at a time of their own (closures that are handlers, tasks) to
    /// what their callers passed in.
    fn pass_on(&mut self) {
        let mut given: FxHashMap<(ItemId, Root), FxHashSet<Root>> = FxHashMap::default();
        for _ in 0..4 {
            let mut changed = false;
            for (id, summary) in self.summaries {
                for (callee, param, roots) in &summary.passed {
                    let mut real: Vec<Root> = Vec::new();
                    for root in roots {
                        match root {
                            Root::Param(_) => real.extend(given.get(&(*id, *root)).into_iter().flatten()),
                            root => real.push(*root),
                        }
                    }
                    let known = given.entry((*callee, *param)).or_default();
                    for root in real {
                        changed |= known.insert(root);
                    }
                }
            }
            if !changed {
                break;
            }
        }
        for ((callee, param), roots) in given {
            let Some(summary) = self.by_id.get(&callee) else { continue };
            for touch in summary.touches.iter().filter(|touch| touch.root == param && summary.own_time(touch.region)) {
                for root in &roots {
                    self.touches.entry(*root).or_default().push((callee, touch));
                }
            }
        }
        for list in self.touches.values_mut() {
            list.sort_by_key(|(id, touch)| (*id, touch.span));
        }
    }

    /// Gives what handlers do to a parameter to the state that the framework hands them:
    /// found by type, as the frameworks do.
    fn inject(&mut self) {
        let mut by_type = ByType::default();
        let startup = |id: ItemId, region: u32| {
            let when = self.contexts.region(self.by_id[&id], id, region);
            !when.request || when.startup
        };
        for (id, summary) in self.summaries {
            for injected in &summary.injected {
                let key = loose(core(&injected.ty));
                if external::interior(&key).is_some() && startup(*id, injected.region) {
                    let roots = injected.roots.iter().filter(|root| !matches!(root, Root::Param(_) | Root::Fetched(_)));
                    by_type.entry((self.package(*id), key.clone())).or_default().extend(roots.clone());
                    by_type.entry((ANY, key)).or_default().extend(roots);
                }
            }
        }
        let mut by_shape = ByType::default();
        for (root, (id, local)) in &self.locals {
            if startup(*id, local.region) {
                for package in [self.package(*id), ANY] {
                    by_shape.entry((package, loose(core(&local.ty)))).or_default().push(*root);
                }
            }
        }
        for list in by_type.values_mut().chain(by_shape.values_mut()) {
            list.sort();
            list.dedup();
        }
        let tables = [by_type, self.fields_by_type(), by_shape];
        for (id, summary) in self.summaries {
            for touch in &summary.touches {
                let Root::Fetched(at) = touch.root else { continue };
                if let Some(ty) = summary.fetched.get(at as usize) {
                    self.give(*id, ty, touch, &tables);
                }
            }
            if !self.contexts.entries.contains_key(id) {
                continue;
            }
            let Some(function) = self.names.tree.item(*id).function() else { continue };
            let scope = self.index.scope(self.names, *id);
            for touch in &summary.touches {
                let Root::Param(at) = touch.root else { continue };
                if at == SELF {
                    continue;
                }
                let Some(param) = function.params.get(at as usize) else { continue };
                let ty = self.names.ty(&param.ty, &scope);
                self.give(*id, &ty, touch, &tables);
            }
        }
    }

    /// Gives a touch to the state of a type that the framework would find.
    fn give(&mut self, id: ItemId, ty: &T, touch: &'m Touch, tables: &[ByType; 3]) {
        let key = loose(core(ty));
        if external::interior(&key).is_none() {
            return;
        }
        // Of the same package first: another service's state may have the same type.
        let own = self.package(id);
        let exact = [own, ANY]
            .into_iter()
            .find_map(|package| tables.iter().find_map(|table| table.get(&(package, key.clone()))));
        // `HashMap::new()` does not say of what: whatever can be the same type.
        let found = exact.or_else(|| {
            tables.iter().find_map(|table| {
                let fits = table.iter().filter(|((package, ty), _)| *package == own && !ty.is_unknown() && alike(ty, &key));
                fits.map(|(_, roots)| roots).min()
            })
        });
        for root in found.into_iter().flatten() {
            self.touches.entry(*root).or_default().push((id, touch));
        }
    }

    /// Fields whose type is itself changeable: what `FromRef` hands out.
    fn fields_by_type(&self) -> ByType {
        let mut out = ByType::default();
        for id in self.names.tree.ids() {
            if let ItemKind::Struct { fields, .. } = &self.names.tree.item(id).item.kind {
                for at in 0..fields.len() {
                    let ty = Index::field_type(self.names, id, at, &[]);
                    if external::interior(&ty).is_some() {
                        for package in [self.package(id), ANY] {
                            out.entry((package, loose(core(&ty)))).or_default().push(Root::Field(id, at as u16));
                        }
                    }
                }
            }
        }
        out
    }

    fn root_type(&self, root: Root) -> T {
        match root {
            Root::Static(id) => match &self.names.tree.item(id).item.kind {
                ItemKind::Static(held) => self.names.ty(&held.ty, &self.index.scope(self.names, id)),
                _ => T::Unknown,
            },
            Root::Field(id, at) => Index::field_type(self.names, id, at as usize, &[]),
            Root::Local(..) => self.locals.get(&root).map(|(_, local)| local.ty.clone()).unwrap_or_default(),
            Root::Param(_) | Root::Fetched(_) => T::Unknown,
        }
    }

    fn package(&self, id: ItemId) -> usize {
        self.names.tree.module(self.names.tree.item(id).module).package
    }

    fn sites(&mut self) -> Vec<Site> {
        let candidates = self.candidates();
        let holders: Vec<T> = candidates.iter().map(|(_, ty)| ty.clone()).collect();
        let shared = Shared::new(self.names, self.index, self.summaries, self.contexts, &holders);
        let known: FxHashSet<Root> = candidates.iter().map(|(root, _)| *root).collect();
        self.join_wrappers(&candidates);
        let mut sites = Vec::new();
        let mut done: FxHashSet<Root> = FxHashSet::default();
        let mut members: FxHashMap<Root, Vec<Root>> = FxHashMap::default();
        for (root, _) in &candidates {
            members.entry(self.groups.find(*root)).or_default().push(*root);
        }
        for (root, ty) in &candidates {
            let group = self.groups.find(*root);
            if !done.insert(group) {
                continue;
            }
            let mut same = members.remove(&group).unwrap_or_default();
            same.sort_by_key(|root| rank(root));
            let chosen = same.first().copied().unwrap_or(*root);
            let types = || candidates.iter().filter(|(root, _)| same.contains(root)).map(|(_, ty)| ty);
            let own = candidates.iter().find(|(root, _)| *root == chosen).map_or(ty, |(_, ty)| ty);
            let changeable = |ty: &&T| external::interior(ty).is_some();
            let ty = Some(own).filter(changeable).or_else(|| types().find(changeable)).unwrap_or(own);
            if let Some(site) = self.site(chosen, ty, &same, &shared, &known) {
                sites.push(site);
            }
        }
        self.add_components(&mut sites);
        self.add_memo_macros(&mut sites);
        sites.sort_by_key(|site| site.info.place);
        sites
    }

    /// Functions whose answers a macro keeps: `#[cached]`, `#[memoize]`, `#[once]`.
    fn add_memo_macros(&self, sites: &mut Vec<Site>) {
        for (id, _) in self.summaries {
            let declared = self.names.tree.item(*id);
            let memo = declared.item.attrs.iter().any(|attr| {
                attr.path.last().is_some_and(|last| matches!(last.name.as_str(), "cached" | "memoize" | "once" | "cached_result"))
                    && declared.function().is_some()
                    && !attr.tokens.contains("redis")
            });
            if memo {
                let name = declared.item.name.as_str();
                let info = self.info(*id, name.to_string(), declared.place(), Mechanism::Component);
                sites.push(Site::bare(Root::Local(*id, declared.item.span.start), info, Kind::MemoMacro));
            }
        }
    }

    fn info(&self, id: ItemId, symbol: String, place: Place, mechanism: Mechanism) -> SiteInfo {
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

    /// State that only a foreign call shows.
    fn add_components(&self, sites: &mut Vec<Site>) {
        let mut seen = FxHashSet::default();
        for (id, summary) in self.summaries {
            let declared = self.names.tree.item(*id);
            for call in &summary.foreign {
                let Some(made) = components::made(call, summary, *id, declared.item.name.as_str(), self.contexts) else {
                    continue;
                };
                let span = call.bound.map_or(call.span, |(_, span)| span);
                let (symbol, place, mechanism) = match &declared.item.kind {
                    ItemKind::Static(_) => (declared.item.name.to_string(), declared.place(), made.mechanism),
                    _ => {
                        let name = call.bound.map_or(last_part(call.path.as_str()), |(name, _)| name.as_str());
                        let symbol = format!("{}::{name}", declared.item.name);
                        (symbol, Place { file: declared.file, span }, made.mechanism)
                    }
                };
                // Made here, held by a field or binding that is a site already.
                let package = &self.workspace.packages[self.package(*id)].name;
                let held = sites.iter().any(|site| {
                    site.kind == Some(made.kind) && made.known && !site.ty.is_unknown() && site.info.package == *package
                });
                if held && made.mechanism == Mechanism::Component {
                    continue;
                }
                let known = sites.iter_mut().find(|site| site.info.place == place);
                if let Some(site) = known {
                    // A static that holds a key made at random.
                    site.info.mechanism = mechanism;
                    site.kind = Some(made.kind);
                    site.kept = made.kept;
                    continue;
                }
                if !seen.insert((place, mechanism)) {
                    continue;
                }
                let info = self.info(*id, symbol, place, mechanism);
                let mut site = Site::bare(Root::Local(*id, span.start), info, made.kind);
                site.made_by = call.path;
                site.kept = made.kept;
                site.known = made.known;
                sites.push(site);
            }
        }
    }

    /// A static of a type of ours with a single changeable field: the two are one site.
    fn join_wrappers(&mut self, candidates: &[(Root, T)]) {
        let mut changeable: FxHashMap<ItemId, Vec<Root>> = FxHashMap::default();
        let mut held: FxHashMap<ItemId, usize> = FxHashMap::default();
        for (root, ty) in candidates {
            if let (Root::Field(adt, _), Some(_)) = (root, external::interior(ty)) {
                changeable.entry(*adt).or_default().push(*root);
            }
            if let T::Adt(adt, _) = core(ty) {
                *held.entry(*adt).or_default() += 1;
            }
        }
        for (root, ty) in candidates {
            if let (Root::Static(_), T::Adt(adt, _)) = (root, core(ty))
                && let Some([field]) = changeable.get(adt).map(|list| &list[..])
                && held.get(adt) == Some(&1)
            {
                self.groups.union(*root, *field);
            }
        }
    }

    /// Everything that could hold state: statics, fields, bindings of set-up code.
    fn candidates(&self) -> Vec<(Root, T)> {
        let mut out = Vec::new();
        for id in self.names.tree.ids() {
            let declared = self.names.tree.item(id);
            if self.workspace.packages[self.names.tree.module(declared.module).package].proc_macro {
                continue;
            }
            match &declared.item.kind {
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
        for (root, (id, local)) in &self.locals {
            let when = self.contexts.region(self.by_id[id], *id, local.region);
            if !when.request || when.startup {
                out.push((*root, local.ty.clone()));
            }
        }
        out.sort_by_key(|(root, _)| *root);
        out
    }

    fn site(&mut self, root: Root, ty: &T, same: &[Root], shared: &Shared, known: &FxHashSet<Root>) -> Option<Site> {
        let kind = external::interior(ty);
        let (info, owner) = self.describe(root, ty)?;
        let mut sharing = None;
        let mut per_request = false;
        let mut element = false;
        if let Root::Field(adt, _) = root {
            sharing = shared.structs.get(&adt).copied();
            per_request = shared.per_request.contains(&adt);
            element = shared.elements.contains(&adt);
            let handle = matches!(external::kind_of(external::payload(ty)), Kind::Handle | Kind::Sender | Kind::Metric);
            // A registry inside an entry of another site is worth its own line.
            if element && kind.is_none() && sharing.is_none() && self.live(ty, shared) != Live::No {
                sharing = Some(Sharing::Locked);
            }
            if kind.is_none() && sharing.is_none() && !handle {
                return None;
            }
        }
        let mut info = info;
        for other in same {
            if *other != root
                && let Some((other, _)) = self.describe(*other, ty)
            {
                info.also.push(other.place);
            }
        }
        let mut fields = Vec::new();
        if let Some(inner) = locked_struct(self.names, self.index, ty)
            && let ItemKind::Struct { fields: list, .. } = &self.names.tree.item(inner).item.kind
        {
            let count = if super::shared::one_value(self.names, inner) { 0 } else { list.len() as u16 };
            fields = (0..count)
                .map(|at| Root::Field(inner, at))
                .filter(|field| known.contains(field))
                .collect();
        }
        let mut holds = Holds::default();
        self.look_into(ty, &mut holds, 0);
        let made_by = same
            .iter()
            .filter_map(|root| self.locals.get(root))
            .map(|(_, local)| local.made_by)
            .find(|made| !made.is_empty())
            .unwrap_or_default();
        let live = self.live(ty, shared);
        let words = words_of(&info.symbol, &holds);
        let uses = self.uses(same, owner);
        info.also.sort();
        info.also.dedup();
        Some(Site {
            root,
            info,
            ty: ty.clone(),
            kind,
            sharing,
            holds,
            uses,
            per_request,
            fields,
            words,
            made_by,
            live,
            element,
            kept: false,
            known: true,
        })
    }

    fn describe(&self, root: Root, ty: &T) -> Option<(SiteInfo, Option<ItemId>)> {
        let (item, symbol, place, mechanism, ty_text, owner) = match root {
            Root::Static(id) => {
                let declared = self.names.tree.item(id);
                let ItemKind::Static(held) = &declared.item.kind else { return None };
                let mechanism = match held.kind {
                    StaticKind::ThreadLocal => Mechanism::ThreadLocal,
                    _ => Mechanism::Static,
                };
                let symbol = match declared.item.within {
                    within if within.is_empty() => declared.item.name.to_string(),
                    within => format!("{within}::{}", declared.item.name),
                };
                (id, symbol, declared.place(), mechanism, held.ty_text.clone(), None)
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
                let worker = self.summaries.iter().any(|(_, summary)| summary.worker_types.contains(&id));
                let mechanism = if worker { Mechanism::ThreadLocal } else { Mechanism::SharedField };
                (id, symbol, place, mechanism, field.ty_text.clone(), Some(id))
            }
            Root::Local(id, _) => {
                let (_, local) = self.locals.get(&root)?;
                let declared = self.names.tree.item(id);
                let place = Place { file: declared.file, span: local.span };
                let symbol = format!("{}::{}", declared.item.name, local.name);
                let worker = self.per_worker(id, local.region);
                let mechanism = match worker {
                    true => Mechanism::ThreadLocal,
                    _ => Mechanism::SharedLocal,
                };
                (id, symbol, place, mechanism, String::new(), None)
            }
            Root::Param(_) | Root::Fetched(_) => return None,
        };
        let component = matches!(
            external::interior(ty),
            Some(Kind::Limiter | Kind::MemorySessions | Kind::SocketHub | Kind::Scheduler | Kind::JobStore)
        );
        let mechanism = match mechanism {
            Mechanism::SharedLocal | Mechanism::SharedField if component => Mechanism::Component,
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
        Some((info, owner))
    }

    fn per_worker(&self, id: ItemId, region: u32) -> bool {
        let summary = self.by_id[&id];
        let mut at = region;
        while at != 0 {
            if summary.regions[at as usize].kind == super::summary::RegionKind::PerWorker {
                return true;
            }
            at = summary.regions[at as usize].parent;
        }
        false
    }

    /// The accesses of all roots that are the same data, one a place and kind.
    fn uses(&self, same: &[Root], owner: Option<ItemId>) -> Vec<Use> {
        let mut out: BTreeMap<(AccessKind, Place), Use> = BTreeMap::new();
        for root in same {
            for (id, touch) in self.touches.get(root).into_iter().flatten() {
                let summary = self.by_id[id];
                let when = self.contexts.region(summary, *id, touch.region);
                let declared = self.names.tree.item(*id);
                let place = Place { file: declared.file, span: touch.span };
                let context = if when.request {
                    Context::Request { routes: when.routes.iter().map(ToString::to_string).collect() }
                } else if when.background {
                    Context::Background
                } else {
                    Context::Startup
                };
                let own = declared
                    .parent
                    .and_then(|parent| self.index.impl_of(parent))
                    .is_some_and(|info| matches!((&info.self_ty, owner), (T::Adt(adt, _), Some(owner)) if *adt == owner));
                let access = Access {
                    kind: touch.kind,
                    place,
                    function: self.function_name(*id),
                    context,
                    operation: last_part(touch.operation.as_str()).to_string(),
                };
                out.entry((touch.kind, place)).or_insert(Use {
                    access,
                    when,
                    operation: touch.operation,
                    args: touch.args.clone(),
                    used: touch.used,
                    compared: touch.compared || touch.operation == "compare",
                    function: *id,
                    own_method: own,
                });
            }
        }
        out.into_values().collect()
    }

    fn function_name(&self, id: ItemId) -> String {
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

    /// Everything a type consists of, our own types looked into. What has a lock of its
    /// own inside is a site of its own and left out; so is what a channel carries.
    fn look_into(&self, ty: &T, holds: &mut Holds, depth: usize) {
        if depth > 10 {
            return;
        }
        match ty {
            T::Adt(adt, args) => {
                let declared = self.names.tree.item(*adt);
                if depth <= 1 {
                    holds.near.insert(declared.item.name.to_string());
                }
                if !holds.names.insert(declared.item.name.to_string()) {
                    return;
                }
                for field in super::shared::field_types(self.names, *adt, args) {
                    let own_site = depth > 0 && external::interior(&field).is_some_and(|kind| kind != Kind::Sender);
                    if !own_site {
                        self.look_into(&field, holds, depth + 2);
                    }
                }
            }
            other => {
                let kind = external::kind_of(other);
                holds.kinds.insert(kind);
                if let T::Ext(path, _) = other {
                    holds.names.insert(last_part(path.as_str()).to_string());
                    if depth <= 1 {
                        holds.near.insert(last_part(path.as_str()).to_string());
                    }
                }
                let map = matches!(kind, Kind::Map | Kind::SharedMap | Kind::Cache);
                if map && holds.key.is_none() {
                    holds.key = other.args().first().cloned();
                }
                if (map || kind == Kind::List) && depth < 5 {
                    holds.collection = true;
                }
                if matches!(kind, Kind::Sender | Kind::Broadcast | Kind::Address | Kind::Receiver) {
                    return;
                }
                for arg in other.args() {
                    self.look_into(arg, holds, depth + usize::from(map || kind == Kind::List));
                }
            }
        }
    }

    /// How close the entries of a collection are to a client's connection.
    fn live(&self, ty: &T, shared: &Shared) -> Live {
        let payload = external::payload(ty);
        let value = match external::kind_of(payload) {
            Kind::Map | Kind::SharedMap | Kind::Cache => payload.args().get(1).or(payload.args().first()),
            Kind::List => payload.args().first(),
            _ => None,
        };
        let Some(value) = value else { return Live::No };
        self.live_value(value, shared, 0)
    }

    fn live_value(&self, value: &T, shared: &Shared, depth: usize) -> Live {
        let value = external::payload(value);
        match value {
            T::Adt(adt, args) if depth < 2 => {
                let fields = super::shared::field_types(self.names, *adt, args);
                let live = fields.iter().any(|field| {
                    let direct = external::payload(field);
                    let plain = matches!(external::kind_of(direct), Kind::Sender | Kind::Address)
                        || matches!(direct, T::Ext(path, _) if socket(last_part(path.as_str())));
                    let nested = matches!(direct, T::Adt(..)) && self.live_value(direct, shared, depth + 1) != Live::No;
                    plain || nested
                });
                if live { Live::Part } else { Live::No }
            }
            T::Tuple(parts) => {
                let live = parts.iter().any(|part| self.live_value(part, shared, depth + 1) != Live::No);
                if live { Live::Part } else { Live::No }
            }
            other => match external::kind_of(other) {
                // The address of an actor of ours is as live as that actor is.
                Kind::Address => match other.args().first().map(T::value) {
                    Some(T::Adt(adt, _)) if shared.structs.contains_key(adt) && !shared.per_request.contains(adt) => Live::No,
                    _ => Live::Whole,
                },
                Kind::Sender | Kind::Broadcast => Live::Whole,
                Kind::Map | Kind::SharedMap | Kind::List => {
                    let inner = other.args().last().map_or(Live::No, |inner| self.live_value(inner, shared, depth + 1));
                    if depth == 0 { inner } else { Live::No }
                }
                _ if matches!(other, T::Ext(path, _) if socket(last_part(path.as_str()))) => Live::Whole,
                _ => Live::No,
            },
        }
    }
}

/// Types that write to one client.
fn socket(name: &str) -> bool {
    matches!(
        name,
        "WebSocket" | "SplitSink" | "WebSocketStream" | "SocketRef" | "Session" | "DuplexStream" | "TcpStream"
            | "FramedWrite" | "OwnedWriteHalf" | "WriteHalf" | "Recipient" | "Framed"
    )
}

fn nth_field(kind: &ItemKind, at: usize) -> Option<(Option<Sym>, &Field)> {
    match kind {
        ItemKind::Struct { fields, .. } => fields.get(at).map(|field| (None, field)),
        ItemKind::Enum { variants, .. } => {
            variants.iter().flat_map(|one| one.fields.iter().map(move |field| (Some(one.name), field))).nth(at)
        }
        _ => None,
    }
}

/// Pointers taken off: what two types must share to be the same injected state.
fn core(ty: &T) -> &T {
    let mut at = ty;
    while let Some(inner) = external::deref(at) {
        at = inner;
    }
    at
}

/// Whether two types can be the same data, as far as both are known.
fn alike(a: &T, b: &T) -> bool {
    match (a, b) {
        (T::Unknown, _) | (_, T::Unknown) | (T::Bound(_), _) | (_, T::Bound(_)) => true,
        (T::Ext(a, a_args), T::Ext(b, b_args)) => {
            last_part(a.as_str()) == last_part(b.as_str()) && a_args.iter().zip(b_args.iter()).all(|(a, b)| alike(core(a), core(b)))
        }
        (T::Adt(a, _), T::Adt(b, _)) => a == b,
        (T::Tuple(a), T::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| alike(core(a), core(b))),
        (T::Slice(a), T::Slice(b)) => alike(core(a), core(b)),
        _ => false,
    }
}

/// A type with its numbers made alike: literals do not say how wide they are.
fn loose(ty: &T) -> T {
    match ty {
        T::Ext(path, args) if args.is_empty() => match path.as_str() {
            "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => {
                T::ext("usize", vec![])
            }
            _ => ty.clone(),
        },
        T::Ext(path, args) => T::Ext(*path, args.iter().map(loose).collect()),
        T::Adt(id, args) => T::Adt(*id, args.iter().map(loose).collect()),
        T::Ref(inner) => T::Ref(Arc::new(loose(inner))),
        T::Tuple(args) => T::Tuple(args.iter().map(loose).collect()),
        T::Slice(inner) => T::Slice(Arc::new(loose(inner))),
        other => other.clone(),
    }
}

/// Which of several names for the same data a finding stands at.
fn rank(root: &Root) -> (u8, Root) {
    let class = match root {
        Root::Static(_) => 0,
        Root::Field(..) => 1,
        Root::Local(..) => 2,
        Root::Param(_) | Root::Fetched(_) => 3,
    };
    (class, *root)
}

fn words_of(symbol: &str, holds: &Holds) -> Vec<String> {
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

/// `rateLimiters_v2` to `rate`, `limiters`, `v2`.
pub(crate) fn split_words(name: &str, out: &mut Vec<String>) {
    let mut word = String::new();
    let mut lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && lower {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        lower = letter.is_lowercase();
    }
    if !word.is_empty() {
        out.push(word);
    }
}

/// Union-find over roots.
#[derive(Default)]
struct Groups {
    parent: FxHashMap<Root, Root>,
}

impl Groups {
    fn find(&mut self, root: Root) -> Root {
        let mut at = root;
        while let Some(above) = self.parent.get(&at) {
            at = *above;
        }
        if at != root {
            self.parent.insert(root, at);
        }
        at
    }

    fn union(&mut self, a: Root, b: Root) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.parent.insert(a.max(b), a.min(b));
        }
    }
}
