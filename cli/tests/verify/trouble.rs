//! Services and tests that do not do as they should: a clear error, and nothing left running.

use std::process::{Command, Stdio};

use super::support::{Tree, run, signal, until};
use super::{client, twin, verify, verify_serving};

/// Processes whose environment holds this text.
pub(crate) fn running(text: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let environment = |path: std::path::PathBuf| {
        let bytes = std::fs::read(path.join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    entries
        .filter(|entry| environment(entry.path()).contains(text))
        .map(|entry| std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default())
        .collect()
}

/// Nothing runs that was started for this tree: not by its environment, not in the groups of the
/// replicas, and nobody listens where they did. Says how many replicas had listened.
#[track_caller]
fn assert_nothing_is_left(tree: &Tree, mark: &str) -> usize {
    assert_eq!(running(mark), [""; 0]);
    let logs = walkdir::WalkDir::new(tree.path(".out/logs")).into_iter().flatten();
    let replicas = logs.filter(|entry| entry.file_name().to_string_lossy().starts_with("replica-"));
    let mut listened = 0;
    for log in replicas.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()) {
        let Some((_, rest)) = log.split_once("listening on ") else { continue };
        let line = rest.lines().next().unwrap();
        let (port, group) = line.split_once(" in group ").unwrap();
        let answer = std::net::TcpStream::connect(format!("127.0.0.1:{port}"));
        assert!(answer.is_err(), "somebody listens on {port}");
        let kill =
            Command::new("kill").args(["-0", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
        assert!(!kill.unwrap().success(), "somebody is in group {group}");
        listened += 1;
    }
    listened
}

#[track_caller]
fn refused(settings: &str, more: &[&str], words: &[&str]) {
    let tree = Tree::new();
    let mark = format!("TWIN_MARK={}", tree.root().display());
    let mut command = verify(&tree, &format!("{mark} {settings}"));
    command.args(["--artifacts", ".out"]).args(more);
    client::drive(&mut command, "GET /crash\nGET /crash\nGET /crash");
    let run = run(command);
    assert_eq!(run.code, Some(2), "{run:#?}");
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is not in: {}", run.stderr);
    }
    assert_nothing_is_left(&tree, &mark);
}

#[test]
fn a_service_that_ends_at_once() {
    refused(
        "TWIN_TROUBLE=exits",
        &[],
        &[
            "replica 0 ended before it was ready: exit status 3",
            "| no database at db:5432",
            "the whole log is in",
        ],
    );
}

#[test]
fn a_service_that_is_never_ready() {
    refused(
        "TWIN_TROUBLE=never-ready",
        &["--ready-timeout", "0"],
        &["replica 0 is not ready after 0 s: nothing answers on 127.0.0.1:", "--ready-timeout"],
    );
}

#[test]
fn a_replica_that_dies_alone() {
    refused("", &[], &["replica 1 ended while the test ran: exit status 70", "| out of memory"]);
}

#[test]
fn a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("TWIN_PORT={}", taken.local_addr().unwrap().port());
    let words = ["replica 0 ended before it was ready: exit status 4", "Address already in use"];
    refused(&port, &[], &words);
}

#[test]
fn a_program_that_is_not_there() {
    let tree = Tree::new();
    let mut command = super::binary();
    command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache"));
    command.args(["verify", "--serve", "./no-such-program {port}", "--", "true"]);
    run(command).assert_refused(&["`./no-such-program` cannot be started"]);
}

#[test]
fn a_flood_of_log_a_daemon_and_a_deaf_service_do_not_matter() {
    for trouble in ["floods", "forks", "deaf"] {
        let tree = Tree::new();
        let mark = format!("TWIN_MARK={}", tree.root().display());
        let serve = twin::serve(&format!("{mark} TWIN_TROUBLE={trouble}"));
        // Who is told to ignore a signal before it begins goes on doing so.
        let deaf = if trouble == "deaf" { "trap '' TERM; exec env " } else { "" };
        let mut command = verify_serving(&tree, &format!("{deaf}{serve}"));
        command.args(["--artifacts", ".out", "--schedule", "avoid-last"]);
        client::drive(&mut command, "GET /noisy");
        let run = run(command);
        assert_eq!(run.code, Some(0), "{run:#?}");
        // Two runs on one replica, and one on three.
        assert_eq!(assert_nothing_is_left(&tree, &mark), 5);
    }
}

#[test]
fn a_test_that_fails_on_one_replica_or_sends_nothing() {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.args(["--", "sh", "-c", "echo wrong password; exit 9"]);
    let words = ["fails on a single replica already: exit status 9", "| wrong password"];
    run(command).assert_refused(&words);
    let mut command = verify(&tree, "");
    command.args(["--", "true"]);
    run(command).assert_refused(&["sent no request to http://127.0.0.1:"]);
}

#[test]
fn what_a_run_leaves_behind_is_named() {
    let tree = Tree::new();
    std::fs::create_dir(tree.path(".store")).unwrap();
    let store = format!("TWIN_STORE={}", tree.path(".store").display());
    let mut command = verify(&tree, &store);
    client::drive(&mut command, &"GET /limited\n".repeat(2));
    run(command).assert_refused(&[
        "two runs on one replica already differ: GET /limited answers 200, then 429",
        "--reset",
    ]);
    let mut command = verify(&tree, &store);
    command.args(["--reset", "echo not allowed; false"]);
    client::drive(&mut command, "GET /limited");
    run(command).assert_refused(&["`--reset` failed: exit status 1", "| not allowed"]);
}

#[test]
fn ctrl_c_ends_everything() {
    let tree = Tree::new();
    let mark = format!("TWIN_MARK={}", tree.root().display());
    let mut command = verify(&tree, &format!("{mark} TWIN_TROUBLE=forks"));
    command.args(["--", "sh", "-c", "while true; do sleep 1; done"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until("no replica with its daemon", || running(&mark).len() >= 2);
    signal(&child, "INT");
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(2));
    assert_eq!(running(&mark), [""; 0]);
}

#[test]
fn logs_do_not_go_into_a_relative_cache() {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.env("XDG_CACHE_HOME", "cache").env("HOME", tree.path("home"));
    command.args(["--schedule", "avoid-last"]);
    client::drive(&mut command, "GET /noisy");
    assert_eq!(run(command).code, Some(0));
    assert!(tree.path("home/.cache/cargo-stateless/verify").is_dir());
    assert!(!tree.path("cache").exists());
}
