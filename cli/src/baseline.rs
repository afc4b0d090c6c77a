//! Findings that were accepted: a text file with one finding a line, sorted.
//!
//! A line names package, item path and rule, never a line number. Pure: [`crate::sink`] says
//! what an entry matches, and `commands` reads and writes the file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::Finding;
use crate::span::Span;

/// The name of the file.
pub(crate) const FILE: &str = "stateless-baseline.txt";

const HEADER: &str = "\
# Findings of cargo stateless that were accepted: package, item path, rule, and `xN` for N of them.
# `cargo stateless baseline` writes this file, `cargo stateless baseline --prune` takes out what is gone.
";

/// How git marks what it could not merge.
const CONFLICT: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// What makes findings the same to the baseline. Two with one key are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) package: String,
    pub(crate) item_path: String,
    pub(crate) rule: String,
}

impl Key {
    pub(crate) fn of(finding: &Finding) -> Key {
        let site = &finding.site;
        let (package, item_path) = (site.package.clone(), site.item_path.clone());
        Key { package, item_path, rule: finding.rule.name.to_owned() }
    }

    /// Whether this can be the finding before its module, or its file, got another name.
    pub(crate) fn moved_to(&self, finding: &Finding) -> bool {
        let symbol = &finding.site.symbol;
        let ends = self.item_path.strip_suffix(symbol.as_str());
        self.package == finding.site.package
            && self.rule == finding.rule.name
            && ends.is_some_and(|before| before.is_empty() || before.ends_with("::"))
    }
}

/// One key of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) count: usize,
    /// Its line.
    pub(crate) span: Span,
}

/// A file's entries.
pub(crate) type Entries = BTreeMap<Key, Entry>;

/// A line that is no entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) span: Span,
    pub(crate) message: &'static str,
    pub(crate) help: &'static str,
}

/// Reads a file. Of a key that stands there twice, as it can after a merge, the higher count
/// is meant; the order of lines says nothing.
pub(crate) fn parse(text: &str) -> Result<Entries, Broken> {
    let mut entries = Entries::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let entry = line.trim_end();
        let span = Span { start: start as u32, end: (start + entry.len()) as u32 };
        start += line.len();
        if entry.trim_start().is_empty() || entry.starts_with('#') {
            continue;
        }
        if CONFLICT.iter().any(|mark| entry.starts_with(mark)) {
            let message = "git could not merge here";
            let help = "keep the lines of both sides and take out the marks: each line stands for itself";
            return Err(Broken { span, message, help });
        }
        let (key, count) = read_line(entry).ok_or(Broken {
            span,
            message: "this is no entry of a baseline",
            help: "a line is `PACKAGE ITEM-PATH RULE`, with ` xN` for N findings; \
                   `cargo stateless baseline` writes the file anew",
        })?;
        let known = entries.entry(key).or_insert(Entry { count, span });
        known.count = known.count.max(count);
    }
    Ok(entries)
}

fn read_line(line: &str) -> Option<(Key, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (package, item_path, rule) = (fields.next()?, fields.next()?, fields.next()?);
    let count = match fields.next() {
        Some(count) => count.strip_prefix('x')?.parse().ok().filter(|count| *count > 0)?,
        None => 1,
    };
    let key = Key { package: decode(package)?, item_path: decode(item_path)?, rule: decode(rule)? };
    fields.next().is_none().then_some((key, count))
}

/// The text of a file with these keys.
pub(crate) fn text(counts: &BTreeMap<Key, usize>) -> String {
    let mut text = HEADER.to_owned();
    for (key, count) in counts {
        let many = if *count > 1 { format!(" x{count}") } else { String::new() };
        let (package, item_path, rule) = (encode(&key.package), encode(&key.item_path), encode(&key.rule));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{package} {item_path} {rule}{many}");
    }
    text
}

/// A field has no blanks, and a line begins with none of the signs that mean something.
fn encode(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    for (at, c) in field.chars().enumerate() {
        let leads = at == 0 && matches!(c, '#' | '<' | '>' | '|' | '=');
        if leads || c.is_whitespace() || c.is_control() || c == '%' {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(text, "%{byte:02X}");
            }
        } else {
            text.push(c);
        }
    }
    if text.is_empty() { "%".to_owned() } else { text }
}

fn decode(field: &str) -> Option<String> {
    if field == "%" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (hex, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(package: &str, item_path: &str, rule: &str) -> Key {
        Key { package: package.into(), item_path: item_path.into(), rule: rule.into() }
    }

    fn counts(entries: &Entries) -> BTreeMap<Key, usize> {
        entries.iter().map(|(key, entry)| (key.clone(), entry.count)).collect()
    }

    #[test]
    fn one_finding_a_line_sorted() {
        let counts = BTreeMap::from([
            (key("shop", "crate::b::X", "timer"), 1),
            (key("shop", "crate::a::X", "timer"), 3),
            (key("api", "crate::z", "timer"), 1),
        ]);
        let text = text(&counts);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines, ["api crate::z timer", "shop crate::a::X timer x3", "shop crate::b::X timer"]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let odd = BTreeMap::from([
            (key("", "a b\tc\n", "x%y"), 2),
            (key("# no comment", "<impl X for Y>::größe", "<<<<<<<"), 1),
            (key("=======", "|||||||", "%"), 1),
        ]);
        assert_eq!(counts(&parse(&text(&odd)).unwrap()), odd);
        let windows = text(&odd).replace('\n', "\r\n");
        assert_eq!(counts(&parse(&windows).unwrap()), odd);
    }

    #[test]
    fn what_a_merge_leaves_is_understood() {
        let merged = "b x timer\n# comment\n\na x timer x2\nb x timer\na x timer x3\n";
        let found = counts(&parse(merged).unwrap());
        assert_eq!(found, BTreeMap::from([(key("a", "x", "timer"), 3), (key("b", "x", "timer"), 1)]));
    }

    #[test]
    fn a_broken_line_is_named() {
        for (text, blamed) in [
            ("a x timer\n<<<<<<< HEAD\n", "<<<<<<< HEAD"),
            ("=======", "======="),
            ("a x timer\r\nonly two\r\n", "only two"),
            ("a x timer 3", "a x timer 3"),
            ("a x timer x0", "a x timer x0"),
            ("a x timer x2 y", "a x timer x2 y"),
            ("a x %4", "a x %4"),
            ("a x %ff", "a x %ff"),
        ] {
            let broken = parse(text).unwrap_err();
            assert_eq!(&text[broken.span.start as usize..broken.span.end as usize], blamed);
        }
        assert!(parse("<<<<<<< HEAD\n").unwrap_err().help.contains("both sides"));
    }
}
