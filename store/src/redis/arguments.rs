//! What the scripts are told: a write as the arguments of `save.lua`, `quick.lua` or `write.lua`.
//!
//! Puts them straight into the command; sends nothing.

use std::time::Duration;

use redis::Cmd;

use super::index_key;
use crate::backend::{Expect, Space, Write};

/// Lua passes so many arguments at a time without asking for more room.
const QUICK_FIELDS: usize = 500;

/// Fields with texts up to this length lie together in one, which is read as one: what is apart
/// costs more than its bytes. `write.lua` knows the number too.
const TOGETHER: usize = 256;

/// Each save of such a version puts together again what saves in between have set apart.
const GATHER_EVERY: u64 = 32;

/// A lifetime; nothing for none.
pub(super) fn millis(duration: Option<Duration>) -> String {
    // Redis takes a lifetime of zero for an error in some commands.
    duration.map(|duration| duration.as_millis().max(1).to_string()).unwrap_or_default()
}

/// The names of the indexes that a record of this space can be in.
pub(super) fn indexes(command: &mut Cmd, space: &Space) {
    for index in space.indexes {
        command.arg(*index);
    }
}

/// The version that a save expects if `save.lua` does it: fields of a record that has this version.
pub(super) fn quick_save(space: &Space, write: &Write) -> Option<u64> {
    match write.expect {
        Expect::Version(seen) if !gathering(write) && !write.set.is_empty() && write.add.is_empty() => {
            is_quick(space, write).then_some(seen.0)
        }
        _ => None,
    }
}

/// A save, for `save.lua`.
pub(super) fn save(command: &mut Cmd, seen: u64, write: &Write) {
    command.arg(meta(seen, write.schema)).arg(new_lifetime(write));
    command.arg("@").arg(meta(seen.wrapping_add(1), write.schema));
    for (name, text) in &write.set {
        command.arg(&**name).arg(text);
    }
}

/// Any other write.
pub(super) fn write(command: &mut Cmd, space: &Space, write: &Write) {
    let quick = write.expect == Expect::Present && is_quick(space, write);
    match (quick, &*write.set, &*write.add) {
        (true, [_, ..], []) => {
            command.arg("patch").arg("").arg(write.schema).arg(new_lifetime(write));
            for (name, text) in &write.set {
                command.arg(&**name).arg(text);
            }
        }
        (true, [], [add]) => {
            command.arg("count").arg("").arg(write.schema).arg(new_lifetime(write));
            command.arg(&*add.name).arg(add.by).arg(add.min).arg(add.max);
        }
        _ => whole(command, space, write),
    }
}

/// Whether a write is only of fields, or only of a counter.
fn is_quick(space: &Space, write: &Write) -> bool {
    // Entries of indexes move with what they show, and live as long as the record.
    let indexed = !write.index.is_empty() || write.renew && !space.indexes.is_empty();
    let more = write.replace || !write.unset.is_empty() || !write.init.is_empty();
    !indexed && !more && write.set.len() <= QUICK_FIELDS
}

/// A lifetime; `-` for none, nothing to leave it.
fn new_lifetime(write: &Write) -> String {
    match (write.renew, write.ttl) {
        (false, _) => String::new(),
        (true, None) => "-".to_owned(),
        (true, ttl) => millis(ttl),
    }
}

fn together(name: &str, text: &str) -> bool {
    text.len() <= TOGETHER && !name.contains('\0') && !text.contains('\0')
}

/// Whether a write puts together what earlier ones have set apart.
fn gathering(write: &Write) -> bool {
    matches!(write.expect, Expect::Version(seen) if seen.0 % GATHER_EVERY == GATHER_EVERY - 1)
}

/// The fields that this write lays together: of a new record, or where it gathers.
fn packed(write: &Write) -> Option<String> {
    let fields = || write.set.iter().filter(|(name, text)| together(name, text));
    let least = match write.expect {
        Expect::Any | Expect::Absent | Expect::AbsentSince(_) => 2,
        _ if gathering(write) => 1,
        _ => return None,
    };
    if fields().count() < least {
        return None;
    }
    let mut out = String::with_capacity(fields().map(|(name, text)| name.len() + text.len() + 2).sum());
    for (name, text) in fields() {
        for part in [name, text.as_str()] {
            out.push_str(part);
            out.push('\0');
        }
    }
    Some(out)
}

/// Version and schema as they are stored.
fn meta(version: u64, schema: u32) -> String {
    let mut out = version.to_string();
    out.push(' ');
    out.push_str(&schema.to_string());
    out
}

/// A write in full, for `write.lua`.
fn whole(command: &mut Cmd, space: &Space, write: &Write) {
    let (expect, seen) = match write.expect {
        Expect::Any => ("any", 0),
        Expect::Present => ("present", 0),
        Expect::Absent => ("absent", 0),
        Expect::AbsentSince(version) => ("since", version.0),
        Expect::Version(version) => ("version", version.0),
    };
    command.arg(expect).arg(seen).arg(write.schema).arg(millis(write.ttl));
    for flag in [write.renew, write.replace, write.bumps()] {
        command.arg(u8::from(flag));
    }
    command.arg(space.indexes.len());
    for index in space.indexes {
        let entry = write.index.iter().find(|(name, _)| name == index);
        let entry = entry.map(|(_, value)| index_key(space, index, value)).unwrap_or_default();
        command.arg(*index).arg(entry);
    }
    for name in &write.unset {
        command.arg("unset").arg(&**name);
    }
    let packed = packed(write);
    for (name, text) in &write.set {
        if packed.is_none() || !together(name, text) {
            command.arg("set").arg(&**name).arg(text);
        }
    }
    if let Some(packed) = packed {
        command.arg("pack").arg(packed);
    }
    if gathering(write) {
        command.arg("gather");
    }
    for (name, start) in &write.init {
        command.arg("init").arg(&**name).arg(*start);
    }
    for add in &write.add {
        command.arg("add").arg(&*add.name).arg(add.by).arg(add.min).arg(add.max);
    }
}
