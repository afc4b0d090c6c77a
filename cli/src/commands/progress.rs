//! Shows how far the run is, on a terminal, once it has taken a while.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What finishes faster shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Cleared from the terminal when dropped.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Dropped with this: tells the waiting thread that nothing is to be shown any more.
    _running: Option<Sender<()>>,
}

impl Progress {
    pub(super) fn start(quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Progress { bar: ProgressBar::hidden(), _running: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style("{spinner} reading files"));
        let (running, ended) = mpsc::channel::<()>();
        let shown = bar.clone();
        thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(Duration::from_millis(100));
            }
        });
        Progress { bar, _running: Some(running) }
    }

    /// What is being done.
    #[cfg(feature = "verify")]
    pub(super) fn say(&self, what: &str) {
        self.bar.set_style(style("{spinner} {msg} ({elapsed})"));
        self.bar.set_message(what.to_owned());
    }

    /// Does something that writes to the terminal, with this out of the way.
    #[cfg(feature = "verify")]
    pub(super) fn aside(&self, work: impl FnOnce()) {
        self.bar.suspend(work);
    }

    /// `done` of `total` files are analysed.
    pub(super) fn set(&self, done: u64, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            self.bar.set_style(style("{spinner} analysing {bar:30} {pos}/{len} files"));
        }
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
