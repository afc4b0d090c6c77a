//! Several processes on one record: 64 tasks times 100 increments, and all 6,400 are there.
//!
//! The test starts itself again as the other processes; `worker` is what they run.

use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use stateless_store::testing::servers::{Durability, Server};
use stateless_store::{Externalize, Store};

const PROCESSES: usize = 4;
const TASKS: usize = 16;
const TIMES: u64 = 100;

#[derive(Clone, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "tally:{id}")]
struct Tally {
    #[externalize(key)]
    id: u64,
    total: u64,
    #[externalize(counter)]
    counted: u64,
}

async fn count(store: &Store) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let at = Tally::at(store, &1);
            tokio::spawn(async move {
                for _ in 0..TIMES {
                    at.update(|tally| tally.total += 1).await.unwrap();
                }
                at.counted().incr(TIMES).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Not a test of its own: what the other processes run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Ok(url) = std::env::var("STATELESS_TEST_WORKER") else {
        return;
    };
    count(&Store::connect(&url).await.unwrap()).await;
}

async fn no_update_is_lost(server: Server) {
    let store = Store::connect(server.url()).await.unwrap();
    Tally::at(&store, &1).insert(&Tally::default()).await.unwrap();
    let program = std::env::current_exe().unwrap();
    let workers: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(&program)
                .args(["--exact", "worker", "--nocapture"])
                .env("STATELESS_TEST_WORKER", server.url())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }
    let found = Tally::at(&store, &1).load().await.unwrap().unwrap();
    let wanted = (PROCESSES * TASKS) as u64 * TIMES;
    assert_eq!((found.total, found.counted), (wanted, wanted));
}

#[tokio::test]
async fn no_update_is_lost_on_redis() {
    no_update_is_lost(Server::redis(Durability::None).unwrap()).await;
}

#[tokio::test]
async fn no_update_is_lost_on_postgres() {
    no_update_is_lost(Server::postgres(Durability::None).unwrap()).await;
}

/// Memory has one process: the same tasks, in as many instances.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost_in_memory() {
    let memory = stateless_store::Memory::new();
    let first = Store::over(memory.clone());
    Tally::at(&first, &1).insert(&Tally::default()).await.unwrap();
    let instances: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let store = Store::over(memory.clone());
            tokio::spawn(async move { count(&store).await })
        })
        .collect();
    for instance in instances {
        instance.await.unwrap();
    }
    let found = Tally::at(&first, &1).load().await.unwrap().unwrap();
    assert_eq!((found.total, found.counted), (6400, 6400));
}
