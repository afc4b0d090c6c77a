//! The names in reach inside a body, the innermost first.

use rustc_hash::FxHashMap;

use super::summary::Val;
use crate::facts::Sym;

/// A stack of bindings that finds a name without walking it: generated functions have
/// hundreds of thousands.
#[derive(Default)]
pub(super) struct Vars {
    all: Vec<Var>,
    /// Where in `all` the innermost of each name is.
    at: FxHashMap<Sym, u32>,
}

struct Var {
    name: Sym,
    val: Val,
    /// The one of the same name that this one hides.
    hidden: Option<u32>,
}

impl Vars {
    pub(super) fn push(&mut self, name: Sym, val: Val) {
        let hidden = self.at.insert(name, self.all.len() as u32);
        self.all.push(Var { name, val, hidden });
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Leaves the scopes that were entered since there were so many.
    pub(super) fn truncate(&mut self, len: usize) {
        while self.all.len() > len
            && let Some(Var { name, hidden, .. }) = self.all.pop()
        {
            match hidden {
                Some(hidden) => self.at.insert(name, hidden),
                None => self.at.remove(&name),
            };
        }
    }

    pub(super) fn get(&self, name: Sym) -> Option<&Val> {
        Some(&self.all[*self.at.get(&name)? as usize].val)
    }

    pub(super) fn get_mut(&mut self, name: Sym) -> Option<&mut Val> {
        Some(&mut self.all[*self.at.get(&name)? as usize].val)
    }

    /// The outermost binding of a name: a parameter, where there is one.
    pub(super) fn outermost(&self, name: Sym) -> Option<&Val> {
        let mut at = *self.at.get(&name)?;
        while let Some(hidden) = self.all[at as usize].hidden {
            at = hidden;
        }
        Some(&self.all[at as usize].val)
    }
}
