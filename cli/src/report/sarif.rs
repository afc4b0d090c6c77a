//! The report as SARIF 2.1.0, for code scanning services and viewers.
//!
//! Own types for the small part of the format that is used ([`shape`]). Harmless sites are not in
//! it: a viewer would list them among the findings. Messages are always objects, and
//! every result has a place, since services refuse or drop anything else. What they do not
//! take either is a log that is too large; see [`limits`].

mod frame;
mod limits;
mod shape;
#[cfg(test)]
mod tests;
mod uri;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use crate::finding::{Context, Finding, Level, Note, Problem, RuleMeta, SuppressionKind};
use crate::span::Place;

pub(crate) use self::frame::{log, place};
use self::shape::*;
use super::{Report, accessor, escape, words};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name that relative addresses are resolved by.
const ROOT: &str = "%SRCROOT%";

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let all = report.findings.len();
    let mut most = all.min(limits::RESULTS);
    loop {
        let text = escape::json(&at_most(report, most))?;
        match limits::fewer(most, &text)? {
            Some(fewer) => most = fewer,
            None => return out.write_all(text.as_bytes()),
        }
    }
}

/// The log with at most so many results.
fn at_most(report: &Report, most: usize) -> Log<'_> {
    let suppressed = report.findings.iter().any(|finding| finding.suppression.is_some());
    let base = ArtifactLocation { uri: uri::of_folder(&report.repository()), uri_base_id: None };
    let kept = limits::most_severe(&report.findings, most);
    let notes = report.notes.iter().map(|note| notification(note, report));
    let cut = limits::said(kept.len(), report.findings.len()).map(remark);
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: env!("CARGO_PKG_NAME"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: option_env!("CARGO_PKG_REPOSITORY").unwrap_or(""),
                rules: report.rules.iter().map(|rule| rule_of(rule)).collect(),
            },
        },
        invocations: [Invocation {
            execution_successful: true,
            tool_execution_notifications: notes.chain(cut).collect(),
            tool_configuration_notifications: report
                .problems
                .iter()
                .map(|problem| complaint(problem, report))
                .collect(),
        }],
        original_uri_base_ids: BTreeMap::from([(ROOT, base)]),
        column_kind: "unicodeCodePoints",
        results: kept.into_iter().map(|finding| result(finding, report, suppressed)).collect(),
    };
    Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
}

fn rule_of(rule: &'static RuleMeta) -> Rule {
    Rule {
        id: rule.name,
        short_description: message(limits::description(rule.summary)),
        full_description: message(limits::description(first_paragraph(rule.page).unwrap_or(rule.summary))),
        help: Help { text: rule.page, markdown: rule.page },
        // The level is that of the finding's confidence, and stands on every result.
        default_configuration: Configuration { level: words::level(Level::Warning) },
    }
}

/// The first paragraph below the page's heading.
fn first_paragraph(page: &'static str) -> Option<&'static str> {
    page.split("\n\n").map(str::trim).find(|part| !part.is_empty() && !part.starts_with('#'))
}

fn result<'a>(finding: &'a Finding, report: &'a Report, with_suppressions: bool) -> SarifResult<'a> {
    let site = &finding.site;
    let mut declared = location(site.place, report);
    declared.logical_locations = Some([LogicalLocation { fully_qualified_name: &site.item_path }]);
    let accesses = finding.accesses.iter().map(|access| (access.place, words::access(access)));
    let also = site.also.iter().map(|place| (*place, format!("also names `{}`", site.symbol)));
    let related = finding.accesses.len() + site.also.len();
    let related_locations = accesses
        .chain(also)
        .take(limits::RELATED)
        .enumerate()
        .map(|(at, (place, words))| Location {
            id: Some(at + 1),
            message: Some(message(words)),
            ..location(place, report)
        })
        .collect();
    let routes = finding.accesses.iter().filter_map(|access| match &access.context {
        Context::Request { routes } => Some(routes),
        Context::Background | Context::Startup => None,
    });
    SarifResult {
        rule_id: finding.rule.name,
        rule_index: report.rules.iter().position(|rule| rule.name == finding.rule.name),
        level: words::level(finding.level),
        message: message(match related.saturating_sub(limits::RELATED) {
            0 => said(finding),
            more => format!("{} {} are not listed here.", said(finding), words::count(more, "more place")),
        }),
        locations: [declared],
        related_locations,
        partial_fingerprints: BTreeMap::from([("statelessSite/v1", &*finding.fingerprint)]),
        suppressions: with_suppressions.then(|| suppressions(finding, report)),
        properties: Properties {
            role: finding.role,
            mechanism: site.mechanism,
            confidence: finding.confidence,
            landing: finding.landing,
            accessor: finding.accessor.as_ref().map(|found| accessor::lines(found).join("\n")),
            symbol: &site.symbol,
            routes: routes.flatten().map(String::as_str).collect(),
        },
        fixes: accessor::insertion(finding, &report.sources).map(|(place, text)| [fix(place, text, report)]),
    }
}

/// Text that goes in at a place, where nothing is taken out.
fn fix<'a>(place: Place, text: String, report: &Report) -> Fix<'a> {
    let PhysicalLocation { artifact_location, region } = location(place, report).physical_location;
    let replacements = [Replacement { deleted_region: region, inserted_content: message(text) }];
    Fix {
        description: message("keep it in the store; its callers have to follow"),
        artifact_changes: [Change { artifact_location, replacements }],
    }
}

fn suppressions<'a>(finding: &'a Finding, report: &Report) -> Vec<Suppressed<'a>> {
    let suppressed = finding.suppression.iter().map(|by| Suppressed {
        kind: match by.kind {
            SuppressionKind::InSource => "inSource",
            SuppressionKind::Baseline => "external",
        },
        status: "accepted",
        justification: &by.reason,
        location: by.place.map(|place| location(place, report)),
    });
    suppressed.collect()
}

/// What is kept where, and what a client sees of it.
pub(super) fn said(finding: &Finding) -> String {
    let title = super::human::titled(finding);
    let effect = escape::sentence(&finding.effect.replicas);
    if effect.is_empty() {
        return format!("{title}.");
    }
    format!("{title}. With N replicas: {}.", effect.trim_end_matches('.'))
}

fn message<'a>(text: impl Into<std::borrow::Cow<'a, str>>) -> Message<'a> {
    Message { text: text.into() }
}

fn location(place: Place, report: &Report) -> Location<'static> {
    let file = report.sources.file(place.file);
    let (start_line, start_column) = file.line_column(place.span.start);
    let (end_line, end_column) = file.line_column(place.span.end);
    let region = Region {
        start_line,
        start_column: Some(start_column),
        end_line: Some(end_line),
        end_column: Some(end_column),
    };
    // A name that is no text can still be an address.
    let name = file.full_path.strip_prefix(&report.root).ok().filter(|name| name.to_str().is_none());
    match name {
        Some(name) => {
            at([report.prefix.as_bytes(), name.as_os_str().as_encoded_bytes()].concat(), Some(region))
        }
        None => in_file(&file.path, report, Some(region)),
    }
}

fn notification<'a>(note: &'a Note, report: &Report) -> Notification<'a> {
    let region = note.line.map(|start_line| Region {
        start_line,
        start_column: None,
        end_line: None,
        end_column: None,
    });
    let locations = if note.path.is_empty() { Vec::new() } else { vec![in_file(&note.path, report, region)] };
    let text = match note.path.as_str() {
        "" => format!("not analysed: {}", note.message),
        path => format!("not analysed: {path}: {}", note.message),
    };
    Notification { descriptor: None, level: words::level(Level::Warning), message: message(text), locations }
}

fn complaint<'a>(problem: &'a Problem, report: &Report) -> Notification<'a> {
    let Problem { check, level, message: what, help, .. } = problem;
    Notification {
        descriptor: Some(Descriptor { id: check }),
        level: words::level(*level),
        message: message(format!("{what}; {help}")),
        locations: vec![location(problem.place, report)],
    }
}

fn remark(text: String) -> Notification<'static> {
    let (level, locations) = (words::level(Level::Warning), Vec::new());
    Notification { descriptor: None, level, message: message(text), locations }
}

fn in_file(path: &str, report: &Report, region: Option<Region>) -> Location<'static> {
    if Path::new(path).is_absolute() {
        let artifact_location = ArtifactLocation { uri: uri::of_file(path.as_bytes()), uri_base_id: None };
        return in_artifact(artifact_location, region);
    }
    at(report.in_repository(path).into_bytes(), region)
}

/// In a file by its path in the repository.
fn at(path: Vec<u8>, region: Option<Region>) -> Location<'static> {
    in_artifact(ArtifactLocation { uri: uri::encode(&path), uri_base_id: Some(ROOT) }, region)
}

fn in_artifact(artifact_location: ArtifactLocation, region: Option<Region>) -> Location<'static> {
    let physical_location = PhysicalLocation { artifact_location, region };
    Location { id: None, physical_location, logical_locations: None, message: None }
}
