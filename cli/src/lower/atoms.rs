//! What an expression starts with: literals, paths, brackets, control flow, closures.

use crate::facts::{Arm, ExprIds, ExprKind, Path, Ty};
use crate::span::Span;

use super::exprs::{Binds, Ex, Form};
use super::parser::{Parsed, Parser};
use super::tokens::{Kind, Word};
use super::types::is_segment;

impl Parser<'_> {
    pub(super) fn atom(&mut self, records: bool) -> Parsed<Ex> {
        let start = self.here();
        match self.kind(0) {
            Some(Kind::Text) => {
                let text =
                    if self.dry { String::new() } else { super::literals::value(self.text_of(self.at)) };
                Ok(self.one_token(ExprKind::Str(text)))
            }
            Some(Kind::Int) => Ok(self.one_token(ExprKind::Number)),
            Some(Kind::Float | Kind::Literal) => Ok(self.one_token(ExprKind::Literal)),
            Some(Kind::Lifetime) => {
                self.at += 1;
                self.want_punct(b':', "expected `:` behind a label")?;
                match self.kind(0) {
                    Some(Kind::Word(Word::While | Word::For | Word::Loop)) | Some(Kind::Open(b'{')) => {
                        self.atom(records)
                    }
                    _ => Err(self.fail("expected a loop or a block")),
                }
            }
            Some(Kind::Open(b'(')) => self.paren_or_tuple(),
            Some(Kind::Open(b'[')) => self.array(),
            Some(Kind::Open(_)) => self.block(),
            Some(Kind::Punct(b'|')) => self.closure(records),
            Some(Kind::Punct(b'.')) if self.is_op("..") && !self.is_op("...") => self.range_to(records),
            Some(Kind::Punct(b'<')) => self.qualified_expr(records),
            Some(Kind::Punct(b':')) if self.is_op("::") => self.path_expr(records),
            Some(Kind::Word(word)) => self.word(word, start, records),
            _ => Err(self.fail("expected an expression")),
        }
    }

    fn one_token(&mut self, kind: ExprKind) -> Ex {
        self.at += 1;
        let span = self.span_of(self.at - 1);
        self.push(kind, span, 0, Form::Plain)
    }

    fn word(&mut self, word: Word, start: u32, records: bool) -> Parsed<Ex> {
        let block_next = self.kind(1) == Some(Kind::Open(b'{'));
        let keyword = self.span_of(self.at);
        match word {
            Word::True | Word::False => Ok(self.one_token(ExprKind::Literal)),
            Word::Underscore => Ok(self.one_token(ExprKind::Opaque)),
            Word::If => self.if_expr(),
            Word::Match => self.match_expr(),
            Word::Loop => {
                self.at += 1;
                let body = self.block()?;
                Ok(self.push(ExprKind::Loop { body: body.id }, keyword, body.depth, Form::Block))
            }
            Word::While => {
                self.at += 1;
                let cond = self.expr_with(false)?;
                let body = self.block()?;
                let kind = ExprKind::While { cond: cond.id, body: body.id };
                Ok(self.push(kind, keyword, cond.depth.max(body.depth), Form::Block))
            }
            Word::For if self.kind(1) != Some(Kind::Punct(b'<')) => {
                self.at += 1;
                let pat = self.pat()?;
                if !self.eat(Word::In) {
                    return Err(self.fail("expected `in`"));
                }
                let iter = self.expr_with(false)?;
                let body = self.block()?;
                let kind = ExprKind::For { pat, iter: iter.id, body: body.id };
                Ok(self.push(kind, keyword, iter.depth.max(body.depth), Form::Block))
            }
            Word::Unsafe if block_next => {
                self.at += 1;
                let block = self.block()?;
                Ok(Ex { start, end: keyword.end, ..block })
            }
            Word::Const | Word::Try if block_next => {
                self.at += 1;
                let block = self.block()?;
                Ok(Ex { start, ..block })
            }
            Word::Async
                if block_next || self.is_ahead(1, Word::Move) && self.kind(2) == Some(Kind::Open(b'{')) =>
            {
                self.at += 1;
                self.eat(Word::Move);
                let block = self.block()?;
                let span = Span { start, end: block.end };
                Ok(self.push(ExprKind::Async(block.id), span, block.depth, Form::Plain))
            }
            Word::Async | Word::Move | Word::Static | Word::Const | Word::For => self.closure(records),
            Word::Return | Word::Break | Word::Yield | Word::Become => self.leave(word, keyword, records),
            Word::Continue => {
                self.at += 1;
                if self.kind(0) == Some(Kind::Lifetime) {
                    self.at += 1;
                }
                let span = Span { start, end: self.behind() };
                Ok(self.push(ExprKind::Opaque, span, 0, Form::Plain))
            }
            Word::Let => {
                self.at += 1;
                let pat = self.pat()?;
                self.want_punct(b'=', "expected `=`")?;
                let from = self.at;
                let first = self.unary(records)?;
                let value = self.operators(first, from, records, Binds::Compare)?;
                let span = Span { start, end: value.end };
                Ok(self.push(ExprKind::Let { pat, value: value.id }, span, value.depth, Form::Plain))
            }
            word if is_segment(word) => self.path_expr(records),
            _ => Err(self.fail("expected an expression")),
        }
    }

    /// `return`, `break`, `yield`, with a value or without.
    fn leave(&mut self, word: Word, keyword: Span, records: bool) -> Parsed<Ex> {
        self.at += 1;
        if word == Word::Break
            && self.kind(0) == Some(Kind::Lifetime)
            && self.kind(1) != Some(Kind::Punct(b':'))
        {
            self.at += 1;
        }
        let records = records || word != Word::Break;
        let value = if word == Word::Become || self.starts_expr(records) {
            Some(self.expr_with(records)?)
        } else {
            None
        };
        let below = value.map_or(0, |ex| ex.depth);
        let span = match word {
            Word::Yield => Span { start: keyword.start, end: self.behind() },
            _ => keyword,
        };
        Ok(self.push(ExprKind::Leave(value.map(|ex| ex.id)), span, below, Form::Plain))
    }

    pub(super) fn starts_expr(&self, records: bool) -> bool {
        match self.kind(0) {
            None | Some(Kind::Close(_)) => false,
            Some(Kind::Open(b'{')) => records,
            Some(Kind::Open(_) | Kind::Lifetime) => true,
            Some(Kind::Punct(b'=')) => false,
            Some(Kind::Punct(byte)) => {
                matches!(byte, b'!' | b'-' | b'*' | b'|' | b'&' | b'<' | b'#')
                    && !["!=", "-=", "*=", "|=", "&=", "<=", "<<="].iter().any(|op| self.is_op(op))
                    || self.is_op("..")
                    || self.is_op("::")
            }
            Some(Kind::Word(word)) => !matches!(word, Word::As | Word::Else | Word::In | Word::Where),
            Some(_) => true,
        }
    }

    fn paren_or_tuple(&mut self) -> Parsed<Ex> {
        let open = self.span_of(self.at);
        let close = self.tokens[self.at].mate as usize;
        let comma = close > 0 && self.tokens[close - 1].kind == Kind::Punct(b',');
        let (parts, below, first) = self.inside(b'(', "expected an expression", |parser| {
            let mut parts = ExprIds::new();
            let mut below = 0;
            let mut first = None;
            while !parser.done() {
                let ex = parser.expr()?;
                below = below.max(ex.depth);
                first.get_or_insert(ex);
                parts.push(ex.id);
                if !parser.done() {
                    parser.want_punct(b',', "expected `,` or `)`")?;
                }
            }
            Ok((parts, below, first))
        })?;
        match first {
            Some(only) if parts.len() == 1 && !comma => {
                Ok(Ex { start: open.start, end: open.end, form: Form::Plain, ..only })
            }
            _ => Ok(self.push(ExprKind::Tuple(parts), open, below, Form::Plain)),
        }
    }

    fn array(&mut self) -> Parsed<Ex> {
        let open = self.span_of(self.at);
        let whole = self.group_span();
        let (parts, below, repeat) = self.inside(b'[', "expected an expression", |parser| {
            let mut parts = ExprIds::new();
            let mut below = 0;
            while !parser.done() {
                let ex = parser.expr()?;
                below = below.max(ex.depth);
                parts.push(ex.id);
                if parts.len() == 1 && parser.eat_punct(b';') {
                    parser.silently(Self::expr)?;
                    return Ok((parts, below, true));
                }
                if !parser.done() {
                    parser.want_punct(b',', "expected `,` or `]`")?;
                }
            }
            Ok((parts, below, false))
        })?;
        let span = if repeat { whole } else { open };
        Ok(self.push(ExprKind::Array(parts), span, below, Form::Plain))
    }

    fn if_expr(&mut self) -> Parsed<Ex> {
        // A long chain of `else if` is read in a loop, and put together from its end.
        let mut clauses = Vec::new();
        let mut other = None;
        loop {
            let keyword = self.span_of(self.at);
            self.at += 1;
            let cond = self.expr_with(false)?;
            let then = self.block()?;
            clauses.push((keyword, cond, then));
            if !self.eat(Word::Else) {
                break;
            }
            if !self.is(Word::If) {
                other = Some(self.block()?);
                break;
            }
        }
        let mut last = None;
        while let Some((keyword, cond, then)) = clauses.pop() {
            let below = cond.depth.max(then.depth).max(other.map_or(0, |ex| ex.depth));
            let kind = ExprKind::If { cond: cond.id, then: then.id, other: other.map(|ex| ex.id) };
            other = Some(self.push(kind, keyword, below, Form::Block));
            last = other;
        }
        last.ok_or_else(|| self.fail("expected `if`"))
    }

    fn match_expr(&mut self) -> Parsed<Ex> {
        let start = self.here();
        self.at += 1;
        let value = self.expr_with(false)?;
        let mut below = value.depth;
        let arms = self.inside(b'{', "expected `{`", |parser| {
            let mut arms = Vec::new();
            parser.inner_attrs(&mut Vec::new())?;
            while !parser.done() {
                parser.outer_attrs()?;
                let pat = parser.pat()?;
                let guard = if parser.eat(Word::If) { Some(parser.expr()?) } else { None };
                parser.want_op("=>", "expected `=>`")?;
                let body = parser.statement_expr()?;
                if body.form == Form::Block {
                    parser.eat_punct(b',');
                } else if !parser.done() {
                    parser.want_punct(b',', "expected `,` behind an arm")?;
                }
                below = below.max(body.depth).max(guard.map_or(0, |ex| ex.depth));
                arms.push(Arm { pat, guard: guard.map(|ex| ex.id), body: body.id });
            }
            arms.shrink_to_fit();
            Ok(arms)
        })?;
        let span = Span { start, end: self.behind() };
        Ok(self.push(ExprKind::Match { value: value.id, arms }, span, below, Form::Block))
    }

    fn closure(&mut self, records: bool) -> Parsed<Ex> {
        self.for_lifetimes()?;
        for word in [Word::Const, Word::Static, Word::Async, Word::Move] {
            self.eat(word);
        }
        let start = self.here();
        self.want_punct(b'|', "expected an expression")?;
        let mut params = Vec::new();
        while !self.is_punct(b'|') {
            self.outer_attrs()?;
            let pat = self.pat_single()?;
            let ty = if self.eat_punct(b':') { self.ty()? } else { Ty::Unknown };
            params.push((pat, ty));
            if !self.is_punct(b'|') {
                self.want_punct(b',', "expected `,` or `|`")?;
            }
        }
        self.at += 1;
        let body = if self.eat_op("->") {
            self.ty()?;
            self.block()?
        } else {
            self.expr_with(records)?
        };
        let span = Span { start, end: body.end };
        Ok(self.push(ExprKind::Closure { params, body: body.id }, span, body.depth, Form::Plain))
    }

    fn qualified_expr(&mut self, records: bool) -> Parsed<Ex> {
        let start = self.here();
        let (ty, path) = self.qualified(true)?;
        if records && self.is_open(b'{') {
            return self.record(path, start);
        }
        let end = self.last_name_end();
        let span = Span { start, end };
        Ok(self.push(ExprKind::QPath(Box::new(ty), path), span, 0, Form::Plain))
    }

    fn path_expr(&mut self, records: bool) -> Parsed<Ex> {
        let whole = self.here();
        let first = self.at + if self.is_op("::") { 2 } else { 0 };
        let path = self.path(true)?;
        let start = self.tokens.get(first).map_or(whole, |token| token.start);
        if self.is_punct(b'!') && matches!(self.kind(1), Some(Kind::Open(_))) {
            self.at += 1;
            let ex = self.call_macro(path, whole)?;
            return Ok(Ex { start, ..ex });
        }
        if records && self.is_open(b'{') {
            return self.record(path, start);
        }
        let span = Span { start, end: self.last_name_end() };
        Ok(self.push(ExprKind::Path(path), span, 0, Form::Plain))
    }

    /// Where the last name of the path that was just read ends, its arguments left out.
    fn last_name_end(&self) -> u32 {
        let mut at = self.at;
        if self.tokens[at - 1].kind == Kind::Punct(b'>') {
            // Back over `::<..>`.
            let mut open = 0;
            while at > 1 {
                at -= 1;
                match self.tokens[at].kind {
                    Kind::Punct(b'>') if self.text_of(at - 1) != "-" => open += 1,
                    Kind::Punct(b'<') => open -= 1,
                    Kind::Close(_) => at = self.tokens[at].mate as usize,
                    _ => {}
                }
                if open == 0 {
                    break;
                }
            }
            at = at.saturating_sub(2);
        }
        self.tokens.get(at.saturating_sub(1)).map_or(0, |token| token.end)
    }

    /// `Path { field: value, .. }`
    fn record(&mut self, path: Path, start: u32) -> Parsed<Ex> {
        let mut below = 0;
        let (fields, rest) = self.inside(b'{', "expected fields", |parser| {
            let mut fields = Vec::new();
            let mut rest = None;
            while !parser.done() {
                parser.outer_attrs()?;
                if parser.eat_op("..") {
                    if !parser.done() {
                        let ex = parser.expr()?;
                        below = below.max(ex.depth);
                        rest = Some(ex.id);
                    }
                    break;
                }
                if !matches!(parser.kind(0), Some(Kind::Word(Word::Name) | Kind::Int)) {
                    return Err(parser.fail("expected the name of a field"));
                }
                let (name, span) = (parser.name_of(parser.at), parser.span_of(parser.at));
                let shorthand = parser.kind(1) != Some(Kind::Punct(b':')) || parser.is_op_ahead(1, "::");
                parser.at += 1;
                let value = if shorthand {
                    parser.push(ExprKind::Path(Path::of(&[name.as_str()])), span, 0, Form::Plain)
                } else {
                    parser.at += 1;
                    parser.expr()?
                };
                below = below.max(value.depth);
                fields.push((name, value.id, span));
                if !parser.done() {
                    parser.want_punct(b',', "expected `,`")?;
                }
            }
            Ok((fields, rest))
        })?;
        let span = Span { start, end: self.behind() };
        Ok(self.push(ExprKind::Struct { path, fields, rest }, span, below, Form::Plain))
    }
}
