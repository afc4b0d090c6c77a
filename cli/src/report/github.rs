//! The report as GitHub's workflow commands, which become annotations of a change.
//!
//! GitHub takes ten annotations of a level from a step and drops the rest without a word, so
//! the tenth says how many more there are, and those stand in the log as plain lines. Text of
//! the analysed project must never be read as a command. SARIF has no such limits.

use std::io::{self, Write};

use crate::finding::{Finding, Level, Problem};
use crate::span::Place;

use super::escape::{push_visible, sentence, visible};
use super::{Report, accessor, human, words};

/// Annotations of one level that GitHub keeps from a step.
const KEPT: usize = 10;
/// What the runner keeps of a message, in UTF-16 units, less room for the sign that it was cut.
const MESSAGE: usize = 4000;
/// What GitHub keeps of a title.
const TITLE: usize = 255;

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for level in [Level::Error, Level::Warning, Level::Note] {
        let findings = report.active().filter(|finding| finding.level == level).map(of_finding);
        let problems = report.problems.iter().filter(|problem| problem.level == level).map(of_problem);
        let found: Vec<Annotation> = findings.chain(problems).collect();
        let shown = if found.len() > KEPT { KEPT - 1 } else { found.len() };
        let (shown, rest) = found.split_at(shown);
        for one in shown {
            annotate(report, one, level, out)?;
        }
        if rest.is_empty() {
            continue;
        }
        let more = words::count(rest.len(), &format!("more {}", words::level(level)));
        let text = format!("{more}: GitHub shows {KEPT} of a level, the log of this step names the others");
        writeln!(out, "::{} title=cargo stateless::{}", command(level), data(&text))?;
        for one in rest {
            let (path, line, column) = report.locate(one.place);
            let (name, level) = (one.name, words::level(level));
            writeln!(out, "- {}", plain(&format!("{path}:{line}:{column}: {level}[{name}]: {}", one.title)))?;
        }
    }
    Ok(())
}

struct Annotation {
    place: Place,
    /// The rule, or what kind of problem it is.
    name: &'static str,
    /// What it is about, where that has a name.
    symbol: String,
    title: String,
    more: Vec<String>,
}

fn of_finding(finding: &Finding) -> Annotation {
    let said = |head: &str, text: &str| match sentence(text) {
        text if text.is_empty() => None,
        text => Some(format!("{head}: {text}")),
    };
    let more = [
        said("With N replicas", &finding.effect.replicas),
        said("After a restart", &finding.effect.restart),
        words::landing(finding.landing).map(|landing| format!("Belongs in: {landing}")),
        finding
            .accessor
            .as_ref()
            .map(|found| format!("With stateless-store: {}", accessor::lines(found).join("\n"))),
        Some(format!("cargo stateless explain {}", finding.rule.name)),
    ];
    Annotation {
        place: finding.site.place,
        name: finding.rule.name,
        symbol: format!(": {}", visible(&finding.site.symbol)),
        title: human::titled(finding),
        more: more.into_iter().flatten().collect(),
    }
}

fn of_problem(problem: &Problem) -> Annotation {
    Annotation {
        place: problem.place,
        name: problem.check,
        symbol: String::new(),
        title: sentence(&problem.message),
        more: vec![sentence(&problem.help)],
    }
}

fn annotate(report: &Report, one: &Annotation, level: Level, out: &mut dyn Write) -> io::Result<()> {
    let (path, line, column) = report.locate(one.place);
    let (end_line, end_column) = report.sources.file(one.place.file).line_column(one.place.span.end);
    let title = cut(&format!("{}{}", one.name, one.symbol), TITLE);
    let mut at = format!("file={},line={line},endLine={end_line}", property(&file(&path)));
    // Columns of two lines say nothing, and GitHub refuses them.
    if line == end_line {
        at.push_str(&format!(",col={column},endColumn={end_column}"));
    }
    let text = cut(&format!("{}\n{}", one.title, one.more.join("\n")), MESSAGE);
    writeln!(out, "::{} {at},title={}::{}", command(level), property(&title), data(&text))
}

fn command(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    }
}

/// The part of a command behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which a comma or a colon would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The name of a file, which may have line ends; what else a terminal would obey is shown.
fn file(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '\n' | '\r') {
            out.push(c);
        } else {
            push_visible(&mut out, c);
        }
    }
    out
}

/// A line of the log that is no command: neither begins with `::` nor has the older `##[`,
/// which the runner obeys in the middle of a line.
fn plain(text: &str) -> String {
    visible(text).replace("##[", "# #[")
}

/// At most so many UTF-16 units, which is how the runner counts.
fn cut(text: &str, limit: usize) -> String {
    let mut length = 0;
    let end = text.char_indices().find(|(_, c)| {
        length += c.len_utf16();
        length > limit
    });
    match end {
        Some((at, _)) => format!("{}[..]", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Options, sample};
    use super::*;

    fn lines(report: &Report) -> Vec<String> {
        let said = sample::said(Format::Github, report, &Options::default());
        said.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_finding_is_a_command_of_its_level_at_its_place() {
        let lines = lines(&sample::report());
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[0],
            "::error file=src/auth.rs,line=5,endLine=5,col=8,endColumn=16,title=in-memory-session%3A SESSIONS::\
             logged-in users are kept in a static (`SESSIONS`)%0A\
             With N replicas: a login is known to one replica only: the others answer 401%0A\
             After a restart: everybody is logged out%0A\
             Belongs in: Redis, or another shared store with expiry%0A\
             With stateless-store: #[externalized(key = \"session:{}\", ttl = \"1h\")]%0A\
             static SESSIONS: Sessions;%0A\
             cargo stateless explain in-memory-session"
        );
        assert!(lines[1].starts_with("::warning file=src/größe.rs,line=4,"), "{}", lines[1]);
        assert_eq!(
            lines[2],
            "::warning file=src/auth.rs,line=3,endLine=3,col=1,endColumn=14,title=unused-suppression::\
             this suppresses nothing%0Aremove it"
        );
        assert!(lines[3].starts_with("::notice file=src/größe.rs,line=9,"), "{}", lines[3]);
    }

    #[test]
    fn what_is_past_githubs_limit_is_counted_and_logged() {
        let mut report = sample::report();
        let error = report.findings[0].clone();
        for _ in 0..9 {
            report.findings.insert(0, error.clone());
        }
        assert_eq!(lines(&report).iter().filter(|line| line.starts_with("::error file=")).count(), 10);

        report.findings.insert(0, error);
        let lines = lines(&report);
        assert_eq!(lines.iter().filter(|line| line.starts_with("::error")).count(), 10);
        assert_eq!(
            lines[9],
            "::error title=cargo stateless::2 more errors: GitHub shows 10 of a level, \
             the log of this step names the others"
        );
        for line in &lines[10..12] {
            let wanted = "- src/auth.rs:5:8: error[in-memory-session]: logged-in users are kept in a static (`SESSIONS`)";
            assert_eq!(line, wanted);
        }
        assert!(lines[12].starts_with("::warning"));
    }

    #[test]
    fn a_project_cannot_give_commands() {
        let mut report = sample::hostile();
        let evil = report.findings[0].clone();
        report.findings = vec![evil; 12];
        for finding in &mut report.findings {
            finding.title = "::stop-commands::x\n##[add-mask]a".into();
        }
        let said = sample::said(Format::Github, &report, &Options::default());
        assert!(sample::is_safe(&said));
        for line in said.lines() {
            let own = ["::error ", "::warning ", "- "].iter().any(|start| line.starts_with(start));
            assert!(own, "{line}");
            assert!(line.starts_with("::") || !line.contains("##["), "{line}");
        }
        assert_eq!(property("a,b:c%\nd"), "a%2Cb%3Ac%25%0Ad");
    }

    #[test]
    fn long_messages_are_cut_where_the_runner_would() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc[..]");
        assert_eq!(cut("𝄞𝄞", 3), "𝄞[..]");
    }

    #[test]
    fn nothing_found_is_nothing_said() {
        assert!(lines(&sample::empty()).is_empty());
    }
}
