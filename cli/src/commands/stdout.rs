//! Standard output: how it is written, and what is no error there.

use std::io::{self, BufWriter, IsTerminal, Write};

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

/// Writes, and takes a reader that went away for one who has seen enough.
pub(super) fn write(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::new(io::stdout().lock());
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(Error::Stdout),
    }
}
