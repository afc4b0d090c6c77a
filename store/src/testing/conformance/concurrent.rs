//! Many tasks on one record.

use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Context, Verdict, equal, fails, ok};
use crate::{Externalize, StateCounter, StateMap, Touch};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "tally:{id}", crate = "crate")]
struct Tally {
    #[externalize(key)]
    id: u64,
    total: u64,
}

/// Runs tasks at the same time; the answers that are `true` are counted.
async fn together<F>(tasks: usize, task: impl Fn(usize) -> F) -> Result<usize, String>
where
    F: Future<Output = Result<bool, String>> + Send + 'static,
{
    let running: Vec<_> = (0..tasks).map(|i| tokio::spawn(task(i))).collect();
    let mut count = 0;
    for task in running {
        let answer = task.await.map_err(|error| error.to_string())??;
        count += usize::from(answer);
    }
    Ok(count)
}

pub(super) async fn no_update_is_lost(context: &Context<'_>) -> Verdict {
    const TASKS: usize = 16;
    const TIMES: usize = 10;
    // Two stores on one backend: their tasks do not take turns with each other.
    let stores = [context.store()?, context.store()?];
    ok(Tally::at(&stores[0], &1).insert(&Tally::default()).await)?;
    together(TASKS, |i| {
        let at = Tally::at(&stores[i % 2], &1);
        async move {
            for _ in 0..TIMES {
                ok(at.update(|tally| tally.total += 1).await)?;
            }
            Ok(true)
        }
    })
    .await?;
    let found = ok(Tally::at(&stores[0], &1).load().await)?.ok_or("not there")?;
    equal!(found.total, (TASKS * TIMES) as u64, "the total");
    Ok(())
}

/// Whoever is busy with a record when it is deleted cannot bring it back.
pub(super) async fn a_delete_ends_what_is_under_way(context: &Context<'_>) -> Verdict {
    let stores = [context.store()?, context.store()?];
    for id in 0..8 {
        let at = Tally::at(&stores[0], &id);
        ok(at.insert(&Tally::default()).await)?;
        let deleted = together(16, |i| {
            let at = Tally::at(&stores[i % 2], &id);
            async move {
                for _ in 0..4 {
                    let answer = match i % 4 {
                        0 => at.update(|tally| tally.total += 1).await,
                        1 => at.set_total(7).await,
                        2 => at.expire_in(Duration::from_secs(60)).await,
                        _ if i == 15 => return ok(at.delete().await),
                        _ => match at.load().await {
                            Ok(Some(mut tally)) => {
                                tally.total += 1;
                                at.save(&mut tally).await
                            }
                            other => other.map(|_| ()),
                        },
                    };
                    match answer.map_err(|error| error.kind().outcome()) {
                        Ok(()) | Err("not_found" | "deleted" | "conflict") => {}
                        Err(other) => return Err(other.to_owned()),
                    }
                }
                Ok(false)
            }
        });
        equal!(deleted.await?, 1, "how many deleted it");
        equal!(ok(at.exists().await)?, false, "it is still deleted");
        fails(at.update(|tally| tally.total += 1).await, "not_found", "an update of it")?;
    }
    Ok(())
}

pub(super) async fn one_of_many_takes(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    for id in 0..5 {
        let at = Tally::at(&store, &id);
        ok(at.insert(&Tally::default()).await)?;
        let takers = together(8, |_| {
            let at = at.clone();
            async move { Ok(ok(at.take().await)?.is_some()) }
        });
        equal!(takers.await?, 1, "how many took it");
    }
    Ok(())
}

pub(super) async fn one_of_many_inserts(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    for id in 0..5 {
        let at = Tally::at(&store, &id);
        let creators = together(8, |_| {
            let at = at.clone();
            async move {
                match at.insert(&Tally::default()).await {
                    Ok(()) => Ok(true),
                    Err(error) if error.outcome() == "exists" => Ok(false),
                    Err(error) => Err(error.to_string()),
                }
            }
        });
        equal!(creators.await?, 1, "how many created it");
        if id % 2 == 0 {
            ok(at.delete().await)?;
        }
    }
    Ok(())
}

pub(super) async fn one_of_many_saves(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Tally::at(&store, &1);
    ok(at.insert(&Tally::default()).await)?;
    let loaded = ok(at.load().await)?.ok_or("not there")?;
    let savers = together(8, |i| {
        let (at, mut loaded) = (at.clone(), loaded.clone());
        async move {
            loaded.total = 100 + i as u64;
            match at.save(&mut loaded).await {
                Ok(()) => Ok(true),
                Err(error) if error.outcome() == "conflict" => Ok(false),
                Err(error) => Err(error.to_string()),
            }
        }
    });
    equal!(savers.await?, 1, "how many saves went through");
    Ok(())
}

pub(super) async fn no_count_is_lost(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let counter: StateCounter<u64> = StateCounter::new(&store, "orders").starting_at(1000);
    equal!(ok(counter.get().await)?, 1000, "before anybody counted");
    let seen = together(16, |_| {
        let counter = counter.clone();
        async move {
            for _ in 0..10 {
                ok(counter.add(1).await)?;
            }
            Ok(true)
        }
    });
    seen.await?;
    equal!(ok(counter.get().await)?, 1160, "the count");
    ok(counter.reset().await)?;
    equal!(ok(counter.add(1).await)?, 1001, "after a reset");
    let small: StateCounter<u8> = StateCounter::new(&store, "small").starting_at(200);
    fails(small.add(56).await, "out_of_range", "over the top at once")?;
    equal!(ok(small.get().await)?, 200, "nothing was counted");
    equal!(ok(small.add(-190).await)?, 10, "down");
    equal!(ok(small.add(60).await)?, 70, "what a new one could not take");
    fails(small.add(-71).await, "out_of_range", "below zero")?;
    Ok(())
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "warm:{id}", ttl = "1h", touch = "read", crate = "crate")]
struct Warm {
    #[externalize(key)]
    id: u64,
}

pub(super) async fn bulk_loads_that_touch_do_not_block_each_other(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let ids: Vec<u64> = (0..40).collect();
    for id in &ids {
        ok(Warm::at(&store, id).insert(&Warm::default()).await)?;
    }
    let all = together(8, |i| {
        let mut ids = ids.clone();
        if i % 2 == 1 {
            ids.reverse();
        }
        let store = store.clone();
        async move {
            for _ in 0..5 {
                let found = ok(Warm::load_many(&store, &ids).await)?;
                if found.iter().any(Option::is_none) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    });
    equal!(all.await?, 8, "how many loaded everything");
    let map: StateMap<u64, Warm> =
        StateMap::new(&store, "warm-map").ttl(std::time::Duration::from_secs(60), Touch::Read);
    ok(map.insert(&1, &Warm::default()).await)?;
    equal!(ok(map.contains(&1).await)?, true, "the entry");
    Ok(())
}
