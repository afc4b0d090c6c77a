//! The store beside code by hand and beside another session store, on one server, in one run.
//!
//! `scripts/bench-store` runs it and prints the tables of the book's page. The sides take turns in
//! short rounds, so that whatever else the machine does meets both; ratios mean something,
//! absolute times only beside each other. With arguments it makes only these tables: `redis`,
//! `sessions`, `fields`, `postgres`.

mod hand;
mod measure;
mod proxy;
mod records;
mod sessions;

use stateless_store::testing::servers::{Durability, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let redis = Server::redis(Durability::None)?;
    let postgres = Server::postgres(Durability::None)?;
    println!("<!-- made by scripts/bench-store -->");
    let only: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |table: &str| only.is_empty() || only.iter().any(|one| one == table);
    if wanted("redis") {
        hand::redis(&redis).await?;
    }
    if wanted("sessions") {
        sessions::compare(&redis).await?;
    }
    if wanted("fields") {
        records::compare(&redis, &postgres).await?;
    }
    if wanted("postgres") {
        hand::postgres(&postgres).await?;
    }
    Ok(())
}
