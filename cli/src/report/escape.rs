//! Makes text from the analysed project safe to show.
//!
//! Paths, identifiers, string literals and messages are written by somebody else. Raw,
//! they could clear a terminal, repaint a finding or reverse the order of a line. What a
//! terminal would obey rather than show is shown by its code point instead. Which text
//! is shown, and where, is for the formats to decide.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

/// Whether a terminal would obey this character, or show nothing for it.
///
/// The joiners U+200C and U+200D pass: ordinary words of several scripts need them.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Appends a character, by its code point where it is hidden.
pub(crate) fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_hidden(c) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// The text with every hidden character shown by its code point: always one line.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push_visible(&mut out, c);
    }
    Cow::Owned(out)
}

/// At most so many characters, the last of them an ellipsis where some are left out.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Like [`visible`], for sentences: white space of any kind separates words, no more.
pub(crate) fn sentence(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" ")).into_owned()
}

/// Indented JSON in which no hidden character stands raw, ending with a newline.
///
/// JSON allows them in strings, so a report read with `cat` would still reach the
/// terminal. Only strings can hold one here, and there `\uXXXX` means the same.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(with_hidden_escaped(&serde_json::to_string_pretty(value)?))
}

/// As [`json`], but in one line.
pub(crate) fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(with_hidden_escaped(&serde_json::to_string(value)?))
}

fn with_hidden_escaped(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_passes_untouched() {
        for text in ["src/auth.rs", "größer ↦ 語", "नमस्ते\u{200d}", ""] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_shown_by_code_point() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(visible("a\u{9b}31mb\u{7f}"), "a\\u{9b}31mb\\u{7f}");
        assert_eq!(visible("x\u{202e}y\u{2066}z\u{feff}"), "x\\u{202e}y\\u{2066}z\\u{feff}");
        assert_eq!(visible("a\nb\r\tc"), "a\\nb\\r\\tc");
    }

    #[test]
    fn what_is_too_long_is_cut_by_characters() {
        assert_eq!([cut("größer", 4), cut("größer", 6), cut("", 0)], ["grö…", "größer", ""]);
    }

    #[test]
    fn sentences_are_one_line() {
        assert_eq!(sentence("  one\n   two\u{7}\tthree "), "one two\\u{7} three");
    }

    #[test]
    fn json_means_the_same_and_holds_nothing_hidden() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{e0041}\u{7f}\nü";
        let said = json(&[text]).unwrap();
        assert!(!said.contains(|c| c != '\n' && is_hidden(c)), "{said}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&said).unwrap()[0], text);
        assert_eq!(json_line(&["\n\u{1b}"]).unwrap(), "[\"\\n\\u001b\"]\n");
    }
}
