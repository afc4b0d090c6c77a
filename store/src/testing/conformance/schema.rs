//! Layouts that change, and binaries of different age on one record.

use serde::{Deserialize, Serialize};

use super::{Context, Verdict, ensure, equal, fails, kind, ok};
use crate::{Draft, ErrorKind, Externalize, MigrationError};

/// The first layout.
mod one {
    use super::*;
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
    #[externalize(key = "person:{id}", crate = "crate")]
    pub(super) struct Person {
        #[externalize(key)]
        pub(super) id: u64,
        pub(super) name: String,
        pub(super) age: u32,
    }
}

/// The third layout.
mod three {
    use super::*;
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
    #[externalize(
        key = "person:{id}",
        schema = 3,
        migrate(1 = split_name, 2 = drop_age),
        crate = "crate"
    )]
    pub(super) struct Person {
        #[externalize(key)]
        pub(super) id: u64,
        pub(super) first: String,
        pub(super) last: String,
        #[externalize(counter)]
        pub(super) visits: u64,
    }

    fn split_name(draft: &mut Draft) -> Result<(), MigrationError> {
        let name: String = draft.take("name")?;
        let (first, last) = name.split_once(' ').ok_or(MigrationError::new("a name without a space"))?;
        draft.set("first", first)?;
        draft.set("last", last)
    }

    fn drop_age(draft: &mut Draft) -> Result<(), MigrationError> {
        draft.remove("age");
        Ok(())
    }
}

fn ada(id: u64) -> one::Person {
    one::Person { id, name: "Ada Lovelace".to_owned(), age: 36 }
}

pub(super) async fn older_records_are_migrated(context: &Context<'_>) -> Verdict {
    // A binary each.
    let (old, new) = (context.store()?, context.store()?);
    ok(one::Person::at(&old, &1).insert(&ada(1)).await)?;
    ok(one::Person::at(&old, &1).set_field("extra", &true).await)?;
    let at = three::Person::at(&new, &1);
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    equal!((&*loaded.first, &*loaded.last), ("Ada", "Lovelace"), "migrated");
    // Reading alone changes nothing: an older binary can still read it.
    equal!(*ok(one::Person::at(&old, &1).load().await)?.ok_or("not there")?, ada(1), "old");
    loaded.last = "King".to_owned();
    ok(at.save(&mut loaded).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!(found.last, "King", "after the save");
    ensure!(found.field::<String>("name").is_err(), "the old field is still there");
    ensure!(found.field::<u32>("age").is_err(), "the dropped field is still there");
    equal!(found.field::<bool>("extra"), Ok(true), "the unknown field");
    // An update that changes nothing writes the new layout.
    ok(one::Person::at(&old, &2).insert(&ada(2)).await)?;
    ok(three::Person::at(&new, &2).update(|_| ()).await)?;
    fails(one::Person::at(&old, &2).load().await, "newer_schema", "an older binary")
}

pub(super) async fn a_field_write_migrates_first(context: &Context<'_>) -> Verdict {
    let (old, new) = (context.store()?, context.store()?);
    ok(one::Person::at(&old, &1).insert(&ada(1)).await)?;
    let at = three::Person::at(&new, &1);
    ok(at.set_last("King".to_owned()).await)?;
    let found = ok(at.load().await)?.ok_or("not there")?;
    equal!((&*found.first, &*found.last), ("Ada", "King"), "the record");
    if context.subject.backend.capabilities().counters {
        ok(one::Person::at(&old, &2).insert(&ada(2)).await)?;
        equal!(ok(three::Person::at(&new, &2).visits().incr(2).await)?, 2, "a counter");
        let found = ok(three::Person::at(&new, &2).load().await)?.ok_or("not there")?;
        equal!((found.visits, &*found.first), (2, "Ada"), "the record");
    }
    // Overwriting drops the old layout's fields.
    ok(one::Person::at(&old, &3).insert(&ada(3)).await)?;
    ok(three::Person::at(&new, &3).put(&three::Person::default()).await)?;
    let found = ok(three::Person::at(&new, &3).load().await)?.ok_or("not there")?;
    ensure!(found.field::<String>("name").is_err(), "the old field is still there");
    Ok(())
}

/// The first layout as a newer binary has it, which added a field without a new schema.
mod one_and_more {
    use super::*;
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
    #[externalize(key = "person:{id}", crate = "crate")]
    pub(super) struct Person {
        #[externalize(key)]
        pub(super) id: u64,
        pub(super) name: String,
        pub(super) age: u32,
        pub(super) email: Option<String>,
    }
}

pub(super) async fn newer_fields_survive_an_older_binary(context: &Context<'_>) -> Verdict {
    let (old, new) = (context.store()?, context.store()?);
    let person = one_and_more::Person {
        id: 1,
        name: "Ada Lovelace".to_owned(),
        age: 36,
        email: Some("ada@example.org".to_owned()),
    };
    ok(one_and_more::Person::at(&new, &1).insert(&person).await)?;
    let at = one::Person::at(&old, &1);
    ok(at.update(|person| person.age += 1).await)?;
    ok(at.set_age(38).await)?;
    let mut loaded = ok(at.load().await)?.ok_or("not there")?;
    loaded.name = "Ada King".to_owned();
    ok(at.save(&mut loaded).await)?;
    ok(at.put(&ada(1)).await)?;
    let found = ok(one_and_more::Person::at(&new, &1).load().await)?.ok_or("not there")?;
    equal!(found.email.as_deref(), Some("ada@example.org"), "the newer field");
    equal!(found.age, 36, "the older field");
    Ok(())
}

pub(super) async fn a_newer_schema_is_an_error(context: &Context<'_>) -> Verdict {
    let (old, new) = (context.store()?, context.store()?);
    let person = three::Person { id: 1, first: "Ada".to_owned(), ..three::Person::default() };
    ok(three::Person::at(&new, &1).insert(&person).await)?;
    let at = one::Person::at(&old, &1);
    let wanted = ErrorKind::NewerSchema { stored: 3, known: 1 };
    equal!(kind(at.load().await)?, wanted, "load");
    equal!(kind(at.update(|_| ()).await)?, wanted, "update");
    equal!(kind(at.set_age(1).await)?, wanted, "a field");
    equal!(kind(at.put(&ada(1)).await)?, wanted, "put");
    let found = ok(three::Person::at(&new, &1).load().await)?.ok_or("not there")?;
    equal!(*found, person, "the record");
    ensure!(ok(at.delete().await)?, "a delete needs no schema");
    Ok(())
}

/// Stored under the same key, but something else.
mod wrong {
    use super::*;
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Externalize)]
    #[externalize(key = "person:{id}", undecodable = "miss", crate = "crate")]
    pub(super) struct Person {
        #[externalize(key)]
        pub(super) id: u64,
        pub(super) name: Vec<u64>,
    }
}

pub(super) async fn an_undecodable_record_is_an_error_or_a_miss(context: &Context<'_>) -> Verdict {
    let (one, other) = (context.store()?, context.store()?);
    let strict = one::Person::at(&one, &1);
    let lenient = wrong::Person::at(&other, &1);
    ok(lenient.insert(&wrong::Person { id: 1, name: vec![7] }).await)?;
    match kind(strict.load().await)? {
        ErrorKind::Undecodable { schema: 1, reason } => {
            ensure!(reason.contains("`age`") || reason.contains("`name`"), "no field: {reason}");
            ensure!(!reason.contains('7'), "the value is shown: {reason}");
        }
        other => return Err(format!("load: {other:?}")),
    }
    fails(strict.update(|_| ()).await, "undecodable", "update")?;
    ok(strict.put(&ada(1)).await)?;
    ensure!(ok(lenient.load().await)?.is_none(), "not a miss");
    let mut replaced = ok(lenient.load_or_default().await)?;
    replaced.name = vec![8];
    ok(lenient.save(&mut replaced).await)?;
    let found = ok(lenient.load().await)?.ok_or("not there")?;
    equal!(found.name, [8], "replaced");
    ensure!(found.field::<u32>("age").is_err(), "what was undecodable is still there");
    Ok(())
}

pub(super) async fn a_failing_migration_is_an_error(context: &Context<'_>) -> Verdict {
    let (old, new) = (context.store()?, context.store()?);
    let person = one::Person { name: "Plato".to_owned(), ..ada(1) };
    ok(one::Person::at(&old, &1).insert(&person).await)?;
    let at = three::Person::at(&new, &1);
    match kind(at.load().await)? {
        ErrorKind::Undecodable { schema: 1, reason } => {
            ensure!(reason.contains("a name without a space"), "{reason}");
        }
        other => return Err(format!("load: {other:?}")),
    }
    fails(at.set_last("x".to_owned()).await, "undecodable", "a field")?;
    equal!(*ok(one::Person::at(&old, &1).load().await)?.ok_or("not there")?, person, "old");
    Ok(())
}

pub(super) async fn two_types_cannot_share_a_key(context: &Context<'_>) -> Verdict {
    let store = context.store()?;
    ok(one::Person::at(&store, &1).insert(&ada(1)).await)?;
    fails(three::Person::at(&store, &1).load().await, "clash", "another layout in one process")
}
