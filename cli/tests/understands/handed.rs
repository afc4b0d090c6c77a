//! State that goes from hand to hand before anything happens to it, and what ends with those who held it.

cases! {
    ring_of_imports: ["SETTINGS static config w=POST:/set"] r##"
//# axum
mod config;
mod api { pub mod config {
    use crate::config::{SETTINGS, Settings};
    pub async fn set(body: String) { SETTINGS.store(std::sync::Arc::new(Settings { name: body })); }
    pub async fn show() -> String { SETTINGS.load().name.clone() }
} }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(api::config::set)).route("/", get(api::config::show))).await;
}
//- /src/config/mod.rs
mod settings;
mod globals;
pub use settings::*;
pub use globals::*;
//- /src/config/settings.rs
use super::SETTINGS;
pub struct Settings { pub name: String }
pub fn name() -> String { SETTINGS.load().name.clone() }
//- /src/config/globals.rs
use super::Settings;
use arc_swap::ArcSwap;
use std::sync::LazyLock;
pub static SETTINGS: LazyLock<ArcSwap<Settings>> = LazyLock::new(|| ArcSwap::from_pointee(Settings { name: String::new() }));
"##
    a_socket_and_its_loop: ["main::lines shared-local entity"] r##"
//# std
use futures::StreamExt;
use warp::{ws::{WebSocket, Ws}, Filter};
type Lines = Arc<tokio::sync::Mutex<Vec<String>>>;
async fn talk(socket: WebSocket, lines: Lines) {
    let (mut out, mut socket_in) = socket.split();
    for line in lines.lock().await.iter() { out.send(line).await; }
    listen(socket_in, lines).await;
}
async fn listen(mut socket_in: SplitStream<WebSocket>, lines: Lines) {
    while let Some(Ok(line)) = socket_in.next().await { lines.lock().await.push(line.to_string()); }
}
async fn open(ws: Ws, lines: Lines) -> Result<impl warp::Reply, warp::Rejection> {
    Ok(ws.on_upgrade(move |socket| talk(socket, lines)))
}
fn with(lines: Lines) -> impl Filter { warp::any().map(move || lines.clone()) }
async fn main() {
    let lines: Lines = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    warp::serve(warp::path("ws").and(warp::ws()).and(with(lines.clone())).and_then(open)).run(([0, 0, 0, 0], 80)).await;
}
"##
    closure_for_a_server_of_ones_own: ["Blocked::by shared-field rate-limit"] r##"
//# std
use hyper::{Body, Request, Response, Server};
use std::net::{IpAddr, SocketAddr};
async fn start<H, F>(addr: SocketAddr, handler: H) where H: Clone + FnMut(SocketAddr, Request<Body>) -> F {
    let service = hyper::service::make_service_fn(move |stream: &AddrStream| {
        let mut handler = handler.clone();
        let from = stream.remote_addr();
        async move { Ok::<_, hyper::Error>(hyper::service::service_fn(move |request| handler(from, request))) }
    });
    Server::bind(&addr).serve(service).await;
}
struct Blocked { by: Mutex<HashMap<IpAddr, u64>> }
async fn main() {
    let blocked = Arc::new(Blocked { by: Mutex::default() });
    start(addr(), move |from, request| {
        let blocked = blocked.clone();
        async move {
            if blocked.by.lock().unwrap().contains_key(&from.ip()) { return Response::builder().status(429).body(Body::empty()); }
            blocked.by.lock().unwrap().insert(from.ip(), 1);
            Response::new(Body::empty())
        }
    }).await;
}
"##
    sender_made_into_a_sink: ["Board::notes shared-field entity w=POST:/write r=POST:/write"] r##"
//# std axum
enum Word { Write(u64, String), Seen(tokio::sync::oneshot::Sender<usize>) }
struct Board { notes: HashMap<u64, String> }
impl Board {
    async fn run(mut self, words: flume::Receiver<Word>) {
        while let Ok(word) = words.recv_async().await {
            match word {
                Word::Write(id, text) => { self.notes.insert(id, text); }
                Word::Seen(answer) => { answer.send(self.notes.values().count()).ok(); }
            }
        }
    }
}
#[derive(Clone)]
struct App { words: flume::Sender<Word> }
impl App {
    fn sink(&self) -> impl Sink<String> { self.words.clone().into_sink().with(|text| async move { Ok(Word::Write(1, text)) }) }
}
async fn write(State(app): State<App>, text: String) { app.sink().send(text).await; }
async fn main() {
    let (words, taken) = flume::unbounded();
    tokio::spawn(Board { notes: HashMap::new() }.run(taken));
    axum::serve(l, Router::new().route("/write", post(write)).with_state(App { words })).await;
}
"##
    what_a_client_sent: ["TODOS static entity"] r##"
//# std
use salvo::prelude::*;
static TODOS: LazyLock<Mutex<Vec<Todo>>> = LazyLock::new(Mutex::default);
struct Todo { id: u64 }
#[handler]
async fn create(request: &mut Request, response: &mut Response) {
    let todo = request.parse_body::<Todo>().await.unwrap();
    let mut todos = TODOS.lock().unwrap();
    if todos.iter().any(|known| known.id == todo.id) { return; }
    todos.push(todo);
}
async fn main() { Server::new(TcpListener::new("0.0.0.0:80").bind().await).serve(Router::new().post(create)).await; }
"##
    work_that_a_worker_takes: ["Jobs::waiting shared-field queue w=POST:/"] r##"
//# std axum
#[derive(Clone)]
struct Jobs { waiting: Arc<Mutex<VecDeque<String>>> }
impl Jobs {
    fn pop(&self) -> Option<String> {
        let job = self.waiting.lock().unwrap().pop_front();
        if let Some(job) = job { return Some(job); }
        None
    }
}
async fn add(State(jobs): State<Jobs>, job: String) -> StatusCode {
    jobs.waiting.lock().unwrap().push_back(job);
    StatusCode::ACCEPTED
}
async fn main() {
    let jobs = Jobs { waiting: Arc::default() };
    let own = jobs.clone();
    tokio::spawn(async move { loop { if let Some(job) = own.pop() { work(job).await; } } });
    axum::serve(l, Router::new().route("/", post(add)).with_state(jobs)).await;
}
"##
    made_for_each_request: [] r##"
//# std axum
struct Context(RwLock<HashMap<u64, String>>);
impl Context { fn new() -> Self { Context(RwLock::default()) } }
impl Default for Context { fn default() -> Self { Context::new() } }
impl Context {
    fn add(&self, name: String) { self.0.write().unwrap().insert(1, name); }
    fn all(&self) -> usize { self.0.read().unwrap().values().count() }
}
async fn ask(name: String) -> String {
    let context = Context::new();
    context.add(name);
    context.all().to_string()
}
async fn main() { axum::serve(l, Router::new().route("/", post(ask))).await; }
"##
    loop_of_one_connection: [] r##"
//# std
use tokio::net::{TcpListener, TcpStream};
struct Subscribe { channels: Vec<String> }
impl Subscribe {
    async fn apply(mut self, client: &mut Client) {
        loop {
            for channel in self.channels.drain(..) { client.join(channel).await; }
            tokio::select! { line = client.lines.recv() => self.channels.push(line) }
        }
    }
}
async fn serve(mut client: Client) {
    while let Some(line) = client.lines.recv().await { Subscribe { channels: vec![line] }.apply(&mut client).await; }
}
async fn main() {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        tokio::spawn(async move { serve(Client::new(socket)).await });
    }
}
"##
    server_started_by_a_library: ["Wall::lines shared-field entity"] r##"
//- /Cargo.toml
[workspace]
members = ["common", "board"]
//- /common/Cargo.toml
[package]
name = "common"
version = "0.1.0"
[dependencies]
axum = "0.8"
//- /common/src/lib.rs
pub async fn serve(routes: axum::Router) { axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), routes).await; }
//- /board/Cargo.toml
[package]
name = "board"
version = "0.1.0"
[dependencies]
axum = "0.8"
common = { path = "../common" }
//- /board/src/main.rs
//# std axum
#[derive(Clone)]
struct Wall { lines: Arc<Mutex<Vec<String>>> }
async fn add(State(wall): State<Wall>, line: String) { wall.lines.lock().unwrap().push(line); }
async fn all(State(wall): State<Wall>) -> String { wall.lines.lock().unwrap().join(",") }
async fn main() { common::serve(Router::new().route("/", get(all).post(add)).with_state(Wall { lines: Arc::default() })).await; }
"##
    batches_of_one_loop: [] r##"
//# std axum
#[derive(Clone)]
struct App { lines: tokio::sync::mpsc::Sender<String> }
async fn write(State(app): State<App>, line: String) { app.lines.send(line).await.ok(); }
async fn run(mut lines: tokio::sync::mpsc::Receiver<String>) {
    let mut batch: Vec<String> = Vec::new();
    loop {
        tokio::select! {
            line = lines.recv() => { batch.push(line.unwrap()); if batch.len() > 9 { store(std::mem::take(&mut batch)).await; } }
        }
    }
}
async fn main() {
    let (lines, taken) = tokio::sync::mpsc::channel(16);
    tokio::spawn(run(taken));
    axum::serve(l, Router::new().route("/", post(write)).with_state(App { lines })).await;
}
"##
    numbers_of_sockets: ["Hub::next_conn shared-field sequence note"] r##"
//# std axum
struct Hub { next_conn: AtomicU64 }
async fn open(State(hub): State<Arc<Hub>>) -> String { join(hub.next_conn.fetch_add(1, Ordering::SeqCst)).await }
async fn main() { axum::serve(l, Router::new().route("/", get(open)).with_state(hub())).await; }
"##
    numbers_for_metrics: [] r##"
//# std axum
struct Figures { dropped: u64 }
#[derive(Clone)]
struct App { dropped: Arc<AtomicU64> }
async fn drop_one(State(app): State<App>) { app.dropped.fetch_add(1, Ordering::SeqCst); }
async fn show(State(app): State<App>) { gather_metrics(app.dropped.load(Ordering::SeqCst)); }
fn gather_metrics(dropped: u64) { publish(Figures { dropped }); }
async fn main() { axum::serve(l, Router::new().route("/a", post(drop_one)).route("/b", post(show)).with_state(app())).await; }
"##
    bodies_have_a_size: [] r##"
use salvo::prelude::*;
#[handler]
async fn create(request: &mut Request) {}
async fn main() {
    let routes = Router::new().hoop(salvo::size_limiter::max_size(1024)).post(create);
    Server::new(TcpListener::new("0.0.0.0:80").bind().await).serve(routes).await;
}
"##
    methods_of_a_tuple: ["main::lines shared-local - w=POST:/x r=GET:/x"] r##"
//# std
mod ext {
    pub type Pair = (String, u64);
    pub trait PairExt { fn with_state(self, state: u64) -> Pair; }
    impl PairExt for Pair { fn with_state(self, state: u64) -> Pair { (self.0, state) } }
}
type Lines = Arc<Mutex<Vec<String>>>;
async fn show(req: tide::Request<Lines>) -> tide::Result<String> { Ok(req.state().lock().unwrap().join(",")) }
async fn add(req: tide::Request<Lines>) -> tide::Result<String> { req.state().lock().unwrap().push("a".into()); Ok(String::new()) }
async fn main() {
    let mut lines = tide::with_state(Lines::default());
    lines.at("/x").get(show).post(add);
    lines.listen("127.0.0.1:8080").await;
}
"##
    an_arm_of_a_loop_that_waits_for_more: [] r##"
//# std
use tokio::net::TcpListener;
struct Server { listener: TcpListener, services: Arc<Mutex<HashMap<String, String>>> }
impl Server {
    async fn run(&mut self, mut changes: tokio::sync::mpsc::Receiver<String>) {
        loop {
            tokio::select! {
                socket = self.listener.accept() => { answer(socket, self.services.lock().unwrap().get("a").cloned()).await; }
                change = changes.recv() => { self.services.lock().unwrap().insert(change.unwrap(), String::new()); }
            }
        }
    }
}
async fn main() {
    let (send, changes) = tokio::sync::mpsc::channel(16);
    std::thread::spawn(move || loop { let name = changed_file(); send.blocking_send(name).ok(); });
    let mut server = Server { listener: TcpListener::bind("0.0.0.0:80").await.unwrap(), services: Arc::default() };
    server.run(changes).await;
}
"##
    batches_that_are_flushed: [] r##"
//# std axum
#[derive(Clone)]
struct App { lines: tokio::sync::mpsc::Sender<String> }
async fn write(State(app): State<App>, line: String) { app.lines.send(line).await.ok(); }
async fn run(mut lines: tokio::sync::mpsc::Receiver<String>) {
    let mut buffer = Vec::with_capacity(50);
    while let Some(line) = lines.recv().await {
        buffer.push(line);
        if buffer.len() >= 50 { flush(&mut buffer).await; }
    }
}
async fn flush(buffer: &mut Vec<String>) { for line in buffer.drain(..) { keep(line).await; } }
async fn main() {
    let (lines, taken) = tokio::sync::mpsc::channel(16);
    tokio::spawn(run(taken));
    axum::serve(l, Router::new().route("/", post(write)).with_state(App { lines })).await;
}
"##
    lines_that_a_loop_shows_again: ["run::lines shared-local -"] r##"
//# std axum
#[derive(Clone)]
struct App { lines: tokio::sync::mpsc::Sender<(String, tokio::sync::oneshot::Sender<String>)> }
async fn write(State(app): State<App>, line: String) -> String {
    let (answer, shown) = tokio::sync::oneshot::channel();
    app.lines.send((line, answer)).await.ok();
    shown.await.unwrap()
}
async fn run(mut taken: tokio::sync::mpsc::Receiver<(String, tokio::sync::oneshot::Sender<String>)>) {
    let mut lines: Vec<String> = Vec::new();
    while let Some((line, answer)) = taken.recv().await {
        lines.push(line);
        answer.send(lines.join(",")).ok();
    }
}
async fn main() {
    let (lines, taken) = tokio::sync::mpsc::channel(16);
    tokio::spawn(run(taken));
    axum::serve(l, Router::new().route("/", post(write)).with_state(App { lines })).await;
}
"##
    cursor_in_a_list_of_settings: [] r##"
//# std axum
struct Keys { keys: Vec<String>, at: usize }
impl Keys { fn next(&mut self) -> String { let key = self.keys[self.at % self.keys.len()].clone(); self.at += 1; key } }
#[derive(Clone)]
struct App { keys: Arc<Mutex<Keys>> }
async fn pass(State(app): State<App>) -> String { let key = app.keys.lock().unwrap().next(); ask(key).await }
async fn main() {
    let keys = Keys { keys: std::env::args().collect(), at: 0 };
    axum::serve(l, Router::new().route("/", get(pass)).with_state(App { keys: Arc::new(Mutex::new(keys)) })).await;
}
"##
    read_again_when_the_file_is_newer: [] r##"
//# std axum
struct Loaded { text: String, changed: std::time::SystemTime }
struct Loader { loaded: RwLock<Loaded>, path: std::path::PathBuf }
impl Loader {
    fn get(&self) -> String {
        let changed = self.path.metadata().unwrap().modified().unwrap();
        if changed <= self.loaded.read().unwrap().changed { return self.loaded.read().unwrap().text.clone(); }
        let mut loaded = self.loaded.write().unwrap();
        loaded.text = std::fs::read_to_string(&self.path).unwrap();
        loaded.changed = changed;
        loaded.text.clone()
    }
}
async fn show(State(loader): State<Arc<Loader>>) -> String { loader.get() }
async fn main() { axum::serve(l, Router::new().route("/", get(show)).with_state(loader())).await; }
"##
    reloaded_on_request: ["Settings::now shared-field * w=POST:/reload"] r##"
//# std axum
use arc_swap::ArcSwap;
struct Rows { rows: Vec<String> }
struct Settings { now: ArcSwap<Rows>, pool: sqlx::PgPool }
impl Settings {
    fn rows(&self) -> Arc<Rows> { self.now.load_full() }
    async fn reload(&self) { let rows = sqlx::query_as("select 1").fetch_all(&self.pool).await.unwrap(); self.now.store(Arc::new(Rows { rows })); }
}
async fn reload(State(settings): State<Arc<Settings>>) -> String { settings.reload().await; settings.rows().rows.join(",") }
async fn show(State(settings): State<Arc<Settings>>) -> String { settings.rows().rows.join(",") }
async fn main() { axum::serve(l, Router::new().route("/reload", post(reload)).route("/", get(show)).with_state(settings())).await; }
"##
    random_by_the_function_itself: ["JWT_SECRET process-secret secret"] r##"
//# std axum
static JWT_SECRET: LazyLock<[u8; 32]> = LazyLock::new(rand::random);
async fn sign(name: String) -> String { token(name, &JWT_SECRET[..]) }
async fn main() { axum::serve(l, Router::new().route("/", post(sign))).await; }
"##
    sockets_that_wait_to_be_taken: ["Tunnel::parked shared-field -"] r##"
//# std
use tokio::net::{TcpListener, TcpStream};
struct Tunnel { parked: Mutex<HashMap<String, TcpStream>> }
impl Tunnel {
    async fn serve(&self, stream: TcpStream, name: String) {
        if let Some(other) = self.parked.lock().unwrap().remove(&name) { join(stream, other).await; return; }
        self.parked.lock().unwrap().insert(name, stream);
    }
}
async fn main() {
    let tunnel = Arc::new(Tunnel { parked: Mutex::default() });
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    loop {
        let (stream, from) = listener.accept().await.unwrap();
        let tunnel = tunnel.clone();
        tokio::spawn(async move { tunnel.serve(stream, from.to_string()).await });
    }
}
"##
    telephones_are_no_sessions: ["App::device_tokens shared-field entity|coordination"] r##"
//# std axum
#[derive(Clone)]
struct App { device_tokens: Arc<Mutex<HashSet<String>>> }
async fn add(State(app): State<App>, token: String) { app.device_tokens.lock().unwrap().insert(token); }
async fn known(State(app): State<App>, token: String) -> String { app.device_tokens.lock().unwrap().contains(&token).to_string() }
async fn main() { axum::serve(l, Router::new().route("/add", post(add)).route("/known", get(known)).with_state(app())).await; }
"##
}
