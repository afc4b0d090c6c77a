//! The scorecard: eight questions about the running service, today and after the plan.
//!
//! An answer comes from the code, from the deployment's files where there are some, and from
//! what `verify` measured where that was given; each row says which.

use std::collections::BTreeSet;

use serde::Serialize;

use super::dossier::{RouteCalls, Site};
use super::evidence::{Deployment, Measured};
use super::figures::{self, Number};
use crate::finding::{Level, Mechanism, Role};
use crate::report::words::{self, count};

/// One question.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) question: &'static str,
    /// Is it good today?
    pub(crate) good: bool,
    pub(crate) today: String,
    pub(crate) after: String,
    /// Ids of sites, places in files, or runs behind it.
    pub(crate) evidence: Vec<String>,
    pub(crate) basis: Basis,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Basis {
    Code,
    DeploymentFiles,
    Measured,
}

impl Basis {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Basis::Code => "from the code",
            Basis::DeploymentFiles => "from the deployment's files",
            Basis::Measured => "measured",
        }
    }
}

/// What the rows are made from.
struct Known<'a> {
    /// Sites that break with a second replica, for sure or likely.
    breaking: Vec<&'a Site>,
    deployment: Option<&'a Deployment>,
    measured: Option<&'a Measured>,
}

impl Known<'_> {
    fn with(&self, roles: &[Role]) -> Vec<String> {
        let of = self.breaking.iter().filter(|site| roles.contains(&site.role));
        of.map(|site| site.id.clone()).collect()
    }

    fn all(&self) -> Vec<String> {
        self.breaking.iter().map(|site| site.id.clone()).collect()
    }

    /// What is gone once the process ends. A cold cache is no loss, and a clock starts again.
    fn lost(&self) -> Vec<String> {
        let of = self
            .breaking
            .iter()
            .filter(|site| site.role != Role::Cache && site.mechanism != Mechanism::Timer);
        of.map(|site| site.id.clone()).collect()
    }

    /// Where files say something of that class that has to change.
    fn files(&self, class: &str) -> Vec<String> {
        let found = self.deployment.into_iter().flat_map(|deployment| deployment.of_class(class));
        let found = found.filter(|finding| finding.level != "note");
        found.map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
    }

    fn row(question: &'static str, found: Vec<String>, bad: String, fine: &str, after: &str) -> Row {
        let good = found.is_empty();
        Row {
            question,
            good,
            today: if good { fine.to_owned() } else { bad },
            after: if good { "as today" } else { after }.to_owned(),
            evidence: found,
            basis: Basis::Code,
        }
    }

    /// Puts what was measured in the place of what the code lets expect. What the answers of these
    /// schedules showed comes first, and then a number of the scorecard.
    fn measured(&self, mut row: Row, schedules: &[&str], what: &str, numbers: &[Number]) -> Row {
        let Some(measured) = self.measured else { return row };
        let runs = measured.of(schedules);
        let numbers: Vec<(bool, String)> = numbers.iter().filter_map(|number| number(measured)).collect();
        if runs.is_empty() && numbers.is_empty() {
            return row;
        }
        let differ: usize = runs.iter().map(|run| run.differ + run.absent).sum();
        row.evidence = runs.iter().map(|run| run.schedule.clone()).collect();
        row.good = differ == 0 && numbers.iter().all(|(good, _)| *good);
        let answers = match (runs.len(), differ) {
            (0, _) => None,
            (_, 0) => Some(format!("{what}: every answer as from one replica")),
            (_, some) => Some(format!("{what}: {} differed or did not come", count(some, "answer"))),
        };
        row.today = answers
            .into_iter()
            .chain(numbers.into_iter().map(|(_, text)| text))
            .collect::<Vec<_>>()
            .join("; ");
        row.basis = Basis::Measured;
        row
    }
}

/// The eight rows.
pub(crate) fn of(
    sites: &[Site],
    routes: &[RouteCalls],
    deployment: Option<&Deployment>,
    measured: Option<&Measured>,
) -> Vec<Row> {
    let breaking: Vec<&Site> = sites.iter().filter(|site| site.level >= Level::Warning).collect();
    let known = Known { breaking, deployment, measured };
    vec![
        sessions(&known),
        scaling(&known),
        failure(&known),
        balancing(&known),
        deploying(&known),
        latency(&known, routes),
        complexity(sites),
        autoscaling(&known),
    ]
}

fn sessions(known: &Known) -> Row {
    let found = known.with(&[Role::Session, Role::Secret]);
    let bad = format!("{} in the memory of each process", count(found.len(), "site"));
    let row = Known::row(
        "Session storage",
        found,
        bad,
        "no session was found in the process",
        "shared store or token: any replica knows any client",
    );
    known.measured(row, &[], "", &[figures::lost_sessions])
}

fn scaling(known: &Known) -> Row {
    let found = known.all();
    let bad = format!("a second replica breaks {}", count(found.len(), "site"));
    let row = Known::row(
        "Horizontal scaling",
        found,
        bad,
        "nothing in the code forbids it",
        "add replicas as load asks for",
    );
    known.measured(row, &["avoid-last", "random"], "with several replicas", &[])
}

fn failure(known: &Known) -> Row {
    let found = known.lost();
    let bad = format!("a crash loses {}", count(found.len(), "piece") + " of state");
    let row = Known::row(
        "Server failure",
        found,
        bad,
        "a crash loses only the requests in flight",
        "a crash loses only the requests in flight",
    );
    known.measured(row, &["kill"], "with a replica killed", &[figures::lost_sessions])
}

fn balancing(known: &Known) -> Row {
    let mut found = known.files("sticky");
    let from_files = !found.is_empty();
    let bad = if from_files {
        format!("{} in the deployment's files", count(found.len(), "sticky setting"))
    } else {
        found = known.with(&[Role::Session, Role::Entity, Role::RateLimit, Role::Connection]);
        format!("{} would need sticky clients", count(found.len(), "site"))
    };
    let mut row = Known::row(
        "Load balancing",
        found,
        bad,
        "any request may go to any replica",
        "any request may go to any replica",
    );
    if from_files {
        row.basis = Basis::DeploymentFiles;
    }
    if let Some(load) = known.measured.and_then(figures::spread) {
        row.today = format!("{}; {load}", row.today);
    }
    row
}

fn deploying(known: &Known) -> Row {
    let found = known.lost();
    let bad = format!("each deployment loses {}", count(found.len(), "piece") + " of state");
    let row = Known::row("Deployment", found, bad, "at any time", "at any time, a replica after the other");
    known.measured(row, &["restart", "drain"], "with replicas restarted", &[figures::failed_requests])
}

fn latency(known: &Known, routes: &[RouteCalls]) -> Row {
    let measured = known.measured.and_then(figures::times);
    let gained: Vec<usize> = routes.iter().map(|one| one.calls).collect();
    let after = match gained.iter().max() {
        None => "no call more than today".to_owned(),
        Some(most) => {
            let sum: usize = gained.iter().sum();
            let mean = sum as f64 / gained.len() as f64;
            format!(
                "up to {mean:.1} calls to a store a request on the mean of {}, {most} at most",
                count(gained.len(), "route")
            )
        }
    };
    Row {
        question: "Latency",
        good: true,
        basis: if measured.is_some() { Basis::Measured } else { Basis::Code },
        today: measured.unwrap_or_else(|| "no call: it is in memory".to_owned()),
        after,
        evidence: Vec::new(),
    }
}

fn complexity(sites: &[Site]) -> Row {
    let moving = sites.iter().filter(|site| site.moves());
    let stores: BTreeSet<&str> = moving.filter_map(|site| words::store(site.landing)).collect();
    let after = match stores.len() {
        0 => "nothing more to run".to_owned(),
        some => format!("{} to run, watch and back up", count(some, "kind") + " of shared storage"),
    };
    Row {
        question: "Complexity",
        good: true,
        today: "one process, nothing beside it for this state".to_owned(),
        after,
        evidence: Vec::new(),
        basis: Basis::Code,
    }
}

fn autoscaling(known: &Known) -> Row {
    const QUESTION: &str = "Auto-scaling";
    const AFTER: &str = "replicas come and go with the load";
    let Some(deployment) = known.deployment else {
        let found = known.all();
        let bad =
            "not possible while state is in the process; the deployment's files are not known".to_owned();
        return Known::row(QUESTION, found, bad, "possible; the deployment's files are not known", AFTER);
    };
    let missing = deployment
        .findings
        .iter()
        .filter(|finding| finding.form == "no-autoscaler" || finding.class == "single-instance");
    let found: Vec<String> = missing.map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
    let bad = format!("{} of one instance, or without an autoscaler", count(found.len(), "setting"));
    let mut row = Known::row(QUESTION, found, bad, "nothing in the deployment's files forbids it", AFTER);
    row.basis = Basis::DeploymentFiles;
    if row.good && !known.breaking.is_empty() {
        row.good = false;
        row.today = "the files allow it, the state in the process does not".to_owned();
        row.after = AFTER.to_owned();
        row.evidence = known.all();
    }
    row
}
