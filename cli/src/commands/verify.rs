//! `verify`: from arguments to a plan, from a verdict to the exit status.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::progress::Progress;
use super::{DENIED, output, stdout, use_color};
use crate::args::verify::{Folder, VerifyArgs};
use crate::cache::user_folder;
use crate::error::Error;
use crate::scorecard::Scorecard;
use crate::verify::report::{self, VerdictFormat};
use crate::verify::terminal::{self, Look};
use crate::verify::{self, Case, Plan, RunLine, Scenario, Verdict, Watcher, Wishes};

pub(super) fn run(args: &VerifyArgs) -> Result<u8, Error> {
    let mut plan = plan(args)?;
    let look = Look {
        color: use_color(args.report.color, stdout::is_terminal()),
        verbose: args.verbose,
        quiet: args.quiet,
    };
    if let Some(file) = &args.replay {
        let case = Case::read(file)?;
        if args.serve.is_none() {
            plan.serve.clone_from(&case.serve);
            plan.targets.clone_from(&case.targets);
        }
        plan.ready = plan.ready.or_else(|| case.ready.clone());
        plan.reset = plan.reset.or_else(|| case.reset.clone());
        plan.port = plan.port.or(case.port);
        if plan.shared_ports.is_empty() {
            plan.shared_ports.clone_from(&case.shared_ports);
        }
        let fields = verify::replay(&plan, &case)?;
        show(&terminal::replayed(&case, &fields, look))?;
        return Ok(if fields.is_empty() { 0 } else { DENIED });
    }
    output::distinct(&args.report.output)?;
    let human = args.report.format == VerdictFormat::Human;
    let mut watcher = Terminal {
        look: Look { quiet: args.quiet || !human, ..look },
        progress: Progress::start(args.quiet),
    };
    let before = args.before.as_deref().map(Scorecard::read).transpose()?;
    let mut verdict = verify::run(&plan, &mut watcher)?;
    verdict.before = before;
    drop(watcher);
    let prefix = super::prefix(&verdict.source, |variable| std::env::var_os(variable));
    let files: Result<Vec<_>, Error> = args
        .report
        .output
        .iter()
        .map(|file| {
            let plain = Look { color: false, ..look };
            let (verdict, prefix) = (&verdict, &prefix);
            output::stage(file, move |out| report::write(file.format, verdict, plain, prefix, out))
        })
        .collect();
    // For people, the lines of the runs are there already.
    let shown = match args.report.format {
        VerdictFormat::Human => show(&terminal::verdict(&verdict, look)),
        format => stdout::write(|out| report::write(format, &verdict, look, &prefix, out)),
    };
    for file in files? {
        file.place()?;
    }
    shown?;
    Ok(if verdict.stateless() { 0 } else { DENIED })
}

fn plan(args: &VerifyArgs) -> Result<Plan, Error> {
    let unreadable = |path: &Path, source| Error::Unreadable { path: path.to_owned(), source };
    let here = std::env::current_dir().map_err(|source| unreadable(Path::new("."), source))?;
    let artifacts = args.artifacts.as_ref().map_or_else(|| cache(&here), |folder| here.join(folder));
    let wishes = Wishes { origin: args.origin.clone(), variables: args.variable.clone() };
    Ok(Plan {
        scenario: Scenario::read(&args.scenario, &here, &wishes)?,
        replicas: if args.target.is_empty() { args.replicas.into() } else { args.target.len() },
        scorecard: args.scorecard,
        store: args.store.clone(),
        targets: args.target.clone(),
        port: args.port,
        shared_ports: args.share_port.clone(),
        kinds: args.schedule.clone(),
        all: args.all,
        seed: args.seed,
        randoms: args.randoms.into(),
        serve: args.serve.clone().unwrap_or_default(),
        ready: args.ready.clone(),
        ready_timeout: Duration::from_secs(args.ready_timeout),
        reset: args.reset.clone(),
        shared_folder: args.cwd == Folder::Shared,
        ignore: args.ignore.clone(),
        test: args.test.clone(),
        // As `check` does, so that both name files alike.
        source: std::fs::canonicalize(here.join(&args.source)).unwrap_or_else(|_| here.join(&args.source)),
        here,
        artifacts,
    })
}

/// A place for this folder's logs and replay files that is not in the folder.
fn cache(here: &Path) -> PathBuf {
    let names: Vec<String> =
        here.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let name = names.join("-").replace('/', "");
    let folder = user_folder().unwrap_or_else(|| std::env::temp_dir().join("cargo-stateless"));
    folder.join("verify").join(name.trim_start_matches('-'))
}

/// A line at a time as runs end, and how far it is meanwhile.
struct Terminal {
    look: Look,
    progress: Progress,
}

impl Watcher for Terminal {
    fn begins(&mut self, run: &str) {
        self.progress.say(run);
    }

    fn measured(&mut self, verdict: &Verdict) {
        // Who closed the stream has seen enough; the exit status is still to come.
        self.progress.aside(|| drop(show(&terminal::baseline(verdict, self.look))));
    }

    fn ran(&mut self, line: &RunLine) {
        self.progress.aside(|| drop(show(&terminal::run(line, self.look))));
    }
}

fn show(text: &str) -> Result<(), Error> {
    stdout::write(|out| out.write_all(text.as_bytes()))
}
