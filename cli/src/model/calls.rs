//! Method and function calls: into the analysed code by summary, out of it by table.

use ustr::Ustr;

use super::eval::{Frame, element};
use super::external::{self, Effect, Kind};
use super::summary::{CallSite, Callable, ForeignCall, Injected, RegionKind, Root, SELF, Val};
use super::tree::{Def, ItemId};
use super::types::{T, bind, last_part, names_of};
use crate::facts::{ExprId, ExprKind, Function, Generic, ItemKind, Path, Sym, Ty};
use crate::finding::AccessKind;
use crate::span::Span;

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
        let span = Span { start: self.body.expr(id).span.start.min(name_span.start), end: self.body.expr(id).span.end };
        let mut callees = self.methods_on(&recv.ty, name);
        if callees.is_empty() && name != "clone" {
            recv = self.dereferenced(recv, name_span);
            callees = self.methods_on(&recv.ty, name);
        }
        if !callees.is_empty() {
            let vals = self.args(args, &[], &[], RegionKind::Inherit);
            let web = self.web_method(&recv, name, &vals, name_span);
            let mut answer = self.apply_all(&callees, Some(&recv), &vals, name, name_span);
            answer.web = answer.web.or(web);
            return answer;
        }
        let kind = region_of(name.as_str());
        let base = base_type(&recv.ty, name.as_str());
        let params = external::closure_params(&base, name.as_str());
        let vals = self.args(args, &params, &recv.roots, kind);
        let web = self.web_method(&recv, name, &vals, name_span);
        if let Some(answer) = self.unknown_receiver(&recv, name, &vals, name_span) {
            return answer;
        }
        self.inject_method(name, &vals, name_span);
        if matches!(name.as_str(), "fill_bytes" | "try_fill_bytes" | "sample_string" | "gen" | "random") {
            let bound = args.first().and_then(|arg| self.named_place(*arg));
            self.out.foreign.push(ForeignCall { path: name, span, region: self.region, bound, strings: Vec::new() });
        }
        if name.as_str().contains("limiter") || name.as_str().contains("rate_limit") {
            let bound = None;
            self.out.foreign.push(ForeignCall { path: name, span, region: self.region, bound, strings: Vec::new() });
        }
        if external::kind_of(&base) == Kind::Address && matches!(name.as_str(), "send" | "do_send" | "try_send" | "ask" | "tell") {
            self.message(&base, &vals);
        }
        let mut answer = self.foreign_method(&recv, &base, name, generics, &vals, span);
        if matches!(recv.callable, Some(Callable::Item(_))) {
            // `handler.layer(..)` is still that handler.
            answer.callable.clone_from(&recv.callable);
        }
        answer.web = web.or_else(|| recv.web.clone().filter(|_| answer.ty.is_unknown() || answer.ty == recv.ty));
        if matches!(name.as_str(), "sample_string" | "gen" | "random") {
            answer.made_by = Some(name);
        }
        answer
    }

    /// A message to an actor runs the handler for its type.
    fn message(&mut self, address: &T, vals: &[Val]) {
        let Some(T::Adt(message, _)) = vals.first().map(|val| val.ty.value()) else { return };
        let actor = match address.args().first().map(T::value) {
            Some(T::Adt(actor, _)) => Some(*actor),
            _ => None,
        };
        for callee in self.ev.index.message_handlers(*message, actor) {
            self.out.calls.push(CallSite { callee, region: self.region });
        }
    }

    /// The variable behind `&mut name`.
    fn named_place(&self, id: ExprId) -> Option<(Sym, Span)> {
        match self.body.kind(id) {
            ExprKind::Ref { value } => self.named_place(*value),
            ExprKind::Path(path) => path.as_ident().map(|name| (name, self.body.expr(id).span)),
            _ => None,
        }
    }

    /// Goes through `impl Deref` of our own types.
    fn dereferenced(&mut self, recv: Val, span: Span) -> Val {
        let mut at = recv;
        for _ in 0..4 {
            let Some(T::Adt(adt, args)) = peel_to_adt(&at.ty).cloned() else { break };
            let Some(target) = self.ev.index.deref_target(adt).cloned() else { break };
            let deref = self.ev.index.methods_of(adt, Ustr::from("deref")).first().copied();
            let this = Val { fresh: false, ..at.clone() };
            let mut through = match deref {
                Some(deref) => self.apply(deref, Some(&this), &[], Ustr::from("deref"), span),
                None => this,
            };
            // The target as written names the impl's own parameters: bind them here.
            let _ = args;
            if through.ty.value().is_unknown() {
                through.ty = target;
            }
            at = through;
        }
        at
    }

    /// Evaluates arguments; closures get what is known of their parameters.
    fn args(&mut self, args: &'a [ExprId], params: &[T], roots: &[Root], kind: RegionKind) -> Vec<Val> {
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
                self.out.calls.push(CallSite { callee, region });
            }
            vals.push(val);
        }
        vals
    }

    /// Methods of the analysed code that a call can land on, looking through pointers.
    fn methods_on(&self, ty: &T, name: Sym) -> Vec<ItemId> {
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
                        None => return index.extension("", name).filter(|_| !common(name.as_str())).into_iter().collect(),
                    }
                }
                T::Bound(defs) => {
                    let mut found = Vec::new();
                    for def in defs.iter() {
                        if let Def::Item(of) = def {
                            self.bound_methods(*of, name, &mut found, 8);
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

    fn bound_methods(&self, of: ItemId, name: Sym, found: &mut Vec<ItemId>, hops: usize) {
        found.extend(self.ev.index.implementations(of, name));
        let declared = self.names().tree.item(of);
        if let ItemKind::Trait(inner) = &declared.item.kind
            && found.is_empty()
            && hops > 0
        {
            for above in &inner.supertraits {
                if let Some(Def::Item(above)) = self.names().resolve(declared.module, &names_of(above)).first() {
                    self.bound_methods(*above, name, found, hops - 1);
                }
            }
        }
    }

    fn unknown_receiver(&mut self, recv: &Val, name: Sym, vals: &[Val], span: Span) -> Option<Val> {
        if !recv.ty.value().is_unknown() || !recv.roots.is_empty() || recv.web.is_some() || common(name.as_str()) {
            return None;
        }
        let callee = self.ev.index.only_method(name)?;
        let function = self.names().tree.item(callee).function()?;
        let fits = function.receiver.is_some() && function.params.len() == vals.len();
        let known = external::effect(Kind::Other, name.as_str()) == Effect::Read;
        (fits && known).then(|| self.apply(callee, Some(recv), vals, name, span))
    }

    fn foreign_method(&mut self, recv: &Val, base: &T, name: Sym, generics: &[Ty], vals: &[Val], span: Span) -> Val {
        let kind = external::kind_of(base);
        if matches!(name.as_str(), "clone" | "to_owned") {
            return self.cloned(recv, span);
        }
        if matches!(name.as_str(), "cloned" | "copied") {
            let item = external::unwrap_one(base).or(base.args().first()).cloned().unwrap_or_default();
            let shares = external::clone_shares(&item);
            if !shares {
                self.touch(&recv.roots, AccessKind::Read, name, span, &[]);
            }
            let roots: &[Root] = if shares { &recv.roots } else { &[] };
            return Val { fresh: !shares, ..Val::of(base.clone()).with_roots(roots) };
        }
        if let Some(asked) = self.fetched(name, generics) {
            return asked;
        }
        let mut effect = external::effect(kind, name.as_str());
        if kind == Kind::Lock
            && matches!(name.as_str(), "lock" | "try_lock" | "lock_owned" | "write" | "try_lock_owned")
            && matches!(external::unwrap_one(base), Some(T::Tuple(parts)) if parts.is_empty())
        {
            // Nothing inside to change: holding it is the point.
            effect = Effect::Write;
        }
        let own_value = kind == Kind::Maybe && recv.fresh;
        match effect {
            Effect::Write if !own_value => self.touch(&recv.roots, AccessKind::Write, name, span, vals),
            Effect::Read => self.touch(&recv.roots, AccessKind::Read, name, span, vals),
            _ => {}
        }
        let ty = self.answer_type(base, name, generics, vals);
        let keeps = match effect {
            Effect::Through => true,
            Effect::Read => leads_on(name.as_str()),
            Effect::Write => matches!(
                name.as_str(),
                "entry" | "or_insert" | "or_insert_with" | "or_default" | "get_or_insert_with" | "get_with" | "try_get_with"
                    | "and_modify" | "get_or_insert" | "or_insert_with_key" | "entry_ref"
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
        answer
    }

    /// `ctx.data::<T>()`, `req.app_data::<Data<T>>()`: shared state asked for by type.
    fn fetched(&mut self, name: Sym, generics: &[Ty]) -> Option<Val> {
        let getter = matches!(
            name.as_str(),
            "data" | "data_unchecked" | "data_opt" | "app_data" | "get" | "get_typed" | "obtain" | "state" | "guard" | "get_mut"
                | "extract" | "get_ref" | "app_state" | "local_cache" | "depot" | "get_typed_mut" | "obtain_mut"
        );
        let ty = self.ty(generics.first().filter(|_| getter && generics.len() == 1)?);
        let at = self.out.fetched.len() as u16;
        self.out.fetched.push(ty.clone());
        let answer = T::ext("std::option::Option", vec![T::Ref(std::sync::Arc::new(ty))]);
        Some(Val::of(answer).with_roots(&[Root::Fetched(at)]))
    }

    fn cloned(&mut self, recv: &Val, span: Span) -> Val {
        if external::clone_shares(&recv.ty) || matches!(recv.ty.value(), T::Bound(_)) {
            return recv.clone();
        }
        if let T::Ref(inner) = &recv.ty
            && external::clone_shares(inner)
        {
            return recv.clone();
        }
        self.touch(&recv.roots, AccessKind::Read, Ustr::from("clone"), span, &[]);
        let known = !recv.ty.value().is_unknown();
        let roots: &[Root] = if known { &[] } else { &recv.roots };
        Val { ty: recv.ty.value().clone(), roots: roots.to_vec(), fresh: true, web: recv.web.clone(), ..Val::default() }
    }

    fn answer_type(&self, base: &T, name: Sym, generics: &[Ty], vals: &[Val]) -> T {
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
            (_, "with" | "with_borrow" | "with_borrow_mut" | "get_or_init" | "get_or_try_init", Some(output))
                if !output.is_unknown() =>
            {
                output
            }
            (Kind::Iter, "collect", _) => match generics.first() {
                Some(ty) => match self.ty(ty) {
                    T::Ext(path, args) if args.iter().all(T::is_unknown) => {
                        T::Ext(path, vec![element(base)].into())
                    }
                    ty => ty,
                },
                None => T::ext("std::vec::Vec", vec![element(base)]),
            },
            _ => external::method_type(base, name.as_str()),
        }
    }

    pub(super) fn call(&mut self, callee: ExprId, args: &'a [ExprId], span: Span) -> Val {
        match self.body.kind(callee) {
            ExprKind::Path(path) => self.call_path(path, args, span),
            ExprKind::QPath(ty, path) => {
                let owner = self.ty(ty);
                let name = path.last().map(|last| last.name).unwrap_or_default();
                let vals = self.args(args, &[], &[], RegionKind::Inherit);
                match self.associated(&owner, name) {
                    Some(item) => self.apply(item, None, &vals, name, span),
                    None => Val::of(owner),
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

    fn call_path(&mut self, path: &'a Path, args: &'a [ExprId], span: Span) -> Val {
        let Some((last, owner)) = path.segments.split_last() else { return Val::default() };
        if owner.is_empty()
            && let Some(var) = self.variable(last.name)
        {
            let vals = self.args(args, &[], &[], RegionKind::Inherit);
            return match (&var.callable, var.ty.value()) {
                (Some(Callable::Item(item)), _) => self.apply(*item, None, &vals, last.name, span),
                (_, T::Fn(output)) => Val { web: var.web.clone(), ..Val::of((**output).clone()).with_roots(&var.roots) },
                _ => Val::default(),
            };
        }
        if !owner.is_empty() {
            let head = Path { segments: owner.to_vec() };
            if let Some(ty) = self.owner_type(&head) {
                if let Some(val) = self.call_on_type(&ty, path, args, span) {
                    return val;
                }
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
                        let vals = self.args(args, &[], &[], RegionKind::Inherit);
                        return self.apply(item, None, &vals, last.name, span);
                    }
                    ItemKind::Struct { .. } => return self.construct(item, args, span),
                    ItemKind::Alias { .. } => {
                        if let T::Ext(path, _) = self.ty(&Ty::Path(Path { segments: path.segments.clone() })) {
                            return self.call_foreign(path, &[], args, span);
                        }
                    }
                    _ => {}
                },
                Def::Variant(adt, variant) => {
                    let vals = self.args(args, &[], &[], RegionKind::Inherit);
                    let mut answer = Val { fresh: true, ..Val::of(T::Adt(adt, Vec::new().into())) };
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
                    return answer;
                }
                Def::Ext(_) | Def::Mod(_) => {}
            }
        }
        let foreign = defs.iter().find_map(|def| match def {
            Def::Ext(path) => Some(*path),
            _ => None,
        });
        let generics: Vec<T> = path.segments.iter().flat_map(|one| &one.args).map(|ty| self.ty(ty)).collect();
        self.call_foreign(foreign.unwrap_or(last.name), &generics, args, span)
    }

    /// `Type::name(..)` where the head is a type.
    fn call_on_type(&mut self, ty: &T, path: &'a Path, args: &'a [ExprId], span: Span) -> Option<Val> {
        let name = path.last()?.name;
        if let Some(item) = self.associated(ty, name) {
            let kind = region_of_call(&format!("{}::{name}", self.type_name(ty)));
            let vals = self.args(args, &[], &[], kind);
            let web = self.web_call(name, &vals, span);
            let mut answer = self.apply(item, None, &vals, name, span);
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
                let vals = self.args(args, &[], &[], RegionKind::Inherit);
                if name == "clone" {
                    let first = vals.first().cloned().unwrap_or_default();
                    return Some(self.cloned(&first, span));
                }
                let _ = adt;
                let web = self.web_call(name, &vals, span);
                Some(Val { fresh: true, web, ..Val::of(ty.clone()) })
            }
            T::Ext(owner, args_of) => {
                let full = Ustr::from(&format!("{owner}::{name}"));
                let mut generics = args_of.to_vec();
                generics.extend(path.last().iter().flat_map(|last| &last.args).map(|ty| self.ty(ty)));
                Some(self.call_foreign(full, &generics, args, span))
            }
            _ => None,
        }
    }

    fn type_name(&self, ty: &T) -> String {
        match ty.value() {
            T::Adt(adt, _) => self.names().tree.item(*adt).item.name.to_string(),
            T::Ext(path, _) => path.to_string(),
            _ => String::new(),
        }
    }

    fn variable(&self, name: Sym) -> Option<Val> {
        self.lookup(name)
    }

    /// A tuple struct's constructor.
    fn construct(&mut self, adt: ItemId, args: &'a [ExprId], span: Span) -> Val {
        let vals = self.args(args, &[], &[], RegionKind::Inherit);
        for (at, val) in vals.iter().enumerate() {
            self.out.constructs.push((adt, Some(at as u16), span, self.region));
            self.alias(&[Root::Field(adt, at as u16)], val);
        }
        self.out.constructs.push((adt, None, span, self.region));
        Val { fresh: true, ..Val::of(T::Adt(adt, Vec::new().into())) }
    }

    fn call_foreign(&mut self, path: Sym, generics: &[T], args: &'a [ExprId], span: Span) -> Val {
        let text = path.as_str();
        let last = last_part(text);
        let kind = region_of_call(text);
        let vals = self.args(args, &[], &[], kind);
        let strings = vals.iter().filter_map(|val| val.literal.as_deref()).map(Ustr::from).collect();
        self.out.foreign.push(ForeignCall { path, span, region: self.region, bound: None, strings });
        let web = self.web_call(path, &vals, span);
        let first = vals.first().cloned().unwrap_or_default();
        let owner = text.rsplit_once("::").map_or("", |(owner, _)| owner);
        let on_type = last_part(owner).starts_with(char::is_uppercase);
        let mut answer = match last {
            "clone" if on_type => self.cloned(&first, span),
            "take" | "replace" | "swap" if owner.ends_with("mem") => {
                self.touch(&first.roots, AccessKind::Write, Ustr::from(text), span, &vals);
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
            "channel" | "unbounded_channel" | "unbounded" | "bounded" | "sync_channel" => {
                channel_type(text, generics)
            }
            _ if on_type => self.make(owner, last, generics, &vals),
            _ if last.starts_with(char::is_uppercase) => self.make(text, "new", generics, &vals),
            _ => Val { web: None, ..Val::default() },
        };
        for val in &vals {
            if !on_type && answer.roots.is_empty() && !matches!(last, "Some" | "Ok" | "Err" | "drop") {
                self.touch(&val.roots, AccessKind::Read, Ustr::from(last), span, &[]);
            }
        }
        answer.web = web.or(answer.web);
        answer.made_by = answer.made_by.or(Some(path));
        self.inject_call(text, &mut answer, span);
        answer
    }

    /// `Arc::new(x)`, `HashMap::new()`, `Extension(x)`.
    fn make(&mut self, owner: &str, name: &str, generics: &[T], vals: &[Val]) -> Val {
        let kind = external::kind(owner);
        let first = vals.first().cloned().unwrap_or_default();
        let holds = matches!(kind, Kind::Pointer | Kind::Lock | Kind::Cell | Kind::Lazy);
        if holds && !vals.is_empty() && !matches!(first.callable, Some(Callable::Closure(_))) {
            let inner = match (kind, name) {
                (Kind::Pointer, _) if matches!(external::kind_of(&first.ty), Kind::Pointer) && last_part(owner) == "Data" => {
                    // `Data::from(arc)` is the same pointer.
                    external::unwrap_one(&first.ty).cloned().unwrap_or_default()
                }
                _ => first.ty.clone(),
            };
            let inner = if inner.is_unknown() { generics.first().cloned().unwrap_or_default() } else { inner };
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

    fn inject_method(&mut self, name: Sym, vals: &[Val], span: Span) {
        let takes = matches!(
            name.as_str(),
            "with_state" | "app_data" | "manage" | "data" | "with_data" | "inject" | "add_extension" | "provide_state"
                | "insert_state" | "shared_state" | "state"
        );
        if !takes {
            return;
        }
        for val in vals {
            let mut val = val.clone();
            let made = val.made_by.map_or("", |path| last_part(path.as_str()));
            let plain = matches!(made, "" | "new" | "default" | "from" | "with_capacity");
            let name = if plain { name } else { Ustr::from(made) };
            self.new_unnamed(name, span, &mut val);
            self.out.injected.push(Injected { ty: val.ty.clone(), roots: val.roots.clone(), span, region: self.region });
        }
    }

    fn inject_call(&mut self, path: &str, answer: &mut Val, span: Span) {
        let owner = path.strip_suffix("::new").unwrap_or(path);
        if !matches!(
            last_part(owner),
            "Extension" | "Data" | "AddExtensionLayer" | "AddData" | "State" | "inject" | "AffixList"
        ) {
            return;
        }
        let mut inner = Val { ty: external::unwrap_one(&answer.ty).cloned().unwrap_or_default(), ..answer.clone() };
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
        self.new_unnamed(name, span, &mut inner);
        answer.roots.clone_from(&inner.roots);
        self.out.injected.push(Injected { ty: inner.ty, roots: inner.roots, span, region: self.region });
    }

    fn apply_all(&mut self, callees: &[ItemId], this: Option<&Val>, vals: &[Val], name: Sym, span: Span) -> Val {
        let mut answer: Option<Val> = None;
        for callee in callees {
            let one = self.apply(*callee, this, vals, name, span);
            match &mut answer {
                None => answer = Some(one),
                Some(answer) => answer.merge(&one),
            }
        }
        answer.unwrap_or_default()
    }

    /// A call into the analysed code: its effects on what it was given become ours.
    pub(super) fn apply(&mut self, callee: ItemId, this: Option<&Val>, vals: &[Val], name: Sym, span: Span) -> Val {
        let declared = self.names().tree.item(callee);
        let Some(function) = declared.function() else {
            return match &declared.item.kind {
                ItemKind::Struct { .. } => Val { fresh: true, ..Val::of(T::Adt(callee, Vec::new().into())) },
                _ => Val::default(),
            };
        };
        self.out.calls.push(CallSite { callee, region: self.region });
        // `Type::method(value, ..)`
        let (this, vals) = match (this, function.receiver, vals.split_first()) {
            (None, Some(_), Some((first, rest))) => (Some(first), rest),
            (this, _, _) => (this, vals),
        };
        for val in vals {
            if let Some(Callable::Item(handed)) = val.callable {
                self.out.calls.push(CallSite { callee: handed, region: self.region });
            }
        }
        let summary = self.ev.summary(callee);
        let given = |root: &Root| -> Vec<Root> {
            match root {
                Root::Param(SELF) => this.map(|this| this.roots.clone()).unwrap_or_default(),
                Root::Param(at) => vals.get(*at as usize).map(|val| val.roots.clone()).unwrap_or_default(),
                Root::Fetched(_) => Vec::new(),
                other => vec![*other],
            }
        };
        let mut seen = Vec::new();
        let mut passed = Vec::new();
        for touch in &summary.touches {
            let Root::Param(at) = touch.root else { continue };
            if summary.own_time(touch.region) {
                if !passed.contains(&touch.root) {
                    passed.push(touch.root);
                    self.out.passed.push((callee, touch.root, given(&touch.root)));
                }
                continue;
            }
            if at == SELF && this.is_some_and(|this| this.fresh) || seen.contains(&(touch.root, touch.kind)) {
                continue;
            }
            seen.push((touch.root, touch.kind));
            let args: Vec<Val> = touch.args.iter().cloned().map(Val::of).collect();
            self.touch(&given(&touch.root), touch.kind, name, span, &args);
        }
        for (from, to) in &summary.aliases {
            if matches!(from, Root::Param(_)) || matches!(to, Root::Param(_)) {
                for from in given(from) {
                    for to in given(to) {
                        if from != to && self.out.aliases.len() < 4000 {
                            self.out.aliases.push((from, to));
                        }
                    }
                }
            }
        }
        for (at, web) in &summary.param_web {
            self.merge_param_web(*at, vals, web, span);
        }
        let ty = self.output_type(callee, function, this, vals);
        let output = &summary.output;
        let mut answer = Val::of(if ty.is_unknown() { output.ty.clone() } else { ty });
        if !matches!(external::kind_of(&answer.ty), Kind::Scalar) {
            for root in &output.roots {
                for root in given(root) {
                    if !answer.roots.contains(&root) {
                        answer.roots.push(root);
                    }
                }
            }
        }
        answer.fresh = output.fresh && answer.roots.is_empty();
        answer.web.clone_from(&output.web);
        answer.made_by = output.made_by;
        // A function that makes a lock or a channel and hands it out.
        if answer.roots.iter().any(|root| matches!(root, Root::Local(owner, _) if *owner == callee)) {
            answer.fresh = false;
        }
        answer
    }

    fn output_type(&self, callee: ItemId, function: &Function, this: Option<&Val>, vals: &[Val]) -> T {
        let mut scope = self.ev.index.scope(self.names(), callee);
        let generic = function.generics.iter().map(|generic| generic.name).collect::<Vec<_>>();
        for (param, val) in function.params.iter().zip(vals) {
            unify(&param.ty, &val.ty, &generic, &mut scope.generics);
        }
        if let (Some(this), Some(parent)) = (this, self.names().tree.item(callee).parent)
            && let ItemKind::Impl(inner) = &self.names().tree.item(parent).item.kind
            && let Some(T::Adt(_, args)) = peel_to_adt(&this.ty)
        {
            if !args.is_empty()
                && let Ty::Path(path) = &inner.self_ty
                && let Some(last) = path.last()
            {
                let names: Vec<Generic> = last
                    .args
                    .iter()
                    .map(|arg| Generic {
                        name: match arg {
                            Ty::Path(path) => path.as_ident().unwrap_or_default(),
                            _ => Sym::default(),
                        },
                        bounds: Vec::new(),
                    })
                    .collect();
                scope.generics.extend(bind(&names, args));
            }
            if let Some(ty) = peel_to_adt(&this.ty) {
                scope.self_ty = ty.clone();
            }
        }
        self.names().ty(&function.output, &scope)
    }
}

fn peel_to_adt(ty: &T) -> Option<&T> {
    let mut at = ty;
    loop {
        match at {
            T::Adt(..) => return Some(at),
            other => at = external::deref(other)?,
        }
    }
}

/// Binds generic parameters that stand directly for an argument's type.
fn unify(ty: &Ty, given: &T, generic: &[Sym], out: &mut Vec<(Sym, T)>) {
    match ty {
        Ty::Path(path) => {
            if let Some(name) = path.as_ident()
                && generic.contains(&name)
            {
                if !given.is_unknown() {
                    out.push((name, given.value().clone()));
                }
                return;
            }
            if let Some(last) = path.last() {
                for (arg, given) in last.args.iter().zip(given.args()) {
                    unify(arg, given, generic, out);
                }
            }
        }
        Ty::Ref { inner, .. } => {
            let given = match given {
                T::Ref(given) => given,
                other => other,
            };
            unify(inner, given, generic, out);
        }
        _ => {}
    }
}

/// The type a method is looked up on: pointers off, unless the method is theirs.
fn base_type(ty: &T, method: &str) -> T {
    let mut at = ty;
    loop {
        match at {
            T::Ref(inner) => at = inner,
            T::Ext(path, args) => match external::kind(path.as_str()) {
                Kind::Pointer if !args.is_empty() && !matches!(method, "upgrade" | "downgrade") => at = &args[0],
                Kind::Lazy
                    if !args.is_empty()
                        && (matches!(last_part(path.as_str()), "LazyLock" | "LazyStatic" | "Lazy" | "LazyCell")
                            || !matches!(method, "get" | "get_mut" | "set" | "get_or_init" | "get_or_try_init" | "take" | "try_insert" | "wait")) =>
                {
                    at = &args[0];
                }
                _ => return at.clone(),
            },
            _ => return at.clone(),
        }
    }
}

/// Reading methods whose answer still leads to the data.
fn leads_on(method: &str) -> bool {
    matches!(
        method,
        "get" | "values" | "keys" | "first" | "last" | "front" | "back" | "peek" | "load" | "load_full" | "get_async"
            | "read_async" | "get_if_present" | "range" | "as_str" | "subscribe" | "get_key_value" | "view" | "windows"
            | "chunks" | "binary_search" | "get_or_default" | "in" | "to" | "within" | "of" | "namespace"
    )
}

/// Method names too common to tell a receiver by.
fn common(name: &str) -> bool {
    matches!(
        name,
        "new" | "get" | "insert" | "remove" | "len" | "clone" | "iter" | "next" | "into" | "from" | "build" | "send" | "run"
            | "start" | "name" | "id" | "call" | "push" | "pop" | "add" | "read" | "write" | "lock" | "to_string" | "as_str"
            | "as_ref" | "unwrap" | "expect" | "map" | "await" | "poll" | "fmt" | "eq" | "cmp" | "hash" | "default"
            | "into_response" | "respond" | "connect" | "bind" | "execute" | "fetch_one" | "query" | "handle" | "parse"
    )
}

/// Methods whose argument runs at a time of its own.
fn region_of(method: &str) -> RegionKind {
    match method {
        "watch" | "spawn" | "spawn_blocking" | "spawn_local" | "run_interval" | "run_later" | "execute_in_background"
        | "spawn_on" | "spawn_named" => RegionKind::Spawned,
        _ if method.starts_with("on_") || method.starts_with("observe") || method.contains("callback") => RegionKind::Callback,
        _ => RegionKind::Inherit,
    }
}

fn region_of_call(path: &str) -> RegionKind {
    match last_part(path) {
        "spawn" | "spawn_blocking" | "spawn_local" | "spawn_in_place" => RegionKind::Spawned,
        "new" if path.ends_with("HttpServer::new") => RegionKind::PerWorker,
        _ => RegionKind::Inherit,
    }
}

fn channel_type(path: &str, generics: &[T]) -> Val {
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
