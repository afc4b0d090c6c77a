//! Opens files: regular ones only, up to a size, as UTF-8.
//!
//! Knows nothing about Rust or about which files matter; a refusal is a value with
//! a reason, never an error that stops the run.

use std::fmt;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::Path;

/// Larger files are named and not read. The largest hand-written Rust files are well
/// below 1 MB; what is above 8 MiB is generated (bindings, tables), holds no state
/// that anybody wrote, and its syntax tree would take a hundred times its size.
pub(crate) const SIZE_CAP: u64 = 8 << 20;

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// A device, a pipe, a socket, a folder.
    NotRegular(&'static str),
    /// Above the size that was asked for.
    TooLarge { size: u64, cap: u64 },
    /// Bytes that are no UTF-8, the first of them on this line.
    NotUtf8 { line: u32 },
    /// The system refuses.
    Io(io::Error),
}

impl Unread {
    /// The 1-based line that is to blame, where there is one.
    pub(crate) fn line(&self) -> Option<u32> {
        match self {
            Unread::NotUtf8 { line } => Some(*line),
            _ => None,
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::NotRegular(what) => write!(f, "{what}, not a regular file"),
            Unread::TooLarge { size, cap } => {
                write!(f, "{} large, above the limit of {}", megabytes(*size), megabytes(*cap))
            }
            Unread::NotUtf8 { .. } => f.write_str("not UTF-8"),
            Unread::Io(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1 << 20) as f64)
}

/// The text of a regular file of at most `cap` bytes, without a byte order mark.
///
/// The kind is looked up before the file is opened: opening a pipe waits for a writer,
/// and opening a device may do anything. Somebody who swaps a file for a pipe between
/// the two calls can still make us wait; he could as well have stopped us.
pub(crate) fn text(path: &Path, cap: u64) -> Result<String, Unread> {
    let meta = fs::metadata(path).map_err(Unread::Io)?;
    if !meta.is_file() {
        return Err(Unread::NotRegular(kind(meta.file_type())));
    }
    if meta.len() > cap {
        return Err(Unread::TooLarge { size: meta.len(), cap });
    }
    // A growing file, or one in a virtual file system, may hold more than it admits.
    let mut bytes = Vec::with_capacity(meta.len() as usize + 1);
    let file = File::open(path).map_err(Unread::Io)?;
    file.take(cap + 1).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() as u64 > cap {
        return Err(Unread::TooLarge { size: bytes.len() as u64, cap });
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        Unread::NotUtf8 { line }
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// What something that is not a regular file is, in words.
pub(crate) fn kind(of: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if of.is_fifo() {
            return "a named pipe";
        }
        if of.is_socket() {
            return "a socket";
        }
        if of.is_char_device() || of.is_block_device() {
            return "a device";
        }
    }
    if of.is_dir() { "a folder" } else { "neither a file nor a folder" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], cap: u64) -> Result<String, Unread> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, bytes).unwrap();
        text(&path, cap)
    }

    #[test]
    fn strips_the_byte_order_mark_once() {
        assert_eq!(read("\u{feff}fn a() {}\r\n".as_bytes(), 99).unwrap(), "fn a() {}\r\n");
        assert_eq!(read("\u{feff}\u{feff}".as_bytes(), 99).unwrap(), "\u{feff}");
    }

    #[test]
    fn refuses_with_a_reason() {
        assert_eq!(read(b"a\nb\n\xff", 99).unwrap_err().line(), Some(3));
        assert!(matches!(read(b"12345", 4), Err(Unread::TooLarge { size: 5, cap: 4 })));
        assert!(matches!(read(b"1234", 4).as_deref(), Ok("1234")));
        assert!(matches!(text(Path::new("/"), 9), Err(Unread::NotRegular("a folder"))));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_never_opened_and_a_liar_is_cut_off() {
        assert!(matches!(text(Path::new("/dev/zero"), 9), Err(Unread::NotRegular("a device"))));
        // A regular file that says it is empty.
        assert!(matches!(text(Path::new("/proc/self/maps"), 9), Err(Unread::TooLarge { .. })));
    }
}
