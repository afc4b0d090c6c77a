//! The lines of source that one finding shows, as a source that miette can read.
//!
//! miette looks a label up by scanning its source from the first byte, three times a
//! label, so giving it whole files makes a large file with many findings quadratic. An
//! [`Excerpt`] holds only the lines to be shown, found through each file's line index,
//! and gives miette offsets into those. The lines are copied as they will appear: tabs
//! as spaces, hidden characters by code point, long lines cut, so that a label always
//! stands under its characters. Which places are worth a label is decided in
//! [`super::evidence`].

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use textwrap::core::display_width;

use crate::source::{SourceFile, Sources};
use crate::span::{FileId, Place};

use super::escape::{push_visible, visible};

/// Labels closer than this many unlabelled lines share one frame: those lines take no
/// more room than a second frame would.
const GAP: u32 = 2;
/// Columns between tab stops.
const TAB: usize = 4;
/// Columns kept free for the words beside a label, where the line can be cut instead.
const LABEL_ROOM: usize = 34;
/// Columns kept before a label when the start of its line is cut off.
const LEAD: usize = 8;
/// The least number of columns to show of a line.
const MIN_COLUMNS: usize = 24;

/// What a label points at; decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkKind {
    /// The declaration.
    Declared,
    /// A write.
    Written,
    /// A read.
    Read,
}

/// A place to be labelled.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// What the label points at.
    pub(crate) place: Place,
    /// What it says, safe to show.
    pub(crate) text: String,
    /// What it is.
    pub(crate) kind: MarkKind,
}

/// Lines of one file that stand in one frame, first and last 1-based and included.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    file: FileId,
    first: u32,
    last: u32,
}

impl Block {
    /// Lines of output, without the labels: the frame's two and the source's.
    pub(crate) fn height(&self) -> usize {
        (self.last - self.first) as usize + 3
    }
}

/// The frames that these places need: the first place's frame first, then the rest of its
/// file, then the other files in order.
pub(crate) fn blocks(sources: &Sources, places: &[Place]) -> Vec<Block> {
    let mut lines: Vec<(FileId, u32)> = places
        .iter()
        .map(|place| (place.file, sources.file(place.file).line_column(place.span.start).0))
        .collect();
    let Some(&home) = lines.first() else {
        return Vec::new();
    };
    lines.sort_unstable();
    lines.dedup();
    let mut blocks: Vec<Block> = Vec::new();
    for (file, line) in lines {
        match blocks.last_mut() {
            Some(block) if block.file == file && line - block.last <= GAP + 1 => block.last = line,
            _ => blocks.push(Block { file, first: line, last: line }),
        }
    }
    blocks.sort_by_key(|block| {
        let is_home = block.file == home.0 && (block.first..=block.last).contains(&home.1);
        (!is_home, block.file != home.0, block.file, block.first)
    });
    blocks
}

/// A mark and where it stands.
struct Placed<'a> {
    mark: &'a Mark,
    line: u32,
    column: u32,
    is_primary: bool,
}

/// The lines to be shown, one after the other, whatever files they come from.
#[derive(Debug)]
pub(crate) struct Excerpt {
    text: String,
    lines: Vec<Line>,
    /// Label starts in `text` and the real 0-based column of each, sorted.
    columns: Vec<(usize, usize)>,
    names: Vec<String>,
    labels: Vec<LabeledSpan>,
    kinds: Vec<MarkKind>,
}

#[derive(Debug)]
struct Line {
    /// Where it starts in the excerpt's text.
    start: usize,
    /// Its 1-based number in the file.
    number: u32,
    /// Which block it belongs to; also the index of its file's name.
    block: usize,
}

impl Excerpt {
    /// Copies the lines that the marks stand on. The first mark is the one that the first
    /// frame's header locates. `width` is that of the terminal.
    pub(crate) fn new(sources: &Sources, marks: &[Mark], width: usize) -> Self {
        let places: Vec<Place> = marks.iter().map(|mark| mark.place).collect();
        let mut excerpt = Excerpt {
            text: String::new(),
            lines: Vec::new(),
            columns: Vec::new(),
            names: Vec::new(),
            labels: Vec::new(),
            kinds: Vec::new(),
        };
        let mut placed: Vec<Placed<'_>> = Vec::with_capacity(marks.len());
        for (at, mark) in marks.iter().enumerate() {
            let file = sources.file(mark.place.file);
            let (line, column) = file.line_column(mark.place.span.start);
            placed.push(Placed { mark, line, column, is_primary: at == 0 });
        }
        placed.sort_by_key(|placed| (placed.mark.place.span.start, placed.mark.place.span.end));
        for (at, block) in blocks(sources, &places).iter().enumerate() {
            let file = sources.file(block.file);
            excerpt.names.push(visible(&file.path).into_owned());
            let gutter = block.last.to_string().len() + 4;
            let columns = width.saturating_sub(gutter).max(MIN_COLUMNS);
            for number in block.first..=block.last {
                let start = excerpt.text.len();
                excerpt.lines.push(Line { start, number, block: at });
                let here =
                    |placed: &&Placed<'_>| placed.mark.place.file == block.file && placed.line == number;
                let here: Vec<&Placed<'_>> = placed.iter().filter(here).collect();
                excerpt.push_line(file, number, &here, columns);
            }
        }
        excerpt
    }

    fn push_line(&mut self, file: &SourceFile, number: u32, here: &[&Placed<'_>], columns: usize) {
        let line_start = file.line_start(number);
        let in_line = |offset: u32| offset.saturating_sub(line_start) as usize;
        let ranges: Vec<(usize, usize)> = here
            .iter()
            .map(|placed| placed.mark.place.span)
            .map(|span| (in_line(span.start), in_line(span.end)))
            .collect();
        let shown = show(file.line_text(number), &ranges, columns);
        let line_offset = self.text.len();
        self.text.push_str(&shown.text);
        self.text.push('\n');

        let mut previous: Option<(usize, usize)> = None;
        for (placed, range) in here.iter().zip(shown.ranges) {
            let words = wrap_label(&placed.mark.text, &shown.text, range, columns);
            let (start, len) = (line_offset + range.0, range.1 - range.0);
            if previous == Some(range) {
                // Two labels under the same characters would be drawn on top of each other.
                if let Some(label) = self.labels.last_mut() {
                    let words = format!("{}\n{words}", label.label().unwrap_or_default());
                    label.set_label(Some(words));
                }
                continue;
            }
            previous = Some(range);
            let span = SourceSpan::new(start.into(), len);
            self.labels.push(if placed.is_primary {
                LabeledSpan::new_primary_with_span(Some(words), span)
            } else {
                LabeledSpan::new_with_span(Some(words), span)
            });
            self.kinds.push(placed.mark.kind);
            self.columns.push((start, placed.column as usize - 1));
        }
    }

    /// The labels in the order of their offsets.
    pub(crate) fn labels(&self) -> &[LabeledSpan] {
        &self.labels
    }

    /// What each label points at, in the same order.
    pub(crate) fn kinds(&self) -> &[MarkKind] {
        &self.kinds
    }

    fn line_at(&self, offset: usize) -> usize {
        self.lines.partition_point(|line| line.start <= offset).saturating_sub(1)
    }
}

impl SourceCode for Excerpt {
    /// Always answers whole lines, so that the start of a label's line is known, but the
    /// column of the label: miette takes the place in a frame's header from it.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() || self.lines.is_empty() {
            return Err(MietteError::OutOfBounds);
        }
        let label_line = self.line_at(span.offset());
        let last = self.line_at(end.saturating_sub(1).max(span.offset()));
        let block = self.lines[label_line].block;
        if self.lines[last].block != block {
            // miette asks whether two frames can be one: not across files or gaps.
            return Err(MietteError::OutOfBounds);
        }
        let of_block = |at: &usize| self.lines[*at].block == block;
        let first = label_line.saturating_sub(lines_before);
        let first = (first..=label_line).find(of_block).unwrap_or(label_line);
        let last = (last..self.lines.len().min(last + lines_after + 1)).rev().find(of_block).unwrap_or(last);
        let start = self.lines[first].start;
        let end = self.lines.get(last + 1).map_or(self.text.len(), |line| line.start);
        let column = match self.columns.binary_search_by_key(&span.offset(), |label| label.0) {
            Ok(at) => self.columns[at].1,
            Err(_) => 0,
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.names[block].clone(),
            &self.text.as_bytes()[start..end],
            SourceSpan::new(start.into(), end - start),
            self.lines[first].number as usize - 1,
            column,
            // miette joins two frames where the second starts before this many lines.
            last - first + 1 + GAP as usize,
        )))
    }
}

/// A line as it will appear, and where the labelled bytes went.
struct Shown {
    text: String,
    ranges: Vec<(usize, usize)>,
}

/// Copies a line, or the part around its first label where it does not fit.
/// Touches no more of the line than that part and as many columns at its start.
fn show(line: &str, ranges: &[(usize, usize)], columns: usize) -> Shown {
    let start_of_label = ranges.first().map_or(0, |range| floor(line, range.0));
    // Past this column the words beside the label no longer fit.
    let label_limit = columns.saturating_sub(LABEL_ROOM).max(LEAD + 1);
    let reach = start_of_label.min(label_limit * 4 + 4);
    let reach = floor(line, reach);
    let label_column = column_after(&line[..reach]);
    let from = if reach < start_of_label || label_column > label_limit {
        line[..start_of_label].char_indices().rev().take(LEAD).last().map_or(0, |(at, _)| at)
    } else {
        0
    };

    let mut shown = Shown { text: String::new(), ranges: vec![(usize::MAX, usize::MAX); ranges.len()] };
    let mut column = 0;
    if from > 0 {
        shown.text.push('…');
        column = 1;
    }
    let mut cut = false;
    for (at, c) in line[from..].char_indices().map(|(at, c)| (from + at, c)) {
        let before = shown.text.len();
        push_shown(&mut shown.text, c, column);
        column += display_width(&shown.text[before..]);
        // The last column is for the sign that there is more.
        let is_last = at + c.len_utf8() == line.len();
        if column > columns || (column == columns && !is_last) {
            shown.text.truncate(before);
            cut = true;
        }
        for (range, place) in ranges.iter().zip(&mut shown.ranges) {
            let here = at..at + c.len_utf8();
            if here.contains(&range.0) || (range.0 < from && place.0 == usize::MAX) {
                place.0 = before;
            }
            if here.contains(&range.1.saturating_sub(1)) && !cut {
                place.1 = shown.text.len();
            }
        }
        if cut {
            break;
        }
    }
    let end = shown.text.len();
    if cut {
        shown.text.push('…');
    }
    for (range, place) in ranges.iter().zip(&mut shown.ranges) {
        place.0 = place.0.min(end);
        place.1 = place.1.min(end).max(place.0);
        if range.1 <= range.0 {
            place.1 = place.0;
        } else if place.1 == place.0 {
            // Everything the label points at was cut away: point at the sign for that.
            place.1 = shown.text.len().max(place.0);
        }
        place.1 = narrow(&shown.text, *place, label_limit);
    }
    shown
}

/// Ends a label early where its middle, from which miette hangs the words, would leave
/// no room for them.
fn narrow(text: &str, (start, end): (usize, usize), limit: usize) -> usize {
    let left = display_width(&text[..start]);
    let room = (2 * limit).saturating_sub(2 * left).max(8);
    let mut used = 0;
    for (at, c) in text[start..end].char_indices() {
        used += display_width(c.encode_utf8(&mut [0; 4]));
        if used > room {
            return start + at;
        }
    }
    end
}

/// Appends a character of source as it appears in this column.
fn push_shown(out: &mut String, c: char, column: usize) {
    if c == '\t' {
        out.extend(std::iter::repeat_n(' ', TAB - column % TAB));
    } else {
        push_visible(out, c);
    }
}

fn column_after(text: &str) -> usize {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        out.clear();
        push_shown(&mut out, c, column);
        column += display_width(&out);
    }
    column
}

/// The nearest character boundary at or before a byte offset.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Breaks a label's words so that they end within the columns.
fn wrap_label(words: &str, line: &str, (start, end): (usize, usize), columns: usize) -> String {
    let left = display_width(&line[..start]);
    let middle = left + display_width(&line[start..end]) / 2;
    // The hook that miette draws from the label to its words takes four columns.
    let room = columns.saturating_sub(middle + 4).max(16);
    let options = textwrap::Options::new(room)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(words, options)
}

#[cfg(test)]
mod tests;
