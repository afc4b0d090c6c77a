//! What one run looked like from between the client and the replicas.
//!
//! Plain data, in the order in which requests came in. Nothing here compares or judges.

use super::key::Key;

/// Of a longer body only so much is kept; the rest counts by its length and its digest.
pub(crate) const BODY_KEPT: usize = 1 << 20;

/// A request and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// Names the same request in every run of one scenario.
    pub(crate) key: Key,
    /// Number of the client in this run.
    pub(crate) client: usize,
    /// Who served it.
    pub(crate) replica: usize,
    /// How many times the replicas had been started anew.
    pub(crate) life: usize,
    /// Another request was under way at the same time.
    pub(crate) overlapped: bool,
    pub(crate) moments: Moments,
    pub(crate) request: Request,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// As sent, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// Where an exchange stands among all that happened in its run, counted in what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moments {
    pub(crate) began: usize,
    /// Nothing where it never did.
    pub(crate) ended: Option<usize>,
    /// When each message of a WebSocket or event of a stream came to the client.
    pub(crate) heard: Vec<usize>,
    /// When the client sent each message of its own.
    pub(crate) said: Vec<usize>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// Nothing yet.
    Pending,
    Answered(Answer),
    /// No answer: the connection could not be made, or broke.
    Failed(String),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As received, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) trailers: Vec<(String, String)>,
    /// The body broke off: why.
    pub(crate) broken: Option<String>,
    /// What a WebSocket carried, after a 101.
    pub(crate) messages: Vec<Message>,
}

/// A body, or the start of one that is longer than what is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) start: Vec<u8>,
    pub(crate) length: u64,
    digest: u64,
}

/// One message of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) from_client: bool,
    pub(crate) binary: bool,
    pub(crate) data: Vec<u8>,
}

impl Body {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = BODY_KEPT.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(&bytes[..room]);
        self.length += bytes.len() as u64;
        // FNV-1a over what is not kept.
        for byte in &bytes[room..] {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut body = Body::default();
        body.push(bytes);
        body
    }

    /// Whether all of it is kept.
    pub(crate) fn whole(&self) -> bool {
        self.length == self.start.len() as u64
    }

    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.start).ok().filter(|_| self.whole())
    }
}

/// The first header of that name.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

impl Request {
    /// The target without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// What it is about: the first part of its path that differs between things at all.
    pub(crate) fn thing(&self) -> Option<&str> {
        let version = |part: &str| part.strip_prefix('v').is_some_and(|rest| rest.parse::<u8>().is_ok());
        let mut parts = self.path().split('/').filter(|part| !part.is_empty());
        parts.find(|part| *part != "api" && !version(part))
    }

    /// For people: method and path.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path())
    }

    /// Whether it only asks, as HTTP has it.
    pub(crate) fn only_asks(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// Name and value of each cookie it carries.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.headers.iter().filter(|(name, _)| name == "cookie");
        lines.flat_map(|(_, line)| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
    }
}

impl Answer {
    /// Name, value and attributes of each cookie it sets.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.headers.iter().filter(|(name, _)| name == "set-cookie").filter_map(|(_, line)| {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=')?;
            Some((name.trim(), value.trim(), attributes.trim()))
        })
    }
}

/// What ends an event of a stream of server-sent events.
pub(crate) const EVENT_END: &[u8] = b"\n\n";

fn events(text: &[u8]) -> usize {
    text.windows(2).filter(|pair| *pair == EVENT_END).count()
}

impl Answer {
    /// Whether it is a stream of server-sent events.
    pub(crate) fn streams_events(&self) -> bool {
        header(&self.headers, "content-type").is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    /// Takes a part of the body; gives back how many events of a stream that completes.
    pub(crate) fn take(&mut self, part: &[u8]) -> usize {
        let known = self.body.start.len().saturating_sub(1);
        self.body.push(part);
        match self.streams_events() {
            true => events(self.body.start.get(known..).unwrap_or_default()),
            false => 0,
        }
    }

    /// How many messages a connection that lasts brought to the client; none on any other.
    pub(crate) fn told(&self) -> usize {
        if self.status == 101 {
            self.messages.iter().filter(|message| !message.from_client).count()
        } else if self.streams_events() {
            events(&self.body.start)
        } else {
            0
        }
    }
}

impl Exchange {
    /// Whether one process served both.
    pub(crate) fn same_process(&self, other: &Exchange) -> bool {
        self.replica == other.replica && self.life == other.life
    }

    pub(crate) fn answer(&self) -> Option<&Answer> {
        match &self.outcome {
            Outcome::Answered(answer) => Some(answer),
            Outcome::Pending | Outcome::Failed(_) => None,
        }
    }

    /// Whether no end of it is to be expected: events, a WebSocket.
    pub(crate) fn endless(&self) -> bool {
        self.answer().is_some_and(|answer| answer.status == 101 || answer.streams_events())
    }

    /// Whether there was no answer, or not all of it.
    pub(crate) fn lost(&self) -> bool {
        self.answer().is_none_or(|answer| answer.broken.is_some() || matches!(answer.status, 502..=504))
    }

    /// The status in words: `200`, or why there is none.
    pub(crate) fn status(&self) -> String {
        match &self.outcome {
            Outcome::Answered(answer) => answer.status.to_string(),
            Outcome::Failed(why) => format!("no answer ({why})"),
            Outcome::Pending => "no answer".to_owned(),
        }
    }
}
