//! Sends a scenario once, one request after the other, as a test command would.
//!
//! Cookies come from a jar a client, as in a browser; ids and tokens that a recording holds are
//! replaced by what live answers give out. Sends nothing twice.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

use super::line::Line;
use super::query::shown;
use super::{ADDRESS, Call, Scenario, filled};
use crate::report::escape::visible;
use crate::verify::drive::Ended;
use crate::verify::failure::Failure;
use crate::verify::lineage;
use crate::verify::record::{Answer, Body, Request};
use crate::verify::replay::Anew;

/// So many failures are told.
const TOLD: usize = 12;

/// What later requests use of earlier answers.
struct State {
    variables: HashMap<String, String>,
    anew: Anew,
    clients: HashMap<String, Client>,
}

#[derive(Default)]
struct Client {
    line: Line,
    /// Name and value.
    jar: Vec<(String, String)>,
}

/// Plays it against an address. `check` is asked before each request whether to give up.
pub(crate) async fn play(
    scenario: &Scenario,
    address: SocketAddr,
    check: impl AsyncFn() -> Result<(), Failure>,
) -> Result<Ended, Failure> {
    let started = Instant::now();
    let mut variables: HashMap<String, String> = scenario.variables.iter().cloned().collect();
    variables.insert(ADDRESS.to_owned(), format!("http://{address}"));
    let mut state = State { variables, anew: Anew::default(), clients: HashMap::new() };
    let mut failures: Vec<String> = Vec::new();
    let mut lost: BTreeSet<&str> = BTreeSet::new();
    for call in &scenario.calls {
        check().await?;
        // Without what it was to carry it would be another request.
        if call.needs.iter().any(|need| lost.contains(need.as_str())) {
            lost.extend(call.captures.iter().map(|(name, _)| name.as_str()));
            continue;
        }
        let request = state.request(call);
        let line = format!("{} ({})", request.line(), call.place);
        match state.send(call, &request, address).await {
            Ok(answer) => {
                state.learn(call, &answer);
                for name in state.capture(call, &answer) {
                    failures.push(format!(
                        "{line} answers {}, without what `{name}` is taken from",
                        answer.status
                    ));
                    lost.insert(name);
                }
                let fill = |text: &str| state.fill(text);
                let broken = call.expects.iter().filter_map(|expect| {
                    let broken = expect.broken(&answer, &fill)?;
                    Some(format!("{} ({}): {broken}", request.line(), expect.place))
                });
                failures.extend(broken);
            }
            Err(why) => failures.push(format!("{line}: no answer: {why}")),
        }
    }
    check().await?;
    let mut last_lines = String::new();
    for failure in failures.iter().take(TOLD) {
        let _ = write!(last_lines, "\n    | {}", visible(failure));
    }
    let failed = match failures.len() {
        0 => None,
        1 => Some("1 expectation does not hold".to_owned()),
        count => Some(format!("{count} expectations do not hold")),
    };
    Ok(Ended { failed, last_lines, took: started.elapsed() })
}

impl State {
    fn fill(&self, text: &str) -> String {
        filled(text, &|name| self.variables.get(name).cloned())
    }

    fn request(&self, call: &Call) -> Request {
        let step = &call.step;
        let mut request = Request {
            method: step.method.clone(),
            target: self.fill(&step.target),
            headers: step.headers.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect(),
            body: Body::of(self.fill(&step.body).as_bytes()),
        };
        request = self.anew.renewed(&request);
        if let Some(client) = self.clients.get(&call.client) {
            with_cookies(&mut request, &client.jar);
        }
        request
    }

    async fn send(&mut self, call: &Call, request: &Request, address: SocketAddr) -> Result<Answer, String> {
        let client = self.clients.entry(call.client.clone()).or_default();
        client.line.ask(request, address).await
    }

    fn learn(&mut self, call: &Call, answer: &Answer) {
        self.anew.learn(&call.step.issued, &lineage::issued(answer));
        let jar = &mut self.clients.entry(call.client.clone()).or_default().jar;
        for (name, value, attributes) in answer.cookies() {
            jar.retain(|(known, _)| known != name);
            let attributes = attributes.to_ascii_lowercase();
            let gone = attributes.split(';').any(|one| matches!(one.trim(), "max-age=0" | "max-age=-1"))
                || attributes.contains("expires=thu, 01 jan 1970");
            if !gone {
                jar.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Takes values for later requests; gives back the names that found none.
    fn capture<'a>(&mut self, call: &'a Call, answer: &Answer) -> Vec<&'a str> {
        let mut missing = Vec::new();
        for (name, query) in &call.captures {
            match query.of(answer) {
                Some(value) => {
                    self.variables.insert(name.clone(), shown(&value));
                }
                None => missing.push(name.as_str()),
            }
        }
        missing
    }
}

/// What the jar has takes the place of what was recorded under the same name.
fn with_cookies(request: &mut Request, jar: &[(String, String)]) {
    if jar.is_empty() {
        return;
    }
    let own = request.cookies().filter(|(name, _)| !jar.iter().any(|(known, _)| known == name));
    let own: Vec<(String, String)> = own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let all = own.iter().chain(jar).map(|(name, value)| format!("{name}={value}"));
    let line = all.collect::<Vec<_>>().join("; ");
    request.headers.retain(|(name, _)| name != "cookie");
    request.headers.push(("cookie".to_owned(), line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jar_replaces_recorded_cookies() {
        let mut request =
            Request { headers: vec![("cookie".into(), "lang=en; sid=old".into())], ..Request::default() };
        with_cookies(&mut request, &[("sid".into(), "new".into())]);
        assert_eq!(request.headers, [("cookie".to_owned(), "lang=en; sid=new".to_owned())]);
    }
}
