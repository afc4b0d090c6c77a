//! Refuses token trees that would exhaust the stack of a recursive parser.
//!
//! Real code stays far below these bounds: the deepest nesting in the registry's
//! most used crates is a few dozen. Walks with a stack of its own, never recursing.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// Brackets inside brackets.
const MAX_NESTING: usize = 512;
/// Generic arguments inside generic arguments, prefix operators in a row.
const MAX_RUN: usize = 512;
/// Tokens between two separators: bounds chains of calls, sums and `else if`.
const MAX_UNBROKEN: usize = 200_000;

/// The first place that is too deep, and the sentence that says so.
pub(super) fn check(tokens: &TokenStream) -> Result<(), (Span, String)> {
    let mut stack = vec![Level::new(tokens.clone())];
    while let Some(level) = stack.last_mut() {
        let Some(tree) = level.tokens.next() else {
            stack.pop();
            continue;
        };
        if let Some(problem) = level.step(&tree) {
            return Err((tree.span(), problem));
        }
        if let TokenTree::Group(group) = tree {
            if stack.len() > MAX_NESTING {
                return Err((group.span_open(), format!("brackets nested deeper than {MAX_NESTING}")));
            }
            stack.push(Level::new(group.stream()));
        }
    }
    Ok(())
}

struct Level {
    tokens: proc_macro2::token_stream::IntoIter,
    angles: usize,
    operators: usize,
    unbroken: usize,
    words: usize,
    after_word: bool,
}

impl Level {
    fn new(tokens: TokenStream) -> Self {
        Level {
            tokens: tokens.into_iter(),
            angles: 0,
            operators: 0,
            unbroken: 0,
            words: 0,
            after_word: false,
        }
    }

    fn step(&mut self, tree: &TokenTree) -> Option<String> {
        self.unbroken += 1;
        let mut word = false;
        match tree {
            TokenTree::Punct(punct) => {
                self.operators += 1;
                match punct.as_char() {
                    ';' | ',' => self.unbroken = 0,
                    '<' => self.angles += 1,
                    '>' => self.angles = self.angles.saturating_sub(1),
                    _ => {}
                }
                if punct.as_char() == ';' {
                    self.angles = 0;
                }
            }
            TokenTree::Ident(_) => {
                word = true;
                self.operators = 0;
            }
            TokenTree::Group(group) => {
                self.operators = 0;
                if group.delimiter() == Delimiter::Brace {
                    self.angles = 0;
                }
            }
            TokenTree::Literal(_) => self.operators = 0,
        }
        // `box box box x`, `return return x`, `a as b as c`: words in a row nest too.
        self.words = if word && self.after_word { self.words + 1 } else { 0 };
        self.after_word = word;
        if self.angles > MAX_RUN {
            return Some(format!("generic arguments nested deeper than {MAX_RUN}"));
        }
        if self.operators > MAX_RUN || self.words > MAX_RUN {
            return Some(format!("more than {MAX_RUN} operators in a row"));
        }
        (self.unbroken > MAX_UNBROKEN).then(|| format!("an expression of more than {MAX_UNBROKEN} tokens"))
    }
}
