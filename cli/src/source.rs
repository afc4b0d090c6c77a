//! Source text with a line index, addressed by [`FileId`].
//!
//! Holds text only; which files belong here is decided in [`crate::workspace`].

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::span::{FileId, Place};

/// One file that was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the analysed root, with `/` between parts.
    pub path: String,
    /// Path to open.
    pub full_path: PathBuf,
    /// Its text, without a byte order mark.
    pub text: String,
    /// Index into [`crate::workspace::Workspace::packages`].
    pub package: usize,
    /// Only a file that something points into is counted.
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// Takes a text.
    pub fn new(path: String, full_path: PathBuf, text: String, package: usize) -> Self {
        SourceFile { path, full_path, text, package, line_starts: OnceLock::new() }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect()
        })
    }

    /// The 1-based line and the 1-based column, in characters, of a byte offset.
    /// An offset past the end answers the last position.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let offset = offset.min(self.text.len() as u32);
        let line = self.line_starts().partition_point(|start| *start <= offset) - 1;
        let start = self.line_starts()[line] as usize;
        let column = self.text.get(start..offset as usize).map_or(0, |before| before.chars().count());
        (line as u32 + 1, column as u32 + 1)
    }

    /// Byte offset at which a 1-based line starts; the end of the text past the last line.
    pub fn line_start(&self, line: u32) -> u32 {
        let at = (line as usize).saturating_sub(1);
        self.line_starts().get(at).copied().unwrap_or(self.text.len() as u32)
    }

    /// The text of a 1-based line without its line end; empty past the last line.
    pub fn line_text(&self, line: u32) -> &str {
        let range = self.line_start(line) as usize..self.line_start(line + 1) as usize;
        self.text.get(range).unwrap_or("").trim_end_matches(['\n', '\r'])
    }
}

/// Every file that was read, in path order.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Sorts the files by path and numbers them.
    pub fn new(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Sources { files }
    }

    /// Adds a file behind the sorted ones, so that findings can point into it.
    pub(crate) fn push(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// The file of that number.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.index()]
    }

    /// All files with their numbers, in path order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at as u32), file))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// `path`, 1-based line, 1-based character column of the place's first byte.
    pub fn locate(&self, place: Place) -> (&str, u32, u32) {
        let file = self.file(place.file);
        let (line, column) = file.line_column(place.span.start);
        (&file.path, line, column)
    }
}
