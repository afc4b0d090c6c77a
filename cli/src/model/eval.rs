//! Reads a function body and says which state it touches, and how.
//!
//! An abstract walk: each expression yields a type, as far as it can be told, and the
//! roots (statics, fields, bindings, parameters) whose data it leads to. Control flow
//! does not matter, every branch is walked once. Calls into the analysed code use the
//! callee's [`Summary`], made on demand; recursion sees an empty one.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::bind::{element, element_by_key};
use super::external::{self, Kind};
use super::index::Index;
use super::names::Names;
use super::summary::{Callable, Receive, Region, RegionKind, Root, SELF, Summary, Touch, Val};
use super::tree::ItemId;
use super::types::{Scope, T};
use super::vars::Vars;
use crate::facts::{Arm, Body, ExprId, ExprKind, Pat, Stmt, Sym, Ty};
use crate::finding::AccessKind;
use crate::span::Span;

/// Expressions inside each other, callees included, that the stack has room for.
const MAX_FRAMES: usize = 20_000;
/// More roots than this in one value, or routes in one router, say nothing new.
const MAX_PARTS: usize = 2_000;
/// More touches than this in one function say nothing new.
pub(super) const MAX_TOUCHES: usize = 4000;

pub(crate) struct Evaluator<'a> {
    pub(crate) names: &'a Names<'a>,
    pub(crate) index: &'a Index,
    summaries: RefCell<FxHashMap<ItemId, Arc<Summary>>>,
    running: RefCell<FxHashSet<ItemId>>,
    /// What functions answer, as far as it does not depend on what they are given.
    outputs: RefCell<FxHashMap<ItemId, T>>,
    /// Expressions being read, over all functions that wait for a callee.
    depth: std::cell::Cell<usize>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(names: &'a Names<'a>, index: &'a Index) -> Self {
        Evaluator {
            names,
            index,
            summaries: RefCell::default(),
            running: RefCell::default(),
            outputs: RefCell::default(),
            depth: std::cell::Cell::new(0),
        }
    }

    /// What a function, method or initialiser does; empty while it is being read.
    pub(crate) fn summary(&self, id: ItemId) -> Arc<Summary> {
        if let Some(known) = self.summaries.borrow().get(&id) {
            return known.clone();
        }
        // Too deep in calls and blocks together: what lies below is left for its own turn.
        if self.depth.get() > MAX_FRAMES || !self.running.borrow_mut().insert(id) {
            return Arc::default();
        }
        let summary = Arc::new(self.read(id));
        self.running.borrow_mut().remove(&id);
        self.summaries.borrow_mut().insert(id, summary.clone());
        summary
    }

    /// The declared type of a function's answer, remembered.
    pub(super) fn output_of(&self, id: ItemId, read: impl FnOnce() -> T) -> T {
        self.outputs.borrow_mut().entry(id).or_insert_with(read).clone()
    }

    pub(super) fn read(&self, id: ItemId) -> Summary {
        let declared = self.names.tree.item(id);
        let Some(body) = declared.body() else {
            return Summary::default();
        };
        let scope = self.index.scope(self.names, id);
        let may_wait = super::waits::may_wait(body);
        let mut frame = Frame {
            ev: self,
            id,
            body,
            vars: Vars::default(),
            out: Summary::default(),
            aliases: FxHashSet::default(),
            said: 0,
            region: 0,
            params: Vec::new(),
            scope,
            returned: None,
            waits: may_wait && body.root.is_some_and(|root| super::waits::waits_for_others(body, root)),
            may_wait,
            fetched: false,
        };
        frame.out.regions.push(Region { parent: 0, kind: RegionKind::Inherit });
        if let Some(function) = declared.function() {
            if function.receiver.is_some() {
                let this =
                    Val::of(T::Ref(Arc::new(frame.scope.self_ty.clone()))).with_roots(&[Root::Param(SELF)]);
                frame.vars.push(Ustr::from("self"), this);
            }
            for (at, param) in function.params.iter().enumerate() {
                let ty = self.names.ty(&param.ty, &frame.scope);
                if let T::Adt(adt, _) = &ty {
                    frame.out.owned.push((*adt, 0));
                }
                frame.waits |= external::kind_of(external::payload(&ty)) == Kind::Receiver;
                let val = Val::of(ty).with_roots(&[Root::Param(at as u16)]);
                if let Pat::Bind { name, .. } = &param.pat {
                    frame.params.push((*name, at as u16));
                }
                frame.bind(&param.pat, val);
            }
        }
        let Some(root) = body.root else {
            return frame.out;
        };
        let mut output = frame.value(root);
        if let Some(returned) = frame.returned.take() {
            output.merge(&returned);
        }
        for (name, at) in std::mem::take(&mut frame.params) {
            let var = frame.vars.outermost(name);
            if let Some(web) = var.and_then(|val| val.web.clone()) {
                frame.out.param_web.push((at, web));
            }
        }
        frame.out.output = output;
        frame.out.settle();
        frame.out
    }
}

pub(super) struct Frame<'a, 'e> {
    pub(super) ev: &'e Evaluator<'a>,
    pub(super) id: ItemId,
    pub(super) body: &'a Body,
    pub(super) vars: Vars,
    pub(super) out: Summary,
    /// Those that are in `out` already.
    pub(super) aliases: FxHashSet<(Root, Root)>,
    /// How many were said, repetitions among them.
    pub(super) said: usize,
    pub(super) region: u32,
    pub(super) params: Vec<(Sym, u16)>,
    pub(super) scope: Rc<Scope>,
    /// What `return` answers.
    pub(super) returned: Option<Val>,
    /// Somewhere in this body a loop waits for messages or connections.
    pub(super) waits: bool,
    /// Something in this body could make a loop wait, see [`super::waits::may_wait`].
    may_wait: bool,
    /// Some part of the expression at hand was fetched.
    pub(super) fetched: bool,
}

impl<'a> Frame<'a, '_> {
    pub(super) fn lookup(&self, name: Sym) -> Option<Val> {
        self.vars.get(name).cloned()
    }

    pub(super) fn names(&self) -> &'a Names<'a> {
        self.ev.names
    }

    /// Runs `inner` in a region of its own and answers its number.
    pub(super) fn in_region<R>(&mut self, kind: RegionKind, inner: impl FnOnce(&mut Self) -> R) -> (u32, R) {
        let number = self.out.regions.len() as u32;
        self.out.regions.push(Region { parent: self.region, kind });
        let outer = std::mem::replace(&mut self.region, number);
        let answer = inner(self);
        self.region = outer;
        (number, answer)
    }

    pub(super) fn touch(&mut self, roots: &[Root], kind: AccessKind, operation: Sym, span: Span) {
        if self.out.touches.len() > MAX_TOUCHES {
            return;
        }
        for root in roots {
            let region = self.region;
            self.out.touches.push(Touch {
                root: *root,
                kind,
                operation,
                span,
                region,
                used: true,
                compared: false,
                fetched: false,
                written: None,
            });
        }
    }

    pub(super) fn read_of(&mut self, val: &Val, operation: &str, span: Span) {
        if !val.roots.is_empty() {
            self.touch(&val.roots, AccessKind::Read, Ustr::from(operation), span);
        }
    }

    /// Shown as a whole, a struct of ours shows what can change in it.
    pub(super) fn read_parts(&mut self, val: &Val, operation: Sym, span: Span) {
        let T::Adt(adt, args) = external::payload(&val.ty) else { return };
        let fields = super::shared::field_types(self.names(), *adt, args);
        for (at, ty) in fields.iter().enumerate() {
            if external::interior(ty).is_some() {
                self.touch(&[Root::Field(*adt, at as u16)], AccessKind::Read, operation, span);
            }
        }
    }

    /// An expression whose value is used: looking at state counts as a read.
    pub(super) fn value(&mut self, id: ExprId) -> Val {
        let val = self.place(id);
        let looked = matches!(
            self.body.kind(id),
            ExprKind::Field { .. } | ExprKind::Deref(_) | ExprKind::Index { .. }
        );
        if looked && !external::clone_shares(&val.ty) {
            self.read_of(&val, "read", self.body.expr(id).span);
        }
        val
    }

    /// An expression without saying that its value is used.
    pub(super) fn place(&mut self, id: ExprId) -> Val {
        self.ev.depth.set(self.ev.depth.get() + 1);
        let outer = std::mem::take(&mut self.fetched);
        let mut val = self.place_of(id);
        // What an expression is made of flows into it.
        val.fetched |= self.fetched;
        self.fetched = outer | val.fetched;
        self.ev.depth.set(self.ev.depth.get() - 1);
        bounded(val)
    }

    fn place_of(&mut self, id: ExprId) -> Val {
        let body = self.body;
        let span = body.expr(id).span;
        match &body.expr(id).kind {
            ExprKind::Path(path) => self.path(path),
            ExprKind::QPath(ty, path) => self.qualified(ty, path),
            ExprKind::Str(text) => {
                Val { ty: T::text(), literal: Some(Arc::from(text.as_str())), ..Val::default() }
            }
            ExprKind::Number => Val::of(T::number()),
            ExprKind::Literal | ExprKind::Opaque => Val::default(),
            ExprKind::Field { base, name } => {
                let base = self.place(*base);
                self.field(&base, *name)
            }
            ExprKind::Method { receiver, name, generics, args, name_span } => {
                self.method(id, *receiver, *name, generics, args, *name_span)
            }
            ExprKind::Call { callee, args } => self.call(*callee, args, span),
            ExprKind::Macro { path, args } => self.expand(path, args, span),
            ExprKind::Struct { path, fields, rest } => self.literal(path, fields, *rest, span),
            ExprKind::Block { stmts, tail } => {
                let depth = self.vars.len();
                for stmt in stmts {
                    self.stmt(stmt);
                }
                let val = tail.map(|tail| self.value(tail)).unwrap_or_else(|| Val::of(T::unit()));
                self.vars.truncate(depth);
                val
            }
            ExprKind::Async(inner) => self.value(*inner),
            ExprKind::If { cond, then, other } => {
                let depth = self.vars.len();
                self.value(*cond);
                self.fetched = false;
                let mut val = self.value(*then);
                self.vars.truncate(depth);
                if let Some(other) = other {
                    val.merge(&self.value(*other));
                }
                val
            }
            ExprKind::Let { pat, value } => {
                let val = self.value(*value);
                self.bind(pat, val);
                Val::of(T::bool())
            }
            ExprKind::Match { value, arms } => {
                let known = self.out.receives.len();
                let subject = self.value(*value);
                if let Some(taken) = self.taken_alone(*value, known) {
                    self.fetched = false;
                    let part = self.in_region(RegionKind::Serves, |frame| {
                        frame.out.receives.push(Receive { region: frame.region, ..taken });
                        frame.arms(&subject, arms, false)
                    });
                    return part.1;
                }
                self.fetched = false;
                if self.ticks(*value) {
                    return self.in_region(RegionKind::Tick, |frame| frame.arms(&subject, arms, false)).1;
                }
                let paths = self.looks_at_path(*value);
                self.arms(&subject, arms, paths)
            }
            ExprKind::Loop { body } => self.repeat(&[*body], false, |frame| {
                frame.value(*body);
            }),
            ExprKind::While { cond, body } => {
                let (cond, body) = (*cond, *body);
                self.repeat(&[cond, body], false, |frame| {
                    let depth = frame.vars.len();
                    frame.value(cond);
                    frame.value(body);
                    frame.vars.truncate(depth);
                })
            }
            ExprKind::For { pat, iter, body } => {
                let list = self.place(*iter);
                self.read_of(&list, "iterate", self.body.expr(*iter).span);
                let item = element(&list.ty);
                let val = Val::of(item).with_roots(&list.roots);
                let (iter, body) = (*iter, *body);
                let channel = external::payload(&list.ty).clone();
                let takes = external::kind_of(&channel) == Kind::Receiver;
                self.repeat(&[iter, body], takes, |frame| {
                    let depth = frame.vars.len();
                    if takes {
                        frame.received(&val.roots, &channel);
                    }
                    frame.bind(pat, val);
                    frame.value(body);
                    frame.vars.truncate(depth);
                })
            }
            ExprKind::Closure { .. } => self.closure(id, &[], &[], RegionKind::Inherit),
            ExprKind::Await(inner) => {
                let val = self.value(*inner);
                Val { fetched: val.fetched || val.foreign, foreign: false, ..val }
            }
            ExprKind::Try(inner) => {
                let val = self.value(*inner);
                let ty = if external::kind_of(&val.ty) == Kind::Maybe && !val.locked {
                    external::unwrap_one(&val.ty).cloned().unwrap_or_default()
                } else {
                    val.ty.clone()
                };
                Val { ty, locked: false, ..val }
            }
            ExprKind::Ref { value } => {
                let val = self.place(*value);
                Val { ty: T::Ref(Arc::new(val.ty.clone())), ..val }
            }
            ExprKind::Deref(inner) => {
                let val = self.place(*inner);
                let ty = external::deref(&val.ty).cloned().unwrap_or_else(|| val.ty.clone());
                Val { ty, ..val }
            }
            ExprKind::Unary(inner) => {
                let val = self.value(*inner);
                self.read_of(&val, "read", span);
                Val::of(val.ty)
            }
            ExprKind::Binary { left, right, compares } => {
                for side in [*left, *right] {
                    let before = self.out.touches.len();
                    let val = self.value(side);
                    let end = self.body.expr(side).span.end;
                    for touch in &mut self.out.touches[before..] {
                        touch.compared |= *compares && touch.span.end == end;
                    }
                    let operation = if *compares { "compare" } else { "read" };
                    self.read_of(&val, operation, self.body.expr(side).span);
                }
                Val::default()
            }
            ExprKind::Assign { place, value } => {
                let val = self.value(*value);
                self.assign(*place, &val, "=");
                Val::of(T::unit())
            }
            ExprKind::AssignOp { place, value } => {
                let val = self.value(*value);
                self.assign(*place, &val, "+=");
                Val::of(T::unit())
            }
            ExprKind::Index { base, index } => {
                self.value(*index);
                let base = self.place(*base);
                Val::of(element_by_key(&base.ty)).with_roots(&base.roots)
            }
            ExprKind::Cast(inner, ty) => {
                let val = self.value(*inner);
                Val { ty: self.ty(ty), ..val }
            }
            ExprKind::Leave(inner) => {
                if let Some(inner) = inner {
                    let val = self.value(*inner);
                    match &mut self.returned {
                        Some(known) => known.merge(&val),
                        None => self.returned = Some(val),
                    }
                }
                Val::default()
            }
            ExprKind::Tuple(parts) => {
                let vals: Vec<Val> = parts.iter().map(|part| self.value(*part)).collect();
                let mut answer = Val::of(T::Tuple(vals.iter().map(|val| val.ty.clone()).collect()));
                for val in &vals {
                    let ty = std::mem::take(&mut answer.ty);
                    answer.merge(val);
                    answer.ty = ty;
                }
                answer
            }
            ExprKind::Array(parts) => {
                let mut answer = Val::default();
                for part in parts {
                    let val = self.value(*part);
                    answer.merge(&val);
                }
                Val { ty: T::ext("std::vec::Vec", vec![answer.ty.clone()]), callable: None, ..answer }
            }
            ExprKind::Range(start, end) => {
                for side in [start, end].into_iter().flatten() {
                    self.value(*side);
                }
                Val::of(T::ext("Iter", vec![T::number()]))
            }
        }
    }

    fn arms(&mut self, subject: &Val, arms: &'a [Arm], paths: bool) -> Val {
        let mut answer = Val::default();
        for (at, arm) in arms.iter().enumerate() {
            let depth = self.vars.len();
            let read = |frame: &mut Self| {
                frame.bind(&arm.pat, subject.clone());
                if let Some(guard) = arm.guard {
                    frame.value(guard);
                }
                frame.value(arm.body)
            };
            let message = self.arm_of(&arm.pat).map(|(adt, variant)| RegionKind::Message(adt, variant));
            let kind = message.or_else(|| paths.then(|| self.routed_arm(&arm.pat)).flatten());
            let val = match kind {
                Some(kind) => self.in_region(kind, read).1,
                None => read(self),
            };
            self.vars.truncate(depth);
            if at == 0 { answer = val } else { answer.merge(&val) }
        }
        answer
    }

    pub(super) fn ty(&self, ty: &Ty) -> T {
        self.names().ty(ty, &self.scope)
    }

    pub(super) fn stmt(&mut self, stmt: &'a Stmt) {
        self.stmt_of(stmt);
        self.fetched = false;
    }

    fn stmt_of(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Let { pat, ty, value, other } => {
                let mut val = value.map(|value| self.value(value)).unwrap_or_default();
                if let Pat::Bind { name, span, .. } = pat {
                    self.name_made(*name, *span, &val);
                    if *ty != Ty::Unknown {
                        val.ty = self.ty(ty);
                    }
                    self.name_local(*name, *span, value.map(|value| self.body.expr(value).span), &val);
                    self.new_local(*name, *span, &mut val);
                    if let (true, T::Adt(adt, _)) = (val.fresh, val.ty.value()) {
                        self.out.owned.push((*adt, self.region));
                    }
                } else if *ty != Ty::Unknown {
                    val.ty = self.ty(ty);
                }
                if let Some(other) = other {
                    self.value(*other);
                }
                self.bind(pat, val);
            }
            Stmt::Expr(id) => {
                let before = self.out.touches.len();
                let val = self.value(*id);
                let end = self.body.expr(*id).span.end;
                for touch in &mut self.out.touches[before..] {
                    // The statement's last call: nobody looks at what it answers.
                    touch.used &= touch.span.end != end;
                }
                self.remember_web(*id, val);
            }
            Stmt::Item => {}
        }
    }

    /// `router.get("/", index);` as a statement changes the router it was called on.
    pub(super) fn remember_web(&mut self, id: ExprId, val: Val) {
        let Some(web) = val.web else { return };
        let mut at = id;
        loop {
            match self.body.kind(at) {
                ExprKind::Method { receiver, .. } => at = *receiver,
                ExprKind::Await(inner) | ExprKind::Try(inner) => at = *inner,
                ExprKind::Ref { value } => at = *value,
                ExprKind::Path(path) => {
                    let Some(name) = path.as_ident() else { return };
                    if let Some(var) = self.vars.get_mut(name) {
                        var.web = Some(web);
                    }
                    return;
                }
                _ => return,
            }
        }
    }

    /// Walks a closure's body once, its parameters bound to what is known of them.
    pub(super) fn closure(&mut self, id: ExprId, params: &[T], roots: &[Root], kind: RegionKind) -> Val {
        let ExprKind::Closure { params: pats, body } = self.body.kind(id) else {
            return Val::default();
        };
        let depth = self.vars.len();
        let returned = std::mem::take(&mut self.returned);
        let (region, mut answer) = self.in_region(kind, |frame| {
            for (at, (pat, ty)) in pats.iter().enumerate() {
                let declared = frame.ty(ty);
                let ty = if declared.is_unknown() {
                    params.get(at).cloned().unwrap_or_default()
                } else {
                    declared
                };
                frame.bind(pat, Val::of(ty).with_roots(roots));
            }
            frame.value(*body)
        });
        self.vars.truncate(depth);
        if let Some(left) = std::mem::replace(&mut self.returned, returned) {
            answer.merge(&left);
        }
        Val {
            ty: T::Fn(Arc::new(answer.ty.clone())),
            roots: answer.roots,
            callable: Some(Callable::Closure(region)),
            web: answer.web,
            made_by: answer.made_by,
            ..Val::default()
        }
    }

    /// Here is a loop over messages.
    pub(super) fn serves_here(&mut self) {
        // A task of its own owns what it moved, not what surrounds it.
        let spawned = self.out.nearest(self.region, |kind| *kind == RegionKind::Spawned);
        self.out.serves |= spawned.is_none();
        self.out.serving.push(self.region);
    }

    /// A loop; one that waits for messages or connections serves requests. `takes`: it
    /// iterates over a channel.
    pub(super) fn repeat(&mut self, parts: &[ExprId], takes: bool, inner: impl FnOnce(&mut Self)) -> Val {
        let waits = takes
            || self.may_wait && parts.iter().any(|part| super::waits::waits_for_others(self.body, *part));
        if waits {
            self.serves_here();
            self.in_region(RegionKind::Serves, inner);
        } else {
            inner(self);
        }
        Val::of(T::unit())
    }
}

/// Keeps a value from growing with each step: doubled types, endless routers.
fn bounded(mut val: Val) -> Val {
    if val.roots.len() > 64 {
        val.roots.truncate(64);
    }
    if val.web.as_ref().is_some_and(|web| web.routes.len() > MAX_PARTS) {
        val.web = None;
    }
    if !val.ty.is_small() {
        val.ty = T::Unknown;
    }
    val
}
