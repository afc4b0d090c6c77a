//! Servers that die, are silent, or hold something else: what was acknowledged stays, nothing
//! hangs, nothing panics, and every error is typed.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateless_store::testing::servers::{Durability, Server};
use stateless_store::{ErrorKind, Externalize, StateMap, Store};
use support::Proxy;

#[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "log:{task}")]
struct Log {
    #[externalize(key)]
    task: u64,
    last: u64,
    #[externalize(counter)]
    count: u64,
}

const TASKS: u64 = 8;

/// Tasks write numbers that go up; the server is killed and restarted in the middle.
async fn survives_a_kill(mut server: Server) {
    let store = Store::options().timeout(Duration::from_secs(20)).connect(server.url()).await.unwrap();
    for task in 0..TASKS {
        Log::at(&store, &task).insert(&Log::default()).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, stop, done) = (store.clone(), stop.clone(), done.clone());
            tokio::spawn(async move {
                let at = Log::at(&store, &task);
                let (mut acknowledged, mut counted, mut unsure) = (0, 0, 0);
                for number in 1.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    if at.update(|log| log.last = number).await.is_ok() {
                        acknowledged = number;
                    }
                    match at.count().incr(1).await {
                        Ok(_) => counted += 1,
                        Err(error) if error.may_have_happened() => unsure += 1,
                        Err(_) => {}
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                }
                (acknowledged, counted, unsure)
            })
        })
        .collect();
    let more = async |by: u64| {
        let goal = done.load(Ordering::SeqCst) + by;
        while done.load(Ordering::SeqCst) < goal {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    for _ in 0..2 {
        more(50).await;
        server = tokio::task::spawn_blocking(move || {
            server.kill().unwrap();
            server.restart().unwrap();
            server
        })
        .await
        .unwrap();
        // Work goes on after the restart.
        more(50).await;
    }
    stop.store(true, Ordering::SeqCst);
    for (task, running) in (0..TASKS).zip(tasks) {
        let (acknowledged, counted, unsure) = tokio::time::timeout(Duration::from_secs(60), running)
            .await
            .expect("a task hangs")
            .expect("a task panicked");
        assert!(acknowledged > 0);
        let found = Log::at(&store, &task).load().await.unwrap().unwrap();
        assert!(found.last >= acknowledged, "{} < {acknowledged}", found.last);
        // Counted once each: only what may have happened can be there besides.
        assert!(found.count >= counted, "{} < {counted}", found.count);
        assert!(found.count <= counted + unsure, "{} > {counted} + {unsure}", found.count);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_survives_a_kill() {
    survives_a_kill(Server::redis(Durability::Full).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_survives_a_kill() {
    survives_a_kill(Server::postgres(Durability::Full).unwrap()).await;
}

/// A server that takes calls and never answers.
async fn does_not_hang(scheme: &str, path: &str, server: Server) {
    let proxy = Proxy::before(server.address()).await;
    let url = format!("{scheme}{}{path}", proxy.address);
    let store = Store::options()
        .timeout(Duration::from_millis(300))
        .update_timeout(Duration::from_millis(300))
        .connect(&url)
        .await
        .unwrap();
    let at = Log::at(&store, &1);
    let patient = Store::connect(&url).await.unwrap();
    Log::at(&patient, &1).insert(&Log::default()).await.unwrap();
    while at.load().await.is_err() {}
    proxy.hush(true);
    let calls = async {
        let error = at.load().await.unwrap_err();
        assert!(!error.may_have_happened(), "a load changes nothing: {error}");
        let error = at.set_last(1).await.unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert!(at.update(|log| log.last = 2).await.is_err());
        assert!(at.delete().await.is_err());
    };
    tokio::time::timeout(Duration::from_secs(30), calls).await.expect("a call hangs");
    proxy.hush(false);
    // And it comes back by itself.
    let back = async { while at.load().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), back).await.expect("it does not come back");
}

#[tokio::test]
async fn a_silent_redis_is_a_timeout() {
    let server = Server::redis(Durability::None).unwrap();
    does_not_hang("redis://", "", server).await;
}

#[tokio::test]
async fn a_silent_postgres_is_a_timeout() {
    let server = Server::postgres(Durability::None).unwrap();
    does_not_hang("postgres://postgres@", "/postgres", server).await;
}

#[tokio::test]
async fn no_server_is_a_typed_error_without_the_address() {
    for url in ["redis://anna:secret@127.0.0.1:1", "postgres://anna:secret@127.0.0.1:1/x"] {
        let options = Store::options().timeout(Duration::from_millis(500));
        let error = options.connect(url).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unreachable(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    for url in ["redis:", "postgres://[", "mysql://anna:secret@x", "", "memory"] {
        match Store::connect(url).await {
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::Config(_) | ErrorKind::Unreachable(_)),
                    "{error:?}"
                );
                assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
            }
            Ok(store) => assert_eq!(store.backend().name(), "memory"),
        }
    }
}

/// What somebody else has put under our keys.
#[tokio::test]
async fn garbage_in_redis_is_a_typed_error() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let garbage: &[&[&str]] = &[
        &["SET", "log:1", "secret"],
        &["RPUSH", "log:1", "secret"],
        &["HSET", "log:1", "last", "secret"],
        &["HSET", "log:1", "@", "secret 1", "last", "1"],
        &["HSET", "log:1", "@", "5 secret", "last", "1"],
        &["HSET", "log:1", "@", "5"],
        &["HSET", "log:1", "@", "-5 1", "last", "1"],
        &["HSET", "log:1", "@", "5 1 1", "last", "1"],
        &["HSET", "log:1", "@", "5 1", "@f", "secret"],
        &["HSET", "log:1", "@", "5 1", "@f", "last\0secret"],
        &["HSET", "log:1", "@", "5 1", "@f", "last\x001\0task\0"],
    ];
    for command in garbage {
        let _: redis::Value = redis::cmd("DEL").arg("log:1").query_async(&mut connection).await.unwrap();
        let _: redis::Value =
            redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await.unwrap();
        let at = Log::at(&store, &1);
        let many = Log::load_many(&store, [&1, &2]).await.map(|_| ());
        let results = [at.load().await.map(|_| ()), many];
        for result in results {
            let error = result.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Foreign { .. }), "{command:?}: {error:?}");
            assert!(!format!("{error}").contains("secret"), "{error}");
        }
        let _ = at.put(&Log::default()).await;
        let _ = at.delete().await;
    }
    // The right form with contents that nobody can read.
    let undecodable: &[&[&str]] =
        &[&["last", "secret", "task", "1"], &["last", "\"secret\"", "task", "1"], &["task", "1"]];
    for fields in undecodable {
        let _: redis::Value = redis::cmd("DEL").arg("log:1").query_async(&mut connection).await.unwrap();
        let _: redis::Value = redis::cmd("HSET")
            .arg("log:1")
            .arg(&["@", "5 1"])
            .arg(*fields)
            .query_async(&mut connection)
            .await
            .unwrap();
        let error = Log::at(&store, &1).load().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Undecodable { schema: 1, .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("load `log`") && text.contains("`last`"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let _: redis::Value =
        redis::cmd("HSET").arg("log:1").arg(&["count", "secret"]).query_async(&mut connection).await.unwrap();
    let error = Log::at(&store, &1).count().incr(1).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn garbage_in_postgres_is_a_typed_error() {
    let server = Server::postgres(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let at = Log::at(&store, &1);
    at.insert(&Log::default()).await.unwrap();
    let pool = sqlx::PgPool::connect(server.url()).await.unwrap();
    let foreign = [
        "UPDATE stateless_log SET doc = '[\"secret\"]'",
        "UPDATE stateless_log SET doc = '{}', version = -1",
        "UPDATE stateless_log SET doc = '{}', version = 1, schema = -1",
        "UPDATE stateless_log SET schema = 1, doc = '{\"last\": {\"$json\": 3}}'",
    ];
    for sql in foreign {
        sqlx::query(sql).execute(&pool).await.unwrap();
        let error = at.load().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Foreign { .. }), "{sql}: {error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let undecodable = [
        "UPDATE stateless_log SET doc = '{\"last\": \"secret\", \"task\": 1}'",
        "UPDATE stateless_log SET doc = '{}'",
    ];
    for sql in undecodable {
        sqlx::query(sql).execute(&pool).await.unwrap();
        let error = at.load().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Undecodable { schema: 1, .. }), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    sqlx::query("UPDATE stateless_log SET doc = '{\"count\": \"secret\"}'").execute(&pool).await.unwrap();
    let error = at.count().incr(1).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Foreign { .. }), "{error:?}");
    // A table that was there before, with other columns.
    sqlx::query("CREATE TABLE stateless_taken (key integer)").execute(&pool).await.unwrap();
    let taken: StateMap<String, u32> = StateMap::new(&store, "taken:{}");
    let error = taken.get("a").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Rejected(_) | ErrorKind::Foreign { .. }), "{error:?}");
}

/// A restarted server has forgotten the scripts, and a flushed one the table's rows.
#[tokio::test]
async fn forgotten_scripts_are_sent_again() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let map: StateMap<String, u32> = StateMap::new(&store, "n:{}");
    map.insert("a", &1).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _: redis::Value = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut connection).await.unwrap();
    map.insert("b", &2).await.unwrap();
    assert_eq!(map.get("b").await.unwrap(), Some(2));
}

#[tokio::test]
async fn pools_of_the_users_own_work() {
    use redis::aio::ConnectionManager;
    let server = Server::redis(Durability::None).unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let manager = ConnectionManager::new(client).await.unwrap();
    let redis = Store::over(stateless_store::Redis::over(manager));
    let server = Server::postgres(Durability::None).unwrap();
    let pool = sqlx::PgPool::connect(server.url()).await.unwrap();
    let postgres = Store::over(stateless_store::Postgres::over(pool));
    for store in [redis, postgres] {
        let at = Log::at(&store, &1);
        at.insert(&Log::default()).await.unwrap();
        at.update(|log| log.last = 3).await.unwrap();
        assert_eq!(at.load().await.unwrap().unwrap().last, 3);
    }
}
