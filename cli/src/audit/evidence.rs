//! What is known beside the code: the JSON of `deploy check`, and that of `verify`.
//!
//! Only the fields that an audit shows are read. A test in `verify::json` and one in
//! `cli/tests/audit` hold them against what those commands write.

use serde::{Deserialize, Serialize};

use crate::report::words::count;
use crate::scorecard::Scorecard;

/// What the deployment's files say.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// In the order of the report; those that were set aside are left out.
    pub(crate) findings: Vec<DeployLine>,
    pub(crate) summary: DeploySummary,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct DeploySummary {
    pub(crate) files: usize,
}

/// One finding of `deploy check`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeployLine {
    pub(crate) form: String,
    pub(crate) class: String,
    pub(crate) level: String,
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) title: String,
    pub(crate) help: String,
    #[serde(default)]
    pub(crate) code: Option<NeededBy>,
    #[serde(default)]
    pub(crate) suppressed: Option<String>,
}

/// What of the code still needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NeededBy {
    pub(crate) needed_by: Vec<Named>,
}

/// A site, by its identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) symbol: String,
    pub(crate) fingerprint: String,
}

impl Deployment {
    /// The findings of a class.
    pub(crate) fn of_class<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a DeployLine> {
        self.findings.iter().filter(move |finding| finding.class == class)
    }
}

/// What `verify` measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) stateless: bool,
    pub(crate) replicas: usize,
    pub(crate) requests: usize,
    pub(crate) runs: Vec<Run>,
    pub(crate) divergences: Vec<Divergence>,
    /// The numbers of `--scorecard`.
    #[serde(default)]
    pub(crate) scorecard: Option<Scorecard>,
    /// Those of the day that it was held against.
    #[serde(default)]
    pub(crate) before: Option<Scorecard>,
}

/// One run of `verify`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) schedule: String,
    pub(crate) same: usize,
    pub(crate) differ: usize,
    #[serde(default)]
    pub(crate) absent: usize,
    #[serde(default)]
    pub(crate) cut: usize,
}

/// One difference between a replica and several.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Divergence {
    pub(crate) cause: String,
    pub(crate) reader: Seen,
    #[serde(default)]
    pub(crate) expected_status: Option<String>,
    #[serde(default)]
    pub(crate) writer: Option<Seen>,
    #[serde(default)]
    pub(crate) finding: Option<Named>,
}

/// One request of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) request: String,
    pub(crate) replica: usize,
    #[serde(default)]
    pub(crate) status: Option<String>,
}

impl Measured {
    /// The result in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let runs = count(self.runs.len(), "run");
        let replicas = count(self.replicas, "replica");
        let requests = count(self.requests, "request");
        match (self.divergences.len(), self.stateless) {
            (0, true) => format!("Measured: {runs} of {requests} on {replicas} answered like one."),
            (0, false) => {
                format!(
                    "Measured: no answer differed in {runs} of {requests} on {replicas}, but the test failed."
                )
            }
            (some, _) => {
                format!("Measured: {} in {runs} of {requests} on {replicas}.", count(some, "difference"))
            }
        }
    }

    /// What was seen of one site, by its fingerprint.
    pub(crate) fn witness(&self, fingerprint: &str) -> Option<String> {
        let seen = self
            .divergences
            .iter()
            .find(|one| one.finding.as_ref().is_some_and(|finding| finding.fingerprint == fingerprint))?;
        let Divergence { reader, writer, expected_status, .. } = seen;
        let mut text = String::new();
        if let Some(writer) = writer {
            text.push_str(&format!("{} on replica {}, then ", writer.request, writer.replica));
        }
        text.push_str(&format!("{} on replica {}", reader.request, reader.replica));
        match (&reader.status, expected_status) {
            (Some(status), Some(expected)) if status != expected => {
                text.push_str(&format!(": {status} in place of {expected}"));
            }
            _ => text.push_str(": another answer than from one replica"),
        }
        Some(text)
    }

    /// The runs of these schedules.
    pub(crate) fn of(&self, schedules: &[&str]) -> Vec<&Run> {
        let wanted = |run: &&Run| schedules.iter().any(|schedule| run.schedule.starts_with(schedule));
        self.runs.iter().filter(wanted).collect()
    }
}

/// Either kind of report.
pub(crate) enum Evidence {
    Deployment(Deployment),
    Measured(Box<Measured>),
}

/// Reads one of the two; the error says what was wrong.
pub(crate) fn read(text: &str) -> Result<Evidence, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if value.get("divergences").is_some() {
        return serde_json::from_value(value).map(Evidence::Measured).map_err(|error| error.to_string());
    }
    // Only `deploy check` counts what is unclear; a report of `check` without findings looks alike else.
    if value["summary"].get("unclear").is_none() {
        return Err("it is neither the JSON of `verify` nor that of `deploy check`".to_owned());
    }
    let mut read: Deployment = serde_json::from_value(value).map_err(|error| error.to_string())?;
    read.findings.retain(|finding| finding.suppressed.is_none());
    Ok(Evidence::Deployment(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFY: &str = r#"{"version":1,"stateless":false,"service":"x","replicas":3,"requests":4,"noise":[],
        "runs":[{"schedule":"avoid-last","same":3,"differ":1,"absent":0,"cut":0,"test_failed":null},
                {"schedule":"kill","same":4,"differ":0,"absent":0,"cut":2,"test_failed":null}],
        "divergences":[{"cause":"session-in-memory","schedules":["avoid-last"],
            "reader":{"number":2,"request":"GET /me","route":"GET /me","replica":1,"status":"401"},"expected_status":"200",
            "writer":{"number":1,"request":"POST /login","route":"POST /login","replica":0,"status":"201"},
            "finding":{"rule":"r","title":"t","symbol":"SESSIONS","file":"a","line":1,"column":1,"fingerprint":"f1"}}]}"#;

    #[test]
    fn a_measured_difference_is_tied_to_its_site() {
        let Ok(Evidence::Measured(measured)) = read(VERIFY) else { panic!("no JSON of verify") };
        assert_eq!(
            measured.witness("f1").unwrap(),
            "POST /login on replica 0, then GET /me on replica 1: 401 in place of 200"
        );
        assert_eq!(measured.witness("f2"), None);
        let of = |schedules: &[&str]| measured.of(schedules).iter().map(|run| run.differ).collect::<Vec<_>>();
        assert_eq!((of(&["avoid-last", "random"]), of(&["restart"])), (vec![1], vec![]));
        assert_eq!(measured.sentence(), "Measured: 1 difference in 2 runs of 4 requests on 3 replicas.");
    }

    #[test]
    fn something_else_is_refused_with_a_reason() {
        for (text, said) in [
            ("[]", "neither"),
            ("{", "EOF"),
            (r#"{"findings":[{"rule":"x"}],"root":"/"}"#, "neither"),
            // `check` that finds nothing says nothing about a deployment.
            (r#"{"findings":[],"root":"/","summary":{"files":1},"fine":[]}"#, "neither"),
        ] {
            let error = read(text).err().unwrap();
            assert!(error.contains(said), "{error}");
        }
    }
}
