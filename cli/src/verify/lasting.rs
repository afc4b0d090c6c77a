//! A connection that lasts, sent again: a WebSocket with what its client said, or a stream of
//! events. Before anything else happens it has heard what it had heard by then when it was
//! recorded, or was waited for in vain.
//!
//! Knows nothing of replicas, and sends nothing twice.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::proxy::headers;
use super::record::{Answer, EVENT_END, Exchange, Request, header};
use super::replay::{Sender, built};
use super::websocket::{CLOSES, Messages, said};

/// How long a message is waited for, once a connection: who missed one has fallen behind.
const PATIENCE: Duration = Duration::from_secs(1);

/// What goes on after the head of an answer that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lasting {
    /// When it was over, among all that happened.
    pub(super) ended: usize,
    /// What the client said, and when.
    pub(super) said: Vec<(usize, String)>,
    /// When something came to the client.
    pub(super) heard: Vec<usize>,
}

impl Lasting {
    /// Nothing where the client said what is no text, or spoke no WebSocket.
    pub(super) fn new(exchange: &Exchange) -> Option<Self> {
        let answer = exchange.answer()?;
        let upgrade = header(&exchange.request.headers, "upgrade");
        if answer.status == 101 && !upgrade.is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
            return None;
        }
        let moments = &exchange.moments;
        let texts = answer.messages.iter().filter(|message| message.from_client).map(|message| {
            let text = String::from_utf8(message.data.clone()).ok();
            text.filter(|_| !message.binary)
        });
        Some(Lasting {
            ended: moments.ended.unwrap_or(usize::MAX),
            said: moments.said.iter().copied().zip(texts.collect::<Option<Vec<_>>>()?).collect(),
            heard: moments.heard.clone(),
        })
    }
}

/// See the module.
pub(super) struct Connection {
    heard: Arc<Mutex<Answer>>,
    /// How much of it there is.
    count: watch::Receiver<usize>,
    /// When each of it came in the recording.
    wanted: Vec<usize>,
    /// Nothing for a stream of events.
    to: Option<WriteHalf<TokioIo<Upgraded>>>,
    reading: JoinHandle<()>,
    behind: bool,
}

impl Connection {
    /// Sends the request, and reads on once the head of the answer is there.
    pub(super) async fn open(
        client: &Sender,
        request: &Request,
        address: SocketAddr,
        lasting: &Lasting,
    ) -> Result<Self, String> {
        let mut request = request.clone();
        let upgrades = header(&request.headers, "upgrade").is_some();
        // What is compressed could not be read.
        request.headers.retain(|(name, _)| name != "sec-websocket-extensions");
        let upgrade: &[_] =
            if upgrades { &[("connection", "upgrade"), ("upgrade", "websocket")] } else { &[] };
        let asked = tokio::time::timeout(PATIENCE * 10, client.request(built(&request, address, upgrade)?));
        let answer = asked.await.map_err(|_| "no answer begins".to_owned())?;
        let mut answer = answer.map_err(|error| error.to_string())?;
        let (status, headers) = (answer.status().as_u16(), headers(answer.headers()));
        let heard = Arc::new(Mutex::new(Answer { status, headers, ..Answer::default() }));
        let (told, count) = watch::channel(0);
        let (reading, to) = if status == 101 {
            let upgraded = hyper::upgrade::on(&mut answer).await.map_err(|error| error.to_string())?;
            let (from, to) = split(TokioIo::new(upgraded));
            (tokio::spawn(messages(from, Arc::clone(&heard), told)), Some(to))
        } else {
            (tokio::spawn(events(answer.into_body(), Arc::clone(&heard), told)), None)
        };
        Ok(Connection { heard, count, wanted: lasting.heard.clone(), to, reading, behind: false })
    }

    /// What the answer began with.
    pub(super) fn head(&self) -> Answer {
        let answer = lock(&self.heard);
        Answer { status: answer.status, headers: answer.headers.clone(), ..Answer::default() }
    }

    /// Waits for what had come before this moment.
    pub(super) async fn catch_up(&mut self, moment: usize) {
        let wanted = self.wanted.iter().filter(|heard| **heard < moment).count();
        if !self.behind {
            let come = tokio::time::timeout(PATIENCE, self.count.wait_for(|count| *count >= wanted)).await;
            self.behind = !matches!(come, Ok(Ok(_)));
        }
    }

    /// Says something, where the other side still listens.
    pub(super) async fn say(&mut self, text: &str) {
        if let Some(to) = &mut self.to {
            let _ = to.write_all(&said(text)).await;
        }
    }

    /// Closes it; gives back what came.
    pub(super) async fn end(mut self) -> Answer {
        self.catch_up(usize::MAX).await;
        if let Some(to) = &mut self.to {
            let _ = to.write_all(&CLOSES).await;
        }
        self.reading.abort();
        let mut answer = std::mem::take(&mut *lock(&self.heard));
        // What came since the last one that was waited for says nothing.
        if answer.streams_events() && self.wanted.len() < answer.told() {
            let ends = answer.body.start.windows(2).enumerate().filter(|(_, pair)| *pair == EVENT_END);
            let end = ends.map(|(at, _)| at + 2).nth(self.wanted.len().saturating_sub(1));
            answer.body = super::record::Body::of(&answer.body.start[..end.unwrap_or_default()]);
        }
        answer.messages.truncate(self.wanted.len());
        answer
    }
}

async fn messages(
    mut from: ReadHalf<TokioIo<Upgraded>>,
    heard: Arc<Mutex<Answer>>,
    told: watch::Sender<usize>,
) {
    let mut messages = Messages::new(false);
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let new = messages.feed(&buffer[..read]);
        let count = new.len();
        lock(&heard).messages.extend(new);
        told.send_modify(|all| *all += count);
    }
}

async fn events(mut body: Incoming, heard: Arc<Mutex<Answer>>, told: watch::Sender<usize>) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            let count = lock(&heard).take(data);
            told.send_modify(|all| *all += count);
        }
    }
}

fn lock(heard: &Mutex<Answer>) -> MutexGuard<'_, Answer> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
