//! The two formats that are lists of lines: HAProxy and Apache.
//!
//! A line is a list of words with their bytes; comments are gone. What a section holds is told
//! by whoever reads it.

use std::ops::Range;

/// One word of a line.
#[derive(Debug, Clone)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Range<usize>,
}

/// Whether a line of HAProxy begins a section.
pub(crate) fn begins_section(line: &[Word]) -> bool {
    line.first().is_some_and(|word| {
        matches!(
            word.text,
            "backend"
                | "frontend"
                | "listen"
                | "defaults"
                | "global"
                | "peers"
                | "resolvers"
                | "userlist"
                | "program"
                | "cache"
                | "ring"
        )
    })
}

/// Splits a text into lines of words. A `#` begins a comment only at the start of a word, and
/// outside quotes; a backslash at the end of a line continues it.
pub(crate) fn lines(text: &str) -> Vec<Vec<Word<'_>>> {
    let mut lines = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_end_matches(['\n', '\r']);
        let continued = line.ends_with('\\');
        let line = line.strip_suffix('\\').unwrap_or(line);
        split(line, at, &mut words);
        at += raw.len();
        if !continued && !words.is_empty() {
            lines.push(std::mem::take(&mut words));
        }
    }
    if !words.is_empty() {
        lines.push(words);
    }
    lines
}

fn split<'a>(line: &'a str, base: usize, words: &mut Vec<Word<'a>>) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if bytes[at] == b'#' {
            return;
        }
        let start = at;
        let mut quote = None;
        while at < bytes.len() && (quote.is_some() || !bytes[at].is_ascii_whitespace()) {
            match (quote, bytes[at]) {
                (Some(open), byte) if byte == open => quote = None,
                (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
                (_, b'\\') => at += 1,
                _ => {}
            }
            at += 1;
        }
        let end = at.min(bytes.len());
        if let Some(text) = line.get(start..end) {
            words.push(Word { text, span: base + start..base + end });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_bytes_and_comments_are_gone() {
        let text = "backend a # b\n  cookie \"x y\" insert\n# cookie no\n  server s \\\n   cookie s1\n";
        let lines = lines(text);
        let words: Vec<Vec<&str>> =
            lines.iter().map(|line| line.iter().map(|word| word.text).collect()).collect();
        assert_eq!(
            words,
            [vec!["backend", "a"], vec!["cookie", "\"x y\"", "insert"], vec!["server", "s", "cookie", "s1"]]
        );
        assert_eq!(&text[lines[1][1].span.clone()], "\"x y\"");
    }
}
