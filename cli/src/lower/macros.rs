//! Macro calls, which arrive unexpanded.
//!
//! Items: `lazy_static!`, `thread_local!`, `cfg_if!` and any macro whose tokens read
//! as items. Expressions: whatever can be made out as expressions, so that an access
//! inside `json!`, `vec!`, `html!` or `select!` is not lost. No macro is expanded.
//!
//! What the tokens can be read as is tried first without leaving anything behind, the
//! calls inside left out: so each token is looked at a few times, however deep it stands.

use smallvec::smallvec;
use ustr::Ustr;

use crate::facts::{Arm, ExprId, ExprIds, ExprKind, Item, ItemKind, Pat, Path, Static, StaticKind};
use crate::span::Span;

use super::exprs::{Ex, Form};
use super::parser::{Parsed, Parser};
use super::tokens::{Kind, Word};

/// Tokens from one to before another.
type Range = (usize, usize);

/// An arm of `tokio::select!` (`else` and `complete` arms have no pattern).
struct SelectArm {
    pat: Option<(Pat, Range)>,
    /// `, if guard`
    guard: Option<Range>,
    body: Range,
}

impl Parser<'_> {
    /// A macro call in place of an item.
    pub(super) fn macro_item(&mut self, out: &mut Vec<Item>) -> Parsed<()> {
        let path = self.path(true)?;
        self.want_punct(b'!', "expected an item")?;
        if self.is_ident(0) || self.is(Word::Try) {
            self.at += 1;
        }
        let (from, to) = (self.at + 1, self.tokens.get(self.at).map_or(0, |token| token.mate as usize));
        self.macro_tail()?;
        if self.dry {
            return Ok(());
        }
        let kind = match path.last().map(|last| last.name.as_str()).unwrap_or_default() {
            "lazy_static" => StaticKind::Lazy,
            "thread_local" => StaticKind::ThreadLocal,
            "macro_rules" | "task_local" => return Ok(()),
            _ => return self.macro_items((from, to), out),
        };
        if self.reads((from, to), |parser| parser.macro_statics(kind, &mut Vec::new())) {
            self.range(from, to, |parser| parser.macro_statics(kind, out))?;
        }
        Ok(())
    }

    fn reads<R>(&mut self, range: Range, read: impl FnOnce(&mut Self) -> Parsed<R>) -> bool {
        self.silently(|parser| parser.range(range.0, range.1, read)).is_ok()
    }

    /// The tokens as a file, or each braced part as a file
    /// (`cfg_if! { if #[cfg(..)] { items } else { items } }`).
    fn macro_items(&mut self, whole: Range, out: &mut Vec<Item>) -> Parsed<()> {
        let mut parts = vec![whole];
        if !self.reads(whole, Self::file) {
            parts.clear();
            let mut at = whole.0;
            while at < whole.1 {
                if let Kind::Open(bracket) = self.tokens[at].kind {
                    let close = self.tokens[at].mate as usize;
                    if bracket == b'{' && self.reads((at + 1, close), Self::file) {
                        parts.push((at + 1, close));
                    }
                    at = close;
                }
                at += 1;
            }
        }
        for (from, to) in parts {
            self.range(from, to, |parser| {
                parser.inner_attrs(&mut Vec::new())?;
                parser.deeper(|parser| parser.items_into(out))
            })?;
        }
        Ok(())
    }

    /// `static ref NAME: TYPE = EXPR;` and `static NAME: TYPE = EXPR;`
    fn macro_statics(&mut self, kind: StaticKind, out: &mut Vec<Item>) -> Parsed<()> {
        while !self.done() {
            let attrs = self.outer_attrs()?;
            let visibility = self.written_visibility()?;
            if !self.eat(Word::Static) {
                return Err(self.fail("expected `static`"));
            }
            self.eat(Word::Ref);
            self.eat(Word::Mut);
            let (name, span) = self.ident()?;
            self.want_punct(b':', "expected `:`")?;
            let from = self.at;
            let ty = self.ty()?;
            let ty_text = self.type_text(from, self.at);
            self.want_punct(b'=', "expected `=`")?;
            // `thread_local! { static X: T = const { .. } }` reads as a block.
            let from = self.at;
            let init =
                if self.keep(&attrs) { self.initialiser()? } else { self.silently(Self::initialiser)? };
            let start = self.only_number(from, self.at);
            self.eat_punct(b';');
            if self.keep(&attrs) {
                let visibility = Ustr::from(&self.type_text(visibility.0, visibility.1));
                let held = Static { kind, visibility, ty, ty_text, init, start };
                out.push(self.named(name, span, &attrs, ItemKind::Static(held)));
            }
        }
        Ok(())
    }

    /// A macro call in place of an expression, at its brackets. `start`: of its path.
    pub(super) fn call_macro(&mut self, path: Path, start: u32) -> Parsed<Ex> {
        let form = if self.is_open(b'{') { Form::BraceMacro } else { Form::Plain };
        let Some(Kind::Open(_)) = self.kind(0) else { return Err(self.fail("expected brackets")) };
        let range = (self.at + 1, self.tokens[self.at].mate as usize);
        self.skip_group()?;
        let span = Span { start, end: self.behind() };
        if self.dry {
            return Ok(self.push(ExprKind::Opaque, span, 0, form));
        }
        let name = path.last().map(|last| last.name.as_str()).unwrap_or_default();
        let mut below = 0;
        let args = self.deeper(|parser| parser.macro_args(name, range, span, &mut below))?;
        Ok(self.push(ExprKind::Macro { path, args }, span, below, form))
    }

    fn macro_args(&mut self, name: &str, range: Range, span: Span, below: &mut u32) -> Parsed<ExprIds> {
        if matches!(name, "select" | "select_biased" | "select_loop") {
            let mut arms = Vec::new();
            if self.reads(range, |parser| parser.select_arms(&mut arms)) {
                return arms.into_iter().map(|arm| self.select_arm(arm, span, below)).collect();
            }
        }
        let mut list = Vec::new();
        if self.reads(range, Self::arg_list) {
            list = self.range(range.0, range.1, Self::arg_list)?;
        } else if self.reads(range, |parser| parser.statements(span)) {
            let block = self.range(range.0, range.1, |parser| parser.statements(span))?;
            *below = block.depth;
            return Ok(smallvec![block.id]);
        } else {
            let mut found = Vec::new();
            self.deeper(|parser| parser.pieces(range, &mut found))?;
            for (from, to) in found {
                list.push(self.range(from, to, Self::expr)?);
            }
        }
        let mut args: ExprIds = list.iter().map(|ex| ex.id).collect();
        *below = list.iter().map(|ex| ex.depth).max().unwrap_or(0);
        self.captures(&list, &mut args);
        Ok(args)
    }

    /// Arguments, a leading `name =` or `%`/`?` sigil (format and log macros) dropped.
    fn arg_list(&mut self) -> Parsed<Vec<Ex>> {
        let mut out = Vec::new();
        while !self.done() {
            if self.is_ident(0) && self.kind(1) == Some(Kind::Punct(b'=')) && !self.is_op_ahead(1, "==") {
                self.at += 2;
            }
            self.eat_punct(b'%');
            self.eat_punct(b'?');
            out.push(self.expr()?);
            if !self.done() {
                self.want_punct(b',', "expected `,`")?;
            }
        }
        Ok(out)
    }

    /// `{name}` in a format string reads `name`.
    fn captures(&mut self, list: &[Ex], args: &mut ExprIds) {
        for ex in list {
            let Some(ExprKind::Str(text)) = self.exprs.get(ex.id.0 as usize).map(|expr| &expr.kind) else {
                continue;
            };
            if !text.contains('{') {
                continue;
            }
            let names: Vec<Ustr> = captured(text).into_iter().map(Ustr::from).collect();
            let span = Span { start: ex.start, end: ex.end };
            for name in names {
                let path = ExprKind::Path(Path::of(&[name.as_str()]));
                args.push(self.push(path, span, 0, Form::Plain).id);
            }
        }
    }

    fn select_arms(&mut self, arms: &mut Vec<SelectArm>) -> Parsed<()> {
        if self.is_ident(0) && self.kind(1) == Some(Kind::Punct(b';')) {
            self.at += 2; // `biased;`
        }
        while !self.done() {
            let mut guard = None;
            let mut pat = None;
            if self.is_op_ahead(1, "=>") {
                self.at += 1;
            } else {
                let pattern = self.pat()?;
                self.want_punct(b'=', "expected `=`")?;
                pat = Some((pattern, self.covered(Self::expr)?));
                if self.is_punct(b',') && self.is_ahead(1, Word::If) {
                    self.at += 2;
                    guard = Some(self.covered(Self::expr)?);
                }
            }
            self.want_op("=>", "expected `=>`")?;
            let body =
                if self.is_open(b'{') { self.covered(Self::block)? } else { self.covered(Self::expr)? };
            arms.push(SelectArm { pat, guard, body });
            self.eat_punct(b',');
        }
        Ok(())
    }

    fn covered(&mut self, read: impl FnOnce(&mut Self) -> Parsed<Ex>) -> Parsed<Range> {
        let from = self.at;
        read(self)?;
        Ok((from, self.at))
    }

    /// `PAT = FUTURE => BODY` reads as `match FUTURE.await { PAT => BODY }`.
    fn select_arm(&mut self, arm: SelectArm, span: Span, below: &mut u32) -> Parsed<ExprId> {
        let body = self.range(arm.body.0, arm.body.1, Self::expr)?;
        *below = (*below).max(body.depth + 2);
        let Some((pat, future)) = arm.pat else { return Ok(body.id) };
        let future = self.range(future.0, future.1, Self::expr)?;
        *below = (*below).max(future.depth + 2);
        let value = self.push(ExprKind::Await(future.id), span, future.depth, Form::Plain).id;
        let guard = match arm.guard {
            Some((from, to)) => Some(self.range(from, to, Self::expr)?.id),
            None => None,
        };
        let arms = vec![Arm { pat, guard, body: body.id }];
        Ok(self.push(ExprKind::Match { value, arms }, span, *below, Form::Plain).id)
    }

    /// Last resort: cuts the tokens at separators and keeps the pieces that read as
    /// expressions, looking inside brackets where a piece does not.
    fn pieces(&mut self, range: Range, out: &mut Vec<Range>) -> Parsed<()> {
        let (mut from, mut at) = (range.0, range.0);
        while at < range.1 {
            let cut = match self.tokens[at].kind {
                Kind::Punct(b',' | b';') => 1,
                Kind::Punct(b'=') if self.punct_between(at + 1, range) == b'>' => 2,
                Kind::Punct(b':')
                    if self.punct_between(at + 1, range) != b':'
                        && (at == from || self.punct_between(at - 1, range) != b':') =>
                {
                    1
                }
                Kind::Open(_) => {
                    at = self.tokens[at].mate as usize;
                    0
                }
                _ => 0,
            };
            if cut > 0 {
                self.piece((from, at), out)?;
                from = at + cut;
                at = from;
            } else {
                at += 1;
            }
        }
        self.piece((from, range.1), out)
    }

    fn punct_between(&self, at: usize, range: Range) -> u8 {
        match self.tokens.get(at).map(|token| token.kind) {
            Some(Kind::Punct(byte)) if at < range.1 => byte,
            _ => 0,
        }
    }

    fn piece(&mut self, range: Range, out: &mut Vec<Range>) -> Parsed<()> {
        if range.0 >= range.1 {
            return Ok(());
        }
        if self.reads(range, Self::expr) {
            out.push(range);
            return Ok(());
        }
        let mut at = range.0;
        while at < range.1 {
            if matches!(self.tokens[at].kind, Kind::Open(_)) {
                let close = self.tokens[at].mate as usize;
                self.deeper(|parser| parser.pieces((at + 1, close), out))?;
                at = close;
            }
            at += 1;
        }
        Ok(())
    }
}

/// Names captured inline in a format string: `{name}`, `{name:?}`.
fn captured(format: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        if let Some(escaped) = rest.strip_prefix('{') {
            rest = escaped;
            continue;
        }
        let end = rest.find(['}', ':']).unwrap_or(rest.len());
        let name = &rest[..end];
        let mut letters = name.chars();
        let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if first && letters.all(|c| c.is_alphanumeric() || c == '_') {
            names.push(name);
        }
        rest = &rest[end..];
    }
    names
}
