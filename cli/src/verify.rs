//! Shows whether any replica can serve any request: starts several, sends each request of the
//! user's own test to a chosen one, and compares with a single replica.
//!
//! The third phase, on the running service. Decides nothing about exit status and prints
//! nothing; what it finds is a [`Verdict`]. Sends nothing twice to hide a failure, and listens
//! on the loopback only.

mod book;
mod claims;
mod command;
mod compare;
mod drive;
mod explain;
mod failure;
mod group;
mod key;
mod lineage;
mod log;
mod noise;
mod proxy;
mod record;
mod replica;
mod schedule;
mod tee;
pub(crate) mod terminal;
mod tunnel;
mod websocket;
mod workdir;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use failure::Failure;

use self::book::Book;
use self::claims::Claim;
use self::command::Serve;
use self::compare::Field;
use self::drive::{Ended, Job};
use self::explain::Explanation;
use self::group::Sweep;
use self::log::Log;
use self::noise::{Difference, Noise};
use self::proxy::{Proxy, Route};
use self::record::Exchange;
use self::replica::{Fleet, Service};
use self::schedule::{Assign, Schedule};

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) replicas: usize,
    /// What to run beside the baseline; the usual where nothing is named.
    pub(crate) kinds: Vec<ScheduleKind>,
    pub(crate) seed: u64,
    /// Random schedules, with the seeds from `seed` on.
    pub(crate) randoms: u64,
    pub(crate) serve: String,
    pub(crate) ready: Option<String>,
    pub(crate) ready_timeout: Duration,
    pub(crate) reset: Option<String>,
    pub(crate) shared_folder: bool,
    pub(crate) ignore: Vec<String>,
    pub(crate) test: Vec<OsString>,
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
    /// A client keeps its replica
    Sticky,
}

impl Plan {
    fn schedules(&self) -> Vec<Schedule> {
        let usual = [ScheduleKind::AvoidLast, ScheduleKind::Random];
        let kinds = if self.kinds.is_empty() { &usual[..] } else { &self.kinds };
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
                ScheduleKind::Sticky => schedules.push(Schedule::Sticky),
            }
        }
        schedules
    }
}

/// Told while it goes on.
pub(crate) trait Watcher {
    /// A run begins.
    fn begins(&mut self, run: &str);
    /// The baseline is done.
    fn measured(&mut self, verdict: &Verdict);
    /// A schedule is done.
    fn ran(&mut self, line: &RunLine);
}

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) service: String,
    pub(crate) replicas: usize,
    /// Requests of the scenario.
    pub(crate) requests: usize,
    /// Route and field of what differs on one replica too.
    pub(crate) noise: Vec<(String, String)>,
    pub(crate) runs: Vec<RunLine>,
    pub(crate) divergences: Vec<Divergence>,
    pub(crate) warnings: Vec<String>,
}

/// One schedule in numbers.
#[derive(Debug, Clone)]
pub(crate) struct RunLine {
    pub(crate) schedule: Schedule,
    pub(crate) same: usize,
    pub(crate) differ: usize,
    /// Requests of the baseline that never came.
    pub(crate) absent: usize,
    /// Requests that a kill cut off.
    pub(crate) cut: usize,
    /// The test command fails: how, and its last lines.
    pub(crate) failed: Option<(String, String)>,
}

/// One thing that is not the same with several replicas.
#[derive(Debug, Clone)]
pub(crate) struct Divergence {
    /// The schedules that show it.
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) reader: Seen,
    /// The status that one replica alone answers with.
    pub(crate) expected: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) writer: Option<Seen>,
    pub(crate) explanation: Explanation,
}

/// A request, as it is named to people.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// 1-based place in the run.
    pub(crate) number: usize,
    pub(crate) line: String,
    /// The line, with `{}` for what is made anew in each run.
    pub(crate) route: String,
    pub(crate) replica: usize,
    pub(crate) status: String,
}

impl Seen {
    fn new(run: &[Exchange], at: usize) -> Self {
        let exchange = &run[at];
        Seen {
            number: at + 1,
            line: exchange.request.line(),
            route: exchange.key.route.clone(),
            replica: exchange.replica,
            status: exchange.status(),
        }
    }
}

/// Does all of it. Blocks; everything that was started has ended when it returns.
pub(crate) fn run(plan: &Plan, watcher: &mut dyn Watcher) -> Result<Verdict, Failure> {
    if plan.test.is_empty() {
        return Err(Failure::NothingToSend);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Proxy)?;
    runtime.block_on(async {
        tokio::select! {
            verdict = verify(plan, watcher) => verdict,
            () = interrupted() => Err(Failure::Interrupted),
        }
    })
}

#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()));
    match signals {
        (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) => tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        },
        // Signals go on doing what they always do.
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// What all runs of one verification share.
struct Stage<'a> {
    plan: &'a Plan,
    service: Arc<Service>,
    proxy: Proxy,
    turn: usize,
    // Dropped in this order: processes first, then their folders.
    _sweep: Sweep,
    _scratch: Scratch,
}

/// A folder that is removed in the end.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One run of the scenario.
struct Run {
    exchanges: Vec<Exchange>,
    /// Requests that were under way on a replica when it was killed.
    cut: Vec<usize>,
    ended: Ended,
}

async fn verify(plan: &Plan, watcher: &mut dyn Watcher) -> Result<Verdict, Failure> {
    let mut stage = Stage::set(plan).await?;
    let mut verdict =
        Verdict { service: stage.service.serve.name(), replicas: plan.replicas, ..Verdict::default() };
    let mut noise = Noise::new(&plan.ignore);
    let (base, limit) = stage.baseline(&mut noise, watcher).await?;
    verdict.requests = base.len();
    verdict.noise = noise.fields().map(|(route, path)| (route.to_owned(), path.to_owned())).collect();
    watcher.measured(&verdict);

    let claims = claims::read(&plan.source);
    let mut confirmed = false;
    for schedule in plan.schedules() {
        watcher.begins(&schedule.to_string());
        let run = stage.run(schedule, &base, Some(limit)).await?;
        let mut differences = noise.differences(&base, &run.exchanges);
        differences.retain(|difference| !run.cut.contains(&difference.run));
        if !differences.is_empty() && !confirmed {
            // What was the same twice by chance is measured once more before anything is said.
            confirmed = true;
            let again = stage.run(Schedule::Same, &base, Some(limit)).await?;
            noise.measure(&base, &again.exchanges);
            differences = noise.differences(&base, &run.exchanges);
            differences.retain(|difference| !run.cut.contains(&difference.run));
        }
        let line = verdict.enter(schedule, &base, &run, &differences, &claims);
        watcher.ran(&line);
        verdict.runs.push(line);
    }
    Ok(verdict)
}

impl<'a> Stage<'a> {
    async fn set(plan: &'a Plan) -> Result<Self, Failure> {
        let serve = Serve::parse(&plan.serve, &plan.here)?;
        let mark = format!("{}-{:x}", std::process::id(), plan.seed);
        let scratch = std::env::temp_dir().join(format!("cargo-stateless-verify-{}", std::process::id()));
        let logs = plan.artifacts.join("logs");
        let _ = std::fs::remove_dir_all(&logs);
        let service = Arc::new(Service {
            serve,
            ready: plan.ready.clone(),
            patience: plan.ready_timeout,
            here: plan.here.clone(),
            copied: (!plan.shared_folder).then(|| workdir::files(&plan.here)),
            scratch: scratch.clone(),
            logs,
            mark: mark.clone(),
        });
        let proxy = Proxy::start().await.map_err(Failure::Proxy)?;
        Ok(Stage { plan, service, proxy, turn: 0, _sweep: Sweep { mark }, _scratch: Scratch(scratch) })
    }

    /// The scenario twice on one replica: what it looks like, and what of it is noise. With it
    /// the time that a run may take.
    async fn baseline(
        &mut self,
        noise: &mut Noise,
        watcher: &mut dyn Watcher,
    ) -> Result<(Vec<Exchange>, Duration), Failure> {
        let mut runs = Vec::new();
        for _ in 0..2 {
            watcher.begins("same");
            let run = self.run(Schedule::Same, &[], None).await?;
            if !run.ended.success() {
                return Err(Failure::Baseline { status: run.ended.words(), output: run.ended.last_lines });
            }
            if run.exchanges.is_empty() {
                return Err(Failure::Silent { url: self.proxy.url(), output: run.ended.last_lines });
            }
            runs.push(run);
        }
        let (second, first) = (runs.pop(), runs.pop());
        let (Some(first), Some(second)) = (first, second) else { return Err(Failure::NothingToSend) };
        let unstable = noise.measure(&first.exchanges, &second.exchanges);
        if let Some(Difference { base, run, .. }) = unstable.first() {
            let (was, is) = (&first.exchanges[*base], &second.exchanges[*run]);
            return Err(Failure::Unstable {
                what: format!("{} answers {}, then {}", was.request.line(), was.status(), is.status()),
                help: "what one run leaves in a database or in files outside of the service's folder reaches the \
                       next: `--reset COMMAND` clears it before each run",
            });
        }
        Ok((first.exchanges, first.ended.took * 5 + Duration::from_secs(30)))
    }

    /// The scenario once, on fresh replicas.
    async fn run(
        &mut self,
        schedule: Schedule,
        base: &[Exchange],
        limit: Option<Duration>,
    ) -> Result<Run, Failure> {
        self.turn += 1;
        let name = format!("{}-{}", self.turn, schedule.to_string().replace(' ', "-"));
        self.reset(&name).await?;
        let count = match schedule {
            Schedule::Same | Schedule::Restart => 1,
            _ => self.plan.replicas,
        };
        let fleet = Arc::new(Fleet::start(Arc::clone(&self.service), count, name.clone()).await?);
        let route = Route::new(Book::new(Assign::new(schedule, count, base)), Arc::clone(&fleet));
        self.proxy.set(Some(Arc::clone(&route)));
        let job = Job {
            program: &self.plan.test[0],
            arguments: &self.plan.test[1..],
            here: &self.plan.here,
            url: &self.proxy.url(),
            mark: &self.service.mark,
            log: self.log(&name, "test.log")?,
            limit,
        };
        let check = async || match route.broken() {
            Some(failure) => Err(failure),
            None => fleet.died().await,
        };
        let ended = drive::run(job, check).await;
        self.proxy.set(None);
        let ended = ended?;
        // The client has its answer before the book has the end of it.
        for _ in 0..100 {
            if route.book().open() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let (exchanges, cut) = (route.book().take(), route.book().cut());
        fleet.died().await?;
        fleet.end().await;
        Ok(Run { exchanges, cut, ended })
    }

    async fn reset(&self, name: &str) -> Result<(), Failure> {
        let Some(command) = &self.plan.reset else { return Ok(()) };
        let job = Job {
            program: &"sh".into(),
            arguments: &["-c".into(), command.into()],
            here: &self.plan.here,
            url: &self.proxy.url(),
            mark: &self.service.mark,
            log: self.log(name, "reset.log")?,
            limit: None,
        };
        let ended = drive::run(job, async || Ok(())).await?;
        if ended.success() {
            return Ok(());
        }
        Err(Failure::Reset { command: command.clone(), status: ended.words(), output: ended.last_lines })
    }

    fn log(&self, run: &str, name: &str) -> Result<Log, Failure> {
        let path = self.service.logs.join(run).join(name);
        Log::create(path.clone()).map_err(|source| Failure::Prepare { path, source })
    }
}

impl Verdict {
    /// Whether any replica could serve any request, as far as the scenario tells.
    pub(crate) fn stateless(&self) -> bool {
        self.divergences.is_empty() && self.runs.iter().all(|run| run.failed.is_none())
    }

    /// Enters what one schedule showed.
    fn enter(
        &mut self,
        schedule: Schedule,
        base: &[Exchange],
        run: &Run,
        differences: &[Difference],
        claims: &[Claim],
    ) -> RunLine {
        for difference in differences {
            let was = &base[difference.base];
            let explanation =
                explain::explain(&run.exchanges, difference.run, was, &difference.fields, claims);
            self.add(Divergence {
                schedules: vec![schedule],
                reader: Seen::new(&run.exchanges, difference.run),
                expected: was.status(),
                fields: difference.fields.clone(),
                writer: explanation.writer.map(|at| Seen::new(&run.exchanges, at)),
                explanation,
            });
        }
        let known = noise::by_key(&run.exchanges);
        let absent = base.iter().filter(|exchange| !known.contains_key(&exchange.key)).count();
        RunLine {
            schedule,
            same: base.len().saturating_sub(absent + differences.len() + run.cut.len()),
            differ: differences.len(),
            absent,
            cut: run.cut.len(),
            failed: (!run.ended.success()).then(|| (run.ended.words(), run.ended.last_lines.clone())),
        }
    }

    /// Another sight of a known difference is no other difference.
    fn add(&mut self, new: Divergence) {
        let same = |known: &&mut Divergence| {
            let fields =
                |one: &Divergence| one.fields.iter().map(|field| field.path.clone()).collect::<Vec<_>>();
            known.reader.route == new.reader.route
                && fields(known) == fields(&new)
                && known.explanation.cause == new.explanation.cause
        };
        match self.divergences.iter_mut().find(same) {
            Some(known) if known.schedules.contains(&new.schedules[0]) => {}
            Some(known) => known.schedules.extend(new.schedules),
            None => self.divergences.push(new),
        }
    }
}
