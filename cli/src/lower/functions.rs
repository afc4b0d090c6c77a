//! Functions, what else stands in impls and traits, and the bodies of both.
//!
//! A body is an arena of expressions; the statements in it are read in `stmts`.

use ustr::Ustr;

use crate::facts::{Body, ExprId, Function, Item, ItemKind, Param, Receiver, Ty};
use crate::span::Span;

use super::parser::{Parsed, Parser, RawAttr};
use super::tokens::{Kind, Word};

impl Parser<'_> {
    /// Whether a function's head stands there.
    pub(super) fn starts_fn(&self, ahead: usize) -> bool {
        let mut at = ahead;
        loop {
            match self.kind(at) {
                Some(Kind::Word(Word::Fn)) => return self.is_ident(at + 1),
                Some(Kind::Word(Word::Const | Word::Async | Word::Unsafe)) => at += 1,
                Some(Kind::Word(Word::Extern)) => {
                    at += 1;
                    if self.kind(at) == Some(Kind::Text) {
                        at += 1;
                    }
                }
                Some(Kind::Word(Word::Name)) if self.is_name(at, "default") || self.is_name(at, "safe") => {
                    at += 1
                }
                _ => return false,
            }
        }
    }

    /// A method, type or constant of an impl or a trait.
    pub(super) fn member(
        &mut self,
        mut attrs: Vec<RawAttr>,
        of_trait: bool,
        out: &mut Vec<Item>,
    ) -> Parsed<()> {
        self.visibility()?;
        if self.is_name(0, "default") && matches!(self.kind(1), Some(Kind::Word(_))) {
            self.at += 1;
        }
        if self.starts_fn(0) {
            let wanted = of_trait || self.keep(&attrs);
            let (name, span, function) = if wanted {
                self.function(&mut attrs)?
            } else {
                self.silently(|parser| parser.function(&mut attrs))?
            };
            if wanted && (of_trait || function.body.is_some() && self.keep(&attrs)) {
                out.push(self.named(name, span, &attrs, ItemKind::Fn(Box::new(function))));
            }
            return Ok(());
        }
        let before = out.len();
        match self.kind(0) {
            Some(Kind::Word(Word::Type)) => {
                self.alias(attrs, out)?;
                if let Some(Item { kind: ItemKind::Alias { generics, .. }, .. }) = out[before..].first_mut() {
                    generics.clear();
                }
            }
            Some(Kind::Word(Word::Const)) => self.constant_item(attrs, out)?,
            _ => {
                // A macro in place of members.
                self.path(false)?;
                self.want_punct(b'!', "expected a method, type or constant")?;
                self.macro_tail()?;
            }
        }
        if of_trait {
            out.truncate(before);
        }
        Ok(())
    }

    pub(super) fn function(&mut self, attrs: &mut Vec<RawAttr>) -> Parsed<(Ustr, Span, Function)> {
        while !self.eat(Word::Fn) {
            self.at += 1;
        }
        let (name, span) = self.ident()?;
        let mut generics = self.generics()?;
        let mut receiver = None;
        let mut params = Vec::new();
        self.inside(b'(', "expected parameters", |parser| {
            while !parser.done() {
                parser.outer_attrs()?;
                match parser.receiver()? {
                    Some(found) => receiver = Some(found),
                    None if parser.eat_op("...") => {}
                    None => {
                        let pat = parser.pat_single()?;
                        parser.want_punct(b':', "expected `:`")?;
                        if parser.eat_op("...") {
                            break;
                        }
                        params.push(Param { pat, ty: parser.ty()? });
                    }
                }
                if !parser.done() {
                    parser.want_punct(b',', "expected `,`")?;
                }
            }
            Ok(())
        })?;
        let output = self.output(true)?;
        self.where_clause(&mut generics)?;
        let mut body = None;
        if !self.eat_punct(b';') {
            let before = self.lifted.len();
            let span = self.group_span();
            body = self.body(|parser| {
                parser.inside(b'{', "expected `{`", |parser| {
                    parser.inner_attrs(attrs)?;
                    parser.stmts(span)
                })
            })?;
            for item in &mut self.lifted[before..] {
                if item.within.is_empty() {
                    item.within = name;
                }
            }
        }
        Ok((name, span, Function { generics, params, receiver, output, body }))
    }

    fn receiver(&mut self) -> Parsed<Option<Receiver>> {
        let at = self.at;
        let by_ref = self.eat_punct(b'&');
        if by_ref && self.kind(0) == Some(Kind::Lifetime) {
            self.at += 1;
        }
        let mutable = self.eat(Word::Mut);
        if !self.is(Word::SelfValue) || self.is_op_ahead(1, "::") {
            self.at = at;
            return Ok(None);
        }
        self.at += 1;
        if by_ref {
            return Ok(Some(if mutable { Receiver::RefMut } else { Receiver::Ref }));
        }
        if !self.eat_punct(b':') {
            return Ok(Some(Receiver::Value));
        }
        Ok(Some(match self.ty()? {
            Ty::Ref { mutable: true, .. } => Receiver::RefMut,
            Ty::Ref { .. } => Receiver::Ref,
            Ty::Path(path) => match path.last() {
                // `self: Pin<&mut Self>`, `self: Arc<Self>`
                Some(last) if matches!(last.args().first(), Some(Ty::Ref { mutable: true, .. })) => {
                    Receiver::RefMut
                }
                Some(last) if !last.args().is_empty() => Receiver::Ref,
                _ => Receiver::Value,
            },
            _ => Receiver::Value,
        }))
    }

    /// From the bracket here to its partner.
    pub(super) fn group_span(&self) -> Span {
        match self.tokens.get(self.at) {
            Some(token) if matches!(token.kind, Kind::Open(_)) => {
                Span { start: token.start, end: self.tokens[token.mate as usize].end }
            }
            _ => Span { start: self.here(), end: self.here() },
        }
    }

    /// An expression that is a body of its own.
    pub(super) fn initialiser(&mut self) -> Parsed<Option<Box<Body>>> {
        self.body(|parser| parser.expr().map(|expr| expr.id))
    }

    /// Reads expressions into an arena of their own. They gather in one that has grown already.
    fn body(&mut self, read: impl FnOnce(&mut Self) -> Parsed<ExprId>) -> Parsed<Option<Box<Body>>> {
        let room = self.rooms.pop().unwrap_or_default();
        let outer = std::mem::replace(&mut self.exprs, room);
        let root = read(self);
        let mut room = std::mem::replace(&mut self.exprs, outer);
        let mut exprs = Vec::with_capacity(room.len());
        exprs.append(&mut room);
        self.rooms.push(room);
        root.map(|root| (!self.dry).then(|| Box::new(Body { exprs, root: Some(root) })))
    }
}
