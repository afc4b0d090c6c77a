//! A real file, edited: pieces are removed, doubled, moved and put in from another.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

/// Services that the fixtures hold, and the densest code of the tool itself.
const FILES: [&str; 6] = [
    include_str!("../../fixtures/chat/before/src/api.rs"),
    include_str!("../../cli/src/lower/macros.rs"),
    include_str!("../../cli/src/model/types.rs"),
    include_str!("../../cli/src/model/effects.rs"),
    include_str!("../../cli/src/lower/tests.rs"),
    include_str!("../../store/src/lib.rs"),
];

/// What stands between words, kept as pieces of their own.
fn pieces(text: &str) -> Vec<&str> {
    text.split_inclusive(|letter: char| !letter.is_alphanumeric()).collect()
}

fuzz_target!(|edits: &[u8]| {
    let Some((first, edits)) = edits.split_first() else { return };
    let files: Vec<Vec<&str>> = FILES.iter().map(|file| pieces(file)).collect();
    let mut text = files[usize::from(*first) % files.len()].clone();
    for edit in edits.chunks_exact(6).take(64) {
        let [kind, from, from_low, length, to, to_low] = edit else { return };
        if text.is_empty() {
            break;
        }
        let spot = |high: &u8, low: &u8| usize::from(*high) * 256 + usize::from(*low);
        let start = spot(from, from_low) % text.len();
        let end = (start + usize::from(*length)).min(text.len());
        let target = spot(to, to_low) % text.len();
        match kind % 4 {
            0 => drop(text.drain(start..end)),
            1 => {
                let copy: Vec<&str> = text[start..end].to_vec();
                text.splice(target..target, copy);
            }
            2 => {
                let moved: Vec<&str> = text.drain(start..end).collect();
                let target = target.min(text.len());
                text.splice(target..target, moved);
            }
            _ => {
                let other = &files[usize::from(*length) % files.len()];
                let at = start % other.len();
                text.insert(target, other[at]);
            }
        }
    }
    common::check(text.concat().as_bytes());
});
