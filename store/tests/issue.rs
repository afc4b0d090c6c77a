//! The example that the crate was specified with, as a user would write it.

use serde::{Deserialize, Serialize};
use stateless_store::{Externalize, Store};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
struct UserId(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    sku: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}", ttl = "30m", touch = "read", schema = 2, migrate(1 = add_coupon))]
struct Cart {
    #[externalize(key)]
    user: UserId,
    items: Vec<Item>,
    #[externalize(counter)]
    views: u64,
    coupon: Option<String>,
}

fn add_coupon(draft: &mut stateless_store::Draft) -> Result<(), stateless_store::MigrationError> {
    draft.set("coupon", &None::<String>)
}

#[tokio::test]
async fn the_example_works() {
    let store = Store::memory();
    let user = UserId("anna".into());
    let item = Item { sku: "AB-123".into() };
    let mut cart = Cart::at(&store, &user).load_or_default().await.unwrap();
    assert_eq!(cart.user, user, "the key is filled in");
    cart.items.push(item.clone());
    cart.save(&store).await.unwrap();
    Cart::at(&store, &user).update(|c| c.items.push(item.clone())).await.unwrap();
    assert_eq!(Cart::at(&store, &user).views().incr(1).await.unwrap(), 1);
    Cart::at(&store, &user).set_coupon(Some("X".into())).await.unwrap();
    let many = Cart::load_many(&store, [&user, &UserId("ben".into())]).await.unwrap();
    assert!(many[1].is_none());
    let found = many[0].as_ref().unwrap();
    assert_eq!(found.items.len(), 2);
    assert_eq!((found.views, found.coupon.as_deref()), (1, Some("X")));
    assert!(Cart::at(&store, &user).delete().await.unwrap());
    assert!(cart.save(&store).await.unwrap_err().is_absent());
    assert!(Cart::at(&store, &user).load().await.unwrap().is_none());
}
