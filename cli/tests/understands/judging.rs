//! Accesses through helpers, guards and methods, their routes, and what a finding says.

cases! {
    guard_from_a_helper: ["App::carts shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Clone, Default)]
struct App { carts: Arc<Mutex<HashMap<String, String>>> }
impl App { fn carts(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> { self.carts.lock().unwrap() } }
fn put(carts: &mut HashMap<String, String>, body: String) { carts.insert(body.clone(), body); }
async fn set(State(app): State<App>, body: String) { let mut carts = app.carts(); put(&mut carts, body); }
async fn show(State(app): State<App>, id: String) -> String { app.carts()[&id].clone() }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(App::default())).await;
}
"##
    entry_chain: ["App::carts shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Clone, Default)]
struct App { carts: Arc<RwLock<HashMap<String, Vec<String>>>> }
async fn set(State(app): State<App>, Json((id, item)): Json<(String, String)>) { app.carts.write().unwrap().entry(id).or_default().push(item); }
async fn show(State(app): State<App>, id: String) -> String { app.carts.read().unwrap().get(&id).map(|cart| cart.join(",")).unwrap_or_default() }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(App::default())).await;
}
"##
    methods_of_the_holder: ["Store::carts shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Default)]
struct Store { carts: RwLock<HashMap<String, String>> }
impl Store {
    fn save(&self, body: String) { self.save_as(body.clone(), body) }
    fn save_as(&self, id: String, body: String) { if let Ok(mut carts) = self.carts.write() { carts.insert(id, body); } }
    fn find(&self, id: &str) -> Option<String> { let carts = self.carts.read().ok()?; carts.get(id).cloned() }
}
#[derive(Clone, Default)]
struct App { store: Arc<Store> }
async fn set(State(app): State<App>, body: String) { app.store.save(body) }
async fn show(State(App { store, .. }): State<App>, id: String) -> String { store.find(&id).unwrap_or_default() }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(App::default())).await;
}
"##
    field_behind_a_lock: ["Inner::carts shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Default)]
struct Inner { carts: HashMap<String, String>, name: String }
type Shared = Arc<Mutex<Inner>>;
async fn set(State(app): State<Shared>, body: String) { let mut app = app.lock().unwrap(); app.carts.insert(body.clone(), body); }
async fn show(State(app): State<Shared>, id: String) -> String { let app = app.lock().unwrap(); format!("{}{}", app.name, app.carts[&id]) }
async fn main() {
    let app = Shared::default();
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    written_in_the_background: ["App::prices shared-field - r=GET:/show"] r##"
//# std axum
#[derive(Clone, Default)]
struct App { prices: Arc<RwLock<HashMap<String, f64>>> }
async fn follow(app: App, mut feed: Feed) { while let Some((name, price)) = feed.next().await { app.prices.write().unwrap().insert(name, price); } }
async fn set(State(app): State<App>, Json((name, price)): Json<(String, f64)>) { app.prices.write().unwrap().insert(name, price); }
async fn show(State(app): State<App>, id: String) -> String { app.prices.read().unwrap()[&id].to_string() }
async fn main() {
    let app = App::default();
    tokio::spawn(follow(app.clone(), feed()));
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    grows_without_bound: ["LOG static - unbounded"] r##"
//# std axum
static LOG: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Default::default);
async fn set(body: String) { LOG.lock().unwrap().push(body); }
async fn show() -> String { LOG.lock().unwrap().join(",") }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    bounded_by_removal: ["LOG static - bounded"] r##"
//# std axum
static LOG: LazyLock<Mutex<VecDeque<String>>> = LazyLock::new(Default::default);
async fn set(body: String) { let mut log = LOG.lock().unwrap(); if log.len() == 100 { log.pop_front(); } log.push_back(body); }
async fn show() -> String { LOG.lock().unwrap().iter().cloned().collect() }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    names_alone_prove_nothing: [] r##"
//# std axum
#[derive(Clone)]
struct App { sessions: HashMap<String, String>, cache: String, rate_limit: u32 }
async fn show(State(app): State<App>, id: String) -> String { format!("{}{}{}", app.sessions[&id], app.cache, app.rate_limit) }
async fn main() { axum::serve(l, Router::new().route("/show", get(show)).with_state(load())).await; }
"##
    one_finding_a_site: ["App::sessions shared-field session w=POST:/login,POST:/logout r=GET:/me"] r##"
//# std axum
type Sessions = Arc<RwLock<HashMap<String, String>>>;
#[derive(Clone)]
struct App { sessions: Sessions }
async fn login(State(app): State<App>, body: String) -> String { let token = uuid::Uuid::new_v4().to_string(); app.sessions.write().unwrap().insert(token.clone(), body); token }
async fn logout(State(app): State<App>, token: String) { app.sessions.write().unwrap().remove(&token); }
async fn me(State(app): State<App>, token: String) -> Result<String, StatusCode> { app.sessions.read().unwrap().get(&token).cloned().ok_or(StatusCode::UNAUTHORIZED) }
async fn main() {
    let sessions: Sessions = Arc::new(RwLock::new(HashMap::new()));
    let app = App { sessions: sessions.clone() };
    let router = Router::new().route("/login", post(login)).route("/logout", post(logout)).route("/me", get(me));
    axum::serve(l, router.with_state(app)).await;
}
"##
    role_from_a_name_alone: ["SEEN static entity w=POST:/set r=GET:/show"] r##"
//# std axum
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
async fn set(body: String) { SEEN.lock().unwrap().push(body); }
async fn show() -> String { SEEN.lock().unwrap().join(",") }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    keys_in_a_cache_without_values: ["SENT static coordination w=POST:/send"] r##"
//# std axum
static SENT: LazyLock<Mutex<lru::LruCache<String, ()>>> = LazyLock::new(|| Mutex::new(lru::LruCache::new(SIZE)));
async fn send(id: String) -> StatusCode {
    let mut known = SENT.lock().unwrap();
    if known.get(&id).is_some() { return StatusCode::CONFLICT; }
    known.put(id, ());
    StatusCode::OK
}
async fn main() { axum::serve(l, Router::new().route("/send", post(send))).await; }
"##
    list_of_who_did_it_when: ["App::signups shared-field *"] r##"
//# std axum
use std::{net::IpAddr, time::{Duration, SystemTime}};
struct Signup { from: IpAddr, at: SystemTime }
#[derive(Clone, Default)]
struct App { signups: Arc<RwLock<Vec<Signup>>> }
async fn join(State(app): State<App>, Json(from): Json<IpAddr>) -> StatusCode {
    let now = SystemTime::now();
    let mut count = 0;
    for one in app.signups.read().unwrap().iter() { if one.from == from && one.at > now - Duration::from_secs(3600) { count += 1; } }
    if count > 5 { return StatusCode::TOO_MANY_REQUESTS; }
    app.signups.write().unwrap().push(Signup { from, at: now });
    StatusCode::OK
}
async fn main() { axum::serve(l, Router::new().route("/join", post(join)).with_state(App::default())).await; }
"##
    one_asks_and_the_others_wait: [] r##"
//# std axum
use tokio::sync::watch;
#[derive(Clone, Default)]
struct Joined { asked: Arc<tokio::sync::RwLock<HashMap<String, watch::Receiver<Option<String>>>>> }
impl Joined {
    async fn ask(&self, name: String, client: &reqwest::Client) -> String {
        let (answer, waits) = watch::channel(None);
        self.asked.write().await.insert(name.clone(), waits);
        let text = client.get(&name).send().await.unwrap().text().await.unwrap();
        answer.send(Some(text.clone())).unwrap();
        self.asked.write().await.remove(&name);
        text
    }
    async fn get(&self, name: String, client: &reqwest::Client) -> String {
        let known = self.asked.read().await.get(&name).cloned();
        match known {
            Some(mut waits) => waits.wait_for(|text| text.is_some()).await.unwrap().clone().unwrap(),
            None => self.ask(name, client).await,
        }
    }
}
async fn show(State((joined, client)): State<(Joined, reqwest::Client)>, name: String) -> String { joined.get(name, &client).await }
async fn main() {
    axum::serve(l, Router::new().route("/show", get(show)).with_state((Joined::default(), reqwest::Client::new()))).await;
}
"##
    one_function_alone: ["App::last shared-field entity warning"] r##"
//# std axum
#[derive(Clone)]
struct App { last: Arc<Mutex<Vec<String>>> }
async fn swap(State(app): State<App>, line: String) -> String {
    let mut last = app.last.lock().unwrap();
    let before = last.join(",");
    last.push(line);
    before
}
async fn main() { axum::serve(l, Router::new().route("/", post(swap)).with_state(app())).await; }
"##
    one_writes_what_another_reads: ["App::last shared-field entity error"] r##"
//# std axum
#[derive(Clone)]
struct App { last: Arc<Mutex<Vec<String>>> }
async fn add(State(app): State<App>, line: String) { app.last.lock().unwrap().push(line); }
async fn all(State(app): State<App>) -> String { app.last.lock().unwrap().join(",") }
async fn main() { axum::serve(l, Router::new().route("/", post(add).get(all)).with_state(app())).await; }
"##
    circuit_breakers: [] r##"
//# std axum
enum CircuitState { Open, Closed }
struct Seen { state: CircuitState, failures: u32 }
#[derive(Clone)]
struct Providers { seen: Arc<Mutex<HashMap<String, Seen>>> }
async fn pass(State(providers): State<Providers>, name: String) -> StatusCode {
    if providers.seen.lock().unwrap().get(&name).is_some_and(|seen| seen.failures > 3) { return StatusCode::BAD_GATEWAY; }
    if ask(&name).await.is_err() { providers.seen.lock().unwrap().insert(name, Seen { state: CircuitState::Open, failures: 4 }); }
    StatusCode::OK
}
async fn main() { axum::serve(l, Router::new().route("/", get(pass)).with_state(providers())).await; }
"##
    balancers_at_most_warn: ["Balancer::upstreams shared-field * warning"] r##"
//# std axum
#[derive(Clone)]
struct Balancer { upstreams: Arc<Mutex<HashMap<String, String>>> }
async fn join(State(balancer): State<Balancer>, name: String) { balancer.upstreams.lock().unwrap().insert(name.clone(), name); }
async fn show(State(balancer): State<Balancer>, name: String) -> String { balancer.upstreams.lock().unwrap().get(&name).cloned().unwrap_or_default() }
async fn main() { axum::serve(l, Router::new().route("/join", post(join)).route("/", get(show)).with_state(balancer())).await; }
"##
    settings_read_by_a_library: [] r##"
//# std axum
use figment::{Figment, providers::{Format, Toml}};
struct Loaded { text: String, changed: std::time::SystemTime }
struct Loader { loaded: RwLock<Loaded>, path: std::path::PathBuf }
impl Loader {
    fn get(&self) -> String {
        let changed = self.path.metadata().unwrap().modified().unwrap();
        if changed <= self.loaded.read().unwrap().changed { return self.loaded.read().unwrap().text.clone(); }
        let mut loaded = self.loaded.write().unwrap();
        loaded.text = Figment::new().merge(Toml::file(&self.path)).extract().unwrap();
        loaded.changed = changed;
        loaded.text.clone()
    }
}
async fn show(State(loader): State<Arc<Loader>>) -> String { loader.get() }
async fn main() { axum::serve(l, Router::new().route("/", get(show)).with_state(loader())).await; }
"##
}
