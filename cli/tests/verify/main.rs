//! Runs `verify` on a small service that keeps state in its memory, or shares it.
#![cfg(all(unix, feature = "verify"))]
// Started again as the service or as its client, this program speaks to a log.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod client;
mod drain;
mod elsewhere;
mod isolate;
mod progress;
mod reports;
mod scenario;
mod scorecard;
mod socket;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod twin;

use std::process::Command;

use support::{Run, Tree, binary, run, times};

/// Three replicas of the twin, started from a folder of its own.
fn verify(tree: &Tree, settings: &str) -> Command {
    verify_serving(tree, &twin::serve(settings))
}

fn verify_serving(tree: &Tree, serve: &str) -> Command {
    let mut command = binary();
    command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache"));
    command.args(["verify", "-n", "3", "--seed", "7", "--ready", "/healthz", "--serve", serve]);
    command
}

/// With its state in memory.
fn stateful(script: &str) -> Run {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    client::drive(&mut command, script);
    run(command)
}

/// With its state in a folder that all replicas share.
fn shared(script: &str) -> Run {
    let tree = Tree::new();
    std::fs::create_dir(tree.path(".store")).unwrap();
    let mut command = verify(&tree, &format!("TWIN_STORE={}", tree.path(".store").display()));
    command.args(["--reset", "rm -f .store/*"]);
    client::drive(&mut command, script);
    run(command)
}

#[track_caller]
fn assert_diverges(script: &str, lines: &[&str]) {
    let run = stateful(script);
    assert_eq!(run.code, Some(1), "{run:#?}");
    for line in lines {
        assert!(run.stdout.contains(line), "`{line}` is not in: {}", run.stdout);
    }
    let first = run.stdout.lines().find(|line| line.starts_with("avoid-last")).unwrap();
    assert!(first.contains("differ"), "the first schedule has to show it: {first}");
    let run = shared(script);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("\nstateless: no answer depends on the replica"), "{}", run.stdout);
}

#[test]
fn a_session_in_memory() {
    assert_diverges(
        "POST /login ann\nGET /whoami\nGET /whoami",
        &[
            "error[session-in-memory]: GET /whoami on replica 1 answers 401, on one replica 200\n",
            "writer    #1 POST /login on replica 0, which gave out cookie `sid`\n",
            "reader    #2 GET /whoami on replica 1, which carries it in cookie `sid`\n",
        ],
    );
}

#[test]
fn a_test_that_insists_stops_at_the_first_failure() {
    assert_diverges(
        "POST /login ann = 204\nGET /whoami = 200\nGET /whoami = 200",
        &["GET /whoami on replica 1 answers 401", "1 never came; the test fails (exit status 101)"],
    );
}

#[test]
fn a_cart_in_memory() {
    assert_diverges(
        "POST /login ann\nPOST /cart apple\nGET /cart",
        &[
            "writer    #2 POST /cart on replica 1",
            "reader    #3 GET /cart on replica 2",
            "body.items[]: 0 items, on one replica 1 items",
        ],
    );
}

#[test]
fn things_in_memory_with_ids_of_their_own() {
    assert_diverges(
        "POST /items apple\nGET /items/{id}",
        &[
            "error[data-in-memory]: GET /items/",
            "writer    #1 POST /items on replica 0, which gave out `id`\n",
            "which carries it in the path\n",
        ],
    );
}

#[test]
fn a_counter_and_a_limit_in_memory() {
    assert_diverges(
        "POST /hits\n---\nPOST /hits",
        &["error[counter-per-replica]: POST /hits", "body.hits: 1, on one replica 2"],
    );
    assert_diverges(
        &"GET /limited\n".repeat(5),
        &["error[limit-per-replica]: GET /limited", "answers 200, on one replica 429"],
    );
}

#[test]
fn fresh_ids_times_and_order_are_no_difference() {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.args(["--randoms", &times("VERIFY_SEEDS")]);
    client::drive(&mut command, "GET /noisy\nGET /noisy\n---\nGET /noisy\nPOST /login ann");
    let run = run(command);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("fields differ on one replica too"), "{}", run.stdout);
}

/// What only memory loses shows when the one replica starts anew, or dies.
#[test]
fn restarts_and_kills_lose_what_is_in_memory_and_affinity_hides_it() {
    let script = "POST /login ann\nGET /whoami\nGET /whoami\nGET /whoami";
    for (schedule, code) in [("restart", 1), ("kill", 1), ("sticky", 0)] {
        for shared in [false, true] {
            let tree = Tree::new();
            std::fs::create_dir(tree.path(".store")).unwrap();
            let store =
                if shared { format!("TWIN_STORE={}", tree.path(".store").display()) } else { String::new() };
            let mut command = verify(&tree, &store);
            command.args(["--schedule", schedule, "--reset", "rm -f .store/*"]);
            client::drive(&mut command, script);
            let run = run(command);
            assert_eq!(run.code, Some(if shared { 0 } else { code }), "{schedule}: {run:#?}");
        }
    }
}

#[test]
fn a_failure_is_shrunk_shown_again_and_seen_to_be_fixed() {
    let tree = Tree::new();
    let mut script = "GET /noisy\nPOST /hits\n".repeat(6);
    script += "POST /login ann\nPOST /items pear\nGET /noisy\nGET /whoami\nGET /noisy\n";
    let mut command = verify(&tree, "");
    command.args(["--schedule", "avoid-last", "--ignore", "POST /hits *", "--artifacts", ".out"]);
    client::drive(&mut command, &script);
    let shown = run(command);
    assert_eq!(shown.code, Some(1), "{shown:#?}");
    assert!(shown.stdout.contains("\n  shrunk    to 2 requests in 1 replay\n"), "{}", shown.stdout);

    let replay = |more: &[&str]| {
        let mut command = binary();
        command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache"));
        command.args(["verify", "--replay", ".out/replay-1.json"]).args(more);
        run(command)
    };
    let again = replay(&[]);
    assert_eq!(again.code, Some(1), "{again:#?}");
    assert!(again.stdout.starts_with("FAILED GET /whoami on replica "), "{}", again.stdout);
    assert!(again.stdout.contains("status: 401, on one replica 200"), "{}", again.stdout);
    std::fs::create_dir(tree.path(".store")).unwrap();
    let mended = twin::serve(&format!("TWIN_STORE={}", tree.path(".store").display()));
    let fixed = replay(&["--serve", &mended]);
    assert_eq!(fixed.code, Some(0), "{fixed:#?}");
    assert!(fixed.stdout.starts_with("FIXED GET /whoami on replica "), "{}", fixed.stdout);

    tree.file("broken.json", "{}");
    let mut command = binary();
    command.current_dir(tree.root()).args(["verify", "--replay", "broken.json"]);
    run(command).assert_refused(&["`broken.json`", "no replay file"]);
}

#[test]
fn the_state_at_fault_is_found_in_the_source() {
    let tree = Tree::new();
    tree.file("Cargo.toml", support::manifest("shop"));
    tree.file("src/main.rs", support::SERVICE.replace("/whoami/{token}", "/whoami"));
    let mut command = verify(&tree, "");
    command.args(["--format", "json", "--output", "human=out.txt", "--schedule", "avoid-last"]);
    client::drive(&mut command, "POST /login ann\nGET /whoami");
    let verdict = run(command).json();
    let divergence = &verdict["divergences"][0];
    assert_eq!(verdict["divergences"].as_array().unwrap().len(), 1);
    assert_eq!(divergence["cause"], "session-in-memory");
    assert_eq!(divergence["writer"]["route"], "POST /login");
    assert_eq!(divergence["reader"]["route"], "GET /whoami");
    assert_ne!(divergence["writer"]["replica"], divergence["reader"]["replica"]);
    assert_eq!(divergence["finding"]["symbol"], "SESSIONS");
    assert_eq!(divergence["finding"]["file"], "src/main.rs");
    assert_eq!(divergence["finding"]["rule"], "in-memory-session");
    let accessor = divergence["finding"]["accessor"].as_str().unwrap();
    assert!(accessor.starts_with("#[externalized"), "{accessor}");
    assert!(accessor.contains("static SESSIONS: "), "{accessor}");
    let text = std::fs::read_to_string(tree.path("out.txt")).unwrap();
    let shown = text.lines().skip_while(|line| !line.starts_with("  accessor  #[externalized"));
    let shown: Vec<&str> = shown.take(accessor.lines().count()).collect();
    assert!(shown.len() > 1 && shown[1].starts_with("            static SESSIONS: "), "{text}");
    assert_eq!(verdict["coverage"]["pairs"], 1);
    assert_eq!(verdict["without_witness"].as_array().unwrap().len(), 0);
}

#[test]
fn one_seed_gives_one_schedule_and_one_verdict() {
    let repeats: usize = times("VERIFY_REPEATS").parse().unwrap();
    let verdicts: Vec<String> = (0..repeats)
        .map(|_| {
            let tree = Tree::new();
            let mut command = verify(&tree, "");
            command.args(["--format", "json", "--schedule", "random"]);
            client::drive(&mut command, "POST /login ann\n---\nPOST /hits\nPOST /hits\n---\nGET /limited");
            let run = run(command);
            let verdict = run.json();
            format!("{:?} {} {}", run.code, verdict["runs"], verdict["divergences"][0]["reader"])
        })
        .collect();
    assert!(verdicts[0].contains("random 7"), "{}", verdicts[0]);
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{verdicts:#?}");
}
