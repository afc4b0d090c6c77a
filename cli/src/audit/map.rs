//! The state map: routes on one side, sites on the other, and who writes and reads what.
//!
//! Few enough sites are drawn one by one. Many are drawn by module and by the first part of a
//! route, and each module again by itself, so that every picture fits a screen or two.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::dossier::{Service, Site, Use};
use super::layout;
use crate::finding::{Context, Level, Role};
use crate::report::escape::{cut, visible};
use crate::report::words;

/// More sites than this are drawn by module.
const SITES: usize = 40;
/// More routes than this are drawn by their first part.
const ROUTES: usize = 60;
/// More lines than this are drawn thin, so that one can be followed.
const LINES: usize = 120;

/// The classes that colour roles, and what they stand for.
pub(crate) const ROLES: [(&str, &str); 5] = [
    ("r-session", "sessions and keys"),
    ("r-entity", "data and work"),
    ("r-count", "limits, numbers, locks"),
    ("r-connection", "connections"),
    ("r-cache", "caches and settings"),
];

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

/// A box on the right: a site, or several of one module.
struct Node {
    label: String,
    /// How many sites it stands for, by the class of their role.
    roles: BTreeMap<&'static str, usize>,
    level: Level,
    /// The id that it links to.
    link: String,
}

/// What requests of one box on the left do to one on the right.
#[derive(Default, Clone)]
struct Kind {
    writes: bool,
    reads: bool,
    roles: BTreeMap<&'static str, usize>,
}

/// All pictures of a service; `prefix` stands before the ids that they link to.
pub(crate) fn pictures(service: &Service, prefix: &str) -> Markup {
    if service.sites.len() <= SITES {
        let sites: Vec<&Site> = service.sites.iter().collect();
        return figure(&of_sites("Routes and the state they touch".to_owned(), &sites), prefix, None);
    }
    let groups = groups(&service.sites);
    let parts = groups.iter().enumerate().flat_map(|(at, group)| {
        let parts = group.sites.chunks(SITES).enumerate();
        parts.map(move |(part, sites)| {
            let title = match group.sites.len().div_ceil(SITES) {
                1 => format!("In {}", group.title),
                all => format!("In {}, part {} of {all}", group.title, part + 1),
            };
            (of_sites(title, sites), (part == 0).then(|| group_id(prefix, at)))
        })
    });
    let parts: Vec<(Picture, Option<String>)> = parts.collect();
    html! {
        (figure(&of_groups(&groups), prefix, None))
        details {
            summary { "Site by site, in " (words::count(parts.len(), "picture")) }
            @for (picture, id) in &parts {
                h4 { (visible(&picture.title)) }
                (figure(picture, prefix, id.as_deref()))
            }
        }
    }
}

/// The id of a group's first picture.
fn group_id(prefix: &str, at: usize) -> String {
    format!("{prefix}map-{}", at + 1)
}

/// Sites that are one box in the overview.
struct Group<'a> {
    title: String,
    sites: Vec<&'a Site>,
}

/// Sites by module, or by a module above where there would be too many; those of a crowded module by
/// what they are as well.
fn groups(sites: &[Site]) -> Vec<Group<'_>> {
    let at_depth = |depth: usize| {
        let mut modules: BTreeMap<String, Vec<&Site>> = BTreeMap::new();
        for site in sites {
            let path: Vec<String> = module(site).split("::").take(depth).map(str::to_owned).collect();
            modules.entry(path.join("::")).or_default().push(site);
        }
        modules
    };
    let deepest = sites.iter().map(|site| module(site).split("::").count()).max().unwrap_or(1);
    let modules = (1..=deepest).rev().map(at_depth).find(|modules| modules.len() <= ROUTES);
    let mut groups = Vec::new();
    for (title, sites) in modules.unwrap_or_else(|| at_depth(1)) {
        if sites.len() <= SITES {
            groups.push(Group { title, sites });
            continue;
        }
        for (class, what) in ROLES.into_iter().chain([("r-other", "other")]) {
            let of: Vec<&Site> = sites.iter().copied().filter(|site| role(site.role) == class).collect();
            if !of.is_empty() {
                groups.push(Group { title: format!("{title}: {what}"), sites: of });
            }
        }
    }
    groups
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
    match &used.context {
        Context::Request { routes } if routes.is_empty() => vec!["a request, route not known".to_owned()],
        Context::Request { routes } => {
            routes.iter().map(|route| if short { first_part(route) } else { route.clone() }).collect()
        }
        Context::Background => vec!["a background task".to_owned()],
        Context::Startup => vec!["start-up".to_owned()],
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
        roles: BTreeMap::from([(role(site.role), 1)]),
        level: site.level,
        link: site.id.clone(),
    });
    let groups: Vec<Vec<&Site>> = sites.iter().map(|site| vec![*site]).collect();
    picture(title, nodes.collect(), &groups)
}

fn of_groups(groups: &[Group]) -> Picture {
    let nodes = groups.iter().enumerate().map(|(at, group)| {
        let mut roles: BTreeMap<&'static str, usize> = BTreeMap::new();
        group.sites.iter().for_each(|site| *roles.entry(role(site.role)).or_default() += 1);
        Node {
            label: format!("{} ({})", group.title, group.sites.len()),
            roles,
            level: group.sites.iter().map(|site| site.level).max().unwrap_or(Level::Note),
            link: group_id("", at),
        }
    });
    let sites: Vec<Vec<&Site>> = groups.iter().map(|group| group.sites.clone()).collect();
    picture("Routes and the modules whose state they touch".to_owned(), nodes.collect(), &sites)
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
                        *kind.roles.entry(role(site.role)).or_default() += 1;
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

fn figure(picture: &Picture, prefix: &str, id: Option<&str>) -> Markup {
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
        figure.map id=[id] tabindex="0" role="group" aria-label=(visible(&picture.title)) {
            svg.many[lines.len() > LINES] viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height) role="img"
                aria-label=(visible(&words)) {
                @for ((from, to), kind) in &picture.edges {
                    (edge(picture, (*from, left[*from]), (*to, right[*to]), kind))
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

fn edge(picture: &Picture, from: (usize, usize), to: (usize, usize), kind: &Kind) -> Markup {
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
        path class={ "edge " (way) " " (most(&kind.roles)) " " (level(node.level)) } data-from=(from.0) data-to=(to.0)
            d={ "M" (start) " " (y1) "C" (start + bend) " " (y1) " " (end - bend) " " (y2) " " (end) " " (y2) } {
            title { (visible(&picture.left[from.0])) " " (word) " " (visible(&node.label)) }
        }
    }
}

fn site(node: &Node, at: usize, y: usize, prefix: &str) -> Markup {
    let x = LEFT + GAP;
    let class = format!("site-box {} {}", level(node.level), most(&node.roles));
    html! {
        g class=(class) data-to=(at) {
            a href={ "#" (prefix) (node.link) } {
                @if is_long(&node.label, RIGHT_CHARS) { title { (visible(&node.label)) } }
                rect y=(y - BOX / 2) {}
                @if node.roles.len() > 1 { (shares(&node.roles, y)) } @else { rect.stripe y=(y - BOX / 2) {} }
                text x=(x + 18) y=(y + 4) { (cut(&visible(&node.label), RIGHT_CHARS)) }
            }
        }
    }
}

/// A stripe in the colours of several roles, each as high as its share.
fn shares(roles: &BTreeMap<&'static str, usize>, y: usize) -> Markup {
    let x = LEFT + GAP + 5;
    let all: usize = roles.values().sum();
    let end = |until: usize| y - BOX / 2 + until * BOX / all;
    let mut before = 0;
    let parts = roles.iter().map(|(class, number)| {
        let top = end(before);
        before += number;
        (class, top, end(before))
    });
    html! {
        @for (class, top, bottom) in parts {
            path class={ "share " (class) } d={ "M" (x) " " (top) "V" (bottom) } {}
        }
    }
}

/// The class of the role that most have.
fn most(roles: &BTreeMap<&'static str, usize>) -> &'static str {
    roles.iter().rev().max_by_key(|(_, number)| **number).map_or("r-other", |(class, _)| class)
}

/// The class that colours a role.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Session | Role::Secret => "r-session",
        Role::Entity | Role::Queue => "r-entity",
        Role::Cache | Role::Config => "r-cache",
        Role::RateLimit | Role::Sequence | Role::Coordination => "r-count",
        Role::Connection => "r-connection",
        Role::Metrics | Role::Handle => "r-other",
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
    fn many_sites_are_drawn_by_module_and_a_crowded_module_by_what_it_keeps() {
        let mut service =
            collect::service("shop".into(), &sample::report(), &Profile::default(), Beside::default());
        let paths = |sites: &mut [Site], path: fn(usize) -> String| {
            for (at, site) in sites.iter_mut().enumerate() {
                site.symbol = format!("S_{at}");
                site.item_path = format!("{}::S_{at}", path(at));
            }
        };
        while service.sites.len() < 200 {
            let more =
                collect::service("shop".into(), &sample::report(), &Profile::default(), Beside::default());
            service.sites.extend(more.sites);
        }
        service.sites.truncate(200);
        let drawn = |sites: &[Site]| {
            groups(sites).into_iter().map(|group| (group.title, group.sites.len())).collect::<Vec<_>>()
        };
        let package = service.sites[0].package.clone();
        paths(&mut service.sites, |at| format!("crate::m{}", at / 20));
        let by_module = drawn(&service.sites);
        assert_eq!((by_module.len(), &by_module[0]), (10, &(format!("{package}::m0"), 20)));
        // A module a site: those above are drawn.
        paths(&mut service.sites, |at| format!("crate::m{}::n{at}", at / 20));
        assert_eq!(drawn(&service.sites), by_module);
        // All in one: by what they are, each site once.
        paths(&mut service.sites, |_| "crate".to_owned());
        let by_role = drawn(&service.sites);
        assert!(by_role.len() > 1 && by_role[0].0.starts_with(&format!("{package}: ")), "{by_role:?}");
        assert_eq!(by_role.iter().map(|(_, sites)| sites).sum::<usize>(), 200);
        // Each box of the overview leads to a picture that is there.
        let text = pictures(&service, "a1-").into_string();
        for at in 1..=by_role.len() {
            let id = format!("a1-map-{at}\"");
            assert!(text.contains(&format!("href=\"#{id}")) && text.contains(&format!("id=\"{id}")), "{id}");
        }
    }

    #[test]
    fn long_names_are_cut_and_groups_named() {
        assert_eq!(cut("größer", 4), "grö…");
        assert_eq!(first_part("GET /api/carts/{id}"), "/api/..");
        assert_eq!(first_part("GET /"), "/");
        assert_eq!(first_part("chat.Chat/Send"), "chat.Chat/Send");
    }
}
