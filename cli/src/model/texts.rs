//! Texts that are put together from known parts: `format!("{base}/users")`, `[a, "/b"].concat()`.
//!
//! For the paths of routes. What is not known in front is left out, elsewhere it stays `{}`.

use std::sync::Arc;

use super::eval::Frame;
use super::summary::Val;
use crate::facts::{ExprId, ExprKind};

/// Longer texts are no paths.
const MAX_TEXT: usize = 500;

impl Frame<'_, '_> {
    /// `format!("{}/users/{id}", base)`.
    pub(super) fn formatted(&self, vals: &[Val]) -> Option<Arc<str>> {
        let (template, given) = vals.split_first()?;
        let template = template.literal.as_deref().filter(|text| text.len() < MAX_TEXT)?;
        let mut given = given.iter();
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = after.split_once('}')?;
            rest = after;
            let named = name.split(':').next().unwrap_or_default();
            let known = match named.is_empty() {
                true => given.next().and_then(|val| val.literal.clone()),
                false => self.lookup(named.into()).and_then(|val| val.literal),
            };
            push(&mut out, known.as_deref());
        }
        out.push_str(rest);
        (out.len() < MAX_TEXT).then(|| out.into())
    }

    /// `[base, "/users"].concat()`.
    pub(super) fn concatenated(&mut self, receiver: ExprId) -> Option<Arc<str>> {
        let ExprKind::Array(parts) = self.body.kind(receiver) else { return None };
        let mut out = String::new();
        for part in parts {
            let known = match self.body.kind(*part) {
                ExprKind::Str(text) => Some(Arc::from(text.as_str())),
                ExprKind::Path(path) => self.path(path).literal,
                _ => None,
            };
            push(&mut out, known.as_deref());
        }
        (out.len() < MAX_TEXT).then(|| out.into())
    }
}

fn push(out: &mut String, known: Option<&str>) {
    match known {
        Some(text) => out.push_str(text),
        None if out.is_empty() => {}
        None => out.push_str("{}"),
    }
}
