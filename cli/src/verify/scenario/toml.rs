//! Reads a list of requests with captures and expectations, in TOML:
//!
//! ```toml
//! [[request]]
//! send = "POST /login"
//! json = { user = "ann" }
//! capture = { token = "body.token" }
//!
//! [[request]]
//! send = "GET /cart"
//! headers = { authorization = "Bearer {{token}}" }
//! expect = { status = 200, "body.items[0].name" = "apple" }
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::query::{Expect, Query, Wanted};
use super::{Call, Mistake, Scenario, Wishes, names, pairs, say_kind, target};
use crate::verify::replay::Step;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    request: Vec<Spanned<Request>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Method and path.
    send: String,
    /// Who sends: cookies and the connection are a client's own.
    #[serde(default)]
    client: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    json: Option<Value>,
    form: Option<BTreeMap<String, String>>,
    #[serde(default)]
    capture: BTreeMap<String, String>,
    expect: Option<Value>,
}

pub(super) fn read(text: &str, name: &str, wishes: &Wishes) -> Result<Scenario, Mistake> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|error| Mistake {
        line: error.span().map(|span| line(span.start)),
        why: error.message().to_owned(),
    })?;
    let mut known = wishes.names();
    let mut calls = Vec::new();
    for request in file.request {
        let line = line(request.span().start);
        let call =
            call(request.into_inner(), format!("{name}:{line}")).map_err(|why| Mistake::at(line, why))?;
        calls.push(call.checked(line, &mut known)?);
    }
    Ok(Scenario { calls, ..Scenario::default() })
}

fn call(request: Request, place: String) -> Result<Call, String> {
    let (method, path) =
        request.send.split_once(' ').filter(|(_, path)| path.trim().starts_with('/')).ok_or_else(|| {
            format!("`send` is a method and a path, as \"GET /cart\", not \"{}\"", request.send)
        })?;
    let mut headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let (body, kind) = match (request.body, request.json, request.form) {
        (None, None, None) => (String::new(), None),
        (Some(body), None, None) => (body, None),
        (None, Some(json), None) => (json.to_string(), Some("application/json")),
        (None, None, Some(form)) => {
            let form = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            (pairs(form), Some("application/x-www-form-urlencoded"))
        }
        _ => return Err("a request has one of `body`, `json` and `form`".to_owned()),
    };
    if let Some(kind) = kind {
        say_kind(&mut headers, kind);
    }
    let captures: Result<Vec<_>, String> =
        request.capture.iter().map(|(name, field)| Ok((name.clone(), Query::parse(field)?))).collect();
    let expects = match request.expect {
        None => Vec::new(),
        Some(Value::Object(fields)) => fields
            .into_iter()
            .map(|(field, wanted)| expect(&place, field, wanted))
            .collect::<Result<Vec<_>, String>>()?,
        Some(status @ Value::Number(_)) => vec![expect(&place, "status".to_owned(), status)?],
        Some(_) => return Err("`expect` is a status, or a table of fields".to_owned()),
    };
    let (method, target) = (method.to_ascii_uppercase(), target(path.trim()));
    let step = Step { method, target, headers, body, ..Step::default() };
    Ok(Call { place, client: request.client, needs: names(&step), step, captures: captures?, expects })
}

fn expect(place: &str, field: String, wanted: Value) -> Result<Expect, String> {
    let query = Query::parse(&field)?;
    Ok(Expect { place: place.to_owned(), query, name: field, wanted: Wanted::Equal(wanted) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_bodies_captures_and_expectations() {
        let text = r#"
[[request]]
client = "ann"
send = "POST /login"
json = { user = "ann" }
capture = { token = "body.token" }

[[request]]
client = "ann"
send = "PUT /cart?id={{token}}"
headers = { Authorization = "Bearer {{token}}" }
form = { item = "a b" }
expect = { status = 200, "header.etag" = "x" }
"#;
        let calls = read(text, "a.toml", &Wishes::default()).unwrap().calls;
        assert_eq!(calls[0].step.body, r#"{"user":"ann"}"#);
        assert_eq!(calls[0].step.headers, [("content-type".to_owned(), "application/json".to_owned())]);
        assert_eq!((calls[1].place.as_str(), calls[1].client.as_str()), ("a.toml:8", "ann"));
        assert_eq!(calls[1].needs, ["token"]);
        assert_eq!(calls[1].step.body, "item=a%20b");
        let expects: Vec<&str> = calls[1].expects.iter().map(|expect| expect.name.as_str()).collect();
        assert_eq!(expects, ["header.etag", "status"]);
    }
}
