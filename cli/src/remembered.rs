//! What an earlier run over the same tree found, when nothing that matters has changed since.
//!
//! Two things are kept. Of a tree: the digest of each file's text and that of its [`Shape`], so that
//! only files whose text is another one are read as Rust. Of all shapes of a tree together: what
//! was found, with the numbers of the positions that it names, so that they can be found again in a
//! text that has moved. Where a shape is new, nothing is known; there is no halfway.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, Key};
use crate::facts::FileFacts;
use crate::finding::Note;
use crate::judged::Judged;
use crate::shape::{self, Digest, Shape, Words};
use crate::sink::Policy;
use crate::span::{FileId, Span};
use crate::workspace::Workspace;

/// When more files than this have changed, all are read.
const MOST_CHANGED: usize = 50;

/// What is known, and to be known, of the tree at hand.
pub(crate) struct Remembered<'c> {
    cache: &'c Cache,
    /// Everything but the text of the Rust files.
    around: Vec<u8>,
    /// One a file.
    texts: Vec<Digest>,
}

/// What is kept of the tree: of each file its text and its shape.
type Files = Vec<(Digest, Digest)>;

/// Positions by number, and where they are now.
type Steps = FxHashMap<u32, u32>;

/// What is kept of a result.
#[derive(Serialize, Deserialize)]
struct Kept {
    judged: Judged,
    marks: Vec<Marks>,
}

/// The positions in one file that the result names.
#[derive(Serialize, Deserialize)]
struct Marks {
    file: FileId,
    text: Digest,
    /// Starts and ends, each with the number of a position in the shape that has it; nothing where
    /// one of them stands nowhere in the shape.
    known: Option<[Vec<(u32, u32)>; 2]>,
}

impl<'c> Remembered<'c> {
    pub(crate) fn new(cache: &'c Cache, workspace: &Workspace, policy: &Policy) -> Self {
        let files: Vec<_> = workspace.sources.iter().map(|(_, file)| file).collect();
        let texts = files.par_iter().map(|file| shape::digest(file.text.as_bytes())).collect();
        let config = &policy.config;
        let mut around = format!(
            "{} {:?} {:?} {:?} {:?}",
            workspace.with_tests, workspace.packages, config.layers, config.packages, config.root
        );
        for file in &workspace.config_files {
            around.push_str(&format!(" {:?}", (&file.path, &file.text, file.package)));
        }
        for file in &config.files {
            around.push_str(&format!(" {:?}", (&file.path, &file.text)));
        }
        for file in &files {
            around.push_str(&format!(" {:?}", (&file.path, file.package)));
        }
        Remembered { cache, around: around.into_bytes(), texts }
    }

    fn tree_key(&self) -> Key {
        self.cache.key("tree", [&self.around[..]].into_iter())
    }

    fn result_key(&self, shapes: &[Digest]) -> Key {
        self.cache.key("result", [&self.around[..], shapes.as_flattened()].into_iter())
    }

    /// What was found when every file had the shape that it has now.
    pub(crate) fn recall(&self, workspace: &Workspace) -> Option<Judged> {
        let mut files = decoded(&self.cache.get(self.tree_key())?);
        if files.len() != self.texts.len() {
            return None;
        }
        let changed: Vec<usize> = (0..files.len()).filter(|at| files[*at].0 != self.texts[*at]).collect();
        if changed.len() > MOST_CHANGED {
            return None;
        }
        let read = |numbers: &[usize]| {
            let files: Vec<_> = numbers.iter().map(|at| workspace.sources.file(FileId(*at as u32))).collect();
            shape::read(&files, workspace.with_tests)
        };
        let shapes: FxHashMap<usize, Shape> = changed.iter().copied().zip(read(&changed)).collect();
        for (at, shape) in &shapes {
            files[*at] = (self.texts[*at], shape.digest);
        }
        let all: Vec<Digest> = files.iter().map(|(_, shape)| *shape).collect();
        let key = self.result_key(&all);
        let mut kept: Kept = serde_json::from_slice(&self.cache.get(key)?).ok()?;

        let mut moved = FxHashMap::default();
        for marks in &mut kept.marks {
            let at = marks.file.index();
            let text = *self.texts.get(at)?;
            if marks.text != text {
                let steps = match shapes.get(&at) {
                    Some(shape) => marks.follow(shape)?,
                    // Changed in an earlier run, which looked at another result.
                    None => marks.follow(read(&[at]).first()?)?,
                };
                marks.text = text;
                moved.insert(marks.file, steps);
            }
        }
        if !moved.is_empty() {
            let mut all = true;
            kept.judged.places(&mut |place| {
                let Some([starts, ends]) = moved.get(&place.file) else { return };
                match (starts.get(&place.span.start), ends.get(&place.span.end)) {
                    (Some(start), Some(end)) => place.span = Span { start: *start, end: *end },
                    _ => all = false,
                }
            });
            if !all {
                return None;
            }
            self.put(key, &kept);
        }
        if !changed.is_empty() {
            self.cache.put(self.tree_key(), &encoded(&files));
        }
        Some(kept.judged)
    }

    /// Keeps what was found, for as long as every file has this shape.
    pub(crate) fn keep(
        &self,
        workspace: &Workspace,
        facts: &[FileFacts],
        notes: &[Option<Note>],
        (words, shapes): (&Words, &[Digest]),
        judged: Judged,
    ) -> Judged {
        let mut kept = Kept { judged, marks: Vec::new() };
        // Settings files come behind those of Rust, and are part of what is around.
        for file in kept.judged.files().into_iter().filter(|file| file.index() < facts.len()) {
            let at = file.index();
            let shape = shape::of(workspace.sources.file(file), &facts[at], notes[at].as_ref(), words);
            let marks = Marks::of(&mut kept.judged, file, self.texts[at], &shape);
            kept.marks.push(marks);
        }
        self.put(self.result_key(shapes), &kept);
        let files: Files = self.texts.iter().copied().zip(shapes.iter().copied()).collect();
        self.cache.put(self.tree_key(), &encoded(&files));
        kept.judged
    }

    fn put(&self, key: Key, kept: &Kept) {
        if let Ok(bytes) = serde_json::to_vec(kept) {
            self.cache.put(key, &bytes);
        }
    }
}

fn encoded(files: &Files) -> Vec<u8> {
    files.iter().flat_map(|(text, shape)| [*text, *shape]).flatten().collect()
}

fn decoded(bytes: &[u8]) -> Files {
    let (digests, _) = bytes.as_chunks::<16>();
    digests.as_chunks::<2>().0.iter().map(|[text, shape]| (*text, *shape)).collect()
}

impl Marks {
    /// The positions in one file that a result names, in the shape that the file has.
    fn of(judged: &mut Judged, file: FileId, text: Digest, shape: &Shape) -> Marks {
        let mut named = [BTreeSet::new(), BTreeSet::new()];
        judged.places(&mut |place| {
            if place.file == file {
                named[0].insert(place.span.start);
                named[1].insert(place.span.end);
            }
        });
        let mut known = [Vec::new(), Vec::new()];
        for (number, span) in shape.spans.iter().enumerate() {
            for (at, position) in [span.start, span.end].into_iter().enumerate() {
                if named[at].remove(&position) {
                    known[at].push((position, number as u32));
                }
            }
        }
        let all = named.iter().all(BTreeSet::is_empty);
        Marks { file, text, known: all.then_some(known) }
    }

    /// The same positions in another text of the same shape: where each is now.
    fn follow(&mut self, shape: &Shape) -> Option<[Steps; 2]> {
        let [starts, ends] = self.known.as_mut()?;
        let step = |known: &mut Vec<(u32, u32)>, side: fn(&Span) -> u32| -> Option<Steps> {
            let moved = known.iter_mut().map(|(position, number)| {
                let now = side(shape.spans.get(*number as usize)?);
                Some((std::mem::replace(position, now), now))
            });
            moved.collect()
        };
        Some([step(starts, |span| span.start)?, step(ends, |span| span.end)?])
    }
}
