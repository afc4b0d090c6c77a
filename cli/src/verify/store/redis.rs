//! Calls of Redis, by its command MONITOR: each command that a client sends is told once.
//!
//! The counters of INFO would not do: there a script counts once more for each command inside of it,
//! which costs no round trip.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::PATIENCE;

/// Commands that look at the store or keep up a connection.
const OWN: [&str; 11] =
    ["auth", "client", "command", "config", "echo", "hello", "info", "ping", "quit", "readonly", "select"];

/// So much of a line says who sends which command.
const KEPT: usize = 256;

/// See the module.
pub(in super::super) struct Count {
    address: Address,
    /// What is told arrives here.
    told: TcpStream,
    counted: Receiver<io::Result<u64>>,
    mark: String,
}

impl Count {
    pub(super) fn begin(rest: &str) -> Result<Self, String> {
        let address = Address::parse(rest);
        let mark = format!("cargo-stateless-{}", std::process::id());
        let monitored = address.connect().and_then(|mut connection| {
            connection.call(&["MONITOR"])?;
            connection.stream().set_read_timeout(None)?;
            Ok((connection.stream().try_clone()?, connection))
        });
        let (told, connection) = monitored.map_err(|error| address.said(&error))?;
        let (send, counted) = mpsc::channel();
        let end = mark.clone();
        thread::spawn(move || send.send(count(connection.0, &end)));
        Ok(Count { address, told, counted, mark })
    }

    pub(super) fn end(self) -> Result<u64, String> {
        // Once this is told, all that came before it is.
        let marked = self.address.connect().and_then(|mut connection| connection.call(&["ECHO", &self.mark]));
        marked.map_err(|error| self.address.said(&error))?;
        let counted = self.counted.recv_timeout(PATIENCE);
        let counted = counted.unwrap_or_else(|_| Err(io::Error::other("MONITOR fell silent")));
        counted.map_err(|error| self.address.said(&error))
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        let _ = self.told.shutdown(Shutdown::Both);
    }
}

/// Counts what is told, up to the mark.
fn count(mut lines: impl BufRead, mark: &str) -> io::Result<u64> {
    let mut count = 0;
    loop {
        let line = start_of_line(&mut lines)?;
        if line.contains(mark) {
            return Ok(count);
        }
        count += u64::from(is_call(&line));
    }
}

/// The start of the next line: values in it may be long.
fn start_of_line(lines: &mut impl BufRead) -> io::Result<String> {
    let mut start = Vec::new();
    loop {
        let bytes = lines.fill_buf()?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        start.extend_from_slice(&part[..part.len().min(KEPT.saturating_sub(start.len()))]);
        let read = end.map_or(bytes.len(), |end| end + 1);
        lines.consume(read);
        if end.is_some() {
            return Ok(String::from_utf8_lossy(&start).into_owned());
        }
    }
}

/// Of `+1700000000.1 [0 127.0.0.1:6379] "get" "x"`; what a script does says `lua` in place of a client.
fn is_call(line: &str) -> bool {
    let Some((_, rest)) = line.split_once(" [") else { return false };
    let Some((client, command)) = rest.split_once("] \"") else { return false };
    let command = command.split('"').next().unwrap_or_default().to_ascii_lowercase();
    !client.ends_with(" lua") && !OWN.contains(&command.as_str())
}

/// Where it is, and as whom to come.
struct Address {
    host: String,
    user: Option<String>,
}

impl Address {
    /// What stands behind `redis://`; the number of the database does not matter here.
    fn parse(rest: &str) -> Self {
        let rest = rest.split(['/', '?']).next().unwrap_or_default();
        let (user, host) =
            rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user.to_owned()), host));
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:6379") };
        Address { host, user }
    }

    fn said(&self, error: &io::Error) -> String {
        format!("{}: {error}", self.host)
    }

    /// A connection to the first address of the name that takes one.
    fn connect(&self) -> io::Result<Connection> {
        let mut last = io::Error::other("it has no address");
        for address in self.host.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    let mut connection = Connection(BufReader::new(stream));
                    if let Some(user) = &self.user {
                        let (name, password) = user.split_once(':').unwrap_or(("", user));
                        let words = ["AUTH", name, password];
                        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
                        connection.call(&words)?;
                    }
                    return Ok(connection);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    /// Calls a command whose answer is not looked at, unless it is an error.
    fn call(&mut self, words: &[&str]) -> io::Result<()> {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.0.get_mut().write_all(text.as_bytes())?;
        let line = start_of_line(&mut self.0)?;
        match line.strip_prefix('-') {
            Some(why) => Err(io::Error::other(why.trim().to_owned())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_counted_and_what_scripts_do_is_not() {
        let told = "+1.1 [0 127.0.0.1:50000] \"GET\" \"a\"\n\
                    +1.2 [0 [::1]:50000] \"evalsha\" \"0f\" \"1\" \"a\"\n\
                    +1.3 [0 lua] \"get\" \"a\"\n\
                    +1.4 [3 unix:/run/redis] \"SET\" \"a\" \"] \\\"ping\\\"\"\n\
                    +1.5 [0 127.0.0.1:50000] \"PING\"\n\
                    +1.6 [0 127.0.0.1:50000] \"client\" \"setinfo\"\n\
                    +1.7 [0 127.0.0.1:50000] \"echo\" \"the-end\"\n\
                    +1.8 [0 127.0.0.1:50000] \"get\" \"a\"\n";
        assert_eq!(count(told.as_bytes(), "the-end").unwrap(), 3);
        assert!(count(told.as_bytes(), "another").is_err());
        // Of a long value nothing is kept.
        let long =
            format!("+1.1 [0 a:1] \"set\" \"{}\"\n+1.2 [0 a:1] \"echo\" \"end\"\n", "x".repeat(1 << 20));
        assert_eq!(count(long.as_bytes(), "end").unwrap(), 1);
    }

    #[test]
    fn addresses_have_users_or_none() {
        let parsed = |text| {
            let address = Address::parse(text);
            (address.host, address.user)
        };
        assert_eq!(parsed("h"), ("h:6379".to_owned(), None));
        assert_eq!(parsed(":p@ss@h:1/2"), ("h:1".to_owned(), Some(":p@ss".to_owned())));
    }
}
