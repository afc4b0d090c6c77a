//! What requests share in axum.

cases! {
    state: ["App::carts shared-field entity w=POST:/set r=GET:/show unbounded"] r##"
//# std axum
struct App { carts: Mutex<HashMap<String, String>> }
async fn set(State(app): State<Arc<App>>, body: String) { app.carts.lock().unwrap().insert(body.clone(), body); }
async fn show(State(app): State<Arc<App>>, id: String) -> String { app.carts.lock().unwrap()[&id].clone() }
async fn main() {
    let app = Arc::new(App { carts: Mutex::default() });
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    extension: ["main::carts shared-local entity w=POST:/set r=GET:/show"] r##"
//# std axum
type Carts = Arc<Mutex<HashMap<String, String>>>;
async fn set(Extension(carts): Extension<Carts>, body: String) { carts.lock().unwrap().insert(body.clone(), body); }
async fn show(carts: Extension<Carts>, id: String) -> String { carts.lock().unwrap()[&id].clone() }
async fn main() {
    let carts: Carts = Default::default();
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).layer(Extension(carts))).await;
}
"##
    from_ref: ["App::carts shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
type Carts = Arc<Mutex<HashMap<String, String>>>;
#[derive(Clone)]
struct App { carts: Carts, name: String }
impl FromRef<App> for Carts { fn from_ref(app: &App) -> Carts { app.carts.clone() } }
async fn set(State(carts): State<Carts>, body: String) { carts.lock().unwrap().insert(body.clone(), body); }
async fn show(State(carts): State<Carts>, id: String) -> String { carts.lock().unwrap()[&id].clone() }
async fn main() {
    let app = App { carts: Default::default(), name: String::new() };
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    derived_from_ref: ["App::rooms shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Clone, Default, FromRef)]
struct App { rooms: Arc<dashmap::DashMap<String, String>> }
async fn set(State(rooms): State<Arc<dashmap::DashMap<String, String>>>, body: String) { rooms.insert(body.clone(), body); }
async fn show(State(app): State<App>, id: String) -> String { app.rooms.get(&id).unwrap().clone() }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(App::default())).await;
}
"##
    from_request_via: ["App::carts shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Clone, Default, axum::extract::FromRequestParts)]
#[from_request(via(Extension))]
struct App { carts: Arc<Mutex<HashMap<String, String>>> }
async fn set(app: App, body: String) { app.carts.lock().unwrap().insert(body.clone(), body); }
async fn show(app: App, id: String) -> String { app.carts.lock().unwrap()[&id].clone() }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).layer(Extension(App::default()))).await;
}
"##
    value_without_a_name: ["main::with_state|main::state|set::carts|main shared-local entity w=POST:/set r=GET:/show"] r##"
//# std axum
type Carts = Arc<Mutex<HashMap<String, String>>>;
async fn set(State(carts): State<Carts>, body: String) { carts.lock().unwrap().insert(body.clone(), body); }
async fn show(State(carts): State<Carts>, id: String) -> String { carts.lock().unwrap()[&id].clone() }
async fn main() {
    let app = Router::new().route("/set", post(set)).route("/show", get(show))
        .with_state(Arc::new(Mutex::new(HashMap::<String, String>::new())));
    axum::serve(l, app).await;
}
"##
    layer_without_a_name: ["* shared-local entity w=POST:/set r=GET:/show"] r##"
//# std axum
async fn set(Extension(carts): Extension<Arc<Mutex<Vec<String>>>>, body: String) { carts.lock().unwrap().push(body); }
async fn show(Extension(carts): Extension<Arc<Mutex<Vec<String>>>>) -> String { carts.lock().unwrap().join(",") }
async fn main() {
    let app = Router::new().route("/set", post(set)).route("/show", get(show))
        .layer(Extension(Arc::new(Mutex::new(Vec::<String>::new()))));
    axum::serve(l, app).await;
}
"##
    closure_handler: ["main::carts shared-local entity w=POST:/set r=GET:/show"] r##"
//# std axum
async fn main() {
    let carts = Arc::new(Mutex::new(Vec::<String>::new()));
    let other = carts.clone();
    let app = Router::new()
        .route("/set", post(move |body: String| async move { carts.lock().unwrap().push(body); }))
        .route("/show", get({ let other = Arc::clone(&other); move || async move { other.lock().unwrap().join(",") } }));
    axum::serve(l, app).await;
}
"##
    middleware_from_fn: ["App::hits shared-field rate-limit|entity"] r##"
//# std axum
#[derive(Clone, Default)]
struct App { hits: Arc<Mutex<HashMap<String, u32>>> }
async fn limit(State(app): State<App>, request: axum::extract::Request, next: axum::middleware::Next) -> Result<axum::response::Response, StatusCode> {
    let mut hits = app.hits.lock().unwrap();
    let count = hits.entry(client(&request)).or_insert(0);
    *count += 1;
    if *count > 100 { return Err(StatusCode::TOO_MANY_REQUESTS); }
    drop(hits);
    Ok(next.run(request).await)
}
async fn show() -> &'static str { "ok" }
async fn main() {
    let app = App::default();
    let router = Router::new().route("/show", get(show)).layer(axum::middleware::from_fn_with_state(app.clone(), limit)).with_state(app);
    axum::serve(l, router).await;
}
"##
    nest_and_merge: ["App::carts shared-field entity w=DELETE:/api/v1/carts/{id},POST:/api/v1/carts r=GET:/api/v1/carts,GET:/health"] r##"
//# std axum
#[derive(Clone, Default)]
struct App { carts: Arc<Mutex<HashMap<String, String>>> }
async fn add(State(app): State<App>, body: String) { app.carts.lock().unwrap().insert(body.clone(), body); }
async fn all(State(app): State<App>) -> String { app.carts.lock().unwrap().len().to_string() }
async fn drop_one(State(app): State<App>, Path(id): Path<String>) { app.carts.lock().unwrap().remove(&id); }
fn carts() -> Router<App> { Router::new().route("/", get(all).post(add)).route("/{id}", axum::routing::delete(drop_one)) }
fn api() -> Router<App> { Router::new().nest("/carts", carts()) }
async fn main() {
    let health = Router::new().route("/health", get(all));
    let app = Router::new().nest("/api/v1", api()).merge(health).with_state(App::default());
    axum::serve(l, app).await;
}
"##
    config_in_state: [] r##"
//# std axum
#[derive(Clone)]
struct App { settings: Arc<RwLock<HashMap<String, String>>>, pool: sqlx::PgPool, client: reqwest::Client }
async fn show(State(app): State<App>, id: String) -> String { app.settings.read().unwrap()[&id].clone() }
async fn main() {
    let app = App { settings: load(), pool: sqlx::PgPool::connect(&url()).await.unwrap(), client: reqwest::Client::new() };
    axum::serve(l, Router::new().route("/show", get(show)).with_state(app)).await;
}
"##
}
