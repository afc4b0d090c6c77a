//! Lists which Rust files a run reads, and why it does not read the others.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use walkdir::WalkDir;

use super::Workspace;
use super::layout::Area;
use super::walk::{self, shown};
use crate::report::escape::visible;
use crate::report::words::count;

/// A Rust file that was found and left out.
#[derive(Debug)]
pub(crate) struct LeftOut {
    /// Relative to the analysed root.
    pub(crate) path: String,
    pub(crate) why: &'static str,
}

impl Area {
    /// Why a file that stands there is left out.
    pub(super) fn why(&self) -> &'static str {
        match self {
            Area::Service => "not part of a service",
            Area::Example(_) => "an example that starts no server: `--examples` reads it",
            Area::Test => "an integration test: `--tests` reads it",
            Area::Bench => "a bench: `--benches` reads it",
            Area::Build => "a build script, which never runs in a service",
        }
    }
}

/// A line a file, by path. Walks the folder once more, for what ignore files hide.
pub(crate) fn listing(workspace: &Workspace) -> String {
    let mut lines: BTreeMap<String, (&str, String)> = BTreeMap::new();
    for (_, file) in workspace.sources.iter() {
        let package = &workspace.packages[file.package];
        let only = if package.selected { "" } else { ", not reported" };
        let words = format!("package {}{only}", visible(&package.name));
        lines.insert(file.path.clone(), ("read", words));
    }
    for file in &workspace.config_files {
        lines.insert(file.path.clone(), ("read", "settings of a framework".to_owned()));
    }
    for file in &workspace.left_out {
        lines.insert(file.path.clone(), ("left out", file.why.to_owned()));
    }
    for note in &workspace.notes {
        lines.insert(note.path.clone(), ("not read", note.message.clone()));
    }
    hidden(workspace, &mut lines);

    let mut text = String::new();
    for (path, (what, why)) in &lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{what:<8}  {}: {}", visible(path), visible(why));
    }
    let number = |wanted: &str| lines.values().filter(|(what, _)| *what == wanted).count();
    let all = count(number("read"), "file");
    let _ = writeln!(text, "{all} read, {} left out, {} not read", number("left out"), number("not read"));
    text
}

/// What the walk did not even see.
fn hidden(workspace: &Workspace, lines: &mut BTreeMap<String, (&str, String)>) {
    let root = &workspace.root;
    let mut walk = WalkDir::new(root).into_iter();
    let mut folders: HashSet<String> = HashSet::new();
    while let Some(entry) = walk.next() {
        // What cannot be read is a note already.
        let Ok(entry) = entry else { continue };
        let path = shown(root, entry.path());
        if entry.file_type().is_dir() && entry.depth() > 0 && !walk::is_code(entry.path()) {
            walk.skip_current_dir();
            if entry.file_name() != ".git" {
                folders.insert(path);
            }
        } else if entry.file_type().is_file() && walk::is_rust(entry.path()) {
            lines.entry(path).or_insert((
                "left out",
                "hidden, or named by an ignore file: `--no-ignore` reads it".to_owned(),
            ));
        }
    }
    for folder in folders {
        lines.insert(
            format!("{folder}/"),
            ("left out", "made or fetched by cargo, or by a tool like it".to_owned()),
        );
    }
}
