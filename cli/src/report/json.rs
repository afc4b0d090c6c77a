//! The report as JSON in this tool's own schema, for scripts.
//!
//! The schema is `json.schema.json` beside this file; a test holds the two together.
//! Its number rises when a field goes away or changes its meaning; new fields may come
//! without that. Nothing here can be configured: one report, one text.

use std::io::{self, Write};

use serde::Serialize;

use crate::finding::{
    Access, AccessKind, Accessor, Confidence, Context, Effect, Finding, Fine, Landing, Level, Mechanism,
    Note, Problem, Role, SiteInfo, Suppression, SuppressionKind,
};
use crate::source::Sources;
use crate::span::Place;

use super::{Report, escape};

/// The version of the schema.
const SCHEMA: u32 = 1;

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(escape::json(&document(report))?.as_bytes())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    tool: Tool,
    root: String,
    summary: Summary,
    findings: Vec<JsonFinding<'a>>,
    fine: Vec<JsonFine<'a>>,
    problems: Vec<JsonProblem<'a>>,
    notes: &'a [Note],
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    baseline: usize,
    allowed: usize,
    unchanged: usize,
    problems: usize,
    fine: usize,
    not_analysed: usize,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    level: Level,
    confidence: Confidence,
    suppression: Option<JsonSuppression<'a>>,
    role: Role,
    title: &'a str,
    site: JsonSite<'a>,
    effect: &'a Effect,
    accesses: Vec<JsonAccess<'a>>,
    landing: Landing,
    accessor: Option<&'a Accessor>,
    help: &'a str,
    unbounded: bool,
    reasons: &'a [String],
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct JsonSuppression<'a> {
    kind: SuppressionKind,
    reason: &'a str,
    place: Option<JsonPlace<'a>>,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    check: &'static str,
    level: Level,
    place: JsonPlace<'a>,
    message: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
struct JsonSite<'a> {
    symbol: &'a str,
    package: &'a str,
    item_path: &'a str,
    mechanism: Mechanism,
    #[serde(rename = "type")]
    ty: &'a str,
    place: JsonPlace<'a>,
    also: Vec<JsonPlace<'a>>,
}

#[derive(Serialize)]
struct JsonAccess<'a> {
    kind: AccessKind,
    place: JsonPlace<'a>,
    function: &'a str,
    operation: &'a str,
    when: &'static str,
    routes: &'a [String],
}

#[derive(Serialize)]
struct JsonFine<'a> {
    site: JsonSite<'a>,
    role: Role,
    reason: &'a str,
}

#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    byte_start: u32,
    byte_end: u32,
}

fn document(report: &Report) -> Document<'_> {
    let sources = &report.sources;
    let counts = report.counts();
    Document {
        schema: SCHEMA,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        root: report.root.to_string_lossy().into_owned(),
        summary: Summary {
            files: report.files,
            errors: counts.errors,
            warnings: counts.warnings,
            notes: counts.notes,
            suppressed: counts.suppressed,
            baseline: counts.baseline,
            allowed: report.hidden.allowed,
            unchanged: report.hidden.unchanged,
            problems: report.problems.len(),
            fine: report.fine.len(),
            not_analysed: report.notes.len(),
        },
        findings: report.findings.iter().map(|finding| json_finding(finding, sources)).collect(),
        fine: report.fine.iter().map(|fine| json_fine(fine, sources)).collect(),
        problems: report.problems.iter().map(|problem| json_problem(problem, sources)).collect(),
        notes: &report.notes,
    }
}

fn json_finding<'a>(finding: &'a Finding, sources: &'a Sources) -> JsonFinding<'a> {
    JsonFinding {
        rule: finding.rule.name,
        level: finding.level,
        confidence: finding.confidence,
        suppression: finding.suppression.as_ref().map(|by| json_suppression(by, sources)),
        role: finding.role,
        title: &finding.title,
        site: json_site(&finding.site, sources),
        effect: &finding.effect,
        accesses: finding.accesses.iter().map(|access| json_access(access, sources)).collect(),
        landing: finding.landing,
        accessor: finding.accessor.as_ref(),
        help: &finding.help,
        unbounded: finding.unbounded,
        reasons: &finding.reasons,
        fingerprint: &finding.fingerprint,
    }
}

fn json_suppression<'a>(by: &'a Suppression, sources: &'a Sources) -> JsonSuppression<'a> {
    let place = by.place.map(|place| json_place(place, sources));
    JsonSuppression { kind: by.kind, reason: &by.reason, place }
}

fn json_problem<'a>(problem: &'a Problem, sources: &'a Sources) -> JsonProblem<'a> {
    let Problem { check, level, place, message, help } = problem;
    JsonProblem { check, level: *level, place: json_place(*place, sources), message, help }
}

fn json_fine<'a>(fine: &'a Fine, sources: &'a Sources) -> JsonFine<'a> {
    JsonFine { site: json_site(&fine.site, sources), role: fine.role, reason: &fine.reason }
}

fn json_site<'a>(site: &'a SiteInfo, sources: &'a Sources) -> JsonSite<'a> {
    JsonSite {
        symbol: &site.symbol,
        package: &site.package,
        item_path: &site.item_path,
        mechanism: site.mechanism,
        ty: &site.ty,
        place: json_place(site.place, sources),
        also: site.also.iter().map(|place| json_place(*place, sources)).collect(),
    }
}

fn json_access<'a>(access: &'a Access, sources: &'a Sources) -> JsonAccess<'a> {
    let (when, routes): (_, &[String]) = match &access.context {
        Context::Request { routes } => ("request", routes),
        Context::Background => ("background", &[]),
        Context::Startup => ("startup", &[]),
    };
    JsonAccess {
        kind: access.kind,
        place: json_place(access.place, sources),
        function: &access.function,
        operation: &access.operation,
        when,
        routes,
    }
}

fn json_place(place: Place, sources: &Sources) -> JsonPlace<'_> {
    let (file, line, column) = sources.locate(place);
    let (end_line, end_column) = sources.file(place.file).line_column(place.span.end);
    let (byte_start, byte_end) = (place.span.start, place.span.end);
    JsonPlace { file, line, column, end_line, end_column, byte_start, byte_end }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Format, Options, sample};
    use super::*;

    fn schema() -> Value {
        serde_json::from_str(include_str!("json.schema.json")).unwrap()
    }

    fn said(report: &Report) -> Value {
        let text = sample::said(Format::Json, report, &Options::default());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_output_follows_the_schema() {
        let schema = schema();
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::validator_for(&schema).unwrap();
        for report in [sample::report(), sample::hostile(), sample::empty()] {
            let value = said(&report);
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new());
        }
        let mut wrong = said(&sample::report());
        wrong["findings"][0]["level"] = json!("fatal");
        assert!(!validator.is_valid(&wrong), "the schema lets anything pass");
    }

    #[test]
    fn the_schema_says_in_words_what_each_field_means_and_allows_no_other() {
        fn walk(value: &Value, path: &str) {
            if let Some(fields) = value["properties"].as_object() {
                assert_eq!(value["additionalProperties"], json!(false), "{path}");
                let mut required: Vec<&str> =
                    value["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                required.sort_unstable();
                assert_eq!(required, fields.keys().collect::<Vec<_>>(), "{path}");
                for (name, field) in fields {
                    assert!(field["description"].is_string(), "{path}/{name} is not described");
                }
            }
            for (name, inner) in value.as_object().into_iter().flatten() {
                walk(inner, &format!("{path}/{name}"));
            }
        }
        let schema = schema();
        assert_eq!(schema["properties"]["schema"]["const"], json!(SCHEMA));
        walk(&schema, "");
    }

    #[test]
    fn places_have_character_columns_and_byte_offsets() {
        let report = sample::report();
        let value = said(&report);
        assert_eq!(
            value["findings"][1]["site"]["place"],
            json!({
                "file": "src/größe.rs", "line": 4, "column": 5, "end_line": 4, "end_column": 10,
                "byte_start": report.findings[1].site.place.span.start,
                "byte_end": report.findings[1].site.place.span.start + 7,
            })
        );
    }

    #[test]
    fn everything_is_counted_and_the_harmless_is_always_listed() {
        let value = said(&sample::report());
        assert_eq!(
            value["summary"],
            json!({
                "files": 4, "errors": 1, "warnings": 1, "notes": 1, "suppressed": 1, "baseline": 1,
                "allowed": 3, "unchanged": 4, "problems": 1, "fine": 1, "not_analysed": 2,
            })
        );
        assert_eq!(value["fine"][0]["site"]["symbol"], "LIMITS");
        assert_eq!(value["findings"][0]["accesses"][0]["routes"], json!(["POST /login"]));
        assert_eq!(value["findings"][0]["accesses"][0]["when"], "request");
    }

    #[test]
    fn hostile_text_is_kept_but_never_raw() {
        let text = sample::said(Format::Json, &sample::hostile(), &Options::default());
        assert!(sample::is_safe(&text));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["findings"][0]["site"]["symbol"], sample::hostile().findings[0].site.symbol);
    }
}
