//! `init`: writes the commented configuration, which is also the reference page.

use std::path::{Path, PathBuf};

use super::output;
use crate::args::InitArgs;
use crate::config;
use crate::error::Error;

/// Writes the file, and says so.
pub(super) fn init(args: &InitArgs) -> Result<String, Error> {
    let here = args.path == Path::new(".");
    let path = if here { PathBuf::from(config::FILE) } else { args.path.join(config::FILE) };
    if !args.force && std::fs::symlink_metadata(&path).is_ok() {
        return Err(Error::IsThere { path });
    }
    output::write_whole(&path, &config::template())
        .map_err(|source| Error::Init { path: path.clone(), source })?;
    Ok(format!("{} written: every setting is in it, and none is set\n", path.display()))
}
