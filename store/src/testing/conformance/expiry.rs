//! Lifetimes. What should still be there is given an hour, so that a slow machine changes nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Context, Verdict, ensure, equal, fails, ok};
use crate::{At, Externalize, Store};

const SHORT: Duration = Duration::from_millis(40);
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "fixed:{id}", ttl = "1h", list, crate = "crate")]
struct Fixed {
    #[externalize(key)]
    id: u64,
    text: String,
    #[externalize(counter)]
    hits: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "written:{id}", ttl = "1h", touch = "write", crate = "crate")]
struct Written {
    #[externalize(key)]
    id: u64,
    text: String,
    #[externalize(counter)]
    hits: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "read:{id}", ttl = "1h", touch = "read", crate = "crate")]
struct Read {
    #[externalize(key)]
    id: u64,
    text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
#[externalize(key = "forever:{id}", crate = "crate")]
struct Forever {
    #[externalize(key)]
    id: u64,
    text: String,
}

/// How long a record has left; it has to be there and to have an end.
async fn left<T: crate::Value>(at: &At<T>) -> Result<Duration, String> {
    let left = ok(at.expires_in().await)?.ok_or("the record is not there")?;
    left.ok_or("the record has no end".to_owned())
}

pub(super) async fn an_expired_record_is_absent_at_once(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let lists = context.subject.backend.capabilities().lists;
    let at = Fixed::at(&store, &1);
    ok(at.insert(&Fixed::default()).await)?;
    ensure!(left(&at).await? > MINUTE, "no hour left");
    ok(at.expire_in(SHORT).await)?;
    context.pass(SHORT).await;
    ensure!(ok(at.load().await)?.is_none(), "load finds it");
    ensure!(!ok(at.exists().await)?, "exists finds it");
    ensure!(ok(at.take().await)?.is_none(), "take finds it");
    ensure!(!ok(at.delete().await)?, "delete finds it");
    ensure!(ok(Fixed::load_many(&store, [&1]).await)?[0].is_none(), "a bulk load finds it");
    fails(at.update(|_| ()).await, "not_found", "update")?;
    fails(at.set_text("x".to_owned()).await, "not_found", "a field")?;
    fails(at.hits().incr(1).await, "not_found", "a counter")?;
    fails(at.expire_in(MINUTE).await, "not_found", "a lifetime")?;
    if lists {
        equal!(ok(Fixed::all(&store).page().await)?.items.len(), 0, "listed");
        equal!(ok(Fixed::all(&store).count().await)?, 0, "counted");
    }
    ok(at.insert(&Fixed { hits: 3, ..Fixed::default() }).await)?;
    ensure!(left(&at).await? > MINUTE, "a new record has no hour");
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(found.hits, 3, "a new record's counter");
    Ok(())
}

pub(super) async fn a_fixed_lifetime_is_not_renewed(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Fixed::at(&store, &1);
    ok(at.insert(&Fixed::default()).await)?;
    ok(at.expire_in(MINUTE).await)?;
    ok(at.set_text("x".to_owned()).await)?;
    ensure!(left(&at).await? <= MINUTE, "a field renewed it");
    ok(at.hits().incr(1).await)?;
    ensure!(left(&at).await? <= MINUTE, "a counter renewed it");
    ok(at.update(|fixed| fixed.text.clear()).await)?;
    ensure!(left(&at).await? <= MINUTE, "an update renewed it");
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    loaded.text = "y".to_owned();
    ok(at.save(&mut loaded).await)?;
    ensure!(left(&at).await? <= MINUTE, "a save renewed it");
    ok(at.put(&Fixed::default()).await)?;
    ensure!(left(&at).await? > MINUTE, "a put is a new record");
    Ok(())
}

pub(super) async fn a_lifetime_is_renewed_by_writes(context: &Context<'_>) -> Verdict {
    async fn shortened(store: &Store) -> Result<WrittenAt, String> {
        let at = Written::at(store, &1);
        ok(at.expire_in(MINUTE).await)?;
        Ok(at)
    }
    let store = context.store()?;
    ok(Written::at(&store, &1).insert(&Written::default()).await)?;
    let at = shortened(&store).await?;
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    ok(Written::load_many(&store, [&1]).await)?;
    ensure!(left(&at).await? <= MINUTE, "a read renewed it");
    ok(at.set_text("x".to_owned()).await)?;
    ensure!(left(&at).await? > MINUTE, "a field did not renew it");
    ok(shortened(&store).await?.hits().incr(1).await)?;
    ensure!(left(&at).await? > MINUTE, "a counter did not renew it");
    ok(shortened(&store).await?.update(|_| ()).await)?;
    ensure!(left(&at).await? > MINUTE, "an update did not renew it");
    fails(at.save(&mut loaded).await, "conflict", "a stale save")?;
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    shortened(&store).await?;
    ok(at.save(&mut loaded).await)?;
    ensure!(left(&at).await? > MINUTE, "a save did not renew it");
    Ok(())
}

pub(super) async fn a_lifetime_is_renewed_by_reads(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Read::at(&store, &1);
    ensure!(ok(at.load().await)?.is_none(), "nothing was loaded");
    ok(at.insert(&Read::default()).await)?;
    ok(at.expire_in(MINUTE).await)?;
    ensure!(ok(at.exists().await)?, "it is there");
    ensure!(left(&at).await? <= MINUTE, "a look renewed it");
    ok(at.load().await)?;
    ensure!(left(&at).await? > MINUTE, "a load did not renew it");
    ok(at.expire_in(MINUTE).await)?;
    ok(Read::load_many(&store, [&1, &2]).await)?;
    ensure!(left(&at).await? > MINUTE, "a bulk load did not renew it");
    // A tombstone is not kept alive by looking for the record.
    let brief = context.store_with(Store::options().tombstone(SHORT))?;
    let at = Read::at(&brief, &1);
    ok(at.delete().await)?;
    let mut early = ok(at.load_or_default().await)?;
    context.pass(SHORT).await;
    ok(at.save(&mut early).await)
}

pub(super) async fn a_record_without_lifetime_stays(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Forever::at(&store, &1);
    ok(at.insert(&Forever::default()).await)?;
    equal!(ok(at.expires_in().await)?, Some(None), "its lifetime");
    ok(at.set_text("x".to_owned()).await)?;
    equal!(ok(at.expires_in().await)?, Some(None), "its lifetime after a field");
    // A lifetime that was set by hand survives partial writes.
    ok(at.expire_in(MINUTE).await)?;
    ok(at.set_text("y".to_owned()).await)?;
    ensure!(left(&at).await? <= MINUTE, "a field took the end away");
    ok(at.delete().await)?;
    ok(at.insert(&Forever::default()).await)?;
    equal!(ok(at.expires_in().await)?, Some(None), "after delete and create");
    Ok(())
}

pub(super) async fn a_late_save_of_an_expired_record_is_refused(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    let at = Fixed::at(&store, &1);
    ok(at.insert(&Fixed::default()).await)?;
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    ok(at.expire_in(SHORT).await)?;
    context.pass(SHORT).await;
    loaded.text = "late".to_owned();
    fails(at.save(&mut loaded).await, "deleted", "a save after the end")?;
    ok(at.insert(&Fixed::default()).await)?;
    fails(at.save(&mut loaded).await, "conflict", "a save of the old record")
}

pub(super) async fn a_tombstone_ends(context: &Context<'_>) -> Verdict {
    let store = context.store_with(Store::options().tombstone(SHORT))?;
    let at = Forever::at(&store, &1);
    ok(at.insert(&Forever::default()).await)?;
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    ok(at.delete().await)?;
    context.pass(SHORT).await;
    // The writer that had loaded it does not get in even so.
    fails(at.save(&mut loaded).await, "deleted", "a very late save")?;
    ok(at.insert(&Forever::default()).await)?;
    let version = ok(at.load().await)?.ok_or("not there")?.version();
    ensure!(version > loaded.version(), "versions restarted: {version:?}");
    Ok(())
}
