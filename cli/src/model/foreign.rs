//! Calls out of the analysed code: what a method or constructor of a foreign type does
//! to what it is given, and what it answers. The tables are in [`super::external`].

use ustr::Ustr;

use super::bind::element;
use super::calls::region_of_call;
use super::effects::{self, Effect};
use super::eval::Frame;
use super::external::{self, Kind};
use super::summary::{Callable, ForeignCall, Injected, RegionKind, Root, Roots, Val};
use super::tree::{Def, ModId};
use super::types::{T, last_part, names_of};
use crate::facts::{ExprId, ExprKind, Sym, Ty};
use crate::finding::AccessKind;
use crate::span::Span;

impl<'a> Frame<'a, '_> {
    pub(super) fn foreign_method(
        &mut self,
        recv: &Val,
        base: &T,
        name: Sym,
        generics: &[Ty],
        vals: &[Val],
        span: Span,
    ) -> Val {
        let kind = external::kind_of(base);
        if matches!(name.as_str(), "clone" | "to_owned") {
            return self.cloned(recv, span);
        }
        if matches!(name.as_str(), "cloned" | "copied") {
            let item = external::unwrap_one(base).or(base.args().first()).cloned().unwrap_or_default();
            let shares = external::clone_shares(&item);
            if !shares {
                self.touch(&recv.roots, AccessKind::Read, name, span);
            }
            let roots: &[Root] = if shares { &recv.roots } else { &[] };
            return Val { fresh: !shares, ..Val::of(base.clone()).with_roots(roots) };
        }
        if let Some(asked) = self.fetched(name, generics) {
            return asked;
        }
        self.channel_method(recv, base, name, vals);
        let mut effect = effects::effect(kind, name.as_str());
        if kind == Kind::Lock
            && matches!(name.as_str(), "lock" | "try_lock" | "lock_owned" | "write" | "try_lock_owned")
            && matches!(external::unwrap_one(base), Some(T::Tuple(parts)) if parts.is_empty())
        {
            // Nothing inside to change: holding it is the point.
            effect = Effect::Write;
        }
        let own_value = kind == Kind::Maybe && recv.fresh;
        match effect {
            Effect::Write if !own_value => {
                let before = self.out.touches.len();
                self.touch(&recv.roots, AccessKind::Write, name, span);
                for touch in &mut self.out.touches[before..] {
                    touch.fetched = vals.last().is_some_and(|value| value.fetched);
                    touch.written = vals.last().and_then(super::apply::param_of);
                }
            }
            Effect::Read => self.touch(&recv.roots, AccessKind::Read, name, span),
            _ => {}
        }
        let opened = recv.ty.value() != base
            && matches!(
                name.as_str(),
                "get_ref"
                    | "into_inner"
                    | "inner"
                    | "inner_mut"
                    | "deref"
                    | "deref_mut"
                    | "as_ref"
                    | "as_mut"
                    | "by_ref"
            );
        let unlocked = recv.locked
            && matches!(
                name.as_str(),
                "unwrap" | "expect" | "unwrap_or_else" | "map_err" | "ok" | "unwrap_or_log"
            );
        // `data.get_ref()`, `state.inner()`: the pointer's own way to what it holds.
        let ty = if opened || unlocked { base.clone() } else { self.answer_type(base, name, generics, vals) };
        let keeps = match effect {
            Effect::Through => true,
            // What an atomic answers is a copy.
            Effect::Read => {
                (leads_on(name.as_str()) || effects::hands_state(base, name.as_str())) && kind != Kind::Atomic
            }
            Effect::Write => matches!(
                name.as_str(),
                "entry"
                    | "vacant_entry"
                    | "or_insert"
                    | "or_insert_with"
                    | "or_default"
                    | "get_or_insert_with"
                    | "get_with"
                    | "try_get_with"
                    | "and_modify"
                    | "get_or_insert"
                    | "or_insert_with_key"
                    | "entry_ref"
            ),
        };
        let mut answer = Val::of(ty);
        if keeps {
            answer.roots.clone_from(&recv.roots);
            answer.fresh = recv.fresh;
            // `.map(|x| x.other)`: the closure's answer leads on as well.
            for val in vals.iter().filter(|val| matches!(val.callable, Some(Callable::Closure(_)))) {
                for root in &val.roots {
                    if !answer.roots.contains(root) {
                        answer.roots.push(*root);
                    }
                }
            }
        } else if matches!(effect, Effect::Write) {
            answer.fresh = true;
        }
        answer.made_by = answer.made_by.or(recv.made_by);
        if matches!(
            name.as_str(),
            "unwrap_or_else" | "unwrap_or" | "or_else" | "or" | "map_or_else" | "get_or_insert_with"
        ) {
            // What stands in where nothing was given.
            let instead = vals.iter().filter_map(|val| val.made_by);
            answer.made_by = instead
                .into_iter()
                .find(|path| super::components::is_random(path.as_str()))
                .or(answer.made_by);
        }
        answer.foreign = matches!(kind, Kind::Other | Kind::Handle)
            && effects::waits_outside(name.as_str())
            && !effects::is_request(base);
        answer.fetched = recv.fetched
            || kind == Kind::Handle && effects::asks(name.as_str())
            || matches!(name.as_str(), "metadata" | "modified" | "read_dir");
        answer.locked = external::can_be_poisoned(base)
            && matches!(name.as_str(), "lock" | "read" | "write" | "try_lock" | "try_read" | "try_write")
            || recv.locked && matches!(name.as_str(), "map_err" | "ok");
        answer
    }

    /// `ctx.data::<T>()`, `req.app_data::<Data<T>>()`: shared state asked for by type.
    pub(super) fn fetched(&mut self, name: Sym, generics: &[Ty]) -> Option<Val> {
        let getter = matches!(
            name.as_str(),
            "data"
                | "data_unchecked"
                | "data_opt"
                | "app_data"
                | "get"
                | "get_typed"
                | "obtain"
                | "state"
                | "guard"
                | "get_mut"
                | "extract"
                | "get_ref"
                | "app_state"
                | "local_cache"
                | "depot"
                | "get_typed_mut"
                | "obtain_mut"
        );
        let ty = self.ty(generics.first().filter(|_| getter && generics.len() == 1)?);
        if !matches!(name.as_str(), "get" | "get_mut" | "get_ref" | "extract" | "state") {
            self.serves_requests();
        }
        let root = self.fetched_root(ty.clone())?;
        let held = T::Ref(std::sync::Arc::new(ty));
        let direct = matches!(name.as_str(), "data_unchecked" | "get_ref" | "state");
        let answer = if direct { held } else { T::ext("std::option::Option", vec![held]) };
        Some(Val::of(answer).with_roots(&[root]))
    }

    /// State that is found by its type, if there is still a number for it.
    pub(super) fn fetched_root(&mut self, ty: T) -> Option<Root> {
        let at = u16::try_from(self.out.fetched.len()).ok()?;
        self.out.fetched.push(ty);
        Some(Root::Fetched(at))
    }

    /// A closure that asks for shared state is called for requests, whoever keeps it.
    fn serves_requests(&mut self) {
        let mut at = self.region;
        while at != 0 {
            let region = &mut self.out.regions[at as usize];
            if region.kind == RegionKind::Inherit {
                region.kind = RegionKind::Request;
                return;
            }
            at = region.parent;
        }
    }

    pub(super) fn cloned(&mut self, recv: &Val, span: Span) -> Val {
        // A copy of a closure uses what it captured, as the closure does.
        if external::clone_shares(&recv.ty) || matches!(recv.ty.value(), T::Bound(_) | T::Fn(_)) {
            return recv.clone();
        }
        if let T::Ref(inner) = &recv.ty
            && external::clone_shares(inner)
        {
            return recv.clone();
        }
        self.touch(&recv.roots, AccessKind::Read, Ustr::from("clone"), span);
        let known = !recv.ty.value().is_unknown();
        let roots: &[Root] = if known { &[] } else { &recv.roots };
        Val {
            ty: recv.ty.value().clone(),
            roots: Roots::from_slice(roots),
            fresh: true,
            web: recv.web.clone(),
            ..Val::default()
        }
    }

    pub(super) fn answer_type(&self, base: &T, name: Sym, generics: &[Ty], vals: &[Val]) -> T {
        let closure = vals.iter().find_map(|val| match &val.ty {
            T::Fn(output) if matches!(val.callable, Some(Callable::Closure(_))) => Some((**output).clone()),
            _ => None,
        });
        let kind = external::kind_of(base);
        match (kind, name.as_str(), closure) {
            (Kind::Maybe, "map", Some(output)) => T::ext("std::option::Option", vec![output]),
            (Kind::Maybe, "and_then" | "map_or" | "map_or_else", Some(output)) => output,
            (Kind::Iter, "map" | "filter_map" | "flat_map", Some(output)) => {
                T::ext("Iter", vec![external::unwrap_one(&output).cloned().unwrap_or(output)])
            }
            (
                _,
                "with" | "with_borrow" | "with_borrow_mut" | "get_or_init" | "get_or_try_init",
                Some(output),
            ) if !output.is_unknown() => output,
            (Kind::Iter, "collect", _) => match generics.first() {
                Some(ty) => match self.ty(ty) {
                    T::Ext(path, args) if args.iter().all(T::is_unknown) => {
                        T::Ext(path, vec![element(base)].into())
                    }
                    ty => ty,
                },
                None => T::ext("std::vec::Vec", vec![element(base)]),
            },
            _ => effects::method_type(base, name.as_str()),
        }
    }

    pub(super) fn call_foreign(&mut self, path: Sym, generics: &[T], args: &'a [ExprId], span: Span) -> Val {
        let text = path.as_str();
        let last = last_part(text);
        let kind = region_of_call(text);
        let vals = self.args(args, &[], &[], kind);
        let strings = vals.iter().filter_map(|val| val.literal.as_deref()).map(Ustr::from).collect();
        self.out.foreign.push(ForeignCall { path, span, region: self.region, bound: None, strings });
        // `LazyLock::new(rand::random)` calls what it is given.
        if external::kind(text.rsplit_once("::").map_or("", |(owner, _)| owner)) == Kind::Lazy {
            let module = self.scope.module.unwrap_or(ModId(0));
            for arg in args {
                let ExprKind::Path(given) = self.body.kind(*arg) else { continue };
                if let Some(Def::Ext(path)) = self.names().resolve(module, &names_of(given)).first() {
                    let (path, region) = (*path, self.region);
                    self.out.foreign.push(ForeignCall {
                        path,
                        span,
                        region,
                        bound: None,
                        strings: Vec::new(),
                    });
                }
            }
        }
        let web = self.web_call(path, &vals, span);
        if super::graphql::makes_schema(text) {
            for (val, at) in vals.iter().zip(0..3) {
                if let T::Adt(adt, _) = val.ty.value() {
                    self.out.schemas.push((*adt, at));
                }
            }
        }
        if last.starts_with("accept") && text.contains("tungstenite") {
            self.out.sockets.push(self.region);
        }
        let first = vals.first().cloned().unwrap_or_default();
        let owner = text.rsplit_once("::").map_or("", |(owner, _)| owner);
        if !matches!(last, "Some" | "Ok" | "Err" | "drop" | "clone") {
            self.hands_over(owner, &vals);
        }
        let on_type = last_part(owner).starts_with(char::is_uppercase);
        let mut answer = match last {
            "clone" if on_type => self.cloned(&first, span),
            "take" | "replace" | "swap" if owner.ends_with("mem") => {
                self.touch(&first.roots, AccessKind::Write, Ustr::from(text), span);
                Val { fresh: true, ..Val::of(first.ty.value().clone()) }
            }
            "Some" | "Ok" | "Err" => {
                let mut args = vec![first.ty.clone()];
                if last == "Err" {
                    args.insert(0, T::Unknown);
                }
                Val { ty: T::ext("std::option::Option", args), literal: None, ..first.clone() }
            }
            "drop" | "forget" => Val::of(T::unit()),
            "new_layer" | "new_svc" if external::kind(owner) == Kind::SocketHub => {
                Val::of(T::Tuple(vec![T::Unknown, T::ext(owner, vec![])].into()))
            }
            "with_state" | "new" if owner == "tide" => {
                self.inject_method(Ustr::from(last), &vals, span);
                let made = self.out.injected.last().filter(|_| last == "with_state");
                let roots = made.map(|made| made.roots.clone()).unwrap_or_default();
                Val::of(T::ext("tide::Server", vec![])).with_roots(&roots)
            }
            "channel" | "unbounded_channel" | "unbounded" | "bounded" | "sync_channel" => {
                channel_type(text, generics)
            }
            _ if on_type => self.make(owner, last, generics, &vals),
            _ if last.starts_with(char::is_uppercase) => self.make(text, "new", generics, &vals),
            _ => Val { web: None, ..Val::default() },
        };
        for val in &vals {
            if !on_type && answer.roots.is_empty() && !matches!(last, "Some" | "Ok" | "Err" | "drop") {
                self.touch(&val.roots, AccessKind::Read, Ustr::from(last), span);
            }
        }
        answer.web = web.or(answer.web);
        answer.made_by = answer.made_by.or(Some(path));
        answer.foreign = !on_type || vals.iter().any(|val| val.foreign);
        answer.foreign &= effects::waits_outside(last);
        answer.fetched = text.contains("fs::")
            && (last.starts_with("read") || matches!(last, "metadata" | "canonicalize"))
            || text.ends_with("File::open")
            // A source of figment, read when it is extracted.
            || last == "file" && matches!(last_part(owner), "Yaml" | "Toml" | "Json");
        self.inject_call(text, &mut answer, span);
        answer
    }

    /// `Arc::new(x)`, `HashMap::new()`, `Extension(x)`.
    pub(super) fn make(&mut self, owner: &str, name: &str, generics: &[T], vals: &[Val]) -> Val {
        let kind = external::kind(owner);
        let first = vals.first().cloned().unwrap_or_default();
        let holds = matches!(kind, Kind::Pointer | Kind::Lock | Kind::Cell | Kind::Lazy);
        if holds && !vals.is_empty() && !matches!(first.callable, Some(Callable::Closure(_))) {
            let inner = match (kind, name) {
                (Kind::Pointer, _)
                    if matches!(external::kind_of(&first.ty), Kind::Pointer)
                        && last_part(owner) == "Data" =>
                {
                    // `Data::from(arc)` is the same pointer.
                    external::unwrap_one(&first.ty).cloned().unwrap_or_default()
                }
                _ => first.ty.clone(),
            };
            let inner =
                if inner.is_unknown() { generics.first().cloned().unwrap_or_default() } else { inner };
            return Val { ty: T::ext(owner, vec![inner]), literal: None, callable: None, ..first };
        }
        if holds && let Some(Callable::Closure(_)) = first.callable {
            let inner = match &first.ty {
                T::Fn(output) => (**output).clone(),
                _ => T::Unknown,
            };
            return Val::of(T::ext(owner, vec![inner]));
        }
        let mut args = generics.to_vec();
        if args.is_empty() && matches!(kind, Kind::List) && name == "from" {
            args.push(element(&first.ty));
        }
        Val { fresh: true, ..Val::of(T::Ext(Ustr::from(owner), args.into())) }
    }

    pub(super) fn inject_method(&mut self, name: Sym, vals: &[Val], span: Span) {
        let takes = matches!(
            name.as_str(),
            "with_state"
                | "app_data"
                | "manage"
                | "data"
                | "with_data"
                | "inject"
                | "add_extension"
                | "provide_state"
                | "insert_state"
                | "shared_state"
                | "state"
        );
        if !takes {
            return;
        }
        for val in vals {
            let mut val = val.clone();
            let made = val.made_by.map_or("", |path| last_part(path.as_str()));
            let plain = matches!(made, "" | "new" | "default" | "from" | "with_capacity");
            let name = if plain { name } else { Ustr::from(made) };
            self.new_local(name, span, &mut val);
            self.out.injected.push(Injected {
                ty: val.ty.clone(),
                roots: val.roots.to_vec(),
                region: self.region,
            });
        }
    }

    pub(super) fn inject_call(&mut self, path: &str, answer: &mut Val, span: Span) {
        let owner = path.strip_suffix("::new").unwrap_or(path);
        if !matches!(
            last_part(owner),
            "Extension" | "Data" | "AddExtensionLayer" | "AddData" | "State" | "inject" | "AffixList"
        ) {
            return;
        }
        let mut inner =
            Val { ty: external::unwrap_one(&answer.ty).cloned().unwrap_or_default(), ..answer.clone() };
        if let (true, T::Adt(adt, _)) = (inner.fresh && inner.roots.is_empty(), inner.ty.value()) {
            let mut at = self.region;
            while at != 0 && self.out.regions[at as usize].kind != RegionKind::PerWorker {
                at = self.out.regions[at as usize].parent;
            }
            if at != 0 {
                self.out.worker_types.push(*adt);
            }
        }
        let name = inner.made_by.map_or(Ustr::from("state"), |path| Ustr::from(last_part(path.as_str())));
        self.new_local(name, span, &mut inner);
        answer.roots.clone_from(&inner.roots);
        self.out.injected.push(Injected { ty: inner.ty, roots: inner.roots.into_vec(), region: self.region });
    }
}

/// Reading methods whose answer still leads to the data.
pub(super) fn leads_on(method: &str) -> bool {
    matches!(
        method,
        "get"
            | "values"
            | "keys"
            | "first"
            | "last"
            | "front"
            | "back"
            | "peek"
            | "load"
            | "load_full"
            | "get_async"
            | "read_async"
            | "get_if_present"
            | "range"
            | "as_str"
            | "subscribe"
            | "get_key_value"
            | "view"
            | "windows"
            | "chunks"
            | "binary_search"
            | "get_or_default"
            | "in"
            | "to"
            | "within"
            | "of"
            | "namespace"
    )
}

pub(super) fn channel_type(path: &str, generics: &[T]) -> Val {
    let item = generics.first().cloned().unwrap_or_default();
    let from = |name: &str| path.contains(name);
    let sender = if from("broadcast") {
        "tokio::sync::broadcast::Sender"
    } else if from("watch") {
        "tokio::sync::watch::Sender"
    } else {
        "tokio::sync::mpsc::Sender"
    };
    let receiver = T::ext("tokio::sync::mpsc::Receiver", vec![item.clone()]);
    Val::of(T::Tuple(vec![T::ext(sender, vec![item]), receiver].into()))
}
