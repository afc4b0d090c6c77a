//! Names clients and requests so that the same request has the same name in every run,
//! whatever the timing: by the client that sends it, its route, and its turn there.
//!
//! A client is told by what it was given (a cookie, a token), else by a credential of its own,
//! else by its connection.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::lineage::Issued;
use super::record::Request;

/// Names a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    /// What the client's first request was, and its turn among those.
    pub(crate) client: String,
    /// Method and path, what varies from run to run left out.
    pub(crate) route: String,
    /// How many times this client asked this before.
    pub(crate) turn: usize,
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} > {} #{}", self.client, self.route, self.turn)
    }
}

/// The clients of one run.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    names: Vec<String>,
    births: HashMap<String, usize>,
    /// Who was given this value.
    given: HashMap<String, usize>,
    /// What was given out as an id, by its name.
    ids: HashSet<String>,
    /// Who said this of itself.
    own: HashMap<String, usize>,
    connections: HashMap<u64, usize>,
    turns: HashMap<(usize, String), usize>,
}

impl Clients {
    /// Who sends this, and what the request is called.
    pub(crate) fn name(&mut self, connection: u64, request: &Request) -> (usize, Key) {
        let route = route_of(request, &|part| self.ids.contains(part));
        let client = self.known(connection, request).unwrap_or_else(|| self.born(&route));
        self.connections.insert(connection, client);
        if let Some(own) = credential(request) {
            self.own.entry(own).or_insert(client);
        }
        let turn = self.turns.entry((client, route.clone())).or_default();
        let key = Key { client: self.names[client].clone(), route, turn: *turn };
        *turn += 1;
        (client, key)
    }

    /// Remembers what the client was given.
    pub(crate) fn learn(&mut self, client: usize, issued: Vec<Issued>) {
        for issued in issued {
            // A part of an address that is led to may be any word.
            let named = issued.id && !issued.cookie && !issued.name.starts_with("header ");
            if named {
                self.ids.insert(issued.value.clone());
            }
            if issued.cookie || issued.value.len() >= 8 {
                self.given.entry(issued.value).or_insert(client);
            }
        }
    }

    fn known(&self, connection: u64, request: &Request) -> Option<usize> {
        let given = |value: &str| self.given.get(value).copied();
        let cookie = request.cookies().find_map(|(_, value)| given(value));
        let token = || {
            let own = request.headers.iter().filter(|(name, _)| !name.starts_with("if-") && name != "cookie");
            own.filter_map(|(_, value)| given(value.rsplit(' ').next().unwrap_or(value))).next()
        };
        let own = || credential(request).and_then(|own| self.own.get(&own).copied());
        let connected = || match credential(request) {
            // Somebody new over a connection that was used before.
            Some(_) => None,
            None => self.connections.get(&connection).copied(),
        };
        cookie.or_else(token).or_else(own).or_else(connected)
    }

    fn born(&mut self, route: &str) -> usize {
        let turn = self.births.entry(route.to_owned()).or_default();
        self.names.push(format!("{route} #{turn}"));
        *turn += 1;
        self.names.len() - 1
    }
}

/// What a client says of itself.
fn credential(request: &Request) -> Option<String> {
    let names = ["authorization", "x-api-key", "cookie"];
    request
        .headers
        .iter()
        .find(|(name, _)| names.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value}"))
}

/// Method and path, with `{}` for each part that is made anew in every run.
pub(crate) fn route(request: &Request) -> String {
    route_of(request, &|_| false)
}

/// The same; what is known to be an id need not look like one.
fn route_of(request: &Request, is_id: &dyn Fn(&str) -> bool) -> String {
    let made = |part: &str| is_made(part) || is_id(part);
    let parts: Vec<&str> =
        request.path().split('/').map(|part| if made(part) { "{}" } else { part }).collect();
    let mut names: Vec<&str> = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query)
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    let query = if names.is_empty() { String::new() } else { format!("?{}", names.join("&")) };
    format!("{} {}{query}", request.method, parts.join("/"))
}

/// Whether a part of a path looks like an id: a number, or long with digits in it.
fn is_made(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let id =
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'='));
    id && digits > 0 && (digits == part.len() || (part.len() >= 12 && digits >= 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::lineage;
    use crate::verify::record::Answer;

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request { method: method.to_owned(), target: target.to_owned(), headers, ..Request::default() }
    }

    fn setting(cookie: &str) -> Vec<Issued> {
        let headers = vec![("set-cookie".to_owned(), cookie.to_owned())];
        lineage::issued(&Answer { headers, ..Answer::default() })
    }

    #[test]
    fn a_cookie_makes_one_client_of_many_connections() {
        let mut clients = Clients::default();
        let (first, _) = clients.name(1, &request("POST", "/login", &[]));
        clients.learn(first, setting("sid=abc; Path=/"));
        let (other, _) = clients.name(2, &request("POST", "/login", &[]));
        clients.learn(other, setting("sid=xyz"));
        let (again, key) = clients.name(3, &request("GET", "/cart", &[("cookie", "lang=en; sid=abc")]));
        assert_eq!((first, again), (0, 0));
        assert_eq!(key.to_string(), "POST /login #0 > GET /cart #0");
        let (_, key) = clients.name(4, &request("GET", "/cart", &[("cookie", "sid=xyz")]));
        assert_eq!(key.to_string(), "POST /login #1 > GET /cart #0");
    }

    #[test]
    fn credentials_tell_clients_on_one_connection_apart() {
        let mut clients = Clients::default();
        let (ann, _) = clients.name(1, &request("GET", "/me", &[("authorization", "Basic ann")]));
        let (bob, _) = clients.name(1, &request("GET", "/me", &[("authorization", "Basic bob")]));
        let (again, _) = clients.name(2, &request("GET", "/me", &[("authorization", "Basic ann")]));
        assert_eq!((ann, bob, again), (0, 1, 0));
    }

    #[test]
    fn what_was_given_out_as_an_id_is_left_out_of_routes_however_it_looks() {
        let mut clients = Clients::default();
        let (ann, _) = clients.name(1, &request("POST", "/games", &[]));
        let body = crate::verify::record::Body::of(br#"{"game_id":"game_BDUIPCQ","kind":"chess"}"#);
        clients.learn(ann, lineage::issued(&Answer { body, ..Answer::default() }));
        let (_, key) = clients.name(1, &request("GET", "/games/game_BDUIPCQ/chess", &[]));
        assert_eq!(key.route, "GET /games/{}/chess");
        // And nobody else's words.
        let (_, key) = clients.name(1, &request("GET", "/games/game_BDUIPCX", &[]));
        assert_eq!(key.route, "GET /games/game_BDUIPCX");
    }

    #[test]
    fn routes_leave_out_what_is_made_anew() {
        let route_of = |target| route(&request("GET", target, &[]));
        assert_eq!(route_of("/a/17/b"), "GET /a/{}/b");
        assert_eq!(route_of("/a/3fa85f64-5717-4562-b3fc-2c963f66afa6"), "GET /a/{}");
        assert_eq!(route_of("/v1/users?page=2&after=xyz"), "GET /v1/users?after&page");
    }
}
