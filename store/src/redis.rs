//! Records in Redis 7 or newer: a hash each, written by one Lua script a key.
//!
//! Owns one multiplexed connection that reconnects by itself, or uses one of the caller's. What
//! the scripts decide is in the `.lua` files; this file only puts arguments together.

mod answer;
mod arguments;
mod line;
mod script;

use std::fmt;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{Cmd, FromRedisValue, Pipeline, Value};

use self::answer::failure;
use self::arguments::millis;
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
    save: Script,
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
            save: Script::new(include_str!("redis/save.lua"), include_str!("redis/late.lua")),
            write: Script::new(include_str!("redis/quick.lua"), include_str!("redis/write.lua")),
            delete: Script::new("", include_str!("redis/delete.lua")),
            touch: Script::new("", include_str!("redis/touch.lua")),
            expire: Script::new("", include_str!("redis/expire.lua")),
            list: Script::new("", include_str!("redis/list.lua")),
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
        let (mut connection, wait) = (self.line.connection(), self.line.wait());
        wait.heard(command.query_async(&mut connection).await)
    }

    async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Failure> {
        let (mut connection, wait) = (self.line.connection(), self.line.wait());
        wait.heard(commands.query_async(&mut connection).await)
    }

    async fn run(
        &self,
        script: &Script,
        key: &str,
        arguments: impl Fn(&mut Cmd) + Send,
    ) -> Result<Value, Failure> {
        let (mut connection, wait) = (self.line.connection(), self.line.wait());
        wait.heard(script.run(&mut connection, key, arguments).await)
    }
}

/// The key of an index, which no record's key can be.
fn index_key(space: &Space, index: &str, value: &str) -> String {
    format!("@i/{}/{index}/{value}", space.template)
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
                    let arguments = |command: &mut Cmd| {
                        command.arg(millis(Some(ttl)));
                        arguments::indexes(command, space);
                    };
                    let (mut connection, wait) = (self.line.connection(), self.line.wait());
                    let touch = &self.scripts.touch;
                    wait.heard(touch.run_for_each(&mut connection, keys, arguments).await)?
                }
            };
            values.into_iter().map(answer::stored).collect()
        })
    }

    fn write<'a>(&'a self, space: &'a Space, key: &'a Key, write: &'a Write) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let value = match arguments::quick_save(space, write) {
                Some(seen) => {
                    let arguments = |command: &mut Cmd| arguments::save(command, seen, write);
                    self.run(&self.scripts.save, key.as_str(), arguments).await?
                }
                None => {
                    let arguments = |command: &mut Cmd| arguments::write(command, space, write);
                    self.run(&self.scripts.write, key.as_str(), arguments).await?
                }
            };
            answer::outcome(value)
        })
    }

    fn delete<'a>(&'a self, space: &'a Space, key: &'a Key, delete: Delete) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let (expect, seen) = match delete.expect {
                Expect::Version(version) => ("version", version.0),
                _ => ("any", 0),
            };
            let arguments = |command: &mut Cmd| {
                let life = millis(Some(delete.tombstone));
                command.arg(expect).arg(seen).arg(life).arg(u8::from(delete.take));
                arguments::indexes(command, space);
            };
            let value = self.run(&self.scripts.delete, key.as_str(), arguments).await?;
            answer::deleted(value)
        })
    }

    fn lifetime<'a>(&'a self, _: &'a Space, key: &'a Key) -> Pending<'a, Option<Option<Duration>>> {
        Box::pin(async move {
            let mut pipe = redis::pipe();
            pipe.cmd("HGET").arg(key.as_str()).arg("@");
            pipe.cmd("PTTL").arg(key.as_str());
            let (meta, left): (Option<String>, i64) = self.ask_all(&pipe).await?;
            let live = match meta {
                Some(meta) => answer::versions(&meta)?.1.is_some(),
                None => false,
            };
            // Between the two commands it can have expired: then PTTL says -2.
            if !live || left < -1 {
                return Ok(None);
            }
            Ok(Some(u64::try_from(left).ok().map(Duration::from_millis)))
        })
    }

    fn expire<'a>(&'a self, space: &'a Space, key: &'a Key, ttl: Option<Duration>) -> Pending<'a, bool> {
        Box::pin(async move {
            let arguments = |command: &mut Cmd| {
                command.arg(millis(ttl));
                arguments::indexes(command, space);
            };
            let value = self.run(&self.scripts.expire, key.as_str(), arguments).await?;
            Ok(value == Value::Int(1))
        })
    }

    fn list<'a>(&'a self, space: &'a Space, query: &'a Query) -> Pending<'a, Listing> {
        Box::pin(async move {
            let index = index_key(space, &query.index, &query.value);
            let after = query.after.as_ref().map_or("", Key::as_str);
            // One more, to know whether there is a next page.
            let arguments = |command: &mut Cmd| {
                command.arg(after).arg(u64::from(query.limit) + 1);
            };
            let value = self.run(&self.scripts.list, &index, arguments).await?;
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
            let arguments = |command: &mut Cmd| {
                command.arg("").arg(0);
            };
            match self.run(&self.scripts.list, &index, arguments).await? {
                Value::Int(count) => Ok(u64::try_from(count).unwrap_or(0)),
                _ => Err(Failure::new(FailureKind::Rejected, "an unexpected answer")),
            }
        })
    }
}
