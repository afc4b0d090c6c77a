//! A chart's templates and its values files, put together.
//!
//! A template that pins clients under a condition says which value turns it on; a values file
//! of the chart that sets this value is the place where it is decided.

use crate::finding::Level;
use crate::span::FileId;

use super::super::files;
use super::super::finding::{Class, VALUES_STICKY, place};
use super::super::read::Kind;
use super::Findings;

/// Reports every value that turns a found template on.
pub(super) fn check(findings: &mut Findings) {
    let set = findings.set;
    let switches: Vec<Switch> = findings.all.iter().filter_map(|one| switch(findings, one)).collect();
    for switch in switches {
        let values = set.documents.iter().filter(|one| one.kind == Kind::Values);
        for document in values {
            if !set.sources.file(document.file).full_path.starts_with(&switch.chart) {
                continue;
            }
            let keys: Vec<&str> = switch.path.split('.').collect();
            let Some(entry) = document.root.entry_at(&keys).filter(|entry| entry.value.is_true()) else {
                continue;
            };
            let span = entry.key_span.start..entry.value.span.end;
            let told = |one: &super::DeployFinding| one.file == document.file && one.span.start == span.start;
            let template = place(switch.file, &switch.span);
            if let Some(known) = findings.all.iter_mut().find(|one| told(one)) {
                known.related.push((template, "what it turns on".into()));
                continue;
            }
            let subject = keys[..keys.len() - 1].join(".");
            let title = format!("`{}` turns stickiness on", switch.path);
            let finding = findings.say(&VALUES_STICKY, Level::Error, document.file, span, &subject, title);
            finding.related.push((template, "what it turns on".into()));
        }
    }
}

struct Switch {
    chart: std::path::PathBuf,
    /// The value, as in `service.sticky.enabled`.
    path: String,
    file: FileId,
    span: std::ops::Range<usize>,
}

fn switch(findings: &Findings, finding: &super::DeployFinding) -> Option<Switch> {
    if finding.form.class != Class::Sticky {
        return None;
    }
    let set = findings.set;
    let condition = set.condition(finding.file, finding.span.start)?;
    if condition.starts_with("not") {
        return None;
    }
    let path = super::values::value_of(condition)?.to_owned();
    let chart = files::chart(&set.sources.file(finding.file).full_path)?;
    Some(Switch { chart, path, file: finding.file, span: finding.span.clone() })
}
