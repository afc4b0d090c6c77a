//! A place in the tokens of one file, and how to move it.
//!
//! Holds what every part of the grammar needs: looking ahead, stepping into brackets,
//! trying without leaving a trace, attributes, and tokens as text. It knows no construct
//! of the language larger than an attribute.

use ustr::Ustr;

use crate::facts::{Attr, Expr, Item, Path};
use crate::span::Span;

use super::tokens::{Kind, Token, Word};

/// Constructs inside each other that the stack has room for by far.
const MAX_DEPTH: usize = 2_000;
/// Longest attribute text that is kept, in bytes.
const MAX_ATTR: usize = 400;

/// Where the text stops making sense, and what was wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fail {
    pub(super) at: u32,
    pub(super) message: &'static str,
}

pub(super) type Parsed<T> = Result<T, Fail>;

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    /// One past the last token in reach: the closing bracket, or the end of the file.
    pub(super) end: usize,
    depth: usize,
    /// Only looks whether the text can be read: leaves no expression and no item.
    pub(super) dry: bool,
    pub(super) tests: bool,
    /// Expressions of the body at hand.
    pub(super) exprs: Vec<Expr>,
    /// Empty arenas that bodies were gathered in.
    pub(super) rooms: Vec<Vec<Expr>>,
    /// Items found inside bodies, waiting for their module to take them.
    pub(super) lifted: Vec<Item>,
    /// The first expression that was nested too deep.
    pub(super) too_deep: Option<Span>,
}

/// An attribute as it stands in the text.
#[derive(Clone, Copy)]
pub(super) struct RawAttr {
    /// Tokens between the square brackets.
    pub(super) from: usize,
    pub(super) to: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token], tests: bool) -> Self {
        Parser {
            text,
            tokens,
            at: 0,
            end: tokens.len(),
            depth: 0,
            dry: false,
            tests,
            exprs: Vec::new(),
            rooms: Vec::new(),
            lifted: Vec::new(),
            too_deep: None,
        }
    }

    /// The kind of the token so many ahead; nothing past the end of the brackets.
    pub(super) fn kind(&self, ahead: usize) -> Option<Kind> {
        let at = self.at + ahead;
        if at < self.end { self.tokens.get(at).map(|token| token.kind) } else { None }
    }

    pub(super) fn done(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn is(&self, word: Word) -> bool {
        self.kind(0) == Some(Kind::Word(word))
    }

    pub(super) fn is_ahead(&self, ahead: usize, word: Word) -> bool {
        self.kind(ahead) == Some(Kind::Word(word))
    }

    pub(super) fn is_punct(&self, byte: u8) -> bool {
        self.kind(0) == Some(Kind::Punct(byte))
    }

    pub(super) fn is_open(&self, byte: u8) -> bool {
        self.kind(0) == Some(Kind::Open(byte))
    }

    /// Whether the punctuation stands here, its characters next to each other.
    pub(super) fn is_op(&self, op: &str) -> bool {
        self.is_op_ahead(0, op)
    }

    pub(super) fn is_op_ahead(&self, ahead: usize, op: &str) -> bool {
        let mut last = None;
        for (at, byte) in op.bytes().enumerate() {
            if self.kind(ahead + at) != Some(Kind::Punct(byte)) {
                return false;
            }
            let token = &self.tokens[self.at + ahead + at];
            if last.is_some_and(|end| end != token.start) {
                return false;
            }
            last = Some(token.end);
        }
        true
    }

    /// Whether a contextual word stands there.
    pub(super) fn is_name(&self, ahead: usize, name: &str) -> bool {
        self.is_ahead(ahead, Word::Name) && self.text_of(self.at + ahead) == name
    }

    pub(super) fn eat(&mut self, word: Word) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_punct(&mut self, byte: u8) -> bool {
        let found = self.is_punct(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_op(&mut self, op: &str) -> bool {
        let found = self.is_op(op);
        if found {
            self.at += op.len();
        }
        found
    }

    pub(super) fn want_punct(&mut self, byte: u8, message: &'static str) -> Parsed<()> {
        if self.eat_punct(byte) { Ok(()) } else { Err(self.fail(message)) }
    }

    pub(super) fn want_op(&mut self, op: &str, message: &'static str) -> Parsed<()> {
        if self.eat_op(op) { Ok(()) } else { Err(self.fail(message)) }
    }

    pub(super) fn fail(&self, message: &'static str) -> Fail {
        let here = self.tokens.get(self.at.min(self.end)).or(self.tokens.last());
        Fail { at: here.map_or(0, |token| token.start), message }
    }

    pub(super) fn text_of(&self, at: usize) -> &'a str {
        let token = &self.tokens[at];
        &self.text[token.start as usize..token.end as usize]
    }

    pub(super) fn span_of(&self, at: usize) -> Span {
        let token = &self.tokens[at];
        Span { start: token.start, end: token.end }
    }

    /// Where the next token starts.
    pub(super) fn here(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |token| token.start)
    }

    /// Where the last token that was read ends.
    pub(super) fn behind(&self) -> u32 {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.end)
    }

    pub(super) fn is_ident(&self, ahead: usize) -> bool {
        self.is_ahead(ahead, Word::Name)
    }

    /// A name, and its place.
    pub(super) fn ident(&mut self) -> Parsed<(Ustr, Span)> {
        if !self.is_ident(0) {
            return Err(self.fail("expected a name"));
        }
        self.at += 1;
        Ok((self.name_of(self.at - 1), self.span_of(self.at - 1)))
    }

    pub(super) fn name_of(&self, at: usize) -> Ustr {
        let text = self.text_of(at);
        Ustr::from(text.strip_prefix("r#").unwrap_or(text))
    }

    /// Reads what stands between the brackets here, all of it.
    pub(super) fn inside<R>(
        &mut self,
        bracket: u8,
        message: &'static str,
        read: impl FnOnce(&mut Self) -> Parsed<R>,
    ) -> Parsed<R> {
        if !self.is_open(bracket) {
            return Err(self.fail(message));
        }
        let close = self.tokens[self.at].mate as usize;
        self.range(self.at + 1, close, read).inspect(|_| self.at = close + 1)
    }

    /// Reads the tokens of a range, all of them, and comes back.
    pub(super) fn range<R>(
        &mut self,
        from: usize,
        to: usize,
        read: impl FnOnce(&mut Self) -> Parsed<R>,
    ) -> Parsed<R> {
        let (at, end) = (self.at, self.end);
        (self.at, self.end) = (from, to);
        let answer = read(self);
        let left = if self.done() { None } else { Some(self.fail("unexpected token")) };
        (self.at, self.end) = (at, end);
        match (answer, left) {
            (Ok(_), Some(fail)) => Err(fail),
            (answer, _) => answer,
        }
    }

    /// Reads without leaving anything behind.
    pub(super) fn silently<R>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<R>) -> Parsed<R> {
        let dry = std::mem::replace(&mut self.dry, true);
        let lifted = self.lifted.len();
        let depth = self.depth;
        let answer = read(self);
        self.depth = depth;
        self.lifted.truncate(lifted);
        self.dry = dry;
        answer
    }

    /// Bounds constructs inside each other.
    pub(super) fn deeper<R>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<R>) -> Parsed<R> {
        if self.depth > MAX_DEPTH {
            return Err(self.fail("nested too deep"));
        }
        self.depth += 1;
        let answer = read(self);
        self.depth -= 1;
        answer
    }

    /// Leaves out the brackets here and what they hold.
    pub(super) fn skip_group(&mut self) -> Parsed<()> {
        match self.kind(0) {
            Some(Kind::Open(_)) => {
                self.at = self.tokens[self.at].mate as usize + 1;
                Ok(())
            }
            _ => Err(self.fail("expected brackets")),
        }
    }

    /// Leaves out tokens up to one of these, or to the end.
    pub(super) fn skip_until(&mut self, stops: &[u8]) {
        while let Some(kind) = self.kind(0) {
            match kind {
                Kind::Punct(byte) | Kind::Open(byte) if stops.contains(&byte) => return,
                Kind::Open(_) => self.at = self.tokens[self.at].mate as usize + 1,
                _ => self.at += 1,
            }
        }
    }

    /// `#[..]` as often as it stands here.
    pub(super) fn outer_attrs(&mut self) -> Parsed<Vec<RawAttr>> {
        let mut out = Vec::new();
        while self.is_punct(b'#') {
            self.at += 1;
            self.attr_body(&mut out)?;
        }
        Ok(out)
    }

    /// `#![..]` as often as it stands here.
    pub(super) fn inner_attrs(&mut self, out: &mut Vec<RawAttr>) -> Parsed<()> {
        while self.is_punct(b'#') && self.kind(1) == Some(Kind::Punct(b'!')) {
            self.at += 2;
            self.attr_body(out)?;
        }
        Ok(())
    }

    fn attr_body(&mut self, out: &mut Vec<RawAttr>) -> Parsed<()> {
        if !self.is_open(b'[') {
            return Err(self.fail("expected an attribute in square brackets"));
        }
        out.push(RawAttr { from: self.at + 1, to: self.tokens[self.at].mate as usize });
        self.skip_group()
    }

    /// The names of an attribute's path, and the token behind it.
    fn attr_path(&self, attr: RawAttr) -> (Vec<&'a str>, usize) {
        let mut at = attr.from;
        let mut names = Vec::new();
        while at < attr.to {
            match self.tokens[at].kind {
                Kind::Word(_) => names.push(self.text_of(at)),
                Kind::Punct(b':') => {}
                _ => break,
            }
            at += 1;
        }
        (names, at)
    }

    fn is_attr(&self, attr: RawAttr, name: &str) -> bool {
        attr.to > attr.from
            && self.text_of(attr.from) == name
            && !matches!(self.tokens.get(attr.from + 1), Some(next) if attr.from + 1 < attr.to && next.kind == Kind::Punct(b':'))
    }

    /// False for what only exists in test builds.
    pub(super) fn keep(&self, attrs: &[RawAttr]) -> bool {
        self.tests || !attrs.iter().any(|attr| self.test_only(*attr))
    }

    /// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, ..))]`; not `#[cfg(not(test))]`.
    fn test_only(&self, attr: RawAttr) -> bool {
        let (names, at) = self.attr_path(attr);
        if matches!(names.last(), Some(&"test" | &"bench")) {
            return true;
        }
        names == ["cfg"]
            && at < attr.to
            && matches!(self.tokens[at].kind, Kind::Open(_))
            && self.requires_test(at + 1, self.tokens[at].mate as usize)
    }

    fn requires_test(&self, from: usize, to: usize) -> bool {
        if to == from + 1 {
            return self.text_of(from) == "test";
        }
        let grouped = from + 1 < to && matches!(self.tokens[from + 1].kind, Kind::Open(_));
        if !grouped || self.text_of(from) != "all" {
            return false;
        }
        let close = self.tokens[from + 1].mate as usize;
        let mut start = from + 2;
        let mut at = start;
        while at < close {
            match self.tokens[at].kind {
                Kind::Punct(b',') => {
                    if start < at && self.requires_test(start, at) {
                        return true;
                    }
                    start = at + 1;
                }
                Kind::Open(_) => at = self.tokens[at].mate as usize,
                _ => {}
            }
            at += 1;
        }
        start < close && self.requires_test(start, close)
    }

    /// The attributes that frameworks may give a meaning to.
    pub(super) fn attrs(&self, from: &[RawAttr]) -> Vec<Attr> {
        if self.dry {
            return Vec::new();
        }
        let kept = |attr: &&RawAttr| {
            !["doc", "allow", "expect", "warn", "deny", "inline", "must_use"]
                .iter()
                .any(|name| self.is_attr(**attr, name))
        };
        from.iter().filter(kept).map(|attr| self.attr(*attr)).collect()
    }

    fn attr(&self, attr: RawAttr) -> Attr {
        let (names, at) = self.attr_path(attr);
        let (from, to) = match self.tokens.get(at).map(|token| token.kind) {
            Some(Kind::Open(_)) if at < attr.to => (at + 1, self.tokens[at].mate as usize),
            Some(Kind::Punct(b'=')) if at < attr.to => (at + 1, attr.to),
            _ => (at, at),
        };
        let mut tokens = self.words(from, to, false);
        if tokens.len() > MAX_ATTR {
            let cut = (0..=MAX_ATTR).rev().find(|at| tokens.is_char_boundary(*at)).unwrap_or(0);
            tokens.truncate(cut);
        }
        Attr { path: Path::of(&names), text: self.first_text(from, to), tokens }
    }

    /// `#[serde(skip)]`, and one of its halves
    pub(super) fn skipped(&self, attrs: &[RawAttr]) -> bool {
        let skips = ["skip", "skip_serializing", "skip_deserializing"];
        attrs.iter().filter(|attr| self.is_attr(**attr, "serde")).any(|attr| {
            (attr.from..attr.to)
                .any(|at| self.tokens[at].kind == Kind::Word(Word::Name) && skips.contains(&self.text_of(at)))
        })
    }

    /// `#[path = ".."]`
    pub(super) fn path_attr(&self, attrs: &[RawAttr]) -> Option<String> {
        attrs.iter().find_map(|attr| {
            let (names, at) = self.attr_path(*attr);
            (names == ["path"] && at < attr.to && self.tokens[at].kind == Kind::Punct(b'='))
                .then(|| self.first_text(at + 1, attr.to))?
        })
    }

    /// The first string literal, brackets not looked into.
    fn first_text(&self, from: usize, to: usize) -> Option<String> {
        let mut at = from;
        while at < to {
            match self.tokens[at].kind {
                Kind::Text => return Some(super::literals::value(self.text_of(at))),
                Kind::Open(_) => at = self.tokens[at].mate as usize,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// Tokens with blanks between them, but for operators of several characters. In a
    /// type only `::` and `->` are such.
    pub(super) fn words(&self, from: usize, to: usize, of_type: bool) -> String {
        let mut out = String::new();
        let mut glued = true;
        for at in from..to {
            let token = &self.tokens[at];
            if !glued && !matches!(token.kind, Kind::Close(b'(' | b'[')) {
                out.push(' ');
            }
            out.push_str(self.text_of(at));
            let next = self.tokens.get(at + 1).filter(|_| at + 1 < to);
            glued = match token.kind {
                Kind::Open(b'{') => {
                    if matches!(next, Some(next) if next.kind == Kind::Close(b'{')) {
                        out.push(' ');
                    }
                    matches!(next, Some(next) if next.kind == Kind::Close(b'{'))
                }
                Kind::Open(_) => true,
                Kind::Punct(byte) => matches!(next, Some(next) if next.start == token.end
                && match next.kind {
                    Kind::Punct(second) if of_type => {
                        matches!((byte, second), (b':', b':') | (b'-', b'>'))
                    }
                    Kind::Punct(_) => true,
                    Kind::Lifetime => !of_type,
                    _ => false,
                }),
                _ => false,
            };
        }
        out
    }
}
