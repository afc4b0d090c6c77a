//! A failure in a file: the few requests that show it, so that it can be shown again in one go,
//! and be seen to be gone.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::compare::{Field, Kind, differences};
use super::failure::Failure;
use super::record::Exchange;
use super::replay::Step;

/// The schema's number.
const VERSION: u32 = 1;

/// What `--replay` reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    version: u32,
    /// One line: what was seen.
    pub(crate) title: String,
    pub(crate) serve: String,
    pub(crate) ready: Option<String>,
    pub(crate) reset: Option<String>,
    /// The port that the service binds, in a namespace of its own.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    #[serde(default)]
    pub(crate) shared_ports: Vec<u16>,
    /// Replicas that run elsewhere, in place of `serve`.
    #[serde(default)]
    pub(crate) targets: Vec<String>,
    /// All but the last go to replica 0; the last goes to replica 1, and differs there.
    pub(crate) steps: Vec<Step>,
    /// Fields of the last answer that differ on one replica too.
    pub(crate) noise: Vec<String>,
}

impl Case {
    pub(crate) fn new(title: String, steps: Vec<Step>, noise: Vec<String>, plan: &super::Plan) -> Self {
        let (serve, ready, reset) = (plan.serve.clone(), plan.ready.clone(), plan.reset.clone());
        let (port, shared_ports, targets) = (plan.port, plan.shared_ports.clone(), plan.targets.clone());
        Case { version: VERSION, title, serve, ready, reset, port, shared_ports, targets, steps, noise }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let failure = |why: String| Failure::File { path: path.to_owned(), why };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failure(error.to_string()))?;
        }
        let text = crate::report::escape::json(self).map_err(|error| failure(error.to_string()))?;
        std::fs::write(path, text).map_err(|error| failure(error.to_string()))
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let failure = |why: String| Failure::File { path: path.to_owned(), why };
        let text = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
        let case: Case = serde_json::from_str(&text)
            .map_err(|error| failure(format!("no replay file of this program: {error}")))?;
        match case.version {
            VERSION if !case.steps.is_empty() => Ok(case),
            VERSION => Err(failure("it has no steps".to_owned())),
            other => Err(failure(format!(
                "version {other} of replay files is not known; this program writes {VERSION}"
            ))),
        }
    }

    /// What differs in the last answer between one replica alone and another one.
    pub(crate) fn differences(&self, alone: &Exchange, elsewhere: &Exchange) -> Vec<Field> {
        differences(alone, elsewhere, &|path: &str, _: Kind| self.noise.iter().any(|noise| noise == path))
    }
}
