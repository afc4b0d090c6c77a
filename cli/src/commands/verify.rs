//! `verify`: from arguments to a plan, from a verdict to the exit status.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::{DENIED, use_color};
use crate::args::verify::{Folder, VerifyArgs};
use crate::error::Error;
use crate::verify::terminal::{self, Look};
use crate::verify::{self, Plan, RunLine, ScheduleKind, Verdict, Watcher};

pub(super) fn run(args: &VerifyArgs) -> Result<u8, Error> {
    let plan = plan(args)?;
    let look = Look {
        color: use_color(args.color, io::stdout().is_terminal()),
        verbose: args.verbose,
        quiet: args.quiet,
    };
    let verdict = verify::run(&plan, &mut Stdout { look })?;
    show(&terminal::verdict(&verdict, look))?;
    Ok(if verdict.stateless() { 0 } else { DENIED })
}

fn plan(args: &VerifyArgs) -> Result<Plan, Error> {
    let unreadable = |path: &Path, source| Error::Unreadable { path: path.to_owned(), source };
    let here = std::env::current_dir().map_err(|source| unreadable(Path::new("."), source))?;
    let artifacts = args.artifacts.as_ref().map_or_else(|| cache(&here), |folder| here.join(folder));
    Ok(Plan {
        replicas: args.replicas.into(),
        kinds: if args.all { ScheduleKind::value_variants().to_vec() } else { args.schedule.clone() },
        seed: args.seed,
        randoms: args.randoms.into(),
        serve: args.serve.clone(),
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
