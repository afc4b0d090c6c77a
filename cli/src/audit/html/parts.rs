//! The parts of the page but the sites: verdict, maps, plan, scorecard, what is fine, changes.

use maud::{Markup, html};

use super::super::dossier::{Readiness, Service};
use super::super::plan::days;
use super::super::{map, target, trend};
use crate::finding::SuppressionKind;
use crate::report::escape::{sentence, visible};
use crate::report::words::{self, count};

/// Whether it can run as replicas, as a word in a colour.
pub(super) fn badge(readiness: Readiness) -> Markup {
    let (class, word) = self::readiness(readiness);
    html! { span class={ "badge " (class) } { (word) } }
}

fn readiness(readiness: Readiness) -> (&'static str, &'static str) {
    match readiness {
        Readiness::Ready => ("survives", "yes"),
        Readiness::Doubtful => ("likely", "probably not"),
        Readiness::NotReady => ("breaks", "no"),
    }
}

/// Links to sites by their ids.
pub(super) fn links(ids: &[String], prefix: &str) -> Markup {
    html! {
        @for (at, id) in ids.iter().enumerate() {
            @if at > 0 { ", " }
            a href={ "#" (prefix) (id) } { (id) }
        }
    }
}

/// Links to sites, the first of them with their names: `S1 SESSIONS, S3, S4 and 2 more sites`.
fn named(service: &Service, ids: &[String], prefix: &str) -> Markup {
    const NAMED: usize = 2;
    const LINKED: usize = 8;
    let symbol = |id: &str| service.sites.iter().find(|site| site.id == id).map_or("", |site| &*site.symbol);
    html! {
        @for (at, id) in ids.iter().take(LINKED).enumerate() {
            @if at > 0 { ", " }
            a href={ "#" (prefix) (id) } { (id) @if at < NAMED { " " code { (visible(symbol(id))) } } }
        }
        @if ids.len() > LINKED { " and " (count(ids.len() - LINKED, "more site")) }
    }
}

/// Links where they are ids of sites, text where they are places; how many more there are of many.
fn evidence(items: &[String], prefix: &str) -> Markup {
    const SHOWN: usize = 8;
    let is_site =
        |item: &str| item.strip_prefix('S').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    html! {
        @for (at, item) in items.iter().take(SHOWN).enumerate() {
            @if at > 0 { ", " }
            @if is_site(item) { a href={ "#" (prefix) (item) } { (item) } } @else { code { (visible(item)) } }
        }
        @if items.len() > SHOWN { " and " (items.len() - SHOWN) " more" }
    }
}

pub(super) fn verdict(service: &Service, id: &str) -> Markup {
    let summary = &service.summary;
    let numbers = [
        ("breaks", summary.errors, "break"),
        ("likely", summary.warnings, "likely break"),
        ("survives", summary.notes, "to know about"),
        ("plain", summary.fine, "looked at and fine"),
        ("plain", summary.suppressed + summary.baseline, "accepted"),
        ("plain", summary.not_analysed, "not analysed"),
    ];
    html! {
        section aria-labelledby={ (id) "verdict" } {
            h2 id={ (id) "verdict" } { "Can it run as interchangeable replicas today?" }
            p class={ "verdict " (readiness(service.verdict.readiness).0) } { (service.verdict.sentence) }
            ul.numbers {
                @for (class, number, what) in numbers {
                    li class={ (class) @if number == 0 { " zero" } } { strong { (number) } " " (what) }
                }
            }
            @if !service.symptoms.is_empty() {
                h3 { "What people will notice" }
                ul.symptoms {
                    @for symptom in &service.symptoms {
                        li { (symptom.sentence) ": " span.because { (named(service, &symptom.sites, id)) } }
                    }
                }
            }
            p {
                "The plan takes about " strong { (days(service.plan.days)) } " of one developer"
                @if service.plan.lanes > 1 {
                    ", or " strong { (days(service.plan.days_in_parallel)) } " with " (count(service.plan.lanes, "lane"))
                    " at work at the same time"
                }
                ". " (count(summary.files, "file")) " of the service were read."
            }
        }
    }
}

pub(super) fn maps(service: &Service, id: &str) -> Markup {
    html! {
        section aria-labelledby={ (id) "map" } {
            h2 id={ (id) "map" } { "State map" }
            @if service.sites.is_empty() {
                p { "No state was found that a second replica would break." }
            } @else {
                (legend())
                h3 { "Today" }
                (map::pictures(service, id))
                h3 { "After the plan" }
                (target::picture(service))
            }
        }
    }
}

fn legend() -> Markup {
    let roles = [
        ("r-session", "sessions and keys"),
        ("r-entity", "data and work"),
        ("r-count", "limits, numbers, locks"),
        ("r-connection", "connections"),
        ("r-cache", "caches and settings"),
    ];
    html! {
        ul.legend aria-label="Colours" {
            @for (class, what) in roles { li class=(class) { span.dot {} (what) } }
            li.breaks { span.frame {} "breaks" }
            li.likely { span.frame {} "likely breaks" }
            li.survives { span.frame {} "survives" }
            li { span.solid {} "writes" }
            li { span.dashed {} "only reads" }
        }
    }
}

pub(super) fn plan(service: &Service, id: &str) -> Markup {
    html! {
        section.plan aria-labelledby={ (id) "plan" } {
            h2 id={ (id) "plan" } { "Plan" }
            p {
                "Sites stand in the order in which they should move: first what each deployment loses, then what corrupts "
                "data. Tasks of different lanes touch different functions, so different people can do them at the same time. "
                "Days are those of the effort profile, a site and not a use."
            }
            p.tools hidden {
                button type="button" data-export { "Save as Markdown" }
                " " span.ticked aria-live="polite" {}
            }
            @for phase in &service.plan.phases {
                h3 { (phase.number) ". " (phase.name) " " span.days { (days(phase.days)) } }
                p { (phase.goal) "." }
                @if phase.tasks.is_empty() {
                    p.none { "Nothing to do." }
                } @else {
                    ol.tasks {
                        @for task in &phase.tasks {
                            li { label {
                                input type="checkbox" data-task=(task.id);
                                span.text {
                                    strong { (task.id) } " " (ticks(&task.text))
                                    span.small {
                                        @if task.days > 0.0 { " " (days(task.days)) "." }
                                        @if !task.lane.is_empty() { " Lane " (task.lane) "." }
                                        @if !task.after.is_empty() { " After " (words::some_of(&task.after, "task")) "." }
                                    }
                                }
                            } }
                        }
                    }
                }
            }
        }
    }
}

/// Text in which what stands between back-ticks is code.
pub(super) fn ticks(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (sentence(part)) } } @else { (spaced(part)) }
        }
    }
}

/// As [`sentence`], with the blanks at both ends.
fn spaced(part: &str) -> String {
    let blank = |yes: bool| if yes { " " } else { "" };
    let words = sentence(part);
    if words.is_empty() {
        return blank(!part.is_empty()).to_owned();
    }
    format!("{}{words}{}", blank(part.starts_with(' ')), blank(part.ends_with(' ')))
}

pub(super) fn scorecard(service: &Service, id: &str) -> Markup {
    html! {
        section aria-labelledby={ (id) "scorecard" } {
            h2 id={ (id) "scorecard" } { "Scorecard" }
            div.scroll tabindex="0" role="region" aria-label="Scorecard" {
                table.scorecard {
                    thead { tr {
                        th scope="col" { "" } th scope="col" { "Today" } th scope="col" { "After the plan" }
                        th scope="col" { "Evidence" }
                    } }
                    tbody {
                        @for row in &service.scorecard {
                            tr {
                                th scope="row" { (row.question) }
                                td class=(if row.good { "good" } else { "bad" }) {
                                    span.mark aria-hidden="true" { (if row.good { "✓" } else { "✗" }) } " " (row.today)
                                }
                                td { (row.after) }
                                td.small { (row.basis.words()) @if !row.evidence.is_empty() { ": " } (evidence(&row.evidence, id)) }
                            }
                        }
                    }
                }
            }
            @if let Some(measured) = &service.measured {
                h3 { "Measured by verify" }
                p { (measured.sentence()) }
                ul {
                    @for run in &measured.runs {
                        li { code { (visible(&run.schedule)) } ": " (run.same) " the same, " (run.differ) " different"
                            @if run.absent > 0 { ", " (run.absent) " missing" }
                            @if run.cut > 0 { ", " (run.cut) " cut off" } }
                    }
                }
            }
            @if !service.routes.is_empty() {
                details {
                    summary { "Calls to a store that each route gains" }
                    div.scroll tabindex="0" role="region" aria-label="Calls by route" {
                        table {
                            thead { tr { th scope="col" { "Route" } th scope="col" { "Calls a request" } } }
                            tbody {
                                @for route in &service.routes {
                                    tr { td { code { (visible(&route.route)) } } td.number { (route.calls) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn fine(service: &Service, id: &str) -> Markup {
    html! {
        section aria-labelledby={ (id) "fine" } {
            h2 id={ (id) "fine" } { "Looked at and fine" }
            @if service.fine.is_empty() { p.none { "No other state was found." } } @else {
                details open[service.fine.len() <= 20] {
                    summary { (count(service.fine.len(), "site")) " that may stay" }
                    div.scroll tabindex="0" role="region" aria-label="Looked at and fine" {
                        table {
                            thead { tr {
                                th scope="col" { "Site" } th scope="col" { "What it is" } th scope="col" { "Why it may stay" }
                            } }
                            tbody {
                                @for site in &service.fine {
                                    tr {
                                        td { code { (visible(&site.symbol)) } br; span.small { (visible(&site.path)) ":" (site.line) } }
                                        td { (words::role(site.role)) }
                                        td { (ticks(&site.reason)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if !service.accepted.is_empty() {
                h3 { "Accepted" }
                ul {
                    @for site in &service.accepted {
                        li {
                            code { (visible(&site.symbol)) } " (" (visible(&site.path)) ":" (site.line) "), " (words::role(site.role)) ": "
                            @match site.by {
                                SuppressionKind::Baseline => "known before, in the baseline",
                                SuppressionKind::InSource => (sentence(&site.reason)),
                            }
                        }
                    }
                }
            }
            h3 { "Not analysed" }
            @if service.unread.is_empty() { p.none { "Every file was read and analysed." } } @else {
                ul {
                    @for note in &service.unread {
                        li { code { (visible(&note.path)) @if let Some(line) = note.line { ":" (line) } } ": " (sentence(&note.message)) }
                    }
                }
            }
        }
    }
}

pub(super) fn since(service: &Service, id: &str) -> Markup {
    html! {
        section aria-labelledby={ (id) "since" } {
            h2 id={ (id) "since" } { "Since last time" }
            @if let Some(change) = &service.since {
                p { "Against " (visible(&change.than)) ": " strong { (change.fixed.len()) " fixed, " (change.new.len()) " new" } ", "
                    (change.unchanged.len()) " unchanged." }
                @if !change.new.is_empty() { p { "New: " (links(&change.new, id)) } }
                @if !change.fixed.is_empty() {
                    p { "Fixed:" }
                    ul { @for site in &change.fixed { li { code { (visible(&site.symbol)) } ": " (ticks(&site.title)) } } }
                }
            }
            @if service.trend.len() > 1 {
                (trend::picture(&service.trend))
                div.scroll tabindex="0" role="region" aria-label="Trend" {
                    table {
                        thead { tr {
                            th scope="col" { "Audit" } th scope="col" { "Breaks" } th scope="col" { "Likely" } th scope="col" { "To know" }
                        } }
                        tbody {
                            @for point in &service.trend {
                                tr {
                                    th scope="row" { (visible(&point.label)) }
                                    td.number { (point.errors) } td.number { (point.warnings) } td.number { (point.notes) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
