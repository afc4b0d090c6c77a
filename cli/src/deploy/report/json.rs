//! The report as JSON in this tool's own schema, for scripts. The book's reference has it.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::report::{escape, words};

use super::super::finding::DeployFinding;
use super::{DeployReport, locate};

/// Rises when a field goes away or changes its meaning; new fields may come without that.
const SCHEMA: u32 = 1;

pub(super) fn write(report: &DeployReport, out: &mut dyn Write) -> io::Result<()> {
    let counts = report.counts();
    let document = json!({
        "schema": SCHEMA,
        "tool": {"name": "cargo-stateless", "version": env!("CARGO_PKG_VERSION")},
        "root": report.root.to_string_lossy(),
        "summary": {
            "files": report.sources.len(),
            "errors": counts.errors,
            "warnings": counts.warnings,
            "notes": counts.notes,
            "suppressed": counts.suppressed,
            "unclear": report.notes.len(),
        },
        "findings": report.findings.iter().map(|finding| one(report, finding)).collect::<Vec<_>>(),
        "problems": report.problems.iter().map(|problem| {
            let (path, line, column) = report.sources.locate(problem.place);
            json!({"check": problem.check, "level": problem.level, "path": path, "line": line,
                   "column": column, "message": problem.message, "help": problem.help})
        }).collect::<Vec<_>>(),
        "notes": report.notes,
    });
    out.write_all(escape::json(&document)?.as_bytes())
}

fn one(report: &DeployReport, finding: &DeployFinding) -> Value {
    let (path, line, column) = locate(report, finding);
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|(place, text)| {
            let (path, line, column) = report.sources.locate(*place);
            json!({"path": path, "line": line, "column": column, "text": text})
        })
        .collect();
    json!({
        "form": finding.form.name,
        "class": finding.form.class,
        "level": words::level(finding.level),
        "path": path,
        "line": line,
        "column": column,
        "subject": finding.subject,
        "title": finding.title,
        "notes": finding.notes,
        "help": finding.form.help,
        "related": related,
        "code": finding.code,
        "suppressed": finding.suppression.as_ref().map(|by| &by.reason),
        "fingerprint": finding.fingerprint,
    })
}
