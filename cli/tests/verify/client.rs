//! A test command: the test program itself, started again as a client that works off a list.
//!
//! `CLIENT_SCRIPT` holds a request a line: `METHOD /path [body]`, with `= STATUS` behind it where
//! the client insists on one, and `{id}` for the id of the last answer that had one. `---` starts
//! a new client, without cookies.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

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
    let mut connection = BufReader::new(TcpStream::connect(address).unwrap());
    let (mut cookie, mut id) = (String::new(), String::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "---" {
            cookie.clear();
            connection = BufReader::new(TcpStream::connect(address).unwrap());
            continue;
        }
        let (line, wanted) = line.split_once(" = ").unwrap_or((line, ""));
        let mut parts = line.splitn(3, ' ');
        let (method, path) = (parts.next().unwrap(), parts.next().unwrap().replace("{id}", &id));
        let body = parts.next().unwrap_or("");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{cookie}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.get_mut().write_all(head.as_bytes()).unwrap();
        let (status, head, body) = answer(&mut connection);
        println!("{method} {path} -> {status} {body}");
        if let Some(set) = head.iter().find_map(|line| line.strip_prefix("set-cookie: ")) {
            cookie = format!("Cookie: {}\r\n", set.split(';').next().unwrap());
        }
        if let Some((_, rest)) = body.split_once("\"id\":\"") {
            id = rest.split('"').next().unwrap().to_owned();
        }
        assert!(wanted.is_empty() || wanted == status, "{method} {path}: wanted {wanted}, got {status}");
    }
}

fn answer(connection: &mut BufReader<TcpStream>) -> (String, Vec<String>, String) {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        let line = line.trim().to_owned();
        if line.is_empty() {
            break;
        }
        let (name, value) = line
            .split_once(": ")
            .map_or((line.clone(), ""), |(name, value)| (name.to_ascii_lowercase(), value));
        head.push(if value.is_empty() { name } else { format!("{name}: {value}") });
    }
    let status = head[0].split(' ').nth(1).unwrap().to_owned();
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    (status, head, String::from_utf8_lossy(&body).into_owned())
}
