//! The report as JUnit's XML, for CI systems that list tests.
//!
//! Each rule is a suite and each of its findings a test case: an error is a failure, while
//! warnings and notes pass with what they have to say. A rule that found nothing is one case
//! that passed, so that it is seen to have run. There are no times: nothing was timed.
//! Valid by the schema of Jenkins, `junit-10.xsd`.

use std::io::{self, Write};

use crate::finding::{Finding, Level, SuppressionKind};
use crate::span::Place;

use super::escape::{sentence, visible};
use super::{Report, human, words};

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut suites: Vec<Suite> = report.rules.iter().map(|rule| suite(report, rule.name)).collect();
    if !report.problems.is_empty() {
        suites.push(problems(report));
    }
    if !report.notes.is_empty() {
        suites.push(not_analysed(report));
    }
    document(&suites, out)
}

/// The suites as a whole document.
pub(crate) fn document(suites: &[Suite], out: &mut dyn Write) -> io::Result<()> {
    let tests: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let failures: usize = suites.iter().map(Suite::failures).sum();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="cargo stateless" tests="{tests}" failures="{failures}" errors="0">"#)?;
    for suite in suites {
        suite.write(out)?;
    }
    writeln!(out, "</testsuites>")
}

/// Cases under one name.
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// What CI systems list as a test.
pub(crate) struct Case {
    /// Stays the same while code moves: CI systems tell tests by it.
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) outcome: Outcome,
}

/// How it went.
pub(crate) enum Outcome {
    Failed { title: String, text: String },
    Passed { text: String },
    Skipped { reason: String },
}

fn suite(report: &Report, rule: &str) -> Suite {
    let found = report.findings.iter().filter(|finding| finding.rule.name == rule);
    let mut cases: Vec<Case> = found.map(|finding| case(report, finding)).collect();
    if cases.is_empty() {
        cases.push(Case {
            name: "nothing found".into(),
            class: rule.into(),
            outcome: Outcome::Passed { text: String::new() },
        });
    }
    Suite { name: rule.into(), cases }
}

fn at(report: &Report, place: Place) -> String {
    let (path, line, column) = report.locate(place);
    format!("{}:{line}:{column}", visible(&path))
}

fn outcome(level: Level, title: String, text: String) -> Outcome {
    match level {
        Level::Error => Outcome::Failed { title, text },
        Level::Warning | Level::Note => Outcome::Passed { text },
    }
}

fn case(report: &Report, finding: &Finding) -> Case {
    let title = human::titled(finding);
    let (place, level) = (at(report, finding.site.place), words::level(finding.level));
    let mut lines = vec![format!("{place}: {level}[{}]: {title}", finding.rule.name)];
    let accesses = finding.accesses.iter();
    lines.extend(accesses.map(|access| format!("{}: {}", at(report, access.place), words::access(access))));
    for (head, text) in
        [("with N replicas", &finding.effect.replicas), ("after a restart", &finding.effect.restart)]
    {
        lines.push(format!("{head}: {}", sentence(text)));
    }
    lines.push(format!("help: {}", sentence(&finding.help)));
    let text = lines.join("\n");
    Case {
        name: finding.site.item_path.clone(),
        class: format!("{}.{}", finding.site.package, finding.rule.name),
        outcome: match &finding.suppression {
            Some(by) => Outcome::Skipped {
                reason: match by.kind {
                    SuppressionKind::InSource => format!("suppressed: {}", by.reason),
                    SuppressionKind::Baseline => "in the baseline".into(),
                },
            },
            None => outcome(finding.level, title, text),
        },
    }
}

/// What is wrong with suppressions, hints and the baseline.
fn problems(report: &Report) -> Suite {
    let cases = report.problems.iter().map(|problem| {
        let (place, level) = (at(report, problem.place), words::level(problem.level));
        let (title, help) = (sentence(&problem.message), sentence(&problem.help));
        let text = format!("{place}: {level}[{}]: {title}\nhelp: {help}", problem.check);
        Case {
            name: title.clone(),
            class: format!("configuration.{}", problem.check),
            outcome: outcome(problem.level, title, text),
        }
    });
    Suite { name: "configuration".into(), cases: cases.collect() }
}

/// What nobody looked at must not pass for clean.
fn not_analysed(report: &Report) -> Suite {
    let cases = report.notes.iter().map(|note| {
        let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
        Case {
            name: format!("{}{line}", note.path),
            class: "not-analysed".into(),
            outcome: Outcome::Skipped { reason: note.message.clone() },
        }
    });
    Suite { name: "not-analysed".into(), cases: cases.collect() }
}

impl Suite {
    fn failures(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.outcome, Outcome::Failed { .. })).count()
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let skipped = self.cases.iter().filter(|case| matches!(case.outcome, Outcome::Skipped { .. }));
        let (tests, failures, skipped) = (self.cases.len(), self.failures(), skipped.count());
        let name = escaped(&self.name);
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}">"#
        )?;
        for case in &self.cases {
            let (name, class) = (escaped(&case.name), escaped(&case.class));
            write!(out, r#"    <testcase name="{name}" classname="{class}""#)?;
            match &case.outcome {
                Outcome::Passed { text } if text.is_empty() => writeln!(out, "/>")?,
                Outcome::Passed { text } => {
                    writeln!(out, ">\n      <system-out>{}</system-out>\n    </testcase>", escaped(text))?;
                }
                Outcome::Failed { title, text } => {
                    let (title, text) = (escaped(title), escaped(text));
                    writeln!(out, ">\n      <failure message=\"{title}\">{text}</failure>\n    </testcase>")?;
                }
                Outcome::Skipped { reason } => {
                    let reason = escaped(reason);
                    writeln!(out, ">\n      <skipped message=\"{reason}\"/>\n    </testcase>")?;
                }
            }
        }
        writeln!(out, "  </testsuite>")
    }
}

/// Text as XML may hold it. What XML forbids even when escaped is shown by its code point.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        for c in visible(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\u{fffe}' | '\u{ffff}' => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
                c => out.push(c),
            }
        }
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, Node};

    use super::super::{Format, Options, sample};
    use super::*;

    fn said(report: &Report) -> String {
        let text = sample::said(Format::Junit, report, &Options::default());
        assert!(sample::is_safe(&text));
        text
    }

    /// What `junit-10.xsd` allows of the elements that are used: attributes that must be there,
    /// that may, and elements inside.
    fn check(node: Node) {
        let (must, may, inside): (&[&str], &[&str], &[&str]) = match node.tag_name().name() {
            "testsuites" => (&[], &["name", "tests", "failures", "errors"], &["testsuite"]),
            "testsuite" => (&["name", "tests", "failures", "errors"], &["skipped"], &["testcase"]),
            "testcase" => (&["name"], &["classname"], &["skipped", "failure", "system-out"]),
            "failure" | "skipped" => (&[], &["message"], &[]),
            "system-out" => (&[], &[], &[]),
            other => panic!("<{other}> is not in the schema"),
        };
        for name in must {
            assert!(node.has_attribute(*name), "{node:?} lacks {name}");
        }
        for attribute in node.attributes() {
            assert!(must.contains(&attribute.name()) || may.contains(&attribute.name()), "{attribute:?}");
        }
        for child in node.children().filter(Node::is_element) {
            assert!(inside.contains(&child.tag_name().name()), "{child:?} in {node:?}");
            check(child);
        }
    }

    #[test]
    fn the_output_follows_the_schema_and_counts_add_up() {
        for report in [sample::report(), sample::hostile(), sample::empty()] {
            let text = said(&report);
            let document = Document::parse(&text).unwrap();
            let root = document.root_element();
            check(root);
            let count =
                |node: Node, name: &str| node.descendants().filter(|one| one.has_tag_name(name)).count();
            for node in root.descendants().filter(|node| node.has_attribute("tests")) {
                assert_eq!(node.attribute("tests").unwrap(), count(node, "testcase").to_string());
                assert_eq!(node.attribute("failures").unwrap(), count(node, "failure").to_string());
                if let Some(skipped) = node.attribute("skipped") {
                    assert_eq!(skipped, count(node, "skipped").to_string());
                }
            }
        }
    }

    #[test]
    fn errors_fail_and_all_else_passes() {
        let text = said(&sample::report());
        let document = Document::parse(&text).unwrap();
        let suites: Vec<Node> = document.root_element().children().filter(Node::is_element).collect();
        let names: Vec<&str> = suites.iter().filter_map(|suite| suite.attribute("name")).collect();
        assert_eq!(names, ["in-memory-counter", "in-memory-session", "configuration", "not-analysed"]);
        let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
        assert_eq!(failure.attribute("message"), Some("logged-in users are kept in a static (`SESSIONS`)"));
        let text = failure.text().unwrap();
        assert!(text.starts_with("src/auth.rs:5:8: error[in-memory-session]: logged-in"), "{text}");
        assert!(
            text.contains("\nsrc/auth.rs:9:5: written in `auth::login` (insert), on POST /login\n"),
            "{text}"
        );
        let case = failure.parent().unwrap();
        assert_eq!(case.attribute("name"), Some("crate::auth::SESSIONS"));
        assert_eq!(case.attribute("classname"), Some("shop.in-memory-session"));
        let skipped = |suite: Node| {
            let skipped = suite.descendants().filter(|node| node.has_tag_name("skipped"));
            skipped.map(|node| node.attribute("message").unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(skipped(suites[1]), ["suppressed: a demonstration", "in the baseline"]);
        assert_eq!(skipped(suites[3]), ["expected `;`", "not a file"]);
        let problem = suites[2].descendants().find(|node| node.has_tag_name("system-out")).unwrap();
        assert_eq!(
            problem.text(),
            Some("src/auth.rs:3:1: warning[unused-suppression]: this suppresses nothing\nhelp: remove it")
        );
    }

    #[test]
    fn a_rule_that_found_nothing_is_seen_to_have_run() {
        let text = said(&sample::empty());
        let document = Document::parse(&text).unwrap();
        let cases: Vec<Node> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
        assert_eq!(cases.len(), 2);
        assert!(cases.iter().all(|case| case.attribute("name") == Some("nothing found")));
    }

    #[test]
    fn what_xml_forbids_is_shown_by_its_code_point() {
        assert_eq!(
            escaped("<a b=\"&\">\u{0}\u{ffff}\u{1b}"),
            "&lt;a b=&quot;&amp;&quot;&gt;\\u{0}\\u{ffff}\\u{1b}"
        );
        assert_eq!(escaped("one\ntwo\n"), "one\ntwo\n");
    }
}
