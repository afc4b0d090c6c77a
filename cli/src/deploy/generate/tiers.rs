//! The split of a hybrid service: what belongs to open connections stays in the memory of a
//! tier of its own, to which a key of the path leads; everything else goes to any replica.
//!
//! Which routes stay is what `check` says about the code: those that reach a site that holds
//! connections. A tier without a key in its routes cannot have two replicas.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Service as KubernetesService, ServicePort, ServiceSpec};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::objects::{disruption_budget, metadata};
use super::service::Service;
use super::{Wishes, emit, pod, typed};

/// What is appended to the name of the service.
const SUFFIX: &str = "rooms";

/// The label that tells the tiers apart.
const LABEL: &str = "app.kubernetes.io/component";

/// The routes of the stateful tier.
pub(super) struct Routes {
    /// A regular expression a path, the key in parentheses.
    pub(super) paths: BTreeSet<String>,
    /// The name of the key, as in `room`: the same in every path, else it says nothing about what
    /// belongs together.
    pub(super) key: String,
    /// Routes that reach the sites and do not have the key: any replica would answer in part.
    pub(super) keyless: BTreeSet<String>,
}

/// What stays, by the routes of the code; nothing where nothing does.
pub(super) fn routes(service: &Service, wishes: &Wishes) -> Option<Result<Routes, String>> {
    let all: BTreeSet<&str> =
        service.rooms.iter().flat_map(|room| &room.routes).map(String::as_str).collect();
    if all.is_empty() {
        return None;
    }
    let mut routes = Routes { paths: BTreeSet::new(), key: String::new(), keyless: BTreeSet::new() };
    for route in all {
        let path = route.split_once(' ').map_or(route, |(_, path)| path);
        match pattern(path, wishes.key.as_deref()) {
            Some((key, pattern)) if routes.key.is_empty() || routes.key == key => {
                routes.key = key;
                routes.paths.insert(pattern);
            }
            _ => drop(routes.keyless.insert(route.to_owned())),
        }
    }
    if routes.paths.is_empty() {
        let listed: Vec<String> = routes.keyless.into_iter().collect();
        return Some(Err(format!(
            "no key in {} says which connections belong together; put one into the path, or publish between replicas",
            listed.join(", ")
        )));
    }
    Some(Ok(routes))
}

/// `/ws/{room}/{user}` as `/ws/([^/]+)/[^/]+` with the name `room`.
fn pattern(path: &str, wanted: Option<&str>) -> Option<(String, String)> {
    let mut key = None;
    let parts: Vec<String> = path
        .split('/')
        .map(|part| match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if key.is_none() && wanted.is_none_or(|wanted| wanted == name) => {
                key = Some(name.to_owned());
                "([^/]+)".to_owned()
            }
            Some(_) => "[^/]+".to_owned(),
            None => part.replace('.', "\\."),
        })
        .collect();
    key.map(|key| (key, parts.join("/")))
}

/// Deployment, Service, Ingress and budget of the tier.
pub(super) fn tier(service: &Service, wishes: &Wishes) -> Option<Result<String, String>> {
    let routes = match routes(service, wishes)? {
        Ok(routes) => routes,
        Err(why) => return Some(Err(why)),
    };
    Some(made(service, wishes, &routes))
}

fn made(service: &Service, wishes: &Wishes, routes: &Routes) -> Result<String, String> {
    let name = format!("{}-{SUFFIX}", service.name);
    // None of the labels by which the stateless Service selects: it must not lead here.
    let first = service.labels.keys().next().cloned().ok_or("its pods have no labels")?;
    let labels: BTreeMap<String, String> =
        [(first, name.clone()), (LABEL.to_owned(), SUFFIX.to_owned())].into();
    let sites: Vec<String> =
        service.rooms.iter().map(|room| format!("{} in {}", room.symbol, room.place)).collect();
    let reason = format!("{} by {}", sites.join(", "), routes.key);
    let mut text = head(service, routes, &sites);
    for (value, why) in [
        deployment(service, wishes, &name, &labels, &reason)?,
        kubernetes_service(service, &name, &labels),
        ingress(service, &name, routes, &reason),
        (typed::value(&disruption_budget(service, &name, labels.clone())), Vec::new()),
    ] {
        let why: Vec<emit::Why> = why.iter().map(|(path, words)| (*path, words.as_str())).collect();
        text.push_str("---\n");
        text.push_str(&emit::yaml(&value, &why));
    }
    Ok(text)
}

type Commented = (serde_json::Value, Vec<(&'static str, String)>);

fn head(service: &Service, routes: &Routes, sites: &[String]) -> String {
    let mut text = format!("# The tier of {} that keeps open connections in memory:\n", service.name);
    for site in sites {
        text.push_str(&format!("#   {site}\n"));
    }
    text.push_str(&format!(
        "# All of one {} meets on one replica; every other route goes to any replica.\n",
        routes.key
    ));
    for route in &routes.keyless {
        text.push_str(&format!(
            "# `{route}` reads it without a {}: each replica answers for its own part only.\n",
            routes.key
        ));
    }
    text
}

fn deployment(
    service: &Service,
    wishes: &Wishes,
    name: &str,
    labels: &BTreeMap<String, String>,
    reason: &str,
) -> Result<Commented, String> {
    let mut object: Deployment = typed::read(service.text, service.root)?;
    object.metadata = metadata(service, name);
    let spec = &mut object.spec;
    spec.replicas = Some(2);
    spec.strategy = None;
    spec.selector = LabelSelector { match_labels: Some(labels.clone()), ..LabelSelector::default() };
    let pods = spec.template.metadata.get_or_insert_default();
    let own = pods.labels.get_or_insert_default();
    own.retain(|key, _| !service.labels.contains_key(key));
    own.extend(labels.clone());
    let wanted = pod::wanted(service, wishes);
    let containers = spec.template.spec.as_mut().map(|pod| &mut pod.containers);
    for container in containers.into_iter().flatten().filter(|one| one.ports.is_some()) {
        container.readiness_probe.get_or_insert(wanted.readiness_probe.clone().unwrap_or_default());
        container.liveness_probe.get_or_insert(wanted.liveness_probe.clone().unwrap_or_default());
        container.lifecycle.get_or_insert(wanted.lifecycle.clone().unwrap_or_default());
        container.resources.get_or_insert(wanted.resources.clone().unwrap_or_default());
    }
    let fixed =
        format!("stateless: allow(no-autoscaler, reason = \"{reason}: a change of the number moves some\")");
    Ok((typed::value(&object), vec![("spec", fixed)]))
}

fn kubernetes_service(service: &Service, name: &str, labels: &BTreeMap<String, String>) -> Commented {
    let port = service.port.unwrap_or(80);
    let object = KubernetesService {
        metadata: metadata(service, name),
        spec: Some(ServiceSpec {
            selector: Some(labels.clone()),
            ports: Some(vec![ServicePort {
                name: Some("http".into()),
                port,
                target_port: Some(IntOrString::Int(port)),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    };
    (typed::value(&object), Vec::new())
}

fn ingress(service: &Service, name: &str, routes: &Routes, reason: &str) -> Commented {
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name: name.to_owned(),
            port: Some(ServiceBackendPort { number: service.port.or(Some(80)), name: None }),
        }),
        resource: None,
    };
    let paths = routes.paths.iter().map(|path| HTTPIngressPath {
        path: Some(path.clone()),
        path_type: "ImplementationSpecific".into(),
        backend: backend.clone(),
    });
    let entrance = service.entrance.as_ref();
    let mut about = metadata(service, name);
    about.annotations = Some(
        [
            ("nginx.ingress.kubernetes.io/use-regex".to_owned(), "true".to_owned()),
            ("nginx.ingress.kubernetes.io/upstream-hash-by".to_owned(), "$1".to_owned()),
        ]
        .into(),
    );
    let object = Ingress {
        metadata: about,
        spec: Some(IngressSpec {
            ingress_class_name: entrance.and_then(|one| one.class.clone()),
            rules: Some(vec![IngressRule {
                host: entrance.and_then(|one| one.host.clone()),
                http: Some(HTTPIngressRuleValue { paths: paths.collect() }),
            }]),
            ..IngressSpec::default()
        }),
        status: None,
    };
    let key = format!(
        "What the parentheses in the paths catch: the {}.\nstateless: allow(ingress-hash, reason = \"{reason}\")",
        routes.key
    );
    (typed::value(&object), vec![("metadata.annotations.nginx.ingress.kubernetes.io/upstream-hash-by", key)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_first_parameter_or_the_one_that_is_named() {
        let of = |path, wanted| pattern(path, wanted);
        let pair = |key: &str, path: &str| Some((key.to_owned(), path.to_owned()));
        assert_eq!(of("/ws/{room}", None), pair("room", "/ws/([^/]+)"));
        assert_eq!(of("/v1.2/{a}/in/{b}", None), pair("a", "/v1\\.2/([^/]+)/in/[^/]+"));
        assert_eq!(of("/v1/{a}/in/{b}", Some("b")), pair("b", "/v1/[^/]+/in/([^/]+)"));
        assert_eq!(of("/rooms", None), None);
    }
}
