//! Writes of all forms in any order: a backend does what memory does.
//!
//! Draws from a fixed seed, so that a failure can be repeated. Compares outcomes, schemas, fields
//! and whether there is a record; versions only in that they go up.

use super::{Context, Verdict, ensure, equal};
use crate::Memory;
use crate::backend::{
    Add, Backend, Delete, Deleted, Expect, FailureKind, Name, Outcome, Space, Stored, Version, Write,
};
use crate::key::Key;
use crate::store::Options;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "a name", "z\u{fc}"];
const COUNTERS: [&str; 2] = ["k", "n"];
const STEPS: usize = 1500;

/// The two sides, and the version that each had at the last look.
struct Sides<'a> {
    backends: [&'a dyn Backend; 2],
    space: Space,
    key: Key,
    seen: [Version; 2],
}

pub(super) async fn random_writes_do_what_they_do_in_memory(context: &Context<'_>) -> Verdict {
    let memory = Memory::new();
    let backend = &*context.subject.backend;
    let template = format!("{}/random:{{id}}", context.namespace);
    let space = Space { template: template.into(), indexes: &[] };
    backend.prepare(&space).await.map_err(|failure| failure.cause)?;
    let key = Key::from_stored(format!("{}/random:1", context.namespace));
    let mut sides = Sides { backends: [&memory, backend], space, key, seen: [Version(0); 2] };
    let mut random = fastrand::Rng::with_seed(5);
    let counters = backend.capabilities().counters;
    for step in 0..STEPS {
        let what = match random.u8(..40) {
            0 => sides.delete(step, random.bool()).await?,
            _ => sides.write(step, &draw(&mut random, counters)).await?,
        };
        sides.compare(&format!("step {step}, {what}"), random.bool()).await?;
    }
    Ok(())
}

/// Some write. What is in `set` is in no other list, as with the accessors.
fn draw(random: &mut fastrand::Rng, counters: bool) -> Write {
    let expect = match random.u8(..16) {
        0..2 => Expect::Any,
        2..4 => Expect::Absent,
        4 => Expect::AbsentSince(Version(u64::from(random.bool()))),
        5..9 => Expect::Present,
        _ => Expect::Version(Version(u64::from(random.u8(..6) > 0))),
    };
    let mut write = Write::new(expect, 1 + u32::from(random.u8(..12) == 0));
    write.replace = matches!(expect, Expect::Any | Expect::Version(_)) && random.u8(..8) == 0;
    let whole = !matches!(expect, Expect::Present | Expect::Version(_));
    for name in NAMES {
        let text = match random.u8(..4) {
            0 => format!("\"{}\"", "long ".repeat(random.usize(..120))),
            1 => "{\"\\u0000\": [\"k\", 1.5]}".to_owned(),
            _ => random.u32(..).to_string(),
        };
        match random.u8(..8) {
            0 => write.unset.push(Name::Borrowed(name)),
            1 => write.set.push((Name::Borrowed(name), text)),
            2..7 if whole => write.set.push((Name::Borrowed(name), text)),
            _ => {}
        }
    }
    for name in COUNTERS.iter().filter(|_| counters) {
        let name = Name::Borrowed(*name);
        match random.u8(..6) {
            // An ordinary field can become a counter.
            0 if whole => write.set.push((name, random.u8(..).to_string())),
            1 if whole => write.init.push((name, i64::from(random.u8(..)))),
            2 => write.add.push(Add { name, by: random.i64(-3..9), min: 0, max: 400 }),
            _ => {}
        }
    }
    write
}

impl Sides<'_> {
    async fn write(&self, step: usize, write: &Write) -> Result<String, String> {
        let mut outcomes = Vec::new();
        for (backend, seen) in self.backends.iter().zip(self.seen) {
            let mut write = write.clone();
            // A version of 1 stands for the one that was seen last.
            write.expect = match write.expect {
                Expect::Version(Version(1)) => Expect::Version(seen),
                Expect::AbsentSince(Version(1)) => Expect::AbsentSince(seen),
                other => other,
            };
            outcomes.push(match backend.write(&self.space, &self.key, &write).await {
                Ok(Outcome::Written { version, counters }) => {
                    ensure!(version >= seen, "step {step}: the version went down");
                    Ok(Outcome::Written { version: Version(0), counters })
                }
                Ok(Outcome::Refused(stored)) => Ok(Outcome::Refused(bare(stored).0)),
                Ok(other) => Ok(other),
                Err(failure) if failure.kind == FailureKind::Foreign => Err(FailureKind::Foreign),
                Err(failure) => return Err(failure.cause),
            });
        }
        let what = format!("{write:?}");
        equal!(outcomes[1], outcomes[0], format!("step {step}, {what}"));
        Ok(what)
    }

    async fn delete(&self, step: usize, take: bool) -> Result<String, String> {
        let delete = Delete { expect: Expect::Any, tombstone: Options::default().tombstone, take };
        let mut answers = Vec::new();
        for backend in self.backends {
            let deleted = backend.delete(&self.space, &self.key, delete).await;
            answers.push(match deleted.map_err(|failure| failure.cause)? {
                Deleted::Gone(record) => record.map(|record| bare(Stored::Live(record)).0),
                Deleted::Refused(stored) => Some(bare(stored).0),
            });
        }
        equal!(answers[1], answers[0], format!("step {step}, a delete"));
        Ok("a delete".to_owned())
    }

    /// Both have the same now. The versions are looked at only sometimes, so that some writes come
    /// late.
    async fn compare(&mut self, what: &str, look: bool) -> Verdict {
        let mut found = Vec::new();
        for (side, backend) in self.backends.iter().enumerate() {
            let keys = std::slice::from_ref(&self.key);
            let loaded = backend.load(&self.space, keys, None).await.map_err(|failure| failure.cause)?;
            let stored = loaded.into_iter().next().unwrap_or(Stored::Nothing(Version(0)));
            let (stored, version) = bare(stored);
            if look {
                self.seen[side] = version;
            }
            found.push(stored);
        }
        // Field by field first: a record shows no texts when it is printed.
        for (one, other) in fields(&found[0]).zip(fields(&found[1])) {
            equal!(other, one, what);
        }
        equal!(found[1], found[0], what);
        Ok(())
    }
}

fn fields(stored: &Stored) -> impl Iterator<Item = (&str, &str)> {
    let record = match stored {
        Stored::Live(record) => Some(record),
        Stored::Nothing(_) => None,
    };
    record.into_iter().flat_map(|record| record.fields.iter())
}

/// Without its version, and that.
fn bare(stored: Stored) -> (Stored, Version) {
    match stored {
        Stored::Nothing(version) => (Stored::Nothing(Version(0)), version),
        Stored::Live(mut record) => {
            let version = std::mem::take(&mut record.version);
            (Stored::Live(record), version)
        }
    }
}
