//! `verify`: from arguments to a plan, from a verdict to the exit status.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::{DENIED, use_color};
use crate::args::verify::{Folder, VerdictFormat, VerifyArgs};
use crate::error::Error;
use crate::report::escape;
use crate::verify::terminal::{self, Look};
use crate::verify::{self, Case, Plan, RunLine, Scenario, ScheduleKind, Verdict, Watcher, Wishes};

pub(super) fn run(args: &VerifyArgs) -> Result<u8, Error> {
    let mut plan = plan(args)?;
    let look = Look {
        color: use_color(args.color, io::stdout().is_terminal()),
        verbose: args.verbose,
        quiet: args.quiet,
    };
    if let Some(file) = &args.replay {
        let case = Case::read(file)?;
        if args.serve.is_none() {
            plan.serve.clone_from(&case.serve);
        }
        plan.ready = plan.ready.or_else(|| case.ready.clone());
        plan.reset = plan.reset.or_else(|| case.reset.clone());
        let fields = verify::replay(&plan, &case)?;
        show(&terminal::replayed(&case, &fields, look))?;
        return Ok(if fields.is_empty() { 0 } else { DENIED });
    }
    let json = args.format == VerdictFormat::Json;
    let quiet = Look { quiet: args.quiet || json, ..look };
    let verdict = verify::run(&plan, &mut Stdout { look: quiet })?;
    if json {
        let text =
            escape::json(&verify::json::value(&verdict)).map_err(|error| Error::Stdout(error.into()))?;
        show(&text)?;
    } else {
        show(&terminal::verdict(&verdict, look))?;
    }
    Ok(if verdict.stateless() { 0 } else { DENIED })
}

fn plan(args: &VerifyArgs) -> Result<Plan, Error> {
    let unreadable = |path: &Path, source| Error::Unreadable { path: path.to_owned(), source };
    let here = std::env::current_dir().map_err(|source| unreadable(Path::new("."), source))?;
    let artifacts = args.artifacts.as_ref().map_or_else(|| cache(&here), |folder| here.join(folder));
    let wishes = Wishes { origin: args.origin.clone(), variables: args.variable.clone() };
    Ok(Plan {
        scenario: Scenario::read(&args.scenario, &here, &wishes)?,
        variables: wishes.variables,
        replicas: args.replicas.into(),
        kinds: if args.all { ScheduleKind::value_variants().to_vec() } else { args.schedule.clone() },
        seed: args.seed,
        randoms: args.randoms.into(),
        serve: args.serve.clone().unwrap_or_default(),
        ready: args.ready.clone(),
        ready_timeout: Duration::from_secs(args.ready_timeout),
        reset: args.reset.clone(),
        shared_folder: args.cwd == Folder::Shared,
        ignore: args.ignore.clone(),
        test: args.test.clone(),
        source: here.join(&args.source),
        here,
        artifacts,
    })
}

/// A place for this folder's logs and replay files that is not in the folder.
fn cache(here: &Path) -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let root = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let names: Vec<String> =
        here.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let name = names.join("-").replace('/', "");
    root.unwrap_or_else(std::env::temp_dir).join("cargo-stateless/verify").join(name.trim_start_matches('-'))
}

/// A line at a time, as runs end.
struct Stdout {
    look: Look,
}

impl Watcher for Stdout {
    fn begins(&mut self, _: &str) {}

    fn measured(&mut self, verdict: &Verdict) {
        // Who closed the stream has seen enough; the exit status is still to come.
        let _ = show(&terminal::baseline(verdict, self.look));
    }

    fn ran(&mut self, line: &RunLine) {
        let _ = show(&terminal::run(line, self.look));
    }
}

fn show(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(Error::Stdout),
    }
}
