//! Reads TOML into the same trees as YAML, with positions.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::tree::{Entry, Node, Value};

/// The document, or the byte and the reason where it is none.
pub(crate) fn read(text: &str) -> Result<Node, (usize, String)> {
    match DeTable::parse(text) {
        Ok(table) => Ok(Node { span: 0..text.len(), value: map(table.get_ref()) }),
        Err(error) => Err((error.span().map_or(0, |span| span.start), error.message().to_owned())),
    }
}

fn map(table: &DeTable) -> Value {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: node(value),
            merged: false,
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Value::Map(entries)
}

fn node(value: &Spanned<DeValue>) -> Node {
    let tree = match value.get_ref() {
        DeValue::Table(table) => map(table),
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
        DeValue::String(text) => Value::Scalar(text.to_string()),
        DeValue::Integer(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Value::Scalar(yes.to_string()),
        DeValue::Datetime(time) => Value::Scalar(time.to_string()),
    };
    Node { span: value.span(), value: tree }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_know_their_bytes_in_headers_too() {
        let text = "[a.b]\nc = \"two\"\n[[d]]\ne = 1\n";
        let root = read(text).unwrap();
        let entry = root.entry_at(&["a", "b"]).unwrap();
        assert_eq!(&text[entry.key_span.clone()], "b");
        assert_eq!(root.text_at(&["a", "b", "c"]), Some("two"));
        assert_eq!(root.get("d").unwrap().items()[0].text_at(&["e"]), Some("1"));
        assert!(read("a = ").is_err());
    }
}
