//! Replicas that are replaced while they serve.

use super::support::{Run, Tree, run};
use super::{client, verify};

fn drained(settings: &str, script: &str) -> Run {
    let tree = Tree::new();
    std::fs::create_dir(tree.path(".store")).unwrap();
    let store = format!("TWIN_STORE={} {settings}", tree.path(".store").display());
    let mut command = verify(&tree, &store);
    command.args(["--schedule", "drain", "--reset", "rm -f .store/*"]);
    client::drive(&mut command, script);
    run(command)
}

#[test]
fn a_request_that_a_shutdown_cuts_is_a_finding_of_its_own() {
    let run = drained("", "POST /items apple\nGET /noisy\nGET /noisy");
    assert_eq!(run.code, Some(1), "{run:#?}");
    for line in [
        "; 1 under way when asked to end, 1 not finished\n",
        "error[cut-by-shutdown]: POST /items on replica ",
        " gets no answer (",
        "did so without finishing this request",
        "with_graceful_shutdown",
    ] {
        assert!(run.stdout.contains(line), "`{line}` is not in: {}", run.stdout);
    }
}

/// Nobody is let in by a login that was not finished; that says nothing about where sessions are.
#[test]
fn what_only_follows_from_it_is_no_other_finding() {
    let run = drained("", "POST /login ann\nGET /whoami");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stdout.contains("error[cut-by-shutdown]: POST /login on replica "), "{}", run.stdout);
    assert!(run.stdout.ends_with("not stateless: 1 difference\n"), "{}", run.stdout);
}

#[test]
fn a_service_that_finishes_what_is_open_passes() {
    let script = "POST /items apple\nGET /items/{id}\nPOST /items pear\nGET /items/{id}\nPOST /items plum\nGET /items/{id}";
    let run = drained("TWIN_DRAINS=1", script);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("drain       6 same; 3 under way when asked to end\n"), "{}", run.stdout);
    assert!(run.stdout.contains(", over 1 schedule\n"), "{}", run.stdout);
}

#[test]
fn what_could_not_be_shown_is_said() {
    let run = drained("TWIN_DRAINS=1", "GET /noisy\nGET /noisy");
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("warning: drain: no request was under way"), "{}", run.stdout);
}

/// What is in memory alone is lost with the old replica, as in any deployment.
#[test]
fn memory_is_lost_with_the_old_replica() {
    let tree = Tree::new();
    let mut command = verify(&tree, "TWIN_DRAINS=1");
    command.args(["--schedule", "drain"]);
    client::drive(&mut command, "POST /login ann\nPOST /items apple\nGET /whoami");
    let run = run(command);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stdout.contains("error[session-in-memory]: GET /whoami"), "{}", run.stdout);
    assert!(!run.stdout.contains("not finished"), "{}", run.stdout);
}
