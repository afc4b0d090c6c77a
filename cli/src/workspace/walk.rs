//! Walks a folder: which Rust files, manifests and settings files lie in it.
//!
//! Opens nothing but ignore files. Which of the files matter is decided in `layout`.

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::WalkBuilder;
use walkdir::WalkDir;

use super::read;
use crate::finding::Note;

/// A file that was found: a path to show and to compare, and one to open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// See [`shown`].
    pub(crate) path: String,
    /// As the system knows it.
    pub(crate) full: PathBuf,
}

/// What lies in a folder, each list sorted by path.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// `*.rs`.
    pub(crate) rust: Vec<Found>,
    /// `Cargo.toml`.
    pub(crate) manifests: Vec<Found>,
    /// What may be the settings file of a framework.
    pub(crate) settings: Vec<Found>,
    /// What could not be looked at.
    pub(crate) notes: Vec<Note>,
}

/// Walks `root`, an absolute path without links in it.
pub(crate) fn walk(root: &Path, no_ignore: bool) -> Walked {
    let mut walked = Walked::default();
    let mut links = Vec::new();
    if no_ignore || parent_ignore_file_is_odd(root, &mut walked.notes) {
        let entries = WalkDir::new(root)
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !entry.file_type().is_dir() || is_code(entry.path()));
        for entry in entries {
            match entry {
                Ok(entry) => walked.take(root, entry.path(), entry.file_type(), &mut links),
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let error = error.io_error().map_or_else(|| error.to_string(), io::Error::to_string);
                    walked.note(root, &path, format!("cannot be read: {error}"));
                }
            }
        }
    } else {
        walked.walk_with_ignore_files(root, &mut links);
        walked.add_tracked_manifests(root);
    }
    walked.follow(root, links);
    for list in [&mut walked.rust, &mut walked.manifests, &mut walked.settings] {
        list.sort();
    }
    walked
}

impl Walked {
    /// Only ignore files that are part of the code base count: what a user's own git
    /// settings hide would make the result depend on whose machine it is.
    fn walk_with_ignore_files(&mut self, root: &Path, links: &mut Vec<PathBuf>) {
        let odd: Arc<Mutex<Vec<(PathBuf, String)>>> = Arc::default();
        let in_filter = Arc::clone(&odd);
        let entries = WalkBuilder::new(root)
            .require_git(false)
            .git_global(false)
            .git_exclude(false)
            .filter_entry(move |entry| {
                if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                    return true;
                }
                match odd_ignore_file(entry.path()) {
                    Some(name) => {
                        let reason = format!(
                            "not read, because its `{name}` is no ordinary file; `--no-ignore` reads it"
                        );
                        let mut odd = in_filter.lock().unwrap_or_else(PoisonError::into_inner);
                        odd.push((entry.path().to_owned(), reason));
                        false
                    }
                    None => is_code(entry.path()),
                }
            })
            .build();
        for entry in entries {
            match entry {
                Ok(entry) => {
                    if let Some(error) = entry.error() {
                        self.note(
                            root,
                            entry.path(),
                            format!("its ignore file is only partly understood: {error}"),
                        );
                    }
                    if let Some(kind) = entry.file_type() {
                        self.take(root, entry.path(), kind, links);
                    }
                }
                Err(error) => {
                    let path = path_of(&error).unwrap_or(root).to_owned();
                    let error = error.io_error().map_or_else(|| error.to_string(), io::Error::to_string);
                    self.note(root, &path, format!("cannot be read: {error}"));
                }
            }
        }
        let odd = std::mem::take(&mut *odd.lock().unwrap_or_else(PoisonError::into_inner));
        for (path, reason) in odd {
            self.note(root, &path, reason);
        }
    }

    /// The manifests of what is read are read too, whatever ignore files say: no code is built
    /// without one, so one that matches `*.toml` is tracked all the same.
    fn add_tracked_manifests(&mut self, root: &Path) {
        let known: HashSet<PathBuf> = self.manifests.iter().map(|file| file.full.clone()).collect();
        let mut seen: HashSet<PathBuf> = HashSet::new();
        let mut hidden = Vec::new();
        for file in &self.rust {
            for dir in file.full.ancestors().skip(1).take_while(|dir| dir.starts_with(root)) {
                if !seen.insert(dir.to_owned()) {
                    break;
                }
                let manifest = dir.join("Cargo.toml");
                let regular = || fs::symlink_metadata(&manifest).is_ok_and(|meta| meta.is_file());
                if !known.contains(&manifest) && regular() {
                    hidden.push(manifest);
                }
            }
        }
        for manifest in hidden {
            self.keep(root, &manifest);
        }
    }

    fn take(&mut self, root: &Path, path: &Path, kind: FileType, links: &mut Vec<PathBuf>) {
        if kind.is_symlink() {
            links.push(path.to_owned());
        } else if kind.is_file() {
            self.keep(root, path);
        } else if !kind.is_dir() && is_wanted(path) {
            self.note(root, path, format!("{}, not a regular file: not opened", read::kind(kind)));
        }
    }

    fn keep(&mut self, root: &Path, path: &Path) {
        let list = match path.file_name().and_then(|name| name.to_str()) {
            Some("Cargo.toml") => &mut self.manifests,
            _ if is_rust(path) => &mut self.rust,
            _ if may_be_settings(path) => &mut self.settings,
            _ => return,
        };
        list.push(Found { path: shown(root, path), full: path.to_owned() });
    }

    /// A link to a file stands for the file, unless that is read under its own name or
    /// under another link. Links to folders are never followed: what they lead to is
    /// read where it lies, or lies outside.
    fn follow(&mut self, root: &Path, mut links: Vec<PathBuf>) {
        links.sort();
        let found = [&self.rust, &self.manifests].into_iter().flatten();
        let mut seen: HashSet<PathBuf> = found.map(|file| file.full.clone()).collect();
        for link in links {
            match (fs::metadata(&link), fs::canonicalize(&link)) {
                (Ok(meta), Ok(target))
                    if meta.is_file() && is_wanted(&link) && seen.insert(target.clone()) =>
                {
                    self.keep(root, &link);
                }
                (Ok(meta), Ok(target)) if meta.is_dir() => {
                    if link.starts_with(&target) {
                        self.note(root, &link, "a link to a folder that it lies in: not followed".to_owned());
                    } else if !target.starts_with(root) {
                        self.note(
                            root,
                            &link,
                            "a link to a folder outside of the analysed one: not followed".to_owned(),
                        );
                    }
                }
                (Ok(meta), _) if is_wanted(&link) && !meta.is_file() && !meta.is_dir() => {
                    let what = read::kind(meta.file_type());
                    self.note(root, &link, format!("a link to {what}: not opened"));
                }
                (Err(_), _) if runs_in_a_circle(&link) => {
                    self.note(root, &link, "a link that leads in a circle: not followed".to_owned());
                }
                (Err(error), _) if is_wanted(&link) => {
                    self.note(root, &link, format!("a link that cannot be followed: {error}"));
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, root: &Path, path: &Path, message: String) {
        self.notes.push(Note { path: shown_short(root, path), line: None, message });
    }
}

/// The path relative to `root` (absolute where it lies outside, `.` for the root), with
/// `/` between the parts. Bytes that are no UTF-8 are escaped, so that two such names stay
/// two; what a terminal would obey is left for the formats to escape.
pub(crate) fn shown(root: &Path, path: &Path) -> String {
    let mut text = String::new();
    for part in path.strip_prefix(root).unwrap_or(path).components() {
        if !(text.is_empty() || text.ends_with('/')) {
            text.push('/');
        }
        if part == Component::RootDir {
            text.push('/');
            continue;
        }
        for chunk in part.as_os_str().as_encoded_bytes().utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// As [`shown`], but a path of thousands of characters loses its middle.
pub(crate) fn shown_short(root: &Path, path: &Path) -> String {
    const KEPT: usize = 100;
    let text = shown(root, path);
    let length = text.chars().count();
    if length <= 3 * KEPT {
        return text;
    }
    let head: String = text.chars().take(KEPT).collect();
    let tail: String = text.chars().skip(length - KEPT).collect();
    format!("{head}[..]{tail}")
}

pub(crate) fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "rs")
}

fn is_wanted(path: &Path) -> bool {
    is_rust(path) || path.file_name().is_some_and(|name| name == "Cargo.toml")
}

/// Whether a folder can hold the code base's own code.
pub(crate) fn is_code(dir: &Path) -> bool {
    let signed = || {
        // The signature that cargo, and others, put into folders that can be made again.
        let tag = dir.join("CACHEDIR.TAG");
        tag.is_file()
            && read::text(&tag, 64 << 10)
                .is_ok_and(|tag| tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55"))
    };
    // `cargo vendor` and the registry leave these beside the sources of a dependency.
    let dependency = || [".cargo-checksum.json", ".cargo-ok"].iter().any(|mark| dir.join(mark).exists());
    !(dir.file_name().is_some_and(|name| name == ".git") || signed() || dependency())
}

/// The folders and the first words of the names under which frameworks, and the `config`
/// crate's users, keep their settings.
const SETTINGS_FOLDERS: &[&str] = &["config", "configuration", "conf", "settings"];
const SETTINGS_NAMES: &[&str] = &[
    "app",
    "application",
    "appsettings",
    "base",
    "config",
    "configuration",
    "default",
    "dev",
    "development",
    "local",
    "prod",
    "production",
    "server",
    "settings",
    "staging",
];

fn may_be_settings(path: &Path) -> bool {
    let (Some(name), Some(ending)) = (path.file_name().and_then(|n| n.to_str()), path.extension()) else {
        return false;
    };
    if name == "Rocket.toml" {
        return true;
    }
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let word = name.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or("");
    ["toml", "yaml", "yml", "json"].iter().any(|known| ending == *known)
        && (is_settings_folder(folder.unwrap_or(""))
            || SETTINGS_NAMES.contains(&word.to_lowercase().as_str()))
}

/// Whether a folder of this name holds settings files of any name.
pub(crate) fn is_settings_folder(name: &str) -> bool {
    SETTINGS_FOLDERS.contains(&name)
}

/// An ignore file that would make its reader wait, or read without end.
fn odd_ignore_file(dir: &Path) -> Option<&'static str> {
    const LARGE: u64 = 1 << 20;
    [".gitignore", ".ignore"].into_iter().find(|name| {
        let odd = |meta: fs::Metadata| !(meta.is_dir() || meta.is_file() && meta.len() <= LARGE);
        fs::metadata(dir.join(name)).is_ok_and(odd)
    })
}

fn parent_ignore_file_is_odd(root: &Path, notes: &mut Vec<Note>) -> bool {
    let odd = root.ancestors().find_map(|dir| odd_ignore_file(dir).map(|name| dir.join(name)));
    let Some(path) = odd else { return false };
    let message = "no ordinary file: everything is read, as with `--no-ignore`".to_owned();
    notes.push(Note { path: shown_short(root, &path), line: None, message });
    true
}

/// Tells a link in a circle from one that leads nowhere; the system's own code for it
/// differs from one to the next.
fn runs_in_a_circle(link: &Path) -> bool {
    let mut at = link.to_owned();
    // As many as Linux follows before it gives up.
    for _ in 0..40 {
        match fs::read_link(&at) {
            Ok(target) => at = at.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => return false,
        }
    }
    true
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Partial(all) => all.iter().find_map(path_of),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_paths_are_relative() {
        let root = Path::new("/a/b");
        assert_eq!(shown(root, Path::new("/a/b/src/x.rs")), "src/x.rs");
        assert_eq!(shown(root, Path::new("/a/b")), ".");
        assert_eq!(shown(root, Path::new("/a/c.rs")), "/a/c.rs");
        assert_eq!(shown(root, Path::new("/a/b/größe.rs")), "größe.rs");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"/r/a\xffb.rs");
        assert_eq!(shown(Path::new("/r"), Path::new(name)), "a\\xffb.rs");
    }

    #[test]
    fn long_paths_lose_their_middle() {
        let long = format!("/r/{}/x.rs", "d/".repeat(2000));
        let short = shown_short(Path::new("/r"), Path::new(&long));
        assert!(short.starts_with("d/d/") && short.ends_with("/x.rs") && short.len() < 250);
    }

    #[test]
    fn settings_are_known_by_name_and_folder() {
        for yes in [
            "Rocket.toml",
            "config/x.yaml",
            "settings.toml",
            "application-prod.yml",
            "configuration/base.yaml",
        ] {
            assert!(may_be_settings(Path::new(yes)), "{yes}");
        }
        for no in ["Cargo.lock", "clippy.toml", "docker-compose.yml", "config/x.rs", "settings.md"] {
            assert!(!may_be_settings(Path::new(no)), "{no}");
        }
    }
}
