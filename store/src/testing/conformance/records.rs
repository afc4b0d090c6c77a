//! One record: what is saved, loaded, refused and deleted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Context, Verdict, ensure, equal, fails, kind, ok};
use crate::{ErrorKind, Externalize, Store};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}", crate = "crate")]
struct Cart {
    #[externalize(key)]
    user: String,
    items: Vec<String>,
    note: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "odd:{id}", crate = "crate")]
struct Odd {
    #[externalize(key)]
    id: u64,
    text: String,
    float: f64,
    zero: f64,
    large: u64,
    small: i64,
    huge: u128,
    flag: bool,
    unit: (),
    none: Option<String>,
    nested: BTreeMap<String, Vec<Option<(i32, String)>>>,
    object: BTreeMap<String, String>,
    kind: Shape,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Shape {
    #[default]
    Point,
    Circle {
        r: f32,
    },
    Named(String),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "page:{id}", crate = "crate")]
struct Page {
    #[externalize(key)]
    id: u64,
    title: String,
    #[externalize(counter)]
    views: u64,
    #[externalize(counter)]
    level: u8,
    #[externalize(counter)]
    balance: i64,
}

fn cart(user: &str, items: &[&str]) -> Cart {
    Cart {
        user: user.to_owned(),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        note: String::new(),
    }
}

async fn create(store: &Store, cart: &Cart) -> Verdict {
    ok(Cart::at(store, &cart.user).insert(cart).await)
}

pub(super) async fn what_is_saved_is_loaded(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let odd = Odd {
        id: u64::MAX,
        text: "\0 \u{1} \" \\ \n \u{2028} é 漢 🦀 {\"$json\":\"x\"} -0".to_owned(),
        float: 1.0e-300,
        zero: -0.0,
        large: u64::MAX,
        small: i64::MIN,
        huge: u128::MAX,
        flag: true,
        unit: (),
        none: None,
        nested: BTreeMap::from([
            (String::new(), vec![]),
            ("@v".to_owned(), vec![None, Some((-1, "\0".to_owned()))]),
        ]),
        object: BTreeMap::from([("$json".to_owned(), "mine".to_owned())]),
        kind: Shape::Circle { r: 1.5 },
    };
    for kind in [odd.kind.clone(), Shape::Point, Shape::Named(String::new())] {
        let odd = Odd { kind, ..odd.clone() };
        ok(Odd::at(&store, &odd.id).put(&odd).await)?;
        let found = ok(Odd::at(&store, &odd.id).load().await)?;
        let found = found.ok_or("the record is not there")?.into_inner();
        equal!(found, odd, "the value");
        ensure!(found.zero.is_sign_negative(), "minus zero became zero");
    }
    Ok(())
}

pub(super) async fn an_absent_record_is_none_or_a_default_with_its_key(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Cart::at(&store, "anna");
    ensure!(ok(at.load().await)?.is_none(), "a record that nobody wrote");
    ensure!(!ok(at.exists().await)?, "it exists");
    ensure!(!ok(at.delete().await)?, "it was deleted");
    let mut cart = ok(at.load_or_default().await)?;
    ensure!(!cart.is_stored(), "a default is not stored");
    equal!(cart.user, "anna", "the key");
    ensure!(ok(at.load().await)?.is_none(), "the default was written");
    cart.items.push("a".to_owned());
    ok(at.save(&mut cart).await)?;
    ensure!(ok(at.exists().await)?, "it does not exist after the save");
    let found = ok(at.load().await)?.ok_or("not there after the save")?;
    equal!(*found, *cart, "the value");
    equal!(found.version(), cart.version(), "the version");
    Ok(())
}

pub(super) async fn a_stale_save_is_refused(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    create(&store, &cart("anna", &[])).await?;
    let at = Cart::at(&store, "anna");
    let mut one = ok(at.load().await)?.ok_or("not there")?;
    let mut other = ok(at.load().await)?.ok_or("not there")?;
    one.items.push("one".to_owned());
    ok(at.save(&mut one).await)?;
    other.items.push("other".to_owned());
    fails(at.save(&mut other).await, "conflict", "a stale save")?;
    fails(at.delete_loaded(&other).await, "conflict", "a stale delete")?;
    one.items.push("two".to_owned());
    ok(at.save(&mut one).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(found.items, ["one", "two"], "the items");

    let mut first = ok(Cart::at(&store, "ben").load_or_default().await)?;
    let mut second = ok(Cart::at(&store, "ben").load_or_default().await)?;
    ok(first.save(&store).await)?;
    fails(second.save(&store).await, "conflict", "a second creation")
}

pub(super) async fn only_changes_are_sent(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    create(&store, &cart("anna", &["a"])).await?;
    let at = Cart::at(&store, "anna");
    // A field that this type does not know, as a newer binary would write it.
    ok(at.set_field("later", &[1, 2]).await)?;
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    loaded.note = "n".to_owned();
    ok(at.save(&mut loaded).await)?;
    ok(at.update(|cart| cart.items.clear()).await)?;
    ok(at.put(&cart("anna", &["b"])).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(found.field::<Vec<u8>>("later"), Ok(vec![1, 2]), "the unknown field");
    equal!(found.items, ["b"], "the items");
    Ok(())
}

pub(super) async fn a_deleted_record_stays_deleted(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    create(&store, &cart("anna", &["a"])).await?;
    let at = Cart::at(&store, "anna");
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    ensure!(ok(at.delete().await)?, "nothing was deleted");
    ensure!(!ok(at.delete().await)?, "it was deleted twice");
    loaded.items.push("late".to_owned());
    fails(at.save(&mut loaded).await, "deleted", "a late save")?;
    fails(at.update(|_| ()).await, "not_found", "a late update")?;
    fails(at.set_note("x".to_owned()).await, "not_found", "a late field")?;
    fails(at.delete_loaded(&loaded).await, "deleted", "a late delete")?;
    ensure!(ok(at.load().await)?.is_none(), "it came back");
    // Somebody may begin anew, and the late writer still does not get in.
    ok(at.insert(&cart("anna", &["new"])).await)?;
    fails(at.save(&mut loaded).await, "conflict", "a late save of the old record")?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(found.items, ["new"], "the items");
    Ok(())
}

pub(super) async fn a_record_unseen_before_its_delete_stays_deleted(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Cart::at(&store, "anna");
    let mut early = ok(at.load_or_default().await)?;
    create(&store, &cart("anna", &["a"])).await?;
    ok(at.delete().await)?;
    early.items.push("late".to_owned());
    fails(at.save(&mut early).await, "deleted", "a creation from before")?;
    // Who has seen that it was deleted may create it.
    let mut after = ok(at.load_or_default().await)?;
    ok(at.save(&mut after).await)
}

pub(super) async fn versions_go_on_after_a_delete(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Cart::at(&store, "anna");
    let mut last = None;
    for _ in 0..3 {
        create(&store, &cart("anna", &[])).await?;
        ok(at.update(|cart| cart.items.push("a".to_owned())).await)?;
        let version = ok(at.load().await)?.ok_or("not there")?.version();
        ensure!(last < Some(version), "{version:?} after {last:?}");
        ensure!(version.0 > 1_000_000, "{version:?} begins near zero");
        last = Some(version);
        ok(at.delete().await)?;
    }
    Ok(())
}

pub(super) async fn insert_creates_and_put_overwrites(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Cart::at(&store, "anna");
    ok(at.insert(&cart("anna", &["a"])).await)?;
    fails(at.insert(&cart("anna", &["b"])).await, "exists", "a second insert")?;
    ok(at.put(&cart("somebody else", &["c"])).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(*found, cart("anna", &["c"]), "after put, with the key's own user");
    ok(at.delete().await)?;
    ok(at.insert(&cart("anna", &["d"])).await)?;
    ok(at.delete().await)?;
    ok(at.put(&cart("anna", &["e"])).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(found.items, ["e"], "after put");
    Ok(())
}

pub(super) async fn a_field_can_be_written_alone(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Cart::at(&store, "anna");
    fails(at.set_note("x".to_owned()).await, "not_found", "a field of nothing")?;
    ensure!(ok(at.load().await)?.is_none(), "a field made a record");
    create(&store, &cart("anna", &["a"])).await?;
    let mut before = ok(at.load().await)?.ok_or("not there")?;
    ok(at.set_note("x".to_owned()).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!((&*found.note, found.items.len()), ("x", 1), "the record");
    before.items.clear();
    fails(at.save(&mut before).await, "conflict", "a save from before the field")
}

pub(super) async fn take_hands_out_the_record(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Cart::at(&store, "anna");
    ensure!(ok(at.take().await)?.is_none(), "took nothing");
    create(&store, &cart("anna", &["a"])).await?;
    equal!(ok(at.take().await)?, Some(cart("anna", &["a"])), "what was taken");
    ensure!(ok(at.take().await)?.is_none(), "took it twice");
    ensure!(ok(at.load().await)?.is_none(), "it is still there");
    Ok(())
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "sparse", crate = "crate")]
struct Sparse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maybe: Option<u32>,
    always: u32,
}

pub(super) async fn an_optional_field_can_go(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Sparse::at(&store);
    let full = Sparse { maybe: Some(1), always: 2 };
    ok(at.insert(&full).await)?;
    ok(at.update(|sparse| sparse.maybe = None).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!((found.maybe, found.always), (None, 2), "after the update");
    ok(at.put(&full).await)?;
    let sparse = Sparse { maybe: None, always: 3 };
    ok(at.put(&sparse).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(*found, sparse, "after put");
    Ok(())
}

pub(super) async fn bulk_loads_keep_the_order(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    for user in ["b", "a", "c"] {
        create(&store, &cart(user, &[user])).await?;
    }
    let found = ok(Cart::load_many(&store, ["c", "nobody", "a", "c"]).await)?;
    let users: Vec<Option<&str>> =
        found.iter().map(|cart| cart.as_ref().map(|cart| cart.user.as_str())).collect();
    equal!(users, [Some("c"), None, Some("a"), Some("c")], "the users");
    ensure!(ok(Cart::load_many(&store, []).await)?.is_empty(), "of none");
    Ok(())
}

pub(super) async fn a_record_over_the_limit_is_not_sent(context: &Context<'_>) -> Verdict {
    let store = context.store_with(Store::options().value_limit(1000))?;
    let at = Cart::at(&store, "anna");
    let large = "x".repeat(1000);
    fails(at.put(&cart("anna", &[&large])).await, "too_large", "a put")?;
    create(&store, &cart("anna", &[])).await?;
    fails(at.set_note(large.clone()).await, "too_large", "a field")?;
    let result = at.update(|cart| cart.items.push(large.clone())).await;
    fails(result, "too_large", "an update")?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(*found, cart("anna", &[]), "the record");
    Ok(())
}

pub(super) async fn an_update_can_decide_against_it(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    create(&store, &cart("anna", &["a"])).await?;
    let at = Cart::at(&store, "anna");
    let before = ok(at.load().await)?.ok_or("not there")?.version();
    let refused = at.try_update(|cart| {
        cart.items.clear();
        Err::<(), _>("no")
    });
    equal!(ok(refused.await)?, Err("no"), "the closure's answer");
    let same = ok(at.update(|cart| cart.items.len()).await)?;
    equal!(same, 1, "what the closure saw");
    let after = ok(at.load().await)?.ok_or("not there")?.version();
    equal!(after, before, "the version after updates that changed nothing");
    let made = ok(Cart::at(&store, "ben").update_or_default(|cart| cart.user.clone()).await)?;
    equal!(made, "ben", "the key of a default");
    ensure!(ok(Cart::at(&store, "ben").exists().await)?, "the default was not written");
    Ok(())
}

pub(super) async fn counters_never_conflict(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Page::at(&store, &1);
    fails(at.views().incr(1).await, "not_found", "a counter of nothing")?;
    ok(at.insert(&Page { id: 1, views: 7, ..Page::default() }).await)?;
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    equal!(ok(at.views().incr(3).await)?, 10, "after incr");
    equal!(ok(at.views().decr(1).await)?, 9, "after decr");
    equal!(ok(at.balance().incr(-5).await)?, -5, "a signed counter");
    loaded.title = "t".to_owned();
    ok(at.save(&mut loaded).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!((found.views, &*found.title), (9, "t"), "after save");
    Ok(())
}

pub(super) async fn counters_stay_in_their_range(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Page::at(&store, &1);
    ok(at.insert(&Page { id: 1, level: 250, balance: i64::MAX - 1, ..Page::default() }).await)?;
    let wanted = ErrorKind::OutOfRange { counter: "level".to_owned() };
    equal!(kind(at.level().incr(6).await)?, wanted, "over the top");
    fails(at.views().decr(1).await, "out_of_range", "below zero")?;
    fails(at.balance().incr(2).await, "out_of_range", "an overflow")?;
    // The greatest step down cannot be taken back by the same step up.
    fails(at.add::<u64>("views", i64::MIN).await, "out_of_range", "the greatest step down")?;
    fails(at.add::<u8>("level", i64::MIN).await, "out_of_range", "the greatest step down")?;
    equal!(ok(at.views().incr(0).await)?, 0, "a refused step leaves the counter");
    let both = at.update(|page| {
        page.views += 1;
        page.title = "changed".to_owned();
        page.level = 255;
    });
    ok(both.await)?;
    let mut stale = ok(at.load().await)?.ok_or("not there")?;
    equal!((stale.views, stale.level, stale.balance), (1, 255, i64::MAX - 1), "the counters");
    ok(at.level().decr(255).await)?;
    stale.level = 0;
    stale.title = "half".to_owned();
    fails(at.save(&mut stale).await, "out_of_range", "a difference that no longer fits")?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!((found.level, &*found.title), (0, "changed"), "nothing of it was written");
    Ok(())
}

pub(super) async fn save_never_overwrites_counters(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Page::at(&store, &1);
    let mut early = ok(at.load_or_default().await)?;
    early.views = 5;
    ok(at.save(&mut early).await)?;
    ok(at.views().incr(10).await)?;
    early.views += 1;
    early.title = "t".to_owned();
    ok(at.save(&mut early).await)?;
    equal!(ok(at.load().await)?.ok_or("not there")?.views, 16, "after a save of one more");
    ok(at.put(&Page { id: 1, views: 1, ..Page::default() }).await)?;
    equal!(ok(at.load().await)?.ok_or("not there")?.views, 16, "after put");
    ok(at.update(|page| page.views += 4).await)?;
    equal!(ok(at.load().await)?.ok_or("not there")?.views, 20, "after update");
    Ok(())
}
