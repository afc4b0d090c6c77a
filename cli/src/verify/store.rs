//! How many calls a shared store gets while a run lasts, by what the store itself tells: no service
//! has to be changed for it.
//!
//! Only asks. What other services do with the same store meanwhile counts as well.

mod postgres;
mod redis;

use std::time::Duration;

/// How long a store may take to connect or to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counts until it is asked.
pub(super) enum Count {
    Redis(redis::Count),
    Postgres(postgres::Count),
}

impl Count {
    /// Begins to count.
    pub(super) fn begin(url: &str) -> Result<Self, String> {
        match url.split_once("://") {
            Some(("redis", rest)) => redis::Count::begin(rest).map(Count::Redis),
            Some(("postgres" | "postgresql", _)) => postgres::Count::begin(url).map(Count::Postgres),
            _ => Err("a store's address begins with `redis://` or `postgres://`".to_owned()),
        }
    }

    /// The calls so far.
    pub(super) fn end(self) -> Result<u64, String> {
        match self {
            Count::Redis(count) => count.end(),
            Count::Postgres(count) => count.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_asked_is_named() {
        let why = |url| Count::begin(url).err().unwrap();
        assert!(why("mysql://x").contains("redis://"));
        assert!(why("redis://127.0.0.1:1").contains("127.0.0.1:1"));
    }
}
