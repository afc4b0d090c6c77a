//! A recorded scenario, in place of a test command: requests in their order, what to take out
//! of the answers for later ones, and what answers have to be.
//!
//! Reads files and decides nothing. What cannot be read, or cannot be sent as it is meant, is an
//! error with its file and line: nothing is silently left out of a test.

mod base64;
mod har;
mod hurl;
mod line;
mod play;
mod query;
mod toml;

use std::path::{Path, PathBuf};

pub(crate) use self::play::play;
use self::query::{Expect, Query};
use super::failure::Failure;
use super::record::header;
use super::replay::Step;

/// A name that always has a value: where the requests go.
const ADDRESS: &str = "STATELESS_URL";

/// What is sent instead of running a command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scenario {
    calls: Vec<Call>,
    /// Values for `{{name}}` that no answer gives.
    variables: Vec<(String, String)>,
    /// What of the files is not sent, and why.
    pub(crate) warnings: Vec<String>,
}

/// One request.
#[derive(Debug, Clone)]
struct Call {
    /// `shop.toml:12`.
    place: String,
    /// Calls of one name share cookies and a connection.
    client: String,
    step: Step,
    /// Names in `{{..}}` that the request needs.
    needs: Vec<String>,
    captures: Vec<(String, Query)>,
    expects: Vec<Expect>,
}

/// What the command line says about scenarios.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// `http://localhost:8080`: of a HAR, only requests that went there.
    pub(crate) origin: Option<String>,
    /// Values for `{{name}}`.
    pub(crate) variables: Vec<(String, String)>,
}

/// A mistake in a file.
#[derive(Debug)]
struct Mistake {
    /// 1-based; nothing where it is the file as a whole.
    line: Option<usize>,
    why: String,
}

impl Mistake {
    fn at(line: usize, why: impl Into<String>) -> Self {
        Mistake { line: Some(line), why: why.into() }
    }
}

impl Scenario {
    /// Reads the files, one after the other.
    pub(crate) fn read(files: &[PathBuf], here: &Path, wishes: &Wishes) -> Result<Self, Failure> {
        let mut scenario = Scenario { variables: wishes.variables.clone(), ..Scenario::default() };
        for file in files {
            let failure = |line: Option<usize>, why: String| Failure::Scenario {
                place: line
                    .map_or_else(|| file.display().to_string(), |line| format!("{}:{line}", file.display())),
                why,
            };
            let text = std::fs::read(here.join(file)).map_err(|error| failure(None, error.to_string()))?;
            let text =
                String::from_utf8(text).map_err(|_| failure(None, "it is no text in UTF-8".to_owned()))?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
            let read = match file.extension().and_then(|extension| extension.to_str()) {
                Some("har") => har::read(text, &name, wishes),
                Some("hurl") => hurl::read(text, &name, wishes),
                Some("toml") => toml::read(text, &name, wishes),
                _ => Err(Mistake {
                    line: None,
                    why: "a scenario is a `.har`, `.hurl` or `.toml` file".to_owned(),
                }),
            };
            let read = read.map_err(|mistake| failure(mistake.line, mistake.why))?;
            if read.calls.is_empty() {
                return Err(failure(None, "it has no request to send".to_owned()));
            }
            scenario.calls.extend(read.calls);
            scenario.warnings.extend(read.warnings);
        }
        Ok(scenario)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

impl Wishes {
    /// Names that have a value from the start.
    fn names(&self) -> Vec<String> {
        self.variables.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Call {
    /// Fails where the request needs a name that has no value yet; else its captures have one.
    fn checked(self, line: usize, known: &mut Vec<String>) -> Result<Call, Mistake> {
        let has = |need: &String| need == ADDRESS || known.contains(need);
        if let Some(unknown) = self.needs.iter().find(|need| !has(need)) {
            let why = format!(
                "nothing gives a value to `{{{{{unknown}}}}}`: capture it before, or use `--variable`"
            );
            return Err(Mistake::at(line, why));
        }
        known.extend(self.captures.iter().map(|(name, _)| name.clone()));
        Ok(self)
    }
}

/// Says of what kind the body is, unless the request itself does.
fn say_kind(headers: &mut Vec<(String, String)>, kind: &str) {
    if header(headers, "content-type").is_none() {
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
}

/// Names in `{{..}}`, in all that is sent.
fn names(step: &Step) -> Vec<String> {
    let headers = step.headers.iter().map(|(_, value)| value.as_str());
    let texts = headers.chain([step.target.as_str(), step.body.as_str()]);
    let mut names: Vec<String> = texts.flat_map(places).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// What stands in `{{..}}`, without room around it.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

/// The text with values in the place of `{{name}}`; other places stay.
fn filled(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let (mut new, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("{{") {
        new += before;
        match after.split_once("}}") {
            Some((name, after)) => {
                new += &value(name.trim()).unwrap_or_else(|| format!("{{{{{name}}}}}"));
                rest = after;
            }
            None => {
                new += "{{";
                rest = after;
            }
        }
    }
    new + rest
}

/// Scheme and host in front, path and query behind; a path alone has no front.
fn split_origin(url: &str) -> (&str, &str) {
    let Some(scheme) = url.find("://") else { return ("", url) };
    let host = scheme + "://".len();
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    url.split_at(end)
}

/// As it stands in a request: begins with a slash, has no fragment.
fn target(path: &str) -> String {
    let path = path.split('#').next().unwrap_or("");
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// As in a query or a form. Places for values stay as they are, and are escaped once filled.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'{' | b'}' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// `a=1&b=2`.
fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Scenario, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
        Scenario::read(&[name.into()], dir.path(), &Wishes::default()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn places_are_filled_and_unknown_ones_stay() {
        let value = |name: &str| (name == "id").then(|| "7".to_owned());
        assert_eq!(filled("/a/{{id}}/{{ id }}/{{x}}/{{", &value), "/a/7/7/{{x}}/{{");
        assert_eq!(places("/{{a}}/{{ b }}{{").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn addresses_are_split_before_the_path() {
        assert_eq!(split_origin("https://a:1/b?c"), ("https://a:1", "/b?c"));
        assert_eq!(split_origin("https://a?c"), ("https://a", "?c"));
        assert_eq!(split_origin("/b"), ("", "/b"));
        assert_eq!(target("?c=1#d"), "/?c=1");
        assert_eq!(pairs([("a b", "x&y"), ("t", "{{id}}")]), "a%20b=x%26y&t={{id}}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (name, text, wanted) in [
            ("a.txt", "", "a.txt: a scenario is"),
            ("a.har", "{\n \"log\": {\"entries\": [}\n}", "a.har:2: "),
            ("a.har", "{}", "a.har:1: "),
            ("a.har", r#"{"log":{"entries":[]}}"#, "a.har: it has no request"),
            ("a.toml", "[[request]]\nsend = 1\n", "a.toml:2: "),
            ("a.toml", "[[request]]\nsend = \"GET\"\n", "a.toml:1: "),
            ("a.toml", "[[request]]\nsend = \"GET /\"\nexpct = 200\n", "a.toml:3: "),
            (
                "a.toml",
                "[[request]]\nsend = \"GET /{{id}}\"\n",
                "a.toml:1: nothing gives a value to `{{id}}`",
            ),
            ("a.hurl", "GET\n", "a.hurl:1: "),
            ("a.hurl", "GET http://a/\nHTTP 200\n[Asserts]\nxpath \"//a\" exists\n", "a.hurl:4: "),
            ("a.hurl", "GET http://a/\n\nPOST http://a/b\n{ \"x\": \n", "a.hurl:4: "),
        ] {
            let error = read(name, text).unwrap_err();
            assert!(error.contains(wanted), "`{wanted}` is not in `{error}`");
        }
    }
}
