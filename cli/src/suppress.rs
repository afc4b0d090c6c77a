//! Suppressions in the code: which places each one covers, and what is wrong with some.
//!
//! A comment `// stateless: allow(rule, reason = "..")` or an attribute
//! `#[keep_in_process(reason = "..")]`. Reads text only, a file at a time; which findings are
//! suppressed, and which suppressions match none, is decided in [`crate::sink`].

mod directive;
mod settings;
mod tokens;

use crate::span::Span;

pub(crate) use directive::HEAD;
pub(crate) use directive::Malformed;
use directive::Parsed;
use tokens::{Kind, Token};

/// The last part of the attribute's path.
const ATTRIBUTE: &str = "keep_in_process";

/// How many lines a comment may take to say what it suppresses.
const LINES: usize = 20;

/// How many tokens may stand between a suppression and its item, and how many an item may
/// have: more than anybody writes, and few enough that no text takes long.
const BETWEEN: usize = 1_000;
const ITEM: usize = 2_000;

/// One suppression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// The rules that it names, each with its place; empty for the attribute, which covers all.
    pub(crate) rules: Vec<(&'static str, Span)>,
    pub(crate) reason: String,
    /// The comment or the attribute.
    pub(crate) span: Span,
    /// What it covers; nothing where there is no code that it could belong to.
    pub(crate) covers: Option<Span>,
    /// The type that an attribute stands on: what is declared as one is kept as well.
    pub(crate) type_name: Option<String>,
}

impl Directive {
    pub(crate) fn is_attribute(&self) -> bool {
        self.rules.is_empty()
    }
}

/// What one file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) directives: Vec<Directive>,
    pub(crate) malformed: Vec<Malformed>,
}

impl Scan {
    pub(crate) fn is_empty(&self) -> bool {
        self.directives.is_empty() && self.malformed.is_empty()
    }
}

/// A comment that suppresses: the rules that it names, each with its place, and the reason.
pub(crate) type Allowed = (Vec<(&'static str, Span)>, String);

/// Reads one comment of a file that is not Rust: its text behind the sign, which starts at `at`.
pub(crate) fn in_comment(text: &str, at: usize, rules: &[&'static str]) -> (Option<Allowed>, Vec<Malformed>) {
    let chars: Vec<(usize, char)> = text.char_indices().map(|(offset, c)| (at + offset, c)).collect();
    match directive::parse(&chars, rules) {
        Parsed::Prose => (None, Vec::new()),
        Parsed::Unfinished(problem) => (None, vec![problem]),
        Parsed::Directive(allow, problems) => (allow.map(|one| (one.rules, one.reason)), problems),
    }
}

/// Every suppression in a file, in the order of the text.
pub(crate) fn scan(path: &str, text: &str, rules: &[&'static str]) -> Scan {
    if !text.contains(HEAD) && !text.contains(ATTRIBUTE) {
        return Scan::default();
    }
    if path.ends_with(".rs") { scan_rust(text, rules) } else { settings::scan(text, rules) }
}

fn scan_rust(text: &str, rules: &[&'static str]) -> Scan {
    let mut scan = Scan::default();
    let tokens = tokens::tokens(text);
    let file = File { text, closing: closing(&tokens), tokens };
    let mut at = 0;
    while at < file.tokens.len() {
        let token = file.tokens[at];
        at += match token.kind {
            Kind::Comment => file.comment(at, rules, &mut scan),
            Kind::Mark(b'#') => file.keep_attribute(at, &mut scan),
            _ => 1,
        };
    }
    scan
}

/// For each token the bracket that closes it: the last token where none does, and itself for
/// what opens none. Made once, or text that nests without end would be read without end.
fn closing(tokens: &[Token]) -> Vec<usize> {
    let last = tokens.len().saturating_sub(1);
    let mut closing: Vec<usize> = (0..tokens.len()).collect();
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark(b'(' | b'[' | b'{') => {
                closing[at] = last;
                open.push(at);
            }
            Kind::Mark(b')' | b']' | b'}') => {
                if let Some(opened) = open.pop() {
                    closing[opened] = at;
                }
            }
            _ => {}
        }
    }
    closing
}

struct File<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    /// See [`closing`].
    closing: Vec<usize>,
}

impl File<'_> {
    /// Reads a comment and says how many tokens it takes.
    fn comment(&self, at: usize, rules: &[&'static str], scan: &mut Scan) -> usize {
        let mut chars = Vec::new();
        let mut taken = 0;
        let mut unfinished = None;
        for token in self.tokens[at..].iter().take(LINES) {
            let goes_on = taken == 0 || token.kind == Kind::Comment && self.lines_between(at + taken) == 1;
            if !goes_on {
                break;
            }
            let inner = &self.text[token.start + 2..token.end];
            if taken > 0 && inner.trim_start().starts_with(HEAD) {
                break;
            }
            taken += 1;
            if !chars.is_empty() {
                chars.push((token.start, ' '));
            }
            chars.extend(inner.char_indices().map(|(offset, c)| (token.start + 2 + offset, c)));
            match directive::parse(&chars, rules) {
                Parsed::Prose => return 1,
                Parsed::Unfinished(problem) => unfinished = unfinished.or(Some(problem)),
                Parsed::Directive(allow, problems) => {
                    scan.malformed.extend(problems);
                    if let Some(allow) = allow {
                        let span = span(self.tokens[at].start, token.end);
                        let covers = self.covered(at, at + taken);
                        let (rules, reason) = (allow.rules, allow.reason);
                        scan.directives.push(Directive { rules, reason, span, covers, type_name: None });
                    }
                    return taken;
                }
            }
        }
        scan.malformed.extend(unfinished);
        1
    }

    /// Reads an attribute, if it is the one, and says how many tokens it takes.
    fn keep_attribute(&self, at: usize, scan: &mut Scan) -> usize {
        let Some(end) = self.attribute(at) else { return 1 };
        let inside = &self.tokens[at..end];
        // The path is what stands before the arguments.
        let arguments = inside.iter().position(|token| token.is(b'('));
        let path = &inside[..arguments.unwrap_or(inside.len() - 1)];
        if path.last().is_none_or(|last| self.word(*last) != ATTRIBUTE) {
            return end - at;
        }
        let whole = span(self.tokens[at].start, self.tokens[end - 1].end);
        let reason = inside.windows(3).find_map(|three| match three {
            [name, sign, said] if self.word(*name) == "reason" && sign.is(b'=') => Some(self.literal(*said)),
            _ => None,
        });
        match reason.filter(|reason| !reason.trim().is_empty()) {
            Some(reason) => {
                let item = self.next_code(end, false);
                let covers = item.map(|item| self.item(item));
                let type_name = item.and_then(|item| self.type_name(item));
                scan.directives.push(Directive { rules: Vec::new(), reason, span: whole, covers, type_name });
            }
            None => scan.malformed.push(Malformed {
                span: whole,
                message: "this attribute gives no reason, and without one nothing is suppressed".to_owned(),
                help: format!("write `#[{ATTRIBUTE}(reason = \"why it may stay\")]`"),
            }),
        }
        end - at
    }

    /// What the comment of the tokens `at..end` covers: behind code its line, else what follows.
    fn covered(&self, at: usize, end: usize) -> Option<Span> {
        let start = self.tokens[at].start;
        let line = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        if self.has_code(line, at) {
            return Some(span(line, start));
        }
        self.next_code(end, true).map(|item| self.item(item))
    }

    /// Whether there is code between the start of a line and a token on it.
    fn has_code(&self, line: usize, at: usize) -> bool {
        let mut before =
            self.tokens[..at].iter().rposition(|token| token.end <= line).map_or(0, |last| last + 1);
        while before < at {
            match self.attribute(before) {
                Some(end) => before = end,
                None if self.tokens[before].is_comment() => before += 1,
                // The end of an attribute that began on a line before.
                None => return !self.tokens[before..at].iter().all(|token| token.is(b']') || token.is(b')')),
            }
        }
        false
    }

    /// The first token from `at` that is neither comment nor attribute. `near`: with no empty
    /// line before it.
    fn next_code(&self, mut at: usize, near: bool) -> Option<usize> {
        for _ in 0..BETWEEN {
            let token = self.tokens.get(at)?;
            if near && self.lines_between(at) > 1 {
                return None;
            }
            match self.attribute(at) {
                Some(end) => at = end,
                None if token.is_comment() => at += 1,
                None => return Some(at),
            }
        }
        None
    }

    /// How many line ends stand between a token and the one before it.
    fn lines_between(&self, at: usize) -> usize {
        let before = at.checked_sub(1).map_or(0, |before| self.tokens[before].end);
        self.text[before..self.tokens[at].start].matches('\n').count()
    }

    /// One past the last token of the attribute that starts here, if one does.
    fn attribute(&self, at: usize) -> Option<usize> {
        let open = match self.tokens.get(at..)? {
            [hash, open, ..] if hash.is(b'#') && open.is(b'[') => at + 1,
            [hash, bang, open, ..] if hash.is(b'#') && bang.is(b'!') && open.is(b'[') => at + 2,
            _ => return None,
        };
        Some(self.closing[open] + 1)
    }

    fn word(&self, token: Token) -> &str {
        if token.kind == Kind::Word { &self.text[token.start..token.end] } else { "" }
    }

    /// What stands between the quotes of a string.
    fn literal(&self, token: Token) -> String {
        let text = &self.text[token.start..token.end];
        let inner =
            text.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map_or("", |(inner, _)| inner);
        let raw = text.starts_with('r');
        if raw { inner.to_owned() } else { inner.replace("\\\"", "\"") }
    }

    /// The first word of an item past its visibility, and where it stands.
    fn head(&self, mut at: usize) -> (&str, usize) {
        if self.tokens.get(at).is_some_and(|token| self.word(*token) == "pub") {
            at += 1;
            if self.tokens.get(at).is_some_and(|token| token.is(b'(')) {
                at = self.closing[at] + 1;
            }
        }
        (self.tokens.get(at).map_or("", |token| self.word(*token)), at)
    }

    /// The name, if the item that starts here declares a type.
    fn type_name(&self, at: usize) -> Option<String> {
        let (head, at) = self.head(at);
        let name = self.tokens.get(at + 1).map(|name| self.word(*name).to_owned());
        name.filter(|_| matches!(head, "struct" | "enum" | "union" | "type"))
    }

    /// The range of what starts here: a type with its fields, a static or a binding with its
    /// value, a block of thread locals; of anything else its line.
    fn item(&self, at: usize) -> Span {
        let start = self.tokens[at].start;
        let (head, head_at) = self.head(at);
        let next = self.tokens.get(head_at + 1);
        let is_macro = next.is_some_and(|next| next.is(b'!'));
        let is_fn = next.is_some_and(|next| matches!(self.word(*next), "fn" | "unsafe" | "async" | "extern"));
        let end = match head {
            "struct" | "enum" | "union" => self.end_of_item(head_at, true),
            "const" if is_fn => None,
            "static" | "const" | "let" | "type" => self.end_of_item(head_at, false),
            "thread_local" | "lazy_static" if is_macro => self.end_of_item(head_at, true),
            _ => None,
        };
        let line = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        span(start, end.unwrap_or(line))
    }

    /// Where the item ends: at `;`, or where `braces` end it at its block. A bracket that
    /// closes more than the item opened ends it too.
    fn end_of_item(&self, from: usize, braces: bool) -> Option<usize> {
        let mut at = from;
        for _ in 0..ITEM {
            let token = self.tokens.get(at)?;
            match token.kind {
                Kind::Mark(b';') => return Some(token.end),
                Kind::Mark(b'{') if braces => return Some(self.tokens[self.closing[at]].end),
                Kind::Mark(b'(' | b'[' | b'{') => at = self.closing[at],
                Kind::Mark(b')' | b']' | b'}') => return Some(token.start),
                _ => {}
            }
            at += 1;
        }
        None
    }
}

fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, end: end as u32 }
}

#[cfg(test)]
mod tests;
