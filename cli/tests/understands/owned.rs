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
}
