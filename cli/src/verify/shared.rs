//! Files that several replicas have open for writing: what one of them leaves there, the others
//! see, which on machines of their own they would not.
//!
//! Looks at the system's list of open files, where there is one. What is opened, written and
//! closed within a moment is not seen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files that two of these process trees have open for writing.
pub(super) fn files(roots: &[u32]) -> BTreeSet<PathBuf> {
    let each: Vec<BTreeSet<PathBuf>> = roots.iter().map(|root| written(*root)).collect();
    let mut shared = BTreeSet::new();
    for (at, one) in each.iter().enumerate() {
        for other in &each[at + 1..] {
            shared.extend(one.intersection(other).map(|path| database(path)));
        }
    }
    shared
}

/// The files that a process and those that it started have open for writing.
#[cfg(target_os = "linux")]
fn written(root: u32) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut open = vec![root];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let process = PathBuf::from(format!("/proc/{id}"));
        let children =
            std::fs::read_to_string(process.join(format!("task/{id}/children"))).unwrap_or_default();
        open.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        files.extend(open_files(id).into_iter().filter(|(_, writes)| *writes).map(|(path, _)| path));
    }
    // What this process has open as well came from whoever called it.
    for (path, _) in open_files(std::process::id()) {
        files.remove(&path);
    }
    files
}

/// The regular files that one process has open, and whether for writing.
#[cfg(target_os = "linux")]
fn open_files(id: u32) -> Vec<(PathBuf, bool)> {
    let process = PathBuf::from(format!("/proc/{id}"));
    let Ok(entries) = std::fs::read_dir(process.join("fd")) else { return Vec::new() };
    let open = entries.flatten().filter_map(|entry| {
        let path =
            std::fs::read_link(entry.path()).ok().filter(|path| path.is_absolute() && path.is_file())?;
        let info =
            std::fs::read_to_string(process.join("fdinfo").join(entry.file_name())).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        // The lowest two bits: 1 to write, 2 to read and write.
        Some((path, flags.is_some_and(|flags| !flags.trim_end().ends_with(['0', '4']))))
    });
    open.collect()
}

#[cfg(not(target_os = "linux"))]
fn written(_: u32) -> BTreeSet<PathBuf> {
    BTreeSet::new()
}

/// SQLite keeps files beside that of the database.
fn database(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    let known = ["-wal", "-shm", "-journal"].iter().find_map(|end| text.strip_suffix(end));
    known.map_or_else(|| path.to_owned(), PathBuf::from)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_file_that_two_processes_write_is_shared_and_one_that_they_read_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        std::fs::write(dir.join("read"), "x").unwrap();
        let start = |own: &str| {
            let line = format!("exec 3>>data.db-wal 4<read 5>{own}; echo ready; sleep 60 & wait");
            let mut child = Command::new("sh")
                .args(["-c", &line])
                .current_dir(&dir)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut ready = [0; 6];
            std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
            child
        };
        let mut children = [start("one"), start("two")];
        let ids = children.each_ref().map(|child| child.id());
        let shared = files(&ids);
        for (child, id) in children.iter_mut().zip(ids) {
            let _ = Command::new("pkill").args(["-P", &id.to_string()]).status();
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(shared.into_iter().collect::<Vec<_>>(), [dir.join("data.db")]);
    }
}
