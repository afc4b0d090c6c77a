//! Colours for a line of Rust: words, strings, numbers and comments, no more.
//!
//! Looks at one line at a time, so a string or a comment over several lines is coloured as
//! code. The text itself is never changed.

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Plain,
    Keyword,
    Type,
    Text,
    Number,
    Comment,
}

const KEYWORDS: [&str; 36] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false",
    "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
    "self", "static", "struct", "super", "trait", "true", "type", "use", "where", "while",
];

/// The line in pieces; together they are the line.
pub(crate) fn pieces(line: &str) -> Vec<(Piece, &str)> {
    let mut out: Vec<(Piece, &str)> = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        let (piece, length) = first(rest);
        match out.last_mut() {
            Some((Piece::Plain, before)) if piece == Piece::Plain => {
                *before = &line[at - before.len()..at + length];
            }
            _ => out.push((piece, &rest[..length])),
        }
        at += length;
    }
    out
}

fn first(rest: &str) -> (Piece, usize) {
    if rest.starts_with("//") {
        return (Piece::Comment, rest.len());
    }
    let Some(c) = rest.chars().next() else { return (Piece::Plain, 0) };
    match c {
        '"' => (Piece::Text, quoted(rest)),
        '0'..='9' => (Piece::Number, while_in(rest, |c| c.is_alphanumeric() || c == '_')),
        c if c.is_alphabetic() || c == '_' => {
            let length = while_in(rest, |c| c.is_alphanumeric() || c == '_');
            let word = &rest[..length];
            let piece = if KEYWORDS.contains(&word) {
                Piece::Keyword
            } else if c.is_uppercase() && word.contains(char::is_lowercase) {
                Piece::Type
            } else {
                Piece::Plain
            };
            (piece, length)
        }
        c => (Piece::Plain, c.len_utf8()),
    }
}

/// The length of a string that begins here, to its end or that of the line.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn while_in(rest: &str, of: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !of(c)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_pieces_is_the_line() {
        let lines = [
            r#"static SESSIONS: Mutex<HashMap<String, u64>> = x("a \" b", 12_u8); // größe "x""#,
            r#"let s = "open"#,
            "語 \u{7f} '\"'",
            "",
        ];
        for line in lines {
            let joined: String = pieces(line).into_iter().map(|(_, text)| text).collect();
            assert_eq!(joined, line);
        }
    }

    #[test]
    fn pieces_have_their_kind() {
        let pieces = pieces(r#"pub static N: AtomicU64 = f("x", 1); // c"#);
        let of = |kind| {
            pieces.iter().filter(|(piece, _)| *piece == kind).map(|(_, text)| *text).collect::<Vec<_>>()
        };
        assert_eq!(of(Piece::Keyword), ["pub", "static"]);
        assert_eq!(of(Piece::Type), ["AtomicU64"]);
        assert_eq!(of(Piece::Text), ["\"x\""]);
        assert_eq!(of(Piece::Number), ["1"]);
        assert_eq!(of(Piece::Comment), ["// c"]);
    }
}
