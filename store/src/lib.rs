//! Typed state outside the process.
//!
//! Annotate a struct, and its values live in Redis, in PostgreSQL or, for development, in memory:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use stateless_store::{Externalize, Store};
//!
//! #[derive(Clone, Default, Serialize, Deserialize, Externalize)]
//! #[externalize(key = "cart:{user}", ttl = "30m", touch = "read")]
//! struct Cart {
//!     #[externalize(key)]
//!     user: String,
//!     items: Vec<String>,
//!     #[externalize(counter)]
//!     views: u64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stateless_store::Error> {
//! let store = Store::from_env().await?; // memory:, redis://, rediss:// or postgres://
//! let mut cart = Cart::at(&store, "anna").load_or_default().await?;
//! cart.items.push("AB-123".to_owned());
//! cart.save(&store).await?; // refused if somebody else was faster
//! Cart::at(&store, "anna").update(|cart| cart.items.clear()).await?;
//! Cart::at(&store, "anna").views().incr(1).await?;
//! # Ok(()) }
//! ```
//!
//! The features: `redis`, `redis-tls`, `postgres`, `postgres-tls` are the backends, `tracing` (on by
//! default) and `metrics` show what happens, `testing` has what tests need. `postgres` needs Rust
//! 1.94, everything else 1.88.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod at;
pub mod backend;
mod call;
mod codec;
mod descriptor;
mod draft;
mod error;
mod global;
mod key;
mod loaded;
mod memory;
mod observe;
#[cfg(feature = "postgres")]
mod postgres;
mod pulse;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod state;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "postgres")]
pub use crate::postgres::Postgres;
#[cfg(feature = "redis")]
pub use crate::redis::Redis;
pub use at::{At, Value};
pub use descriptor::{Count, CounterField, Descriptor, Held, Touch, Undecodable};
pub use draft::{Draft, Migration, MigrationError};
pub use error::{Error, ErrorKind};
pub use key::{Key, KeyPart};
pub use loaded::Loaded;
pub use memory::Memory;
pub use record::{Counter, Cursor, Externalize, List, Page};
pub use state::{Blocking, Entries, Listed, StateCell, StateCounter, StateMap, Unlisted};
pub use stateless_macros::{Externalize, externalized, keep_in_process};
pub use store::{Options, STORE_VARIABLE, Store};

/// The book's examples are tests.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/src/externalize/index.md")]
    struct Index;
    #[doc = include_str!("../../docs/src/externalize/attributes.md")]
    struct Attributes;
    #[doc = include_str!("../../docs/src/externalize/promises.md")]
    struct Promises;
    #[doc = include_str!("../../docs/src/externalize/testing.md")]
    struct Testing;
}
