//! Numbers: what becomes of a counter's value says whether anybody outside could tell two processes apart.

cases! {
    id_that_only_keys_a_table: ["CLIENTS static connection"] r##"
//# std axum
static NEXT: AtomicUsize = AtomicUsize::new(1);
static CLIENTS: LazyLock<Mutex<HashMap<usize, UnboundedSender<String>>>> = LazyLock::new(Default::default);
use tokio::sync::mpsc::UnboundedSender;
fn join(id: usize, tx: UnboundedSender<String>) { tracing::info!("{id} joined"); CLIENTS.lock().unwrap().insert(id, tx); }
fn others(me: usize, text: String) {
    for (id, tx) in CLIENTS.lock().unwrap().iter() { if *id != me { tx.send(text.clone()).ok(); } }
}
async fn talk(text: String) {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    join(id, channel());
    others(id, text);
    CLIENTS.lock().unwrap().remove(&id);
}
async fn main() { axum::serve(l, Router::new().route("/talk", post(talk))).await; }
"##
    id_that_a_message_names: ["NEXT static sequence w=POST:/talk"] r##"
//# std axum
static NEXT: AtomicUsize = AtomicUsize::new(1);
fn say(me: usize, text: String) -> String { format!("<{me}> {text}") }
async fn talk(text: String) -> String { let id = NEXT.fetch_add(1, Ordering::Relaxed); say(id, text) }
async fn main() { axum::serve(l, Router::new().route("/talk", post(talk))).await; }
"##
    id_in_a_type_that_is_sent: ["App::next shared-field sequence"] r##"
//# std axum
#[derive(Clone)]
struct App { next: Arc<AtomicU64> }
#[derive(serde::Serialize)]
struct Ticket { number: u64, who: String }
impl App { fn next(&self) -> u64 { self.next.fetch_add(1, Ordering::SeqCst) } }
async fn take(State(app): State<App>, who: String) -> Json<Ticket> { let number = app.next(); Json(Ticket { number, who }) }
async fn main() { axum::serve(l, Router::new().route("/tickets", post(take)).with_state(app())).await; }
"##
    cursor_over_upstreams: [] r##"
//# std axum
struct Pool { urls: Vec<String>, next: AtomicUsize }
impl Pool {
    fn pick(&self) -> Option<&String> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        (0..self.urls.len()).map(|step| &self.urls[(start + step) % self.urls.len()]).find(|url| !url.is_empty())
    }
}
async fn pass(State(pool): State<Arc<Pool>>, body: String) -> String {
    reqwest::Client::new().post(pool.pick().unwrap()).body(body).send().await.unwrap().text().await.unwrap()
}
async fn main() { axum::serve(l, Router::new().route("/pass", post(pass)).with_state(pool())).await; }
"##
    number_of_open_connections: [] r##"
//# std axum
#[derive(Clone)]
struct Open(Arc<AtomicUsize>);
impl Open {
    fn more(&self) -> usize { self.0.fetch_add(1, Ordering::Relaxed) }
    fn less(&self) -> usize { self.0.fetch_sub(1, Ordering::Relaxed) }
}
#[derive(Clone)]
struct App { open: Open }
async fn serve(State(app): State<App>) -> StatusCode {
    if app.open.more() > 500 { app.open.less(); return StatusCode::SERVICE_UNAVAILABLE; }
    work().await;
    app.open.less();
    StatusCode::OK
}
async fn main() { axum::serve(l, Router::new().route("/", get(serve)).with_state(app())).await; }
"##
    how_long_to_wait: [] r##"
//# std axum
#[derive(Clone)]
struct App { failed: Arc<AtomicU64> }
fn pause(failed: &AtomicU64) -> std::time::Duration { std::time::Duration::from_millis(failed.fetch_add(1, Ordering::Relaxed) * 100) }
async fn ask(State(app): State<App>) -> String {
    match upstream().await {
        Ok(text) => { app.failed.store(0, Ordering::Relaxed); text }
        Err(_) => { tokio::time::sleep(pause(&app.failed)).await; String::new() }
    }
}
async fn main() { axum::serve(l, Router::new().route("/", get(ask)).with_state(app())).await; }
"##
    times_by_route_for_a_reporter: [] r##"
//# std axum
use std::time::{Duration, Instant};
#[derive(Default)]
struct RouteMetrics { times: HashMap<String, Vec<Duration>>, longest: [AtomicU64; 4] }
type Shared = Arc<Mutex<RouteMetrics>>;
async fn show(State(metrics): State<Shared>) -> String {
    let began = Instant::now();
    let text = load().await;
    let mut metrics = metrics.lock().unwrap();
    metrics.times.entry("show".into()).or_default().push(began.elapsed());
    let longest = metrics.longest[0].load(Ordering::Relaxed);
    if text.len() as u64 > longest { metrics.longest[0].compare_exchange(longest, text.len() as u64, Ordering::Relaxed, Ordering::Relaxed).ok(); }
    text
}
async fn scrape(metrics: Shared, listener: tokio::net::TcpListener) {
    while let Ok((mut socket, _)) = listener.accept().await {
        for (route, times) in metrics.lock().unwrap().times.drain() { socket.write(format!("{route} {times:?}")).await; }
    }
}
async fn main() {
    let metrics = Shared::default();
    tokio::spawn(scrape(metrics.clone(), listener()));
    axum::serve(l, Router::new().route("/show", get(show)).with_state(metrics)).await;
}
"##
}
