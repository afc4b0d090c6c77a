//! Types with their names resolved, and how to get one from what a file says.
//!
//! Good enough to follow a value through wrappers, aliases and generics; no trait
//! solving, no coercions, no lifetimes. A future is the type it yields, a
//! `MutexGuard<T>` is `T`: what matters is which data an expression leads to.

use std::sync::{Arc, LazyLock};

use smallvec::SmallVec;
use ustr::Ustr;

use super::names::Names;
use super::tree::{Def, ItemId, ModId};
use crate::facts::{Generic, ItemKind, Path, Segment, Sym, Ty};

/// A resolved type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) enum T {
    #[default]
    Unknown,
    /// A struct or enum of the analysed code.
    Adt(ItemId, Args),
    /// A type from elsewhere, by its path.
    Ext(Sym, Args),
    Ref(Arc<T>),
    Tuple(Args),
    Slice(Arc<T>),
    /// `dyn A`, `impl A`, or a generic parameter bound by A: what it is known to do.
    Bound(Arc<[Def]>),
    /// Something to call, and what the call answers.
    Fn(Arc<T>),
}

pub(crate) type Args = Arc<[T]>;

/// Type arguments. Most types have none, and share that.
pub(crate) fn shared(args: Vec<T>) -> Args {
    static NONE: LazyLock<Args> = LazyLock::new(|| Vec::new().into());
    if args.is_empty() { NONE.clone() } else { args.into() }
}

/// Types with more parts, or deeper, are taken for unknown.
const MAX_TYPE_PARTS: usize = 512;
const MAX_TYPE_DEPTH: usize = 48;
/// Steps to read one type, aliases opened.
const MAX_TYPE_STEPS: usize = 4_000;
/// Alias chains longer than this are taken for cycles.
const MAX_ALIASES: usize = 16;

impl T {
    pub(crate) fn ext(path: &str, args: Vec<T>) -> T {
        T::Ext(Ustr::from(path), shared(args))
    }

    /// A number, whatever its width: literals do not say.
    pub(crate) fn number() -> T {
        static NUMBER: LazyLock<T> = LazyLock::new(|| T::ext("usize", Vec::new()));
        NUMBER.clone()
    }

    /// A text literal.
    pub(crate) fn text() -> T {
        static TEXT: LazyLock<T> = LazyLock::new(|| T::ext("str", Vec::new()));
        TEXT.clone()
    }

    pub(crate) fn bool() -> T {
        static BOOL: LazyLock<T> = LazyLock::new(|| T::ext("bool", Vec::new()));
        BOOL.clone()
    }

    pub(crate) fn unit() -> T {
        T::Tuple(shared(Vec::new()))
    }

    /// Through references.
    pub(crate) fn value(&self) -> &T {
        match self {
            T::Ref(inner) => inner.value(),
            other => other,
        }
    }

    pub(crate) fn args(&self) -> &[T] {
        match self {
            T::Adt(_, args) | T::Ext(_, args) | T::Tuple(args) => args,
            T::Ref(inner) | T::Slice(inner) => std::slice::from_ref(inner),
            _ => &[],
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, T::Unknown)
    }

    /// Whether the type, written out, has a size that people would write.
    pub(crate) fn is_small(&self) -> bool {
        fn count(ty: &T, left: &mut usize, depth: usize) -> bool {
            if *left == 0 || depth > MAX_TYPE_DEPTH {
                return false;
            }
            *left -= 1;
            ty.args().iter().all(|arg| count(arg, left, depth + 1))
        }
        count(self, &mut MAX_TYPE_PARTS.clone(), 0)
    }

    /// Whether this is `rough`, with more of it known.
    pub(crate) fn refines(&self, rough: &T) -> bool {
        let all = |fine: &[T], rough: &[T]| {
            rough.is_empty()
                || fine.len() == rough.len()
                    && fine.iter().zip(rough).all(|(fine, rough)| fine.refines(rough))
        };
        match (self, rough) {
            (_, T::Unknown) => true,
            (T::Ext(one, fine), T::Ext(other, rough)) => one == other && all(fine, rough),
            (T::Adt(one, fine), T::Adt(other, rough)) => one == other && all(fine, rough),
            (T::Tuple(fine), T::Tuple(rough)) => fine.len() == rough.len() && all(fine, rough),
            (T::Ref(fine), T::Ref(rough)) | (T::Slice(fine), T::Slice(rough)) => fine.refines(rough),
            (one, other) => one == other,
        }
    }

    /// Every type in this one, itself first.
    pub(crate) fn any(&self, test: &mut dyn FnMut(&T) -> bool) -> bool {
        test(self) || self.args().iter().any(|arg| arg.any(test))
    }
}

/// The last part of a path: `Mutex` of `tokio::sync::Mutex`.
pub(crate) fn last_part(path: &str) -> &str {
    // A path has no `:` but in `::`.
    path.rfind(':').map_or(path, |at| &path[at + 1..])
}

/// Where a type is read: which names are in reach.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) module: Option<ModId>,
    pub(crate) self_ty: T,
    /// Generic parameters and what they stand for.
    pub(crate) generics: Vec<(Sym, T)>,
    /// Associated types of the surrounding impl (`Self::Item`).
    pub(crate) assoc: Vec<(Sym, T)>,
}

impl Names<'_> {
    /// A type as written to what it means.
    pub(crate) fn ty(&self, ty: &Ty, scope: &Scope) -> T {
        self.left.set(MAX_TYPE_STEPS);
        let found = self.ty_within(ty, scope, MAX_ALIASES);
        if found.is_small() { found } else { T::Unknown }
    }

    fn ty_within(&self, ty: &Ty, scope: &Scope, hops: usize) -> T {
        // Aliases of aliases multiply: each question has so many steps.
        match self.left.get() {
            0 => return T::Unknown,
            left => self.left.set(left - 1),
        }
        match ty {
            Ty::Path(path) => self.path_ty(&path.segments, scope, hops),
            Ty::Projection(_, path) => {
                let name = path.last().map(|last| last.name);
                scope
                    .assoc
                    .iter()
                    .find(|(known, _)| Some(*known) == name)
                    .map_or(T::Unknown, |(_, ty)| ty.clone())
            }
            Ty::Ref { inner, .. } => T::Ref(Arc::new(self.ty_within(inner, scope, hops))),
            Ty::Tuple(parts) => {
                T::Tuple(parts.iter().map(|part| self.ty_within(part, scope, hops)).collect())
            }
            Ty::Slice(inner) => T::Slice(Arc::new(self.ty_within(inner, scope, hops))),
            Ty::Fn(output) => T::Fn(Arc::new(self.ty_within(output, scope, hops))),
            Ty::Dyn(bounds) | Ty::Impl(bounds) => self.bounds_ty(bounds, scope, hops),
            Ty::Unknown => T::Unknown,
        }
    }

    /// `impl Future<Output = T>` is `T`; `impl Fn() -> T` is callable; else the traits.
    fn bounds_ty(&self, bounds: &[Path], scope: &Scope, hops: usize) -> T {
        for bound in bounds {
            let Some(last) = bound.last() else { continue };
            let assoc =
                last.assoc().iter().find(|(name, _)| matches!(name.as_str(), "Output" | "Item" | "Extract"));
            match (last.name.as_str(), assoc) {
                ("Future", Some((_, output))) => return self.ty_within(output, scope, hops),
                ("Fn" | "FnMut" | "FnOnce", Some((_, output))) => {
                    return T::Fn(Arc::new(self.ty_within(output, scope, hops)));
                }
                ("Iterator" | "IntoIterator" | "Stream" | "DoubleEndedIterator", Some((_, item))) => {
                    return T::ext("Iter", vec![self.ty_within(item, scope, hops)]);
                }
                ("Deref" | "AsRef" | "Into" | "Borrow", _) => {
                    let target = last.args().first().or(last.assoc().first().map(|(_, ty)| ty));
                    return target.map_or(T::Unknown, |target| self.ty_within(target, scope, hops));
                }
                _ => {}
            }
        }
        let module = scope.module.unwrap_or(ModId(0));
        let defs: Vec<Def> = bounds
            .iter()
            .filter(|bound| {
                !matches!(
                    bound.last().map(|last| last.name.as_str()),
                    Some("Send" | "Sync" | "Clone" | "Sized" | "Unpin")
                )
            })
            .flat_map(|bound| self.resolve(module, &names_of(bound)))
            .collect();
        if defs.is_empty() { T::Unknown } else { T::Bound(defs.into()) }
    }

    /// The type that a path's segments name.
    pub(crate) fn segments_ty(&self, segments: &[Segment], scope: &Scope) -> T {
        self.left.set(MAX_TYPE_STEPS - 1);
        let found = self.path_ty(segments, scope, MAX_ALIASES);
        if found.is_small() { found } else { T::Unknown }
    }

    fn path_ty(&self, segments: &[Segment], scope: &Scope, hops: usize) -> T {
        let Some(first) = segments.first() else {
            return T::Unknown;
        };
        if segments.len() == 1 {
            if first.name == "Self" {
                return scope.self_ty.clone();
            }
            if let Some((_, ty)) = scope.generics.iter().rev().find(|(name, _)| *name == first.name) {
                return ty.clone();
            }
        } else if first.name == "Self" {
            let name = segments[1].name;
            let known = scope.assoc.iter().find(|(assoc, _)| *assoc == name);
            return known.map_or(T::Unknown, |(_, ty)| ty.clone());
        } else if scope.generics.iter().any(|(name, _)| *name == first.name) {
            return T::Unknown;
        }
        let Some(module) = scope.module else {
            return T::Unknown;
        };
        let args: Vec<T> =
            segments.iter().flat_map(Segment::args).map(|arg| self.ty_within(arg, scope, hops)).collect();
        let defs = self.resolve(module, &names_in(segments));
        for def in &defs {
            match *def {
                Def::Item(id) => match &self.tree.item(id).item.kind {
                    ItemKind::Struct { .. } | ItemKind::Enum { .. } => {
                        return T::Adt(id, shared(args));
                    }
                    ItemKind::Alias { generics, ty } if hops > 0 => {
                        let inner = Scope {
                            module: Some(self.tree.item(id).module),
                            self_ty: T::Unknown,
                            generics: bind(generics, &args),
                            assoc: Vec::new(),
                        };
                        let found = self.ty_within(ty, &inner, hops - 1);
                        return if found.is_small() { found } else { T::Unknown };
                    }
                    ItemKind::Trait(_) => return T::Bound(vec![*def].into()),
                    _ => {}
                },
                Def::Variant(id, _) => return T::Adt(id, shared(args)),
                Def::Ext(path) => return T::Ext(path, shared(args)),
                Def::Mod(_) => {}
            }
        }
        T::Unknown
    }

    /// What generic parameters stand for when nothing binds them: their bounds.
    pub(crate) fn generic_scope(&self, generics: &[Generic], scope: &Scope) -> Vec<(Sym, T)> {
        self.left.set(MAX_TYPE_STEPS);
        generics
            .iter()
            .map(|generic| (generic.name, self.bounds_ty(&generic.bounds, scope, MAX_ALIASES)))
            .collect()
    }
}

pub(crate) fn names_of(path: &Path) -> SmallVec<[Sym; 4]> {
    names_in(&path.segments)
}

fn names_in(segments: &[Segment]) -> SmallVec<[Sym; 4]> {
    segments.iter().map(|segment| segment.name).collect()
}

/// Pairs generic parameters with arguments; what is missing is unknown.
pub(crate) fn bind(generics: &[Generic], args: &[T]) -> Vec<(Sym, T)> {
    generics
        .iter()
        .enumerate()
        .map(|(at, generic)| (generic.name, args.get(at).cloned().unwrap_or_default()))
        .collect()
}
