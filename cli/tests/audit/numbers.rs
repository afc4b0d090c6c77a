//! Every number of an audit adds up with the JSON of `check`, and the same input gives the same bytes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{Tree, binary, run};
use super::{audited, fixture};

fn check(path: &Path) -> Value {
    let mut command = binary();
    command.arg("check").arg(path).args(["--format", "json", "--quiet"]);
    run(command).json()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Lines of all uses of a kind.
fn lines(site: &Value, kind: &str) -> usize {
    list(site, kind).iter().map(|one| list(one, "lines").len()).sum()
}

fn adds_up(path: &Path) {
    let tree = Tree::new();
    let (html, audit) = audited(&[path], tree.root(), &[]);
    let check = check(path);
    let service = &audit["services"][0];
    for name in ["files", "errors", "warnings", "notes", "suppressed", "baseline", "fine", "not_analysed"] {
        assert_eq!(service["summary"][name], check["summary"][name], "{name} of {}", path.display());
    }
    let active: Vec<&Value> =
        list(&check, "findings").iter().filter(|one| one["suppression"].is_null()).collect();
    let sites = list(service, "sites");
    let of = |values: Vec<&Value>| -> BTreeSet<String> {
        values.iter().map(|one| text(&one["fingerprint"])).collect()
    };
    assert_eq!(of(sites.iter().collect()), of(active.clone()));
    assert_eq!((sites.len(), list(service, "fine").len()), (active.len(), list(&check, "fine").len()));
    for site in sites {
        let finding = active.iter().find(|one| one["fingerprint"] == site["fingerprint"]).unwrap();
        let accesses = list(finding, "accesses");
        let of = |kind: &str| accesses.iter().filter(|one| one["kind"] == kind).count();
        assert_eq!(
            (lines(site, "writers"), lines(site, "readers")),
            (of("write"), of("read")),
            "{}",
            site["symbol"]
        );
        assert_eq!((&site["level"], &site["role"]), (&finding["level"], &finding["role"]));
        assert_eq!((&site["landing"], &site["accessor"]), (&finding["landing"], &finding["accessor"]));
        assert_eq!(
            (&site["path"], &site["line"]),
            (&finding["site"]["place"]["file"], &finding["site"]["place"]["line"])
        );
    }
    // What the page shows is what the data has.
    assert_eq!(html.matches("<article class=\"site ").count(), sites.len());
    for (level, name) in [("breaks", "errors"), ("likely", "warnings"), ("survives", "notes")] {
        let zero = if service["summary"][name] == 0 { " zero" } else { "" };
        let shown = format!("<li class=\"{level}{zero}\"><strong>{}</strong>", service["summary"][name]);
        assert!(html.contains(&shown), "{shown}");
        assert_eq!(
            html.matches(&format!("<article class=\"site {level} ")).count(),
            service["summary"][name]
        );
    }
    plan_adds_up(service);
}

/// Days of tasks make those of phases, and those of phases the plan's; each site that moves has one task.
fn plan_adds_up(service: &Value) {
    let plan = &service["plan"];
    let days = |of: &Value| of["days"].as_f64().unwrap();
    let mut all = 0.0;
    let mut tasks = Vec::new();
    for phase in list(plan, "phases") {
        let sum: f64 = list(phase, "tasks").iter().map(days).sum();
        assert!((sum - days(phase)).abs() < 1e-9, "{phase:#}");
        all += sum;
        tasks.extend(list(phase, "tasks").iter().filter_map(|task| task["site"].as_str().map(str::to_owned)));
    }
    assert!((all - days(plan)).abs() < 1e-9);
    let moving =
        list(service, "sites").iter().filter(|site| site["landing"] != "stays" && site["level"] != "note");
    let moving: BTreeSet<String> = moving.map(|site| text(&site["id"])).collect();
    assert_eq!(tasks.len(), moving.len());
    assert_eq!(tasks.into_iter().collect::<BTreeSet<_>>(), moving);
}

#[test]
fn every_number_of_every_fixture_adds_up_with_check() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut names: Vec<String> = fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| fixture(name).is_dir())
        .collect();
    names.sort();
    assert!(names.len() >= 12, "{names:?}");
    names.iter().for_each(|name| adds_up(&fixture(name)));
}

#[test]
fn what_was_set_aside_is_listed_as_accepted() {
    let tree = Tree::with_good();
    let service = super::support::SERVICE.replace(
        "static SESSIONS",
        "// stateless: allow(in-memory-session, reason = \"a demonstration\")\nstatic SESSIONS",
    );
    tree.file("good/src/main.rs", service);
    let out = Tree::new();
    let (html, audit) = audited(&[tree.root()], out.root(), &[]);
    let service = &audit["services"][0];
    assert_eq!(
        (&service["summary"]["suppressed"], &service["verdict"]["readiness"]),
        (&1.into(), &"ready".into())
    );
    assert_eq!(service["accepted"][0]["reason"], "a demonstration");
    assert!(html.contains("a demonstration"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let paths = [fixture("shop"), fixture("chat"), fixture("kiosk")];
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let (one, two) = (Tree::new(), Tree::new());
    assert_eq!(audited(&paths, one.root(), &[]), audited(&paths, two.root(), &[]));
    let markdown = |tree: &Tree| fs::read(tree.path("report.md")).unwrap();
    assert_eq!(markdown(&one), markdown(&two));
}

#[test]
fn several_services_stand_in_one_report_with_a_table_across() {
    let paths = [fixture("shop"), fixture("quiet")];
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let tree = Tree::new();
    let (html, audit) = audited(&paths, tree.root(), &[]);
    let services = list(&audit, "services");
    assert_eq!(
        services.iter().map(|one| text(&one["name"])).collect::<Vec<_>>(),
        ["shop-before", "quiet-before"]
    );
    assert_eq!(html.matches("class=\"service\"").count(), 2);
    assert!(html.contains("href=\"#a2-top\">quiet-before</a>"));
    let mut plan = binary();
    plan.arg("plan").args(&paths);
    let plan = run(plan);
    assert_eq!(plan.code, Some(0));
    assert!(plan.stdout.contains("# Plan: shop-before\n") && plan.stdout.contains("# Plan: quiet-before\n"));
    assert!(plan.stdout.contains("- [ ] **S1** Move `SESSIONS`"), "{}", plan.stdout);
}
