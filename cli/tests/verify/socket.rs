//! A client's end of a WebSocket, with as much of RFC 6455 as the tests need: short text frames.

// Every test program uses its own part of this.
#![allow(dead_code)]

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::support::http::{handshake, head};

/// How long a message is waited for.
const PATIENCE: Duration = Duration::from_millis(1500);

pub(crate) struct Socket {
    connection: BufReader<TcpStream>,
}

impl Socket {
    pub(crate) fn open(address: &str, path: &str) -> Self {
        let mut connection = BufReader::new(TcpStream::connect(address).unwrap());
        connection.get_mut().write_all(handshake(address, path).as_bytes()).unwrap();
        let head = head(&mut connection);
        assert!(head[0].contains(" 101 "), "{head:?}");
        if let Some(replica) = head.iter().find_map(|line| line.strip_prefix("x-replica: ")) {
            println!("met {replica}");
        }
        connection.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        Socket { connection }
    }

    /// Sends a text, masked as a client has to.
    pub(crate) fn say(&mut self, text: &str) {
        let mask = [7, 11, 13, 17];
        let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap()];
        frame.extend(mask);
        frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.connection.get_mut().write_all(&frame).unwrap();
    }

    /// Says that nothing more will be said.
    pub(crate) fn close_half(&mut self) {
        self.connection.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// Whether this text comes next.
    pub(crate) fn hear(&mut self, text: &str) -> bool {
        self.next().is_some_and(|heard| heard == text)
    }

    /// The next text; nothing where none comes, or the other side has closed.
    pub(crate) fn next(&mut self) -> Option<String> {
        let mut start = [0; 2];
        self.connection.read_exact(&mut start).ok()?;
        let mut data = vec![0; usize::from(start[1] & 0x7f)];
        self.connection.read_exact(&mut data).ok()?;
        (start[0] & 0x0f == 1).then(|| String::from_utf8_lossy(&data).into_owned())
    }
}
