//! What differs between two answers to the same request, field by field.
//!
//! The order of fields in JSON is never compared. The order of a list's items is not either,
//! where both lists hold the same ones: many stores promise none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::lineage::json;
use super::record::{Answer, Body, Exchange, Outcome};

/// One field that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// `status`, `header.location`, `cookie.sid`, `body.items[].id`, `message`.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    /// What the first has; empty where it has nothing.
    pub(crate) was: String,
    /// What the second has.
    pub(crate) is: String,
}

/// In what way two fields differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Both have it, with different values.
    Value,
    /// Only one has it, or they have different numbers of items.
    Presence,
}

/// Headers that describe the connection or the moment rather than the answer.
const PASSED_OVER: [&str; 6] =
    ["connection", "content-length", "date", "keep-alive", "set-cookie", "transfer-encoding"];

/// All differences; a different status alone, as the rest follows from it.
pub(crate) fn differences(
    first: &Exchange,
    second: &Exchange,
    noisy: &dyn Fn(&str, Kind) -> bool,
) -> Vec<Field> {
    let mut found = Found { fields: Vec::new(), noisy };
    match (first.answer(), second.answer()) {
        (Some(one), Some(other)) if one.status == other.status => found.answers(one, other),
        (None, None) => {}
        // Its client did not wait for the end: there is nothing to compare with.
        _ if matches!(first.outcome, Outcome::Pending) => {}
        _ => found.add("status", Kind::Value, first.status(), second.status()),
    }
    found.fields
}

struct Found<'a> {
    fields: Vec<Field>,
    noisy: &'a dyn Fn(&str, Kind) -> bool,
}

impl Found<'_> {
    fn add(&mut self, path: &str, kind: Kind, was: String, is: String) {
        if !(self.noisy)(path, kind) {
            self.fields.push(Field { path: path.to_owned(), kind, was, is });
        }
    }

    fn answers(&mut self, one: &Answer, other: &Answer) {
        self.maps("header", &plain(&one.headers), &plain(&other.headers));
        let cookies = |answer: &Answer| {
            let mut map = BTreeMap::new();
            for (name, value, attributes) in answer.cookies() {
                map.insert(name.to_owned(), value.to_owned());
                // When it ends is a moment; how long it lasts is not.
                let lasting = attributes
                    .split(';')
                    .map(str::trim)
                    .filter(|part| !part.to_ascii_lowercase().starts_with("expires"));
                map.insert(format!("{name}.attributes"), lasting.collect::<Vec<_>>().join("; "));
            }
            map
        };
        self.maps("cookie", &cookies(one), &cookies(other));
        self.bodies(&one.body, &other.body, one, other);
        self.maps("trailer", &plain(&one.trailers), &plain(&other.trailers));
        if one.broken.is_some() != other.broken.is_some() {
            let words = |answer: &Answer| answer.broken.clone().unwrap_or_else(|| "whole".to_owned());
            self.add("body", Kind::Presence, words(one), words(other));
        }
        self.messages(one, other);
    }

    fn maps(&mut self, what: &str, one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) {
        for (name, value) in one {
            let path = format!("{what}.{name}");
            match other.get(name) {
                Some(found) if found == value => {}
                Some(found) => self.add(&path, Kind::Value, value.clone(), found.clone()),
                None => self.add(&path, Kind::Presence, value.clone(), String::new()),
            }
        }
        for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
            self.add(&format!("{what}.{name}"), Kind::Presence, String::new(), value.clone());
        }
    }

    fn bodies(&mut self, one: &Body, other: &Body, first: &Answer, second: &Answer) {
        if one == other {
            return;
        }
        match (json(one.text(), &first.headers), json(other.text(), &second.headers)) {
            (Some(one), Some(other)) => self.values("body", &one, &other),
            _ => self.texts("body", one, other),
        }
    }

    fn texts(&mut self, path: &str, one: &Body, other: &Body) {
        let (Some(one), Some(other)) = (one.text(), other.text()) else {
            let words = |body: &Body| format!("{} bytes", body.length);
            return self.add(path, Kind::Value, words(one), words(other));
        };
        let (first, second) = (words(one), words(other));
        if first.len() != second.len() {
            return self.add(path, Kind::Presence, shortened(one), shortened(other));
        }
        for (at, (was, is)) in first.iter().zip(&second).enumerate().filter(|(_, (was, is))| was != is) {
            let path = if first.len() == 1 { path.to_owned() } else { format!("{path}.word{at}") };
            self.add(&path, Kind::Value, shortened(was), shortened(is));
        }
    }

    fn values(&mut self, path: &str, one: &Value, other: &Value) {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => {
                for (name, value) in one {
                    let path = format!("{path}.{name}");
                    match other.get(name) {
                        Some(found) => self.values(&path, value, found),
                        None => self.add(&path, Kind::Presence, shown(value), String::new()),
                    }
                }
                for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
                    self.add(&format!("{path}.{name}"), Kind::Presence, String::new(), shown(value));
                }
            }
            (Value::Array(one), Value::Array(other)) => self.lists(&format!("{path}[]"), one, other),
            (one, other) if one == other => {}
            (one, other) => self.add(path, Kind::Value, shown(one), shown(other)),
        }
    }

    fn lists(&mut self, path: &str, one: &[Value], other: &[Value]) {
        if one.len() != other.len() {
            let words = |list: &[Value]| format!("{} items", list.len());
            return self.add(path, Kind::Presence, words(one), words(other));
        }
        let in_order = |list: &[Value]| {
            let mut list: Vec<(String, usize)> =
                list.iter().enumerate().map(|(at, value)| (self.masked(path, value), at)).collect();
            list.sort();
            list
        };
        let (first, second) = (in_order(one), in_order(other));
        if first.iter().map(|(text, _)| text).eq(second.iter().map(|(text, _)| text)) {
            return;
        }
        for (was, is) in one.iter().zip(other) {
            self.values(path, was, is);
        }
    }

    /// The value as text, without what is noise in it.
    fn masked(&self, path: &str, value: &Value) -> String {
        match value {
            Value::Object(fields) => {
                let fields: BTreeMap<_, _> = fields
                    .iter()
                    .map(|(name, value)| (name, self.masked(&format!("{path}.{name}"), value)))
                    .filter(|(name, _)| !(self.noisy)(&format!("{path}.{name}"), Kind::Presence))
                    .collect();
                format!("{fields:?}")
            }
            Value::Array(items) => {
                let path = format!("{path}[]");
                let mut items: Vec<String> = items.iter().map(|value| self.masked(&path, value)).collect();
                items.sort();
                format!("{items:?}")
            }
            _ if (self.noisy)(path, Kind::Value) => String::new(),
            value => value.to_string(),
        }
    }

    /// What clients were told; what they said is the test's business. One kind of message after
    /// the other: that somebody has left may come too late in one run, and says nothing about
    /// what else came.
    fn messages(&mut self, one: &Answer, other: &Answer) {
        let told = |answer: &Answer| {
            let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for message in answer.messages.iter().filter(|message| !message.from_client) {
                let text = String::from_utf8_lossy(&message.data).into_owned();
                kinds.entry(kind_of(&text)).or_default().push(text);
            }
            kinds
        };
        let (first, second) = (told(one), told(other));
        let kinds: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
        for kind in kinds {
            let of = |kinds: &BTreeMap<String, Vec<String>>| kinds.get(kind).cloned().unwrap_or_default();
            self.messages_of(kind, of(&first), of(&second));
        }
    }

    fn messages_of(&mut self, kind: &str, first: Vec<String>, second: Vec<String>) {
        if first.len() != second.len() {
            let words = |list: &[String]| format!("{} messages", list.len());
            let path = if kind.is_empty() { "messages".to_owned() } else { format!("messages.{kind}") };
            return self.add(&path, Kind::Presence, words(&first), words(&second));
        }
        let (mut sorted, mut others) = (first.clone(), second.clone());
        sorted.sort();
        others.sort();
        if sorted == others {
            return;
        }
        for (was, is) in first.iter().zip(&second).filter(|(was, is)| was != is) {
            match (serde_json::from_str(was), serde_json::from_str(is)) {
                (Ok(was), Ok(is)) => self.values("message", &was, &is),
                _ => self.texts("message", &Body::of(was.as_bytes()), &Body::of(is.as_bytes())),
            }
        }
    }
}

/// The names of a JSON message's fields; nothing for other text.
fn kind_of(text: &str) -> String {
    let fields = serde_json::from_str::<serde_json::Map<String, Value>>(text).unwrap_or_default();
    fields.keys().map(String::as_str).collect::<Vec<_>>().join("+")
}

fn plain(headers: &[(String, String)]) -> BTreeMap<String, String> {
    let mut map: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| !PASSED_OVER.contains(&name.as_str())) {
        map.entry(name.clone())
            .and_modify(|known| *known += &format!(", {value}"))
            .or_insert_with(|| value.clone());
    }
    map
}

/// Words and the signs between them: an id in a page is one word of many.
fn words(text: &str) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '+');
    let mut words = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let end = match word(first) {
            true => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        if !first.is_whitespace() {
            words.push(&rest[..end]);
        }
        rest = &rest[end..];
    }
    words
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

/// So much that a line still fits.
fn shortened(text: &str) -> String {
    const LENGTH: usize = 60;
    let text = text.trim();
    match text.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{}..", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::key::Key;
    use crate::verify::record::{Message, Moments, Request};

    fn exchange(answer: Answer) -> Exchange {
        let key = Key { client: String::new(), route: "GET /".into(), turn: 0 };
        let request = Request::default();
        Exchange {
            key,
            client: 0,
            replica: 0,
            life: 0,
            overlapped: false,
            moments: Moments::default(),
            request,
            outcome: Outcome::Answered(answer),
        }
    }

    fn body(text: &str) -> Answer {
        Answer { status: 200, body: Body::of(text.as_bytes()), ..Answer::default() }
    }

    fn paths(one: Answer, other: Answer, noise: &[&str]) -> Vec<String> {
        let noisy = |path: &str, _| noise.contains(&path);
        let fields = differences(&exchange(one), &exchange(other), &noisy);
        fields.into_iter().map(|field| format!("{}: {} -> {}", field.path, field.was, field.is)).collect()
    }

    #[test]
    fn json_is_compared_by_fields() {
        let found =
            paths(body(r#"{"a":1,"b":{"c":"x"},"d":[1]}"#), body(r#"{"b":{"c":"y"},"d":[1,2],"e":2}"#), &[]);
        let wanted =
            ["body.a: 1 -> ", "body.b.c: \"x\" -> \"y\"", "body.d[]: 1 items -> 2 items", "body.e:  -> 2"];
        assert_eq!(found, wanted);
    }

    #[test]
    fn order_is_not_compared_and_noise_is_left_out_of_items() {
        let one = r#"[{"id":"p","n":1},{"id":"q","n":2},{"id":"r","n":3}]"#;
        let other = r#"[{"n":3,"id":"x"},{"n":1,"id":"y"},{"n":2,"id":"z"}]"#;
        assert_eq!(paths(body(one), body(other), &["body[].id"]), [""; 0]);
        let changed = other.replace("\"n\":2", "\"n\":5");
        assert!(!paths(body(one), body(&changed), &["body[].id"]).is_empty());
    }

    #[test]
    fn a_different_status_says_it_all() {
        let refused = Answer { status: 401, ..body("who?") };
        assert_eq!(paths(body("hello"), refused, &[]), ["status: 200 -> 401"]);
    }

    #[test]
    fn who_did_not_wait_for_an_answer_has_none_to_compare_with() {
        let gone = || Exchange { outcome: Outcome::Pending, ..exchange(body("")) };
        assert_eq!(differences(&gone(), &exchange(body("x")), &|_, _| false), []);
        // But whom a replica lets wait in vain is told by it.
        let found = differences(&exchange(body("x")), &gone(), &|_, _| false);
        assert_eq!((found.len(), found[0].path.as_str(), found[0].is.as_str()), (1, "status", "no answer"));
    }

    #[test]
    fn pages_are_compared_by_words_cookies_by_value_and_attributes() {
        let found = paths(body("<p>Hello Ann, 3 new</p>"), body("<p>Hello Ann, 4 new</p>"), &[]);
        assert_eq!(found, ["body.word6: 3 -> 4"]);
        let cookie = |text: &str| Answer { headers: vec![("set-cookie".into(), text.into())], ..body("") };
        let found = paths(cookie("a=1; Expires=now; Path=/"), cookie("a=2; Expires=then; Path=/x"), &[]);
        assert_eq!(found, ["cookie.a: 1 -> 2", "cookie.a.attributes: Path=/ -> Path=/x"]);
    }

    #[test]
    fn messages_that_did_not_come_are_seen() {
        let told = |texts: &[&str]| {
            let message =
                |text: &&str| Message { from_client: false, binary: false, data: text.as_bytes().to_vec() };
            Answer { messages: texts.iter().map(message).collect(), status: 101, ..Answer::default() }
        };
        assert_eq!(paths(told(&["a", "b"]), told(&["b", "a"]), &[]), [""; 0]);
        assert_eq!(paths(told(&["a", "b"]), told(&["a"]), &[]), ["messages: 2 messages -> 1 messages"]);
        assert_eq!(paths(told(&["a"]), told(&["c"]), &[]), ["message: a -> c"]);
        // One kind may be noise, and another one still be missed.
        let (all, few) = (told(&[r#"{"said":1}"#, r#"{"left":2}"#]), told(&[]));
        let missing = "messages.said: 1 messages -> 0 messages";
        assert_eq!(paths(all, few, &["messages.left"]), [missing]);
    }
}
