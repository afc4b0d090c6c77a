//! Routes by hand: `match (request.method(), request.uri().path()) { (&Method::GET, "/users") => .. }`,
//! as services on bare hyper write them.
//!
//! An arm is a route where its pattern says a path, or a method inside the arm of a path. That a
//! request gets there at all is for [`super::context`] to know.

use ustr::Ustr;

use super::eval::Frame;
use super::summary::RegionKind;
use super::web::{join, verb};
use crate::facts::{ExprId, ExprKind, Pat};

/// What one pattern asks of a request.
#[derive(Default, Clone)]
struct Asked {
    methods: Vec<Ustr>,
    paths: Vec<String>,
}

impl Frame<'_, '_> {
    /// Whether a `match` looks at the path of a request.
    pub(super) fn looks_at_path(&self, subject: ExprId) -> bool {
        match self.body.kind(subject) {
            ExprKind::Tuple(parts) => parts.iter().any(|part| self.looks_at_path(*part)),
            ExprKind::Method { receiver, name, .. } => match name.as_str() {
                "path" | "url" | "method" => true,
                // `.path().trim_end_matches('/')`, `.as_str()`
                _ => self.looks_at_path(*receiver),
            },
            ExprKind::Ref { value } => self.looks_at_path(*value),
            ExprKind::Deref(inner) | ExprKind::Try(inner) => self.looks_at_path(*inner),
            ExprKind::Path(path) => path
                .last()
                .is_some_and(|last| matches!(last.name.as_str(), "path" | "method" | "segments" | "parts")),
            ExprKind::Field { name, .. } => name == "method" || name == "path",
            _ => false,
        }
    }

    /// The region of an arm that is for certain routes.
    pub(super) fn routed_arm(&self, pat: &Pat) -> Option<RegionKind> {
        let mut asked = Asked::default();
        ask(pat, &mut asked);
        if asked.paths.is_empty() {
            // The path was matched further out: `match path { "/a" => match method { .. } }`.
            let outer = self.out.nearest(self.region, |kind| matches!(kind, RegionKind::Routes(_)))?;
            let RegionKind::Routes(outer) = &self.out.regions[outer as usize].kind else { return None };
            let bare = outer.iter().filter(|route| route.starts_with('/'));
            asked.paths.extend(bare.map(ToString::to_string));
            if asked.methods.is_empty() || asked.paths.is_empty() {
                return None;
            }
        }
        let mut routes = Vec::new();
        for path in &asked.paths {
            if asked.methods.is_empty() {
                routes.push(Ustr::from(path));
            }
            routes.extend(asked.methods.iter().map(|method| Ustr::from(&format!("{method} {path}"))));
        }
        Some(RegionKind::Routes(routes.into()))
    }
}

fn ask(pat: &Pat, asked: &mut Asked) {
    match pat {
        Pat::Text(text) if text.starts_with('/') => asked.paths.push(text.to_string()),
        Pat::Text(text) => asked.methods.extend(method(text)),
        Pat::TupleStruct(path, parts) if parts.is_empty() => {
            asked.methods.extend(path.last().and_then(|last| method(last.name.as_str())));
        }
        // `Some("/x")`
        Pat::TupleStruct(_, parts) | Pat::Tuple(parts) | Pat::Or(parts) => {
            parts.iter().for_each(|part| ask(part, asked));
        }
        Pat::Slice(parts) => asked.paths.extend(segments(parts)),
        Pat::Ref(inner) => ask(inner, asked),
        Pat::Bind { inner: Some(inner), .. } => ask(inner, asked),
        Pat::Bind { .. } | Pat::Struct(..) | Pat::Wild => {}
    }
}

/// `["users", id]` is `/users/{id}`.
fn segments(parts: &[Pat]) -> Option<String> {
    let mut out = String::new();
    for part in parts {
        match part {
            Pat::Text(text) => out = join(&out, text),
            Pat::Bind { name, inner: None, .. } => out = join(&out, &format!("{{{name}}}")),
            Pat::Wild => out = join(&out, "{}"),
            _ => return None,
        }
    }
    parts.iter().any(|part| matches!(part, Pat::Text(_))).then_some(out)
}

/// `GET`, `Method::Get`
fn method(name: &str) -> Option<Ustr> {
    let upper = name.chars().next().is_some_and(char::is_uppercase);
    verb(&name.to_lowercase()).filter(|_| upper && !name.contains('_'))
}
