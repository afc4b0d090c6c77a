//! How a record lies in Redis: short fields together, what was written since apart, counters apart.
//! What older binaries have left is read, and put together again in time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stateless_store::testing::servers::{Durability, Server};
use stateless_store::{Externalize, Store};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "page:{id}")]
struct Page {
    #[externalize(key)]
    id: u64,
    title: String,
    text: String,
    #[serde(default)]
    #[externalize(counter)]
    views: u64,
}

async fn tell<T: redis::FromRedisValue>(server: &Server, command: &[&str]) -> T {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await.unwrap()
}

/// The names of the hash, and what lies together.
async fn hash(server: &Server) -> (Vec<String>, String) {
    let hash: BTreeMap<String, String> = tell(server, &["HGETALL", "page:1"]).await;
    let together = hash.get("@f").cloned().unwrap_or_default();
    (hash.into_keys().filter(|name| name != "@" && name != "@f").collect(), together)
}

#[tokio::test]
async fn what_is_written_later_lies_apart_until_a_save_gathers_it() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let at = Page::at(&store, &1);
    at.insert(&Page { text: "first".to_owned(), ..Page::default() }).await.unwrap();
    assert_eq!(
        hash(&server).await,
        (vec!["views".to_owned()], "id\x001\0text\0\"first\"\0title\0\"\"\0".to_owned())
    );

    at.set_text("second".to_owned()).await.unwrap();
    assert_eq!(hash(&server).await.0, ["text", "views"]);
    let mut page = at.load().await.unwrap().unwrap();
    assert_eq!((page.text.as_str(), page.title.as_str()), ("second", ""));

    // A long text never lies together with others.
    page.text = "long".repeat(100);
    let mut gathered = 0;
    for number in 0..64 {
        page.title = number.to_string();
        at.save(&mut page).await.unwrap();
        let (apart, together) = hash(&server).await;
        gathered += usize::from(!apart.contains(&"title".to_owned()));
        assert!(!together.contains("long"), "{together:?}");
        assert_eq!(at.load().await.unwrap().unwrap().title, number.to_string());
    }
    assert!(gathered > 0, "no save has put the title back");
    assert_eq!(at.load().await.unwrap().unwrap().text, page.text);
    at.put(&Page::default()).await.unwrap();
    assert_eq!(hash(&server).await.0, ["views"]);
}

#[tokio::test]
async fn a_record_of_the_former_layout_lives_on() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let at = Page::at(&store, &1);
    let former = [
        "HSET", "page:1", "@", "5 1", "id", "1", "title", "\"t\"", "text", "\"x\"", "views", "7", "later",
        "[]",
    ];
    let _: i64 = tell(&server, &former).await;
    let mut page = at.load().await.unwrap().unwrap();
    page.title = "new".to_owned();
    page.views += 1;
    at.save(&mut page).await.unwrap();
    assert_eq!(at.views().incr(1).await.unwrap(), 9);
    at.put(&Page { text: "y".to_owned(), ..Page::default() }).await.unwrap();
    let page = at.load().await.unwrap().unwrap();
    assert_eq!((page.title.as_str(), page.text.as_str(), page.views), ("", "y", 9));
    assert_eq!(hash(&server).await.0, ["later", "views"], "what nobody knows stays");
}

#[tokio::test]
async fn a_field_that_became_a_counter_counts_on() {
    let server = Server::redis(Durability::None).unwrap();
    let store = Store::connect(server.url()).await.unwrap();
    let at = Page::at(&store, &1);
    let fields = "id\x001\0text\0\"\"\0title\0\"\"\0views\x0041\0";
    let _: i64 = tell(&server, &["HSET", "page:1", "@", "5 1", "@f", fields]).await;
    assert_eq!(at.views().incr(1).await.unwrap(), 42);
    let mut page = at.load().await.unwrap().unwrap();
    page.views += 1;
    page.text = "seen".to_owned();
    at.save(&mut page).await.unwrap();
    assert_eq!(at.load().await.unwrap().unwrap().views, 43);
}
