//! The sites, one after the other, and the controls that filter them.

use maud::{Markup, html};

use super::super::dossier::{Service, Site, Use, places};
use super::super::highlight::{Piece, pieces};
use super::super::map;
use super::super::plan::{days, to};
use super::parts::{LISTED, listed, ticks};
use crate::finding::{Accessor, Context, Level, Role};
use crate::report::escape::{sentence, visible};
use crate::report::{accessor, words};

/// Writes and reads that are listed each; the JSON has all.
const USES: usize = 12;

pub(super) fn all(service: &Service, id: &str) -> Markup {
    let mut roles: Vec<Role> = service.sites.iter().map(|site| site.role).collect();
    roles.sort_unstable();
    roles.dedup();
    html! {
        section.sites aria-labelledby={ (id) "sites" } {
            h2 id={ (id) "sites" } { "Sites" }
            @if service.sites.is_empty() {
                p.none { "None." }
            } @else {
                form.filters hidden aria-label="Filter the sites" {
                    fieldset {
                        legend { "Show" }
                        @for (level, word) in [(Level::Error, "breaks"), (Level::Warning, "likely"), (Level::Note, "to know")] {
                            button type="button" aria-pressed="true" data-level=(words::level(level)) { (word) }
                        }
                    }
                    label { "What " select data-role { option value="" { "everything" }
                        @for role in roles { option value=(words::role(role)) { (words::role(role)) } } } }
                    label { "Text " input type="search" data-text; }
                    span.count aria-live="polite" {}
                }
                @for site in &service.sites { (one(site, id)) }
            }
        }
    }
}

fn one(site: &Site, id: &str) -> Markup {
    let belongs = site.has_its_place();
    html! {
        article class={ "site " (map::level(site.level)) " " (map::role(site.role)) } id={ (id) (site.id) }
            data-level=(words::level(site.level)) data-role=(words::role(site.role)) {
            h3 { (site.id) " " code { (visible(&site.symbol)) } " " span class={ "badge " (map::level(site.level)) } { (level_word(site.level)) } }
            p.title { (ticks(&site.title)) ". " span.small { "Rule " code { (site.rule) } ", " (words::role(site.role)) ", " (words::mechanism(site.mechanism)) "." } }
            (source(site))
            dl {
                dt { "With several replicas" } dd { (ticks(&site.with_replicas)) }
                dt { "After a restart" } dd { (ticks(&site.after_restart)) }
                @if let Some(witness) = &site.witness { dt { "Seen by verify" } dd { (sentence(witness)) } }
                @if site.unbounded { dt { "Growth" } dd { "nothing ever takes entries out" } }
                dt { "Belongs in" }
                dd {
                    strong { (to(site)) }
                    ": " (site.landing_reason) "." @if belongs { " " (ticks(&site.help)) }
                }
                @if !belongs { dt { "If it has to move" } dd { (ticks(&site.help)) } }
                dt { "May stay when" }
                dd {
                    (site.may_stay)
                    @if !site.with_sockets.is_empty() {
                        "; functions that serve the connections of "
                        (listed(&site.with_sockets, LISTED, "site", |_, other| html! { a href={ "#" (id) (other) } { (other) } }))
                        " touch it too, so decide for all of them at once"
                    }
                }
                dt { "Needs" } dd { strong { (site.consistency.needs) } ": " (site.consistency.why) }
                @if !site.calls.is_empty() {
                    dt { "Calls a request" }
                    dd { "up to " (calls(site)) }
                }
                @if site.moves() { dt { "Effort" } dd { (days(site.days)) ", lane " (site.lane) } }
            }
            @if let Some(found) = &site.accessor { (in_its_place(found, site.moves())) }
            (uses("Written", "Nothing was seen to write it.", &site.writers))
            (uses("Read", "Nothing was seen to read it.", &site.readers))
            @if !site.reasons.is_empty() {
                details { summary { "Why it is reported" }
                    ul { @for reason in &site.reasons { li { (ticks(reason)) } } } }
            }
            p.back { a href={ "#" (id) "plan" } { "plan" } }
        }
    }
}

/// The text to paste, and what goes with it.
fn in_its_place(found: &Accessor, moves: bool) -> Markup {
    let derives = accessor::derives(found);
    html! {
        details {
            summary { @if !moves { "If it has to move: " } "With stateless-store, to paste in its place" }
            pre tabindex="0" { code {
                @for line in accessor::lines(found) {
                    @for (piece, text) in pieces(&line) { (coloured(piece, text)) }
                    "\n"
                }
            } }
            @if !derives.is_empty() { p.small { "Derive " (ticks(&derives)) "." } }
            @for note in &found.notes { p.small { (ticks(note)) "." } }
        }
    }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Error => "breaks",
        Level::Warning => "likely breaks",
        Level::Note => "to know",
    }
}

fn calls(site: &Site) -> String {
    let texts: Vec<String> =
        site.calls.iter().map(|one| format!("{} on {}", one.calls, visible(&one.route))).collect();
    words::some_of(&texts, "route")
}

fn source(site: &Site) -> Markup {
    html! {
        figure.source {
            figcaption { (visible(&site.path)) ":" (site.line) }
            pre tabindex="0" { code {
                @for line in &site.snippet {
                    span.marked[line.marked] data-n=(line.number) {
                        @for (piece, text) in pieces(&line.text) { (coloured(piece, text)) }
                        "\n"
                    }
                }
            } }
        }
    }
}

/// A piece of a line in its colour. Words and types, of which there are many, are short elements.
fn coloured(piece: Piece, text: &str) -> Markup {
    // Tabs are no hidden characters here: the page shows source as it stands.
    let text = text.replace('\t', "    ");
    let text = visible(&text);
    html! {
        @match piece {
            Piece::Plain => (text),
            Piece::Keyword => b { (text) },
            Piece::Type => i { (text) },
            Piece::Text => span.s { (text) },
            Piece::Number => span.n { (text) },
            Piece::Comment => span.c { (text) },
        }
    }
}

fn uses(title: &str, none: &str, uses: &[Use]) -> Markup {
    html! {
        @if uses.is_empty() { p.small { (none) } } @else {
            details open[uses.len() <= 4] {
                summary { (title) " in " (words::count(places(uses), "place")) }
                ul.uses {
                    @for used in uses.iter().take(USES) {
                        li {
                            code { (visible(&used.function)) }
                            @if used.operations.iter().any(|one| !one.is_empty()) {
                                " (" (visible(&used.operations.join(", "))) ")"
                            }
                            ", " span.small { (visible(&used.path)) ":" (lines(&used.lines)) } " " (when(used))
                        }
                    }
                    @if uses.len() > USES { li.small { "and " (uses.len() - USES) " more, in the JSON" } }
                }
            }
        }
    }
}

/// `7, 9` of a few places, and how many more there are of many.
fn lines(lines: &[u32]) -> String {
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    lines.dedup();
    words::some_of(&lines, "line")
}

fn when(used: &Use) -> Markup {
    html! {
        @match &used.context {
            Context::Request { routes } if routes.is_empty() => "while serving a request",
            Context::Request { routes } => {
                "on " (listed(routes, USES, "route", |_, route| html! { code { (visible(route)) } }))
            }
            Context::Background => "in a background task",
            Context::Startup => "at start-up",
        }
    }
}
