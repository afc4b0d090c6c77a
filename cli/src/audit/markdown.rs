//! The audit and the plan as Markdown, for a wiki or an issue tracker.
//!
//! Text of the analysed project could carry markup or mention people; it is escaped, and
//! hidden characters are shown by their code points.

use std::fmt::Write as _;

use super::Audit;
use super::dossier::{Service, Site, Use};
use super::figures;
use super::plan::{days, to};
use crate::finding::{Accessor, Context, SuppressionKind};
use crate::report::accessor;
use crate::report::escape::{sentence, visible};
use crate::report::words;

/// Writes and reads that are listed each.
const USES: usize = 6;

/// The whole audit.
pub(super) fn document(audit: &Audit) -> String {
    let mut out = String::new();
    for service in &audit.services {
        one(&mut out, service);
    }
    out
}

/// The plan alone.
pub(crate) fn plan(services: &[Service]) -> String {
    let mut out = String::new();
    for service in services {
        line(&mut out, &format!("# Plan: {}\n", text(&service.name)));
        line(&mut out, &format!("{}\n", text(&service.verdict.sentence)));
        phases(&mut out, service, 2);
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn one(out: &mut String, service: &Service) {
    line(out, &format!("# Stateless audit: {}\n", text(&service.name)));
    line(out, &format!("{}\n", text(&service.verdict.sentence)));
    let summary = &service.summary;
    line(
        out,
        &format!(
            "{} break, {} likely break, {} to know about; {} looked at and fine, {} accepted, {} not analysed.\n",
            summary.errors,
            summary.warnings,
            summary.notes,
            summary.fine,
            summary.suppressed + summary.baseline,
            summary.not_analysed
        ),
    );
    if !service.symptoms.is_empty() {
        line(out, "## What people will notice\n");
        for symptom in &service.symptoms {
            line(out, &format!("- {} ({})", symptom.sentence, symptom.sites.join(", ")));
        }
        out.push('\n');
    }
    if !service.sites.is_empty() {
        line(out, "## Sites\n");
        service.sites.iter().for_each(|one| site(out, one));
    }
    line(out, "## Plan\n");
    phases(out, service, 3);
    scorecard(out, service);
    rest(out, service);
}

fn site(out: &mut String, site: &Site) {
    line(out, &format!("### {} {}\n", site.id, code(&site.symbol)));
    line(
        out,
        &format!("{} {}:{}: {}.\n", words::level(site.level), code(&site.path), site.line, text(&site.title)),
    );
    source(out, site);
    line(out, &format!("- With several replicas: {}", text(&site.with_replicas)));
    line(out, &format!("- After a restart: {}", text(&site.after_restart)));
    if site.unbounded {
        line(out, "- Growth: nothing ever takes entries out");
    }
    if let Some(witness) = &site.witness {
        line(out, &format!("- Seen by verify: {}", text(witness)));
    }
    let place = format!("- Belongs in: **{}**: {}.", to(site), site.landing_reason);
    if site.has_its_place() {
        line(out, &format!("{place} {}", text(&site.help)));
    } else {
        line(out, &format!("{place}\n- If it has to move: {}", text(&site.help)));
    }
    if let Some(found) = &site.accessor {
        in_its_place(out, found);
    }
    let mut stay = format!("- May stay when: {}", site.may_stay);
    if !site.with_sockets.is_empty() {
        let others = words::some_of(&site.with_sockets, "site");
        let _ = write!(
            stay,
            "; functions that serve the connections of {others} touch it too, so decide for all of them at once"
        );
    }
    line(out, &stay);
    line(out, &format!("- Needs: {}: {}", site.consistency.needs, site.consistency.why));
    if !site.calls.is_empty() {
        let calls: Vec<String> =
            site.calls.iter().map(|one| format!("{} on {}", one.calls, code(&one.route))).collect();
        line(out, &format!("- Calls a request: up to {}", words::some_of(&calls, "route")));
    }
    for (what, uses) in [("Written", &site.writers), ("Read", &site.readers)] {
        if !uses.is_empty() {
            line(out, &format!("- {what}: {}", used(uses)));
        }
    }
    if !site.reasons.is_empty() {
        let reasons: Vec<String> = site.reasons.iter().map(|reason| text(reason)).collect();
        line(out, &format!("- Why it is reported: {}", reasons.join("; ")));
    }
    if site.moves() {
        line(out, &format!("- Effort: {}, lane {}", days(site.days), site.lane));
    }
    out.push('\n');
}

/// The declaration and the lines around it.
fn source(out: &mut String, site: &Site) {
    let lines: Vec<String> =
        site.snippet.iter().map(|one| visible(&one.text.replace('\t', "    ")).into_owned()).collect();
    let fence = fence(&lines.concat(), 3);
    line(out, &format!("{fence}rust"));
    lines.iter().for_each(|one| line(out, one));
    line(out, &format!("{fence}\n"));
}

/// The text to paste, and what goes with it.
fn in_its_place(out: &mut String, found: &Accessor) {
    let lines = accessor::lines(found);
    let fence = fence(&lines.concat(), 3);
    line(out, &format!("- With `stateless-store`, to paste in its place:\n\n  {fence}rust"));
    lines.iter().for_each(|one| line(out, &format!("  {one}")));
    line(out, &format!("  {fence}\n"));
    let derives = accessor::derives(found);
    if !derives.is_empty() {
        line(out, &format!("- Derive: {}", text(&derives)));
    }
    found.notes.iter().for_each(|note| line(out, &format!("- Note: {}", text(note))));
}

fn used(uses: &[Use]) -> String {
    let texts: Vec<String> = uses
        .iter()
        .take(USES)
        .map(|one| {
            let when = match &one.context {
                Context::Request { routes } if routes.is_empty() => "while serving a request".to_owned(),
                Context::Request { routes } => {
                    let routes: Vec<String> = routes.iter().map(|route| code(route)).collect();
                    format!("on {}", words::some_of(&routes, "route"))
                }
                Context::Background => "in a background task".to_owned(),
                Context::Startup => "at start-up".to_owned(),
            };
            format!("{} {when}", code(&one.function))
        })
        .collect();
    let more = uses.len().saturating_sub(USES);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    texts.join("; ") + &rest
}

fn phases(out: &mut String, service: &Service, depth: usize) {
    let plan = &service.plan;
    let mut effort = format!("About {} of one developer", days(plan.days));
    if plan.developers > 1 {
        let parallel = days(plan.days_in_parallel);
        let _ =
            write!(effort, ", or {parallel} with {} developers, each in lanes of their own", plan.developers);
    }
    line(out, &format!("{effort}.\n"));
    for phase in &plan.phases {
        line(
            out,
            &format!("{} {}. {} ({})\n", "#".repeat(depth), phase.number, phase.name, days(phase.days)),
        );
        line(out, &format!("{}.\n", phase.goal));
        if phase.tasks.is_empty() {
            line(out, "Nothing to do.");
        }
        for task in &phase.tasks {
            let mut said = format!("- [ ] **{}** {}", task.id, ticked(&task.text));
            let mut more = Vec::new();
            if task.days > 0.0 {
                more.push(days(task.days));
            }
            if !task.lane.is_empty() {
                more.push(format!("lane {}", task.lane));
            }
            if !task.after.is_empty() {
                more.push(format!("after {}", words::some_of(&task.after, "task")));
            }
            if !more.is_empty() {
                let _ = write!(said, " ({})", more.join("; "));
            }
            line(out, &said);
        }
        out.push('\n');
    }
}

fn scorecard(out: &mut String, service: &Service) {
    line(out, "## Scorecard\n");
    line(out, "| | today | after the plan | from |");
    line(out, "| --- | --- | --- | --- |");
    for row in &service.scorecard {
        line(out, &format!("| {} | {} | {} | {} |", row.question, row.today, row.after, row.basis.words()));
    }
    out.push('\n');
    let figures = service.measured.as_ref().map(figures::all).unwrap_or_default();
    if !figures.is_empty() {
        line(out, "| measured by `verify` | before | now |");
        line(out, "| --- | --- | --- |");
        for figure in &figures {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not measured".to_owned());
            line(out, &format!("| {} | {} | {} |", figure.name, value(&figure.before), value(&figure.now)));
        }
        out.push('\n');
    }
}

fn rest(out: &mut String, service: &Service) {
    if !service.fine.is_empty() {
        line(out, "## Looked at and fine\n");
        for fine in &service.fine {
            line(
                out,
                &format!(
                    "- {} ({}:{}): {}",
                    code(&fine.symbol),
                    code(&fine.path),
                    fine.line,
                    text(&fine.reason)
                ),
            );
        }
        out.push('\n');
    }
    if !service.accepted.is_empty() {
        line(out, "## Accepted\n");
        for one in &service.accepted {
            let why = match one.by {
                SuppressionKind::Baseline => "in the baseline".to_owned(),
                SuppressionKind::InSource => text(&one.reason),
            };
            line(out, &format!("- {} ({}:{}): {why}", code(&one.symbol), code(&one.path), one.line));
        }
        out.push('\n');
    }
    if !service.unread.is_empty() {
        line(out, "## Not analysed\n");
        for note in &service.unread {
            line(out, &format!("- {}: {}", code(&note.path), text(&note.message)));
        }
        out.push('\n');
    }
    if let Some(change) = &service.since {
        let (fixed, new, same) = (change.fixed.len(), change.new.len(), change.unchanged.len());
        line(
            out,
            &format!("## Since {}\n\n{fixed} fixed, {new} new, {same} unchanged.\n", text(&change.than)),
        );
    }
}

/// Text in which what stands between back-ticks is code, and the rest is escaped.
fn ticked(of: &str) -> String {
    let parts = of.split('`').enumerate();
    let parts: Vec<String> =
        parts.map(|(at, part)| if at % 2 == 1 { code(part) } else { escaped(&visible(part)) }).collect();
    parts.concat()
}

/// A sentence, with what Markdown or a tracker would obey escaped outside of back-ticks.
fn text(of: &str) -> String {
    ticked(&sentence(of))
}

fn escaped(of: &str) -> String {
    let mut out = String::with_capacity(of.len());
    for c in of.chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&') {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            // An empty comment keeps a tracker from calling somebody.
            out.push_str("<!-- -->");
        }
    }
    out
}

/// Back-ticks that close around a text, more than it has in a row.
fn fence(of: &str, least: usize) -> String {
    let longest = of.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

/// Code in a line, whatever stands in it.
fn code(of: &str) -> String {
    let of = sentence(of);
    let fence = fence(&of, 1);
    let pad = if of.contains('`') { " " } else { "" };
    format!("{fence}{pad}{of}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_the_project_is_shown_and_not_obeyed() {
        assert_eq!(text("see <b> and `a|b` *now* @all"), "see \\<b\\> and `a|b` \\*now\\* @<!-- -->all");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("x\u{202e}\ny"), "`x\\u{202e} y`");
    }
}
