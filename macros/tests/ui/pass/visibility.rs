//! What the struct's fields hide, the accessor hides; unused methods cause no warning.
#![deny(warnings)]

pub mod shop {
    use serde::{Deserialize, Serialize};
    use stateless_store::Externalize;

    /// A cart.
    #[derive(Clone, Default, Serialize, Deserialize, Externalize)]
    #[externalize(key = "cart:{user}")]
    pub struct Cart {
        #[externalize(key)]
        pub user: String,
        /// Public.
        pub note: String,
        secret: String,
    }
}

pub async fn public(store: &stateless_store::Store) -> Result<(), stateless_store::Error> {
    shop::Cart::at(store, "anna").set_note(String::new()).await
}

fn main() {}
