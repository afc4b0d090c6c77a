//! Recorded scenarios in place of a test command.

use super::support::{Run, Tree, run};
use super::verify;

/// Plays a file against the twin, its state in memory or in a folder that all replicas share.
fn played(name: &str, text: &str, shared: bool) -> Run {
    let tree = Tree::new();
    tree.file(name, text);
    std::fs::create_dir(tree.path(".store")).unwrap();
    let store = if shared { format!("TWIN_STORE={}", tree.path(".store").display()) } else { String::new() };
    let mut command = verify(&tree, &store);
    command.args(["--reset", "rm -f .store/*", "--scenario", name, "--schedule", "avoid-last"]);
    run(command)
}

#[track_caller]
fn assert_session_is_found(name: &str, text: &str) {
    let stateful = played(name, text, false);
    assert_eq!(stateful.code, Some(1), "{stateful:#?}");
    for line in [
        "error[session-in-memory]: GET /whoami on replica 1 answers 401, on one replica 200\n",
        "writer    #1 POST /login on replica 0, which gave out cookie `sid`\n",
    ] {
        assert!(stateful.stdout.contains(line), "`{line}` is not in: {}", stateful.stdout);
    }
    let stateless = played(name, text, true);
    assert_eq!(stateless.code, Some(0), "{stateless:#?}");
}

#[test]
fn requests_in_toml_with_captures_and_expectations() {
    assert_session_is_found(
        "shop.toml",
        r#"
[[request]]
send = "POST /login"
body = "ann"
expect = 204

[[request]]
send = "GET /whoami"
expect = { status = 200, "body.user" = "ann" }

[[request]]
send = "POST /items"
body = "pear"
capture = { id = "body.id" }
expect = 201

[[request]]
send = "GET /items/{{id}}"
"#,
    );
}

#[test]
fn a_hurl_file() {
    assert_session_is_found(
        "shop.hurl",
        "POST {{host}}/login\n`ann`\nHTTP 204\n\nGET {{host}}/whoami\nHTTP 200\n[Asserts]\njsonpath \"$.user\" == \"ann\"\n",
    );
}

/// The cookie of the recording is worth nothing today: with it alone, one replica would refuse it too.
#[test]
fn a_har_whose_cookie_and_ids_are_given_out_anew() {
    let entry = |line: &str, headers: &str, body: &str, answer: &str| {
        let (method, path) = line.split_once(' ').unwrap();
        format!(
            r#"{{"request": {{"method": "{method}", "url": "http://shop.test{path}", "headers": [{headers}]{body}}}, "response": {answer}}}"#
        )
    };
    let cookie = r#"{"name": "Cookie", "value": "sid=0123456789abcdef"}"#;
    let text = |text: &str| format!(r#", "postData": {{"mimeType": "text/plain", "text": "{text}"}}"#);
    let entries = [
        entry(
            "POST /login",
            "",
            &text("ann"),
            r#"{"status": 204, "headers": [{"name": "Set-Cookie", "value": "sid=0123456789abcdef; Path=/"}]}"#,
        ),
        entry("GET /whoami", cookie, "", r#"{"status": 200}"#),
        entry(
            "POST /items",
            cookie,
            &text("pear"),
            r#"{"status": 201, "content": {"text": "{\"id\":\"old-item-id\"}"}}"#,
        ),
        entry("GET /items/old-item-id", cookie, "", r#"{"status": 200}"#),
    ];
    let har = format!(r#"{{"log": {{"version": "1.2", "entries": [{}]}}}}"#, entries.join(","));
    assert_session_is_found("shop.har", &har);
    let item = played("shop.har", &har, false);
    assert!(item.stdout.contains("answers 404, on one replica 200"), "{}", item.stdout);
}

#[test]
fn clients_have_cookies_of_their_own() {
    let text = r#"
[[request]]
client = "ann"
send = "POST /login"
body = "ann"

[[request]]
client = "bob"
send = "GET /whoami"
expect = 401

[[request]]
client = "ann"
send = "GET /whoami"
expect = { "body.user" = "ann" }
"#;
    let run = played("two.toml", text, true);
    assert_eq!(run.code, Some(0), "{run:#?}");
}

/// Without a cookie, a client is known by its connection: the same in every run.
#[test]
fn a_client_without_a_cookie_is_one_client() {
    let one = "[[request]]\nclient = \"ann\"\nsend = \"POST /hits\"\n\n[[request]]\nclient = \"bob\"\nsend = \"GET /noisy\"\n";
    let run = played("hits.toml", &one.repeat(20), true);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("avoid-last  40 same\n"), "{}", run.stdout);
}

#[test]
fn what_does_not_hold_on_one_replica_stops_with_its_place() {
    let text = "[[request]]\nsend = \"GET /whoami\"\nexpect = 200\n";
    let words = [
        "the test fails on a single replica already: 1 expectation does not hold",
        "| GET /whoami (a.toml:1): status is 401, expected 200",
    ];
    played("a.toml", text, false).assert_refused(&words);
    played("a.har", "{\"log\": ", false).assert_refused(&["a.har:1: no HAR: "]);
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.args(["--scenario", "none.hurl"]);
    run(command).assert_refused(&["none.hurl: No such file"]);
}
