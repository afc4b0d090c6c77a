//! Types of fields that cannot be stored, counted or be part of a key.
use serde::{Deserialize, Serialize};
use stateless_store::Externalize;

struct Opaque;

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "a")]
struct Field {
    items: Vec<Opaque>,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "b")]
struct Counter {
    #[externalize(counter)]
    hits: f64,
}

#[derive(Externalize)]
#[externalize(key = "c")]
struct NoSerde {
    text: String,
}

fn main() {}
