//! Standard output: how it is written, and what is no error there.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use crate::error::Error;

/// Where there is no terminal to ask: fits into a log.
pub(super) const WIDTH: usize = 100;

/// Columns of the terminal, or what a log has room for.
pub(super) fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(width, _)| usize::from(width.0))
}

pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard output is this file.
#[cfg(unix)]
pub(super) fn goes_to(file: &Path) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let stdout = io::stdout().as_fd().try_clone_to_owned().and_then(|own| File::from(own).metadata());
    match (stdout, file.metadata()) {
        (Ok(stdout), Ok(file)) => (stdout.dev(), stdout.ino()) == (file.dev(), file.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
pub(super) fn goes_to(_: &Path) -> bool {
    false
}

/// Writes, and takes a reader that went away for one who has seen enough.
pub(super) fn write(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::new(io::stdout().lock());
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(Error::Stdout),
    }
}
