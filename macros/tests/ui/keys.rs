//! Keys that do not fit the fields, or could be mistaken for one another.
use serde::{Deserialize, Serialize};
use stateless_store::Externalize;

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{usr}")]
struct Unknown {
    #[externalize(key)]
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}")]
struct Unmarked {
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}")]
struct Unused {
    #[externalize(key)]
    user: String,
    #[externalize(key)]
    shop: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}{shop}")]
struct Joined {
    #[externalize(key)]
    user: String,
    #[externalize(key)]
    shop: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "{user}")]
struct Nameless {
    #[externalize(key)]
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "my cart:{user}")]
struct Space {
    #[externalize(key)]
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user")]
struct Open {
    #[externalize(key)]
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}s")]
struct Trailing {
    #[externalize(key)]
    user: String,
}

#[derive(Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}/{user}")]
struct Twice {
    #[externalize(key)]
    user: String,
}

fn main() {}
