//! One file to plain facts: a lexer and a parser that writes them as it reads.
//!
//! The only folder that knows how Rust is written. There is no syntax tree: most of one
//! would be thrown away, and making it is what takes the time. It never fails: a file that
//! cannot be read as Rust yields empty facts and a note. It resolves nothing; names stay as
//! written. It is more lenient than the compiler, which has the last word anyway.

mod atoms;
mod exprs;
mod functions;
mod imports;
mod items;
mod literals;
mod macros;
#[cfg(test)]
mod oracle;
mod parser;
mod pats;
mod stmts;
#[cfg(test)]
mod tests;
mod tokens;
mod types;

use crate::facts::FileFacts;
use crate::finding::Note;
use crate::source::SourceFile;

/// Stack of the threads that parse and analyse. The parser and the model recurse over
/// nested code; both bound the nesting so that this is enough by far.
pub(crate) const STACK_BYTES: usize = 512 << 20;

/// Room for a file's tokens, to be used again for the next file.
#[derive(Default)]
pub(crate) struct Room(Vec<tokens::Token>);

/// Lowers one file. `tests` keeps items under `#[cfg(test)]`.
pub(crate) fn lower(file: &SourceFile, tests: bool, room: &mut Room) -> (FileFacts, Option<Note>) {
    let note = |at: Option<u32>, message: String| Note {
        path: file.path.clone(),
        line: at.map(|at| file.line_column(at).0),
        message,
    };
    match read(&file.text, tests, room) {
        Ok((facts, None)) => (facts, None),
        Ok((facts, Some(at))) => {
            let message = "an expression is nested too deep; the part below is not analysed".into();
            (facts, Some(note(Some(at), message)))
        }
        Err(problem) => (FileFacts::default(), Some(note(problem.at, problem.message))),
    }
}

/// Why a file has no facts.
struct Problem {
    at: Option<u32>,
    message: String,
}

/// The facts, and where an expression was cut off.
fn read(text: &str, tests: bool, room: &mut Room) -> Result<(FileFacts, Option<u32>), Problem> {
    let Room(tokens) = room;
    tokens::tokens(text, tokens)?;
    let mut parser = parser::Parser::new(text, tokens, tests);
    let items = parser
        .file()
        .map_err(|fail| Problem { at: Some(fail.at), message: format!("syntax error: {}", fail.message) })?;
    Ok((FileFacts { items }, parser.too_deep.map(|span| span.start)))
}
