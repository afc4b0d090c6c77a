//! Externalised statics: the store is installed once, and tests have stores of their own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::AtomicU64;
use std::sync::{LazyLock, Mutex, RwLock};

use serde::{Deserialize, Serialize};
use stateless_store::{ErrorKind, Store, externalized, keep_in_process};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Session {
    user: String,
    hits: u32,
}

/// Who is signed in.
#[externalized(key = "session:{}", ttl = "1h", touch = "read")]
static SESSIONS: Mutex<HashMap<String, Session>>;

#[externalized(key = "banned:{}", list)]
static BANNED: LazyLock<RwLock<HashSet<String>>> = LazyLock::new(Default::default);

#[externalized(key = "orders")]
static ORDERS: AtomicU64 = AtomicU64::new(1000);

#[externalized(key = "motd")]
static MOTD: RwLock<Option<String>> = RwLock::new(None);

#[externalized(key = "stock:{}", list)]
static STOCK: Mutex<BTreeMap<u64, i32>>;

#[keep_in_process(reason = "counts what this replica did")]
static KEPT: AtomicU64 = AtomicU64::new(0);

#[tokio::test]
async fn a_static_is_an_accessor() {
    let store = Store::memory();
    store
        .scope(async {
            let session = Session { user: "anna".to_owned(), hits: 0 };
            SESSIONS.insert("token", &session).await.unwrap();
            assert!(SESSIONS.contains("token").await.unwrap());
            SESSIONS.update("token", |session| session.hits += 1).await.unwrap();
            assert_eq!(SESSIONS.get("token").await.unwrap().unwrap().hits, 1);
            let error = SESSIONS.update("other", |_| ()).await.unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::NotFound);
            assert_eq!(SESSIONS.remove("token").await.unwrap().unwrap().user, "anna");
            assert_eq!(SESSIONS.remove("token").await.unwrap(), None);

            BANNED.insert("eve", &()).await.unwrap();
            assert!(BANNED.contains("eve").await.unwrap());
            assert_eq!(BANNED.len().await.unwrap(), 1);

            assert_eq!(ORDERS.get().await.unwrap(), 1000);
            assert_eq!(ORDERS.add(1).await.unwrap(), 1001);

            assert_eq!(MOTD.get().await.unwrap(), None);
            MOTD.set(&"hello".to_owned()).await.unwrap();
            assert_eq!(MOTD.take().await.unwrap().as_deref(), Some("hello"));

            STOCK.update_or_default(&7, |left| *left += 3).await.unwrap();
            let page = STOCK.entries(None, 10).await.unwrap();
            assert_eq!(page.items, [(7, 3)]);
        })
        .await;
    assert_eq!(KEPT.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_store_is_installed_once_and_before_the_first_use() {
    let error = SESSIONS.get("token").await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::NotInstalled);
    assert_eq!(
        error.to_string(),
        "use `session`: no store is installed; call `store.install()` at start-up, before the \
         first request"
    );
    Store::memory().install().unwrap();
    assert_eq!(SESSIONS.get("token").await.unwrap(), None);
    let error = Store::memory().install().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::AlreadyInstalled);
    // A store of the task's own goes before the installed one.
    let own = Store::memory();
    own.scope(async { ORDERS.add(5).await.unwrap() }).await;
    assert_eq!(ORDERS.get().await.unwrap(), 1000);
}
