//! A session's load and save, beside `tower-sessions-redis-store` with the same contents.

use std::collections::HashMap;
use std::error::Error;

use serde::{Deserialize, Serialize};
use stateless_store::testing::servers::Server;
use stateless_store::{Externalize, Store};
use time::OffsetDateTime;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::*;

use crate::measure::{heading, line, pair};
use crate::proxy::Wire;

#[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "session:{id}", ttl = "30m", touch = "write")]
struct Session {
    #[externalize(key)]
    id: u64,
    user: String,
    roles: Vec<String>,
    csrf: String,
    cart: Vec<(String, u32)>,
    locale: String,
    seen: u64,
}

fn session() -> Session {
    Session {
        id: 0,
        user: "anna@example.org".to_owned(),
        roles: ["reader", "writer"].map(str::to_owned).to_vec(),
        csrf: "6f1ed002ab5595859014ebf0951522d9".to_owned(),
        cart: (0..10).map(|i| (format!("AB-{i:03}"), i)).collect(),
        locale: "de-DE".to_owned(),
        seen: 1,
    }
}

fn record(id: usize) -> Result<Record, Box<dyn Error>> {
    let serde_json::Value::Object(fields) = serde_json::to_value(session())? else {
        return Err("a session is an object".into());
    };
    let data: HashMap<String, serde_json::Value> =
        fields.into_iter().filter(|(name, _)| name != "id").collect();
    Ok(Record {
        id: Id(id as i128 + 1),
        data,
        expiry_date: OffsetDateTime::now_utc() + time::Duration::minutes(30),
    })
}

async fn theirs(address: &str) -> Result<RedisStore<Pool>, Box<dyn Error>> {
    let config = Config::from_url(&format!("redis://{address}"))?;
    let pool = Pool::new(config, None, None, None, 1)?;
    pool.connect();
    pool.wait_for_connect().await?;
    Ok(RedisStore::new(pool))
}

async fn load_and_save(store: &Store, id: usize) {
    let at = Session::at(store, &(id as u64));
    let mut session = at.load().await.expect("load").expect("there");
    session.seen += 1;
    at.save(&mut session).await.expect("save");
}

async fn load_and_save_theirs(store: &RedisStore<Pool>, id: usize) {
    let mut record = store.load(&Id(id as i128 + 1)).await.expect("load").expect("there");
    let seen = record.data.get("seen").and_then(serde_json::Value::as_u64);
    record.data.insert("seen".to_owned(), (seen.unwrap_or(0) + 1).into());
    record.expiry_date = OffsetDateTime::now_utc() + time::Duration::minutes(30);
    store.save(&record).await.expect("save");
}

pub async fn compare(server: &Server) -> Result<(), Box<dyn Error>> {
    let ours = Store::options().namespace("bench").connect(server.url()).await?;
    let other = theirs(server.address()).await?;
    for id in 0..64 {
        Session::at(&ours, &(id as u64)).put(&session()).await?;
        other.create(&mut record(id)?).await?;
    }
    heading("Sessions: typed, and tower-sessions-redis-store", "typed", "tower-sessions");
    let (a, b) = (ours.clone(), other.clone());
    let load = pair(
        move |id| {
            let at = Session::at(&a, &(id as u64));
            async move {
                assert!(at.load().await.expect("load").is_some());
            }
        },
        move |id| {
            let store = b.clone();
            async move {
                let found = store.load(&Id(id as i128 + 1)).await;
                assert!(found.expect("load").is_some());
            }
        },
    );
    line("load", load.await);
    let (a, b) = (ours.clone(), other.clone());
    let both = pair(
        move |id| {
            let store = a.clone();
            async move { load_and_save(&store, id).await }
        },
        move |id| {
            let store = b.clone();
            async move { load_and_save_theirs(&store, id).await }
        },
    );
    line("load, change, save", both.await);

    println!("\n| load, change, save | round trips | bytes sent | bytes received |");
    println!("| --- | --- | --- | --- |");
    let wire = Wire::before(server.address()).await?;
    let url = format!("redis://{}", wire.address);
    let ours = Store::options().namespace("bench").connect(&url).await?;
    load_and_save(&ours, 1).await;
    wire.counts();
    load_and_save(&ours, 1).await;
    let (trips, sent, received) = wire.counts();
    println!("| typed | {trips} | {sent} | {received} |");
    let wire = Wire::before(server.address()).await?;
    let other = theirs(&wire.address).await?;
    load_and_save_theirs(&other, 1).await;
    wire.counts();
    load_and_save_theirs(&other, 1).await;
    let (trips, sent, received) = wire.counts();
    println!("| tower-sessions | {trips} | {sent} | {received} |");
    Ok(())
}
