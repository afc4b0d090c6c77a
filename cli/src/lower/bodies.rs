//! Function bodies and initialisers, an expression at a time.

use syn::spanned::Spanned;

use crate::facts::{Arm, Body, Expr, ExprId, ExprKind, Path, Stmt, Ty};
use crate::span::Span;

use super::items::Lowering;
use super::{join, macros, pats, plain, types};

/// A chain of calls is followed so far back for the place of its first word.
const MAX_CHAIN: usize = 64;
/// Expressions nested deeper than this are cut off with a note: the model walks
/// them recursively.
const MAX_DEPTH: usize = 3000;

pub(super) fn block(lowering: &mut Lowering, from: &syn::Block) -> Body {
    let mut builder = Builder { lowering, exprs: Vec::new(), depth: 0 };
    let root = builder.block(from);
    Body { exprs: builder.exprs, root: Some(root) }
}

pub(super) fn expression(lowering: &mut Lowering, from: &syn::Expr) -> Body {
    let mut builder = Builder { lowering, exprs: Vec::new(), depth: 0 };
    let root = builder.expr(from);
    Body { exprs: builder.exprs, root: Some(root) }
}

struct Builder<'a> {
    lowering: &'a mut Lowering,
    exprs: Vec<Expr>,
    depth: usize,
}

impl Builder<'_> {
    fn push(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, span });
        ExprId(self.exprs.len() as u32 - 1)
    }

    fn exprs<'e>(&mut self, from: impl IntoIterator<Item = &'e syn::Expr>) -> Vec<ExprId> {
        from.into_iter().map(|one| self.expr(one)).collect()
    }

    fn block(&mut self, from: &syn::Block) -> ExprId {
        let span = plain(from.brace_token.span.join());
        self.stmts(&from.stmts, span)
    }

    fn stmts(&mut self, from: &[syn::Stmt], span: Span) -> ExprId {
        let mut stmts = Vec::new();
        let mut tail = None;
        for (at, stmt) in from.iter().enumerate() {
            let last = at + 1 == from.len();
            match stmt {
                syn::Stmt::Local(local) if self.lowering.keep(&local.attrs) => stmts.push(self.local(local)),
                syn::Stmt::Local(_) => {}
                syn::Stmt::Item(item) => {
                    let mut found = Vec::new();
                    self.lowering.item(item, &mut found);
                    self.lowering.lifted.append(&mut found);
                    stmts.push(Stmt::Item);
                }
                syn::Stmt::Expr(expr, semicolon) => {
                    let id = self.expr(expr);
                    if last && semicolon.is_none() {
                        tail = Some(id);
                    } else {
                        stmts.push(Stmt::Expr(id));
                    }
                }
                syn::Stmt::Macro(call) => {
                    let name = call.mac.path.segments.last().map(|last| last.ident.to_string());
                    if matches!(name.as_deref(), Some("thread_local" | "lazy_static")) {
                        let mut found = Vec::new();
                        self.lowering.item_macro(&call.mac, &mut found);
                        self.lowering.lifted.append(&mut found);
                        continue;
                    }
                    let id = self.call_macro(&call.mac);
                    if last && call.semi_token.is_none() {
                        tail = Some(id);
                    } else {
                        stmts.push(Stmt::Expr(id));
                    }
                }
            }
        }
        self.push(ExprKind::Block { stmts, tail }, span)
    }

    fn local(&mut self, from: &syn::Local) -> Stmt {
        let (pat, ty) = match &from.pat {
            syn::Pat::Type(typed) => (pats::pat(&typed.pat), types::ty(&typed.ty)),
            other => (pats::pat(other), Ty::Unknown),
        };
        let mut value = None;
        let mut other = None;
        if let Some(init) = &from.init {
            value = Some(self.expr(&init.expr));
            other = init.diverge.as_ref().map(|(_, diverge)| self.expr(diverge));
        }
        Stmt::Let { pat, ty, value, other }
    }

    fn expr(&mut self, from: &syn::Expr) -> ExprId {
        if self.depth > MAX_DEPTH {
            let span = plain(from.span());
            self.lowering.too_deep.get_or_insert(span);
            return self.push(ExprKind::Opaque, span);
        }
        self.depth += 1;
        let id = self.expr_inner(from);
        self.depth -= 1;
        id
    }

    fn expr_inner(&mut self, from: &syn::Expr) -> ExprId {
        let span = head_span(from);
        let kind = match from {
            syn::Expr::Path(path) => match &path.qself {
                Some(qself) => ExprKind::QPath(Box::new(types::ty(&qself.ty)), types::path(&path.path)),
                None => ExprKind::Path(types::path(&path.path)),
            },
            syn::Expr::Lit(lit) => match &lit.lit {
                syn::Lit::Str(text) => ExprKind::Str(text.value()),
                syn::Lit::Int(_) => ExprKind::Number,
                _ => ExprKind::Literal,
            },
            syn::Expr::Field(field) => {
                ExprKind::Field { base: self.expr(&field.base), name: pats::member(&field.member) }
            }
            syn::Expr::MethodCall(call) => ExprKind::Method {
                receiver: self.expr(&call.receiver),
                name: types::name(&call.method),
                generics: types::turbofish(&call.turbofish),
                args: self.exprs(&call.args),
                name_span: plain(call.method.span()),
            },
            syn::Expr::Call(call) => {
                ExprKind::Call { callee: self.expr(&call.func), args: self.exprs(&call.args) }
            }
            syn::Expr::Macro(call) => return self.call_macro(&call.mac),
            syn::Expr::Struct(record) => {
                let fields = record
                    .fields
                    .iter()
                    .map(|field| {
                        (pats::member(&field.member), self.expr(&field.expr), plain(field.member.span()))
                    })
                    .collect();
                let rest = record.rest.as_ref().map(|rest| self.expr(rest));
                ExprKind::Struct { path: types::path(&record.path), fields, rest }
            }
            syn::Expr::Block(inner) => return self.block(&inner.block),
            syn::Expr::Unsafe(inner) => return self.block(&inner.block),
            syn::Expr::Const(inner) => return self.block(&inner.block),
            syn::Expr::TryBlock(inner) => return self.block(&inner.block),
            syn::Expr::Async(inner) => ExprKind::Async(self.block(&inner.block)),
            syn::Expr::If(inner) => ExprKind::If {
                cond: self.expr(&inner.cond),
                then: self.block(&inner.then_branch),
                other: inner.else_branch.as_ref().map(|(_, other)| self.expr(other)),
            },
            syn::Expr::Let(inner) => {
                ExprKind::Let { pat: pats::pat(&inner.pat), value: self.expr(&inner.expr) }
            }
            syn::Expr::Match(inner) => {
                let value = self.expr(&inner.expr);
                let mut arms = Vec::new();
                for arm in &inner.arms {
                    arms.push(self.arm(arm));
                }
                ExprKind::Match { value, arms }
            }
            syn::Expr::Loop(inner) => ExprKind::Loop { body: self.block(&inner.body) },
            syn::Expr::While(inner) => {
                ExprKind::While { cond: self.expr(&inner.cond), body: self.block(&inner.body) }
            }
            syn::Expr::ForLoop(inner) => ExprKind::For {
                pat: pats::pat(&inner.pat),
                iter: self.expr(&inner.expr),
                body: self.block(&inner.body),
            },
            syn::Expr::Closure(inner) => {
                let param = |from: &syn::Pat| match from {
                    syn::Pat::Type(typed) => (pats::pat(&typed.pat), types::ty(&typed.ty)),
                    other => (pats::pat(other), Ty::Unknown),
                };
                let params = inner.inputs.iter().map(param).collect();
                ExprKind::Closure { params, body: self.expr(&inner.body) }
            }
            syn::Expr::Await(inner) => ExprKind::Await(self.expr(&inner.base)),
            syn::Expr::Try(inner) => ExprKind::Try(self.expr(&inner.expr)),
            syn::Expr::Paren(inner) => return self.expr(&inner.expr),
            syn::Expr::Group(inner) => return self.expr(&inner.expr),
            syn::Expr::Reference(inner) => ExprKind::Ref { value: self.expr(&inner.expr) },
            syn::Expr::Unary(inner) => match inner.op {
                syn::UnOp::Deref(_) => ExprKind::Deref(self.expr(&inner.expr)),
                _ => ExprKind::Unary(self.expr(&inner.expr)),
            },
            syn::Expr::Binary(inner) => {
                let (left, right) = (self.expr(&inner.left), self.expr(&inner.right));
                if assigns(&inner.op) {
                    ExprKind::AssignOp { place: left, value: right }
                } else {
                    ExprKind::Binary { left, right, compares: compares(&inner.op) }
                }
            }
            syn::Expr::Assign(inner) => {
                ExprKind::Assign { place: self.expr(&inner.left), value: self.expr(&inner.right) }
            }
            syn::Expr::Index(inner) => {
                ExprKind::Index { base: self.expr(&inner.expr), index: self.expr(&inner.index) }
            }
            syn::Expr::Cast(inner) => ExprKind::Cast(self.expr(&inner.expr), types::ty(&inner.ty)),
            syn::Expr::Return(inner) => ExprKind::Leave(inner.expr.as_ref().map(|expr| self.expr(expr))),
            syn::Expr::Break(inner) => ExprKind::Leave(inner.expr.as_ref().map(|expr| self.expr(expr))),
            syn::Expr::Yield(inner) => ExprKind::Leave(inner.expr.as_ref().map(|expr| self.expr(expr))),
            syn::Expr::Tuple(inner) => ExprKind::Tuple(self.exprs(&inner.elems)),
            syn::Expr::Array(inner) => ExprKind::Array(self.exprs(&inner.elems)),
            syn::Expr::Repeat(inner) => ExprKind::Array(vec![self.expr(&inner.expr)]),
            syn::Expr::Range(inner) => {
                let start = inner.start.as_ref().map(|expr| self.expr(expr));
                ExprKind::Range(start, inner.end.as_ref().map(|expr| self.expr(expr)))
            }
            _ => ExprKind::Opaque,
        };
        self.push(kind, span)
    }

    fn arm(&mut self, from: &syn::Arm) -> Arm {
        let guard = match &from.pat {
            syn::Pat::Guard(inner) => Some(self.expr(&inner.guard)),
            _ => None,
        };
        Arm { pat: pats::pat(&from.pat), guard, body: self.expr(&from.body) }
    }

    fn call_macro(&mut self, from: &syn::Macro) -> ExprId {
        let span = join(from.path.span(), from.delimiter.span().close());
        let path = types::path(&from.path);
        let name = path.last().map(|last| last.name.as_str()).unwrap_or_default();
        let args = match macros::exprs(name, from.tokens.clone()) {
            macros::Parts::Exprs(list) => {
                let mut args = self.exprs(&list);
                self.captures(&list, &mut args);
                args
            }
            macros::Parts::Block(stmts) => vec![self.stmts(&stmts, span)],
            macros::Parts::Select(arms) => arms.iter().map(|arm| self.select_arm(arm, span)).collect(),
        };
        self.push(ExprKind::Macro { path, args }, span)
    }

    /// `{name}` in a format string reads `name`.
    fn captures(&mut self, list: &[syn::Expr], args: &mut Vec<ExprId>) {
        for expr in list {
            let syn::Expr::Lit(lit) = expr else { continue };
            let syn::Lit::Str(text) = &lit.lit else {
                continue;
            };
            for name in macros::captured(&text.value()) {
                args.push(self.push(ExprKind::Path(Path::of(&[name])), plain(text.span())));
            }
        }
    }

    /// `PAT = FUTURE => BODY` reads as `match FUTURE.await { PAT => BODY }`.
    fn select_arm(&mut self, from: &macros::SelectArm, span: Span) -> ExprId {
        let body = self.expr(&from.body);
        let (Some(pat), Some(future)) = (&from.pat, &from.future) else {
            return body;
        };
        let future = self.expr(future);
        let value = self.push(ExprKind::Await(future), span);
        let guard = from.guard.as_ref().map(|guard| self.expr(guard));
        let arm = Arm { pat: pats::pat(pat), guard, body };
        self.push(ExprKind::Match { value, arms: vec![arm] }, span)
    }
}

fn assigns(op: &syn::BinOp) -> bool {
    use syn::BinOp::*;
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitXorAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// Comparisons, and the remainder: it picks one of a few, as a cursor does.
fn compares(op: &syn::BinOp) -> bool {
    use syn::BinOp::*;
    matches!(op, Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_) | Rem(_))
}

/// The whole expression, found without walking it: `Spanned` would print every
/// expression to tokens again, which is quadratic in nested code.
fn head_span(from: &syn::Expr) -> Span {
    let mut first = from;
    // Bounded: a chain's head is looked for at each of its links.
    for _ in 0..MAX_CHAIN {
        first = match first {
            syn::Expr::MethodCall(call) => &call.receiver,
            syn::Expr::Field(field) => &field.base,
            syn::Expr::Call(call) => &call.func,
            syn::Expr::Await(inner) => &inner.base,
            syn::Expr::Try(inner) => &inner.expr,
            syn::Expr::Index(inner) => &inner.expr,
            syn::Expr::Binary(inner) => &inner.left,
            syn::Expr::Assign(inner) => &inner.left,
            syn::Expr::Cast(inner) => &inner.expr,
            _ => return Span { start: first_token(first).start, end: last_token(from) },
        };
    }
    Span { start: last_token(first), end: last_token(from) }
}

fn first_token(from: &syn::Expr) -> Span {
    match from {
        syn::Expr::Path(path) => match (&path.qself, path.path.segments.first()) {
            (Some(qself), _) => plain(qself.lt_token.span),
            (None, Some(first)) => plain(first.ident.span()),
            _ => Span { start: 0, end: 0 },
        },
        syn::Expr::Struct(record) => {
            record.path.segments.first().map_or(Span { start: 0, end: 0 }, |first| plain(first.ident.span()))
        }
        syn::Expr::Macro(call) => call
            .mac
            .path
            .segments
            .first()
            .map_or(Span { start: 0, end: 0 }, |first| plain(first.ident.span())),
        syn::Expr::Lit(lit) => plain(lit.lit.span()),
        syn::Expr::Reference(inner) => plain(inner.and_token.span),
        syn::Expr::Paren(inner) => plain(inner.paren_token.span.open()),
        syn::Expr::Tuple(inner) => plain(inner.paren_token.span.open()),
        syn::Expr::Array(inner) => plain(inner.bracket_token.span.open()),
        syn::Expr::Block(inner) => plain(inner.block.brace_token.span.open()),
        syn::Expr::Unsafe(inner) => plain(inner.unsafe_token.span),
        syn::Expr::Async(inner) => plain(inner.async_token.span),
        syn::Expr::If(inner) => plain(inner.if_token.span),
        syn::Expr::Let(inner) => plain(inner.let_token.span),
        syn::Expr::Match(inner) => plain(inner.match_token.span),
        syn::Expr::Loop(inner) => plain(inner.loop_token.span),
        syn::Expr::While(inner) => plain(inner.while_token.span),
        syn::Expr::ForLoop(inner) => plain(inner.for_token.span),
        syn::Expr::Closure(inner) => plain(inner.inputs_begin.span),
        syn::Expr::Return(inner) => plain(inner.return_token.span),
        syn::Expr::Break(inner) => plain(inner.break_token.span),
        syn::Expr::Unary(inner) => match inner.op {
            syn::UnOp::Deref(token) => plain(token.span),
            syn::UnOp::Not(token) => plain(token.span),
            syn::UnOp::Neg(token) => plain(token.span),
            _ => Span { start: 0, end: 0 },
        },
        other => plain(other.span()),
    }
}

fn last_token(from: &syn::Expr) -> u32 {
    let mut last = from;
    loop {
        last = match last {
            syn::Expr::Reference(inner) => &inner.expr,
            syn::Expr::Unary(inner) => &inner.expr,
            syn::Expr::Binary(inner) => &inner.right,
            syn::Expr::Assign(inner) => &inner.right,
            syn::Expr::Let(inner) => &inner.expr,
            syn::Expr::Closure(inner) => &inner.body,
            syn::Expr::MethodCall(call) => return plain(call.paren_token.span.close()).end,
            syn::Expr::Call(call) => return plain(call.paren_token.span.close()).end,
            syn::Expr::Field(field) => return plain(field.member.span()).end,
            syn::Expr::Await(inner) => return plain(inner.await_token.span).end,
            syn::Expr::Try(inner) => return plain(inner.question_token.span).end,
            syn::Expr::Index(inner) => return plain(inner.bracket_token.span.close()).end,
            syn::Expr::Struct(inner) => return plain(inner.brace_token.span.close()).end,
            syn::Expr::Macro(inner) => return plain(inner.mac.delimiter.span().close()).end,
            syn::Expr::Block(inner) => return plain(inner.block.brace_token.span.close()).end,
            syn::Expr::Async(inner) => return plain(inner.block.brace_token.span.close()).end,
            syn::Expr::Path(path) => {
                return path.path.segments.last().map_or(0, |last| plain(last.ident.span()).end);
            }
            syn::Expr::Match(inner) => return plain(inner.brace_token.span.close()).end,
            other => return first_token(other).end,
        };
    }
}
