//! What a chart really gives, where `helm` is on the machine and `--render` asks for it.
//!
//! Masking finds what a template can say; rendering with the chart's own values says whether it
//! does. Findings under a condition get the answer, and the level that the rendered text gives;
//! places stay those of the template. A chart that does not render is named. Values of other
//! files are not tried.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{DeployReport, files, judge};
use crate::finding::{Level, Note};

/// Template, relative to its chart, and the name of a form that is found in it; and how bad it is.
type Rendered = BTreeMap<(String, &'static str), Level>;

/// Tells each finding under a condition whether its text is rendered.
pub fn render(report: &mut DeployReport) {
    let mut charts: BTreeMap<PathBuf, Result<Rendered, String>> = BTreeMap::new();
    for at in 0..report.findings.len() {
        let finding = &report.findings[at];
        let file = report.sources.file(finding.file);
        let Some(chart) = files::chart(&file.full_path).filter(|_| !finding.notes.is_empty()) else {
            continue;
        };
        let template = files::relative(&chart, &file.full_path);
        if !template.starts_with("templates/") {
            continue;
        }
        let above = file.path.strip_suffix(&template).unwrap_or("");
        let rendered = charts.entry(chart).or_insert_with_key(|chart| forms(chart, above));
        let Ok(rendered) = rendered else { continue };
        let level = rendered.get(&(template, finding.form.name)).copied();
        let finding = &mut report.findings[at];
        if let Some(level) = level {
            finding.level = level;
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

/// Which form is found in which rendered template. `above` is what the report has in front of the
/// chart's templates: its folders too can say that all is for a test.
fn forms(chart: &Path, above: &str) -> Result<Rendered, String> {
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
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for document in text.split("\n---") {
        // `# Source: chart/templates/service.yaml`
        let source = document.lines().find_map(|line| line.trim().strip_prefix("# Source: "));
        let Some((_, template)) = source.and_then(|source| source.split_once('/')) else { continue };
        let text = texts.entry(format!("{above}{template}")).or_default();
        text.push_str(&format!("---\n{}\n", document.trim_start_matches('-').trim()));
    }
    let texts = texts.into_iter().map(|(path, text)| (path.clone(), PathBuf::from(path), text));
    let report = judge(PathBuf::new(), files::many(texts.collect()));
    let mut found = Rendered::new();
    for one in &report.findings {
        let path = &report.sources.file(one.file).path;
        let template = path.strip_prefix(above).unwrap_or(path).to_owned();
        let level = found.entry((template, one.form.name)).or_insert(one.level);
        *level = one.level.max(*level);
    }
    Ok(found)
}
