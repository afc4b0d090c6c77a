//! Closures that functions of ours are given: what their parameters are is in the signature of
//! the function, `F: FnOnce(&mut Shop)`. Closures given to foreign code are [`super::effects`]'.

use super::eval::Frame;
use super::summary::{RegionKind, Val};
use super::tree::ItemId;
use super::types::T;
use crate::facts::{ExprId, ExprKind, Generic, Ty};

impl<'a> Frame<'a, '_> {
    /// Evaluates what a function of ours is given; closures get what its signature says.
    pub(super) fn args_of(&mut self, callee: Option<ItemId>, args: &'a [ExprId]) -> Vec<Val> {
        let closures = args.iter().any(|arg| matches!(self.body.kind(*arg), ExprKind::Closure { .. }));
        let function = callee.filter(|_| closures).and_then(|callee| {
            let function = self.names().tree.item(callee).function()?;
            Some((function, self.ev.index.scope(self.names(), callee)))
        });
        let Some((function, scope)) = function else {
            return self.args(args, &[], &[], RegionKind::Inherit);
        };
        let mut vals = Vec::with_capacity(args.len());
        for (at, arg) in args.iter().enumerate() {
            let params: Vec<T> = match function.params.get(at) {
                Some(param) => closure_params(&param.ty, &function.generics)
                    .iter()
                    .map(|ty| self.names().ty(ty, &scope))
                    .map(|ty| self.unless_locked(ty))
                    .collect(),
                None => Vec::new(),
            };
            vals.extend(self.args(std::slice::from_ref(arg), &params, &[], RegionKind::Inherit));
        }
        vals
    }

    /// What a closure is lent out of a lock belongs to that lock, and its type does not tell which.
    fn unless_locked(&self, ty: T) -> T {
        match ty.value() {
            T::Adt(adt, _) if self.ev.index.is_locked(self.names(), *adt) => T::Unknown,
            _ => ty,
        }
    }
}

/// What a parameter that is called is given: `F: FnOnce(&mut State)`, `impl Fn(State)`.
fn closure_params<'t>(ty: &'t Ty, generics: &'t [Generic]) -> &'t [Ty] {
    let bounds = match ty {
        Ty::Path(path) => {
            let name = path.as_ident();
            generics.iter().find(|generic| Some(generic.name) == name).map(|generic| &generic.bounds)
        }
        Ty::Impl(bounds) | Ty::Dyn(bounds) => Some(bounds),
        _ => None,
    };
    let called = bounds.into_iter().flatten().filter_map(|bound| bound.last());
    let called = called.filter(|last| matches!(last.name.as_str(), "Fn" | "FnMut" | "FnOnce"));
    called.map(|last| last.args()).next().unwrap_or_default()
}
