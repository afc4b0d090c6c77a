//! Middleware: what runs around routes, for each of them.
//!
//! A layer is a function (`from_fn(auth)`) or a value of a type of ours whose trait methods the
//! framework calls. Where the order of calls matters (axum, tower), a layer is around what the
//! router had by then; elsewhere around all that it has in the end.

use ustr::Ustr;

use super::eval::Frame;
use super::summary::{HandlerRef, Val, Web};
use super::times::{TraitTime, trait_time};
use super::tree::{Def, ItemId};
use super::types::{T, last_part};

/// More layers around routes than this in one function say nothing new.
const MAX_LAYERED: usize = 4_000;

/// Methods that put something around the routes of a router.
pub(super) fn is_layering(name: &str) -> bool {
    matches!(name, "layer" | "route_layer") || is_for_all(name)
}

/// Those that are around later routes as well.
fn is_for_all(name: &str) -> bool {
    matches!(name, "wrap" | "wrap_fn" | "attach" | "hoop" | "with" | "middleware")
}

impl Frame<'_, '_> {
    /// `router.layer(from_fn(auth))`, `app.wrap(Limiter)`: takes the layers in.
    pub(super) fn put_around(&mut self, name: &str, web: &mut Web, vals: &[Val]) {
        let mut layers: Vec<HandlerRef> = Vec::new();
        for val in vals {
            if let Some(inner) = &val.web {
                layers.extend(inner.layers.iter().copied());
            }
            if matches!(name, "wrap_fn" | "hoop") {
                layers.extend(self.handler(val));
            }
            if let T::Adt(adt, _) = val.ty.value() {
                layers.extend(self.callbacks(*adt, 2).into_iter().map(HandlerRef::Fn));
            }
        }
        layers.sort_unstable();
        layers.dedup();
        for layer in &layers {
            self.layered(web, 0, *layer);
        }
        if is_for_all(name) || web.routes.is_empty() {
            web.layers.extend(layers);
        }
    }

    /// Routes that a router got after its layers.
    pub(super) fn take_under(&mut self, web: &Web, from: usize) {
        for layer in &web.layers {
            self.layered(web, from, *layer);
        }
    }

    fn layered(&mut self, web: &Web, from: usize, layer: HandlerRef) {
        for route in web.routes.iter().skip(from) {
            if self.out.layered.len() < MAX_LAYERED {
                self.out.layered.push((route.id, route.handler, layer));
            }
        }
    }

    /// What a framework calls on a value of a type of ours, or on what that makes of a service:
    /// `type Service = Limited<S>`, `type Transform = Limited<S>`.
    fn callbacks(&self, adt: ItemId, hops: usize) -> Vec<ItemId> {
        let mut found = Vec::new();
        for info in self.ev.index.impls_for(adt) {
            let Some(Def::Ext(of)) = info.of else { continue };
            let of = last_part(of.as_str());
            if hops > 0
                && matches!(of, "Layer" | "Transform" | "Middleware" | "NewMiddleware" | "NewTransform")
            {
                for (_, ty) in &info.assoc {
                    if let T::Adt(inner, _) = ty.value()
                        && *inner != adt
                    {
                        found.extend(self.callbacks(*inner, hops - 1));
                    }
                }
            }
            for method in ["call", "handle", "on_request", "on_response", "transform"] {
                let method = Ustr::from(method);
                if matches!(trait_time(of, method.as_str()), TraitTime::Request) {
                    found.extend(self.ev.index.trait_item(info.id, method));
                }
            }
        }
        found
    }
}
