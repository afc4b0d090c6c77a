//! Stored fields: names and JSON texts in one buffer.
//!
//! A record is loaded, compared and dropped as a whole, so its fields need no allocation each.
//! Knows nothing of JSON. In the order of the names, always.

use std::fmt;

/// Stored fields by name, each as JSON text.
#[derive(Clone, Default)]
pub struct Fields {
    buffer: String,
    /// In the order of the names; each name once.
    spans: Vec<Span>,
}

/// Where in the buffer a field is.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) name: (usize, usize),
    pub(super) text: (usize, usize),
}

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fields that lie in this buffer. Of two with one name the last counts.
    pub(super) fn over(buffer: String, mut spans: Vec<Span>) -> Self {
        let name = |span: &Span| &buffer[span.name.0..span.name.1];
        if !spans.is_sorted_by(|one, other| name(one) < name(other)) {
            spans.sort_by(|one, other| name(one).cmp(name(other)));
            spans.dedup_by(|later, first| {
                let same = name(later) == name(first);
                if same {
                    *first = *later;
                }
                same
            });
        }
        Self { buffer, spans }
    }

    /// Fields in packed form: name, zero byte, text, zero byte, and so on. `None` if it is none.
    #[cfg_attr(not(feature = "redis"), allow(dead_code))]
    pub(crate) fn unpack(packed: String) -> Option<Self> {
        let mut spans = Vec::with_capacity(8);
        let mut from = 0;
        let bytes = packed.as_bytes();
        let end = |from: usize| Some(from + bytes.get(from..)?.iter().position(|byte| *byte == 0)?);
        while from < packed.len() {
            let name = (from, end(from)?);
            let text = (name.1 + 1, end(name.1 + 1)?);
            from = text.1 + 1;
            spans.push(Span { name, text });
        }
        Some(Self::over(packed, spans))
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.spans.binary_search_by(|span| self.buffer[span.name.0..span.name.1].cmp(name))
    }

    fn text(&self, at: usize) -> &str {
        let (from, to) = self.spans[at].text;
        &self.buffer[from..to]
    }

    /// A field's text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.place(name).ok().map(|at| self.text(at))
    }

    /// The same, of a field that is probably the one in this place.
    pub(crate) fn get_near(&self, name: &str, place: usize) -> Option<&str> {
        match self.spans.get(place) {
            Some(span) if &self.buffer[span.name.0..span.name.1] == name => Some(self.text(place)),
            _ => self.get(name),
        }
    }

    /// Whether there is such a field.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Sets a field.
    pub fn insert(&mut self, name: impl AsRef<str>, text: impl AsRef<str>) {
        let (name, text) = (name.as_ref(), text.as_ref());
        let place = self.place(name);
        if place.is_ok_and(|at| self.text(at) == text) {
            return;
        }
        let mut append = |part: &str| {
            let from = self.buffer.len();
            self.buffer.push_str(part);
            (from, self.buffer.len())
        };
        let text = append(text);
        match place {
            Ok(at) => self.spans[at].text = text,
            Err(at) => {
                let name = append(name);
                self.spans.insert(at, Span { name, text });
            }
        }
    }

    /// Drops a field. Answers whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        match self.place(name) {
            Ok(at) => {
                self.spans.remove(at);
                true
            }
            Err(_) => false,
        }
    }

    /// Keeps only the fields that `keep` says, by name.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        let Self { buffer, spans } = self;
        spans.retain(|span| keep(&buffer[span.name.0..span.name.1]));
    }

    /// Names and texts, in the order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.spans
            .iter()
            .map(|span| (&self.buffer[span.name.0..span.name.1], &self.buffer[span.text.0..span.text.1]))
    }

    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl fmt::Debug for Fields {
    /// The names alone: values are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl<N: AsRef<str>, T: AsRef<str>> Extend<(N, T)> for Fields {
    fn extend<I: IntoIterator<Item = (N, T)>>(&mut self, fields: I) {
        for (name, text) in fields {
            self.insert(name, text);
        }
    }
}

impl<N: AsRef<str>, T: AsRef<str>> FromIterator<(N, T)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(fields: I) -> Self {
        let mut all = Self::new();
        all.extend(fields);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
        fields.iter().collect()
    }

    #[test]
    fn the_last_of_one_name_counts_and_names_are_in_order() {
        let mut fields = Fields::from_iter([("b", "1"), ("a", "2"), ("b", "3")]);
        assert_eq!(pairs(&fields), [("a", "2"), ("b", "3")]);
        assert!(fields.remove("a") && !fields.remove("a"));
        fields.insert("", "4");
        assert_eq!(pairs(&fields), [("", "4"), ("b", "3")]);
        assert_eq!((fields.get("b"), fields.get("a"), fields.len()), (Some("3"), None, 2));
        assert_eq!(fields, Fields::from_iter([("b", "3"), ("", "4")]), "equal, whatever the buffers hold");
    }

    #[test]
    fn packed_fields_come_apart() {
        let packed = |text: &str| Fields::unpack(text.to_owned());
        assert_eq!(packed("a\x001\0b\0{}\0"), Some(Fields::from_iter([("a", "1"), ("b", "{}")])));
        assert_eq!(packed("b\x001\0a\x002\0b\x003\0"), Some(Fields::from_iter([("a", "2"), ("b", "3")])));
        assert_eq!(packed(""), Some(Fields::new()));
        for wrong in ["a", "a\0", "a\x001", "a\x001\0b", "a\x001\0b\0", "a\x001\0b\x002"] {
            assert_eq!(packed(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_value_does_not_show_itself_in_logs() {
        assert_eq!(format!("{:?}", Fields::from_iter([("a", "secret")])), r#"{"a"}"#);
    }
}
