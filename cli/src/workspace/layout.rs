//! Which package a file belongs to, and whether it can run in a deployed service.
//!
//! Works on paths alone, by cargo's layout rules; reads no Rust file. All paths are
//! relative to the *base*: the analysed root, or, where that lies inside a package (its
//! `src`, say), the package's folder.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, Manifests, TargetTable};
use super::walk::{Walked, shown};
use super::{Target, TargetKind};
use crate::finding::Note;

/// What kind of place a file stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Area {
    /// Can run in a deployed service.
    Service,
    /// Part of the example of that name; whether it runs depends on its text.
    Example(String),
    /// An integration test.
    Test,
    /// A benchmark.
    Bench,
    /// A build script.
    Build,
}

/// What makes a folder one that owns files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its manifest has a package, or is broken.
    Package,
    /// Its manifest has only a workspace.
    Virtual,
    /// The root, without any manifest.
    Plain,
}

/// A folder that owns the files below it which no inner folder owns.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Relative to the base; empty for the base.
    pub(crate) dir: String,
    /// Absolute.
    pub(crate) full: PathBuf,
    pub(crate) kind: Kind,
    /// Of a package or a workspace; made up where there is none.
    pub(crate) manifest: Manifest,
}

/// All folders that own files, sorted by path, and what manifests say about single files.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) folders: Vec<Folder>,
    by_dir: HashMap<String, usize>,
    /// From the base to the root: empty, or parts that each end with `/`.
    above: String,
    /// The root was named by the caller as a place that is left out otherwise.
    asked_for: bool,
    /// Files that a manifest names, with the folder of that manifest.
    named: HashMap<String, (usize, Area)>,
    /// Folders, each with `/` at its end, that a manifest puts its targets into.
    named_dirs: Vec<(String, Area)>,
}

/// Reads the manifests and plans the layout. `single`: only one file was asked for.
pub(crate) fn plan(
    root: &Path,
    single: bool,
    walked: &Walked,
    manifests: &mut Manifests,
    notes: &mut Vec<Note>,
) -> Layout {
    let mut folders = Vec::new();
    for file in &walked.manifests {
        let full = file.full.parent().unwrap_or(root).to_owned();
        let mut note = |line, message| notes.push(Note { path: file.path.clone(), line, message });
        let (kind, manifest) = match Manifest::read(&file.full) {
            Ok(manifest) if manifest.package.is_some() => (Kind::Package, manifest),
            Ok(manifest) if manifest.workspace.is_some() => (Kind::Virtual, manifest),
            Ok(mut manifest) => {
                manifest.package = Manifest::named(folder_name(&full)).package;
                note(
                    None,
                    "neither a package nor a workspace: the folder is read as a package of its own name"
                        .to_owned(),
                );
                (Kind::Package, manifest)
            }
            Err(broken) => {
                note(
                    broken.line,
                    format!("{}: the folder is read as a package of its own name", broken.reason),
                );
                (Kind::Package, Manifest::named(folder_name(&full)))
            }
        };
        manifests.insert(full.clone(), Some(manifest.clone()));
        folders.push(Folder { dir: file.path.clone(), full, kind, manifest });
    }
    // A manifest among the sources of another package that builds nothing takes nothing from it.
    let all: HashSet<PathBuf> = folders.iter().map(|folder| folder.full.clone()).collect();
    folders.retain(|folder| {
        let sources = |dir: &&Path| dir.file_name().is_some_and(|name| name == "src");
        let mut around = folder.full.ancestors().filter(sources).filter_map(Path::parent);
        // The disk is asked last.
        !(folder.kind == Kind::Package && around.any(|of| all.contains(of)) && builds_nothing(folder))
    });

    let has_own = folders.iter().any(|folder| folder.full == root);
    let enclosing = if has_own { None } else { manifests.package_above(root) };
    let above = match &enclosing {
        Some(base) if base != root => format!("{}/", shown(base, root)),
        _ => String::new(),
    };
    for folder in &mut folders {
        let dir = folder.dir.strip_suffix("Cargo.toml").unwrap_or(&folder.dir);
        folder.dir = format!("{above}{dir}").trim_end_matches('/').to_owned();
    }
    if !has_own {
        let (kind, full) = enclosing.map_or((Kind::Plain, root.to_owned()), |base| (Kind::Package, base));
        let manifest = manifests.get(&full).filter(|_| kind == Kind::Package).cloned();
        let manifest = manifest.unwrap_or_else(|| Manifest::named(folder_name(root)));
        folders.push(Folder { dir: String::new(), full, kind, manifest });
    }
    folders.sort_by(|a, b| a.dir.cmp(&b.dir));

    let by_dir = folders.iter().enumerate().map(|(at, folder)| (folder.dir.clone(), at)).collect();
    let in_left_out = matches!(above.split('/').next(), Some("tests" | "benches" | "examples"));
    let asked_for = single || in_left_out;
    let mut layout =
        Layout { folders, by_dir, above, asked_for, named: HashMap::new(), named_dirs: Vec::new() };
    layout.name_targets(walked, notes);
    layout
}

/// Whether a package has no crate of its own: none is named, and none lies where cargo looks.
fn builds_nothing(folder: &Folder) -> bool {
    let manifest = &folder.manifest;
    let tables = [&manifest.bin, &manifest.example, &manifest.test, &manifest.bench];
    let named = manifest.lib.is_some() || tables.iter().any(|tables| !tables.is_empty());
    let usual = ["src/lib.rs", "src/main.rs", "src/bin", "examples"];
    !named && !usual.iter().any(|path| folder.full.join(path).exists())
}

fn folder_name(dir: &Path) -> String {
    dir.file_name().map_or_else(|| "root".to_owned(), |name| shown(Path::new(""), Path::new(name)))
}

impl Layout {
    /// A path relative to the root, as one relative to the base.
    pub(crate) fn below_base(&self, path: &str) -> String {
        format!("{}{path}", self.above)
    }

    /// A path relative to the base, as one relative to the root, if it lies below that.
    pub(crate) fn below_root<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(&self.above)
    }

    /// The folder that owns a file.
    pub(crate) fn owner(&self, path: &str) -> usize {
        let inner = self.innermost(path);
        match self.named.get(path) {
            Some((by, _)) if self.folders[inner].kind != Kind::Package => *by,
            _ => inner,
        }
    }

    fn innermost(&self, path: &str) -> usize {
        let mut dir = path;
        while let Some((up, _)) = dir.rsplit_once('/') {
            if let Some(at) = self.by_dir.get(up) {
                return *at;
            }
            dir = up;
        }
        // There is always a folder for the base, which sorts first.
        0
    }

    /// What kind of place a file stands in.
    pub(crate) fn area(&self, path: &str) -> Area {
        if self.asked_for {
            return Area::Service;
        }
        if let Some((_, area)) = self.named.get(path) {
            return area.clone();
        }
        let inside = |dirs: &[(String, Area)], service: bool| {
            let mut dirs = dirs.iter().filter(|(_, area)| (*area == Area::Service) == service);
            dirs.find(|(dir, _)| path.starts_with(dir.as_str())).map(|(_, area)| area.clone())
        };
        if let Some(area) = inside(&self.named_dirs, true) {
            return area;
        }
        let folder = &self.folders[self.innermost(path)];
        let inner = path.strip_prefix(&folder.dir).unwrap_or(path).trim_start_matches('/');
        match (folder.kind, inner.split_once('/')) {
            (Kind::Plain, _) => Area::Service,
            (_, Some(("tests", _))) => Area::Test,
            (_, Some(("benches", _))) => Area::Bench,
            (_, Some(("examples", rest))) => {
                let name = rest.split('/').next().unwrap_or(rest);
                Area::Example(join(&join(&folder.dir, "examples"), name.strip_suffix(".rs").unwrap_or(name)))
            }
            _ => inside(&self.named_dirs, false).unwrap_or(Area::Service),
        }
    }

    /// What kind of place a whole folder stands in: one below the `tests` of another is a
    /// test, one below its `examples` is a service of its own.
    pub(crate) fn folder_area(&self, at: usize) -> Area {
        let folder = &self.folders[at];
        if folder.manifest.is_fuzzing() && !folder.dir.is_empty() {
            return Area::Test;
        }
        let mut dir = folder.dir.as_str();
        while !dir.is_empty() && !self.asked_for {
            let (up, name) = dir.rsplit_once('/').unwrap_or(("", dir));
            let is_manifest_dir = self.by_dir.get(up).is_some_and(|at| self.folders[*at].kind != Kind::Plain);
            match name {
                "tests" if is_manifest_dir => return Area::Test,
                "benches" if is_manifest_dir => return Area::Bench,
                _ => dir = up,
            }
        }
        Area::Service
    }

    /// Enters the files that manifests name, those that can run in a service last: what
    /// is named twice is read.
    fn name_targets(&mut self, walked: &Walked, notes: &mut Vec<Note>) {
        let known: BTreeSet<String> = walked.rust.iter().map(|file| self.below_base(&file.path)).collect();
        let mut services = Vec::new();
        for at in 0..self.folders.len() {
            let folder = &self.folders[at];
            for member in folder.manifest.workspace.iter().flat_map(|workspace| &workspace.members) {
                if normal(&folder.dir, member).is_none() && self.above.is_empty() {
                    let message = format!("its member `{member}` lies outside of the analysed folder");
                    notes.push(Note { path: join(&folder.dir, "Cargo.toml"), line: None, message });
                }
            }
            if folder.kind != Kind::Package {
                continue;
            }
            let place = |path: &str| normal(&folder.dir, path);
            let mut named = Vec::new();
            for script in folder.manifest.build_scripts() {
                named.extend(place(script).map(|path| (path, Area::Build)));
            }
            for (tables, area) in [(&folder.manifest.test, Area::Test), (&folder.manifest.bench, Area::Bench)]
            {
                for path in tables.iter().filter_map(|table| place(table.path.as_ref()?)) {
                    if let Some(dir) = own_dir(&folder.dir, &path).filter(|_| self.innermost(&path) == at) {
                        self.named_dirs.push((dir, area.clone()));
                    }
                    named.push((path, area.clone()));
                }
            }
            for path in folder.manifest.example.iter().filter_map(|table| place(table.path.as_ref()?)) {
                if !path.starts_with(&join(&folder.dir, "examples/")) {
                    named.push((path.clone(), Area::Example(path)));
                }
            }
            for table in folder.manifest.lib.iter().chain(&folder.manifest.bin) {
                let Some(written) = table.path.as_ref() else {
                    continue;
                };
                let path = place(written);
                let reason = match &path {
                    Some(path) if known.contains(path) => None,
                    Some(path) if self.below_root(path).is_none() => {
                        Some("lies outside of the analysed folder")
                    }
                    None => Some("lies outside of the analysed folder"),
                    Some(_) if folder.full.join(written).is_file() => {
                        Some("is hidden by an ignore file (`--no-ignore` reads it)")
                    }
                    Some(_) => Some("does not exist"),
                };
                // Where only a part of a package was asked for, the rest is not missed.
                if let Some(reason) = reason.filter(|_| self.above.is_empty() && !self.asked_for) {
                    let message = format!("its target `{written}` {reason}");
                    notes.push(Note { path: join(&folder.dir, "Cargo.toml"), line: None, message });
                }
                services.extend(path.map(|path| (at, path)));
            }
            self.named.extend(named.into_iter().map(|(path, area)| (path, (at, area))));
        }
        for (at, path) in services {
            let folder = &self.folders[at].dir;
            let shared = ["tests/", "benches/", "examples/"].map(|dir| join(folder, dir));
            if let Some(dir) = own_dir(folder, &path).filter(|dir| !shared.contains(dir)) {
                self.named_dirs.push((dir, Area::Service));
            }
            self.named.insert(path, (at, Area::Service));
        }
    }

    /// The crates of a package whose root files are among `files` (those that are read
    /// and belong to it), sorted by kind and name.
    pub(crate) fn targets(&self, at: usize, files: &BTreeSet<&str>) -> Vec<Target> {
        let folder = &self.folders[at];
        let Some(package) = folder.manifest.package.as_ref().filter(|_| folder.kind == Kind::Package) else {
            return Vec::new();
        };
        let mut found: BTreeMap<String, (TargetKind, String)> = BTreeMap::new();
        let mut add = |kind, name: &str, inner: &str| match normal(&folder.dir, inner) {
            Some(root) if files.contains(root.as_str()) => {
                found.entry(root).or_insert_with(|| (kind, name.to_owned()));
                true
            }
            _ => false,
        };

        let lib = folder.manifest.lib.clone().unwrap_or_default();
        let lib_name = lib.name.as_deref().unwrap_or(&package.name);
        add(TargetKind::Lib, lib_name, lib.path.as_deref().unwrap_or("src/lib.rs"));
        let main = ["src/main.rs"];
        let mut add_named = |kind, tables: &[TargetTable], dir: &str, fallback: &[&str]| {
            for table in tables {
                let name = table.name.as_deref().unwrap_or(&package.name);
                let guesses = [format!("{dir}/{name}.rs"), format!("{dir}/{name}/main.rs")];
                let guesses = guesses.iter().map(String::as_str).chain(fallback.iter().copied());
                match &table.path {
                    Some(path) => _ = add(kind, name, path),
                    None => _ = guesses.into_iter().any(|guess| add(kind, name, guess)),
                }
            }
        };
        add_named(TargetKind::Bin, &folder.manifest.bin, "src/bin", &main);
        add_named(TargetKind::Other, &folder.manifest.example, "examples", &[]);
        add_named(TargetKind::Other, &folder.manifest.test, "tests", &[]);
        add_named(TargetKind::Other, &folder.manifest.bench, "benches", &[]);

        let mut automatic = vec![
            ("examples/", TargetKind::Other),
            ("tests/", TargetKind::Other),
            ("benches/", TargetKind::Other),
        ];
        if folder.manifest.autobins() {
            add(TargetKind::Bin, &package.name, "src/main.rs");
            automatic.push(("src/bin/", TargetKind::Bin));
        }
        for file in files {
            let inner = file.strip_prefix(&folder.dir).unwrap_or(file).trim_start_matches('/');
            for (dir, kind) in &automatic {
                if let Some(name) = inner.strip_prefix(dir).and_then(automatic_name) {
                    add(*kind, name, inner);
                }
            }
        }

        let crates = found.into_iter().filter_map(|(path, (kind, name))| {
            Some(Target { name: name.replace('-', "_"), kind, root: self.below_root(&path)?.to_owned() })
        });
        let mut crates: Vec<Target> = crates.collect();
        crates.sort_by(|a, b| (a.kind, &a.name, &a.root).cmp(&(b.kind, &b.name, &b.root)));
        crates
    }
}

/// The name of the target that a file in `src/bin`, `examples` or the like starts.
fn automatic_name(inner: &str) -> Option<&str> {
    match inner.split_once('/') {
        None => inner.strip_suffix(".rs"),
        Some((dir, "main.rs")) => Some(dir),
        Some(_) => None,
    }
}

/// The folder, with `/` at its end, in which a target that a manifest names has its
/// modules: not the package's own folder, not its `src` and nothing in there, since
/// other targets live there too.
fn own_dir(package: &str, path: &str) -> Option<String> {
    let (dir, _) = path.rsplit_once('/')?;
    let inner = dir.strip_prefix(package)?.trim_start_matches('/');
    let shared = inner.is_empty() || inner == "src" || inner.starts_with("src/");
    (!shared).then(|| format!("{dir}/"))
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

/// `dir/path` without `.` and `..`; nothing if that leads out of the base.
fn normal(dir: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_normal() {
        assert_eq!(normal("a/b", "./../c/x.rs").as_deref(), Some("a/c/x.rs"));
        assert_eq!(normal("", "src\\main.rs").as_deref(), Some("src/main.rs"));
        assert_eq!(normal("a", "../../x.rs"), None);
        assert_eq!(normal("a", "/x.rs"), None);
    }

    #[test]
    fn automatic_targets() {
        assert_eq!(automatic_name("a.rs"), Some("a"));
        assert_eq!(automatic_name("a/main.rs"), Some("a"));
        assert_eq!(automatic_name("a/b.rs"), None);
    }

    #[test]
    fn targets_have_a_folder_of_their_own_or_none() {
        assert_eq!(own_dir("p", "p/test/main.rs").as_deref(), Some("p/test/"));
        assert_eq!(own_dir("p", "p/src/tests/main.rs"), None);
        assert_eq!(own_dir("p", "p/tests.rs"), None);
        assert_eq!(own_dir("", "x.rs"), None);
    }
}
