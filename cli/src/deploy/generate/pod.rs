//! Probes, pre-stop and what the autoscaler needs, inserted into the text of a Deployment.
//!
//! Only lines are inserted, and `replicas:` is taken out where an autoscaler decides: comments,
//! order and line ends stay. The result is read back as a typed object.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{
    Container, ExecAction, HTTPGetAction, Lifecycle, LifecycleHandler, Probe, ResourceRequirements,
    SleepAction, TCPSocketAction,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::fix::edits::{self, Edits};
use super::super::fix::{self, Edit};
use super::super::tree::Node;
use super::super::yaml;
use super::service::{self, Service};
use super::{Wishes, emit, typed};

/// Seconds until every proxy has heard that the replica leaves; large clusters need more.
const SLEEP: i64 = 5;

/// From this version on the cluster can sleep by itself (beta in 1.30, KEP-3960).
const NATIVE_SLEEP: (u32, u32) = (1, 30);

/// The file's text with what the Deployment lacks; nothing where it lacks nothing.
pub(super) fn edited(service: &Service, wishes: &Wishes, scales: bool) -> Result<Option<String>, String> {
    let mut edits = Vec::new();
    if scales && let Some(entry) = service.root.entry_at(&["spec", "replicas"]) {
        edits.extend(edits::keys(
            &edits::Text::new(&service.path, service.text),
            entry.key_span.start,
            |_| false,
        )?);
    }
    if let Some(container) = service::serving(service.root) {
        edits.extend(inserted(service, container, wishes)?);
    }
    if edits.is_empty() {
        return Ok(None);
    }
    let edits = fix::in_order(edits.into_iter().collect());
    let text = fix::apply(service.text, &edits);
    fix::compare::only_intended(&service.path, service.text, &text, &edits)?;
    let read = yaml::read(&text);
    if !read.errors.is_empty() {
        return Err("the changed file could not be read any more".to_owned());
    }
    let named = |root: &&Node| {
        root.text_at(&["kind"]) == Some("Deployment")
            && root.text_at(&["metadata", "name"]) == Some(service.name)
    };
    let root = read.documents.iter().find(named).ok_or("the Deployment was not found again")?;
    typed::read::<Deployment>(&text, root)?;
    Ok(Some(text))
}

/// What the container lacks, behind its last key.
fn inserted(service: &Service, container: &Node, wishes: &Wishes) -> Edits {
    let lacks = lacking(service, container, wishes);
    if lacks.is_empty() {
        return Ok(Vec::new());
    }
    let first = container.entries().first().ok_or("the container is empty")?;
    let text = service.text;
    let line_start = text[..first.key_span.start].rfind('\n').map_or(0, |end| end + 1);
    let column = first.key_span.start - line_start;
    if !text[line_start..first.key_span.start].trim_start_matches([' ', '-']).is_empty() {
        return Err("its container is written in one line: write it with a key a line".to_owned());
    }
    let last = container.entries().iter().filter(|one| !one.merged).map(|one| one.key_span.start).max();
    let end = edits::end_of_block(text, last.unwrap_or(first.key_span.start), column);
    let line_end = if text[..end].ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut new = String::new();
    if !text[..end].ends_with('\n') {
        new.push('\n');
    }
    for (key, value, why) in lacks {
        let why: Vec<emit::Why> = why.iter().map(|(path, words)| (*path, words.as_str())).collect();
        new.push_str(&emit::entry(key, &value, column, &why));
    }
    Ok(vec![Edit { range: (end, end), text: new.replace('\n', line_end) }])
}

type Lacking = (&'static str, serde_json::Value, Vec<(&'static str, String)>);

fn lacking(service: &Service, container: &Node, wishes: &Wishes) -> Vec<Lacking> {
    let whole = typed::value(&wanted(service, wishes));
    let take = |key: &str| whole.get(key).cloned().unwrap_or_default();
    let mut all: Vec<Lacking> = Vec::new();
    let mut lack = |key: &'static str, why: Vec<(&'static str, String)>| {
        if container.get(key).is_none() {
            all.push((key, take(key), why));
        }
    };
    lack("readinessProbe", vec![("readinessProbe", ready_why(service, wishes))]);
    lack(
        "livenessProbe",
        vec![(
            "livenessProbe",
            "Only whether the process lives. It must not ask the store: a restart mends no store.".to_owned(),
        )],
    );
    let sleep = if wishes.kubernetes >= NATIVE_SLEEP {
        "Requests still arrive until every proxy knows that this replica leaves."
    } else {
        "Requests still arrive until every proxy knows that this replica leaves. An image without\n`sleep` cannot do this: from Kubernetes 1.30 on the cluster sleeps by itself."
    };
    lack("lifecycle", vec![("lifecycle", sleep.to_owned())]);
    lack(
        "resources",
        vec![("resources", "The autoscaler measures against this. A first guess: measure yours.".to_owned())],
    );
    all
}

fn ready_why(service: &Service, wishes: &Wishes) -> String {
    if path(service, wishes).is_some() {
        "Only a replica that answers here gets requests.".to_owned()
    } else {
        "Whether the port is open. A path that asks the store would say more: `--ready PATH`.".to_owned()
    }
}

/// The path that answers when the service is ready, if one is known.
pub(super) fn path<'a>(service: &'a Service, wishes: &'a Wishes) -> Option<&'a str> {
    wishes.ready.as_deref().or(service.health.as_deref())
}

/// A container with all that can be inserted.
pub(super) fn wanted(service: &Service, wishes: &Wishes) -> Container {
    let port = IntOrString::Int(service.port.unwrap_or(80));
    let open = Probe {
        tcp_socket: Some(TCPSocketAction { port: port.clone(), host: None }),
        period_seconds: Some(10),
        ..Probe::default()
    };
    let ready = match path(service, wishes) {
        Some(path) => Probe {
            http_get: Some(HTTPGetAction { path: Some(path.to_owned()), port, ..HTTPGetAction::default() }),
            period_seconds: Some(5),
            ..Probe::default()
        },
        None => Probe { period_seconds: Some(5), ..open.clone() },
    };
    let stop = if wishes.kubernetes >= NATIVE_SLEEP {
        LifecycleHandler { sleep: Some(SleepAction { seconds: SLEEP }), ..LifecycleHandler::default() }
    } else {
        let command = ["sleep".to_owned(), SLEEP.to_string()];
        LifecycleHandler {
            exec: Some(ExecAction { command: Some(command.to_vec()) }),
            ..LifecycleHandler::default()
        }
    };
    Container {
        name: service.name.to_owned(),
        readiness_probe: Some(ready),
        liveness_probe: Some(open),
        lifecycle: Some(Lifecycle { pre_stop: Some(stop), ..Lifecycle::default() }),
        resources: Some(ResourceRequirements {
            requests: Some([("cpu".to_owned(), Quantity("250m".to_owned()))].into()),
            ..ResourceRequirements::default()
        }),
        ..Container::default()
    }
}
