//! What becomes of the data: filled on a miss, only counted, only looked through, asked for by closures.

cases! {
    cache_filled_by_the_handler_that_looked: ["Rendered::pages shared-field cache note"] r##"
//# std axum
struct Rendered { pages: Mutex<lru::LruCache<String, String>> }
impl Rendered {
    fn put(&self, id: &str, page: String) { self.pages.lock().unwrap().put(id.to_owned(), page); }
    fn get(&self, id: &str) -> Option<String> { self.pages.lock().unwrap().get(id).cloned() }
}
#[derive(Clone)]
struct App { rendered: Arc<Rendered>, db: sqlx::PgPool }
async fn show(State(app): State<App>, Path(id): Path<String>) -> String {
    if let Some(page) = app.rendered.get(&id) { return page; }
    let page = render(sqlx::query_scalar("select text from pages where id = $1").bind(&id).fetch_one(&app.db).await.unwrap());
    app.rendered.put(&id, page.clone());
    page
}
async fn main() { axum::serve(l, Router::new().route("/pages/{id}", get(show)).with_state(app().await)).await; }
"##
    cache_written_by_another_handler: ["Rendered::pages shared-field cache w=PUT:/pages/{id}"] r##"
//# std axum
struct Rendered { pages: Mutex<lru::LruCache<String, String>> }
impl Rendered {
    fn put(&self, id: &str, page: String) { self.pages.lock().unwrap().put(id.to_owned(), page); }
    fn get(&self, id: &str) -> Option<String> { self.pages.lock().unwrap().get(id).cloned() }
}
#[derive(Clone)]
struct App { rendered: Arc<Rendered> }
async fn show(State(app): State<App>, Path(id): Path<String>) -> Option<String> { app.rendered.get(&id) }
async fn change(State(app): State<App>, Path(id): Path<String>, body: String) { app.rendered.put(&id, body); }
async fn main() {
    axum::serve(l, Router::new().route("/pages/{id}", get(show).put(change)).with_state(app())).await;
}
"##
    cache_whose_entries_count: ["App::counts shared-field -"] r##"
//# std axum
#[derive(Clone)]
struct App { counts: moka::future::Cache<String, Arc<AtomicU64>> }
async fn hit(State(app): State<App>, Path(who): Path<String>) -> StatusCode {
    let count = app.counts.get_with(who, async { Arc::new(AtomicU64::new(0)) }).await;
    if count.fetch_add(1, Ordering::Relaxed) > 100 { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK }
}
async fn main() { axum::serve(l, Router::new().route("/hit/{who}", post(hit)).with_state(app())).await; }
"##
    answer_kept_for_a_while_behind_a_poisoned_lock: [] r##"
//# std axum
struct Kept<T> { value: RwLock<Option<(T, std::time::Instant)>> }
impl<T: Clone> Kept<T> {
    async fn load(&self) -> T {
        if let Some((value, at)) = self.value.read().unwrap().as_ref() && at.elapsed().as_secs() < 60 { return value.clone(); }
        let value: T = fetch().await;
        *self.value.write().unwrap() = Some((value.clone(), std::time::Instant::now()));
        value
    }
}
#[derive(Clone)]
struct App { machines: Arc<Kept<Vec<String>>> }
async fn list(State(app): State<App>) -> String { let mut list = app.machines.load().await; list.sort(); list.join(",") }
async fn main() { axum::serve(l, Router::new().route("/machines", get(list)).with_state(app())).await; }
"##
    counts_that_only_operators_see: [] r##"
//# std axum
#[derive(Clone)]
struct App { errors: Arc<Mutex<HashMap<String, u64>>>, commands: Arc<[AtomicU64; 8]> }
async fn failed(State(app): State<App>, body: String) { *app.errors.lock().unwrap().entry(body).or_default() += 1; }
async fn run(State(app): State<App>, Path(n): Path<usize>) { app.commands[n].fetch_add(1, Ordering::Relaxed); }
async fn stats(State(app): State<App>) -> String {
    format!("{:?} {}", app.errors.lock().unwrap(), app.commands.iter().map(|n| n.load(Ordering::Relaxed)).sum::<u64>())
}
async fn main() {
    let routes = Router::new().route("/failed", post(failed)).route("/run/{n}", post(run)).route("/stats", get(stats));
    axum::serve(l, routes.with_state(app())).await;
}
"##
    outlets_registered_at_start: [] r##"
//# std axum
trait Outlet: Send { fn send(&self, text: &str); }
struct Mail { to: tokio::sync::mpsc::UnboundedSender<String> }
impl Outlet for Mail { fn send(&self, text: &str) { self.to.send(text.to_owned()).ok(); } }
#[derive(Clone, Default)]
struct Outlets { all: Arc<Mutex<Vec<Box<dyn Outlet>>>> }
impl Outlets {
    fn register(&self, one: Box<dyn Outlet>) { self.all.lock().unwrap().push(one); }
    fn tell(&self, text: &str) { for one in self.all.lock().unwrap().iter() { one.send(text); } }
}
async fn report(State(outlets): State<Outlets>, body: String) { outlets.tell(&body); }
async fn main() {
    let outlets = Outlets::default();
    outlets.register(Box::new(Mail { to: mailer() }));
    axum::serve(l, Router::new().route("/report", post(report)).with_state(outlets)).await;
}
"##
    closure_that_asks_for_state: ["*|schema::data shared-local entity"] r##"
//# std axum
type Books = Arc<Mutex<Vec<String>>>;
fn schema() -> async_graphql::dynamic::Schema {
    let query = Object::new("Query").field(Field::new("books", TypeRef::named("Book"), |ctx| {
        FieldFuture::new(async move { Ok(ctx.data_unchecked::<Books>().lock().unwrap().clone()) })
    }));
    let mutation = Object::new("Mutation").field(Field::new("add", TypeRef::named("Book"), |ctx| {
        FieldFuture::new(async move { ctx.data_unchecked::<Books>().lock().unwrap().push(ctx.args.try_get("name")?.string()?); Ok(None) })
    }));
    async_graphql::dynamic::Schema::build("Query", Some("Mutation"), None).register(query).register(mutation).data(Books::default()).finish().unwrap()
}
async fn main() { axum::serve(l, Router::new().route("/", post_service(GraphQL::new(schema())))).await; }
"##
    routes_put_together_in_a_trait: ["routes::*|Shop::routes::carts|routes::carts shared-local entity"] r##"
//# std axum
struct Shop;
#[kit::async_trait]
impl kit::Application for Shop {
    async fn routes(&self) -> Router {
        let carts: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        Router::new().route("/put", post(put)).route("/show", get(show)).with_state(carts)
    }
}
async fn put(State(carts): State<Arc<Mutex<HashMap<String, String>>>>, Json((id, item)): Json<(String, String)>) { carts.lock().unwrap().insert(id, item); }
async fn show(State(carts): State<Arc<Mutex<HashMap<String, String>>>>, id: String) -> Option<String> { carts.lock().unwrap().get(&id).cloned() }
async fn main() { kit::run(Shop).await; axum::serve(a, b).await; }
"##
    cache_whose_entries_change_by_themselves: ["App::counts shared-field -", "Count::hits shared-field -"] r##"
//# std axum
struct Count { hits: AtomicU64 }
#[derive(Clone)]
struct App { counts: moka::sync::Cache<String, Arc<Count>> }
async fn hit(State(app): State<App>, Path(who): Path<String>) -> String {
    let count = app.counts.get_with(who, || Arc::new(Count { hits: AtomicU64::new(0) }));
    count.hits.fetch_add(1, Ordering::Relaxed).to_string()
}
async fn main() { axum::serve(l, Router::new().route("/hit/{who}", post(hit)).with_state(app())).await; }
"##
    fetched_again_by_a_clock: [] r##"
//# std axum
#[derive(Clone)]
struct App { rules: Arc<RwLock<Vec<String>>>, client: reqwest::Client, inbox: tokio::sync::mpsc::Sender<Event> }
enum Event { Hook(String), Hour }
async fn fetch_rules(client: &reqwest::Client) -> Vec<String> { client.get("https://rules.example").send().await.unwrap().json().await.unwrap() }
async fn renew(app: &App) { let rules = fetch_rules(&app.client).await; *app.rules.write().unwrap() = rules; }
async fn follow(app: App, mut events: tokio::sync::mpsc::Receiver<Event>) {
    while let Some(event) = events.recv().await {
        match event { Event::Hook(_) => renew(&app).await, Event::Hour => renew(&app).await }
    }
}
async fn hook(State(app): State<App>, body: String) { app.inbox.send(Event::Hook(body)).await.ok(); }
async fn show(State(app): State<App>) -> String { app.rules.read().unwrap().join(",") }
async fn hours(inbox: tokio::sync::mpsc::Sender<Event>) { loop { tokio::time::sleep(HOUR).await; inbox.send(Event::Hour).await.ok(); } }
async fn main() {
    let (inbox, events) = tokio::sync::mpsc::channel(4);
    let app = App { rules: Arc::default(), client: reqwest::Client::new(), inbox: inbox.clone() };
    tokio::spawn(follow(app.clone(), events));
    tokio::spawn(hours(inbox));
    axum::serve(l, Router::new().route("/hook", post(hook)).route("/rules", get(show)).with_state(app)).await;
}
"##
    filled_on_a_miss_with_what_is_fetched: [] r##"
//# std axum
struct Users { known: RwLock<HashMap<String, String>>, db: sqlx::PgPool }
impl Users {
    fn find(&self, id: &str) -> Option<String> { self.known.read().unwrap().get(id).cloned() }
    fn keep(&self, id: String, name: String) { self.known.write().unwrap().insert(id, name); }
    async fn name(&self, id: String) -> String {
        if let Some(name) = self.find(&id) { return name; }
        let name: String = sqlx::query_scalar("select name from users where id = $1").bind(&id).fetch_one(&self.db).await.unwrap();
        self.keep(id, name.clone());
        name
    }
}
async fn show(State(users): State<Arc<Users>>, id: String) -> String { users.name(id).await }
async fn main() { axum::serve(l, Router::new().route("/users", get(show)).with_state(users())).await; }
"##
    fetched_but_kept_for_another_request: ["Offers::open shared-field -"] r##"
//# std axum
struct Offers { open: RwLock<HashMap<String, String>>, wallet: wallet::Client }
async fn ask(State(offers): State<Arc<Offers>>, id: String) -> String {
    let offer: String = offers.wallet.prepare(&id).await.unwrap();
    offers.open.write().unwrap().insert(id, offer.clone());
    offer
}
async fn accept(State(offers): State<Arc<Offers>>, id: String) -> Option<String> { offers.open.read().unwrap().get(&id).cloned() }
async fn main() {
    axum::serve(l, Router::new().route("/ask", post(ask)).route("/accept", post(accept)).with_state(offers())).await;
}
"##
    loaded_on_demand_but_changed_in_place: ["Rooms::open shared-field -", "Room::text|Rooms::open shared-field -"] r##"
//# std axum
#[derive(Default)]
struct Room { text: Mutex<String> }
struct Rooms { open: RwLock<HashMap<String, Arc<Room>>>, db: sqlx::PgPool }
impl Rooms {
    async fn room(&self, id: String) -> Arc<Room> {
        if let Some(room) = self.open.read().unwrap().get(&id) { return room.clone(); }
        let text: String = sqlx::query_scalar("select text from rooms where id = $1").bind(&id).fetch_one(&self.db).await.unwrap();
        let room = Arc::new(Room { text: Mutex::new(text) });
        self.open.write().unwrap().insert(id, room.clone());
        room
    }
}
async fn add(State(rooms): State<Arc<Rooms>>, Json((id, line)): Json<(String, String)>) { rooms.room(id).await.text.lock().unwrap().push_str(&line); }
async fn show(State(rooms): State<Arc<Rooms>>, id: String) -> String { rooms.room(id).await.text.lock().unwrap().clone() }
async fn main() {
    axum::serve(l, Router::new().route("/add", post(add)).route("/show", get(show)).with_state(rooms())).await;
}
"##
    channel_between_two_routes: ["Tx::0 shared-field queue"] r##"
//# std rocket
struct Tx(flume::Sender<String>);
struct Rx(flume::Receiver<String>);
#[put("/push?<event>")]
fn push(event: String, tx: &State<Tx>) { tx.0.try_send(event).ok(); }
#[get("/pop")]
fn pop(rx: &State<Rx>) -> Option<String> { rx.0.try_recv().ok() }
#[rocket::launch]
fn rocket() -> _ {
    let (tx, rx) = flume::bounded(32);
    rocket::build().mount("/queue", routes![push, pop]).manage(Tx(tx)).manage(Rx(rx))
}
"##
    state_asked_for_inside_a_macro: ["Hits::seen shared-field sequence"] r##"
//# std rocket
#[derive(Default)]
struct Hits { seen: AtomicUsize }
struct Counted;
#[rocket::async_trait]
impl<'r> rocket::request::FromRequest<'r> for Counted {
    type Error = ();
    async fn from_request(req: &'r rocket::Request<'_>) -> rocket::request::Outcome<Self, ()> {
        let hits = try_outcome!(req.guard::<&State<Hits>>().await);
        hits.seen.fetch_add(1, Ordering::Relaxed);
        Outcome::Success(Counted)
    }
}
#[get("/")]
fn index(_counted: Counted, hits: &State<Hits>) -> String { hits.seen.load(Ordering::Relaxed).to_string() }
#[rocket::launch]
fn rocket() -> _ { rocket::build().mount("/", routes![index]).manage(Hits::default()) }
"##
    loaded_anew_by_the_handler_that_changed_it: ["App::settings shared-field config|cache w=PATCH:/settings r=GET:/title"] r##"
//# std axum
#[derive(Clone)]
struct App { pool: sqlx::PgPool, settings: Arc<RwLock<HashMap<String, String>>> }
impl App {
    fn get(&self, key: &str) -> Option<String> { self.settings.read().unwrap().get(key).cloned() }
    async fn reload(&self) {
        let rows = all(&self.pool).await;
        let map: HashMap<String, String> = rows.into_iter().collect();
        *self.settings.write().unwrap() = map;
    }
}
async fn all(pool: &sqlx::PgPool) -> Vec<(String, String)> { sqlx::query_as("select key, value from settings").fetch_all(pool).await.unwrap() }
async fn change(State(app): State<App>, body: String) -> StatusCode {
    if app.get("locked").is_some() { return StatusCode::CONFLICT; }
    sqlx::query("update settings set value = $1").bind(body).execute(&app.pool).await.unwrap();
    app.reload().await;
    StatusCode::OK
}
async fn title(State(app): State<App>) -> String { app.get("title").unwrap_or_default() }
async fn main() {
    axum::serve(l, Router::new().route("/settings", axum::routing::patch(change)).route("/title", get(title)).with_state(app())).await;
}
"##
    shown_as_a_whole: ["Hits::all shared-field sequence r=GET:/"] r##"
//# std rocket
#[derive(Debug, Default)]
struct Hits { all: AtomicU64 }
struct Counted;
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Counted {
    type Error = ();
    async fn from_request(req: &'r Request<'_>) -> Outcome<Self, ()> {
        let hits = try_outcome!(req.guard::<&State<Hits>>().await);
        hits.all.fetch_add(1, Ordering::Relaxed);
        Outcome::Success(Counted)
    }
}
#[get("/")]
fn show(_counted: Counted, hits: &State<Hits>) -> String { format!("{:?}", hits) }
#[launch]
fn rocket() -> _ { rocket::build().manage(Hits::default()).mount("/", routes![show]) }
"##
    number_that_an_answer_is_made_of: ["App::version shared-field sequence w=POST:/put r=GET:/show"] r##"
//# std axum
struct Page<T>(T);
struct App { version: AtomicU64 }
fn page<T>(of: T) -> Page<T> { Page(of) }
async fn put(State(app): State<Arc<App>>) -> Page<u64> { page(app.version.fetch_add(1, Ordering::SeqCst)) }
async fn show(State(app): State<Arc<App>>) -> Page<u64> { page(app.version.load(Ordering::SeqCst)) }
async fn main() {
    let app = Arc::new(App { version: AtomicU64::new(0) });
    axum::serve(l, Router::new().route("/put", post(put)).route("/show", get(show)).with_state(app)).await;
}
"##
    handed_through_a_filter_without_a_type: ["main::users shared-local connection w=GET:/chat,POST:/chat"] r##"
//# std
use tokio::sync::mpsc;
use warp::Filter;
type Users = Arc<Mutex<HashMap<usize, mpsc::UnboundedSender<String>>>>;
async fn main() {
    let users = Arc::new(Mutex::new(HashMap::new()));
    let users = warp::any().map(move || users.clone());
    let send = warp::path("chat").and(warp::post()).and(warp::body::json()).and(users.clone()).map(|text, users| { say(text, &users); warp::reply() });
    let come = warp::path("chat").and(warp::get()).and(users).map(|users| warp::sse::reply(listen(users)));
    warp::serve(come.or(send)).run(([127, 0, 0, 1], 3030)).await;
}
fn listen(users: Users) -> mpsc::UnboundedReceiver<String> {
    let (tx, rx) = mpsc::unbounded_channel();
    let mut users = users.lock().unwrap();
    let id = users.len();
    users.insert(id, tx);
    rx
}
fn say(text: String, users: &Users) { users.lock().unwrap().retain(|_, tx| tx.send(text.clone()).is_ok()); }
"##
    counted_anew_by_the_handler_that_writes: ["Votes::sums shared-field entity|cache w=POST:/vote r=GET:/"] r##"
//# std axum
struct Votes { db: sqlx::PgPool, sums: HashMap<String, u32> }
type Shared = Arc<tokio::sync::RwLock<Votes>>;
async fn rows(db: &sqlx::PgPool) -> Vec<(String, u32)> { sqlx::query_as("select team, sum from votes").fetch_all(db).await.unwrap() }
async fn vote(State(votes): State<Shared>, team: String) -> String {
    let mut votes = votes.write().await;
    sqlx::query("insert into votes values ($1)").bind(&team).execute(&votes.db).await.unwrap();
    votes.sums = rows(&votes.db).await.into_iter().collect();
    votes.sums.get(&team).unwrap().to_string()
}
async fn show(State(votes): State<Shared>) -> String { format!("{}", votes.read().await.sums.len()) }
async fn main() {
    let votes = Arc::new(tokio::sync::RwLock::new(Votes { db: pool(), sums: HashMap::new() }));
    axum::serve(l, Router::new().route("/vote", post(vote)).route("/", get(show)).with_state(votes)).await;
}
"##
}
