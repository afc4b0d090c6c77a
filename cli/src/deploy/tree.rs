//! A document as a tree in which every key and value knows its bytes.
//!
//! Made by [`super::yaml`] (YAML and JSON) and by [`super::tomls`]; what a document means is
//! decided by whoever reads the tree.

use std::ops::Range;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// The text without its quotes.
    Scalar(String),
    Map(Vec<Entry>),
    List(Vec<Node>),
}

/// A key with its value. Keys may repeat: a template's branches each bring their own.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Node,
    /// It stands elsewhere, and a merge key brings it here.
    pub(crate) merged: bool,
}

impl Node {
    /// The entries of a map; nothing for any other value.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; nothing for any other value.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The first entry of that key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Every entry of that key: branches of a template can each have one.
    pub(crate) fn each<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries().iter().filter(move |entry| entry.key == key)
    }

    /// The value behind that key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value behind those keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entry behind those keys.
    pub(crate) fn entry_at(&self, path: &[&str]) -> Option<&Entry> {
        let (last, before) = path.split_last()?;
        self.at(before)?.entry(last)
    }

    /// The scalar behind those keys.
    pub(crate) fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.text()
    }

    /// Whether this is a scalar that YAML reads as true.
    pub(crate) fn is_true(&self) -> bool {
        self.text().is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on"))
    }

    /// Whether nothing is there: an empty scalar or `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.text().is_some_and(|text| matches!(text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Calls `seen` with every entry below, with the keys above it, outermost first.
    pub(crate) fn walk<'a>(&'a self, seen: &mut dyn FnMut(&[&'a str], &'a Entry)) {
        fn down<'a>(node: &'a Node, above: &mut Vec<&'a str>, seen: &mut dyn FnMut(&[&'a str], &'a Entry)) {
            for item in node.items() {
                down(item, above, seen);
            }
            for entry in node.entries() {
                seen(above, entry);
                above.push(&entry.key);
                down(&entry.value, above, seen);
                above.pop();
            }
        }
        down(self, &mut Vec::new(), seen);
    }
}
