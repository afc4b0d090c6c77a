//! Each stateful fixture differs in the first `avoid-last` run, from the right writer to the right
//! reader and down to the line that holds the state; its stateless twin, whose replicas share a
//! real server, does not differ over many seeds.
//!
//! The scenarios lie beside the fixtures. `VERIFY_SEEDS` says how many random schedules a stateless
//! twin has to stand, three if not set.
#![cfg(all(unix, feature = "verify"))]
// Started again as a client, this program speaks to a log.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../verify/client.rs"]
mod client;
#[path = "../verify/socket.rs"]
mod socket;
#[path = "../support/mod.rs"]
mod support;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use stateless_store::testing::servers::{Durability, Server};
use support::{Run, binary, run, times};

/// All fixtures that have a twin.
const SERVICES: [&str; 5] = ["gateway", "kiosk", "rooms", "shop", "upload"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fixtures")
}

/// The folder of the fixtures' programs, which are built on the first call.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["build", "--locked", "--manifest-path"]).arg(fixtures().join("Cargo.toml"));
        for service in SERVICES {
            command.args(["-p", &format!("{service}-before"), "-p", &format!("{service}-after")]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        target.unwrap_or_else(|| fixtures().join("target")).join("debug")
    })
}

/// One kind of state: a fixture, what a user's test does with it, and what has to come out.
struct Class {
    service: &'static str,
    scenario: &'static str,
    ready: Option<&'static str>,
    /// Cause, writer, reader, symbol of the static finding.
    wanted: &'static [[&'static str; 4]],
    /// Variables of the stateful service; `{folder}` is one that all replicas share.
    before: &'static str,
    /// Variables of the stateless one.
    after: &'static str,
}

impl Class {
    fn verify(&self, half: &str, settings: &str) -> Command {
        let program = programs().join(format!("{}-{half}", self.service));
        let mut command = binary();
        command.current_dir(fixtures().join(self.service).join(half));
        let serve = format!("{settings} {}", program.display());
        command.args(["verify", "-n", "3", "--format", "json", "--ready-timeout", "120", "--serve", &serve]);
        if let Some(path) = self.ready {
            command.args(["--ready", path]);
        }
        command
    }

    fn script(&self) -> String {
        let name = format!("{}.scenario", self.scenario);
        fs::read_to_string(fixtures().join(self.service).join(name)).unwrap()
    }

    /// The first run with several replicas shows it.
    fn diverges(&self) {
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("shared");
        let settings = self.before.replace("{folder}", &shared.display().to_string());
        let mut command = self.verify("before", &settings);
        command.args(["--schedule", "avoid-last", "--artifacts"]).arg(folder.path().join("artifacts"));
        command.args(["--reset", &format!("rm -rf {}", shared.display())]);
        client::drive(&mut command, &self.script());
        let run = run(command);
        assert_eq!(run.code, Some(1), "{run:#?}");
        let verdict = run.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("nothing").to_owned();
        let found: Vec<[String; 4]> = verdict["divergences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                [
                    text(&one["cause"]),
                    text(&one["writer"]["route"]),
                    text(&one["reader"]["route"]),
                    text(&one["finding"]["symbol"]),
                ]
            })
            .collect();
        assert_eq!(found, self.wanted, "{verdict:#}");
        for one in verdict["divergences"].as_array().unwrap() {
            assert_ne!(one["writer"]["replica"], one["reader"]["replica"], "{one:#}");
        }
    }

    /// Any replica can serve any request.
    fn is_stateless(&self, server: &Server, reset: &str) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let mut command = self.verify("after", &format!("{} STATELESS_STORE={}", self.after, server.url()));
        command.args([
            "--schedule",
            "avoid-last",
            "--schedule",
            "random",
            "--randoms",
            &times("VERIFY_SEEDS"),
        ]);
        command.args(["--reset", reset, "--artifacts"]).arg(folder.path());
        client::drive(&mut command, &self.script());
        let run = run(command);
        assert_eq!(run.code, Some(0), "{run:#?}");
        assert_eq!(run.json()["stateless"], true);
        run
    }

    fn holds(&self) {
        self.diverges();
        self.stands_on_redis();
    }

    fn stands_on_redis(&self) {
        let server = Server::redis(Durability::None).unwrap();
        let port = server.address().rsplit(':').next().unwrap().to_owned();
        self.is_stateless(&server, &format!("redis-cli -p {port} flushall"));
    }

    fn stands_on_postgres(&self) {
        let server = Server::postgres(Durability::None).unwrap();
        let clear = "drop schema public cascade; create schema public";
        self.is_stateless(&server, &format!("psql -q '{}' -c '{clear}'", server.url()));
    }
}

#[test]
fn session() {
    Class {
        service: "shop",
        scenario: "session",
        ready: Some("/healthz"),
        wanted: &[["session-in-memory", "POST /api/login", "GET /api/me", "SESSIONS"]],
        before: "",
        after: "",
    }
    .holds();
}

#[test]
fn rate_limit() {
    let class = Class {
        service: "shop",
        scenario: "limit",
        ready: Some("/healthz"),
        wanted: &[["limit-per-replica", "POST /api/login", "POST /api/login", "LoginAttempts::0"]],
        before: "",
        after: "",
    };
    class.holds();
    class.stands_on_postgres();
}

#[test]
fn cart() {
    let class = Class {
        service: "kiosk",
        scenario: "cart",
        ready: Some("/healthz"),
        wanted: &[["data-in-memory", "POST /baskets/anna/items", "GET /baskets/anna", "AppState::baskets"]],
        before: "",
        after: "SIGNING_KEY=four-words-for-the-test",
    };
    class.holds();
    class.stands_on_postgres();
}

#[test]
fn counter() {
    let class = Class {
        service: "kiosk",
        scenario: "counter",
        ready: Some("/healthz"),
        wanted: &[["counter-per-replica", "POST /tickets", "POST /tickets", "LAST_TICKET"]],
        before: "",
        after: "SIGNING_KEY=four-words-for-the-test",
    };
    class.holds();
    class.stands_on_postgres();
}

#[test]
fn key_per_process() {
    Class {
        service: "kiosk",
        scenario: "key",
        ready: Some("/healthz"),
        wanted: &[["key-per-replica", "POST /badges", "GET /doors/north", "SIGNING_KEY"]],
        before: "",
        after: "SIGNING_KEY=four-words-for-the-test",
    }
    .holds();
}

#[test]
fn local_file() {
    Class {
        service: "gateway",
        scenario: "file",
        ready: Some("/healthz"),
        wanted: &[["local-file", "PUT /profiles/anna", "GET /profiles/anna", "put::write"]],
        before: "",
        after: "",
    }
    .holds();
}

/// The files are shared here, and copies of them in memory are not.
#[test]
fn stale_cache() {
    Class {
        service: "gateway",
        scenario: "cache",
        ready: Some("/healthz"),
        wanted: &[["stale-cache", "PUT /profiles/anna", "GET /profiles/anna", "Profiles::recent"]],
        before: "PROFILE_DIR={folder}",
        after: "",
    }
    .holds();
}

#[test]
fn upload_progress() {
    Class {
        service: "upload",
        scenario: "progress",
        ready: None,
        wanted: &[
            ["data-in-memory", "POST /uploads", "GET /uploads/{}", "UPLOADS"],
            ["data-in-memory", "POST /uploads", "PUT /uploads/{}/content", "UPLOADS"],
        ],
        before: "",
        after: "",
    }
    .holds();
}

#[test]
fn rooms_of_web_sockets() {
    Class {
        service: "rooms",
        scenario: "rooms",
        ready: Some("/healthz"),
        wanted: &[["missing-fan-out", "GET /rooms/lobby", "GET /rooms/lobby", "Rooms::lines"]],
        before: "",
        after: "",
    }
    .holds();
}
