//! Keys that are meant badly, and keys that look alike.

use serde::{Deserialize, Serialize};

use super::{Context, Verdict, ensure, equal, ok};
use crate::{Externalize, StateMap, Store};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "seat:{room}:{seat}", crate = "crate")]
struct Seat {
    #[externalize(key)]
    room: String,
    #[externalize(key)]
    seat: String,
    text: String,
}

pub(super) async fn no_two_keys_are_one(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let pairs = [
        ("a:b", "c"),
        ("a", "b:c"),
        ("", "a:b:c"),
        ("a:b:c", ""),
        ("a%3ab", "c"),
        ("A", "b"),
        ("a", "B"),
        ("1", "null"),
        ("", ""),
    ];
    for (i, (room, seat)) in pairs.iter().enumerate() {
        let value = Seat { text: i.to_string(), ..Seat::default() };
        ok(Seat::at(&store, room, seat).insert(&value).await)?;
    }
    for (i, (room, seat)) in pairs.iter().enumerate() {
        let found = ok(Seat::at(&store, room, seat).load().await)?.ok_or("not there")?;
        equal!((&*found.room, &*found.seat), (*room, *seat), "the key");
        equal!(found.text, i.to_string(), "the text");
    }
    let found = ok(Seat::load_many(&store, pairs.iter().map(|(r, s)| (*r, *s))).await)?;
    ensure!(found.iter().all(Option::is_some), "a bulk load misses one");
    Ok(())
}

pub(super) async fn hostile_keys_work(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let long = "k".repeat(64 * 1024);
    let longer = format!("{long}k");
    let hostile = [
        " ",
        "a b",
        "a\r\nFLUSHALL\r\n",
        "'; DROP TABLE x; --",
        "\"",
        "\0",
        "é漢🦀",
        "*",
        "..",
        "{tag}",
        "@v",
        "%00",
        "~",
        "=null",
        &long,
        &longer,
    ];
    for (i, key) in hostile.iter().enumerate() {
        let value = Seat { text: i.to_string(), ..Seat::default() };
        ok(Seat::at(&store, key, "x").insert(&value).await)?;
    }
    for (i, key) in hostile.iter().enumerate() {
        let at = Seat::at(&store, key, "x");
        ok(at.update(|seat| seat.text.push('!')).await)?;
        let found = ok(at.load().await)?.ok_or("not there")?;
        equal!(found.text, format!("{i}!"), "the text");
        ensure!(found.room == *key, "the key of number {i}");
        ensure!(ok(at.delete().await)?, "number {i} was not deleted");
    }
    Ok(())
}

pub(super) async fn namespaces_are_apart(context: &Context<'_>) -> Verdict {
    let one = context.store()?;
    let other: Store = Store::options()
        .namespace(format!("{}x", context.namespace))
        .with(context.subject.backend.clone())
        .map_err(|error| error.to_string())?;
    let maps = [&one, &other].map(|store| StateMap::<String, u32>::new(store, "n:{}"));
    ok(maps[0].insert("a", &1).await)?;
    equal!(ok(maps[1].get("a").await)?, None, "in the other namespace");
    ok(maps[1].insert("a", &2).await)?;
    equal!(ok(maps[0].remove("a").await)?, Some(1), "in the first");
    equal!(ok(maps[1].get("a").await)?, Some(2), "in the second");
    Ok(())
}
