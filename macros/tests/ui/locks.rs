//! Calls that were right while the state was in the process: the error names the accessor.
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, RwLock};

use stateless_store::externalized;

#[externalized(key = "session:{}", ttl = "1h")]
static SESSIONS: LazyLock<Mutex<HashMap<String, String>>> =
    LazyLock::new(|| Mutex::new(HashMap::new()));

#[externalized(key = "motd")]
static MOTD: RwLock<Option<String>> = RwLock::new(None);

#[externalized(key = "orders")]
static ORDERS: AtomicU64 = AtomicU64::new(1000);

fn main() {
    SESSIONS.lock().unwrap().insert("a".to_owned(), "b".to_owned());
    for _ in SESSIONS.iter() {}
    let _ = SESSIONS.len();
    let _ = MOTD.read();
    let _ = ORDERS.fetch_add(1, Ordering::Relaxed);
}
