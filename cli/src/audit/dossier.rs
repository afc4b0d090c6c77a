//! The audit as plain data: what is known about one service, and what follows from it.
//!
//! Types only: [`super::collect`] fills them in, once, and the formats print them. Every number of
//! sites is the length of a list here, so it can be held against the JSON of `check`.

use serde::Serialize;

use super::advice::Consistency;
use super::evidence::{Deployment, Measured};
use super::plan::Plan;
use super::scorecard::Row;
use super::since::{Change, Point};
use super::symptoms::Symptom;
use crate::finding::{Accessor, Confidence, Context, Landing, Level, Mechanism, Note, Role, SuppressionKind};

/// One service.
#[derive(Debug, Serialize)]
pub(crate) struct Service {
    /// The package where there is one, else the folder.
    pub(crate) name: String,
    /// Numbers as in `check`.
    pub(crate) summary: Summary,
    /// Can it run as replicas today?
    pub(crate) verdict: Verdict,
    /// What users will notice.
    pub(crate) symptoms: Vec<Symptom>,
    /// State that a second replica breaks, or that is worth knowing: the riskiest first.
    pub(crate) sites: Vec<Site>,
    /// Findings that somebody accepted, in the source or in the baseline.
    pub(crate) accepted: Vec<Accepted>,
    /// Network calls that each route gains.
    pub(crate) routes: Vec<RouteCalls>,
    /// Who does what, in which order.
    pub(crate) plan: Plan,
    /// Today and after the plan.
    pub(crate) scorecard: Vec<Row>,
    /// Looked at and harmless.
    pub(crate) fine: Vec<FineSite>,
    /// Not read or not analysed.
    pub(crate) unread: Vec<Note>,
    /// What the deployment's files say; nothing where none were found.
    pub(crate) deployment: Option<Deployment>,
    /// What `verify` measured; nothing where it was not given.
    pub(crate) measured: Option<Measured>,
    /// Against an earlier audit.
    pub(crate) since: Option<Change>,
    /// Earlier audits and this one.
    pub(crate) trend: Vec<Point>,
}

/// Numbers as `check` counts them.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(crate) struct Summary {
    pub(crate) files: usize,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
    pub(crate) suppressed: usize,
    pub(crate) baseline: usize,
    pub(crate) allowed: usize,
    pub(crate) fine: usize,
    pub(crate) not_analysed: usize,
}

/// Whether the service can run as interchangeable replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Readiness {
    /// Nothing stands in the way.
    Ready,
    /// Only what is likely, not sure.
    Doubtful,
    /// Something breaks for sure.
    NotReady,
}

/// The answer to the question that the report is for.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) readiness: Readiness,
    /// One sentence.
    pub(crate) sentence: String,
}

/// One piece of state.
#[derive(Debug, Serialize)]
pub(crate) struct Site {
    /// `S1`, `S2` ..: its name in this report.
    pub(crate) id: String,
    pub(crate) fingerprint: String,
    pub(crate) symbol: String,
    pub(crate) package: String,
    pub(crate) item_path: String,
    pub(crate) path: String,
    pub(crate) line: u32,
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) mechanism: Mechanism,
    pub(crate) role: Role,
    pub(crate) level: Level,
    pub(crate) confidence: Confidence,
    pub(crate) rule: &'static str,
    pub(crate) title: String,
    pub(crate) with_replicas: String,
    pub(crate) after_restart: String,
    pub(crate) landing: Landing,
    /// Why there.
    pub(crate) landing_reason: &'static str,
    /// When it may stay all the same.
    pub(crate) may_stay: &'static str,
    /// Ids of connections that the same functions serve: what they keep may belong to them.
    pub(crate) with_sockets: Vec<String>,
    pub(crate) help: String,
    /// What takes its place, with `stateless-store`; nothing where no accessor fits.
    pub(crate) accessor: Option<Accessor>,
    pub(crate) consistency: Consistency,
    pub(crate) unbounded: bool,
    pub(crate) reasons: Vec<String>,
    pub(crate) writers: Vec<Use>,
    pub(crate) readers: Vec<Use>,
    /// Network calls that a request of each route makes for this site.
    pub(crate) calls: Vec<RouteCalls>,
    /// Days of work, by the profile.
    pub(crate) days: f64,
    /// Who works on it: sites of one lane share functions, lanes do not.
    pub(crate) lane: String,
    /// What `verify` saw of it.
    pub(crate) witness: Option<String>,
    /// The declaration and the lines around it.
    #[serde(skip)]
    pub(crate) snippet: Vec<SourceLine>,
}

impl Site {
    /// Whether it has to go elsewhere: what is only worth knowing survives a second replica where it is.
    pub(crate) fn moves(&self) -> bool {
        moves(self.level, self.landing)
    }

    /// Whether its landing place is where it should be, and not only where it could be.
    pub(crate) fn has_its_place(&self) -> bool {
        self.moves() || self.landing == Landing::Stays
    }
}

/// The same, of a finding.
pub(crate) fn moves(level: Level, landing: Landing) -> bool {
    level >= Level::Warning && landing != Landing::Stays
}

/// The writes, or the reads, of one function at one time: as many as there are lines.
#[derive(Debug, Serialize)]
pub(crate) struct Use {
    pub(crate) function: String,
    /// What it does, each once.
    pub(crate) operations: Vec<String>,
    pub(crate) path: String,
    /// A line for each place, in the order of the report.
    pub(crate) lines: Vec<u32>,
    #[serde(flatten)]
    pub(crate) context: Context,
}

/// A line of source.
#[derive(Debug)]
pub(crate) struct SourceLine {
    pub(crate) number: u32,
    pub(crate) text: String,
    /// The declaration stands on it.
    pub(crate) marked: bool,
}

/// A route, and how many calls a request of it makes to a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct RouteCalls {
    pub(crate) route: String,
    pub(crate) calls: usize,
}

/// A finding that was set aside.
#[derive(Debug, Serialize)]
pub(crate) struct Accepted {
    pub(crate) symbol: String,
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) role: Role,
    pub(crate) by: SuppressionKind,
    pub(crate) reason: String,
}

/// A site that is harmless.
#[derive(Debug, Serialize)]
pub(crate) struct FineSite {
    pub(crate) symbol: String,
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) role: Role,
    pub(crate) reason: String,
}

/// What is known beside the code.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub(crate) deployment: Option<Deployment>,
    pub(crate) measured: Option<Measured>,
    /// Earlier audits, the oldest first.
    pub(crate) earlier: Vec<super::since::Earlier>,
    /// What to call this audit in a trend.
    pub(crate) label: String,
}

/// In how many places a site is written, or read.
pub(crate) fn places(uses: &[Use]) -> usize {
    uses.iter().map(|one| one.lines.len()).sum()
}
