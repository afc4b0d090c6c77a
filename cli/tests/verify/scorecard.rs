//! What replicas lose and cost, in numbers.

use super::support::{Tree, run};
use super::{client, verify};

/// Bob comes and goes; Ann is there when the replica dies.
const SCRIPT: &str = "POST /login bob\nGET /whoami\n---\nPOST /login ann\nPOST /items apple\n\
                      GET /whoami\nGET /whoami\nGET /whoami\nGET /whoami\nGET /whoami\nGET /whoami";

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
    assert!(card["spread_sticky"].as_f64().unwrap() >= 1.5, "two clients on three replicas: {card}");
    assert!(card["spread_random"].as_f64().unwrap() >= 1.0, "{card}");
    assert!(
        card["latency_median_ms"].as_f64().unwrap() <= card["latency_p95_ms"].as_f64().unwrap(),
        "{card}"
    );
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
