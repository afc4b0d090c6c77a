//! Which routes get to state, by ways that no router shows.

cases! {
    sockets_actor_that_a_handler_starts: ["Hub::rooms shared-field entity|connection w=GET:/ws r=GET:/rooms"] r##"
//# std actix
use actix::prelude::*;
pub struct Hub { rooms: HashMap<String, HashSet<usize>> }
#[derive(Message)] #[rtype(result = "()")] struct Join { id: usize, room: String }
#[derive(Message)] #[rtype(result = "Vec<String>")] struct Rooms;
impl Actor for Hub { type Context = Context<Self>; }
impl Handler<Join> for Hub {
    type Result = ();
    fn handle(&mut self, join: Join, _: &mut Context<Self>) { self.rooms.entry(join.room).or_default().insert(join.id); }
}
impl Handler<Rooms> for Hub {
    type Result = Vec<String>;
    fn handle(&mut self, _: Rooms, _: &mut Context<Self>) -> Vec<String> { self.rooms.keys().cloned().collect() }
}
struct Session { id: usize, hub: Addr<Hub> }
impl Actor for Session {
    type Context = actix_web_actors::ws::WebsocketContext<Self>;
    fn started(&mut self, _: &mut Self::Context) { self.hub.do_send(Join { id: self.id, room: "main".into() }); }
}
async fn ws(hub: web::Data<Addr<Hub>>, request: actix_web::HttpRequest, body: web::Payload) -> impl Responder {
    actix_web_actors::ws::start(Session { id: 1, hub: hub.get_ref().clone() }, &request, body)
}
async fn rooms(hub: web::Data<Addr<Hub>>) -> String { hub.send(Rooms).await.unwrap().join(",") }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let hub = Hub { rooms: HashMap::new() }.start();
    HttpServer::new(move || App::new().app_data(web::Data::new(hub.clone())).route("/ws", web::get().to(ws)).route("/rooms", web::get().to(rooms)))
        .bind("0.0.0.0:80")?.run().await
}
"##
    guard_that_a_handler_drops: ["SLOTS static limit|entity w=POST:/work"] r##"
//# std axum
static SLOTS: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Default::default);
struct Slot(String);
impl Drop for Slot { fn drop(&mut self) { SLOTS.lock().unwrap().remove(&self.0); } }
async fn work(user: String) -> StatusCode {
    if SLOTS.lock().unwrap().insert(user.clone(), 1).is_some() { return StatusCode::TOO_MANY_REQUESTS }
    let _slot = Slot(user);
    StatusCode::OK
}
#[tokio::main]
async fn main() { let app: Router = Router::new().route("/work", post(work)); axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap(); }
"##
    commands_run_for_those_who_make_them: ["Shop::items shared-field entity w=POST:/items r=GET:/items"] r##"
//# std axum
use tokio::sync::mpsc;
struct Shop { items: HashMap<String, String> }
trait Command { type Answer; async fn run(self, shop: &mut Shop) -> Self::Answer; }
trait Erased: Send { async fn run(&mut self, shop: &mut Shop); }
struct Boxed<C: Command> { inner: Option<C> }
impl<C: Command> Erased for Boxed<C> {
    async fn run(&mut self, shop: &mut Shop) { let inner = self.inner.take().unwrap(); <C as Command>::run(inner, shop).await; }
}
struct Add { name: String }
struct List;
impl Command for Add { type Answer = (); async fn run(self, shop: &mut Shop) { shop.items.insert(self.name.clone(), self.name); } }
impl Command for List { type Answer = Vec<String>; async fn run(self, shop: &mut Shop) -> Vec<String> { shop.items.keys().cloned().collect() } }
#[derive(Clone)]
struct Gate { sender: mpsc::Sender<Box<dyn Erased>> }
impl Gate { async fn call<C: Command>(&self, command: C) { let _ = self.sender.send(Box::new(Boxed { inner: Some(command) }) as Box<dyn Erased>).await; } }
async fn add(State(gate): State<Gate>, name: String) { gate.call(Add { name }).await }
async fn list(State(gate): State<Gate>) { gate.call(List).await }
async fn serve(mut shop: Shop, mut commands: mpsc::Receiver<Box<dyn Erased>>, mut other: tokio::net::TcpListener) {
    loop { tokio::select! { Some(mut command) = commands.recv() => command.run(&mut shop).await, _ = other.accept() => {} } }
}
#[tokio::main]
async fn main() {
    let (sender, commands) = mpsc::channel(8);
    tokio::spawn(serve(Shop { items: HashMap::new() }, commands, tokio::net::TcpListener::bind("0.0.0.0:81").await.unwrap()));
    let app: Router = Router::new().route("/items", get(list).post(add)).with_state(Gate { sender });
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"##
    graphql_operations: ["main::books shared-local entity w=mutation:createBook r=query:allBooks,field:Shelf.size"] r##"
//# std
use async_graphql::{Context, Object, EmptySubscription, Schema, SimpleObject};
type Books = Arc<Mutex<Vec<String>>>;
struct Root;
#[Object]
impl Root {
    async fn all_books(&self, ctx: &Context<'_>) -> Vec<String> { ctx.data_unchecked::<Books>().lock().unwrap().clone() }
}
struct Writes;
#[Object]
impl Writes {
    async fn create_book(&self, ctx: &Context<'_>, title: String) -> bool { ctx.data_unchecked::<Books>().lock().unwrap().push(title); true }
}
#[derive(SimpleObject)] #[graphql(complex)]
struct Shelf { id: u32 }
#[async_graphql::ComplexObject]
impl Shelf {
    async fn size(&self, ctx: &Context<'_>) -> usize { ctx.data_unchecked::<Books>().lock().unwrap().len() }
}
#[tokio::main]
async fn main() {
    let books = Books::default();
    let schema = Schema::build(Root, Writes, EmptySubscription).data(books).finish();
    let app = axum::Router::new().route_service("/", async_graphql_axum::GraphQL::new(schema));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"##
    documented_routers: ["CARTS static entity w=POST:/carts/add,DELETE:/tags/{id} r=GET:/carts/list"] r##"
//# std
use aide::axum::{ApiRouter, routing::{get_with, post_with}};
use utoipa_axum::{router::OpenApiRouter, routes};
static CARTS: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Default::default);
async fn add(body: String) { CARTS.lock().unwrap().push(body); }
async fn list() -> String { CARTS.lock().unwrap().join(",") }
#[utoipa::path(delete, path = "/tags/{id}", responses((status = 200)))]
async fn untag(id: axum::extract::Path<usize>) { CARTS.lock().unwrap().remove(id.0); }
fn carts() -> ApiRouter { ApiRouter::new().api_route("/add", post_with(add, |op| op.id("add"))).api_route("/list", get_with(list, |op| op.id("list"))) }
#[tokio::main]
async fn main() {
    let (tags, _) = OpenApiRouter::<()>::new().routes(routes!(untag)).split_for_parts();
    let app = ApiRouter::new().nest("/carts", carts()).merge(tags);
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app.into_make_service()).await.unwrap();
}
"##
    paths_put_together: ["NOTES static entity w=POST:/notes/new,POST:/v2/notes,POST:/api/notes r=GET:/notes/all"] r##"
//# std axum
const BASE: &str = "/notes";
static NOTES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Default::default);
async fn one(note: String) { NOTES.lock().unwrap().push(note); }
async fn two(note: String) { NOTES.lock().unwrap().push(note); }
async fn three(note: String) { NOTES.lock().unwrap().push(note); }
async fn all() -> String { NOTES.lock().unwrap().join(",") }
fn app(base: &str) -> Router {
    Router::new().nest(BASE, Router::new().route("/new", post(one)).route("/all", get(all)))
        .nest(&format!("{base}/v2"), Router::new().route("/notes", post(two)))
        .route(&[base, "/api/notes"].concat(), post(three))
}
#[tokio::main]
async fn main() { axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app("")).await.unwrap(); }
"##
    layers_run_for_what_they_are_around: ["SEEN static - w=GET:/a,POST:/b"] r##"
//# std axum
static SEEN: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Default::default);
async fn count(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    let mut seen = SEEN.lock().unwrap();
    let n = seen.entry(request.uri().to_string()).or_insert(0);
    *n += 1;
    if *n > 100 { return axum::response::IntoResponse::into_response(StatusCode::TOO_MANY_REQUESTS) }
    next.run(request).await
}
async fn a() {}
#[tokio::main]
async fn main() {
    let app: Router = Router::new().route("/a", get(a)).route("/b", post(a)).layer(axum::middleware::from_fn(count)).route("/c", get(a));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"##
    middleware_of_our_own: ["SEEN static - w=GET:/a,GET:/b"] r##"
//# std actix
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
static SEEN: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Default::default);
struct Limit;
struct Limited<S> { inner: S }
impl<S: Service<ServiceRequest>> Transform<S, ServiceRequest> for Limit {
    type Response = ServiceResponse; type Error = actix_web::Error; type InitError = (); type Transform = Limited<S>;
    type Future = std::future::Ready<Result<Limited<S>, ()>>;
    fn new_transform(&self, inner: S) -> Self::Future { std::future::ready(Ok(Limited { inner })) }
}
impl<S: Service<ServiceRequest>> Service<ServiceRequest> for Limited<S> {
    type Response = S::Response; type Error = S::Error; type Future = S::Future;
    actix_web::dev::forward_ready!(inner);
    fn call(&self, request: ServiceRequest) -> S::Future {
        let mut seen = SEEN.lock().unwrap();
        let n = seen.entry(request.path().to_string()).or_insert(0);
        *n += 1;
        if *n > 100 { panic!() }
        self.inner.call(request)
    }
}
#[get("/a")] async fn a() -> impl Responder { "a" }
async fn b() -> impl Responder { "b" }
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    HttpServer::new(|| App::new().wrap(Limit).service(a).route("/b", web::get().to(b))).bind("0.0.0.0:80")?.run().await
}
"##
    matched_by_hand: ["NOTES static entity w=POST:/notes,DELETE:/notes/{id} r=GET:/notes"] r##"
//# std
use hyper::{Body, Method, Request, Response};
static NOTES: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);
async fn add(body: String) -> Response<Body> { NOTES.lock().unwrap().insert(body.clone(), body); Response::new(Body::empty()) }
async fn list() -> Response<Body> { Response::new(Body::from(NOTES.lock().unwrap().keys().cloned().collect::<String>())) }
async fn remove(id: &str) -> Response<Body> { NOTES.lock().unwrap().remove(id); Response::new(Body::empty()) }
async fn serve(request: Request<Body>) -> Result<Response<Body>, hyper::Error> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/notes") => list().await,
        (&Method::POST, "/notes") => add("a".into()).await,
        (method, path) => match path.split('/').collect::<Vec<_>>()[..] { _ if method == Method::HEAD => Response::new(Body::empty()), _ => deeper(&request).await },
    })
}
async fn deeper(request: &Request<Body>) -> Response<Body> {
    let parts: Vec<&str> = request.uri().path().split('/').skip(1).collect();
    match (request.method(), parts.as_slice()) {
        (&Method::DELETE, ["notes", id]) => remove(id).await,
        _ => Response::new(Body::empty()),
    }
}
#[tokio::main]
async fn main() {
    let make = hyper::service::make_service_fn(|_| async { Ok::<_, hyper::Error>(hyper::service::service_fn(serve)) });
    hyper::Server::bind(&([0, 0, 0, 0], 80).into()).serve(make).await.unwrap();
}
"##
    sockets_without_a_router: ["ROOMS static entity|connection w=WebSocket r=WebSocket"] r##"
//# std
use futures_util::{SinkExt, StreamExt};
static ROOMS: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Default::default);
async fn talk(stream: tokio::net::TcpStream) {
    let (mut out, mut messages) = tokio_tungstenite::accept_async(stream).await.unwrap().split();
    while let Some(Ok(message)) = messages.next().await {
        let text = message.to_string();
        ROOMS.lock().unwrap().entry("a".into()).or_default().push(text);
        let all = ROOMS.lock().unwrap()["a"].join(",");
        out.send(all.into()).await.unwrap();
    }
}
#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    while let Ok((stream, _)) = listener.accept().await { tokio::spawn(talk(stream)); }
}
"##
    changes_handed_to_the_owner: ["Shop::items shared-field entity w=POST:/items r=GET:/items"] r##"
//# std axum
use tokio::sync::mpsc;
type Change = Box<dyn FnOnce(&mut Shop) + Send>;
struct Shop { items: HashMap<String, String> }
#[derive(Clone)]
struct Owner { changes: mpsc::Sender<Change> }
impl Owner {
    async fn change<F>(&self, change: F) where F: for<'a> FnOnce(&'a mut Shop) + Send + 'static { let _ = self.changes.send(Box::new(change)).await; }
    async fn look(&self, look: impl Fn(&Shop) + Send + 'static) { let _ = self.changes.send(Box::new(move |shop| look(shop))).await; }
}
async fn own(mut shop: Shop, mut changes: mpsc::Receiver<Change>) { while let Some(change) = changes.recv().await { change(&mut shop) } }
async fn add(State(owner): State<Owner>, name: String) { owner.change(move |shop| { shop.items.insert(name.clone(), name); }).await }
async fn list(State(owner): State<Owner>) {
    let (answer, _) = std::sync::mpsc::channel();
    owner.look(move |shop| { let _ = answer.send(shop.items.keys().cloned().collect::<Vec<_>>()); }).await
}
#[tokio::main]
async fn main() {
    let (sender, changes) = mpsc::channel(8);
    tokio::spawn(own(Shop { items: HashMap::new() }, changes));
    let app: Router = Router::new().route("/items", get(list).post(add)).with_state(Owner { changes: sender });
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"##
    messages_taken_by_for_each: ["Rooms::names shared-field entity w=GET:/ws/{room} r=GET:/ws/{room}"] r##"
//# std axum
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
enum Input { Create(String), Show }
struct Parcel { input: Input }
#[derive(Default)]
struct Rooms { names: RwLock<Vec<String>> }
impl Rooms {
    async fn run(&self, inbox: UnboundedReceiverStream<Parcel>) { inbox.for_each(|parcel| self.process(parcel)).await }
    async fn process(&self, parcel: Parcel) {
        match parcel.input {
            Input::Create(name) => self.names.write().unwrap().push(name),
            Input::Show => println!("{}", self.names.read().unwrap().join(",")),
        }
    }
}
async fn ws(State(sender): State<mpsc::UnboundedSender<Parcel>>, Path(room): Path<String>) {
    sender.send(Parcel { input: Input::Create(room) }).unwrap();
    sender.send(Parcel { input: Input::Show }).unwrap();
}
#[tokio::main]
async fn main() {
    let (sender, inbox) = mpsc::unbounded_channel();
    tokio::spawn(async move { Rooms::default().run(UnboundedReceiverStream::new(inbox)).await });
    let app: Router = Router::new().route("/ws/{room}", get(ws)).with_state(sender);
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"##
    what_is_kept_serves_who_asks_it: ["Board::moves shared-field entity w=POST:/move r=GET:/moves", "App::games shared-field entity w=POST:/game"] r##"
//# std axum
trait Game: Send { fn play(&mut self, at: usize); fn moves(&self) -> usize; }
struct Board { moves: Mutex<Vec<usize>>, size: usize }
struct Track { laps: usize }
impl Game for Board { fn play(&mut self, at: usize) { self.moves.lock().unwrap().push(at); } fn moves(&self) -> usize { self.moves.lock().unwrap().len() } }
impl Game for Track { fn play(&mut self, _: usize) {} fn moves(&self) -> usize { self.laps } }
#[derive(Default)]
struct App { games: Mutex<HashMap<u32, Box<dyn Game>>> }
async fn create(State(app): State<Arc<App>>, Path(board): Path<bool>) {
    let game: Box<dyn Game> = if board { Box::new(Board { moves: Mutex::new(Vec::new()), size: 8 }) } else { Box::new(Track { laps: 3 }) };
    app.games.lock().unwrap().insert(1, game);
}
async fn play(State(app): State<Arc<App>>, Path(at): Path<usize>) { app.games.lock().unwrap().get_mut(&1).unwrap().play(at); }
async fn moves(State(app): State<Arc<App>>) -> String { app.games.lock().unwrap().get(&1).unwrap().moves().to_string() }
#[tokio::main]
async fn main() {
    let app: Router = Router::new().route("/game", post(create)).route("/move", post(play)).route("/moves", get(moves)).with_state(Arc::new(App::default()));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"##
    function_of_a_modules_name: ["STOCK static entity w=PUT:/api/stock/{} r=GET:/api/stock"] r##"
use warp::Filter;
mod stock;
use stock::*;
#[tokio::main]
async fn main() { warp::serve(warp::path("api").and(stock())).run(([0, 0, 0, 0], 80)).await; }
//- /src/stock.rs
//# std
use warp::{Filter, Rejection, Reply};
static STOCK: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Default::default);
pub fn stock() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let list = warp::path("stock").and(warp::path::end()).and(warp::get()).and_then(list);
    let add = warp::path!("stock" / String).and(warp::put()).and_then(add);
    list.or(add)
}
async fn list() -> Result<impl Reply, Rejection> { Ok(STOCK.lock().unwrap().keys().cloned().collect::<Vec<_>>().join(",")) }
async fn add(name: String) -> Result<impl Reply, Rejection> { STOCK.lock().unwrap().insert(name, 1); Ok("") }
"##
    routers_handed_through: ["FILES static entity w=PUT:/v1/files r=GET:/v1/files/all"] r##"
//# std
use axum::{Router, routing::{get, put}};
use utoipa_axum::router::OpenApiRouter;
static FILES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Default::default);
async fn save(name: String) { FILES.lock().unwrap().push(name); }
async fn all() -> String { FILES.lock().unwrap().join(",") }
fn limited(router: Router) -> Router { router.layer(tower::limit::ConcurrencyLimitLayer::new(4)) }
#[tokio::main]
async fn main() {
    let files = limited(Router::new().route("/files", put(save)).route("/files/all", get(all)));
    let router: OpenApiRouter = OpenApiRouter::new().nest("/v1", files.into());
    let (router, documentation): (Router, _) = router.split_for_parts();
    let router = router.merge(utoipa_swagger_ui::SwaggerUi::new("/docs").url("/openapi.json", documentation));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), router).await.unwrap();
}
"##
}
