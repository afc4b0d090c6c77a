//! The audit as one HTML file: opens from disk, asks no network, reads without JavaScript.
//!
//! The text comes from a stranger's repository. [`maud`] escapes all of it, hidden characters
//! are shown by their code points, and the file's own policy lets nothing run or load but the
//! one style sheet and the one script below, by their digests.

mod parts;
mod scorecard;
mod sites;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Audit, Service};
use crate::report::escape::visible;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// SHA-256 of [`STYLE`] and [`SCRIPT`] in base64; a test says what they have to be.
const STYLE_DIGEST: &str = "oal3C19LK9D6tnnKQ2OjcIESfcOeLL0CJG4uJJLEpHc=";
const SCRIPT_DIGEST: &str = "9gReYyJ+oAcggV1+e3RLCoQ97Ie7EJiOQ8bS2NzJwPU=";

/// The whole file.
pub(super) fn page(audit: &Audit) -> String {
    let names: Vec<&str> = audit.services.iter().map(|service| service.name.as_str()).collect();
    let title = format!("Stateless audit: {}", names.join(", "));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { (visible(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "To the report" }
                header {
                    p.tool { "cargo stateless audit" @if !audit.label.is_empty() { " · " (visible(&audit.label)) } }
                    h1 { (visible(&names.join(", "))) }
                }
                main #main {
                    @if audit.services.len() > 1 { (across(&audit.services)) }
                    @for (at, service) in audit.services.iter().enumerate() {
                        (one(service, &format!("a{}-", at + 1), audit.services.len() > 1))
                    }
                }
                footer {
                    p {
                        "Made by cargo-stateless " (env!("CARGO_PKG_VERSION")) " from the source as it lies there; nothing was "
                        "compiled or run. What the analysis cannot see stands in the book."
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}

fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; script-src 'sha256-{SCRIPT_DIGEST}'; img-src data:; \
         base-uri 'none'; form-action 'none'"
    )
}

/// The table across several services.
fn across(services: &[Service]) -> Markup {
    html! {
        section aria-labelledby="across" {
            h2 #across { "All services" }
            div.scroll tabindex="0" role="region" aria-label="All services" {
                table {
                    thead { tr {
                        th scope="col" { "Service" } th scope="col" { "Replicas today?" } th scope="col" { "Breaks" }
                        th scope="col" { "Likely" } th scope="col" { "To know" } th scope="col" { "Fine" }
                        th scope="col" { "Effort" }
                    } }
                    tbody {
                        @for (at, service) in services.iter().enumerate() {
                            tr {
                                th scope="row" { a href={ "#a" (at + 1) "-top" } { (visible(&service.name)) } }
                                td { (parts::badge(service.verdict.readiness)) }
                                td.number { (service.summary.errors) }
                                td.number { (service.summary.warnings) }
                                td.number { (service.summary.notes) }
                                td.number { (service.summary.fine) }
                                td { (super::plan::days(service.plan.days)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One service; `id` stands before each of its anchors.
fn one(service: &Service, id: &str, several: bool) -> Markup {
    const PARTS: [(&str, &str); 7] = [
        ("verdict", "Verdict"),
        ("map", "State map"),
        ("sites", "Sites"),
        ("plan", "Plan"),
        ("scorecard", "Scorecard"),
        ("fine", "Looked at and fine"),
        ("since", "Since last time"),
    ];
    let shown = |part: &str| part != "since" || service.since.is_some() || !service.trend.is_empty();
    html! {
        article.service id={ (id) "top" } data-name=(visible(&service.name)) {
            @if several { h2.name { (visible(&service.name)) } }
            nav aria-label={ "Parts of the report on " (visible(&service.name)) } {
                ul {
                    @for (part, title) in PARTS.into_iter().filter(|(part, _)| shown(part)) {
                        li { a href={ "#" (id) (part) } { (title) } }
                    }
                }
            }
            (parts::verdict(service, id))
            (parts::maps(service, id))
            (sites::all(service, id))
            (parts::plan(service, id))
            (scorecard::scorecard(service, id))
            (parts::fine(service, id))
            @if shown("since") { (parts::since(service, id)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use sha2::{Digest, Sha256};

    use super::super::collect;
    use super::super::dossier::Beside;
    use super::super::profile::Profile;
    use super::*;
    use crate::report::sample;

    fn of(report: &crate::report::Report) -> String {
        let service = collect::service("shop".into(), report, &Profile::default(), Beside::default());
        page(&Audit::new(String::new(), vec![service]))
    }

    #[test]
    fn the_policy_names_the_style_and_the_script_that_are_there() {
        let digest = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
        assert_eq!((STYLE_DIGEST, SCRIPT_DIGEST), (&*digest(STYLE), &*digest(SCRIPT)));
        let page = of(&sample::report());
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("<style").count(), 1);
        assert!(!page.contains(" style="), "the policy would drop it");
        assert!(!page.contains("http://") && !page.contains("https://"), "a request to somewhere");
    }

    #[test]
    fn a_hostile_project_gets_no_markup_into_the_page() {
        let page = of(&sample::hostile());
        assert!(sample::is_safe(&page), "a character that a terminal or browser obeys");
        for wrong in ["<img", "<script>alert", "onerror=\"", "javascript:"] {
            let inside = page.split("</style>").nth(1).unwrap();
            assert!(!inside.contains(wrong), "{wrong}");
        }
    }
}
