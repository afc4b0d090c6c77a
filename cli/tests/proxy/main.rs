//! What the proxy has to get right between clients and replicas: a replica for every request
//! whatever the protocol, everything passed on as it comes, and nothing ever sent twice.
//!
//! The test program is started again as the service (`service`) and as the client (`cases`); what
//! both of them saw is read from the logs that `verify` keeps.
#![cfg(all(unix, feature = "verify"))]
// Started again as a service or as a client, this program speaks to a log.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cases;
mod grpc;
mod service;
#[path = "../verify/socket.rs"]
mod socket;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use std::fs;
use std::path::Path;

use support::{Run, Tree, binary, run};

/// A run of `verify`, and the logs of its last run of the test.
#[derive(Debug)]
struct Shown {
    run: Run,
    client: String,
    replicas: Vec<String>,
    /// What `--replay` says of the first difference that was made small.
    again: Option<Run>,
}

impl Shown {
    /// The replicas that the client met, in its order.
    fn met(&self) -> Vec<usize> {
        let lines = self.client.lines().filter_map(|line| line.strip_prefix("met "));
        lines.map(|number| number.parse().unwrap()).collect()
    }

    /// How often replicas were asked this, all together.
    fn asked(&self, what: &str) -> usize {
        let wanted = format!("asked {what}");
        self.replicas.iter().flat_map(|log| log.lines()).filter(|line| **line == wanted).count()
    }

    #[track_caller]
    fn fine(self) -> Self {
        assert_eq!(self.run.code, Some(0), "{self:#?}");
        self
    }
}

/// Runs a case of the client with a schedule, and more arguments.
fn shown(case: &str, schedule: &str, more: &[&str]) -> Shown {
    let tree = Tree::new();
    let mut command = binary();
    command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache")).env("PROXY_CASE", case);
    command.args(["verify", "-n", "3", "--artifacts", ".out", "--ready", "/plain", "--schedule", schedule]);
    command.args(["--ignore", "header.x-replica", "--serve", &service::serve()]).args(more);
    command.arg("--").arg(std::env::current_exe().unwrap()).args(["--exact", "cases::client", "--nocapture"]);
    let run = run(command);
    let logs = tree.path(".out/logs");
    let mut runs: Vec<_> = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().path()).collect();
    // A measurement that follows is not what was asked for.
    runs.retain(|path| path.file_name().unwrap().to_string_lossy().ends_with(schedule));
    let folder = runs.pop().unwrap_or_else(|| logs.join("none"));
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let replicas = (0..3).map(|number| read(&folder.join(format!("replica-{number}.log")))).collect();
    let again = tree.path(".out/replay-1.json").is_file().then(|| {
        let mut command = binary();
        command.current_dir(tree.root()).env("XDG_CACHE_HOME", tree.path(".cache"));
        command.args(["verify", "--replay", ".out/replay-1.json"]);
        support::run(command)
    });
    Shown { again, run, client: read(&folder.join("test.log")), replicas }
}

#[track_caller]
fn assert_spread(met: &[usize], count: usize) {
    assert_eq!(met.len(), count, "{met:?}");
    assert!(met.windows(2).all(|pair| pair[0] != pair[1]), "{met:?}");
}

#[test]
fn each_request_of_one_connection_goes_to_another_replica() {
    let shown = shown("keep-alive", "avoid-last", &[]).fine();
    assert_spread(&shown.met(), 6);
    assert_eq!(shown.asked("GET /plain"), 6 + 3, "{shown:#?}");
}

#[test]
fn each_stream_of_http2_goes_to_another_replica() {
    let shown = shown("streams", "avoid-last", &[]).fine();
    // Seven in turn, and then six at once.
    assert_spread(&shown.met()[..7], 7);
    assert_eq!(shown.met().len(), 13);
    assert_eq!(shown.asked("GET /plain") + shown.asked("POST /echo"), 12 + 3, "{shown:#?}");
}

#[test]
fn grpc_calls_have_their_trailers_and_a_replica_each() {
    let shown = shown("grpc", "avoid-last", &[]).fine();
    assert!(shown.client.contains("said hello\n"), "{shown:#?}");
    assert!(shown.client.contains("refused NotFound: nobody there\n"), "{shown:#?}");
    assert_spread(&shown.met(), 3);
}

#[test]
fn web_sockets_and_event_streams_have_a_replica_each() {
    let shown = shown("long", "avoid-last", &[]).fine();
    assert_spread(&shown.met(), 4);
    // One answer a message on both sockets, and all events before the end of the stream.
    assert_eq!(shown.client.matches("heard 1\nheard 2\n").count(), 2, "{shown:#?}");
    assert_eq!(shown.client.matches("event 1\nevent 2\nstill open\n").count(), 2, "{shown:#?}");
}

/// What lives in one replica alone is lost to a client that has to come back, and only then.
#[test]
fn who_has_to_come_back_meets_another_replica() {
    let kept = shown("counts", "avoid-last", &[]).fine();
    assert_eq!(kept.client.matches("closed").count(), 0, "{kept:#?}");
    let lost = shown("counts", "reconnect", &[]);
    assert_eq!(lost.run.code, Some(1), "{lost:#?}");
    assert!(lost.run.stdout.contains("]: GET /counts/anna on replica "), "{lost:#?}");
    assert!(lost.run.stdout.contains("\nreconnect "), "{lost:#?}");
    assert!(lost.client.contains("heard 1\nheard 2\nclosed\nmet 1\nheard 1\nheard 2\n"), "{lost:#?}");
    assert_eq!(lost.replicas.iter().filter(|log| log.contains("asked GET /counts/anna")).count(), 2);
    // Both connections are needed: what was said on the first one is what the second one lacks.
    assert!(lost.run.stdout.contains("\n  shrunk    to 2 requests in "), "{lost:#?}");
    assert!(
        lost.again.as_ref().unwrap().stdout.starts_with("FAILED GET /counts/anna on replica "),
        "{lost:#?}"
    );
    // Where the client brings along what it knows, any replica goes on.
    let resumed = shown("resumes", "reconnect", &[]).fine();
    assert!(resumed.client.contains("event 2\nclosed\nmet 1\nevent 3\n"), "{resumed:#?}");
    assert!(resumed.client.contains("heard 2\nclosed\nmet 0\nheard 3\n"), "{resumed:#?}");
    let nothing = shown("keep-alive", "reconnect", &[]).fine();
    assert!(nothing.run.stdout.contains("reconnect: nothing was shown"), "{nothing:#?}");
    // Also where it was not all that was asked for.
    let more = shown("keep-alive", "reconnect", &["--schedule", "avoid-last"]).fine();
    assert!(more.run.stdout.contains("reconnect: nothing was shown"), "{more:#?}");
}

/// What differs from one return to the next may well be the same for who was never cut off.
#[test]
fn noise_of_who_has_to_come_back_is_compared_elsewhere() {
    let shown = shown("notes-returns", "reconnect", &["--schedule", "avoid-last"]);
    assert_eq!(shown.run.code, Some(1), "{shown:#?}");
    assert!(shown.run.stdout.contains("]: POST /note on replica "), "{shown:#?}");
    assert!(shown.run.stdout.contains("seen with avoid-last\n"), "{shown:#?}");
}

#[test]
fn large_bodies_pass_both_ways() {
    let shown = shown("large", "avoid-last", &[]).fine();
    assert_spread(&shown.met(), 4);
    assert!(shown.client.contains("all of it, four times\n"), "{shown:#?}");
}

/// Nothing is piled up on the way: who does not read is waited for.
#[test]
fn who_does_not_read_is_waited_for() {
    let shown = shown("backpressure", "avoid-last", &["--ignore", "* body*"]).fine();
    let number = |name: &str| -> u64 {
        let text = format!("{}{}", shown.client, shown.replicas.concat());
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {shown:#?}")).trim().parse().unwrap()
    };
    // What the system's buffers hold, of 64 MB.
    assert!(number("sent before anybody read:") < 24 << 20, "{shown:#?}");
    assert!(number("made before anybody read:") < 24 << 20, "{shown:#?}");
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it() {
    let shown = shown("continue", "avoid-last", &[]).fine();
    assert!(
        shown.client.contains("HTTP/1.1 100 Continue\nmet 0\nHTTP/1.1 200 OK\n{\"bytes\":200000}\n"),
        "{shown:#?}"
    );
}

#[test]
fn trailers_of_chunked_bodies_pass_both_ways() {
    let shown = shown("trailers", "avoid-last", &[]).fine();
    assert!(shown.client.contains("answer's trailer: x-sum: 5\n"), "{shown:#?}");
    assert!(shown.client.contains("request's trailer: x-check: 7\n"), "{shown:#?}");
}

#[test]
fn an_answer_may_come_before_the_request_has_ended() {
    let shown = shown("early", "avoid-last", &[]).fine();
    assert!(shown.client.contains("HTTP/1.1 413 Payload Too Large\n"), "{shown:#?}");
    assert!(shown.client.contains("HTTP/1.1 200 OK\nok\n"), "{shown:#?}");
    assert_eq!(shown.asked("POST /early"), 1);
}

#[test]
fn a_refused_upgrade_is_an_answer_as_any() {
    let shown = shown("refused", "avoid-last", &[]).fine();
    assert!(shown.client.contains("HTTP/1.1 403 Forbidden\nnot you\n"), "{shown:#?}");
    assert!(shown.client.contains("HTTP/1.1 200 OK\nok\n"), "{shown:#?}");
}

/// On a connection that was upgraded; with plain HTTP/1.1 it counts as gone, as elsewhere.
#[test]
fn who_has_closed_its_half_of_a_web_socket_is_answered() {
    let shown = shown("half-close", "avoid-last", &[]).fine();
    assert!(shown.client.contains("heard 7\n"), "{shown:#?}");
}

/// A connection that breaks is never tried again, whether it was used before or is new.
#[test]
fn nothing_is_sent_twice() {
    let shown = shown("hangs-up", "avoid-last", &[]).fine();
    assert_eq!(shown.client.matches("HTTP/1.1 502 Bad Gateway\n").count(), 6, "{shown:#?}");
    assert_eq!(shown.asked("GET /hangup"), 3, "{shown:#?}");
    assert_eq!(shown.asked("POST /hangup"), 3, "{shown:#?}");
    // A replica that dies over it ends the run, and nobody else was asked in its place.
    let dies = crate::shown("dies", "avoid-last", &[]);
    assert_eq!(dies.run.code, Some(2), "{dies:#?}");
    assert!(dies.run.stderr.contains("ended while the test ran: exit status 70"), "{dies:#?}");
    assert_eq!(dies.asked("POST /die"), 2, "{dies:#?}");
}
