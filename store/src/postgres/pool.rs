//! Connections: a pool of our own, or the caller's.
//!
//! Our own pool asks the server nothing besides the statements themselves, so that a call is one
//! round trip: a connection that fails is thrown away together with all idle ones, and one that
//! was idle for long is tested first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Prepared;
use super::answer::failure;
use crate::backend::{Failure, FailureKind};

/// A connection that was idle for longer is tested before use.
const TRUSTED: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) enum Pool {
    Own(Arc<Own>),
    Yours(PgPool),
}

pub(super) struct Own {
    address: PgConnectOptions,
    allowed: Semaphore,
    idle: Mutex<Vec<(PgConnection, Instant)>>,
}

impl Pool {
    pub(super) fn own(address: PgConnectOptions, connections: u32) -> Self {
        Self::Own(Arc::new(Own {
            address,
            allowed: Semaphore::new(connections as usize),
            idle: Mutex::default(),
        }))
    }

    /// Whether a connection can be had.
    pub(super) async fn test(&self) -> Result<(), Failure> {
        match self {
            Self::Own(own) => {
                let (connection, _permit) = own.take().await?;
                own.give_back(connection);
                Ok(())
            }
            Self::Yours(pool) => pool.acquire().await.map(drop).map_err(|e| failure(&e)),
        }
    }

    pub(super) async fn ask(&self, statement: Prepared<'_>) -> Result<Vec<PgRow>, Failure> {
        match self {
            Self::Own(own) => {
                // Should this future be dropped, the connection is too: it may be in the middle.
                let (mut connection, _permit) = own.take().await?;
                let result = statement.fetch_all(&mut connection).await;
                own.settle(connection, &result);
                result.map_err(|error| failure(&error))
            }
            Self::Yours(pool) => {
                let mut connection = pool.acquire().await.map_err(|error| unsent(&error))?;
                statement.fetch_all(&mut *connection).await.map_err(|error| failure(&error))
            }
        }
    }

    /// Runs statements without parameters in one transaction.
    pub(super) async fn run(&self, statements: &[String]) -> Result<(), Failure> {
        async fn all(connection: &mut PgConnection, statements: &[String]) -> sqlx::Result<()> {
            let mut transaction = connection.begin().await?;
            for statement in statements {
                sqlx::query(AssertSqlSafe(statement.as_str())).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        }
        match self {
            Self::Own(own) => {
                let (mut connection, _permit) = own.take().await?;
                let result = all(&mut connection, statements).await;
                own.settle(connection, &result);
                result.map_err(|error| failure(&error))
            }
            Self::Yours(pool) => {
                let mut connection = pool.acquire().await.map_err(|error| unsent(&error))?;
                all(&mut connection, statements).await.map_err(|error| failure(&error))
            }
        }
    }
}

/// A failure before anything was sent.
fn unsent(error: &sqlx::Error) -> Failure {
    let found = failure(error);
    match found.kind {
        FailureKind::Rejected => found,
        _ => Failure::new(FailureKind::Unreachable, found.cause),
    }
}

impl Own {
    async fn take(&self) -> Result<(PgConnection, SemaphorePermit<'_>), Failure> {
        let permit = self
            .allowed
            .acquire()
            .await
            .map_err(|_| Failure::new(FailureKind::Unreachable, "the pool is closed"))?;
        while let Some((mut connection, since)) = self.pop() {
            if since.elapsed() < TRUSTED || connection.ping().await.is_ok() {
                return Ok((connection, permit));
            }
        }
        let connection = self.address.connect().await.map_err(|error| unsent(&error))?;
        Ok((connection, permit))
    }

    fn pop(&self) -> Option<(PgConnection, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, connection: PgConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Instant::now()));
    }

    /// Keeps a connection that works. After a broken one the others are not to be trusted either.
    fn settle<T>(&self, connection: PgConnection, result: &sqlx::Result<T>) {
        let broken = match result {
            Ok(_) => false,
            Err(sqlx::Error::Database(error)) => error.code().is_some_and(|code| code.starts_with("57P")),
            Err(_) => true,
        };
        if broken {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        } else {
            self.give_back(connection);
        }
    }
}
