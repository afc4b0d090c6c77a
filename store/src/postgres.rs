//! Records in PostgreSQL 15 or newer: a table a type, a row each.
//!
//! Each write is one statement that decides by `WHERE`. The table is made on first use; its name,
//! its columns and the statements are in `postgres/table.rs`. Expired rows count as absent at
//! once and are swept in small batches by the way.

mod answer;
mod pool;
mod table;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgRow};
use sqlx::{AssertSqlSafe, Postgres as Driver, query::Query as Statement};

use self::pool::Pool;
use self::table::Table;
use crate::backend::{
    ALL, Add, Backend, Delete, Deleted, Expect, Failure, FailureKind, Listing, Outcome, Pending, Query,
    Space, Stored, Version, Write,
};
use crate::codec::Fields;
use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::store::Options;

/// Every so many writes expired rows are swept.
const SWEEP_EVERY: u32 = 256;
/// How often a statement that lost a race without a reason to refuse is tried.
const RACES: u32 = 16;

/// Records in PostgreSQL.
pub struct Postgres {
    pool: Pool,
    tables: RwLock<Tables>,
    writes: AtomicU32,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgres")
    }
}

/// Tables by template; binaries of different age can differ in their indexes.
type Tables = HashMap<String, Vec<Arc<Table>>>;

type Prepared<'q> = Statement<'q, Driver, sqlx::postgres::PgArguments>;

impl Postgres {
    /// Uses a pool that the caller has. Its time-outs stay as they are, and what the pool asks
    /// besides (a test of each connection before and after use, by default) comes on top.
    pub fn over(pool: PgPool) -> Self {
        Self::with(Pool::Yours(pool))
    }

    fn with(pool: Pool) -> Self {
        Self { pool, tables: RwLock::default(), writes: AtomicU32::new(0) }
    }

    pub(crate) async fn connect(url: &str, options: &Options) -> Result<Self, Error> {
        // The text of this error can contain the address, and that a password.
        let address: PgConnectOptions = url.parse().map_err(|_| {
            Error::config("not a PostgreSQL address: postgres://user:password@host:port/database")
        })?;
        let limit = options.timeout.as_millis().max(1).to_string();
        let address = address.statement_cache_capacity(1000).options([("statement_timeout", limit)]);
        let pool = Pool::own(address, options.connections);
        let connected = tokio::time::timeout(options.timeout, pool.test()).await;
        let unreachable = |cause: String| Error::new("connect", "postgres", ErrorKind::Unreachable(cause));
        match connected {
            Ok(Ok(())) => Ok(Self::with(pool)),
            Ok(Err(failure)) => Err(unreachable(failure.cause)),
            Err(_) => Err(unreachable("no answer in time".to_owned())),
        }
    }

    fn table(&self, space: &Space) -> Arc<Table> {
        let of_space = |tables: &Tables| {
            let tables = tables.get(&*space.template)?;
            let same = |table: &&Arc<Table>| table.indexes_of == space.indexes;
            tables.iter().find(same).cloned()
        };
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = of_space(&tables) {
            return table;
        }
        drop(tables);
        let table = Arc::new(Table::new(space));
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let same_template = tables.entry(space.template.to_string()).or_default();
        same_template.push(table.clone());
        table
    }

    async fn ask(&self, statement: Prepared<'_>) -> Result<Vec<PgRow>, Failure> {
        self.pool.ask(statement).await
    }

    /// Deletes some expired rows, in a task of its own, every so many writes.
    fn sweep_sometimes(&self, table: &Arc<Table>) {
        if self.writes.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY != SWEEP_EVERY - 1 {
            return;
        }
        let (pool, table) = (self.pool.clone(), table.clone());
        tokio::spawn(async move {
            // What is left over is swept next time.
            let _ = pool.ask(sqlx::query(AssertSqlSafe(&*table.sweep))).await;
        });
    }

    async fn write_once(&self, table: &Table, key: &Key, write: &Write) -> Result<Outcome, Failure> {
        let insert = creates(write.expect);
        let fresh = if insert { fresh_fields(write).unwrap_or_default() } else { Fields::new() };
        let set: Fields = write.set.iter().map(|(name, text)| (name, text)).collect();
        let init: Fields = write.init.iter().map(|(name, start)| (name, start.to_string())).collect();
        let names: Vec<String> = write.add.iter().map(|add| add.name.to_string()).collect();
        let keep: Vec<String> =
            write.init.iter().map(|(name, _)| name.to_string()).chain(names.iter().cloned()).collect();
        let by: Vec<i64> = write.add.iter().map(|add| add.by).collect();
        let min: Vec<i64> = write.add.iter().map(|add| add.min).collect();
        let max: Vec<i64> = write.add.iter().map(|add| add.max).collect();
        let unset: Vec<String> = write.unset.iter().map(|name| name.to_string()).collect();
        let (expect, seen) = match write.expect {
            Expect::Any => ("any", 0),
            Expect::Present => ("present", 0),
            Expect::Absent => ("absent", 0),
            Expect::AbsentSince(version) => ("since", stored_version(version)),
            Expect::Version(version) => ("version", stored_version(version)),
        };
        let sql = if insert { &table.upsert } else { &table.update };
        let mut statement = sqlx::query(AssertSqlSafe(&**sql))
            .bind(key.as_str())
            .bind(expect)
            .bind(seen)
            .bind(i32::try_from(write.schema).unwrap_or(i32::MAX))
            .bind(write.ttl.map(|ttl| ttl.as_secs_f64()))
            .bind(write.renew)
            .bind(write.replace)
            .bind(write.bumps())
            .bind(answer::document(&set))
            .bind(unset)
            .bind(answer::document(&init))
            .bind(keep)
            .bind(names)
            .bind(by)
            .bind(min)
            .bind(max);
        if insert {
            statement = statement.bind(answer::document(&fresh));
        }
        for index in &table.indexes {
            let entry = write.index.iter().find(|(name, _)| name == index);
            statement = statement.bind(entry.map(|(_, value)| value.clone()));
        }
        let rows = self.ask(statement).await?;
        answer::outcome(&rows)
    }
}

/// Whether a write can create a record.
fn creates(expect: Expect) -> bool {
    matches!(expect, Expect::Any | Expect::Absent | Expect::AbsentSince(_))
}

/// The fields of a record that this write would create.
fn fresh_fields(write: &Write) -> Result<Fields, Outcome> {
    let mut fields: Fields = write.set.iter().map(|(name, text)| (name, text)).collect();
    for (name, start) in &write.init {
        fields.insert(name, start.to_string());
    }
    for add in &write.add {
        let old = fields.get(&add.name).and_then(|text| text.parse().ok());
        let new = in_range(old.unwrap_or(0), add).ok_or_else(|| Outcome::OutOfRange(add.name.clone()))?;
        fields.insert(&add.name, new.to_string());
    }
    Ok(fields)
}

fn in_range(old: i64, add: &Add) -> Option<i64> {
    old.checked_add(add.by).filter(|new| (add.min..=add.max).contains(new))
}

fn stored_version(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(i64::MAX)
}

/// Whether a live record that came back gives a reason for the refusal. `None`: it was a race.
fn reason(write: &Write, outcome: Outcome) -> Option<Outcome> {
    let record = match &outcome {
        Outcome::Refused(Stored::Live(record)) => record,
        // There is no reason to refuse `Any` and `Absent` where nothing is.
        Outcome::Refused(_) if matches!(write.expect, Expect::Any | Expect::Absent) => return None,
        _ => return Some(outcome),
    };
    let other_version = matches!(write.expect, Expect::Version(version) if version != record.version);
    if other_version || matches!(write.expect, Expect::Absent | Expect::AbsentSince(_)) {
        return Some(outcome);
    }
    if record.schema > write.schema || (write.expect == Expect::Present && record.schema != write.schema) {
        return Some(Outcome::OtherSchema(record.schema));
    }
    for add in &write.add {
        let start = write.init.iter().find(|(name, _)| *name == add.name);
        let old = match record.fields.get(&add.name) {
            Some(text) => text.parse().unwrap_or(0),
            None => start.map_or(0, |(_, start)| *start),
        };
        if in_range(old, add).is_none() {
            return Some(Outcome::OutOfRange(add.name.clone()));
        }
    }
    match write.expect {
        // The row had changed when its turn came, but the answer shows it as it was before.
        Expect::Version(_) => Some(outcome),
        _ => None,
    }
}

impl Backend for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn prepare<'a>(&'a self, space: &'a Space) -> Pending<'a, ()> {
        Box::pin(async move {
            let table = self.table(space);
            let statement = sqlx::query(AssertSqlSafe(&*table.columns)).bind(&table.name);
            let rows = self.ask(statement).await?;
            let columns = answer::texts(&rows)?;
            if table.is_complete(&columns) {
                return Ok(());
            }
            self.pool.run(&table.create).await
        })
    }

    fn load<'a>(
        &'a self,
        space: &'a Space,
        keys: &'a [Key],
        touch: Option<Duration>,
    ) -> Pending<'a, Vec<Stored>> {
        Box::pin(async move {
            let table = self.table(space);
            let names: Vec<String> = keys.iter().map(|key| key.as_str().to_owned()).collect();
            let rows = match touch {
                None => {
                    let sql = AssertSqlSafe(&*table.load);
                    self.ask(sqlx::query(sql).bind(names)).await?
                }
                Some(ttl) => {
                    let sql = AssertSqlSafe(&*table.touch);
                    let statement = sqlx::query(sql).bind(names).bind(ttl.as_secs_f64());
                    self.ask(statement).await?
                }
            };
            let mut found = answer::by_key(&rows)?;
            Ok(keys
                .iter()
                .map(|key| match found.get_mut(key) {
                    // The same key can be asked for twice.
                    Some(stored) => stored.clone(),
                    None => Stored::Nothing(Version(0)),
                })
                .collect())
        })
    }

    fn write<'a>(&'a self, space: &'a Space, key: &'a Key, write: &'a Write) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let table = self.table(space);
            self.sweep_sometimes(&table);
            for _ in 0..RACES {
                if creates(write.expect)
                    && let Err(outcome) = fresh_fields(write)
                {
                    // Out of range for a new record; what is there is another matter.
                    let keys = std::slice::from_ref(key);
                    let found = self.load(space, keys, None).await?.pop();
                    let record = match (found, write.expect) {
                        (Some(Stored::Live(record)), Expect::Any) => record,
                        (Some(live @ Stored::Live(_)), _) => return Ok(Outcome::Refused(live)),
                        (Some(Stored::Nothing(version)), Expect::AbsentSince(seen))
                            if version.0 != 0 && version != seen =>
                        {
                            return Ok(Outcome::Refused(Stored::Nothing(version)));
                        }
                        _ => return Ok(outcome),
                    };
                    let on_this = Write {
                        expect: Expect::Version(record.version),
                        replace: write.replace || record.schema < write.schema,
                        ..write.clone()
                    };
                    let outcome = self.write_once(&table, key, &on_this).await?;
                    match reason(&on_this, outcome) {
                        Some(Outcome::Refused(_)) | None => continue,
                        Some(outcome) => return Ok(outcome),
                    }
                }
                let outcome = self.write_once(&table, key, write).await?;
                if let Some(outcome) = reason(write, outcome) {
                    return Ok(outcome);
                }
            }
            let cause = "the row changed at every attempt";
            Err(Failure::new(FailureKind::Rejected, cause))
        })
    }

    fn delete<'a>(&'a self, space: &'a Space, key: &'a Key, delete: Delete) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let table = self.table(space);
            self.sweep_sometimes(&table);
            let seen = match delete.expect {
                Expect::Version(version) => Some(stored_version(version)),
                _ => None,
            };
            let statement = sqlx::query(AssertSqlSafe(&*table.delete))
                .bind(key.as_str())
                .bind(seen)
                .bind(delete.tombstone.as_secs_f64())
                .bind(delete.take);
            let rows = self.ask(statement).await?;
            answer::deleted(&rows, delete.take)
        })
    }

    fn lifetime<'a>(&'a self, space: &'a Space, key: &'a Key) -> Pending<'a, Option<Option<Duration>>> {
        Box::pin(async move {
            let table = self.table(space);
            let statement = sqlx::query(AssertSqlSafe(&*table.lifetime)).bind(key.as_str());
            answer::lifetime(&self.ask(statement).await?)
        })
    }

    fn expire<'a>(&'a self, space: &'a Space, key: &'a Key, ttl: Option<Duration>) -> Pending<'a, bool> {
        Box::pin(async move {
            let table = self.table(space);
            let statement = sqlx::query(AssertSqlSafe(&*table.expire))
                .bind(key.as_str())
                .bind(ttl.map(|ttl| ttl.as_secs_f64()));
            Ok(!self.ask(statement).await?.is_empty())
        })
    }

    fn list<'a>(&'a self, space: &'a Space, query: &'a Query) -> Pending<'a, Listing> {
        Box::pin(async move {
            let table = self.table(space);
            let sql = table.list(&query.index).ok_or_else(no_index)?;
            let value = (query.index != ALL).then_some(query.value.as_str());
            let statement = sqlx::query(AssertSqlSafe(sql))
                .bind(value)
                .bind(query.after.as_ref().map(Key::as_str))
                .bind(i64::from(query.limit) + 1);
            let rows = self.ask(statement).await?;
            let mut records = answer::records(&rows)?;
            let more = records.len() > query.limit as usize;
            records.truncate(query.limit as usize);
            let next = records.last().filter(|_| more).map(|(key, _)| key.clone());
            Ok(Listing { records, next })
        })
    }

    fn count<'a>(&'a self, space: &'a Space, index: &'a str, value: &'a str) -> Pending<'a, u64> {
        Box::pin(async move {
            let table = self.table(space);
            let sql = table.count(index).ok_or_else(no_index)?;
            let value = (index != ALL).then_some(value);
            let rows = self.ask(sqlx::query(AssertSqlSafe(sql)).bind(value)).await?;
            answer::count(&rows)
        })
    }
}

fn no_index() -> Failure {
    Failure::new(FailureKind::Unsupported, "the type has no such index")
}
