//! Reads HAR, as browsers, Playwright and mitmproxy write it.
//!
//! All fields but the few that matter may be missing: real files deviate from the standard. What
//! browsers leave out of a file for safety (cookies) is given out anew and comes from the jar.

use serde::Deserialize;

use super::{Call, Mistake, Scenario, Wishes, base64, pairs, split_origin, target};
use crate::report::words;
use crate::verify::lineage;
use crate::verify::record::{Answer, Body};
use crate::verify::replay::Step;

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: String,
    request: Request,
    #[serde(default)]
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    mime_type: String,
    text: Option<String>,
    #[serde(default)]
    params: Vec<Pair>,
}

#[derive(Deserialize, Default)]
struct Response {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    content: Content,
}

#[derive(Deserialize, Default)]
struct Content {
    text: Option<String>,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

/// Said anew by whoever sends: of the connection, of the recorded host, of what was compressed.
const SAID_ANEW: [&str; 10] = [
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "upgrade",
    "accept-encoding",
    "upgrade-insecure-requests",
    "proxy-connection",
];

pub(super) fn read(text: &str, name: &str, wishes: &Wishes) -> Result<Scenario, Mistake> {
    let har: Har =
        serde_json::from_str(text).map_err(|error| Mistake::at(error.line(), format!("no HAR: {error}")))?;
    let mut entries = har.log.entries;
    // Some write an entry once its answer is there.
    entries.sort_by(|one, other| one.started_date_time.cmp(&other.started_date_time));
    let origin = match &wishes.origin {
        Some(origin) => origin.trim_end_matches('/').to_owned(),
        None => busiest(&entries),
    };
    let mut scenario = Scenario::default();
    let (mut elsewhere, mut sockets, mut unsent) = (Vec::new(), 0, 0);
    for (at, entry) in entries.iter().enumerate() {
        let (its, path) = split_origin(&entry.request.url);
        if its != origin {
            elsewhere.push(its);
        } else if entry.response.status == 101 {
            sockets += 1;
        } else if entry.response.status <= 0 {
            unsent += 1;
        } else {
            let step = step(entry, &origin, path).map_err(|why| Mistake {
                line: None,
                why: format!("request {} ({} {}): {why}", at + 1, entry.request.method, entry.request.url),
            })?;
            scenario.calls.push(Call {
                place: format!("{name}#{}", at + 1),
                client: name.to_owned(),
                step,
                needs: Vec::new(),
                captures: Vec::new(),
                expects: Vec::new(),
            });
        }
    }
    if scenario.calls.is_empty() && !elsewhere.is_empty() {
        elsewhere.dedup();
        return Err(Mistake {
            line: None,
            why: format!("none of its requests went to {origin}; there are {}", elsewhere.join(", ")),
        });
    }
    let mut warn = |count: usize, what: &str| {
        if count > 0 {
            scenario.warnings.push(format!("{name}: {} {what}", words::count(count, "request")));
        }
    };
    warn(
        elsewhere.len(),
        &format!("to other places than {origin} not sent; `--origin URL` names the service's address"),
    );
    warn(sockets, "for a WebSocket not sent: a recording does not say when messages were expected");
    warn(unsent, "without a recorded answer not sent: blocked, cancelled or taken from a cache");
    Ok(scenario)
}

/// Where most requests went; of equals, where the first did.
fn busiest(entries: &[Entry]) -> String {
    let origins: Vec<&str> = entries.iter().map(|entry| split_origin(&entry.request.url).0).collect();
    let count = |origin: &str| origins.iter().filter(|known| **known == origin).count();
    let best = origins.iter().rev().max_by_key(|origin| count(origin));
    best.map_or_else(String::new, |origin| (*origin).to_owned())
}

fn step(entry: &Entry, origin: &str, path: &str) -> Result<Step, String> {
    let request = &entry.request;
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        // HTTP/2 has `:path` and the like.
        .filter(|pair| !pair.name.starts_with(':'))
        .map(|pair| (pair.name.to_ascii_lowercase(), pair.value.clone()))
        .filter(|(name, _)| !SAID_ANEW.contains(&name.as_str()))
        .collect();
    for (name, value) in &mut headers {
        // A service that checks where a form came from compares with the host it is asked by.
        if name == "origin" || name == "referer" {
            *value = value.replace(origin, "{{STATELESS_URL}}");
        }
    }
    let body = match &request.post_data {
        None => String::new(),
        Some(PostData { text: Some(text), .. }) => text.clone(),
        Some(data) if data.mime_type.starts_with("application/x-www-form-urlencoded") => {
            pairs(data.params.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())))
        }
        Some(data) if data.params.is_empty() => String::new(),
        Some(data) => return Err(format!("its body of type `{}` is not in the file", data.mime_type)),
    };
    Ok(Step {
        method: request.method.to_ascii_uppercase(),
        target: target(path),
        headers,
        body,
        issued: issued(&entry.response),
        ..Step::default()
    })
}

/// What the recorded answer gave out.
fn issued(response: &Response) -> Vec<(String, String)> {
    let content = match (&response.content.text, response.content.encoding.as_deref()) {
        (Some(text), Some("base64")) => base64::decoded(text).unwrap_or_default(),
        (Some(text), _) => text.clone().into_bytes(),
        (None, _) => Vec::new(),
    };
    let lower = |pair: &Pair| (pair.name.to_ascii_lowercase(), pair.value.clone());
    // Chromium puts several cookies into one header, a line each.
    let lines = |(name, value): (String, String)| -> Vec<(String, String)> {
        value.lines().map(|line| (name.clone(), line.to_owned())).collect()
    };
    let answer = Answer {
        status: u16::try_from(response.status).unwrap_or_default(),
        headers: response.headers.iter().map(lower).flat_map(lines).collect(),
        body: Body::of(&content),
        ..Answer::default()
    };
    lineage::issued(&answer).into_iter().map(|issued| (issued.name, issued.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"log": {"version": "1.2", "entries": [
      {"startedDateTime": "2026-05-02T10:00:02Z",
       "request": {"method": "GET", "url": "http://shop.test:8080/cart?x=1#top",
         "headers": [{"name": "Cookie", "value": "sid=old"}, {"name": "Host", "value": "shop.test:8080"},
                     {"name": ":path", "value": "/cart"}, {"name": "Referer", "value": "http://shop.test:8080/"}]},
       "response": {"status": 200}},
      {"startedDateTime": "2026-05-02T10:00:01Z",
       "request": {"method": "post", "url": "http://shop.test:8080/login",
         "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "user", "value": "a n"}]}},
       "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": "a=1\nsid=old; Path=/"}],
         "content": {"text": "eyJpZCI6Nzd9", "encoding": "base64"}}},
      {"request": {"method": "GET", "url": "https://cdn.test/x.js"}, "response": {"status": 200}},
      {"startedDateTime": "2026-05-02T10:00:03Z",
       "request": {"method": "GET", "url": "http://shop.test:8080/live"}, "response": {"status": 101}}]}}"#;

    #[test]
    fn requests_to_the_service_are_read_in_their_order() {
        let scenario = read(FILE, "a.har", &Wishes::default()).unwrap();
        let lines: Vec<String> =
            scenario.calls.iter().map(|call| format!("{} {}", call.step.method, call.step.target)).collect();
        assert_eq!(lines, ["POST /login", "GET /cart?x=1"]);
        let (login, cart) = (&scenario.calls[0].step, &scenario.calls[1].step);
        assert_eq!(login.body, "user=a%20n");
        let issued = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            login.issued,
            [issued("cookie `a`", "1"), issued("cookie `sid`", "old"), issued("`id`", "77")]
        );
        assert_eq!(cart.headers, [issued("cookie", "sid=old"), issued("referer", "{{STATELESS_URL}}/")]);
        assert_eq!(scenario.warnings.len(), 2, "{:?}", scenario.warnings);
    }

    #[test]
    fn the_service_can_be_named() {
        let wishes = Wishes { origin: Some("https://cdn.test/".into()), ..Wishes::default() };
        assert_eq!(read(FILE, "a.har", &wishes).unwrap().calls.len(), 1);
        let wishes = Wishes { origin: Some("http://other".into()), ..Wishes::default() };
        assert!(read(FILE, "a.har", &wishes).unwrap_err().why.contains("http://shop.test:8080"));
    }
}
