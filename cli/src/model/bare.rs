//! Sites that a single call or attribute shows, without a type of ours to hold them:
//! a library's part, files written while serving, a macro that remembers answers.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::collect::Collector;
use super::components;
use super::external::Kind;
use super::site::Site;
use super::summary::{ForeignCall, Root};
use super::tree::ItemId;
use super::types::last_part;
use crate::facts::{ItemKind, Sym};
use crate::finding::Mechanism;
use crate::span::Place;

impl Collector<'_, '_> {
    /// Files written while serving: one site a source file, its calls as accesses.
    pub(super) fn add_disk(&self, sites: &mut Vec<Site>) {
        let mut by_file: BTreeMap<crate::span::FileId, Vec<(ItemId, &ForeignCall)>> = BTreeMap::new();
        for (id, summary) in self.summaries {
            for call in &summary.foreign {
                let when = self.contexts.region(summary, *id, call.region);
                if when.request && !when.assumed && components::disk_access(call).is_some() {
                    by_file.entry(self.names.tree.item(*id).file).or_default().push((*id, call));
                }
            }
        }
        for calls in by_file.values() {
            // Removing alone keeps nothing.
            let Some((id, first)) = calls.iter().find(|(_, call)| components::creates(call)) else {
                continue;
            };
            let declared = self.names.tree.item(*id);
            let (name, span) = first.bound.unwrap_or((Sym::from(last_part(first.path.as_str())), first.span));
            let symbol = format!("{}::{name}", declared.item.name);
            let place = Place { file: declared.file, span };
            let info = self.info(*id, symbol, place, Mechanism::LocalDisk);
            let mut site = Site::bare(Root::Local(*id, span.start), info, Kind::Disk);
            site.uses = calls
                .iter()
                .filter_map(|(id, call)| {
                    let when = self.contexts.region(self.by_id[id], *id, call.region);
                    let kind = components::disk_access(call)?;
                    Some(self.make_use(*id, kind, call.span, when, Sym::from(last_part(call.path.as_str()))))
                })
                .collect();
            sites.push(site);
        }
    }

    /// Functions whose answers a macro keeps: `#[cached]`, `#[memoize]`, `#[once]`.
    pub(super) fn add_memo_macros(&self, sites: &mut Vec<Site>) {
        for (id, _) in self.summaries {
            let declared = self.names.tree.item(*id);
            let memo = declared.item.attrs.iter().any(|attr| {
                attr.path.last().is_some_and(|last| {
                    matches!(last.name.as_str(), "cached" | "memoize" | "once" | "cached_result")
                }) && declared.function().is_some()
                    && !attr.tokens.contains("redis")
            });
            if memo {
                let name = declared.item.name.as_str();
                let info = self.info(*id, name.to_string(), declared.place(), Mechanism::Component);
                sites.push(Site::bare(Root::Local(*id, declared.item.span.start), info, Kind::MemoMacro));
            }
        }
    }

    /// State that only a foreign call shows.
    pub(super) fn add_components(&self, sites: &mut Vec<Site>) {
        let held: FxHashSet<(Kind, usize)> = sites
            .iter()
            .filter(|site| !site.ty.is_unknown())
            .filter_map(|site| Some((site.kind?, self.workspace.sources.file(site.info.place.file).package)))
            .collect();
        let at: FxHashMap<Place, usize> =
            sites.iter().enumerate().map(|(at, site)| (site.info.place, at)).collect();
        let mut seen = FxHashSet::default();
        let opened: FxHashSet<(usize, &str)> = self
            .summaries
            .iter()
            .flat_map(|(id, summary)| {
                summary.foreign.iter().map(|call| (self.package(*id), call.path.as_str()))
            })
            .filter_map(|(package, path)| Some((package, path.strip_suffix("::open")?)))
            .collect();
        for (id, summary) in self.summaries {
            let declared = self.names.tree.item(*id);
            let of_static = matches!(declared.item.kind, ItemKind::Static(_));
            for call in &summary.foreign {
                let Some(made) = components::made(
                    call,
                    summary,
                    *id,
                    declared.item.name.as_str(),
                    of_static,
                    self.contexts,
                ) else {
                    continue;
                };
                let span = call.bound.map_or(call.span, |(_, span)| span);
                let (symbol, place, mechanism) = match &declared.item.kind {
                    ItemKind::Static(_) => (declared.item.name.to_string(), declared.place(), made.mechanism),
                    _ => {
                        let name = call
                            .bound
                            .map_or(components::name(call.path.as_str()), |(name, _)| name.as_str());
                        let symbol = format!("{}::{name}", declared.item.name);
                        (symbol, Place { file: declared.file, span }, made.mechanism)
                    }
                };
                // Made here, held by a field or binding that is a site already.
                if made.mechanism == Mechanism::Component
                    && made.known
                    && held.contains(&(made.kind, self.package(*id)))
                {
                    continue;
                }
                let known = at.get(&place).map(|at| &mut sites[*at]);
                if let Some(site) = known {
                    // A static that holds a key made at random.
                    site.info.mechanism = mechanism;
                    site.kind = Some(made.kind);
                    site.kept = made.kept;
                    site.fallback = made.fallback;
                    continue;
                }
                if !seen.insert((place, mechanism)) {
                    continue;
                }
                let info = self.info(*id, symbol, place, mechanism);
                let mut site = Site::bare(Root::Local(*id, span.start), info, made.kind);
                site.kept = made.kept;
                site.fallback = made.fallback;
                // Elsewhere the same library opens a file: which of the two is a setting.
                let owner = call.path.as_str().strip_suffix("::open_in_memory");
                let chosen = owner.is_some_and(|owner| opened.contains(&(self.package(*id), owner)));
                site.known = made.known && !chosen;
                sites.push(site);
            }
        }
    }
}
