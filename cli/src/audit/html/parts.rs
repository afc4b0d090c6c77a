//! The parts of the page but the sites and the scorecard: verdict, maps, plan, what is fine, changes.

use maud::{Markup, html};

use super::super::dossier::{Readiness, Service};
use super::super::plan::days;
use super::super::{map, target, trend};
use crate::finding::SuppressionKind;
use crate::report::escape::{cut, sentence, visible};
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

/// The first `most` of some items, each as `one` shows it by its place, and how many there are beyond.
pub(super) fn listed<T>(items: &[T], most: usize, noun: &str, one: impl Fn(usize, &T) -> Markup) -> Markup {
    html! {
        @for (at, item) in items.iter().take(most).enumerate() {
            @if at > 0 { ", " }
            (one(at, item))
        }
        @if items.len() > most { " and " (count(items.len() - most, &format!("more {noun}"))) }
    }
}

/// Sites or places that are listed before the rest is counted.
pub(super) const LISTED: usize = 8;

/// Links to sites, the first of them with their names: `S1 SESSIONS, S3, S4 and 2 more sites`.
fn named(service: &Service, ids: &[String], prefix: &str) -> Markup {
    const NAMED: usize = 2;
    // The verdict has to fit a screen, whatever things are called.
    const NAME_CHARS: usize = 60;
    let symbol = |id: &str| service.sites.iter().find(|site| site.id == id).map_or("", |site| &*site.symbol);
    listed(ids, LISTED, "site", |at, id| {
        html! { a href={ "#" (prefix) (id) } { (id) @if at < NAMED { " " code { (cut(&visible(symbol(id)), NAME_CHARS)) } } } }
    })
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
                @if service.plan.developers > 1 {
                    ", or " strong { (days(service.plan.days_in_parallel)) } " with " (service.plan.developers)
                    " developers, each in lanes of their own"
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
    html! {
        ul.legend aria-label="Colours" {
            @for (class, what) in map::ROLES { li class=(class) { span.dot {} (what) } }
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

pub(super) fn fine(service: &Service, id: &str) -> Markup {
    html! {
        section aria-labelledby={ (id) "fine" } {
            h2 id={ (id) "fine" } { "Looked at and fine" }
            @if service.fine.is_empty() { p.none { "No other state was found." } } @else {
                details open[service.fine.len() <= 20] {
                    summary { (count(service.fine.len(), "site")) " that may stay" }
                    div.scroll tabindex="0" role="region" aria-label="Looked at and fine" {
                        table.stacked.fine {
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
                @if !change.new.is_empty() { p { "New: " (named(service, &change.new, id)) } }
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
