//! Types that have no fields to store, or more than one layout.
use serde::{Deserialize, Serialize};
use stateless_store::Externalize;

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "a")]
enum Choice {
    One,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "b")]
struct Tuple(String);

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "c")]
struct Unit;

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "d")]
struct Generic<T> {
    value: T,
}

fn main() {}
