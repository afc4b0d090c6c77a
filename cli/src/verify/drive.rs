//! Runs the user's test command once, and waits for it.
//!
//! Its output goes to a log; it is shown only where it explains something. Never run again in
//! secret.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::group::{self, Group, MARK};
use super::log::Log;

/// How often it is looked whether something ended.
const LOOK: Duration = Duration::from_millis(4);

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How it failed, in words; nothing where it passed.
    pub(crate) failed: Option<String>,
    pub(crate) last_lines: String,
    pub(crate) took: Duration,
}

/// What to run, and where.
pub(crate) struct Job<'a> {
    pub(crate) program: &'a OsString,
    pub(crate) arguments: &'a [OsString],
    pub(crate) here: &'a Path,
    pub(crate) url: &'a str,
    pub(crate) mark: &'a str,
    pub(crate) log: Log,
    /// Ended after so long; never without.
    pub(crate) limit: Option<Duration>,
}

/// Runs it. `check` is asked again and again whether there is a reason to give up.
pub(crate) async fn run(
    job: Job<'_>,
    mut check: impl AsyncFnMut() -> Result<(), Failure>,
) -> Result<Ended, Failure> {
    let mut command = Command::new(job.program);
    command
        .args(job.arguments)
        .env("STATELESS_URL", job.url)
        .env(MARK, job.mark)
        .current_dir(job.here)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let started = Instant::now();
    let mut group = Group::start(&mut command).map_err(|source| Failure::Start {
        program: job.program.to_string_lossy().into_owned(),
        source,
        help: "what stands after `--` is a program and its arguments; `sh -c '..'` runs a line of shell",
    })?;
    job.log.follow(group.child());
    let status = loop {
        if let Some(status) = group.status() {
            break Some(status);
        }
        if job.limit.is_some_and(|limit| started.elapsed() > limit) {
            break None;
        }
        check().await?;
        tokio::time::sleep(LOOK).await;
    };
    let took = started.elapsed();
    // What it started and left behind would go on sending.
    group.kill();
    job.log.last_words().await;
    let failed = match status {
        Some(status) if status.success() => None,
        Some(status) => Some(group::ended(status)),
        None => Some(format!("still running after {} s", took.as_secs())),
    };
    Ok(Ended { failed, last_lines: job.log.last_lines(), took })
}
