//! The report for reading in a terminal: miette's snippets and plain sentences.
//!
//! A finding reads from top to bottom: what is kept where, the places that prove it,
//! what breaks, what to do. Which places are shown is chosen in [`super::evidence`].

use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode, ThemeStyles,
};
use textwrap::{WordSeparator, WordSplitter};

use crate::finding::{Accessor, Finding, Fine, Level, Problem};
use crate::source::Sources;

use super::escape::{sentence, visible};
use super::evidence::{Evidence, choose};
use super::excerpt::{Excerpt, Mark, MarkKind};
use super::{Options, Report, accessor, words};

/// Narrower than this, nothing can be laid out.
const MIN_WIDTH: usize = 40;

pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::new(options);
    let findings = report.active().map(|finding| page.finding(report, finding, options.verbose));
    let problems = report.problems.iter().map(|problem| page.problem(&report.sources, problem));
    let mut any = false;
    for text in findings.chain(problems) {
        if any {
            writeln!(out)?;
        }
        any = true;
        out.write_all(text.map_err(io::Error::other)?.as_bytes())?;
    }
    if options.quiet {
        return Ok(());
    }
    if any {
        writeln!(out)?;
    }
    if options.show_fine && !report.fine.is_empty() {
        page.fine(report, out)?;
    }
    for note in &report.notes {
        let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
        let (path, message) = (visible(&note.path), sentence(&note.message));
        let head = page.paint(Ink::Bold, "not analysed");
        writeln!(out, "{head}: {path}{line}: {message}")?;
    }
    writeln!(out, "{}", summary(report, options))?;
    match report.active().next() {
        Some(first) => writeln!(out, "more: cargo stateless explain {}", first.rule.name),
        None => Ok(()),
    }
}

/// One finding as it stands in the whole report.
pub(super) fn finding(report: &Report, finding: &Finding, options: &Options) -> Result<String, fmt::Error> {
    let page = Page { color: options.color, width: options.width.max(MIN_WIDTH) };
    page.finding(report, finding, options.verbose)
}

/// What stops a run, each followed by an empty line.
pub(crate) fn write_problems(
    problems: &[Problem],
    sources: &Sources,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page { color: options.color, width: options.width.max(MIN_WIDTH) };
    for problem in problems {
        let text = page.problem(sources, problem).map_err(io::Error::other)?;
        writeln!(out, "{text}")?;
    }
    Ok(())
}

/// ``3 errors, 2 warnings, 1 note in 24 files; 2 suppressed, 12 in the baseline;
/// 57 sites looked at and fine``
fn summary(report: &Report, options: &Options) -> String {
    let counts = report.counts();
    let parts: Vec<String> = [(counts.errors, "error"), (counts.warnings, "warning"), (counts.notes, "note")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| words::count(number, noun))
        .collect();
    let found = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    let mut line = format!("{found} in {}", words::count(report.files, "file"));
    let aside: Vec<String> = [
        (counts.suppressed, "suppressed"),
        (counts.baseline, "in the baseline"),
        (report.hidden.allowed, "allowed"),
        (report.hidden.unchanged, "unchanged"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, words)| format!("{number} {words}"))
    .collect();
    if !aside.is_empty() {
        line.push_str(&format!("; {}", aside.join(", ")));
    }
    if !report.problems.is_empty() {
        let problems = words::count(report.problems.len(), "problem");
        line.push_str(&format!("; {problems} with the configuration"));
    }
    if !report.fine.is_empty() {
        line.push_str(&format!("; {} looked at and fine", words::count(report.fine.len(), "site")));
        if !options.show_fine {
            line.push_str(" (--show-fine lists them)");
        }
    }
    if !report.notes.is_empty() {
        line.push_str(&format!("; {} not analysed", report.notes.len()));
    }
    line
}

/// Where the text goes: how wide it is and whether it has colours.
pub(crate) struct Page {
    color: bool,
    width: usize,
}

/// The few styles that are not miette's own.
#[derive(Clone, Copy)]
enum Ink {
    Bold,
    Cyan,
}

impl Page {
    pub(crate) fn new(options: &Options) -> Page {
        Page { color: options.color, width: options.width.max(MIN_WIDTH) }
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => "1",
            Ink::Cyan => "36",
        };
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn finding(&self, report: &Report, finding: &Finding, all: bool) -> Result<String, fmt::Error> {
        let Evidence { marks, rest } = choose(finding, &report.sources, all);
        let excerpt = Excerpt::new(&report.sources, &marks, self.width);
        let mut text = self.diagnostic(excerpt, finding.level, finding.rule.name, titled(finding))?;

        if !rest.is_empty() {
            self.paragraph(&mut text, "", &format!("and {} (-v shows all)", rest.join("; ")));
        }
        self.paragraph(&mut text, "with N replicas", &sentence(&finding.effect.replicas));
        self.paragraph(&mut text, "after a restart", &sentence(&finding.effect.restart));
        if finding.unbounded {
            let grows = "nothing removes entries or bounds their number";
            self.paragraph(&mut text, "grows", grows);
        }
        if let Some(landing) = words::landing(finding.landing) {
            self.paragraph(&mut text, "belongs in", landing);
        }
        if let Some(found) = &finding.accessor {
            self.accessor(&mut text, found);
        }
        self.paragraph(&mut text, "help", &sentence(&finding.help));
        if all {
            self.details(&mut text, report, finding);
        }
        Ok(text)
    }

    /// What takes its place: code, which is not broken at the width, and what it needs.
    fn accessor(&self, text: &mut String, found: &Accessor) {
        self.paragraph(text, "accessor", "of `stateless-store`, to paste in its place");
        for line in accessor::lines(found) {
            text.push_str(&format!("    {line}\n"));
        }
        self.paragraph(text, "derive", &accessor::derives(found));
        for note in &found.notes {
            self.paragraph(text, "note", &sentence(note));
        }
    }

    fn problem(&self, sources: &Sources, problem: &Problem) -> Result<String, fmt::Error> {
        let mark = Mark { place: problem.place, text: "said here".to_owned(), kind: MarkKind::Declared };
        let excerpt = Excerpt::new(sources, &[mark], self.width);
        let mut text = self.diagnostic(excerpt, problem.level, problem.check, sentence(&problem.message))?;
        self.paragraph(&mut text, "help", &sentence(&problem.help));
        Ok(text)
    }

    pub(crate) fn diagnostic(
        &self,
        excerpt: Excerpt,
        level: Level,
        name: &str,
        title: String,
    ) -> Result<String, fmt::Error> {
        let handler = self.handler(&excerpt);
        let shown = Shown {
            severity: match level {
                Level::Error => Severity::Error,
                Level::Warning => Severity::Warning,
                Level::Note => Severity::Advice,
            },
            code: format!("{}[{name}]", words::level(level)),
            title,
            labels: excerpt.labels().to_vec(),
            source: excerpt,
        };
        let mut text = String::new();
        handler.render_report(&mut text, &shown)?;
        Ok(text)
    }

    /// What `-v` adds: other places, why the rule claims the site, and its identity.
    fn details(&self, text: &mut String, report: &Report, finding: &Finding) {
        let site = &finding.site;
        let identity = format!("{} of package {}", visible(&site.item_path), visible(&site.package));
        self.paragraph(text, "site", &identity);
        self.paragraph(text, "type", &sentence(&site.ty));
        for place in &site.also {
            let (path, line, column) = report.sources.locate(*place);
            self.paragraph(text, "see also", &format!("{}:{line}:{column}", visible(path)));
        }
        for reason in &finding.reasons {
            self.paragraph(text, "because", &sentence(reason));
        }
        self.paragraph(text, "fingerprint", &visible(&finding.fingerprint));
    }

    /// `  head: words`, broken at the width and indented below. Nothing for no words.
    pub(crate) fn paragraph(&self, text: &mut String, head: &str, words: &str) {
        if words.is_empty() {
            return;
        }
        let first = match head {
            "" => "  ".to_owned(),
            head => format!("  {} ", self.paint(Ink::Cyan, &format!("{head}:"))),
        };
        let options = textwrap::Options::new(self.width)
            .initial_indent(&first)
            .subsequent_indent("    ")
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        text.push_str(&textwrap::fill(words, options));
        text.push('\n');
    }

    fn handler(&self, excerpt: &Excerpt) -> GraphicalReportHandler {
        let mut theme = GraphicalTheme::unicode_nocolor();
        if self.color {
            theme.styles = ThemeStyles::ansi();
            // miette gives the labels these styles in turn, in the order of their offsets.
            if let [declared, written, read] = theme.styles.highlights[..] {
                let style = |kind: &MarkKind| match kind {
                    MarkKind::Declared => declared,
                    MarkKind::Written => written,
                    MarkKind::Read => read,
                };
                theme.styles.highlights = excerpt.kinds().iter().map(style).collect();
            }
        }
        GraphicalReportHandler::new_themed(theme)
            // miette itself stops two columns short of the width that it is given.
            .with_width(self.width)
            .with_context_lines(0)
            .with_word_separator(WordSeparator::AsciiSpace)
            .with_word_splitter(WordSplitter::NoHyphenation)
            .without_syntax_highlighting()
    }

    /// The harmless sites, a line each below their file.
    fn fine(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.paint(Ink::Bold, "looked at and fine"))?;
        let mut current = None;
        for Fine { site, role, reason } in &report.fine {
            let (path, line, column) = report.sources.locate(site.place);
            if current != Some(path) {
                writeln!(out, "  {}", visible(path))?;
                current = Some(path);
            }
            let (symbol, role) = (visible(&site.symbol), words::role(*role));
            writeln!(out, "    {line}:{column} `{symbol}` ({role}): {}", sentence(reason))?;
        }
        writeln!(out)
    }
}

/// The title, which always names the symbol.
pub(crate) fn titled(finding: &Finding) -> String {
    let title = sentence(&finding.title);
    let symbol = visible(&finding.site.symbol);
    if title.contains(&*symbol) { title } else { format!("{title} (`{symbol}`)") }
}

/// One finding in the shape that miette renders.
#[derive(Debug)]
struct Shown {
    severity: Severity,
    code: String,
    title: String,
    source: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests;
