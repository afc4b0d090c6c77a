//! Attributes of serde's that would make the type another one in the store.
use serde::{Deserialize, Serialize};
use stateless_store::Externalize;

#[derive(Serialize, Deserialize)]
struct More {
    more: u64,
}

#[derive(Serialize, Deserialize, Externalize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[externalize(key = "a")]
struct Whole {
    text: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[serde(transparent)]
#[externalize(key = "b")]
struct Through {
    text: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "c")]
struct Flat {
    #[serde(flatten)]
    more: More,
    #[serde(rename(serialize = "a", deserialize = "b"))]
    two: u64,
}

mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        Ok(String::deserialize(from)?.parse().unwrap_or_default())
    }
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "d")]
struct Counted {
    #[externalize(counter)]
    #[serde(with = "text")]
    hits: u64,
}

fn main() {}
