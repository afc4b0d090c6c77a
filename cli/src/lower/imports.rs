//! Imports: one item for each name that a `use` brings in. What the name means is not asked.

use ustr::Ustr;

use crate::facts::{Item, ItemKind};
use crate::span::Span;

use super::parser::{Parsed, Parser};
use super::tokens::{Kind, Word};

impl Parser<'_> {
    pub(super) fn import(&mut self, start: u32, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 1;
        self.eat_op("::");
        let before = out.len();
        self.use_tree(&mut Vec::new(), out)?;
        self.want_punct(b';', "expected `;`")?;
        let span = Span { start, end: self.behind() };
        for item in &mut out[before..] {
            item.span = span;
        }
        Ok(())
    }

    fn use_tree(&mut self, prefix: &mut Vec<Ustr>, out: &mut Vec<Item>) -> Parsed<()> {
        let depth = prefix.len();
        let mut push = |name: Ustr, path: Vec<Ustr>, glob: bool| {
            let kind = ItemKind::Use { path, glob };
            let span = Span { start: 0, end: 0 };
            out.push(Item { name, span, attrs: Vec::new(), within: Ustr::default(), kind });
        };
        loop {
            match self.kind(0) {
                Some(Kind::Open(b'{')) => {
                    self.inside(b'{', "expected imports", |parser| {
                        while !parser.done() {
                            parser.eat_op("::");
                            parser.deeper(|parser| parser.use_tree(prefix, out))?;
                            if !parser.done() {
                                parser.want_punct(b',', "expected `,`")?;
                            }
                        }
                        Ok(())
                    })?;
                    break;
                }
                Some(Kind::Punct(b'*')) => {
                    self.at += 1;
                    push(Ustr::from("*"), prefix.clone(), true);
                    break;
                }
                Some(Kind::Word(word)) if super::types::is_segment(word) => {
                    self.at += 1;
                    let name = self.name_of(self.at - 1);
                    if self.eat_op("::") {
                        prefix.push(name);
                        continue;
                    }
                    // `a::{self}` names `a` itself.
                    let mut path = prefix.clone();
                    if name != "self" || path.is_empty() {
                        path.push(name);
                    }
                    let own = path.last().copied().unwrap_or(name);
                    if self.eat(Word::As) {
                        let renamed = self.name_of(self.at.min(self.tokens.len() - 1));
                        if !(self.is_ident(0) || self.is(Word::Underscore)) {
                            return Err(self.fail("expected a name"));
                        }
                        self.at += 1;
                        push(renamed, path, false);
                    } else {
                        push(own, path, false);
                    }
                    break;
                }
                _ => return Err(self.fail("expected a name, `*` or `{`")),
            }
        }
        prefix.truncate(depth);
        Ok(())
    }

    pub(super) fn extern_crate(&mut self, out: &mut Vec<Item>) -> Parsed<()> {
        self.at += 2;
        let at = self.at;
        if !matches!(self.kind(0), Some(Kind::Word(Word::Name | Word::SelfValue))) {
            return Err(self.fail("expected the name of a crate"));
        }
        self.at += 1;
        let (mut name, crate_name) = (self.name_of(at), self.name_of(at));
        if self.eat(Word::As) {
            name = self.name_of(self.at.min(self.tokens.len() - 1));
            self.at += 1;
        }
        self.want_punct(b';', "expected `;`")?;
        let kind = ItemKind::Use { path: vec![crate_name], glob: false };
        out.push(Item { name, span: self.span_of(at), attrs: Vec::new(), within: Ustr::default(), kind });
        Ok(())
    }
}
