//! A test command: the test program itself, started again as a client that works off a list.
//!
//! `CLIENT_SCRIPT` holds a request a line: `METHOD /path [body]`, with `= STATUS` behind it where
//! the client insists on one, and `{id}` for the id of the last answer that had one. A cookie and
//! a token that were given out last are sent along. `---` starts a new client, without either.
//! `JOIN name /path` opens a WebSocket, `SAY name text` sends into it, and `HEAR name text` waits
//! for a message, in vain if need be. `TOGETHER /path` asks twice at once, on two connections.
//! `#` begins a comment.

use std::collections::HashMap;
use std::env;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread;

use super::socket::Socket;
use super::support::http::head;

/// What stands behind `--` of `verify`: the client, with its list.
pub(crate) fn drive(command: &mut Command, script: &str) {
    command.env("CLIENT_SCRIPT", script);
    command.arg("--").arg(env::current_exe().unwrap()).args(["--exact", "client::client", "--nocapture"]);
}

/// Not a test: the client, where it is started as one.
#[test]
fn client() {
    let (Ok(script), Ok(url)) = (env::var("CLIENT_SCRIPT"), env::var("STATELESS_URL")) else { return };
    let address = url.strip_prefix("http://").unwrap();
    let mut client = Client::new(address);
    let mut sockets: HashMap<&str, Socket> = HashMap::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.splitn(3, ' ');
        let (first, second) = (words.next().unwrap(), words.next().unwrap_or_default());
        let rest = words.next().unwrap_or_default();
        match first {
            "TOGETHER" => thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| Client::new(address).ask(&format!("GET {second}")));
                }
            }),
            "---" => client = Client::new(address),
            "JOIN" => {
                sockets.insert(second, Socket::open(address, rest));
            }
            "SAY" => sockets.get_mut(second).unwrap().say(rest),
            "HEAR" => println!("{line}: {}", sockets.get_mut(second).unwrap().hear(rest)),
            _ => client.ask(line),
        }
    }
}

/// One client on one connection.
struct Client {
    address: String,
    connection: BufReader<TcpStream>,
    cookie: String,
    token: String,
    id: String,
}

impl Client {
    fn new(address: &str) -> Self {
        let connection = BufReader::new(TcpStream::connect(address).unwrap());
        let [cookie, token, id] = [const { String::new() }; 3];
        Client { address: address.to_owned(), connection, cookie, token, id }
    }

    fn ask(&mut self, line: &str) {
        let (line, wanted) = line.split_once(" = ").unwrap_or((line, ""));
        let mut parts = line.splitn(3, ' ');
        let (method, path) = (parts.next().unwrap(), parts.next().unwrap().replace("{id}", &self.id));
        let body = parts.next().unwrap_or("");
        let kind = match body.as_bytes() {
            [] => "",
            [b'{', ..] => "Content-Type: application/json\r\n",
            _ if body.contains('=') => "Content-Type: application/x-www-form-urlencoded\r\n",
            _ => "Content-Type: text/plain\r\n",
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}{}{kind}Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.cookie,
            self.token,
            body.len()
        );
        self.connection.get_mut().write_all(head.as_bytes()).unwrap();
        let (status, head, body) = answer(&mut self.connection);
        println!("{method} {path} -> {status} {body}");
        if let Some(set) = head.iter().find_map(|line| line.strip_prefix("set-cookie: ")) {
            self.cookie = format!("Cookie: {}\r\n", set.split(';').next().unwrap());
        }
        let field =
            |name: &str| Some(body.split_once(&format!("\"{name}\":\""))?.1.split('"').next()?.to_owned());
        if let Some(id) = field("id") {
            self.id = id;
        }
        if let Some(token) = field("token") {
            self.token = format!("Authorization: Bearer {token}\r\n");
        }
        assert!(wanted.is_empty() || wanted == status, "{method} {path}: wanted {wanted}, got {status}");
    }
}

/// Status, headers with names in lower case, body.
fn answer(connection: &mut BufReader<TcpStream>) -> (String, Vec<String>, String) {
    let head = head(connection);
    let status = head[0].split(' ').nth(1).unwrap().to_owned();
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    (status, head, String::from_utf8_lossy(&body).into_owned())
}
