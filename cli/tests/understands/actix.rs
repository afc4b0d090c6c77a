//! What requests, workers and actors share in actix.

cases! {
    web_data: ["Carts::items shared-field entity w=POST:/set r=GET:/show"] r##"
//# std actix
#[derive(Default)]
struct Carts { items: Mutex<HashMap<String, String>> }
async fn set(carts: web::Data<Carts>, body: String) -> String { carts.items.lock().unwrap().insert(body.clone(), body); "ok".into() }
async fn show(carts: web::Data<Carts>, id: String) -> String { carts.items.lock().unwrap()[&id].clone() }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let carts = web::Data::new(Carts::default());
    HttpServer::new(move || App::new().app_data(carts.clone()).route("/set", web::post().to(set)).route("/show", web::get().to(show)))
        .bind("0.0.0.0:80")?.run().await
}
"##
    app_data_without_a_name: ["* shared-local entity w=POST:/set r=GET:/show"] r##"
//# std actix
#[post("/set")]
async fn set(carts: web::Data<Mutex<HashMap<String, String>>>, body: String) -> impl Responder { carts.lock().unwrap().insert(body.clone(), body); "ok" }
#[get("/show")]
async fn show(carts: web::Data<Mutex<HashMap<String, String>>>, id: String) -> impl Responder { carts.lock().unwrap()[&id].clone() }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let carts = web::Data::new(Mutex::new(HashMap::<String, String>::new()));
    HttpServer::new(move || App::new().app_data(carts.clone()).service(set).service(show)).bind("0.0.0.0:80")?.run().await
}
"##
    value_made_for_each_worker: ["Drafts::items thread-local entity w=POST:/set r=GET:/show"] r##"
//# std actix
use std::cell::RefCell;
struct Drafts { items: RefCell<Vec<String>> }
async fn set(drafts: web::Data<Drafts>, body: String) -> String { drafts.items.borrow_mut().push(body); "ok".into() }
async fn show(drafts: web::Data<Drafts>) -> String { drafts.items.borrow().join(",") }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    HttpServer::new(|| App::new().app_data(web::Data::new(Drafts { items: RefCell::new(Vec::new()) }))
        .route("/set", web::post().to(set)).route("/show", web::get().to(show)))
        .bind("0.0.0.0:80")?.run().await
}
"##
    actor_fields: ["Hub::rooms shared-field entity|connection", "Hub::sessions shared-field connection"] r##"
//# std actix
use actix::prelude::*;
pub struct Hub { sessions: HashMap<usize, Recipient<Text>>, rooms: HashMap<String, HashSet<usize>> }
#[derive(Message)] #[rtype(result = "()")] struct Text(String);
#[derive(Message)] #[rtype(result = "()")] struct Join { id: usize, room: String, to: Recipient<Text> }
#[derive(Message)] #[rtype(result = "()")] struct Say { room: String, text: String }
impl Actor for Hub { type Context = Context<Self>; }
impl Handler<Join> for Hub {
    type Result = ();
    fn handle(&mut self, join: Join, _: &mut Context<Self>) {
        self.sessions.insert(join.id, join.to);
        self.rooms.entry(join.room).or_default().insert(join.id);
    }
}
impl Handler<Say> for Hub {
    type Result = ();
    fn handle(&mut self, say: Say, _: &mut Context<Self>) {
        for id in &self.rooms[&say.room] { self.sessions[id].do_send(Text(say.text.clone())); }
    }
}
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let hub = Hub { sessions: HashMap::new(), rooms: HashMap::new() }.start();
    HttpServer::new(move || App::new().app_data(web::Data::new(hub.clone())).route("/ws", web::get().to(ws))).bind("0.0.0.0:80")?.run().await
}
async fn ws(hub: web::Data<Addr<Hub>>, to: Recipient<Text>) -> String { hub.do_send(Join { id: 1, room: "a".into(), to }); hub.do_send(Say { room: "a".into(), text: "b".into() }); String::new() }
"##
    system_service: ["Counts::by_user shared-field - w=POST:/hit"] r##"
//# std actix
use actix::prelude::*;
#[derive(Default)]
struct Counts { by_user: HashMap<String, u32> }
#[derive(Message)] #[rtype(result = "u32")] struct Hit(String);
impl Actor for Counts { type Context = Context<Self>; }
impl Supervised for Counts {}
impl SystemService for Counts {}
impl Handler<Hit> for Counts {
    type Result = u32;
    fn handle(&mut self, hit: Hit, _: &mut Context<Self>) -> u32 { let count = self.by_user.entry(hit.0).or_insert(0); *count += 1; *count }
}
#[post("/hit")]
async fn hit(body: String) -> impl Responder { Counts::from_registry().send(Hit(body)).await.unwrap().to_string() }
#[actix_web::main]
async fn main() -> std::io::Result<()> { HttpServer::new(|| App::new().service(hit)).bind("0.0.0.0:80")?.run().await }
"##
    middleware: ["Limit::hits shared-field rate-limit"] r##"
//# std actix
use actix_web::dev::{Service, ServiceRequest, Transform};
#[derive(Clone, Default)]
struct Limit { hits: Arc<Mutex<HashMap<String, u32>>> }
struct LimitService<S> { service: S, hits: Arc<Mutex<HashMap<String, u32>>> }
impl<S, B> Transform<S, ServiceRequest> for Limit {
    type Transform = LimitService<S>;
    fn new_transform(&self, service: S) -> Self::Future { ready(Ok(LimitService { service, hits: self.hits.clone() })) }
}
impl<S, B> Service<ServiceRequest> for LimitService<S> {
    fn call(&self, request: ServiceRequest) -> Self::Future {
        let mut hits = self.hits.lock().unwrap();
        let count = hits.entry(request.peer_addr().unwrap().ip().to_string()).or_insert(0);
        *count += 1;
        if *count > 10 { return Box::pin(async { Err(actix_web::error::ErrorTooManyRequests("slow down")) }); }
        Box::pin(self.service.call(request))
    }
}
#[get("/show")]
async fn show() -> impl Responder { "ok" }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let limit = Limit::default();
    HttpServer::new(move || App::new().wrap(limit.clone()).service(show)).bind("0.0.0.0:80")?.run().await
}
"##
    scopes: ["App1::carts shared-field entity w=POST:/api/carts/add r=GET:/api/carts/{id}"] r##"
//# std actix
struct App1 { carts: Mutex<HashMap<String, String>> }
#[get("/{id}")]
async fn show(app: web::Data<App1>, id: web::Path<String>) -> impl Responder { app.carts.lock().unwrap()[&*id].clone() }
async fn add(app: web::Data<App1>, body: String) -> impl Responder { app.carts.lock().unwrap().insert(body.clone(), body); "ok" }
fn carts(config: &mut web::ServiceConfig) {
    config.service(web::scope("/carts").service(web::resource("/add").route(web::post().to(add))).service(show));
}
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let app = web::Data::new(App1 { carts: Mutex::default() });
    HttpServer::new(move || App::new().app_data(app.clone()).service(web::scope("/api").configure(carts))).bind("0.0.0.0:80")?.run().await
}
"##
}
