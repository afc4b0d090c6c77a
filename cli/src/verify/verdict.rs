//! What came out, and how the sights of one difference are brought together.
//!
//! How it is put into words is for `report`.

use std::path::PathBuf;

use super::claims::Claim;
use super::compare::Field;
use super::coverage::Coverage;
use super::explain::{self, Explanation};
use super::lineage;
use super::noise::{self, Difference, Sort};
use super::record::Exchange;
use super::replica::GRACE;
use super::schedule::Schedule;
use super::stage::Run;
use crate::finding::Level;
use crate::report::words::count;
use crate::scorecard::Scorecard;

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) service: String,
    pub(crate) replicas: usize,
    /// Requests of the scenario.
    pub(crate) requests: usize,
    /// Route, field and sort of what differs on one replica too.
    pub(crate) noise: Vec<(String, String, Sort)>,
    pub(crate) runs: Vec<RunLine>,
    pub(crate) divergences: Vec<Divergence>,
    pub(crate) coverage: Coverage,
    /// Findings of the analysis that no difference was traced to.
    pub(crate) without_witness: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// Where it was asked for.
    pub(crate) scorecard: Option<Scorecard>,
    /// That of another day, to be held against it.
    pub(crate) before: Option<Scorecard>,
    /// Where the source is that files of findings are relative to.
    pub(crate) source: PathBuf,
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
    /// Requests that were under way when their replica was asked to end, and those of them that
    /// were not finished.
    pub(crate) drained: usize,
    pub(crate) unfinished: usize,
    /// The test command fails: how, and its last lines.
    pub(crate) failed: Option<(String, String)>,
}

/// One thing that is not the same with several replicas.
#[derive(Debug, Clone)]
pub(crate) struct Divergence {
    /// Index of the request in the baseline.
    pub(crate) base: usize,
    /// Index of the writer in the baseline, where it is there.
    pub(crate) writer_base: Option<usize>,
    /// The schedules that show it.
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) reader: Seen,
    /// The status that one replica alone answers with.
    pub(crate) expected: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) writer: Option<Seen>,
    pub(crate) explanation: Explanation,
    pub(crate) shrunk: Option<Small>,
}

/// A divergence in as few requests as show it.
#[derive(Debug, Clone)]
pub(crate) struct Small {
    pub(crate) requests: usize,
    pub(crate) replays: usize,
    /// What `--replay` takes.
    pub(crate) file: PathBuf,
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

impl Verdict {
    /// Whether any replica could serve any request, as far as the scenario tells.
    pub(crate) fn stateless(&self) -> bool {
        self.divergences.is_empty() && self.runs.iter().all(|run| run.failed.is_none())
    }

    /// Enters what one schedule showed.
    pub(super) fn enter(
        &mut self,
        schedule: Schedule,
        base: &[Exchange],
        run: &Run,
        differences: &[Difference],
        claims: &[Claim],
    ) -> RunLine {
        let places = noise::by_key(base);
        let links = lineage::links(&run.exchanges);
        for difference in differences {
            let was = &base[difference.base];
            let place = |at: usize| places.get(&run.exchanges[at].key).copied();
            let explanation = match run.unfinished(difference.run) {
                true => explain::shutdown(),
                false => explain::explain(&run.exchanges, &links, difference, was, differences, claims),
            };
            self.add(Divergence {
                base: difference.base,
                writer_base: explanation.writer.and_then(place),
                schedules: vec![schedule],
                reader: Seen::new(&run.exchanges, difference.run),
                expected: was.status(),
                fields: difference.fields.clone(),
                writer: explanation.writer.map(|at| Seen::new(&run.exchanges, at)),
                explanation,
                shrunk: None,
            });
        }
        if let Some(card) = &mut self.scorecard {
            card.enter(schedule, self.replicas, run, differences);
        }
        self.coverage.enter(&run.exchanges, &links);
        self.warn_of_shared(run);
        if schedule == Schedule::Drain {
            self.warn_of_drain(run);
        }
        let known = noise::by_key(&run.exchanges);
        let absent = base.iter().filter(|exchange| !known.contains_key(&exchange.key)).count();
        RunLine {
            schedule,
            same: base.len().saturating_sub(absent + differences.len() + run.cut.len()),
            differ: differences.len(),
            absent,
            cut: run.cut.len(),
            drained: run.drained.len(),
            unfinished: run.drained.iter().filter(|at| run.unfinished(**at)).count(),
            failed: run.ended.failed.clone().map(|status| (status, run.ended.last_lines.clone())),
        }
    }

    /// What only one machine can share hides state from these runs.
    fn warn_of_shared(&mut self, run: &Run) {
        for file in &run.shared {
            let warning = format!(
                "several replicas write {}: on machines of their own each would have another one",
                file.display()
            );
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    fn warn_of_drain(&mut self, run: &Run) {
        if run.drained.is_empty() {
            self.warnings.push(
                "drain: no request was under way when its replica was asked to end; a request with a body, or one that \
                 takes its time, would be"
                    .to_owned(),
            );
        }
        if let Some(replica) = run.lingering.first() {
            self.warnings.push(format!(
                "drain: replica {replica} still ran {} s after SIGTERM; a deployment kills it once its grace period is over",
                GRACE.as_secs()
            ));
        }
    }

    /// Names the findings that no difference was traced to. Notes are not meant to be seen.
    pub(super) fn name_unwitnessed(&mut self, claims: &[Claim]) {
        let seen: Vec<&str> = self
            .divergences
            .iter()
            .filter_map(|one| Some(one.explanation.claim.as_ref()?.fingerprint.as_str()))
            .collect();
        let unseen = claims
            .iter()
            .filter(|claim| claim.level > Level::Note && !seen.contains(&claim.fingerprint.as_str()));
        self.without_witness =
            unseen.map(|claim| format!("{}:{} {}", claim.file, claim.line, claim.symbol)).collect();
    }

    /// Says so where clients that cannot be told apart came at the same time: which of them a
    /// schedule means is then left to chance.
    pub(super) fn warn_of_twins(&mut self, base: &[Exchange]) {
        let firsts: Vec<&Exchange> = base
            .iter()
            .filter(|one| {
                one.overlapped
                    && one.key.turn == 0
                    && one.key.client.starts_with(&format!("{} #", one.key.route))
            })
            .collect();
        let mut routes: Vec<&str> = firsts.iter().map(|one| one.key.route.as_str()).collect();
        routes.sort_unstable();
        let twice = routes.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_owned());
        if let Some(route) = twice {
            self.warnings.push(format!(
                "not replayable: clients that begin with {route} at the same time cannot be told apart"
            ));
        }
    }

    /// Says that some requests have no answer on one replica either: nothing is compared there.
    pub(super) fn warn_of_unanswered(&mut self, number: usize, route: &str, why: &str) {
        let requests = count(number, "request");
        self.warnings.push(format!("on one replica {requests} got no answer: first {route}, {why}"));
    }

    /// Says that nobody was made to come back.
    pub(super) fn warn_of_no_return(&mut self) {
        self.warnings.push(
            "reconnect: nothing was shown: the test opens no WebSocket or event stream on which messages come, or \
             fails when one is closed"
                .to_owned(),
        );
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
