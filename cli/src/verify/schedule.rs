//! Decides which replica serves which request.
//!
//! By the request's name and never by the clock: the same seed and the same scenario give the
//! same schedule. `avoid-last` is planned on the baseline, so that what depends on an earlier
//! request is sent elsewhere in the first run already.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};

use super::key::Key;
use super::lineage;
use super::record::{Answer, Exchange};

/// A way to spread requests over replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// One replica serves all: the baseline.
    Same,
    /// Never the replica that served this client before, nor one that the request depends on.
    AvoidLast,
    /// By chance, from a seed.
    Random(u64),
    /// One replica that is started anew between a request that writes and the next.
    Restart,
    /// A client keeps its replica; in the middle the one that served last is killed.
    Kill,
    /// A client keeps its replica; each of some is replaced by a new one while a request is under
    /// way on it, as in a rolling deployment.
    Drain,
    /// A client keeps its replica, as behind a balancer with affinity.
    Sticky,
    /// One replica; connections that last are closed halfway, so that clients have to come back.
    ReconnectAlone,
    /// The same with all replicas, as `avoid-last`: who comes back meets another one.
    Reconnect,
}

/// What is to happen before a request is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// All replicas end and start anew.
    Restart,
    /// This replica ends for good.
    Kill(usize),
    /// A new replica takes the place of the one that serves this request, which is asked to end
    /// in the middle of it.
    Replace,
}

/// A restart takes time: so many in one run, spread evenly where there are more places.
const RESTARTS: usize = 24;

impl fmt::Display for Schedule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Same => out.write_str("same"),
            Schedule::AvoidLast => out.write_str("avoid-last"),
            Schedule::Random(seed) => write!(out, "random {seed}"),
            Schedule::Restart => out.write_str("restart"),
            Schedule::Kill => out.write_str("kill"),
            Schedule::Drain => out.write_str("drain"),
            Schedule::Sticky => out.write_str("sticky"),
            Schedule::ReconnectAlone => out.write_str("reconnect alone"),
            Schedule::Reconnect => out.write_str("reconnect"),
        }
    }
}

/// A schedule for so many replicas, ready for use.
#[derive(Debug)]
pub(crate) struct Assign {
    schedule: Schedule,
    replicas: usize,
    planned: HashMap<Key, usize>,
    /// Before these something happens.
    before: HashSet<Key>,
    /// After so many messages these are closed.
    cuts: HashMap<Key, usize>,
}

impl Assign {
    pub(crate) fn new(schedule: Schedule, replicas: usize, baseline: &[Exchange]) -> Self {
        let keys = baseline.iter().map(|exchange| exchange.key.clone());
        let planned = match schedule {
            Schedule::AvoidLast | Schedule::Reconnect => keys.zip(plan(baseline, replicas)).collect(),
            _ => HashMap::new(),
        };
        let before = match schedule {
            Schedule::Restart => restarts(baseline),
            Schedule::Kill => baseline
                .get(baseline.len().div_ceil(2))
                .map(|middle| middle.key.clone())
                .into_iter()
                .collect(),
            Schedule::Drain => replacements(baseline, replicas),
            _ => HashSet::new(),
        };
        Assign { schedule, replicas: replicas.max(1), planned, before, cuts: HashMap::new() }
    }

    /// Closes the connections that last in the middle of what they bring in this run.
    pub(crate) fn cutting(mut self, run: &[Exchange]) -> Self {
        if matches!(self.schedule, Schedule::ReconnectAlone | Schedule::Reconnect) {
            self.cuts = cuts(run);
        }
        self
    }

    /// After how many messages to the client a connection that lasts is closed.
    pub(crate) fn cut(&self, key: &Key) -> Option<usize> {
        self.cuts.get(key).copied()
    }

    pub(crate) fn replicas(&self) -> usize {
        self.replicas
    }

    /// Who serves this; `last` is who served the client before.
    pub(crate) fn pick(&self, key: &Key, last: Option<usize>) -> usize {
        if let Some(planned) = self.planned.get(key) {
            return *planned;
        }
        match self.schedule {
            Schedule::Same | Schedule::Restart | Schedule::ReconnectAlone => 0,
            Schedule::Random(seed) => digest(seed, key) as usize % self.replicas,
            Schedule::AvoidLast | Schedule::Reconnect => match last {
                Some(last) => (last + 1) % self.replicas,
                None => digest(0, key) as usize % self.replicas,
            },
            Schedule::Kill | Schedule::Drain | Schedule::Sticky => last.unwrap_or_else(|| {
                let client = Key { client: key.client.clone(), route: String::new(), turn: 0 };
                digest(0, &client) as usize % self.replicas
            }),
        }
    }

    /// What is to happen before this; `last` is who served the request before, of whomever.
    pub(crate) fn before(&self, key: &Key, last: Option<usize>) -> Option<Before> {
        let due = self.before.contains(key);
        due.then(|| match self.schedule {
            Schedule::Kill => Before::Kill(last.unwrap_or(0)),
            Schedule::Drain => Before::Replace,
            _ => Before::Restart,
        })
    }
}

/// Connections on which messages came, and half of how many, at least one.
fn cuts(baseline: &[Exchange]) -> HashMap<Key, usize> {
    let told = |exchange: &Exchange| exchange.answer().map_or(0, Answer::told);
    baseline
        .iter()
        .map(|exchange| (exchange.key.clone(), told(exchange).div_ceil(2)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// The requests in which a replica is replaced, as many as there are replicas. Best those with a
/// body: it can be held back until the replica was asked to end, so that it is surely under way.
fn replacements(baseline: &[Exchange], replicas: usize) -> HashSet<Key> {
    let with_body: Vec<&Exchange> = baseline.iter().filter(|one| one.request.body.length > 1).collect();
    let all: Vec<&Exchange> = baseline.iter().collect();
    let from = if with_body.is_empty() { all } else { with_body };
    let step = from.len().div_ceil(replicas.max(1)).max(1);
    // The middle of each part, so that something comes before and after it.
    from.chunks(step).map(|part| part[part.len() / 2].key.clone()).collect()
}

/// The requests before which to start anew: those that follow one which may have written.
fn restarts(baseline: &[Exchange]) -> HashSet<Key> {
    let writes = |exchange: &Exchange| {
        let sets = exchange.answer().is_some_and(|answer| answer.cookies().next().is_some());
        sets || !exchange.request.only_asks()
    };
    let pairs = baseline.windows(2).filter(|pair| writes(&pair[0]));
    let due: Vec<&Key> = pairs.map(|pair| &pair[1].key).collect();
    // Where nothing says that it writes, anything may.
    let all: Vec<&Key> = baseline.iter().skip(1).map(|exchange| &exchange.key).collect();
    let due = if due.is_empty() { all } else { due };
    let step = due.len().div_ceil(RESTARTS).max(1);
    due.into_iter().step_by(step).cloned().collect()
}

/// For each exchange of the baseline a replica.
fn plan(baseline: &[Exchange], replicas: usize) -> Vec<usize> {
    // Worse than all of the others together: the rule that gives the schedule its name.
    let last_costs = if replicas > 2 { 100 } else { 10 };
    let links = lineage::links(baseline);
    let mut plan: Vec<usize> = Vec::with_capacity(baseline.len());
    let mut last_of: HashMap<usize, usize> = HashMap::new();
    for (at, exchange) in baseline.iter().enumerate() {
        let mut costs = vec![0; replicas];
        if let Some(last) = last_of.get(&exchange.client) {
            costs[*last] += last_costs;
        }
        // Who gave out what this request carries: the latest weighs most.
        if let Some(from) = links[at].iter().map(|link| link.from).max() {
            costs[plan[from]] += 11;
        }
        let writers: Vec<usize> = (0..at).filter(|before| !baseline[*before].request.only_asks()).collect();
        if let Some(writer) =
            writers.iter().rfind(|writer| baseline[**writer].request.thing() == exchange.request.thing())
        {
            // More than the last replica and the last writer together, where there are only two.
            costs[plan[*writer]] += 15;
        }
        if let Some(writer) = writers.last() {
            costs[plan[*writer]] += 4;
        }
        // Of those that are left the one that has waited longest.
        let served = |replica: usize| plan.iter().rposition(|one| *one == replica).map_or(0, |at| at + 1);
        let best = (0..replicas).min_by_key(|replica| (costs[*replica], served(*replica), *replica));
        let replica = best.unwrap_or(0);
        last_of.insert(exchange.client, replica);
        plan.push(replica);
    }
    plan
}

fn digest(seed: u64, key: &Key) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    (seed, &key.client, &key.route, key.turn as u64).hash(&mut hasher);
    // FNV's low bits hardly depend on the last bytes: mixed as in MurmurHash3.
    let mut hash = hasher.finish();
    for factor in [0xff51_afd7_ed55_8ccd_u64, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}

/// FNV-1a: the same in every build, which the standard hasher does not promise.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::record::{Answer, Body, Moments, Outcome, Request};

    fn exchange(client: usize, line: &str, answer: &str) -> Exchange {
        let (method, target) = line.split_once(' ').unwrap();
        let request = Request { method: method.into(), target: target.into(), ..Request::default() };
        let answer = Answer { status: 200, body: Body::of(answer.as_bytes()), ..Answer::default() };
        let key = Key { client: client.to_string(), route: line.into(), turn: 0 };
        let outcome = Outcome::Answered(answer);
        Exchange {
            key,
            client,
            replica: 0,
            life: 0,
            overlapped: false,
            moments: Moments::default(),
            request,
            outcome,
        }
    }

    #[test]
    fn all_start_anew_after_each_request_that_writes() {
        let lines = ["GET /", "POST /login", "GET /me", "GET /cart", "PUT /cart", "GET /cart"];
        let baseline: Vec<Exchange> = lines.iter().map(|line| exchange(0, line, "")).collect();
        let assign = Assign::new(Schedule::Restart, 1, &baseline);
        let due = baseline.iter().map(|one| assign.before(&one.key, None).is_some());
        // The last two have one key here; both come after the PUT or are it.
        assert_eq!(due.collect::<Vec<_>>(), [false, false, true, true, false, true]);
        let many: Vec<Exchange> = (0..100).map(|n| exchange(0, &format!("POST /{n}"), "")).collect();
        assert!(restarts(&many).len() <= RESTARTS);
    }

    #[test]
    fn no_client_meets_the_replica_it_met_last() {
        let lines = ["POST /login", "GET /cart", "POST /cart", "GET /cart", "GET /me"];
        let baseline: Vec<Exchange> = lines.iter().map(|line| exchange(0, line, "")).collect();
        for replicas in 2..5 {
            let plan = plan(&baseline, replicas);
            assert!(plan.windows(2).all(|pair| pair[0] != pair[1]), "{plan:?}");
        }
    }

    #[test]
    fn a_reader_is_sent_elsewhere_than_the_writer_of_the_same_thing() {
        // With turns alone, two replicas would serve the writer and its reader by the same one.
        let lines = ["POST /api/items", "POST /log", "GET /api/items"];
        let baseline: Vec<Exchange> = lines.iter().map(|line| exchange(0, line, "")).collect();
        let plan = plan(&baseline, 2);
        assert_ne!(plan[0], plan[2]);
        // And what carries an id elsewhere than where the id was made.
        let baseline = [
            exchange(0, "POST /items", r#"{"id":7}"#),
            exchange(1, "POST /x", ""),
            exchange(2, "GET /show/7", ""),
        ];
        let plan = super::plan(&baseline, 2);
        assert_ne!(plan[0], plan[2]);
    }

    #[test]
    fn a_seed_decides_alone() {
        let keys: Vec<Key> =
            (0..64).map(|turn| Key { client: "a".into(), route: "GET /".into(), turn }).collect();
        let picks = |seed| {
            let assign = Assign::new(Schedule::Random(seed), 3, &[]);
            keys.iter().map(|key| assign.pick(key, None)).collect::<Vec<_>>()
        };
        assert_eq!(picks(7), picks(7));
        assert_ne!(picks(7), picks(8));
        for replica in 0..3 {
            assert!(picks(7).contains(&replica));
        }
    }
}
