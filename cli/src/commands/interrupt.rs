//! What a signal that ends the program must not leave behind: half a file, or cargo still
//! running.
//!
//! Signals do what they always do until there is something to guard. Then a thread waits for
//! them: it clears away and lets the program end by the signal, so that a shell sees why.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Held by whoever changes it, and to the end by the thread that clears away.
static GUARDED: Mutex<Guarded> = Mutex::new(Guarded { files: Vec::new(), child: None, watched: false });

struct Guarded {
    files: Vec<PathBuf>,
    child: Option<Child>,
    watched: bool,
}

fn guarded() -> MutexGuard<'static, Guarded> {
    let mut guarded = GUARDED.lock().unwrap_or_else(PoisonError::into_inner);
    if !guarded.watched {
        watch();
        guarded.watched = true;
    }
    guarded
}

#[cfg(unix)]
fn watch() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    // Where no handler can be had, signals go on doing what they always do.
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let mut guarded = GUARDED.lock().unwrap_or_else(PoisonError::into_inner);
            for file in &guarded.files {
                let _ = fs::remove_file(file);
            }
            if let Some(child) = &mut guarded.child {
                let _ = child.kill();
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

#[cfg(not(unix))]
fn watch() {}

/// A file that is removed unless it gets its final name.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    pub(super) fn create(path: PathBuf) -> io::Result<(Self, File)> {
        let mut guarded = guarded();
        // What a killed process of the same number left is nobody's. Never opened: it
        // could be a link that somebody else put there.
        let _ = fs::remove_file(&path);
        let file = File::create_new(&path)?;
        guarded.files.push(path.clone());
        Ok((Temporary { path }, file))
    }

    pub(super) fn rename(self, to: &Path) -> io::Result<()> {
        let guarded = guarded();
        let renamed = fs::rename(&self.path, to);
        drop(guarded);
        renamed
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let mut guarded = guarded();
        // Not there any more once it has been renamed.
        let _ = fs::remove_file(&self.path);
        guarded.files.retain(|file| *file != self.path);
    }
}

/// Starts a program that a signal to this one ends too.
pub(super) fn start(command: &mut Command) -> io::Result<Option<ChildStdout>> {
    let mut guarded = guarded();
    let mut child = command.spawn()?;
    let stdout = child.stdout.take();
    guarded.child = Some(child);
    Ok(stdout)
}

/// Ends the program that was started.
pub(super) fn kill() {
    if let Some(child) = &mut guarded().child {
        let _ = child.kill();
    }
}

/// How the program that was started ended. To be asked when its output has ended: it looks
/// again and again, as nobody could end the program while this one waits for it.
pub(super) fn wait() -> io::Result<ExitStatus> {
    loop {
        let mut guarded = guarded();
        let Some(child) = &mut guarded.child else {
            return Err(io::Error::other("nothing was started"));
        };
        if let Some(status) = child.try_wait()? {
            guarded.child = None;
            return Ok(status);
        }
        drop(guarded);
        thread::sleep(Duration::from_millis(5));
    }
}
