//! Reads Hurl files, as far as they can be played here: requests, captures, and asserts on
//! status, headers, cookies and JSON.
//!
//! A reader of its own: the library that parses the format needs libxml2 and libclang to be built.
//! What it does not know is an error with its line, and never passed over; the `hurl` program
//! itself can always stand behind `--`.

use serde_json::Value;

use super::query::{Expect, Query, Wanted, shown};
use super::{Call, Mistake, Scenario, Wishes, base64, names, pairs, say_kind, split_origin, target};
use crate::verify::replay::Step;

/// The lines of a file, and how far they are read.
struct Lines<'a> {
    lines: Vec<&'a str>,
    at: usize,
    name: &'a str,
}

/// What a section's lines mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Headers,
    Query,
    Form,
    Cookies,
    Auth,
    Captures,
    Asserts,
}

pub(super) fn read(text: &str, name: &str, wishes: &Wishes) -> Result<Scenario, Mistake> {
    let mut lines = Lines { lines: text.lines().collect(), at: 0, name };
    let mut known = wishes.names();
    let mut origin: Option<String> = None;
    let mut calls = Vec::new();
    while lines.skip_blank() {
        let line = lines.at + 1;
        let (call, its) = entry(&mut lines, &known)?;
        match &origin {
            Some(origin) if *origin != its => {
                let why = format!(
                    "goes to {its}, while the requests before go to {origin}: only one service is driven"
                );
                return Err(Mistake::at(line, why));
            }
            Some(_) => {}
            None => origin = Some(its),
        }
        calls.push(call.checked(line, &mut known)?);
    }
    Ok(Scenario { calls, ..Scenario::default() })
}

impl<'a> Lines<'a> {
    /// The next line that says something, without the room around it.
    fn peek(&mut self) -> Option<&'a str> {
        self.skip_blank().then(|| self.lines[self.at].trim())
    }

    /// Whether something is left.
    fn skip_blank(&mut self) -> bool {
        while let Some(line) = self.lines.get(self.at) {
            if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                return true;
            }
            self.at += 1;
        }
        false
    }

    fn mistake(&self, why: impl Into<String>) -> Mistake {
        Mistake::at(self.at + 1, why)
    }

    fn unknown(&self, what: &str) -> Mistake {
        self.mistake(format!(
            "{what} cannot be played here: put the `hurl` program behind `--` for this file"
        ))
    }
}

/// One request with its response, and where it goes.
fn entry(lines: &mut Lines<'_>, known: &[String]) -> Result<(Call, String), Mistake> {
    let place = format!("{}:{}", lines.name, lines.at + 1);
    let first = lines.peek().unwrap_or_default();
    let (method, url) = first.split_once(' ').filter(|(method, _)| is_method(method)).ok_or_else(|| {
        lines.mistake(format!(
            "a request begins with a method and an address, as `GET http://localhost/`, not `{first}`"
        ))
    })?;
    let url = without_comment(url).trim();
    let (origin, path) = where_to(url, known);
    let mut step = Step { method: method.to_owned(), target: target(path), ..Step::default() };
    lines.at += 1;
    let (mut query, mut form, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
    let mut section = Section::Headers;
    while let Some(line) = lines.peek() {
        if is_response(line) || is_request(line) {
            break;
        }
        if let Some(name) = section_name(line) {
            section = match name {
                "Query" | "QueryStringParams" => Section::Query,
                "Form" | "FormParams" => Section::Form,
                "Cookies" => Section::Cookies,
                "BasicAuth" => Section::Auth,
                other => return Err(lines.unknown(&format!("the section `[{other}]`"))),
            };
            lines.at += 1;
        } else if is_body(line) {
            step.body = body(lines, &mut step.headers)?;
        } else {
            let (name, value) = pair(lines, line)?;
            match section {
                Section::Headers => step.headers.push((name.to_ascii_lowercase(), value)),
                Section::Query => query.push((name, value)),
                Section::Form => form.push((name, value)),
                Section::Cookies => cookies.push(format!("{name}={value}")),
                _ => step.headers.push(("authorization".to_owned(), basic(&name, &value))),
            }
            lines.at += 1;
        }
    }
    let joined =
        |list: &[(String, String)]| pairs(list.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if !query.is_empty() {
        let sign = if step.target.contains('?') { '&' } else { '?' };
        step.target = format!("{}{sign}{}", step.target, joined(&query));
    }
    if !form.is_empty() {
        step.body = joined(&form);
        say_kind(&mut step.headers, "application/x-www-form-urlencoded");
    }
    if !cookies.is_empty() {
        step.headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    let (captures, expects) = response(lines)?;
    let client = lines.name.to_owned();
    Ok((Call { place, client, needs: names(&step), step, captures, expects }, origin))
}

/// What a response section says: captures by name, and asserts.
type CapturesAndExpects = (Vec<(String, Query)>, Vec<Expect>);

/// What is taken from the answer, and what it has to be.
fn response(lines: &mut Lines<'_>) -> Result<CapturesAndExpects, Mistake> {
    let (mut captures, mut expects) = (Vec::new(), Vec::new());
    let Some(first) = lines.peek().filter(|line| is_response(line)) else { return Ok((captures, expects)) };
    let status = first.split_whitespace().nth(1).unwrap_or("*");
    if status != "*" {
        let wanted = status.parse::<u16>().map_err(|_| lines.mistake(format!("`{status}` is no status")))?;
        expects.push(expected(lines, "status", Query::Status, Wanted::Equal(wanted.into())));
    }
    lines.at += 1;
    let mut section = Section::Headers;
    while let Some(line) = lines.peek() {
        if is_request(line) {
            break;
        }
        if let Some(name) = section_name(line) {
            section = match name {
                "Captures" => Section::Captures,
                "Asserts" => Section::Asserts,
                other => return Err(lines.unknown(&format!("the section `[{other}]`"))),
            };
            lines.at += 1;
            continue;
        }
        if is_body(line) && section == Section::Headers {
            return Err(lines.unknown("a whole body that is expected"));
        }
        match section {
            Section::Captures => {
                let (name, text) = pair(lines, line)?;
                let words = words(&text).map_err(|why| lines.mistake(why))?;
                let (query, _, rest) = query(lines, &words)?;
                if !rest.is_empty() {
                    return Err(lines.unknown(&format!("the filter `{}`", rest.join(" "))));
                }
                captures.push((name, query));
            }
            Section::Asserts => expects.push(assert(lines, line)?),
            _ => {
                let (name, value) = pair(lines, line)?;
                let query = Query::Header(name.to_ascii_lowercase());
                expects.push(expected(lines, &format!("header.{name}"), query, Wanted::Equal(value.into())));
            }
        }
        lines.at += 1;
    }
    Ok((captures, expects))
}

fn expected(lines: &Lines<'_>, name: &str, query: Query, wanted: Wanted) -> Expect {
    Expect { place: format!("{}:{}", lines.name, lines.at + 1), query, name: name.to_owned(), wanted }
}

/// `jsonpath "$.a" == 1`.
fn assert(lines: &Lines<'_>, line: &str) -> Result<Expect, Mistake> {
    let words = words(line).map_err(|why| lines.mistake(why))?;
    let (query, name, mut rest) = query(lines, &words)?;
    let counts = rest.first().is_some_and(|word| word == "count");
    if counts {
        rest = &rest[1..];
    }
    let negated = rest.first().is_some_and(|word| word == "not");
    if negated {
        rest = &rest[1..];
    }
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text));
    let text = |text: &str| shown(&value(text));
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let wanted = match (rest.as_slice(), negated, counts) {
        (["==", count], false, true) => Wanted::Count(
            count.parse().map_err(|_| lines.mistake(format!("`{count}` is no number of items")))?,
        ),
        (["==", wanted], false, false) | (["!=", wanted], true, false) => Wanted::Equal(value(wanted)),
        (["!=", wanted], false, false) | (["==", wanted], true, false) => Wanted::Unequal(value(wanted)),
        (["contains" | "includes", part], false, false) => Wanted::Contains(text(part)),
        (["startsWith", start], false, false) => Wanted::StartsWith(text(start)),
        (["endsWith", end], false, false) => Wanted::EndsWith(text(end)),
        (["exists"], false, false) => Wanted::There,
        (["exists"], true, false) => Wanted::Absent,
        _ => return Err(lines.unknown(&format!("`{line}`"))),
    };
    Ok(expected(lines, &name, query, wanted))
}

/// A query at the start of a line, its name, and the words behind it.
fn query<'w>(lines: &Lines<'_>, words: &'w [String]) -> Result<(Query, String, &'w [String]), Mistake> {
    let argument = || {
        let quoted = words.get(1).and_then(|word| serde_json::from_str::<String>(word).ok());
        quoted.ok_or_else(|| lines.mistake(format!("`{}` wants a text in quotes behind it", words[0])))
    };
    let (query, name, taken) = match words.first().map(String::as_str) {
        Some("status") => (Query::Status, "status".to_owned(), 1),
        Some("body") => (Query::Body, "body".to_owned(), 1),
        Some("header") => {
            let name = argument()?;
            (Query::Header(name.to_ascii_lowercase()), format!("header.{name}"), 2)
        }
        Some("cookie") => {
            let name = argument()?;
            if name.contains('[') {
                return Err(lines.unknown("an attribute of a cookie"));
            }
            (Query::Cookie(name.clone()), format!("cookie.{name}"), 2)
        }
        Some("jsonpath") => {
            let path = argument()?;
            (Query::json_path(&path).map_err(|why| lines.unknown(&why))?, path, 2)
        }
        other => return Err(lines.unknown(&format!("the query `{}`", other.unwrap_or_default()))),
    };
    Ok((query, name, &words[taken..]))
}

/// A body of one line, of several, or JSON to the bracket that closes it.
fn body(lines: &mut Lines<'_>, headers: &mut Vec<(String, String)>) -> Result<String, Mistake> {
    let first = lines.lines[lines.at].trim();
    let mut kind = |kind: &str| say_kind(headers, kind);
    if let Some(language) = first.strip_prefix("```") {
        if let Some(text) = language.strip_suffix("```") {
            lines.at += 1;
            return Ok(text.to_owned());
        }
        match language.trim() {
            "json" => kind("application/json"),
            "xml" => kind("application/xml"),
            "" | "raw" => {}
            other => return Err(lines.unknown(&format!("a body of kind `{other}`"))),
        }
        let start = lines.at + 1;
        let end = (start..lines.lines.len()).find(|at| lines.lines[*at].trim() == "```");
        let end = end.ok_or_else(|| lines.mistake("nothing closes this body: a line of three backquotes"))?;
        lines.at = end + 1;
        return Ok(lines.lines[start..end].iter().map(|line| format!("{line}\n")).collect());
    }
    if let Some(text) = first.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        lines.at += 1;
        return Ok(text.to_owned());
    }
    kind("application/json");
    let mut text = String::new();
    for at in lines.at..lines.lines.len() {
        text += lines.lines[at];
        // Places for values may stand where JSON wants a value.
        let plain = super::filled(&text, &|_| Some("0".to_owned()));
        if serde_json::from_str::<Value>(&plain).is_ok() {
            lines.at = at + 1;
            return Ok(text);
        }
        text.push('\n');
    }
    Err(lines.mistake("this body is no whole JSON"))
}

/// Words of a line: in quotes, or up to the next room. Quotes stay, comments do not.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with('#') {
        let end = if rest.starts_with('"') {
            let mut escaped = false;
            let close = rest.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            close.ok_or_else(|| format!("nothing closes the quote of `{rest}`"))?.0 + 1
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}

fn pair(lines: &Lines<'_>, line: &str) -> Result<(String, String), Mistake> {
    let (name, value) = line.split_once(':').ok_or_else(|| {
        lines.mistake(format!("neither a pair `name: value` nor anything else of Hurl's: `{line}`"))
    })?;
    Ok((name.trim().to_owned(), without_comment(value).trim().to_owned()))
}

fn without_comment(text: &str) -> &str {
    text.split_once(" #").map_or(text, |(before, _)| before)
}

fn is_method(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_request(line: &str) -> bool {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    is_method(first)
        && first != "HTTP"
        && (rest.contains("://") || rest.starts_with("{{") || rest.starts_with('/'))
}

fn is_response(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    first == "HTTP" || first.starts_with("HTTP/")
}

fn is_body(line: &str) -> bool {
    let json = line.starts_with('{') && !line.starts_with("{{") || line.starts_with('[');
    json || line.starts_with('`')
}

/// `[Form]`; the start of a JSON list is none.
fn section_name(line: &str) -> Option<&str> {
    let name = without_comment(line).trim().strip_prefix('[')?.strip_suffix(']')?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(name)
}

/// The service and the path. A place without a value in front of a path is the service.
fn where_to<'a>(url: &'a str, known: &[String]) -> (String, &'a str) {
    if let Some((name, path)) = url.strip_prefix("{{").and_then(|rest| rest.split_once("}}"))
        && !known.iter().any(|known| known == name.trim())
    {
        return (format!("{{{{{}}}}}", name.trim()), path);
    }
    let (origin, path) = split_origin(url);
    (origin.to_owned(), path)
}

/// The header's value for a name and a password.
fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::encoded(format!("{user}:{password}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# who buys
POST {{host}}/login
X-Trace: on # why
[Form]
user: ann b
HTTP 200
Content-Type: application/json
[Captures]
token: jsonpath "$.data['token']"
[Asserts]
jsonpath "$.items" count == 2 # two
jsonpath "$.ok" == true
header "ETag" exists
cookie "sid" not exists

PUT {{host}}/cart?a=1
Authorization: Bearer {{token}}
[Query]
b: 2
{
  "item": "{{token}}",
  "n": {{token}}
}
HTTP/1.1 *
"#;

    #[test]
    fn requests_captures_and_asserts_are_read() {
        let calls = read(FILE, "a.hurl", &Wishes::default()).unwrap().calls;
        let (login, put) = (&calls[0], &calls[1]);
        assert_eq!((login.step.method.as_str(), login.step.target.as_str()), ("POST", "/login"));
        assert_eq!(login.step.body, "user=ann%20b");
        assert_eq!(login.step.headers[0], ("x-trace".to_owned(), "on".to_owned()));
        assert_eq!(login.captures[0], ("token".to_owned(), Query::parse("body.data.token").unwrap()));
        let expects: Vec<_> =
            login.expects.iter().map(|one| (one.place.as_str(), one.name.as_str(), &one.wanted)).collect();
        assert_eq!(expects[0], ("a.hurl:6", "status", &Wanted::Equal(200.into())));
        assert_eq!(expects[2], ("a.hurl:11", "$.items", &Wanted::Count(2)));
        assert_eq!(expects[3], ("a.hurl:12", "$.ok", &Wanted::Equal(true.into())));
        assert_eq!(expects[5], ("a.hurl:14", "cookie.sid", &Wanted::Absent));
        assert_eq!(put.step.target, "/cart?a=1&b=2");
        assert_eq!(put.needs, ["token"]);
        assert!(put.step.body.contains("\"n\": {{token}}\n}"), "{}", put.step.body);
        assert!(put.expects.is_empty());
    }

    #[test]
    fn a_form_that_says_its_kind_says_it_once() {
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let text = format!("POST http://a/\nContent-Type: {kind}\n[Form]\nuser: ann\n");
        let calls = read(&text, "a.hurl", &Wishes::default()).unwrap().calls;
        assert_eq!(calls[0].step.headers, [("content-type".to_owned(), kind.to_owned())]);
    }

    #[test]
    fn names_and_passwords_are_encoded() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("a", "b"), "Basic YTpi");
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_line() {
        for (text, line, word) in [
            ("GET http://a/\n[Options]\nretry: 3\n", 2, "[Options]"),
            ("GET http://a/\nHTTP 200\n[Captures]\nx: regex \"a(.)\"\n", 4, "regex"),
            ("GET http://a/\nHTTP 200\n[Captures]\nx: jsonpath \"$.a\" nth 0\n", 4, "nth 0"),
            ("GET http://a/\nHTTP 200\n{\"a\":1}\n", 3, "whole body"),
            ("GET http://a/\nHTTP 200\n\nGET http://b/\n", 4, "http://b"),
            ("GET http://a/\nbroken\n", 2, "broken"),
            ("GET http://a/{{id}}\n", 1, "{{id}}"),
        ] {
            let mistake = read(text, "a.hurl", &Wishes::default()).unwrap_err();
            assert_eq!(mistake.line, Some(line), "{text}: {}", mistake.why);
            assert!(mistake.why.contains(word), "{text}: {}", mistake.why);
        }
    }
}
