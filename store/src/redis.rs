//! Records in Redis 7 or newer: a hash each, written by one Lua script a key.
//!
//! Owns one multiplexed connection that reconnects by itself, or uses one of the caller's. What
//! the scripts decide is in the `.lua` files; this file only puts arguments together.

mod answer;
mod line;
mod script;

use std::fmt;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{Cmd, FromRedisValue, Pipeline, Value};

use self::answer::failure;
use self::line::Line;
use self::script::Script;
use crate::backend::{
    Backend, Delete, Deleted, Expect, Failure, FailureKind, Listing, Outcome, Pending, Query, Space, Stored,
    Write,
};
use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::store::Options;

/// Records in Redis.
pub struct Redis {
    line: Line,
    scripts: Scripts,
}

struct Scripts {
    write: Script,
    delete: Script,
    touch: Script,
    expire: Script,
    list: Script,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis")
    }
}

impl Redis {
    /// Uses a connection that the caller has. Its time-outs stay as they are.
    pub fn over(connection: ConnectionManager) -> Self {
        Self::with(Line::yours(connection))
    }

    fn with(line: Line) -> Self {
        let scripts = Scripts {
            write: Script::new(include_str!("redis/write.lua")),
            delete: Script::new(include_str!("redis/delete.lua")),
            touch: Script::new(include_str!("redis/touch.lua")),
            expire: Script::new(include_str!("redis/expire.lua")),
            list: Script::new(include_str!("redis/list.lua")),
        };
        Self { line, scripts }
    }

    pub(crate) async fn connect(url: &str, options: &Options) -> Result<Self, Error> {
        let line = Line::open(url, options)?;
        let unreachable = |cause: String| Error::new("connect", "redis", ErrorKind::Unreachable(cause));
        let asked = async {
            let mut connection = line.connection();
            let pong: Result<Value, _> = redis::cmd("PING").query_async(&mut connection).await;
            pong.map_err(|error| failure(&error))
        };
        match tokio::time::timeout(options.timeout, asked).await {
            Ok(Ok(_)) => Ok(Self::with(line)),
            Ok(Err(failure)) => Err(unreachable(failure.cause)),
            Err(_) => Err(unreachable("no answer in time".to_owned())),
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut connection = self.line.connection();
        self.line.heard(command.query_async(&mut connection).await)
    }

    async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Failure> {
        let mut connection = self.line.connection();
        self.line.heard(commands.query_async(&mut connection).await)
    }

    async fn run(&self, script: &Script, key: &str, arguments: &[Vec<u8>]) -> Result<Value, Failure> {
        let mut connection = self.line.connection();
        self.line.heard(script.run(&mut connection, key, arguments).await)
    }
}

/// The key of an index, which no record's key can be.
fn index_key(space: &Space, index: &str, value: &str) -> String {
    format!("@i/{}/{index}/{value}", space.template)
}

fn millis(duration: Duration) -> Vec<u8> {
    // Redis takes a lifetime of zero for an error in some commands.
    duration.as_millis().max(1).to_string().into_bytes()
}

fn optional_millis(duration: Option<Duration>) -> Vec<u8> {
    duration.map(millis).unwrap_or_default()
}

fn flag(flag: bool) -> Vec<u8> {
    if flag { b"1".to_vec() } else { b"0".to_vec() }
}

fn write_arguments(space: &Space, write: &Write) -> Vec<Vec<u8>> {
    let (expect, seen) = match write.expect {
        Expect::Any => ("any", 0),
        Expect::Present => ("present", 0),
        Expect::Absent => ("absent", 0),
        Expect::AbsentSince(version) => ("since", version.0),
        Expect::Version(version) => ("version", version.0),
    };
    let mut out: Vec<Vec<u8>> = vec![
        expect.into(),
        seen.to_string().into(),
        write.schema.to_string().into(),
        optional_millis(write.ttl),
        flag(write.renew),
        flag(write.replace),
        flag(write.bumps()),
        space.indexes.len().to_string().into(),
    ];
    for index in space.indexes {
        let entry = write.index.iter().find(|(name, _)| name == index);
        out.push((*index).into());
        out.push(entry.map_or_else(Vec::new, |(_, value)| index_key(space, index, value).into_bytes()));
    }
    for name in &write.unset {
        out.extend([b"unset".to_vec(), name.as_bytes().to_vec()]);
    }
    for (name, text) in &write.set {
        out.extend([b"set".to_vec(), name.as_bytes().to_vec(), text.as_bytes().to_vec()]);
    }
    for (name, start) in &write.init {
        out.extend([b"init".to_vec(), name.as_bytes().to_vec(), start.to_string().into()]);
    }
    for add in &write.add {
        out.extend([
            b"add".to_vec(),
            add.name.as_bytes().to_vec(),
            add.by.to_string().into(),
            add.min.to_string().into(),
            add.max.to_string().into(),
        ]);
    }
    out
}

fn with_indexes(mut arguments: Vec<Vec<u8>>, space: &Space) -> Vec<Vec<u8>> {
    arguments.extend(space.indexes.iter().map(|index| index.as_bytes().to_vec()));
    arguments
}

impl Backend for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn load<'a>(
        &'a self,
        space: &'a Space,
        keys: &'a [Key],
        touch: Option<Duration>,
    ) -> Pending<'a, Vec<Stored>> {
        Box::pin(async move {
            let values: Vec<Value> = match (touch, keys) {
                (None, [key]) => {
                    let value = self.ask(redis::cmd("HGETALL").arg(key.as_str())).await?;
                    vec![value]
                }
                (None, _) => {
                    let mut pipe = redis::pipe();
                    for key in keys {
                        pipe.cmd("HGETALL").arg(key.as_str());
                    }
                    self.ask_all(&pipe).await?
                }
                (Some(ttl), _) => {
                    let arguments = with_indexes(vec![millis(ttl)], space);
                    let mut connection = self.line.connection();
                    let touch = &self.scripts.touch;
                    let touched = touch.run_for_each(&mut connection, keys, &arguments).await;
                    self.line.heard(touched)?
                }
            };
            values.into_iter().map(answer::stored).collect()
        })
    }

    fn write<'a>(&'a self, space: &'a Space, key: &'a Key, write: &'a Write) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let arguments = write_arguments(space, write);
            let value = self.run(&self.scripts.write, key.as_str(), &arguments).await?;
            answer::outcome(value)
        })
    }

    fn delete<'a>(&'a self, space: &'a Space, key: &'a Key, delete: Delete) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let (expect, seen) = match delete.expect {
                Expect::Version(version) => ("version", version.0),
                _ => ("any", 0),
            };
            let arguments = with_indexes(
                vec![expect.into(), seen.to_string().into(), millis(delete.tombstone), flag(delete.take)],
                space,
            );
            let value = self.run(&self.scripts.delete, key.as_str(), &arguments).await?;
            answer::deleted(value)
        })
    }

    fn lifetime<'a>(&'a self, _: &'a Space, key: &'a Key) -> Pending<'a, Option<Option<Duration>>> {
        Box::pin(async move {
            let mut pipe = redis::pipe();
            pipe.cmd("HMGET").arg(key.as_str()).arg("@v").arg("@d");
            pipe.cmd("PTTL").arg(key.as_str());
            let (meta, left): (Vec<Option<String>>, i64) = self.ask_all(&pipe).await?;
            let live = matches!(meta.as_slice(), [Some(_), None]);
            // Between the two commands it can have expired: then PTTL says -2.
            if !live || left < -1 {
                return Ok(None);
            }
            Ok(Some(u64::try_from(left).ok().map(Duration::from_millis)))
        })
    }

    fn expire<'a>(&'a self, space: &'a Space, key: &'a Key, ttl: Option<Duration>) -> Pending<'a, bool> {
        Box::pin(async move {
            let arguments = with_indexes(vec![optional_millis(ttl)], space);
            let value = self.run(&self.scripts.expire, key.as_str(), &arguments).await?;
            Ok(value == Value::Int(1))
        })
    }

    fn list<'a>(&'a self, space: &'a Space, query: &'a Query) -> Pending<'a, Listing> {
        Box::pin(async move {
            let index = index_key(space, &query.index, &query.value);
            let after = query.after.as_ref().map_or("", Key::as_str);
            // One more, to know whether there is a next page.
            let arguments = [after.as_bytes().to_vec(), (u64::from(query.limit) + 1).to_string().into()];
            let value = self.run(&self.scripts.list, &index, &arguments).await?;
            let mut keys = answer::keys(value)?;
            let more = keys.len() > query.limit as usize;
            keys.truncate(query.limit as usize);
            if keys.is_empty() {
                return Ok(Listing::default());
            }
            let next = more.then(|| keys.last().cloned()).flatten();
            let found = self.load(space, &keys, None).await?;
            let records = keys
                .into_iter()
                .zip(found)
                .filter_map(|(key, stored)| match stored {
                    Stored::Live(record) => Some((key, record)),
                    // Evicted, or gone since the index was read.
                    Stored::Nothing(_) => None,
                })
                .collect();
            Ok(Listing { records, next })
        })
    }

    fn count<'a>(&'a self, space: &'a Space, index: &'a str, value: &'a str) -> Pending<'a, u64> {
        Box::pin(async move {
            let index = index_key(space, index, value);
            let arguments = [Vec::new(), b"0".to_vec()];
            match self.run(&self.scripts.list, &index, &arguments).await? {
                Value::Int(count) => Ok(u64::try_from(count).unwrap_or(0)),
                _ => Err(Failure::new(FailureKind::Rejected, "an unexpected answer")),
            }
        })
    }
}
