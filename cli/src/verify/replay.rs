//! Sends recorded requests again, one after the other, each to a replica that is named.
//!
//! What was given out anew (a session, an id) is put in the place of what was recorded. Goes to
//! the replicas directly: there is no proxy between, and nothing is sent twice.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::lineage::{self, Issued};
use super::proxy::headers;
use super::record::{Answer, Body, Exchange, Outcome, Request};
use super::replica::Fleet;

/// Longer than any request of a test should take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A recorded request, with what its answer gave out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Name and value.
    pub(crate) issued: Vec<(String, String)>,
}

impl Step {
    /// Nothing where it cannot be sent again: a WebSocket, a body that was not kept or is no text.
    pub(crate) fn new(exchange: &Exchange) -> Option<Self> {
        let answer = exchange.answer()?;
        if answer.status == 101 {
            return None;
        }
        let request = &exchange.request;
        Some(Step {
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: request.body.text()?.to_owned(),
            issued: lineage::issued(answer).into_iter().map(|issued| (issued.name, issued.value)).collect(),
        })
    }

    fn request(&self) -> Request {
        Request {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: Body::of(self.body.as_bytes()),
        }
    }
}

/// Keeps its connections, and sends nothing twice.
pub(crate) type Sender = Client<HttpConnector, Full<Bytes>>;

/// A sender without a connection yet.
pub(crate) fn sender() -> Sender {
    Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http()
}

/// Sends the steps in their order, each to the replica beside it.
pub(crate) async fn send(steps: &[(&Step, usize)], fleet: &Fleet) -> Vec<Exchange> {
    let client = sender();
    let mut anew = Anew::default();
    let mut exchanges = Vec::with_capacity(steps.len());
    for (step, replica) in steps {
        let mut request = anew.renewed(&step.request());
        if let Some(host) = fleet.host(*replica) {
            request.headers.retain(|(name, _)| name != "host");
            request.headers.push(("host".to_owned(), host.to_owned()));
        }
        let answer = match fleet.address(*replica) {
            Some(address) => ask(&client, &request, address).await,
            None => Err("no such replica".to_owned()),
        };
        let outcome = match answer {
            Ok(answer) => {
                anew.learn(&step.issued, &lineage::issued(&answer));
                Outcome::Answered(answer)
            }
            Err(why) => Outcome::Failed(why),
        };
        let key = Key { client: String::new(), route: key::route(&request), turn: 0 };
        exchanges.push(Exchange {
            key,
            client: 0,
            replica: *replica,
            life: 0,
            overlapped: false,
            request,
            outcome,
        });
    }
    exchanges
}

/// The answer to one request, or why there is none.
pub(crate) async fn ask(client: &Sender, request: &Request, address: SocketAddr) -> Result<Answer, String> {
    let asked = tokio::time::timeout(PATIENCE, once(client, request, address)).await;
    asked.unwrap_or_else(|_| Err(format!("nothing after {} s", PATIENCE.as_secs())))
}

async fn once(client: &Sender, request: &Request, address: SocketAddr) -> Result<Answer, String> {
    let mut builder = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(format!("http://{address}{}", request.target));
    let between = ["connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"];
    for (name, value) in request.headers.iter().filter(|(name, _)| !between.contains(&name.as_str())) {
        builder = builder.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body.start.clone()));
    let sent = builder.body(body).map_err(|error| error.to_string())?;
    let answer = client.request(sent).await.map_err(|error| error.to_string())?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let (status, headers) = (head.status.as_u16(), headers(&head.headers));
    Ok(Answer { status, headers, body: Body::of(&body), ..Answer::default() })
}

/// What is called otherwise today than when it was recorded.
#[derive(Debug, Default)]
pub(crate) struct Anew(HashMap<String, String>);

impl Anew {
    /// What has the same name in both answers is the same thing, however it is called now.
    pub(crate) fn learn(&mut self, recorded: &[(String, String)], now: &[Issued]) {
        for (name, value) in recorded {
            let found = now.iter().find(|issued| issued.name == *name);
            if let Some(issued) = found.filter(|issued| issued.value != *value) {
                self.0.insert(value.clone(), issued.value.clone());
            }
        }
    }

    /// The request with today's values. A short one is exchanged only where it stands alone.
    pub(crate) fn renewed(&self, request: &Request) -> Request {
        let carried = lineage::carried(request);
        let mut request = request.clone();
        let mut values: Vec<(&String, &String)> = self
            .0
            .iter()
            .filter(|(value, _)| carried.iter().any(|carried| carried.value == **value))
            .collect();
        // The longest first: one may be a part of another.
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        for (value, now) in values {
            let alone = value.len() < 6;
            request.target = exchanged(&request.target, value, now, alone);
            for (name, header) in &mut request.headers {
                if name != "host" {
                    *header = exchanged(header, value, now, alone);
                }
            }
            if let Some(text) = request.body.text() {
                request.body = Body::of(exchanged(text, value, now, alone).as_bytes());
            }
        }
        request
    }
}

fn exchanged(text: &str, value: &str, now: &str, alone: bool) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let (mut new, mut done) = (String::with_capacity(text.len()), 0);
    for (at, _) in text.match_indices(value) {
        let (before, after) = (&text[..at], &text[at + value.len()..]);
        let whole = !before.ends_with(word) && !after.starts_with(word);
        new += &text[done..at];
        new += if whole || !alone { now } else { value };
        done = at + value.len();
    }
    new + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn todays_values_take_the_place_of_recorded_ones() {
        let mut anew = Anew::default();
        let recorded =
            [("cookie `sid`".to_owned(), "abcdef".to_owned()), ("`id`".to_owned(), "7".to_owned())];
        let issued = |name: &str, value: &str| Issued {
            name: name.into(),
            value: value.into(),
            cookie: false,
            id: true,
        };
        anew.learn(&recorded, &[issued("cookie `sid`", "uvwxyz"), issued("`id`", "12")]);
        let request = Request {
            method: "PUT".into(),
            target: "/items/7/v17?id=7".into(),
            headers: vec![("cookie".into(), "sid=abcdef".into()), ("host".into(), "7".into())],
            body: Body::of(br#"{"id":7,"n":77}"#),
        };
        let request = anew.renewed(&request);
        assert_eq!(request.target, "/items/12/v17?id=12");
        assert_eq!(request.headers[0].1, "sid=uvwxyz");
        assert_eq!(request.headers[1].1, "7");
        assert_eq!(request.body.text(), Some(r#"{"id":12,"n":77}"#));
    }
}
