//! Tests of the order in which findings are set aside.

use std::path::PathBuf;

use super::*;
use crate::baseline;
use crate::config::{Layer, Setting, Verdict};
use crate::finding::{Level, SuppressionKind};
use crate::report::sample;
use crate::span::Span;
use crate::suppress;
use crate::workspace::Package;

const RULE: &str = "in-memory-session";

fn package(name: &str, selected: bool) -> Package {
    Package {
        name: name.into(),
        dir: String::new(),
        folder: PathBuf::from("/srv"),
        targets: Vec::new(),
        dependencies: Vec::new(),
        proc_macro: false,
        selected,
    }
}

/// Two packages with a file each, of which the second is not reported, and what the rules
/// found in them: a static `A` in each, and `B` in the first.
fn found(first: &str, second: &str) -> (Found, Workspace) {
    let file =
        |path: &str, text: &str, package| SourceFile::new(path.into(), path.into(), text.into(), package);
    let sources = Sources::new(vec![file("one.rs", first, 0), file("two.rs", second, 1)]);
    let finding = |symbol: &str, path: &str, package: &str| {
        let place = sample::at(&sources, path, &format!("static {symbol}"));
        let mut finding = sample::finding(symbol, place, Vec::new());
        finding.site.package = package.into();
        finding
    };
    let findings =
        vec![finding("B", "one.rs", "one"), finding("A", "two.rs", "two"), finding("A", "one.rs", "one")];
    let scans =
        sources.iter().map(|(id, file)| (id, suppress::scan(&file.path, &file.text, &[RULE]))).collect();
    let found =
        Found { findings, fine: Vec::new(), followed: Followed::new(), scans, unread: HashSet::new() };
    let workspace = Workspace {
        root: PathBuf::from("/srv"),
        packages: vec![package("one", true), package("two", false)],
        sources,
        config_files: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
        with_tests: false,
        files_found: 2,
        left_out: Vec::new(),
    };
    (found, workspace)
}

const PLAIN: &str = "static A: X = X;\nstatic B: X = X;\n";

fn accepting(lines: &str) -> Option<Baseline> {
    let entries = baseline::parse(lines).unwrap();
    let file = SourceFile::new("b.txt".into(), "/srv/b.txt".into(), lines.into(), 0);
    Some(Baseline { entries, file })
}

fn saying(name: &'static str, verdict: Verdict) -> Config {
    let span = Span { start: 0, end: 0 };
    let setting = Setting { name, verdict, confidence: Confidence::Worth, span };
    let layers = vec![Layer { settings: vec![setting], ..Layer::default() }];
    Config { layers, packages: vec![vec![0], vec![0]], root: vec![0], ..Config::default() }
}

/// The findings with what set them aside, the problems, and the counts.
fn settled(first: &str, second: &str, policy: &Policy) -> (Vec<(String, String)>, Vec<String>, Hidden) {
    let (found, mut workspace) = found(first, second);
    let Settled { findings, problems, hidden, .. } = settle(found, policy, &mut workspace);
    let said = |finding: &Finding| {
        let aside = match finding.suppression.as_ref().map(|by| by.kind) {
            Some(SuppressionKind::InSource) => "in source".to_owned(),
            Some(SuppressionKind::Baseline) => "baseline".to_owned(),
            None => format!("{:?}", finding.level),
        };
        (finding.site.symbol.clone(), aside)
    };
    let problems = problems.into_iter().map(|problem| format!("{}: {}", problem.check, problem.message));
    (findings.iter().map(said).collect(), problems.collect(), hidden)
}

fn pairs(of: [(&str, &str); 2]) -> Vec<(String, String)> {
    of.map(|(symbol, aside)| (symbol.to_owned(), aside.to_owned())).to_vec()
}

#[test]
fn without_a_policy_what_is_reported_is_sorted_and_left_as_it_is() {
    let (findings, problems, hidden) = settled(PLAIN, "static A: X = X;\n", &Policy::default());
    assert_eq!(findings, pairs([("A", "Error"), ("B", "Error")]));
    assert_eq!((problems, hidden), (vec![], Hidden::default()));
}

#[test]
fn the_code_speaks_before_the_baseline() {
    let text = format!("// stateless: allow({RULE}, reason = \"x\")\n{PLAIN}");
    let baseline = accepting(&format!("one crate::auth::A {RULE}\none crate::auth::B {RULE}\n"));
    let (findings, problems, _) =
        settled(&text, "static A: X = X;\n", &Policy { baseline, ..Policy::default() });
    assert_eq!(findings, pairs([("A", "in source"), ("B", "baseline")]));
    assert_eq!(problems, [format!("stale-baseline: `{RULE}` is not found at `crate::auth::A` any more")]);
}

#[test]
fn an_allowed_finding_still_uses_its_suppression_and_its_entry() {
    let text = format!("// stateless: allow({RULE}, reason = \"x\")\n{PLAIN}");
    let policy = Policy {
        config: saying("all", Verdict::Allow),
        baseline: accepting(&format!("one crate::auth::B {RULE}\n")),
        changes: None,
    };
    let (findings, problems, hidden) = settled(&text, "static A: X = X;\n", &policy);
    assert_eq!((findings, problems), (vec![], vec![]));
    assert_eq!(hidden, Hidden { allowed: 2, unchanged: 0 }, "those that are not reported are not counted");
}

#[test]
fn problems_have_the_level_of_their_check() {
    let text = format!("{PLAIN}// stateless: allow({RULE}, reason = \"x\")\nfn f() {{}}\n");
    let level = |verdict| {
        let policy = Policy { config: saying("unused-suppression", verdict), ..Policy::default() };
        let (found, mut workspace) = found(&text, "static A: X = X;\n");
        settle(found, &policy, &mut workspace).problems.first().map(|problem| problem.level)
    };
    assert_eq!(level(Verdict::Deny), Some(Level::Error));
    assert_eq!(level(Verdict::Warn), Some(Level::Warning));
    assert_eq!(level(Verdict::Allow), None);
}

#[test]
fn what_is_not_reported_has_no_problems_and_keeps_its_entries() {
    let idle = format!("// stateless: allow({RULE}, reason = \"x\")\nfn f() {{}}\nstatic A: X = X;\n");
    let baseline = accepting("two crate::gone timer\n");
    let (findings, problems, _) = settled(PLAIN, &idle, &Policy { baseline, ..Policy::default() });
    assert_eq!(findings.len(), 2);
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn with_nothing_tracked_all_is_new_and_with_nothing_changed_nothing_is() {
    let changes = Some(Changes::default());
    let (findings, ..) = settled(PLAIN, "static A: X = X;\n", &Policy { changes, ..Policy::default() });
    assert_eq!(findings.len(), 2);
    let mut changes = Changes::default();
    changes.track("one.rs");
    let policy = Policy { changes: Some(changes), ..Policy::default() };
    let (findings, _, hidden) = settled(PLAIN, "static A: X = X;\n", &policy);
    assert_eq!((findings, hidden), (vec![], Hidden { allowed: 0, unchanged: 2 }));
}
