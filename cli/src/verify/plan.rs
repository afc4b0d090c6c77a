//! What is asked for: the service, the test, the schedules.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum as _;

use super::scenario::Scenario;
use super::schedule::Schedule;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) replicas: usize,
    /// What to run beside the baseline; the usual where nothing is named.
    pub(crate) kinds: Vec<ScheduleKind>,
    /// Every schedule there is.
    pub(crate) all: bool,
    pub(crate) seed: u64,
    /// Random schedules, with the seeds from `seed` on.
    pub(crate) randoms: u64,
    /// Empty where the replicas run elsewhere.
    pub(crate) serve: String,
    /// Addresses of replicas that run elsewhere.
    pub(crate) targets: Vec<String>,
    /// The port that the service binds, whatever it is told.
    pub(crate) port: Option<u16>,
    /// Ports of the loopback that it needs nevertheless.
    pub(crate) shared_ports: Vec<u16>,
    pub(crate) ready: Option<String>,
    pub(crate) ready_timeout: Duration,
    pub(crate) reset: Option<String>,
    pub(crate) shared_folder: bool,
    pub(crate) ignore: Vec<String>,
    /// The test command; nothing where a scenario takes its place.
    pub(crate) test: Vec<OsString>,
    pub(crate) scenario: Scenario,
    /// Count what replicas cost and lose.
    pub(crate) scorecard: bool,
    /// A store that says how often it was called.
    pub(crate) store: Option<String>,
    /// Where the caller stands; replicas get copies of it.
    pub(crate) here: PathBuf,
    /// Where the source is that findings are looked for in.
    pub(crate) source: PathBuf,
    /// Where logs are kept.
    pub(crate) artifacts: PathBuf,
}

/// A schedule, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ScheduleKind {
    /// Never the replica that served the client before
    AvoidLast,
    /// By chance, from the seed
    Random,
    /// One replica, started anew after every request that writes
    Restart,
    /// A client keeps its replica, and one is killed in the middle
    Kill,
    /// A client keeps its replica, and replicas are replaced while they serve a request
    Drain,
    /// A client keeps its replica
    Sticky,
    /// WebSockets and event streams are closed halfway: clients come back to another replica
    Reconnect,
}

impl Plan {
    /// What to run beside the baseline, in this order.
    pub(crate) fn schedules(&self) -> Vec<Schedule> {
        let usual = [ScheduleKind::AvoidLast, ScheduleKind::Random];
        let mut kinds = match (self.all, self.kinds.is_empty()) {
            (true, _) => ScheduleKind::value_variants().to_vec(),
            (false, true) => usual.to_vec(),
            (false, false) => self.kinds.clone(),
        };
        if self.scorecard {
            let counted =
                [ScheduleKind::Random, ScheduleKind::Kill, ScheduleKind::Drain, ScheduleKind::Sticky];
            let missing: Vec<ScheduleKind> =
                counted.into_iter().filter(|kind| !kinds.contains(kind)).collect();
            kinds.extend(missing);
        }
        let mut schedules = Vec::new();
        for kind in kinds {
            match kind {
                ScheduleKind::AvoidLast => schedules.push(Schedule::AvoidLast),
                ScheduleKind::Random => {
                    let seeds = (0..self.randoms).map(|turn| self.seed.wrapping_add(turn));
                    schedules.extend(seeds.map(Schedule::Random));
                }
                ScheduleKind::Restart => schedules.push(Schedule::Restart),
                ScheduleKind::Kill => schedules.push(Schedule::Kill),
                ScheduleKind::Drain => schedules.push(Schedule::Drain),
                ScheduleKind::Sticky => schedules.push(Schedule::Sticky),
                ScheduleKind::Reconnect => schedules.push(Schedule::Reconnect),
            }
        }
        schedules
    }
}
