//! Types, paths and generic parameters. Lifetimes are dropped.

use smallvec::smallvec;
use ustr::Ustr;

use crate::facts::{Generic, GenericArgs, Path, Segment, Ty};

use super::parser::{Parsed, Parser};
use super::tokens::{Kind, Word};

/// Longest type text that is kept for reports, in characters.
const MAX_TEXT: usize = 120;

impl Parser<'_> {
    /// A type; `A + B` in it is one.
    pub(super) fn ty(&mut self) -> Parsed<Ty> {
        self.deeper(|parser| parser.ty_inner(true))
    }

    /// A type that ends before `+`.
    pub(super) fn ty_no_plus(&mut self) -> Parsed<Ty> {
        self.deeper(|parser| parser.ty_inner(false))
    }

    fn ty_inner(&mut self, plus: bool) -> Parsed<Ty> {
        match self.kind(0) {
            Some(Kind::Open(b'(')) => {
                let (mut parts, comma) = self.inside(b'(', "expected a type", |parser| {
                    let mut parts = Vec::new();
                    let mut comma = false;
                    while !parser.done() {
                        parts.push(parser.ty()?);
                        comma = parser.eat_punct(b',');
                        if !comma && !parser.done() {
                            return Err(parser.fail("expected `,`"));
                        }
                    }
                    Ok((parts, comma))
                })?;
                match parts.pop() {
                    Some(only) if parts.is_empty() && !comma => {
                        if plus && self.is_punct(b'+') {
                            self.at += 1;
                            self.bounds()?;
                        }
                        Ok(only)
                    }
                    last => {
                        parts.extend(last);
                        Ok(Ty::Tuple(parts))
                    }
                }
            }
            Some(Kind::Open(b'[')) => {
                let inner = self.inside(b'[', "expected a type", |parser| {
                    let inner = parser.ty()?;
                    if parser.eat_punct(b';') {
                        parser.at = parser.end;
                    }
                    Ok(inner)
                })?;
                Ok(Ty::Slice(Box::new(inner)))
            }
            Some(Kind::Punct(b'&')) => {
                self.at += 1;
                if self.kind(0) == Some(Kind::Lifetime) {
                    self.at += 1;
                }
                let mutable = self.eat(Word::Mut);
                Ok(Ty::Ref { inner: Box::new(self.ty_no_plus()?), mutable })
            }
            Some(Kind::Punct(b'*')) => {
                self.at += 1;
                if !(self.eat(Word::Const) || self.eat(Word::Mut)) {
                    return Err(self.fail("expected `const` or `mut`"));
                }
                self.ty_no_plus()?;
                Ok(Ty::Unknown)
            }
            Some(Kind::Punct(b'!')) | Some(Kind::Word(Word::Underscore)) => {
                self.at += 1;
                Ok(Ty::Unknown)
            }
            Some(Kind::Lifetime) => Ok(Ty::Dyn(self.bounds()?)),
            Some(Kind::Word(Word::Impl)) => {
                self.at += 1;
                Ok(Ty::Impl(self.bounds_if(plus)?))
            }
            Some(Kind::Word(Word::Dyn)) => {
                self.at += 1;
                Ok(Ty::Dyn(self.bounds_if(plus)?))
            }
            Some(Kind::Word(Word::For)) => {
                self.for_lifetimes()?;
                if self.starts_fn_pointer() { self.fn_pointer() } else { Ok(Ty::Dyn(self.bounds_if(plus)?)) }
            }
            Some(Kind::Word(Word::Fn | Word::Unsafe | Word::Extern)) => self.fn_pointer(),
            _ => self.path_type(plus),
        }
    }

    fn path_type(&mut self, plus: bool) -> Parsed<Ty> {
        if self.is_punct(b'<') {
            let (owner, path) = self.qualified(false)?;
            return Ok(Ty::Projection(Box::new(owner), path));
        }
        let path = self.path(false)?;
        if self.is_punct(b'!') && matches!(self.kind(1), Some(Kind::Open(_))) {
            self.at += 1;
            self.skip_group()?;
            return Ok(Ty::Unknown);
        }
        if plus && self.is_punct(b'+') && !self.is_op("+=") {
            self.at += 1;
            let mut bounds = vec![path];
            bounds.extend(self.bounds()?);
            return Ok(Ty::Dyn(bounds));
        }
        Ok(Ty::Path(path))
    }

    fn starts_fn_pointer(&self) -> bool {
        matches!(self.kind(0), Some(Kind::Word(Word::Fn | Word::Unsafe | Word::Extern)))
    }

    fn fn_pointer(&mut self) -> Parsed<Ty> {
        self.eat(Word::Unsafe);
        if self.eat(Word::Extern) && self.kind(0) == Some(Kind::Text) {
            self.at += 1;
        }
        if !self.eat(Word::Fn) {
            return Err(self.fail("expected `fn`"));
        }
        self.skip_group()?;
        Ok(Ty::Fn(Box::new(self.output(false)?)))
    }

    /// `-> T`, or nothing.
    pub(super) fn output(&mut self, plus: bool) -> Parsed<Ty> {
        if !self.eat_op("->") {
            return Ok(Ty::Tuple(Vec::new()));
        }
        if plus { self.ty() } else { self.ty_no_plus() }
    }

    /// `for<'a>`
    pub(super) fn for_lifetimes(&mut self) -> Parsed<()> {
        if self.eat(Word::For) {
            self.want_punct(b'<', "expected `<`")?;
            while !self.is_punct(b'>') {
                if self.done() {
                    return Err(self.fail("expected `>`"));
                }
                self.at += 1;
            }
            self.at += 1;
        }
        Ok(())
    }

    fn bounds_if(&mut self, plus: bool) -> Parsed<Vec<Path>> {
        if plus {
            return self.bounds();
        }
        let mut out = Vec::new();
        self.bound(&mut out)?;
        Ok(out)
    }

    /// `A + 'a + ?B`; may be empty.
    pub(super) fn bounds(&mut self) -> Parsed<Vec<Path>> {
        let mut out = Vec::new();
        while self.starts_bound() {
            self.bound(&mut out)?;
            if self.is_op("+=") || !self.eat_punct(b'+') {
                break;
            }
        }
        Ok(out)
    }

    fn starts_bound(&self) -> bool {
        match self.kind(0) {
            Some(Kind::Lifetime | Kind::Open(b'(' | b'[') | Kind::Punct(b'?' | b'~' | b'<')) => true,
            Some(Kind::Punct(b':')) => self.is_op("::"),
            Some(Kind::Word(word)) => {
                is_segment(word) || matches!(word, Word::For | Word::Use | Word::Const | Word::Async)
            }
            _ => false,
        }
    }

    fn bound(&mut self, out: &mut Vec<Path>) -> Parsed<()> {
        if self.kind(0) == Some(Kind::Lifetime) {
            self.at += 1;
            return Ok(());
        }
        if self.eat(Word::Use) {
            self.want_punct(b'<', "expected `<`")?;
            while !self.eat_punct(b'>') {
                if self.done() {
                    return Err(self.fail("expected `>`"));
                }
                self.at += 1;
            }
            return Ok(());
        }
        if self.is_open(b'(') {
            return self.inside(b'(', "expected a trait", |parser| parser.deeper(|parser| parser.bound(out)));
        }
        self.for_lifetimes()?;
        self.eat_punct(b'~');
        if self.is_open(b'[') {
            self.skip_group()?;
        }
        self.eat(Word::Const);
        self.eat(Word::Async);
        self.eat_punct(b'?');
        self.for_lifetimes()?;
        out.push(self.path(false)?);
        Ok(())
    }

    /// `<T as Trait>::name`: the type, and the path as if it began at the trait.
    pub(super) fn qualified(&mut self, in_expr: bool) -> Parsed<(Ty, Path)> {
        self.want_punct(b'<', "expected `<`")?;
        let owner = self.ty()?;
        let mut path = Path::default();
        if self.eat(Word::As) {
            path = self.path(false)?;
        }
        self.want_punct(b'>', "expected `>`")?;
        self.want_op("::", "expected `::`")?;
        loop {
            path.segments.push(self.segment(in_expr)?);
            if !self.eat_op("::") {
                return Ok((owner, path));
            }
        }
    }

    /// A path; in an expression generic arguments need `::` before them.
    pub(super) fn path(&mut self, in_expr: bool) -> Parsed<Path> {
        self.eat_op("::");
        let mut segments = smallvec![self.segment(in_expr)?];
        while self.is_op("::") && matches!(self.kind(2), Some(Kind::Word(word)) if is_segment(word)) {
            self.at += 2;
            segments.push(self.segment(in_expr)?);
        }
        Ok(Path { segments })
    }

    fn segment(&mut self, in_expr: bool) -> Parsed<Segment> {
        match self.kind(0) {
            Some(Kind::Word(word)) if is_segment(word) => self.at += 1,
            _ => return Err(self.fail("expected a name")),
        }
        let name = self.name_of(self.at - 1);
        let mut generic = GenericArgs::default();
        if self.is_op("::") && self.kind(2) == Some(Kind::Punct(b'<')) {
            self.at += 2;
            self.generic_args(&mut generic)?;
        } else if !in_expr && self.is_punct(b'<') && !self.is_op("<=") {
            self.generic_args(&mut generic)?;
        } else if !in_expr && self.is_open(b'(') {
            generic.args = self.inside(b'(', "expected types", |parser| parser.type_list())?;
            let output = self.output(false)?;
            generic.assoc.push((Ustr::from("Output"), output));
        }
        let bare = generic.args.is_empty() && generic.assoc.is_empty();
        Ok(Segment { name, generic: (!bare).then(|| Box::new(generic)) })
    }

    fn type_list(&mut self) -> Parsed<Vec<Ty>> {
        let mut out = Vec::new();
        while !self.done() {
            out.push(self.ty()?);
            if !self.done() {
                self.want_punct(b',', "expected `,`")?;
            }
        }
        Ok(out)
    }

    pub(super) fn generic_args(&mut self, into: &mut GenericArgs) -> Parsed<()> {
        self.want_punct(b'<', "expected `<`")?;
        while !self.is_punct(b'>') {
            self.generic_arg(into)?;
            if !self.is_punct(b'>') {
                self.want_punct(b',', "expected `,` or `>`")?;
            }
        }
        self.at += 1;
        Ok(())
    }

    fn generic_arg(&mut self, into: &mut GenericArgs) -> Parsed<()> {
        match self.kind(0) {
            Some(Kind::Lifetime) if !matches!(self.kind(1), Some(Kind::Punct(b'+'))) => self.at += 1,
            Some(Kind::Text | Kind::Int | Kind::Float | Kind::Literal) => self.at += 1,
            Some(Kind::Word(Word::True | Word::False)) => self.at += 1,
            Some(Kind::Punct(b'-')) => self.at += 2,
            Some(Kind::Open(b'{')) => self.skip_group()?,
            Some(Kind::Word(Word::Name))
                if self.is_punct_ahead(b'=') || self.is_punct_ahead(b':') && !self.is_op_ahead(1, "::") =>
            {
                let (name, _) = self.ident()?;
                self.assoc_arg(name, into)?;
            }
            _ => {
                let ty = self.ty()?;
                // `Item<'a> = T`
                if self.is_punct(b'=')
                    && let Ty::Path(path) = &ty
                    && let Some(last) = path.last()
                {
                    let name = last.name;
                    return self.assoc_arg(name, into);
                }
                into.args.push(ty);
            }
        }
        Ok(())
    }

    fn is_punct_ahead(&self, byte: u8) -> bool {
        self.kind(1) == Some(Kind::Punct(byte))
    }

    fn assoc_arg(&mut self, name: Ustr, into: &mut GenericArgs) -> Parsed<()> {
        if self.eat_punct(b':') {
            self.bounds()?;
            return Ok(());
        }
        self.want_punct(b'=', "expected `=`")?;
        match self.kind(0) {
            Some(Kind::Int | Kind::Text | Kind::Literal | Kind::Word(Word::True | Word::False)) => {
                self.at += 1
            }
            Some(Kind::Punct(b'-')) => self.at += 2,
            Some(Kind::Open(b'{')) => self.skip_group()?,
            _ => {
                let ty = self.ty()?;
                into.assoc.push((name, ty));
            }
        }
        Ok(())
    }

    /// `<'a, T: A, const N: usize>`, where there is one.
    pub(super) fn generics(&mut self) -> Parsed<Vec<Generic>> {
        let mut out = Vec::new();
        if !self.eat_punct(b'<') {
            return Ok(out);
        }
        while !self.eat_punct(b'>') {
            self.outer_attrs()?;
            if self.kind(0) == Some(Kind::Lifetime) {
                self.at += 1;
                if self.eat_punct(b':') {
                    self.bounds()?;
                }
            } else if self.eat(Word::Const) {
                self.ident()?;
                self.want_punct(b':', "expected `:`")?;
                self.ty()?;
                if self.eat_punct(b'=') {
                    let mut ignored = GenericArgs::default();
                    self.generic_arg(&mut ignored)?;
                }
            } else {
                let (name, _) = self.ident()?;
                let bounds = if self.eat_punct(b':') { self.bounds()? } else { Vec::new() };
                if self.eat_punct(b'=') {
                    self.ty()?;
                }
                out.push(Generic { name, bounds });
            }
            if !self.is_punct(b'>') {
                self.want_punct(b',', "expected `,` or `>`")?;
            }
        }
        Ok(out)
    }

    /// `where T: A`: adds to the bounds that are known.
    pub(super) fn where_clause(&mut self, generics: &mut [Generic]) -> Parsed<()> {
        if !self.eat(Word::Where) {
            return Ok(());
        }
        loop {
            let ends = self.done()
                || self.is_open(b'{')
                || self.is_punct(b';')
                || self.is_punct(b':') && !self.is_op("::")
                || self.is_punct(b'=');
            if ends {
                return Ok(());
            }
            self.outer_attrs()?;
            if self.kind(0) == Some(Kind::Lifetime) {
                self.at += 1;
                self.want_punct(b':', "expected `:`")?;
                self.bounds()?;
            } else {
                self.for_lifetimes()?;
                let subject = self.ty_no_plus()?;
                self.want_punct(b':', "expected `:`")?;
                let bounds = self.bounds()?;
                if let Ty::Path(subject) = &subject
                    && let Some(subject) = subject.as_ident()
                    && let Some(generic) = generics.iter_mut().find(|generic| generic.name == subject)
                {
                    generic.bounds.extend(bounds);
                }
            }
            if !self.eat_punct(b',') {
                return Ok(());
            }
        }
    }

    /// Tokens of a type in the source's words, without the blanks that tokens would have.
    pub(super) fn type_text(&self, from: usize, to: usize) -> String {
        if self.dry {
            return String::new();
        }
        let tokens = self.words(from, to, true);
        let mut out = String::with_capacity(tokens.len());
        for part in tokens.split(' ') {
            let glued = out.is_empty()
                || matches!(part.as_bytes().first(), Some(b'<' | b'>' | b',' | b':' | b')' | b']' | b';'))
                || out.ends_with(['<', '&', '(', '[', ':', '\''])
                || part.starts_with('(') && !out.ends_with("->");
            if !glued {
                out.push(' ');
            }
            out.push_str(part);
        }
        let out = out.replace(",", ", ").replace(",  ", ", ");
        match out.char_indices().nth(MAX_TEXT) {
            Some((cut, _)) => format!("{}…", &out[..cut]),
            None => out,
        }
    }
}

/// Words that can be part of a path.
pub(super) fn is_segment(word: Word) -> bool {
    matches!(word, Word::Name | Word::SelfType | Word::SelfValue | Word::Super | Word::Crate | Word::Try)
}
