//! Finds for each difference the few requests that show it, and writes them to a replay file.
//!
//! The requests before the one that differs go to one replica and that one to another, then to
//! the first again: what it answers there is what it should have answered. The same holds for a
//! connection that lasts, and for what others did while it was open.

use super::case::Case;
use super::explain::Cause;
use super::failure::Failure;
use super::lineage::{self, Link};
use super::noise::Noise;
use super::record::Exchange;
use super::replay::Step;
use super::schedule::Schedule;
use super::shrink;
use super::stage::Stage;
use super::terminal;
use super::verdict::{Divergence, Small, Verdict};

/// More differences than this are seldom looked at in one go.
const SHRUNK: usize = 5;

/// A run on one replica, as it can be sent again.
pub(super) struct Recorded<'a> {
    exchanges: &'a [Exchange],
    noise: &'a Noise,
    steps: Vec<Option<Step>>,
    links: Vec<Vec<Link>>,
}

impl<'a> Recorded<'a> {
    pub(super) fn new(exchanges: &'a [Exchange], noise: &'a Noise) -> Self {
        let (steps, links) = (exchanges.iter().map(Step::new).collect(), lineage::links(exchanges));
        Recorded { exchanges, noise, steps, links }
    }

    /// What may have had a part in what this request was answered.
    fn before(&self, reader: usize) -> Vec<usize> {
        let Some(Some(last)) = self.steps.get(reader) else { return Vec::new() };
        // While a connection lasts, what others do reaches it.
        let counts = |at: usize| {
            let step = self.steps[at].as_ref();
            at != reader && step.is_some_and(|step| at < reader || last.is_open_when(step))
        };
        (0..self.steps.len()).filter(|at| counts(*at)).collect()
    }
}

/// Shrinks what differs, as far as it can be sent again. `returns` is what was recorded where
/// clients had to come back.
pub(super) async fn all(
    stage: &mut Stage<'_>,
    verdict: &mut Verdict,
    base: &Recorded<'_>,
    returns: Option<&Recorded<'_>>,
) -> Result<(), Failure> {
    // A request that a shutdown cut off was served by the right replica.
    let by_replica = |one: &&mut Divergence| one.explanation.cause != Cause::Drain;
    for (turn, divergence) in verdict.divergences.iter_mut().filter(by_replica).take(SHRUNK).enumerate() {
        let recorded = match divergence.schedules.first() {
            Some(Schedule::Reconnect) => returns.unwrap_or(base),
            _ => base,
        };
        divergence.shrunk = one(stage, divergence, recorded, turn + 1).await?;
    }
    Ok(())
}

async fn one(
    stage: &mut Stage<'_>,
    divergence: &Divergence,
    recorded: &Recorded<'_>,
    turn: usize,
) -> Result<Option<Small>, Failure> {
    let (reader, noise) = (divergence.base, recorded.noise);
    let steps = &recorded.steps;
    let Some(Some(last)) = steps.get(reader) else { return Ok(None) };
    let before = recorded.before(reader);
    let guesses = guesses(divergence, recorded, &before);
    let mut failure = None;
    let shrunk = shrink::shrink(&before, &guesses, async |kept: &[usize]| {
        let kept: Vec<&Step> = kept.iter().filter_map(|at| steps[*at].as_ref()).collect();
        match both(stage, &kept, last).await {
            Ok(Some((elsewhere, alone))) => {
                alone.status() == divergence.expected && !noise.between(&alone, &elsewhere).is_empty()
            }
            Ok(None) => false,
            Err(error) => {
                failure = Some(error);
                false
            }
        }
    })
    .await;
    if let Some(failure) = failure {
        return Err(failure);
    }
    let Some(shrunk) = shrunk else { return Ok(None) };
    let mut chosen: Vec<Step> = shrunk.kept.iter().filter_map(|at| steps[*at].clone()).collect();
    chosen.push(last.clone());
    let requests = chosen.len();
    let route = &recorded.exchanges[reader].key.route;
    let noisy =
        noise.fields().filter(|(known, ..)| known == route).map(|(_, path, _)| path.to_owned()).collect();
    let file = stage.plan().artifacts.join(format!("replay-{turn}.json"));
    Case::new(terminal::title(divergence), chosen, noisy, stage.plan()).write(&file)?;
    Ok(Some(Small { requests, replays: shrunk.replays, file }))
}

/// What the request that differs is answered by another replica, and by the one where all else
/// goes. A request that is soon over is sent to both after one start; a connection that lasts
/// would meet itself.
async fn both(
    stage: &mut Stage<'_>,
    kept: &[&Step],
    last: &Step,
) -> Result<Option<(Exchange, Exchange)>, Failure> {
    let mut chosen: Vec<(&Step, usize)> = kept.iter().map(|step| (*step, 0)).collect();
    if last.lasts.is_none() {
        chosen.extend([(last, 1), (last, 0)]);
        let mut run = stage.replay(&chosen).await?;
        let alone = run.pop();
        return Ok(run.pop().zip(alone));
    }
    chosen.push((last, 1));
    let elsewhere = stage.replay(&chosen).await?.pop();
    chosen.pop();
    chosen.push((last, 0));
    Ok(elsewhere.zip(stage.replay(&chosen).await?.pop()))
}

/// What probably does: the writer alone, then with all that the two carry.
fn guesses(divergence: &Divergence, recorded: &Recorded<'_>, before: &[usize]) -> Vec<Vec<usize>> {
    let Some(writer) = divergence.writer_base.filter(|writer| before.contains(writer)) else {
        return Vec::new();
    };
    let mut needed = vec![writer];
    let mut open = vec![writer, divergence.base];
    while let Some(at) = open.pop() {
        for link in &recorded.links[at] {
            if before.contains(&link.from) && !needed.contains(&link.from) {
                needed.push(link.from);
                open.push(link.from);
            }
        }
    }
    needed.sort_unstable();
    let alone = vec![writer];
    if needed == alone { vec![alone] } else { vec![needed, alone] }
}
