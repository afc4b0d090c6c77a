//! Every number of an audit adds up with the JSON of `check`, and the same input gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
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
    service_adds_up(&audit["services"][0], &html, &check(path));
}

/// One service, its part of the page, and the JSON of `check` about it.
fn service_adds_up(service: &Value, html: &str, check: &Value) {
    let name = &service["name"];
    for number in ["files", "errors", "warnings", "notes", "suppressed", "baseline", "fine", "not_analysed"] {
        assert_eq!(service["summary"][number], check["summary"][number], "{number} of {name}");
    }
    let active = active(check);
    let sites = list(service, "sites");
    assert_eq!(fingerprints(sites), fingerprints(&active));
    assert_eq!((sites.len(), list(service, "fine").len()), (active.len(), list(check, "fine").len()));
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
    for (level, number) in [("breaks", "errors"), ("likely", "warnings"), ("survives", "notes")] {
        let zero = if service["summary"][number] == 0 { " zero" } else { "" };
        let shown = format!("<li class=\"{level}{zero}\"><strong>{}</strong>", service["summary"][number]);
        assert!(html.contains(&shown), "{shown}");
        assert_eq!(
            html.matches(&format!("<article class=\"site {level} ")).count(),
            service["summary"][number]
        );
    }
    calls_add_up(service);
    scorecard_adds_up(service);
    plan_adds_up(service);
}

/// The findings that were not set aside.
fn active(check: &Value) -> Vec<Value> {
    list(check, "findings").iter().filter(|one| one["suppression"].is_null()).cloned().collect()
}

fn fingerprints(of: &[Value]) -> BTreeSet<String> {
    of.iter().map(|one| text(&one["fingerprint"])).collect()
}

/// What a route gains is what its sites cost; a site asks at most for a read and a write a function.
fn calls_add_up(service: &Value) {
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    for site in list(service, "sites") {
        for one in list(site, "calls") {
            *totals.entry(text(&one["route"])).or_default() += one["calls"].as_u64().unwrap();
        }
    }
    let routes = list(service, "routes").iter();
    let routes: BTreeMap<String, u64> =
        routes.map(|one| (text(&one["route"]), one["calls"].as_u64().unwrap())).collect();
    assert_eq!(routes, totals);
}

/// A number that an answer of the scorecard says is that of its evidence; symptoms name sites that are there.
fn scorecard_adds_up(service: &Value) {
    let ids: BTreeSet<String> = list(service, "sites").iter().map(|site| text(&site["id"])).collect();
    for row in list(service, "scorecard").iter().filter(|row| row["basis"] != "measured") {
        let evidence = list(row, "evidence");
        let today = text(&row["today"]);
        let said = today.split(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty());
        if let Some(said) = said {
            assert_eq!(said.parse::<usize>().unwrap(), evidence.len(), "{row:#}");
        }
        if row["basis"] == "code" {
            assert!(evidence.iter().all(|id| ids.contains(id.as_str().unwrap())), "{row:#}");
        }
    }
    for symptom in list(service, "symptoms") {
        let sites = list(symptom, "sites");
        assert!(
            !sites.is_empty() && sites.iter().all(|id| ids.contains(id.as_str().unwrap())),
            "{symptom:#}"
        );
    }
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
    let parallel = plan["days_in_parallel"].as_f64().unwrap();
    assert!(
        parallel <= days(plan) && (parallel < days(plan)) == (plan["developers"].as_u64() > Some(1)),
        "{plan:#}"
    );
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
fn several_services_in_one_report_add_up_each() {
    let paths = [fixture("shop"), fixture("chat"), fixture("gateway"), fixture("quiet")];
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let tree = Tree::new();
    let (html, audit) = audited(&paths, tree.root(), &[]);
    let parts: Vec<&str> = html.split("<article class=\"service\"").collect();
    assert_eq!(parts.len(), paths.len() + 1);
    for (at, path) in paths.iter().enumerate() {
        let service = &audit["services"][at];
        service_adds_up(service, parts[at + 1], &check(path));
        // The row of the table across them.
        let row =
            parts[0].split("<tr>").find(|row| row.contains(&format!("href=\"#a{}-top\"", at + 1))).unwrap();
        for number in ["errors", "warnings", "notes", "fine"] {
            assert!(
                row.contains(&format!("<td class=\"number\">{}</td>", service["summary"][number])),
                "{row}"
            );
        }
    }
}

/// Some of a report's findings are gone and others are new: all of before and all of now are told once.
#[test]
fn what_changed_adds_up_with_check_then_and_now() {
    let (then, now, out) = (Tree::with_good(), Tree::with_good(), Tree::new());
    let more = super::support::SERVICE.replace(
        "static SESSIONS",
        "static DRAFTS: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);\n\
         async fn draft(body: String) { DRAFTS.lock().unwrap().insert(body.clone(), body); }\n\
         async fn drafts() -> String { DRAFTS.lock().unwrap().values().cloned().collect() }\n\
         static SESSIONS",
    );
    let more = more.replace("Router::new()", "Router::new().route(\"/drafts\", post(draft).get(drafts))");
    then.file("good/src/main.rs", more.replace("SESSIONS", "LOGINS"));
    now.file("good/src/main.rs", more);
    let (before, after) = (check(then.root()), check(now.root()));
    out.file("before.json", before.to_string());
    let since = format!("--since={}", out.path("before.json").display());
    let (html, audit) = audited(&[now.root()], out.root(), &[&since]);
    let service = &audit["services"][0];
    let (old, new) = (fingerprints(&active(&before)), fingerprints(&active(&after)));
    let by_id = |id: &Value| {
        let site = list(service, "sites").iter().find(|site| site["id"] == *id).unwrap();
        text(&site["fingerprint"])
    };
    let told = |name: &str| list(&service["since"], name).iter().map(by_id).collect::<BTreeSet<_>>();
    assert_eq!(fingerprints(list(&service["since"], "fixed")), &old - &new);
    assert_eq!((told("new"), told("unchanged")), (&new - &old, &new & &old));
    assert_eq!([(&old - &new).len(), (&new - &old).len(), (&new & &old).len()], [1, 1, 1]);
    assert!(html.contains("<strong>1 fixed, 1 new</strong>, 1 unchanged."), "the page");
    let trend = list(service, "trend");
    assert_eq!(trend.len(), 2);
    for (point, check) in trend.iter().zip([&before, &after]) {
        for number in ["errors", "warnings", "notes"] {
            assert_eq!(point[number], check["summary"][number]);
        }
    }
}

/// Findings of `deploy check` and runs of `verify` are neither lost nor doubled.
#[test]
fn what_is_given_with_it_adds_up() {
    let (tree, out) = (Tree::with_good(), Tree::new());
    let service = |name: &str, more: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  sessionAffinity: ClientIP\n  selector:\n    app: good\n{more}"
        )
    };
    tree.file("deploy/one.yaml", service("one", "")).file("deploy/two.yaml", service("two", ""));
    let mut command = binary();
    command
        .args(["deploy", "check", "--format", "json"])
        .arg(tree.path("deploy"))
        .arg("--code")
        .arg(tree.path("good"));
    let deploy = run(command);
    out.file("deploy.json", &deploy.stdout);
    let with = format!("--with={}", out.path("deploy.json").display());
    let (_, audit) = audited(&[&tree.path("good")], out.root(), &[&with]);
    let (service, deploy) = (&audit["services"][0], deploy.json());
    scorecard_adds_up(service);
    plan_adds_up(service);
    assert_eq!(list(&service["deployment"], "findings").len(), list(&deploy, "findings").len());
    let sticky = list(&deploy, "findings").iter().filter(|one| one["class"] == "sticky").count();
    assert_eq!(sticky, 2);
    let row = list(service, "scorecard").iter().find(|row| row["question"] == "Load balancing").unwrap();
    assert_eq!(
        (&row["today"], list(row, "evidence").len()),
        (&"2 sticky settings in the deployment's files".into(), sticky)
    );
    // Each finding that has to change is a task of the last phase.
    let tasks = list(&service["plan"]["phases"][3], "tasks");
    for finding in list(&deploy, "findings").iter().filter(|one| one["level"] != "note") {
        let place = format!("{}:{}: ", finding["path"].as_str().unwrap(), finding["line"]);
        let title = finding["title"].as_str().unwrap();
        let same = tasks.iter().filter(|task| {
            let text = task["text"].as_str().unwrap();
            text.starts_with(&place) && text.contains(title)
        });
        assert_eq!(same.count(), 1, "{finding:#}");
    }
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
    // The same tasks as in the report, in the same order.
    let tasks =
        services.iter().flat_map(|one| list(&one["plan"], "phases")).flat_map(|phase| list(phase, "tasks"));
    let tasks: Vec<String> = tasks.map(|task| text(&task["id"])).collect();
    let printed = plan.stdout.lines().filter_map(|line| line.strip_prefix("- [ ] **"));
    assert_eq!(printed.map(|line| line.split("**").next().unwrap().to_owned()).collect::<Vec<_>>(), tasks);
}
