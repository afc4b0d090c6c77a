//! Calls into the analysed code: a callee's summary becomes the caller's own effects.

use smallvec::SmallVec;

use super::calls::peel_to_adt;
use super::eval::Frame;
use super::external;
use super::summary::{CallSite, Callable, Root, SELF, Val};
use super::tree::ItemId;
use super::types::{Scope, T, bind, shared};
use crate::facts::{Function, Generic, ItemKind, Sym, Ty};
use crate::span::Span;

impl Frame<'_, '_> {
    pub(super) fn apply_all(
        &mut self,
        callees: &[ItemId],
        this: Option<&Val>,
        vals: &[Val],
        name: Sym,
        span: Span,
    ) -> Val {
        let mut answer: Option<Val> = None;
        for callee in callees {
            let before = self.out.calls.len();
            let one = self.apply(*callee, this, vals, name, span);
            if let Some(call) = self.out.calls.get_mut(before) {
                call.dynamic = callees.len() > 1;
            }
            match &mut answer {
                None => answer = Some(one),
                Some(answer) => answer.merge(&one),
            }
        }
        answer.unwrap_or_default()
    }

    /// A call into the analysed code: its effects on what it was given become ours.
    pub(super) fn apply(
        &mut self,
        callee: ItemId,
        this: Option<&Val>,
        vals: &[Val],
        name: Sym,
        span: Span,
    ) -> Val {
        let declared = self.names().tree.item(callee);
        let Some(function) = declared.function() else {
            return match &declared.item.kind {
                ItemKind::Struct { .. } => Val { fresh: true, ..Val::of(T::Adt(callee, shared(Vec::new()))) },
                _ => Val::default(),
            };
        };
        // `Type::method(value, ..)`
        let (this, vals) = match (this, function.receiver, vals.split_first()) {
            (None, Some(_), Some((first, rest))) => (Some(first), rest),
            (this, _, _) => (this, vals),
        };
        let fetched = vals.iter().take(32).enumerate().map(|(at, val)| u32::from(val.fetched) << at).sum();
        self.out.calls.push(CallSite { callee, region: self.region, span, fetched, dynamic: false });
        for val in vals {
            if let Some(Callable::Item(handed)) = val.callable {
                self.out.calls.push(CallSite {
                    callee: handed,
                    region: self.region,
                    span,
                    fetched: 0,
                    dynamic: false,
                });
            }
        }
        let summary = self.ev.summary(callee);
        let given = |root| given(root, this, vals);
        for param in &summary.lent.own_time {
            self.out.passed.push((callee, *param, given(param).to_vec()));
        }
        // A parameter is read and written: its type is asked once.
        let mut found: SmallVec<[(Root, Option<Root>); 4]> = SmallVec::new();
        for at in &summary.lent.touches {
            let touch = &summary.touches[*at as usize];
            if touch.root == Root::Param(SELF) && this.is_some_and(|this| this.fresh) {
                continue;
            }
            let before = self.out.touches.len();
            let lost = match found.iter().find(|(root, _)| *root == touch.root) {
                Some((_, lost)) => *lost,
                None => {
                    let lost = self.found_by_type(touch.root, vals, callee, function);
                    found.push((touch.root, lost));
                    lost
                }
            };
            let roots = lost.as_ref().map_or_else(|| given(&touch.root), std::slice::from_ref);
            self.touch(roots, touch.kind, name, span);
            let value = touch.written.and_then(|at| vals.get(at as usize));
            for new in &mut self.out.touches[before..] {
                new.fetched = touch.fetched || value.is_some_and(|value| value.fetched);
                new.written = value.and_then(param_of);
            }
        }
        for (from, to) in &summary.lent.aliases {
            for from in given(from) {
                for to in given(to) {
                    self.same(*from, *to);
                }
            }
        }
        self.passes_on(&summary, vals);
        for at in &summary.lent.serves {
            let Some(val) = vals.get(usize::from(*at)) else { continue };
            match (self.handler(val), param_of(val)) {
                (Some(handler), _) => self.out.handlers.push((handler, self.region)),
                (None, Some(param)) if val.callable.is_none() && !self.out.ran_below.contains(&param) => {
                    self.out.ran_below.push(param);
                }
                _ => {}
            }
        }
        // Routes that the callee added to a router it was handed.
        for (_, web) in &summary.param_web {
            self.out.routes.extend(web.routes.iter().cloned());
        }
        let ty = self.output_type(callee, function, this, vals);
        let output = &summary.output;
        let mut answer = Val::of(if ty.is_unknown() { output.ty.clone() } else { ty });
        if !external::is_copy(&answer.ty) {
            for root in &output.roots {
                for root in given(root) {
                    if !answer.roots.contains(root) {
                        answer.roots.push(*root);
                    }
                }
            }
        }
        answer.fresh = output.fresh && answer.roots.is_empty();
        answer.web.clone_from(&output.web);
        let bare = answer.web.as_ref().is_none_or(|web| web.routes.is_empty());
        if bare && super::web::router_type(&answer.ty) {
            // A router that is handed through.
            answer.web = vals.iter().find_map(|val| val.web.clone()).or(answer.web);
        }
        answer.made_by = output.made_by;
        answer.fetched = output.fetched;
        // A function that makes a lock or a channel and hands it out.
        if answer.roots.iter().any(|root| matches!(root, Root::Local(owner, _) if *owner == callee)) {
            answer.fresh = false;
        }
        answer
    }

    /// What an argument is that leads nowhere known: what the parameter's type says. State that
    /// a framework or a foreign function hands through comes back under its type.
    fn found_by_type(
        &mut self,
        root: Root,
        vals: &[Val],
        callee: ItemId,
        function: &Function,
    ) -> Option<Root> {
        let Root::Param(at) = root else { return None };
        let val = vals.get(at as usize)?;
        if !val.roots.is_empty() || val.fresh || !val.ty.value().is_unknown() || val.callable.is_some() {
            return None;
        }
        let param = function.params.get(at as usize)?;
        let ty = self.names().ty(&param.ty, &self.ev.index.scope(self.names(), callee));
        external::interior(&ty)?;
        self.fetched_root(ty)
    }

    pub(super) fn output_type(
        &self,
        callee: ItemId,
        function: &Function,
        this: Option<&Val>,
        vals: &[Val],
    ) -> T {
        let adt = this.and_then(|this| peel_to_adt(&this.ty));
        let scope = self.ev.index.scope(self.names(), callee);
        let bare = adt.is_none_or(|ty| ty.args().is_empty() && *ty == scope.self_ty);
        if function.generics.is_empty() && bare {
            // The same for each call.
            return self.ev.output_of(callee, || self.names().ty(&function.output, &scope));
        }
        let mut scope = Scope::clone(&scope);
        let generic = function.generics.iter().map(|generic| generic.name).collect::<Vec<_>>();
        for (param, val) in function.params.iter().zip(vals) {
            unify(&param.ty, &val.ty, &generic, &mut scope.generics);
        }
        if let (Some(ty @ T::Adt(_, args)), Some(parent)) = (adt, self.names().tree.item(callee).parent)
            && let ItemKind::Impl(inner) = &self.names().tree.item(parent).item.kind
        {
            if !args.is_empty()
                && let Ty::Path(path) = &inner.self_ty
                && let Some(last) = path.last()
            {
                let names: Vec<Generic> = last
                    .args()
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
            scope.self_ty = ty.clone();
        }
        self.names().ty(&function.output, &scope)
    }
}

/// What a callee's root is to its caller.
fn given<'r>(root: &'r Root, this: Option<&'r Val>, vals: &'r [Val]) -> &'r [Root] {
    match root {
        Root::Param(SELF) => this.map_or(&[], |this| &this.roots),
        Root::Param(at) => vals.get(*at as usize).map_or(&[], |val| &val.roots),
        Root::Fetched(_) => &[],
        other => std::slice::from_ref(other),
    }
}

/// The parameter that a value is.
pub(super) fn param_of(value: &Val) -> Option<u16> {
    value.roots.iter().find_map(|root| match root {
        Root::Param(at) if *at != SELF => Some(*at),
        _ => None,
    })
}

/// Binds generic parameters that stand directly for an argument's type.
pub(super) fn unify(ty: &Ty, given: &T, generic: &[Sym], out: &mut Vec<(Sym, T)>) {
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
                for (arg, given) in last.args().iter().zip(given.args()) {
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
