//! One finding as a site of the dossier: its source, its uses by function, what moving it costs.

use std::collections::{BTreeMap, BTreeSet};

use super::super::advice;
use super::super::dossier::{RouteCalls, Site, SourceLine, Use, moves};
use crate::finding::{Access, AccessKind, Finding};
use crate::report::escape::cut;
use crate::report::{Report, words};

/// Characters of a source line that are shown.
const LINE_CHARS: usize = 160;

/// The name of a site in the report, by its place there.
pub(super) fn id(at: usize) -> String {
    format!("S{}", at + 1)
}

/// The site, `lines` of its source, and its place in the report.
pub(super) fn of(report: &Report, finding: &Finding, at: usize, lines: u32) -> Site {
    let sources = &report.sources;
    let (path, line, _) = sources.locate(finding.site.place);
    let uses = |kind: AccessKind| {
        let mut uses: Vec<Use> = Vec::new();
        finding
            .accesses
            .iter()
            .filter(|access| access.kind == kind)
            .for_each(|access| used(report, access, &mut uses));
        uses
    };
    Site {
        id: id(at),
        fingerprint: finding.fingerprint.clone(),
        symbol: finding.site.symbol.clone(),
        package: finding.site.package.clone(),
        item_path: finding.site.item_path.clone(),
        path: path.to_owned(),
        line,
        ty: finding.site.ty.clone(),
        mechanism: finding.site.mechanism,
        role: finding.role,
        level: finding.level,
        confidence: finding.confidence,
        rule: finding.rule.name,
        title: finding.title.clone(),
        with_replicas: finding.effect.replicas.clone(),
        after_restart: finding.effect.restart.clone(),
        landing: finding.landing,
        landing_reason: if moves(finding.level, finding.landing) {
            advice::landing_reason(finding.role, finding.landing)
        } else {
            advice::STAYS
        },
        may_stay: advice::may_stay(finding.role, finding.site.mechanism),
        help: whole_sentence(&finding.help),
        accessor: finding.accessor.clone(),
        consistency: advice::consistency(finding),
        unbounded: finding.unbounded,
        reasons: finding.reasons.clone(),
        writers: uses(AccessKind::Write),
        readers: uses(AccessKind::Read),
        calls: calls(finding),
        days: 0.0,
        lane: String::new(),
        with_sockets: Vec::new(),
        witness: None,
        snippet: snippet(report, finding, lines),
    }
}

/// Adds an access to those of the same function, at the same time and in the same file.
fn used(report: &Report, access: &Access, uses: &mut Vec<Use>) {
    let (path, line, _) = report.sources.locate(access.place);
    let known = uses
        .iter_mut()
        .find(|one| one.function == access.function && one.context == access.context && one.path == path);
    match known {
        Some(known) => {
            known.lines.push(line);
            if !known.operations.contains(&access.operation) {
                known.operations.push(access.operation.clone());
            }
        }
        None => uses.push(Use {
            function: access.function.clone(),
            operations: vec![access.operation.clone()],
            path: path.to_owned(),
            lines: vec![line],
            context: access.context.clone(),
        }),
    }
}

/// Advice as it stands alone: with a large first letter and a full stop.
fn whole_sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut said: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if !said.ends_with(['.', '!', '?']) {
        said.push('.');
    }
    said
}

fn snippet(report: &Report, finding: &Finding, lines: u32) -> Vec<SourceLine> {
    let file = report.sources.file(finding.site.place.file);
    let (line, _) = file.line_column(finding.site.place.span.start);
    let first = line.saturating_sub(lines / 2).max(1);
    let shown = (first..first + lines).map(|number| SourceLine {
        number,
        text: cut(file.line_text(number), LINE_CHARS),
        marked: number == line,
    });
    let mut lines: Vec<SourceLine> = shown.collect();
    while lines.last().is_some_and(|last| last.text.trim().is_empty() && !last.marked) {
        lines.pop();
    }
    let blank = lines.iter().take_while(|one| one.text.trim().is_empty() && !one.marked).count();
    lines.split_off(blank)
}

/// Calls to a store that a request of each route makes for one site once it has moved: one a
/// function that reads or writes, two where the same function reads first and writes then.
fn calls(finding: &Finding) -> Vec<RouteCalls> {
    if !moves(finding.level, finding.landing) || words::store(finding.landing).is_none() {
        return Vec::new();
    }
    let mut kinds: BTreeMap<(&str, &str), BTreeSet<AccessKind>> = BTreeMap::new();
    for access in &finding.accesses {
        for route in access.context.routes() {
            kinds.entry((route, &access.function)).or_default().insert(access.kind);
        }
    }
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for ((route, _), kinds) in kinds {
        *totals.entry(route).or_default() += kinds.len();
    }
    totals.into_iter().map(|(route, calls)| RouteCalls { route: route.to_owned(), calls }).collect()
}
