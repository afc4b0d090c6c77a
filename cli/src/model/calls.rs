//! Method and function calls: into the analysed code by summary, out of it by table.

use ustr::Ustr;

use super::effects::{self, Effect};
use super::eval::Frame;
use super::external::{self, Kind};
use super::summary::{CallSite, Callable, ForeignCall, RegionKind, Root, Val};
use super::tree::{Def, ItemId};
use super::types::{T, last_part, names_of, shared};
use crate::facts::{ExprId, ExprKind, ItemKind, Path, Sym, Ty};
use crate::span::Span;

/// A call through a trait follows at most so many implementations.
const MAX_IMPLEMENTATIONS: usize = 32;

impl<'a> Frame<'a, '_> {
    pub(super) fn method(
        &mut self,
        id: ExprId,
        receiver: ExprId,
        name: Sym,
        generics: &'a [Ty],
        args: &'a [ExprId],
        name_span: Span,
    ) -> Val {
        let mut recv = self.place(receiver);
        let span = Span {
            start: self.body.expr(id).span.start.min(name_span.start),
            end: self.body.expr(id).span.end,
        };
        let mut callees = self.methods_on(&recv.ty, name);
        if callees.is_empty() && name != "clone" {
            recv = self.dereferenced(recv, name_span);
            callees = self.methods_on(&recv.ty, name);
        }
        if !callees.is_empty() {
            let vals = self.args_of(callees.first().copied(), args);
            let web = self.web_method(&recv, name, &vals, name_span);
            let mut answer = self.apply_all(&callees, Some(&recv), &vals, name, name_span);
            answer.web = answer.web.or(web);
            return answer;
        }
        let base = base_type(&recv.ty, name.as_str());
        // `inbox.for_each(|message| ..)` takes messages out as a loop does.
        let takes = external::kind_of(&base) == Kind::Receiver && name.as_str().contains("for_each");
        let kind = if takes { RegionKind::Serves } else { region_of(name.as_str()) };
        if takes {
            self.serves_here();
        }
        let params = effects::closure_params(&base, name.as_str());
        let vals = self.args(args, &params, &recv.roots, kind);
        if takes && let Some(Callable::Closure(region)) = vals.first().and_then(|val| val.callable.clone()) {
            self.received_in(&recv.roots, &base, region);
        }
        for (arg, val) in args.iter().zip(&vals) {
            // `all.difference(&taken)` looks at what it is lent.
            let lent = matches!(self.body.kind(*arg), ExprKind::Ref { .. });
            if lent && !external::clone_shares(val.ty.value()) {
                self.read_of(val, name.as_str(), self.body.expr(*arg).span);
            }
        }
        let web = self.web_method(&recv, name, &vals, name_span);
        if let Some(answer) = self.unknown_receiver(&recv, name, &vals, name_span) {
            return answer;
        }
        self.inject_method(name, &vals, name_span);
        // Methods worth a look of their own: random bytes, and limiters of unknown libraries.
        let random = matches!(
            name.as_str(),
            "fill_bytes" | "try_fill_bytes" | "sample_string" | "sample_iter" | "gen" | "random"
        );
        if random || name.as_str().contains("limiter") || name.as_str().contains("rate_limit") {
            // Only a buffer that is filled is named by its argument.
            let fills = matches!(name.as_str(), "fill_bytes" | "try_fill_bytes");
            let bound = args.first().filter(|_| fills).and_then(|arg| self.named_place(*arg));
            let region = self.region;
            self.out.foreign.push(ForeignCall { path: name, span, region, bound, strings: Vec::new() });
        }
        if external::kind_of(&base) == Kind::Address
            && matches!(name.as_str(), "send" | "do_send" | "try_send" | "ask" | "tell")
        {
            self.message(&base, &vals, name_span);
        }
        let mut answer = self.foreign_method(&recv, &base, name, generics, &vals, span);
        if name == "concat" {
            answer.literal = self.concatenated(receiver);
        }
        if matches!(recv.callable, Some(Callable::Item(_))) {
            // `handler.layer(..)` is still that handler.
            answer.callable.clone_from(&recv.callable);
        }
        answer.web =
            web.or_else(|| recv.web.clone().filter(|_| answer.ty.is_unknown() || answer.ty == recv.ty));
        if matches!(name.as_str(), "sample_string" | "sample_iter" | "gen" | "random") {
            answer.made_by = Some(name);
        }
        answer
    }

    /// A message to an actor runs the handler for its type.
    pub(super) fn message(&mut self, address: &T, vals: &[Val], span: Span) {
        let Some(T::Adt(message, _)) = vals.first().map(|val| val.ty.value()) else {
            return;
        };
        let actor = match address.args().first().map(T::value) {
            Some(T::Adt(actor, _)) => Some(*actor),
            _ => None,
        };
        for callee in self.ev.index.message_handlers(*message, actor) {
            self.out.calls.push(CallSite { callee, region: self.region, span, fetched: 0, dynamic: false });
        }
    }

    /// The variable behind `&mut name`.
    pub(super) fn named_place(&self, id: ExprId) -> Option<(Sym, Span)> {
        match self.body.kind(id) {
            ExprKind::Ref { value } => self.named_place(*value),
            ExprKind::Path(path) => path.as_ident().map(|name| (name, self.body.expr(id).span)),
            _ => None,
        }
    }

    /// Goes through `impl Deref` of our own types.
    pub(super) fn dereferenced(&mut self, recv: Val, span: Span) -> Val {
        let mut at = recv;
        for _ in 0..4 {
            let Some(T::Adt(adt, _)) = peel_to_adt(&at.ty).cloned() else {
                break;
            };
            let Some(target) = self.ev.index.deref_target(adt).cloned() else {
                break;
            };
            let deref = self.ev.index.methods_of(adt, Ustr::from("deref")).first().copied();
            let this = Val { fresh: false, ..at.clone() };
            let mut through = match deref {
                Some(deref) => self.apply(deref, Some(&this), &[], Ustr::from("deref"), span),
                None => this,
            };
            if through.ty.value().is_unknown() {
                through.ty = target;
            }
            at = through;
        }
        at
    }

    /// Evaluates arguments; closures get what is known of their parameters.
    pub(super) fn args(
        &mut self,
        args: &'a [ExprId],
        params: &[T],
        roots: &[Root],
        kind: RegionKind,
    ) -> Vec<Val> {
        let mut vals = Vec::with_capacity(args.len());
        for arg in args {
            let val = match self.body.kind(*arg) {
                ExprKind::Closure { .. } => self.closure(*arg, params, roots, kind.clone()),
                _ if kind != RegionKind::Inherit => self.in_region(kind.clone(), |frame| frame.value(*arg)).1,
                _ => self.value(*arg),
            };
            if kind != RegionKind::Inherit
                && let Some(Callable::Closure(region)) = val.callable
                && self.out.regions[region as usize].kind == RegionKind::Inherit
            {
                // A closure that was bound to a name before.
                self.out.regions[region as usize].kind = kind.clone();
            }
            if kind != RegionKind::Inherit
                && let Some(Callable::Item(callee)) = val.callable
            {
                let (region, ()) = self.in_region(kind.clone(), |_| ());
                let span = self.body.expr(*arg).span;
                self.out.calls.push(CallSite { callee, region, span, fetched: 0, dynamic: false });
            }
            vals.push(val);
        }
        vals
    }

    /// Methods of the analysed code that a call can land on, looking through pointers.
    pub(super) fn methods_on(&self, ty: &T, name: Sym) -> Vec<ItemId> {
        let index = self.ev.index;
        let mut ty = ty.clone();
        for _ in 0..12 {
            match &ty {
                T::Adt(adt, _) => {
                    let found = index.methods_of(*adt, name);
                    if !found.is_empty() {
                        return found[..1].to_vec();
                    }
                    match index.deref_target(*adt) {
                        Some(target) => ty = target.clone(),
                        None => {
                            return index
                                .extension("", name)
                                .filter(|_| !common(name.as_str()))
                                .into_iter()
                                .collect();
                        }
                    }
                }
                T::Bound(defs) => {
                    let mut found = Vec::new();
                    for def in defs.iter() {
                        if let Def::Item(of) = def {
                            self.bound_methods(*of, name, &mut found, 3);
                        }
                    }
                    return found;
                }
                T::Ext(path, _) => {
                    if let Some(found) = index.extension(path.as_str(), name)
                        && !common(name.as_str())
                    {
                        return vec![found];
                    }
                    match external::deref(&ty) {
                        Some(inner) => ty = inner.clone(),
                        None => return Vec::new(),
                    }
                }
                other => match external::deref(other) {
                    Some(inner) => ty = inner.clone(),
                    None => return Vec::new(),
                },
            }
        }
        Vec::new()
    }

    pub(super) fn bound_methods(&self, of: ItemId, name: Sym, found: &mut Vec<ItemId>, hops: usize) {
        found.extend(self.ev.index.implementations(of, name).into_iter().take(MAX_IMPLEMENTATIONS));
        let declared = self.names().tree.item(of);
        if let ItemKind::Trait(inner) = &declared.item.kind
            && found.is_empty()
            && hops > 0
        {
            for above in &inner.supertraits {
                if let Some(Def::Item(above)) =
                    self.names().resolve(declared.module, &names_of(above)).first()
                {
                    self.bound_methods(*above, name, found, hops - 1);
                }
            }
        }
    }

    pub(super) fn unknown_receiver(
        &mut self,
        recv: &Val,
        name: Sym,
        vals: &[Val],
        span: Span,
    ) -> Option<Val> {
        if !recv.ty.value().is_unknown()
            || !recv.roots.is_empty()
            || recv.web.is_some()
            || common(name.as_str())
        {
            return None;
        }
        let callee = self.ev.index.only_method(name).filter(|callee| !self.of_a_framework(*callee))?;
        let function = self.names().tree.item(callee).function()?;
        let fits = function.receiver.is_some() && function.params.len() == vals.len();
        let known = effects::effect(Kind::Other, name.as_str()) == Effect::Read;
        (fits && known).then(|| self.apply(callee, Some(recv), vals, name, span))
    }

    /// Whether a function stands in another crate that the tables describe as foreign.
    fn of_a_framework(&self, id: ItemId) -> bool {
        let root = |module| self.names().tree.module(module).root;
        let theirs = root(self.names().tree.item(id).module);
        let ours = self.scope.module.map(root);
        ours != Some(theirs) && external::known_crate(&self.names().tree.module(theirs).path)
    }

    pub(super) fn call(&mut self, callee: ExprId, args: &'a [ExprId], span: Span) -> Val {
        match self.body.kind(callee) {
            ExprKind::Path(path) => self.call_path(path, args, span),
            ExprKind::QPath(ty, path) => {
                let owner = self.ty(ty);
                let name = path.last().map(|last| last.name).unwrap_or_default();
                let vals = self.args(args, &[], &[], RegionKind::Inherit);
                match &self.all_associated(&owner, name)[..] {
                    [] => Val::of(owner),
                    found => self.apply_all(found, None, &vals, name, span),
                }
            }
            _ => {
                let target = self.value(callee);
                let vals = self.args(args, &[], &[], RegionKind::Inherit);
                match target.callable {
                    Some(Callable::Item(item)) => self.apply(item, None, &vals, Ustr::from("call"), span),
                    _ => match target.ty.value() {
                        T::Fn(output) => Val::of((**output).clone()).with_roots(&target.roots),
                        _ => Val::default(),
                    },
                }
            }
        }
    }

    pub(super) fn call_path(&mut self, path: &'a Path, args: &'a [ExprId], span: Span) -> Val {
        let Some((last, owner)) = path.segments.split_last() else {
            return Val::default();
        };
        if owner.is_empty()
            && let Some(var) = self.variable(last.name)
        {
            let vals = self.args(args, &[], &[], RegionKind::Inherit);
            if var.callable.is_none()
                && let Some(param) = super::apply::param_of(&var)
            {
                self.out.ran.push((param, self.region));
            }
            return match (&var.callable, var.ty.value()) {
                (Some(Callable::Item(item)), _) => self.apply(*item, None, &vals, last.name, span),
                (_, T::Fn(output)) => {
                    Val { web: var.web.clone(), ..Val::of((**output).clone()).with_roots(&var.roots) }
                }
                _ => Val::default(),
            };
        }
        if !owner.is_empty() {
            if let Some(ty) = self.owner_type(owner)
                && let Some(val) = self.call_on_type(&ty, path, args, span)
            {
                return val;
            }
        } else if last.name == "Self" {
            let ty = self.scope.self_ty.clone();
            if let T::Adt(adt, _) = ty {
                return self.construct(adt, args, span);
            }
        }
        let module = self.scope.module.unwrap_or(super::tree::ModId(0));
        let defs = self.names().resolve(module, &names_of(path));
        for def in &defs {
            match *def {
                Def::Item(item) => match &self.names().tree.item(item).item.kind {
                    ItemKind::Fn(_) => {
                        let vals = self.args_of(Some(item), args);
                        return self.apply(item, None, &vals, last.name, span);
                    }
                    ItemKind::Struct { .. } => return self.construct(item, args, span),
                    ItemKind::Alias { .. } => {
                        if let T::Ext(path, _) = self.names().segments_ty(&path.segments, &self.scope) {
                            return self.call_foreign(path, &[], args, span);
                        }
                    }
                    _ => {}
                },
                Def::Variant(adt, variant) => return self.construct_variant(adt, variant, args),
                Def::Ext(_) | Def::Mod(_) => {}
            }
        }
        let foreign = defs.iter().find_map(|def| match def {
            Def::Ext(path) => Some(*path),
            _ => None,
        });
        let generics: Vec<T> =
            path.segments.iter().flat_map(|one| one.args()).map(|ty| self.ty(ty)).collect();
        self.call_foreign(foreign.unwrap_or(last.name), &generics, args, span)
    }

    /// `Type::name(..)` where the head is a type.
    pub(super) fn call_on_type(
        &mut self,
        ty: &T,
        path: &'a Path,
        args: &'a [ExprId],
        span: Span,
    ) -> Option<Val> {
        let name = path.last()?.name;
        if let Some(item) = self.associated(ty, name) {
            let kind = region_of_call(&format!("{}::{name}", self.type_name(ty)));
            let vals = self.args(args, &[], &[], kind);
            let web = self.web_call(name, &vals, span);
            let mut answer = match ty.value() {
                T::Bound(_) => self.apply_all(&self.all_associated(ty, name), None, &vals, name, span),
                _ => self.apply(item, None, &vals, name, span),
            };
            if let (T::Adt(adt, known), T::Adt(same, unknown)) = (ty, &answer.ty)
                && adt == same
                && known.len() >= unknown.len()
            {
                answer.ty = ty.clone();
            }
            answer.web = answer.web.or(web);
            return Some(answer);
        }
        match ty {
            T::Adt(adt, _) => {
                if let ItemKind::Enum { variants, .. } = &self.names().tree.item(*adt).item.kind
                    && let Some(at) = variants.iter().position(|variant| variant.name == name)
                {
                    return Some(self.construct_variant(*adt, at as u32, args));
                }
                let vals = self.args(args, &[], &[], RegionKind::Inherit);
                if name == "clone" {
                    let first = vals.first().cloned().unwrap_or_default();
                    return Some(self.cloned(&first, span));
                }
                let web = self.web_call(name, &vals, span);
                if name == "default" {
                    self.out.constructs.push((*adt, None, span, self.region));
                }
                Some(Val { fresh: true, web, ..Val::of(ty.clone()) })
            }
            T::Ext(owner, args_of) => {
                let full = Ustr::from(&format!("{owner}::{name}"));
                let mut generics = args_of.to_vec();
                generics.extend(path.last().iter().flat_map(|last| last.args()).map(|ty| self.ty(ty)));
                Some(self.call_foreign(full, &generics, args, span))
            }
            _ => None,
        }
    }

    pub(super) fn type_name(&self, ty: &T) -> String {
        match ty.value() {
            T::Adt(adt, _) => self.names().tree.item(*adt).item.name.to_string(),
            T::Ext(path, _) => path.to_string(),
            _ => String::new(),
        }
    }

    pub(super) fn variable(&self, name: Sym) -> Option<Val> {
        self.lookup(name)
    }

    /// A variant of our enum, put together from its parts.
    fn construct_variant(&mut self, adt: ItemId, variant: u32, args: &'a [ExprId]) -> Val {
        let vals = self.args(args, &[], &[], RegionKind::Inherit);
        let mut answer = Val { fresh: true, ..Val::of(T::Adt(adt, shared(Vec::new()))) };
        if let ItemKind::Enum { variants, .. } = &self.names().tree.item(adt).item.kind {
            let before: usize = variants[..variant as usize].iter().map(|one| one.fields.len()).sum();
            for (at, val) in vals.iter().enumerate() {
                self.alias(&[Root::Field(adt, (before + at) as u16)], val);
            }
        }
        for val in &vals {
            let ty = answer.ty.clone();
            answer.merge(&Val { web: None, callable: None, ..val.clone() });
            answer.ty = ty;
        }
        answer.variant = Some(variant);
        answer
    }

    /// A tuple struct's constructor.
    pub(super) fn construct(&mut self, adt: ItemId, args: &'a [ExprId], span: Span) -> Val {
        let vals = self.args(args, &[], &[], RegionKind::Inherit);
        for (at, val) in vals.iter().enumerate() {
            self.out.constructs.push((adt, Some(at as u16), span, self.region));
            self.alias(&[Root::Field(adt, at as u16)], val);
        }
        self.out.constructs.push((adt, None, span, self.region));
        // A wrapper around random bytes is as random as they are.
        let made_by = match &vals[..] {
            [one] => one.made_by.filter(|path| super::components::is_random(path.as_str())),
            _ => None,
        };
        Val { fresh: true, made_by, ..Val::of(T::Adt(adt, shared(Vec::new()))) }
    }
}

pub(super) fn peel_to_adt(ty: &T) -> Option<&T> {
    let mut at = ty;
    loop {
        match at {
            T::Adt(..) => return Some(at),
            other => at = external::deref(other)?,
        }
    }
}

/// The type a method is looked up on: pointers off, unless the method is theirs.
pub(super) fn base_type(ty: &T, method: &str) -> T {
    let mut at = ty;
    loop {
        match at {
            T::Ref(inner) => at = inner,
            T::Ext(path, args) => match external::kind(path.as_str()) {
                Kind::Pointer if !args.is_empty() && !matches!(method, "upgrade" | "downgrade") => {
                    at = &args[0]
                }
                Kind::Lazy
                    if !args.is_empty()
                        && (matches!(
                            last_part(path.as_str()),
                            "LazyLock" | "LazyStatic" | "Lazy" | "LazyCell"
                        ) || !matches!(
                            method,
                            "get"
                                | "get_mut"
                                | "set"
                                | "get_or_init"
                                | "get_or_try_init"
                                | "take"
                                | "try_insert"
                                | "wait"
                        )) =>
                {
                    at = &args[0];
                }
                _ => return at.clone(),
            },
            _ => return at.clone(),
        }
    }
}

/// Method names too common to tell a receiver by.
pub(super) fn common(name: &str) -> bool {
    matches!(
        name,
        "new"
            | "get"
            | "insert"
            | "remove"
            | "len"
            | "clone"
            | "iter"
            | "next"
            | "into"
            | "from"
            | "build"
            | "send"
            | "run"
            | "start"
            | "name"
            | "id"
            | "call"
            | "push"
            | "pop"
            | "add"
            | "read"
            | "write"
            | "lock"
            | "to_string"
            | "as_str"
            | "as_ref"
            | "unwrap"
            | "expect"
            | "map"
            | "await"
            | "poll"
            | "fmt"
            | "eq"
            | "cmp"
            | "hash"
            | "default"
            | "into_response"
            | "respond"
            | "connect"
            | "bind"
            | "execute"
            | "fetch_one"
            | "query"
            | "handle"
            | "parse"
    )
}

/// Methods whose argument runs at a time of its own.
pub(super) fn region_of(method: &str) -> RegionKind {
    match method {
        "watch"
        | "spawn"
        | "spawn_blocking"
        | "spawn_local"
        | "run_interval"
        | "run_later"
        | "execute_in_background"
        | "spawn_on"
        | "spawn_named" => RegionKind::Spawned,
        _ if method.starts_with("on_") || method.starts_with("observe") || method.contains("callback") => {
            RegionKind::Callback
        }
        _ => RegionKind::Inherit,
    }
}

pub(super) fn region_of_call(path: &str) -> RegionKind {
    match last_part(path) {
        "spawn" | "spawn_blocking" | "spawn_local" | "spawn_in_place" => RegionKind::Spawned,
        "new" if path.ends_with("HttpServer::new") => RegionKind::PerWorker,
        _ => RegionKind::Inherit,
    }
}
