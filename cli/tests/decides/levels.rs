//! Levels of rules: files, manifests, the command line, and which of them counts.

use crate::support::{Tree, manifest};
use crate::{SHOP, at, levels, pairs, shop};

const DEFAULT: [(&str, &str); 3] =
    [("SESSIONS", "error"), ("PRICE_CACHE", "note"), ("RATE_CACHE", "warning")];

/// Levels under a `stateless.toml` and flags, and the exit status.
fn under(file: &str, flags: &[&str]) -> (Vec<(String, String)>, Option<i32>) {
    let tree = shop();
    tree.file("stateless.toml", file);
    let run = tree.check(flags);
    (levels(&run), run.code)
}

#[track_caller]
fn expect(file: &str, flags: &[&str], expected: &[(&str, &str)], code: i32) {
    assert_eq!(under(file, flags), (pairs(expected), Some(code)), "{file} {flags:?}");
}

#[test]
fn confidence_sets_the_default() {
    expect("", &[], &DEFAULT, 1);
    expect("", &["--allow", "in-memory-session"], &DEFAULT[1..], 0);
    expect("", &["--allow", "in-memory-session", "--deny", "warnings"], &DEFAULT[1..], 1);
}

#[test]
fn a_level_holds_for_every_finding_of_its_rule() {
    let denied = [("SESSIONS", "error"), ("PRICE_CACHE", "error"), ("RATE_CACHE", "error")];
    let warned = [("SESSIONS", "warning"), ("PRICE_CACHE", "warning"), ("RATE_CACHE", "warning")];
    expect("levels.in-memory-cache = 'deny'", &[], &denied, 1);
    expect("[levels]\nin-memory-cache = 'warn'\nin-memory-session = 'warn'", &[], &warned, 0);
    expect("levels.all = 'warn'", &[], &warned, 0);
    expect("levels.all = 'warn'", &["--deny", "warnings"], &warned, 1);
    expect("levels.in-memory-cache = 'allow'", &[], &DEFAULT[..1], 1);
    expect("levels.all = 'allow'", &["--deny", "warnings"], &[], 0);
    // A rule's own line before the one for all.
    expect("levels = { all = 'allow', in-memory-cache = 'warn' }", &[], &warned[1..], 0);
}

#[test]
fn less_sure_findings_can_keep_their_level() {
    let likely = "levels.in-memory-cache = { level = 'deny', confidence = 'likely' }";
    expect(likely, &[], &[("SESSIONS", "error"), ("PRICE_CACHE", "note"), ("RATE_CACHE", "error")], 1);
    let sure = "levels.all = { level = 'warn', confidence = 'sure' }";
    expect(sure, &[], &[("SESSIONS", "warning"), ("PRICE_CACHE", "note"), ("RATE_CACHE", "warning")], 0);
}

#[test]
fn the_command_line_beats_the_file_and_the_last_flag_the_others() {
    let file = "levels.in-memory-session = 'warn'";
    expect(file, &[], &[("SESSIONS", "warning"), DEFAULT[1], DEFAULT[2]], 0);
    expect(file, &["--deny", "in-memory-session"], &DEFAULT, 1);
    expect(file, &["--deny=all", "--allow=in-memory-cache"], &DEFAULT[..1], 1);
    expect(file, &["--allow=in-memory-cache", "--deny=all"], &DEFAULT[..1], 1);
    expect(file, &["--deny=in-memory-session", "--allow=in-memory-session"], &DEFAULT[1..], 0);
    expect(file, &["--allow=in-memory-session", "--deny=in-memory-session"], &DEFAULT, 1);
}

#[test]
fn allowed_findings_are_counted_and_in_no_format() {
    let tree = shop();
    tree.file("stateless.toml", "levels.in-memory-cache = 'allow'");
    let run = tree.check(&["--output", "sarif=/dev/stderr"]);
    assert_eq!(run.json()["summary"]["allowed"], 2);
    assert!(!run.stderr.contains("PRICE_CACHE"), "{}", run.stderr);
    let human = at(&tree, "", &["check"]);
    assert!(human.stdout.contains("1 error in 1 file; 2 allowed"), "{}", human.stdout);
}

#[test]
fn packages_have_tables_of_their_own() {
    let tree = Tree::new();
    let package = |name: &str, table: &str| {
        tree.file(format!("{name}/Cargo.toml"), manifest(name) + table)
            .file(format!("{name}/src/main.rs"), SHOP);
    };
    let workspace = "[workspace]\nmembers = ['*']\n[workspace.metadata.stateless]\nlevels = { in-memory-cache = 'allow' }\n";
    tree.file("Cargo.toml", workspace);
    package("without", "");
    package("adds", "[package.metadata.stateless]\nworkspace = true\nlevels.in-memory-session = 'warn'\n");
    package("alone", "[package.metadata.stateless]\nworkspace = false\nlevels.in-memory-session = 'warn'\n");
    package("back", "[package.metadata.stateless]\nworkspace = true\nlevels.in-memory-cache = 'deny'\n");
    for (name, expected) in [
        ("without", &[("SESSIONS", "error")][..]),
        ("adds", &[("SESSIONS", "warning")]),
        ("alone", &[("SESSIONS", "warning"), ("PRICE_CACHE", "note"), ("RATE_CACHE", "warning")]),
        ("back", &[("SESSIONS", "error"), ("PRICE_CACHE", "error"), ("RATE_CACHE", "error")]),
    ] {
        // The same whether the package is read with the others or by itself.
        assert_eq!(levels(&tree.check(&["-p", name])), pairs(expected), "{name}");
        assert_eq!(levels(&at(&tree, name, &["check", "--format", "json"])), pairs(expected), "{name}");
    }
}

#[test]
fn the_nearest_file_counts_up_to_the_top_of_the_repository() {
    let tree = Tree::new();
    tree.file("repo/a/Cargo.toml", manifest("a")).file("repo/a/src/main.rs", SHOP);
    tree.file("stateless.toml", "levels.all = 'allow'");
    let run = |dir: &str| levels(&at(&tree, dir, &["check", "--format", "json"]));
    assert_eq!(run("repo/a"), [], "without a repository, to the top");
    tree.file("repo/.git/HEAD", "");
    assert_eq!(run("repo/a"), pairs(&DEFAULT), "not past the top of the repository");
    tree.file("repo/stateless.toml", "levels.in-memory-cache = 'allow'");
    assert_eq!(run("repo/a"), pairs(&DEFAULT[..1]));
    assert_eq!(run("repo/a/src"), pairs(&DEFAULT[..1]));
    tree.file("repo/a/stateless.toml", "levels.in-memory-session = 'allow'");
    assert_eq!(run("repo/a"), pairs(&DEFAULT[1..]), "nearer, and nothing is added up");
    assert_eq!(run("repo"), pairs(&DEFAULT[1..]), "from above, too");
}

#[test]
fn a_configuration_can_be_named() {
    let tree = shop();
    tree.file("stateless.toml", "levels.all = 'deny'").file("ci/strict.toml", "levels.all = 'warn'");
    let run = at(&tree, "", &["check", "--format", "json", "--config", "ci/strict.toml"]);
    assert!(levels(&run).iter().all(|(_, level)| level == "warning"));
    at(&tree, "", &["check", "--config", "nowhere.toml"]).assert_refused(&["nowhere.toml", "cannot be used"]);
}

#[test]
fn the_role_of_a_site_can_be_told() {
    let tree = shop();
    tree.file(
        "stateless.toml",
        "roles = { PRICE_CACHE = 'session', 'shop::SESSIONS' = 'cache', RATE_CACHE = 'metrics' }",
    );
    let run = tree.check(&["--show-fine"]);
    let report = run.json();
    let found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["site"]["symbol"].as_str().unwrap(),
                one["rule"].as_str().unwrap(),
                one["role"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("SESSIONS", "in-memory-cache", "cache"), ("PRICE_CACHE", "in-memory-session", "session")]
    );
    assert_eq!(report["findings"][0]["reasons"][0], "stateless.toml:1 says what it is");
    assert_eq!(report["fine"][0]["site"]["symbol"], "RATE_CACHE");
    assert_eq!(report["fine"][0]["reason"], "stateless.toml:1 says so");
    assert_eq!(report["problems"], serde_json::json!([]));
}

#[test]
fn a_role_for_no_site_is_reported() {
    let tree = shop();
    tree.file("stateless.toml", "[roles]\nSESSION = 'cache'\n'App::x' = 'cache'\nCACHE = 'cache'\n");
    let run = tree.check(&[]);
    let problems = crate::problems(&run);
    let lines: Vec<_> =
        problems.iter().map(|(check, file, line, _)| (check.as_str(), file.as_str(), *line)).collect();
    let expected = [
        ("unused-hint", "stateless.toml", 2),
        ("unused-hint", "stateless.toml", 3),
        ("unused-hint", "stateless.toml", 4),
    ];
    assert_eq!(lines, expected);
    assert_eq!(run.json()["problems"][0]["help"], "did you mean `SESSIONS`?");
    // Of a part of the code nothing can be said about what is missing.
    tree.file("other/Cargo.toml", manifest("other")).file("other/src/main.rs", "fn main() {}");
    let part = at(&tree, "other", &["check", "--format", "json"]);
    assert_eq!((part.code, crate::problems(&part).len()), (Some(0), 0));
}

#[test]
fn state_of_a_tool_is_a_note_unless_a_line_says_otherwise() {
    let tree = shop();
    let client = SHOP
        .replace("axum::serve(listener, app)", "call(app)")
        .replace("tokio::net::TcpListener::bind", "connect");
    tree.file("tool/Cargo.toml", manifest("tool")).file("tool/src/main.rs", client);
    let tool = |flags: &[&str]| levels(&tree.check(&[&["-p", "tool"], flags].concat()));
    assert!(tool(&[]).iter().all(|(_, level)| level == "note"));
    assert!(tool(&["--deny", "all"]).iter().all(|(_, level)| level == "error"));
    tree.file("stateless.toml", "levels.all = { level = 'deny', confidence = 'likely' }");
    assert!(tool(&[]).iter().all(|(_, level)| level == "note"));
}
