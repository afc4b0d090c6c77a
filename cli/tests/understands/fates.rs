//! What becomes of a value: numbers that never leave, values that stand in for a missing setting.

cases! {
    cursor_over_own_choices: [] r##"
//# std axum
struct Upstreams { next: AtomicUsize, all: Vec<String> }
impl Upstreams {
    fn pick(&self) -> String {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.all.len() {
            let at = (turn + offset) % self.all.len();
            if !self.all[at].is_empty() { return self.all[at].clone(); }
        }
        String::new()
    }
}
async fn forward(State(app): State<Arc<Upstreams>>) -> String { fetch(app.pick()).await }
async fn main() { axum::serve(l, Router::new().route("/", get(forward)).with_state(Arc::new(load()))).await; }
"##
    number_only_in_the_log: [] r##"
//# std axum
static TURN: AtomicU64 = AtomicU64::new(0);
async fn show() -> String { let turn = TURN.fetch_add(1, Ordering::Relaxed); tracing::info!(turn, "asked"); String::new() }
async fn main() { axum::serve(l, Router::new().route("/", get(show))).await; }
"##
    number_that_is_answered: ["TURN static sequence w=GET:/"] r##"
//# std axum
static TURN: AtomicU64 = AtomicU64::new(0);
async fn show() -> String { let turn = TURN.fetch_add(1, Ordering::Relaxed); tracing::info!(turn, "asked"); format!("{turn}") }
async fn main() { axum::serve(l, Router::new().route("/", get(show))).await; }
"##
    number_in_state_of_that_name: ["AppState::id shared-field sequence w=POST:/rooms"] r##"
//# std axum
#[derive(Default)]
struct AppState { id: usize, names: Vec<String> }
impl AppState { fn add(&mut self) -> usize { self.id += 1; self.id - 1 } }
async fn create(State(app): State<Arc<Mutex<AppState>>>) -> String { app.lock().unwrap().add().to_string() }
async fn main() { axum::serve(l, Router::new().route("/rooms", post(create)).with_state(Arc::new(Mutex::new(AppState::default())))).await; }
"##
    secret_where_none_is_given: ["new::secret process-secret secret"] r##"
//# std axum
fn letters(n: usize) -> String { rand::rng().sample_iter(Alphanumeric).take(n).map(char::from).collect() }
struct State { mac: Hmac }
impl State { fn new(options: Options) -> State { let secret = options.secret.unwrap_or_else(|| letters(22)); State { mac: Hmac::new_from_slice(secret.as_bytes()).unwrap() } } }
async fn show() -> String { String::new() }
async fn main() { let state = State::new(Options::parse()); axum::serve(l, Router::new().route("/", get(show)).with_state(Arc::new(state))).await; }
"##
    when_it_was_last_seen_is_no_memo: ["App::last shared-field rate-limit|entity w=POST:/pixel"] r##"
//# std axum
#[derive(Clone, Default)]
struct App { last: Arc<RwLock<HashMap<IpAddr, Instant>>> }
async fn paint(State(app): State<App>, ConnectInfo(client): ConnectInfo<SocketAddr>) -> StatusCode {
    let mut last = app.last.write().unwrap();
    if let Some(then) = last.get(&client.ip()) && then.elapsed().as_secs() < 5 { return StatusCode::TOO_MANY_REQUESTS; }
    last.insert(client.ip(), Instant::now());
    StatusCode::OK
}
async fn main() { axum::serve(l, Router::new().route("/pixel", post(paint)).with_state(App::default())).await; }
"##
    taken_is_looked_at_by_what_it_is_lent_to: ["main::taken shared-local *"] r##"
//# std rocket
#[post("/rooms")]
fn create(taken: &State<Mutex<HashSet<u32>>>) -> String {
    let all: HashSet<u32> = (0..9999).collect();
    let mut taken = taken.lock().unwrap();
    let free: Vec<&u32> = all.difference(&taken).collect();
    let id = *free[0];
    taken.insert(id);
    id.to_string()
}
#[launch]
fn main() -> _ { let taken: Mutex<HashSet<u32>> = Mutex::new(HashSet::new()); rocket::build().manage(taken).mount("/", routes![create]) }
"##
    key_pair_for_a_certificate: [] r##"
//# std axum
async fn order(domain: String) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec![domain]).unwrap();
    params.serialize_request(&key).unwrap().der().to_vec()
}
async fn show() -> String { String::new() }
async fn main() { order("a".into()).await; axum::serve(l, Router::new().route("/", get(show))).await; }
"##
    those_who_wait_for_one_answer: [] r##"
//# std axum
#[derive(Default)]
struct Joins { waiting: tokio::sync::Mutex<HashMap<String, Vec<tokio::sync::oneshot::Sender<String>>>> }
impl Joins {
    async fn fetch(&self, key: String) -> String {
        let mut waiting = self.waiting.lock().await;
        if let Some(others) = waiting.get_mut(&key) {
            let (tx, rx) = tokio::sync::oneshot::channel();
            others.push(tx);
            drop(waiting);
            return rx.await.unwrap();
        }
        waiting.insert(key.clone(), Vec::new());
        drop(waiting);
        let answer = ask(&key).await;
        for other in self.waiting.lock().await.remove(&key).unwrap_or_default() { let _ = other.send(answer.clone()); }
        answer
    }
}
async fn show(State(app): State<Arc<Joins>>, key: String) -> String { app.fetch(key).await }
async fn main() { axum::serve(l, Router::new().route("/", get(show)).with_state(Arc::new(Joins::default()))).await; }
"##
    tide_state: ["Hits::count shared-field sequence w=GET:/inc r=GET:/"] r##"
//# std
#[derive(Clone, Default)]
struct Hits { count: Arc<AtomicU64> }
async fn main() {
    let mut app = tide::with_state(Hits::default());
    app.at("/").get(|req: tide::Request<Hits>| async move { Ok(req.state().count.load(Ordering::Relaxed).to_string()) });
    app.at("/inc").get(|req: tide::Request<Hits>| async move { Ok((req.state().count.fetch_add(1, Ordering::Relaxed) + 1).to_string()) });
    app.listen("127.0.0.1:8080").await;
}
"##
    tide_lock_as_state: ["main::t shared-local entity w=POST:/api/x r=GET:/api/x"] r##"
//# std
type Store = Arc<Mutex<Vec<String>>>;
async fn list(req: tide::Request<Store>) -> tide::Result<String> { Ok(req.state().lock().unwrap().join(",")) }
async fn add(mut req: tide::Request<Store>) -> tide::Result<String> {
    let text = req.body_string().await?;
    req.state().lock().unwrap().push(text);
    Ok(String::new())
}
async fn main() {
    let mut app = tide::new();
    app.at("/api").nest({
        let mut t = tide::with_state(Store::default());
        t.at("/x").get(list).post(add);
        t
    });
    app.listen("127.0.0.1:8080").await;
}
"##
    tide_state_told_by_its_handlers: ["main::app shared-local * w=POST:/x r=GET:/x"] r##"
//# std
async fn show(req: tide::Request<Arc<Mutex<HashMap<String, String>>>>) -> tide::Result<String> {
    Ok(req.state().lock().unwrap().get("a").cloned().unwrap_or_default())
}
async fn put(req: tide::Request<Arc<Mutex<HashMap<String, String>>>>) -> tide::Result<String> {
    req.state().lock().unwrap().insert("a".into(), "b".into());
    Ok(String::new())
}
async fn main() {
    let mut app = tide::with_state(Arc::new(Mutex::new(HashMap::new())));
    app.at("/x").get(show).post(put);
    app.listen("127.0.0.1:8080").await;
}
"##
    health_of_a_player: ["Player::health shared-field * w=POST:/hit r=GET:/"] r##"
//# std axum
struct Player { health: AtomicU64 }
async fn hit(State(player): State<Arc<Player>>, by: u64) { player.health.store(by, Ordering::SeqCst); }
async fn show(State(player): State<Arc<Player>>) -> String { player.health.load(Ordering::SeqCst).to_string() }
async fn main() { axum::serve(l, Router::new().route("/hit", post(hit)).route("/", get(show)).with_state(player())).await; }
"##
    signal_to_end: [] r##"
//# std axum
use tokio::sync::Notify;
#[derive(Clone)]
struct Ending { shutdown: Arc<(AtomicBool, Notify)> }
async fn end(State(ending): State<Ending>) { ending.shutdown.0.store(true, Ordering::SeqCst); ending.shutdown.1.notify_waiters(); }
async fn show(State(ending): State<Ending>) -> String { if ending.shutdown.0.load(Ordering::SeqCst) { "no" } else { "yes" }.into() }
async fn main() { axum::serve(l, Router::new().route("/end", post(end)).route("/", get(show)).with_state(ending())).await; }
"##
    how_much_is_going_on: [] r##"
//# std axum
struct Backend { open: AtomicUsize }
async fn pass(State(backend): State<Arc<Backend>>) -> String {
    if backend.open.load(Ordering::SeqCst) > 100 { return "busy".into(); }
    backend.open.fetch_add(1, Ordering::SeqCst);
    let answer = ask().await;
    backend.open.fetch_sub(1, Ordering::SeqCst);
    answer
}
async fn admin(State(backend): State<Arc<Backend>>) -> String { backend.open.load(Ordering::SeqCst).to_string() }
async fn main() { axum::serve(l, Router::new().route("/", get(pass)).route("/admin/open", get(admin)).with_state(backend())).await; }
"##
    when_each_key_was_last_seen: ["App::posted shared-field rate-limit w=POST:/post"] r##"
//# std axum
use std::time::{Duration, Instant};
#[derive(Clone)]
struct App { posted: Arc<Mutex<HashMap<String, Instant>>> }
async fn post_it(State(app): State<App>, name: String) -> StatusCode {
    let mut posted = app.posted.lock().unwrap();
    if posted.get(&name).is_some_and(|at| at.elapsed() < Duration::from_secs(5)) { return StatusCode::TOO_MANY_REQUESTS; }
    posted.insert(name, Instant::now());
    StatusCode::OK
}
async fn main() { axum::serve(l, Router::new().route("/post", post(post_it)).with_state(app())).await; }
"##
}
