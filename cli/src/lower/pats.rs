//! Patterns.

use crate::facts::Pat;

use super::parser::{Parsed, Parser};
use super::tokens::{Kind, Word};
use super::types::is_segment;

impl Parser<'_> {
    /// A pattern with its alternatives.
    pub(super) fn pat(&mut self) -> Parsed<Pat> {
        self.deeper(|parser| {
            let led = parser.starts_alternative() && parser.eat_punct(b'|');
            let first = parser.pat_single_inner()?;
            if !led && !parser.starts_alternative() {
                return Ok(first);
            }
            let mut cases = vec![first];
            while parser.starts_alternative() {
                parser.at += 1;
                cases.push(parser.pat_single_inner()?);
            }
            Ok(Pat::Or(cases))
        })
    }

    /// A pattern without alternatives: of a parameter or a `let`.
    pub(super) fn pat_single(&mut self) -> Parsed<Pat> {
        self.deeper(Self::pat_single_inner)
    }

    fn starts_alternative(&self) -> bool {
        self.is_punct(b'|') && !self.is_op("||") && !self.is_op("|=")
    }

    fn pat_single_inner(&mut self) -> Parsed<Pat> {
        match self.kind(0) {
            Some(Kind::Word(Word::Underscore)) => {
                self.at += 1;
                Ok(Pat::Wild)
            }
            Some(Kind::Word(Word::Ref | Word::Mut)) => self.binding(),
            Some(Kind::Word(Word::Box)) => {
                self.at += 1;
                self.pat_single()?;
                Ok(Pat::Wild)
            }
            Some(Kind::Word(Word::Const)) => self.constant(),
            Some(Kind::Word(Word::Name)) if self.is_binding() => self.binding(),
            Some(Kind::Word(Word::True | Word::False)) => self.constant(),
            Some(Kind::Word(word)) if is_segment(word) => self.path_pat(),
            Some(Kind::Punct(b'<')) => self.path_pat(),
            Some(Kind::Punct(b':')) if self.is_op("::") => self.path_pat(),
            Some(Kind::Punct(b'.')) if self.is_op("..") => self.constant(),
            Some(Kind::Punct(b'-')) | Some(Kind::Text | Kind::Int | Kind::Float | Kind::Literal) => {
                self.constant()
            }
            Some(Kind::Punct(b'&')) => {
                self.at += 1;
                self.eat(Word::Mut);
                Ok(Pat::Ref(Box::new(self.pat_single()?)))
            }
            Some(Kind::Open(b'(')) => {
                let only_rest =
                    self.is_op_ahead(1, "..") && self.tokens[self.at].mate as usize == self.at + 3;
                let (mut parts, comma) = self.inside(b'(', "expected a pattern", Self::pat_list)?;
                match parts.pop() {
                    Some(only) if parts.is_empty() && !comma && !only_rest => Ok(only),
                    last => {
                        parts.extend(last);
                        Ok(Pat::Tuple(parts))
                    }
                }
            }
            Some(Kind::Open(b'[')) => {
                let (parts, _) = self.inside(b'[', "expected a pattern", Self::pat_list)?;
                Ok(Pat::Slice(parts))
            }
            _ => Err(self.fail("expected a pattern")),
        }
    }

    /// Patterns between commas, and whether a comma came last.
    fn pat_list(&mut self) -> Parsed<(Vec<Pat>, bool)> {
        let mut parts = Vec::new();
        let mut comma = false;
        while !self.done() {
            self.outer_attrs()?;
            parts.push(self.pat()?);
            comma = self.eat_punct(b',');
            if !comma && !self.done() {
                return Err(self.fail("expected `,`"));
            }
        }
        parts.shrink_to_fit();
        Ok((parts, comma))
    }

    /// Whether the name here is bound, not the start of a path.
    fn is_binding(&self) -> bool {
        match self.kind(1) {
            Some(Kind::Open(b'(' | b'{') | Kind::Punct(b'!' | b'<')) => false,
            Some(Kind::Punct(b':')) => !self.is_op_ahead(1, "::"),
            Some(Kind::Punct(b'.')) => !self.is_op_ahead(1, ".."),
            _ => true,
        }
    }

    fn binding(&mut self) -> Parsed<Pat> {
        self.eat(Word::Ref);
        self.eat(Word::Mut);
        if self.eat(Word::SelfValue) {
            return Ok(Pat::Bind {
                name: self.name_of(self.at - 1),
                span: self.span_of(self.at - 1),
                inner: None,
            });
        }
        let (name, span) = self.ident()?;
        let inner = if self.eat_punct(b'@') { Some(Box::new(self.pat_single()?)) } else { None };
        Ok(Pat::Bind { name, span, inner })
    }

    /// A literal, a range of literals or paths, or `..`: nothing is bound.
    fn constant(&mut self) -> Parsed<Pat> {
        let text = match self.kind(0) {
            Some(Kind::Text) => Some(super::literals::value(self.text_of(self.at)).into_boxed_str()),
            _ => None,
        };
        if !self.is_op("..") {
            self.bound_of_range()?;
        }
        let ranges = self.eat_op("..=") || self.eat_op("...") || self.eat_op("..");
        if ranges && self.starts_bound_of_range() {
            self.bound_of_range()?;
        }
        Ok(text.filter(|_| !ranges).map_or(Pat::Wild, Pat::Text))
    }

    fn starts_bound_of_range(&self) -> bool {
        match self.kind(0) {
            Some(Kind::Text | Kind::Int | Kind::Float | Kind::Literal) => true,
            Some(Kind::Punct(b'-' | b'<')) => true,
            Some(Kind::Punct(b':')) => self.is_op("::"),
            Some(Kind::Word(word)) => is_segment(word) || word == Word::Const,
            _ => false,
        }
    }

    fn bound_of_range(&mut self) -> Parsed<()> {
        if self.eat(Word::Const) {
            return self.skip_group();
        }
        self.eat_punct(b'-');
        match self.kind(0) {
            Some(Kind::Text | Kind::Int | Kind::Float | Kind::Literal) => self.at += 1,
            Some(Kind::Word(Word::True | Word::False)) => self.at += 1,
            Some(Kind::Punct(b'<')) => {
                self.qualified(true)?;
            }
            _ => {
                self.path(true)?;
            }
        }
        Ok(())
    }

    fn path_pat(&mut self) -> Parsed<Pat> {
        let path = if self.is_punct(b'<') { self.qualified(true)?.1 } else { self.path(true)? };
        match self.kind(0) {
            Some(Kind::Open(b'(')) => {
                let (parts, _) = self.inside(b'(', "expected patterns", Self::pat_list)?;
                Ok(Pat::TupleStruct(path, parts))
            }
            Some(Kind::Open(b'{')) => {
                let fields = self.inside(b'{', "expected patterns", Self::field_pats)?;
                Ok(Pat::Struct(path, fields))
            }
            Some(Kind::Punct(b'!')) if matches!(self.kind(1), Some(Kind::Open(_))) => {
                self.at += 1;
                self.skip_group()?;
                Ok(Pat::Wild)
            }
            Some(Kind::Punct(b'.')) if self.is_op("..") => self.constant(),
            _ => Ok(Pat::TupleStruct(path, Vec::new())),
        }
    }

    fn field_pats(&mut self) -> Parsed<Vec<(ustr::Ustr, Pat)>> {
        let mut fields = Vec::new();
        while !self.done() {
            self.outer_attrs()?;
            if self.eat_op("..") {
                break;
            }
            let named = matches!(self.kind(0), Some(Kind::Word(Word::Name) | Kind::Int))
                && self.kind(1) == Some(Kind::Punct(b':'))
                && !self.is_op_ahead(1, "::");
            if named {
                let name = self.name_of(self.at);
                self.at += 2;
                fields.push((name, self.pat()?));
            } else {
                self.eat(Word::Box);
                self.eat(Word::Ref);
                self.eat(Word::Mut);
                let (name, span) = self.ident()?;
                fields.push((name, Pat::Bind { name, span, inner: None }));
            }
            if !self.done() {
                self.want_punct(b',', "expected `,`")?;
            }
        }
        Ok(fields)
    }
}
