//! Sends recorded requests again, one after the other, each to a replica that is named. Connections
//! that last stay open meanwhile, and their clients say what they said when they said it.
//!
//! What was given out anew (a session, an id) is put in the place of what was recorded. Goes to
//! the replicas directly: there is no proxy between, and nothing is sent twice.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::lasting::{Connection, Lasting};
use super::lineage::{self, Issued};
use super::proxy::headers;
use super::record::{Answer, Body, Exchange, Moments, Outcome, Request};
use super::replica::Fleet;

/// Longer than any request of a test should take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A recorded request, with what its answer gave out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Name and value.
    pub(crate) issued: Vec<(String, String)>,
    /// When it was sent, among all that happened.
    #[serde(default)]
    pub(crate) began: usize,
    /// What goes on after the head of an answer that lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lasts: Option<Lasting>,
}

impl Step {
    /// Nothing where it cannot be sent again: a body or a message that was not kept or is no text.
    pub(crate) fn new(exchange: &Exchange) -> Option<Self> {
        let answer = exchange.answer()?;
        let lasts = if exchange.endless() { Some(Lasting::new(exchange)?) } else { None };
        let request = &exchange.request;
        Some(Step {
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: request.body.text()?.to_owned(),
            issued: lineage::issued(answer).into_iter().map(|issued| (issued.name, issued.value)).collect(),
            began: exchange.moments.began,
            lasts,
        })
    }

    /// Whether something of it was still to come when the other one began.
    pub(crate) fn is_open_when(&self, other: &Step) -> bool {
        self.lasts.as_ref().is_some_and(|lasting| lasting.ended > other.began)
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
pub(super) type Sender = Client<HttpConnector, Full<Bytes>>;

/// A sender without a connection yet.
fn sender() -> Sender {
    Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http()
}

/// Sends the steps, each to the replica beside it, in the order in which they were recorded.
pub(crate) async fn send(steps: &[(&Step, usize)], fleet: &Fleet) -> Vec<Exchange> {
    let client = sender();
    let mut anew = Anew::default();
    let mut exchanges: Vec<Option<Exchange>> = steps.iter().map(|_| None).collect();
    let mut open: Vec<(usize, Connection)> = Vec::new();
    for Event { moment, step: at, what } in timeline(steps) {
        for (_, connection) in &mut open {
            connection.catch_up(moment).await;
        }
        let (step, replica) = steps[at];
        let connection = open.iter().position(|(of, _)| *of == at);
        match (what, connection) {
            (What::Begins, _) => {
                let mut request = anew.renewed(&step.request());
                if let Some(host) = fleet.host(replica) {
                    request.headers.retain(|(name, _)| name != "host");
                    request.headers.push(("host".to_owned(), host.to_owned()));
                }
                let outcome = match (fleet.address(replica), &step.lasts) {
                    (None, _) => Outcome::Failed("no such replica".to_owned()),
                    (Some(address), None) => match ask(&client, &request, address).await {
                        Ok(answer) => {
                            anew.learn(&step.issued, &lineage::issued(&answer));
                            Outcome::Answered(answer)
                        }
                        Err(why) => Outcome::Failed(why),
                    },
                    (Some(address), Some(lasting)) => {
                        match Connection::open(&client, &request, address, lasting).await {
                            Ok(connection) => {
                                anew.learn(&step.issued, &lineage::issued(&connection.head()));
                                open.push((at, connection));
                                Outcome::Pending
                            }
                            Err(why) => Outcome::Failed(why),
                        }
                    }
                };
                exchanges[at] = Some(exchange(request, replica, outcome));
            }
            (What::Says(text), Some(connection)) => {
                let said = Request { body: Body::of(text.as_bytes()), ..Request::default() };
                let said = anew.renewed(&said);
                open[connection].1.say(said.body.text().unwrap_or(text)).await;
            }
            (What::Ends, Some(connection)) => {
                let answer = open.remove(connection).1.end().await;
                if let Some(exchange) = &mut exchanges[at] {
                    exchange.outcome = Outcome::Answered(answer);
                }
            }
            // It could not be opened.
            (_, None) => {}
        }
    }
    exchanges.into_iter().flatten().collect()
}

fn exchange(request: Request, replica: usize, outcome: Outcome) -> Exchange {
    let key = Key { client: String::new(), route: key::route(&request), turn: 0 };
    let moments = Moments::default();
    Exchange { key, client: 0, replica, life: 0, overlapped: false, moments, request, outcome }
}

/// Something to do.
struct Event<'a> {
    moment: usize,
    step: usize,
    what: What<'a>,
}

enum What<'a> {
    Begins,
    /// The client sends a message.
    Says(&'a str),
    Ends,
}

/// All that is to be done, in the order of its moments; what has none, in that of the steps.
fn timeline<'a>(steps: &[(&'a Step, usize)]) -> Vec<Event<'a>> {
    let mut events = Vec::new();
    for (at, (step, _)) in steps.iter().enumerate() {
        let mut add = |moment, what| events.push(Event { moment, step: at, what });
        add(step.began, What::Begins);
        if let Some(lasting) = &step.lasts {
            for (moment, text) in &lasting.said {
                add(*moment, What::Says(text));
            }
            add(lasting.ended, What::Ends);
        }
    }
    events.sort_by_key(|event| event.moment);
    events
}

/// The answer to one request, or why there is none.
async fn ask(client: &Sender, request: &Request, address: SocketAddr) -> Result<Answer, String> {
    let asked = tokio::time::timeout(PATIENCE, once(client, request, address)).await;
    asked.unwrap_or_else(|_| Err(format!("nothing after {} s", PATIENCE.as_secs())))
}

async fn once(client: &Sender, request: &Request, address: SocketAddr) -> Result<Answer, String> {
    let sent = built(request, address, &[])?;
    collected(client.request(sent).await.map_err(|error| error.to_string())?).await
}

/// The whole of an answer.
pub(super) async fn collected(answer: hyper::Response<Incoming>) -> Result<Answer, String> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let (status, headers) = (head.status.as_u16(), headers(&head.headers));
    Ok(Answer { status, headers, body: Body::of(&body), ..Answer::default() })
}

/// The request as it is sent to an address, with more headers of the connection.
pub(super) fn built(
    request: &Request,
    address: SocketAddr,
    more: &[(&str, &str)],
) -> Result<hyper::Request<Full<Bytes>>, String> {
    let mut builder = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(format!("http://{address}{}", request.target));
    let between = ["connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"];
    for (name, value) in request.headers.iter().filter(|(name, _)| !between.contains(&name.as_str())) {
        builder = builder.header(name, value);
    }
    for (name, value) in more {
        builder = builder.header(*name, *value);
    }
    let body = Full::new(Bytes::from(request.body.start.clone()));
    builder.body(body).map_err(|error| error.to_string())
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
    fn what_lasts_is_done_in_the_order_in_which_it_was_recorded() {
        let said = vec![(3, "first".to_owned()), (6, "second".to_owned())];
        let lasts = Some(Lasting { ended: 9, said, heard: vec![4] });
        let socket = Step { began: 1, lasts, ..Step::default() };
        let short = Step { began: 5, ..Step::default() };
        let order = |steps: &[(&Step, usize)]| -> Vec<String> {
            let name = |what| match what {
                What::Begins => "begins",
                What::Says(text) => text,
                What::Ends => "ends",
            };
            timeline(steps).into_iter().map(|event| format!("{} {}", event.step, name(event.what))).collect()
        };
        let wanted = ["1 begins", "1 first", "0 begins", "2 begins", "1 second", "1 ends"];
        assert_eq!(order(&[(&short, 0), (&socket, 0), (&short, 1)]), wanted);
        // Files of earlier versions know no moments.
        let old = Step::default();
        assert_eq!(order(&[(&old, 0), (&old, 0), (&old, 1)]), ["0 begins", "1 begins", "2 begins"]);
        assert!(socket.is_open_when(&short) && !short.is_open_when(&socket));
    }

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
