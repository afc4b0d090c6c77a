//! What is set aside, through the real binary: levels, suppressions, the baseline, what changed.

#[path = "../support/mod.rs"]
mod support;

mod baseline;
mod configuration;
mod levels;
mod since;
mod suppression;

use serde_json::Value;
use support::{Run, Tree, binary, run};

/// A service with a finding of each level: `SESSIONS` is sure, `PRICE_CACHE` worth a note, and
/// `RATE_CACHE`, which a handler empties, likely.
pub(crate) const SHOP: &str = r#"use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use axum::extract::{Json, Path};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::Router;

static SESSIONS: LazyLock<Mutex<HashMap<String, String>>> =
    LazyLock::new(|| Mutex::new(HashMap::new()));

static PRICE_CACHE: LazyLock<Mutex<HashMap<String, u32>>> =
    LazyLock::new(|| Mutex::new(HashMap::new()));

static RATE_CACHE: LazyLock<Mutex<HashMap<String, u32>>> =
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

async fn price(Path(item): Path<String>) -> String {
    if let Some(known) = PRICE_CACHE.lock().unwrap().get(&item) {
        return known.to_string();
    }
    let price = fetch_price(&item).await;
    PRICE_CACHE.lock().unwrap().insert(item, price);
    price.to_string()
}

async fn total(Path(item): Path<String>) -> String {
    if let Some(known) = PRICE_CACHE.lock().unwrap().get(&item) {
        return (known * 2).to_string();
    }
    let price = fetch_price(&item).await;
    PRICE_CACHE.lock().unwrap().insert(item, price);
    (price * 2).to_string()
}

async fn reload(Path(item): Path<String>) -> StatusCode {
    RATE_CACHE.lock().unwrap().remove(&item);
    StatusCode::OK
}

async fn rate(Path(item): Path<String>) -> String {
    if let Some(known) = RATE_CACHE.lock().unwrap().get(&item) {
        return known.to_string();
    }
    let rate = fetch_rate(&item).await;
    RATE_CACHE.lock().unwrap().insert(item, rate);
    rate.to_string()
}

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/login", post(login))
        .route("/whoami/{token}", get(whoami))
        .route("/price/{item}", get(price))
        .route("/total/{item}", get(total))
        .route("/rate/{item}", get(rate).delete(reload));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

/// [`SHOP`] as the package `shop` in the tree's root.
pub(crate) fn shop() -> Tree {
    let tree = Tree::new();
    tree.file("Cargo.toml", support::manifest("shop")).file("src/main.rs", SHOP);
    tree
}

/// Runs the binary in a folder of the tree.
pub(crate) fn at(tree: &Tree, dir: &str, arguments: &[&str]) -> Run {
    let mut command = binary();
    command.current_dir(tree.path(dir)).args(arguments);
    run(command)
}

/// `(symbol, level)` of every finding that was not set aside, by place.
pub(crate) fn levels(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let findings = report["findings"].as_array().unwrap();
    let active = findings.iter().filter(|one| one["suppression"].is_null());
    active.map(|one| (text(&one["site"]["symbol"]), text(&one["level"]))).collect()
}

/// `symbol` of every finding that was set aside that way.
pub(crate) fn aside(run: &Run, kind: &str) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().unwrap();
    let aside = findings.iter().filter(|one| one["suppression"]["kind"] == kind);
    aside.map(|one| text(&one["site"]["symbol"])).collect()
}

/// `(check, file, line, message)` of every problem.
pub(crate) fn problems(run: &Run) -> Vec<(String, String, u64, String)> {
    let report = run.json();
    let problems = report["problems"].as_array().unwrap();
    let said = |one: &Value| {
        let place = &one["place"];
        (text(&one["check"]), text(&place["file"]), place["line"].as_u64().unwrap(), text(&one["message"]))
    };
    problems.iter().map(said).collect()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}
