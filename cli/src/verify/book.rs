//! The book of one run: who asked what, who served it, what came back.
//!
//! Filled in by the proxy from many tasks; the lock is held for a moment only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::key::Clients;
use super::lineage;
use super::record::{Answer, Exchange, Message, Moments, Outcome, Request};
use super::schedule::{Assign, Before};

/// Open to entries until it is taken out of the proxy.
#[derive(Debug)]
pub(crate) struct Book {
    assign: Assign,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    exchanges: Vec<Exchange>,
    clients: Clients,
    last: HashMap<usize, usize>,
    open: Vec<usize>,
    /// How much has happened: requests, messages, ends.
    moment: usize,
    /// Answers that have ended, and whose bodies are lent to be read.
    read: usize,
    /// How many times each replica was started anew.
    lives: HashMap<usize, usize>,
    killed: Vec<usize>,
    /// How many requests there were when a replica was killed.
    killed_at: Option<usize>,
    /// When each request came, and how long its answer took to begin.
    times: Vec<(Instant, Option<Duration>)>,
    /// Requests that were under way on a replica when it was killed.
    cut: Vec<usize>,
    /// Requests that were under way on a replica when it was asked to end.
    drained: Vec<usize>,
}

/// What to do with a request.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: usize,
    pub(crate) replica: usize,
    pub(crate) before: Option<Before>,
    /// A connection that lasts is closed after so many messages to the client.
    pub(crate) cut: Option<usize>,
}

impl Inner {
    fn next_moment(&mut self) -> usize {
        self.moment += 1;
        self.moment
    }
}

impl Book {
    pub(crate) fn new(assign: Assign) -> Self {
        Book { assign, inner: Mutex::default() }
    }

    /// Enters a request: its number, and who is to serve it.
    pub(crate) fn enter(&self, connection: u64, request: Request) -> Entry {
        let mut inner = self.inner();
        let (client, key) = inner.clients.name(connection, &request);
        let latest = inner.exchanges.last().map(|exchange| exchange.replica);
        let before = self.assign.before(&key, latest);
        match before {
            Some(Before::Restart) => {
                for replica in 0..self.assign.replicas() {
                    *inner.lives.entry(replica).or_default() += 1;
                }
            }
            Some(Before::Kill(replica)) => {
                let Inner { open, exchanges, cut, .. } = &mut *inner;
                cut.extend(open.iter().filter(|open| exchanges[**open].replica == replica));
                inner.killed.push(replica);
                inner.killed_at = Some(inner.exchanges.len());
            }
            // Who serves this one is still the old process.
            Some(Before::Replace) | None => {}
        }
        let cut = self.assign.cut(&key);
        let mut replica = self.assign.pick(&key, inner.last.get(&client).copied());
        while inner.killed.contains(&replica) && inner.killed.len() < self.assign.replicas() {
            replica = (replica + 1) % self.assign.replicas();
        }
        inner.last.insert(client, replica);
        let number = inner.exchanges.len();
        let began = inner.next_moment();
        let overlapped = !inner.open.is_empty();
        let Inner { open, exchanges, .. } = &mut *inner;
        for at in open.iter() {
            exchanges[*at].overlapped = true;
        }
        inner.open.push(number);
        inner.times.push((Instant::now(), None));
        let life = inner.lives.get(&replica).copied().unwrap_or_default();
        if before == Some(Before::Replace) {
            inner.lives.insert(replica, life + 1);
        }
        inner.exchanges.push(Exchange {
            key,
            client,
            replica,
            life,
            overlapped,
            moments: Moments { began, ..Moments::default() },
            request,
            outcome: Outcome::Pending,
        });
        Entry { number, replica, before, cut }
    }

    /// A part of a request's body that is passed on while it comes in.
    pub(crate) fn sent(&self, number: usize, bytes: &[u8]) {
        if let Some(exchange) = self.inner().exchanges.get_mut(number) {
            exchange.request.body.push(bytes);
        }
    }

    /// No answer came.
    pub(crate) fn failed(&self, number: usize, why: String) {
        let mut inner = self.inner();
        inner.open.retain(|open| *open != number);
        if let Some(exchange) = inner.exchanges.get_mut(number) {
            exchange.outcome = Outcome::Failed(why);
        }
    }

    /// The head of an answer. What it gives out is known before the client has it.
    pub(crate) fn answered(&self, number: usize, answer: Answer) {
        // Reading takes longer than entering: not while others wait.
        let issued = lineage::issued(&answer);
        let mut inner = self.inner();
        let Some(exchange) = inner.exchanges.get_mut(number) else { return };
        exchange.outcome = Outcome::Answered(answer);
        let client = exchange.client;
        inner.clients.learn(client, issued);
        if let Some((came, took)) = inner.times.get_mut(number) {
            *took = Some(came.elapsed());
        }
    }

    /// How long answers took to begin.
    pub(crate) fn times(&self) -> Vec<Duration> {
        self.inner().times.iter().filter_map(|(_, took)| *took).collect()
    }

    /// How many requests there were when a replica was killed.
    pub(crate) fn killed_at(&self) -> Option<usize> {
        self.inner().killed_at
    }

    /// A part of an answer's body.
    pub(crate) fn heard(&self, number: usize, bytes: &[u8]) {
        let mut inner = self.inner();
        let Inner { exchanges, moment, .. } = &mut *inner;
        let Some(exchange) = exchanges.get_mut(number) else { return };
        let Outcome::Answered(answer) = &mut exchange.outcome else { return };
        for _ in 0..answer.take(bytes) {
            *moment += 1;
            exchange.moments.heard.push(*moment);
        }
    }

    /// Changes an answer whose body is under way.
    pub(crate) fn received(&self, number: usize, change: impl FnOnce(&mut Answer)) {
        if let Some(Exchange { outcome: Outcome::Answered(answer), .. }) =
            self.inner().exchanges.get_mut(number)
        {
            change(answer);
        }
    }

    /// The answer has ended.
    pub(crate) fn ended(&self, number: usize) {
        let mut inner = self.inner();
        if !inner.open.contains(&number) {
            return;
        }
        inner.open.retain(|open| *open != number);
        let ended = inner.next_moment();
        let Some(exchange) = inner.exchanges.get_mut(number) else { return };
        exchange.moments.ended = Some(ended);
        let client = exchange.client;
        let Outcome::Answered(answer) = &mut exchange.outcome else { return };
        // What the head gives out is known since it came.
        if answer.body.length == 0 {
            return;
        }
        // Read while others may enter, and lent for that rather than copied.
        let (headers, body) = (answer.headers.clone(), std::mem::take(&mut answer.body));
        inner.read += 1;
        drop(inner);
        let lent = Answer { headers, body, ..Answer::default() };
        let issued = lineage::issued(&lent);
        let mut inner = self.inner();
        inner.read -= 1;
        inner.clients.learn(client, issued);
        if let Some(Exchange { outcome: Outcome::Answered(answer), .. }) = inner.exchanges.get_mut(number) {
            answer.body = lent.body;
        }
    }

    /// A message of a WebSocket.
    pub(crate) fn message(&self, number: usize, message: Message) {
        let mut inner = self.inner();
        let at = inner.next_moment();
        let Some(exchange) = inner.exchanges.get_mut(number) else { return };
        let Outcome::Answered(answer) = &mut exchange.outcome else { return };
        match message.from_client {
            true => exchange.moments.said.push(at),
            false => exchange.moments.heard.push(at),
        }
        answer.messages.push(message);
    }

    /// How many requests have no whole answer yet, or one that is still read.
    pub(crate) fn open(&self) -> usize {
        let inner = self.inner();
        inner.open.len() + inner.read
    }

    /// The process that serves this request is asked to end. What has no end of its own (events,
    /// WebSockets) may be cut off; everything else is to be finished.
    pub(crate) fn leaves(&self, number: usize) {
        let mut inner = self.inner();
        let Inner { exchanges, open, cut, drained, .. } = &mut *inner;
        let Some(served) = exchanges.get(number) else { return };
        for at in open.iter().copied().filter(|at| exchanges[*at].same_process(served)) {
            if exchanges[at].endless() { cut.push(at) } else { drained.push(at) }
        }
    }

    /// Requests that were under way when their replica was asked to end.
    pub(crate) fn drained(&self) -> Vec<usize> {
        self.inner().drained.clone()
    }

    /// Everything that was entered.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.inner().exchanges)
    }

    /// Requests that a kill cut off: no fault of the service.
    pub(crate) fn cut(&self) -> Vec<usize> {
        self.inner().cut.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
