//! Schemas without the migrations that lead to them.
use serde::{Deserialize, Serialize};
use stateless_store::{Draft, Externalize, MigrationError};

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "a", schema = 3)]
struct Missing {
    text: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "b", schema = 3, migrate(1 = up, 1 = up, 3 = up))]
struct Wrong {
    text: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "c", schema = 0)]
struct Zero {
    text: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "d", schema = 2, migrate = "up")]
struct Form {
    text: String,
}

fn up(_: &mut Draft) -> Result<(), MigrationError> {
    Ok(())
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "e", schema = 2, migrate(1 = other))]
struct Signature {
    text: String,
}

fn other(_: String) {}

fn main() {}
