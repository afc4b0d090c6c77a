//! A process with all that it starts: one group, ended for sure when it goes out of scope.
//!
//! Scope ends on success, on an error, on a panic and on Ctrl-C alike. What left the group (a
//! daemon of its own) is found by a mark in its environment, where the system shows that.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// The variable that marks everything one verification starts.
pub(crate) const MARK: &str = "STATELESS_VERIFY";

/// How long a process may take to end by itself once it was asked to.
const PATIENCE: Duration = Duration::from_secs(1);

/// A child that leads a group of its own.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Group {
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn()?;
        Ok(Group { child, ended: None })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; nothing while it runs.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    /// Asks all of the group to end.
    pub(crate) fn ask(&mut self) {
        self.signal(Ask::End);
    }

    /// Ends all of the group at once.
    pub(crate) fn kill(&mut self) {
        self.signal(Ask::Kill);
        if self.ended.is_none() {
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
        }
    }

    /// Asks all of these groups to end, waits a little, and ends what is left.
    pub(crate) fn end_all<'a>(groups: impl IntoIterator<Item = &'a mut Group>) {
        let mut groups: Vec<&mut Group> = groups.into_iter().collect();
        for group in &mut groups {
            group.ask();
        }
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE && groups.iter_mut().any(|group| group.status().is_none()) {
            thread::sleep(Duration::from_millis(3));
        }
        for group in groups {
            group.kill();
        }
    }

    #[cfg(unix)]
    fn signal(&mut self, ask: Ask) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let signal = match ask {
            Ask::End => Signal::TERM,
            Ask::Kill => Signal::KILL,
        };
        // The group outlives its leader, as long as somebody is in it.
        if let Some(pid) = i32::try_from(self.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, signal);
        }
    }

    #[cfg(not(unix))]
    fn signal(&mut self, _: Ask) {
        let _ = self.child.kill();
    }
}

#[derive(Clone, Copy)]
enum Ask {
    End,
    Kill,
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ends every process that carries the mark, whatever became of its group.
#[derive(Debug)]
pub(crate) struct Sweep {
    /// The mark's value.
    pub(crate) mark: String,
}

impl Drop for Sweep {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        sweep(&format!("{MARK}={}", self.mark));
    }
}

/// Looks again until nobody is left: who was killed takes a moment to go, and who just starts a
/// program shows no environment meanwhile.
#[cfg(target_os = "linux")]
fn sweep(variable: &str) {
    let begun = Instant::now();
    let mut clean = 0;
    while clean < 2 && begun.elapsed() < PATIENCE {
        clean = if sweep_once(variable) { 0 } else { clean + 1 };
        thread::sleep(Duration::from_millis(2));
    }
}

/// Whether there was anybody.
#[cfg(target_os = "linux")]
fn sweep_once(variable: &str) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    let own = std::process::id();
    let mut found = false;
    for entry in entries.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        let marked = environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes());
        if let (true, Some(pid)) = (marked && id.unsigned_abs() != own, Pid::from_raw(id)) {
            let _ = kill_process(pid, Signal::KILL);
            found = true;
        }
    }
    found
}

/// How a process ended, in words.
pub(crate) fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("killed by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "no exit status".to_owned(),
    }
}
