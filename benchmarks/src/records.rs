//! One field of a record of fifty: changed alone, and by saving the whole record.

use std::error::Error;

use serde::{Deserialize, Serialize};
use stateless_store::testing::servers::Server;
use stateless_store::{Externalize, Store};

use crate::measure::{heading, line, pair};
use crate::proxy::Wire;

macro_rules! wide {
    ($($field:ident)*) => {
        #[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
        #[externalize(key = "wide:{id}", ttl = "1h")]
        struct Wide {
            #[externalize(key)]
            id: u64,
            $($field: String,)*
        }

        fn wide() -> Wide {
            Wide {
                id: 0,
                $($field: stringify!($field).repeat(25),)*
            }
        }
    };
}

wide! {
    f01 f02 f03 f04 f05 f06 f07 f08 f09 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24
    f25 f26 f27 f28 f29 f30 f31 f32 f33 f34 f35 f36 f37 f38 f39 f40 f41 f42 f43 f44 f45 f46 f47 f48
    f49
}

async fn one_field(store: &Store, id: usize) {
    let at = Wide::at(store, &(id as u64));
    at.set_f25("changed".to_owned()).await.expect("a field");
}

async fn whole(store: &Store, id: usize, value: &Wide) {
    Wide::at(store, &(id as u64)).put(value).await.expect("put");
}

pub async fn compare(redis: &Server, postgres: &Server) -> Result<(), Box<dyn Error>> {
    heading("One field of fifty, and the whole record", "field", "whole");
    for (name, server) in [("Redis", redis), ("PostgreSQL", postgres)] {
        let store = Store::options().namespace("bench").connect(server.url()).await?;
        let value = wide();
        for id in 0..64 {
            whole(&store, id, &value).await;
        }
        let (a, b) = (store.clone(), store.clone());
        let result = pair(
            move |id| {
                let store = a.clone();
                async move { one_field(&store, id).await }
            },
            move |id| {
                let (store, value) = (b.clone(), value.clone());
                async move { whole(&store, id, &value).await }
            },
        );
        line(name, result.await);
    }
    println!("\n| Redis | round trips | bytes sent |");
    println!("| --- | --- | --- |");
    let wire = Wire::before(redis.address()).await?;
    let url = format!("redis://{}", wire.address);
    let store = Store::options().namespace("bench").connect(&url).await?;
    let value = wide();
    one_field(&store, 1).await;
    wire.counts();
    one_field(&store, 1).await;
    let (trips, sent, _) = wire.counts();
    println!("| one field | {trips} | {sent} |");
    whole(&store, 1, &value).await;
    let (trips, sent, _) = wire.counts();
    println!("| whole record | {trips} | {sent} |");
    let at = Wide::at(&store, &1);
    at.update(|wide| wide.f25.push('!')).await?;
    let (trips, sent, _) = wire.counts();
    println!("| `update` of one field | {trips} | {sent} |");
    Ok(())
}
