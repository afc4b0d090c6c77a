//! The folder that a replica works in: a copy of what is tracked here, so that a file which one
//! replica writes is not seen by another.
//!
//! Build output is left out: the program's path is resolved before. Outside of a repository all
//! is copied but hidden files and the usual folders of build output.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folders that hold what was built or downloaded.
const BUILT: [&str; 4] = ["target", "node_modules", "__pycache__", "venv"];

/// The files to copy, relative to `here`.
pub(crate) fn files(here: &Path) -> Vec<PathBuf> {
    tracked(here).unwrap_or_else(|| walked(here))
}

#[cfg(unix)]
fn tracked(here: &Path) -> Option<Vec<PathBuf>> {
    use std::os::unix::ffi::OsStringExt;
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached"])
        .current_dir(here)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let names = listed.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let files: Vec<PathBuf> = names.map(|name| std::ffi::OsString::from_vec(name.to_vec()).into()).collect();
    // A folder in a repository that ignores it: nothing is tracked, and all counts.
    (!files.is_empty()).then_some(files)
}

#[cfg(not(unix))]
fn tracked(_: &Path) -> Option<Vec<PathBuf>> {
    None
}

fn walked(here: &Path) -> Vec<PathBuf> {
    let built = |name: &std::ffi::OsStr| BUILT.iter().any(|built| name == *built);
    let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    let entries = walkdir::WalkDir::new(here)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !(built(entry.file_name()) || hidden(entry.file_name())));
    entries
        .flatten()
        .filter(|entry| !entry.file_type().is_dir())
        .filter_map(|entry| entry.path().strip_prefix(here).ok().map(Path::to_owned))
        .collect()
}

/// Copies the files into a new folder. What vanished meanwhile is left out; links stay links.
pub(crate) fn copy(here: &Path, files: &[PathBuf], to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in files {
        let (from, to) = (here.join(file), to.join(file));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        let kind = match fs::symlink_metadata(&from) {
            Ok(meta) => meta.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if kind.is_file() {
            fs::copy(&from, &to)?;
        } else if kind.is_symlink() {
            #[cfg(unix)]
            std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_all_but_build_output_and_hidden_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["app.toml", "data/a.txt", "target/debug/app", ".env/x", "deep/node_modules/y"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let files = walked(dir.path());
        assert_eq!(files, [Path::new("app.toml"), Path::new("data/a.txt")]);
        let to = dir.path().join("copy");
        copy(dir.path(), &files, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("data/a.txt")).unwrap(), "data/a.txt");
        copy(dir.path(), &["gone".into()], &to).unwrap();
    }
}
