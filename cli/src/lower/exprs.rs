//! Expressions: operators, and what hangs behind a value.
//!
//! An expression is written to the body at hand as soon as it is read, its parts before
//! it. Chains and sums are read in loops; only what stands in brackets or behind a prefix
//! recurses.

use crate::facts::{Expr, ExprId, ExprIds, ExprKind, GenericArgs, Ty};
use crate::span::Span;

use super::parser::{Parsed, Parser};
use super::tokens::{Kind, Word};

/// Expressions nested deeper than this are cut off with a note: the model walks
/// them recursively.
const MAX_NESTED: u32 = 3000;

/// An expression that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ex {
    pub(super) id: ExprId,
    /// Its first and last place, as far as they matter to tell accesses apart: of what
    /// has a block only the keyword, of what is in brackets only the opening one.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) depth: u32,
    pub(super) form: Form,
}

/// What the grammar has to know of an expression that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// Ends a statement by itself: `if`, `match`, a block.
    Block,
    /// A macro call in braces: does so, too, but takes operators behind it.
    BraceMacro,
    Range,
    Compare,
}

/// How strongly an operator binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binds {
    Least,
    Assign,
    Range,
    Or,
    And,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Product,
    Cast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Assign,
    /// `+=` and its like.
    Change,
    Range,
    Cast,
    /// `compares`: comparisons, and the remainder: it picks one of a few, as a cursor does.
    Binary {
        compares: bool,
    },
}

impl Parser<'_> {
    pub(super) fn push(&mut self, kind: ExprKind, span: Span, below: u32, form: Form) -> Ex {
        let ex = Ex { id: ExprId(0), start: span.start, end: span.end, depth: below + 1, form };
        if self.dry {
            return ex;
        }
        let id = ExprId(self.exprs.len() as u32);
        if below >= MAX_NESTED {
            self.too_deep.get_or_insert(span);
            self.exprs.push(Expr { kind: ExprKind::Opaque, span });
            return Ex { id, depth: 1, ..ex };
        }
        self.exprs.push(Expr { kind, span });
        Ex { id, ..ex }
    }

    /// An expression wherever one may stand.
    pub(super) fn expr(&mut self) -> Parsed<Ex> {
        self.expr_with(true)
    }

    /// `records`: whether `name { .. }` is a struct literal here, not a name before a block.
    pub(super) fn expr_with(&mut self, records: bool) -> Parsed<Ex> {
        let from = self.at;
        let first = self.unary(records)?;
        self.operators(first, from, records, Binds::Least)
    }

    /// An expression at the start of a statement or an arm: a block there ends it.
    pub(super) fn statement_expr(&mut self) -> Parsed<Ex> {
        self.outer_attrs()?;
        let from = self.at;
        let starts_block = match self.kind(0) {
            Some(Kind::Word(Word::If | Word::While | Word::Loop | Word::Match)) => true,
            Some(Kind::Word(Word::For)) => self.kind(1) != Some(Kind::Punct(b'<')),
            Some(Kind::Word(Word::Unsafe | Word::Try)) => self.kind(1) == Some(Kind::Open(b'{')),
            Some(Kind::Word(Word::Const)) => self.kind(1) == Some(Kind::Open(b'{')),
            Some(Kind::Open(b'{')) | Some(Kind::Lifetime) => true,
            _ => false,
        };
        if !starts_block {
            return self.expr_with(true);
        }
        let mut first = self.deeper(|parser| parser.atom(true))?;
        if first.form == Form::Block {
            if !(self.is_punct(b'.') && !self.is_op("..") || self.is_punct(b'?')) {
                return Ok(first);
            }
            first = self.trailers(first)?;
        }
        self.operators(first, from, true, Binds::Least)
    }

    pub(super) fn unary(&mut self, records: bool) -> Parsed<Ex> {
        self.outer_attrs()?;
        let prefix = matches!(self.kind(0), Some(Kind::Punct(b'&' | b'*' | b'!' | b'-')));
        if !prefix {
            let atom = self.deeper(|parser| parser.atom(records))?;
            if atom.form == Form::Range {
                return Ok(atom);
            }
            return self.trailers(atom);
        }
        let sign = self.at;
        let start = self.here();
        self.at += 1;
        if self.text_of(sign) == "&" {
            let raw = self.is_name(0, "raw")
                && (self.is_ahead(1, Word::Mut)
                    || self.is_ahead(1, Word::Const) && self.kind(2) != Some(Kind::Open(b'{')));
            if raw {
                self.at += 2;
                self.silently(|parser| parser.deeper(|parser| parser.unary(records)))?;
                let span = Span { start, end: self.behind() };
                return Ok(self.push(ExprKind::Opaque, span, 0, Form::Plain));
            }
            self.eat(Word::Mut);
            let value = self.deeper(|parser| parser.unary(records))?;
            let span = Span { start, end: value.end };
            return Ok(self.push(ExprKind::Ref { value: value.id }, span, value.depth, Form::Plain));
        }
        let value = self.deeper(|parser| parser.unary(records))?;
        let span = Span { start, end: value.end };
        let kind =
            if self.text_of(sign) == "*" { ExprKind::Deref(value.id) } else { ExprKind::Unary(value.id) };
        Ok(self.push(kind, span, value.depth, Form::Plain))
    }

    /// The operator here, how strongly it binds, and how many characters it has.
    fn operator(&self) -> Option<(Op, Binds, usize)> {
        if self.is(Word::As) {
            return Some((Op::Cast, Binds::Cast, 1));
        }
        let Some(Kind::Punct(first)) = self.kind(0) else { return None };
        let next = |ahead: usize| match self.kind(ahead) {
            Some(Kind::Punct(byte))
                if self.tokens[self.at + ahead].start == self.tokens[self.at + ahead - 1].end =>
            {
                byte
            }
            _ => 0,
        };
        let (second, third) = (next(1), if next(1) == 0 { 0 } else { next(2) });
        let plain = Op::Binary { compares: false };
        let compare = Op::Binary { compares: true };
        Some(match (first, second, third) {
            (b'<', b'<', b'=') | (b'>', b'>', b'=') => (Op::Change, Binds::Assign, 3),
            (b'=', b'>', _) => return None,
            (b'=', b'=', _) | (b'!', b'=', _) | (b'<', b'=', _) | (b'>', b'=', _) => {
                (compare, Binds::Compare, 2)
            }
            (b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'&' | b'|', b'=', _) => {
                (Op::Change, Binds::Assign, 2)
            }
            (b'&', b'&', _) => (plain, Binds::And, 2),
            (b'|', b'|', _) => (plain, Binds::Or, 2),
            (b'<', b'<', _) | (b'>', b'>', _) => (plain, Binds::Shift, 2),
            (b'-', b'>', _) | (b'<', b'-', _) => return None,
            (b'.', b'.', b'=') => (Op::Range, Binds::Range, 3),
            (b'.', b'.', b'.') => return None,
            (b'.', b'.', _) => (Op::Range, Binds::Range, 2),
            (b'=', ..) => (Op::Assign, Binds::Assign, 1),
            (b'<' | b'>', ..) => (compare, Binds::Compare, 1),
            (b'+' | b'-', ..) => (plain, Binds::Sum, 1),
            (b'*' | b'/', ..) => (plain, Binds::Product, 1),
            (b'%', ..) => (compare, Binds::Product, 1),
            (b'^', ..) => (plain, Binds::BitXor, 1),
            (b'&', ..) => (plain, Binds::BitAnd, 1),
            (b'|', ..) => (plain, Binds::BitOr, 1),
            _ => return None,
        })
    }

    /// Takes the operators behind `left` that bind at least as strongly as `least`.
    pub(super) fn operators(&mut self, left: Ex, from: usize, records: bool, least: Binds) -> Parsed<Ex> {
        let mut left = left;
        while let Some((op, binds, length)) = self.operator() {
            if left.form == Form::Range || binds < least {
                break;
            }
            if binds == Binds::Compare && left.form == Form::Compare {
                return Err(self.fail("comparisons cannot be chained"));
            }
            self.at += length;
            if op == Op::Cast {
                let ty = self.ty_no_plus()?;
                let span = Span { start: left.start, end: self.behind() };
                left = self.push(ExprKind::Cast(left.id, ty), span, left.depth, Form::Plain);
                continue;
            }
            if op == Op::Range {
                let open_end = length == 2 && !self.starts_range_end(records);
                let right = if open_end { None } else { Some(self.right_side(records, Binds::Range)?) };
                left = self.range_expr(Some(left), right, from);
                continue;
            }
            let right = self.right_side(records, binds)?;
            let span = Span { start: left.start, end: right.end };
            let below = left.depth.max(right.depth);
            let (place, value) = (left.id, right.id);
            let form = if binds == Binds::Compare { Form::Compare } else { Form::Plain };
            let kind = match op {
                Op::Assign => ExprKind::Assign { place, value },
                Op::Change => ExprKind::AssignOp { place, value },
                Op::Binary { compares } => ExprKind::Binary { left: place, right: value, compares },
                Op::Range | Op::Cast => ExprKind::Opaque,
            };
            left = self.push(kind, span, below, form);
        }
        Ok(left)
    }

    fn right_side(&mut self, records: bool, binds: Binds) -> Parsed<Ex> {
        self.deeper(|parser| {
            let from = parser.at;
            let mut right = parser.unary(records)?;
            while let Some((_, next, _)) = parser.operator() {
                if !(next > binds || next == binds && binds == Binds::Assign) {
                    break;
                }
                let before = parser.at;
                right = parser.operators(right, from, records, next)?;
                if parser.at == before {
                    break;
                }
            }
            Ok(right)
        })
    }

    /// Whether a bound follows `..`.
    fn starts_range_end(&self, records: bool) -> bool {
        match self.kind(0) {
            None | Some(Kind::Close(_)) | Some(Kind::Word(Word::As)) => false,
            Some(Kind::Open(b'{')) => records,
            Some(Kind::Punct(byte)) => {
                matches!(byte, b'-' | b'*' | b'&' | b'|' | b'<' | b'!' | b'#')
                    && !["<=", "!=", "-=", "*=", "&=", "|=", "<<="].iter().any(|op| self.is_op(op))
                    || self.is_op("..")
                    || self.is_op("::")
            }
            _ => true,
        }
    }

    /// `from`: the first token.
    fn range_expr(&mut self, left: Option<Ex>, right: Option<Ex>, from: usize) -> Ex {
        let span = Span { start: self.tokens[from].start, end: self.behind() };
        let below = left.map_or(0, |ex| ex.depth).max(right.map_or(0, |ex| ex.depth));
        let kind = ExprKind::Range(left.map(|ex| ex.id), right.map(|ex| ex.id));
        self.push(kind, span, below, Form::Range)
    }

    /// `..`, `..end`, `..=end`
    pub(super) fn range_to(&mut self, records: bool) -> Parsed<Ex> {
        let from = self.at;
        let closed = self.is_op("..=");
        self.at += if closed { 3 } else { 2 };
        let right = if closed || self.starts_range_end(records) {
            Some(self.right_side(records, Binds::Range)?)
        } else {
            None
        };
        Ok(self.range_expr(None, right, from))
    }

    /// Calls, fields, indexes, `?` and `.await` behind a value.
    pub(super) fn trailers(&mut self, head: Ex) -> Parsed<Ex> {
        let mut head = head;
        loop {
            match self.kind(0) {
                Some(Kind::Open(b'(')) => {
                    let (args, below) = self.args()?;
                    let span = Span { start: head.start, end: self.behind() };
                    let kind = ExprKind::Call { callee: head.id, args };
                    head = self.push(kind, span, below.max(head.depth), Form::Plain);
                }
                Some(Kind::Open(b'[')) => {
                    let index = self.inside(b'[', "expected an index", Self::expr)?;
                    let span = Span { start: head.start, end: self.behind() };
                    let kind = ExprKind::Index { base: head.id, index: index.id };
                    head = self.push(kind, span, index.depth.max(head.depth), Form::Plain);
                }
                Some(Kind::Punct(b'?')) => {
                    self.at += 1;
                    let span = Span { start: head.start, end: self.behind() };
                    head = self.push(ExprKind::Try(head.id), span, head.depth, Form::Plain);
                }
                Some(Kind::Punct(b'.')) if !self.is_op("..") => {
                    self.at += 1;
                    head = self.member_of(head)?;
                }
                _ => return Ok(head),
            }
        }
    }

    /// Behind the dot.
    fn member_of(&mut self, head: Ex) -> Parsed<Ex> {
        match self.kind(0) {
            Some(Kind::Word(Word::Await)) => {
                self.at += 1;
                let span = Span { start: head.start, end: self.behind() };
                Ok(self.push(ExprKind::Await(head.id), span, head.depth, Form::Plain))
            }
            // `.0.1` reads as a number.
            Some(Kind::Float) => {
                self.at += 1;
                let token = self.tokens[self.at - 1];
                let text = self.text_of(self.at - 1);
                let mut head = head;
                let mut end = token.start;
                for part in text.split('.') {
                    end += part.len() as u32;
                    if part.is_empty() {
                        return self.member_of(head);
                    }
                    let span = Span { start: head.start, end };
                    let kind = ExprKind::Field { base: head.id, name: ustr::Ustr::from(part) };
                    head = self.push(kind, span, head.depth, Form::Plain);
                    end += 1;
                }
                Ok(head)
            }
            Some(Kind::Int) => {
                self.at += 1;
                let span = Span { start: head.start, end: self.behind() };
                let kind = ExprKind::Field { base: head.id, name: self.name_of(self.at - 1) };
                Ok(self.push(kind, span, head.depth, Form::Plain))
            }
            _ => {
                let (name, name_span) = self.ident()?;
                let generics = self.turbofish()?;
                if !self.is_open(b'(') {
                    if self.tokens[self.at - 1].end != name_span.end {
                        return Err(self.fail("expected `(`"));
                    }
                    let span = Span { start: head.start, end: name_span.end };
                    let kind = ExprKind::Field { base: head.id, name };
                    return Ok(self.push(kind, span, head.depth, Form::Plain));
                }
                let (args, below) = self.args()?;
                let span = Span { start: head.start, end: self.behind() };
                let kind = ExprKind::Method { receiver: head.id, name, generics, args, name_span };
                Ok(self.push(kind, span, below.max(head.depth), Form::Plain))
            }
        }
    }

    fn turbofish(&mut self) -> Parsed<Vec<Ty>> {
        if !self.is_op("::") {
            return Ok(Vec::new());
        }
        self.at += 2;
        let mut list = GenericArgs::default();
        self.generic_args(&mut list)?;
        Ok(list.args)
    }

    fn args(&mut self) -> Parsed<(ExprIds, u32)> {
        self.inside(b'(', "expected arguments", Self::expr_list)
    }

    /// Expressions between commas, and how deep they are.
    pub(super) fn expr_list(&mut self) -> Parsed<(ExprIds, u32)> {
        let mut out = ExprIds::new();
        let mut below = 0;
        while !self.done() {
            let ex = self.expr()?;
            below = below.max(ex.depth);
            out.push(ex.id);
            if !self.done() {
                self.want_punct(b',', "expected `,`")?;
            }
        }
        Ok((out, below))
    }
}
