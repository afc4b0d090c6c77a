//! The report as the lines that `cargo check --message-format json` prints, for editors.
//!
//! rust-analyzer shows what its `check.overrideCommand` prints. It would take rustc's bare
//! diagnostics as well, but forgets what cargo said about any package when one of those
//! arrives; so every line is cargo's message about a package, whose name is this tool's.
//! Whether cargo runs too is decided elsewhere.

use std::io::{self, Write};

use serde::Serialize;

use crate::finding::{Finding, Problem};
use crate::source::{SourceFile, Sources};
use crate::span::Place;

use super::escape::{self, sentence, visible};
use super::evidence::choose;
use super::{Options, Report, accessor, human, words};

/// The package that editors file the messages under, apart from those of cargo's packages.
const PACKAGE_ID: &str = env!("CARGO_PKG_NAME");

/// Characters of a source line that are always given. Past them, only what a reader needs
/// to find the columns: a generated line can have millions.
const LINE: usize = 1000;

pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.active().map(|finding| found(report, finding, options));
    for message in findings {
        out.write_all(escape::json_line(&message?)?.as_bytes())?;
    }
    write_problems(&report.problems, &report.sources, out)
}

/// What is wrong with the configuration, without a report.
pub(super) fn write_problems(problems: &[Problem], sources: &Sources, out: &mut dyn Write) -> io::Result<()> {
    for problem in problems {
        out.write_all(escape::json_line(&wrong(sources, problem))?.as_bytes())?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Message<'a> {
    reason: &'static str,
    package_id: &'static str,
    target: Target<'a>,
    message: Diagnostic,
}

/// The fields that a reader of cargo's messages insists on. What kind of target holds the
/// file is not known here.
#[derive(Serialize)]
struct Target<'a> {
    kind: [&'static str; 1],
    crate_types: [&'static str; 1],
    name: &'a str,
    src_path: String,
}

#[derive(Serialize)]
struct Diagnostic {
    #[serde(rename = "$message_type")]
    message_type: &'static str,
    message: String,
    code: Option<Code>,
    level: &'static str,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
    rendered: Option<String>,
}

#[derive(Serialize)]
struct Code {
    code: String,
    explanation: Option<&'static str>,
}

#[derive(Serialize)]
struct Span {
    file_name: String,
    byte_start: u32,
    byte_end: u32,
    line_start: u32,
    line_end: u32,
    column_start: u32,
    column_end: u32,
    is_primary: bool,
    text: Vec<Line>,
    label: Option<String>,
    suggested_replacement: Option<String>,
    suggestion_applicability: Option<String>,
    expansion: Option<()>,
}

#[derive(Serialize)]
struct Line {
    text: String,
    highlight_start: u32,
    highlight_end: u32,
}

fn found<'a>(report: &'a Report, finding: &'a Finding, options: &Options) -> io::Result<Message<'a>> {
    // Editors show it beside the code; it is text in any case.
    let plain = Options { color: false, ..*options };
    let rendered = human::finding(report, finding, &plain).map_err(io::Error::other)?;
    let evidence = choose(finding, &report.sources, options.verbose);
    let mut children = Vec::new();
    if !evidence.rest.is_empty() {
        children.push(diagnostic("note", None, format!("and {}", evidence.rest.join("; "))));
    }
    children.extend(advice(finding));
    children.extend(suggestion(finding, &report.sources));
    let spans = evidence.marks.into_iter().enumerate();
    let spans = spans.map(|(at, mark)| span(&report.sources, mark.place, mark.text, at == 0)).collect();
    let message = Diagnostic {
        spans,
        children,
        rendered: Some(rendered),
        ..diagnostic(words::level(finding.level), Some(finding.rule.name), human::titled(finding))
    };
    let file = report.sources.file(finding.site.place.file);
    Ok(of_cargo(&finding.site.package, file, message))
}

fn wrong(sources: &Sources, problem: &Problem) -> Message<'static> {
    let file = sources.file(problem.place.file);
    let (level, text) = (words::level(problem.level), sentence(&problem.message));
    let (_, line, column) = sources.locate(problem.place);
    let help = sentence(&problem.help);
    let rendered = format!(
        "{level}[{}]: {text}\n --> {}:{line}:{column}\nhelp: {help}\n",
        problem.check,
        visible(&file.path)
    );
    let message = Diagnostic {
        spans: vec![span(sources, problem.place, "said here".to_owned(), true)],
        children: vec![diagnostic("help", None, help)],
        rendered: Some(rendered),
        ..diagnostic(level, Some(problem.check), text)
    };
    of_cargo(PACKAGE_ID, file, message)
}

fn of_cargo<'a>(package: &'a str, file: &SourceFile, message: Diagnostic) -> Message<'a> {
    let target = Target { kind: ["bin"], crate_types: ["bin"], name: package, src_path: full_path(file) };
    Message { reason: "compiler-message", package_id: PACKAGE_ID, target, message }
}

/// What breaks and what to do, a line each. Editors put these below the message, and drop
/// the word `note` or `help`.
fn advice(finding: &Finding) -> Vec<Diagnostic> {
    let said = |head: &str, text: &str| match sentence(text) {
        text if text.is_empty() => None,
        text => Some(format!("{head}: {text}")),
    };
    let grows = finding.unbounded.then(|| "nothing removes entries or bounds their number".to_owned());
    let notes = [
        said("with N replicas", &finding.effect.replicas),
        said("after a restart", &finding.effect.restart),
        grows,
    ];
    let landing = words::landing(finding.landing).map(|place| format!("belongs in {place}"));
    let accessor = finding.accessor.as_ref().map(|found| {
        let derives = accessor::derives(found);
        let derives = if derives.is_empty() { derives } else { format!("\nderive {derives}") };
        format!("with `stateless-store`:\n{}{derives}", accessor::lines(found).join("\n"))
    });
    let help = [landing, accessor, Some(sentence(&finding.help)).filter(|help| !help.is_empty())];
    let explain = format!("`cargo stateless explain {}` says more", finding.rule.name);
    let notes = notes.into_iter().flatten().map(|text| diagnostic("note", None, text));
    let help = help.into_iter().flatten().chain([explain]).map(|text| diagnostic("help", None, text));
    notes.chain(help).collect()
}

/// What an editor can put in: the attribute that makes a static an accessor. The callers have to
/// follow, so it is not for tools that change everything at once.
fn suggestion(finding: &Finding, sources: &Sources) -> Option<Diagnostic> {
    let (place, text) = accessor::insertion(finding, sources)?;
    let mut child = diagnostic("help", None, "keep it in the store".to_owned());
    child.spans.push(Span {
        label: None,
        suggested_replacement: Some(text),
        suggestion_applicability: Some("MaybeIncorrect".to_owned()),
        ..span(sources, place, String::new(), true)
    });
    Some(child)
}

/// One without a place, which is how its advice hangs below a message.
fn diagnostic(level: &'static str, code: Option<&str>, message: String) -> Diagnostic {
    Diagnostic {
        message_type: "diagnostic",
        message,
        code: code.map(|code| Code { code: format!("stateless::{code}"), explanation: None }),
        level,
        spans: Vec::new(),
        children: Vec::new(),
        rendered: None,
    }
}

fn span(sources: &Sources, place: Place, label: String, is_primary: bool) -> Span {
    let file = sources.file(place.file);
    let (line_start, column_start) = file.line_column(place.span.start);
    let (line_end, column_end) = file.line_column(place.span.end);
    let text = (line_start..=line_end).map(|line| {
        let all = file.line_text(line);
        let length = all.chars().count() as u32;
        let highlight_start = if line == line_start { column_start } else { 1 };
        let highlight_end = if line == line_end { column_end } else { length + 1 };
        Line { text: cut(all, highlight_end), highlight_start, highlight_end }
    });
    Span {
        file_name: full_path(file),
        byte_start: place.span.start,
        byte_end: place.span.end,
        line_start,
        line_end,
        column_start,
        column_end,
        is_primary,
        text: text.collect(),
        label: Some(label),
        suggested_replacement: None,
        suggestion_applicability: None,
        expansion: None,
    }
}

/// A line, or as much of it as a reader needs who translates columns up to `end`: nothing
/// beyond a bound where every character is one byte, and all before `end` otherwise.
fn cut(line: &str, end: u32) -> String {
    let kept = if line.is_ascii() { LINE } else { LINE.max(end as usize) };
    match line.char_indices().nth(kept) {
        Some((at, _)) => line[..at].to_owned(),
        None => line.to_owned(),
    }
}

/// Absolute, since an editor resolves other paths by a folder that it alone knows.
fn full_path(file: &SourceFile) -> String {
    file.full_path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use cargo_metadata::Message as Cargo;
    use cargo_metadata::diagnostic::{Applicability, Diagnostic, DiagnosticLevel, DiagnosticSpan};

    use super::super::{Format, sample};
    use super::*;

    fn said(report: &Report) -> Vec<Diagnostic> {
        let text = sample::said(Format::Rustc, report, &Options::default());
        assert!(sample::is_safe(&text));
        let lines = Cargo::parse_stream(text.as_bytes()).map(|message| match message.unwrap() {
            Cargo::CompilerMessage(message) => {
                assert_eq!(message.package_id.repr, "cargo-stateless");
                message.message
            }
            other => panic!("{other:?}"),
        });
        lines.collect()
    }

    /// `line:column-line:column`, primary or not, and the text that the columns cut out.
    fn place(span: &DiagnosticSpan) -> (String, bool, String) {
        let text = span.text.iter().map(|line| {
            let chars: Vec<char> = line.text.chars().collect();
            chars[line.highlight_start - 1..line.highlight_end - 1].iter().collect::<String>()
        });
        let text = text.collect::<Vec<_>>().join("\n");
        let (start, end) = ((span.line_start, span.column_start), (span.line_end, span.column_end));
        (format!("{}:{}-{}:{}", start.0, start.1, end.0, end.1), span.is_primary, text)
    }

    #[test]
    fn a_message_has_code_level_places_and_advice() {
        let all = said(&sample::report());
        let levels: Vec<DiagnosticLevel> = all.iter().map(|one| one.level).collect();
        let (error, warning, note) =
            (DiagnosticLevel::Error, DiagnosticLevel::Warning, DiagnosticLevel::Note);
        assert_eq!(levels, [error, warning, note, warning], "the last is a problem");
        let first = &all[0];
        assert_eq!(first.message, "logged-in users are kept in a static (`SESSIONS`)");
        assert_eq!(first.code.as_ref().unwrap().code, "stateless::in-memory-session");
        assert_eq!(place(&first.spans[0]), ("5:8-5:16".into(), true, "SESSIONS".into()));
        assert_eq!(first.spans[0].label.as_deref(), Some("kept here: a static"));
        let labels: Vec<&str> = first.spans[1..].iter().filter_map(|span| span.label.as_deref()).collect();
        assert!(labels.contains(&"written in `auth::login` (insert), on POST /login"), "{labels:?}");
        assert!(first.spans[1..].iter().all(|span| !span.is_primary));
        let advice: Vec<&str> = first.children.iter().map(|child| child.message.as_str()).collect();
        assert_eq!(
            advice,
            [
                "with N replicas: a login is known to one replica only: the others answer 401",
                "after a restart: everybody is logged out",
                "nothing removes entries or bounds their number",
                "belongs in Redis, or another shared store with expiry",
                "with `stateless-store`:\n#[externalized(key = \"session:{}\", ttl = \"1h\")]\n\
                 static SESSIONS: Sessions;\nderive Serialize, Deserialize on `User`",
                "Keep the token and its user in a shared store, with the lifetime of a session.",
                "`cargo stateless explain in-memory-session` says more",
                "keep it in the store",
            ]
        );
        let (last, others) = first.children.split_last().unwrap();
        assert!(others.iter().all(|child| child.spans.is_empty()));
        assert_eq!(place(&last.spans[0]), ("5:1-5:1".into(), true, "".into()));
        assert_eq!(
            last.spans[0].suggested_replacement.as_deref(),
            Some("#[stateless_store::externalized(key = \"session:{}\", ttl = \"1h\")]\n")
        );
        assert_eq!(last.spans[0].suggestion_applicability, Some(Applicability::MaybeIncorrect));
        assert!(first.rendered.as_ref().unwrap().starts_with("error[in-memory-session]\n"));
    }

    #[test]
    fn columns_are_characters_past_letters_tabs_and_crlf() {
        let counter = &said(&sample::report())[1];
        assert_eq!(place(&counter.spans[0]), ("4:5-4:10".into(), true, "größe".into()));
        // `fn besuch(z: &Zähler) { /* 語 */⇥z.größe.fetch_add(1); }`
        assert_eq!(place(&counter.spans[1]), ("7:33-7:53".into(), false, "z.größe.fetch_add(1)".into()));
        assert!(counter.spans.iter().all(|span| !span.text[0].text.contains('\r')));
    }

    #[test]
    fn hostile_text_stays_in_its_line() {
        let all = said(&sample::hostile());
        assert_eq!(all.len(), 2);
        for one in all {
            assert_eq!(one.spans.iter().filter(|span| span.is_primary).count(), 1);
            let text = format!("{} {}", one.message, one.rendered.as_ref().unwrap());
            assert!(sample::is_safe(&text), "{text:?}");
        }
    }

    #[test]
    fn a_problem_with_the_configuration_is_a_message_too() {
        let problem = &said(&sample::report())[3];
        assert_eq!(problem.code.as_ref().unwrap().code, "stateless::unused-suppression");
        assert_eq!(place(&problem.spans[0]), ("3:1-3:14".into(), true, "static LIMITS".into()));
        assert_eq!(problem.children[0].message, "remove it");
        assert_eq!(
            problem.rendered.as_deref(),
            Some(
                "warning[unused-suppression]: this suppresses nothing\n --> src/auth.rs:3:1\nhelp: remove it\n"
            )
        );
    }

    #[test]
    fn nothing_found_is_nothing_said() {
        assert_eq!(sample::said(Format::Rustc, &sample::empty(), &Options::default()), "");
    }

    #[test]
    fn long_lines_are_cut_behind_what_their_columns_need() {
        let (ascii, wide) = ("a".repeat(5000), "ß".repeat(5000));
        assert_eq!(cut(&ascii, 4000).len(), LINE);
        assert_eq!(cut(&wide, 4000).chars().count(), 4000);
        assert_eq!(cut(&wide, 10).chars().count(), LINE);
        assert_eq!(cut("short", 3), "short");
    }
}
