//! The report as SARIF 2.1.0, for code scanning services and viewers.
//!
//! Own types for the small part of the format that is used. Harmless sites are not in
//! it: a viewer would list them among the findings. Messages are always objects, and
//! every result has a place, since services refuse or drop anything else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::finding::{
    Confidence, Context, Finding, Landing, Level, Mechanism, Note, Problem, Role, RuleMeta, SuppressionKind,
};
use crate::source::Sources;
use crate::span::Place;

use super::{Report, escape, words};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name that relative addresses are resolved by.
const ROOT: &str = "%SRCROOT%";

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(escape::json(&log(report))?.as_bytes())
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation<'a>; 1],
    original_uri_base_ids: BTreeMap<&'static str, ArtifactLocation>,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Message<'static>,
    full_description: Message<'static>,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_configuration_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    descriptor: Option<Descriptor>,
    level: &'static str,
    message: Message<'a>,
    locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
struct Descriptor {
    id: &'static str,
}

#[derive(Serialize)]
struct Suppressed<'a> {
    kind: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    justification: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message<'a>,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: BTreeMap<&'static str, &'a str>,
    /// On every result, or on none: the standard wants it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<Vec<Suppressed<'a>>>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Properties<'a> {
    role: Role,
    mechanism: Mechanism,
    confidence: Confidence,
    landing: Landing,
    symbol: &'a str,
    routes: BTreeSet<&'a str>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
}

fn log(report: &Report) -> Log<'_> {
    let suppressed = report.findings.iter().any(|finding| finding.suppression.is_some());
    let base = ArtifactLocation { uri: folder_uri(&report.root), uri_base_id: None };
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
            tool_execution_notifications: report.notes.iter().map(notification).collect(),
            tool_configuration_notifications: report
                .problems
                .iter()
                .map(|problem| complaint(problem, &report.sources))
                .collect(),
        }],
        original_uri_base_ids: BTreeMap::from([(ROOT, base)]),
        column_kind: "unicodeCodePoints",
        results: report.findings.iter().map(|finding| result(finding, report, suppressed)).collect(),
    };
    Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
}

fn rule_of(rule: &'static RuleMeta) -> Rule {
    Rule {
        id: rule.name,
        short_description: message(rule.summary),
        full_description: message(first_paragraph(rule.page).unwrap_or(rule.summary)),
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
    let mut declared = location(site.place, &report.sources);
    declared.logical_locations = Some([LogicalLocation { fully_qualified_name: &site.item_path }]);
    let accesses = finding.accesses.iter().map(|access| (access.place, words::access(access)));
    let also = site.also.iter().map(|place| (*place, format!("also names `{}`", site.symbol)));
    let related_locations = accesses
        .chain(also)
        .enumerate()
        .map(|(at, (place, words))| Location {
            id: Some(at + 1),
            message: Some(message(words)),
            ..location(place, &report.sources)
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
        message: message(said(finding)),
        locations: [declared],
        related_locations,
        partial_fingerprints: BTreeMap::from([("statelessSite/v1", &*finding.fingerprint)]),
        suppressions: with_suppressions.then(|| suppressions(finding, &report.sources)),
        properties: Properties {
            role: finding.role,
            mechanism: site.mechanism,
            confidence: finding.confidence,
            landing: finding.landing,
            symbol: &site.symbol,
            routes: routes.flatten().map(String::as_str).collect(),
        },
    }
}

fn suppressions<'a>(finding: &'a Finding, sources: &Sources) -> Vec<Suppressed<'a>> {
    let suppressed = finding.suppression.iter().map(|by| Suppressed {
        kind: match by.kind {
            SuppressionKind::InSource => "inSource",
            SuppressionKind::Baseline => "external",
        },
        status: "accepted",
        justification: &by.reason,
        location: by.place.map(|place| location(place, sources)),
    });
    suppressed.collect()
}

/// What is kept where, and what a client sees of it.
fn said(finding: &Finding) -> String {
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

fn location(place: Place, sources: &Sources) -> Location<'static> {
    let file = sources.file(place.file);
    let (start_line, start_column) = file.line_column(place.span.start);
    let (end_line, end_column) = file.line_column(place.span.end);
    let region = Region {
        start_line,
        start_column: Some(start_column),
        end_line: Some(end_line),
        end_column: Some(end_column),
    };
    in_file(&file.path, Some(region))
}

fn notification(note: &Note) -> Notification<'_> {
    let region = note.line.map(|start_line| Region {
        start_line,
        start_column: None,
        end_line: None,
        end_column: None,
    });
    let locations = if note.path.is_empty() { Vec::new() } else { vec![in_file(&note.path, region)] };
    let text = match note.path.as_str() {
        "" => format!("not analysed: {}", note.message),
        path => format!("not analysed: {path}: {}", note.message),
    };
    Notification { descriptor: None, level: words::level(Level::Warning), message: message(text), locations }
}

fn complaint<'a>(problem: &'a Problem, sources: &Sources) -> Notification<'a> {
    let Problem { check, level, message: what, help, .. } = problem;
    Notification {
        descriptor: Some(Descriptor { id: check }),
        level: words::level(*level),
        message: message(format!("{what}; {help}")),
        locations: vec![location(problem.place, sources)],
    }
}

fn in_file(path: &str, region: Option<Region>) -> Location<'static> {
    let artifact_location = if Path::new(path).is_absolute() {
        ArtifactLocation { uri: file_uri(path.as_bytes()), uri_base_id: None }
    } else {
        ArtifactLocation { uri: encode(path.as_bytes()), uri_base_id: Some(ROOT) }
    };
    let physical_location = PhysicalLocation { artifact_location, region };
    Location { id: None, physical_location, logical_locations: None, message: None }
}

/// The address of a folder: ends in a slash, or relative addresses would replace its name.
fn folder_uri(root: &Path) -> String {
    let mut uri = file_uri(root.as_os_str().as_encoded_bytes());
    if !uri.ends_with('/') {
        uri.push('/');
    }
    uri
}

/// The address of an absolute path. A path with a drive letter gets the slash it lacks.
fn file_uri(path: &[u8]) -> String {
    let path = encode(path);
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{path}")
}

/// A path as the path of an address: what is not plain is written by its bytes.
fn encode(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            // Writing to a string cannot fail.
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Format, Options, sample};
    use super::*;

    fn said(report: &Report) -> Value {
        let text = sample::said(Format::Sarif, report, &Options::default());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_output_follows_the_standard() {
        let schema = include_str!("../../tests/schema/sarif-schema-2.1.0.json");
        let mut schema: Value = serde_json::from_str(schema).unwrap();
        // The copy lacks two corrections that the standard's Errata 01 made.
        let definitions = &mut schema["definitions"];
        let language = json!("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
        definitions["run"]["properties"]["language"]["pattern"] = language.clone();
        definitions["toolComponent"]["properties"]["language"]["pattern"] = language;
        definitions["region"]["anyOf"] =
            json!([{"required": ["startLine"]}, {"required": ["charOffset"]}, {"required": ["byteOffset"]}]);
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        for report in [sample::report(), sample::hostile(), sample::empty()] {
            let value = said(&report);
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new());
        }
        let mut wrong = said(&sample::report());
        wrong["runs"][0]["results"][0]["message"] = json!("a bare string");
        assert!(!validator.is_valid(&wrong), "the schema lets anything pass");
    }

    #[test]
    fn a_result_has_level_place_identity_and_properties() {
        let value = said(&sample::report());
        let run = &value["runs"][0];
        assert_eq!(run["originalUriBaseIds"]["%SRCROOT%"]["uri"], "file:///srv/my%20shop/");
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let result = &run["results"][0];
        assert_eq!(result["ruleId"], "in-memory-session");
        assert_eq!(result["ruleIndex"], 1);
        assert_eq!(result["level"], "error");
        assert_eq!(
            result["message"]["text"],
            "logged-in users are kept in a static (`SESSIONS`). With N replicas: \
             a login is known to one replica only: the others answer 401."
        );
        assert_eq!(
            result["locations"][0],
            json!({
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/auth.rs", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 5, "startColumn": 8, "endLine": 5, "endColumn": 16},
                },
                "logicalLocations": [{"fullyQualifiedName": "crate::auth::SESSIONS"}],
            })
        );
        assert_eq!(
            result["partialFingerprints"],
            json!({"statelessSite/v1": "0123456789abcdef0123456789abcdef"})
        );
        assert_eq!(
            result["properties"],
            json!({
                "role": "session", "mechanism": "static", "confidence": "sure",
                "landing": "redis", "symbol": "SESSIONS",
                "routes": ["GET /me", "GET /orders", "POST /login", "POST /logout"],
            })
        );
        let related = result["relatedLocations"].as_array().unwrap();
        assert_eq!(related.len(), 5);
        assert_eq!(related[0]["message"]["text"], "written in `auth::login` (insert), on POST /login");
        assert_eq!(related[4]["message"]["text"], "also names `SESSIONS`");
        let levels: Vec<&Value> =
            run["results"].as_array().unwrap().iter().map(|result| &result["level"]).collect();
        assert_eq!(levels, ["error", "warning", "note", "error", "warning"]);
    }

    #[test]
    fn what_was_set_aside_is_suppressed_and_the_rest_says_that_it_is_not() {
        let mut report = sample::report();
        let value = said(&report);
        let results = value["runs"][0]["results"].as_array().unwrap();
        let said_of: Vec<&Value> = results.iter().map(|result| &result["suppressions"]).collect();
        assert_eq!(said_of[..3], [&json!([]), &json!([]), &json!([])]);
        assert_eq!(said_of[3][0]["kind"], "inSource");
        assert_eq!(said_of[3][0]["justification"], "a demonstration");
        assert_eq!(said_of[3][0]["location"]["physicalLocation"]["region"]["startLine"], 1);
        assert_eq!(*said_of[4], json!([{"kind": "external", "status": "accepted"}]));

        report.findings.truncate(3);
        let value = said(&report);
        assert!(value["runs"][0]["results"][0].get("suppressions").is_none());
    }

    #[test]
    fn problems_are_notifications_about_the_configuration() {
        let value = said(&sample::report());
        let problem = &value["runs"][0]["invocations"][0]["toolConfigurationNotifications"][0];
        assert_eq!(problem["descriptor"]["id"], "unused-suppression");
        assert_eq!(problem["level"], "warning");
        assert_eq!(problem["message"]["text"], "this suppresses nothing; remove it");
        assert_eq!(problem["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    }

    #[test]
    fn every_rule_is_described_and_no_address_is_made_up() {
        let value = said(&sample::report());
        let driver = &value["runs"][0]["tool"]["driver"];
        assert_eq!(driver["rules"].as_array().unwrap().len(), 2);
        assert_eq!(driver["rules"][1]["help"]["markdown"], sample::SESSION.page);
        assert_eq!(
            driver["rules"][1]["fullDescription"]["text"],
            "Sessions are kept in the memory of one process."
        );
        let known = option_env!("CARGO_PKG_REPOSITORY").is_some_and(|uri| !uri.is_empty());
        assert_eq!(driver.get("informationUri").is_some(), known);
    }

    #[test]
    fn what_was_not_analysed_is_a_notification() {
        let value = said(&sample::report());
        let notes = &value["runs"][0]["invocations"][0]["toolExecutionNotifications"];
        assert_eq!(notes[0]["message"]["text"], "not analysed: src/broken.rs: expected `;`");
        assert_eq!(notes[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
        let artifact = &notes[1]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(*artifact, json!({"uri": "file:///dev/shop"}));
    }

    #[test]
    fn paths_become_addresses() {
        assert_eq!(encode("src/größe 1%.rs".as_bytes()), "src/gr%C3%B6%C3%9Fe%201%25.rs");
        // A colon in the first part would read as a scheme, a question mark as a query.
        assert_eq!(encode(b"c:x?y#z"), "c%3Ax%3Fy%23z");
        assert_eq!(folder_uri(Path::new("/")), "file:///");
        assert_eq!(folder_uri(Path::new("/srv/shop/")), "file:///srv/shop/");
    }

    #[test]
    fn hostile_text_is_never_raw() {
        let text = sample::said(Format::Sarif, &sample::hostile(), &Options::default());
        assert!(sample::is_safe(&text));
        let value: Value = serde_json::from_str(&text).unwrap();
        let uri = &value["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(uri["artifactLocation"]["uri"], "src/a%0Ab%1B%5B2J.rs");
    }
}
