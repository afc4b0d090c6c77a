//! Calls of PostgreSQL, through the program `psql`: statements where the extension
//! `pg_stat_statements` counts them, else transactions; to open a connection is one to the server.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::PATIENCE;

/// The server hands on once a second what it has counted.
const HANDED_ON: Duration = Duration::from_millis(1100);

const EXTENSION: &str = "select count(*) from pg_extension where extname = 'pg_stat_statements'";
const STATEMENTS: &str =
    "select coalesce(sum(calls), 0) from pg_stat_statements where query not like '%pg_stat_statements%'";
const TRANSACTIONS: &str =
    "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";

/// See the module.
pub(in super::super) struct Count {
    url: String,
    query: &'static str,
    before: u64,
}

impl Count {
    pub(super) fn begin(url: &str) -> Result<Self, String> {
        let extended = ask(url, EXTENSION)? > 0;
        // It may be there, and not loaded.
        let query = if extended && ask(url, STATEMENTS).is_ok() { STATEMENTS } else { TRANSACTIONS };
        thread::sleep(HANDED_ON);
        let before = ask(url, query)?;
        Ok(Count { url: url.to_owned(), query, before })
    }

    pub(super) fn end(self) -> Result<u64, String> {
        thread::sleep(HANDED_ON);
        let after = ask(&self.url, self.query)?;
        // To have asked before is one by now, and to have come to ask again is another.
        let own = if self.query == TRANSACTIONS { 2 } else { 0 };
        Ok(after.saturating_sub(self.before + own))
    }
}

fn ask(url: &str, query: &str) -> Result<u64, String> {
    let mut psql = Command::new("psql");
    psql.args([url, "-XAtc", query]).stdin(Stdio::null());
    if std::env::var_os("PGCONNECT_TIMEOUT").is_none() {
        psql.env("PGCONNECT_TIMEOUT", PATIENCE.as_secs().to_string());
    }
    match psql.output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            text.parse().map_err(|_| format!("psql answers `{text}`"))
        }
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("`psql` cannot be started: {error}")),
    }
}
