//! A timer of the runtime that is always near while calls are made.
//!
//! Each call has a time limit, some seconds away. A runtime that has no nearer timer wakes the thread
//! that waits for the network to tell it of this one, and so did each call. Only a runtime's
//! habit is made use of: without a pulse everything works as well, a little slower.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const BEAT: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(crate) struct Pulse {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    running: AtomicBool,
    /// Whether there was a call since the last beat.
    used: AtomicBool,
}

/// Ends with its task, however that ends: with its runtime, say.
struct Running(Arc<State>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Relaxed);
    }
}

impl Pulse {
    /// Says that a call is made. The pulse ends by itself when none was made for a beat.
    pub(crate) fn beat(&self) {
        // Most calls write nothing that other threads read.
        if !self.state.used.load(Ordering::Relaxed) {
            self.state.used.store(true, Ordering::Relaxed);
        }
        if self.state.running.load(Ordering::Relaxed) || self.state.running.swap(true, Ordering::Relaxed) {
            return;
        }
        let running = Running(self.state.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                while running.0.used.swap(false, Ordering::Relaxed) {
                    tokio::time::sleep(BEAT).await;
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_nobody_calls_and_begins_again() {
        let pulse = Pulse::default();
        let running = |pulse: &Pulse| pulse.state.running.load(Ordering::Relaxed);
        for _ in 0..2 {
            pulse.beat();
            tokio::time::sleep(BEAT / 2).await;
            assert!(running(&pulse));
            tokio::time::sleep(BEAT * 2).await;
            assert!(!running(&pulse));
        }
    }

    #[test]
    fn it_outlives_its_runtime() {
        let pulse = Pulse::default();
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async { pulse.beat() });
            assert!(pulse.state.running.load(Ordering::Relaxed));
            drop(runtime);
            assert!(!pulse.state.running.load(Ordering::Relaxed));
        }
    }
}
