//! Reads a text before and after its edits and compares what both say: only what stands in an
//! edit may differ.
//!
//! Compared are values with the keys above them, directives with their blocks, words with their
//! section, in order. What an alias or a merge key brings to another place must not change with
//! its anchor. Line ends must stay as they are.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::structure::{Body, Structure};
use nginx_lint_parser::ast::ConfigItem;

use super::Edit;
use crate::deploy::files::{self, Syntax};
use crate::deploy::tree::{Node, Value};
use crate::deploy::{lines, read, tomls, yaml};

/// Something that a text says.
#[derive(Debug)]
struct Said {
    /// The keys or blocks above it, and its own.
    path: String,
    value: String,
    span: Range<usize>,
    /// It stands elsewhere, and an alias or a merge key brings it here.
    brought: bool,
}

/// Whether `after` says what `before` says, except in the edits. They are sorted, and none
/// overlaps another.
///
/// # Errors
/// What would differ, or could not be compared.
pub(in crate::deploy) fn only_intended(
    path: &str,
    before: &str,
    after: &str,
    edits: &[Edit],
) -> Result<(), String> {
    line_ends(before, edits)?;
    let (Some(old), Some(new)) = (said(path, before), said(path, after)) else {
        return Err("the changed file could not be compared with the one before".to_owned());
    };
    let ranges: Vec<Range<usize>> = edits.iter().map(|edit| edit.range.0..edit.range.1).collect();
    let taken = |one: &Said| touched(&ranges, &one.span);
    if let Some(one) = old.iter().find(|one| one.brought && taken(one)) {
        return Err(format!("`{}` takes it from an anchor, and would change as well", one.path));
    }
    let made = inserted(edits);
    let kept = old.iter().filter(|one| !taken(one));
    let left = new.iter().filter(|one| !touched(&made, &one.span));
    let mut left = left.map(|one| (&one.path, &one.value));
    for one in kept {
        match left.next() {
            Some((path, value)) if *path == one.path && *value == one.value => {}
            Some((path, _)) if *path != one.path => {
                return Err(format!("`{}` would not be in its place any more", one.path));
            }
            _ => return Err(format!("`{}` would not say the same", one.path)),
        }
    }
    match left.next() {
        None => Ok(()),
        Some((path, _)) => Err(format!("`{path}` would come to be")),
    }
}

/// Whether an edit, or what it inserted, covers a part of something. What is only pushed aside
/// by an insertion before or behind it is not touched.
fn touched(ranges: &[Range<usize>], span: &Range<usize>) -> bool {
    let first = ranges.partition_point(|range| range.end <= span.start);
    ranges.get(first).is_some_and(|range| range.start < span.end)
}

/// Where the new texts of the edits stand afterwards.
fn inserted(edits: &[Edit]) -> Vec<Range<usize>> {
    let mut moved = 0isize;
    let mut made = Vec::new();
    for edit in edits {
        let start = edit.range.0.saturating_add_signed(moved);
        made.push(start..start + edit.text.len());
        moved += edit.text.len() as isize - (edit.range.1 - edit.range.0) as isize;
    }
    made
}

fn line_ends(before: &str, edits: &[Edit]) -> Result<(), String> {
    let both = before.matches("\r\n").count();
    let windows = both > 0 && both == before.matches('\n').count();
    let unix = both == 0;
    for edit in edits.iter().filter(|edit| edit.text.contains('\n')) {
        let new = edit.text.matches("\r\n").count();
        if windows && new != edit.text.matches('\n').count() || unix && new > 0 {
            return Err("its line ends would be mixed".to_owned());
        }
    }
    Ok(())
}

/// Everything that a text says, in order; nothing where it cannot be read.
fn said(path: &str, text: &str) -> Option<Vec<Said>> {
    let mut all = Vec::new();
    let syntax = *files::one(path, text).syntax.first()?;
    let masked = read::masked(syntax, path, text);
    let text = masked.as_ref().map_or(text, |masked| &masked.text);
    match syntax {
        Syntax::Yaml => {
            for root in &yaml::read(text).documents {
                tree(root, "", false, &mut all);
            }
        }
        Syntax::Toml => {
            tree(&tomls::read(text).ok()?, "", false, &mut all);
            // It has no anchors, and a table may stand anywhere.
            all.iter_mut().for_each(|one| one.brought = false);
            all.sort_by(|a, b| (&a.path, &a.value).cmp(&(&b.path, &b.value)));
        }
        Syntax::Hcl | Syntax::Nomad => {
            hcl(&read::parse_hcl(text.to_owned()).ok()?, text, "", &mut all);
        }
        Syntax::Nginx => {
            let (config, errors) = read::parse_nginx(text);
            if !errors.is_empty() {
                return None;
            }
            nginx(&config.items, "", &mut all);
        }
        Syntax::Haproxy => sections(text, &mut all),
        Syntax::Apache | Syntax::Caddy => words(text, &mut all),
    }
    Some(all)
}

fn tree(node: &Node, path: &str, brought: bool, all: &mut Vec<Said>) {
    // A copy keeps the places of what it copies.
    let elsewhere = |inner: &Range<usize>| {
        brought || inner.start < node.span.start || inner.end > node.span.end.max(node.span.start)
    };
    match &node.value {
        Value::Scalar(text) => {
            all.push(Said { path: path.to_owned(), value: text.clone(), span: node.span.clone(), brought })
        }
        Value::Map(entries) => {
            for entry in entries {
                let path = format!("{path}.{}", entry.key);
                let brought = brought || entry.merged || elsewhere(&entry.key_span);
                if entry.value.entries().is_empty() && entry.value.items().is_empty() {
                    let span = entry.key_span.start..entry.key_span.end.max(entry.value.span.end);
                    let value = entry.value.text().unwrap_or("").to_owned();
                    all.push(Said { path, value, span, brought });
                } else {
                    tree(&entry.value, &path, brought, all);
                }
            }
        }
        Value::List(items) => {
            for item in items {
                tree(item, &format!("{path}[]"), brought || elsewhere(&item.span), all);
            }
        }
    }
}

fn hcl(body: &Body, text: &str, path: &str, all: &mut Vec<Said>) {
    for structure in body.iter() {
        match structure {
            Structure::Attribute(attribute) => {
                let span = attribute.span().unwrap_or_default();
                let value = attribute.value.span().and_then(|span| text.get(span)).unwrap_or("");
                let path = format!("{path}.{}", attribute.key.as_str());
                all.push(Said { path, value: value.to_owned(), span, brought: false });
            }
            Structure::Block(block) => {
                let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
                let path = format!("{path}.{} {}", block.ident.as_str(), labels.join(" "));
                hcl(&block.body, text, &path, all);
            }
        }
    }
}

fn nginx(items: &[ConfigItem], path: &str, all: &mut Vec<Said>) {
    for item in items {
        let ConfigItem::Directive(directive) = item else { continue };
        let arguments: Vec<&str> = directive.args.iter().map(|argument| argument.as_str()).collect();
        let own = format!("{path}/{}", directive.name);
        let start = directive.span.start.offset;
        let end = match &directive.block {
            Some(_) => directive.name_span.end.offset,
            None => directive.span.end.offset,
        };
        let value = arguments.join(" ");
        let within = format!("{own} {value}");
        all.push(Said { path: own, value, span: start..end.max(start), brought: false });
        if let Some(block) = &directive.block {
            nginx(&block.items, &within, all);
        }
    }
}

/// Words with the section that they stand in.
fn sections(text: &str, all: &mut Vec<Said>) {
    let mut section = String::new();
    for line in lines::lines(text) {
        let first = line[0].text;
        if lines::begins_section(&line) {
            section = line.iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
        }
        for word in &line {
            let path = format!("{section}/{first}");
            all.push(Said { path, value: word.text.to_owned(), span: word.span.clone(), brought: false });
        }
    }
}

fn words(text: &str, all: &mut Vec<Said>) {
    for word in lines::lines(text).into_iter().flatten() {
        all.push(Said {
            path: word.text.to_owned(),
            value: String::new(),
            span: word.span.clone(),
            brought: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replaces the one place where `from` stands.
    fn compared(path: &str, before: &str, from: &str, to: &str) -> Result<(), String> {
        let start = before.find(from).expect("it stands there");
        let edit = Edit { range: (start, start + from.len()), text: to.to_owned() };
        let after = before.replacen(from, to, 1);
        only_intended(path, before, &after, &[edit])
    }

    #[test]
    fn a_key_that_goes_or_a_value_that_changes_is_intended() {
        let yaml = "a:\n  b: 1 # one\n  c: [x, y]\nd: 2\n";
        assert_eq!(compared("a.yaml", yaml, "  b: 1 # one\n", ""), Ok(()));
        assert_eq!(compared("a.yaml", yaml, "2", "3"), Ok(()));
        assert_eq!(compared("a.yaml", yaml, "d: 2\n", "d: 2\ne: 3\n"), Ok(()));
    }

    #[test]
    fn what_moves_into_another_map_is_not() {
        let yaml = "a:\n  b: 1\n  c: 2\nd: 3\n";
        let why = compared("a.yaml", yaml, "a:\n  b: 1\n", "").unwrap_err();
        assert_eq!(why, "`.a.c` would not be in its place any more");
        let why = compared("a.yaml", "a:\n  b: 1\nd: 3\n", "  b: 1\n", "").unwrap_err();
        assert_eq!(why, "`.d` would not be in its place any more", "`.a` stands there, with nothing in it");
        let text = "a: |\n  x\n  y\nb: 1\n";
        let why = compared("a.yaml", text, "b: 1\n", "  b: 1\n").unwrap_err();
        assert_eq!(why, "`.a` would not say the same", "the line moved into its text");
    }

    #[test]
    fn what_an_anchor_gives_to_others_stays() {
        let yaml = "x: &x {n: 1}\na: *x\n";
        assert_eq!(
            compared("a.yaml", yaml, "1", "2"),
            Err("`.a.n` takes it from an anchor, and would change as well".to_owned())
        );
        let merged = "x: &x\n  n: 1\na:\n  <<: *x\n  m: 2\n";
        assert!(compared("a.yaml", merged, "1", "2").is_err());
        assert_eq!(compared("a.yaml", merged, "m: 2", "m: 3"), Ok(()));
    }

    #[test]
    fn blocks_and_sections_hold_their_own() {
        let nginx = "upstream a { ip_hash; server b; }\nupstream c { server d; }\n";
        assert_eq!(compared("nginx.conf", nginx, " ip_hash;", ""), Ok(()));
        assert!(compared("nginx.conf", nginx, "}\nupstream c {", "").is_err());
        let hcl = "a \"x\" {\n  b = 1\n}\nc \"y\" {\n  d = 2\n}\n";
        assert_eq!(compared("a.tf", hcl, "1", "2"), Ok(()));
        assert!(compared("a.tf", hcl, "}\nc \"y\" {\n", "").is_err());
        let haproxy = "backend a\n  cookie x insert\nbackend b\n  server c d\n";
        assert_eq!(compared("haproxy.cfg", haproxy, "  cookie x insert\n", ""), Ok(()));
        assert!(compared("haproxy.cfg", haproxy, "backend b\n", "").is_err());
        let toml = "[http.services.a]\nx = 1\n[http.services.b]\ny = 2\n";
        assert!(compared("a.toml", toml, "[http.services.b]\n", "").is_err());
    }

    #[test]
    fn a_template_is_compared_without_its_actions() {
        let pack = "job \"[[ .shop.name ]]\" {\n  group \"web\" {\n    count = 1\n    [[ template \"more\" . ]]\n  }\n}\n";
        assert_eq!(compared("shop.nomad.tpl", pack, "1", "2"), Ok(()));
        assert!(compared("shop.nomad.tpl", pack, "group \"web\" {", "group \"web\" {}\n  {").is_err());
        let nginx = "upstream a {\n  ip_hash;\n  server {{ host }}:80;\n}\n";
        assert_eq!(compared("nginx.conf.j2", nginx, "  ip_hash;\n", ""), Ok(()));
        assert!(compared("nginx.conf.j2", nginx, "upstream a {", "upstream b {").is_err());
    }

    #[test]
    fn line_ends_are_not_mixed() {
        let edit = |text: &str| [Edit { range: (3, 3), text: text.to_owned() }];
        assert!(line_ends("a\r\nb\r\n", &edit("x\n")).is_err());
        assert!(line_ends("a\r\nb\r\n", &edit("x\r\n")).is_ok());
        assert!(line_ends("a\nb\n", &edit("x\r\n")).is_err());
    }
}
