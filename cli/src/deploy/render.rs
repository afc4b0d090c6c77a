//! What a chart really gives, where `helm` is on the machine and `--render` asks for it.
//!
//! Masking finds what a template can say; rendering with the chart's own values says whether it
//! does. Findings under a condition get the answer; places stay those of the template. A chart
//! that does not render is named. Values of other files are not tried.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{DeployReport, check_text, files};
use crate::finding::{Level, Note};

/// Template, relative to its chart, and the name of a form that is found in it.
type Rendered = BTreeSet<(String, &'static str)>;

/// Tells each finding under a condition whether its text is rendered.
pub fn render(report: &mut DeployReport) {
    let mut charts: BTreeMap<PathBuf, Result<Rendered, String>> = BTreeMap::new();
    for at in 0..report.findings.len() {
        let finding = &report.findings[at];
        let path = report.sources.file(finding.file).full_path.clone();
        let in_templates = path.components().any(|part| part.as_os_str() == "templates");
        let Some(chart) = files::chart(&path).filter(|_| in_templates && !finding.notes.is_empty()) else {
            continue;
        };
        let rendered = charts.entry(chart.clone()).or_insert_with(|| forms(&chart));
        let Ok(rendered) = rendered else { continue };
        let template = path.strip_prefix(&chart).unwrap_or(&path).to_string_lossy().into_owned();
        let there = rendered.contains(&(template, finding.form.name));
        let finding = &mut report.findings[at];
        if there {
            finding.level = Level::Error;
            finding.notes.push("`helm template` with the chart's own values has it".to_owned());
        } else {
            finding.notes.push("`helm template` with the chart's own values does not have it".to_owned());
        }
    }
    for (chart, rendered) in charts {
        if let Err(message) = rendered {
            let path = chart.strip_prefix(&report.root).unwrap_or(&chart).join("Chart.yaml");
            let path = path.to_string_lossy().into_owned();
            report.notes.push(Note { path, line: None, message });
        }
    }
    report.notes.sort();
}

/// Which form is found in which rendered template.
fn forms(chart: &Path) -> Result<Rendered, String> {
    let run = Command::new("helm")
        .args(["template", "stateless"])
        .arg(chart)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("not rendered: `helm` cannot be started: {error}"))?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        return Err(format!("not rendered: {}", said.lines().next().unwrap_or("helm failed")));
    }
    let text = String::from_utf8_lossy(&run.stdout);
    let mut found = BTreeSet::new();
    for document in text.split("\n---") {
        // `# Source: chart/templates/service.yaml`
        let source = document.lines().find_map(|line| line.trim().strip_prefix("# Source: "));
        let Some((_, template)) = source.and_then(|source| source.split_once('/')) else { continue };
        let report = check_text("rendered.yaml", document.trim_start_matches('-'));
        found.extend(report.findings.iter().map(|one| (template.to_owned(), one.form.name)));
    }
    Ok(found)
}
