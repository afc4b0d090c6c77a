//! Where runs take place: fresh replicas for each, the proxy before them, the test in front.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::book::Book;
use super::command::Serve;
use super::drive::{self, Ended, Job};
use super::failure::Failure;
use super::group::Sweep;
use super::key::Key;
use super::lineage;
use super::log::Log;
use super::namespace::Namespace;
use super::noise::{Difference, Noise};
use super::plan::Plan;
use super::proxy::{Proxy, Route};
use super::record::Exchange;
use super::replay::{self, Step};
use super::replica::{Fleet, Service};
use super::schedule::{Assign, Schedule};
use super::{Watcher, binds, scenario, store, target, workdir};

/// What all runs of one verification share.
pub(super) struct Stage<'a> {
    plan: &'a Plan,
    pub(super) service: Arc<Service>,
    proxy: Proxy,
    turn: usize,
    /// Whether the store was asked: of several random runs the scorecard takes the first.
    asked: bool,
    /// The first run: what a test brings about where nothing is done to it.
    plain: Vec<Exchange>,
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

fn namespace(plan: &Plan, port: u16) -> Result<Namespace, Failure> {
    Namespace::new(port, plan.shared_ports.clone()).map_err(|why| {
        let line = binds::first(&plan.source).map_or_else(
            || "the line of the service that binds the port".to_owned(),
            |bind| format!("{}, which binds port {}", bind.place, bind.port),
        );
        Failure::NoNamespace { why, help: format!("change {line}, to take the port from PORT") }
    })
}

/// Asks a store; the proxy goes on meanwhile.
async fn asked<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Failure> {
    let asked = tokio::task::spawn_blocking(work).await;
    asked.unwrap_or_else(|error| Err(error.to_string())).map_err(|why| Failure::Store { why })
}

/// One run of the scenario.
pub(super) struct Run {
    pub(super) exchanges: Vec<Exchange>,
    /// Requests that were under way on a replica when it was killed.
    pub(super) cut: Vec<usize>,
    /// Requests that were under way when their replica was asked to end.
    pub(super) drained: Vec<usize>,
    /// Replicas that did not end when they were asked to.
    pub(super) lingering: Vec<usize>,
    /// How many requests there were when a replica was killed.
    pub(super) killed_at: Option<usize>,
    /// How long answers took to begin.
    pub(super) times: Vec<Duration>,
    /// What the store counted meanwhile, where it was asked.
    pub(super) store_calls: Option<u64>,
    /// Files that several replicas had open for writing.
    pub(super) shared: BTreeSet<PathBuf>,
    pub(super) ended: Ended,
}

impl Run {
    /// Without what a kill cut off, and what only lacks something that a request would have given
    /// out which was cut off or not finished.
    pub(super) fn own(&self, base: &[Exchange], mut differences: Vec<Difference>) -> Vec<Difference> {
        differences.retain(|difference| !self.cut.contains(&difference.run));
        let lost = self.cut.iter().chain(&self.drained).filter_map(|at| self.exchanges.get(*at));
        let lost: Vec<&Key> = lost.filter(|one| one.lost()).map(|one| &one.key).collect();
        if !lost.is_empty() {
            let links = lineage::links(base);
            let lacks = |reader: usize| links[reader].iter().any(|link| lost.contains(&&base[link.from].key));
            differences.retain(|difference| !lacks(difference.base));
        }
        differences
    }

    /// Whether it was under way when its replica was asked to end, and was not finished.
    pub(super) fn unfinished(&self, at: usize) -> bool {
        self.drained.contains(&at) && self.exchanges.get(at).is_some_and(Exchange::lost)
    }
}

impl<'a> Stage<'a> {
    pub(super) async fn set(plan: &'a Plan) -> Result<Self, Failure> {
        let targets = target::resolve(plan)?;
        let serve = match targets.is_empty() {
            true => Serve::parse(&plan.serve, &plan.here)?,
            false => Serve::default(),
        };
        let namespace = plan.port.map(|port| namespace(plan, port)).transpose()?;
        let mark = format!("{}-{:x}", std::process::id(), plan.seed);
        let scratch = std::env::temp_dir().join(format!("cargo-stateless-verify-{}", std::process::id()));
        let logs = plan.artifacts.join("logs");
        let _ = std::fs::remove_dir_all(&logs);
        let service = Arc::new(Service {
            serve,
            targets,
            namespace,
            source: plan.source.clone(),
            ready: plan.ready.clone(),
            patience: plan.ready_timeout,
            here: plan.here.clone(),
            copied: (!plan.shared_folder).then(|| workdir::files(&plan.here)),
            scratch: scratch.clone(),
            logs,
            mark: mark.clone(),
        });
        let proxy = Proxy::start().await.map_err(Failure::Proxy)?;
        Ok(Stage {
            plan,
            service,
            proxy,
            turn: 0,
            asked: false,
            plain: Vec::new(),
            _sweep: Sweep { mark },
            _scratch: Scratch(scratch),
        })
    }

    /// The scenario twice on one replica: what it looks like, and what of it is noise. With it
    /// the time that a run may take.
    pub(super) async fn baseline(
        &mut self,
        noise: &mut Noise,
        watcher: &mut dyn Watcher,
    ) -> Result<(Vec<Exchange>, Duration), Failure> {
        let mut runs = Vec::new();
        for _ in 0..2 {
            watcher.begins("same");
            let run = self.run(Schedule::Same, &[], None).await?;
            if let Some(status) = run.ended.failed {
                return Err(Failure::Baseline { status, output: run.ended.last_lines });
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
        self.plain.clone_from(&first.exchanges);
        Ok((first.exchanges, first.ended.took * 5 + Duration::from_secs(30)))
    }

    /// The scenario on one replica, with every connection that lasts closed halfway. Nothing where
    /// there are none, or where the test does not come back.
    pub(super) async fn reconnecting(
        &mut self,
        base: &[Exchange],
        noise: &mut Noise,
        limit: Duration,
    ) -> Result<Option<Vec<Exchange>>, Failure> {
        if base.iter().filter_map(Exchange::answer).all(|answer| answer.told() == 0) {
            return Ok(None);
        }
        let first = self.run(Schedule::ReconnectAlone, base, Some(limit)).await?;
        let second = self.run(Schedule::ReconnectAlone, base, Some(limit)).await?;
        noise.measure(&first.exchanges, &second.exchanges);
        let back = first.ended.failed.is_none() && second.ended.failed.is_none();
        Ok(back.then_some(first.exchanges))
    }

    /// The scenario once, on fresh replicas.
    pub(super) async fn run(
        &mut self,
        schedule: Schedule,
        base: &[Exchange],
        limit: Option<Duration>,
    ) -> Result<Run, Failure> {
        self.turn += 1;
        let name = format!("{}-{}", self.turn, schedule.to_string().replace(' ', "-"));
        self.reset(&name).await?;
        let count = match schedule {
            Schedule::Same | Schedule::Restart | Schedule::ReconnectAlone => 1,
            _ => self.plan.replicas,
        };
        let fleet = Arc::new(Fleet::start(Arc::clone(&self.service), count, name.clone()).await?);
        let route = Route::new(
            Book::new(Assign::new(schedule, count, base).cutting(&self.plain)),
            Arc::clone(&fleet),
        );
        self.proxy.set(Some(Arc::clone(&route)));
        let check = async || match route.broken() {
            Some(failure) => Err(failure),
            None => fleet.died().await,
        };
        let random = matches!(schedule, Schedule::Random(_));
        let first = random && !std::mem::replace(&mut self.asked, true);
        let count = if first { self.count_store_calls().await? } else { None };
        let ended = self.drive(&name, limit, check).await;
        self.proxy.set(None);
        let ended = ended?;
        // The client has its answer before the book has the end of it.
        for _ in 0..100 {
            if route.book().open() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let store_calls = match count {
            Some(count) => Some(asked(move || count.end()).await?),
            None => None,
        };
        let (cut, drained) = (route.book().cut(), route.book().drained());
        let (times, killed_at) = (route.book().times(), route.book().killed_at());
        let exchanges = route.book().take();
        fleet.died().await?;
        let shared = fleet.shared_files().await;
        let lingering = fleet.lingering().await;
        fleet.end().await;
        Ok(Run { exchanges, cut, drained, lingering, killed_at, times, store_calls, shared, ended })
    }

    /// The test once: the command, or what was recorded.
    async fn drive(
        &self,
        run: &str,
        limit: Option<Duration>,
        check: impl AsyncFn() -> Result<(), Failure>,
    ) -> Result<Ended, Failure> {
        let plan = self.plan;
        let [program, arguments @ ..] = plan.test.as_slice() else {
            return scenario::play(&plan.scenario, self.proxy.address(), check).await;
        };
        let url = self.proxy.url();
        let (mark, log) = (&self.service.mark, self.log(run, "test.log")?);
        drive::run(Job { program, arguments, here: &plan.here, url: &url, mark, log, limit }, check).await
    }

    /// Begins to count what the store is called, where a scorecard wants it.
    pub(super) async fn count_store_calls(&self) -> Result<Option<store::Count>, Failure> {
        let Some(url) = self.plan.store.clone() else { return Ok(None) };
        asked(move || store::Count::begin(&url)).await.map(Some)
    }

    /// For people: what runs.
    pub(super) fn name(&self) -> String {
        if self.service.targets.is_empty() { self.service.serve.name() } else { self.plan.targets.join(", ") }
    }

    pub(super) fn plan(&self) -> &Plan {
        self.plan
    }

    /// Recorded requests once, on fresh replicas.
    pub(super) async fn replay(&mut self, steps: &[(&Step, usize)]) -> Result<Vec<Exchange>, Failure> {
        self.turn += 1;
        let name = format!("{}-replay", self.turn);
        self.reset(&name).await?;
        let count = steps.iter().map(|(_, replica)| replica + 1).max().unwrap_or(1);
        let fleet = Fleet::start(Arc::clone(&self.service), count, name).await?;
        let exchanges = replay::send(steps, &fleet).await;
        fleet.end().await;
        Ok(exchanges)
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
        match ended.failed {
            None => Ok(()),
            Some(status) => {
                Err(Failure::Reset { command: command.clone(), status, output: ended.last_lines })
            }
        }
    }

    fn log(&self, run: &str, name: &str) -> Result<Log, Failure> {
        let path = self.service.logs.join(run).join(name);
        Log::create(path.clone()).map_err(|source| Failure::Prepare { path, source })
    }
}
