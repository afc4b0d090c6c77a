//! Fields that cannot be what they are marked as.
use serde::{Deserialize, Serialize};
use stateless_store::Externalize;

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "a:{id}")]
struct Both {
    #[externalize(key, counter)]
    id: u64,
    #[externalize(counter, index)]
    hits: u64,
    #[externalize(index, index)]
    twice: u64,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "b")]
struct Names {
    #[externalize(counter)]
    load: u64,
    #[serde(rename = "@v")]
    version: u64,
    #[serde(rename = "other")]
    one: u64,
    other: u64,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "c:{id}")]
struct Skipped {
    #[serde(skip)]
    #[externalize(key)]
    id: u64,
}

fn main() {}
