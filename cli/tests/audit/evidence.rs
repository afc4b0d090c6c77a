//! What is known beside the code: `deploy check`, `verify`, earlier audits, an effort profile.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{Tree, binary, run};
use super::{audit, audited, fixture};

fn row<'a>(service: &'a Value, question: &str) -> &'a Value {
    service["scorecard"].as_array().unwrap().iter().find(|row| row["question"] == question).unwrap()
}

/// A service with a manifest that pins its clients.
fn pinned() -> Tree {
    let tree = Tree::with_good();
    tree.file(
        "good/deploy/service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: good\nspec:\n  sessionAffinity: ClientIP\n  selector:\n    app: good\n",
    );
    tree
}

#[test]
fn the_deployment_beside_the_code_is_read_and_joined() {
    let (tree, out) = (pinned(), Tree::new());
    let (html, audit) = audited(&[tree.root()], out.root(), &[]);
    let balancing = row(&audit["services"][0], "Load balancing");
    assert_eq!((&balancing["basis"], &balancing["good"]), (&"deployment-files".into(), &false.into()));
    assert_eq!(balancing["evidence"], json!(["good/deploy/service.yaml:6"]));
    // The stickiness goes after the sessions have moved.
    let phases = audit["services"][0]["plan"]["phases"].as_array().unwrap();
    let task = phases[3]["tasks"].as_array().unwrap();
    let task = task.iter().find(|task| task["text"].as_str().unwrap().contains("service.yaml:6")).unwrap();
    assert_eq!(task["after"], json!(["S1"]));
    assert!(html.contains("good/deploy/service.yaml:6"));
}

#[test]
fn deploy_checks_json_takes_the_place_of_what_lies_beside() {
    let (tree, out) = (pinned(), Tree::new());
    let mut check = binary();
    check
        .args(["deploy", "check", "--format", "json"])
        .arg(tree.path("good/deploy"))
        .arg("--code")
        .arg(tree.path("good"));
    let said = run(check);
    out.file("deploy.json", &said.stdout);
    let with = format!("--with={}", out.path("deploy.json").display());
    let (_, audit) = audited(&[tree.root()], out.root(), &[&with]);
    let balancing = row(&audit["services"][0], "Load balancing");
    assert_eq!(balancing["evidence"], json!(["service.yaml:6"]));
}

/// The JSON of `verify` about a service whose sessions differ.
fn measured(fingerprint: &str, differ: usize) -> String {
    let divergence = json!({"cause": "session-in-memory", "schedules": ["avoid-last"],
        "reader": {"number": 2, "request": "GET /whoami/t", "route": "GET /whoami/{token}", "replica": 1, "status": "401"},
        "expected_status": "200",
        "writer": {"number": 1, "request": "POST /login", "route": "POST /login", "replica": 0, "status": "201"},
        "finding": {"rule": "in-memory-session", "title": "t", "symbol": "SESSIONS", "file": "a", "line": 1, "column": 1,
            "fingerprint": fingerprint}});
    json!({"version": 1, "stateless": differ == 0, "service": "x", "replicas": 3, "requests": 2, "noise": [],
        "runs": [{"schedule": "avoid-last", "same": 2 - differ, "differ": differ, "absent": 0, "cut": 0, "test_failed": null}],
        "divergences": if differ > 0 { vec![divergence] } else { Vec::new() }})
    .to_string()
}

#[test]
fn what_verify_measured_replaces_the_estimate_and_is_tied_to_its_site() {
    let (tree, out) = (Tree::with_good(), Tree::new());
    let (_, first) = audited(&[tree.root()], out.root(), &[]);
    let scaling = row(&first["services"][0], "Horizontal scaling");
    assert_eq!((&scaling["basis"], &scaling["good"]), (&"code".into(), &false.into()));
    let fingerprint = first["services"][0]["sites"][0]["fingerprint"].as_str().unwrap();
    out.file("verify.json", measured(fingerprint, 1));
    let with = format!("--with={}", out.path("verify.json").display());
    let (html, audit) = audited(&[tree.root()], out.root(), &[&with]);
    let service = &audit["services"][0];
    let scaling = row(service, "Horizontal scaling");
    assert_eq!((&scaling["basis"], &scaling["good"]), (&"measured".into(), &false.into()));
    assert_eq!(scaling["evidence"], json!(["avoid-last"]));
    assert_eq!(
        service["sites"][0]["witness"],
        "POST /login on replica 0, then GET /whoami/t on replica 1: 401 in place of 200"
    );
    assert!(html.contains("GET /whoami/t on replica 1: 401 in place of 200"));
    // A service that answers alike from everywhere is measured as good, whatever the code let expect.
    out.file("verify.json", measured(fingerprint, 0));
    let (_, audit) = audited(&[tree.root()], out.root(), &[&with]);
    assert_eq!(row(&audit["services"][0], "Horizontal scaling")["good"], true);
}

#[test]
fn two_reports_of_one_kind_about_one_service_are_a_mistake() {
    let (tree, out) = (Tree::with_good(), Tree::new());
    out.file("one.json", measured("f", 1)).file("two.json", measured("f", 0));
    let mut command = binary();
    command.arg("audit").arg(tree.root()).arg(format!("--output=json={}", out.path("out.json").display()));
    for name in ["one.json", "two.json"] {
        command.arg(format!("--with={}", out.path(name).display()));
    }
    let said = run(command);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("two.json") && said.stderr.contains("one.json"), "{}", said.stderr);
    assert!(!out.path("out.json").exists());
}

#[test]
fn what_is_fixed_new_and_unchanged_since_and_a_trend() {
    let tree = Tree::with_good();
    let step = |name: &str, more: &[&str]| {
        let out = tree.path(format!("out-{name}"));
        fs::create_dir_all(&out).unwrap();
        let label = format!("--label={name}");
        let more: Vec<&str> = more.iter().copied().chain([label.as_str()]).collect();
        audited(&[&tree.path("good")], &out, &more).1
    };
    let since = |name: &str| format!("--since={}", tree.path(format!("out-{name}/report.json")).display());
    step("may", &[]);
    let other = super::support::SERVICE.replace("SESSIONS", "LOGINS");
    tree.file("good/src/main.rs", other);
    let june = step("june", &[&since("may")]);
    let change = &june["services"][0]["since"];
    assert_eq!((&change["than"], &change["fixed"][0]["symbol"]), (&"may".into(), &"SESSIONS".into()));
    assert_eq!((&change["new"], &change["unchanged"]), (&json!(["S1"]), &json!([])));
    // The trend of an audit goes on in the next one that is compared with it.
    let july = step("july", &[&since("june")]);
    assert_eq!(july["services"][0]["since"]["unchanged"], json!(["S1"]));
    let trend = july["services"][0]["trend"].as_array().unwrap();
    let labels: Vec<&str> = trend.iter().map(|point| point["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["may", "june", "july"]);
}

#[test]
fn a_profile_of_ones_own_changes_the_effort() {
    let tree = Tree::new();
    let mut show = binary();
    show.args(["audit", "--show-profile"]);
    let profile = run(show);
    assert_eq!(profile.code, Some(0));
    tree.file("profile.toml", profile.stdout.replace("session = 1.0", "session = 7.0"));
    let days = |audit: &Value| audit["services"][0]["plan"]["days"].as_f64().unwrap();
    let (_, usual) = audited(&[&fixture("shop")], tree.root(), &[]);
    let own = format!("--profile={}", tree.path("profile.toml").display());
    let (_, own) = audited(&[&fixture("shop")], tree.root(), &[&own]);
    assert_eq!(days(&own) - days(&usual), 6.0);
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_written() {
    let (tree, out) = (Tree::with_good(), Tree::new());
    fs::write(tree.path("bytes.json"), b"\xff\xfe").unwrap();
    let trend = json!([{"label": "a", "errors": u64::MAX, "warnings": 1, "notes": 1}]);
    let huge = json!({"services": [{"name": "good", "sites": [], "trend": trend}]});
    tree.file("huge.json", huge.to_string())
        .file("strange.json", r#"{"services":[{"name":"other","sites":[]}]}"#);
    tree.file("deep.json", "[".repeat(100_000)).file("short.json", r#"{"services":[{"name":"good"}]}"#);
    tree.file("other.json", "{\"findings\": 1}").file("profile.toml", "[site]\nsesion = 1\n");
    let refused = |more: String, words: &[&str]| {
        audit(&[tree.root()], out.root(), &[&more]).assert_refused(words);
        assert_eq!(fs::read_dir(out.root()).unwrap().count(), 0);
    };
    let name = |name: &str| tree.path(name).display().to_string();
    refused(format!("--with={}", name("none.json")), &["none.json", "does not exist"]);
    refused(format!("--with={}", name("other.json")), &["other.json", "neither the JSON of `verify`"]);
    refused(format!("--since={}", name("other.json")), &["other.json", "neither the JSON of `audit`"]);
    for either in ["with", "since"] {
        refused(format!("--{either}={}", name("bytes.json")), &["bytes.json", "no text"]);
        refused(format!("--{either}={}", name("deep.json")), &["deep.json", "recursion limit"]);
    }
    refused(format!("--since={}", name("short.json")), &["short.json", "missing field `sites`"]);
    refused(format!("--since={}", name("huge.json")), &["huge.json", "invalid value"]);
    // An earlier audit of something else would say that nothing changed.
    refused(
        format!("--since={}", name("strange.json")),
        &["strange.json", "none of the services here, good"],
    );
    refused(format!("--profile={}", name("profile.toml")), &["profile.toml", "sesion"]);
    audit(&[Path::new("/nowhere")], out.root(), &[]).assert_refused(&["/nowhere"]);
}

#[test]
fn with_several_services_evidence_says_which_it_is_about() {
    let (tree, out) = (Tree::new(), Tree::new());
    tree.package("one").package("two");
    out.file("verify.json", measured("f", 0));
    let paths = [tree.path("one"), tree.path("two")];
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let file = out.path("verify.json").display().to_string();
    let refused = audit(&paths, out.root(), &[&format!("--with={file}")]);
    refused.assert_refused(&["verify.json", "NAME=FILE", "one, two"]);
    let (_, audit) = audited(&paths, out.root(), &[&format!("--with=two={file}")]);
    assert_eq!(audit["services"][0]["measured"], Value::Null);
    assert_eq!(audit["services"][1]["measured"]["replicas"], 3);
    let unknown = super::audit(&paths, out.root(), &[&format!("--with=three={file}")]);
    unknown.assert_refused(&["three", "one, two"]);
}
