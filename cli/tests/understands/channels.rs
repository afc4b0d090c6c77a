//! Loops behind channels: for whom they run is told by who sends.

cases! {
    routes_through_a_channel: ["Keeper::carts shared-field entity w=POST:/set,DELETE:/drop r=GET:/show"] r##"
//# std axum
use tokio::sync::{mpsc, oneshot};
enum Order { Set(String, String), Drop { id: String }, Show(String, oneshot::Sender<Option<String>>), Ping }
struct Keeper { inbox: mpsc::Receiver<Order>, carts: HashMap<String, String> }
impl Keeper {
    async fn run(mut self) { while let Some(order) = self.inbox.recv().await { self.obey(order); } }
    fn obey(&mut self, order: Order) {
        match order {
            Order::Set(id, item) => { self.carts.insert(id, item); }
            Order::Drop { id } => { self.carts.remove(&id); }
            Order::Show(id, answer) => { answer.send(self.carts.get(&id).cloned()).ok(); }
            Order::Ping => {}
        }
    }
}
#[derive(Clone)]
struct App { orders: mpsc::Sender<Order> }
impl App { async fn order(&self, order: Order) { self.orders.send(order).await.ok(); } }
async fn set(State(app): State<App>, Json((id, item)): Json<(String, String)>) { app.order(Order::Set(id, item)).await; }
async fn remove(State(app): State<App>, id: String) { app.orders.send(Order::Drop { id }).await.ok(); }
async fn show(State(app): State<App>, id: String) -> Option<String> {
    let (answer, shown) = oneshot::channel();
    let order = Order::Show(id, answer);
    app.order(order).await;
    shown.await.ok().flatten()
}
async fn ping(State(app): State<App>) { app.order(Order::Ping).await }
async fn main() {
    let (orders, inbox) = mpsc::channel(16);
    tokio::spawn(Keeper { inbox, carts: HashMap::new() }.run());
    let routes = Router::new().route("/set", post(set)).route("/drop", delete(remove)).route("/show", get(show)).route("/ping", get(ping));
    axum::serve(l, routes.with_state(App { orders })).await;
}
"##
    plain_messages: ["run::seen shared-local - w=POST:/tell"] r##"
//# std axum
use std::sync::mpsc;
type Word = (String, tokio::sync::oneshot::Sender<usize>);
fn run(inbox: mpsc::Receiver<Word>) {
    let mut seen: Vec<String> = Vec::new();
    for (word, answer) in inbox {
        answer.send(seen.iter().filter(|known| **known == word).count()).ok();
        seen.push(word);
    }
}
#[derive(Clone)]
struct App { words: mpsc::Sender<Word> }
async fn tell(State(app): State<App>, body: String) -> String {
    let (answer, told) = tokio::sync::oneshot::channel();
    app.words.send((body, answer)).ok();
    told.await.unwrap().to_string()
}
async fn main() {
    let (words, inbox) = mpsc::channel();
    std::thread::spawn(move || run(inbox));
    axum::serve(l, Router::new().route("/tell", post(tell)).with_state(App { words })).await;
}
"##
    fed_by_a_clock: [] r##"
//# std axum
use tokio::sync::mpsc;
enum Event { Reload, Checked(String) }
#[derive(Clone)]
struct App { prices: Arc<RwLock<HashMap<String, f64>>> }
async fn follow(app: App, mut events: mpsc::Receiver<Event>) {
    while let Some(event) = events.recv().await {
        match event {
            Event::Reload => { let all = fetch().await; *app.prices.write().unwrap() = all; }
            Event::Checked(name) => { app.prices.write().unwrap().remove(&name); }
        }
    }
}
async fn tick(events: mpsc::Sender<Event>) {
    loop { tokio::time::sleep(std::time::Duration::from_secs(60)).await; events.send(Event::Reload).await.ok(); }
}
async fn show(State(app): State<App>, id: String) -> String { app.prices.read().unwrap()[&id].to_string() }
async fn main() {
    let app = App { prices: Arc::default() };
    let (events, inbox) = mpsc::channel(4);
    tokio::spawn(follow(app.clone(), inbox));
    tokio::spawn(tick(events));
    axum::serve(l, Router::new().route("/show", get(show)).with_state(app)).await;
}
"##
    fed_by_a_watcher_of_files: [] r##"
//# std axum
async fn show(State(page): State<Arc<RwLock<String>>>) -> String { page.read().unwrap().clone() }
async fn main() {
    let page = Arc::new(RwLock::new(load()));
    let kept = page.clone();
    std::thread::spawn(move || {
        let (tx, rx) = std::sync::mpsc::channel();
        let mut watcher = notify::RecommendedWatcher::new(tx, notify::Config::default()).unwrap();
        watcher.watch("page.html".as_ref(), notify::RecursiveMode::NonRecursive).unwrap();
        while let Ok(_changed) = rx.recv() { *kept.write().unwrap() = load(); }
    });
    axum::serve(l, Router::new().route("/", get(show)).with_state(page)).await;
}
"##
    clock_beside_messages: ["Keeper::waiting shared-field - w=POST:/put r=GET:/count", "run::clock timer coordination note"] r##"
//# std axum
use tokio::sync::{mpsc, oneshot};
enum Order { Put(String), Count(oneshot::Sender<usize>) }
struct Keeper { inbox: mpsc::Receiver<Order>, waiting: Vec<String> }
impl Keeper {
    async fn run(mut self) {
        let mut clock = tokio::time::interval(std::time::Duration::from_secs(1));
        loop {
            tokio::select! {
                Some(order) = self.inbox.recv() => match order {
                    Order::Put(text) => self.waiting.push(text),
                    Order::Count(answer) => { answer.send(self.waiting.len()).ok(); }
                },
                _ = clock.tick() => self.waiting.clear(),
            }
        }
    }
}
#[derive(Clone)]
struct App { orders: mpsc::Sender<Order> }
async fn put(State(app): State<App>, body: String) { app.orders.send(Order::Put(body)).await.ok(); }
async fn count(State(app): State<App>) -> String {
    let (answer, told) = oneshot::channel();
    app.orders.send(Order::Count(answer)).await.ok();
    told.await.unwrap().to_string()
}
async fn main() {
    let (orders, inbox) = mpsc::channel(16);
    tokio::spawn(Keeper { inbox, waiting: Vec::new() }.run());
    axum::serve(l, Router::new().route("/put", post(put)).route("/count", get(count)).with_state(App { orders })).await;
}
"##
    routes_at_both_ends: ["Tx::0 shared-field queue"] r##"
//# rocket
struct Tx(flume::Sender<String>);
struct Rx(flume::Receiver<String>);
#[post("/push", data = "<job>")]
fn push(job: String, tx: &State<Tx>) { tx.0.try_send(job).ok(); }
#[get("/pop")]
fn pop(rx: &State<Rx>) -> Option<String> { rx.0.try_recv().ok() }
#[rocket::launch]
fn launch() -> _ {
    let (tx, rx) = flume::bounded(32);
    rocket::build().manage(Tx(tx)).manage(Rx(rx)).mount("/", routes![push, pop])
}
"##
}
