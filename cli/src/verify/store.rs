//! How many calls a shared store has counted, by its own statistics: Redis by `INFO commandstats`,
//! PostgreSQL through the program `psql`.
//!
//! Only asks. What other services do with the same store meanwhile counts as well.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The store's own commands for looking at it, and of connections.
const OWN: [&str; 9] = ["info", "auth", "hello", "ping", "client", "select", "config", "command", "quit"];

/// How long a store may take to connect or to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Calls since the store began to count.
pub(super) fn calls(url: &str) -> Result<u64, String> {
    match url.split_once("://") {
        Some(("redis", rest)) => redis(rest),
        Some(("postgres" | "postgresql", _)) => postgres(url),
        _ => Err("a store's address begins with `redis://` or `postgres://`".to_owned()),
    }
}

/// A connection to the first address of a name that takes one.
fn connected(host: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("it has no address");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn redis(address: &str) -> Result<u64, String> {
    let address = address.split(['/', '?']).next().unwrap_or_default();
    let (user, host) = address.rsplit_once('@').map_or((None, address), |(user, host)| (Some(user), host));
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:6379") };
    let said = |error: io::Error| format!("{host}: {error}");
    let mut stream = connected(&host).map_err(said)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(said)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(said)?;
    let mut lines = BufReader::new(stream.try_clone().map_err(said)?);
    let mut ask = |words: &[&str]| -> io::Result<String> {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        stream.write_all(text.as_bytes())?;
        let mut first = String::new();
        lines.read_line(&mut first)?;
        let Some(length) = first.strip_prefix('$').and_then(|length| length.trim().parse::<u64>().ok())
        else {
            return match first.strip_prefix('-') {
                Some(why) => Err(io::Error::other(why.trim().to_owned())),
                None => Ok(first),
            };
        };
        let mut answer = String::new();
        lines.by_ref().take(length + 2).read_to_string(&mut answer)?;
        Ok(answer)
    };
    if let Some(user) = user {
        let (name, password) = user.split_once(':').unwrap_or(("", user));
        let words = if name.is_empty() { vec!["AUTH", password] } else { vec!["AUTH", name, password] };
        ask(&words).map_err(said)?;
    }
    Ok(counted(&ask(&["INFO", "commandstats"]).map_err(said)?))
}

/// The sum of `cmdstat_get:calls=3,usec=..`.
fn counted(statistics: &str) -> u64 {
    let calls = statistics.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let own = OWN.contains(&name.split('|').next().unwrap_or(name));
        (!own).then(|| rest.split(',').next()?.parse::<u64>().ok()).flatten()
    });
    calls.sum()
}

fn postgres(url: &str) -> Result<u64, String> {
    // The server hands its statistics on once a second.
    std::thread::sleep(Duration::from_millis(1100));
    let statements = "select coalesce(sum(calls), 0) from pg_stat_statements";
    let transactions =
        "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";
    let mut why = String::new();
    // Statements where the extension counts them, else transactions.
    for query in [statements, transactions] {
        let mut psql = Command::new("psql");
        psql.args([url, "-XAtc", query]).stdin(Stdio::null());
        if std::env::var_os("PGCONNECT_TIMEOUT").is_none() {
            psql.env("PGCONNECT_TIMEOUT", PATIENCE.as_secs().to_string());
        }
        match psql.output() {
            Ok(output) if output.status.success() => {
                let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                return text.parse().map_err(|_| format!("psql answers `{text}`"));
            }
            Ok(output) => why = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => return Err(format!("`psql` cannot be started: {error}")),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_the_service_are_counted() {
        let text = "# Commandstats\r\ncmdstat_get:calls=3,usec=9,usec_per_call=3.00\r\n\
                    cmdstat_evalsha:calls=4,usec=1\r\ncmdstat_info:calls=9,usec=1\r\n\
                    cmdstat_client|setinfo:calls=2,usec=1\r\ncmdstat_config|get:calls=1,usec=1\r\n";
        assert_eq!(counted(text), 7);
        assert!(calls("mysql://x").unwrap_err().contains("redis://"));
        assert!(calls("redis://127.0.0.1:1").unwrap_err().contains("127.0.0.1:1"));
    }
}
