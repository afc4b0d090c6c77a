//! One operation: its time limit, its repeats, and what is seen of it.
//!
//! Repeats only what is safe: reads, and calls that surely did not reach the server.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backend::{Failure, FailureKind, Pending, Space};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind};
use crate::observe;
use crate::store::Store;

/// The first wait before a repeat; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Whether a call may be repeated after it may have taken effect.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads, or does the same however often it is done.
    Safe,
    /// It does not.
    OnlyUnsent,
}

/// An operation under way.
pub(crate) struct Call<'a> {
    pub(crate) store: &'a Store,
    pub(crate) descriptor: &'a Descriptor,
    pub(crate) operation: &'static str,
    deadline: Instant,
}

/// Runs an operation within its time limit and reports it.
pub(crate) async fn run<'a, T, F>(
    store: &'a Store,
    descriptor: &'a Descriptor,
    operation: &'static str,
    limit: Duration,
    body: impl FnOnce(Call<'a>) -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, ErrorKind>>,
{
    let call = Call { store, descriptor, operation, deadline: Instant::now() + limit };
    observe::operation(descriptor.space.prefix(), operation, async {
        body(call).await.map_err(|kind| Error::new(operation, descriptor.space.prefix().to_owned(), kind))
    })
    .await
}

impl<'a> Call<'a> {
    /// The space, prepared.
    pub(crate) async fn space(&self) -> Result<Arc<Space>, ErrorKind> {
        if let Some(space) = self.store.prepared(self.descriptor)? {
            return Ok(space);
        }
        let space = Arc::new(self.store.space(self.descriptor));
        let backend = self.store.backend();
        self.ask(Repeat::Safe, || backend.prepare(&space)).await?;
        self.store.claim(self.descriptor, space);
        // Somebody else may have claimed it meanwhile.
        match self.store.prepared(self.descriptor)? {
            Some(space) => Ok(space),
            None => Err(ErrorKind::Clash("the space was not kept".to_owned())),
        }
    }

    /// Asks the backend, and again where that is safe and there is time.
    pub(crate) async fn ask<'b, T>(
        &self,
        repeat: Repeat,
        question: impl Fn() -> Pending<'b, T>,
    ) -> Result<T, ErrorKind> {
        let limits = self.store.limits();
        let mut wait = FIRST_WAIT;
        let mut attempt = 1;
        loop {
            observe::round_trip(self.descriptor.space.prefix(), self.operation);
            self.store.pulse().beat();
            let until = self.deadline.min(Instant::now() + limits.answer_timeout());
            let failure = match tokio::time::timeout_at(until, question()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::new(FailureKind::Timeout, "no answer in time"),
            };
            let again = match failure.kind {
                FailureKind::Unreachable => true,
                FailureKind::Interrupted | FailureKind::Timeout => repeat == Repeat::Safe,
                _ => false,
            };
            if !again || attempt >= limits.safe_attempts || Instant::now() + wait >= self.deadline {
                return Err(error_of(failure, repeat));
            }
            observe::repeat(self.descriptor.space.prefix(), self.operation);
            self.pause(wait).await;
            attempt += 1;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Waits between half of `wait` and all of it, so that waiters do not come back together.
    pub(crate) async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }

    /// Waits for a turn, as long as the operation has time.
    pub(crate) async fn turn<'g>(
        &self,
        gate: &'g tokio::sync::Mutex<()>,
    ) -> Result<tokio::sync::MutexGuard<'g, ()>, ErrorKind> {
        tokio::time::timeout_at(self.deadline, gate.lock())
            .await
            .map_err(|_| ErrorKind::Timeout { may_have_happened: false })
    }

    pub(crate) fn over(&self) -> bool {
        Instant::now() >= self.deadline
    }
}

fn error_of(failure: Failure, repeat: Repeat) -> ErrorKind {
    let Failure { kind, cause } = failure;
    match kind {
        FailureKind::Unreachable => ErrorKind::Unreachable(cause),
        FailureKind::Interrupted if repeat == Repeat::Safe => ErrorKind::Unreachable(cause),
        FailureKind::Interrupted => ErrorKind::Interrupted(cause),
        FailureKind::Timeout => ErrorKind::Timeout { may_have_happened: repeat == Repeat::OnlyUnsent },
        FailureKind::Rejected => ErrorKind::Rejected(cause),
        FailureKind::Foreign => ErrorKind::Foreign { reason: cause },
        FailureKind::Unsupported => ErrorKind::Unsupported(cause),
    }
}
