//! Statics that cannot be externalised as they are written.
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::sync::atomic::AtomicU64;

use stateless_store::externalized;

#[externalized]
static NO_KEY: Mutex<HashMap<String, u32>>;

#[externalized(key = "a")]
static NO_PLACE: Mutex<HashMap<String, u32>>;

#[externalized(key = "b:{}")]
static ONE_VALUE: Mutex<Option<String>>;

#[externalized(key = "c:{}")]
static mut MUTABLE: Mutex<HashMap<String, u32>>;

#[externalized(key = "d:{}")]
static FILLED: LazyLock<Mutex<HashMap<&'static str, u32>>> =
    LazyLock::new(|| Mutex::new(HashMap::from([("a", 1)])));

#[externalized(key = "e")]
static TEXT: Mutex<u64> = Mutex::new(7);

#[externalized(key = "f", list)]
static LISTED: AtomicU64 = AtomicU64::new(1);

#[externalized(key = "g:{}", tll = "1h")]
static MISSPELT: Mutex<HashMap<String, u32>>;

#[externalized(key = "h")]
struct Type {
    text: String,
}

fn main() {}
