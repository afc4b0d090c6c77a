//! Shows whether any replica can serve any request: starts several, sends each request of the
//! user's own test to a chosen one, and compares with a single replica.
//!
//! The third phase, on the running service. Decides nothing about exit status and prints
//! nothing; what it finds is a [`Verdict`]. Sends nothing twice to hide a failure, and listens
//! on the loopback only.

mod binds;
mod book;
mod case;
mod claims;
mod command;
mod compare;
mod coverage;
mod drive;
mod explain;
mod failure;
mod group;
mod held;
mod json;
mod junit;
mod key;
mod lasting;
mod lineage;
mod log;
#[cfg(target_os = "linux")]
pub(crate) mod namespace;
#[cfg(not(target_os = "linux"))]
#[path = "verify/no_namespace.rs"]
pub(crate) mod namespace;
mod noise;
mod plan;
mod proxy;
mod record;
mod replay;
mod replica;
pub(crate) mod report;
mod sarif;
mod scenario;
mod schedule;
mod scorecard;
mod shared;
mod shrink;
mod small;
mod stage;
mod store;
mod streams;
mod target;
mod tee;
pub(crate) mod terminal;
mod tunnel;
mod verdict;
mod websocket;
mod workdir;

pub(crate) use case::Case;
pub(crate) use compare::Field;
pub use failure::Failure;
pub(crate) use plan::{Plan, ScheduleKind};
pub(crate) use scenario::{Scenario, Wishes};
pub(crate) use verdict::{Divergence, RunLine, Seen, Verdict};

use self::noise::Noise;
use self::record::Exchange;
use self::schedule::Schedule;
use self::small::Recorded;
use self::stage::Stage;
use crate::scorecard::Scorecard;

/// Told while it goes on.
pub(crate) trait Watcher {
    /// A run begins.
    fn begins(&mut self, run: &str);
    /// The baseline is done.
    fn measured(&mut self, verdict: &Verdict);
    /// A schedule is done.
    fn ran(&mut self, line: &RunLine);
}

/// Does all of it. Blocks; everything that was started has ended when it returns.
pub(crate) fn run(plan: &Plan, watcher: &mut dyn Watcher) -> Result<Verdict, Failure> {
    if plan.test.is_empty() && plan.scenario.is_empty() {
        return Err(Failure::NothingToSend);
    }
    within(verify(plan, watcher))
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

async fn verify(plan: &Plan, watcher: &mut dyn Watcher) -> Result<Verdict, Failure> {
    let mut stage = Stage::set(plan).await?;
    let mut verdict = Verdict { service: stage.name(), replicas: plan.replicas, ..Verdict::default() };
    verdict.warnings.clone_from(&plan.scenario.warnings);
    verdict.source.clone_from(&plan.source);
    verdict.scorecard = plan.scorecard.then(Scorecard::default);
    // Better said now than after half of the schedules.
    drop(stage.count_store_calls().await?);
    let mut noise = Noise::new(&plan.ignore);
    let (base, limit) = stage.baseline(&mut noise, watcher).await?;
    let unanswered: Vec<&Exchange> = base.iter().filter(|one| one.answer().is_none()).collect();
    if let Some(first) = unanswered.first() {
        let (route, why) = (first.key.route.clone(), first.status());
        if unanswered.len() == base.len() {
            return Err(Failure::NoAnswer { route, why });
        }
        verdict.warn_of_unanswered(unanswered.len(), &route, &why);
    }
    verdict.requests = base.len();
    verdict.noise =
        noise.fields().map(|(route, path, sort)| (route.to_owned(), path.to_owned(), sort)).collect();
    watcher.measured(&verdict);

    verdict.warn_of_twins(&base);
    let claims = claims::read(&plan.source);
    let mut confirmed = false;
    let mut returns: Option<(Vec<Exchange>, Noise)> = None;
    for schedule in plan.schedules() {
        watcher.begins(&schedule.to_string());
        let (base, noise) = if schedule == Schedule::Reconnect {
            // Who is cut off loses something on one replica too: that is what to compare with, and
            // what is noise there need not be noise elsewhere.
            let mut own = noise.clone();
            match stage.reconnecting(&base, &mut own, limit).await? {
                Some(exchanges) => {
                    let (alone, own) = returns.insert((exchanges, own));
                    (&*alone, own)
                }
                None => {
                    // With `--all` it was not asked for by its name.
                    if !plan.all {
                        verdict.warn_of_no_return();
                    }
                    continue;
                }
            }
        } else {
            (&base, &mut noise)
        };
        let run = stage.run(schedule, base, Some(limit)).await?;
        let mut differences = run.own(base, noise.differences(base, &run.exchanges));
        if !differences.is_empty() && !confirmed && schedule != Schedule::Reconnect {
            // What was the same twice by chance is measured once more before anything is said.
            confirmed = true;
            let again = stage.run(Schedule::Same, base, Some(limit)).await?;
            noise.measure(base, &again.exchanges);
            differences = run.own(base, noise.differences(base, &run.exchanges));
        }
        let line = verdict.enter(schedule, base, &run, &differences, &claims);
        watcher.ran(&line);
        verdict.runs.push(line);
    }
    verdict.name_unwitnessed(&claims);
    // What runs elsewhere does not start afresh: only a reset makes one replay like another.
    if plan.targets.is_empty() || plan.reset.is_some() {
        watcher.begins("shrinking");
        let returns = returns.as_ref().map(|(alone, noise)| Recorded::new(alone, noise));
        small::all(&mut stage, &mut verdict, &Recorded::new(&base, &noise), returns.as_ref()).await?;
    }
    Ok(verdict)
}

/// Shows a recorded failure once more: the fields that still differ, none once it is mended.
pub(crate) fn replay(plan: &Plan, case: &Case) -> Result<Vec<Field>, Failure> {
    within(async {
        let mut stage = Stage::set(plan).await?;
        let last = case.steps.len() - 1;
        let alone: Vec<_> = case.steps.iter().map(|step| (step, 0)).collect();
        let elsewhere: Vec<_> =
            case.steps.iter().enumerate().map(|(at, step)| (step, usize::from(at == last))).collect();
        let (alone, elsewhere) = (stage.replay(&alone).await?, stage.replay(&elsewhere).await?);
        Ok(case.differences(&alone[last], &elsewhere[last]))
    })
}

/// Runs it to its end, or until somebody asks to end.
fn within<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Proxy)?;
    runtime.block_on(async {
        tokio::select! {
            result = work => result,
            () = interrupted() => Err(Failure::Interrupted),
        }
    })
}
