//! The words of a suppression: `stateless: allow(rule, reason = "..")`.
//!
//! Tells a suppression from prose that begins with the same word, and says what is wrong with
//! one that is misspelt. What it covers is decided in [`super`].

use crate::near::{did_you_mean, near};
use crate::span::Span;

/// What every suppression in a comment begins with.
pub(crate) const HEAD: &str = "stateless:";

/// What people who know other tools write instead of `allow`.
const OTHER_VERBS: [&str; 8] = ["ignore", "disable", "suppress", "expect", "deny", "warn", "forbid", "skip"];

/// A suppression that can be obeyed, at least in part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allow {
    /// Known rules, and where each is named.
    pub(super) rules: Vec<(&'static str, Span)>,
    pub(super) reason: String,
}

/// Something about a suppression that cannot be obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// What a comment turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// Prose.
    Prose,
    /// The comment ends in the middle: the next line may go on.
    Unfinished(Malformed),
    /// A suppression: what can be obeyed of it, and what cannot.
    Directive(Option<Allow>, Vec<Malformed>),
}

/// The form that a suppression has to have.
pub(super) fn form(rule: &str) -> String {
    format!("write `// stateless: allow({rule}, reason = \"why it may stay\")`")
}

/// Reads the characters of a comment without its slashes, each with its offset.
pub(super) fn parse(chars: &[(usize, char)], rules: &[&'static str]) -> Parsed {
    let mut text = Cursor { chars, at: 0 };
    text.blanks();
    if !HEAD.chars().all(|wanted| text.take(|c| c == wanted).is_some()) {
        return Parsed::Prose;
    }
    let start = chars[text.at - HEAD.len()].0;
    text.blanks();
    let (verb, verb_span) = text.word();
    let called = text.peek() == Some('(');
    let known = verb == "allow";
    if !known && !(called && (OTHER_VERBS.contains(&verb.as_str()) || !near(&verb, ["allow"]).is_empty())) {
        return Parsed::Prose;
    }
    if !known {
        let message = format!("`{verb}` is nothing that a comment can ask for");
        let help = match verb.as_str() {
            "deny" | "warn" | "forbid" => {
                format!("levels are set in `stateless.toml`; to suppress, {}", form("rule"))
            }
            _ => form("rule"),
        };
        return Parsed::Directive(None, vec![Malformed { span: verb_span, message, help }]);
    }
    text.blanks();
    let (names, reason) = match arguments(&mut text) {
        Ok(arguments) => arguments,
        Err(Broken { at, unfinished, message }) => {
            let span =
                Span { start: if unfinished { start as u32 } else { at as u32 }, end: text.end_of(at) };
            let problem = Malformed { span, message, help: form("rule") };
            return if unfinished {
                Parsed::Unfinished(problem)
            } else {
                Parsed::Directive(None, vec![problem])
            };
        }
    };
    let whole = Span { start: start as u32, end: text.offset() };
    judge(names, reason, whole, rules)
}

fn judge(
    names: Vec<(String, Span)>,
    reason: Option<(String, Span)>,
    whole: Span,
    rules: &[&'static str],
) -> Parsed {
    let mut problems = Vec::new();
    let mut known = Vec::new();
    for (name, span) in &names {
        match rules.iter().find(|rule| *rule == name) {
            Some(rule) => known.push((*rule, *span)),
            None => {
                let message = format!("there is no rule `{name}`");
                let help = did_you_mean(name, rules.iter().copied())
                    .unwrap_or_else(|| format!("the rules are {}", rules.join(", ")));
                problems.push(Malformed { span: *span, message, help });
            }
        }
    }
    if names.is_empty() {
        let message = "this suppression names no rule".to_owned();
        problems.push(Malformed { span: whole, message, help: form("rule") });
    }
    match reason {
        Some((reason, _)) if !reason.trim().is_empty() => {
            // A reason may go on in the next line.
            let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
            let allow = (!known.is_empty()).then_some(Allow { rules: known, reason });
            Parsed::Directive(allow, problems)
        }
        reason => {
            let span = reason.map_or(whole, |(_, span)| span);
            let message =
                "this suppression gives no reason, and without one nothing is suppressed".to_owned();
            let help = form(names.first().map_or("rule", |(name, _)| name));
            problems.push(Malformed { span, message, help });
            Parsed::Directive(None, problems)
        }
    }
}

struct Broken {
    at: usize,
    unfinished: bool,
    message: String,
}

type Arguments = (Vec<(String, Span)>, Option<(String, Span)>);

/// `(rule, rule, reason = "..")`, and nothing behind it.
fn arguments(text: &mut Cursor) -> Result<Arguments, Broken> {
    let (mut names, mut reason) = (Vec::new(), None);
    text.expect('(', "after `allow`")?;
    loop {
        text.blanks();
        if text.take(|c| c == ')').is_some() {
            break;
        }
        let (name, span) = text.word();
        if name.is_empty() {
            return Err(text.broken("a rule or `reason = \"..\"`"));
        }
        text.blanks();
        if name == "reason" && text.peek() != Some(',') && text.peek() != Some(')') {
            text.expect('=', "after `reason`")?;
            text.blanks();
            let start = text.offset();
            let said = text.string()?;
            reason = Some((said, Span { start, end: text.offset() }));
        } else {
            names.push((name, span));
        }
        text.blanks();
        if text.peek() != Some(')') {
            text.expect(',', "between the rules and the reason")?;
        }
    }
    text.blanks();
    match text.peek() {
        None => Ok((names, reason)),
        Some(_) => Err(text.broken("the end of the comment")),
    }
}

struct Cursor<'c> {
    chars: &'c [(usize, char)],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).map(|(_, c)| *c)
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let next = self.peek().filter(|c| wanted(*c))?;
        self.at += 1;
        Some(next)
    }

    fn blanks(&mut self) {
        while self.take(char::is_whitespace).is_some() {}
    }

    /// Where the next character stands; past the last one, where that ends.
    fn offset(&self) -> u32 {
        match (self.chars.get(self.at), self.chars.last()) {
            (Some((offset, _)), _) => *offset as u32,
            (None, Some((offset, c))) => (offset + c.len_utf8()) as u32,
            (None, None) => 0,
        }
    }

    /// The end of the character at an offset, or of the comment.
    fn end_of(&self, offset: usize) -> u32 {
        let next = self.chars.iter().find(|(at, _)| *at >= offset);
        next.or(self.chars.last()).map_or(0, |(at, c)| (at + c.len_utf8()) as u32)
    }

    /// A name, which may be empty. `_` is no part of a rule's name, but may be tried.
    fn word(&mut self) -> (String, Span) {
        let start = self.offset();
        let mut word = String::new();
        let mut end = start;
        while let Some(c) = self.take(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) {
            word.push(c);
            end = self.chars[self.at - 1].0 as u32 + c.len_utf8() as u32;
        }
        (word, Span { start, end })
    }

    fn string(&mut self) -> Result<String, Broken> {
        self.expect('"', "around the reason")?;
        let mut said = String::new();
        loop {
            match self.take(|_| true) {
                Some('"') => return Ok(said),
                Some('\\') => said.extend(self.take(|_| true)),
                Some(c) => said.push(c),
                None => return Err(self.broken("`\"` at the end of the reason")),
            }
        }
    }

    fn expect(&mut self, wanted: char, place: &str) -> Result<(), Broken> {
        match self.take(|c| c == wanted) {
            Some(_) => Ok(()),
            None => Err(self.broken(&format!("`{wanted}` {place}"))),
        }
    }

    fn broken(&self, wanted: &str) -> Broken {
        let (unfinished, found) = match self.peek() {
            Some(c) => (false, format!("found `{c}`")),
            None => (true, "the comment ends".to_owned()),
        };
        let message = format!("this suppression cannot be read: expected {wanted}, {found}");
        Broken { at: self.offset() as usize, unfinished, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 2] = ["in-memory-cache", "in-memory-session"];

    fn read(comment: &str) -> Parsed {
        parse(&comment.char_indices().collect::<Vec<_>>(), &RULES)
    }

    fn allowed(comment: &str) -> (Vec<&'static str>, String) {
        match read(comment) {
            Parsed::Directive(Some(allow), problems) if problems.is_empty() => {
                (allow.rules.iter().map(|(rule, _)| *rule).collect(), allow.reason)
            }
            other => panic!("{comment}: {other:?}"),
        }
    }

    /// The part of the comment that is to blame, the message and the help.
    fn refused(comment: &str) -> Vec<(&str, String, String)> {
        let problems = match read(comment) {
            Parsed::Directive(_, problems) => problems,
            Parsed::Unfinished(problem) => vec![problem],
            Parsed::Prose => panic!("{comment}: taken for prose"),
        };
        let said = |one: Malformed| {
            (&comment[one.span.start as usize..one.span.end as usize], one.message, one.help)
        };
        problems.into_iter().map(said).collect()
    }

    #[test]
    fn rules_and_a_reason() {
        let one = (vec!["in-memory-cache"], "warm \"cache\", lives 1s".to_owned());
        assert_eq!(
            allowed(r#" stateless: allow(in-memory-cache, reason = "warm \"cache\", lives 1s")"#),
            one
        );
        assert_eq!(
            allowed(r#"stateless:allow( in-memory-cache,reason="warm \"cache\", lives 1s" , ) "#),
            one
        );
        let two = r#" stateless: allow(in-memory-cache, in-memory-session, reason = "größe )")"#;
        assert_eq!(allowed(two), (vec!["in-memory-cache", "in-memory-session"], "größe )".to_owned()));
    }

    #[test]
    fn prose_is_left_alone() {
        for text in [
            " stateless: safe to clone",
            " stateless: verify(token) needs no look-up",
            " stateless: tokens (JWT) carry it",
            " stateless: allowing this would be wrong",
            " Stateless: allow(x)",
            " TODO stateless: allow(in-memory-cache)",
            " stateless",
            "",
        ] {
            assert_eq!(read(text), Parsed::Prose, "{text}");
        }
    }

    #[test]
    fn a_reason_is_required() {
        let help = "write `// stateless: allow(in-memory-cache, reason = \"why it may stay\")`";
        for (text, blamed) in [
            (" stateless: allow(in-memory-cache)", "stateless: allow(in-memory-cache)"),
            (" stateless: allow(in-memory-cache, reason = \" \")", "\" \""),
        ] {
            let found = refused(text);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].0, found[0].2.as_str()), (blamed, help));
            assert!(found[0].1.contains("gives no reason"), "{}", found[0].1);
        }
    }

    #[test]
    fn what_is_misspelt_is_named_and_the_rest_is_obeyed() {
        let text = r#"stateless: allow(in_memory_cache, in-memory-session, reason = "x")"#;
        let Parsed::Directive(Some(allow), problems) = read(text) else { panic!("{:?}", read(text)) };
        assert_eq!(allow.rules.len(), 1);
        assert_eq!(problems[0].message, "there is no rule `in_memory_cache`");
        assert_eq!(refused(text)[0].0, "in_memory_cache");
        assert_eq!(problems[0].help, "did you mean `in-memory-cache`?");
        assert!(
            refused("stateless: allow(xyz, reason = \"x\")")[0]
                .2
                .starts_with("the rules are in-memory-cache")
        );
        assert_eq!(refused("stateless: alow(in-memory-cache)")[0].0, "alow");
        assert!(refused("stateless: deny(in-memory-cache)")[0].2.contains("stateless.toml"));
        assert!(refused("stateless: allow(reason = \"x\")")[0].1.contains("names no rule"));
    }

    #[test]
    fn what_cannot_be_read_is_shown_where_it_goes_wrong() {
        for (text, blamed, message) in [
            ("stateless: allow in-memory-cache", "i", "expected `(` after `allow`, found `i`"),
            ("stateless: allow(in-memory-cache reason)", "r", "expected `,` between"),
            (
                "stateless: allow(in-memory-cache, reason: \"x\")",
                ":",
                "expected `=` after `reason`, found `:`",
            ),
            ("stateless: allow(in-memory-cache, reason = x)", "x", "expected `\"` around the reason"),
            (
                "stateless: allow(in-memory-cache, reason = \"x\") soon",
                "s",
                "expected the end of the comment",
            ),
        ] {
            let (found, said, _) = refused(text).remove(0);
            assert_eq!(found, blamed, "{text}");
            assert!(said.contains(message), "{said}");
        }
        for text in ["stateless: allow(", "stateless: allow", "stateless: allow(x, reason = \"never ends"] {
            assert!(matches!(read(text), Parsed::Unfinished(_)), "{text}");
            assert_eq!(refused(text)[0].0, text);
        }
    }
}
