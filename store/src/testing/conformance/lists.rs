//! Lists by field, and of everything.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Context, Verdict, ensure, equal, fails, ok};
use crate::{Cursor, Externalize, List, StateMap, Store};

const SHORT: Duration = Duration::from_millis(40);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "game:{id}", ttl = "1h", touch = "read", list, crate = "crate")]
struct Game {
    #[externalize(key)]
    id: u64,
    #[externalize(index)]
    owner: String,
    #[externalize(index)]
    open: bool,
    #[externalize(index)]
    room: Option<u32>,
    text: String,
}

fn game(id: u64, owner: &str, open: bool) -> Game {
    Game { id, owner: owner.to_owned(), open, ..Game::default() }
}

async fn create(store: &Store, game: Game) -> Verdict {
    ok(Game::at(store, &game.id).insert(&game).await)
}

/// The ids on all pages, in order.
async fn ids(list: &List<Game>) -> Result<Vec<u64>, String> {
    let mut all = Vec::new();
    let mut list = list.clone();
    loop {
        let page = ok(list.page().await)?;
        all.extend(page.items.iter().map(|game| game.id));
        let Some(next) = page.next else {
            return Ok(all);
        };
        // As a client hands it back.
        let text = next.to_string();
        let cursor: Cursor = text.parse().map_err(|_| "the cursor does not parse")?;
        list = list.after(cursor);
    }
}

pub(super) async fn records_are_listed_by_field(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    create(&store, game(1, "anna", true)).await?;
    create(&store, game(2, "ben", true)).await?;
    create(&store, game(3, "anna", false)).await?;
    create(&store, Game { room: Some(7), ..game(4, "Anna", false) }).await?;
    equal!(ids(&Game::by_owner(&store, "anna")).await?, [1, 3], "anna's");
    equal!(ids(&Game::by_owner(&store, "nobody")).await?, [0u64; 0], "nobody's");
    equal!(ids(&Game::by_open(&store, &true)).await?, [1, 2], "open");
    equal!(ids(&Game::by_room(&store, &Some(7))).await?, [4], "in room 7");
    equal!(ids(&Game::by_room(&store, &None)).await?, [1, 2, 3], "in no room");
    equal!(ids(&Game::all(&store)).await?, [1, 2, 3, 4], "all");
    equal!(ok(Game::by_owner(&store, "anna").count().await)?, 2, "anna's count");
    equal!(ok(Game::all(&store).count().await)?, 4, "the count");
    equal!(ok(Game::by_open(&store, &false).count().await)?, 2, "the closed ones");
    // What a list hands out can be saved.
    let page = ok(Game::by_owner(&store, "ben").page().await)?;
    let mut bens = page.items.into_iter().next().ok_or("not listed")?;
    bens.text = "x".to_owned();
    ok(bens.save(&store).await)?;
    let found = ok(Game::at(&store, &2).load().await)?.ok_or("not there")?;
    equal!((&*found.text, found.id), ("x", 2), "the saved one");
    Ok(())
}

pub(super) async fn pages_show_each_record_once(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let map: StateMap<String, u32, crate::Listed> = StateMap::listed(&store, "entry:{}");
    for id in 0..25 {
        create(&store, game(id, "anna", true)).await?;
        ok(map.insert(&format!("key {id}"), &id.try_into().unwrap_or(0)).await)?;
    }
    for limit in [1, 7, 24, 25, 26] {
        let mut found = ids(&Game::all(&store).limit(limit)).await?;
        found.sort_unstable();
        equal!(found, (0..25).collect::<Vec<_>>(), format!("pages of {limit}"));
    }
    // Reading in between does not move a record to another page.
    let first = ok(Game::all(&store).limit(10).page().await)?;
    for game in &first.items {
        ok(Game::at(&store, &game.id).load().await)?;
    }
    let cursor = first.next.ok_or("only one page")?;
    let rest = ids(&Game::all(&store).limit(10).after(cursor)).await?;
    equal!(rest.len(), 15, "the rest");
    equal!(ok(map.len().await)?, 25, "the map's length");
    let page = ok(map.entries(None, 100).await)?;
    let mut keys: Vec<String> = page.items.iter().map(|(key, _)| key.clone()).collect();
    keys.sort();
    equal!(keys.len(), 25, "the map's keys");
    ensure!(keys.contains(&"key 24".to_owned()), "keys: {keys:?}");
    Ok(())
}

/// What is there all the time is on exactly one page, whatever comes and goes meanwhile.
pub(super) async fn pages_during_writes_show_what_stays(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    for id in 0..40 {
        create(&store, game(id, "anna", true)).await?;
    }
    let busy = store.clone();
    let writer = tokio::spawn(async move {
        for round in 0..3 {
            for id in 100..130 {
                create(&busy, game(id, "anna", true)).await?;
                ok(Game::at(&busy, &(id - 90)).update(|game| game.text.push('!')).await)?;
                ok(Game::at(&busy, &id).delete().await)?;
                if round == 1 {
                    ok(Game::at(&busy, &id).put(&game(id, "ben", true)).await)?;
                    ok(Game::at(&busy, &id).delete().await)?;
                }
            }
        }
        Ok::<(), String>(())
    });
    for limit in [1, 3, 7] {
        let mut found = ids(&Game::by_owner(&store, "anna").limit(limit)).await?;
        found.retain(|id| *id < 100);
        found.sort_unstable();
        equal!(found, (0..40).collect::<Vec<_>>(), format!("pages of {limit}"));
    }
    writer.await.map_err(|error| error.to_string())??;
    equal!(ok(Game::by_owner(&store, "anna").count().await)?, 40, "the count afterwards");
    Ok(())
}

pub(super) async fn a_change_moves_a_record(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    create(&store, game(1, "anna", true)).await?;
    create(&store, game(2, "anna", true)).await?;
    let at = Game::at(&store, &1);
    ok(at.set_owner("ben".to_owned()).await)?;
    equal!(ids(&Game::by_owner(&store, "anna")).await?, [2], "anna's after a field");
    equal!(ids(&Game::by_owner(&store, "ben")).await?, [1], "ben's after a field");
    ok(at.update(|game| game.open = false).await)?;
    equal!(ids(&Game::by_open(&store, &true)).await?, [2], "open after an update");
    equal!(ids(&Game::by_open(&store, &false)).await?, [1], "closed after an update");
    ok(at.put(&game(1, "carl", true)).await)?;
    equal!(ids(&Game::by_owner(&store, "ben")).await?, [0u64; 0], "ben's after put");
    equal!(ids(&Game::by_owner(&store, "carl")).await?, [1], "carl's after put");
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    loaded.owner = "anna".to_owned();
    ok(at.save(&mut loaded).await)?;
    equal!(ids(&Game::by_owner(&store, "anna")).await?, [1, 2], "anna's after a save");
    equal!(ids(&Game::by_open(&store, &true)).await?, [1, 2], "open after a save");
    Ok(())
}

pub(super) async fn what_is_gone_is_not_listed(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    for id in 1..=4 {
        create(&store, game(id, "anna", true)).await?;
    }
    ok(Game::at(&store, &1).delete().await)?;
    ok(Game::at(&store, &2).take().await)?;
    ok(Game::at(&store, &3).expire_in(SHORT).await)?;
    context.pass(SHORT).await;
    equal!(ids(&Game::by_owner(&store, "anna")).await?, [4], "anna's");
    equal!(ids(&Game::all(&store)).await?, [4], "all");
    equal!(ok(Game::by_owner(&store, "anna").count().await)?, 1, "the count");
    // A renewed lifetime is renewed in the lists as well.
    ok(Game::at(&store, &4).expire_in(SHORT).await)?;
    ok(Game::at(&store, &4).load().await)?;
    context.pass(SHORT).await;
    equal!(ids(&Game::all(&store)).await?, [4], "after a renewal");
    create(&store, game(1, "ben", false)).await?;
    equal!(ids(&Game::by_owner(&store, "anna")).await?, [4], "anna's after a re-creation");
    equal!(ids(&Game::by_owner(&store, "ben")).await?, [1], "ben's");
    Ok(())
}

/// `Game` before it had indexes.
mod before {
    use super::*;
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
    #[externalize(key = "game:{id}", crate = "crate")]
    pub(super) struct Game {
        #[externalize(key)]
        pub(super) id: u64,
        pub(super) owner: String,
        pub(super) open: bool,
        pub(super) text: String,
    }
}

pub(super) async fn an_index_that_came_later_is_filled_by_writes(context: &Context<'_>) -> Verdict {
    let (old, new) = (context.store()?, context.store()?);
    let value = before::Game { id: 1, owner: "anna".to_owned(), open: true, text: String::new() };
    ok(before::Game::at(&old, &1).insert(&value).await)?;
    ok(Game::at(&new, &1).update(|game| game.text.push('x')).await)?;
    equal!(ids(&Game::by_owner(&new, "anna")).await?, [1], "anna's");
    equal!(ids(&Game::all(&new)).await?, [1], "all");
    // The older binary does not know the index, and does not tear the record out of it.
    ok(before::Game::at(&old, &1).set_text("y".to_owned()).await)?;
    equal!(ids(&Game::by_owner(&new, "anna")).await?, [1], "anna's after an older write");
    Ok(())
}

pub(super) async fn hostile_index_values_work(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let long = "o".repeat(64 * 1024);
    let owners = ["", " ", "a/b", "%", "\r\n", "\0", "é", "null", "1", "%_", &long];
    for (id, owner) in owners.iter().enumerate() {
        create(&store, game(id as u64, owner, true)).await?;
    }
    for (id, owner) in owners.iter().enumerate() {
        equal!(ids(&Game::by_owner(&store, owner)).await?, [id as u64], "the owner's");
    }
    Ok(())
}

/// `Game` of a binary that stores another type in `text`.
mod other {
    use super::*;
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
    #[externalize(key = "game:{id}", list, crate = "crate")]
    pub(super) struct Game {
        #[externalize(key)]
        pub(super) id: u64,
        pub(super) text: Vec<u32>,
    }
}

pub(super) async fn one_bad_record_does_not_hide_the_others(context: &Context<'_>) -> Verdict {
    let (one, another) = (context.store()?, context.store()?);
    create(&one, game(1, "anna", true)).await?;
    create(&one, game(3, "anna", true)).await?;
    let bad = other::Game { id: 2, text: vec![1] };
    ok(other::Game::at(&another, &2).insert(&bad).await)?;
    let page = ok(Game::all(&one).page().await)?;
    let ids: Vec<u64> = page.items.iter().map(|game| game.id).collect();
    equal!(ids, [1, 3], "the good ones");
    equal!(page.undecodable.len(), 1, "the bad ones");
    fails(Game::at(&one, &2).load().await, "undecodable", "the bad one")
}
