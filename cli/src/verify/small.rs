//! Finds for each difference the few requests that show it, and writes them to a replay file.
//!
//! The requests before the one that differs go to one replica and that one to another, then to
//! the first again: what it answers there is what it should have answered.

use super::case::Case;
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

/// Shrinks what differs, as far as it can be sent again.
pub(super) async fn all(
    stage: &mut Stage<'_>,
    verdict: &mut Verdict,
    base: &[Exchange],
    noise: &Noise,
) -> Result<(), Failure> {
    let steps: Vec<Option<Step>> = base.iter().map(Step::new).collect();
    let links = lineage::links(base);
    let by_replica = |one: &&mut Divergence| {
        // What was compared with another baseline has no place in this one.
        one.schedules.first() != Some(&Schedule::Reconnect)
            && one
                .schedules
                .iter()
                .any(|schedule| matches!(schedule, Schedule::AvoidLast | Schedule::Random(_)))
    };
    for (turn, divergence) in verdict.divergences.iter_mut().filter(by_replica).take(SHRUNK).enumerate() {
        let guesses = guesses(divergence, &links, &steps);
        divergence.shrunk = one(stage, divergence, &guesses, &steps, base, noise, turn + 1).await?;
    }
    Ok(())
}

async fn one(
    stage: &mut Stage<'_>,
    divergence: &Divergence,
    guesses: &[Vec<usize>],
    steps: &[Option<Step>],
    base: &[Exchange],
    noise: &Noise,
    turn: usize,
) -> Result<Option<Small>, Failure> {
    let reader = divergence.base;
    let Some(last) = &steps[reader] else { return Ok(None) };
    let before: Vec<usize> = (0..reader).filter(|at| steps[*at].is_some()).collect();
    let mut failure = None;
    let shrunk = shrink::shrink(&before, guesses, async |kept: &[usize]| {
        let mut chosen: Vec<(&Step, usize)> =
            kept.iter().filter_map(|at| Some((steps[*at].as_ref()?, 0))).collect();
        chosen.extend([(last, 1), (last, 0)]);
        match stage.replay(&chosen).await {
            Ok(run) => match run.as_slice() {
                [.., elsewhere, alone] => {
                    alone.status() == divergence.expected && !noise.between(alone, elsewhere).is_empty()
                }
                _ => false,
            },
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
    let route = &base[reader].key.route;
    let noisy =
        noise.fields().filter(|(known, ..)| known == route).map(|(_, path, _)| path.to_owned()).collect();
    let file = stage.plan().artifacts.join(format!("replay-{turn}.json"));
    Case::new(terminal::title(divergence), chosen, noisy, stage.plan()).write(&file)?;
    Ok(Some(Small { requests, replays: shrunk.replays, file }))
}

/// What probably does: the writer alone, then with all that the two carry.
fn guesses(divergence: &Divergence, links: &[Vec<Link>], steps: &[Option<Step>]) -> Vec<Vec<usize>> {
    let before = |at: usize| at < divergence.base && steps[at].is_some();
    let Some(writer) = divergence.writer_base.filter(|writer| before(*writer)) else {
        return Vec::new();
    };
    let mut needed = vec![writer];
    let mut open = vec![writer, divergence.base];
    while let Some(at) = open.pop() {
        for link in &links[at] {
            if before(link.from) && !needed.contains(&link.from) {
                needed.push(link.from);
                open.push(link.from);
            }
        }
    }
    needed.sort_unstable();
    let alone = vec![writer];
    if needed == alone { vec![alone] } else { vec![needed, alone] }
}
