//! Whether a number stays in this process: what becomes of each value taken from a counter.
//!
//! Follows a value through bindings, sums, calls into the analysed code, answers of functions and
//! fields of our own types. Keys of collections, indexes, comparisons and log lines keep it here;
//! whatever else is done with it, or cannot be followed, lets it out. Says nothing about data
//! other than numbers.

mod names;

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::collect::Collector;
use super::external;
use super::summary::{Root, SELF, Touch};
use super::tree::ItemId;
use super::waits::children;
use crate::facts::{Body, ExprId, ExprKind, ItemKind, Pat, Stmt, Sym};
use crate::finding::AccessKind;
use crate::span::Span;

/// More steps than this say that the number goes everywhere.
const MAX_STEPS: usize = 4_000;
/// Calls inside each other that a value is followed through.
const MAX_CALLS: usize = 16;

/// Where a value was handed into a function: its answer goes back there.
#[derive(Clone, Copy)]
struct Entered {
    from: Option<usize>,
    function: ItemId,
    call: ExprId,
    depth: usize,
}

/// What can be asked of all functions, put together once.
#[derive(Default)]
pub(super) struct Flows {
    parents: FxHashMap<ItemId, Vec<Option<ExprId>>>,
    /// Who calls a function, and where.
    callers: FxHashMap<ItemId, Vec<(ItemId, Span)>>,
    /// Where a field of some name is read.
    fields: FxHashMap<Sym, Vec<(ItemId, ExprId)>>,
    known: bool,
}

/// One value being followed.
struct Walk<'w, 'a, 'm> {
    flows: &'w mut Flows,
    all: &'w Collector<'a, 'm>,
    queue: Vec<(ItemId, ExprId, Option<usize>)>,
    seen: FxHashSet<(ItemId, ExprId, Option<usize>)>,
    entered: Vec<Entered>,
    followed: FxHashSet<(ItemId, Sym)>,
}

/// The value got out, or may have.
struct Leaves;

impl Flows {
    /// Whether no value of these roots, which are one number, leaves the process.
    pub(super) fn stays(&mut self, all: &Collector, roots: &[Root]) -> bool {
        self.learn(all);
        let mut walk = Walk {
            flows: self,
            all,
            queue: Vec::new(),
            seen: FxHashSet::default(),
            entered: Vec::new(),
            followed: FxHashSet::default(),
        };
        walk.start(roots).and_then(|()| walk.follow()).is_ok()
    }

    fn learn(&mut self, all: &Collector) {
        if std::mem::replace(&mut self.known, true) {
            return;
        }
        for (id, summary) in all.summaries {
            for call in &summary.calls {
                self.callers.entry(call.callee).or_default().push((*id, call.span));
            }
            let Some(body) = all.names.tree.item(*id).body() else { continue };
            for (at, expr) in body.exprs.iter().enumerate() {
                if let ExprKind::Field { name, .. } = &expr.kind {
                    self.fields.entry(*name).or_default().push((*id, ExprId(at as u32)));
                }
            }
        }
    }

    fn parent(&mut self, id: ItemId, body: &Body, expr: ExprId) -> Option<ExprId> {
        let parents = self.parents.entry(id).or_insert_with(|| {
            let mut parents = vec![None; body.exprs.len()];
            let mut below = Vec::new();
            for at in 0..body.exprs.len() {
                let above = ExprId(at as u32);
                children(body, above, &mut below);
                if let ExprKind::Closure { body, .. } = body.kind(above) {
                    below.push(*body);
                }
                for child in below.drain(..) {
                    parents[child.0 as usize] = Some(above);
                }
            }
            parents
        });
        parents[expr.0 as usize]
    }
}

impl<'a> Walk<'_, 'a, '_> {
    fn body(&self, id: ItemId) -> Option<&'a Body> {
        self.all.names.tree.item(id).body()
    }

    /// Every place where a value of the number comes to hand.
    fn start(&mut self, roots: &[Root]) -> Result<(), Leaves> {
        for root in roots {
            for (id, touch) in self.all.touches.get(root).into_iter().flatten() {
                self.taken(*id, touch, None)?;
            }
        }
        Ok(())
    }

    /// One access, here or in a function that was handed the counter.
    fn taken(&mut self, id: ItemId, touch: &Touch, from: Option<usize>) -> Result<(), Leaves> {
        let body = self.body(id).ok_or(Leaves)?;
        if let (Some(called), Some(call)) = (self.own_callees(id, touch.span), call_at(body, touch.span)) {
            let entered = self.entering(id, call, from)?;
            for callee in called {
                let numbers = self.numbers(callee);
                let summary = self.all.by_id.get(&callee).ok_or(Leaves)?;
                for inner in summary.touches.iter().filter(|inner| numbers.contains(&inner.root)) {
                    self.taken(callee, inner, Some(entered))?;
                }
            }
            return Ok(());
        }
        let stored = matches!(touch.operation.as_str(), "=" | "+=" | "store" | "set");
        if touch.kind == AccessKind::Read || touch.used && !stored {
            let expr = at_span(body, touch.span).ok_or(Leaves)?;
            self.queue.push((id, expr, from));
        }
        Ok(())
    }

    /// The parameters of a function that are numbers, `self` among them.
    fn numbers(&self, id: ItemId) -> Vec<Root> {
        let mut found = vec![Root::Param(SELF)];
        if let Some(function) = self.all.names.tree.item(id).function() {
            let scope = self.all.index.scope(self.all.names, id);
            for (at, param) in function.params.iter().enumerate() {
                if external::is_number(external::payload(&self.all.names.ty(&param.ty, &scope))) {
                    found.push(Root::Param(at as u16));
                }
            }
        }
        found
    }

    fn follow(&mut self) -> Result<(), Leaves> {
        while let Some((id, expr, from)) = self.queue.pop() {
            if !self.seen.insert((id, expr, from)) {
                continue;
            }
            if self.seen.len() > MAX_STEPS {
                return Err(Leaves);
            }
            self.step(id, expr, from)?;
        }
        Ok(())
    }

    /// What the expression around a value does with it.
    fn step(&mut self, id: ItemId, expr: ExprId, from: Option<usize>) -> Result<(), Leaves> {
        let body = self.body(id).ok_or(Leaves)?;
        let Some(above) = self.flows.parent(id, body, expr) else {
            return self.answered(id, from);
        };
        let onward = (id, above, from);
        match body.kind(above) {
            ExprKind::Block { stmts, tail } => {
                if *tail == Some(expr) {
                    self.queue.push(onward);
                }
                for stmt in stmts {
                    if let Stmt::Let { pat, value: Some(value), .. } = stmt
                        && *value == expr
                    {
                        self.bound(id, body, pat, from);
                    }
                }
            }
            ExprKind::Field { .. }
            | ExprKind::Async(_)
            | ExprKind::Await(_)
            | ExprKind::Try(_)
            | ExprKind::Ref { .. }
            | ExprKind::Deref(_)
            | ExprKind::Unary(_)
            | ExprKind::Cast(..)
            | ExprKind::Tuple(_)
            | ExprKind::Range(..)
            | ExprKind::Binary { compares: false, .. } => self.queue.push(onward),
            ExprKind::Binary { compares: true, .. } | ExprKind::While { .. } | ExprKind::Loop { .. } => {}
            ExprKind::If { cond, .. } => {
                if *cond != expr {
                    self.queue.push(onward);
                }
            }
            ExprKind::Let { pat, .. } => self.bound(id, body, pat, from),
            ExprKind::For { pat, iter, body: inner } => match body.kind(*iter) {
                ExprKind::Range(..) if *iter == expr => self.bound(id, body, pat, from),
                _ if *inner == expr => {}
                _ => return Err(Leaves),
            },
            ExprKind::Match { value, arms } => {
                if *value == expr {
                    for arm in arms {
                        self.bound(id, body, &arm.pat, from);
                    }
                } else if arms.iter().any(|arm| arm.body == expr) {
                    self.queue.push(onward);
                }
            }
            ExprKind::Index { index, .. } => {
                if *index != expr {
                    return Err(Leaves);
                }
            }
            ExprKind::Assign { place, value } | ExprKind::AssignOp { place, value } => {
                if *value == expr {
                    return self.assigned(id, body, *place, from);
                }
            }
            ExprKind::Leave(_) => return self.answered(id, from),
            ExprKind::Macro { path, .. } => match path.last().map(|last| last.name.as_str()) {
                Some("format" | "format_args") => self.queue.push(onward),
                Some(name) if names::logs(name) => {}
                _ => return Err(Leaves),
            },
            ExprKind::Struct { fields, .. } => {
                let field = fields.iter().find(|(_, value, _)| *value == expr).ok_or(Leaves)?;
                let made = self.all.by_id[&id].constructs.iter();
                let (adt, at) = made
                    .filter(|(_, _, span, _)| *span == field.2)
                    .find_map(|(adt, at, _, _)| Some((*adt, (*at)?)))
                    .ok_or(Leaves)?;
                return self.kept(adt, at, onward);
            }
            ExprKind::Method { receiver, name, args, name_span, .. } => {
                if let Some(called) = self.own_callees(id, *name_span) {
                    let param = args.iter().position(|arg| *arg == expr);
                    return self.enter(&called, param, id, above, from);
                }
                match (*receiver == expr, names::takes(name.as_str())) {
                    (true, _) if names::hands_on(name.as_str()) => self.queue.push(onward),
                    (true, _) if names::compares(name.as_str()) => {}
                    (false, true) if args.first() == Some(&expr) => {}
                    (false, _) if name == "record" || name.as_str().starts_with("compare_exchange") => {}
                    _ => return Err(Leaves),
                }
            }
            ExprKind::Call { callee, args } => {
                let param = args.iter().position(|arg| *arg == expr).ok_or(Leaves)?;
                if let Some(called) = self.own_callees(id, body.expr(above).span) {
                    return self.enter(&called, Some(param), id, above, from);
                }
                let made = self.all.by_id[&id].constructs.iter();
                let span = body.expr(above).span;
                if let Some((adt, at)) = made
                    .filter(|(_, at, known, _)| *known == span && *at == Some(param as u16))
                    .find_map(|(adt, at, _, _)| Some((*adt, (*at)?)))
                {
                    return self.kept(adt, at, onward);
                }
                match body.kind(*callee) {
                    ExprKind::Path(path) if names::wraps(path) => self.queue.push(onward),
                    ExprKind::Path(path) if names::waits(path) => {}
                    _ => return Err(Leaves),
                }
            }
            _ => return Err(Leaves),
        }
        Ok(())
    }

    /// The value is what a function answers.
    fn answered(&mut self, id: ItemId, from: Option<usize>) -> Result<(), Leaves> {
        if let Some(from) = from {
            let entered = self.entered[from];
            self.queue.push((entered.function, entered.call, entered.from));
            return Ok(());
        }
        let called = self.flows.callers.get(&id).cloned().unwrap_or_default();
        if called.is_empty() || self.all.contexts.entries.contains_key(&id) {
            return Err(Leaves);
        }
        for (caller, span) in called {
            let call = self.body(caller).and_then(|body| call_at(body, span)).ok_or(Leaves)?;
            self.queue.push((caller, call, None));
        }
        Ok(())
    }

    /// The value goes into functions of ours, as that argument or as `self`.
    fn enter(
        &mut self,
        called: &[ItemId],
        param: Option<usize>,
        function: ItemId,
        call: ExprId,
        from: Option<usize>,
    ) -> Result<(), Leaves> {
        let entered = Some(self.entering(function, call, from)?);
        for callee in called {
            let declared = self.all.names.tree.item(*callee);
            let Some(inner) = declared.function() else { return Err(Leaves) };
            if names::measures(declared.item.name.as_str()) {
                continue;
            }
            let Some(body) = inner.body.as_deref() else { continue };
            let method =
                matches!(self.body(function).map(|body| body.kind(call)), Some(ExprKind::Method { .. }));
            let param = match (param, inner.receiver.is_some() && !method) {
                (Some(0), true) => None,
                (Some(param), true) => Some(param - 1),
                (param, _) => param,
            };
            match param {
                None => self.named(*callee, body, Ustr::from("self"), entered),
                Some(param) => {
                    let param = inner.params.get(param).ok_or(Leaves)?;
                    self.bound(*callee, body, &param.pat, entered);
                }
            }
        }
        Ok(())
    }

    fn entering(&mut self, function: ItemId, call: ExprId, from: Option<usize>) -> Result<usize, Leaves> {
        let depth = from.map_or(0, |from| self.entered[from].depth + 1);
        if depth > MAX_CALLS || self.entered.len() > MAX_STEPS {
            return Err(Leaves);
        }
        self.entered.push(Entered { from, function, call, depth });
        Ok(self.entered.len() - 1)
    }

    /// The value becomes part of one of our types.
    fn kept(&mut self, adt: ItemId, at: u16, whole: (ItemId, ExprId, Option<usize>)) -> Result<(), Leaves> {
        let item = &self.all.names.tree.item(adt).item;
        let ItemKind::Struct { fields, .. } = &item.kind else { return Err(Leaves) };
        if names::measures(item.name.as_str()) {
            return Ok(());
        }
        let [_] = &fields[..] else {
            let sent = item.attrs.iter().any(|attr| {
                ["Serialize", "Message", "Object", "Encode", "Template", "Response", "Event"]
                    .iter()
                    .any(|word| attr.tokens.contains(word))
            });
            let name = fields.get(at as usize).ok_or(Leaves)?.name;
            if sent || name.as_str().starts_with(|c: char| c.is_ascii_digit()) {
                return Err(Leaves);
            }
            return self.field(adt, name);
        };
        // A newtype is the number.
        self.queue.push(whole);
        Ok(())
    }

    /// Every read of a field by that name, whichever type it is of.
    fn field(&mut self, adt: ItemId, name: Sym) -> Result<(), Leaves> {
        if self.followed.insert((adt, name)) {
            let reads = self.flows.fields.get(&name).into_iter().flatten();
            let same = reads.filter(|(id, _)| self.all.package(*id) == self.all.package(adt));
            self.queue.extend(same.map(|(id, expr)| (*id, *expr, None)));
        }
        Ok(())
    }

    fn assigned(
        &mut self,
        id: ItemId,
        body: &Body,
        place: ExprId,
        from: Option<usize>,
    ) -> Result<(), Leaves> {
        match body.kind(place) {
            ExprKind::Path(path) => match path.as_ident() {
                Some(name) => self.named(id, body, name, from),
                None => return Err(Leaves),
            },
            ExprKind::Deref(inner) => return self.assigned(id, body, *inner, from),
            ExprKind::Field { name, .. } => {
                let span = body.expr(place).span;
                let touches = &self.all.by_id[&id].touches;
                let root = touches.iter().find_map(|touch| match touch.root {
                    Root::Field(adt, _) if touch.span == span => Some(adt),
                    _ => None,
                });
                // Of an unknown type: whatever has a field of that name here.
                return self.field(root.unwrap_or(id), *name);
            }
            _ => return Err(Leaves),
        }
        Ok(())
    }

    /// The value is bound to the names of a pattern.
    fn bound(&mut self, id: ItemId, body: &Body, pat: &Pat, from: Option<usize>) {
        match pat {
            Pat::Bind { name, inner, .. } => {
                self.named(id, body, *name, from);
                if let Some(inner) = inner {
                    self.bound(id, body, inner, from);
                }
            }
            Pat::Tuple(parts) | Pat::TupleStruct(_, parts) | Pat::Or(parts) | Pat::Slice(parts) => {
                for part in parts {
                    self.bound(id, body, part, from);
                }
            }
            Pat::Struct(_, parts) => {
                for (_, part) in parts {
                    self.bound(id, body, part, from);
                }
            }
            Pat::Ref(inner) => self.bound(id, body, inner, from),
            Pat::Text(_) | Pat::Wild => {}
        }
    }

    fn named(&mut self, id: ItemId, body: &Body, name: Sym, from: Option<usize>) {
        for (at, expr) in body.exprs.iter().enumerate() {
            if matches!(&expr.kind, ExprKind::Path(path) if path.as_ident() == Some(name)) {
                self.queue.push((id, ExprId(at as u32), from));
            }
        }
    }

    /// Functions of ours that a call lands on.
    fn own_callees(&self, id: ItemId, span: Span) -> Option<Vec<ItemId>> {
        let calls = self.all.by_id.get(&id)?.calls.iter();
        let called: Vec<ItemId> = calls.filter(|call| call.span == span).map(|call| call.callee).collect();
        (!called.is_empty()).then_some(called)
    }
}

/// The outermost expression of exactly that place.
fn at_span(body: &Body, span: Span) -> Option<ExprId> {
    let at = body.exprs.iter().rposition(|expr| expr.span == span)?;
    Some(ExprId(at as u32))
}

/// The call whose name, or whose whole, is that place.
fn call_at(body: &Body, span: Span) -> Option<ExprId> {
    let at = body.exprs.iter().rposition(|expr| match &expr.kind {
        ExprKind::Method { name_span, .. } => *name_span == span,
        ExprKind::Call { .. } => expr.span == span,
        _ => false,
    })?;
    Some(ExprId(at as u32))
}
