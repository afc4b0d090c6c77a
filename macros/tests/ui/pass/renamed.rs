//! The crate under another name, and behind a facade of somebody else's.
extern crate stateless_store as storage;

mod facade {
    pub mod inner {
        pub use storage::*;
    }
}

use serde::{Deserialize, Serialize};
use storage::{Externalize, externalized};

#[derive(Clone, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}", ttl = "30m", touch = "read", list, crate = "storage")]
struct Cart {
    #[externalize(key)]
    user: String,
    #[externalize(index)]
    owner: Option<u64>,
    #[externalize(counter)]
    views: u32,
}

#[derive(Clone, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "note", crate = "crate::facade::inner", accessor = "NoteAccess")]
struct Note {
    text: String,
}

#[externalized(key = "session:{}", ttl = "1h", crate = "storage")]
static SESSIONS: std::sync::Mutex<std::collections::HashMap<u64, Note>>;

async fn uses(store: &storage::Store) -> Result<(), storage::Error> {
    Cart::at(store, "anna").views().incr(1).await?;
    Cart::at(store, "anna").set_owner(Some(1)).await?;
    Cart::by_owner(store, &Some(1)).page().await?;
    Cart::all(store).count().await?;
    Cart::load_many(store, ["anna"]).await?;
    let note: NoteAccess = Note::at(store);
    note.set_text(String::new()).await?;
    SESSIONS.get(&1).await?;
    Ok(())
}

fn main() {
    let _ = uses;
}
