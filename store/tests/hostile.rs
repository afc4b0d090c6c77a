//! What servers do to a store besides dying: a replica in place of the leader, no memory left,
//! forgotten scripts and lost indexes under load, a clock that was ahead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateless_store::testing::servers::{Durability, Server};
use stateless_store::{Draft, ErrorKind, Externalize, MigrationError, Store};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "room:{id}", list)]
struct Room {
    #[externalize(key)]
    id: u64,
    text: String,
    #[externalize(counter)]
    visits: u64,
}

async fn tell(server: &Server, command: &[&str]) {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut told = redis::cmd(command[0]);
    let _: redis::Value = told.arg(&command[1..]).query_async(&mut connection).await.unwrap();
}

/// A fail-over behind one address: for a while a replica answers, which takes no writes.
#[tokio::test]
async fn a_write_waits_for_the_leader() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let at = Room::at(&store, &1);
    at.insert(&Room::default()).await.unwrap();
    tell(&server, &["REPLICAOF", "127.0.0.1", "1"]).await;
    let back = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        tell(&server, &["REPLICAOF", "NO", "ONE"]).await;
    };
    let (written, ()) = tokio::join!(at.set_text("written".to_owned()), back);
    written.unwrap();
    assert_eq!(at.load().await.unwrap().unwrap().text, "written");

    tell(&server, &["REPLICAOF", "127.0.0.1", "1"]).await;
    let error = at.visits().incr(1).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unreachable(_)), "{error:?}");
    assert!(!error.may_have_happened(), "a replica takes nothing: {error}");
    tell(&server, &["REPLICAOF", "NO", "ONE"]).await;
    assert_eq!(at.visits().incr(1).await.unwrap(), 1);
}

/// A full server refuses a write as a whole, and still loads and deletes.
#[tokio::test]
async fn a_full_server_writes_nothing_by_halves() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let at = Room::at(&store, &1);
    at.insert(&Room { text: "before".to_owned(), ..Room::default() }).await.unwrap();
    let mut loaded = at.load().await.unwrap().unwrap();
    tell(&server, &["CONFIG", "SET", "maxmemory", "1"]).await;
    loaded.text = "after".to_owned();
    loaded.visits = 3;
    let errors = [
        at.save(&mut loaded).await.unwrap_err(),
        at.set_text("x".to_owned()).await.unwrap_err(),
        at.visits().incr(1).await.unwrap_err(),
        at.put(&Room::default()).await.unwrap_err(),
        Room::at(&store, &2).insert(&Room::default()).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error.kind(), ErrorKind::Rejected(_)), "{error:?}");
    }
    let found = at.load().await.unwrap().unwrap();
    assert_eq!((&*found.text, found.visits), ("before", 0));
    tell(&server, &["CONFIG", "SET", "maxmemory", "0"]).await;
    at.save(&mut loaded).await.unwrap();
    assert_eq!(Room::all(&store).count().await.unwrap(), 1, "the room that was refused is not listed");
}

/// Scripts are forgotten and connections cut, again and again, while tasks write.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forgotten_scripts_and_cut_connections_lose_nothing() {
    const TASKS: u64 = 16;
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    for id in 0..TASKS {
        Room::at(&store, &id).insert(&Room::default()).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..TASKS)
        .map(|id| {
            let (store, stop) = (store.clone(), stop.clone());
            tokio::spawn(async move {
                let at = Room::at(&store, &id);
                let (mut least, mut unsure) = (0, 0);
                while !stop.load(Ordering::SeqCst) {
                    match at.visits().incr(1).await {
                        Ok(_) => least += 1,
                        Err(error) if error.may_have_happened() => unsure += 1,
                        Err(error) => panic!("{error}"),
                    }
                    let _ = at.update(|room| room.text.push('.')).await;
                }
                (at, least, unsure)
            })
        })
        .collect();
    for _ in 0..20 {
        tell(&server, &["SCRIPT", "FLUSH"]).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        tell(&server, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        let (at, least, unsure) = task.await.unwrap();
        let found = at.load().await.unwrap().unwrap();
        assert!(least > 0);
        assert!((least..=least + unsure).contains(&found.visits), "{} of {least}+{unsure}", found.visits);
    }
}

/// A server that evicts keys by itself can drop an index, or a record and not its entry.
#[tokio::test]
async fn an_evicted_index_or_record_is_an_absent_one() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    for id in 0..4 {
        Room::at(&store, &id).insert(&Room::default()).await.unwrap();
    }
    tell(&server, &["DEL", "room:2"]).await;
    let page = Room::all(&store).page().await.unwrap();
    assert_eq!(page.items.iter().map(|room| room.id).collect::<Vec<_>>(), [0, 1, 3]);
    tell(&server, &["DEL", "@i/room:{id}/@all/"]).await;
    assert!(Room::all(&store).page().await.unwrap().items.is_empty());
    // A write of the whole brings an entry back.
    Room::at(&store, &1).put(&Room::default()).await.unwrap();
    assert_eq!(Room::all(&store).page().await.unwrap().items.len(), 1);
}

/// Versions go on from a tombstone that a server with a fast clock has written.
#[tokio::test]
async fn a_clock_that_was_ahead_does_not_bring_versions_back() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let at = Room::at(&store, &1);
    at.insert(&Room::default()).await.unwrap();
    let mut loaded = at.load().await.unwrap().unwrap();
    // A year ahead, in microseconds.
    let ahead = loaded.version().0 + 31_557_600_000_000;
    tell(&server, &["HSET", "room:1", "@", &format!("{ahead} 1")]).await;
    let mut late = at.load().await.unwrap().unwrap();
    assert!(at.delete().await.unwrap());
    at.insert(&Room::default()).await.unwrap();
    assert!(at.load().await.unwrap().unwrap().version().0 > ahead);
    loaded.text = "late".to_owned();
    late.text = "late".to_owned();
    for stale in [&mut loaded, &mut late] {
        let error = at.save(stale).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Conflict { .. }), "{error:?}");
    }
}

mod old {
    use super::*;

    #[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
    #[externalize(key = "person:{id}")]
    pub(crate) struct Person {
        #[externalize(key)]
        pub id: u64,
        pub name: String,
        #[externalize(counter)]
        pub logins: u64,
    }
}

mod new {
    use super::*;

    #[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
    #[externalize(key = "person:{id}", schema = 2, migrate(1 = shout))]
    pub(crate) struct Person {
        #[externalize(key)]
        pub id: u64,
        pub name: String,
        #[externalize(counter)]
        pub logins: u64,
    }

    fn shout(draft: &mut Draft) -> Result<(), MigrationError> {
        let name: String = draft.get("name")?;
        draft.set("name", &name.to_uppercase())
    }
}

/// The newer binary is rolled back: the older one reads nothing wrong and destroys nothing.
async fn downgrade(url: &str) {
    let (newer, older) = (Store::connect(url).await.unwrap(), Store::connect(url).await.unwrap());
    let before = old::Person::at(&older, &1);
    before.insert(&old::Person { name: "anna".to_owned(), ..old::Person::default() }).await.unwrap();
    let mut loaded_before = before.load().await.unwrap().unwrap();
    let after = new::Person::at(&newer, &1);
    let mut person = after.load().await.unwrap().unwrap();
    assert_eq!(person.name, "ANNA");
    // A migrated record is stored in the new layout by the first write, in one step.
    person.name.push('!');
    after.save(&mut person).await.unwrap();
    after.logins().incr(2).await.unwrap();

    loaded_before.name = "late".to_owned();
    let stale = before.save(&mut loaded_before).await.unwrap_err();
    assert!(matches!(stale.kind(), ErrorKind::Conflict { .. } | ErrorKind::NewerSchema { .. }), "{stale:?}");
    let errors = [
        before.load().await.map(|_| ()),
        before.put(&old::Person::default()).await,
        before.set_name("late".to_owned()).await,
        before.logins().incr(1).await.map(|_| ()),
        before.update(|person| person.name.clear()).await,
    ];
    for error in errors {
        let error = error.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NewerSchema { stored: 2, known: 1 }), "{error:?}");
    }
    let found = after.load().await.unwrap().unwrap();
    assert_eq!((&*found.name, found.logins), ("ANNA!", 2));
}

#[tokio::test]
async fn a_downgrade_destroys_nothing_on_redis() {
    downgrade(Server::redis(Durability::None).unwrap().url()).await;
}

#[tokio::test]
async fn a_downgrade_destroys_nothing_on_postgres() {
    downgrade(Server::postgres(Durability::None).unwrap().url()).await;
}

/// Many processes start at once and meet a type that has no table yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_table_that_many_make_at_once_is_made_once() {
    let server = Server::postgres(Durability::None).unwrap();
    let starting: Vec<_> = (0..12)
        .map(|id| {
            let url = server.url().to_owned();
            tokio::spawn(async move {
                let store = Store::options().connections(2).connect(&url).await?;
                Room::at(&store, &id).insert(&Room::default()).await
            })
        })
        .collect();
    for one in starting {
        one.await.unwrap().unwrap();
    }
    let store = Store::connect(server.url()).await.unwrap();
    assert_eq!(Room::all(&store).count().await.unwrap(), 12);
}

/// As much as a record may hold, in one text and in many fields of a map's value.
async fn large(url: &str) {
    let store = Store::connect(url).await.unwrap();
    let at = Room::at(&store, &1);
    let text = "ä\u{0}\"\\".repeat(64 * 1024);
    at.insert(&Room { text: text.clone(), ..Room::default() }).await.unwrap();
    let mut found = at.load().await.unwrap().unwrap();
    assert!(found.text == text);
    found.text.truncate(10);
    at.save(&mut found).await.unwrap();
    let huge = Room { text: "x".repeat(1024 * 1024), ..Room::default() };
    let error = at.put(&huge).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge { .. }), "{error:?}");
    assert_eq!(at.load().await.unwrap().unwrap().text.len(), 10);
}

#[tokio::test]
async fn large_records_on_redis() {
    large(Server::redis(Durability::None).unwrap().url()).await;
}

#[tokio::test]
async fn large_records_on_postgres() {
    large(Server::postgres(Durability::None).unwrap().url()).await;
}
