use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};

// stateless: allow(in-memory-data, reason = "only for the open day, which one replica serves")
static VISITORS: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Default::default);

async fn enter(Path(name): Path<String>) {
    VISITORS.lock().unwrap().insert(name, 1);
}

async fn show(Path(name): Path<String>) -> Option<String> {
    VISITORS.lock().unwrap().get(&name).map(u64::to_string)
}

// stateless: allow(timer, reason = "each replica cleans up its own list")
#[tokio::main]
async fn main() {
    let app = Router::new().route("/visitors/{name}", post(enter).get(show));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
