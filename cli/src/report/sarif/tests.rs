use serde_json::{Value, json};

use super::super::{Format, Options, sample};
use super::*;

fn said(report: &Report) -> Value {
    let text = sample::said(Format::Sarif, report, &Options::default());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_output_follows_the_standard() {
    let schema = include_str!("../../../tests/schema/sarif-schema-2.1.0.json");
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
            "accessor": "#[externalized(key = \"session:{}\", ttl = \"1h\")]\nstatic SESSIONS: Sessions;",
            "routes": ["GET /me", "GET /orders", "POST /login", "POST /logout"],
        })
    );
    assert_eq!(
        result["fixes"][0]["artifactChanges"][0],
        json!({
            "artifactLocation": {"uri": "src/auth.rs", "uriBaseId": "%SRCROOT%"},
            "replacements": [{
                "deletedRegion": {"startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 1},
                "insertedContent": {
                    "text": "#[stateless_store::externalized(key = \"session:{}\", ttl = \"1h\")]\n",
                },
            }],
        })
    );
    assert!(run["results"][1].get("fixes").is_none());
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
fn hostile_text_is_never_raw() {
    let text = sample::said(Format::Sarif, &sample::hostile(), &Options::default());
    assert!(sample::is_safe(&text));
    let value: Value = serde_json::from_str(&text).unwrap();
    let uri = &value["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(uri["artifactLocation"]["uri"], "src/a%0Ab%1B%5B2J.rs");
}

#[test]
fn a_log_has_no_more_results_than_code_scanning_takes_and_says_so() {
    let mut report = sample::report();
    let (error, note) = (report.findings[0].clone(), report.findings[2].clone());
    report.findings = vec![note; 30_000];
    report.findings[29_999] = error;
    let value = said(&report);
    let results = value["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert_eq!(results[24_999]["level"], "error", "the most severe is kept");
    let notes = &value["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(
        notes.as_array().unwrap().last().unwrap()["message"]["text"],
        "5000 of 30000 findings are left out, the least severe ones: code scanning takes 25000 results and \
         10 MB; GitHub shows the 5000 most severe of them; the JSON report has all"
    );
    report.findings.truncate(6_000);
    let text = sample::said(Format::Sarif, &report, &Options::default());
    assert!(text.contains("6000 findings: GitHub shows the 5000 most severe of them"));
}

#[test]
fn a_result_lists_no_more_places_than_code_scanning_keeps() {
    let mut report = sample::report();
    let access = report.findings[0].accesses[0].clone();
    report.findings[0].accesses = vec![access; 150];
    let value = said(&report);
    let result = &value["runs"][0]["results"][0];
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 99);
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.ends_with("the others answer 401. 52 more places are not listed here."), "{text}");
}

#[test]
fn addresses_are_those_of_the_repository() {
    let report = Report { prefix: "shop/".into(), ..sample::report() };
    let run = &said(&report)["runs"][0];
    assert_eq!(run["originalUriBaseIds"]["%SRCROOT%"]["uri"], "file:///srv/");
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "shop/src/auth.rs");
}
