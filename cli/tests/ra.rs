//! `ra`: what an editor gets when cargo succeeds, fails, is missing, or has to be ended.
#![cfg(unix)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Tree, binary, run, signal, until};

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
