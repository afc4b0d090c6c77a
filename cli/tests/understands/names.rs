//! Modules, imports and types: the state is the same under every name.

cases! {
    path_attribute: ["SEEN static - w=POST:/set r=GET:/show"] r##"
//# axum
#[path = "odd/place.rs"]
mod store;
async fn main() { axum::serve(l, Router::new().route("/set", post(store::set)).route("/show", get(store::show))).await; }
//- /src/odd/place.rs
//# std
pub static SEEN: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);
pub async fn set(body: String) { SEEN.lock().unwrap().insert(body.clone(), body); }
pub async fn show(id: String) -> String { SEEN.lock().unwrap()[&id].clone() }
"##
    nested_inline_modules: ["SEEN static - w=POST:/set r=GET:/show"] r##"
//# axum
mod outer {
    pub mod inner {
        //# std
        pub(super) static SEEN: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);
    }
    pub mod api {
        pub async fn set(body: String) { super::inner::SEEN.lock().unwrap().insert(body.clone(), body); }
        pub async fn show(id: String) -> String { super::inner::SEEN.lock().unwrap()[&id].clone() }
    }
}
async fn main() {
    axum::serve(l, Router::new().route("/set", post(outer::api::set)).route("/show", get(outer::api::show))).await;
}
"##
    use_rename: ["SEEN static - w=POST:/set r=GET:/show"] r##"
//# axum
mod data;
use data::SEEN as KNOWN;
async fn set(body: String) { KNOWN.lock().unwrap().insert(body.clone(), body); }
async fn show(id: String) -> String { KNOWN.lock().unwrap()[&id].clone() }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
//- /src/data.rs
use std::sync::{LazyLock as Late, Mutex as Guarded};
use std::collections::HashMap as Table;
pub static SEEN: Late<Guarded<Table<String, String>>> = Late::new(Default::default);
"##
    glob_import: ["SEEN static - w=POST:/set r=GET:/show"] r##"
//# axum
mod data;
use data::*;
async fn set(body: String) { SEEN.lock().unwrap().insert(body.clone(), body); }
async fn show(id: String) -> String { SEEN.lock().unwrap()[&id].clone() }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
//- /src/data.rs
use std::{collections::*, sync::*};
pub static SEEN: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);
"##
    no_manifest: ["SEEN static - w=POST:/set r=GET:/show"] r##"
// No Cargo.toml.
//# axum
mod data;
use data::*;
async fn set(body: String) { SEEN.lock().unwrap().insert(body.clone(), body); }
async fn show(id: String) -> String { SEEN.lock().unwrap()[&id].clone() }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
//- /src/data.rs
use std::{collections::*, sync::*};
pub static SEEN: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);
"##
    reexport_across_crates: ["Carts::items shared-field entity w=POST:/set r=GET:/show"] r##"
//- /Cargo.toml
[workspace]
members = ["web", "core-types"]
//- /web/Cargo.toml
[package]
name = "web"
version = "0.1.0"
[dependencies]
core-types = { path = "../core-types" }
axum = "0.8"
//- /web/src/main.rs
//# axum
use core_types::Store;
async fn set(State(store): State<Store>, body: String) { store.put(body); }
async fn show(State(store): State<Store>, id: String) -> String { store.get(&id) }
async fn main() {
    let app = Router::new().route("/set", post(set)).route("/show", get(show)).with_state(Store::default());
    axum::serve(l, app).await;
}
//- /core-types/Cargo.toml
[package]
name = "core-types"
version = "0.1.0"
//- /core-types/src/lib.rs
mod carts;
pub mod prelude { pub use crate::carts::*; }
pub use prelude::Carts as Store;
//- /core-types/src/carts.rs
//# std
#[derive(Clone, Default)]
pub struct Carts { items: Arc<Mutex<HashMap<String, String>>> }
impl Carts {
    pub fn put(&self, id: String) { self.items.lock().unwrap().insert(id.clone(), id); }
    pub fn get(&self, id: &str) -> String { self.items.lock().unwrap()[id].clone() }
}
"##
    type_alias: ["main::db shared-local entity w=POST:/set r=GET:/show"] r##"
//# std axum
type Db = Arc<RwLock<HashMap<String, String>>>;
async fn set(State(db): State<Db>, body: String) { db.write().unwrap().insert(body.clone(), body); }
async fn show(State(db): State<Db>, id: String) -> String { db.read().unwrap()[&id].clone() }
async fn main() {
    let db = Db::default();
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(db)).await;
}
"##
    alias_of_a_generic: ["App::rooms shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
type Shared<T> = Arc<Mutex<T>>;
type Table<V> = HashMap<String, V>;
#[derive(Clone, Default)]
struct App { rooms: Shared<Table<String>> }
async fn set(State(app): State<App>, body: String) { app.rooms.lock().unwrap().insert(body.clone(), body); }
async fn show(State(app): State<App>, id: String) -> String { app.rooms.lock().unwrap()[&id].clone() }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(App::default())).await;
}
"##
    newtype_with_deref: ["App::0|Inner::carts shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[derive(Default)]
struct Inner { carts: Mutex<HashMap<String, String>> }
#[derive(Clone, Default)]
struct App(Arc<Inner>);
impl std::ops::Deref for App { type Target = Inner; fn deref(&self) -> &Inner { &self.0 } }
async fn set(State(app): State<App>, body: String) { app.carts.lock().unwrap().insert(body.clone(), body); }
async fn show(State(app): State<App>, id: String) -> String { app.carts.lock().unwrap()[&id].clone() }
async fn main() {
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(App::default())).await;
}
"##
    generic_holder: ["Repo::rows shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
struct Repo<T> { rows: RwLock<Vec<T>> }
impl<T: Clone> Repo<T> {
    fn add(&self, row: T) { self.rows.write().unwrap().push(row); }
    fn all(&self) -> Vec<T> { self.rows.read().unwrap().clone() }
}
async fn set(State(repo): State<Arc<Repo<String>>>, body: String) { repo.add(body); }
async fn show(State(repo): State<Arc<Repo<String>>>) -> Json<Vec<String>> { Json(repo.all()) }
async fn main() {
    let repo = Arc::new(Repo { rows: RwLock::new(Vec::new()) });
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(repo)).await;
}
"##
    generic_bound: ["Memory::rows shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
trait Repo: Send + Sync { fn add(&self, row: String); fn all(&self) -> Vec<String>; }
struct Memory { rows: Mutex<Vec<String>> }
impl Repo for Memory {
    fn add(&self, row: String) { self.rows.lock().unwrap().push(row); }
    fn all(&self) -> Vec<String> { self.rows.lock().unwrap().clone() }
}
async fn set<R: Repo>(State(repo): State<Arc<R>>, body: String) { repo.add(body); }
async fn show<R>(State(repo): State<Arc<R>>) -> Json<Vec<String>> where R: Repo { Json(repo.all()) }
async fn main() {
    let repo = Arc::new(Memory { rows: Mutex::new(Vec::new()) });
    let app = Router::new().route("/set", post(set::<Memory>)).route("/show", get(show::<Memory>)).with_state(repo);
    axum::serve(l, app).await;
}
"##
    tuple_struct: ["Hits::0 shared-field sequence w=POST:/next"] r##"
//# std axum
#[derive(Clone)]
struct Hits(Arc<AtomicU64>);
async fn next(State(hits): State<Hits>) -> String { hits.0.fetch_add(1, Ordering::SeqCst).to_string() }
async fn main() {
    axum::serve(l, Router::new().route("/next", post(next)).with_state(Hits(Arc::new(AtomicU64::new(1))))).await;
}
"##
    wrappers: ["App::a shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
use std::rc::Rc;
struct App { a: Box<Arc<Rc<Mutex<HashMap<String, String>>>>> }
static APP: OnceLock<Arc<App>> = OnceLock::new();
fn app() -> Arc<App> { APP.get_or_init(|| Arc::new(App { a: Default::default() })).clone() }
async fn set(body: String) { app().a.lock().unwrap().insert(body.clone(), body); }
async fn show(id: String) -> String { app().a.lock().unwrap()[&id].clone() }
async fn main() { axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show))).await; }
"##
    trait_object: ["Memory::users shared-field entity w=POST:/set r=GET:/show"] r##"
//# std axum
#[async_trait::async_trait]
trait Users: Send + Sync { async fn add(&self, name: String); async fn has(&self, name: &str) -> bool; }
#[derive(Default)]
struct Memory { users: tokio::sync::RwLock<Vec<String>> }
#[async_trait::async_trait]
impl Users for Memory {
    async fn add(&self, name: String) { self.users.write().await.push(name); }
    async fn has(&self, name: &str) -> bool { self.users.read().await.iter().any(|one| one == name) }
}
#[derive(Clone)]
struct App { users: Arc<dyn Users> }
async fn set(State(app): State<App>, body: String) { app.users.add(body).await; }
async fn show(State(app): State<App>, id: String) -> String { app.users.has(&id).await.to_string() }
async fn main() {
    let app = App { users: Arc::new(Memory::default()) };
    axum::serve(l, Router::new().route("/set", post(set)).route("/show", get(show)).with_state(app)).await;
}
"##
    glob_of_a_module_that_a_glob_brings: ["Table::players shared-field entity"] r##"
//# std
mod table { pub struct Table { pub players: Vec<String>, pub round: String } impl Table { pub fn new() -> Self { Table { players: Vec::new(), round: String::new() } } } }
mod prelude { use super::*; pub use table::*; }
mod actor {
    use crate::prelude::*;
    use actix::prelude::*;
    pub struct Join(pub String);
    impl Message for Join { type Result = usize; }
    impl Actor for Table { type Context = Context<Self>; }
    impl Handler<Join> for Table {
        type Result = usize;
        fn handle(&mut self, join: Join, _: &mut Context<Self>) -> usize { self.players.push(join.0); self.players.len() }
    }
}
#[actix_web::main]
async fn main() {
    let table = actix::Actor::start(table::Table::new());
    actix_web::HttpServer::new(move || actix_web::App::new().app_data(actix_web::web::Data::new(table.clone()))).bind("0:80").unwrap().run().await;
}
"##
}
