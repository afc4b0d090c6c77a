//! Where a number goes that a function took from shared state: whether it can leave the process.
//!
//! Syntax of one body only: a name that is handed to another function has left.

use crate::facts::{Body, ExprId, ExprKind, Sym};

use super::waits::children;

/// Bodies larger than this are not searched.
const MOST_EXPRESSIONS: usize = 20_000;

/// Whether every use of the name only picks one of several (`keys[n % keys.len()]`), is compared,
/// or is written to the log.
pub(super) fn stays(body: &Body, name: Sym) -> bool {
    let (Some(root), true) = (body.root, body.exprs.len() <= MOST_EXPRESSIONS) else {
        return false;
    };
    let mut stack = vec![(root, false)];
    let mut parts = Vec::new();
    let mut used = false;
    while let Some((id, harmless)) = stack.pop() {
        let kind = body.kind(id);
        if matches!(kind, ExprKind::Path(path) if path.as_ident() == Some(name)) {
            if !harmless {
                return false;
            }
            used = true;
        }
        let below = match kind {
            ExprKind::Binary { compares, .. } => *compares || harmless,
            ExprKind::Macro { path, .. } => path.last().is_some_and(|last| logs(last.name.as_str())),
            ExprKind::Method { name, .. } => {
                name == "rem_euclid"
                    || name == "wrapping_rem"
                    || harmless && name.as_str().starts_with("wrapping_")
            }
            ExprKind::Cast(..) | ExprKind::Ref { .. } | ExprKind::Unary(_) | ExprKind::Deref(_) => harmless,
            _ => false,
        };
        children(body, id, &mut parts);
        if let ExprKind::Closure { body, .. } = kind {
            parts.push(*body);
        }
        stack.extend(parts.drain(..).map(|part: ExprId| (part, below)));
    }
    used
}

fn logs(name: &str) -> bool {
    matches!(
        name,
        "trace"
            | "debug"
            | "info"
            | "warn"
            | "error"
            | "log"
            | "event"
            | "println"
            | "eprintln"
            | "span"
            | "dbg"
    ) || name.ends_with("_span")
}
