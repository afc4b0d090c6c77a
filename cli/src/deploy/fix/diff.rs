//! A unified diff of a change, for reading and for `git apply`.

use std::fmt::Write as _;

use super::Change;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// The change as a unified diff.
pub fn unified(change: &Change) -> String {
    let before: Vec<&str> = change.before.split_inclusive('\n').collect();
    let after: Vec<&str> = change.after.split_inclusive('\n').collect();
    let mut out = format!("--- a/{0}\n+++ b/{0}\n", change.path);
    let steps = steps(&before, &after);
    let mut at = 0;
    while let Some(first) = steps[at..].iter().position(|step| !step.is_same()).map(|next| next + at) {
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut end = first + 1;
        let mut same = 0;
        while end < steps.len() && same <= 2 * CONTEXT {
            same = if steps[end].is_same() { same + 1 } else { 0 };
            end += 1;
        }
        let end = end - same.saturating_sub(CONTEXT);
        hunk(&steps, start..end, &mut out);
        at = end;
    }
    out
}

#[derive(Clone, Copy)]
enum Line<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

impl Line<'_> {
    fn is_same(&self) -> bool {
        matches!(self, Line::Same(_))
    }
}

fn hunk(steps: &[Line], range: std::ops::Range<usize>, out: &mut String) {
    let count = |lines: &[Line], new: bool| {
        lines
            .iter()
            .filter(|line| !matches!((line, new), (Line::Gone(_), true) | (Line::New(_), false)))
            .count()
    };
    let (inside, above) = (&steps[range.clone()], &steps[..range.start]);
    let head = |new| (count(above, new) + usize::from(count(inside, new) > 0), count(inside, new));
    let ((old, olds), (new, news)) = (head(false), head(true));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "@@ -{old},{olds} +{new},{news} @@");
    for line in inside {
        let (sign, text) = match line {
            Line::Same(text) => (' ', text),
            Line::Gone(text) => ('-', text),
            Line::New(text) => ('+', text),
        };
        out.push(sign);
        out.push_str(text);
        if !text.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Edits only remove lines or change words in them, so a line that differs is gone if the next
/// equal pair is near, and changed otherwise: looking ahead is enough.
fn steps<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Line<'a>> {
    let mut steps = Vec::with_capacity(before.len());
    let (mut old, mut new) = (0, 0);
    while old < before.len() || new < after.len() {
        if old < before.len() && new < after.len() && before[old] == after[new] {
            steps.push(Line::Same(before[old]));
            (old, new) = (old + 1, new + 1);
            continue;
        }
        let (gone, came) = resume(&before[old..], &after[new..]);
        steps.extend(before[old..old + gone].iter().map(|line| Line::Gone(line)));
        steps.extend(after[new..new + came].iter().map(|line| Line::New(line)));
        (old, new) = (old + gone, new + came);
    }
    steps
}

/// How many lines to pass over on each side until they agree again: the fewest together.
fn resume(before: &[&str], after: &[&str]) -> (usize, usize) {
    let most = before.len() + after.len();
    for together in 1..=most {
        for came in 0..=together.min(after.len()) {
            let gone = together - came;
            if gone <= before.len() && before.get(gone) == after.get(came) {
                return (gone, came);
            }
        }
    }
    (before.len(), after.len())
}
