//! The names in reach inside a body, the innermost first.

use rustc_hash::FxHashMap;

use super::summary::Val;
use crate::facts::Sym;

/// A stack of bindings that finds a name without walking it: generated functions have
/// hundreds of thousands.
#[derive(Default)]
pub(super) struct Vars {
    all: Vec<(Sym, Val)>,
    /// Positions of each name in `all`, the innermost last.
    at: FxHashMap<Sym, Vec<u32>>,
}

impl Vars {
    pub(super) fn push(&mut self, name: Sym, val: Val) {
        self.at.entry(name).or_default().push(self.all.len() as u32);
        self.all.push((name, val));
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Leaves the scopes that were entered since there were so many.
    pub(super) fn truncate(&mut self, len: usize) {
        while self.all.len() > len
            && let Some((name, _)) = self.all.pop()
        {
            self.at.get_mut(&name).and_then(Vec::pop);
        }
    }

    pub(super) fn get(&self, name: Sym) -> Option<&Val> {
        let at = *self.at.get(&name)?.last()?;
        Some(&self.all[at as usize].1)
    }

    pub(super) fn get_mut(&mut self, name: Sym) -> Option<&mut Val> {
        let at = *self.at.get(&name)?.last()?;
        Some(&mut self.all[at as usize].1)
    }

    /// The outermost binding of a name: a parameter, where there is one.
    pub(super) fn outermost(&self, name: Sym) -> Option<&Val> {
        let at = *self.at.get(&name)?.first()?;
        Some(&self.all[at as usize].1)
    }
}
