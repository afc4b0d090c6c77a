//! The baseline: what it accepts, what goes stale, moves and merges.

use std::fs;
use std::process::Command;

use crate::support::{Tree, manifest};
use crate::{SHOP, aside, at, levels, pairs, problems, shop};

const FILE: &str = "stateless-baseline.txt";

fn lines(tree: &Tree) -> Vec<String> {
    let text = fs::read_to_string(tree.path(FILE)).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// A shop whose findings are accepted.
fn accepted() -> Tree {
    let tree = shop();
    let run = at(&tree, "", &["baseline"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(run.stdout, format!("{FILE}: 3 findings accepted, 3 of them new; 0 taken out\n"));
    tree
}

fn replace(tree: &Tree, file: &str, old: &str, new: &str) {
    let text = fs::read_to_string(tree.path(file)).unwrap();
    assert!(text.contains(old), "{old}");
    tree.file(file, text.replace(old, new));
}

#[test]
fn one_finding_a_line_by_package_item_path_and_rule() {
    let tree = accepted();
    let expected = [
        "shop shop::PRICE_CACHE in-memory-cache",
        "shop shop::RATE_CACHE in-memory-cache",
        "shop shop::SESSIONS in-memory-session",
    ];
    assert_eq!(lines(&tree), expected);
    let first = fs::read(tree.path(FILE)).unwrap();
    at(&tree, "", &["baseline"]);
    assert_eq!(fs::read(tree.path(FILE)).unwrap(), first, "the same again");
}

#[test]
fn only_new_findings_fail() {
    let tree = accepted();
    let run = tree.check(&["--deny", "warnings"]);
    assert_eq!((run.code, levels(&run)), (Some(0), vec![]));
    assert_eq!(run.json()["summary"]["baseline"], 3);
    assert_eq!(aside(&run, "baseline"), ["SESSIONS", "PRICE_CACHE", "RATE_CACHE"]);
    // Lines move, a finding comes.
    replace(
        &tree,
        "src/main.rs",
        "#[tokio::main]",
        "// one\n// two\nasync fn late(Json(x): Json<Login>) { LATE.lock().unwrap().insert(x.token, x.user); }\nasync fn early(Path(x): Path<String>) -> Option<String> { LATE.lock().unwrap().get(&x).cloned() }\n#[tokio::main]",
    );
    replace(
        &tree,
        "src/main.rs",
        "static SESSIONS",
        "// a\n// line\nstatic LATE: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);\nstatic SESSIONS",
    );
    replace(
        &tree,
        "src/main.rs",
        ".route(\"/login\", post(login))",
        ".route(\"/login\", post(login)).route(\"/late/{x}\", post(late).get(early))",
    );
    let run = tree.check(&[]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(levels(&run), pairs(&[("LATE", "error")]));
    assert_eq!(problems(&run), []);
    // `--no-baseline` shows all of them.
    assert_eq!(levels(&tree.check(&["--no-baseline"])).len(), 4);
}

#[test]
fn accepted_findings_are_external_suppressions_in_sarif() {
    let tree = accepted();
    let sarif = at(&tree, "", &["check", "--format", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    assert!(results.iter().all(|result| result["suppressions"][0]["kind"] == "external"));
}

#[test]
fn stale_entries_are_reported_and_pruned() {
    let tree = accepted();
    // One is gone, and another comes: pruning does not accept it.
    let without =
        SHOP.replace("static RATE_CACHE", "static ANOTHER_CACHE").replace("RATE_CACHE.", "ANOTHER_CACHE.");
    tree.file("src/main.rs", without);
    let run = tree.check(&[]);
    assert_eq!(levels(&run), pairs(&[("ANOTHER_CACHE", "warning")]));
    let expected = (
        "stale-baseline".to_owned(),
        FILE.to_owned(),
        4,
        "`in-memory-cache` is not found at `shop::RATE_CACHE` any more".to_owned(),
    );
    assert_eq!(problems(&run), [expected]);
    assert_eq!(run.json()["problems"][0]["help"], "`cargo stateless baseline --prune` takes it out");
    assert_eq!((run.code, tree.check(&["--deny", "stale-baseline"]).code), (Some(0), Some(1)));

    let pruned = at(&tree, "", &["baseline", "--prune"]);
    assert_eq!(pruned.stdout, format!("{FILE}: 2 findings accepted, 0 of them new; 1 taken out\n"));
    assert_eq!(
        lines(&tree),
        ["shop shop::PRICE_CACHE in-memory-cache", "shop shop::SESSIONS in-memory-session"]
    );
    let run = tree.check(&[]);
    assert_eq!((levels(&run), problems(&run)), (pairs(&[("ANOTHER_CACHE", "warning")]), vec![]));
}

#[test]
fn a_renamed_module_or_file_moves_its_entries() {
    let tree = Tree::new();
    let main = "mod auth;\n#[tokio::main]\nasync fn main() {\n    auth::main().await;\n}\n";
    let auth = SHOP.replace("#[tokio::main]\nasync fn main", "pub(crate) async fn main");
    tree.file("Cargo.toml", manifest("shop")).file("src/main.rs", main).file("src/auth.rs", &auth);
    at(&tree, "", &["baseline"]);
    assert_eq!(lines(&tree)[2], "shop shop::auth::SESSIONS in-memory-session");

    fs::remove_file(tree.path("src/auth.rs")).unwrap();
    tree.file("src/main.rs", main.replace("auth", "login")).file("src/login/mod.rs", &auth);
    let run = tree.check(&[]);
    assert_eq!((run.code, levels(&run)), (Some(0), vec![]), "{run:#?}");
    let found = problems(&run);
    assert_eq!(found.len(), 3);
    assert_eq!(found[2].3, "`shop::auth::SESSIONS` is now `shop::login::SESSIONS`, and still accepted");
    assert_eq!(run.json()["problems"][2]["help"], "`cargo stateless baseline` writes the new name");

    // Both ways of writing the file know the new names.
    at(&tree, "", &["baseline", "--prune"]);
    assert_eq!(lines(&tree)[2], "shop shop::login::SESSIONS in-memory-session");
    assert_eq!(problems(&tree.check(&[])), []);

    // Another name of the state itself, or of the package, is another finding.
    tree.file("src/login/mod.rs", auth.replace("SESSIONS", "LOGINS"));
    assert_eq!(levels(&tree.check(&[])), pairs(&[("LOGINS", "error")]));
    tree.file("src/login/mod.rs", &auth).file("Cargo.toml", manifest("store"));
    assert_eq!(levels(&tree.check(&[])).len(), 3);
}

#[test]
fn findings_with_one_key_are_counted() {
    let tree = Tree::new();
    let binary = |name: &str| {
        tree.file(format!("src/bin/{name}.rs"), SHOP);
    };
    tree.file("Cargo.toml", manifest("shop"));
    binary("one");
    at(&tree, "", &["baseline"]);
    let one = lines(&tree);
    // Two programs of one package have each a crate of their own: their paths differ.
    binary("two");
    at(&tree, "", &["baseline"]);
    let keys: std::collections::BTreeSet<String> = lines(&tree).into_iter().collect();
    assert_eq!(keys.len(), lines(&tree).len());
    assert!(keys.len() > one.len());
}

#[test]
fn a_count_accepts_that_many() {
    let tree = accepted();
    replace(&tree, FILE, "shop::SESSIONS in-memory-session", "shop::SESSIONS in-memory-session x3");
    let run = tree.check(&[]);
    assert_eq!(levels(&run), []);
    assert_eq!(
        problems(&run)[0].3,
        "`in-memory-session` is found 1 times at `shop::SESSIONS`, not 3 times any more"
    );
    at(&tree, "", &["baseline", "--prune"]);
    assert_eq!(lines(&tree)[2], "shop shop::SESSIONS in-memory-session");
}

#[test]
fn packages_that_are_not_read_keep_their_entries() {
    let tree = Tree::new();
    for name in ["one", "two"] {
        tree.file(format!("{name}/Cargo.toml"), manifest(name)).file(format!("{name}/src/main.rs"), SHOP);
    }
    tree.file("Cargo.toml", "[workspace]\nmembers = ['one', 'two']\n");
    at(&tree, "", &["baseline"]);
    let all = lines(&tree);
    assert_eq!(all.len(), 6);
    // A part of the code says nothing about the rest.
    for (dir, arguments) in
        [("one", &[][..]), ("", &["-p", "one"]), ("", &["--exclude", "two"]), ("", &["one/src/main.rs"])]
    {
        let check = at(&tree, dir, &[&["check", "--format", "json"], arguments].concat());
        assert_eq!((levels(&check), problems(&check)), (vec![], vec![]), "{dir} {arguments:?}");
        at(&tree, dir, &[&["baseline"], arguments].concat());
        assert_eq!(lines(&tree), all, "{dir} {arguments:?}");
        assert!(!tree.path("one").join(FILE).exists());
    }
    // A package that went away is stale.
    fs::remove_dir_all(tree.path("two")).unwrap();
    assert_eq!(problems(&tree.check(&[])).len(), 3);
}

#[test]
fn suppressed_and_allowed_findings_are_not_written() {
    let tree = shop();
    tree.file("stateless.toml", "levels.in-memory-cache = 'allow'");
    replace(
        &tree,
        "src/main.rs",
        "static SESSIONS",
        "// stateless: allow(in-memory-session, reason = \"x\")\nstatic SESSIONS",
    );
    let run = at(&tree, "", &["baseline"]);
    assert_eq!(run.stdout, "nothing found, so there is nothing to accept; no file was written\n");
    assert!(!tree.path(FILE).exists());
}

#[test]
fn another_file_can_be_named() {
    let tree = shop();
    assert_eq!(at(&tree, "", &["baseline", "--baseline", "known.txt"]).code, Some(0));
    assert_eq!(tree.check(&[]).code, Some(1));
    let known = at(&tree, "", &["check", "--format", "json", "--baseline", "known.txt"]);
    assert_eq!((known.code, levels(&known)), (Some(0), vec![]));
    let missing = at(&tree, "", &["check", "--baseline", "nowhere.txt"]);
    missing.assert_refused(&["nowhere.txt", "does not exist", "cargo stateless baseline"]);
    at(&tree, "", &["baseline", "--baseline", "no/folder/x.txt"])
        .assert_refused(&["cannot be written", "x.txt"]);
}

#[test]
fn a_broken_file_stops_the_run() {
    let tree = accepted();
    let good = fs::read_to_string(tree.path(FILE)).unwrap();
    for (text, words) in [
        (
            good.replace("shop shop::SESSIONS", "<<<<<<< HEAD\nshop shop::SESSIONS"),
            &["git could not merge here", "both sides", "[stateless-baseline.txt:5:1]"][..],
        ),
        (good.replace(" in-memory-session", ""), &["no entry of a baseline", "PACKAGE ITEM-PATH RULE"]),
    ] {
        tree.file(FILE, text);
        at(&tree, "", &["check"]).assert_refused(words);
        at(&tree, "", &["baseline"]).assert_refused(words);
    }
    tree.file(FILE, b"\xff\xfe");
    at(&tree, "", &["check"]).assert_refused(&["not UTF-8"]);
    fs::remove_file(tree.path(FILE)).unwrap();
    tree.file(format!("{FILE}/x"), "");
    at(&tree, "", &["check"]).assert_refused(&["a folder, not a regular file"]);
    assert_eq!(tree.check(&["--no-baseline"]).code, Some(1));
}

fn git(tree: &Tree, arguments: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.current_dir(tree.root()).args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
    ]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.args(arguments).output().expect("git is installed").status.success()
}

/// Two branches accept a finding each, and are merged.
fn merged(tree: &Tree, ours: &str, theirs: &str) -> bool {
    let add = |line: &str| {
        let mut lines: Vec<String> =
            fs::read_to_string(tree.path(FILE)).unwrap().lines().map(str::to_owned).collect();
        lines.push(line.to_owned());
        lines[2..].sort();
        tree.file(FILE, lines.join("\n") + "\n");
    };
    assert!(git(tree, &["init"]) && git(tree, &["add", "."]) && git(tree, &["commit", "-m", "base"]));
    assert!(git(tree, &["checkout", "-b", "theirs"]));
    add(theirs);
    assert!(git(tree, &["commit", "-am", "theirs"]) && git(tree, &["checkout", "main"]));
    add(ours);
    assert!(git(tree, &["commit", "-am", "ours"]));
    git(tree, &["merge", "theirs"])
}

#[test]
fn git_merges_what_two_branches_accept() {
    let tree = accepted();
    assert!(merged(&tree, "shop shop::A timer", "shop shop::Z timer"));
    assert_eq!(lines(&tree).len(), 5);
    assert_eq!(tree.check(&[]).json()["summary"]["baseline"], 3);

    // Side by side git asks, unless it is told that lines stand for themselves.
    let tree = accepted();
    assert!(!merged(&tree, "shop shop::A timer", "shop shop::B timer"));
    let tree = accepted();
    tree.file(".gitattributes", format!("{FILE} merge=union\n"));
    assert!(merged(&tree, "shop shop::A timer", "shop shop::B timer"));
    assert_eq!(lines(&tree).len(), 5);
    assert_eq!(tree.check(&[]).code, Some(0));
}
