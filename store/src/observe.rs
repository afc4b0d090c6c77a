//! What is seen from outside: a `tracing` span for each logical operation, and `metrics`.
//!
//! One span an operation, not one a command. Labels are the key's prefix, the operation and the
//! outcome; keys and values appear nowhere. Without the features nothing is left of it.

use std::future::Future;

use crate::error::Error;

/// Counts operations by `accessor`, `operation` and `outcome`.
#[cfg(feature = "metrics")]
pub(crate) const OPERATIONS: &str = "stateless_store_operations_total";
/// A histogram of their latency in seconds, by the same labels.
#[cfg(feature = "metrics")]
pub(crate) const SECONDS: &str = "stateless_store_operation_seconds";
/// Counts questions to the store by `accessor` and `operation`.
#[cfg(feature = "metrics")]
pub(crate) const ROUND_TRIPS: &str = "stateless_store_round_trips_total";
/// Counts repeated questions by `accessor` and `operation`.
#[cfg(feature = "metrics")]
pub(crate) const REPEATS: &str = "stateless_store_repeats_total";
/// Counts writes that somebody else's write came before, by `accessor`.
#[cfg(feature = "metrics")]
pub(crate) const CONFLICTS: &str = "stateless_store_conflicts_total";

/// Counts loads of one record that found none, by `accessor` and `operation`.
#[cfg(feature = "metrics")]
pub(crate) const MISSES: &str = "stateless_store_misses_total";

/// Runs an operation under its span and records it.
pub(crate) async fn operation<T>(
    accessor: &str,
    operation: &'static str,
    body: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    #[cfg(feature = "metrics")]
    let start = std::time::Instant::now();
    #[cfg(feature = "tracing")]
    let body = {
        use tracing::Instrument as _;
        let span =
            tracing::debug_span!("stateless_store", accessor, operation, outcome = tracing::field::Empty);
        let recorded = span.clone();
        async move {
            let result = body.await;
            recorded.record("outcome", outcome(&result));
            if let Err(error) = &result {
                tracing::debug!(%error, "failed");
            }
            result
        }
        .instrument(span)
    };
    let result = body.await;
    #[cfg(feature = "metrics")]
    {
        let labels = [
            ("accessor", accessor.to_owned()),
            ("operation", operation.to_owned()),
            ("outcome", outcome(&result).to_owned()),
        ];
        metrics::counter!(OPERATIONS, &labels).increment(1);
        metrics::histogram!(SECONDS, &labels).record(start.elapsed().as_secs_f64());
    }
    let _ = (accessor, operation);
    result
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
fn outcome<T>(result: &Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.outcome(),
    }
}

pub(crate) fn round_trip(accessor: &str, operation: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(ROUND_TRIPS, "accessor" => accessor.to_owned(), "operation" => operation).increment(1);
    let _ = (accessor, operation);
}

pub(crate) fn repeat(accessor: &str, operation: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(REPEATS, "accessor" => accessor.to_owned(), "operation" => operation).increment(1);
    #[cfg(feature = "tracing")]
    tracing::debug!(accessor, operation, "repeated");
    let _ = (accessor, operation);
}

pub(crate) fn conflict(accessor: &str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(CONFLICTS, "accessor" => accessor.to_owned()).increment(1);
    #[cfg(feature = "tracing")]
    tracing::trace!(accessor, "conflict");
    let _ = accessor;
}

pub(crate) fn miss(accessor: &str, operation: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(MISSES, "accessor" => accessor.to_owned(), "operation" => operation).increment(1);
    let _ = (accessor, operation);
}
