//! HTTP/1.1 by hand: a client that says and shows exactly what goes over the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(crate) struct Wire {
    pub(crate) connection: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Wire { connection: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, text: impl AsRef<[u8]>) {
        self.connection.get_mut().write_all(text.as_ref()).unwrap();
    }

    /// The first line and the headers, with names in lower case. Says whom it met.
    pub(crate) fn head(&mut self) -> Vec<String> {
        let head = crate::support::http::head(&mut self.connection);
        if let Some(replica) = head.iter().find_map(|line| line.strip_prefix("x-replica: ")) {
            println!("met {replica}");
        }
        head
    }

    /// A whole answer: its first line and its body.
    pub(crate) fn answer(&mut self) -> (String, Vec<u8>) {
        let head = self.head();
        let body = if head.iter().any(|line| line == "transfer-encoding: chunked") {
            std::iter::from_fn(|| self.chunk()).flatten().collect()
        } else {
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            self.connection.read_exact(&mut body).unwrap();
            body
        };
        (head[0].clone(), body)
    }

    /// One chunk of a body; nothing after the last one, whose trailers stay to be read.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(self.line().trim(), 16).unwrap();
        if length == 0 {
            return None;
        }
        let mut chunk = vec![0; length + 2];
        self.connection.read_exact(&mut chunk).unwrap();
        chunk.truncate(length);
        Some(chunk)
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.connection.read_line(&mut line).unwrap();
        line
    }

    /// Asks for something, and shows status and body.
    pub(crate) fn ask(&mut self, line: &str, body: &str) {
        self.send(format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let (status, body) = self.answer();
        println!("{status}\n{}", String::from_utf8_lossy(&body).trim_end());
    }
}
