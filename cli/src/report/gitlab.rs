//! The report as GitLab's code quality report, which it shows beside the lines of a change.
//!
//! GitLab tells what is new by fingerprint, so it must be the site's and nothing else's.
//! There is no place in it for what was not analysed, or for what is fine.

use std::borrow::Cow;
use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::finding::{Finding, Level, Problem};
use crate::fingerprint;
use crate::span::Place;

use super::escape::sentence;
use super::{Report, escape, sarif};

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.active().map(|finding| of_finding(report, finding));
    // The same mistake twice in a file is two issues.
    let mut turns: FxHashMap<String, usize> = FxHashMap::default();
    let problems = report.problems.iter().map(|problem| {
        let mut issue = of_problem(report, problem);
        let turn = turns.entry(issue.fingerprint.to_string()).or_default();
        *turn += 1;
        if *turn > 1 {
            issue.fingerprint = fingerprint::of(&[&issue.fingerprint, &turn.to_string()]).into();
        }
        issue
    });
    let issues: Vec<Issue> = findings.chain(problems).collect();
    out.write_all(escape::json(&issues)?.as_bytes())
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: Cow<'a, str>,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

fn of_finding<'a>(report: &Report, finding: &'a Finding) -> Issue<'a> {
    Issue {
        description: sarif::said(finding),
        check_name: finding.rule.name,
        fingerprint: Cow::Borrowed(&finding.fingerprint),
        severity: severity(finding.level),
        location: location(report, finding.site.place),
    }
}

fn of_problem(report: &Report, problem: &Problem) -> Issue<'static> {
    let location = location(report, problem.place);
    let (message, help) = (sentence(&problem.message), sentence(&problem.help));
    Issue {
        fingerprint: fingerprint::of(&[problem.check, &location.path, &message]).into(),
        description: format!("{message}; {help}"),
        check_name: problem.check,
        severity: severity(problem.level),
        location,
    }
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Error => "critical",
        Level::Warning => "major",
        Level::Note => "info",
    }
}

fn location(report: &Report, place: Place) -> Location {
    let (path, begin, _) = report.locate(place);
    let (end, _) = report.sources.file(place.file).line_column(place.span.end);
    Location { path, lines: Lines { begin, end } }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Format, Options, sample};
    use super::*;

    fn said(report: &Report) -> Value {
        let text = sample::said(Format::Gitlab, report, &Options::default());
        assert!(sample::is_safe(&text));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_issue_has_what_gitlab_asks_for() {
        let all = said(&sample::report());
        assert_eq!(
            all[0],
            json!({
                "description": "logged-in users are kept in a static (`SESSIONS`). With N replicas: \
                                a login is known to one replica only: the others answer 401.",
                "check_name": "in-memory-session",
                "fingerprint": "0123456789abcdef0123456789abcdef",
                "severity": "critical",
                "location": {"path": "src/auth.rs", "lines": {"begin": 5, "end": 5}},
            })
        );
        let severities: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["severity"]).collect();
        assert_eq!(severities, ["critical", "major", "info", "major"], "the last is a problem");
        assert_eq!(all[3]["check_name"], "unused-suppression");
        assert_eq!(all[3]["description"], "this suppresses nothing; remove it");
        assert_eq!(said(&sample::empty()), json!([]));
    }

    #[test]
    fn paths_are_those_of_the_repository() {
        let report = Report { prefix: "services/shop/".into(), ..sample::report() };
        assert_eq!(said(&report)[0]["location"]["path"], "services/shop/src/auth.rs");
        said(&sample::hostile());
    }

    #[test]
    fn no_two_issues_share_a_fingerprint() {
        let mut report = sample::report();
        let problem = report.problems[0].clone();
        report.problems.extend([problem.clone(), problem]);
        let all = said(&report);
        let prints: std::collections::BTreeSet<&str> =
            all.as_array().unwrap()[3..].iter().map(|one| one["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(prints.len(), 3);
        // And what stands before them does not matter.
        report.problems.remove(0);
        assert!(prints.contains(said(&report)[3]["fingerprint"].as_str().unwrap()));
    }
}
