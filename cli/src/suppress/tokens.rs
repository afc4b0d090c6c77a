//! Rust text as coarse tokens: enough to tell a comment from a string that looks like one.
//!
//! The parser drops comments, so they are read apart. This knows no grammar and never fails:
//! what is not Rust becomes some tokens or other, and the parser says what is wrong with it.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `// ..`, without its line end.
    Comment,
    /// `/// ..`, `//! ..` and block comments of any form.
    Doc,
    /// An identifier, a keyword, a lifetime or a number.
    Word,
    /// A string, a character or their like.
    Literal,
    /// One character of anything else.
    Mark(u8),
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    /// A comment of either form.
    pub(super) fn is_comment(self) -> bool {
        matches!(self.kind, Kind::Comment | Kind::Doc)
    }

    pub(super) fn is(self, mark: u8) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Everything in `text` but white space.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let (kind, end) = token(bytes, at);
        found.push(Token { kind, start: at, end });
        at = end;
    }
    found
}

/// The token that starts at `at`, and where it ends: always further on.
fn token(bytes: &[u8], at: usize) -> (Kind, usize) {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => {
            let end = at + line(rest);
            // Four slashes are a rule across the page, not documentation.
            let doc = rest.starts_with(b"//!") || rest.starts_with(b"///") && !rest.starts_with(b"////");
            (if doc { Kind::Doc } else { Kind::Comment }, end)
        }
        [b'/', b'*', ..] => (Kind::Doc, at + block(rest)),
        [b'"', ..] => (Kind::Literal, at + quoted(rest, 1)),
        [b'\'', ..] => quote(bytes, at),
        [first, ..] if is_word(*first) => word(bytes, at),
        [first, ..] => (Kind::Mark(*first), at + 1),
        [] => (Kind::Mark(0), at + 1),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The length of a line without its end.
fn line(rest: &[u8]) -> usize {
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    if end > 0 && rest[end - 1] == b'\r' { end - 1 } else { end }
}

/// The length of a block comment, those inside it counted in.
fn block(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

/// The length of a string whose opening quote ends at `from`.
fn quoted(rest: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw string with `hashes` before its opening quote, which ends at `from`.
fn raw(rest: &[u8], from: usize, hashes: usize) -> usize {
    let mut at = from;
    while at < rest.len() {
        let closes =
            rest[at] == b'"' && rest[at + 1..].iter().take(hashes).filter(|b| **b == b'#').count() == hashes;
        if closes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    rest.len()
}

/// `'a'`, `'\''` or the lifetime `'a`.
fn quote(bytes: &[u8], at: usize) -> (Kind, usize) {
    let rest = &bytes[at..];
    if rest.get(1) == Some(&b'\\') {
        let end = rest.iter().skip(3).position(|byte| *byte == b'\'');
        return (Kind::Literal, at + end.map_or(rest.len(), |end| end + 4));
    }
    // One character of any number of bytes, then a quote.
    let width = 1 + rest[1..].iter().skip(1).take_while(|byte| (0x80..0xc0).contains(*byte)).count();
    if rest.len() > 1 && rest.get(1 + width) == Some(&b'\'') {
        return (Kind::Literal, at + width + 2);
    }
    let name = rest[1..].iter().take_while(|byte| is_word(**byte)).count();
    (Kind::Word, at + 1 + name)
}

/// A word, or a literal that begins like one: `r"`, `br#"`, `c"`, `b'`.
fn word(bytes: &[u8], at: usize) -> (Kind, usize) {
    let rest = &bytes[at..];
    let length = rest.iter().take_while(|byte| is_word(**byte)).count();
    let hashes = rest[length..].iter().take_while(|byte| **byte == b'#').count();
    let after = rest.get(length + hashes);
    match (&rest[..length], after) {
        (b"r" | b"br" | b"cr", Some(b'"')) => (Kind::Literal, at + raw(rest, length + hashes + 1, hashes)),
        (b"b" | b"c", Some(b'"')) if hashes == 0 => (Kind::Literal, at + quoted(rest, length + 1)),
        (b"b", Some(b'\'')) if hashes == 0 => quote(bytes, at + 1),
        _ => (Kind::Word, at + length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(text: &str) -> Vec<&str> {
        let found = tokens(text).into_iter().filter(|token| token.kind == Kind::Comment);
        found.map(|token| &text[token.start..token.end]).collect()
    }

    #[test]
    fn only_plain_line_comments_are_comments() {
        let text = "a // one\r\n/// doc\n//! inner\n//// rule\n/* // in a block /* // deeper */ // still */ b // two";
        assert_eq!(comments(text), ["// one", "//// rule", "// two"]);
    }

    #[test]
    fn strings_of_every_form_hide_what_looks_like_one() {
        for text in [
            r#"let a = "// no \" // no";"#,
            "let a = \"over\n// two lines\";",
            r###"let a = r#"// no " // no"#;"###,
            r##"let a = br"// no \";"##,
            r###"let a = cr##"// "# no"##;"###,
            r#"let a = b"// no"; let b = c"// no";"#,
            r#"let a = '"'; let b = "// no";"#,
            r#"let a = '\''; let b = "// no";"#,
            r#"let a = b'"'; let b = "// no";"#,
            r#"let a = 'ä'; let b = "// no";"#,
            r#"fn f<'a>(x: &'a str) { "// no" }"#,
            r#"let a = '\u{22}'; let b = "// no";"#,
        ] {
            assert_eq!(comments(text), Vec::<&str>::new(), "{text}");
            assert_eq!(comments(&format!("{text} // yes")), ["// yes"], "{text}");
        }
        // A raw identifier is no raw string.
        assert_eq!(comments("r#type // yes"), ["// yes"]);
    }

    #[test]
    fn text_that_is_no_rust_ends_somewhere() {
        for text in ["\"", "'", "r#\"", "/*", "'\\", "b'", "/* /*", "\\", "ä'", "r###", "//", "'\u{1f980}"] {
            let found = tokens(text);
            assert!(found.iter().all(|token| token.start < token.end), "{text}");
        }
    }
}
