//! Suppressions in the settings files of frameworks, as comments behind `#`.
//!
//! Looks at lines: TOML, YAML and their like share this much. Text in quotes that looks like a
//! comment is taken for one, which at worst suppresses what its own line says.

use super::directive::{self, Parsed};
use super::{Directive, Scan, span};

pub(super) fn scan(text: &str, rules: &[&'static str]) -> Scan {
    let mut scan = Scan::default();
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines.push((start, line.trim_end()));
        start += line.len();
    }
    for (at, (start, line)) in lines.iter().enumerate() {
        let Some(sign) = comment(line) else { continue };
        let inner = line[sign + 1..].char_indices().map(|(offset, c)| (start + sign + 1 + offset, c));
        match directive::parse(&inner.collect::<Vec<_>>(), rules) {
            Parsed::Prose => {}
            Parsed::Unfinished(problem) => scan.malformed.push(problem),
            Parsed::Directive(allow, problems) => {
                scan.malformed.extend(problems);
                let own = line[..sign].trim().is_empty();
                let covered = if own {
                    lines[at + 1..].iter().find(|(_, line)| comment(line) != Some(indent(line)))
                } else {
                    Some(&lines[at])
                };
                let covers = covered.filter(|(_, line)| !line.trim().is_empty());
                scan.directives.extend(allow.map(|allow| Directive {
                    rules: allow.rules,
                    reason: allow.reason,
                    span: span(start + sign, start + line.len()),
                    covers: covers.map(|(start, line)| span(*start, start + line.len())),
                    type_name: None,
                }));
            }
        }
    }
    scan
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Where the comment of a line starts, if it has one: at its start or behind a blank.
fn comment(line: &str) -> Option<usize> {
    let signs = line.match_indices('#').map(|(at, _)| at);
    signs.into_iter().find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_the_value_or_above_it() {
        let allow = "# stateless: allow(in-memory-data, reason = \"x\")";
        for (text, expected) in [
            (format!("[db]\nurl = \"a#b\" {allow}\r\nx = 1\n"), Some(format!("url = \"a#b\" {allow}"))),
            (format!("{allow}\nurl: b\n"), Some("url: b".to_owned())),
            (format!("  {allow}\n  # why\n  url: b\n"), Some("  url: b".to_owned())),
            (format!("{allow}\n\nurl: b\n"), None),
            (allow.to_owned(), None),
        ] {
            let found = scan(&text, &["in-memory-data"]);
            let [one] = &found.directives[..] else { panic!("{text}: {found:?}") };
            let covers = one.covers.map(|span| text[span.start as usize..span.end as usize].to_owned());
            assert_eq!(covers, expected, "{text}");
            assert_eq!(&text[one.span.start as usize..one.span.end as usize], allow);
        }
        assert!(scan("url: a # prose\n", &[]).is_empty());
        assert_eq!(scan("# stateless: allow(x)\n", &[]).malformed.len(), 2);
    }
}
