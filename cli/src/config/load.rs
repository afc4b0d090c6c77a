//! Finds and reads the files that configure a run, and says which of them hold for a package.
//!
//! A package has the nearest `stateless.toml` or `[workspace.metadata.stateless]`, from its
//! folder upwards to the top of the repository, and its own `[package.metadata.stateless]`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::parse::{self, Mistake, Table};
use super::{Config, Layer};
use crate::error::Error;
use crate::finding::{Level, Problem};
use crate::source::{SourceFile, Sources};
use crate::span::Place;
use crate::workspace::{Manifests, Workspace, read, shown};

/// The name of the file.
pub(crate) const FILE: &str = "stateless.toml";

/// A configuration is written by hand; a larger file is something else.
const CAP: u64 = 1 << 20;

/// Reads what holds for the packages of `workspace`. `named`: the file to use in place of the
/// nearest one; `flags`: what the command line says.
///
/// # Errors
/// A file that cannot be read or obeyed.
pub(crate) fn load(workspace: &Workspace, named: Option<&Path>, flags: Layer) -> Result<Config, Error> {
    let mut loader = Loader {
        root: &workspace.root,
        config: Config::default(),
        manifests: Manifests::default(),
        known: BTreeMap::new(),
        mistakes: Vec::new(),
    };
    loader.config.layers.push(flags);
    let named = match named {
        Some(path) => loader.whole_file(path)?,
        None => None,
    };
    loader.config.root = vec![0];
    let shared = match named {
        Some(layer) => Some(layer),
        None => loader.shared(&workspace.root)?,
    };
    loader.config.root.extend(shared);
    for package in &workspace.packages {
        let layers = loader.package(&package.folder, named)?;
        loader.config.packages.push(layers);
    }
    loader.done()
}

/// The folders in which configuration for `dir` is looked for: upwards to the top of the
/// repository, so that what lies beside a checkout does not reach into it.
pub(crate) fn folders(dir: &Path) -> impl Iterator<Item = &Path> {
    let mut inside = true;
    dir.ancestors().take_while(move |above| {
        let here = inside;
        inside = inside && fs::symlink_metadata(above.join(".git")).is_err();
        here
    })
}

/// A file, or a link to one, of any kind: what cannot be read is to be named.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A layer that was read, and whether it says that it inherits.
type Read = (usize, Option<bool>);

struct Loader<'w> {
    root: &'w Path,
    config: Config,
    manifests: Manifests,
    /// The layer of each file that was read already, by path and table.
    known: BTreeMap<(PathBuf, &'static str), Option<Read>>,
    mistakes: Vec<(usize, Mistake)>,
}

impl Loader<'_> {
    /// The layers of the package in `dir`, the strongest first.
    fn package(&mut self, dir: &Path, named: Option<usize>) -> Result<Vec<usize>, Error> {
        let mut layers = vec![0];
        let shared = match named {
            Some(layer) => Some(layer),
            None => self.shared(dir)?,
        };
        let own = self.table(&dir.join("Cargo.toml"), "package")?;
        if let Some((layer, inherits)) = own {
            layers.push(layer);
            if let (None, Some(shared)) = (inherits, &shared) {
                self.ask_about_inheritance(layer, *shared);
            }
        }
        let inherits = own.is_none_or(|(_, inherits)| inherits == Some(true));
        layers.extend(shared.filter(|_| inherits));
        Ok(layers)
    }

    /// Neither answer is obvious, and the wrong one would go unnoticed.
    fn ask_about_inheritance(&mut self, own: usize, shared: usize) {
        let (own, shared) = (&self.config.layers[own], &self.config.layers[shared]);
        let (Some(file), Some(other)) = (own.file, shared.file) else { return };
        let other = &self.config.files[other].path;
        let mistake = Mistake {
            span: own.head,
            message: format!("this does not say whether `{other}` holds for the package as well"),
            help: "add `workspace = true` to inherit it, or `workspace = false` to stand alone".to_owned(),
        };
        self.mistakes.push((file, mistake));
    }

    /// The nearest configuration that is not a package's own.
    fn shared(&mut self, dir: &Path) -> Result<Option<usize>, Error> {
        let folders: Vec<PathBuf> = folders(dir).map(Path::to_owned).collect();
        let file = folders.iter().find(|folder| is_there(&folder.join(FILE))).cloned();
        let workspace = self.manifests.workspace_above(dir).filter(|root| {
            // A workspace may lie elsewhere, if the package's manifest says so.
            folders.contains(root) || !dir.starts_with(root)
        });
        let table = match &workspace {
            Some(root) => self.table(&root.join("Cargo.toml"), "workspace")?,
            None => None,
        };
        let depth = |folder: &Path| folder.components().count();
        match (file, workspace.zip(table)) {
            (Some(folder), Some((root, (layer, _)))) if root == folder => {
                let layer = &self.config.layers[layer];
                let help = "keep one of the two".to_owned();
                let message = format!("`{FILE}` beside this manifest configures the same workspace");
                self.mistakes
                    .extend(layer.file.map(|file| (file, Mistake { span: layer.head, message, help })));
                Ok(None)
            }
            (Some(folder), Some((root, (layer, _)))) if depth(&root) > depth(&folder) => Ok(Some(layer)),
            (None, Some((_, (layer, _)))) => Ok(Some(layer)),
            (Some(folder), _) => self.whole_file(&folder.join(FILE)),
            (None, None) => Ok(None),
        }
    }

    /// The layer of a file that is nothing but configuration.
    fn whole_file(&mut self, path: &Path) -> Result<Option<usize>, Error> {
        self.once(path, "", |text| parse::file(text).map(|layer| Some((layer, None))), true)
            .map(|found| found.map(|(layer, _)| layer))
    }

    /// The layer of a table in a manifest, and whether it inherits.
    fn table(&mut self, path: &Path, of: &'static str) -> Result<Option<Read>, Error> {
        let read = |text: &str| {
            let table = parse::manifest(text, of)?;
            Ok(table.map(|Table { layer, inherits }| (layer, inherits)))
        };
        self.once(path, of, read, false)
    }

    fn once(
        &mut self,
        path: &Path,
        of: &'static str,
        parse: impl Fn(&str) -> Result<Option<(Layer, Option<bool>)>, Vec<Mistake>>,
        needed: bool,
    ) -> Result<Option<Read>, Error> {
        let key = (path.to_owned(), of);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let text = match read::text(path, CAP) {
            Ok(text) => text,
            // What is wrong with a manifest is said where packages are made of it.
            Err(_) if !needed => String::new(),
            Err(reason) => {
                return Err(Error::Unread { path: path.to_owned(), reason: reason.to_string() });
            }
        };
        let parsed = parse(&text);
        let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let shown = shown(self.root, &full);
        let file = self.config.files.len();
        let found = match parsed {
            Ok(None) => None,
            Ok(Some((layer, inherits))) => {
                self.config.files.push(SourceFile::new(shown, full, text, 0));
                self.config.layers.push(Layer { file: Some(file), ..layer });
                Some((self.config.layers.len() - 1, inherits))
            }
            Err(mistakes) => {
                self.config.files.push(SourceFile::new(shown, full, text, 0));
                self.mistakes.extend(mistakes.into_iter().map(|mistake| (file, mistake)));
                None
            }
        };
        self.known.insert(key, found);
        Ok(found)
    }

    fn done(mut self) -> Result<Config, Error> {
        if self.mistakes.is_empty() {
            return Ok(self.config);
        }
        self.mistakes.sort_by_key(|(file, mistake)| (*file, mistake.span));
        self.mistakes.dedup();
        let mut sources = Sources::default();
        let ids: Vec<_> = self.config.files.into_iter().map(|file| sources.push(file)).collect();
        let problems = self.mistakes.into_iter().map(|(file, mistake)| Problem {
            check: "configuration",
            level: Level::Error,
            place: Place { file: ids[file], span: mistake.span },
            message: mistake.message,
            help: mistake.help,
        });
        Err(Error::Configuration { problems: problems.collect(), sources })
    }
}
