//! One line a finding, for skimming, `grep` and editors that know `path:line:col:`.
//!
//! No snippets, no advice, no colour, no summary: each line stands for itself.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::finding::{AccessKind, Context, Finding};

use super::escape::{sentence, visible};
use super::{Options, Report, words};

pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.active() {
        let (path, line, column) = report.sources.locate(finding.site.place);
        let (path, title) = (visible(path), sentence(&finding.title));
        let level = words::level(finding.level);
        let (rule, about) = (finding.rule.name, about(finding));
        writeln!(out, "{path}:{line}:{column}: {level}[{rule}]: {title} ({about})")?;
    }
    for problem in &report.problems {
        let (path, line, column) = report.sources.locate(problem.place);
        let (path, message) = (visible(path), sentence(&problem.message));
        let (level, check) = (words::level(problem.level), problem.check);
        writeln!(out, "{path}:{line}:{column}: {level}[{check}]: {message}")?;
    }
    if options.quiet {
        return Ok(());
    }
    if options.show_fine {
        for fine in &report.fine {
            let (path, line, column) = report.sources.locate(fine.site.place);
            let (path, reason) = (visible(path), sentence(&fine.reason));
            let (symbol, role) = (visible(&fine.site.symbol), words::role(fine.role));
            writeln!(out, "{path}:{line}:{column}: fine: {reason} ({symbol}; {role})")?;
        }
    }
    for note in &report.notes {
        let line = note.line.map(|line| format!("{line}:")).unwrap_or_default();
        let (path, message) = (visible(&note.path), sentence(&note.message));
        writeln!(out, "{path}:{line} not analysed: {message}")?;
    }
    Ok(())
}

/// `SESSIONS; written by POST /login, read by GET /me`
fn about(finding: &Finding) -> String {
    let uses: Vec<String> = [AccessKind::Write, AccessKind::Read]
        .into_iter()
        .filter_map(|kind| {
            let users = users(finding, kind);
            let noun = if users.iter().all(|user| user.contains(' ')) { "route" } else { "function" };
            let some = words::some_of(&users, noun);
            (!users.is_empty()).then(|| format!("{} by {some}", words::done(kind)))
        })
        .collect();
    let mut about = visible(&finding.site.symbol).into_owned();
    if !uses.is_empty() {
        about.push_str(&format!("; {}", uses.join(", ")));
    }
    about
}

/// The routes that use the state in this way; where none is known, the functions.
fn users(finding: &Finding, kind: AccessKind) -> Vec<String> {
    let mut routes = BTreeSet::new();
    let mut functions = BTreeSet::new();
    for access in finding.accesses.iter().filter(|access| access.kind == kind) {
        functions.insert(visible(&access.function));
        if let Context::Request { routes: known } = &access.context {
            routes.extend(known.iter().map(|route| visible(route)));
        }
    }
    let users = if routes.is_empty() { functions } else { routes };
    users.into_iter().map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, sample};
    use super::*;

    fn lines(options: &Options) -> Vec<String> {
        let said = sample::said(Format::Short, &sample::report(), options);
        said.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_names_place_level_rule_symbol_and_routes() {
        assert_eq!(
            lines(&Options { quiet: true, ..Options::default() }),
            [
                "src/auth.rs:5:8: error[in-memory-session]: logged-in users are kept in a static \
                 (SESSIONS; written by POST /login, POST /logout, read by GET /me, GET /orders)",
                "src/größe.rs:4:5: warning[in-memory-counter]: visits are counted in this process \
                 (Zähler::größe; written by besuch)",
                "src/größe.rs:9:12: note[in-memory-session]: a read-through cache (CACHE)",
                "src/auth.rs:3:1: warning[unused-suppression]: this suppresses nothing",
            ]
        );
    }

    #[test]
    fn notes_and_fine_sites_come_when_wanted() {
        let all = lines(&Options { show_fine: true, ..Options::default() });
        assert!(all.contains(
            &"src/auth.rs:3:8: fine: set once at start-up and only read (LIMITS; configuration)".to_owned()
        ));
        assert!(all.contains(&"src/broken.rs:7: not analysed: expected `;`".to_owned()));
        assert_eq!(lines(&Options::default()).len(), all.len() - 1);
    }

    #[test]
    fn a_hostile_project_cannot_forge_a_line_or_reach_the_terminal() {
        let said = sample::said(Format::Short, &sample::hostile(), &Options::default());
        assert!(sample::is_safe(&said), "{said:?}");
        assert_eq!(said.lines().count(), 3, "a finding, a problem, a note");
        assert!(said.starts_with("src/a\\nb\\u{1b}[2J.rs:1:8: error["), "{said}");
    }
}
