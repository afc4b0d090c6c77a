//! Base64 (RFC 4648), as bodies stand in HAR files and names with passwords in a header.
//!
//! Reads the alphabet for addresses as well. What a library does faster or in other alphabets is
//! not needed here.

const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encoded(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let bits =
            part.iter().fold(0, |bits, byte| (bits << 8) | usize::from(*byte)) << (8 * (3 - part.len()));
        for sign in 0..4 {
            let at = (bits >> (18 - 6 * sign)) & 63;
            encoded.push(if sign <= part.len() { char::from(SIGNS[at]) } else { '=' });
        }
    }
    encoded
}

/// Nothing where a sign is of no alphabet.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let byte = match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        };
        let value = SIGNS.iter().position(|sign| *sign == byte)?;
        bits = (bits << 6) | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_in_the_standard() {
        // RFC 4648, 10.
        for (plain, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encoded(plain.as_bytes()), text);
            assert_eq!(decoded(text).unwrap(), plain.as_bytes());
        }
        assert_eq!(decoded("-_+/\n"), Some(vec![0xfb, 0xff, 0xbf]));
        assert_eq!(decoded("Zm9*"), None);
    }
}
