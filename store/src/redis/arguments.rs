//! What the scripts are told: a write as the arguments of `quick.lua` or `write.lua`.
//!
//! Puts them straight into the command; sends nothing.

use std::time::Duration;

use redis::Cmd;

use super::index_key;
use crate::backend::{Expect, Space, Write};

/// Lua passes so many arguments at a time without asking for more room.
const QUICK_FIELDS: usize = 500;

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

/// A write.
pub(super) fn write(command: &mut Cmd, space: &Space, write: &Write) {
    match Quick::of(space, write) {
        Some(quick) => quick.arguments(command, write),
        None => whole(command, space, write),
    }
}

/// The forms of a write that `quick.lua` does.
enum Quick {
    /// Fields of a record that has this version.
    Save(u64),
    /// Fields of whatever record is there.
    Patch,
    /// One counter of whatever record is there.
    Count,
}

impl Quick {
    fn of(space: &Space, write: &Write) -> Option<Quick> {
        // Entries of indexes move with what they show, and live as long as the record.
        let indexed = !write.index.is_empty() || write.renew && !space.indexes.is_empty();
        let more = write.replace || !write.unset.is_empty() || !write.init.is_empty();
        if indexed || more || write.set.len() > QUICK_FIELDS {
            return None;
        }
        match (write.expect, write.set.len(), write.add.len()) {
            (Expect::Version(seen), 1.., 0) => Some(Quick::Save(seen.0)),
            (Expect::Present, 1.., 0) => Some(Quick::Patch),
            (Expect::Present, 0, 1) => Some(Quick::Count),
            _ => None,
        }
    }

    fn arguments(&self, command: &mut Cmd, write: &Write) {
        match self {
            Quick::Save(seen) => command.arg("save").arg(meta(*seen, write.schema)),
            Quick::Patch => command.arg("patch").arg(""),
            Quick::Count => command.arg("count").arg(""),
        };
        command.arg(write.schema);
        match (write.renew, write.ttl) {
            (false, _) => command.arg(""),
            (true, None) => command.arg("-"),
            (true, ttl) => command.arg(millis(ttl)),
        };
        if let Quick::Save(seen) = self {
            command.arg("@").arg(meta(seen.wrapping_add(1), write.schema));
        }
        for (name, text) in &write.set {
            command.arg(&**name).arg(text);
        }
        for add in &write.add {
            command.arg(&*add.name).arg(add.by).arg(add.min).arg(add.max);
        }
    }
}

fn meta(version: u64, schema: u32) -> String {
    format!("{version} {schema}")
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
    for (name, text) in &write.set {
        command.arg("set").arg(&**name).arg(text);
    }
    for (name, start) in &write.init {
        command.arg("init").arg(&**name).arg(*start);
    }
    for add in &write.add {
        command.arg("add").arg(&*add.name).arg(add.by).arg(add.min).arg(add.max);
    }
}
