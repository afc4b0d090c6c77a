//! Takes what a process prints: the last lines for messages, the rest into a file.
//!
//! A process that prints without end fills neither the memory nor the disk.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::report::escape::visible;

/// More than this of one process is not kept.
const FILE_LIMIT: u64 = 32 << 20;

/// So many bytes of the end are kept for messages.
const TAIL: usize = 8 << 10;

/// So many lines of the end are shown.
const LINES: usize = 12;

/// What one process printed, on both streams.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    path: PathBuf,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug)]
struct Kept {
    file: File,
    written: u64,
    tail: VecDeque<u8>,
    readers: usize,
}

impl Log {
    pub(crate) fn create(path: PathBuf) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::create(&path)?;
        let kept = Kept { file, written: 0, tail: VecDeque::new(), readers: 0 };
        Ok(Log { path, kept: Arc::new(Mutex::new(kept)) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads both streams of a child, in threads that end with whoever holds the other ends.
    pub(crate) fn follow(&self, child: &mut Child) {
        if let Some(stream) = child.stdout.take() {
            self.read(stream);
        }
        if let Some(stream) = child.stderr.take() {
            self.read(stream);
        }
    }

    fn read(&self, mut stream: impl Read + Send + 'static) {
        let kept = Arc::clone(&self.kept);
        lock(&kept).readers += 1;
        thread::spawn(move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                lock(&kept).take(&buffer[..read]);
            }
            lock(&kept).readers -= 1;
        });
    }

    /// Waits a moment until both streams have come to their end: the last words of a process that
    /// has ended may still be on their way.
    pub(crate) async fn last_words(&self) {
        for _ in 0..50 {
            if lock(&self.kept).readers == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The last lines, each after a line break and some room; empty where there are none.
    pub(crate) fn last_lines(&self) -> String {
        let tail: Vec<u8> = lock(&self.kept).tail.iter().copied().collect();
        let text = String::from_utf8_lossy(&tail);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let shown = &lines[lines.len().saturating_sub(LINES)..];
        shown.iter().map(|line| format!("\n    | {}", visible(line))).collect()
    }
}

impl Kept {
    fn take(&mut self, bytes: &[u8]) {
        self.tail.extend(bytes);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        let room = FILE_LIMIT.saturating_sub(self.written).min(bytes.len() as u64) as usize;
        // A full disk must not stop the process that prints.
        let _ = self.file.write_all(&bytes[..room]);
        self.written += room as u64;
    }
}

fn lock(kept: &Mutex<Kept>) -> std::sync::MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_shown_and_the_file_has_a_limit() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::create(dir.path().join("a/b.log")).unwrap();
        let line = format!("{}\n", "x".repeat(99));
        for _ in 0..1000 {
            lock(&log.kept).take(line.as_bytes());
        }
        lock(&log.kept).take(b"the\x1b end\n");
        assert!(log.last_lines().ends_with("\n    | the\\u{1b} end"), "{}", log.last_lines());
        assert_eq!(log.last_lines().matches("\n    | ").count(), LINES);
        lock(&log.kept).written = FILE_LIMIT - 1;
        lock(&log.kept).take(b"abc");
        assert_eq!(std::fs::metadata(log.path()).unwrap().len(), 100 * 1000 + 9 + 1);
    }
}
