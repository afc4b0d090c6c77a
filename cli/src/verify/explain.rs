//! Explains a difference: who wrote what the request needed, what class of cause that is, and
//! which state in the source is at fault.
//!
//! A guess from evidence, strongest first: values that were carried over, what the analysis
//! says about the two routes, what the routes have in common.

use crate::finding::Role;

use super::claims::{Claim, Fit};
use super::compare::Field;
use super::lineage::Link;
use super::noise::Difference;
use super::record::{Exchange, header};

/// What a difference comes from.
#[derive(Debug, Clone)]
pub(crate) struct Explanation {
    /// The exchange, in the run, that wrote.
    pub(crate) writer: Option<usize>,
    /// The value that leads from it to the reader.
    pub(crate) link: Option<Link>,
    pub(crate) cause: Cause,
    pub(crate) claim: Option<Claim>,
}

/// Classes of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cause {
    Session,
    Key,
    Counter,
    RateLimit,
    Cache,
    LocalFile,
    FanOut,
    Job,
    Lock,
    Data,
    /// The replica ended without finishing what it was asked.
    Drain,
    /// The replica did not answer.
    Failure,
}

impl Cause {
    /// For programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Cause::Session => "session-in-memory",
            Cause::Key => "key-per-replica",
            Cause::Counter => "counter-per-replica",
            Cause::RateLimit => "limit-per-replica",
            Cause::Cache => "stale-cache",
            Cause::LocalFile => "local-file",
            Cause::FanOut => "missing-fan-out",
            Cause::Job => "job-per-replica",
            Cause::Lock => "lock-per-replica",
            Cause::Data => "data-in-memory",
            Cause::Drain => "cut-by-shutdown",
            Cause::Failure => "failed-request",
        }
    }

    /// For people, of the writer's replica.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Cause::Session => "the session lives in the memory of one replica",
            Cause::Key => "each replica makes a key of its own, and refuses what another signed",
            Cause::Counter => "each replica counts for itself",
            Cause::RateLimit => "each replica limits for itself: N replicas let N times as much through",
            Cause::Cache => "a replica answers from a copy that nobody told of the change",
            Cause::LocalFile => "the file lies on the disk of one replica",
            Cause::FanOut => "what happens on one replica is not told to clients of another",
            Cause::Job => "every replica does the work, or only the one that accepted it",
            Cause::Lock => "each replica locks for itself",
            Cause::Data => "the data lives in the memory of one replica",
            Cause::Drain => {
                "the replica was asked to end (SIGTERM) and did so without finishing this request"
            }
            Cause::Failure => "the replica gave no answer",
        }
    }

    /// What to do where no finding of the analysis says it.
    pub(crate) fn help(self) -> Option<&'static str> {
        match self {
            Cause::Drain => Some(
                "on SIGTERM, stop to accept and finish what is open: `axum::serve(..).with_graceful_shutdown(..)`, a \
                 signal handler that stops the server in others",
            ),
            _ => None,
        }
    }

    fn of(role: Role, rule: &str) -> Self {
        match role {
            Role::Session => Cause::Session,
            Role::Secret => Cause::Key,
            Role::Sequence | Role::Metrics => Cause::Counter,
            Role::RateLimit => Cause::RateLimit,
            Role::Cache => Cause::Cache,
            Role::Connection => Cause::FanOut,
            Role::Queue => Cause::Job,
            Role::Coordination => Cause::Lock,
            Role::Entity | Role::Config | Role::Handle if rule == "local-disk" => Cause::LocalFile,
            Role::Entity | Role::Config | Role::Handle => Cause::Data,
        }
    }
}

/// What a client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symptom {
    Refused,
    Missing,
    /// Was limited, and is not; or the other way round.
    Limit,
    Conflict,
    Number,
    /// What was true before somebody changed it.
    Stale,
    Messages,
    Failed,
    Other,
}

/// Explains one difference of a run; `all` are the differences of that run, and `links` says for
/// each exchange what it carries of earlier answers.
pub(crate) fn explain(
    run: &[Exchange],
    links: &[Vec<Link>],
    difference: &Difference,
    base: &Exchange,
    all: &[Difference],
    claims: &[Claim],
) -> Explanation {
    let reader = difference.run;
    let found = &run[reader];
    let symptom = match symptom(base, found, &difference.fields) {
        Symptom::Other | Symptom::Number if stale(run, reader, all) => Symptom::Stale,
        symptom => symptom,
    };
    let linked = |writer: usize| links[reader].iter().rfind(|link| link.from == writer);
    // A message that did not come may have been sent by somebody who came later.
    let end = if symptom == Symptom::Messages { run.len() } else { reader };
    let elsewhere: Vec<usize> = (0..end).filter(|at| !run[*at].same_process(found)).collect();

    let mut best: Option<(i32, usize, Option<&Claim>)> = None;
    for writer in &elsewhere {
        let ground = ground(run, *writer, reader, linked(*writer), symptom);
        let mut consider = |score: i32, claim| {
            // Of equals the latest: it is what the reader missed last.
            if best.as_ref().is_none_or(|(known, _, _)| score >= *known) {
                best = Some((score, *writer, claim));
            }
        };
        consider(ground, None);
        for claim in claims {
            let (wrote, read) = (claim.written_by(&run[*writer].request), claim.read_by(&found.request));
            if wrote == Fit::No || read == Fit::No {
                continue;
            }
            let named = |fit| if fit == Fit::Yes { 6 } else { 0 };
            let fit = fits(symptom, claim);
            if fit > 0 || (wrote == Fit::Yes && read == Fit::Yes) {
                consider(ground + named(wrote) + named(read) + 2 * fit + claim.level as i32, Some(claim));
            }
        }
    }
    let (writer, claim) = best.map_or((None, None), |(_, writer, claim)| (Some(writer), claim));
    let link = writer.and_then(linked).cloned();
    let cause = match claim {
        _ if symptom == Symptom::Failed => Cause::Failure,
        Some(claim) => Cause::of(claim.role, claim.rule),
        None => guess(symptom, link.as_ref(), run, writer, &difference.fields),
    };
    Explanation { writer, link, cause, claim: claim.cloned() }
}

/// The end of the process was in the way: nobody wrote what was missing.
pub(crate) fn shutdown() -> Explanation {
    Explanation { writer: None, link: None, cause: Cause::Drain, claim: None }
}

/// What speaks for a writer without looking at the source.
fn ground(run: &[Exchange], writer: usize, reader: usize, link: Option<&Link>, symptom: Symptom) -> i32 {
    let (wrote, read) = (&run[writer], &run[reader]);
    let mut score = 0;
    if let Some(link) = link {
        let identity = link.issued.cookie || link.carried.place.contains("authorization");
        // Who was let in is known by that; what else is missing was written by somebody later.
        score += match (identity, symptom) {
            (true, Symptom::Refused | Symptom::Missing) => 8,
            (true, _) => 2,
            (false, _) => 5,
        };
    }
    if !wrote.request.only_asks() || symptom == Symptom::Messages && says(wrote) {
        score += 4;
    }
    // Who was refused wrote nothing.
    if wrote.answer().is_none_or(|answer| answer.status >= 400) {
        score -= 6;
    }
    if wrote.client == read.client {
        score += 1;
    }
    if wrote.request.thing() == read.request.thing() {
        score += 3;
    }
    if wrote.request.path() == read.request.path() {
        score += 2;
    }
    score
}

/// Whether its client sent messages into a WebSocket.
fn says(exchange: &Exchange) -> bool {
    exchange.answer().is_some_and(|answer| answer.messages.iter().any(|message| message.from_client))
}

/// Whether a reader shows what another one rightly showed before a change. That one had it from
/// elsewhere: so the data is shared, and this is a copy of it.
fn stale(run: &[Exchange], reader: usize, all: &[Difference]) -> bool {
    let found = &run[reader];
    let about = |at: &usize| run[*at].request.thing() == found.request.thing();
    let writes = |at: &usize| about(at) && !run[*at].request.only_asks();
    let same = |at: &usize| match (run[*at].answer(), found.answer()) {
        (Some(was), Some(is)) => was.status == is.status && was.body == is.body,
        _ => false,
    };
    let mut before = (0..reader).filter(|at| run[*at].request.line() == found.request.line() && same(at));
    found.request.only_asks()
        && before.any(|at| {
            let right = all.iter().all(|difference| difference.run != at);
            let mut writers = (0..at).filter(writes).peekable();
            right
                && writers.peek().is_some()
                && writers.all(|writer| !run[writer].same_process(&run[at]))
                && (at + 1..reader).any(|at| writes(&at))
        })
}

fn symptom(base: &Exchange, found: &Exchange, fields: &[Field]) -> Symptom {
    let (Some(was), Some(is)) = (base.answer(), found.answer()) else { return Symptom::Failed };
    if was.status != is.status {
        return match (was.status, is.status) {
            (429, _) | (_, 429) => Symptom::Limit,
            (_, 401 | 403 | 419) => Symptom::Refused,
            (200..=299, 301..=308) => Symptom::Refused,
            (_, 404 | 410) => Symptom::Missing,
            (_, 409 | 423) | (409 | 423, _) => Symptom::Conflict,
            _ => Symptom::Other,
        };
    }
    if fields.iter().any(|field| field.path.starts_with("header.") && field.path.contains("ratelimit")) {
        return Symptom::Limit;
    }
    if was.streams_events() || fields.iter().any(|field| field.path.starts_with("message")) {
        return Symptom::Messages;
    }
    let number = |text: &str| text.trim_matches('"').parse::<f64>().is_ok();
    match fields.first() {
        Some(field) if number(&field.was) && number(&field.is) => Symptom::Number,
        _ => Symptom::Other,
    }
}

/// How well a role explains a symptom.
fn fits(symptom: Symptom, claim: &Claim) -> i32 {
    let disk = claim.rule == "local-disk";
    match (symptom, claim.role) {
        (Symptom::Refused, Role::Session | Role::Secret) => 3,
        (Symptom::Missing, Role::Entity) => 3,
        (Symptom::Missing, Role::Queue) => 2,
        (Symptom::Missing, Role::Session | Role::Connection | Role::Config) => 1,
        (Symptom::Limit, Role::RateLimit) => 4,
        (Symptom::Conflict, Role::Coordination) => 3,
        (Symptom::Conflict, Role::Sequence | Role::Entity) => 2,
        (Symptom::Number, Role::Sequence) => 3,
        (Symptom::Number, Role::Cache | Role::Entity | Role::RateLimit) => 2,
        (Symptom::Number, Role::Metrics | Role::Queue) => 1,
        (Symptom::Messages, Role::Connection) => 4,
        (Symptom::Stale, Role::Cache) => 4,
        (Symptom::Stale, Role::Entity | Role::Config) => 2,
        (Symptom::Other, Role::Cache | Role::Entity | Role::Config) => 3,
        (Symptom::Other, Role::Session | Role::Secret | Role::Queue | Role::Connection) => 2,
        (Symptom::Other, Role::Sequence | Role::Coordination) => 1,
        _ if disk => 2,
        _ => 0,
    }
}

/// The class where no finding of the analysis tells it.
fn guess(
    symptom: Symptom,
    link: Option<&Link>,
    run: &[Exchange],
    writer: Option<usize>,
    fields: &[Field],
) -> Cause {
    let signed =
        link.is_some_and(|link| link.issued.value.matches('.').count() == 2 && link.issued.value.len() > 40);
    match symptom {
        Symptom::Refused if signed => Cause::Key,
        Symptom::Refused => Cause::Session,
        Symptom::Limit => Cause::RateLimit,
        Symptom::Conflict => Cause::Lock,
        // One replica's part of a count is less; what each of them does is a multiple.
        Symptom::Number if multiplied(fields) => Cause::Job,
        Symptom::Number => Cause::Counter,
        Symptom::Missing | Symptom::Other if writer.is_some_and(|at| uploads(&run[at])) => Cause::LocalFile,
        Symptom::Messages => Cause::FanOut,
        Symptom::Stale => Cause::Cache,
        Symptom::Failed => Cause::Failure,
        Symptom::Missing | Symptom::Other => Cause::Data,
    }
}

/// Whether every number is a multiple of what it is on one replica.
fn multiplied(fields: &[Field]) -> bool {
    let number = |text: &str| text.trim_matches('"').parse::<f64>().ok();
    let mut pairs = fields.iter().filter_map(|field| number(&field.was).zip(number(&field.is))).peekable();
    pairs.peek().is_some() && pairs.all(|(was, is)| was >= 1.0 && is >= 2.0 * was && is % was == 0.0)
}

/// Whether it sends a file.
fn uploads(exchange: &Exchange) -> bool {
    let kind = header(&exchange.request.headers, "content-type").unwrap_or_default();
    ["multipart/form-data", "application/octet-stream", "image/", "video/", "audio/"]
        .iter()
        .any(|file| kind.starts_with(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::compare::Kind;
    use crate::verify::key::Key;
    use crate::verify::lineage::links;
    use crate::verify::record::{Answer, Body, Moments, Outcome, Request};

    fn exchange(replica: usize, line: &str, headers: &[(&str, &str)], status: u16, body: &str) -> Exchange {
        let (method, target) = line.split_once(' ').unwrap();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request { method: method.into(), target: target.into(), headers, ..Request::default() };
        let answer = Answer { status, body: Body::of(body.as_bytes()), ..Answer::default() };
        let key = Key { client: "0".into(), route: line.into(), turn: 0 };
        let outcome = Outcome::Answered(answer);
        Exchange {
            key,
            client: 0,
            replica,
            life: 0,
            overlapped: false,
            moments: Moments::default(),
            request,
            outcome,
        }
    }

    /// What is said of the last request, which differs in one field, without the source.
    fn explained(run: &[Exchange], base: &Exchange, path: &str, was: &str, is: &str) -> Explanation {
        let field = Field { path: path.into(), kind: Kind::Value, was: was.into(), is: is.into() };
        let difference = Difference { base: 0, run: run.len() - 1, fields: vec![field] };
        explain(run, &links(run), &difference, base, std::slice::from_ref(&difference), &[])
    }

    /// The class that a reader's difference gets without the source.
    fn class(run: &[Exchange], base: &Exchange, path: &str, was: &str, is: &str) -> Cause {
        explained(run, base, path, was, is).cause
    }

    #[test]
    fn numbers_tell_a_counter_from_work_that_each_replica_does() {
        let run = [exchange(0, "POST /orders", &[], 201, ""), exchange(1, "GET /mails", &[], 200, "3")];
        let base = exchange(0, "GET /mails", &[], 200, "1");
        assert_eq!(class(&run, &base, "body", "1", "3"), Cause::Job);
        assert_eq!(class(&run, &base, "body", "3", "1"), Cause::Counter);
    }

    #[test]
    fn a_version_in_the_path_does_not_make_two_things_one() {
        let run = [
            exchange(0, "POST /api/v1/items", &[], 201, ""),
            exchange(0, "POST /api/v1/log", &[], 201, ""),
            exchange(1, "GET /api/v1/items/7", &[], 200, "0"),
        ];
        let base = exchange(0, "GET /api/v1/items/7", &[], 200, "1");
        assert_eq!(explained(&run, &base, "body", "1", "0").writer, Some(0));
    }

    #[test]
    fn who_was_refused_wrote_nothing() {
        let run = [
            exchange(0, "POST /games", &[], 201, ""),
            exchange(1, "POST /games/x/players", &[], 404, ""),
            exchange(2, "GET /games", &[], 200, "0"),
        ];
        let base = exchange(0, "GET /games", &[], 200, "1");
        assert_eq!(explained(&run, &base, "body", "1", "0").writer, Some(0));
    }

    #[test]
    fn a_file_that_was_sent_and_is_missing_lies_on_a_disk() {
        let base = exchange(0, "GET /files/a.png", &[], 200, "x");
        let reader = || exchange(1, "GET /files/a.png", &[], 404, "");
        let sent = exchange(0, "PUT /files/a.png", &[("content-type", "image/png")], 201, "");
        assert_eq!(class(&[sent, reader()], &base, "status", "200", "404"), Cause::LocalFile);
        let other = exchange(0, "PUT /files/a.png", &[("content-type", "application/json")], 201, "");
        assert_eq!(class(&[other, reader()], &base, "status", "200", "404"), Cause::Data);
    }
}
