//! Crates, modules and items: who declares what, and in which file.
//!
//! Builds the module tree from `mod` items the way the compiler does (`#[path]`,
//! inline, nested) and then adds every file that no tree reaches, at the module its
//! path suggests. Gives each item a number; resolves no names.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::facts::{Body, FileFacts, Function, Item, ItemKind, Sym};
use crate::source::Sources;
use crate::span::{FileId, Place};
use crate::workspace::{Package, Workspace};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ModId(pub(crate) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ItemId(pub(crate) u32);

/// What a name can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Def {
    Mod(ModId),
    Item(ItemId),
    /// A variant of an enum, by position.
    Variant(ItemId, u32),
    /// Something outside the analysed code, by its path as far as it is known.
    Ext(Sym),
}

#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) parent: Option<ModId>,
    pub(crate) root: ModId,
    pub(crate) package: usize,
    /// The file that holds it.
    pub(crate) file: FileId,
    /// `crate_name::a::b`
    pub(crate) path: String,
    /// Names declared here. Types and values share a table: a clash is rare and
    /// then both are kept, in order.
    pub(crate) names: FxHashMap<Sym, Vec<Def>>,
    pub(crate) imports: FxHashMap<Sym, Vec<Vec<Sym>>>,
    pub(crate) globs: Vec<Vec<Sym>>,
}

/// An item with its surroundings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared<'a> {
    pub(crate) item: &'a Item,
    pub(crate) file: FileId,
    pub(crate) module: ModId,
    /// The impl or trait that a method or associated item stands in.
    pub(crate) parent: Option<ItemId>,
}

impl<'a> Declared<'a> {
    pub(crate) fn place(&self) -> Place {
        Place { file: self.file, span: self.item.span }
    }

    pub(crate) fn function(&self) -> Option<&'a Function> {
        match &self.item.kind {
            ItemKind::Fn(function) => Some(function),
            _ => None,
        }
    }

    /// The code that runs when this item is used: a body or an initialiser.
    pub(crate) fn body(&self) -> Option<&'a Body> {
        match &self.item.kind {
            ItemKind::Fn(function) => function.body.as_deref(),
            ItemKind::Static(held) => held.init.as_deref(),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tree<'a> {
    pub(crate) modules: Vec<Module>,
    pub(crate) items: Vec<Declared<'a>>,
    /// Crate roots a package can name: its own library and every library around.
    pub(crate) crates: FxHashMap<Sym, ModId>,
    /// Crate roots of binaries and other targets, in order.
    pub(crate) roots: Vec<ModId>,
    /// Those of them that are examples.
    pub(crate) examples: FxHashSet<ModId>,
    /// The module a file's top level became.
    file_modules: FxHashMap<FileId, ModId>,
}

impl<'a> Tree<'a> {
    pub(crate) fn build(workspace: &Workspace, facts: &'a [FileFacts]) -> Self {
        let mut builder = Builder {
            tree: Tree::default(),
            facts,
            sources: &workspace.sources,
            by_path: workspace.sources.iter().map(|(id, file)| (file.path.as_str(), id)).collect(),
            left_out: Vec::new(),
        };
        let mut seen_crates = FxHashMap::default();
        for (number, package) in workspace.packages.iter().enumerate() {
            for target in &package.targets {
                let Some(&file) = builder.by_path.get(target.root.as_str()) else {
                    continue;
                };
                if builder.tree.file_modules.contains_key(&file) {
                    continue;
                }
                let root =
                    builder.file_module(file, None, number, target.name.clone(), &parent_dir(&target.root));
                builder.tree.roots.push(root);
                if target.kind == crate::workspace::TargetKind::Other {
                    builder.tree.examples.insert(root);
                }
                if target.kind == crate::workspace::TargetKind::Lib {
                    seen_crates.entry(Ustr::from(&target.name)).or_insert(root);
                }
            }
        }
        builder.tree.crates = seen_crates;
        // A folder without a manifest: the usual names start its crates.
        for (number, package) in workspace.packages.iter().enumerate() {
            for name in ["src/lib.rs", "src/main.rs", "lib.rs", "main.rs"] {
                let path = join(&package.dir, name);
                let Some(&file) = builder.by_path.get(path.as_str()) else { continue };
                if package.targets.is_empty() && !builder.tree.file_modules.contains_key(&file) {
                    let crate_name = package.name.replace('-', "_");
                    let root = builder.file_module(file, None, number, crate_name, &parent_dir(&path));
                    builder.tree.roots.push(root);
                }
            }
        }
        for (id, file) in workspace.sources.iter() {
            let test = builder.left_out.iter().any(|out| match out.strip_suffix('/') {
                Some(_) => file.path.starts_with(out.as_str()),
                None => file.path == *out,
            });
            if !test && !builder.tree.file_modules.contains_key(&id) {
                builder.stray(id, &file.path, file.package, &workspace.packages[file.package]);
            }
        }
        builder.tree
    }

    pub(crate) fn item(&self, id: ItemId) -> &Declared<'a> {
        &self.items[id.0 as usize]
    }

    pub(crate) fn module(&self, id: ModId) -> &Module {
        &self.modules[id.0 as usize]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ItemId> + use<> {
        (0..self.items.len() as u32).map(ItemId)
    }
}

struct Builder<'a, 'w> {
    tree: Tree<'a>,
    facts: &'a [FileFacts],
    sources: &'w Sources,
    by_path: FxHashMap<&'w str, FileId>,
    /// Files and folders (with `/` at the end) of modules that only tests have.
    left_out: Vec<String>,
}

impl<'a> Builder<'a, '_> {
    /// `dir` is where the children of this module are looked for.
    fn file_module(
        &mut self,
        file: FileId,
        parent: Option<ModId>,
        package: usize,
        path: String,
        dir: &str,
    ) -> ModId {
        let id = self.new_module(parent, package, file, path);
        self.tree.file_modules.insert(file, id);
        let items: &'a [Item] = &self.facts[file.index()].items;
        self.declare(items, id, file, dir, None);
        id
    }

    fn new_module(&mut self, parent: Option<ModId>, package: usize, file: FileId, path: String) -> ModId {
        let id = ModId(self.tree.modules.len() as u32);
        let root = parent.map_or(id, |parent| self.tree.module(parent).root);
        self.tree.modules.push(Module {
            parent,
            root,
            package,
            file,
            path,
            names: FxHashMap::default(),
            imports: FxHashMap::default(),
            globs: Vec::new(),
        });
        id
    }

    fn name(&mut self, module: ModId, name: Sym, def: Def) {
        self.tree.modules[module.0 as usize].names.entry(name).or_default().push(def);
    }

    fn declare(&mut self, items: &'a [Item], module: ModId, file: FileId, dir: &str, parent: Option<ItemId>) {
        for item in items {
            match &item.kind {
                ItemKind::Use { path, glob } => {
                    let module = &mut self.tree.modules[module.0 as usize];
                    if *glob {
                        if !module.globs.contains(path) {
                            module.globs.push(path.clone());
                        }
                    } else {
                        module.imports.entry(item.name).or_default().push(path.clone());
                    }
                }
                ItemKind::Module { items, path } => {
                    self.child(item, items.as_deref(), path.as_deref(), module, dir)
                }
                ItemKind::TestModule { path } => self.leave_out(item, path.as_deref(), module, dir),
                _ => {
                    let id = ItemId(self.tree.items.len() as u32);
                    self.tree.items.push(Declared { item, file, module, parent });
                    if parent.is_none() && !item.name.is_empty() {
                        self.name(module, item.name, Def::Item(id));
                    }
                    match &item.kind {
                        ItemKind::Impl(inner) => self.declare(&inner.items, module, file, dir, Some(id)),
                        ItemKind::Trait(inner) => self.declare(&inner.items, module, file, dir, Some(id)),
                        _ => {}
                    }
                }
            }
        }
    }

    fn child(
        &mut self,
        item: &'a Item,
        items: Option<&'a [Item]>,
        path: Option<&str>,
        parent: ModId,
        dir: &str,
    ) {
        let (package, file, full) = {
            let above = self.tree.module(parent);
            (above.package, above.file, format!("{}::{}", above.path, item.name))
        };
        let name = item.name;
        if let Some(items) = items {
            let id = self.new_module(Some(parent), package, file, full);
            let dir = join(dir, path.unwrap_or(name.as_str()));
            self.declare(items, id, file, &dir, None);
            self.name(parent, name, Def::Mod(id));
            return;
        }
        let candidates = match path {
            // `#[path]` counts from the folder of the file that holds the `mod` item.
            Some(path) => {
                let own = &self.sources.file(file).path;
                vec![join(&parent_dir(own), path), join(dir, path)]
            }
            None => vec![join(dir, &format!("{name}.rs")), join(dir, &format!("{name}/mod.rs"))],
        };
        for candidate in candidates {
            let Some(&file) = self.by_path.get(candidate.as_str()) else {
                continue;
            };
            let id = match self.tree.file_modules.get(&file) {
                Some(&known) => known,
                None => {
                    let owns_dir = candidate.ends_with("/mod.rs") || path.is_some();
                    let inner = if owns_dir {
                        parent_dir(&candidate)
                    } else {
                        candidate.trim_end_matches(".rs").to_string()
                    };
                    self.file_module(file, Some(parent), package, full.clone(), &inner)
                }
            };
            self.name(parent, name, Def::Mod(id));
            return;
        }
    }

    /// The files of a module that only tests have, and all below its folder.
    fn leave_out(&mut self, item: &Item, path: Option<&str>, parent: ModId, dir: &str) {
        let name = item.name;
        match path {
            Some(path) => {
                let own = &self.sources.file(self.tree.module(parent).file).path;
                self.left_out.push(join(&parent_dir(own), path));
            }
            None => {
                self.left_out.push(join(dir, &format!("{name}.rs")));
                self.left_out.push(format!("{}/", join(dir, name.as_str())));
            }
        }
    }

    /// A file that no module tree reaches: hung below its package's library (or
    /// first) crate, so that `crate::` and `super::` mean what they most likely would.
    fn stray(&mut self, file: FileId, path: &str, number: usize, package: &Package) {
        let inside = path.strip_prefix(&package.dir).unwrap_or(path).trim_start_matches('/');
        let inside = inside.strip_prefix("src/").unwrap_or(inside).trim_end_matches(".rs");
        let inside = inside.strip_suffix("/mod").unwrap_or(inside).replace('/', "::").replace('-', "_");
        let root = self.tree.roots.iter().copied().find(|root| self.tree.module(*root).package == number);
        let prefix =
            root.map_or_else(|| package.name.replace('-', "_"), |root| self.tree.module(root).path.clone());
        let dir = path.trim_end_matches(".rs").trim_end_matches("/mod").to_string();
        let plain_root = root.is_none() && matches!(inside.as_str(), "main" | "lib");
        let (full, dir) = match plain_root {
            true => (prefix, parent_dir(path)),
            false => (format!("{prefix}::{inside}"), dir),
        };
        let id = self.file_module(file, root, number, full, &dir);
        if root.is_none() {
            self.tree.roots.push(id);
        }
    }
}

fn parent_dir(path: &str) -> String {
    path.rsplit_once('/').map(|(dir, _)| dir.to_string()).unwrap_or_default()
}

/// Joins with `/`, resolving `.` and `..`.
fn join(dir: &str, path: &str) -> String {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
