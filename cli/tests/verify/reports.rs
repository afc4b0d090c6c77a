//! Reports for programs, beside the one for people.

use serde_json::Value;

use super::support::{self, Run, Tree, run};
use super::{client, verify};

const SCRIPT: &str = "POST /login ann\nGET /whoami\nGET /noisy";

/// The twin, with a source in which its state can be found.
fn reported(tree: &Tree, settings: &str, more: &[&str]) -> Run {
    tree.file("Cargo.toml", support::manifest("shop"));
    tree.file("src/main.rs", support::SERVICE.replace("/whoami/{token}", "/whoami"));
    let mut command = verify(tree, settings);
    command.args(["--schedule", "avoid-last", "--schedule", "sticky"]).args(more);
    client::drive(&mut command, SCRIPT);
    run(command)
}

#[test]
fn junit_has_a_suite_a_schedule_and_a_failure_a_difference() {
    let tree = Tree::new();
    let shown = reported(&tree, "", &["--output", "junit=out.xml", "--output", "human=out.txt"]);
    assert_eq!(shown.code, Some(1), "{shown:#?}");
    let text = std::fs::read_to_string(tree.path("out.xml")).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!((root.attribute("tests"), root.attribute("failures")), (Some("2"), Some("1")));
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(cases[0].attribute("name"), Some("GET /whoami (session-in-memory)"));
    assert_eq!(cases[0].attribute("classname"), Some("verify.avoid-last"));
    let failure = cases[0].children().find(|node| node.has_tag_name("failure")).unwrap();
    assert!(failure.text().unwrap().contains("writer    #1 POST /login on replica"), "{text}");
    assert_eq!(cases[1].attribute("classname"), Some("verify.sticky"));
    assert!(cases[1].children().all(|node| !node.has_tag_name("failure")), "{text}");
    // The file holds what standard output had.
    assert_eq!(std::fs::read_to_string(tree.path("out.txt")).unwrap(), shown.stdout);
}

#[test]
fn sarif_names_the_finding_of_check_by_its_fingerprint() {
    let tree = Tree::new();
    let log = reported(&tree, "", &["--format", "sarif"]).json();
    let mut check = support::binary();
    check.current_dir(tree.root()).args(["check", "--format", "sarif"]);
    let claimed = run(check).json();
    let (witness, finding) = (&log["runs"][0]["results"][0], &claimed["runs"][0]["results"][0]);
    for part in ["ruleId", "partialFingerprints"] {
        assert_eq!(witness[part], finding[part], "{part}");
        assert!(!witness[part].is_null());
    }
    let place = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        (place["artifactLocation"].clone(), place["region"]["startLine"].clone())
    };
    assert_eq!(place(witness), place(finding));
    let accessor = &witness["properties"]["accessor"];
    assert!(accessor.as_str().unwrap().starts_with("#[externalized"), "{witness}");
    assert_eq!(accessor, &finding["properties"]["accessor"]);
    let text = witness["message"]["text"].as_str().unwrap();
    assert!(
        text.contains("GET /whoami on replica 1 answers 401, on one replica 200 after POST /login"),
        "{text}"
    );
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1);
    assert_valid(&log);
}

#[test]
fn what_no_line_is_known_for_is_a_notification() {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.args(["--schedule", "avoid-last", "--format", "sarif"]);
    client::drive(&mut command, SCRIPT);
    let log = run(command).json();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 0);
    let notes = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert!(
        notes[0]["message"]["text"].as_str().unwrap().contains("(session-in-memory; avoid-last)"),
        "{notes}"
    );
    assert_valid(&log);
}

fn assert_valid(log: &Value) {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    // The copy lacks a correction that the standard's Errata 01 made.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"]["pattern"] =
            "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(log).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
}
