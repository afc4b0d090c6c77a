//! The state map: routes on one side, sites on the other, and who writes and reads what.
//!
//! Few enough sites are drawn one by one. Many are drawn by module and by the first part of a
//! route, and each module again by itself, so that every picture fits a screen or two.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::dossier::{Service, Site, Use};
use super::layout;
use crate::finding::{Level, Role};
use crate::report::escape::{cut, visible};

/// More sites than this are drawn by module.
const SITES: usize = 40;
/// More routes than this are drawn by their first part.
const ROUTES: usize = 60;

// The boxes' own sizes stand in the style sheet, once for all of them; a test holds the two together.
const ROW: usize = 30;
const BOX: usize = 22;
const LEFT: usize = 300;
const GAP: usize = 220;
const RIGHT: usize = 340;
const WIDTH: usize = LEFT + GAP + RIGHT;
/// Characters that fit into a box.
const LEFT_CHARS: usize = 38;
const RIGHT_CHARS: usize = 40;

/// One picture.
struct Picture {
    title: String,
    left: Vec<String>,
    right: Vec<Node>,
    /// Routes are drawn by their first part.
    short: bool,
    /// (left, right) to what happens there.
    edges: BTreeMap<(usize, usize), Kind>,
}

/// A box on the right.
struct Node {
    label: String,
    role: Option<Role>,
    level: Level,
    /// The site's id, to link to.
    link: Option<String>,
}

#[derive(Default, Clone, Copy)]
struct Kind {
    writes: bool,
    reads: bool,
}

/// All pictures of a service; `prefix` stands before the ids that they link to.
pub(crate) fn pictures(service: &Service, prefix: &str) -> Markup {
    let pictures = if service.sites.len() <= SITES {
        vec![of_sites(
            "Routes and the state they touch".to_owned(),
            &service.sites.iter().collect::<Vec<_>>(),
        )]
    } else {
        let mut modules: BTreeMap<String, Vec<&Site>> = BTreeMap::new();
        for site in &service.sites {
            modules.entry(module(site)).or_default().push(site);
        }
        let overview = of_modules(&modules);
        let parts = modules.iter().flat_map(|(name, sites)| {
            sites.chunks(SITES).map(move |part| of_sites(format!("In {name}"), part))
        });
        std::iter::once(overview).chain(parts).collect()
    };
    html! {
        @for (at, picture) in pictures.iter().enumerate() {
            @if at == 0 {
                (figure(picture, prefix))
            } @else {
                details { summary { (visible(&picture.title)) } (figure(picture, prefix)) }
            }
        }
    }
}

/// The module's path, with the package in the place of `crate`.
fn module(site: &Site) -> String {
    let path = site.item_path.strip_suffix(&format!("::{}", site.symbol)).unwrap_or(&site.item_path);
    match path.strip_prefix("crate") {
        Some(rest) => format!("{}{rest}", site.package),
        None => path.to_owned(),
    }
}

/// The names on the left that a use belongs to.
fn sources(used: &Use, short: bool) -> Vec<String> {
    match used.when {
        "request" if used.routes.is_empty() => vec!["a request, route not known".to_owned()],
        "request" => {
            used.routes.iter().map(|route| if short { first_part(route) } else { route.clone() }).collect()
        }
        "background" => vec!["a background task".to_owned()],
        _ => vec!["start-up".to_owned()],
    }
}

/// `/api/..` of `GET /api/carts/{id}`.
fn first_part(route: &str) -> String {
    let Some((_, path)) = route.split_once(' ') else { return route.to_owned() };
    match path.trim_start_matches('/').split_once('/') {
        Some((first, _)) => format!("/{first}/.."),
        None => path.to_owned(),
    }
}

fn of_sites(title: String, sites: &[&Site]) -> Picture {
    let nodes = sites.iter().map(|site| Node {
        label: format!("{} {}", site.id, site.symbol),
        role: Some(site.role),
        level: site.level,
        link: Some(site.id.clone()),
    });
    let groups: Vec<Vec<&Site>> = sites.iter().map(|site| vec![*site]).collect();
    picture(title, nodes.collect(), &groups)
}

fn of_modules(modules: &BTreeMap<String, Vec<&Site>>) -> Picture {
    let nodes = modules.iter().map(|(name, sites)| {
        let first = sites[0].role;
        Node {
            label: format!("{name} ({})", sites.len()),
            role: sites.iter().all(|site| site.role == first).then_some(first),
            level: sites.iter().map(|site| site.level).max().unwrap_or(Level::Note),
            link: None,
        }
    });
    let groups: Vec<Vec<&Site>> = modules.values().cloned().collect();
    picture("Routes and the modules whose state they touch".to_owned(), nodes.collect(), &groups)
}

fn picture(title: String, right: Vec<Node>, groups: &[Vec<&Site>]) -> Picture {
    let draw = |short| {
        let mut left: Vec<String> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut edges: BTreeMap<(usize, usize), Kind> = BTreeMap::new();
        for (to, sites) in groups.iter().enumerate() {
            for site in sites {
                let uses = site.writers.iter().map(|one| (one, true));
                for (used, writes) in uses.chain(site.readers.iter().map(|one| (one, false))) {
                    for name in sources(used, short) {
                        let from = *known.entry(name.clone()).or_insert_with(|| {
                            left.push(name);
                            left.len() - 1
                        });
                        let kind = edges.entry((from, to)).or_default();
                        kind.writes |= writes;
                        kind.reads |= !writes;
                    }
                }
            }
        }
        (left, edges)
    };
    let (mut left, mut edges) = draw(false);
    let short = left.len() > ROUTES;
    if short {
        (left, edges) = draw(true);
    }
    Picture { title, short, left, right, edges }
}

fn figure(picture: &Picture, prefix: &str) -> Markup {
    let lines: Vec<(usize, usize)> = picture.edges.keys().copied().collect();
    let order = layout::order(picture.left.len(), picture.right.len(), &lines);
    let rows = picture.left.len().max(picture.right.len()).max(1);
    let height = rows * ROW;
    let middle = |order: &[usize]| -> Vec<usize> {
        let step = height as f64 / order.len().max(1) as f64;
        layout::places(order).into_iter().map(|place| ((place as f64 + 0.5) * step) as usize).collect()
    };
    let (left, right) = (middle(&order.left), middle(&order.right));
    let words = format!(
        "{}: {} on the left, {} on the right, {} lines. The sites below say the same in words.",
        picture.title,
        picture.left.len(),
        picture.right.len(),
        lines.len()
    );
    html! {
        figure.map tabindex="0" role="group" aria-label=(visible(&picture.title)) {
            svg viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height) role="img"
                aria-label=(visible(&words)) {
                @for ((from, to), kind) in &picture.edges {
                    (edge(picture, (*from, left[*from]), (*to, right[*to]), *kind))
                }
                @for (at, name) in picture.left.iter().enumerate() {
                    g.route data-from=(at) {
                        @if is_long(name, LEFT_CHARS) { title { (visible(name)) } }
                        rect y=(left[at] - BOX / 2) {}
                        text x=(LEFT - 8) y=(left[at] + 4) { (cut(&visible(name), LEFT_CHARS)) }
                    }
                }
                @for (at, node) in picture.right.iter().enumerate() {
                    (site(node, at, right[at], prefix))
                }
            }
            @if picture.short { figcaption.under { "Too many routes to draw each: those with the same first part are one." } }
        }
    }
}

fn edge(picture: &Picture, from: (usize, usize), to: (usize, usize), kind: Kind) -> Markup {
    let (start, end) = (LEFT, LEFT + GAP);
    let bend = GAP / 2;
    let (y1, y2) = (from.1, to.1);
    let (way, word) = match (kind.writes, kind.reads) {
        (true, true) => ("writes reads", "writes and reads"),
        (true, false) => ("writes", "writes"),
        _ => ("reads", "reads"),
    };
    let node = &picture.right[to.0];
    html! {
        path class={ "edge " (way) " " (role(node.role)) " " (level(node.level)) } data-from=(from.0) data-to=(to.0)
            d={ "M" (start) " " (y1) "C" (start + bend) " " (y1) " " (end - bend) " " (y2) " " (end) " " (y2) } {
            title { (visible(&picture.left[from.0])) " " (word) " " (visible(&node.label)) }
        }
    }
}

fn site(node: &Node, at: usize, y: usize, prefix: &str) -> Markup {
    let x = LEFT + GAP;
    let body = html! {
        @if is_long(&node.label, RIGHT_CHARS) { title { (visible(&node.label)) } }
        rect y=(y - BOX / 2) {}
        rect.stripe y=(y - BOX / 2) {}
        text x=(x + 16) y=(y + 4) { (cut(&visible(&node.label), RIGHT_CHARS)) }
    };
    let class = format!("site-box {} {}", level(node.level), role(node.role));
    html! {
        g class=(class) data-to=(at) {
            @if let Some(link) = &node.link {
                a href={ "#" (prefix) (link) } { (body) }
            } @else {
                (body)
            }
        }
    }
}

/// The class that colours a role.
pub(crate) fn role(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Session | Role::Secret) => "r-session",
        Some(Role::Entity | Role::Queue) => "r-entity",
        Some(Role::Cache | Role::Config) => "r-cache",
        Some(Role::RateLimit | Role::Sequence | Role::Coordination) => "r-count",
        Some(Role::Connection) => "r-connection",
        Some(Role::Metrics | Role::Handle) | None => "r-other",
    }
}

/// The class that says whether it survives a second replica.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "breaks",
        Level::Warning => "likely",
        Level::Note => "survives",
    }
}

fn is_long(text: &str, most: usize) -> bool {
    text.chars().count() > most
}

#[cfg(test)]
mod tests {
    use super::super::collect;
    use super::super::dossier::Beside;
    use super::super::profile::Profile;
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_style_sheet_has_the_same_boxes() {
        let style = include_str!("html/style.css");
        let (left, right, x) = (LEFT, RIGHT, LEFT + GAP);
        for rule in [
            format!("height: {BOX}px; rx: 4px;"),
            format!(".route rect {{ width: {left}px; x: 0; }}"),
            format!(".site-box rect {{ width: {right}px; x: {x}px; }}"),
        ] {
            assert!(style.contains(&rule), "{rule}");
        }
    }

    #[test]
    fn every_route_and_every_site_has_a_box_and_a_line() {
        let service =
            collect::service("shop".into(), &sample::report(), &Profile::default(), Beside::default());
        let text = pictures(&service, "a").into_string();
        for part in [
            "POST /login writes S1 SESSIONS",
            "GET /me reads S1 SESSIONS",
            "href=\"#aS1\"",
            "S2 Zähler::größe",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(text.matches("<path").count(), 5, "{text}");
    }

    #[test]
    fn long_names_are_cut_and_groups_named() {
        assert_eq!(cut("größer", 4), "grö…");
        assert_eq!(first_part("GET /api/carts/{id}"), "/api/..");
        assert_eq!(first_part("GET /"), "/");
        assert_eq!(first_part("chat.Chat/Send"), "chat.Chat/Send");
    }
}
