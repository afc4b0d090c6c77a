//! What the model can tell one file's facts from another's by, and apart from it where they stand.
//!
//! Two files of one shape have the same facts, in the same order of positions: only the positions
//! themselves differ, because a comment, a blank, a number or a test was changed. The model looks
//! at positions to tell things apart and to put them in order, never at their distance, so that
//! what it finds in one of them it finds in the other, at the position with the same number.
//! Knows nothing about what is found, nor how shapes are kept.

use std::hash::{Hash, Hasher};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::facts::FileFacts;
use crate::finding::Note;
use crate::lower::{self, Room};
use crate::source::SourceFile;
use crate::span::Span;
use crate::workspace::starts_server;

/// Enough of a digest that no two shapes or texts ever share one.
pub(crate) type Digest = [u8; 16];

/// The digest of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    shortened(blake3::hash(bytes))
}

fn shortened(hash: blake3::Hash) -> Digest {
    let mut short = [0; 16];
    short.copy_from_slice(&hash.as_bytes()[..16]);
    short
}

/// The shape of one file.
pub(crate) struct Shape {
    pub(crate) digest: Digest,
    /// Every position in the facts, in the order of the facts.
    pub(crate) spans: Vec<Span>,
}

/// Every name that was read so far, by the number that stands for it in this run alone.
pub(crate) struct Words(FxHashMap<u64, &'static str>);

impl Words {
    pub(crate) fn read_so_far() -> Words {
        Words(ustr::string_cache_iter().map(|word| (Ustr::from(word).precomputed_hash(), word)).collect())
    }
}

/// The shapes of files that are read for this alone.
pub(crate) fn read(files: &[&SourceFile], tests: bool) -> Vec<Shape> {
    let lowered: Vec<_> =
        files.par_iter().map_init(Room::default, |room, file| lower::lower(file, tests, room)).collect();
    let words = Words::read_so_far();
    let shapes =
        files.par_iter().zip(lowered).map(|(file, (facts, note))| of(file, &facts, note.as_ref(), &words));
    shapes.collect()
}

/// The shape of a file that was read before the words were put together: its facts, what is said
/// about it, and whether its text looks like a server's.
pub(crate) fn of(file: &SourceFile, facts: &FileFacts, note: Option<&Note>, words: &Words) -> Shape {
    let mut form = Form {
        words,
        bytes: Vec::with_capacity(file.text.len()),
        spans: Vec::new(),
        seen: FxHashMap::default(),
        known: note.is_none(),
    };
    facts.hash(&mut form);
    form.write_u8(starts_server(&file.text).into());
    if !form.known {
        // Nothing but the same text will do.
        form.bytes.extend(digest(file.text.as_bytes()));
    }
    let Form { mut bytes, spans, .. } = form;
    Order::of(&spans).write(&spans, &mut bytes);
    Shape { digest: digest(&bytes), spans }
}

/// Takes down what is hashed, as short as can be. Everything is as long as what stands before it
/// says, so that different facts never look the same.
struct Form<'w> {
    words: &'w Words,
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// The words of this file, in order.
    seen: FxHashMap<u64, u64>,
    /// Every word is known, and there is no note, which would name a line.
    known: bool,
}

fn number(bytes: &mut Vec<u8>, number: u64) {
    match u8::try_from(number) {
        Ok(short) if short < 0xff => bytes.push(short),
        _ => {
            bytes.push(0xff);
            bytes.extend(number.to_le_bytes());
        }
    }
}

impl Hasher for Form<'_> {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn write_u32(&mut self, value: u32) {
        number(&mut self.bytes, value.into());
    }

    fn write_usize(&mut self, value: usize) {
        number(&mut self.bytes, value as u64);
    }

    /// Which variant of an enum it is.
    fn write_isize(&mut self, value: isize) {
        number(&mut self.bytes, value as u64);
    }

    /// A name: written out once, and its number from then on.
    fn write_u64(&mut self, name: u64) {
        let next = self.seen.len() as u64;
        let at = *self.seen.entry(name).or_insert(next);
        number(&mut self.bytes, at);
        if at == next {
            match self.words.0.get(&name) {
                Some(word) => word.hash(self),
                None => self.known = false,
            }
        }
    }

    /// A position.
    fn write_i64(&mut self, value: i64) {
        let both = value.cast_unsigned();
        self.spans.push(Span { start: (both >> 32) as u32, end: both as u32 });
    }
}

/// The ends of all positions in the order of the text. What ends where the next begins is before it,
/// whether or not there is a blank between.
struct Order {
    /// A bit for each place in the text where something ends, and one where something starts.
    bits: Vec<u64>,
    /// How many there are before each word of them.
    before: Vec<u32>,
}

impl Order {
    fn of(spans: &[Span]) -> Order {
        let most = spans.iter().map(|span| span.start.max(span.end)).max().unwrap_or(0) as usize;
        let mut bits = vec![0u64; (2 * most + 1) / 64 + 1];
        for bit in spans.iter().flat_map(|span| [start_bit(*span), end_bit(*span)]) {
            bits[bit / 64] |= 1 << (bit % 64);
        }
        let mut count = 0;
        let before = bits.iter().map(|word| {
            count += word.count_ones();
            count - word.count_ones()
        });
        Order { before: before.collect(), bits }
    }

    fn rank(&self, bit: usize) -> u32 {
        let below = self.bits[bit / 64] & ((1 << (bit % 64)) - 1);
        self.before[bit / 64] + below.count_ones()
    }

    fn write(&self, spans: &[Span], bytes: &mut Vec<u8>) {
        let mut last = 0;
        for bit in spans.iter().flat_map(|span| [start_bit(*span), end_bit(*span)]) {
            // As a step from the one before: most fit a byte.
            let rank = i64::from(self.rank(bit));
            let step = rank - last;
            number(bytes, ((step << 1) ^ (step >> 63)).cast_unsigned());
            last = rank;
        }
    }
}

fn start_bit(span: Span) -> usize {
    2 * span.start as usize + 1
}

fn end_bit(span: Span) -> usize {
    2 * span.end as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        let file = SourceFile::new("a.rs".into(), "a.rs".into(), text.into(), 0);
        read(&[&file], false).remove(0)
    }

    const BASE: &str = "static A: AtomicU64 = AtomicU64::new(1);\nfn f(x: u8) -> u64 { A.load(O) == g(x) }\n";

    #[test]
    fn what_the_model_cannot_see_is_no_difference() {
        let base = shape(BASE);
        for same in [
            format!("// one\n\n{BASE}// two\n"),
            format!("{BASE}\n#[cfg(test)]\nmod tests {{ fn g() {{ A.store(1) }} }}\n"),
            format!("/// Told.\n{BASE}"),
            BASE.replace("== g(x)", "\n  ==\n  /* why */ g( x )"),
            BASE.replace("fn f", "pub(crate) fn f"),
            BASE.replace("fn f", "#[inline]\nfn f"),
        ] {
            assert_eq!(shape(&same).digest, base.digest, "{same}");
        }
    }

    #[test]
    fn what_it_sees_is_one() {
        let base = shape(BASE).digest;
        for (from, to) in [
            ("A.load", "A.store"),
            ("new(1)", "new(2)"),
            ("== g", "+ g"),
            ("g(x)", "h(x)"),
            ("g(x)", "g(x, x)"),
            ("x: u8", "x: u16"),
            ("f(x", "f(y"),
            ("fn f", "#[get(\"/\")]\nfn f"),
            ("static A", "static mut A"),
            ("static A", "pub static A"),
            ("fn f", "fn e() {}\nfn f"),
            ("A.load(O)", "(A.load(O))"),
            ("fn f", "fn f {"),
            ("fn f", "const C: &str = \"TcpListener::bind\";\nfn f"),
        ] {
            assert_ne!(shape(&BASE.replace(from, to)).digest, base, "{to}");
        }
    }

    #[test]
    fn positions_have_the_same_number_in_another_text() {
        let other = BASE.replace("fn f", "// é\nfn  f").replace(".load(O)", "\n    .load( O )");
        let text = |text: &str, shape: &Shape| -> Vec<String> {
            let part = |span: &Span| text[span.start as usize..span.end as usize].to_owned();
            shape.spans.iter().map(|span| part(span).split_whitespace().collect()).collect()
        };
        assert_eq!(text(BASE, &shape(BASE)), text(&other, &shape(&other)));
    }

    #[test]
    fn order_counts_and_distance_does_not() {
        let written = |spans: &[(u32, u32)]| {
            let spans: Vec<Span> =
                spans.iter().map(|(start, end)| Span { start: *start, end: *end }).collect();
            let mut bytes = Vec::new();
            Order::of(&spans).write(&spans, &mut bytes);
            bytes
        };
        assert_eq!(written(&[(0, 5), (0, 2), (3, 5)]), written(&[(70, 900), (70, 99), (99, 900)]));
        assert_ne!(written(&[(0, 5), (0, 2)]), written(&[(0, 5), (1, 2)]));
        assert_ne!(written(&[(0, 5), (0, 5)]), written(&[(0, 5), (0, 4)]));
        assert_ne!(written(&[(0, 2), (4, 5)]), written(&[(4, 5), (0, 2)]));
        assert_eq!(written(&[]), Vec::<u8>::new());
    }
}
