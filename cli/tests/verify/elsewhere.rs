//! Replicas with a port of their own, and replicas that run elsewhere.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use super::support::{Tree, run, until};
use super::{binary, client, trouble, twin, verify};

const SCRIPT: &str = "POST /login ann\nGET /whoami";

/// Whether this system lets us make network namespaces.
#[cfg(target_os = "linux")]
fn has_namespaces() -> bool {
    let made = |options: &[&str]| {
        Command::new("unshare").args(options).arg("true").output().is_ok_and(|out| out.status.success())
    };
    made(&["--net"]) || made(&["--user", "--map-root-user", "--net"])
}

#[cfg(target_os = "linux")]
#[test]
fn replicas_that_bind_the_same_port_get_namespaces_and_reach_what_is_shared() {
    if !has_namespaces() {
        assert!(
            std::env::var_os("VERIFY_NO_NAMESPACES").is_some(),
            "no network namespace can be made: `unshare` of util-linux is missing, or the system forbids it; \
             VERIFY_NO_NAMESPACES=1 leaves this test out"
        );
        return;
    }
    let tree = Tree::new();
    let store = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = store.local_addr().unwrap().port().to_string();
    std::thread::spawn(move || store.incoming().for_each(|stream| stream.unwrap().write_all(b"+").unwrap()));
    let mark = format!("TWIN_MARK={}", tree.root().display());
    let mut command = verify(&tree, &format!("{mark} TWIN_FIXED_PORT=8080 TWIN_NEEDS_PORT={port}"));
    command.args([
        "--port",
        "8080",
        "--share-port",
        &port,
        "--schedule",
        "avoid-last",
        "--schedule",
        "restart",
    ]);
    client::drive(&mut command, SCRIPT);
    let run = run(command);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stdout.contains("error[session-in-memory]: GET /whoami on replica 1"), "{}", run.stdout);
    assert!(run.stdout.contains("seen with avoid-last, restart\n"), "{}", run.stdout);
    assert_eq!(trouble::running(&mark), [""; 0]);
}

#[test]
fn the_line_that_binds_is_named_where_a_service_does_not_listen_as_it_is_told() {
    let tree = Tree::new();
    tree.file("Cargo.toml", super::support::manifest("shop"));
    tree.file("src/main.rs", "fn main() {\n    std::net::TcpListener::bind(\"0.0.0.0:8080\").unwrap();\n}\n");
    let mut command = verify(&tree, "TWIN_TROUBLE=never-ready");
    command.args(["--ready-timeout", "0", "--", "true"]);
    run(command).assert_refused(&["src/main.rs:2 binds port 8080 itself", "--port 8080"]);
    // The second replica finds the port taken.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = verify(&tree, &format!("TWIN_FIXED_PORT={free}"));
    command.args(["--ready-timeout", "1", "--", "true"]);
    run(command).assert_refused(&["src/main.rs:2 binds port 8080 itself"]);
}

/// Ended when dropped.
struct Running(Child, String);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn started() -> Running {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let serve = twin::serve("").replace("{port}", &port.to_string()).replace("{replica}", "0");
    let child = Command::new("sh")
        .args(["-c", &format!("exec env {serve}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child, format!("http://127.0.0.1:{port}"));
    until("the twin does not listen", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    running
}

#[test]
fn replicas_that_run_elsewhere_are_sent_requests_and_never_ended() {
    let (one, two) = (started(), started());
    let tree = Tree::new();
    let targets = |command: &mut Command, more: &[&str]| {
        command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache"));
        command.args(["verify", "--target", &one.1, "--target", &two.1]).args(more);
        client::drive(command, SCRIPT);
    };
    let mut command = binary();
    targets(&mut command, &["--schedule", "avoid-last"]);
    let shown = run(command);
    assert_eq!(shown.code, Some(1), "{shown:#?}");
    assert!(shown.stdout.starts_with("replicas    2 x http://127.0.0.1:"), "{}", shown.stdout);
    assert!(shown.stdout.contains("error[session-in-memory]: GET /whoami on replica 1"), "{}", shown.stdout);
    for schedule in ["kill", "restart", "drain"] {
        let mut command = binary();
        targets(&mut command, &["--schedule", schedule]);
        run(command).assert_refused(&[
            &format!("`{schedule}` ends replicas"),
            "run elsewhere",
            "`reconnect`",
        ]);
    }
    for (target, why) in [
        ("https://a", "only `http://`"),
        ("http://127.0.0.1:1", "nothing answers"),
        ("http://a/b", "no path"),
    ] {
        let mut command = binary();
        command.current_dir(tree.root()).args(["verify", "--target", target, "--", "true"]);
        run(command).assert_refused(&[target, why]);
    }
    let mut command = binary();
    command.current_dir(tree.root()).args(["verify", "--target", &one.1, "--target", &one.1, "--", "true"]);
    run(command).assert_refused(&[&one.1, "is named already"]);
}

/// Takes connections and says nothing.
fn mute() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(drop));
    url
}

#[test]
fn no_answer_at_all_is_nothing_to_compare() {
    let tree = Tree::new();
    let mut command = binary();
    command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache"));
    command.args(["verify", "--target", &mute(), "--target", &mute(), "--schedule", "avoid-last"]);
    client::drive(&mut command, "GET /a\nGET /b");
    run(command).assert_refused(&["no request of the test got an answer", "GET /a"]);
}

/// By an address in place of it, a service that knows its name only would refuse.
#[test]
fn replicas_that_run_elsewhere_are_asked_by_the_name_that_was_given() {
    let (one, two) = (started(), started());
    let named = |running: &Running| running.1.replace("127.0.0.1", "localhost");
    let tree = Tree::new();
    let mut command = binary();
    command.current_dir(tree.root()).args(["verify", "--target", &named(&one), "--target", &named(&two)]);
    command.args(["--schedule", "avoid-last", "--reset", "true", "--artifacts", ".out", "--format", "json"]);
    client::drive(&mut command, "GET /name\nGET /name");
    let verdict = run(command).json();
    let difference = &verdict["divergences"][0];
    let name = |running: &Running| named(running).replace("http://", "");
    assert_eq!(difference["fields"][0]["one_replica"], name(&one), "{verdict:#}");
    assert_eq!(difference["fields"][0]["here"], name(&two), "{verdict:#}");
    // What is sent again, writer and reader, is asked by the name too, or it would not differ.
    assert_eq!(difference["shrunk"]["requests"], 2, "{verdict:#}");
}

#[test]
fn a_failure_of_replicas_that_run_elsewhere_is_shown_again_there() {
    let (one, two) = (started(), started());
    let tree = Tree::new();
    let mut command = binary();
    command.current_dir(tree.root()).args(["verify", "--target", &one.1, "--target", &two.1]);
    command.args(["--schedule", "avoid-last", "--reset", "true", "--artifacts", ".out"]);
    client::drive(&mut command, SCRIPT);
    let shown = run(command);
    assert!(shown.stdout.contains("--replay "), "{shown:#?}");
    let mut command = binary();
    command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache"));
    command.args(["verify", "--replay", ".out/replay-1.json"]);
    let again = run(command);
    assert_eq!(again.code, Some(1), "{again:#?}");
    assert!(again.stdout.starts_with("FAILED GET /whoami on replica 1"), "{again:#?}");
}
