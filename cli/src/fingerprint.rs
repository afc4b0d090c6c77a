//! Identity that survives moved lines: a digest of what a thing is called.

/// FNV-1a, 128 bits, as in <http://www.isthe.com/chongo/tech/comp/fnv/>, of all parts, with an
/// end to each.
pub(crate) fn of(parts: &[&str]) -> String {
    format!("{:032x}", number(parts))
}

/// The same as a number.
pub(crate) fn number(parts: &[&str]) -> u128 {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    hash
}
