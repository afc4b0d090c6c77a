//! What replicas lose and cost, in numbers.

use std::process::Command;

use stateless_store::testing::servers::{Durability, Server};

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

/// The calls a request that a scorecard counts, of a service that calls this store.
fn calls(settings: &str, url: &str) -> serde_json::Value {
    let tree = Tree::new();
    // On a busy machine a call of `psql` may still be under way when `drain` asks its replica to end.
    let mut command = verify(&tree, &format!("TWIN_DRAINS=1 {settings}"));
    command.args(["--scorecard", "--store", url, "--randoms", "2", "--format", "json"]);
    // The store is asked around the one run that counts.
    client::drive(&mut command, "GET /stored\nGET /stored\nGET /noisy\nGET /stored");
    let run = run(command);
    assert_eq!(run.code, Some(0), "{run:#?}");
    run.json()["scorecard"]["store_calls_per_request"].clone()
}

#[test]
fn calls_of_a_real_redis_are_counted() {
    let server = Server::redis(Durability::None).unwrap();
    // Three of four requests call it twice: once for a value, and once for a script, whose own
    // commands cost no round trip.
    assert_eq!(calls(&format!("TWIN_REDIS={}", server.address()), server.url()), 1.5);
}

#[test]
fn calls_of_a_real_postgres_are_counted() {
    let mut server = Server::postgres(Durability::None).unwrap();
    let settings = format!("TWIN_POSTGRES={}", server.url());
    // Three of four requests make one transaction each, on a connection that is one as well.
    assert_eq!(calls(&settings, server.url()), 1.5);
    // Where statements are counted, they are what counts.
    let sql = |text: &str| {
        let done = Command::new("psql").args([server.url(), "-Xqc", text]).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    sql("alter system set shared_preload_libraries = 'pg_stat_statements'");
    sql("create extension pg_stat_statements");
    server.restart().unwrap();
    assert_eq!(calls(&settings, server.url()), 0.75);
}

#[test]
fn a_store_that_cannot_be_asked_stops_with_its_reason() {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.args(["--scorecard", "--store", "redis://127.0.0.1:1"]);
    client::drive(&mut command, "GET /noisy");
    run(command).assert_refused(&["`--store` cannot be asked", "127.0.0.1:1: "]);
}
