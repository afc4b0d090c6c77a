//! Counts what the schedules showed into a [`Scorecard`]. Starts nothing of its own, and judges
//! nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::failure::Failure;
use super::noise::Difference;
use super::record::Exchange;
use super::schedule::Schedule;
use super::stage::Run;
use crate::scorecard::{Part, Scorecard};

impl Scorecard {
    /// Enters what a schedule showed; of several random ones the first counts.
    pub(super) fn enter(
        &mut self,
        schedule: Schedule,
        replicas: usize,
        run: &Run,
        differences: &[Difference],
    ) {
        let all = &run.exchanges;
        match schedule {
            Schedule::Kill => {
                if let Some(at) = run.killed_at {
                    self.sessions = Some(sessions(all, at, differences));
                }
            }
            Schedule::Drain => {
                let lost = all.iter().filter(|exchange| !exchange.endless() && exchange.lost()).count();
                self.rolling = Some(Part { of: all.len(), lost });
            }
            Schedule::Sticky => self.spread_sticky = spread(all, replicas),
            Schedule::Random(_) if self.spread_random.is_none() => {
                self.spread_random = spread(all, replicas);
                self.latency_median_ms = quantile(&run.times, 0.5);
                self.latency_p95_ms = quantile(&run.times, 0.95);
                let calls = run.store_calls.map(|calls| calls as f64 / all.len().max(1) as f64);
                self.store_calls_per_request = calls.map(rounded);
            }
            _ => {}
        }
    }

    /// Reads that of a report in JSON.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Report {
            scorecard: Scorecard,
        }
        let failure = |why: String| Failure::File { path: path.to_owned(), why };
        let text = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
        let report: Report = serde_json::from_str(&text)
            .map_err(|error| failure(format!("no report of `verify --scorecard --format json`: {error}")))?;
        Ok(report.scorecard)
    }
}

/// Clients that were there before a replica was killed and after it, and those that noticed.
fn sessions(run: &[Exchange], killed_at: usize, differences: &[Difference]) -> Part {
    let clients = |part: &[Exchange]| part.iter().map(|exchange| exchange.client).collect::<BTreeSet<_>>();
    let (before, after) = run.split_at(killed_at.min(run.len()));
    let stayed: BTreeSet<usize> = clients(before).intersection(&clients(after)).copied().collect();
    let noticed: BTreeSet<usize> = differences
        .iter()
        .filter(|difference| difference.run >= killed_at)
        .map(|difference| run[difference.run].client)
        .collect();
    Part { of: stayed.len(), lost: stayed.intersection(&noticed).count() }
}

fn spread(run: &[Exchange], replicas: usize) -> Option<f64> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for exchange in run {
        *counts.entry(exchange.replica).or_default() += 1;
    }
    let busiest = *counts.values().max()?;
    Some(rounded(busiest as f64 * replicas as f64 / run.len() as f64))
}

fn quantile(times: &[Duration], part: f64) -> Option<f64> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1);
    sorted.get(at).map(|time| rounded(time.as_secs_f64() * 1000.0))
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::key::Key;
    use crate::verify::record::{Moments, Outcome, Request};

    fn run(served: &[(usize, usize)]) -> Vec<Exchange> {
        let exchange = |(client, replica): &(usize, usize)| Exchange {
            key: Key { client: client.to_string(), route: "GET /".into(), turn: 0 },
            client: *client,
            replica: *replica,
            life: 0,
            overlapped: false,
            moments: Moments::default(),
            request: Request::default(),
            outcome: Outcome::Pending,
        };
        served.iter().map(exchange).collect()
    }

    #[test]
    fn load_and_time_are_measured() {
        let run = run(&[(0, 0), (0, 0), (0, 0), (1, 1)]);
        assert_eq!(spread(&run, 2), Some(1.5));
        assert_eq!(spread(&run, 4), Some(3.0));
        assert_eq!(spread(&[], 2), None);
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!((quantile(&times, 0.5), quantile(&times, 0.95)), (Some(50.0), Some(95.0)));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_session_counts_that_was_there_before_and_after() {
        // Clients 0 and 1 stay, 2 leaves before and 3 comes after.
        let run = run(&[(0, 0), (1, 1), (2, 0), (0, 1), (1, 1), (3, 1)]);
        let differs = |at| Difference { base: at, run: at, fields: Vec::new() };
        assert_eq!(sessions(&run, 3, &[differs(3), differs(5)]), Part { of: 2, lost: 1 });
        assert_eq!(sessions(&run, 3, &[differs(2)]), Part { of: 2, lost: 0 });
    }
}
