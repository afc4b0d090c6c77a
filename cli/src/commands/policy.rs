//! Gathers what was decided before a run: configuration, baseline, changes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::args::{DecideArgs, LevelFlags, PolicyArgs};
use crate::baseline::{self, Broken};
use crate::config::{self, Layer, Setting};
use crate::error::Error;
use crate::finding::{Confidence, Level, Problem};
use crate::since;
use crate::sink::{Baseline, Policy};
use crate::source::{SourceFile, Sources};
use crate::span::{Place, Span};
use crate::workspace::{Workspace, read, shown};

/// A baseline has a line a finding; a larger file is something else.
const CAP: u64 = 32 << 20;

/// Everything that a run obeys.
pub(super) fn load(workspace: &Workspace, args: &PolicyArgs) -> Result<Policy, Error> {
    let config = configuration(workspace, &args.decide, &args.levels)?;
    let path = if args.no_baseline { None } else { baseline_path(&workspace.root, &args.decide) };
    let baseline = path.map(|path| read_baseline(&path, &workspace.root)).transpose()?;
    let changes = args.since.as_ref().map(|since| since::changes(&workspace.root, since)).transpose()?;
    Ok(Policy { config, baseline, changes })
}

pub(super) fn configuration(
    workspace: &Workspace,
    decide: &DecideArgs,
    levels: &LevelFlags,
) -> Result<config::Config, Error> {
    let span = Span { start: 0, end: 0 };
    let settings = levels.rules.iter().map(|(name, verdict)| Setting {
        name,
        verdict: *verdict,
        confidence: Confidence::Worth,
        span,
    });
    let flags = Layer { settings: settings.collect(), ..Layer::default() };
    config::load(workspace, decide.config.as_deref(), flags)
}

/// The file that was named, or the nearest one if there is any.
pub(super) fn baseline_path(root: &Path, decide: &DecideArgs) -> Option<PathBuf> {
    decide.baseline.clone().or_else(|| nearest(root, baseline::FILE))
}

/// The nearest file of that name, from `root` upwards to the top of the repository.
pub(super) fn nearest(root: &Path, name: &str) -> Option<PathBuf> {
    config::folders(root).map(|folder| folder.join(name)).find(|path| fs::symlink_metadata(path).is_ok())
}

pub(super) fn read_baseline(path: &Path, root: &Path) -> Result<Baseline, Error> {
    let text = read::text(path, CAP).map_err(|reason| {
        let reason = match fs::symlink_metadata(path) {
            Ok(_) => reason.to_string(),
            Err(_) => "it does not exist; `cargo stateless baseline` writes it".to_owned(),
        };
        Error::Unread { path: path.to_owned(), reason }
    })?;
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let file = SourceFile::new(shown(root, &full), full, text, 0);
    match baseline::parse(&file.text) {
        Ok(entries) => Ok(Baseline { entries, file }),
        Err(Broken { span, message, help }) => {
            let mut sources = Sources::default();
            let problem = Problem {
                check: "baseline",
                level: Level::Error,
                place: Place { file: sources.push(file), span },
                message: message.to_owned(),
                help: help.to_owned(),
            };
            Err(Error::Configuration { problems: vec![problem], sources })
        }
    }
}
