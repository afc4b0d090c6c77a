//! The other frameworks: who holds what requests share.

cases! {
    warp_filter: ["main::todos shared-local entity"] r##"
//# std
use warp::Filter;
type Todos = Arc<tokio::sync::Mutex<Vec<String>>>;
async fn add(body: String, todos: Todos) -> Result<String, warp::Rejection> { todos.lock().await.push(body); Ok("ok".into()) }
async fn all(todos: Todos) -> Result<String, warp::Rejection> { Ok(todos.lock().await.join(",")) }
#[tokio::main]
async fn main() {
    let todos: Todos = Default::default();
    let with = { let todos = todos.clone(); warp::any().map(move || todos.clone()) };
    let routes = warp::path!("add").and(warp::post()).and(warp::body::json()).and(with.clone()).and_then(add)
        .or(warp::path!("all").and(warp::get()).and(with).and_then(all));
    warp::serve(routes).run(([0, 0, 0, 0], 80)).await;
}
"##
    poem: ["Carts::items shared-field entity w=POST:/set r=GET:/show"] r##"
//# std
use poem::{handler, get, post, web::Data, EndpointExt, Route};
#[derive(Default)]
struct Carts { items: Mutex<Vec<String>> }
#[handler]
fn set(carts: Data<&Arc<Carts>>, body: String) { carts.items.lock().unwrap().push(body); }
#[handler]
fn show(carts: Data<&Arc<Carts>>) -> String { carts.items.lock().unwrap().join(",") }
#[tokio::main]
async fn main() {
    let app = Route::new().at("/set", post(set)).at("/show", get(show)).data(Arc::new(Carts::default()));
    poem::Server::new(poem::listener::TcpListener::bind("0.0.0.0:80")).run(app).await.unwrap();
}
"##
    salvo: ["Carts::items shared-field entity"] r##"
//# std
use salvo::prelude::*;
#[derive(Default)]
struct Carts { items: Mutex<Vec<String>> }
#[handler]
async fn set(depot: &mut Depot, body: String) { let carts = depot.obtain::<Arc<Carts>>().unwrap(); carts.items.lock().unwrap().push(body); }
#[handler]
async fn show(depot: &mut Depot) -> String { depot.obtain::<Arc<Carts>>().unwrap().items.lock().unwrap().join(",") }
#[tokio::main]
async fn main() {
    let router = Router::new().hoop(affix_state::inject(Arc::new(Carts::default())))
        .push(Router::with_path("set").post(set)).push(Router::with_path("show").get(show));
    Server::new(TcpListener::new("0.0.0.0:80").bind().await).serve(router).await;
}
"##
    tonic: ["Shop::carts shared-field entity"] r##"
//# std
use tonic::{Request, Response, Status};
#[derive(Default)]
pub struct Shop { carts: Mutex<HashMap<String, String>> }
#[tonic::async_trait]
impl shop_server::Shop for Shop {
    async fn add(&self, request: Request<Item>) -> Result<Response<Empty>, Status> {
        let item = request.into_inner();
        self.carts.lock().unwrap().insert(item.id, item.name);
        Ok(Response::new(Empty {}))
    }
    async fn get(&self, request: Request<Id>) -> Result<Response<Item>, Status> {
        let name = self.carts.lock().unwrap().get(&request.get_ref().id).cloned();
        Ok(Response::new(Item { name: name.ok_or(Status::not_found("cart"))? }))
    }
}
#[tokio::main]
async fn main() { tonic::transport::Server::builder().add_service(shop_server::ShopServer::new(Shop::default())).serve(addr()).await.unwrap(); }
"##
    hyper_service_fn: ["main::carts|App::carts - entity"] r##"
//# std
use hyper::{server::conn::http1, service::service_fn, Request, Response};
async fn serve(request: Request<hyper::body::Incoming>, carts: Arc<Mutex<Vec<String>>>) -> Result<Response<String>, hyper::Error> {
    if request.method() == hyper::Method::POST { carts.lock().unwrap().push(request.uri().to_string()); }
    Ok(Response::new(carts.lock().unwrap().join(",")))
}
#[tokio::main]
async fn main() {
    let carts = Arc::new(Mutex::new(Vec::new()));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let carts = carts.clone();
        tokio::spawn(async move {
            http1::Builder::new().serve_connection(stream, service_fn(move |request| serve(request, carts.clone()))).await
        });
    }
}
"##
    tower_layer: ["CountLayer::seen|Count::seen shared-field -"] r##"
//# std axum
use tower::{Layer, Service};
#[derive(Clone, Default)]
struct CountLayer { seen: Arc<Mutex<HashSet<String>>> }
#[derive(Clone)]
struct Count<S> { inner: S, seen: Arc<Mutex<HashSet<String>>> }
impl<S> Layer<S> for CountLayer { type Service = Count<S>; fn layer(&self, inner: S) -> Count<S> { Count { inner, seen: self.seen.clone() } } }
impl<S: Service<axum::extract::Request>> Service<axum::extract::Request> for Count<S> {
    fn call(&mut self, request: axum::extract::Request) -> Self::Future {
        if !self.seen.lock().unwrap().insert(key(&request)) { return refuse(StatusCode::CONFLICT); }
        self.inner.call(request)
    }
}
async fn show() -> &'static str { "ok" }
async fn main() { axum::serve(l, Router::new().route("/show", get(show)).layer(CountLayer::default())).await; }
"##
    async_graphql_data: ["Carts::items|main::carts - entity"] r##"
//# std
use async_graphql::{Context, EmptySubscription, Object, Schema};
#[derive(Default)]
struct Carts { items: Mutex<Vec<String>> }
struct Query;
struct Mutation;
#[Object]
impl Query { async fn all(&self, ctx: &Context<'_>) -> Vec<String> { ctx.data::<Carts>().unwrap().items.lock().unwrap().clone() } }
#[Object]
impl Mutation { async fn add(&self, ctx: &Context<'_>, name: String) -> bool { ctx.data_unchecked::<Carts>().items.lock().unwrap().push(name); true } }
#[tokio::main]
async fn main() {
    let schema = Schema::build(Query, Mutation, EmptySubscription).data(Carts::default()).finish();
    let app = axum::Router::new().route("/graphql", axum::routing::post_service(async_graphql_axum::GraphQL::new(schema)));
    axum::serve(l, app).await.unwrap();
}
"##
    socketioxide: ["Users::names shared-field -"] r##"
//# std
use socketioxide::{extract::{Data, SocketRef, State}, SocketIo};
#[derive(Clone, Default)]
struct Users { names: Arc<RwLock<HashMap<String, String>>> }
async fn on_connect(socket: SocketRef) {
    socket.on("join", |socket: SocketRef, Data(name): Data<String>, State(users): State<Users>| async move {
        users.names.write().unwrap().insert(socket.id.to_string(), name);
    });
    socket.on("who", |socket: SocketRef, users: State<Users>| { socket.emit("names", &users.names.read().unwrap().len()).ok(); });
}
#[tokio::main]
async fn main() {
    let (layer, io) = SocketIo::builder().with_state(Users::default()).build_layer();
    io.ns("/", on_connect);
    axum::serve(l, axum::Router::new().layer(layer)).await.unwrap();
}
"##
    mcp_tool_server: ["Notes::notes shared-field entity", "main::LocalSessionManager component session"] r##"
//# std
use rmcp::{tool, tool_handler, tool_router, ServerHandler};
#[derive(Clone)]
struct Notes { notes: Arc<tokio::sync::Mutex<Vec<String>>>, tool_router: ToolRouter<Self> }
#[tool_router]
impl Notes {
    #[tool(description = "Add a note")]
    async fn add(&self, Parameters(text): Parameters<String>) -> Result<CallToolResult, ErrorData> { self.notes.lock().await.push(text); Ok(done()) }
    #[tool(description = "All notes")]
    async fn all(&self) -> String { self.notes.lock().await.join(",") }
}
#[tool_handler]
impl ServerHandler for Notes {}
#[tokio::main]
async fn main() {
    let notes = Notes { notes: Default::default(), tool_router: Notes::tool_router() };
    let service = StreamableHttpService::new(move || Ok(notes.clone()), LocalSessionManager::default().into(), Default::default());
    axum::serve(l, axum::Router::new().nest_service("/mcp", service)).await.unwrap();
}
"##
    jsonrpsee_impl: ["Node::blocks shared-field entity"] r##"
//# std
use jsonrpsee::{core::RpcResult, proc_macros::rpc, server::Server};
#[rpc(server)]
pub trait Chain { #[method(name = "add")] async fn add(&self, block: String) -> RpcResult<()>; #[method(name = "all")] fn all(&self) -> RpcResult<Vec<String>>; }
#[derive(Default)]
struct Node { blocks: Mutex<Vec<String>> }
#[jsonrpsee::core::async_trait]
impl ChainServer for Node {
    async fn add(&self, block: String) -> RpcResult<()> { self.blocks.lock().unwrap().push(block); Ok(()) }
    fn all(&self) -> RpcResult<Vec<String>> { Ok(self.blocks.lock().unwrap().clone()) }
}
#[tokio::main]
async fn main() { Server::builder().build("0.0.0.0:80").await.unwrap().start(Node::default().into_rpc()).stopped().await; }
"##
    jsonrpsee_module: ["Node::blocks shared-field entity"] r##"
//# std
use jsonrpsee::{server::Server, RpcModule};
#[derive(Default)]
struct Node { blocks: Mutex<Vec<String>> }
#[tokio::main]
async fn main() {
    let mut module = RpcModule::new(Node::default());
    module.register_method("add", |params, node, _| { node.blocks.lock().unwrap().push(params.one::<String>().unwrap()); }).unwrap();
    module.register_method("all", |_, node, _| node.blocks.lock().unwrap().clone()).unwrap();
    Server::builder().build("0.0.0.0:80").await.unwrap().start(module).stopped().await;
}
"##
    jsonrpc_core_handler: ["main::blocks shared-local entity"] r##"
//# std
use jsonrpc_core::{IoHandler, Params, Value};
fn main() {
    let blocks = Arc::new(Mutex::new(Vec::<String>::new()));
    let mut io = IoHandler::default();
    let adding = blocks.clone();
    io.add_method("add", move |params: Params| { let adding = adding.clone(); async move { adding.lock().unwrap().push(params.parse().unwrap()); Ok(Value::Null) } });
    io.add_sync_method("all", move |_| Ok(Value::from(blocks.lock().unwrap().clone())));
    jsonrpc_http_server::ServerBuilder::new(io).start_http(&addr()).unwrap().wait();
}
"##
}
