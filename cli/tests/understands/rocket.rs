//! What requests share in Rocket.

cases! {
    managed_state: ["Carts::items shared-field entity w=POST:/api/set r=GET:/api/show/<id>"] r##"
//# std rocket
#[derive(Default)]
struct Carts { items: Mutex<HashMap<String, String>> }
#[post("/set", data = "<body>")]
fn set(carts: &State<Carts>, body: String) { carts.items.lock().unwrap().insert(body.clone(), body); }
#[get("/show/<id>")]
fn show(carts: &State<Carts>, id: String) -> String { carts.items.lock().unwrap()[&id].clone() }
#[rocket::launch]
fn launch() -> _ { rocket::build().manage(Carts::default()).mount("/api", routes![set, show]) }
"##
    manage_without_a_name: ["* shared-local entity w=POST:/set r=GET:/show"] r##"
//# std rocket
#[post("/set", data = "<body>")]
fn set(carts: &State<Mutex<Vec<String>>>, body: String) { carts.lock().unwrap().push(body); }
#[get("/show")]
fn show(carts: &State<Mutex<Vec<String>>>) -> String { carts.lock().unwrap().join(",") }
#[rocket::launch]
fn launch() -> _ { rocket::build().manage(Mutex::new(Vec::<String>::new())).mount("/", routes![set, show]) }
"##
    fairing: ["Limit::hits shared-field rate-limit|entity"] r##"
//# std rocket
use rocket::fairing::{Fairing, Info, Kind};
#[derive(Default)]
struct Limit { hits: Mutex<HashMap<String, u32>> }
#[rocket::async_trait]
impl Fairing for Limit {
    fn info(&self) -> Info { Info { name: "limit", kind: Kind::Request } }
    async fn on_request(&self, request: &mut rocket::Request<'_>, _: &mut rocket::Data<'_>) {
        let mut hits = self.hits.lock().unwrap();
        let count = hits.entry(request.client_ip().unwrap().to_string()).or_insert(0);
        *count += 1;
        if *count > 10 { request.set_uri(rocket::uri!("/too-many-requests")); }
    }
}
#[rocket::launch]
fn launch() -> _ { rocket::build().attach(Limit::default()) }
"##
    counting_fairing: [] r##"
//# std rocket
#[derive(Default)]
struct Counter { gets: AtomicUsize }
#[rocket::async_trait]
impl rocket::fairing::Fairing for Counter {
    async fn on_request(&self, _: &mut rocket::Request<'_>, _: &mut rocket::Data<'_>) { self.gets.fetch_add(1, Ordering::Relaxed); }
}
#[get("/metrics")]
fn metrics(counter: &State<Arc<Counter>>) -> String { format!("gets_total {}", counter.gets.load(Ordering::Relaxed)) }
#[rocket::launch]
fn launch() -> _ { let counter = Arc::new(Counter::default()); rocket::build().manage(counter.clone()).attach(counter).mount("/", routes![metrics]) }
"##
    managed_settings: [] r##"
//# rocket
struct Settings { name: String }
#[get("/show")]
fn show(settings: &State<Settings>) -> String { settings.name.clone() }
#[rocket::launch]
fn launch() -> _ { rocket::build().manage(Settings { name: "a".into() }).mount("/", routes![show]) }
"##
    guard_that_asks_for_state: ["Seen::visits shared-field sequence"] r##"
//# std rocket
use rocket::{outcome::try_outcome, request::{FromRequest, Outcome, Request}};
#[derive(Default)]
struct Seen { visits: AtomicUsize }
struct Visit(usize);
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visit {
    type Error = ();
    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let seen = try_outcome!(request.guard::<&State<Seen>>().await);
        Outcome::Success(Visit(seen.visits.fetch_add(1, Ordering::Relaxed)))
    }
}
#[get("/")]
fn show(visit: Visit) -> String { visit.0.to_string() }
#[rocket::launch]
fn launch() -> _ { rocket::build().manage(Seen::default()).mount("/", routes![show]) }
"##
}
