//! Statics of every form.

cases! {
    plain_static: ["NOTES static entity w=POST:/set r=GET:/show"] r##"
//# std axum
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());
async fn set(body: String) { NOTES.lock().unwrap().push(body); }
async fn show() -> String { NOTES.lock().unwrap().join(",") }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    static_mut: ["LAST static sequence|entity|config w=POST:/set r=GET:/show"] r##"
//# std axum
static mut LAST: Option<String> = None;
async fn set(body: String) { unsafe { LAST = Some(body); } }
async fn show() -> String { unsafe { LAST.clone().unwrap_or_default() } }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    lazy_static: ["ROOMS static entity w=POST:/set r=GET:/show"] r##"
//# std axum
lazy_static::lazy_static! {
    /// Rooms by name.
    pub static ref ROOMS: Mutex<HashMap<String, String>> = Mutex::new(HashMap::new());
    static ref WORDS: Vec<String> = load();
}
async fn set(body: String) { ROOMS.lock().unwrap().insert(WORDS[0].clone(), body); }
async fn show(id: String) -> String { ROOMS.lock().unwrap()[&id].clone() }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    once_cell: ["ROOMS static entity w=POST:/set r=GET:/show"] r##"
//# std axum
use once_cell::sync::Lazy;
static ROOMS: Lazy<RwLock<HashMap<String, String>>> = Lazy::new(|| RwLock::new(HashMap::new()));
static NAMES: Lazy<regex::Regex> = Lazy::new(|| regex::Regex::new("x").unwrap());
async fn set(body: String) { if NAMES.is_match(&body) { ROOMS.write().unwrap().insert(body.clone(), body); } }
async fn show(id: String) -> String { ROOMS.read().unwrap()[&id].clone() }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    once_lock_filled_on_demand: ["ROOMS static entity w=POST:/set r=GET:/show"] r##"
//# std axum
static ROOMS: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
fn rooms() -> &'static Mutex<Vec<String>> { ROOMS.get_or_init(|| Mutex::new(Vec::new())) }
async fn set(body: String) { rooms().lock().unwrap().push(body); }
async fn show() -> String { rooms().lock().unwrap().join(",") }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    once_lock_set_in_main: [] r##"
//# std axum
static BASE: OnceLock<String> = OnceLock::new();
async fn show() -> String { BASE.get().unwrap().clone() }
async fn main() {
    BASE.set(std::env::var("BASE").unwrap()).unwrap();
    axum::serve(l, Router::new().route("/show", get(show))).await;
}
"##
    atomic_number_for_clients: ["NEXT static sequence w=POST:/order"] r##"
//# std axum
static NEXT: AtomicU64 = AtomicU64::new(1);
async fn order() -> String { let id = NEXT.fetch_add(1, Ordering::Relaxed); format!("order {id}") }
async fn main() { axum::serve(l, Router::new().route("/order", post(order))).await; }
"##
    atomic_on_the_metrics_route: [] r##"
//# std axum
static REQUESTS: AtomicU64 = AtomicU64::new(0);
async fn order() -> &'static str { REQUESTS.fetch_add(1, Ordering::Relaxed); "done" }
async fn metrics() -> String { format!("requests_total {}", REQUESTS.load(Ordering::Relaxed)) }
async fn main() { axum::serve(l, Router::new().route("/order", post(order)).route("/metrics", get(metrics))).await; }
"##
    atomic_switched_by_a_handler: ["CLOSED static config|coordination|entity w=POST:/close r=GET:/buy"] r##"
//# std axum
static CLOSED: AtomicBool = AtomicBool::new(false);
async fn close() { CLOSED.store(true, Ordering::SeqCst); }
async fn buy() -> &'static str { if CLOSED.load(Ordering::SeqCst) { "closed" } else { "ok" } }
async fn main() { axum::serve(l, Router::new().route("/close", post(close)).route("/buy", get(buy))).await; }
"##
    thread_local: ["DRAFTS thread-local - w=POST:/set r=GET:/show"] r##"
//# std axum
use std::cell::RefCell;
thread_local! { static DRAFTS: RefCell<HashMap<String, String>> = RefCell::new(HashMap::new()); }
async fn set(body: String) { DRAFTS.with(|drafts| drafts.borrow_mut().insert(body.clone(), body)); }
async fn show(id: String) -> String { DRAFTS.with_borrow(|drafts| drafts[&id].clone()) }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    thread_local_scratch: [] r##"
//# std axum
use std::cell::RefCell;
thread_local! { static BUFFER: RefCell<String> = const { RefCell::new(String::new()) }; }
async fn show(id: String) -> String {
    BUFFER.with(|buffer| { let mut text = buffer.borrow_mut(); text.clear(); text.push_str(&id); text.clone() })
}
async fn main() { axum::serve(l, Router::new().route("/show", get(show))).await; }
"##
    function_local_static: ["next::COUNT|COUNT static sequence w=POST:/next"] r##"
//# std axum
async fn next() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::SeqCst).to_string()
}
async fn main() { axum::serve(l, Router::new().route("/next", post(next))).await; }
"##
    never_written_after_start: [] r##"
//# std axum
static PLANS: LazyLock<RwLock<HashMap<String, u32>>> = LazyLock::new(Default::default);
async fn show(id: String) -> String { PLANS.read().unwrap()[&id].to_string() }
async fn main() {
    PLANS.write().unwrap().insert("free".into(), 1);
    axum::serve(l, Router::new().route("/show", get(show))).await;
}
"##
    field_of_a_type_that_only_a_static_holds: ["Store::notes static entity"] r##"
//# std axum
#[derive(Default)]
struct Store { notes: Vec<String>, words: HashMap<String, u32>, owner: Option<String> }
static STORE: LazyLock<RwLock<Store>> = LazyLock::new(Default::default);
async fn add(note: String) { STORE.write().unwrap().notes.push(note); }
async fn list() -> String { STORE.read().unwrap().notes.join("\n") }
async fn main() { axum::serve(l, Router::new().route("/", get(list).post(add))).await; }
"##
    last_lines_of_the_log: [] r##"
//# std axum
static LINES: LazyLock<RwLock<VecDeque<String>>> = LazyLock::new(Default::default);
struct Kept;
impl log::Log for Kept {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool { true }
    fn log(&self, record: &log::Record<'_>) { keep(record.args().to_string()); }
    fn flush(&self) {}
}
fn keep(line: String) { let mut lines = LINES.write().unwrap(); if lines.len() == 100 { lines.pop_front(); } lines.push_back(line); }
async fn show() -> String { LINES.read().unwrap().iter().cloned().collect() }
async fn main() {
    log::set_boxed_logger(Box::new(Kept)).unwrap();
    axum::serve(l, Router::new().route("/log", get(show))).await;
}
"##
}
