//! A Lua script, called by its hash and sent whole only where the server does not know it.

use redis::aio::ConnectionLike;
use redis::{Cmd, RedisError, RedisResult, Value};

use super::answer::code;
use crate::key::Key;

pub(super) struct Script {
    code: String,
    hash: String,
}

impl Script {
    /// `first` runs before anything else is even defined.
    pub(super) fn new(first: &str, code: &str) -> Self {
        let code = format!("{first}\n{}\n{code}", include_str!("common.lua"));
        let hash = redis::Script::new(&code).get_hash().to_owned();
        Self { code, hash }
    }

    fn command(&self, name: &str, script: &str, key: &str, arguments: impl Fn(&mut Cmd)) -> Cmd {
        let mut command = Cmd::with_capacity(24, 256);
        command.arg(name).arg(script).arg(1).arg(key);
        arguments(&mut command);
        command
    }

    fn by_hash(&self, key: &str, arguments: impl Fn(&mut Cmd)) -> Cmd {
        self.command("EVALSHA", &self.hash, key, arguments)
    }

    fn whole(&self, key: &str, arguments: impl Fn(&mut Cmd)) -> Cmd {
        self.command("EVAL", &self.code, key, arguments)
    }

    pub(super) async fn run(
        &self,
        connection: &mut impl ConnectionLike,
        key: &str,
        arguments: impl Fn(&mut Cmd),
    ) -> RedisResult<Value> {
        match self.by_hash(key, &arguments).query_async(connection).await {
            Err(error) if unknown(&error) => self.whole(key, &arguments).query_async(connection).await,
            result => result,
        }
    }

    /// Runs it for each key, in one round trip.
    pub(super) async fn run_for_each(
        &self,
        connection: &mut impl ConnectionLike,
        keys: &[Key],
        arguments: impl Fn(&mut Cmd),
    ) -> RedisResult<Vec<Value>> {
        if let [key] = keys {
            return Ok(vec![self.run(connection, key.as_str(), arguments).await?]);
        }
        let mut pipe = redis::pipe();
        for key in keys {
            pipe.add_command(self.by_hash(key.as_str(), &arguments));
        }
        match pipe.query_async(connection).await {
            Err(error) if unknown(&error) => {
                let mut pipe = redis::pipe();
                for key in keys {
                    pipe.add_command(self.whole(key.as_str(), &arguments));
                }
                pipe.query_async(connection).await
            }
            result => result,
        }
    }
}

fn unknown(error: &RedisError) -> bool {
    code(error).as_deref() == Some("NOSCRIPT")
}
