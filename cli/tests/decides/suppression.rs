//! Suppressions in the code: what they cover, what is wrong with them, where they show.

use std::fs;

use serde_json::Value;

use crate::support::{Run, Tree, manifest};
use crate::{SHOP, aside, at, levels, pairs, problems, shop, text};

/// The shop with something before the line that declares a static, or behind it.
fn with(symbol: &str, before: &str, behind: &str) -> Tree {
    let line = SHOP.lines().find(|line| line.starts_with(&format!("static {symbol}"))).unwrap();
    let tree = shop();
    tree.file("src/main.rs", SHOP.replace(line, &format!("{before}{line}{behind}")));
    tree
}

#[track_caller]
fn suppressed(tree: &Tree) -> Run {
    let run = tree.check(&[]);
    assert_eq!(aside(&run, "in-source"), ["SESSIONS"], "{run:#?}");
    assert_eq!(problems(&run), []);
    assert_eq!(run.code, Some(0), "an error that is suppressed fails nothing");
    run
}

const ALLOW: &str = "// stateless: allow(in-memory-session, reason = \"one replica until May\")";

#[test]
fn above_the_site_or_behind_it() {
    suppressed(&with("SESSIONS", &format!("{ALLOW}\n"), ""));
    suppressed(&with("SESSIONS", &format!("{ALLOW}\n/// Who is logged in.\n#[allow(dead_code)]\n"), ""));
    suppressed(&with("SESSIONS", "", &format!(" {ALLOW}")));
    let windows = with("SESSIONS", &format!("{ALLOW}\n"), "");
    windows
        .file("src/main.rs", fs::read_to_string(windows.path("src/main.rs")).unwrap().replace('\n', "\r\n"));
    suppressed(&windows);
}

#[test]
fn suppressed_findings_are_counted_and_stand_in_formats_for_programs() {
    let tree = with("SESSIONS", &format!("{ALLOW}\n"), "");
    let run = suppressed(&tree);
    let report = run.json();
    assert_eq!(report["summary"]["suppressed"], 1);
    assert_eq!(report["summary"]["errors"], 0);
    let suppression = &report["findings"][0]["suppression"];
    assert_eq!(suppression["reason"], "one replica until May");
    assert_eq!(suppression["place"]["line"], 9);

    let sarif = at(&tree, "", &["check", "--format", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results[0]["suppressions"][0]["kind"], "inSource");
    assert_eq!(results[0]["suppressions"][0]["justification"], "one replica until May");
    assert_eq!(results[1]["suppressions"], Value::Array(Vec::new()));

    let human = at(&tree, "", &["check"]).stdout;
    assert!(!human.contains("SESSIONS") && human.contains("; 1 suppressed"), "{human}");
    assert!(!at(&tree, "", &["check", "--format", "short"]).stdout.contains("SESSIONS"));
}

#[test]
fn a_reason_is_required() {
    let tree = with("SESSIONS", "// stateless: allow(in-memory-session)\n", "");
    let run = tree.check(&[]);
    assert_eq!((aside(&run, "in-source"), run.code), (vec![], Some(1)));
    let found = problems(&run);
    assert_eq!((found.len(), found[0].0.as_str(), found[0].2), (1, "invalid-suppression", 9));
    let help = &run.json()["problems"][0]["help"];
    assert_eq!(help, "write `// stateless: allow(in-memory-session, reason = \"why it may stay\")`");
}

#[test]
fn what_is_misspelt_is_reported_with_a_suggestion() {
    for (comment, message, help) in [
        (
            "// stateless: allow(in-memory-sesion, reason = \"x\")",
            "there is no rule `in-memory-sesion`",
            "did you mean `in-memory-session`?",
        ),
        (
            "// stateless: alow(in-memory-session, reason = \"x\")",
            "`alow` is nothing",
            "stateless: allow(rule,",
        ),
        (
            "// stateless: allow(in-memory-session, reason = x)",
            "expected `\"` around the reason",
            "reason = \"",
        ),
        ("// stateless: allow(in-memory-session", "the comment ends", "reason = \""),
    ] {
        let run = with("SESSIONS", &format!("{comment}\n"), "").check(&[]);
        assert_eq!(run.code, Some(1));
        let found = run.json()["problems"][0].clone();
        assert_eq!(found["check"], "invalid-suppression", "{comment}");
        assert!(found["message"].as_str().unwrap().contains(message), "{found}");
        assert!(found["help"].as_str().unwrap().contains(help), "{found}");
        assert_eq!(found["place"]["line"], 9);
    }
}

#[test]
fn one_that_matches_nothing_is_reported() {
    let allow = |rule: &str| format!("// stateless: allow({rule}, reason = \"x\")\n");
    for (symbol, before, message, help) in [
        (
            "SESSIONS",
            allow("timer"),
            "nothing here is `timer`: `SESSIONS` is `in-memory-session`",
            "did you mean `allow(in-memory-session, ..)`?",
        ),
        (
            "SESSIONS",
            format!("{}\n", allow("in-memory-session")),
            "belongs to no code",
            "`SESSIONS` is found in line 11",
        ),
        ("SESSIONS", allow("in-memory-session").repeat(2), "one too many", "remove"),
    ] {
        let run = with(symbol, &before, "").check(&[]);
        let report = run.json();
        let found = &report["problems"][0];
        assert_eq!(
            (report["problems"].as_array().unwrap().len(), &found["check"]),
            (1, &Value::from("unused-suppression"))
        );
        assert!(found["message"].as_str().unwrap().contains(message), "{found}");
        assert!(found["help"].as_str().unwrap().contains(help), "{found}");
        assert_eq!(found["place"]["line"], if before.matches("allow").count() == 2 { 10 } else { 9 });
        assert_eq!(found["level"], "warning");
    }
    let tree = with("SESSIONS", "", "");
    tree.file("src/plain.rs", format!("{}fn nothing() {{}}\n", allow("in-memory-session")));
    let found = problems(&tree.check(&[]));
    assert_eq!((found[0].1.as_str(), found[0].2), ("src/plain.rs", 1));
    assert_eq!(found[0].3, "this suppression matches no finding");
}

#[test]
fn problems_have_levels_like_rules() {
    let tree = Tree::new();
    tree.file("Cargo.toml", manifest("clean"));
    tree.file("src/main.rs", "// stateless: allow(timer, reason = \"x\")\nfn main() {}\n");
    assert_eq!(tree.check(&[]).code, Some(0));
    assert_eq!(tree.check(&["--deny", "warnings"]).code, Some(1));
    assert_eq!(tree.check(&["--deny", "unused-suppression"]).code, Some(1));
    let allowed = tree.check(&["--deny", "warnings", "--allow", "unused-suppression"]);
    assert_eq!((allowed.code, problems(&allowed).len()), (Some(0), 0));
    tree.file("stateless.toml", "levels.unused-suppression = 'deny'");
    assert_eq!(tree.check(&[]).code, Some(1));
    let all = tree.check(&["--allow", "all"]);
    assert_eq!(all.code, Some(1), "`all` are the rules");
}

#[test]
fn only_comments_suppress() {
    let text = format!("{ALLOW}\n");
    for before in [
        format!("/*\n{text}*/\n"),
        format!("/// {text}"),
        "const A: &str = \"\n// stateless: allow(in-memory-session)\n\";\n".to_owned(),
        format!("const A: &str = r#\"\n{text}\"#;\n"),
    ] {
        let run = with("SESSIONS", &before, "").check(&[]);
        assert_eq!((run.code, problems(&run)), (Some(1), vec![]), "{before}");
        assert_eq!(levels(&run)[0], pairs(&[("SESSIONS", "error")])[0], "{before}");
    }
}

#[test]
fn the_attribute_of_the_store_suppresses() {
    suppressed(&with("SESSIONS", "#[keep_in_process(reason = \"one replica\")]\n", ""));
    suppressed(&with(
        "SESSIONS",
        "#[stateless_store::keep_in_process(reason = \"one replica\")]\n/// Doc.\n",
        "",
    ));
    let run = with("SESSIONS", "#[keep_in_process]\n", "").check(&[]);
    assert_eq!((run.code, problems(&run)[0].0.as_str()), (Some(1), "invalid-suppression"));
}

const APP: &str = r#"use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::Router;

@1
#[derive(Clone, Default)]
struct App {
    @2
    carts: Arc<Mutex<HashMap<String, Cart>>>,
    orders: Arc<Mutex<HashMap<String, Order>>>,
}

@3
#[derive(Clone)]
struct Cart {
    items: Vec<String>,
}

#[derive(Clone)]
struct Order {
    number: u64,
}

async fn add(State(app): State<App>, Path((user, item)): Path<(String, String)>) {
    app.carts.lock().unwrap().entry(user).or_insert_with(Cart::new).items.push(item);
}

async fn show(State(app): State<App>, Path(user): Path<String>) -> String {
    app.carts.lock().unwrap().get(&user).map(|cart| cart.items.join(",")).unwrap_or_default()
}

async fn order(State(app): State<App>, Path(user): Path<String>) {
    app.orders.lock().unwrap().insert(user, Order { number: 1 });
}

async fn orders(State(app): State<App>, Path(user): Path<String>) -> String {
    app.orders.lock().unwrap().get(&user).map(|order| order.number.to_string()).unwrap_or_default()
}

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/cart/{user}/{item}", post(add))
        .route("/cart/{user}", get(show))
        .route("/order/{user}", post(order).get(orders))
        .with_state(App::default());
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

/// Which of the fields are suppressed with something at one of the marks.
fn fields(mark: &str, what: &str) -> Vec<String> {
    let tree = Tree::new();
    let mut text = APP.to_owned();
    for other in ["@1", "@2", "@3"] {
        text = text.replace(other, if other == mark { what } else { "// nothing" });
    }
    tree.file("Cargo.toml", manifest("app")).file("src/main.rs", text);
    let run = tree.check(&[]);
    assert_eq!(problems(&run), []);
    aside(&run, "in-source")
}

#[test]
fn a_type_stands_for_its_fields_and_an_attribute_for_what_holds_the_type() {
    let comment = "// stateless: allow(in-memory-data, reason = \"x\")";
    let attribute = "#[keep_in_process(reason = \"x\")]";
    assert_eq!(fields("", ""), Vec::<String>::new());
    assert_eq!(fields("@1", comment), ["App::carts", "App::orders"]);
    assert_eq!(fields("@1", attribute), ["App::carts", "App::orders"]);
    assert_eq!(fields("@2", comment), ["App::carts"]);
    assert_eq!(fields("@2", attribute), ["App::carts"]);
    assert_eq!(fields("@3", attribute), ["App::carts"], "what holds a type that is kept is kept");
}

#[test]
fn packages_that_are_not_reported_have_no_problems() {
    let tree = Tree::new();
    let idle = "// stateless: allow(timer, reason = \"x\")\nfn main() {}\n";
    for name in ["one", "two"] {
        tree.file(format!("{name}/Cargo.toml"), manifest(name)).file(format!("{name}/src/main.rs"), idle);
    }
    assert_eq!(problems(&tree.check(&[])).len(), 2);
    let one = problems(&tree.check(&["-p", "one"]));
    assert_eq!((one.len(), one[0].1.as_str()), (1, "one/src/main.rs"));
    // In a file that was not analysed, nothing can match.
    tree.file("one/src/main.rs", format!("{idle} }}"));
    assert_eq!(problems(&tree.check(&["-p", "one"])), []);
}

#[test]
fn ten_thousand_suppressions() {
    let one = "// stateless: allow(timer, reason = \"x\")\n";
    let tree = with("SESSIONS", &format!("{}{ALLOW}\n", one.repeat(10_000)), "");
    let run = tree.check(&[]);
    assert_eq!(aside(&run, "in-source"), ["SESSIONS"]);
    assert_eq!(problems(&run).len(), 10_000);
}

#[test]
fn settings_have_comments_too() {
    let tree = Tree::new();
    let settings = "[default.databases.shop]\n@\nurl = \":memory:\"\n";
    tree.file("Cargo.toml", manifest("app")).file("src/main.rs", SHOP.replace("axum", "rocket"));
    tree.file("Rocket.toml", settings.replace('@', ""));
    let found =
        |run: &Run| levels(run).into_iter().filter(|(symbol, _)| symbol.starts_with("Rocket")).count();
    assert_eq!(found(&tree.check(&[])), 1, "{:#?}", tree.check(&[]));
    tree.file(
        "Rocket.toml",
        settings.replace('@', "# stateless: allow(in-memory-data, reason = \"a demonstration\")"),
    );
    let run = tree.check(&[]);
    assert_eq!((found(&run), problems(&run)), (0, vec![]));
    assert_eq!(run.json()["summary"]["suppressed"], 1);
}

/// Whatever the site is: a static, a field, a binding, an expression in the middle of a chain.
#[test]
fn every_finding_of_the_fixtures_can_be_suppressed_in_the_line_above() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fixtures");
    let mut seen = 0;
    for entry in fs::read_dir(fixtures).unwrap() {
        let before = entry.unwrap().path().join("before");
        if !before.is_dir() {
            continue;
        }
        let tree = Tree::new();
        for file in walkdir::WalkDir::new(&before).into_iter().map(Result::unwrap) {
            if file.file_type().is_file() {
                let inner = file.path().strip_prefix(&before).unwrap();
                tree.file(inner, fs::read(file.path()).unwrap());
            }
        }
        let first = tree.check(&[]).json();
        let findings = first["findings"].as_array().unwrap();
        let place = |one: &Value| {
            let place = &one["site"]["place"];
            (text(&place["file"]), place["line"].as_u64().unwrap() as usize)
        };
        let mut sites: Vec<_> = findings.iter().map(|one| (place(one), text(&one["rule"]))).collect();
        sites.sort();
        // From the end, so that the lines above keep their numbers.
        for ((file, line), rule) in sites.iter().rev() {
            let code = fs::read_to_string(tree.path(file)).unwrap();
            let mut lines: Vec<&str> = code.lines().collect();
            let comment = format!("// stateless: allow({rule}, reason = \"x\")");
            lines.insert(line - 1, &comment);
            tree.file(file, lines.join("\n"));
        }
        let run = tree.check(&["--deny", "warnings"]);
        assert_eq!((levels(&run), problems(&run)), (vec![], vec![]), "{}", before.display());
        assert_eq!(aside(&run, "in-source").len(), findings.len());
        seen += findings.len();
    }
    assert!(seen > 40, "{seen}");
}
