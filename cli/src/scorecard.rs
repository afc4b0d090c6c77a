//! What running several replicas costs and loses, in numbers of one service: to be held against
//! those of another day, before and after state has moved.
//!
//! Plain data and its words. `verify` measures it, and the audit shows it, also where the tool is
//! built without `verify`.

use serde::{Deserialize, Serialize};

/// The numbers. Each is missing until the schedule that shows it has run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Scorecard {
    /// Clients that went on after a replica was killed, and those of them that lost something.
    pub(crate) sessions: Option<Part>,
    /// Requests during a rolling restart, and those of them that failed.
    pub(crate) rolling: Option<Part>,
    /// Requests of the busiest replica by those of the mean, where clients keep their replica.
    pub(crate) spread_sticky: Option<f64>,
    /// The same where every request goes to any.
    pub(crate) spread_random: Option<f64>,
    /// Until the head of an answer, in milliseconds, by chance over all replicas.
    pub(crate) latency_median_ms: Option<f64>,
    pub(crate) latency_p95_ms: Option<f64>,
    /// Commands or statements that the store counted for each request.
    pub(crate) store_calls_per_request: Option<f64>,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) of: usize,
    pub(crate) lost: usize,
}

impl Scorecard {
    /// The name of each number and its value in words; no value where it is missing.
    pub(crate) fn rows(&self) -> Vec<(&'static str, Option<String>)> {
        let part = |part: Option<Part>| part.map(|part| format!("{} of {}", part.lost, part.of));
        let number = |number: Option<f64>| number.map(|number| format!("{number:.2}"));
        let latency = match (self.latency_median_ms, self.latency_p95_ms) {
            (Some(median), Some(late)) => Some(format!("{median:.2} / {late:.2} ms")),
            _ => None,
        };
        vec![
            ("sessions lost when a replica dies", part(self.sessions)),
            ("requests failed in a rolling restart", part(self.rolling)),
            ("load, busiest to mean, with affinity", number(self.spread_sticky)),
            ("load, busiest to mean, by chance", number(self.spread_random)),
            ("latency, median / 95 %", latency),
            ("store calls a request", number(self.store_calls_per_request)),
        ]
    }
}
