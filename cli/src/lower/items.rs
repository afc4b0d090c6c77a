//! Items: modules, statics, types, impls.
//!
//! Items under `#[cfg(test)]` are dropped here unless asked for, so that nothing
//! behind sees them. Items inside bodies are lifted to the enclosing module: their
//! names are visible a little too widely, which does no harm in practice.

use ustr::Ustr;

use crate::facts::{Field, Generic, Impl, Item, ItemKind, Static, StaticKind, Trait, Ty, Variant};
use crate::span::Span;

use super::parser::{Parsed, Parser, RawAttr};
use super::tokens::{Kind, Word};

impl Parser<'_> {
    /// A whole file: `#![..]` and items up to the end.
    pub(super) fn file(&mut self) -> Parsed<Vec<Item>> {
        self.inner_attrs(&mut Vec::new())?;
        self.items()
    }

    fn items(&mut self) -> Parsed<Vec<Item>> {
        let outer = std::mem::take(&mut self.lifted);
        let mut out = Vec::new();
        let answer = self.items_into(&mut out);
        out.append(&mut self.lifted);
        self.lifted = outer;
        answer.map(|()| out)
    }

    /// Items up to the end; those in their bodies are left for the module around.
    pub(super) fn items_into(&mut self, out: &mut Vec<Item>) -> Parsed<()> {
        while !self.done() {
            if !self.eat_punct(b';') {
                self.item(out)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, out: &mut Vec<Item>) -> Parsed<()> {
        let attrs = self.outer_attrs()?;
        self.item_behind(attrs, out)
    }

    /// An item whose attributes have been read.
    pub(super) fn item_behind(&mut self, attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        if self.keep(&attrs) || self.is_module_elsewhere() {
            return self.deeper(|parser| parser.item_with(attrs, out));
        }
        self.silently(|parser| parser.deeper(|parser| parser.item_with(attrs, &mut Vec::new())))
    }

    /// `mod name;`, whatever its visibility.
    fn is_module_elsewhere(&mut self) -> bool {
        let at = self.at;
        let found = self.visibility().is_ok()
            && self.is(Word::Mod)
            && self.is_ident(1)
            && self.kind(2) == Some(Kind::Punct(b';'));
        self.at = at;
        found
    }

    /// `pub`, `pub(crate)`
    pub(super) fn visibility(&mut self) -> Parsed<()> {
        if self.eat(Word::Pub)
            && self.is_open(b'(')
            && matches!(
                self.kind(1),
                Some(Kind::Word(Word::Crate | Word::SelfValue | Word::Super | Word::In))
            )
            // `pub (crate::A)` is a field of that type.
            && !self.is_op_ahead(2, "::")
        {
            self.skip_group()?;
        }
        Ok(())
    }

    /// A visibility, and the tokens that it is.
    pub(super) fn written_visibility(&mut self) -> Parsed<(usize, usize)> {
        let from = self.at;
        self.visibility()?;
        Ok((from, self.at))
    }

    fn item_with(&mut self, mut attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        let start = self.here();
        let visibility = self.written_visibility()?;
        if self.is_name(0, "default") && !self.is_op_ahead(1, "::") && self.kind(1) != Some(Kind::Punct(b'!'))
        {
            self.at += 1;
        }
        match self.kind(0) {
            Some(Kind::Word(Word::Mod)) => return self.module(attrs, out),
            Some(Kind::Word(Word::Use)) => return self.import(start, out),
            Some(Kind::Word(Word::Struct)) => return self.structure(attrs, out),
            Some(Kind::Word(Word::Enum)) => return self.enumeration(attrs, out),
            Some(Kind::Word(Word::Type)) => return self.alias(attrs, out),
            Some(Kind::Word(Word::Trait)) => return self.trait_item(attrs, out),
            Some(Kind::Word(Word::Impl)) => return self.implementation(attrs, out),
            Some(Kind::Word(Word::Static)) => return self.static_item(attrs, visibility, out),
            Some(Kind::Word(Word::Macro)) => {
                self.at += 2;
                if self.is_open(b'(') {
                    self.skip_group()?;
                }
                return self.skip_group();
            }
            Some(Kind::Word(Word::Extern)) if self.is_ahead(1, Word::Crate) => return self.extern_crate(out),
            Some(Kind::Word(Word::Const)) if !self.starts_fn(1) => match self.kind(1) {
                Some(Kind::Word(Word::Trait)) | Some(Kind::Word(Word::Impl | Word::Unsafe)) => {
                    self.at += 1;
                    return self.item_with(attrs, out);
                }
                _ => return self.constant_item(attrs, out),
            },
            _ => {}
        }
        if self.starts_fn(0) {
            let (name, span, function) = self.function(&mut attrs)?;
            // Without a body it is declared somewhere else.
            if !self.dry && function.body.is_some() && self.keep(&attrs) {
                out.push(self.named(name, span, &attrs, ItemKind::Fn(Box::new(function))));
            }
            return Ok(());
        }
        if self.is(Word::Extern) || self.is(Word::Unsafe) && self.is_ahead(1, Word::Extern) {
            // `extern "C" { .. }`
            self.eat(Word::Unsafe);
            self.at += 1;
            if self.kind(0) == Some(Kind::Text) {
                self.at += 1;
            }
            return self.skip_group();
        }
        let contextual = self.is(Word::Unsafe) || self.is_name(0, "auto") || self.is_name(0, "safe");
        if contextual
            && matches!(self.kind(1), Some(Kind::Word(Word::Trait | Word::Impl | Word::Mod | Word::Static)))
            || self.is(Word::Unsafe) && self.is_name(1, "auto")
        {
            self.at += 1;
            return self.item_with(attrs, out);
        }
        if self.is_name(0, "union") && self.is_ident(1) {
            self.at += 2;
            let mut generics = self.generics()?;
            self.where_clause(&mut generics)?;
            return self.skip_group();
        }
        self.macro_item(out)
    }

    pub(super) fn named(&self, name: Ustr, span: Span, attrs: &[RawAttr], kind: ItemKind) -> Item {
        Item { name, span, attrs: self.attrs(attrs), within: Ustr::default(), kind }
    }

    fn module(&mut self, mut attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        let (name, span) = self.ident()?;
        let path = self.path_attr(&attrs);
        if self.eat_punct(b';') {
            let item = if self.keep(&attrs) {
                self.named(name, span, &attrs, ItemKind::Module { items: None, path })
            } else {
                self.named(name, span, &[], ItemKind::TestModule { path })
            };
            out.push(item);
            return Ok(());
        }
        let items = self.inside(b'{', "expected `;` or `{`", |parser| {
            parser.inner_attrs(&mut attrs)?;
            if parser.keep(&attrs) {
                return parser.items();
            }
            parser.silently(|parser| parser.items())?;
            Ok(Vec::new())
        })?;
        if self.keep(&attrs) {
            out.push(self.named(name, span, &attrs, ItemKind::Module { items: Some(items), path }));
        }
        Ok(())
    }

    fn static_item(
        &mut self,
        attrs: Vec<RawAttr>,
        visibility: (usize, usize),
        out: &mut Vec<Item>,
    ) -> Parsed<()> {
        self.at += 1;
        let mutable = self.eat(Word::Mut);
        let (name, span) = self.ident()?;
        self.held_item(StaticKind::Static { mutable }, visibility, name, span, &attrs, out)
    }

    pub(super) fn constant_item(&mut self, attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        let (name, span) = self.constant_name()?;
        self.generics()?;
        self.held_item(StaticKind::Const, (0, 0), name, span, &attrs, out)
    }

    fn constant_name(&mut self) -> Parsed<(Ustr, Span)> {
        if self.eat(Word::Underscore) {
            return Ok((self.name_of(self.at - 1), self.span_of(self.at - 1)));
        }
        self.ident()
    }

    /// `: TYPE = EXPR;`
    fn held_item(
        &mut self,
        kind: StaticKind,
        visibility: (usize, usize),
        name: Ustr,
        span: Span,
        attrs: &[RawAttr],
        out: &mut Vec<Item>,
    ) -> Parsed<()> {
        self.want_punct(b':', "expected `:`")?;
        let from = self.at;
        let ty = self.ty()?;
        let ty_text = self.type_text(from, self.at);
        self.where_clause(&mut [])?;
        if self.eat_punct(b';') {
            return Ok(());
        }
        self.want_punct(b'=', "expected `=`")?;
        let from = self.at;
        let init = self.initialiser()?;
        let start = self.only_number(from, self.at);
        self.where_clause(&mut [])?;
        self.want_punct(b';', "expected `;`")?;
        let visibility = Ustr::from(&self.type_text(visibility.0, visibility.1));
        let held = Static { kind, visibility, ty, ty_text, init, start };
        out.push(self.named(name, span, attrs, ItemKind::Static(held)));
        Ok(())
    }

    /// The number among some tokens, if there is one and no other.
    pub(super) fn only_number(&self, from: usize, to: usize) -> Option<Ustr> {
        let mut numbers = (from..to).filter(|at| self.tokens[*at].kind == Kind::Int);
        let number = numbers.next()?;
        numbers.next().is_none().then(|| Ustr::from(self.text_of(number)))
    }

    fn structure(&mut self, attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        let (name, span) = self.ident()?;
        let mut generics = self.generics()?;
        self.where_clause(&mut generics)?;
        let mut fields = Vec::new();
        if self.is_open(b'{') {
            fields = self.inside(b'{', "expected fields", Self::named_fields)?;
        } else {
            if self.is_open(b'(') {
                fields = self.inside(b'(', "expected fields", Self::tuple_fields)?;
                self.where_clause(&mut generics)?;
            }
            self.want_punct(b';', "expected `;`")?;
        }
        out.push(self.named(name, span, &attrs, ItemKind::Struct { generics, fields }));
        Ok(())
    }

    fn named_fields(&mut self) -> Parsed<Vec<Field>> {
        let mut fields = Vec::new();
        while !self.done() {
            let attrs = self.outer_attrs()?;
            self.visibility()?;
            if self.is(Word::Unsafe) {
                self.at += 1;
            }
            let (name, span) = self.ident()?;
            self.want_punct(b':', "expected `:`")?;
            let from = self.at;
            let ty = self.ty()?;
            let ty_text = self.type_text(from, self.at);
            if self.eat_punct(b'=') {
                self.silently(Self::expr)?;
            }
            if self.keep(&attrs) {
                let skipped = self.skipped(&attrs);
                fields.push(Field { name, ty, ty_text, span, skipped });
            }
            if !self.done() {
                self.want_punct(b',', "expected `,`")?;
            }
        }
        Ok(fields)
    }

    fn tuple_fields(&mut self) -> Parsed<Vec<Field>> {
        let mut fields = Vec::new();
        let mut index = 0;
        while !self.done() {
            let attrs = self.outer_attrs()?;
            self.visibility()?;
            let (from, start) = (self.at, self.here());
            let ty = self.ty()?;
            let ty_text = self.type_text(from, self.at);
            if self.keep(&attrs) {
                let span = Span { start, end: self.behind() };
                let (name, skipped) = (Ustr::from(&index.to_string()), self.skipped(&attrs));
                fields.push(Field { name, ty, ty_text, span, skipped });
            }
            index += 1;
            if !self.done() {
                self.want_punct(b',', "expected `,`")?;
            }
        }
        Ok(fields)
    }

    fn enumeration(&mut self, attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        let (name, span) = self.ident()?;
        let mut generics = self.generics()?;
        self.where_clause(&mut generics)?;
        let variants = self.inside(b'{', "expected variants", |parser| {
            let mut variants = Vec::new();
            while !parser.done() {
                parser.outer_attrs()?;
                parser.visibility()?;
                let (name, _) = parser.ident()?;
                let fields = match parser.kind(0) {
                    Some(Kind::Open(b'{')) => parser.inside(b'{', "expected fields", Self::named_fields)?,
                    Some(Kind::Open(b'(')) => parser.inside(b'(', "expected fields", Self::tuple_fields)?,
                    _ => Vec::new(),
                };
                if parser.eat_punct(b'=') {
                    parser.silently(Self::expr)?;
                }
                variants.push(Variant { name, fields });
                if !parser.done() {
                    parser.want_punct(b',', "expected `,`")?;
                }
            }
            Ok(variants)
        })?;
        out.push(self.named(name, span, &attrs, ItemKind::Enum { generics, variants }));
        Ok(())
    }

    pub(super) fn alias(&mut self, attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        let (name, span) = self.ident()?;
        let mut generics = self.generics()?;
        if self.eat_punct(b':') {
            self.bounds()?;
        }
        self.where_clause(&mut generics)?;
        if !self.eat_punct(b'=') {
            return self.want_punct(b';', "expected `=`");
        }
        let ty = self.ty()?;
        self.where_clause(&mut generics)?;
        self.want_punct(b';', "expected `;`")?;
        out.push(self.named(name, span, &attrs, ItemKind::Alias { generics, ty }));
        Ok(())
    }

    fn trait_item(&mut self, attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        let (name, span) = self.ident()?;
        let mut generics = self.generics()?;
        if self.eat_punct(b'=') {
            self.skip_until(b";");
            return self.want_punct(b';', "expected `;`");
        }
        let supertraits = if self.eat_punct(b':') { self.bounds()? } else { Vec::new() };
        self.where_clause(&mut generics)?;
        let items = self.inside(b'{', "expected `{`", |parser| {
            let mut items = Vec::new();
            parser.inner_attrs(&mut Vec::new())?;
            while !parser.done() {
                let attrs = parser.outer_attrs()?;
                parser.member(attrs, true, &mut items)?;
            }
            Ok(items)
        })?;
        let kind = ItemKind::Trait(Box::new(Trait { generics, supertraits, items }));
        out.push(self.named(name, span, &attrs, kind));
        Ok(())
    }

    fn implementation(&mut self, mut attrs: Vec<RawAttr>, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        let has_generics = self.is_punct(b'<')
            && match self.kind(1) {
                Some(Kind::Punct(b'>' | b'#')) | Some(Kind::Lifetime) | Some(Kind::Word(Word::Const)) => true,
                Some(Kind::Word(Word::Name)) => {
                    matches!(self.kind(2), Some(Kind::Punct(b',' | b'>' | b'=')))
                        || self.kind(2) == Some(Kind::Punct(b':')) && !self.is_op_ahead(2, "::")
                }
                _ => false,
            };
        let mut generics: Vec<Generic> = if has_generics { self.generics()? } else { Vec::new() };
        if self.is(Word::Const) {
            self.at += 1;
        }
        // `impl !Send for A`, but `impl ! {}`.
        let negative = self.is_punct(b'!')
            && !matches!(self.kind(1), Some(Kind::Word(Word::For | Word::Where) | Kind::Open(_)));
        if negative {
            self.at += 1;
        }
        let mut span = Span { start: self.here(), end: 0 };
        let mut self_ty = self.ty()?;
        let mut trait_path = None;
        if self.eat(Word::For) {
            if let Ty::Path(path) | Ty::Projection(_, path) = self_ty {
                trait_path = Some(path);
            }
            span.start = self.here();
            self_ty = self.ty()?;
        }
        span.end = self.behind();
        self.where_clause(&mut generics)?;
        let items = self.inside(b'{', "expected `{`", |parser| {
            let mut items = Vec::new();
            parser.inner_attrs(&mut attrs)?;
            while !parser.done() {
                let attrs = parser.outer_attrs()?;
                parser.member(attrs, false, &mut items)?;
            }
            Ok(items)
        })?;
        let kind = ItemKind::Impl(Box::new(Impl { generics, trait_path, self_ty, items }));
        out.push(self.named(Ustr::from(""), span, &attrs, kind));
        Ok(())
    }

    /// Brackets of a macro call, and the `;` behind it.
    pub(super) fn macro_tail(&mut self) -> Parsed<()> {
        self.skip_group()?;
        self.eat_punct(b';');
        Ok(())
    }
}
