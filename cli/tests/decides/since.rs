//! `--since`: what changed since a revision of git, in every kind of work tree.

use std::fs;
use std::process::Command;

use crate::support::{Run, Tree, manifest};
use crate::{SHOP, at, levels, pairs, shop};

fn git(tree: &Tree, dir: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(tree.path(dir)).args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
    ]);
    command.args(["-c", "protocol.file.allow=always"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = command.args(arguments).output().expect("git is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn commit(tree: &Tree, dir: &str) {
    git(tree, dir, &["add", "-A"]);
    git(tree, dir, &["commit", "-m", "x", "--allow-empty"]);
}

/// The shop, committed.
fn repository() -> Tree {
    let tree = shop();
    git(&tree, "", &["init"]);
    commit(&tree, "");
    tree
}

fn since(tree: &Tree, dir: &str, revision: &str) -> Run {
    at(tree, dir, &["check", "--format", "json", &format!("--since={revision}")])
}

fn symbols(run: &Run) -> Vec<String> {
    assert!(run.code < Some(2), "{run:#?}");
    levels(run).into_iter().map(|(symbol, _)| symbol).collect()
}

fn edit(tree: &Tree, file: &str, old: &str, new: &str) {
    let text = fs::read_to_string(tree.path(file)).unwrap();
    assert!(text.contains(old), "{old}");
    tree.file(file, text.replacen(old, new, 1));
}

#[test]
fn what_did_not_change_is_counted_and_not_listed() {
    let tree = repository();
    let run = since(&tree, "", "HEAD");
    assert_eq!((run.code, symbols(&run)), (Some(0), vec![]));
    assert_eq!(run.json()["summary"]["unchanged"], 3);
    let human = at(&tree, "", &["check", "--since", "HEAD"]);
    assert!(human.stdout.contains("nothing found in 1 file; 3 unchanged"), "{}", human.stdout);
}

#[test]
fn a_changed_site_or_access_counts_wherever_the_work_is() {
    for step in ["edited", "staged", "committed"] {
        let tree = repository();
        // An access, far from its site.
        edit(
            &tree,
            "src/main.rs",
            "sessions.get(&token).cloned()",
            "sessions.get(&token).map(String::clone)",
        );
        match step {
            "staged" => drop(git(&tree, "", &["add", "-A"])),
            "committed" => commit(&tree, ""),
            _ => {}
        }
        let before = if step == "committed" { "HEAD~1" } else { "HEAD" };
        let run = since(&tree, "", before);
        assert_eq!((run.code, symbols(&run)), (Some(1), vec!["SESSIONS".to_owned()]), "{step}");
        edit(&tree, "src/main.rs", "static RATE_CACHE", "pub static RATE_CACHE");
        assert_eq!(symbols(&since(&tree, "", before)), ["SESSIONS", "RATE_CACHE"]);
    }
}

#[test]
fn lines_that_only_moved_did_not_change() {
    let tree = repository();
    edit(&tree, "src/main.rs", "use axum", "// a\n// b\nuse axum");
    edit(&tree, "src/main.rs", "#[tokio::main]", "fn other() {}\n\n#[tokio::main]");
    assert_eq!(symbols(&since(&tree, "", "HEAD")), Vec::<String>::new());
}

#[test]
fn a_new_file_is_new_and_a_renamed_one_is_not() {
    let tree = repository();
    fs::create_dir(tree.path("src/bin")).unwrap();
    fs::rename(tree.path("src/main.rs"), tree.path("src/bin/größe \"1\".rs")).unwrap();
    git(&tree, "", &["add", "-A"]);
    assert_eq!(symbols(&since(&tree, "", "HEAD")), Vec::<String>::new());
    tree.file("src/main.rs", SHOP);
    assert_eq!(symbols(&since(&tree, "", "HEAD")).len(), 3, "untracked");
    tree.file(".gitignore", "src/main.rs\n");
    let all = at(&tree, "", &["check", "--format", "json", "--since", "HEAD", "--no-ignore"]);
    assert_eq!(symbols(&all).len(), 3, "ignored by git and read nevertheless");
}

#[test]
fn what_others_did_meanwhile_does_not_count() {
    let tree = repository();
    git(&tree, "", &["checkout", "-b", "mine"]);
    edit(&tree, "src/main.rs", "static RATE_CACHE", "pub static RATE_CACHE");
    commit(&tree, "");
    git(&tree, "", &["checkout", "main"]);
    edit(&tree, "src/main.rs", "static SESSIONS", "pub static SESSIONS");
    commit(&tree, "");
    git(&tree, "", &["checkout", "mine"]);
    assert_eq!(symbols(&since(&tree, "", "main")), ["RATE_CACHE"]);
}

#[test]
fn the_whole_is_analysed_and_the_rest_is_obeyed() {
    let tree = repository();
    at(&tree, "", &["baseline"]);
    edit(&tree, "src/main.rs", "static SESSIONS", "pub static SESSIONS");
    let run = since(&tree, "", "HEAD");
    assert_eq!(symbols(&run), Vec::<String>::new());
    assert_eq!(run.json()["summary"]["baseline"], 1, "only what changed is listed");
    assert_eq!(crate::problems(&run), [], "the rest of the baseline is not stale");
}

#[test]
fn from_a_folder_a_work_tree_and_a_submodule() {
    let tree = Tree::new();
    let root = "repo/services/shop";
    tree.file(format!("{root}/Cargo.toml"), manifest("shop")).file(format!("{root}/src/main.rs"), SHOP);
    git(&tree, "repo", &["init"]);
    commit(&tree, "repo");
    edit(&tree, &format!("{root}/src/main.rs"), "static SESSIONS", "pub static SESSIONS");
    for dir in ["repo", root, "repo/services/shop/src"] {
        assert_eq!(symbols(&since(&tree, dir, "HEAD")), ["SESSIONS"], "{dir}");
    }

    git(&tree, "repo", &["worktree", "add", "../other", "-b", "other"]);
    assert_eq!(symbols(&since(&tree, "other/services/shop", "HEAD")), Vec::<String>::new());
    edit(&tree, "other/services/shop/src/main.rs", "static RATE_CACHE", "pub static RATE_CACHE");
    assert_eq!(symbols(&since(&tree, "other", "main")), ["RATE_CACHE"]);

    // A repository in a repository changed as a whole, or not at all.
    let url = tree.path("repo").to_string_lossy().into_owned();
    tree.file("super/readme", "");
    git(&tree, "super", &["init"]);
    git(&tree, "super", &["submodule", "add", &url, "inner"]);
    commit(&tree, "super");
    assert_eq!(symbols(&since(&tree, "super", "HEAD")), Vec::<String>::new());
    assert_eq!(symbols(&since(&tree, "super/inner/services", "HEAD")), Vec::<String>::new());
    edit(&tree, "super/inner/services/shop/src/main.rs", "static RATE_CACHE", "pub static RATE_CACHE");
    assert_eq!(symbols(&since(&tree, "super", "HEAD")).len(), 3);
    assert_eq!(symbols(&since(&tree, "super/inner/services", "HEAD")), ["RATE_CACHE"]);
    tree.file("super/nested/src/main.rs", SHOP);
    git(&tree, "super/nested", &["init"]);
    assert_eq!(symbols(&since(&tree, "super", "HEAD")).len(), 6, "one that git does not know is new");
}

#[test]
fn what_git_cannot_answer_is_said_with_the_way_out() {
    let tree = repository();
    let refused = |dir: &str, revision: &str, words: &[&str]| {
        since(&tree, dir, revision).assert_refused(words);
    };
    refused("", "mian", &["`--since mian`: there is no such revision", "did you mean `main`?"]);
    refused("", "HEAD~1..HEAD", &["there is no such revision", "name one commit"]);
    refused("", "--output=x", &["there is no such revision"]);
    assert!(!tree.path("x").exists());

    git(&tree, "", &["checkout", "--orphan", "apart"]);
    tree.file("other", "");
    commit(&tree, "");
    refused("", "main", &["no commit in common", "same history"]);

    let plain = shop();
    since(&plain, "", "HEAD").assert_refused(&["not a git repository", "--since"]);
    git(&plain, "", &["init"]);
    since(&plain, "", "HEAD").assert_refused(&["there is no such revision"]);

    let mut without = crate::binary();
    without.current_dir(tree.root()).args(["check", "--since", "HEAD"]).env("PATH", "/nowhere");
    crate::run(without).assert_refused(&["there is no `git` to ask", "install git"]);
}

#[test]
fn a_shallow_clone_is_told_to_fetch_more() {
    let tree = repository();
    let first = git(&tree, "", &["rev-parse", "HEAD"]).trim().to_owned();
    commit(&tree, "");
    let url = format!("file://{}", tree.root().display());
    let clone = Tree::new();
    git(&clone, "", &["clone", "--depth", "1", &url, "shallow"]);
    since(&clone, "shallow", &first).assert_refused(&[
        "shallow clone",
        "git fetch --unshallow",
        "fetch-depth: 0",
    ]);
    assert_eq!(symbols(&since(&clone, "shallow", "HEAD")), Vec::<String>::new());
}

#[test]
fn nothing_is_written_and_a_hooks_settings_do_not_matter() {
    let tree = repository();
    let index = fs::read(tree.path(".git/index")).unwrap();
    edit(&tree, "src/main.rs", "static SESSIONS", "pub static SESSIONS");
    let mut command = crate::binary();
    command.current_dir(tree.root()).args(["check", "--format", "json", "--since", "HEAD"]);
    command
        .env("GIT_DIR", "/nowhere")
        .env("GIT_INDEX_FILE", "/nowhere/index")
        .env("GIT_EXTERNAL_DIFF", "false");
    assert_eq!(symbols(&crate::run(command)), ["SESSIONS"]);
    assert_eq!(fs::read(tree.path(".git/index")).unwrap(), index);
    // Whatever the user's own git likes to print.
    for (name, value) in [
        ("color.ui", "always"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.relative", "true"),
        ("diff.external", "false"),
        ("core.quotepath", "true"),
        ("diff.renames", "false"),
        ("diff.context", "9"),
    ] {
        git(&tree, "", &["config", name, value]);
    }
    assert_eq!(levels(&since(&tree, "", "HEAD")), pairs(&[("SESSIONS", "error")]));
}
