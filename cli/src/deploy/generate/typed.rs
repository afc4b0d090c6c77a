//! Between the types of `k8s-openapi` and plain values.
//!
//! The types skip what they do not know; here that is an error, since a misspelt key in a
//! manifest is silently without effect.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::super::tree::{self, Node};

/// An object as a value.
pub(super) fn value(object: &impl Serialize) -> Value {
    // Maps with keys that are no strings do not occur in these types.
    serde_json::to_value(object).unwrap_or(Value::Null)
}

/// Reads a manifest as an object of a type, and refuses keys that the type does not have.
///
/// # Errors
/// The path and what is wrong there.
pub(super) fn read<T: DeserializeOwned + Serialize>(text: &str, root: &Node) -> Result<T, String> {
    let said = plain(text, root);
    let object: T = serde_json::from_value(said.clone()).map_err(|error| error.to_string())?;
    let known = value(&object);
    match unknown(&said, &known, String::new()) {
        Some(path) => Err(format!("`{path}` is no key of this kind of object")),
        None => Ok(object),
    }
}

/// The first key of `said` that got lost in `known`.
fn unknown(said: &Value, known: &Value, path: String) -> Option<String> {
    match (said, known) {
        (Value::Object(said), Value::Object(known)) => said.iter().find_map(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match known.get(key) {
                Some(known) => unknown(value, known, path),
                // Empty values need not be kept.
                None => (!empty(value)).then_some(path),
            }
        }),
        (Value::Array(said), Value::Array(known)) => said
            .iter()
            .zip(known)
            .enumerate()
            .find_map(|(at, (said, known))| unknown(said, known, format!("{path}[{at}]"))),
        _ => None,
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A tree as a value. Quotes decide what is a text, as they do for the cluster.
fn plain(text: &str, node: &Node) -> Value {
    match &node.value {
        tree::Value::Scalar(said) => {
            let written = text.get(node.span.clone()).unwrap_or("");
            scalar(said, written.starts_with(['"', '\'']))
        }
        tree::Value::List(items) => Value::Array(items.iter().map(|item| plain(text, item)).collect()),
        tree::Value::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                map.entry(entry.key.clone()).or_insert_with(|| plain(text, &entry.value));
            }
            Value::Object(map)
        }
    }
}

fn scalar(text: &str, quoted: bool) -> Value {
    if quoted {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    // Rust reads `inf` and `nan` as numbers.
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'));
    text.parse().ok().filter(|_| begins).and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;

    use super::*;
    use crate::deploy::yaml;

    const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {version: \"1.30\"}}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}, annotations: {}}
    spec: {containers: [{name: shop, image: 'shop:1', ports: [{containerPort: 80}]}]}
";

    fn deployment(text: &str) -> Result<Deployment, String> {
        read(text, &yaml::read(text).documents[0])
    }

    #[test]
    fn a_manifest_is_read_as_its_type() {
        let object = deployment(DEPLOYMENT).unwrap();
        assert_eq!(object.metadata.labels.unwrap()["version"], "1.30");
    }

    #[test]
    fn a_key_that_the_type_does_not_have_is_an_error() {
        let text = DEPLOYMENT.replace("ports:", "prots:");
        let why = deployment(&text).unwrap_err();
        assert_eq!(why, "`spec.template.spec.containers[0].prots` is no key of this kind of object");
        let text = DEPLOYMENT.replace("\"1.30\"", "1.30");
        assert!(deployment(&text).is_err(), "a label is a text");
    }
}
