//! Reads YAML (and JSON, which is a part of it) into trees with positions.
//!
//! A file is read document by document, so that one broken document does not hide the rest.
//! Aliases are copies of what they name, up to a bound on the size of the whole tree: a file
//! whose anchors multiply is reported, not followed.

use std::ops::Range;

use granit_parser::{Event, Parser, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use super::tree::{Entry, Node, Value};

/// How many values one file may make, aliases counted each time. A large file has as many of its
/// own; what aliases bring is worth more to an attacker, so it counts more.
const MOST_NODES: usize = 1_000_000;
const WORTH_OF_ALIASED: usize = 5;

/// Keys that stand twice are named up to this number in each document.
const MOST_NAMED: usize = 20;

/// Values inside one another; what nests deeper was not written by a person.
const DEEPEST: usize = 200;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The documents that could be read, in order.
    pub(crate) documents: Vec<Node>,
    /// 1-based line and reason for each document that could not be read.
    pub(crate) errors: Vec<(u32, String)>,
    /// 1-based line and words for each key that a map has twice.
    pub(crate) repeated: Vec<(u32, String)>,
}

/// Reads every document of a file.
pub(crate) fn read(text: &str) -> Read {
    let mut read = Read::default();
    let mut nodes = 0;
    let (mut line, mut counted) = (0, 0);
    for part in documents(text) {
        line += text[counted..part.start].matches('\n').count();
        counted = part.start;
        let mut builder = Builder { base: part.start, nodes, ..Builder::default() };
        match builder.run(&text[part.clone()]) {
            Ok(()) => {}
            Err(Failed { line: at, reason }) => read.errors.push(((line + at) as u32, reason)),
        }
        nodes = builder.nodes;
        let repeated = builder.repeated.iter().take(MOST_NAMED).map(|(at, key)| {
            let line = (line + text[part.start..*at].matches('\n').count()) as u32 + 1;
            (line, format!("the key `{key}` stands twice in one map: readers differ in which one counts"))
        });
        read.repeated.extend(repeated);
        read.documents.append(&mut builder.done);
        if nodes > MOST_NODES {
            // The rest would only say the same again.
            break;
        }
    }
    read
}

/// The byte ranges between `---` lines. A marker inside a block scalar is indented, so it is none.
fn documents(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marks = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if marks && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

struct Failed {
    line: usize,
    reason: String,
}

/// A collection that is not finished yet.
enum Open {
    Map { anchor: usize, start: usize, entries: Vec<Entry>, key: Option<(String, Range<usize>)> },
    List { anchor: usize, start: usize, items: Vec<Node> },
}

#[derive(Default)]
struct Builder {
    base: usize,
    open: Vec<Open>,
    anchors: FxHashMap<usize, (Node, usize)>,
    nodes: usize,
    done: Vec<Node>,
    /// Where a key stands that its map has already.
    repeated: Vec<(usize, String)>,
}

impl Builder {
    fn run(&mut self, text: &str) -> Result<(), Failed> {
        let options = granit_parser::options! {};
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) =
                event.map_err(|error| Failed { line: error.marker().line(), reason: error.info() })?;
            let line = span.start.line();
            self.event(event, &span).map_err(|reason| Failed { line, reason })?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event, span: &Span) -> Result<(), String> {
        let range = span.byte_range().unwrap_or(0..0);
        let range = range.start + self.base..range.end + self.base;
        match event {
            Event::Scalar(text, _, anchor, _) => {
                let node = Node { span: range, value: Value::Scalar(text.into_owned()) };
                self.close(node, anchor)
            }
            Event::MappingStart(..) | Event::SequenceStart(..) if self.open.len() >= DEEPEST => {
                Err(format!("nested deeper than {DEEPEST}"))
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(Open::Map { anchor, start: range.start, entries: Vec::new(), key: None });
                Ok(())
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open::List { anchor, start: range.start, items: Vec::new() });
                Ok(())
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let (anchor, start, value) = match self.open.pop() {
                    Some(Open::Map { anchor, start, entries, .. }) => {
                        self.repeated(&entries);
                        (anchor, start, Value::Map(entries))
                    }
                    Some(Open::List { anchor, start, items }) => (anchor, start, Value::List(items)),
                    None => return Ok(()),
                };
                self.close(Node { span: start..range.end.max(start), value }, anchor)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err("an alias inside the value that it names".to_owned());
                };
                self.nodes += size * WORTH_OF_ALIASED;
                if self.nodes > MOST_NODES {
                    return Err(format!("aliases make it more than {MOST_NODES} values"));
                }
                // The copy stands where the alias stands: what is found in it is said there.
                let node = Node { span: range, value: node.value.clone() };
                self.close(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn repeated(&mut self, entries: &[Entry]) {
        let mut seen = FxHashSet::default();
        let twice = entries.iter().filter(|entry| !entry.merged && !seen.insert(&entry.key));
        self.repeated.extend(twice.map(|entry| (entry.key_span.start, entry.key.clone())));
    }

    fn close(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(format!("more than {MOST_NODES} values"));
        }
        if anchor > 0 {
            let size = size(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.done.push(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => *key = Some((node.text().unwrap_or("").to_owned(), node.span)),
                // A merge key: what the map says itself comes first.
                Some((name, _)) if name == "<<" => {
                    let merged = match node.value {
                        Value::List(items) => items,
                        value => vec![Node { span: node.span, value }],
                    };
                    let merged = merged.iter().flat_map(Node::entries).cloned();
                    entries.extend(merged.map(|entry| Entry { merged: true, ..entry }));
                }
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node, merged: false }),
            },
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    let mut size = 1;
    let mut rest = vec![node];
    while let Some(node) = rest.pop() {
        let before = rest.len();
        rest.extend(node.items());
        rest.extend(node.entries().iter().map(|entry| &entry.value));
        size += rest.len() - before;
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_know_their_bytes() {
        let text = "a: 1\n---\nb:\n  - c: \"two\"\n";
        let read = read(text);
        assert!(read.errors.is_empty());
        assert_eq!(read.documents.len(), 2);
        let entry = read.documents[1].get("b").unwrap().items()[0].entry("c").unwrap();
        assert_eq!(&text[entry.key_span.clone()], "c");
        assert_eq!(&text[entry.value.span.clone()], "\"two\"");
        assert_eq!(entry.value.text(), Some("two"));
    }

    #[test]
    fn a_broken_document_hides_no_other() {
        let read = read("a: 1\n---\nb: [1\nc: }\n---\nd: 2\n");
        assert_eq!(read.documents.len(), 2);
        assert_eq!(read.documents[1].text_at(&["d"]), Some("2"));
        assert_eq!(read.errors.len(), 1);
        assert!((3..=5).contains(&read.errors[0].0), "{:?}", read.errors);
    }

    #[test]
    fn aliases_are_followed_until_they_explode() {
        let read_one = read("base: &b {x: 1}\nother: *b\nmerged:\n  <<: *b\n  y: 2\n");
        assert_eq!(read_one.documents[0].text_at(&["other", "x"]), Some("1"));
        assert_eq!(read_one.documents[0].text_at(&["merged", "x"]), Some("1"));

        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "));
        }
        let read_two = read(&bomb);
        assert_eq!(read_two.errors.len(), 1);
        assert!(read_two.errors[0].1.contains("aliases make it more than"));
    }

    #[test]
    fn an_anchor_that_names_itself_is_an_error() {
        assert_eq!(read("a: &a\n  b: *a\n").errors.len(), 1);
    }
}
