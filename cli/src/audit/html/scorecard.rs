//! The scorecard on the page: the eight questions, what was measured, and what each route gains.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::dossier::{RouteCalls, Service};
use super::super::evidence::Measured;
use super::super::figures::{self, Figure};
use super::super::scorecard::Row;
use super::parts::{LISTED, listed};
use crate::report::escape::visible;

pub(super) fn scorecard(service: &Service, id: &str) -> Markup {
    html! {
        section aria-labelledby={ (id) "scorecard" } {
            h2 id={ (id) "scorecard" } { "Scorecard" }
            div.scroll tabindex="0" role="region" aria-label="Scorecard" {
                table.stacked.scorecard {
                    thead { tr {
                        th scope="col" { "" } th scope="col" { "Today" } th scope="col" { "After the plan" }
                        th scope="col" { "Evidence" }
                    } }
                    tbody { @for row in &service.scorecard { (question(row, id)) } }
                }
            }
            @if let Some(measured) = &service.measured { (by_verify(measured)) }
            @if !service.routes.is_empty() { (routes(&service.routes)) }
        }
    }
}

fn question(row: &Row, id: &str) -> Markup {
    let (class, mark) = if row.good { ("good", "✓") } else { ("bad", "✗") };
    html! {
        tr {
            th scope="row" { (row.question) }
            td class=(class) { span.mark aria-hidden="true" { (mark) } " " (row.today) }
            td { (row.after) }
            td.small { (row.basis.words()) @if !row.evidence.is_empty() { ": " (evidence(&row.evidence, id)) } }
        }
    }
}

/// Links where they are ids of sites, text where they are places or runs.
fn evidence(items: &[String], prefix: &str) -> Markup {
    let is_site =
        |item: &str| item.strip_prefix('S').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let noun = if items.iter().all(|item| is_site(item)) { "site" } else { "place" };
    listed(items, LISTED, noun, |_, item| {
        html! { @if is_site(item) { a href={ "#" (prefix) (item) } { (item) } } @else { code { (visible(item)) } } }
    })
}

fn by_verify(measured: &Measured) -> Markup {
    html! {
        h3 { "Measured by verify" }
        p { (measured.sentence()) }
        ul {
            @for run in &measured.runs {
                li {
                    code { (visible(&run.schedule)) } ": " (run.same) " the same, " (run.differ) " different"
                    @if run.absent > 0 { ", " (run.absent) " missing" }
                    @if run.cut > 0 { ", " (run.cut) " cut off" }
                }
            }
        }
        (numbers(&figures::all(measured)))
    }
}

/// The numbers of `verify --scorecard`.
fn numbers(figures: &[Figure]) -> Markup {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not measured".to_owned());
    let both = figures.iter().any(|figure| figure.before.is_some());
    html! {
        @if !figures.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="Numbers of verify" {
                table {
                    thead { tr {
                        th scope="col" { "Number" } @if both { th scope="col" { "Before" } } th scope="col" { "Now" }
                    } }
                    tbody {
                        @for figure in figures {
                            tr {
                                th scope="row" { (figure.name) }
                                @if both { td { (shown(&figure.before)) } } td { (shown(&figure.now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Routes by how many calls a request of them gains: most of many routes gain one.
fn routes(routes: &[RouteCalls]) -> Markup {
    let mut by_calls: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    routes.iter().for_each(|one| by_calls.entry(one.calls).or_default().push(&one.route));
    html! {
        details {
            summary { "Calls to a store that each route gains" }
            div.scroll tabindex="0" role="region" aria-label="Calls by route" {
                table.calls {
                    thead { tr { th scope="col" { "Calls a request" } th scope="col" { "Routes" } } }
                    tbody {
                        @for (calls, routes) in by_calls.iter().rev() {
                            tr {
                                td.number { (calls) }
                                td { (listed(routes, usize::MAX, "route", |_, route| html! { code { (visible(route)) } })) }
                            }
                        }
                    }
                }
            }
        }
    }
}
