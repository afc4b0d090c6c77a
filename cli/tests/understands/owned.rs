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
}
