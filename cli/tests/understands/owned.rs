//! Plain fields and bindings without any lock, owned by a task that serves others.

cases! {
    fields_behind_a_channel: ["Bank::accounts shared-field entity"] r##"
//# std axum
use tokio::sync::{mpsc, oneshot};
enum Ask { Put(String, u64), Get(String, oneshot::Sender<u64>) }
struct Bank { accounts: HashMap<String, u64>, inbox: mpsc::Receiver<Ask> }
impl Bank {
    async fn run(mut self) {
        while let Some(ask) = self.inbox.recv().await {
            match ask {
                Ask::Put(name, sum) => { self.accounts.insert(name, sum); }
                Ask::Get(name, to) => { to.send(self.accounts[&name]).ok(); }
            }
        }
    }
}
async fn set(State(bank): State<mpsc::Sender<Ask>>, body: String) { bank.send(Ask::Put(body, 1)).await.unwrap(); }
async fn show(State(bank): State<mpsc::Sender<Ask>>, id: String) -> String { let (to, from) = oneshot::channel(); bank.send(Ask::Get(id, to)).await.unwrap(); from.await.unwrap().to_string() }
async fn main() {
    let (bank, inbox) = mpsc::channel(8);
    tokio::spawn(Bank { accounts: HashMap::new(), inbox }.run());
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(bank)).await;
}
"##
    local_of_a_spawned_task: ["main::accounts shared-local entity"] r##"
//# std axum
use tokio::sync::{mpsc, oneshot};
enum Ask { Put(String, u64), Get(String, oneshot::Sender<u64>) }
async fn set(State(bank): State<mpsc::Sender<Ask>>, body: String) { bank.send(Ask::Put(body, 1)).await.unwrap(); }
async fn show(State(bank): State<mpsc::Sender<Ask>>, id: String) -> String { let (to, from) = oneshot::channel(); bank.send(Ask::Get(id, to)).await.unwrap(); from.await.unwrap().to_string() }
async fn main() {
    let (bank, mut inbox) = mpsc::channel(8);
    tokio::spawn(async move {
        let mut accounts = HashMap::new();
        while let Some(ask) = inbox.recv().await {
            match ask {
                Ask::Put(name, sum) => { accounts.insert(name, sum); }
                Ask::Get(name, to) => { to.send(accounts[&name]).ok(); }
            }
        }
    });
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(bank)).await;
}
"##
    state_of_one_connection: [] r##"
//# std axum
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
async fn ws(upgrade: WebSocketUpgrade) -> axum::response::Response { upgrade.on_upgrade(talk) }
async fn talk(mut socket: WebSocket) {
    let mut said = Vec::new();
    while let Some(Ok(message)) = socket.recv().await { said.push(message); socket.send(format!("{}", said.len()).into()).await.ok(); }
}
async fn main() { axum::serve(l, Router::new().route("/ws", get(ws))).await; }
"##
    what_a_filter_makes_for_each_request: [] r##"
//# std
use warp::Filter;
struct Table { seats: Mutex<HashMap<String, u32>>, turn: AtomicU64 }
impl Default for Table { fn default() -> Self { Table { seats: Default::default(), turn: AtomicU64::new(0) } } }
struct Room { table: Arc<Table> }
struct Lobby { rooms: RwLock<HashMap<String, Room>> }
impl Lobby { fn new() -> Self { Lobby { rooms: Default::default() } } }
async fn play(lobby: Lobby, name: String) -> String {
    let mut rooms = lobby.rooms.write().unwrap();
    let room = rooms.entry(name.clone()).or_insert(Room { table: Default::default() });
    room.table.seats.lock().unwrap().insert(name, 1);
    room.table.turn.fetch_add(1, Ordering::SeqCst).to_string()
}
async fn main() {
    let play = warp::path("play").and(warp::any().map(|| Lobby::new())).and(warp::body::json()).and_then(play);
    warp::serve(play).run(([0, 0, 0, 0], 1)).await;
}
"##
    what_a_request_makes_and_leaves: ["Game::moves shared-field entity w=POST:/step r=GET:/"] r##"
//# std axum
struct Game { moves: Mutex<Vec<String>> }
#[derive(Clone, Default)]
struct App { game: Arc<RwLock<Option<Game>>> }
async fn start(State(app): State<App>) { *app.game.write().unwrap() = Some(Game { moves: Mutex::new(vec![]) }); }
async fn step(State(app): State<App>, step: String) { if let Some(game) = &*app.game.read().unwrap() { game.moves.lock().unwrap().push(step); } }
async fn show(State(app): State<App>) -> String { app.game.read().unwrap().as_ref().unwrap().moves.lock().unwrap().join(",") }
async fn main() {
    axum::serve(l, Router::new().route("/start", post(start)).route("/step", post(step)).route("/", get(show)).with_state(App::default())).await;
}
"##
    actor_of_a_small_library_of_ours: ["Stock::boxes shared-field entity"] r##"
//# std axum
use tokio::sync::{mpsc, oneshot};
trait Message: Send + 'static { type Reply: Send; }
trait Answers<M: Message> { fn answer(&mut self, message: M, to: oneshot::Sender<M::Reply>); }
struct Put(String, u32);
impl Message for Put { type Reply = (); }
struct Count(String);
impl Message for Count { type Reply = u32; }
struct Stock { warehouse: String, boxes: HashMap<String, u32> }
impl Stock { fn new(warehouse: String) -> Self { Stock { warehouse, boxes: HashMap::new() } } }
impl Answers<Put> for Stock {
    fn answer(&mut self, put: Put, to: oneshot::Sender<()>) { self.boxes.insert(put.0, put.1); let _ = to.send(()); }
}
impl Answers<Count> for Stock {
    fn answer(&mut self, asked: Count, to: oneshot::Sender<u32>) { let _ = to.send(self.boxes.get(&asked.0).copied().unwrap_or(0)); }
}
async fn main() {
    let stock = elsewhere::start(Stock::new("north".into()));
    axum::serve(l, Router::new().route("/put", post(put)).with_state(stock)).await;
}
"##
    tables_of_hubs_filled_at_start: ["Hub::rooms shared-field entity w=POST:/open", "Hub::next shared-field sequence w=POST:/open"] r##"
//# std axum
struct Hub { rooms: HashMap<u64, String>, next: u64 }
impl Hub { fn new() -> Self { Hub { rooms: HashMap::new(), next: 0 } } }
#[derive(Clone)]
struct App { hubs: Arc<HashMap<&'static str, Game>> }
type Shared = Arc<Mutex<Hub>>;
enum Game { Chess(Shared) }
impl Game { fn hub(&self) -> &Shared { match self { Game::Chess(hub) => hub } } }
async fn open(State(app): State<App>, name: String) -> String {
    let mut hub = app.hubs["chess"].hub().lock().unwrap();
    hub.next += 1;
    let id = hub.next;
    hub.rooms.insert(id, name);
    id.to_string()
}
async fn show(State(app): State<App>, Path(id): Path<u64>) -> String { app.hubs["chess"].hub().lock().unwrap().rooms[&id].clone() }
async fn main() {
    let mut hubs = HashMap::new();
    hubs.insert("chess", Game::Chess(Arc::new(Mutex::new(Hub::new()))));
    axum::serve(l, Router::new().route("/open", post(open)).route("/{id}", get(show)).with_state(App { hubs: Arc::new(hubs) })).await;
}
"##
    behind_the_lock_of_what_one_socket_has: [] r##"
//# std axum
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
struct Score { points: Vec<u32>, turn: u64 }
struct Play { score: Mutex<Score> }
impl Play { fn new() -> Self { Play { score: Mutex::new(Score { points: Vec::new(), turn: 0 }) } } }
async fn play(up: WebSocketUpgrade) -> String {
    up.on_upgrade(|mut socket: WebSocket| async move {
        let play = Play::new();
        while let Some(Ok(message)) = socket.recv().await {
            let mut score = play.score.lock().unwrap();
            score.turn += 1;
            score.points.push(message.len() as u32);
            socket.send(score.points.len().to_string().into()).await;
        }
    })
}
async fn main() { axum::serve(l, Router::new().route("/play", get(play))).await; }
"##
    one_thing_behind_a_lock: ["App::settings shared-field entity|config w=POST:/open r=GET:/"] r##"
//# std axum
#[derive(Default)]
struct Door { color: Color, guests: Vec<String>, open: bool }
#[derive(Default)]
struct Color { red: u8 }
#[derive(Clone, Default)]
struct App { settings: Arc<RwLock<Door>> }
async fn open(State(app): State<App>) { let mut door = app.settings.write().unwrap(); door.open = true; door.color.red += 1; }
async fn show(State(app): State<App>) -> String { app.settings.read().unwrap().open.to_string() }
async fn main() { axum::serve(l, Router::new().route("/open", post(open)).route("/", get(show)).with_state(App::default())).await; }
"##
    the_state_of_all_behind_an_alias: ["Board::notes shared-field entity w=POST:/add r=GET:/"] r##"
//# std axum
#[derive(Default)]
struct Board { notes: Vec<String>, title: String, limit: Limit }
#[derive(Default)]
struct Limit { of: usize }
type Shared = Arc<RwLock<Board>>;
async fn add(State(board): State<Shared>, note: String) { board.write().unwrap().notes.push(note); }
async fn show(State(board): State<Shared>) -> String { board.read().unwrap().notes.join("") }
async fn main() { axum::serve(l, Router::new().route("/add", post(add)).route("/", get(show)).with_state(Shared::default())).await; }
"##
    messages_taken_out_by_a_closure: ["Rooms::open shared-field entity"] r##"
//# std axum
use futures::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
struct Rooms { open: RwLock<HashMap<String, u32>> }
impl Rooms {
    fn new() -> Self { Rooms { open: Default::default() } }
    async fn run(&self, inbox: UnboundedReceiverStream<String>) { inbox.for_each(|name| self.enter(name)).await }
    async fn enter(&self, name: String) { *self.open.write().unwrap().entry(name).or_insert(0) += 1; println!("{}", self.open.read().unwrap().len()); }
}
async fn main() {
    let (tx, rx) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(server(tx));
    Rooms::new().run(UnboundedReceiverStream::new(rx)).await;
}
"##
    what_a_service_of_connections_makes: [] r##"
//# std
use ntex::{fn_service, io::Io, server, time::interval};
struct Talk { name: Option<String>, lines: Vec<String> }
async fn heartbeat(talk: std::rc::Rc<std::cell::RefCell<Talk>>) { loop { tick().await; if talk.borrow().lines.is_empty() { return; } } }
#[ntex::main]
async fn main() {
    server::build().bind("talk", "0.0.0.0:1", async |_| fn_service(move |io: Io| async move {
        let talk = std::rc::Rc::new(std::cell::RefCell::new(Talk { name: None, lines: vec![] }));
        ntex::rt::spawn(heartbeat(talk.clone()));
        while let Ok(Some(line)) = io.recv(&Codec).await { talk.borrow_mut().lines.push(line); talk.borrow_mut().name = Some(name()); }
        Ok::<_, ()>(())
    })).unwrap().run().await;
}
"##
}
