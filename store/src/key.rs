//! Keys: a template's fixed text with encoded parts between.
//!
//! Whatever a part contains, it cannot look like another part, another type's key or a separator:
//! the encoding is injective, and a part that would be long becomes a SHA-256 of itself. The key
//! cannot be read back; key fields are stored in the record as well.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A part longer than this in encoded form is replaced by its hash, since backends index keys.
const LONGEST_PART: usize = 180;

/// The encoded key of one record, without the store's namespace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key as backends store it. It contains user data: not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Fills the `{..}` of `template` with `parts`, in order, in a namespace if it is not empty.
    pub(crate) fn fill(namespace: &str, template: &str, parts: &[KeyPart]) -> Self {
        let mut out = String::with_capacity(namespace.len() + 1 + template.len() + 16 * parts.len());
        if !namespace.is_empty() {
            out.push_str(namespace);
            out.push('/');
        }
        let mut rest = template;
        for part in parts {
            let Some((before, after)) = rest.split_once('{') else {
                break;
            };
            out.push_str(before);
            out.push_str(&part.encoded);
            rest = after.split_once('}').map_or("", |(_, tail)| tail);
        }
        out.push_str(rest);
        Self(out)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// One part of a key, or the value of an index: as JSON and as it stands in the key.
#[derive(Clone)]
pub struct KeyPart {
    pub(crate) json: String,
    pub(crate) encoded: String,
}

impl KeyPart {
    /// Encodes a part. Anything that serialises can be one.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, String> {
        // The text of serde's error may quote the value.
        let json =
            serde_json::to_string(value).map_err(|_| "a key part that JSON cannot express".to_owned())?;
        Ok(Self { encoded: encode_json(&json), json })
    }
}

/// The encoded form of a value that is given as JSON text.
pub(crate) fn encode_json(json: &str) -> String {
    let encoded = if json.starts_with('"') {
        let text: String = serde_json::from_str(json).unwrap_or_default();
        encode_text(&text)
    } else if is_integer(json) {
        json.to_owned()
    } else {
        // `null` is not the text "null", 1.5 not the text "1.5".
        let mut out = String::from("=");
        escape(json, &mut out);
        out
    };
    if encoded.len() <= LONGEST_PART {
        return encoded;
    }
    let mut out = String::from("~");
    for byte in Sha256::digest(json.as_bytes()) {
        push_hex(byte, &mut out);
    }
    out
}

fn encode_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_empty() {
        out.push('%');
    } else if is_integer(text) {
        // The text "42" is not the number 42.
        let (first, rest) = text.split_at(1);
        for byte in first.bytes() {
            out.push('%');
            push_hex(byte, &mut out);
        }
        out.push_str(rest);
    } else {
        escape(text, &mut out);
    }
    out
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            push_hex(byte, out);
        }
    }
}

fn push_hex(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded<T: Serialize>(value: T) -> String {
        KeyPart::new(&value).unwrap().encoded
    }

    #[test]
    fn ordinary_parts_stay_readable() {
        assert_eq!(encoded("anna"), "anna");
        assert_eq!(encoded("anna@example.org"), "anna@example.org");
        assert_eq!(encoded(42), "42");
        assert_eq!(encoded(-7), "-7");
    }

    #[test]
    fn what_could_be_mistaken_is_escaped() {
        assert_eq!(encoded("a:b c\r\nd"), "a%3ab%20c%0d%0ad");
        assert_eq!(encoded("é"), "%c3%a9");
        assert_eq!(encoded(""), "%");
        assert_eq!(encoded("%"), "%25");
        assert_eq!(encoded("42"), "%342");
        assert_eq!(encoded("-1"), "%2d1");
        assert_eq!(encoded("null"), "null");
        assert_eq!(encoded(None::<String>), "=null");
        assert_eq!(encoded(("a", 1)), "=%5b%22a%22%2c1%5d");
    }

    #[test]
    fn a_long_part_becomes_its_hash() {
        let long = "x".repeat(64 * 1024);
        let out = encoded(&long);
        assert_eq!(out.len(), 65);
        assert!(out.starts_with('~'));
        assert_ne!(out, encoded(format!("{long}x")));
        assert_ne!(out, encoded(&out), "a text that looks like a hash is not one");
    }

    #[test]
    fn parts_stand_where_the_template_says() {
        let parts = [KeyPart::new("a:b").unwrap(), KeyPart::new(&7).unwrap()];
        assert_eq!(Key::fill("", "room:{room}/seat:{seat}:x", &parts).as_str(), "room:a%3ab/seat:7:x");
        assert_eq!(Key::fill("shop", "settings", &[]).as_str(), "shop/settings");
    }

    #[test]
    fn a_key_does_not_show_itself_in_logs() {
        assert_eq!(format!("{:?}", Key::fill("", "anna", &[])), "Key(..)");
    }
}
