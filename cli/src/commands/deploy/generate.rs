//! `deploy generate`: writes what was made into the folder that the user names.
//!
//! Overwrites nothing without `--force`: where one file is in the way, none is written.

use std::path::Path;

use crate::args::deploy::DeployGenerateArgs;
use crate::commands::{output, say, stdout};
use crate::deploy::generate::{self, File, Wishes};
use crate::error::Error;
use crate::report::escape::visible;
use crate::report::words;

pub(super) fn run(args: &DeployGenerateArgs) -> Result<u8, Error> {
    let code = super::read_code(args.code.as_deref(), &args.path)?;
    let wishes = Wishes {
        kubernetes: args.kubernetes,
        ready: args.ready.clone(),
        most: args.most,
        key: args.key.clone(),
        sessions: args.sessions.clone(),
        proxies: args.proxy.clone(),
        servers: args.server.clone(),
        listen: args.listen,
    };
    let made = generate::generate(&args.path, code.as_ref(), &wishes)
        .map_err(|source| super::cannot_read(&args.path, source))?;
    let new: Vec<&File> = made.files.iter().filter(|file| !is_there(&args.into, file)).collect();
    if !args.force
        && let Some(file) = new.iter().find(|file| args.into.join(&file.path).exists())
    {
        return Err(Error::InTheWay { path: args.into.join(&file.path) });
    }
    let mut text = String::new();
    for file in &new {
        write(&args.into.join(&file.path), &file.text)?;
        text.push_str(&format!("{}: {}\n", visible(&file.path), file.what));
    }
    text.push_str(&format!("{} written\n", words::count(new.len(), "file")));
    stdout::write(|out| out.write_all(text.as_bytes()))?;
    for kept in &made.kept {
        say(&format!("kept: {}\n", visible(kept)));
    }
    Ok(0)
}

/// Whether the file says already what it would say.
fn is_there(into: &Path, file: &File) -> bool {
    std::fs::read(into.join(&file.path)).is_ok_and(|bytes| bytes == file.text.as_bytes())
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| output::write_whole(path, text))
        .map_err(|source| Error::NotWritten { path: path.to_owned(), source })
}
