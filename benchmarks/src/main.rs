//! The store beside code by hand and beside another session store, on one server, in one run.
//!
//! `scripts/bench-store` runs it and prints the tables of the book's page. The sides take turns in
//! short rounds, so that whatever else the machine does meets both; ratios mean something,
//! absolute times only beside each other.

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
    hand::redis(&redis).await?;
    sessions::compare(&redis).await?;
    records::compare(&redis, &postgres).await?;
    hand::postgres(&postgres).await?;
    Ok(())
}
