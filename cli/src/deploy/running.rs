//! How many replicas a deployment runs: what the findings of `check` about the code want to know.
//!
//! Only Deployments of the service's own count. What a template or a platform decides is not
//! known, nor a variable in the place of the number, and then nothing is said.

use std::path::Path;

use super::rules::{scaler, workload};
use super::{files, read};
use crate::report::Report;

/// One workload and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// `path:line` of what decides.
    pub place: String,
    /// As in `Deployment shop`.
    pub subject: String,
    /// At least so many.
    pub least: u32,
    /// At most so many.
    pub most: u32,
}

impl Running {
    /// The end of a sentence about what breaks with several.
    pub fn sentence(&self) -> String {
        let number = match (self.least, self.most) {
            (1, 1) => "one replica".to_owned(),
            (least, most) if least == most => format!("{least} replicas"),
            (least, most) => format!("{least} to {most} replicas"),
        };
        format!("{} runs {number} ({})", self.subject, self.place)
    }
}

/// The workload of the service that has the most replicas.
///
/// # Errors
/// Where `path` cannot be read.
pub fn running(path: &Path) -> std::io::Result<Option<Running>> {
    let found = files::find(path)?;
    let set = read::read(&found.sources, &found.syntax);
    let own = workload::own_deployments(&set).into_iter().filter(|own| !set.is_template(own.file));
    let all = own.filter_map(|own| {
        let (file, at, least, most) = match own.autoscaler {
            Some(document) => {
                let (least, most) = scaler::bounds(document)?;
                let at = document.root.entry("spec").map_or(0, |entry| entry.key_span.start);
                (document.file, at, least, most)
            }
            None => {
                let entry = own.root.entry_at(&["spec", "replicas"]);
                let count = scaler::number(entry, 1)?;
                let at = entry.or_else(|| own.root.entry("spec")).map_or(0, |entry| entry.key_span.start);
                (own.file, at, count, count)
            }
        };
        let source = set.sources.file(file);
        let place = format!("{}:{}", source.path, source.line_column(at as u32).0);
        Some(Running { place, subject: format!("Deployment {}", own.name), least, most })
    });
    Ok(all.max_by_key(|one| one.most))
}

/// Says at each finding about the code how many replicas there are.
pub fn tell(report: &mut Report, running: &Running) {
    let sentence = running.sentence();
    for finding in &mut report.findings {
        finding.effect.replicas = format!("{}; {sentence}", finding.effect.replicas);
    }
}
