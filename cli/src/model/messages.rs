//! Messages through channels, as one function body shows them: what is sent, and which
//! loops take it out. [`super::channels`] brings the two together.

use super::eval::Frame;
use super::external::{self, Kind};
use super::summary::{Receive, RegionKind, Root, Send, Summary, Val};
use super::tree::{Def, ItemId};
use super::types::{T, names_of};
use super::waits;
use crate::facts::{ExprId, ExprKind, ItemKind, Pat, Sym};

/// More sends than this in one function say nothing new.
const MAX_SENDS: usize = 1_000;

impl Frame<'_, '_> {
    /// A method of a channel's end, or another one that waits.
    pub(super) fn channel_method(&mut self, recv: &Val, base: &T, name: Sym, vals: &[Val]) {
        match external::kind_of(base) {
            Kind::Sender if sends(name.as_str()) => {
                let value = vals.first().cloned().unwrap_or_default();
                let message = message_of(&value.ty).or_else(|| base.args().first().and_then(message_of));
                let from = match value.roots[..] {
                    [Root::Param(at)] if value.variant.is_none() => Some(at),
                    _ => None,
                };
                self.out.sends.push(Send {
                    roots: recv.roots.to_vec(),
                    message,
                    variant: value.variant,
                    from,
                    region: self.region,
                });
            }
            // What it becomes sends for whoever made it so: which variant is not known.
            Kind::Sender if wraps(name.as_str()) => {
                self.out.sends.push(Send {
                    roots: recv.roots.to_vec(),
                    message: base.args().first().and_then(message_of),
                    variant: None,
                    from: None,
                    region: self.region,
                });
            }
            Kind::Receiver if waits::waiting(name.as_str()) || name == "next" => {
                self.received(&recv.roots, base);
            }
            _ if waits::waiting(name.as_str()) => {
                if let Some(region) = self.serving_region() {
                    self.out.waits_outside.push(region);
                }
            }
            _ => {}
        }
    }

    /// A sending end given to foreign code, which sends when it sees fit.
    pub(super) fn hands_over(&mut self, owner: &str, vals: &[Val]) {
        if external::kind(owner) != Kind::Other {
            return;
        }
        for val in vals.iter().filter(|val| external::kind_of(&val.ty) == Kind::Sender) {
            self.out.handed.push((val.roots.to_vec(), self.region));
        }
    }

    /// Messages taken out of a channel inside a loop that waits for them.
    pub(super) fn received(&mut self, roots: &[Root], channel: &T) {
        let Some(region) = self.serving_region() else { return };
        self.received_in(roots, channel, region);
    }

    /// Messages taken out of a channel in a region.
    pub(super) fn received_in(&mut self, roots: &[Root], channel: &T, region: u32) {
        let message = channel.args().first().and_then(message_of);
        self.out.receives.push(Receive { roots: roots.to_vec(), message, region });
    }

    /// An arm of `select!` that a clock decides on, in a loop that waits for messages.
    pub(super) fn ticks(&self, id: ExprId) -> bool {
        let ExprKind::Await(future) = self.body.kind(id) else { return false };
        let name = match self.body.kind(*future) {
            ExprKind::Method { name, .. } => *name,
            ExprKind::Call { callee, .. } => match self.body.kind(*callee) {
                ExprKind::Path(path) => path.last().map(|last| last.name).unwrap_or_default(),
                _ => return false,
            },
            _ => return false,
        };
        matches!(name.as_str(), "tick" | "sleep" | "sleep_until" | "ctrl_c")
            && self.serving_region().is_some()
    }

    /// What an arm of `select!` has taken out of a channel: it runs for those who send there,
    /// whatever else the loop waits for.
    pub(super) fn taken_alone(&self, id: ExprId, known: usize) -> Option<Receive> {
        let ExprKind::Await(_) = self.body.kind(id) else { return None };
        let [taken] = self.out.receives.get(known..)? else { return None };
        Some(taken.clone())
    }

    fn serving_region(&self) -> Option<u32> {
        self.out.nearest(self.region, |kind| *kind == RegionKind::Serves)
    }

    /// The variant that an arm of a `match` is for, where it is for a single one.
    pub(super) fn arm_of(&self, pat: &Pat) -> Option<(ItemId, u32)> {
        let path = match pat {
            Pat::TupleStruct(path, parts)
                if path.last().is_some_and(|last| matches!(last.name.as_str(), "Some" | "Ok")) =>
            {
                return parts.first().and_then(|part| self.arm_of(part));
            }
            Pat::TupleStruct(path, _) | Pat::Struct(path, _) => path,
            Pat::Bind { inner: Some(inner), .. } | Pat::Ref(inner) => return self.arm_of(inner),
            _ => return None,
        };
        let module = self.scope.module?;
        let names = names_of(path);
        if let [first, variant] = names[..]
            && first == "Self"
            && let T::Adt(adt, _) = self.scope.self_ty.value()
            && let ItemKind::Enum { variants, .. } = &self.names().tree.item(*adt).item.kind
        {
            let at = variants.iter().position(|one| one.name == variant)?;
            return Some((*adt, at as u32));
        }
        match self.names().resolve(module, &names).first() {
            Some(Def::Variant(adt, variant)) => Some((*adt, *variant)),
            _ => None,
        }
    }

    /// What a callee sends of what it was handed, this function sends.
    pub(super) fn passes_on(&mut self, callee: &Summary, vals: &[Val]) {
        for send in &callee.sends {
            let Some(value) = send.from.and_then(|at| vals.get(at as usize)) else { continue };
            if self.out.sends.len() > MAX_SENDS || message_of(&value.ty) != send.message {
                continue;
            }
            let from = match value.roots[..] {
                [Root::Param(at)] if value.variant.is_none() => Some(at),
                _ => None,
            };
            self.out.sends.push(Send { variant: value.variant, from, region: self.region, ..send.clone() });
        }
    }
}

fn sends(name: &str) -> bool {
    matches!(
        name,
        "send"
            | "try_send"
            | "blocking_send"
            | "send_async"
            | "send_timeout"
            | "unbounded_send"
            | "feed"
            | "start_send"
    )
}

/// Methods that make something else of a sending end, which sends into the same channel.
fn wraps(name: &str) -> bool {
    matches!(
        name,
        "into_sink" | "sink" | "with" | "with_flat_map" | "sink_map_err" | "sink_err_into" | "buffer"
    )
}

/// Our type that a message is, or carries first.
fn message_of(ty: &T) -> Option<ItemId> {
    match external::payload(ty) {
        T::Adt(adt, _) => Some(*adt),
        T::Tuple(parts) => parts.iter().find_map(message_of),
        _ => None,
    }
}
