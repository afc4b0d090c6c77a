//! Where output goes: several files at once, links and devices, readers that go away, signals.
#![cfg(unix)]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::{Tree, binary, run};

fn check(tree: &Tree, arguments: &[&str]) -> Command {
    let mut command = binary();
    command.current_dir(tree.root()).args(["check", "good"]).args(arguments);
    command
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits for what another process does. Fails when it surely never will.
fn until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

// Several files.

#[test]
fn one_file_cannot_hold_two_reports() {
    let tree = Tree::with_good();
    tree.file("old.json", "old");
    symlink(tree.path("old.json"), tree.path("link.json")).unwrap();
    for second in ["new.json", "./new.json", "good/../new.json"] {
        let run = run(check(&tree, &["--output", "json=new.json", "--output", &format!("sarif={second}")]));
        run.assert_refused(&[
            &format!("two reports cannot both be written to `{second}`"),
            "a file of its own",
        ]);
    }
    run(check(&tree, &["--output", "json=old.json", "--output", "short=link.json"]))
        .assert_refused(&["two reports"]);
    assert_eq!(names(tree.root()), ["good", "link.json", "old.json"]);
    assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");

    // What goes to standard output is a report as well.
    let mut command = check(&tree, &["--output", "json=link.json"]);
    let stdout = File::options().append(true).open(tree.path("old.json")).unwrap();
    let output = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("other than that of standard output"));
    assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
}

#[test]
fn a_name_may_be_as_long_as_names_may_be() {
    let tree = Tree::with_good();
    let name = format!("{}.json", "n".repeat(250));
    let run = run(check(&tree, &["--output", &format!("json={name}")]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    assert_eq!(names(tree.root()), ["good", &name]);
}

#[test]
fn none_is_written_where_one_cannot_be() {
    let tree = Tree::with_good();
    tree.file("old.json", "old");
    let run = run(check(&tree, &["--output", "json=old.json", "--output", "sarif=nowhere/a.sarif"]));
    assert_eq!(run.code, Some(2));
    assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
    assert_eq!(names(tree.root()), ["good", "old.json"]);
}

// What is there already.

#[test]
fn permissions_stay_and_links_stay_links() {
    let tree = Tree::with_good();
    tree.file("real.json", "old");
    fs::set_permissions(tree.path("real.json"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.json", tree.path("link.json")).unwrap();
    run(check(&tree, &["--output", "json=link.json"]));
    assert!(tree.path("link.json").is_symlink());
    assert!(fs::read_to_string(tree.path("real.json")).unwrap().starts_with('{'));
    assert_eq!(fs::metadata(tree.path("real.json")).unwrap().permissions().mode() & 0o777, 0o640);
    // A link to what is not there yet: the file that it names is made.
    symlink("to-be.json", tree.path("early.json")).unwrap();
    run(check(&tree, &["--output", "json=early.json"]));
    assert!(tree.path("early.json").is_symlink());
    assert!(fs::read_to_string(tree.path("to-be.json")).unwrap().starts_with('{'));
    assert_eq!(names(tree.root()), ["early.json", "good", "link.json", "real.json", "to-be.json"]);
}

#[test]
fn devices_and_standard_output_are_written_to() {
    let tree = Tree::with_good();
    let alone = run(check(&tree, &["--format", "short"])).stdout;
    let both = run(check(&tree, &["--format", "short", "--output", "gitlab=/dev/stdout"])).stdout;
    let annotations = both.strip_prefix(&alone).expect("the report first");
    assert!(annotations.starts_with("[\n"), "{annotations}");

    // The same where standard output is a file, in which others have written before.
    let log = tree.path("log");
    fs::write(&log, "before\n").unwrap();
    let mut command = check(&tree, &["--format", "short", "--output", "gitlab=/dev/stdout"]);
    command.stdout(File::options().append(true).open(&log).unwrap()).stdin(Stdio::null());
    command.status().unwrap();
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("before\n{both}"));

    let mut command = check(&tree, &["--format", "short", "--output", "gitlab=/dev/stderr"]);
    fs::write(&log, "before\n").unwrap();
    command.stdout(Stdio::null()).stderr(File::options().append(true).open(&log).unwrap());
    command.status().unwrap();
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("before\n{annotations}"));

    let run = run(check(&tree, &["--output", "json=/dev/null", "--output", "sarif=/dev/null"]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    assert!(!Path::new("/dev/null").is_file());
    assert_eq!(names(tree.root()), ["good", "log"]);
}

// Readers.

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let tree = Tree::with_good();
    for arguments in [
        &["check", "good", "-v"][..],
        &["check", "good", "--format", "json"],
        &["check", "good", "--format", "sarif"],
        &["check", "good", "--format", "rustc"],
        &["check", "good", "--format", "junit"],
        &["explain", "timer"],
        &["rules", "--format", "json"],
        &["completions", "zsh"],
        &["man"],
        &["--help"],
    ] {
        let mut command = binary();
        command.current_dir(tree.root()).args(arguments).stdin(Stdio::null());
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output =
            command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let wanted = if arguments[0] == "check" { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(wanted), "{arguments:?}: {output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("error"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let tree = Tree::with_good();
    let mut command = check(&tree, &["--format", "json"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("standard output cannot be written"));
}

// Signals.

#[test]
fn a_signal_leaves_the_old_file_and_no_half_one() {
    use std::os::unix::process::ExitStatusExt;
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let tree = Tree::with_good();
        tree.file("old.json", "old");
        mkfifo(&tree.path("pipe"));
        // Nobody reads the pipe, so the run stops between making the files and naming them.
        let mut child = check(&tree, &["--output", "sarif=pipe", "--output", "json=old.json"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("the new file is made", || names(tree.root()).iter().any(|name| name.ends_with(".tmp")));
        assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        assert_eq!(names(tree.root()), ["good", "old.json", "pipe"]);
        assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
    }
}

#[test]
fn a_pipe_gets_its_report_when_somebody_reads() {
    let tree = Tree::with_good();
    mkfifo(&tree.path("pipe"));
    let pipe = tree.path("pipe");
    let reader = thread::spawn(move || {
        let mut text = String::new();
        File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
        text
    });
    let run = run(check(&tree, &["--output", "json=pipe"]));
    assert_eq!(run.code, Some(1));
    assert!(reader.join().unwrap().starts_with("{\n"));
}

// `ra`.

/// A cargo that prints one message, then does what it was told to.
fn cargo(tree: &Tree, then: &str) {
    let script = format!("#!/bin/sh\necho \"$@\" >> calls\nprintf '%s\\n' '{MESSAGE}'\n{then}\n");
    tree.file("bin/cargo", script);
    fs::set_permissions(tree.path("bin/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
}

const MESSAGE: &str = r#"{"reason":"build-finished","success":true}"#;

fn ra(tree: &Tree, arguments: &[&str]) -> Command {
    let mut command = binary();
    command
        .current_dir(tree.root())
        .env("CARGO", tree.path("bin/cargo"))
        .args(["ra", "good"])
        .args(arguments);
    command
}

fn reasons(lines: &str) -> Vec<String> {
    let messages = cargo_metadata::Message::parse_stream(lines.as_bytes());
    messages
        .map(|message| match message.unwrap() {
            cargo_metadata::Message::CompilerMessage(message) => message.message.code.unwrap().code,
            cargo_metadata::Message::BuildFinished(_) => "cargo".to_owned(),
            cargo_metadata::Message::TextLine(line) => line,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn cargo_speaks_first_and_is_asked_for_messages() {
    let tree = Tree::with_good();
    cargo(&tree, "printf 'plain \\377 text\\n'");
    let output = ra(&tree, &["--", "clippy", "--workspace", "--", "-D", "warnings"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "a finding denies");
    let expected = format!("{MESSAGE}\nplain ").into_bytes();
    assert!(output.stdout.starts_with(&[&expected[..], b"\xff text\n"].concat()), "byte for byte");
    assert_eq!(
        fs::read_to_string(tree.path("calls")).unwrap(),
        "clippy --workspace --message-format=json -- -D warnings\n"
    );
    cargo(&tree, "");
    fs::remove_file(tree.path("calls")).unwrap();
    let run = run(ra(&tree, &[]));
    assert_eq!(reasons(&run.stdout), ["cargo", "stateless::in-memory-session"]);
    assert_eq!(run.stderr, "");
    let calls = fs::read_to_string(tree.path("calls")).unwrap();
    assert_eq!(calls, "check --workspace --all-targets --message-format=json\n");
}

#[test]
fn findings_come_when_cargo_fails_or_is_missing() {
    let tree = Tree::with_good();
    cargo(&tree, "echo 'could not compile' >&2; exit 101");
    let failed = run(ra(&tree, &[]));
    assert_eq!(failed.code, Some(1));
    assert_eq!(reasons(&failed.stdout), ["cargo", "stateless::in-memory-session"]);
    assert_eq!(failed.stderr, "could not compile\n");

    // Killed in the middle of a line: the next message still has a line of its own.
    cargo(&tree, "printf '{\"reason\"'; kill -9 $$");
    let killed = run(ra(&tree, &[]));
    assert_eq!(killed.code, Some(1));
    assert_eq!(reasons(&killed.stdout), ["cargo", "{\"reason\"", "stateless::in-memory-session"]);

    fs::remove_file(tree.path("bin/cargo")).unwrap();
    let missing = run(ra(&tree, &[]));
    assert_eq!(missing.code, Some(2));
    assert_eq!(reasons(&missing.stdout), ["stateless::in-memory-session"]);
    assert!(missing.stderr.contains("cannot be run"), "{}", missing.stderr);
}

#[test]
fn what_is_not_analysed_is_said_beside_the_messages() {
    let tree = Tree::with_good();
    tree.file("good/src/broken.rs", "fn (");
    cargo(&tree, "");
    let run = run(ra(&tree, &[]));
    assert_eq!(reasons(&run.stdout), ["cargo", "stateless::in-memory-session"]);
    assert!(run.stderr.starts_with("warning: src/broken.rs:1: not analysed: "), "{}", run.stderr);
}

#[test]
fn a_mistake_in_the_configuration_is_a_message_at_its_line() {
    let tree = Tree::with_good();
    tree.file("other.toml", "[levels]\nin-memory-sesion = \"warn\"\n");
    cargo(&tree, "");
    let run = run(ra(&tree, &["--config", "other.toml"]));
    assert_eq!(run.code, Some(2));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, MESSAGE));
    let message: cargo_metadata::CompilerMessage = serde_json::from_str(lines[1]).unwrap();
    let span = &message.message.spans[0];
    assert_eq!(Path::new(&span.file_name), fs::canonicalize(tree.path("other.toml")).unwrap());
    assert_eq!((span.line_start, span.is_primary), (2, true));
    assert!(message.message.message.contains("in-memory-sesion"), "{}", message.message.message);
}

#[test]
fn cargo_alone_decides_where_nothing_is_denied() {
    let tree = Tree::new();
    tree.file("good/src/main.rs", "fn main() {}\n");
    cargo(&tree, "");
    assert_eq!(run(ra(&tree, &[])).code, Some(0));
    cargo(&tree, "exit 101");
    assert_eq!(run(ra(&tree, &[])).code, Some(1));
    // Nothing to analyse: cargo's messages are passed on all the same.
    fs::remove_file(tree.path("good/src/main.rs")).unwrap();
    let nothing = run(ra(&tree, &[]));
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(2), &*format!("{MESSAGE}\n")));
}

#[test]
fn cargo_ends_when_nobody_reads() {
    let tree = Tree::with_good();
    cargo(&tree, "echo $$ > pid; exec yes '{}'");
    let mut child = ra(&tree, &[]).stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "a finding denies");
    let cargo = Path::new("/proc").join(fs::read_to_string(tree.path("pid")).unwrap().trim());
    assert!(!cargo.exists());
}

#[test]
fn cargo_is_not_left_behind() {
    use std::os::unix::process::ExitStatusExt;
    let tree = Tree::with_good();
    cargo(&tree, "echo $$ > pid; exec sleep 600");
    let mut child = ra(&tree, &[]).stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, format!("{MESSAGE}\n"), "passed on at once");
    let pid = || fs::read_to_string(tree.path("pid")).ok().filter(|pid| pid.ends_with('\n'));
    until("cargo runs", || pid().is_some());
    let cargo = Path::new("/proc").join(pid().unwrap().trim());
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    let gone = || fs::read_to_string(cargo.join("stat")).map_or(true, |stat| stat.contains(") Z "));
    until("cargo has ended", gone);
}
