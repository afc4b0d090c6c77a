//! The join with the code: whether a sticky or single deployment still has a reason.
//!
//! Takes the findings of `check` for the service's source and tells each finding that pins
//! clients, or runs one replica, which sites would break without it. Reads no code itself.

use crate::finding::{Confidence, Role};
use crate::report::Report;

use super::DeployReport;
use super::finding::{Class, Code, Need};

/// Says at each sticky finding, and at each that keeps the service single, what still needs it.
pub fn join(report: &mut DeployReport, code: &Report) {
    let needs: Vec<(Need, Confidence)> = code
        .active()
        .filter(|finding| finding.confidence >= Confidence::Likely)
        .map(|finding| {
            let (path, line, _) = code.sources.locate(finding.site.place);
            let need = Need {
                symbol: finding.site.symbol.clone(),
                place: format!("{path}:{line}"),
                role: finding.role,
                fingerprint: finding.fingerprint.clone(),
            };
            (need, finding.confidence)
        })
        .collect();
    for finding in &mut report.findings {
        let hides: fn(Role) -> bool = match finding.form.class {
            Class::Sticky => affinity_hides,
            Class::SingleInstance => one_replica_hides,
            Class::LocalVolume | Class::Drain => continue,
        };
        let mut needed_by: Vec<(Need, Confidence)> =
            needs.iter().filter(|(need, _)| hides(need.role)).cloned().collect();
        // The surest first: these break without doubt.
        needed_by.sort_by(|(a, sure_a), (b, sure_b)| sure_b.cmp(sure_a).then_with(|| a.cmp(b)));
        finding.code = Some(Code { needed_by: needed_by.into_iter().map(|(need, _)| need).collect() });
    }
}

/// What one client writes and reads again: affinity brings it back to where it is. Data that
/// other clients read, ids, locks and jobs break with a second replica whether or not clients
/// are pinned.
fn affinity_hides(role: Role) -> bool {
    matches!(role, Role::Session | Role::Entity | Role::RateLimit | Role::Connection | Role::Cache)
}

/// Everything that a second replica breaks.
pub(super) fn one_replica_hides(role: Role) -> bool {
    !matches!(role, Role::Metrics | Role::Config | Role::Handle)
}
