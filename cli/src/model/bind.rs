//! Places: patterns, fields, assignments, and when a binding becomes a root of its own.

use smallvec::smallvec;
use ustr::Ustr;

use super::eval::{Frame, MAX_TOUCHES};
use super::external::{self, Kind};
use super::index::Index;
use super::link::core;
use super::summary::{ForeignCall, LocalSite, Root, Roots, Val};
use super::tree::{Def, ItemId};
use super::types::{T, names_of, shared};
use crate::facts::{ExprId, ExprKind, ItemKind, Pat, Path, Sym};
use crate::finding::AccessKind;
use crate::span::Span;

impl<'a> Frame<'a, '_> {
    /// A name for what a foreign call made, here or in a function called from here.
    pub(super) fn name_made(&mut self, name: Sym, span: Span, val: &Val) {
        let Some(path) = val.made_by else { return };
        match self.out.foreign.iter_mut().rev().find(|call| call.path == path) {
            // `let key = match given { .., None => { let new = generate(); new } }`: the outer name.
            Some(call)
                if call.bound.is_none_or(|(_, known)| span.start < known.start.min(call.span.start)) =>
            {
                call.bound = Some((name, span));
            }
            Some(_) => {}
            None => {
                let bound = Some((name, span));
                self.out.foreign.push(ForeignCall {
                    path,
                    span,
                    region: self.region,
                    bound,
                    strings: Vec::new(),
                });
            }
        }
    }

    /// A binding that creates something changeable becomes a root of its own.
    pub(super) fn new_local(&mut self, name: Sym, span: Span, val: &mut Val) {
        // A plain collection counts where a loop over messages could own it.
        let plain = self.waits && val.fresh && matches!(external::kind_of(&val.ty), Kind::Map | Kind::List);
        if !val.roots.is_empty() || external::interior(&val.ty).is_none() && !plain {
            return;
        }
        let root = Root::Local(self.id, span.start);
        self.out.locals.push(LocalSite { root, name, span, ty: val.ty.clone(), region: self.region });
        val.roots = smallvec![root];
    }

    /// A value that a framework's wrapper took before the binding named it.
    pub(super) fn name_local(&mut self, name: Sym, span: Span, value: Option<Span>, val: &Val) {
        let ([root @ Root::Local(owner, start)], Some(value)) = (&val.roots[..], value) else {
            return;
        };
        let within = *owner == self.id && value.start <= *start && *start < value.end;
        if within && let Some(local) = self.out.locals.iter_mut().find(|local| local.root == *root) {
            local.name = name;
            local.span = span;
            // What the binding declares can be more than what the value tells.
            let declared = core(&val.ty);
            if declared.refines(&local.ty) {
                local.ty = declared.clone();
            }
        }
    }

    pub(super) fn bind(&mut self, pat: &Pat, val: Val) {
        match pat {
            Pat::Bind { name, inner, .. } => {
                if let Some(inner) = inner {
                    self.bind(inner, val.clone());
                }
                self.vars.push(*name, val);
            }
            Pat::Tuple(parts) => {
                let ty = val.ty.value().clone();
                let mut sender = Roots::new();
                for (at, part) in parts.iter().enumerate() {
                    let ty = match &ty {
                        T::Tuple(types) => types.get(at).cloned().unwrap_or_default(),
                        _ => T::Unknown,
                    };
                    let mut one = Val { ty, ..val.clone() };
                    if at > 0 {
                        // `let (router, documentation) = router.split_for_parts();`
                        one.web = None;
                    }
                    if let Pat::Bind { name, span, .. } = part {
                        // `let (tx, rx) = broadcast::channel(16)`
                        self.new_local(*name, *span, &mut one);
                        match external::kind_of(&one.ty) {
                            Kind::Sender => sender.clone_from(&one.roots),
                            // The two ends of a channel are one thing.
                            Kind::Receiver if one.roots.is_empty() => one.roots.clone_from(&sender),
                            _ => {}
                        }
                    }
                    self.bind(part, one);
                }
            }
            Pat::TupleStruct(path, parts) => self.bind_parts(path, parts, &val),
            Pat::Struct(path, fields) => {
                let owner = self.owner(path, &val);
                for (name, part) in fields {
                    let inner = match owner {
                        Some(_) => {
                            let base = Val { ty: owner.clone().unwrap_or_default(), ..val.clone() };
                            self.field(&base, *name)
                        }
                        None => self.variant_field(path, *name, &val),
                    };
                    self.bind(part, inner);
                }
            }
            Pat::Ref(inner) => {
                let ty = external::deref(&val.ty).cloned().unwrap_or_else(|| val.ty.clone());
                self.bind(inner, Val { ty, ..val });
            }
            Pat::Or(cases) => {
                for case in cases {
                    self.bind(case, val.clone());
                }
            }
            Pat::Slice(parts) => {
                let ty = element(&val.ty);
                for part in parts {
                    self.bind(part, Val { ty: ty.clone(), ..val.clone() });
                }
            }
            Pat::Text(_) | Pat::Wild => {}
        }
    }

    /// `Some(x)`, `State(x)`, `Wrapper(x)`, `Variant(a, b)`.
    pub(super) fn bind_parts(&mut self, path: &Path, parts: &[Pat], val: &Val) {
        let subject = val.ty.value();
        let local = self.names().resolve(self.scope.module.unwrap_or(super::tree::ModId(0)), &names_of(path));
        let def = local.first().copied();
        for (at, part) in parts.iter().enumerate() {
            let inner = match def {
                Some(Def::Item(adt))
                    if matches!(self.names().tree.item(adt).item.kind, ItemKind::Struct { .. }) =>
                {
                    let base = match subject {
                        T::Adt(..) => val.clone(),
                        _ => Val { ty: T::Adt(adt, shared(Vec::new())), ..val.clone() },
                    };
                    self.field(&base, Ustr::from(&at.to_string()))
                }
                Some(Def::Variant(adt, variant)) => self.variant_part(adt, variant, at, val),
                _ if val.locked && path.last().is_some_and(|last| last.name == "Ok") => {
                    Val { locked: false, ..val.clone() }
                }
                _ => {
                    let ty = match external::kind_of(subject) {
                        Kind::Pointer | Kind::Maybe if subject.args().len() > at || at == 0 => {
                            // `Err(e)` is the second argument of a result.
                            let second = path.last().is_some_and(|last| last.name == "Err");
                            let at = usize::from(second);
                            subject.args().get(at).cloned().unwrap_or_default()
                        }
                        _ => T::Unknown,
                    };
                    Val { ty, ..val.clone() }
                }
            };
            self.bind(part, inner);
        }
    }

    pub(super) fn variant_part(&mut self, adt: ItemId, variant: u32, at: usize, val: &Val) -> Val {
        let ItemKind::Enum { variants, .. } = &self.names().tree.item(adt).item.kind else {
            return val.clone();
        };
        let before: usize = variants[..variant as usize].iter().map(|variant| variant.fields.len()).sum();
        self.field_number(adt, before + at, &[], val)
    }

    pub(super) fn variant_field(&mut self, path: &Path, name: Sym, val: &Val) -> Val {
        let module = self.scope.module.unwrap_or(super::tree::ModId(0));
        if let Some(Def::Variant(adt, variant)) =
            self.names().resolve(module, &names_of(path)).first().copied()
            && let ItemKind::Enum { variants, .. } = &self.names().tree.item(adt).item.kind
            && let Some(at) = variants[variant as usize].fields.iter().position(|field| field.name == name)
        {
            return self.variant_part(adt, variant, at, val);
        }
        Val { ty: T::Unknown, ..val.clone() }
    }

    /// The struct a pattern or literal path names, `Self` included.
    pub(super) fn owner(&self, path: &Path, val: &Val) -> Option<T> {
        if let T::Adt(adt, _) = val.ty.value()
            && matches!(self.names().tree.item(*adt).item.kind, ItemKind::Struct { .. })
        {
            return Some(val.ty.clone());
        }
        match self.names().segments_ty(&path.segments, &self.scope) {
            T::Adt(adt, args) if matches!(self.names().tree.item(adt).item.kind, ItemKind::Struct { .. }) => {
                Some(T::Adt(adt, args))
            }
            _ => None,
        }
    }

    /// `base.name`, looking through pointers, locks' guards and `Deref` of our types.
    pub(super) fn field(&mut self, base: &Val, name: Sym) -> Val {
        let mut ty = base.ty.clone();
        for _ in 0..12 {
            match &ty {
                T::Adt(adt, args) => {
                    if let Some(at) = Index::field_at(self.names(), *adt, name) {
                        let (adt, args) = (*adt, args.clone());
                        return self.field_number(adt, at, &args, base);
                    }
                    match self.ev.index.deref_target(*adt) {
                        Some(target) => ty = target.clone(),
                        None => break,
                    }
                }
                T::Tuple(parts) => {
                    let at: Option<usize> = name.as_str().parse().ok();
                    let part = at.and_then(|at| parts.get(at)).cloned().unwrap_or_default();
                    return Val { ty: part, web: None, callable: None, ..base.clone() };
                }
                other => match external::deref(other) {
                    Some(inner) => ty = inner.clone(),
                    None => break,
                },
            }
        }
        Val { ty: T::Unknown, roots: base.roots.clone(), fresh: base.fresh, ..Val::default() }
    }

    pub(super) fn field_number(&mut self, adt: ItemId, at: usize, args: &[T], base: &Val) -> Val {
        if at > usize::from(u16::MAX) {
            return Val { roots: base.roots.clone(), ..Val::default() };
        }
        let ty = Index::field_type(self.names(), adt, at, args);
        let own = Root::Field(adt, at as u16);
        let mut roots = Roots::new();
        // A lock of its own starts a new piece of state; a plain field is part of what
        // holds it as well.
        if external::interior(&ty).is_none() {
            roots.clone_from(&base.roots);
        }
        let made_here = base.fresh && external::interior(&ty).is_none();
        if !made_here && !roots.contains(&own) {
            roots.push(own);
        }
        Val { ty, roots, fresh: base.fresh, fetched: base.fetched, ..Val::default() }
    }

    pub(super) fn assign(&mut self, place: ExprId, val: &Val, operation: &str) {
        let span = self.body.expr(place).span;
        if let ExprKind::Path(path) = self.body.kind(place)
            && let Some(name) = path.as_ident()
            && let Some(var) = self.vars.get_mut(name)
        {
            // Rebinding a local, unless it is a binding to a place (`ref mut`, a pattern).
            if operation == "=" {
                if !val.roots.is_empty() || val.web.is_some() {
                    *var = val.clone();
                }
                return;
            }
            let scalar = external::kind_of(&var.ty) == Kind::Scalar;
            if scalar && !matches!(var.ty, T::Ref(_)) {
                return;
            }
        }
        let target = self.place(place);
        if !target.roots.is_empty() {
            let before = self.out.touches.len();
            self.touch(&target.roots.clone(), AccessKind::Write, Ustr::from(operation), span);
            for touch in &mut self.out.touches[before..] {
                touch.used = false;
                touch.fetched = val.fetched && operation == "=";
                touch.written = super::apply::param_of(val);
            }
        }
        // `self.users = users` makes the two the same data.
        self.alias(&target.roots.clone(), val);
    }

    pub(super) fn alias(&mut self, targets: &[Root], val: &Val) {
        let receiver = external::kind_of(external::payload(&val.ty)) == Kind::Receiver;
        if external::interior(&val.ty).is_none() && !receiver && !matches!(val.roots[..], [Root::Param(_)]) {
            return;
        }
        for from in &val.roots {
            for to in targets {
                self.same(*from, *to);
            }
        }
    }

    /// Two roots are the same data: kept once, however often the code says it.
    pub(super) fn same(&mut self, from: Root, to: Root) {
        if from == to || self.said >= MAX_TOUCHES {
            return;
        }
        self.said += 1;
        if self.aliases.insert((from, to)) {
            self.out.aliases.push((from, to));
        }
    }

    /// `field: Default::default()` makes whatever the field is of.
    fn default_of(&mut self, value: ExprId, ty: &T, span: Span) {
        let ExprKind::Call { callee, .. } = self.body.kind(value) else { return };
        let ExprKind::Path(path) = self.body.kind(*callee) else { return };
        let names = names_of(path);
        let ([first, second], T::Adt(adt, _)) = (&names[..], external::payload(ty)) else { return };
        if *first != "Default" || *second != "default" {
            return;
        }
        match self.ev.index.methods_of(*adt, *second).first().copied() {
            Some(made) => {
                self.apply(made, None, &[], *second, span);
            }
            None => self.out.constructs.push((*adt, None, span, self.region)),
        }
    }

    pub(super) fn literal(
        &mut self,
        path: &Path,
        fields: &'a [(Sym, ExprId, Span)],
        rest: Option<ExprId>,
        span: Span,
    ) -> Val {
        let owner = self.owner(path, &Val::default());
        for (name, value, field_span) in fields {
            let mut val = self.value(*value);
            let Some(T::Adt(adt, _)) = owner else {
                continue;
            };
            let Some(at) = Index::field_at(self.names(), adt, *name) else {
                continue;
            };
            self.out.constructs.push((adt, Some(at as u16), *field_span, self.region));
            self.name_made(*name, *field_span, &val);
            self.default_of(*value, &Index::field_type(self.names(), adt, at, &[]), *field_span);
            val.ty = match val.ty {
                T::Unknown => Index::field_type(self.names(), adt, at, &[]),
                ty => ty,
            };
            self.alias(&[Root::Field(adt, at as u16)], &val);
        }
        if let Some(rest) = rest {
            self.value(rest);
        }
        match owner {
            Some(T::Adt(adt, args)) => {
                self.out.constructs.push((adt, None, span, self.region));
                Val { ty: T::Adt(adt, args), fresh: true, ..Val::default() }
            }
            _ => {
                let module = self.scope.module.unwrap_or(super::tree::ModId(0));
                let variant = match self.names().resolve(module, &names_of(path)).first() {
                    Some(Def::Variant(_, variant)) => Some(*variant),
                    _ => None,
                };
                Val { variant, ..Val::of(self.names().segments_ty(&path.segments, &self.scope)) }
            }
        }
    }
}

/// What iterating over a value yields.
pub(super) fn element(ty: &T) -> T {
    match ty {
        T::Ref(inner) => element(inner),
        T::Slice(inner) => (**inner).clone(),
        T::Ext(_, args) => match external::kind_of(ty) {
            Kind::Map | Kind::SharedMap if args.len() > 1 => {
                T::Tuple(vec![args[0].clone(), args[1].clone()].into())
            }
            Kind::Iter | Kind::List | Kind::Receiver | Kind::Maybe | Kind::Map => {
                args.first().cloned().unwrap_or_default()
            }
            Kind::Pointer | Kind::Lazy => args.first().map(element).unwrap_or_default(),
            _ => T::Unknown,
        },
        _ => T::Unknown,
    }
}

/// What `base[key]` yields.
pub(super) fn element_by_key(ty: &T) -> T {
    match external::kind_of(ty.value()) {
        Kind::Map | Kind::SharedMap => ty.value().args().get(1).cloned().unwrap_or_default(),
        Kind::Pointer | Kind::Lazy => {
            external::unwrap_one(ty.value()).map(element_by_key).unwrap_or_default()
        }
        _ => element(ty),
    }
}
