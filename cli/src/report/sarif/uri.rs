//! Paths as addresses.

use std::fmt::Write as _;
use std::path::Path;

/// The address of a folder: ends in a slash, or relative addresses would replace its name.
pub(super) fn of_folder(root: &Path) -> String {
    let mut uri = of_file(root.as_os_str().as_encoded_bytes());
    if !uri.ends_with('/') {
        uri.push('/');
    }
    uri
}

/// The address of an absolute path. A path with a drive letter gets the slash it lacks.
pub(super) fn of_file(path: &[u8]) -> String {
    let path = encode(path);
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{path}")
}

/// A path as the path of an address: what is not plain is written by its bytes.
pub(crate) fn encode(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            // Writing to a string cannot fail.
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_addresses() {
        assert_eq!(encode("src/größe 1%.rs".as_bytes()), "src/gr%C3%B6%C3%9Fe%201%25.rs");
        // A colon in the first part would read as a scheme, a question mark as a query.
        assert_eq!(encode(b"c:x?y#z"), "c%3Ax%3Fy%23z");
        assert_eq!(of_folder(Path::new("/")), "file:///");
        assert_eq!(of_folder(Path::new("/srv/shop/")), "file:///srv/shop/");
    }
}
