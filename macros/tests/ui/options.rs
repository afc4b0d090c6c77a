//! Misspelt and wrong options: all errors at once.
use serde::{Deserialize, Serialize};
use stateless_store::Externalize;

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(kee = "cart:{user}")]
struct Key {
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(
    key = "cart:{user}",
    ttl = "30 minutes",
    tuch = "read",
    schema = "2",
    undecodable = "mis",
    list = true,
    lifetime = "1h",
    ttl = "1h"
)]
struct Many {
    #[externalize(keys)]
    user: String,
    #[externalize(count)]
    views: u64,
    #[externalize(index = "yes")]
    room: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}", touch = "reads")]
struct Touch {
    #[externalize(key)]
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize]
struct Bare {
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
struct None {
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = 5, ttl = 30)]
struct Types {
    user: String,
}

fn main() {}
