//! The connection: one that reconnects by itself, and is given up when nobody answers on it.
//!
//! The driver's manager reconnects when a connection breaks. One whose other end has gone without a
//! word never breaks: after two calls without an answer it is replaced.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult};

use super::answer::failure;
use crate::backend::{Failure, FailureKind};
use crate::error::Error;
use crate::store::Options;

/// So many calls without an answer, and the connection is taken for dead.
const PATIENCE: u32 = 2;

pub(super) struct Line {
    current: RwLock<ConnectionManager>,
    /// How to make another; `None` for the caller's own.
    maker: Option<(Client, ConnectionManagerConfig)>,
    unanswered: AtomicU32,
    /// An answer that takes so long does not come.
    long: Duration,
}

impl Line {
    pub(super) fn yours(connection: ConnectionManager) -> Self {
        Self {
            current: RwLock::new(connection),
            maker: None,
            unanswered: AtomicU32::new(0),
            long: Duration::MAX,
        }
    }

    /// Connects with the first call.
    pub(super) fn open(url: &str, options: &Options) -> Result<Self, Error> {
        // The text of these errors can contain the address, and that a password.
        let client = Client::open(url).map_err(|_| {
            Error::config("not a Redis address: redis://[user:password@]host:port/[database]")
        })?;
        // The caller's own limit is the only one for an answer.
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(options.answer_timeout()))
            .set_response_timeout(None)
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_secs(1))
            .set_number_of_retries(8);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config.clone())
            .map_err(|_| Error::config("not a Redis address"))?;
        Ok(Self {
            current: RwLock::new(connection),
            maker: Some((client, config)),
            unanswered: AtomicU32::new(0),
            long: options.answer_timeout() / 2,
        })
    }

    pub(super) fn connection(&self) -> ConnectionManager {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins to wait for an answer.
    pub(super) fn wait(&self) -> Wait<'_> {
        Wait { line: self, since: Instant::now(), answered: false }
    }

    fn was_silent(&self) {
        if self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 < PATIENCE {
            return;
        }
        if let Some((client, config)) = &self.maker {
            self.unanswered.store(0, Ordering::Relaxed);
            if let Ok(fresh) = ConnectionManager::new_lazy_with_config(client.clone(), config.clone()) {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
        }
    }
}

/// A question under way. Dropped after a long time without an answer it counts against the
/// connection; dropped sooner it was its caller who went away.
pub(super) struct Wait<'a> {
    line: &'a Line,
    since: Instant,
    answered: bool,
}

impl Wait<'_> {
    /// Takes note of the answer.
    pub(super) fn heard<T>(mut self, answer: RedisResult<T>) -> Result<T, Failure> {
        self.answered = true;
        let failed = match answer {
            Ok(value) => {
                if self.line.unanswered.load(Ordering::Relaxed) > 0 {
                    self.line.unanswered.store(0, Ordering::Relaxed);
                }
                return Ok(value);
            }
            Err(error) => failure(&error),
        };
        if failed.kind == FailureKind::Timeout {
            self.line.was_silent();
        }
        Err(failed)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if !self.answered && self.since.elapsed() >= self.line.long {
            self.line.was_silent();
        }
    }
}
