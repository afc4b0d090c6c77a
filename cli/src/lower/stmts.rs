//! Blocks and statements.

use crate::facts::{ExprId, ExprKind, Stmt, Ty};
use crate::span::Span;

use super::exprs::{Ex, Form};
use super::parser::{Parsed, Parser, RawAttr};
use super::tokens::{Kind, Word};

impl Parser<'_> {
    pub(super) fn block(&mut self) -> Parsed<Ex> {
        let span = self.group_span();
        self.deeper(|parser| {
            parser.inside(b'{', "expected a block", |parser| {
                parser.inner_attrs(&mut Vec::new())?;
                parser.statements(span)
            })
        })
    }

    /// The statements of a body, as a block.
    pub(super) fn stmts(&mut self, span: Span) -> Parsed<ExprId> {
        self.statements(span).map(|ex| ex.id)
    }

    /// Statements up to the end, as a block.
    pub(super) fn statements(&mut self, span: Span) -> Parsed<Ex> {
        let mut stmts = Vec::new();
        let mut tail = None;
        let mut below = 0;
        while !self.done() {
            if self.eat_punct(b';') {
                // `{ value ; ; }` has none.
                stmts.extend(tail.take().map(Stmt::Expr));
                continue;
            }
            stmts.extend(tail.take().map(Stmt::Expr));
            let attrs = self.outer_attrs()?;
            if self.is(Word::Let) {
                if self.keep(&attrs) {
                    let (stmt, depth) = self.local()?;
                    below = below.max(depth);
                    stmts.push(stmt);
                } else {
                    self.silently(Self::local)?;
                }
            } else if self.starts_item() {
                self.inner_item(attrs)?;
                stmts.push(Stmt::Item);
            } else if self.starts_statics() {
                let mut found = Vec::new();
                self.macro_item(&mut found)?;
                self.lifted.append(&mut found);
            } else {
                let ex = self.statement()?;
                below = below.max(ex.depth);
                if self.eat_punct(b';') {
                    stmts.push(Stmt::Expr(ex.id));
                } else if ex.form == Form::Block || ex.form == Form::BraceMacro || self.done() {
                    tail = Some(ex.id);
                } else {
                    return Err(self.fail("expected `;`"));
                }
            }
        }
        stmts.shrink_to_fit();
        Ok(self.push(ExprKind::Block { stmts, tail }, span, below, Form::Block))
    }

    /// An expression as a statement. A macro call in braces is one by itself.
    fn statement(&mut self) -> Parsed<Ex> {
        let braced = self.is_mod_path_macro(b'{');
        if let Some(length) = braced {
            let behind = self.tokens[self.at + length + 1].mate as usize + 1 - self.at;
            let goes_on = self.kind(behind) == Some(Kind::Punct(b'?'))
                || self.kind(behind) == Some(Kind::Punct(b'.')) && !self.is_op_ahead(behind, "..");
            if !goes_on {
                let start = self.here();
                let path = self.path(true)?;
                self.at += 1;
                return self.call_macro(path, start);
            }
        }
        self.statement_expr()
    }

    /// Tokens of the path before `!` and such a bracket.
    fn is_mod_path_macro(&self, bracket: u8) -> Option<usize> {
        let mut length = if self.is_op("::") { 2 } else { 0 };
        loop {
            match self.kind(length) {
                Some(Kind::Word(word)) if super::types::is_segment(word) => length += 1,
                _ => return None,
            }
            if self.is_op_ahead(length, "::") {
                length += 2;
                continue;
            }
            let found = self.kind(length) == Some(Kind::Punct(b'!'))
                && self.kind(length + 1) == Some(Kind::Open(bracket));
            return found.then_some(length);
        }
    }

    /// `thread_local! { .. }`, `lazy_static! { .. }`: items in the shape of a statement.
    fn starts_statics(&self) -> bool {
        [b'{', b'(', b'['].iter().any(|bracket| {
            self.is_mod_path_macro(*bracket).is_some_and(|length| {
                let name = self.text_of(self.at + length - 1);
                let close = self.tokens[self.at + length + 1].mate as usize - self.at;
                matches!(name, "thread_local" | "lazy_static")
                    && (*bracket == b'{' || self.kind(close + 1) == Some(Kind::Punct(b';')))
            })
        })
    }

    fn starts_item(&self) -> bool {
        let Some(Kind::Word(word)) = self.kind(0) else { return false };
        let next = self.kind(1);
        match word {
            Word::Pub | Word::Use | Word::Mod | Word::Type | Word::Struct | Word::Enum | Word::Trait => true,
            Word::Impl | Word::Macro | Word::Extern | Word::Fn => true,
            Word::Static => self.is_ahead(1, Word::Mut) || self.is_ident(1),
            Word::Const => {
                self.starts_fn(0)
                    || matches!(
                        next,
                        Some(Kind::Word(Word::Name | Word::Underscore | Word::Trait | Word::Impl))
                    )
            }
            Word::Unsafe => next != Some(Kind::Open(b'{')),
            Word::Async => self.starts_fn(0),
            Word::Name => {
                let text = self.text_of(self.at);
                let is_word = matches!(next, Some(Kind::Word(_)));
                text == "union" && self.is_ident(1)
                    || text == "auto" && self.is_ahead(1, Word::Trait)
                    || text == "default" && is_word && !self.is_ahead(1, Word::As)
                    || text == "macro_rules"
                        && next == Some(Kind::Punct(b'!'))
                        && !matches!(self.kind(2), Some(Kind::Open(_)))
            }
            _ => false,
        }
    }

    /// An item inside a body: its module takes it.
    fn inner_item(&mut self, attrs: Vec<RawAttr>) -> Parsed<()> {
        let mut found = Vec::new();
        self.item_behind(attrs, &mut found)?;
        self.lifted.append(&mut found);
        Ok(())
    }

    fn local(&mut self) -> Parsed<(Stmt, u32)> {
        self.at += 1;
        let pat = self.pat_single()?;
        let ty = if self.eat_punct(b':') { self.ty()? } else { Ty::Unknown };
        let (mut value, mut other) = (None, None);
        if self.eat_punct(b'=') {
            value = Some(self.expr()?);
            if self.eat(Word::Else) {
                other = Some(self.block()?);
            }
        }
        self.want_punct(b';', "expected `;`")?;
        let depth = value.map_or(0, |ex: Ex| ex.depth).max(other.map_or(0, |ex: Ex| ex.depth));
        Ok((Stmt::Let { pat, ty, value: value.map(|ex| ex.id), other: other.map(|ex| ex.id) }, depth))
    }
}
