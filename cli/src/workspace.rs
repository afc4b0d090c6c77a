//! What to read: packages, their crates, and the files that can run in a deployed service.
//!
//! All reading of the analysed tree happens below here, and nothing else does: no file is
//! parsed as Rust, no cargo is run. What cannot be read becomes a note. The steps:
//! [`walk`] finds files, [`layout`] says what each is by its path and the [`manifest`]s,
//! [`read`] opens those that matter, [`serves`] tells examples that are services from
//! those that are not, [`select`] marks what to report.

mod layout;
mod listing;
mod manifest;
pub(crate) mod read;
mod select;
mod serves;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::layout::{Area, Kind, Layout};
pub(crate) use self::listing::{LeftOut, listing};
pub(crate) use self::manifest::Manifests;
pub(crate) use self::serves::starts_server;
pub(crate) use self::walk::shown;
use self::walk::{Found, Walked};
use crate::error::Error;
use crate::finding::Note;
use crate::source::{SourceFile, Sources};

/// What the caller asks to read. See the flags of the same names in `args.rs`.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A workspace, a package, a plain folder of Rust files, one of those, or a `Cargo.toml`.
    pub path: PathBuf,
    /// Report only these packages (`-p`, with `*` and `?`); empty: all.
    pub packages: Vec<String>,
    /// Leave these packages out (`--exclude`).
    pub exclude: Vec<String>,
    /// Go up to the workspace that PATH belongs to (`--workspace`).
    pub workspace: bool,
    /// Read what `.gitignore` names too (`--no-ignore`).
    pub no_ignore: bool,
    /// Read tests (`--tests`), benches (`--benches`), examples (`--examples`).
    pub tests: bool,
    /// See `tests`.
    pub benches: bool,
    /// See `tests`.
    pub examples: bool,
}

/// What kind of crate a root file starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    /// `src/lib.rs` or `[lib]`.
    Lib,
    /// `src/main.rs`, `src/bin/*`, `[[bin]]`.
    Bin,
    /// An example, test or bench that was asked for or serves requests.
    Other,
}

/// One crate: a root file and what it is called.
#[derive(Debug, Clone)]
pub struct Target {
    /// Crate name as code writes it (`-` replaced by `_`).
    pub name: String,
    /// Lib, bin, or other.
    pub kind: TargetKind,
    /// Root file, relative like [`crate::source::SourceFile::path`].
    pub root: String,
}

/// A dependency as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Name that code uses (`-` replaced by `_`).
    pub name: String,
    /// Name of the package on the registry (differs under `package = ".."`).
    pub package: String,
    /// Enabled features.
    pub features: Vec<String>,
}

/// One package, or the plain folder itself.
#[derive(Debug, Clone)]
pub struct Package {
    /// Package name; the folder's name where there is no manifest.
    pub name: String,
    /// Folder relative to the analysed root; empty for the root itself.
    pub dir: String,
    /// Folder of its manifest, absolute: above the analysed root where that lies inside.
    pub folder: PathBuf,
    /// Crates, sorted by kind and name. Empty for a plain folder.
    pub targets: Vec<Target>,
    /// Normal dependencies (workspace inheritance resolved where the root manifest is in reach),
    /// with those of tests and examples where such a crate is among the targets.
    pub dependencies: Vec<Dependency>,
    /// Its library runs inside the compiler, not inside a service.
    pub proc_macro: bool,
    /// Whether findings in it are reported (`-p`, `--exclude`).
    pub selected: bool,
}

/// A file from which a framework may take settings: `Rocket.toml`, `config/*.yaml`.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// Path relative to the analysed root, with `/` between parts.
    pub path: String,
    /// Its text, whatever the format.
    pub text: String,
    /// Index into [`Workspace::packages`]; nothing for one that lies beside a workspace.
    pub package: Option<usize>,
}

/// What was found and read.
#[derive(Debug)]
pub struct Workspace {
    /// The analysed root, absolute.
    pub root: PathBuf,
    /// Packages sorted by folder. Never empty: a plain folder is a package of its own.
    pub packages: Vec<Package>,
    /// Files of all packages. Every file knows its package.
    pub sources: Sources,
    /// Settings files beside the code, sorted by path.
    pub config_files: Vec<ConfigFile>,
    /// What could not be read, and why: sorted, one a path.
    pub notes: Vec<Note>,
    /// What is odd about the request itself, as in "`--exclude x` matches no package".
    pub warnings: Vec<String>,
    /// Items under `#[cfg(test)]` are analysed too (`--tests`).
    pub with_tests: bool,
    /// How many Rust files were found, also those that could not be read.
    pub files_found: usize,
    /// Those that were left out as tests, benches, build scripts or examples.
    pub(crate) left_out: Vec<LeftOut>,
}

/// Settings files are small; a larger one is data.
const CONFIG_CAP: u64 = 256 << 10;

/// Finds and reads what `request` asks for.
///
/// # Errors
/// When nothing could be read, or the request names packages that are not there.
pub fn load(request: &Request) -> Result<Workspace, Error> {
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    let mut manifests = Manifests::default();
    let (root, single) = place(request, &mut manifests, &mut warnings)?;
    let mut walked = match &single {
        Some(file) => Walked {
            rust: vec![Found { path: walk::shown(&root, file), full: file.clone() }],
            ..Walked::default()
        },
        None => walk::walk(&root, request.no_ignore),
    };
    notes.append(&mut walked.notes);
    let layout = layout::plan(&root, single.is_some(), &walked, &mut manifests, &mut notes);

    let read = read_rust(&layout, walked.rust, request, &mut notes);
    if read.files.is_empty() {
        return Err(Error::NothingRead {
            path: root,
            left_out: read.left_out.len(),
            notes: one_a_path(notes),
        });
    }
    let (mut packages, of_folder) =
        packages(&root, &layout, &read.files, request, &mut manifests, &mut notes);
    let config_files = read_config(&layout, &walked.settings, &of_folder, &mut notes);
    let in_tests: Vec<&str> = (0..layout.folders.len())
        .filter(|at| of_folder[*at].is_none())
        .filter_map(|at| Some(layout.folders[at].manifest.package.as_ref()?.name.as_str()))
        .collect();
    select::select(&mut packages, request, &in_tests, &mut warnings)?;

    let files_found = read.files.len() + read.unread;
    let files = read.files.into_iter().filter_map(|file| {
        let package = of_folder[file.folder]?;
        Some(SourceFile::new(file.found.path, file.found.full, file.text, package))
    });
    let sources = Sources::new(files.collect());
    let notes = one_a_path(notes);
    Ok(Workspace {
        root,
        packages,
        sources,
        config_files,
        with_tests: request.tests,
        notes,
        warnings,
        files_found,
        left_out: read.left_out,
    })
}

/// The folder to read, absolute, and the file in it if only that was asked for.
fn place(
    request: &Request,
    manifests: &mut Manifests,
    warnings: &mut Vec<String>,
) -> Result<(PathBuf, Option<PathBuf>), Error> {
    let path = &request.path;
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::NotFound { path: path.clone() },
        _ => Error::Unreadable { path: path.clone(), source },
    };
    let meta = fs::metadata(path).map_err(unreadable)?;
    let is_manifest = path.file_name().is_some_and(|name| name == "Cargo.toml");
    let (mut root, mut single) = if meta.is_dir() {
        (path.canonicalize().map_err(unreadable)?, None)
    } else if !meta.is_file() {
        return Err(Error::NotCode { path: path.clone(), what: read::kind(meta.file_type()) });
    } else if is_manifest || path.extension().is_some_and(|ending| ending == "rs") {
        // Of a link to a file, the folder of the link counts: that is where it was found.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().map_err(unreadable)?;
        let file = path.file_name().map(|name| folder.join(name)).filter(|_| !is_manifest);
        (folder, file)
    } else {
        return Err(Error::NotCode { path: path.clone(), what: "neither a folder nor a `.rs` file" });
    };
    if request.workspace {
        match manifests.workspace_above(&root).or_else(|| manifests.package_above(&root)) {
            Some(above) => (root, single) = (above, None),
            None => {
                warnings.push("`--workspace`: there is no workspace here or above".to_owned());
            }
        }
    }
    Ok((root, single))
}

/// A Rust file that is part of the analysis.
struct RustFile {
    found: Found,
    /// Relative to the layout's base.
    path: String,
    text: String,
    /// Index into the layout's folders.
    folder: usize,
}

struct Read {
    files: Vec<RustFile>,
    unread: usize,
    left_out: Vec<LeftOut>,
}

fn wanted(area: &Area, request: &Request) -> bool {
    match area {
        Area::Service => true,
        Area::Example(_) => request.examples,
        Area::Test => request.tests,
        Area::Bench => request.benches,
        Area::Build => false,
    }
}

/// Reads the files that can run in a service, and those of examples to see whether they do.
fn read_rust(layout: &Layout, found: Vec<Found>, request: &Request, notes: &mut Vec<Note>) -> Read {
    let folder_wanted: Vec<bool> =
        (0..layout.folders.len()).map(|at| wanted(&layout.folder_area(at), request)).collect();
    let mut left_out = Vec::new();
    let to_read: Vec<(Found, String, Area, usize)> = found
        .into_iter()
        .filter_map(|found| {
            let path = layout.below_base(&found.path);
            let (area, folder) = (layout.area(&path), layout.owner(&path));
            let read = folder_wanted[folder] && (wanted(&area, request) || matches!(area, Area::Example(_)));
            if !read {
                let of_folder = layout.folder_area(folder);
                let why = if folder_wanted[folder] { area.why() } else { of_folder.why() };
                left_out.push(LeftOut { path: found.path.clone(), why });
            }
            read.then_some((found, path, area, folder))
        })
        .collect();
    let texts: Vec<_> =
        to_read.par_iter().map(|(found, ..)| read::text(&found.full, read::SIZE_CAP)).collect();

    let mut files = Vec::new();
    let mut examples: BTreeMap<String, Vec<RustFile>> = BTreeMap::new();
    let mut unread = 0;
    for ((found, path, area, folder), text) in to_read.into_iter().zip(texts) {
        match text {
            Ok(text) => {
                let file = RustFile { found, path, text, folder };
                match area {
                    Area::Example(name) if !request.examples => examples.entry(name).or_default().push(file),
                    _ => files.push(file),
                }
            }
            Err(reason) => {
                unread += 1;
                notes.push(Note { path: found.path, line: reason.line(), message: format!("{reason}") });
            }
        }
    }
    let texts = examples
        .iter()
        .map(|(name, files)| (name.clone(), files.iter().map(|file| file.text.as_str()).collect()));
    let serving = serves::serving(&texts.collect());
    for (name, example) in examples {
        if serving.contains(&name) {
            files.extend(example);
        } else {
            let why = Area::Example(name).why();
            left_out.extend(example.into_iter().map(|file| LeftOut { path: file.found.path, why }));
        }
    }
    files.sort_by(|a, b| a.found.cmp(&b.found));
    Read { files, unread, left_out }
}

/// The packages, and for each folder of the layout the index of its package.
fn packages(
    root: &Path,
    layout: &Layout,
    files: &[RustFile],
    request: &Request,
    manifests: &mut Manifests,
    notes: &mut Vec<Note>,
) -> (Vec<Package>, Vec<Option<usize>>) {
    let mut paths: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); layout.folders.len()];
    for file in files {
        paths[file.folder].insert(&file.path);
    }
    let mut packages = Vec::new();
    let mut of_folder = Vec::new();
    for (at, folder) in layout.folders.iter().enumerate() {
        let is_package = folder.kind == Kind::Package && folder.full.starts_with(root);
        if paths[at].is_empty() && !(is_package && wanted(&layout.folder_area(at), request)) {
            of_folder.push(None);
            continue;
        }
        let targets = layout.targets(at, &paths[at]);
        let dev = targets.iter().any(|target| target.kind == TargetKind::Other);
        let (dependencies, problems) = manifests.dependencies(&folder.full, &folder.manifest, dev);
        let path = walk::shown(root, &folder.full.join("Cargo.toml"));
        notes.extend(problems.into_iter().map(|message| Note { path: path.clone(), line: None, message }));
        let name = match (&folder.manifest.package, folder.full.file_name()) {
            (Some(package), _) => package.name.clone(),
            (None, Some(name)) => walk::shown(Path::new(""), Path::new(name)),
            (None, None) => "root".to_owned(),
        };
        of_folder.push(Some(packages.len()));
        packages.push(Package {
            name,
            dir: layout.below_root(&folder.dir).unwrap_or("").to_owned(),
            folder: folder.full.clone(),
            targets,
            dependencies,
            proc_macro: folder.manifest.lib.as_ref().is_some_and(|lib| lib.proc_macro),
            selected: true,
        });
    }
    (packages, of_folder)
}

/// Settings files that lie where a package, or the workspace, keeps them. One that is too
/// large for settings is data, and no loss; one that cannot be read is named.
fn read_config(
    layout: &Layout,
    found: &[Found],
    of_folder: &[Option<usize>],
    notes: &mut Vec<Note>,
) -> Vec<ConfigFile> {
    let mut files = Vec::new();
    for found in found {
        let path = layout.below_base(&found.path);
        let folder = layout.owner(&path);
        let inner = path.strip_prefix(&layout.folders[folder].dir).unwrap_or(&path).trim_start_matches('/');
        let in_place = match inner.split_once('/') {
            None => true,
            Some((dir, rest)) => walk::is_settings_folder(dir) && !rest.contains('/'),
        };
        if !in_place && !inner.ends_with("Rocket.toml") {
            continue;
        }
        match read::text(&found.full, CONFIG_CAP) {
            Ok(text) => files.push(ConfigFile { path: found.path.clone(), text, package: of_folder[folder] }),
            Err(read::Unread::TooLarge { .. }) => {}
            Err(reason) => {
                notes.push(Note {
                    path: found.path.clone(),
                    line: reason.line(),
                    message: format!("{reason}"),
                });
            }
        }
    }
    files
}

/// Sorted, and everything that is said about one path in one note.
fn one_a_path(mut notes: Vec<Note>) -> Vec<Note> {
    notes.sort();
    notes.dedup();
    let mut merged: Vec<Note> = Vec::new();
    for note in notes {
        match merged.last_mut() {
            Some(last) if last.path == note.path => {
                last.message.push_str("; ");
                last.message.push_str(&note.message);
                last.line = last.line.or(note.line);
            }
            _ => merged.push(note),
        }
    }
    merged
}

impl Workspace {
    /// Packages that run in a server: those that start one, and what they depend on.
    /// Nothing where no package is seen to start one: then any could.
    pub(crate) fn served(&self) -> Option<BTreeSet<usize>> {
        let mut files = vec![Vec::new(); self.packages.len()];
        for (_, file) in self.sources.iter() {
            files[file.package].push(&file.text);
        }
        let starts = |files: &Vec<&String>| files.par_iter().any(|text| starts_server(text));
        let starting = files.iter().enumerate().filter(|(_, files)| starts(files));
        let mut served: BTreeSet<usize> = starting.map(|(package, _)| package).collect();
        if served.is_empty() {
            return None;
        }
        // A library starts it for those that run: where no program does so itself, they serve.
        let runs = |package: usize| files[package].iter().any(|text| serves::is_program(text));
        if !served.iter().any(|package| runs(*package)) {
            let names: Vec<&str> =
                served.iter().map(|package| self.packages[*package].name.as_str()).collect();
            let users = (0..files.len()).filter(|package| {
                let dependencies = &self.packages[*package].dependencies;
                runs(*package) && dependencies.iter().any(|one| names.contains(&one.package.as_str()))
            });
            served.extend(users.collect::<Vec<_>>());
        }
        let mut queue: Vec<usize> = served.iter().copied().collect();
        while let Some(package) = queue.pop() {
            for dependency in &self.packages[package].dependencies {
                let found = self.packages.iter().position(|one| one.name == dependency.package);
                if let Some(found) = found
                    && served.insert(found)
                {
                    queue.push(found);
                }
            }
        }
        Some(served)
    }
}
