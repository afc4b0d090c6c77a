//! Tests of [`super::Excerpt`]: little work, and labels under the right characters.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use miette::{GraphicalReportHandler, GraphicalTheme, MietteDiagnostic};

use crate::report::sample;
use crate::span::Span;

use super::*;

fn mark(place: Place, text: &str) -> Mark {
    Mark { place, text: text.into(), kind: MarkKind::Read }
}

fn handler() -> GraphicalReportHandler {
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_context_lines(0)
}

fn render(source: impl SourceCode + 'static, labels: &[LabeledSpan]) -> String {
    let diagnostic = MietteDiagnostic::new("title").with_labels(labels.iter().cloned());
    let report = miette::Report::new(diagnostic).with_source_code(source);
    let mut text = String::new();
    handler().render_report(&mut text, report.as_ref()).unwrap();
    text
}

/// Renders one label over `part` of a one-line file.
fn one_line(line: &str, part: &str, width: usize) -> String {
    let sources = sample::sources(&[("a.rs", line)]);
    let excerpt = Excerpt::new(&sources, &[mark(sample::at(&sources, "a.rs", part), "here")], width);
    let labels = excerpt.labels().to_vec();
    render(excerpt, &labels)
}

/// Columns of the label's first and one past its last character, and of what it underlines.
fn columns(report: &str, part: &str) -> ((usize, usize), (usize, usize)) {
    let mut lines = report.lines().skip_while(|line| !line.contains(part));
    let line = lines.next().unwrap_or_else(|| panic!("{part:?} is not in {report}"));
    let before = display_width(&line[..line.find(part).unwrap()]);
    let under = lines.next().unwrap();
    let drawn = |c: char| c == '─' || c == '┬';
    let start = display_width(&under[..under.find(drawn).unwrap()]);
    let end = display_width(under.trim_end());
    ((start, end), (before, before + display_width(part)))
}

#[test]
fn labels_stand_under_their_characters() {
    for before in ["", "    ", "\t", "x\t\t", "語語 = ", "größe: ", "e\u{301}: ", "🦀 ", "\u{202e}\u{1b}"]
    {
        for after in ["", ";", ".get(语)", "\t", "\r\n", "\n", "\r\nnext", "\u{1b}[0m"] {
            let report = one_line(&format!("{before}NAME{after}"), "NAME", 100);
            let (label, name) = columns(&report, "NAME");
            assert_eq!(label, name, "{before:?} {after:?}\n{report}");
            assert!(sample::is_safe(&report), "{report:?}");
        }
    }
    let report = one_line("let 変数\t= größe;", "変数", 100);
    let (label, name) = columns(&report, "変数");
    assert_eq!(label, name, "{report}");
}

#[test]
fn the_header_has_the_real_line_and_column() {
    let report = one_line("\n\t語 = NAME;\n", "NAME", 100);
    assert!(report.contains("[a.rs:2:6]"), "{report}");
}

#[test]
fn long_lines_are_cut_around_the_label() {
    for (before, after) in [(0, 20_000), (20_000, 0), (20_000, 20_000), (70, 40), (35, 100)] {
        let line = format!("{}NAME{}", "y".repeat(before), "z".repeat(after));
        for width in [40, 60, 80, 160] {
            let report = one_line(&line, "NAME", width);
            let (label, name) = columns(&report, "NAME");
            assert_eq!(label, name, "{report}");
            for line in report.lines() {
                assert!(display_width(line) <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn a_label_past_the_end_of_the_cut_points_at_the_cut() {
    let line = format!("FIRST {} LAST", "y".repeat(500));
    let sources = sample::sources(&[("a.rs", &line)]);
    let place = |part| sample::at(&sources, "a.rs", part);
    let marks = [mark(place("FIRST"), "one"), mark(place("LAST"), "two")];
    let excerpt = Excerpt::new(&sources, &marks, 80);
    let at = excerpt.labels()[1].offset();
    assert_eq!(&excerpt.text[at..], "…\n");
}

#[test]
fn odd_places_do_no_harm() {
    for text in ["", "x", "x\n", "語", "\r\n", "x\r\ny"] {
        let len = text.len() as u32;
        let sources = sample::sources(&[("a.rs", text)]);
        for (start, end) in [(0, 0), (0, len), (len, len), (1, 0), (1, 2), (len, len + 9), (99, 3)] {
            let place = Place { file: FileId(0), span: Span { start, end } };
            let marks = [mark(place, "one"), mark(place, "two"), mark(place, "three")];
            let excerpt = Excerpt::new(&sources, &marks, 80);
            let labels = excerpt.labels().to_vec();
            let report = render(excerpt, &labels);
            assert!(report.contains("three"), "{text:?} {start} {end}: {report}");
        }
    }
}

#[test]
fn near_labels_share_a_frame_and_far_ones_and_other_files_do_not() {
    let text = "a\n\n\nb\n\n\n\nc\n";
    let sources = sample::sources(&[("one.rs", text), ("two.rs", text)]);
    let place = |file, part| sample::at(&sources, file, part);
    let places = [
        place("one.rs", "c"),
        place("two.rs", "a"),
        place("one.rs", "a"),
        place("one.rs", "b"),
        place("two.rs", "c"),
    ];
    let block = |file, first, last| Block { file: FileId(file), first, last };
    assert_eq!(blocks(&sources, &places), [block(0, 8, 8), block(0, 1, 4), block(1, 1, 1), block(1, 8, 8)]);
    let marks = places.map(|place| mark(place, "here"));
    let excerpt = Excerpt::new(&sources, &marks, 80);
    let labels = excerpt.labels().to_vec();
    let report = render(excerpt, &labels);
    let headers: Vec<&str> =
        report.lines().filter_map(|line| line.split_once('[')).map(|(_, place)| place).collect();
    assert_eq!(headers, ["one.rs:8:1]", "one.rs:1:1]", "two.rs:1:1]", "two.rs:8:1]"]);
}

/// Counts the bytes that miette is handed.
struct Counting(Excerpt, Arc<AtomicUsize>);

impl SourceCode for Counting {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.0.read_span(span, before, after)?;
        self.1.fetch_add(contents.data().len(), Ordering::Relaxed);
        Ok(contents)
    }
}

#[test]
fn the_work_depends_on_the_lines_shown_and_not_on_the_file() {
    const FINDINGS: usize = 300;
    let work = |lines: usize| {
        let line = "    STATE.lock().unwrap().insert(key, value);\n";
        let sources = sample::sources(&[("a.rs", &line.repeat(lines))]);
        let touched = Arc::new(AtomicUsize::new(0));
        for finding in 0..FINDINGS {
            let marks: Vec<Mark> = (0..9)
                .map(|at| {
                    let start = (line.len() * (finding + at * lines / 10) + 4) as u32;
                    let span = Span { start, end: start + 5 };
                    mark(Place { file: FileId(0), span }, "here")
                })
                .collect();
            let excerpt = Excerpt::new(&sources, &marks, 100);
            touched.fetch_add(excerpt.text.len(), Ordering::Relaxed);
            let labels = excerpt.labels().to_vec();
            let report = render(Counting(excerpt, Arc::clone(&touched)), &labels);
            assert_eq!(report.matches("here").count(), 9);
        }
        touched.load(Ordering::Relaxed)
    };
    // Ten times the file, the same work, and that a few lines a label.
    let small = work(10_000);
    assert_eq!(small, work(100_000));
    assert!(small <= FINDINGS * 9 * 5 * 50, "{small}");
}
