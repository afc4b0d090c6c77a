//! The command line: which files and packages a run covers, formats, colours, exit status.

mod support;

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use support::{Run, SERVICE, Tree, binary, manifest, run};

fn at(tree: &Tree, dir: &str, arguments: &[&str]) -> Run {
    let mut command = binary();
    command.current_dir(tree.path(dir)).args(arguments);
    run(command)
}

fn check(tree: &Tree, dir: &str, arguments: &[&str]) -> Run {
    at(tree, dir, &[&["check", "--format", "json"], arguments].concat())
}

// How it is called.

#[test]
fn called_by_cargo_and_by_itself() {
    let tree = Tree::with_good();
    let own = at(&tree, "", &["check", "--format", "short"]);
    let by_cargo = at(&tree, "", &["stateless", "check", "--format", "short"]);
    assert_eq!(own.code, Some(1));
    assert_eq!((own.code, &own.stdout), (by_cargo.code, &by_cargo.stdout));
}

#[test]
fn help_and_version() {
    let tree = Tree::new();
    for arguments in
        [&["--help"][..], &["stateless", "--help"], &["check", "-h"], &["stateless", "check", "--help"]]
    {
        let run = at(&tree, "", arguments);
        assert_eq!(run.code, Some(0));
        assert!(run.stdout.contains("Usage: cargo stateless"), "{}", run.stdout);
        assert_eq!(run.stderr, "");
    }
    let version = at(&tree, "", &["stateless", "--version"]);
    assert_eq!(version.stdout, concat!("cargo-stateless ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_usage_is_two() {
    let tree = Tree::with_good();
    for arguments in [
        &[][..],
        &["chekc"],
        &["check", "--format", "xml"],
        &["check", "--deny", "notes"],
        &["check", "--output", "a.json"],
        &["check", "--output", "json="],
        &["check", "--output", "json=-"],
        &["check", "-q", "-v"],
        &["check", ".", "--manifest-path", "Cargo.toml"],
    ] {
        let run = at(&tree, "", arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:#?}");
        assert_eq!(run.stdout, "");
    }
}

// Exit status.

#[test]
fn clean_code_is_zero() {
    let tree = Tree::new();
    tree.file("Cargo.toml", manifest("clean")).file("src/main.rs", "fn main() {}\n");
    let run = check(&tree, "", &["--deny", "warnings"]);
    assert_eq!((run.code, run.findings().len()), (Some(0), 0));
}

#[test]
fn sure_findings_are_one() {
    let tree = Tree::with_good();
    let run = check(&tree, "", &[]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.json()["findings"][0]["level"], "error");
    assert_eq!(run.stderr, "", "no progress in a pipe");
}

// Places.

#[test]
fn a_path_may_be_a_workspace_a_package_a_folder_or_a_file() {
    let tree = Tree::new();
    tree.package("ws/crates/one")
        .package("ws/crates/two")
        .file("ws/Cargo.toml", "[workspace]\nmembers = ['crates/*']\n");
    tree.file("plain/service.rs", SERVICE).file("plain/tests/other.rs", SERVICE);
    for (path, expected) in [
        ("ws", &["crates/one/src/main.rs", "crates/two/src/main.rs"][..]),
        ("ws/Cargo.toml", &["crates/one/src/main.rs", "crates/two/src/main.rs"]),
        ("ws/crates/one", &["src/main.rs"]),
        ("ws/crates/one/src", &["main.rs"]),
        ("ws/crates/one/src/main.rs", &["main.rs"]),
        ("plain", &["service.rs", "tests/other.rs"]),
        ("plain/service.rs", &["service.rs"]),
    ] {
        let run = check(&tree, "", &[path]);
        assert_eq!(run.sessions(), expected, "{path}");
        assert!(run.notes().is_empty());
        let root = run.json()["root"].as_str().unwrap().to_owned();
        let first = fs::read_to_string(std::path::Path::new(&root).join(expected[0])).unwrap();
        assert_eq!(first, SERVICE, "paths are relative to the root");
    }
}

#[test]
fn part_of_a_package_knows_its_package() {
    let tree = Tree::with_good();
    for path in ["good/src", "good/src/main.rs"] {
        let run = check(&tree, "", &[path]);
        assert_eq!(run.json()["findings"][0]["site"]["package"], "good", "{path}");
    }
}

#[test]
fn the_default_is_here() {
    let tree = Tree::with_good();
    assert_eq!(check(&tree, "", &[]).sessions(), ["good/src/main.rs"]);
    assert_eq!(check(&tree, "good", &[]).sessions(), ["src/main.rs"]);
}

#[test]
fn manifest_path() {
    let tree = Tree::with_good();
    tree.package("other");
    assert_eq!(check(&tree, "", &["--manifest-path", "good/Cargo.toml"]).sessions(), ["src/main.rs"]);
    assert_eq!(check(&tree, "good", &["--manifest-path", "Cargo.toml"]).sessions(), ["src/main.rs"]);
    check(&tree, "", &["--manifest-path", "good"]).assert_refused(&["`good` is not a manifest"]);
    check(&tree, "", &["--manifest-path", "nowhere/Cargo.toml"]).assert_refused(&["does not exist"]);
}

#[test]
fn workspace_goes_up_to_the_root() {
    let tree = Tree::new();
    tree.package("one")
        .package("two")
        .package("apart")
        .file("Cargo.toml", "[workspace]\nmembers = ['*']\nexclude = ['apart']\n");
    assert_eq!(check(&tree, "one/src", &[]).sessions(), ["main.rs"]);
    let all = ["apart/src/main.rs", "one/src/main.rs", "two/src/main.rs"];
    assert_eq!(check(&tree, "one/src", &["--workspace"]).sessions(), all);
    assert_eq!(check(&tree, "", &["--workspace"]).sessions(), all);
    // One that the workspace excludes is on its own.
    assert_eq!(check(&tree, "apart/src", &["--workspace"]).sessions(), ["src/main.rs"]);

    let plain = Tree::new();
    plain.file("a.rs", SERVICE);
    let run = check(&plain, "", &["--workspace"]);
    assert_eq!(run.sessions(), ["a.rs"]);
    assert!(run.stderr.starts_with("warning: `--workspace`"), "{}", run.stderr);
    assert_eq!(check(&plain, "", &["--workspace", "-q"]).stderr, "");
}

// Packages.

#[test]
fn packages_are_selected_by_name_and_glob() {
    let tree = Tree::new();
    tree.package("api")
        .package("api-auth")
        .package("worker")
        .file("Cargo.toml", "[workspace]\nmembers = ['*']\n");
    for (arguments, expected) in [
        (&["-p", "api"][..], &["api/src/main.rs"][..]),
        (&["-p", "api*"], &["api/src/main.rs", "api-auth/src/main.rs"]),
        (&["-p", "wor?er"], &["worker/src/main.rs"]),
        (&["-p", "api", "--package=worker"], &["api/src/main.rs", "worker/src/main.rs"]),
        (&["--exclude", "api*"], &["worker/src/main.rs"]),
        (&["-p", "api*", "--exclude", "api"], &["api-auth/src/main.rs"]),
    ] {
        let run = check(&tree, "", arguments);
        let (mut found, mut expected) = (run.sessions(), expected.to_vec());
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{arguments:?}");
        assert_eq!(run.json()["summary"]["files"], 3, "all of it is read");
    }
}

#[test]
fn unknown_packages() {
    let tree = Tree::new();
    tree.package("server").package("worker").package("server/tests/e2e");
    check(&tree, "", &["-p", "sever"]).assert_refused(&[
        "no package `sever`",
        "did you mean `server`?",
        "server, worker",
    ]);
    check(&tree, "", &["-p", "x*"]).assert_refused(&["no package matches `x*`", "server, worker"]);
    check(&tree, "", &["-p", "e2e"]).assert_refused(&["add `--tests`"]);
    assert_eq!(check(&tree, "", &["-p", "e2e", "--tests"]).sessions(), ["server/tests/e2e/src/main.rs"]);
    check(&tree, "", &["--exclude", "*"]).assert_refused(&["leaves no package"]);

    let run = check(&tree, "", &["--exclude", "wroker"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.stderr, "warning: `--exclude wroker` matches no package\n");
}

// Which files.

#[test]
fn what_can_run_in_a_service_is_read() {
    let tree = Tree::new();
    let client = SERVICE
        .replace("axum::serve(listener, app)", "call(app)")
        .replace("tokio::net::TcpListener::bind", "connect");
    let odd = "[[bin]]\nname = 'tool'\npath = 'tools/tool.rs'\n[[bin]]\nname = 'shown'\npath = 'examples/shown/main.rs'\n\
               [[test]]\nname = 't'\npath = 'checks/t.rs'\n[[bench]]\nname = 'b'\npath = 'src/b.rs'\n";
    tree.file("Cargo.toml", manifest("app").replace("edition", "build = 'make.rs'\nedition") + odd);
    let read = [
        "examples/own/src/main.rs",
        "examples/server.rs",
        "examples/shown/main.rs",
        "examples/shown/part.rs",
        "orphan.rs",
        "src/bin/one.rs",
        "src/bin/two/main.rs",
        "src/main.rs",
        "src/nobody/says/mod.rs",
        "src/tests/mod.rs",
        "tools/tool.rs",
    ];
    for path in read {
        tree.file(path, if path.contains("shown") { client.as_str() } else { SERVICE });
    }
    tree.file("examples/own/Cargo.toml", manifest("own"));
    let (tests, benches, example) = (
        ["checks/helper.rs", "checks/t.rs", "tests/a.rs", "tests/common/mod.rs"],
        ["benches/a.rs", "src/b.rs"],
        "examples/client.rs",
    );
    for path in tests.iter().chain(&benches) {
        tree.file(path, SERVICE);
    }
    tree.file(example, &client).file("make.rs", SERVICE);

    let with = |more: &[&str]| {
        let mut all: Vec<String> = read.iter().chain(more).map(|path| (*path).to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(check(&tree, "", &[]).sessions(), with(&[]));
    assert_eq!(check(&tree, "", &["--tests"]).sessions(), with(&tests));
    assert_eq!(check(&tree, "", &["--benches"]).sessions(), with(&benches));
    assert_eq!(check(&tree, "", &["--examples"]).sessions(), with(&[example]));
    // What is named is read.
    assert_eq!(check(&tree, "", &["tests"]).sessions(), ["a.rs", "common/mod.rs"]);
    assert_eq!(check(&tree, "", &["make.rs"]).sessions(), ["make.rs"]);
}

#[test]
fn ignore_files_are_respected_without_git() {
    let tree = Tree::with_good();
    tree.file(".gitignore", "/generated\n").file("generated/a.rs", SERVICE);
    tree.file("good/.ignore", "skipped.rs\n").file("good/src/skipped.rs", SERVICE);
    tree.file(".hidden/a.rs", SERVICE);
    assert_eq!(check(&tree, "", &[]).sessions(), ["good/src/main.rs"]);
    let all = [".hidden/a.rs", "generated/a.rs", "good/src/main.rs", "good/src/skipped.rs"];
    assert_eq!(check(&tree, "", &["--no-ignore"]).sessions(), all);
    // Ignore files above PATH count too.
    tree.file(".gitignore", "skipped2.rs\n").file("good/src/skipped2.rs", SERVICE);
    assert_eq!(check(&tree, "good", &[]).sessions(), ["src/main.rs"]);
    // A folder that is ignored can be asked for by name.
    assert_eq!(check(&tree, "", &[".hidden"]).sessions(), ["a.rs"]);
}

#[test]
fn what_cargo_made_or_fetched_is_not_read() {
    let tree = Tree::with_good();
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# made by cargo\n";
    tree.file("good/target/CACHEDIR.TAG", tag).file("good/target/debug/build/x/out/a.rs", SERVICE);
    tree.package("vendor/dep").file("vendor/dep/.cargo-checksum.json", "{}");
    tree.file("good/src/target/mod.rs", SERVICE);
    for arguments in [&[][..], &["--no-ignore"]] {
        assert_eq!(check(&tree, "", arguments).sessions(), ["good/src/main.rs", "good/src/target/mod.rs"]);
    }
}

// Formats and files.

#[test]
fn every_format_names_symbol_file_and_line() {
    let tree = Tree::with_good();
    let line = SERVICE.lines().position(|line| line.contains("static SESSIONS")).unwrap() + 1;
    for format in ["human", "short", "json", "sarif", "rustc", "github", "gitlab", "junit"] {
        let run = at(&tree, "", &["check", "--format", format]);
        assert_eq!(run.code, Some(1));
        for word in ["SESSIONS", "good/src/main.rs", &line.to_string()] {
            assert!(run.stdout.contains(word), "{format}: {}", run.stdout);
        }
        assert!(run.stdout.ends_with('\n'));
    }
    let default = at(&tree, "", &["check"]);
    assert_eq!(default.stdout, at(&tree, "", &["check", "--format", "human"]).stdout);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let tree = Tree::new();
    for name in ["a", "b", "c", "d"] {
        tree.package(name).file(format!("{name}/src/bad.rs"), b"\xff");
    }
    let first = at(&tree, "", &["check", "--format", "json"]);
    for _ in 0..5 {
        assert_eq!(at(&tree, "", &["check", "--format", "json"]).stdout, first.stdout);
    }
}

#[test]
fn quiet_says_no_notes() {
    let tree = Tree::with_good();
    tree.file("good/src/bad.rs", b"\xff");
    for format in ["human", "short", "json", "sarif"] {
        let run = at(&tree, "", &["check", "--format", format]);
        assert!(format!("{}{}", run.stdout, run.stderr).contains("not UTF-8"), "{format}");
        let quiet = at(&tree, "", &["check", "-q", "--format", format]);
        assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(1), ""), "{format}");
        assert!(quiet.stdout.contains("SESSIONS"));
    }
}

#[test]
fn output_files() {
    let tree = Tree::with_good();
    let out = Tree::new();
    let file = |format: &str| format!("{format}={}", out.path(format!("report.{format}")).display());
    let run = at(
        &tree,
        "",
        &[
            "check",
            "--format",
            "short",
            "--output",
            &file("json"),
            "--output",
            &file("sarif"),
            "--output",
            &file("human"),
        ],
    );
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("SESSIONS"));
    for format in ["json", "sarif", "human"] {
        let written = fs::read_to_string(out.path(format!("report.{format}"))).unwrap();
        assert_eq!(written, at(&tree, "", &["check", "--format", format]).stdout);
    }
    // Nothing else is left, there or in the analysed tree.
    assert_eq!(fs::read_dir(out.root()).unwrap().count(), 3);
    assert_eq!(fs::read_dir(tree.root()).unwrap().count(), 1);
    // An old report is replaced.
    fs::write(out.path("report.json"), "old").unwrap();
    at(&tree, "", &["check", "--output", &file("json")]);
    assert!(fs::read_to_string(out.path("report.json")).unwrap().starts_with('{'));
}

#[test]
fn output_that_cannot_be_written() {
    let tree = Tree::with_good();
    for place in ["nowhere/report.json", "good"] {
        let run = at(&tree, "", &["check", "--format", "short", "--output", &format!("json={place}")]);
        assert_eq!(run.code, Some(2));
        assert!(run.stdout.contains("SESSIONS"), "the other report is there");
        assert!(
            run.stderr.contains(&format!("the json report cannot be written to `{place}`")),
            "{}",
            run.stderr
        );
    }
    assert_eq!(fs::read_dir(tree.root()).unwrap().count(), 1);
}

// Colours.

#[test]
fn colours_by_flag_and_variable() {
    let tree = Tree::with_good();
    let colour = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = binary();
        command.current_dir(tree.root()).arg("check").args(arguments).envs(variables.iter().copied());
        run(command).stdout.contains('\u{1b}')
    };
    assert!(!colour(&[], &[]), "a pipe is no terminal");
    assert!(colour(&["--color", "always"], &[]));
    assert!(colour(&["--color=always"], &[("NO_COLOR", "1"), ("CARGO_TERM_COLOR", "never")]));
    assert!(colour(&[], &[("CARGO_TERM_COLOR", "always")]));
    assert!(colour(&[], &[("CARGO_TERM_COLOR", "always"), ("NO_COLOR", "1")]));
    assert!(!colour(&["--color", "never"], &[("CARGO_TERM_COLOR", "always")]));
    assert!(!colour(&["--color", "auto"], &[("CARGO_TERM_COLOR", "always")]));
    assert!(!colour(&["--format", "json", "--color", "always"], &[]), "programs read this");

    let mut command = binary();
    command.args(["check", "/nowhere/at/all", "--color", "always"]);
    assert!(run(command).stderr.contains("\u{1b}[1;31merror\u{1b}[0m"));
}

#[test]
fn files_are_never_coloured() {
    let tree = Tree::with_good();
    let out = Tree::new();
    let file = out.path("report.txt");
    at(&tree, "", &["check", "--color", "always", "--output", &format!("human={}", file.display())]);
    let written = fs::read_to_string(file).unwrap();
    assert!(written.contains("SESSIONS") && !written.contains('\u{1b}'));
}

// Pipes.

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let tree = Tree::new();
    for package in 0..200 {
        tree.package(&format!("package-{package}"));
    }
    for format in ["human", "short", "json", "sarif"] {
        // Far more than a pipe holds, and a reader that leaves after one byte.
        let mut command = binary();
        command.current_dir(tree.root()).args(["check", "--format", format]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0]).unwrap();
        drop(stdout);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{format}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let tree = Tree::with_good();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command: Command = binary();
    let ended = command.arg("check").arg(tree.root()).stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("standard output cannot be written"));
}
