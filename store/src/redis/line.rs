//! The connection: one that reconnects by itself, and is given up when nobody answers on it.
//!
//! The driver's manager reconnects when a connection breaks. One whose other end has gone without a
//! word never breaks: after two calls without an answer it is replaced.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

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
}

impl Line {
    pub(super) fn yours(connection: ConnectionManager) -> Self {
        Self { current: RwLock::new(connection), maker: None, unanswered: AtomicU32::new(0) }
    }

    /// Connects with the first call.
    pub(super) fn open(url: &str, options: &Options) -> Result<Self, Error> {
        // The text of these errors can contain the address, and that a password.
        let client = Client::open(url).map_err(|_| {
            Error::config("not a Redis address: redis://[user:password@]host:port/[database]")
        })?;
        // Before the caller's own limit, so that it is known here who did not answer.
        let limit = options.timeout.mul_f64(0.8);
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(limit))
            .set_response_timeout(Some(limit))
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_secs(1))
            .set_number_of_retries(8);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config.clone())
            .map_err(|_| Error::config("not a Redis address"))?;
        Ok(Self {
            current: RwLock::new(connection),
            maker: Some((client, config)),
            unanswered: AtomicU32::new(0),
        })
    }

    pub(super) fn connection(&self) -> ConnectionManager {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of an answer, or of its absence.
    pub(super) fn heard<T>(&self, answer: RedisResult<T>) -> Result<T, Failure> {
        let failed = match answer {
            Ok(value) => {
                self.unanswered.store(0, Ordering::Relaxed);
                return Ok(value);
            }
            Err(error) => failure(&error),
        };
        if failed.kind == FailureKind::Timeout
            && self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE
            && let Some((client, config)) = &self.maker
        {
            self.unanswered.store(0, Ordering::Relaxed);
            if let Ok(fresh) = ConnectionManager::new_lazy_with_config(client.clone(), config.clone()) {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
        }
        Err(failed)
    }
}
