//! What a path means: local items first, then imports, globs, crates, the prelude.
//!
//! Anything that does not lead to an analysed item becomes [`Def::Ext`] with the
//! longest path that imports give it (`tokio::sync::Mutex`), which is what the tables
//! of [`super::external`] know.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use ustr::Ustr;

use super::external;
use super::tree::{Def, ItemId, ModId, Tree};
use super::types::T;
use crate::facts::{ItemKind, Sym};

/// What a name means: hardly ever more than one thing.
pub(crate) type Defs = SmallVec<[Def; 2]>;

/// Re-exports can form cycles.
const MAX_HOPS: usize = 32;

pub(crate) struct Names<'a> {
    pub(crate) tree: Tree<'a>,
    memo: RefCell<FxHashMap<(ModId, Sym), Defs>>,
    /// Types of fields that were asked about, without arguments for their struct.
    pub(super) fields: RefCell<FxHashMap<(ItemId, usize), T>>,
    /// Steps left for the type at hand; see [`super::types`].
    pub(super) left: Cell<usize>,
    /// What the question at hand has asked already.
    asked: RefCell<FxHashMap<(ModId, Sym), Defs>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(tree: Tree<'a>) -> Self {
        Names {
            tree,
            memo: RefCell::default(),
            fields: RefCell::default(),
            asked: RefCell::default(),
            left: Cell::new(0),
        }
    }

    /// Every meaning of a path, the likeliest first; never empty for a path.
    pub(crate) fn resolve(&self, module: ModId, path: &[Sym]) -> Defs {
        self.resolve_within(module, path, MAX_HOPS)
    }

    fn resolve_within(&self, module: ModId, path: &[Sym], hops: usize) -> Defs {
        let Some((first, mut rest)) = path.split_first() else {
            return Defs::new();
        };
        if hops == 0 {
            return smallvec![external(path)];
        }
        let mut at = match first.as_str() {
            "crate" | "$crate" => smallvec![Def::Mod(self.tree.module(module).root)],
            "self" => smallvec![Def::Mod(module)],
            "super" => {
                let mut up = self.parent(module);
                while rest.first().is_some_and(|next| *next == "super") {
                    up = self.parent(up);
                    rest = &rest[1..];
                }
                smallvec![Def::Mod(up)]
            }
            _ => self.lookup(module, *first, hops - 1),
        };
        if at.is_empty() {
            at = self.outside(module, *first);
        }
        for name in rest {
            let mut next = Defs::new();
            for def in &at {
                self.member(*def, *name, hops - 1, &mut next);
            }
            if next.is_empty() {
                // Not one of ours after all, or an associated item: keep what we know.
                return smallvec![external(path)];
            }
            at = next;
        }
        at
    }

    /// What a module declares under a name.
    fn declared(&self, module: ModId, name: Sym) -> Defs {
        self.tree
            .module(module)
            .names
            .get(&name)
            .map_or_else(Defs::new, |defs| defs.iter().copied().collect())
    }

    fn parent(&self, module: ModId) -> ModId {
        self.tree.module(module).parent.unwrap_or(module)
    }

    /// `def::name`
    fn member(&self, def: Def, name: Sym, hops: usize, out: &mut Defs) {
        match def {
            Def::Mod(module) => out.extend(self.lookup(module, name, hops)),
            Def::Item(id) => match &self.tree.item(id).item.kind {
                ItemKind::Enum { variants, .. } => {
                    if let Some(at) = variants.iter().position(|variant| variant.name == name) {
                        out.push(Def::Variant(id, at as u32));
                    }
                }
                ItemKind::Alias { ty: crate::facts::Ty::Path(path), .. } => {
                    let segments: Vec<Sym> = path.segments.iter().map(|segment| segment.name).collect();
                    for target in
                        self.resolve_within(self.tree.item(id).module, &segments, hops.saturating_sub(1))
                    {
                        if target != def && hops > 0 {
                            self.member(target, name, hops - 1, out);
                        }
                    }
                }
                _ => {}
            },
            Def::Ext(path) => out.push(Def::Ext(joined(path, name))),
            Def::Variant(..) => {}
        }
    }

    /// A single name as seen inside a module.
    fn lookup(&self, module: ModId, name: Sym, hops: usize) -> Defs {
        let key = (module, name);
        if let Some(known) = self.memo.borrow().get(&key) {
            return known.clone();
        }
        // Globs can form a mesh: within one question each module is asked once, and a
        // module that is being asked answers what it declares itself.
        if let Some(known) = self.asked.borrow().get(&key) {
            return known.clone();
        }
        let first = self.asked.borrow().is_empty();
        let own = self.declared(module, name);
        self.asked.borrow_mut().insert(key, own);
        let found = self.lookup_uncached(module, name, hops);
        if first {
            self.asked.borrow_mut().clear();
            self.memo.borrow_mut().insert(key, found.clone());
        } else {
            self.asked.borrow_mut().insert(key, found.clone());
        }
        found
    }

    fn lookup_uncached(&self, module: ModId, name: Sym, hops: usize) -> Defs {
        let scope = self.tree.module(module);
        let mut found = self.declared(module, name);
        if hops == 0 {
            return found;
        }
        for path in scope.imports.get(&name).into_iter().flatten() {
            // `use foo::foo` must not find itself.
            let itself = path.len() == 1 && path[0] == name;
            if itself {
                found.extend(self.outside(module, name));
            } else {
                found.extend(self.import(module, path, hops - 1));
            }
        }
        if found.is_empty() {
            for path in &scope.globs {
                for def in self.import(module, path, hops - 1) {
                    match def {
                        Def::Mod(inner) if inner != module => {
                            let below = self.lookup(inner, name, hops.saturating_sub(2));
                            // A glob over foreign names only guesses: ours come first.
                            found.extend(below);
                        }
                        Def::Item(_) => self.member(def, name, hops - 1, &mut found),
                        _ => {}
                    }
                }
            }
            // Two modules that import from each other: the one that was being asked did not answer.
            if found.iter().any(|def| !matches!(def, Def::Ext(_))) {
                found.retain(|def| !matches!(def, Def::Ext(path) if within(path.as_str())));
            }
        }
        if !found.is_empty() && found.iter().all(|def| matches!(def, Def::Mod(_))) {
            // A module does not hide a function of its name: `mod users; use users::*; users(..)`.
            for path in &scope.globs {
                for def in self.import(module, path, hops - 1) {
                    let Def::Mod(inner) = def else { continue };
                    let below = match inner != module {
                        true => self.lookup(inner, name, hops.saturating_sub(2)),
                        false => Defs::new(),
                    };
                    let function = |def: &Def| matches!(def, Def::Item(id) if matches!(self.tree.item(*id).item.kind, ItemKind::Fn(_)));
                    found.extend(below.into_iter().filter(function));
                }
            }
        }
        found.dedup();
        found
    }

    /// An import path: relative to this module, or starting with a crate's name.
    fn import(&self, module: ModId, path: &[Sym], hops: usize) -> Defs {
        let Some(first) = path.first() else {
            return Defs::new();
        };
        let known = matches!(first.as_str(), "crate" | "self" | "super" | "$crate");
        if !known && !self.tree.module(module).names.contains_key(first) {
            let outside = self.outside(module, *first);
            if let [Def::Mod(root)] = outside[..] {
                let mut path = path.to_vec();
                path[0] = Ustr::from("crate");
                return self.resolve_within(root, &path, hops);
            }
            // Not declared here: an import of the same name may stand for it.
            let imported = self.tree.module(module).imports.contains_key(first) && path.len() > 1;
            if !imported && !self.beside(module, *first, hops) {
                return smallvec![external(path)];
            }
        }
        self.resolve_within(module, path, hops)
    }

    /// Whether a glob over modules of the same crate brings a name: `use super::*; pub use game::*`.
    fn beside(&self, module: ModId, name: Sym, hops: usize) -> bool {
        let scope = self.tree.module(module);
        let near = |glob: &&Vec<Sym>| {
            hops > 0 && glob.iter().all(|part| matches!(part.as_str(), "crate" | "self" | "super"))
        };
        scope.globs.iter().filter(near).any(|glob| {
            let found = self.resolve_within(module, glob, hops - 1);
            found.iter().any(|def| match def {
                Def::Mod(inner) => *inner != module && self.tree.module(*inner).names.contains_key(&name),
                _ => false,
            })
        })
    }

    /// A name that the module does not declare: a crate, a prelude name, a foreign glob.
    fn outside(&self, module: ModId, name: Sym) -> Defs {
        if let Some(&root) = self.tree.crates.get(&name) {
            // A framework's own examples see it as any service does.
            let here = self.tree.module(module);
            let other =
                self.tree.module(root).package != here.package || self.tree.examples.contains(&here.root);
            if !(other && external::known_crate(name.as_str())) {
                return smallvec![Def::Mod(root)];
            }
            return smallvec![Def::Ext(name)];
        }
        if let Some(path) = prelude(name.as_str()) {
            return smallvec![Def::Ext(Ustr::from(path))];
        }
        // Told by the first name alone: resolving the glob here could come back here.
        let scope = self.tree.module(module);
        let foreign = |glob: &&Vec<Sym>| {
            glob.first().is_some_and(|first| {
                !matches!(first.as_str(), "crate" | "self" | "super" | "$crate")
                    && !self.tree.crates.contains_key(first)
                    && !scope.names.contains_key(first)
            })
        };
        let upper = name.as_str().starts_with(char::is_uppercase);
        if upper && let Some(glob) = scope.globs.iter().find(foreign) {
            let path: Vec<&str> = glob.iter().map(|part| part.as_str()).collect();
            return smallvec![Def::Ext(Ustr::from(&format!("{}::{name}", path.join("::"))))];
        }
        smallvec![Def::Ext(name)]
    }
}

fn external(path: &[Sym]) -> Def {
    let whole = path.iter().copied().reduce(joined);
    Def::Ext(whole.unwrap_or_default())
}

/// Whether a path that led nowhere begins inside the crate: nothing foreign is called that.
fn within(path: &str) -> bool {
    matches!(path.split("::").next(), Some("super" | "self" | "crate" | "$crate"))
}

/// `path::name`, put together once.
pub(super) fn joined(path: Sym, name: Sym) -> Sym {
    thread_local! {
        static KNOWN: RefCell<FxHashMap<(Sym, Sym), Sym>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        *known.entry((path, name)).or_insert_with(|| Ustr::from(&format!("{path}::{name}")))
    })
}

fn prelude(name: &str) -> Option<&'static str> {
    Some(match name {
        "Vec" => "std::vec::Vec",
        "String" => "std::string::String",
        "Box" => "std::boxed::Box",
        "Option" => "std::option::Option",
        "Result" => "std::result::Result",
        "Some" => "std::option::Option::Some",
        "None" => "std::option::Option::None",
        "Ok" => "std::result::Result::Ok",
        "Err" => "std::result::Result::Err",
        "Default" => "std::default::Default",
        _ => return None,
    })
}
