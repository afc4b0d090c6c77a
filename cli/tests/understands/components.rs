//! Library parts that keep state by themselves, and keys made at random.

cases! {
    tower_sessions_bound: ["main::sessions|main::store component session"] r##"
//# axum
use tower_sessions::{MemoryStore, SessionManagerLayer};
async fn show() {}
async fn main() {
    let store = MemoryStore::default();
    axum::serve(l, Router::new().route("/show", get(show)).layer(SessionManagerLayer::new(store))).await;
}
"##
    tower_sessions_inline: ["* component session"] r##"
//# axum
async fn show() {}
async fn main() {
    let layer = tower_sessions::SessionManagerLayer::new(tower_sessions::MemoryStore::default()).with_secure(false);
    axum::serve(l, Router::new().route("/show", get(show)).layer(layer)).await;
}
"##
    async_session: ["App::store shared-field session"] r##"
//# axum
use async_session::MemoryStore;
#[derive(Clone)]
struct App { store: MemoryStore }
async fn set(State(app): State<App>) { app.store.store_session(async_session::Session::new()).await.unwrap(); }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).with_state(App { store: MemoryStore::new() })).await; }
"##
    axum_session_null_pool: ["* component session"] r##"
//# axum
use axum_session::{SessionConfig, SessionLayer, SessionNullPool, SessionStore};
async fn show() {}
async fn main() {
    let store = SessionStore::<SessionNullPool>::new(None, SessionConfig::default()).await.unwrap();
    axum::serve(l, Router::new().route("/show", get(show)).layer(SessionLayer::new(store))).await;
}
"##
    governor: ["App::limiter component|shared-field rate-limit"] r##"
//# std axum
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
#[derive(Clone)]
struct App { limiter: Arc<DefaultKeyedRateLimiter<String>> }
async fn set(State(app): State<App>, body: String) -> StatusCode { if app.limiter.check_key(&body).is_err() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK } }
async fn main() {
    let app = App { limiter: Arc::new(RateLimiter::keyed(Quota::per_second(ten()))) };
    axum::serve(l, Router::new().route("/set", post(set)).with_state(app)).await;
}
"##
    tower_governor: ["* component rate-limit"] r##"
//# std axum
use tower_governor::{governor::GovernorConfigBuilder, GovernorLayer};
async fn show() {}
async fn main() {
    let limits = Arc::new(GovernorConfigBuilder::default().per_second(2).burst_size(5).finish().unwrap());
    axum::serve(l, Router::new().route("/show", get(show)).layer(GovernorLayer { config: limits })).await;
}
"##
    actix_governor: ["* component rate-limit"] r##"
//# actix
use actix_governor::{Governor, GovernorConfigBuilder};
#[get("/show")]
async fn show() -> impl Responder { "ok" }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let limits = GovernorConfigBuilder::default().burst_size(5).finish().unwrap();
    HttpServer::new(move || App::new().wrap(Governor::new(&limits)).service(show)).bind("0.0.0.0:80")?.run().await
}
"##
    tower_rate_limit: ["* component rate-limit"] r##"
//# axum
use tower::limit::RateLimitLayer;
async fn show() {}
async fn main() {
    let app = Router::new().route("/show", get(show)).layer(RateLimitLayer::new(5, std::time::Duration::from_secs(1)));
    axum::serve(l, app).await;
}
"##
    moka_written_by_a_handler: ["App::profiles shared-field|component cache|entity w=GET:/show,POST:/set"] r##"
//# axum
#[derive(Clone)]
struct App { profiles: moka::future::Cache<String, String> }
async fn set(State(app): State<App>, body: String) { db::save(&body).await; app.profiles.insert(body.clone(), body).await; }
async fn show(State(app): State<App>, id: String) -> String { app.profiles.get_with(id.clone(), async move { db::load(&id).await }).await }
async fn main() {
    let app = App { profiles: moka::future::Cache::new(100) };
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    moka_read_through: ["App::pages shared-field cache note"] r##"
//# axum
#[derive(Clone)]
struct App { pages: moka::future::Cache<String, String> }
async fn show(State(app): State<App>, id: String) -> String { app.pages.get_with(id.clone(), async move { db::load(&id).await }).await }
async fn main() {
    let app = App { pages: moka::future::Cache::new(100) };
    axum::serve(l, Router::new().route("/show", get(show)).with_state(app)).await;
}
"##
    cached_macro_read_through: ["square component cache note"] r##"
//# axum
#[cached::proc_macro::cached(time = 60)]
async fn square(number: u64) -> u64 { number * number }
async fn show(id: Path<u64>) -> String { square(*id).await.to_string() }
async fn main() { axum::serve(l, Router::new().route("/show/{id}", get(show))).await; }
"##
    lru_holds_codes: ["App::codes shared-field session w=POST:/check,POST:/send"] r##"
//# std axum
#[derive(Clone)]
struct App { codes: Arc<Mutex<lru::LruCache<String, String>>> }
async fn send(State(app): State<App>, mail: String) { let code = random(); app.codes.lock().unwrap().put(mail, code); }
async fn check(State(app): State<App>, Json((mail, otp)): Json<(String, String)>) -> StatusCode {
    match app.codes.lock().unwrap().pop(&mail) { Some(code) if code == otp => StatusCode::OK, _ => StatusCode::UNAUTHORIZED }
}
async fn main() {
    let app = App { codes: Arc::new(Mutex::new(lru::LruCache::new(size()))) };
    axum::serve(l, Router::new().route("/send", post(send)).route("/check", post(check)).with_state(app)).await;
}
"##
    quick_cache: ["App::users shared-field|component cache|entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Clone)]
struct App { users: Arc<quick_cache::sync::Cache<String, String>> }
async fn set(State(app): State<App>, body: String) { app.users.insert(body.clone(), body); }
async fn show(State(app): State<App>, id: String) -> String { app.users.get(&id).unwrap() }
async fn main() {
    let app = App { users: Arc::new(quick_cache::sync::Cache::new(100)) };
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    apalis_memory: ["* component|shared-local queue"] r##"
//# axum
use apalis::prelude::*;
async fn set(State(jobs): State<MemoryStorage<Mail>>, body: String) { let mut jobs = jobs; jobs.enqueue(Mail(body)).await.unwrap(); }
async fn main() {
    let jobs = MemoryStorage::new();
    axum::serve(l, Router::new().route("/set", post(set)).with_state(jobs)).await;
}
"##
    cron_scheduler: ["* component|timer -"] r##"
use tokio_cron_scheduler::{Job, JobScheduler};
#[tokio::main]
async fn main() {
    let scheduler = JobScheduler::new().await.unwrap();
    scheduler.add(Job::new_async("0 0 * * * *", |_, _| Box::pin(async { send_invoices().await })).unwrap()).await.unwrap();
    scheduler.start().await.unwrap();
    axum::serve(l, axum::Router::new()).await.unwrap();
}
"##
    sqlite_in_memory: ["* component|shared-field|shared-local entity"] r##"
//# axum
#[derive(Clone)]
struct App { pool: sqlx::SqlitePool }
async fn set(State(app): State<App>, body: String) { sqlx::query("INSERT INTO a VALUES (?)").bind(body).execute(&app.pool).await.unwrap(); }
async fn main() {
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    axum::serve(l, Router::new().route("/set", post(set)).with_state(App { pool })).await;
}
"##
    casbin_changed_by_a_handler: ["App::rules - -"] r##"
//# std axum
use casbin::{CoreApi, Enforcer, MgmtApi};
#[derive(Clone)]
struct App { rules: Arc<tokio::sync::RwLock<Enforcer>> }
async fn set(State(app): State<App>, body: String) { app.rules.write().await.add_policy(vec![body]).await.unwrap(); }
async fn show(State(app): State<App>, id: String) -> String { app.rules.read().await.enforce((id, "a", "b")).unwrap().to_string() }
async fn main() {
    let app = App { rules: Arc::new(tokio::sync::RwLock::new(Enforcer::new("model.conf", "policy.csv").await.unwrap())) };
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    cookie_key_generated: ["* process-secret secret"] r##"
//# axum
use axum_extra::extract::cookie::{Key, PrivateCookieJar};
#[derive(Clone, FromRef)]
struct App { key: Key }
async fn show(jar: PrivateCookieJar) -> String { jar.get("a").unwrap().to_string() }
async fn main() { axum::serve(l, Router::new().route("/show", get(show)).with_state(App { key: Key::generate() })).await; }
"##
    jwt_secret_random: ["SECRET process-secret|static secret"] r##"
//# std axum
use jsonwebtoken::{encode, EncodingKey, Header};
use rand::Rng;
static SECRET: LazyLock<Vec<u8>> = LazyLock::new(|| { let mut key = vec![0u8; 32]; rand::rng().fill_bytes(&mut key); key });
async fn login(body: String) -> String { encode(&Header::default(), &body, &EncodingKey::from_secret(&SECRET)).unwrap() }
async fn main() { axum::serve(l, Router::new().route("/login", post(login))).await; }
"##
    key_from_the_environment: [] r##"
//# axum
use axum_extra::extract::cookie::{Key, PrivateCookieJar};
#[derive(Clone, FromRef)]
struct App { key: Key }
async fn show(jar: PrivateCookieJar) -> String { jar.get("a").unwrap().to_string() }
async fn main() {
    let key = Key::from(std::env::var("COOKIE_KEY").unwrap().as_bytes());
    axum::serve(l, Router::new().route("/show", get(show)).with_state(App { key })).await;
}
"##
    disk_written_by_a_handler: ["* local-disk -"] r##"
//# axum
async fn upload(Path(name): Path<String>, body: axum::body::Bytes) { tokio::fs::write(format!("uploads/{name}"), body).await.unwrap(); }
async fn fetch(Path(name): Path<String>) -> Vec<u8> { tokio::fs::read(format!("uploads/{name}")).await.unwrap() }
async fn main() { axum::serve(l, Router::new().route("/files/{name}", post(upload).get(fetch))).await; }
"##
    sled: ["* local-disk -"] r##"
//# axum
#[derive(Clone)]
struct App { db: sled::Db }
async fn set(State(app): State<App>, body: String) { app.db.insert(body.as_bytes(), body.as_bytes()).unwrap(); }
async fn show(State(app): State<App>, id: String) -> Vec<u8> { app.db.get(id).unwrap().unwrap().to_vec() }
async fn main() {
    let app = App { db: sled::open("data").unwrap() };
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    rusqlite_file: ["* local-disk -"] r##"
//# std axum
async fn set(State(db): State<Arc<Mutex<rusqlite::Connection>>>, body: String) { db.lock().unwrap().execute("INSERT INTO a VALUES (?)", [body]).unwrap(); }
async fn main() {
    let db = Arc::new(Mutex::new(rusqlite::Connection::open("app.db").unwrap()));
    axum::serve(l, Router::new().route("/set", post(set)).with_state(db)).await;
}
"##
    interval_timer: ["* timer -"] r##"
//# axum
async fn show() {}
async fn main() {
    tokio::spawn(async move {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(3600));
        loop { every.tick().await; send_invoices().await; }
    });
    axum::serve(l, Router::new().route("/show", get(show))).await;
}
"##
    mcp_sessions: ["* component session"] r##"
//# axum
use rmcp::transport::streamable_http_server::{session::local::LocalSessionManager, StreamableHttpService};
async fn main() {
    let tools = StreamableHttpService::new(|| Ok(Tools::new()), LocalSessionManager::default().into(), Default::default());
    axum::serve(l, Router::new().nest_service("/mcp", tools)).await;
}
"##
    limiter_that_only_delays: ["App::limiter shared-field rate-limit note"] r##"
//# std axum
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
#[derive(Clone)]
struct App { limiter: Arc<DefaultDirectRateLimiter> }
impl App { fn new() -> Self { let limiter = Arc::new(RateLimiter::direct(Quota::per_second(ten()))); App { limiter } } }
async fn set(State(app): State<App>) { app.limiter.until_ready().await; work().await }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).with_state(App::new())).await; }
"##
    memory_database_or_a_file: ["memory::db component entity note", "file::db local-disk entity"] r##"
//# std axum
struct Log { db: Mutex<rusqlite::Connection> }
impl Log {
    fn file(path: &str) -> Log { Log { db: Mutex::new(rusqlite::Connection::open(path).unwrap()) } }
    fn memory() -> Log { Log { db: Mutex::new(rusqlite::Connection::open_in_memory().unwrap()) } }
}
async fn note(State(log): State<Arc<Log>>, text: String) { log.db.lock().unwrap().execute("insert into log values (?1)", [text]).unwrap(); }
async fn main() {
    let log = match std::env::var("LOG") { Ok(path) => Log::file(&path), Err(_) => Log::memory() };
    axum::serve(l, Router::new().route("/note", post(note)).with_state(Arc::new(log))).await;
}
"##
    key_of_a_certificate: [] r##"
//# axum
async fn show() {}
fn own_certificate() -> (String, String) {
    let secret_key = rcgen::KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&secret_key).unwrap();
    (cert.pem(), secret_key.serialize_pem())
}
async fn main() { let tls = own_certificate(); axum_server::bind_rustls(addr, tls).serve(Router::new().route("/", get(show))).await; }
"##
    tokens_in_a_bucket: ["Service::token_bucket shared-field rate-limit"] r##"
//# std axum
#[derive(Clone)]
struct Service { token_bucket: Arc<Mutex<HashMap<String, u32>>> }
impl Service {
    fn allow(&self, who: &str) -> bool {
        let mut bucket = self.token_bucket.lock().unwrap();
        let left = bucket.entry(who.into()).or_insert(10);
        *left -= 1;
        *left > 0
    }
}
async fn ask(State(service): State<Service>, who: String) -> StatusCode { if service.allow(&who) { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS } }
async fn main() { axum::serve(l, Router::new().route("/ask", post(ask)).with_state(service())).await; }
"##
    stores_inside_a_library_s_type: ["App::endpoint shared-field session"] r##"
//# std actix
use oxide_auth::frontends::simple::endpoint::{Generic, Vacant};
use oxide_auth::primitives::prelude::{AuthMap, ClientMap, RandomGenerator, TokenMap};
struct App { endpoint: Mutex<Generic<ClientMap, AuthMap<RandomGenerator>, TokenMap<RandomGenerator>, Vacant>> }
#[post("/token")]
async fn token(app: web::Data<App>, body: String) -> impl Responder { app.endpoint.lock().unwrap().access_token_flow().execute(body) }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let app = web::Data::new(App { endpoint: Mutex::new(parts()) });
    HttpServer::new(move || App::new().app_data(app.clone()).service(token)).bind("0.0.0.0:80")?.run().await
}
"##
    key_made_where_none_is_configured: ["main::key process-secret secret"] r##"
//# axum
use rsa::{pkcs1::DecodeRsaPrivateKey, RsaPrivateKey};
async fn token(Extension(key): Extension<RsaPrivateKey>) -> String { sign(&key) }
async fn main() {
    let key = if let Some(pem) = &settings().pem {
        RsaPrivateKey::from_pkcs1_pem(pem).map_err(|e| format!("{e}")).unwrap()
    } else {
        let mut rng = rand::rngs::OsRng;

        let made = RsaPrivateKey::new(&mut rng, 2048).unwrap();
        made
    };
    axum::serve(l, Router::new().route("/token", post(token)).layer(Extension(key))).await;
}
"##
    queue_that_workers_empty: ["JOBS static queue w=POST:/order"] r##"
//# std axum
use deadqueue::limited::Queue;
struct Job { order: String }
static JOBS: LazyLock<Queue<Job>> = LazyLock::new(|| Queue::new(100));
async fn order(order: String) { JOBS.try_push(Job { order }).ok(); }
async fn work(db: sqlx::PgPool) { loop { let job = JOBS.pop().await; sqlx::query("x").bind(job.order).execute(&db).await.unwrap(); } }
async fn main() {
    tokio::spawn(work(sqlx::PgPool::connect("x").await.unwrap()));
    axum::serve(l, Router::new().route("/order", post(order))).await;
}
"##
    database_that_is_only_asked_whether_it_is_in_memory: [] r##"
//# std axum
struct Address { path: std::path::PathBuf }
impl std::fmt::Display for Address {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.to_str() == Some(":memory:") { write!(out, "sqlite in memory") } else { write!(out, "{}", self.path.display()) }
    }
}
async fn show() -> String { String::new() }
async fn main() {
    println!("{}", Address { path: path() });
    axum::serve(l, Router::new().route("/show", get(show))).await;
}
"##
    clients_of_other_servers_by_name: [] r##"
//# std axum
struct Region { client: rooms_api::RoomClient }
struct Regions { by_name: HashMap<String, Region> }
impl Regions {
    fn new(names: Vec<String>) -> Self {
        Regions { by_name: names.into_iter().map(|name| (name.clone(), Region { client: rooms_api::RoomClient::new(&name) })).collect() }
    }
    async fn close(&self, name: &str) { self.by_name.get(name).unwrap().client.delete_room(name).await; }
}
async fn close(State(regions): State<Arc<Regions>>, name: String) { regions.close(&name).await; }
async fn main() {
    let regions = Arc::new(Regions::new(vec![]));
    axum::serve(l, Router::new().route("/close", post(close)).with_state(regions)).await;
}
"##
}
