//! The join with the code of the service.

use cargo_stateless::deploy::{self, DeployReport};
use cargo_stateless::sink::Policy;
use cargo_stateless::workspace::{self, Request};

use super::check_one;

const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  sessionAffinity: ClientIP\n";

fn joined(code: &str) -> DeployReport {
    let folder = tempfile::tempdir().unwrap();
    super::write(folder.path(), "Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n");
    super::write(folder.path(), "src/main.rs", code);
    let request = Request { path: folder.path().to_owned(), ..Request::default() };
    let workspace = workspace::load(&request).unwrap();
    let analysis = cargo_stateless::analyze(workspace, &Policy::default(), &|_, _| {});
    let mut report = check_one("service.yaml", SERVICE);
    deploy::join(&mut report, &analysis);
    report
}

#[test]
fn affinity_names_the_session_that_it_hides() {
    let report = joined(
        "use std::{collections::HashMap, sync::Mutex};
use axum::{Router, routing::{get, post}};
static SESSIONS: Mutex<HashMap<String, String>> = Mutex::new(HashMap::new());
async fn login(token: String) { SESSIONS.lock().unwrap().insert(token, String::new()); }
async fn me(token: String) -> String { SESSIONS.lock().unwrap().get(&token).cloned().unwrap_or_default() }
#[tokio::main]
async fn main() {
    let app = Router::new().route(\"/login\", post(login)).route(\"/me\", get(me));
    axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap();
}
",
    );
    let code = report.findings[0].code.as_ref().unwrap();
    assert_eq!(code.sentence(), "it hides `SESSIONS` in src/main.rs:3; remove it after that has moved");
}

#[test]
fn affinity_can_go_where_nothing_needs_it() {
    let report = joined(
        "use axum::{Router, routing::get};
async fn me() -> &'static str { \"hello\" }
#[tokio::main]
async fn main() {
    let app = Router::new().route(\"/me\", get(me));
    axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap();
}
",
    );
    let code = report.findings[0].code.as_ref().unwrap();
    assert_eq!(code.sentence(), "nothing that was found in the code needs it: it can go now");
}
