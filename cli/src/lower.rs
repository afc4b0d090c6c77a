//! One file to plain facts, in the thread that parsed it.
//!
//! The only folder that names `syn`. It never fails: a file that cannot be parsed
//! yields empty facts and a note. It resolves nothing; names stay as written.

mod bodies;
mod guard;
mod items;
mod macros;
mod pats;
mod types;

use std::str::FromStr;

use proc_macro2::{LexError, TokenStream};

use crate::facts::FileFacts;
use crate::finding::Note;
use crate::source::SourceFile;
use crate::span::Span;

/// Stack of the threads that parse and analyse. Parsers and drop glue recurse over
/// nested code; [`guard`] bounds the nesting so that this is enough by far.
pub(crate) const STACK_BYTES: usize = 512 << 20;

/// Lowers one file. `tests` keeps items under `#[cfg(test)]`.
pub(crate) fn lower(file: &SourceFile, tests: bool) -> (FileFacts, Option<Note>) {
    let note = |line: Option<u32>, message: String| Note { path: file.path.clone(), line, message };
    let result = parse(&file.text);
    let answer = match result {
        Ok(tree) => {
            let mut lowering = items::Lowering::new(tests);
            let items = lowering.items(&tree.items);
            let too_deep = lowering.too_deep.map(|at| {
                let (line, _) = file.line_column(at.start);
                note(Some(line), "an expression is nested too deep; the part below is not analysed".into())
            });
            (FileFacts { items }, too_deep)
        }
        Err(problem) => {
            let line = problem.at.map(|at| file.line_column(at).0);
            (FileFacts::default(), Some(note(line, problem.message)))
        }
    };
    proc_macro2::extra::invalidate_current_thread_spans();
    answer
}

/// Why a file has no facts.
struct Problem {
    at: Option<u32>,
    message: String,
}

fn parse(text: &str) -> Result<syn::File, Problem> {
    let text = if text.starts_with("#!") && !text.starts_with("#![") {
        // A shebang line: blanked out, not cut, so that offsets stay true.
        let end = text.find('\n').unwrap_or(text.len());
        std::borrow::Cow::Owned(format!("{}{}", " ".repeat(end), &text[end..]))
    } else {
        std::borrow::Cow::Borrowed(text)
    };
    let tokens = TokenStream::from_str(&text).map_err(|error: LexError| Problem {
        at: Some(start_of(error.span())),
        message: "unbalanced brackets or an unfinished literal".into(),
    })?;
    guard::check(&tokens).map_err(|(at, message)| Problem { at: Some(start_of(at)), message })?;
    syn::parse2::<syn::File>(tokens).map_err(|error| Problem {
        at: Some(start_of(error.span())),
        message: format!("syntax error: {error}"),
    })
}

fn start_of(span: proc_macro2::Span) -> u32 {
    span.byte_range().start as u32
}

/// A parser span as plain bytes.
fn plain(span: proc_macro2::Span) -> Span {
    let range = span.byte_range();
    Span { start: range.start as u32, end: range.end as u32 }
}

/// From the start of one span to the end of another.
fn join(first: proc_macro2::Span, last: proc_macro2::Span) -> Span {
    Span { start: plain(first).start, end: plain(last).end }
}
