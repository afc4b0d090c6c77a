//! Whether a loop waits for connections or messages: then its body serves others.

use crate::facts::{Body, ExprId, ExprKind, Stmt};

/// Whether any expression of a body could make a loop around it wait: most bodies need no
/// further look.
pub(super) fn may_wait(body: &Body) -> bool {
    body.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::Method { name, .. } => matches!(name.as_str(), "poll" | "next") || waiting(name.as_str()),
        _ => false,
    })
}

/// Looks for `accept`, `recv` and their like below an expression, closures left out.
pub(super) fn waits_for_others(body: &Body, id: ExprId) -> bool {
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        if let ExprKind::Method { receiver, name, args, .. } = body.kind(id) {
            let waits = waiting(name.as_str()) || name == "poll" && args.is_empty();
            if waits || name == "next" && args.is_empty() && awaited_stream(body, *receiver) {
                return true;
            }
        }
        children(body, id, &mut stack);
    }
    false
}

/// Methods that wait for a connection or a message.
pub(super) fn waiting(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "recv"
            | "recv_from"
            | "recv_async"
            | "incoming"
            | "recv_many"
            | "recv_msg"
            | "recv_timeout"
            | "try_recv"
            | "select_next_some"
            | "next_event"
            | "receive"
            | "blocking_recv"
    )
}

/// `listener.next()`, `rx.next()`: a stream by its name, as iterators have `next` too.
fn awaited_stream(body: &Body, id: ExprId) -> bool {
    let ExprKind::Path(path) = body.kind(id) else {
        return false;
    };
    path.as_ident().is_some_and(|name| {
        let name = name.as_str();
        ["rx", "receiver", "incoming", "listener", "framed", "stream", "socket", "ws"]
            .iter()
            .any(|part| name.contains(part))
    })
}

/// Pushes the direct parts of an expression, closures left out.
pub(crate) fn children(body: &Body, id: ExprId, out: &mut Vec<ExprId>) {
    match body.kind(id) {
        ExprKind::Path(_)
        | ExprKind::QPath(..)
        | ExprKind::Str(_)
        | ExprKind::Number
        | ExprKind::Literal
        | ExprKind::Opaque
        | ExprKind::Closure { .. } => {}
        ExprKind::Field { base, .. } => out.push(*base),
        ExprKind::Method { receiver, args, .. } => {
            out.push(*receiver);
            out.extend(args);
        }
        ExprKind::Call { callee, args } => {
            out.push(*callee);
            out.extend(args);
        }
        ExprKind::Macro { args, .. } | ExprKind::Tuple(args) | ExprKind::Array(args) => out.extend(args),
        ExprKind::Struct { fields, rest, .. } => {
            out.extend(fields.iter().map(|(_, value, _)| *value));
            out.extend(rest);
        }
        ExprKind::Block { stmts, tail } => {
            for stmt in stmts {
                match stmt {
                    Stmt::Let { value, other, .. } => out.extend([value, other].into_iter().flatten()),
                    Stmt::Expr(id) => out.push(*id),
                    Stmt::Item => {}
                }
            }
            out.extend(tail);
        }
        ExprKind::Async(inner)
        | ExprKind::Await(inner)
        | ExprKind::Try(inner)
        | ExprKind::Deref(inner)
        | ExprKind::Unary(inner)
        | ExprKind::Cast(inner, _) => out.push(*inner),
        ExprKind::Ref { value } | ExprKind::Let { value, .. } => out.push(*value),
        ExprKind::If { cond, then, other } => {
            out.extend([*cond, *then]);
            out.extend(other);
        }
        ExprKind::Match { value, arms } => {
            out.push(*value);
            for arm in arms {
                out.extend(arm.guard);
                out.push(arm.body);
            }
        }
        ExprKind::Loop { body } => out.push(*body),
        ExprKind::While { cond, body } => out.extend([*cond, *body]),
        ExprKind::For { iter, body, .. } => out.extend([*iter, *body]),
        ExprKind::Binary { left, right, .. } => out.extend([*left, *right]),
        ExprKind::Assign { place, value } | ExprKind::AssignOp { place, value } => {
            out.extend([*place, *value])
        }
        ExprKind::Index { base, index } => out.extend([*base, *index]),
        ExprKind::Leave(inner) => out.extend(inner),
        ExprKind::Range(start, end) => out.extend([start, end].into_iter().flatten()),
    }
}
