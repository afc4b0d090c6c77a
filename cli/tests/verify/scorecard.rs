//! What replicas lose and cost, in numbers.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::support::{Tree, binary, run};
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
    command.args(["--output", "json=now.json"]);
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
    the_audit_shows_it(&tree, &card["rolling"]["lost"]);

    tree.file("other.json", "{}");
    let mut command = verify(&tree, "");
    command.args(["--scorecard", "--before", "other.json", "--", "true"]);
    run(command).assert_refused(&["other.json", "--scorecard --format json"]);
}

/// The file that `verify` has written, given to `audit`: measured numbers in place of estimates.
fn the_audit_shows_it(tree: &Tree, failed_before: &serde_json::Value) {
    let now: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(tree.path("now.json")).unwrap()).unwrap();
    let mut command = binary();
    command.arg("audit").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/shop/before"));
    command.current_dir(tree.root()).args(["--with", "now.json", "--output", "json=audit.json"]);
    command.args(["--output", "html=audit.html", "--output", "markdown=audit.md"]);
    let done = run(command);
    assert_eq!(done.code, Some(0), "{done:#?}");
    let read = |name: &str| std::fs::read_to_string(tree.path(name)).unwrap();
    let audit: serde_json::Value = serde_json::from_str(&read("audit.json")).unwrap();
    let service = &audit["services"][0];
    let row = |question: &str| {
        let rows = service["scorecard"].as_array().unwrap();
        let row = rows.iter().find(|row| row["question"] == question).unwrap();
        (row["basis"].as_str().unwrap(), row["good"].as_bool().unwrap(), row["today"].as_str().unwrap())
    };
    // The code alone says no to each of these.
    let lost = "0 of 1 clients lost something when a replica was killed (before: 1 of 1)";
    assert_eq!(row("Session storage"), ("measured", true, lost));
    let killed = format!("with a replica killed: every answer as from one replica; {lost}");
    assert_eq!(row("Server failure"), ("measured", true, &*killed));
    let rolled = format!("0 of 10 requests failed in a rolling restart (before: {failed_before} of 10)");
    assert!(row("Deployment").2.ends_with(&rolled), "{:?}", row("Deployment"));
    let (card, number) =
        (&now["scorecard"], |value: &serde_json::Value| format!("{:.2}", value.as_f64().unwrap()));
    let times = format!(
        "{} ms at the median, {} ms at 95 %",
        number(&card["latency_median_ms"]),
        number(&card["latency_p95_ms"])
    );
    assert!(row("Latency").2.starts_with(&times), "{:?}", row("Latency"));
    let spread = format!("{} times the mean load with sticky clients", number(&card["spread_sticky"]));
    assert!(row("Load balancing").2.contains(&spread), "{:?}", row("Load balancing"));
    assert_eq!((&service["measured"]["scorecard"], &service["measured"]["before"]), (card, &now["before"]));
    assert!(
        read("audit.html").contains(
            "<th scope=\"row\">sessions lost when a replica dies</th><td>1 of 1</td><td>0 of 1</td>"
        )
    );
    assert!(read("audit.md").contains("| sessions lost when a replica dies | 1 of 1 | 0 of 1 |"));
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
