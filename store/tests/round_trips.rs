//! How many round trips each call makes, counted on the wire.

mod support;

use serde::{Deserialize, Serialize};
use stateless_store::testing::servers::{Durability, Server};
use stateless_store::{Externalize, StateCounter, Store};
use support::Proxy;

#[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}", ttl = "30m", touch = "read", list)]
struct Cart {
    #[externalize(key)]
    user: String,
    items: Vec<String>,
    #[externalize(counter)]
    views: u64,
    coupon: Option<String>,
}

/// Calls everything once, so that scripts are loaded, statements prepared and the table made.
async fn warm_up(store: &Store) {
    let at = Cart::at(store, "warm");
    at.insert(&Cart::default()).await.unwrap();
    let mut cart = at.load().await.unwrap().unwrap();
    at.save(&mut cart).await.unwrap();
    at.update(|cart| cart.items.clear()).await.unwrap();
    Cart::load_many(store, ["warm", "cold"]).await.unwrap();
    at.views().incr(1).await.unwrap();
    at.exists().await.unwrap();
    Cart::all(store).page().await.unwrap();
    Cart::all(store).count().await.unwrap();
    at.put(&Cart::default()).await.unwrap();
    at.take().await.unwrap();
    at.delete().await.unwrap();
    StateCounter::<u64>::new(store, "n").add(1).await.unwrap();
}

async fn counts(scheme: &str, server: &Server, pages: usize) {
    let proxy = Proxy::before(server.address()).await;
    let url = format!("{scheme}{}", proxy.address);
    let url = match scheme {
        "redis://" => url,
        _ => format!("{url}/postgres"),
    };
    let store = Store::options().connections(1).connect(&url).await.unwrap();
    warm_up(&store).await;
    proxy.trips();

    let at = Cart::at(&store, "anna");
    at.insert(&Cart::default()).await.unwrap();
    assert_eq!(proxy.trips(), 1, "insert");
    let mut cart = at.load().await.unwrap().unwrap();
    assert_eq!(proxy.trips(), 1, "load, which also renews the lifetime");
    cart.items.push("a".to_owned());
    at.save(&mut cart).await.unwrap();
    assert_eq!(proxy.trips(), 1, "save");
    cart.items.push("b".to_owned());
    at.save(&mut cart).await.unwrap();
    assert_eq!(proxy.trips(), 1, "a second save needs no load");
    at.set_coupon(Some("X".to_owned())).await.unwrap();
    assert_eq!(proxy.trips(), 1, "a field");
    at.views().incr(1).await.unwrap();
    assert_eq!(proxy.trips(), 1, "a counter");
    at.update(|cart| cart.items.clear()).await.unwrap();
    assert_eq!(proxy.trips(), 2, "update");
    at.put(&Cart::default()).await.unwrap();
    assert_eq!(proxy.trips(), 1, "put");
    at.exists().await.unwrap();
    assert_eq!(proxy.trips(), 1, "exists");
    let users: Vec<String> = (0..50).map(|i| format!("user {i}")).collect();
    Cart::load_many(&store, users.iter().map(String::as_str)).await.unwrap();
    assert_eq!(proxy.trips(), 1, "fifty in bulk");
    Cart::all(&store).page().await.unwrap();
    assert_eq!(proxy.trips(), pages, "a page of a list");
    Cart::all(&store).count().await.unwrap();
    assert_eq!(proxy.trips(), 1, "count");
    at.take().await.unwrap();
    assert_eq!(proxy.trips(), 1, "take");
    at.delete().await.unwrap();
    assert_eq!(proxy.trips(), 1, "delete");
    StateCounter::<u64>::new(&store, "n").add(1).await.unwrap();
    assert_eq!(proxy.trips(), 1, "a number");
    let large = Cart { coupon: Some("x".repeat(2 * 1024 * 1024)), ..Cart::default() };
    assert!(at.put(&large).await.is_err());
    assert_eq!(proxy.trips(), 0, "what is too large");
}

#[tokio::test]
async fn on_redis() {
    // The keys of the page, then the records.
    counts("redis://", &Server::redis(Durability::None).unwrap(), 2).await;
}

#[tokio::test]
async fn on_postgres() {
    let server = Server::postgres(Durability::None).unwrap();
    counts("postgres://postgres@", &server, 1).await;
}

/// A field of a record of fifty sends that field.
#[tokio::test]
async fn only_what_changed_is_sent() {
    let server = Server::redis(Durability::None).unwrap();
    let proxy = Proxy::before(server.address()).await;
    let store = Store::connect(&format!("redis://{}", proxy.address)).await.unwrap();
    warm_up(&store).await;
    let at = Cart::at(&store, "anna");
    let cart = Cart { items: vec!["x".repeat(10_000)], ..Cart::default() };
    at.insert(&cart).await.unwrap();
    let mut cart = at.load().await.unwrap().unwrap();
    proxy.bytes();
    cart.coupon = Some("X".to_owned());
    at.save(&mut cart).await.unwrap();
    at.update(|cart| cart.coupon = None).await.unwrap();
    let sent = proxy.bytes();
    assert!(sent < 2000, "{sent} bytes for two small fields");
}
