//! Writes values as YAML: always the same text for the same value, with comments that say why.
//!
//! Only what generated files need: no anchors, no tags, no folding. Keys stand in the order in
//! which people write manifests, whatever the order of the value.

use serde_json::{Map, Value};

/// Keys that come first, in this order; the others follow by name.
#[rustfmt::skip]
const FIRST: &[&str] = &[
    "apiVersion", "kind", "metadata", "name", "alert", "expr", "for", "namespace", "labels", "annotations",
    "spec", "groups", "interval", "rule_files", "evaluation_interval", "tests", "input_series", "series",
    "eval_time", "alertname", "exp_alerts", "exp_labels", "exp_annotations", "scaleTargetRef", "minReplicas",
    "maxReplicas", "type", "replicas", "selector", "strategy", "maxUnavailable", "template", "image",
    "ports", "httpGet", "tcpSocket", "path", "port", "host", "http", "paths", "rules",
];

/// A comment above a key: the keys down to it, elements of lists by number, as in
/// `spec.metrics.0`; and the words.
pub(super) type Why<'a> = (&'a str, &'a str);

/// One document.
pub(super) fn yaml(value: &Value, why: &[Why]) -> String {
    let mut page = Page { out: String::new(), why };
    page.value(value, 0, "");
    page.out
}

/// `key: value`, indented by `indent` blanks.
pub(super) fn entry(key: &str, value: &Value, indent: usize, why: &[Why]) -> String {
    let mut page = Page { out: String::new(), why };
    page.entry(key, value, indent, "", false);
    page.out
}

struct Page<'a> {
    out: String,
    why: &'a [Why<'a>],
}

impl Page<'_> {
    /// A map or a list, each line indented.
    fn value(&mut self, value: &Value, indent: usize, path: &str) {
        match value {
            Value::Object(map) => {
                for (key, value) in in_order(map) {
                    self.entry(key, value, indent, path, false);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.item(item, indent, &below(path, &at.to_string()));
                }
            }
            scalar => self.out.push_str(&format!("{}\n", scalar_text(scalar))),
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize, path: &str, inline: bool) {
        let path = below(path, key);
        if !inline {
            self.comments(&path, indent);
            self.blank(indent);
        }
        self.out.push_str(&plain(key));
        self.out.push(':');
        match value {
            Value::Object(map) if map.is_empty() => self.out.push_str(" {}\n"),
            Value::Array(items) if items.is_empty() => self.out.push_str(" []\n"),
            Value::Object(_) | Value::Array(_) => {
                self.out.push('\n');
                self.value(value, indent + 2, &path);
            }
            Value::String(text) if text.contains('\n') => {
                self.out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
                for line in text.lines() {
                    if !line.is_empty() {
                        self.blank(indent + 2);
                    }
                    self.out.push_str(line);
                    self.out.push('\n');
                }
            }
            scalar => self.out.push_str(&format!(" {}\n", scalar_text(scalar))),
        }
    }

    fn item(&mut self, item: &Value, indent: usize, path: &str) {
        self.comments(path, indent);
        self.blank(indent);
        self.out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => {
                for (at, (key, value)) in in_order(map).into_iter().enumerate() {
                    self.entry(key, value, indent + 2, path, at == 0);
                }
            }
            scalar => self.out.push_str(&format!("{}\n", scalar_text(scalar))),
        }
    }

    fn comments(&mut self, path: &str, indent: usize) {
        for (_, text) in self.why.iter().filter(|(at, _)| *at == path) {
            for line in text.lines() {
                self.blank(indent);
                self.out.push_str(&format!("# {line}\n"));
            }
        }
    }

    fn blank(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The entries as they are written.
fn in_order(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let rank = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| (rank(key), *key));
    entries
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// A text as it is where YAML reads it as a text, else in quotes.
fn plain(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '(' | ')');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let word = text.to_ascii_lowercase();
    let other = matches!(&*word, "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
    if begins && text.chars().all(safe) && !text.ends_with(' ') && !other {
        return text.to_owned();
    }
    // A JSON string is a YAML string.
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_have_an_order_and_comments_a_place() {
        let value = json!({"spec": {"b": ["x", {"name": "z", "a": 1}], "a": "no"}, "kind": "K"});
        let why = [("spec", "Why."), ("spec.b.1", "Two\nlines."), ("spec.b.1.a", "One.")];
        let text = "kind: K\n# Why.\nspec:\n  a: \"no\"\n  b:\n    - x\n    # Two\n    # lines.\n    - name: z\n      # One.\n      a: 1\n";
        assert_eq!(yaml(&value, &why), text);
    }

    #[test]
    fn what_yaml_would_read_as_something_else_is_quoted() {
        for text in ["", "1", "true", "No", "a: b", "*a", "- x", "{a}", "#", "1.30", "~", "@x", "a\tb", "%"] {
            assert!(plain(text).starts_with('"'), "{text}");
            let read = crate::deploy::yaml::read(&format!("k: {}\n", plain(text)));
            assert_eq!(read.documents[0].text_at(&["k"]), Some(text));
        }
        assert_eq!(plain("apps/v1"), "apps/v1");
        assert_eq!(entry("a", &json!("x\ny"), 2, &[]), "  a: |-\n    x\n    y\n");
    }
}
