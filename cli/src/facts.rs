//! What one file says, as plain data: items, types and function bodies.
//!
//! This is the only thing that leaves [`crate::lower`]. It keeps what the model
//! needs to follow a piece of state (paths, fields, calls, patterns, closures) and
//! drops the rest: lifetimes, the values of most literals, the visibility of all but
//! statics. Names are still the ones in the text; [`crate::model`] gives them a meaning.
//! All of it can be hashed, for [`crate::shape`]: what the model can see has to be in there.

use smallvec::SmallVec;
use ustr::Ustr;

use crate::span::Span;

/// An interned identifier.
pub(crate) type Sym = Ustr;

/// Everything of one file.
#[derive(Debug, Default, Hash)]
pub(crate) struct FileFacts {
    pub(crate) items: Vec<Item>,
}

/// A path as written, generic arguments included.
#[derive(Debug, Clone, Default, PartialEq, Hash)]
pub(crate) struct Path {
    /// Most paths are one name, and need nothing beside the expression that they are.
    pub(crate) segments: SmallVec<[Segment; 1]>,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub(crate) struct Segment {
    pub(crate) name: Sym,
    /// Nothing where nothing stands in angle brackets.
    pub(crate) generic: Option<Box<GenericArgs>>,
}

#[derive(Debug, Clone, Default, PartialEq, Hash)]
pub(crate) struct GenericArgs {
    pub(crate) args: Vec<Ty>,
    /// `Iterator<Item = T>`, and `Fn(..) -> T` under the name `Output`.
    pub(crate) assoc: Vec<(Sym, Ty)>,
}

impl Segment {
    pub(crate) fn args(&self) -> &[Ty] {
        self.generic.as_ref().map_or(&[], |generic| &generic.args)
    }

    pub(crate) fn assoc(&self) -> &[(Sym, Ty)] {
        self.generic.as_ref().map_or(&[], |generic| &generic.assoc)
    }
}

impl Path {
    pub(crate) fn last(&self) -> Option<&Segment> {
        self.segments.last()
    }

    pub(crate) fn as_ident(&self) -> Option<Sym> {
        match &self.segments[..] {
            [one] => Some(one.name),
            _ => None,
        }
    }

    pub(crate) fn of(names: &[&str]) -> Path {
        let segment = |name: &&str| Segment { name: Ustr::from(name), generic: None };
        Path { segments: names.iter().map(segment).collect() }
    }
}

/// A type as written.
#[derive(Debug, Clone, PartialEq, Hash)]
pub(crate) enum Ty {
    Path(Path),
    /// `<T as Trait>::Name`
    Projection(Box<Ty>, Path),
    Ref {
        inner: Box<Ty>,
        mutable: bool,
    },
    Tuple(Vec<Ty>),
    /// Slices and arrays.
    Slice(Box<Ty>),
    /// `fn(A) -> B`
    Fn(Box<Ty>),
    Dyn(Vec<Path>),
    Impl(Vec<Path>),
    Unknown,
}

/// Attribute arguments that frameworks give a meaning to.
#[derive(Debug, Clone, Hash)]
pub(crate) struct Attr {
    pub(crate) path: Path,
    /// First string literal among the arguments.
    pub(crate) text: Option<String>,
    /// The arguments, tokens joined by blanks, at most a few hundred bytes.
    pub(crate) tokens: String,
}

/// A generic parameter with its bounds, `where` clauses included.
#[derive(Debug, Clone, Hash)]
pub(crate) struct Generic {
    pub(crate) name: Sym,
    pub(crate) bounds: Vec<Path>,
}

#[derive(Debug, Hash)]
pub(crate) struct Item {
    pub(crate) name: Sym,
    /// The name where there is one, else the head of the item.
    pub(crate) span: Span,
    pub(crate) attrs: Vec<Attr>,
    /// The function whose body the item stands in; empty at the top.
    pub(crate) within: Sym,
    pub(crate) kind: ItemKind,
}

#[derive(Debug, Hash)]
pub(crate) enum ItemKind {
    /// `None`: in a file of its own.
    Module {
        items: Option<Vec<Item>>,
        path: Option<String>,
    },
    /// `#[cfg(test)] mod name;`: its file is not part of the service.
    TestModule {
        path: Option<String>,
    },
    Use {
        path: Vec<Sym>,
        glob: bool,
    },
    Static(Static),
    Struct {
        generics: Vec<Generic>,
        fields: Vec<Field>,
    },
    Enum {
        generics: Vec<Generic>,
        variants: Vec<Variant>,
    },
    Alias {
        generics: Vec<Generic>,
        ty: Ty,
    },
    Fn(Box<Function>),
    Impl(Box<Impl>),
    Trait(Box<Trait>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StaticKind {
    Const,
    Static {
        mutable: bool,
    },
    /// `lazy_static! { static ref .. }`
    Lazy,
    ThreadLocal,
}

#[derive(Debug, Hash)]
pub(crate) struct Static {
    pub(crate) kind: StaticKind,
    /// `pub`, `pub(crate)`; empty for none.
    pub(crate) visibility: Sym,
    pub(crate) ty: Ty,
    /// The type as text, shortened.
    pub(crate) ty_text: String,
    pub(crate) init: Option<Box<Body>>,
    /// The number in the initial value, where there is just one: where a counter begins.
    pub(crate) start: Option<Sym>,
}

#[derive(Debug, Hash)]
pub(crate) struct Field {
    /// The index in decimal for a tuple field.
    pub(crate) name: Sym,
    pub(crate) ty: Ty,
    pub(crate) ty_text: String,
    pub(crate) span: Span,
    /// serde leaves it out.
    pub(crate) skipped: bool,
}

#[derive(Debug, Hash)]
pub(crate) struct Variant {
    pub(crate) name: Sym,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, Hash)]
pub(crate) struct Function {
    pub(crate) generics: Vec<Generic>,
    pub(crate) params: Vec<Param>,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) output: Ty,
    pub(crate) body: Option<Box<Body>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Receiver {
    Value,
    Ref,
    RefMut,
}

/// A parameter other than `self`.
#[derive(Debug, Hash)]
pub(crate) struct Param {
    pub(crate) pat: Pat,
    pub(crate) ty: Ty,
}

#[derive(Debug, Hash)]
pub(crate) struct Impl {
    pub(crate) generics: Vec<Generic>,
    pub(crate) trait_path: Option<Path>,
    pub(crate) self_ty: Ty,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug, Hash)]
pub(crate) struct Trait {
    pub(crate) generics: Vec<Generic>,
    pub(crate) supertraits: Vec<Path>,
    pub(crate) items: Vec<Item>,
}

/// A few expressions, in place.
pub(crate) type ExprIds = SmallVec<[ExprId; 4]>;

/// Index into [`Body::exprs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ExprId(pub(crate) u32);

/// A function body, an initialiser: an arena of expressions.
#[derive(Debug, Default, Hash)]
pub(crate) struct Body {
    pub(crate) exprs: Vec<Expr>,
    pub(crate) root: Option<ExprId>,
}

impl Body {
    pub(crate) fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    pub(crate) fn kind(&self, id: ExprId) -> &ExprKind {
        &self.exprs[id.0 as usize].kind
    }
}

#[derive(Debug, Hash)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

#[derive(Debug, Hash)]
pub(crate) enum ExprKind {
    Path(Path),
    /// `<T as Trait>::name`, `<T>::name`
    QPath(Box<Ty>, Path),
    Str(String),
    Number,
    /// Any other literal.
    Literal,
    Field {
        base: ExprId,
        name: Sym,
    },
    Method {
        receiver: ExprId,
        name: Sym,
        generics: Vec<Ty>,
        args: ExprIds,
        name_span: Span,
    },
    Call {
        callee: ExprId,
        args: ExprIds,
    },
    /// A macro call; `args` are the expressions that could be made out in it.
    Macro {
        path: Path,
        args: ExprIds,
    },
    Struct {
        path: Path,
        fields: Vec<(Sym, ExprId, Span)>,
        rest: Option<ExprId>,
    },
    Block {
        stmts: Vec<Stmt>,
        tail: Option<ExprId>,
    },
    /// An `async` block, a `const` or `unsafe` block is a [`ExprKind::Block`].
    Async(ExprId),
    If {
        cond: ExprId,
        then: ExprId,
        other: Option<ExprId>,
    },
    /// `let PAT = EXPR` as a condition.
    Let {
        pat: Pat,
        value: ExprId,
    },
    Match {
        value: ExprId,
        arms: Vec<Arm>,
    },
    Loop {
        body: ExprId,
    },
    While {
        cond: ExprId,
        body: ExprId,
    },
    For {
        pat: Pat,
        iter: ExprId,
        body: ExprId,
    },
    Closure {
        params: Vec<(Pat, Ty)>,
        body: ExprId,
    },
    Await(ExprId),
    Try(ExprId),
    Ref {
        value: ExprId,
    },
    Deref(ExprId),
    Unary(ExprId),
    /// `compares`: the answer says how the two relate, or where in a cycle one stands.
    Binary {
        left: ExprId,
        right: ExprId,
        compares: bool,
    },
    Assign {
        place: ExprId,
        value: ExprId,
    },
    /// `+=` and its like.
    AssignOp {
        place: ExprId,
        value: ExprId,
    },
    Index {
        base: ExprId,
        index: ExprId,
    },
    Cast(ExprId, Ty),
    /// `return`, `break`.
    Leave(Option<ExprId>),
    Tuple(ExprIds),
    Array(ExprIds),
    Range(Option<ExprId>, Option<ExprId>),
    /// Not understood, or nested too deep.
    Opaque,
}

#[derive(Debug, Hash)]
pub(crate) struct Arm {
    pub(crate) pat: Pat,
    pub(crate) guard: Option<ExprId>,
    pub(crate) body: ExprId,
}

#[derive(Debug, Hash)]
pub(crate) enum Stmt {
    Let {
        pat: Pat,
        ty: Ty,
        value: Option<ExprId>,
        other: Option<ExprId>,
    },
    Expr(ExprId),
    /// An item inside a body; also listed in [`FileFacts`] under the function's module.
    Item,
}

#[derive(Debug, Clone, Hash)]
pub(crate) enum Pat {
    Bind {
        name: Sym,
        span: Span,
        inner: Option<Box<Pat>>,
    },
    Tuple(Vec<Pat>),
    /// `Path(a, b)`; a constant path has no elements.
    TupleStruct(Path, Vec<Pat>),
    Struct(Path, Vec<(Sym, Pat)>),
    Ref(Box<Pat>),
    Or(Vec<Pat>),
    Slice(Vec<Pat>),
    /// A string literal.
    Text(Box<str>),
    Wild,
}
