//! What is known of each Deployment of the service's own, from its manifests and its code.
//!
//! Databases, daemons, load generators and templates are none: the rules of `deploy check` tell
//! them. A template's text is not a manifest yet, so it is left to people.

use std::collections::{BTreeMap, BTreeSet};

use super::super::code::one_replica_hides;
use super::super::read::{Kind, Set};
use super::super::rules::workload;
use super::super::tree::Node;
use crate::finding::{Confidence, Context, Role};
use crate::report::Report;

/// A Deployment and what belongs to it.
pub(super) struct Service<'a> {
    /// Relative path of its file.
    pub(super) path: String,
    /// `path:line: Deployment name`, to be shown.
    pub(super) place: String,
    pub(super) text: &'a str,
    pub(super) root: &'a Node,
    pub(super) name: &'a str,
    pub(super) namespace: Option<&'a str>,
    /// What selects its pods.
    pub(super) labels: BTreeMap<String, String>,
    /// The first port of the container that serves.
    pub(super) port: Option<i32>,
    /// A path that the manifests or the code say answers when the service is ready.
    pub(super) health: Option<String>,
    pub(super) has_autoscaler: bool,
    pub(super) has_budget: bool,
    /// How many replicas are written there.
    pub(super) replicas: Option<u32>,
    /// Name of the ingress class, host and port of the Service, where an Ingress leads here.
    pub(super) entrance: Option<Entrance>,
    /// State in memory that a second replica breaks: `symbol in place`.
    pub(super) needs: Vec<String>,
    /// Connections in memory, which stay where they are.
    pub(super) rooms: Vec<Room>,
}

/// How requests come in.
pub(super) struct Entrance {
    pub(super) class: Option<String>,
    pub(super) host: Option<String>,
}

/// State that belongs to open connections.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) symbol: String,
    pub(super) place: String,
    /// `GET /ws/{room}`, sorted.
    pub(super) routes: BTreeSet<String>,
}

/// Every Deployment to make something for.
pub(super) fn all<'a>(set: &'a Set<'a>, code: Option<&Report>, kept: &mut Vec<String>) -> Vec<Service<'a>> {
    let (needs, rooms) = code.map(of_code).unwrap_or_default();
    let mut all = Vec::new();
    for own in workload::own_deployments(set) {
        let file = set.sources.file(own.file);
        let line = file.line_column(own.root.span.start as u32).0;
        let place = format!("{}:{line}: Deployment {}", file.path, own.name);
        if set.is_template(own.file) {
            kept.push(format!("{place}: a template; write the generated parts into the chart by hand"));
            continue;
        }
        let labels = labels(own.root);
        if own.name.is_empty() || labels.is_empty() {
            kept.push(format!("{place}: it has no name, or no labels by which its pods are selected"));
            continue;
        }
        let container = serving(own.root);
        let port = container.and_then(|one| one.get("ports")?.items().first()?.text_at(&["containerPort"]));
        all.push(Service {
            path: file.path.clone(),
            place,
            text: &file.text,
            root: own.root,
            name: own.name,
            namespace: own.root.text_at(&["metadata", "namespace"]),
            port: port.and_then(|port| port.parse().ok()),
            health: container.and_then(health).or_else(|| code.and_then(health_route)),
            has_autoscaler: own.autoscaler.is_some(),
            has_budget: own.has_budget,
            replicas: own.root.text_at(&["spec", "replicas"]).and_then(|text| text.parse().ok()),
            entrance: entrance(set, &labels),
            labels,
            needs: needs.clone(),
            rooms: rooms.clone(),
        });
    }
    all
}

impl Service<'_> {
    /// The path of a new file in the folder of the Deployment's.
    pub(super) fn beside(&self, name: &str) -> String {
        match self.path.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{name}"),
            None => name.to_owned(),
        }
    }

    /// The path of a new file that is named after the Deployment.
    pub(super) fn own(&self, what: &str) -> String {
        self.beside(&format!("{}-{what}.yaml", self.name))
    }

    /// Why it must not be scaled out, if it must not.
    pub(super) fn blocking(&self) -> Option<String> {
        let [first, rest @ ..] = &self.needs[..] else { return None };
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        Some(format!("the code still keeps {first}{more} in its process"))
    }
}

/// The container that requests reach: the first with a port.
pub(super) fn serving(root: &Node) -> Option<&Node> {
    let containers = root.at(&["spec", "template", "spec", "containers"])?.items();
    containers.iter().find(|one| one.get("ports").is_some_and(|ports| !ports.items().is_empty()))
}

fn labels(root: &Node) -> BTreeMap<String, String> {
    let said = root.at(&["spec", "selector", "matchLabels"]);
    let said = said.or_else(|| root.at(&["spec", "template", "metadata", "labels"]));
    let entries = said.map_or(&[][..], Node::entries).iter();
    entries.filter_map(|one| Some((one.key.clone(), one.value.text()?.to_owned()))).collect()
}

fn health(container: &Node) -> Option<String> {
    let probes = ["readinessProbe", "startupProbe", "livenessProbe"];
    probes.iter().find_map(|probe| Some(container.text_at(&[probe, "httpGet", "path"])?.to_owned()))
}

/// A route of the code that is called like one for health.
fn health_route(code: &Report) -> Option<String> {
    const NAMES: [&str; 4] = ["/readyz", "/ready", "/healthz", "/health"];
    let text = |name: &str| format!("\"{name}\"");
    NAMES
        .iter()
        .find(|name| code.sources.iter().any(|(_, file)| file.text.contains(&text(name))))
        .map(|name| (*name).to_owned())
}

/// The Ingress that leads to a Service that selects the pods.
fn entrance(set: &Set, labels: &BTreeMap<String, String>) -> Option<Entrance> {
    let objects = || set.documents.iter().filter(|one| one.kind == Kind::Object).map(|one| &one.root);
    let selects = |root: &&Node| {
        let wanted = root.at(&["spec", "selector"]).map_or(&[][..], Node::entries);
        root.text_at(&["kind"]) == Some("Service")
            && !wanted.is_empty()
            && wanted.iter().all(|one| labels.get(&one.key).map(String::as_str) == one.value.text())
    };
    let service = objects().find(selects)?.text_at(&["metadata", "name"])?;
    objects().filter(|root| root.text_at(&["kind"]) == Some("Ingress")).find_map(|ingress| {
        ingress.at(&["spec", "rules"])?.items().iter().find_map(|rule| {
            let paths = rule.at(&["http", "paths"])?.items();
            let leads = |path: &Node| path.text_at(&["backend", "service", "name"]) == Some(service);
            paths.iter().any(leads).then(|| Entrance {
                class: ingress.text_at(&["spec", "ingressClassName"]).map(str::to_owned),
                host: rule.text_at(&["host"]).map(str::to_owned),
            })
        })
    })
}

/// What keeps the service single, and what belongs to open connections and stays.
fn of_code(code: &Report) -> (Vec<String>, Vec<Room>) {
    let (mut needs, mut rooms) = (Vec::new(), Vec::new());
    for finding in code.active().filter(|one| one.confidence >= Confidence::Likely) {
        let (path, line, _) = code.sources.locate(finding.site.place);
        let routes: BTreeSet<String> = finding
            .accesses
            .iter()
            .filter_map(|access| match &access.context {
                Context::Request { routes } => Some(routes.iter().cloned()),
                _ => None,
            })
            .flatten()
            .collect();
        match finding.role {
            role if !one_replica_hides(role) => {}
            Role::Connection if !routes.is_empty() => {
                rooms.push(Room {
                    symbol: finding.site.symbol.clone(),
                    place: format!("{path}:{line}"),
                    routes,
                });
            }
            _ => needs.push(format!("`{}` in {path}:{line}", finding.site.symbol)),
        }
    }
    (needs, rooms)
}
