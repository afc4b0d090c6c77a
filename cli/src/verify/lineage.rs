//! Where the values come from that a request carries: which earlier answer gave them out.
//!
//! Values are compared as text. A short one ("1", "ok") says something only where it is an
//! id by its place.

use std::collections::HashMap;

use serde_json::Value;

use super::record::{Answer, Exchange, Request, header};

/// A value that an answer gave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    /// For people: cookie `sid`, `user.id`, header `location`.
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) cookie: bool,
    /// By its name or place an id, however short.
    pub(crate) id: bool,
}

/// A value that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// For people: cookie `sid`, path, query `id`.
    pub(crate) place: String,
    pub(crate) value: String,
    id: bool,
}

/// A request carries what an earlier answer gave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Index of the exchange that gave it out first.
    pub(crate) from: usize,
    pub(crate) issued: Issued,
    pub(crate) carried: Carried,
}

/// Everything an answer gives out that may come back.
pub(crate) fn issued(answer: &Answer) -> Vec<Issued> {
    let mut all: Vec<Issued> = Vec::new();
    let mut add = |name: String, value: &str, cookie: bool, id: bool| {
        if !value.is_empty() && value.len() <= 4096 {
            all.push(Issued { name, value: value.to_owned(), cookie, id });
        }
    };
    for (name, value, _) in answer.cookies() {
        add(format!("cookie `{name}`"), value, true, true);
    }
    for name in ["etag", "x-csrf-token", "x-auth-token", "authorization"] {
        if let Some(value) = header(&answer.headers, name) {
            add(format!("header `{name}`"), value.rsplit(' ').next().unwrap_or(value), false, false);
        }
    }
    if let Some(location) = header(&answer.headers, "location") {
        for (part, is_query) in parts(location) {
            add("header `location`".to_owned(), &part, false, !is_query);
        }
    }
    if let Some(json) = json(answer.body.text(), &answer.headers) {
        leaves(&json, &mut String::new(), &mut |path, value| {
            let id = is_id(path);
            add(format!("`{path}`"), value, false, id);
        });
    } else if let Some(text) = answer.body.text() {
        let text = text.trim();
        if text.len() <= 200 && !text.contains(char::is_whitespace) {
            add("the body".to_owned(), text, false, text.bytes().all(|byte| byte.is_ascii_digit()));
        } else {
            hidden_inputs(text, &mut |name, value| add(format!("field `{name}`"), value, false, true));
        }
    }
    all
}

/// Everything a request carries.
pub(crate) fn carried(request: &Request) -> Vec<Carried> {
    let mut all: Vec<Carried> = Vec::new();
    let mut add = |place: String, value: &str, id: bool| {
        if !value.is_empty() {
            all.push(Carried { place, value: value.to_owned(), id });
        }
    };
    for (name, value) in request.cookies() {
        add(format!("cookie `{name}`"), value, true);
    }
    const PLAIN: [&str; 12] = [
        "cookie",
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "accept-language",
        "content-type",
        "content-length",
        "connection",
        "te",
        "upgrade",
        "origin",
    ];
    for (name, value) in request.headers.iter().filter(|(name, _)| !PLAIN.contains(&name.as_str())) {
        add(format!("header `{name}`"), value.rsplit(' ').next().unwrap_or(value), false);
    }
    for (part, is_query) in parts(&request.target) {
        add(if is_query { "the query" } else { "the path" }.to_owned(), &part, true);
    }
    if let Some(json) = json(request.body.text(), &request.headers) {
        leaves(&json, &mut String::new(), &mut |path, value| add(format!("`{path}`"), value, is_id(path)));
    } else if header(&request.headers, "content-type").is_some_and(|kind| kind.contains("form-urlencoded")) {
        for pair in request.body.text().unwrap_or("").split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            add(format!("field `{name}`"), value, is_id(name));
        }
    }
    all
}

/// For each exchange, what it carries of earlier answers.
pub(crate) fn links(exchanges: &[Exchange]) -> Vec<Vec<Link>> {
    let mut known: HashMap<String, (usize, Issued)> = HashMap::new();
    let mut all = Vec::with_capacity(exchanges.len());
    for (at, exchange) in exchanges.iter().enumerate() {
        let carries = carried(&exchange.request);
        let links = carries.iter().filter_map(|carried| {
            let (from, issued) = known.get(&carried.value)?;
            let telling = carried.value.len() >= 6 || (issued.id && carried.id);
            telling.then(|| Link { from: *from, issued: issued.clone(), carried: carried.clone() })
        });
        all.push(links.collect());
        let Some(answer) = exchange.answer() else { continue };
        for one in issued(answer) {
            // What the client itself sent is only echoed.
            let echoed = carries.iter().any(|carried| carried.value == one.value);
            if !echoed {
                known.entry(one.value.clone()).or_insert((at, one));
            }
        }
    }
    all
}

fn is_id(path: &str) -> bool {
    let name = path.rsplit(['.', ']']).find(|part| !part.is_empty()).unwrap_or(path).to_ascii_lowercase();
    name == "id"
        || name.ends_with("id")
        || ["token", "key", "code", "ticket", "state", "csrf"].iter().any(|word| name.contains(word))
}

/// Parts of a path, then values of its query.
fn parts(target: &str) -> Vec<(String, bool)> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path =
        path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.split('/').map(|part| (part.to_owned(), false));
    let values =
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| (value.to_owned(), true));
    path.chain(values).filter(|(part, _)| !part.is_empty()).collect()
}

/// The body where it is JSON, by its looks if its type does not say so.
pub(crate) fn json(text: Option<&str>, headers: &[(String, String)]) -> Option<Value> {
    let text = text?.trim();
    let said = header(headers, "content-type").is_some_and(|kind| kind.contains("json"));
    let looks = text.starts_with(['{', '[']);
    (said || looks).then(|| serde_json::from_str(text).ok()).flatten()
}

fn leaves(value: &Value, path: &mut String, visit: &mut dyn FnMut(&str, &str)) {
    let length = path.len();
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
                leaves(value, path, visit);
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                path.push_str(&format!("[{at}]"));
                leaves(value, path, visit);
                path.truncate(length);
            }
        }
        Value::String(text) => visit(path, text),
        Value::Number(number) => visit(path, &number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}

/// `<input type="hidden" name="csrf" value="..">`.
fn hidden_inputs(html: &str, visit: &mut dyn FnMut(&str, &str)) {
    for tag in html.split("<input").skip(1).filter_map(|rest| rest.split('>').next()) {
        let attribute = |name: &str| tag.split_once(&format!("{name}=\""))?.1.split('"').next();
        if let (true, Some(name), Some(value)) =
            (tag.contains("hidden"), attribute("name"), attribute("value"))
        {
            visit(name, value);
        }
    }
}
