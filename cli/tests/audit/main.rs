//! `audit` and `plan`: the report says what `check` says, obeys nothing that the analysed project
//! has in its names and texts, and works in a real browser.

mod browser;
mod evidence;
mod hostile;
mod looks;
mod numbers;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use support::{Run, binary, run};

/// A fixture, as it was before its state moved.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name).join("before")
}

/// Runs `audit` on these paths with a report of each format in `into`.
fn audit(paths: &[&Path], into: &Path, more: &[&str]) -> Run {
    let mut command = binary();
    command.arg("audit").args(paths).args(more);
    for (format, name) in [("html", "report.html"), ("markdown", "report.md"), ("json", "report.json")] {
        let mut output = std::ffi::OsString::from(format!("{format}="));
        output.push(into.join(name));
        command.arg("--output").arg(output);
    }
    run(command)
}

/// The same, where it has to succeed in silence: the HTML and the JSON.
#[track_caller]
fn audited(paths: &[&Path], into: &Path, more: &[&str]) -> (String, Value) {
    let done = audit(paths, into, more);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:#?}");
    let read = |name: &str| fs::read_to_string(into.join(name)).unwrap();
    (read("report.html"), serde_json::from_str(&read("report.json")).unwrap())
}
