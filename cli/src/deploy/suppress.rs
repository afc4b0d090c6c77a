//! Findings that a comment sets aside: `# stateless: allow(form, reason = "..")` in the line of
//! the finding, or above it.
//!
//! Reads the comments of YAML, HCL, TOML and the proxies' formats, all of which begin with `#` or
//! `//`. The words are those of `check`; see [`crate::suppress`].

use crate::checks::{Check, INVALID_SUPPRESSION, UNUSED_SUPPRESSION};
use crate::finding::{Level, Problem, Suppression, SuppressionKind};
use crate::source::{SourceFile, Sources};
use crate::span::{FileId, Place, Span};
use crate::suppress::{HEAD, in_comment};

use super::finding::{DeployFinding, FORMS};

/// Sets findings aside, and says what is wrong with the comments that ask for it.
pub(crate) fn settle(sources: &Sources, findings: &mut [DeployFinding]) -> Vec<Problem> {
    let forms: Vec<&'static str> = FORMS.iter().map(|form| form.name).collect();
    let mut problems = Vec::new();
    for (id, file) in sources.iter().filter(|(_, file)| file.text.contains(HEAD)) {
        for line in 1..=file.line_column(file.text.len() as u32).0 {
            comment(id, file, line, &forms, findings, &mut problems);
        }
    }
    problems.sort_by_key(|problem| problem.place);
    problems
}

fn comment(
    id: FileId,
    file: &SourceFile,
    line: u32,
    forms: &[&'static str],
    findings: &mut [DeployFinding],
    problems: &mut Vec<Problem>,
) {
    let text = file.line_text(line);
    let Some(head) = text.find(HEAD) else { return };
    let before = text[..head].trim_end();
    let Some(code) = ["#", "//"].iter().find_map(|sign| before.strip_suffix(sign)) else { return };
    let start = file.line_start(line) as usize;
    let (allowed, malformed) = in_comment(&text[head..], start + head, forms);
    for problem in malformed {
        let help = problem.help.replace("`// stateless", "`# stateless");
        problems.push(said(&INVALID_SUPPRESSION, id, problem.span, problem.message, help));
    }
    let Some((names, reason)) = allowed else { return };
    let covered = if code.trim().is_empty() { below(file, line) } else { line };
    let comment = Span { start: (start + head) as u32, end: (start + text.len()) as u32 };
    for (name, span) in names {
        let mut used = false;
        for finding in findings.iter_mut().filter(|one| one.file == id && one.form.name == name) {
            if file.line_column(finding.span.start as u32).0 == covered {
                used = true;
                finding.suppression = Some(Suppression {
                    kind: SuppressionKind::InSource,
                    reason: reason.clone(),
                    place: Some(Place { file: id, span: comment }),
                });
            }
        }
        if !used {
            let message = format!("no `{name}` is found in line {covered}, which this suppresses");
            let help = "remove it, or move it into the line of the finding or above it".to_owned();
            problems.push(said(&UNUSED_SUPPRESSION, id, span, message, help));
        }
    }
}

/// The next line that is not a comment.
fn below(file: &SourceFile, line: u32) -> u32 {
    let last = file.line_column(file.text.len() as u32).0;
    let is_comment = |line: &u32| {
        let text = file.line_text(*line).trim_start();
        text.starts_with('#') || text.starts_with("//")
    };
    (line + 1..=last).find(|line| !is_comment(line)).unwrap_or(line)
}

fn said(check: &Check, file: FileId, span: Span, message: String, help: String) -> Problem {
    Problem { check: check.name, level: Level::Warning, place: Place { file, span }, message, help }
}
