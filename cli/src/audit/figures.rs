//! The numbers of `verify --scorecard` in words: those of now, and of before where they are known.
//!
//! Which row of the audit's scorecard they belong to is decided there.

use super::evidence::Measured;
use crate::scorecard::{Part, Scorecard};

/// One number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) before: Option<String>,
    pub(super) now: Option<String>,
}

/// All that were measured.
pub(super) fn all(measured: &Measured) -> Vec<Figure> {
    let Some(card) = &measured.scorecard else { return Vec::new() };
    let mut before = measured.before.as_ref().map(Scorecard::rows).unwrap_or_default().into_iter();
    let figures = card.rows().into_iter().map(|(name, now)| {
        let before = before.next().and_then(|(_, value)| value);
        Figure { name, before, now }
    });
    figures.filter(|figure| figure.now.is_some() || figure.before.is_some()).collect()
}

/// A number that was measured, in words, and whether it is a good one; nothing where it is missing.
pub(super) type Number = fn(&Measured) -> Option<(bool, String)>;

/// `2 of 3 clients lost their session ..`, with what it was before.
fn part(measured: &Measured, of: fn(&Scorecard) -> Option<Part>, said: &str) -> Option<(bool, String)> {
    let now = measured.scorecard.as_ref().and_then(of).filter(|part| part.of > 0)?;
    let before = measured.before.as_ref().and_then(of).filter(|part| part.of > 0);
    let before = before.map_or_else(String::new, |part| format!(" (before: {} of {})", part.lost, part.of));
    Some((now.lost == 0, format!("{} of {} {said}{before}", now.lost, now.of)))
}

pub(super) fn lost_sessions(measured: &Measured) -> Option<(bool, String)> {
    part(measured, |card| card.sessions, "clients lost something when a replica was killed")
}

pub(super) fn failed_requests(measured: &Measured) -> Option<(bool, String)> {
    part(measured, |card| card.rolling, "requests failed in a rolling restart")
}

/// How evenly load is spread: said beside the answer, since it does not settle it.
pub(super) fn spread(measured: &Measured) -> Option<String> {
    let load = |card: &Scorecard| Some((card.spread_sticky?, card.spread_random?));
    let (sticky, random) = measured.scorecard.as_ref().and_then(load)?;
    let before = measured.before.as_ref().and_then(load);
    let before =
        before.map_or_else(String::new, |(sticky, random)| format!(" (before: {sticky:.2} and {random:.2})"));
    Some(format!(
        "measured: the busiest replica has {sticky:.2} times the mean load with sticky clients, {random:.2} times without{before}"
    ))
}

/// How long an answer takes, and what the store is asked for it.
pub(super) fn times(measured: &Measured) -> Option<String> {
    let said = |card: &Scorecard| {
        let (median, late) = (card.latency_median_ms?, card.latency_p95_ms?);
        let calls = card
            .store_calls_per_request
            .map_or_else(String::new, |calls| format!(", {calls:.2} calls to the store a request"));
        Some(format!("{median:.2} ms at the median, {late:.2} ms at 95 %{calls}"))
    };
    let now = measured.scorecard.as_ref().and_then(said)?;
    let before = measured.before.as_ref().and_then(said);
    let before = before.map_or_else(String::new, |before| format!(" (before: {before})"));
    Some(now + &before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(scorecard: Scorecard, before: Option<Scorecard>) -> Measured {
        Measured {
            stateless: true,
            replicas: 3,
            requests: 1,
            runs: Vec::new(),
            divergences: Vec::new(),
            scorecard: Some(scorecard),
            before,
        }
    }

    #[test]
    fn what_was_not_measured_is_not_said() {
        let nothing = measured(Scorecard::default(), None);
        assert_eq!((all(&nothing), lost_sessions(&nothing), times(&nothing)), (Vec::new(), None, None));
        // A run in which no client went on after the kill shows nothing of sessions.
        let none = Scorecard { sessions: Some(Part { of: 0, lost: 0 }), ..Scorecard::default() };
        assert_eq!(lost_sessions(&measured(none, None)), None);
    }

    #[test]
    fn numbers_stand_beside_those_of_before() {
        let was = Scorecard {
            rolling: Some(Part { of: 10, lost: 4 }),
            spread_sticky: Some(2.4),
            ..Scorecard::default()
        };
        let is = Scorecard {
            rolling: Some(Part { of: 10, lost: 0 }),
            store_calls_per_request: Some(1.5),
            ..Scorecard::default()
        };
        let measured = measured(is, Some(was));
        let (good, said) = failed_requests(&measured).unwrap();
        assert!(good);
        assert_eq!(said, "0 of 10 requests failed in a rolling restart (before: 4 of 10)");
        let figure = |name, before: Option<&str>, now: Option<&str>| Figure {
            name,
            before: before.map(str::to_owned),
            now: now.map(str::to_owned),
        };
        assert_eq!(
            all(&measured),
            [
                figure("requests failed in a rolling restart", Some("4 of 10"), Some("0 of 10")),
                figure("load, busiest to mean, with affinity", Some("2.40"), None),
                figure("store calls a request", None, Some("1.50")),
            ]
        );
    }
}
