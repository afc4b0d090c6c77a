//! What a macro's arguments lead to, and what it answers, for macros that are known by name.
//!
//! How a macro's text becomes expressions is decided in [`crate::lower`]; the routes that
//! one declares are read in [`super::web`].

use super::eval::Frame;
use super::external::{self, Kind};
use super::summary::Val;
use super::types::T;
use crate::facts::{ExprId, ExprKind, Path};
use crate::span::Span;

impl<'a> Frame<'a, '_> {
    /// Reads what a macro was given.
    pub(super) fn expand(&mut self, path: &Path, args: &'a [ExprId], span: Span) -> Val {
        let name = path.last().map(|last| last.name).unwrap_or_default();
        if let Some(val) = self.web_macro(name, args, span) {
            return val;
        }
        let vals: Vec<Val> = args.iter().map(|arg| self.value(*arg)).collect();
        for (val, arg) in vals.iter().zip(args) {
            if !matches!(self.body.kind(*arg), ExprKind::Match { .. } | ExprKind::Block { .. })
                && !matches!(name.as_str(), "vec" | "matches" | "select" | "join" | "dbg")
                && !name.as_str().starts_with("try_")
            {
                let span = self.body.expr(*arg).span;
                self.read_of(val, name.as_str(), span);
                if matches!(name.as_str(), "format" | "json" | "write" | "writeln") {
                    self.read_parts(val, name, span);
                }
            }
        }
        if vals.len() == 1 && (name == "dbg" || name.as_str().starts_with("try_")) {
            // `try_outcome!(x)`: what it leads to, or the way out.
            let val = vals[0].clone();
            let ty = match external::kind_of(&val.ty) {
                Kind::Maybe if name != "dbg" => external::unwrap_one(&val.ty).cloned().unwrap_or_default(),
                _ => val.ty.clone(),
            };
            return Val { ty, ..val };
        }
        match name.as_str() {
            "vec" => Val {
                ty: T::ext("std::vec::Vec", vec![vals.first().map(|val| val.ty.clone()).unwrap_or_default()]),
                ..Val::default()
            },
            "format" => {
                Val { literal: self.formatted(&vals), ..Val::of(T::ext("std::string::String", vec![])) }
            }
            "concat" => Val::of(T::ext("std::string::String", vec![])),
            // `ready!(..)`: the value, or the function ends.
            "ready" | "unwrap" if vals.len() == 1 => {
                let val = &vals[0];
                Val { ty: external::unwrap_one(&val.ty).cloned().unwrap_or_default(), ..val.clone() }
            }
            "join" | "try_join" => Val::of(T::Tuple(vals.iter().map(|val| val.ty.clone()).collect())),
            _ => Val::default(),
        }
    }
}
