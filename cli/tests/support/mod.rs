//! Makes small code bases in a temporary folder and runs the real binary on them.

// Every test program uses its own part of this.
#![allow(dead_code)]

pub(crate) mod http;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A service whose sessions break with a second replica, in any reading of its code.
pub(crate) const SERVICE: &str = r#"use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use axum::extract::{Json, Path};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::Router;

static SESSIONS: LazyLock<Mutex<HashMap<String, String>>> =
    LazyLock::new(|| Mutex::new(HashMap::new()));

#[derive(serde::Deserialize)]
struct Login {
    token: String,
    user: String,
}

async fn login(Json(login): Json<Login>) -> StatusCode {
    SESSIONS.lock().unwrap().insert(login.token, login.user);
    StatusCode::CREATED
}

async fn whoami(Path(token): Path<String>) -> Result<String, StatusCode> {
    let sessions = SESSIONS.lock().unwrap();
    sessions.get(&token).cloned().ok_or(StatusCode::UNAUTHORIZED)
}

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/login", post(login))
        .route("/whoami/{token}", get(whoami));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

/// A folder of its own, gone when dropped.
pub(crate) struct Tree {
    dir: tempfile::TempDir,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Tree { dir: tempfile::tempdir().unwrap() }
    }

    /// A tree with [`SERVICE`] as the package `good` in the folder `good`.
    pub(crate) fn with_good() -> Self {
        let tree = Tree::new();
        tree.package("good");
        tree
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn file(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A package with [`SERVICE`] as its program, named after the last part of the folder.
    pub(crate) fn package(&self, dir: &str) -> &Self {
        let name = dir.rsplit('/').next().unwrap();
        self.file(format!("{dir}/Cargo.toml"), manifest(name)).file(format!("{dir}/src/main.rs"), SERVICE)
    }

    /// Runs `check` on the tree with `--format json`, and more arguments.
    pub(crate) fn check(&self, arguments: &[&str]) -> Run {
        let mut command = binary();
        command.arg("check").arg(self.root()).args(["--format", "json"]).args(arguments);
        run(command)
    }
}

pub(crate) fn manifest(name: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\ntokio = {{ version = \"1\", features = [\"full\"] }}\n"
    )
}

/// The binary, untouched by the colours that the caller of the tests wants, and by the service
/// that calls them.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-stateless"));
    let colors = ["NO_COLOR", "CARGO_TERM_COLOR", "CLICOLOR_FORCE", "CLICOLOR"];
    for name in colors.into_iter().chain(["GITHUB_WORKSPACE", "CI_PROJECT_DIR"]) {
        command.env_remove(name);
    }
    // No folder can be made there: only the tests of the cache have one.
    command.env("XDG_CACHE_HOME", "/dev/null/none");
    command
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// `None`: ended by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs to the end. A run that does not end is killed, and the test fails: the limit says
/// "hangs", not "slow".
pub(crate) fn run(mut command: Command) -> Run {
    const LIMIT: Duration = Duration::from_secs(120);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let drain = |mut pipe: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = drain(Box::new(child.stdout.take().unwrap()));
    let stderr = drain(Box::new(child.stderr.take().unwrap()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("hangs: {command:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    Run { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// Waits for what another process does. Fails when it surely never will.
pub(crate) fn until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// How often something is done: three times where the variable does not say more.
pub(crate) fn times(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| "3".to_owned())
}

/// Sends a signal, by its name.
pub(crate) fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// `(file, symbol)` of every finding.
    pub(crate) fn findings(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let site =
            |finding: &Value| (text(&finding["site"]["place"]["file"]), text(&finding["site"]["symbol"]));
        self.json()["findings"].as_array().unwrap().iter().map(site).collect()
    }

    /// Files in which [`SERVICE`]'s sessions are reported.
    pub(crate) fn sessions(&self) -> Vec<String> {
        let found = self.findings().into_iter().filter(|(_, symbol)| symbol == "SESSIONS");
        found.map(|(file, _)| file).collect()
    }

    /// `(path, message)` of every note.
    pub(crate) fn notes(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let notes = self.json()["notes"].as_array().unwrap().clone();
        notes.iter().map(|note| (text(&note["path"]), text(&note["message"]))).collect()
    }

    /// The one note about a path; fails if there is none, or another one.
    pub(crate) fn note(&self, path: &str) -> String {
        let about: Vec<_> = self.notes().into_iter().filter(|(about, _)| about == path).collect();
        assert_eq!(about.len(), 1, "{path} is to be named once: {:#?}", self.notes());
        // Whoever reads the report by a program sees it on standard error as well.
        let lines = self.stderr.lines().filter(|line| line.starts_with(&format!("warning: {path}:")));
        assert_eq!(lines.count(), 1, "{}", self.stderr);
        about.into_iter().next().unwrap().1
    }

    /// Fails unless the run ended by itself and found the sessions of the package `good`.
    #[track_caller]
    pub(crate) fn assert_good_is_found(&self) -> &Self {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert_eq!(self.sessions(), ["good/src/main.rs"], "{self:#?}");
        self
    }

    /// Fails unless the run could not be done, for a reason that names `words`.
    #[track_caller]
    pub(crate) fn assert_refused(&self, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert_eq!(self.stdout, "");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in: {}", self.stderr);
        }
        self
    }
}
