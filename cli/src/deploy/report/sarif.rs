//! SARIF 2.1.0, with the class of each finding in `properties.class`.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::report::sarif::{log, place};
use crate::report::{escape, words};

use super::super::finding::{DeployFinding, FORMS};
use super::{DeployReport, headline};
use crate::span::Place;

pub(super) fn write(report: &DeployReport, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = FORMS
        .iter()
        .map(|form| {
            json!({
                "id": form.name,
                "shortDescription": {"text": form.summary},
                "help": {"text": form.help},
                "properties": {"class": form.class.name()},
            })
        })
        .collect();
    let notes: Vec<Value> = report
        .notes
        .iter()
        .map(|note| {
            let mut at = json!({"artifactLocation": place(&note.path)});
            if let Some(line) = note.line {
                at["region"] = json!({"startLine": line});
            }
            json!({
                "level": "warning",
                "message": {"text": note.message},
                "locations": [{"physicalLocation": at}],
            })
        })
        .collect();
    let results = report.findings.iter().map(|one| result(report, one)).collect();
    out.write_all(escape::json(&log(rules, notes, results))?.as_bytes())
}

fn result(report: &DeployReport, finding: &DeployFinding) -> Value {
    let mut text = headline(finding);
    for note in &finding.notes {
        text.push_str(&format!("; {note}"));
    }
    if let Some(code) = &finding.code {
        text.push_str(&format!("; {}", code.sentence()));
    }
    let mut result = json!({
        "ruleId": finding.form.name,
        "level": words::level(finding.level),
        "message": {"text": text},
        "locations": [{"physicalLocation": physical(report, finding.place())}],
        "partialFingerprints": {"statelessDeploy/v1": finding.fingerprint},
        "properties": {"class": finding.form.class.name(), "subject": finding.subject, "code": finding.code},
    });
    if !finding.related.is_empty() {
        let related = finding.related.iter().map(
            |(place, text)| json!({"message": {"text": text}, "physicalLocation": physical(report, *place)}),
        );
        result["relatedLocations"] = related.collect();
    }
    if let Some(by) = &finding.suppression {
        result["suppressions"] = json!([{"kind": "inSource", "justification": by.reason}]);
    }
    result
}

fn physical(report: &DeployReport, at: Place) -> Value {
    let file = report.sources.file(at.file);
    let (line, column) = file.line_column(at.span.start);
    let (end_line, end_column) = file.line_column(at.span.end);
    json!({
        "artifactLocation": place(&file.path),
        "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
    })
}
