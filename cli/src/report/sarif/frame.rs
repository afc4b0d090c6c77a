//! The frame of a log whose results are no findings of `check`: of `verify` and of `deploy`.

use serde_json::{Value, json};

use super::{ROOT, SCHEMA, uri};

/// A log of one run. `notes` are notifications of the run.
pub(crate) fn log(rules: Vec<Value>, notes: Vec<Value>, results: Vec<Value>) -> Value {
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notes}],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A file, by its path in the repository.
pub(crate) fn place(path: &str) -> Value {
    json!({"uri": uri::encode(path.as_bytes()), "uriBaseId": ROOT})
}
