//! What a path means: local items first, then imports, globs, crates, the prelude.
//!
//! Anything that does not lead to an analysed item becomes [`Def::Ext`] with the
//! longest path that imports give it (`tokio::sync::Mutex`), which is what the tables
//! of [`super::external`] know.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;
use ustr::Ustr;

use super::external;
use super::tree::{Def, ItemId, ModId, Tree};
use super::types::T;
use crate::facts::{ItemKind, Sym};

/// Re-exports can form cycles.
const MAX_HOPS: usize = 32;

pub(crate) struct Names<'a> {
    pub(crate) tree: Tree<'a>,
    memo: RefCell<FxHashMap<(ModId, Sym), Vec<Def>>>,
    /// Types of fields that were asked about, without arguments for their struct.
    pub(super) fields: RefCell<FxHashMap<(ItemId, usize), T>>,
    /// Steps left for the type at hand; see [`super::types`].
    pub(super) left: Cell<usize>,
    /// What the question at hand has asked already.
    asked: RefCell<FxHashMap<(ModId, Sym), Vec<Def>>>,
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
    pub(crate) fn resolve(&self, module: ModId, path: &[Sym]) -> Vec<Def> {
        self.resolve_within(module, path, MAX_HOPS)
    }

    fn resolve_within(&self, module: ModId, path: &[Sym], hops: usize) -> Vec<Def> {
        let Some((first, mut rest)) = path.split_first() else {
            return Vec::new();
        };
        if hops == 0 {
            return vec![external(path)];
        }
        let mut at = match first.as_str() {
            "crate" | "$crate" => vec![Def::Mod(self.tree.module(module).root)],
            "self" => vec![Def::Mod(module)],
            "super" => {
                let mut up = self.parent(module);
                while rest.first().is_some_and(|next| *next == "super") {
                    up = self.parent(up);
                    rest = &rest[1..];
                }
                vec![Def::Mod(up)]
            }
            _ => self.lookup(module, *first, hops - 1),
        };
        if at.is_empty() {
            at = self.outside(module, *first);
        }
        for name in rest {
            let mut next = Vec::new();
            for def in &at {
                self.member(*def, *name, hops - 1, &mut next);
            }
            if next.is_empty() {
                // Not one of ours after all, or an associated item: keep what we know.
                return vec![external(path)];
            }
            at = next;
        }
        at
    }

    fn parent(&self, module: ModId) -> ModId {
        self.tree.module(module).parent.unwrap_or(module)
    }

    /// `def::name`
    fn member(&self, def: Def, name: Sym, hops: usize, out: &mut Vec<Def>) {
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
            Def::Ext(path) => out.push(Def::Ext(Ustr::from(&format!("{path}::{name}")))),
            Def::Variant(..) => {}
        }
    }

    /// A single name as seen inside a module.
    fn lookup(&self, module: ModId, name: Sym, hops: usize) -> Vec<Def> {
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
        let own = self.tree.module(module).names.get(&name).cloned().unwrap_or_default();
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

    fn lookup_uncached(&self, module: ModId, name: Sym, hops: usize) -> Vec<Def> {
        let scope = self.tree.module(module);
        let mut found = scope.names.get(&name).cloned().unwrap_or_default();
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
        }
        found.dedup();
        found
    }

    /// An import path: relative to this module, or starting with a crate's name.
    fn import(&self, module: ModId, path: &[Sym], hops: usize) -> Vec<Def> {
        let Some(first) = path.first() else {
            return Vec::new();
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
            if !imported {
                return vec![external(path)];
            }
        }
        self.resolve_within(module, path, hops)
    }

    /// A name that the module does not declare: a crate, a prelude name, a foreign glob.
    fn outside(&self, module: ModId, name: Sym) -> Vec<Def> {
        if let Some(&root) = self.tree.crates.get(&name) {
            // A framework's own examples see it as any service does.
            let here = self.tree.module(module);
            let other =
                self.tree.module(root).package != here.package || self.tree.examples.contains(&here.root);
            if !(other && external::known_crate(name.as_str())) {
                return vec![Def::Mod(root)];
            }
            return vec![Def::Ext(name)];
        }
        if let Some(path) = prelude(name.as_str()) {
            return vec![Def::Ext(Ustr::from(path))];
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
            return vec![Def::Ext(Ustr::from(&format!("{}::{name}", path.join("::"))))];
        }
        vec![Def::Ext(name)]
    }
}

fn external(path: &[Sym]) -> Def {
    let parts: Vec<&str> = path.iter().map(|part| part.as_str()).collect();
    Def::Ext(Ustr::from(&parts.join("::")))
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
