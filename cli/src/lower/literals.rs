//! What a string literal says.

/// The value of `"..."` or `r#"..."#`; an escape that is none is left out.
pub(super) fn value(literal: &str) -> String {
    if let Some(raw) = literal.strip_prefix('r') {
        let hashes = raw.bytes().take_while(|byte| *byte == b'#').count();
        let end = raw.rfind('"').unwrap_or(raw.len());
        return raw.get(hashes + 1..end).unwrap_or("").replace("\r\n", "\n");
    }
    let end = literal.rfind('"').unwrap_or(literal.len());
    let inner = literal.get(1..end).unwrap_or("");
    if !inner.contains(['\\', '\r']) {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('0') => out.push('\0'),
                Some('x') => {
                    let code: String = letters.by_ref().take(2).collect();
                    out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
                }
                Some('u') => {
                    letters.next();
                    let code: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
                    out.extend(u32::from_str_radix(&code.replace('_', ""), 16).ok().and_then(char::from_u32));
                }
                // A line that goes on: blanks at the start of the next are no part of it.
                Some('\n' | '\r') => {
                    while letters.peek().is_some_and(|next| matches!(next, ' ' | '\t' | '\n' | '\r')) {
                        letters.next();
                    }
                }
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn escapes_are_read() {
        assert_eq!(value(r#""a\n\x41\u{1F600}\"b""#), "a\nA\u{1F600}\"b");
        assert_eq!(value("\"a \\\n    b\""), "a b");
        assert_eq!(value("r#\"a\"\\b\"#"), "a\"\\b");
        assert_eq!(value("\"plain\"suffix"), "plain");
    }
}
