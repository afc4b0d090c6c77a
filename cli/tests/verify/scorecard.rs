//! What replicas lose and cost, in numbers.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::support::{Tree, run};
use super::{client, verify};

/// Bob comes and goes; Ann is there when the replica dies.
const SCRIPT: &str = "POST /login bob\nGET /whoami\n---\nPOST /login ann\nPOST /items apple\n\
                      GET /whoami\nGET /whoami\nGET /whoami\nGET /slow\nGET /whoami\nGET /whoami";

#[test]
fn the_numbers_of_before_stand_beside_those_of_now() {
    let tree = Tree::new();
    std::fs::create_dir(tree.path(".store")).unwrap();
    let mut command = verify(&tree, "");
    command.args(["--scorecard", "--randoms", "1", "--output", "json=before.json", "--format", "json"]);
    client::drive(&mut command, SCRIPT);
    let card = run(command).json()["scorecard"].clone();
    assert_eq!(card["sessions"], serde_json::json!({"of": 1, "lost": 1}), "{card}");
    assert_eq!(card["rolling"]["of"], 10, "{card}");
    // The service ends on SIGTERM at once, and a request with a body is under way each time.
    assert_ne!(card["rolling"]["lost"], 0, "{card}");
    let number = |name: &str| card[name].as_f64().unwrap();
    // Ann sends 8 of 10 requests to one of three replicas, or both clients send all 10 to one.
    assert!([2.4, 3.0].contains(&number("spread_sticky")), "{card}");
    assert!(number("spread_random") < 2.4, "{card}");
    // One request of ten takes 150 ms.
    assert!(number("latency_p95_ms") >= 150.0, "{card}");
    assert!(number("latency_median_ms") < number("latency_p95_ms") / 2.0, "{card}");
    assert!(card["store_calls_per_request"].is_null(), "{card}");

    let settings = format!("TWIN_DRAINS=1 TWIN_STORE={}", tree.path(".store").display());
    let mut command = verify(&tree, &settings);
    command.args(["--scorecard", "--randoms", "1", "--before", "before.json", "--reset", "rm -f .store/*"]);
    client::drive(&mut command, SCRIPT);
    let now = run(command);
    assert_eq!(now.code, Some(0), "{now:#?}");
    let row = |name: &str| {
        let line = now.stdout.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
        line.split(name)
            .nth(1)
            .unwrap_or_default()
            .split("  ")
            .filter(|part| !part.is_empty())
            .map(|part| part.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let failed = row("requests failed in a rolling restart");
    assert_eq!(failed[0], format!("{} of 10", card["rolling"]["lost"]));
    assert_eq!(failed[1], "0 of 10");
    let lost = row("sessions lost when a replica dies");
    assert_eq!(lost, ["1 of 1", "0 of 1"]);

    tree.file("other.json", "{}");
    let mut command = verify(&tree, "");
    command.args(["--scorecard", "--before", "other.json", "--", "true"]);
    run(command).assert_refused(&["other.json", "--scorecard --format json"]);
}

/// A store that has counted 25 more calls each time that it is asked.
fn store() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            while line.trim() != "commandstats" {
                line.clear();
                stream.read_line(&mut line).unwrap();
            }
            let calls = 25 * (count.fetch_add(1, Ordering::SeqCst) + 1);
            let text = format!("cmdstat_get:calls={calls},usec=1\r\n");
            write!(stream.get_mut(), "${}\r\n{text}\r\n", text.len()).unwrap();
        }
    });
    (url, asked)
}

#[test]
fn the_store_is_asked_around_the_one_run_that_counts() {
    let tree = Tree::new();
    let (url, asked) = store();
    let mut command = verify(&tree, "");
    command.args(["--scorecard", "--store", &url, "--randoms", "2", "--format", "json"]);
    client::drive(&mut command, SCRIPT);
    let card = run(command).json()["scorecard"].clone();
    assert_eq!(card["store_calls_per_request"], 2.5, "{card}");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}
