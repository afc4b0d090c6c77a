//! Takes a value out of an answer, and holds it against what is expected.
//!
//! Fields are named as in the reports: `status`, `header.location`, `cookie.sid`,
//! `body.items[0].id`.

use serde_json::Value;

use crate::verify::lineage::json;
use crate::verify::record::{Answer, header};

/// Where in an answer a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Query {
    Status,
    Header(String),
    Cookie(String),
    /// All of it, as text.
    Body,
    /// A field of a JSON body.
    Json(Vec<Part>),
}

/// A step into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Field(String),
    Item(usize),
}

/// What an answer has to be.
#[derive(Debug, Clone)]
pub(super) struct Expect {
    pub(super) place: String,
    /// As it is written there.
    pub(super) query: Query,
    pub(super) name: String,
    pub(super) wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    Equal(Value),
    Unequal(Value),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    There,
    Absent,
    /// So many items or characters.
    Count(usize),
}

impl Query {
    /// Reads a field's name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (first, rest) = text.split_once('.').unwrap_or((text, ""));
        Ok(match (first, rest) {
            ("status", "") => Query::Status,
            ("header", name) if !name.is_empty() => Query::Header(name.to_ascii_lowercase()),
            ("cookie", name) if !name.is_empty() => Query::Cookie(name.to_owned()),
            ("body", "") => Query::Body,
            ("body", path) => Query::Json(parts(&format!(".{path}"))?),
            (list, _) if list.starts_with("body[") => Query::Json(parts(&text["body".len()..])?),
            _ => {
                return Err(format!(
                    "`{text}` names no field of an answer: there are `status`, `header.NAME`, `cookie.NAME`, `body` and \
                     `body.FIELD`"
                ));
            }
        })
    }

    /// The part of JSONPath that names one field: `$.a.b[0]`, `$['a']`.
    pub(super) fn json_path(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix('$').ok_or_else(|| format!("`{text}` does not begin with `$`"))?;
        parts(path).map(Query::Json)
    }

    pub(super) fn of(&self, answer: &Answer) -> Option<Value> {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        match self {
            Query::Status => Some(Value::from(answer.status)),
            Query::Header(name) => text(header(&answer.headers, name)?),
            Query::Cookie(name) => text(answer.cookies().find(|(known, _, _)| known == name)?.1),
            Query::Body => text(answer.body.text()?),
            Query::Json(parts) => {
                let body = json(answer.body.text(), &answer.headers)?;
                let mut value = &body;
                for part in parts {
                    value = match part {
                        Part::Field(name) => value.get(name)?,
                        Part::Item(at) => value.get(at)?,
                    };
                }
                Some(value.clone())
            }
        }
    }
}

impl Expect {
    /// What is wrong with the answer, if something is.
    pub(super) fn broken(&self, answer: &Answer, fill: &dyn Fn(&str) -> String) -> Option<String> {
        let found = self.query.of(answer);
        let is = found.as_ref().map_or_else(|| "not there".to_owned(), shown);
        let text = found.as_ref().map(shown).unwrap_or_default();
        let equal = |wanted: &Value| found.is_some() && text == fill(&shown(wanted));
        let (holds, wanted) = match &self.wanted {
            Wanted::Equal(wanted) => (equal(wanted), fill(&shown(wanted))),
            Wanted::Unequal(wanted) => (!equal(wanted), format!("anything but {}", fill(&shown(wanted)))),
            Wanted::Contains(part) => (text.contains(&fill(part)), format!("something with {}", fill(part))),
            Wanted::StartsWith(start) => {
                (text.starts_with(&fill(start)), format!("something that begins with {}", fill(start)))
            }
            Wanted::EndsWith(end) => {
                (text.ends_with(&fill(end)), format!("something that ends with {}", fill(end)))
            }
            Wanted::There => (found.is_some(), "there".to_owned()),
            Wanted::Absent => (found.is_none(), "not there".to_owned()),
            Wanted::Count(count) => {
                let has = match &found {
                    Some(Value::Array(items)) => items.len(),
                    Some(Value::Object(fields)) => fields.len(),
                    _ => text.chars().count(),
                };
                (found.is_some() && has == *count, format!("of length {count}"))
            }
        };
        (!holds).then(|| format!("{} is {is}, expected {wanted}", self.name))
    }
}

/// A string as it is, everything else as JSON.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn parts(path: &str) -> Result<Vec<Part>, String> {
    let wrong = || format!("`{path}` names no single field: only `.name`, `[0]` and `['name']` are known");
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (inside, after) = inner.split_once(']').ok_or_else(wrong)?;
            let quoted = |quote: char| inside.strip_prefix(quote)?.strip_suffix(quote);
            parts.push(match quoted('\'').or_else(|| quoted('"')) {
                Some(name) => Part::Field(name.to_owned()),
                None => Part::Item(inside.parse().map_err(|_| wrong())?),
            });
            rest = after;
            continue;
        }
        rest = rest.strip_prefix('.').ok_or_else(wrong)?;
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() || name.contains(['*', '?', '@', '(']) {
            return Err(wrong());
        }
        parts.push(Part::Field(name.to_owned()));
        rest = after;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::record::Body;

    #[test]
    fn fields_are_found_by_their_names() {
        let answer = Answer {
            status: 201,
            headers: vec![("location".into(), "/a/7".into()), ("set-cookie".into(), "sid=x; Path=/".into())],
            body: Body::of(br#"{"items":[{"id":7},{"a.b":true}]}"#),
            ..Answer::default()
        };
        let value = |text: &str| Query::parse(text).unwrap().of(&answer).map(|value| shown(&value));
        assert_eq!(value("status").as_deref(), Some("201"));
        assert_eq!(value("header.Location").as_deref(), Some("/a/7"));
        assert_eq!(value("cookie.sid").as_deref(), Some("x"));
        assert_eq!(value("body.items[0].id").as_deref(), Some("7"));
        assert_eq!(value("body.items[1]['a.b']").as_deref(), Some("true"));
        assert_eq!(value("body.items[2]"), None);
        assert_eq!(Query::json_path("$.items[0].id"), Query::parse("body.items[0].id"));
        for wrong in ["", "bodi", "header", "body.a[x]", "body.*", "body..a"] {
            assert!(Query::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_as_expected_is_said() {
        let answer = Answer { status: 401, ..Answer::default() };
        let expect =
            |wanted| Expect { place: String::new(), query: Query::Status, name: "status".into(), wanted };
        let broken = |wanted| expect(wanted).broken(&answer, &str::to_owned);
        assert_eq!(broken(Wanted::Equal(200.into())).unwrap(), "status is 401, expected 200");
        assert_eq!(broken(Wanted::Equal(401.into())), None);
        assert_eq!(broken(Wanted::There), None);
        assert!(broken(Wanted::Absent).is_some());
        assert!(broken(Wanted::StartsWith("2".into())).is_some());
    }
}
