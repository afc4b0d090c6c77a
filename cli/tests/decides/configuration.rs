//! The configuration file itself: mistakes in it, `init`, `--show-config`, `--show-files`.

use std::fs;

use crate::support::{Tree, manifest};
use crate::{SHOP, at, levels, shop};

#[test]
fn a_mistake_stops_the_run_with_place_and_suggestion() {
    for (text, words) in [
        (
            "[levels]\nin-memory-sesion = 'deny'\n",
            &[
                "[stateless.toml:2:1]",
                "there is no rule `in-memory-sesion`",
                "did you mean `in-memory-session`?",
            ][..],
        ),
        (
            "level.timer = 'deny'\n",
            &["[stateless.toml:1:1]", "there is no key `level`", "did you mean `levels`?"],
        ),
        (
            "[levels]\ntimer = 'dney'\n",
            &["[stateless.toml:2:9]", "there is no level `dney`", "did you mean `deny`?"],
        ),
        (
            "[levels]\ntimer = 3\n",
            &["[stateless.toml:2:9]", "a level cannot be an integer", "one of allow, warn, deny"],
        ),
        (
            "[roles]\nX = 'cash'\n",
            &["[stateless.toml:2:5]", "there is no role `cash`", "did you mean `cache`?"],
        ),
        ("[levels]\ntimer = = 1\n", &["[stateless.toml:2:9]", "cannot be read"]),
        ("[levels\n", &["[stateless.toml:1:8]", "cannot be read"]),
    ] {
        let tree = shop();
        tree.file("stateless.toml", text);
        at(&tree, "", &["check"]).assert_refused(words);
        at(&tree, "", &["baseline"]).assert_refused(words);
        assert!(!tree.path("stateless-baseline.txt").exists());
    }
}

#[test]
fn the_terminal_output_of_a_mistake() {
    let tree = shop();
    tree.file("stateless.toml", "# ours\n[levels]\nin-memory-sesion = \"deny\"\ntimer = \"error\"\n");
    let run = at(&tree, "", &["check"]);
    let expected = "\
error[configuration]

  × there is no rule `in-memory-sesion`
   ╭─[stateless.toml:3:1]
 3 │ in-memory-sesion = \"deny\"
   · ────────┬───────
   ·         ╰── said here
   ╰────
  help: did you mean `in-memory-session`?

error[configuration]

  × there is no level `error`
   ╭─[stateless.toml:4:9]
 4 │ timer = \"error\"
   ·         ───┬───
   ·            ╰── said here
   ╰────
  help: did you mean `deny`?

error: 2 mistakes in the configuration
";
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(2), "", expected));
}

#[test]
fn mistakes_in_manifests() {
    let tree = Tree::new();
    let member = |table: &str| {
        tree.file("a/Cargo.toml", manifest("a") + table).file("a/src/main.rs", SHOP);
    };
    tree.file(
        "Cargo.toml",
        "[workspace]\nmembers = ['a']\n[workspace.metadata.stateless.levels]\ntimer = 'warn'\n",
    );
    member("[package.metadata.stateless]\nlevels.timr = 'deny'\nworkspace = true\n");
    at(&tree, "", &["check"]).assert_refused(&["[a/Cargo.toml:", "there is no rule `timr`"]);
    member("[package.metadata.stateless]\nlevels.timer = 'deny'\n");
    at(&tree, "", &["check"])
        .assert_refused(&["does not say whether `Cargo.toml` holds", "`workspace = true`"]);
    member("[package.metadata.stateless]\nworkspace = 'yes'\n");
    at(&tree, "", &["check"]).assert_refused(&["`workspace` cannot be a string", "true or false"]);
    member("");
    tree.file("stateless.toml", "");
    at(&tree, "", &["check"]).assert_refused(&[
        "[Cargo.toml:3:21]",
        "`stateless.toml` beside this manifest",
        "keep one",
    ]);
}

#[test]
fn a_file_that_cannot_be_read_stops_the_run() {
    let tree = shop();
    tree.file("stateless.toml/x", "");
    at(&tree, "", &["check"]).assert_refused(&["stateless.toml", "a folder, not a regular file"]);
    fs::remove_dir_all(tree.path("stateless.toml")).unwrap();
    tree.file("stateless.toml", b"[levels]\n\xff");
    at(&tree, "", &["check"]).assert_refused(&["not UTF-8"]);
    tree.file("stateless.toml", "\u{feff}[levels]\r\ntimer = 'deny'\r\n");
    assert_eq!(at(&tree, "", &["check"]).code, Some(1), "what Windows writes is fine");
    tree.file("stateless.toml", vec![b'#'; 2 << 20]);
    at(&tree, "", &["check"]).assert_refused(&["above the limit"]);
    #[cfg(unix)]
    {
        fs::remove_file(tree.path("stateless.toml")).unwrap();
        std::os::unix::fs::symlink("nowhere", tree.path("stateless.toml")).unwrap();
        at(&tree, "", &["check"]).assert_refused(&["stateless.toml", "cannot be read"]);
    }
}

#[test]
fn hostile_text_of_a_configuration_does_not_reach_the_terminal() {
    let tree = shop();
    tree.file("stateless.toml", "\"\\u001b[2J\" = 1\n\"\u{202e}\" = 1\n[roles]\n'\u{9b}' = '\u{7f}x'\n");
    let run = at(&tree, "", &["check"]);
    assert_eq!(run.code, Some(2));
    let raw = run.stderr.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}'));
    assert!(!raw, "{:?}", run.stderr);
}

#[test]
fn init_writes_a_configuration_that_says_nothing_yet() {
    let tree = shop();
    let run = at(&tree, "", &["init"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(0), "stateless.toml written: every setting is in it, and none is set\n")
    );
    let text = fs::read_to_string(tree.path("stateless.toml")).unwrap();
    for line in ["#[levels]", "#[roles]", "#in-memory-session = \"warn\"", "#unused-suppression = \"warn\""] {
        assert!(text.lines().any(|one| one.starts_with(line)), "{line} is not in {text}");
    }
    assert_eq!(levels(&tree.check(&[])).len(), 3);

    // It never replaces one, unless that is asked for.
    tree.file("stateless.toml", "mine");
    at(&tree, "", &["init"]).assert_refused(&["`stateless.toml` is there already", "--force"]);
    assert_eq!(fs::read_to_string(tree.path("stateless.toml")).unwrap(), "mine");
    assert_eq!(at(&tree, "", &["init", "--force"]).code, Some(0));
    assert_eq!(fs::read_to_string(tree.path("stateless.toml")).unwrap(), text);
    at(&tree, "", &["init", "nowhere"]).assert_refused(&["nowhere/stateless.toml", "cannot be written"]);
    let names: Vec<_> = fs::read_dir(tree.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn show_config_says_what_holds_and_where_it_is_said() {
    let tree = Tree::new();
    tree.file(
        "a/Cargo.toml",
        manifest("a") + "[package.metadata.stateless]\nworkspace = true\nlevels.timer = 'deny'\n",
    );
    tree.file("a/src/main.rs", SHOP).file("b/Cargo.toml", manifest("b")).file("b/src/main.rs", SHOP);
    tree.file("c/Cargo.toml", manifest("c")).file("c/src/main.rs", SHOP);
    let shared = "[levels]\nall = 'warn'\nin-memory-cache = { level = 'deny', confidence = 'likely' }\n[roles]\nQUOTES = 'cache'\n";
    tree.file("stateless.toml", shared);
    at(&tree, "", &["baseline"]);
    let run = at(&tree, "", &["check", "--show-config", "--allow", "local-disk"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let blocks: Vec<&str> = run.stdout.split("\n\n").collect();
    assert!(blocks[0].starts_with("package a\n  from: the command line, then a/Cargo.toml [package.metadata.stateless], then stateless.toml\n"), "{}", run.stdout);
    assert!(
        blocks[1].starts_with("packages b, c\n  from: the command line, then stateless.toml\n"),
        "{}",
        run.stdout
    );
    for line in [
        "  in-memory-session      warn     stateless.toml:2",
        "  in-memory-cache        deny     stateless.toml:3 (likely findings and above)",
        "                         warn     stateless.toml:2 (findings worth knowing)",
        "  local-disk             allow    the command line",
        "  timer                  deny     a/Cargo.toml:12",
        "  unused-hint            warn     default",
        "  role of QUOTES: cache, stateless.toml:5",
    ] {
        assert!(blocks[0].lines().any(|one| one == line), "{line:?} is not in {}", blocks[0]);
    }
    assert_eq!(blocks[2], "baseline: stateless-baseline.txt, 9 findings\n");
}

#[test]
fn show_files_says_what_is_read_and_why_the_rest_is_not() {
    let tree = shop();
    tree.file("tests/api.rs", "")
        .file("benches/speed.rs", "")
        .file("build.rs", "")
        .file("examples/client.rs", "fn main() {}");
    tree.file("src/broken.rs", b"\xff")
        .file(".gitignore", "src/generated.rs\n")
        .file("src/generated.rs", "")
        .file(".hidden/x.rs", "");
    tree.file("target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55").file("target/x.rs", "");
    let listed = at(&tree, "", &["check", "--show-files"]);
    let expected = "\
left out  .hidden/x.rs: hidden, or named by an ignore file: `--no-ignore` reads it
left out  benches/speed.rs: a bench: `--benches` reads it
left out  build.rs: a build script, which never runs in a service
left out  examples/client.rs: an example that starts no server: `--examples` reads it
not read  src/broken.rs: not UTF-8
left out  src/generated.rs: hidden, or named by an ignore file: `--no-ignore` reads it
read      src/main.rs: package shop
left out  target/: made or fetched by cargo, or by a tool like it
left out  tests/api.rs: an integration test: `--tests` reads it
1 file read, 7 left out, 1 not read
";
    assert_eq!((listed.code, listed.stdout.as_str()), (Some(0), expected));
    let all = at(&tree, "", &["check", "--show-files", "--no-ignore", "--tests", "--benches", "--examples"]);
    assert!(all.stdout.ends_with("6 files read, 2 left out, 1 not read\n"), "{}", all.stdout);
}
