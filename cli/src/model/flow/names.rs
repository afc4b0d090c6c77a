//! Names of macros, functions and methods of others, by what they do with a number.

use crate::facts::Path;

/// Macros that write for operators, or look and go on.
pub(super) fn logs(name: &str) -> bool {
    matches!(
        name,
        "trace"
            | "debug"
            | "info"
            | "warn"
            | "error"
            | "crit"
            | "log"
            | "event"
            | "span"
            | "o"
            | "println"
            | "eprintln"
            | "print"
            | "eprint"
            | "dbg"
            | "matches"
    ) || name.ends_with("_span")
        || name.starts_with("assert")
        || name.starts_with("debug_assert")
}

/// Functions and types of ours that show numbers to operators.
pub(super) fn measures(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["metric", "prometheus", "telemetry"].iter().any(|word| name.contains(word))
}

/// Constructors around the same value.
pub(super) fn wraps(path: &Path) -> bool {
    let names: Vec<&str> = path.segments.iter().map(|one| one.name.as_str()).collect();
    match names[..] {
        [.., "Some" | "Ok" | "Reverse" | "Wrapping"] => true,
        [.., "Duration" | "TimeDelta", _] => true,
        [.., owner, "from" | "try_from" | "new"] => {
            matches!(
                owner,
                "u8" | "u16"
                    | "u32"
                    | "u64"
                    | "u128"
                    | "usize"
                    | "i8"
                    | "i16"
                    | "i32"
                    | "i64"
                    | "i128"
                    | "isize"
                    | "f32"
                    | "f64"
                    | "Some"
                    | "Arc"
                    | "Box"
            ) || owner.starts_with("NonZero")
        }
        _ => false,
    }
}

/// How long to wait.
pub(super) fn waits(path: &Path) -> bool {
    path.last().is_some_and(|last| {
        matches!(last.name.as_str(), "sleep" | "delay_for" | "delay" | "timeout" | "interval" | "sleep_ms")
    })
}

/// Methods of a collection or another number that look up by their first argument.
pub(super) fn takes(method: &str) -> bool {
    matches!(
        method,
        "get"
            | "get_mut"
            | "remove"
            | "remove_entry"
            | "swap_remove"
            | "contains"
            | "contains_key"
            | "insert"
            | "entry"
            | "nth"
            | "skip"
            | "take"
            | "cmp"
            | "eq"
            | "min"
            | "max"
            | "store"
            | "fetch_add"
            | "fetch_sub"
            | "fetch_max"
            | "rem_euclid"
            | "checked_rem"
            | "get_index"
            | "rotate_left"
            | "observe"
            | "inc_by"
    )
}

/// Methods whose answer is the value, or one made of it.
pub(super) fn hands_on(method: &str) -> bool {
    matches!(
        method,
        "clone"
            | "to_owned"
            | "to_string"
            | "into"
            | "try_into"
            | "unwrap"
            | "expect"
            | "unwrap_or"
            | "unwrap_or_default"
            | "unwrap_or_else"
            | "min"
            | "max"
            | "abs"
            | "as_ref"
            | "copied"
            | "cloned"
            | "ok"
            | "ok_or"
            | "ok_or_else"
            | "map_err"
            | "get"
            | "borrow"
    ) || ["checked_", "wrapping_", "saturating_", "overflowing_"]
        .iter()
        .any(|start| method.starts_with(start))
}

/// Methods that only look.
pub(super) fn compares(method: &str) -> bool {
    matches!(
        method,
        "eq" | "ne"
            | "cmp"
            | "partial_cmp"
            | "lt"
            | "le"
            | "gt"
            | "ge"
            | "is_some"
            | "is_none"
            | "is_ok"
            | "is_err"
            | "is_power_of_two"
            | "is_multiple_of"
            | "rem_euclid"
            | "checked_rem"
    )
}
