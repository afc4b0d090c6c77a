//! Where something stands: a file by number, a range of bytes in it.
//!
//! Everything past `lower` speaks in these plain types, because the parser's own
//! spans cannot leave the thread that made them. Lines and columns are computed
//! only when a finding is put into words; see [`crate::source::SourceFile`].

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// The number of a file in [`crate::source::Sources`], in path order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

impl FileId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A half-open range of bytes in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Hash for Span {
    /// As one signed number, which nothing else in the facts is: [`crate::shape`] tells positions
    /// from what stands there by it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i64((u64::from(self.start) << 32 | u64::from(self.end)).cast_signed());
    }
}

/// A [`Span`] in a named file. Sorts by file, then position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Which file.
    pub file: FileId,
    /// Which bytes of it.
    pub span: Span,
}
