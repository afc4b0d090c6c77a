//! From a report of `check` to the dossier of one service.
//!
//! Sorts, numbers and counts; what follows from a site is decided by the modules of advice.

mod lanes;
mod site;

use std::collections::BTreeMap;

use super::dossier::{Accepted, Beside, FineSite, Readiness, RouteCalls, Service, Site, Summary, Verdict};
use super::evidence::Measured;
use super::profile::Profile;
use super::{advice, plan, scorecard, since, symptoms};
use crate::finding::Finding;
use crate::report::{Report, words};

/// Lines of source shown around a declaration, and where there are many of them.
const SNIPPET_LINES: u32 = 5;
const FEW_LINES: u32 = 3;
const MANY_SITES: usize = 200;

/// Makes the dossier of one service.
pub(crate) fn service(name: String, report: &Report, profile: &Profile, beside: Beside) -> Service {
    let counts = report.counts();
    let summary = Summary {
        files: report.files,
        errors: counts.errors,
        warnings: counts.warnings,
        notes: counts.notes,
        suppressed: counts.suppressed,
        baseline: counts.baseline,
        allowed: report.hidden.allowed,
        fine: report.fine.len(),
        not_analysed: report.notes.len(),
    };
    let mut findings: Vec<&Finding> = report.active().collect();
    findings.sort_by_key(|finding| {
        let (path, line, column) = report.sources.locate(finding.site.place);
        (std::cmp::Reverse(finding.level), advice::urgency(finding.role), path.to_owned(), line, column)
    });
    let lanes = lanes::of(&findings);
    let sockets = lanes::sockets(&findings);
    let lines = if findings.len() > MANY_SITES { FEW_LINES } else { SNIPPET_LINES };
    let sites: Vec<Site> = findings
        .iter()
        .zip(lanes)
        .enumerate()
        .map(|(at, (finding, lane))| {
            let mut site = site::of(report, finding, at, lines);
            site.lane = lane;
            site.with_sockets =
                if site.moves() { sockets[at].iter().map(|at| site::id(*at)).collect() } else { Vec::new() };
            site.days = if site.moves() { profile.days(site.role, site.mechanism) } else { 0.0 };
            site.witness = beside.measured.as_ref().and_then(|measured| measured.witness(&site.fingerprint));
            site
        })
        .collect();
    let fine = report
        .fine
        .iter()
        .map(|fine| {
            let (path, line, _) = report.sources.locate(fine.site.place);
            FineSite {
                symbol: fine.site.symbol.clone(),
                path: path.to_owned(),
                line,
                role: fine.role,
                reason: fine.reason.clone(),
            }
        })
        .collect();
    let symptoms = symptoms::of(&sites);
    let plan = plan::of(&sites, report.notes.len(), beside.deployment.as_ref(), profile);
    let routes = route_totals(&sites);
    let scorecard = scorecard::of(&sites, &routes, beside.deployment.as_ref(), beside.measured.as_ref());
    let set_aside = report.findings.iter().filter(|finding| finding.suppression.is_some());
    let set_aside: Vec<String> = set_aside.map(|finding| finding.fingerprint.to_string()).collect();
    let since = beside.earlier.last().and_then(|earlier| since::change(&name, &sites, &set_aside, earlier));
    let trend = since::trend(&name, &sites, &beside.earlier, &beside.label);
    Service {
        verdict: verdict(&summary, beside.measured.as_ref()),
        name,
        summary,
        symptoms,
        accepted: accepted(report),
        routes,
        sites,
        plan,
        scorecard,
        fine,
        unread: report.notes.clone(),
        deployment: beside.deployment,
        measured: beside.measured,
        since,
        trend,
    }
}

fn route_totals(sites: &[Site]) -> Vec<RouteCalls> {
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for calls in sites.iter().flat_map(|site| &site.calls) {
        *totals.entry(&calls.route).or_default() += calls.calls;
    }
    let mut totals: Vec<RouteCalls> =
        totals.into_iter().map(|(route, calls)| RouteCalls { route: route.to_owned(), calls }).collect();
    totals.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.route.cmp(&b.route)));
    totals
}

fn accepted(report: &Report) -> Vec<Accepted> {
    report
        .findings
        .iter()
        .filter_map(|finding| {
            let by = finding.suppression.as_ref()?;
            let (path, line, _) = report.sources.locate(finding.site.place);
            Some(Accepted {
                symbol: finding.site.symbol.clone(),
                path: path.to_owned(),
                line,
                role: finding.role,
                by: by.kind,
                reason: by.reason.clone(),
            })
        })
        .collect()
}

/// What the code shows, short of what nobody looked at: a baseline or a rule that is off moves
/// nothing out of the process, and what could not be read could hold anything.
fn verdict(summary: &Summary, measured: Option<&Measured>) -> Verdict {
    let Summary { errors, warnings, notes, suppressed, .. } = *summary;
    let set_aside = summary.baseline + summary.allowed;
    let pieces = |number| words::count(number, "piece") + " of state";
    let (readiness, mut sentence) = match (errors, warnings) {
        (0, 0) if measured.is_some_and(|measured| !measured.divergences.is_empty()) => (
            Readiness::NotReady,
            "No: the code does not show why, but answers depend on the replica.".to_owned(),
        ),
        (0, 0) if set_aside > 0 => {
            let sentence = format!(
                "Probably not: the baseline or the configuration sets {} aside, which does not move it.",
                pieces(set_aside)
            );
            (Readiness::Doubtful, sentence)
        }
        (0, 0) if summary.not_analysed * 10 > summary.files => {
            let sentence = "Not known: too much could not be analysed, and the rest needs nothing that another \
                            replica keeps.";
            (Readiness::Doubtful, sentence.to_owned())
        }
        (0, 0) if notes > 0 => {
            (Readiness::Ready, format!("Yes, as far as the code shows; {} to know about.", pieces(notes)))
        }
        (0, 0) => {
            let sentence = "Yes, as far as the code shows: no request needs what another replica keeps.";
            (Readiness::Ready, sentence.to_owned())
        }
        (0, some) => {
            let sentence =
                format!("Probably not: {} would likely break with a second replica.", pieces(some));
            (Readiness::Doubtful, sentence)
        }
        (some, 0) => {
            (Readiness::NotReady, format!("No: {} would break with a second replica.", pieces(some)))
        }
        (sure, likely) => {
            let sentence = format!(
                "No: {} would break with a second replica, and {likely} more likely would.",
                pieces(sure)
            );
            (Readiness::NotReady, sentence)
        }
    };
    if readiness == Readiness::Ready && suppressed > 0 {
        sentence.push_str(&format!(" The code itself sets {} aside.", pieces(suppressed)));
    }
    if let Some(measured) = measured {
        sentence.push(' ');
        sentence.push_str(&measured.sentence());
    }
    Verdict { readiness, sentence }
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profile;
    use super::*;
    use crate::finding::Level;
    use crate::report::sample;

    fn made() -> Service {
        service("shop".into(), &sample::report(), &Profile::default(), Beside::default())
    }

    #[test]
    fn sites_come_by_level_then_by_urgency_and_numbers_add_up() {
        let service = made();
        let levels: Vec<Level> = service.sites.iter().map(|site| site.level).collect();
        assert_eq!(levels, [Level::Error, Level::Warning, Level::Note]);
        assert_eq!(service.sites[0].id, "S1");
        assert_eq!(
            service.sites.len(),
            service.summary.errors + service.summary.warnings + service.summary.notes
        );
        assert_eq!(service.verdict.readiness, Readiness::NotReady);
        assert!(service.verdict.sentence.starts_with("No: 1 piece of state would break"));
    }

    #[test]
    fn a_request_pays_once_for_each_function_and_twice_for_read_and_write() {
        let service = made();
        let calls: Vec<(&str, usize)> =
            service.sites[0].calls.iter().map(|one| (one.route.as_str(), one.calls)).collect();
        assert_eq!(calls, [("GET /me", 1), ("GET /orders", 1), ("POST /login", 1), ("POST /logout", 1)]);
    }

    #[test]
    fn what_is_set_aside_or_unread_is_no_yes() {
        let none = Summary { files: 10, ..Summary::default() };
        let readiness = |summary: &Summary| verdict(summary, None).readiness;
        assert_eq!(readiness(&none), Readiness::Ready);
        assert_eq!(readiness(&Summary { baseline: 1, ..none }), Readiness::Doubtful);
        assert_eq!(readiness(&Summary { allowed: 1, ..none }), Readiness::Doubtful);
        assert_eq!(readiness(&Summary { not_analysed: 1, ..none }), Readiness::Ready);
        assert_eq!(readiness(&Summary { not_analysed: 5, ..none }), Readiness::Doubtful);
        let accepted = verdict(&Summary { suppressed: 2, ..none }, None);
        assert_eq!(accepted.readiness, Readiness::Ready);
        assert!(accepted.sentence.ends_with("The code itself sets 2 pieces of state aside."));
    }
}
