//! The second picture: where everything is once the plan is done. Clients, any replica, what
//! stays with the sockets, and the shared places that the rest has moved to.

use maud::{Markup, html};

use super::dossier::{Service, Site};
use super::map::{level, role};
use crate::finding::{Landing, Role};
use crate::report::escape::{cut, visible};
use crate::report::words::count;

/// Sites that a box lists before it counts the rest.
const LISTED: usize = 8;

const LINE: usize = 20;
const HEAD: usize = 34;
const WIDTH: usize = 300;
const GAP: usize = 70;
const BETWEEN: usize = 18;
/// Characters that fit into a box.
const CHARS: usize = 33;

/// A box with a list.
struct Part<'a> {
    title: String,
    class: &'static str,
    sites: Vec<&'a Site>,
}

impl Part<'_> {
    fn lines(&self) -> usize {
        (self.sites.len().min(LISTED) + usize::from(self.sites.len() > LISTED)).max(1)
    }

    fn height(&self) -> usize {
        HEAD + self.lines() * LINE + 6
    }
}

/// The picture of one service.
pub(crate) fn picture(service: &Service) -> Markup {
    let stores = stores(service);
    let tiers = tiers(service);
    let column = |parts: &[Part]| parts.iter().map(|part| part.height() + BETWEEN).sum::<usize>();
    let height = column(&stores).max(column(&tiers)).max(90) + 10;
    let width = 150 + GAP + WIDTH + GAP + WIDTH;
    let (replicas, shared) = (150 + GAP, 150 + GAP + WIDTH + GAP);
    let tops = |parts: &[Part]| -> Vec<usize> {
        let mut y = (height - column(parts)) / 2 + BETWEEN / 2;
        parts
            .iter()
            .map(|part| {
                let top = y;
                y += part.height() + BETWEEN;
                top
            })
            .collect()
    };
    let (left, right) = (tops(&tiers), tops(&stores));
    let middle = height / 2;
    html! {
        figure.map tabindex="0" role="group" aria-label="The target" {
            svg.target viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img"
                aria-label=(visible(&words(&tiers, &stores))) {
                g.plain {
                    rect x="1" y=(middle - 32) width="148" height="64" rx="6" {}
                    text x="75" y=(middle - 6) text-anchor="middle" { "clients" }
                    text.small x="75" y=(middle + 14) text-anchor="middle" { "any replica" }
                }
                @for (part, top) in tiers.iter().zip(&left) {
                    (line(150, middle, replicas, top + part.height() / 2))
                    @for (store, to) in stores.iter().zip(&right).filter(|(store, _)| asks(part, store)) {
                        (line(replicas + WIDTH, top + part.height() / 2, shared, to + store.height() / 2))
                    }
                }
                @for (part, top) in tiers.iter().zip(&left) { (boxed(part, replicas, *top)) }
                @for (part, top) in stores.iter().zip(&right) { (boxed(part, shared, *top)) }
            }
        }
    }
}

fn tiers(service: &Service) -> Vec<Part<'_>> {
    let of = |wanted: fn(&Site) -> bool| service.sites.iter().filter(|site| wanted(site)).collect::<Vec<_>>();
    let mut parts = vec![Part {
        title: "stateless tier: replicas 1..N".to_owned(),
        class: "tier",
        sites: of(|site| !site.moves() && site.role != Role::Connection),
    }];
    let sockets = of(|site| site.role == Role::Connection);
    if !sockets.is_empty() {
        parts.push(Part {
            title: "stateful tier: live sockets".to_owned(),
            class: "tier stateful",
            sites: sockets,
        });
    }
    parts
}

fn stores(service: &Service) -> Vec<Part<'_>> {
    const STORES: [(Landing, &str); 7] = [
        (Landing::Redis, "Redis, with expiry"),
        (Landing::Database, "database"),
        (Landing::PubSub, "publish and subscribe"),
        (Landing::Broker, "broker or jobs table"),
        (Landing::ObjectStore, "object storage"),
        (Landing::Token, "token that the client carries"),
        (Landing::Configuration, "configuration"),
    ];
    let parts = STORES.into_iter().map(|(landing, title)| Part {
        title: title.to_owned(),
        class: "store",
        sites: service.sites.iter().filter(|site| site.moves() && site.landing == landing).collect(),
    });
    parts.filter(|part| !part.sites.is_empty()).collect()
}

/// Whether a tier asks a store: any replica asks all of them, the sockets those that their own sites
/// moved to.
fn asks(tier: &Part, store: &Part) -> bool {
    let sockets = tier.sites.iter().any(|site| site.role == Role::Connection);
    !sockets || store.sites.iter().any(|site| tier.sites.iter().any(|own| own.id == site.id))
}

fn words(tiers: &[Part], stores: &[Part]) -> String {
    let parts = tiers.iter().chain(stores);
    let parts: Vec<String> =
        parts.map(|part| format!("{}: {}", part.title, count(part.sites.len(), "site"))).collect();
    format!("After the plan. Clients reach any replica. {}.", parts.join("; "))
}

fn line(x1: usize, y1: usize, x2: usize, y2: usize) -> Markup {
    html! { path.way d={ "M" (x1) " " (y1) "L" (x2) " " (y2) } {} }
}

fn boxed(part: &Part, x: usize, top: usize) -> Markup {
    let hidden = part.sites.len().saturating_sub(LISTED);
    html! {
        g class=(part.class) {
            rect x=(x) y=(top) width=(WIDTH) height=(part.height()) rx="6" {}
            text.head x=(x + 12) y=(top + 22) { (part.title) }
            @for (at, site) in part.sites.iter().take(LISTED).enumerate() {
                g class={ "item " (level(site.level)) " " (role(site.role)) } {
                    title { (visible(&site.symbol)) }
                    rect.stripe x=(x + 12) y=(top + HEAD + at * LINE) width="7" height="12" {}
                    text x=(x + 26) y=(top + HEAD + at * LINE + 11) { (cut(&visible(&format!("{} {}", site.id, site.symbol)), CHARS)) }
                }
            }
            @if part.sites.is_empty() {
                text.small x=(x + 12) y=(top + HEAD + 11) { "nothing but requests in flight" }
            }
            @if hidden > 0 {
                text.small x=(x + 26) y=(top + HEAD + LISTED * LINE + 11) { "and " (hidden) " more" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::collect;
    use super::super::dossier::Beside;
    use super::super::profile::Profile;
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_moves_is_in_its_store_and_what_stays_in_its_tier() {
        let mut report = sample::report();
        let mut socket = report.findings[0].clone();
        (socket.role, socket.landing, socket.site.symbol) =
            (Role::Connection, Landing::PubSub, "ROOMS".to_owned());
        report.findings.push(socket);
        let service = collect::service("shop".into(), &report, &Profile::default(), Beside::default());
        let listed = |parts: Vec<Part>| -> Vec<(String, Vec<String>)> {
            let symbols = |part: &Part| part.sites.iter().map(|site| site.symbol.clone()).collect();
            parts.iter().map(|part| (part.title.clone(), symbols(part))).collect()
        };
        let stores = listed(stores(&service));
        assert!(stores.contains(&("Redis, with expiry".into(), vec!["SESSIONS".into()])), "{stores:?}");
        assert!(stores.contains(&("publish and subscribe".into(), vec!["ROOMS".into()])), "{stores:?}");
        let tiers = listed(tiers(&service));
        assert_eq!(tiers[1], ("stateful tier: live sockets".into(), vec!["ROOMS".into()]));
        let stays: Vec<&str> =
            service.sites.iter().filter(|site| !site.moves()).map(|site| &*site.symbol).collect();
        assert!(!stays.is_empty() && tiers[0].1 == stays, "{tiers:?}");
    }
}
