//! As much HTTP/1.1 as test clients share: the head of an answer, and the request for a WebSocket.

use std::io::BufRead;

/// The first line and the headers, names in lower case.
pub(crate) fn head(connection: &mut impl BufRead) -> Vec<String> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        let line = line.trim().to_owned();
        if line.is_empty() {
            return head;
        }
        let (name, value) = line
            .split_once(": ")
            .map_or((line.clone(), ""), |(name, value)| (name.to_ascii_lowercase(), value));
        head.push(if value.is_empty() { name } else { format!("{name}: {value}") });
    }
}

/// Asks for a WebSocket at a path.
pub(crate) fn handshake(host: &str, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}
