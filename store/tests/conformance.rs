//! The public suite on every backend that the crate has.

use stateless_store::testing::conformance::{Report, Subject, check};
use stateless_store::testing::servers::{Durability, Server};
use stateless_store::{Memory, Store};

fn complete(report: &Report) {
    assert!(report.left_out.is_empty(), "{:?}", report.left_out);
    assert!(report.passed.len() > 40, "{}", report.passed.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_conforms() {
    let memory = Memory::new();
    let clock = memory.clone();
    let subject = Subject::new(memory).passing_time(move |by| clock.advance(by));
    complete(&check(&subject).await.unwrap());
}

async fn conforms(server: Server) {
    let store = Store::connect(server.url()).await.unwrap();
    let subject = Subject::shared(store.backend().clone());
    complete(&check(&subject).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_conforms() {
    conforms(Server::redis(Durability::None).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_conforms() {
    conforms(Server::postgres(Durability::None).unwrap()).await;
}
