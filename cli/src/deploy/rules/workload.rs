//! Workloads of a cluster: how many, how they update, where their data lies, how they leave.
//!
//! Judged over the whole set: a claim, an autoscaler or a disruption budget often stands in a
//! file of its own. What is no workload of the service (a database, a daemon, a job) is not
//! judged.

use std::ops::Range;

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{
    CLAIM_ONE_NODE, EMPTY_DIR, Form, HOST_PATH, HOST_PORT, NEEDLESS_STATEFULSET, NO_AUTOSCALER, NO_BUDGET,
    NO_PRE_STOP, NO_READINESS, ONE_REPLICA, RECREATE, REPLICAS_AND_AUTOSCALER, SHORT_GRACE, SQLITE_VOLUME,
};
use super::super::read::{Document, Kind, Set};
use super::super::tree::{Entry, Node};
use super::backing::{for_development, in_backing_chart, is_client};
use super::object::subject;
use super::{Findings, compose, is_backing, scaler};

/// Seconds that a cluster gives a replica to stop, unless told otherwise.
const DEFAULT_GRACE: i64 = 30;

/// Fewer seconds than that are none.
const LEAST_GRACE: i64 = 5;

struct Workload<'a> {
    file: FileId,
    root: &'a Node,
    kind: &'a str,
    name: &'a str,
    subject: String,
    /// Its template belongs to the chart of a database or the like.
    part: bool,
}

pub(super) fn check(findings: &mut Findings) {
    let set = findings.set;
    let objects = objects(set);
    let workloads: Vec<Workload> = objects.iter().filter_map(|one| workload(set, one)).collect();
    for (one, near) in judged(set, &objects, &workloads) {
        replicas(one, &near, findings);
        strategy(one, findings);
        volumes(one, &near, findings);
        leaving(one, &near, findings);
    }
    claims(&objects, &workloads, findings);
    scaler::check(&objects, findings);
}

/// A Deployment of the service's own, and what decides about it elsewhere.
pub(crate) struct Own<'a> {
    pub(crate) file: FileId,
    pub(crate) root: &'a Node,
    pub(crate) name: &'a str,
    pub(crate) autoscaler: Option<&'a Document>,
    #[cfg(feature = "generate")]
    pub(crate) has_budget: bool,
}

/// Every Deployment that is judged as the service's own.
pub(crate) fn own_deployments<'a>(set: &'a Set) -> Vec<Own<'a>> {
    let objects = objects(set);
    let workloads: Vec<Workload> = objects.iter().filter_map(|one| workload(set, one)).collect();
    let own = judged(set, &objects, &workloads).filter(|(one, _)| one.kind == "Deployment");
    own.map(|(one, near)| Own {
        file: one.file,
        root: one.root,
        name: one.name,
        autoscaler: scaler::of(one.kind, one.name, &near),
        #[cfg(feature = "generate")]
        has_budget: budget(one, &near),
    })
    .collect()
}

fn objects<'a>(set: &'a Set) -> Vec<&'a Document> {
    set.documents.iter().filter(|one| one.kind == Kind::Object).collect()
}

/// The workloads that are the service's own, each with the objects that can be about it.
fn judged<'a, 'w>(
    set: &'a Set,
    objects: &'w [&'a Document],
    workloads: &'w [Workload<'a>],
) -> impl Iterator<Item = (&'w Workload<'a>, Vec<&'a Document>)> {
    let own = workloads.iter().filter(|one| !backing(one) && !only_sends(one));
    // A file may hold a hundred thousand of them: only what can decide about them is compared.
    let decides = objects.iter().copied().filter(|object| {
        matches!(
            object.root.text_at(&["kind"]),
            Some(
                "HorizontalPodAutoscaler" | "ScaledObject" | "PodDisruptionBudget" | "PersistentVolumeClaim"
            )
        )
    });
    let decides: Vec<&Document> = decides.collect();
    own.map(move |one| {
        (one, decides.iter().copied().filter(|object| near(set, one.file, object.file)).collect())
    })
}

/// Whether two files can be about the same deployment: their folders are at most two steps
/// below one that both lie in. Examples of one repository often share names.
fn near(set: &Set, one: FileId, other: FileId) -> bool {
    const STEPS: usize = 2;
    let (one, other) = (set.folder(one), set.folder(other));
    let parts = |folder: &str| folder.split('/').filter(|part| !part.is_empty()).count();
    let shared = one.split('/').zip(other.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count();
    parts(one) - shared <= STEPS && parts(other) - shared <= STEPS
}

fn workload<'a>(set: &Set, document: &'a Document) -> Option<Workload<'a>> {
    let root = &document.root;
    let kind = root.text_at(&["kind"])?;
    if !matches!(
        kind,
        "Deployment"
            | "StatefulSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Rollout"
            | "DeploymentConfig"
            | "LeaderWorkerSet"
    ) {
        return None;
    }
    root.at(&["spec"])?;
    let name = root.text_at(&["metadata", "name"]).unwrap_or("");
    let part = in_backing_chart(&set.sources.file(document.file).full_path);
    Some(Workload { file: document.file, root, kind, name, subject: subject(root), part })
}

fn pod<'a>(one: &Workload<'a>) -> Option<&'a Node> {
    let root = one.root;
    root.at(&["spec", "template", "spec"])
        .or_else(|| root.at(&["spec", "leaderWorkerTemplate", "workerTemplate", "spec"]))
}

fn containers<'a>(one: &Workload<'a>) -> &'a [Node] {
    pod(one).and_then(|pod| pod.get("containers")).map_or(&[], Node::items)
}

/// Told by the images; a template that hides them is told by its name.
fn backing(one: &Workload) -> bool {
    let images: Vec<&str> = containers(one)
        .iter()
        .filter_map(|container| container.text_at(&["image"]))
        .filter(|image| !image.contains("xxxx"))
        .collect();
    if images.is_empty() {
        return one.part
            || is_backing(one.name)
            || containers(one).iter().filter_map(|container| container.text_at(&["name"])).any(is_backing);
    }
    images.iter().all(|image| is_backing(image))
}

/// A load generator or a test's client: nobody sends it requests, and one is what is wanted.
fn only_sends(one: &Workload) -> bool {
    let images = containers(one).iter().filter_map(|container| container.text_at(&["image"]));
    is_client(one.name) || images.into_iter().any(is_client)
}

pub(super) fn span(entry: &Entry) -> Range<usize> {
    entry.key_span.start..entry.value.span.end.max(entry.key_span.end)
}

fn replicas(one: &Workload, objects: &[&Document], findings: &mut Findings) {
    // What is only run for development or a test is never scaled.
    let most = most(one, findings);
    let scaler = scaler::of(one.kind, one.name, objects);
    let count = one.root.entry_at(&["spec", "replicas"]);
    match (count, scaler) {
        (Some(entry), Some(_)) => {
            findings.say(
                &REPLICAS_AND_AUTOSCALER,
                Level::Warning,
                one.file,
                span(entry),
                &one.subject,
                "each rollout sets the number back that the autoscaler chose".into(),
            );
        }
        (Some(entry), None) if entry.value.text() == Some("1") => {
            findings.say(&ONE_REPLICA, most, one.file, span(entry), &one.subject, "one replica".into());
        }
        (None, None) => {
            if let Some(entry) = one.root.entry("spec") {
                findings.say(
                    &ONE_REPLICA,
                    Level::Note,
                    one.file,
                    entry.key_span.clone(),
                    &one.subject,
                    "no `replicas`, so one".into(),
                );
            }
        }
        _ => {}
    }
    if scaler.is_none()
        && let Some(entry) = one.root.entry("spec")
    {
        findings.say(
            &NO_AUTOSCALER,
            Level::Note,
            one.file,
            entry.key_span.clone(),
            &one.subject,
            "the number of replicas does not follow the load".into(),
        );
    }
    let tied = one.root.at(&["spec", "volumeClaimTemplates"]).is_some_and(|claims| !claims.is_null());
    if one.kind == "StatefulSet"
        && !tied
        && let Some(entry) = one.root.entry("kind")
    {
        findings.say(
            &NEEDLESS_STATEFULSET,
            Level::Note,
            one.file,
            span(entry),
            &one.subject,
            "no claim of its own for each replica, so nothing that needs a StatefulSet is seen".into(),
        );
    }
}

/// How bad it is to be alone.
fn most(one: &Workload, findings: &Findings) -> Level {
    let path = &findings.set.sources.file(one.file).path;
    if for_development(path) { Level::Note } else { Level::Error }
}

fn strategy(one: &Workload, findings: &mut Findings) {
    let most = most(one, findings);
    for key in ["strategy", "updateStrategy"] {
        let Some(entry) = one.root.entry_at(&["spec", key, "type"]) else { continue };
        if entry.value.text() == Some("Recreate") {
            findings.say(
                &RECREATE,
                most,
                one.file,
                span(entry),
                &one.subject,
                "the old replica stops before the new one starts".into(),
            );
        }
    }
}

fn volumes(one: &Workload, objects: &[&Document], findings: &mut Findings) {
    let Some(pod) = pod(one) else { return };
    let mut mounted = false;
    for volume in pod.get("volumes").map_or(&[][..], Node::items) {
        let name = volume.text_at(&["name"]).unwrap_or("");
        let at: Vec<&str> = containers(one)
            .iter()
            .flat_map(|container| container.get("volumeMounts").map_or(&[][..], Node::items))
            .filter(|mount| {
                mount.text_at(&["name"]) == Some(name) && !mount.get("readOnly").is_some_and(Node::is_true)
            })
            .filter_map(|mount| mount.text_at(&["mountPath"]))
            .collect();
        let data = at.iter().any(|path| compose::holds_data(path)) || compose::holds_data(name);
        let mut say = |form: &'static Form, level, span, title: String| {
            findings.say(form, level, one.file, span, &one.subject, title);
        };
        if let Some(entry) = volume.entry("hostPath") {
            let path = entry.value.text_at(&["path"]).unwrap_or("");
            let system = ["/var/run", "/run", "/dev", "/sys", "/proc", "/etc"]
                .iter()
                .any(|folder| path.starts_with(folder))
                || path.ends_with(".sock");
            if !system && !at.is_empty() {
                say(&HOST_PATH, Level::Error, span(entry), format!("`{path}` is a folder of one node"));
            }
        }
        if let Some(entry) = volume.entry("emptyDir") {
            let level = if data { Level::Warning } else { Level::Note };
            if !at.is_empty() {
                say(
                    &EMPTY_DIR,
                    level,
                    span(entry),
                    format!("what is written to `{}` goes away with the replica", at[0]),
                );
            }
        }
        if let Some(entry) = volume.entry_at(&["persistentVolumeClaim", "claimName"]) {
            mounted = true;
            let claim = entry.value.text().unwrap_or("");
            if !objects
                .iter()
                .any(|object| is_claim(object) && object.root.text_at(&["metadata", "name"]) == Some(claim))
            {
                say(
                    &CLAIM_ONE_NODE,
                    Level::Warning,
                    span(entry),
                    format!(
                        "the claim `{claim}`, whose access mode is not said here: most can be mounted by one node only"
                    ),
                );
            }
        }
    }
    for claim in one.root.at(&["spec", "volumeClaimTemplates"]).map_or(&[][..], Node::items) {
        mounted = true;
        if let Some(mode) = one_node(claim) {
            findings.say(
                &CLAIM_ONE_NODE,
                Level::Warning,
                one.file,
                mode,
                &one.subject,
                "each replica has a disk of its own".into(),
            );
        }
    }
    for container in containers(one) {
        if let Some((span, text)) = compose::sqlite(container).filter(|_| mounted) {
            findings.say(
                &SQLITE_VOLUME,
                Level::Error,
                one.file,
                span,
                &one.subject,
                format!("`{text}` is a file that one replica has"),
            );
        }
    }
}

fn is_claim(object: &Document) -> bool {
    object.root.text_at(&["kind"]) == Some("PersistentVolumeClaim")
}

/// The place that says that one node, or one pod, can mount a claim.
fn one_node(claim: &Node) -> Option<Range<usize>> {
    let modes = claim.at(&["spec", "accessModes"])?.items();
    let all_one = modes.iter().all(|mode| matches!(mode.text(), Some("ReadWriteOnce" | "ReadWriteOncePod")));
    modes.first().filter(|_| all_one).map(|mode| mode.span.clone())
}

/// One finding a claim, where it stands; silent where only databases mount it.
fn claims(objects: &[&Document], workloads: &[Workload], findings: &mut Findings) {
    for object in objects.iter().filter(|object| is_claim(object)) {
        let name = object.root.text_at(&["metadata", "name"]).unwrap_or("");
        let users: Vec<&Workload> = workloads
            .iter()
            .filter(|one| mounts(one, name) && near(findings.set, one.file, object.file))
            .collect();
        let only_backing =
            if users.is_empty() { is_backing(name) } else { users.iter().all(|one| backing(one)) };
        let Some(mode) = one_node(&object.root).filter(|_| !only_backing) else { continue };
        let title = match users.first() {
            Some(user) => format!("only one node can mount it, and {} does", user.subject),
            None => "only one node can mount it".to_owned(),
        };
        findings.say(&CLAIM_ONE_NODE, Level::Error, object.file, mode, &subject(&object.root), title);
    }
}

fn mounts(one: &Workload, claim: &str) -> bool {
    pod(one).and_then(|pod| pod.get("volumes")).is_some_and(|volumes| {
        volumes
            .items()
            .iter()
            .any(|volume| volume.text_at(&["persistentVolumeClaim", "claimName"]) == Some(claim))
    })
}

/// Whether requests reach it: a worker that nobody calls needs no readiness.
fn serves(one: &Workload) -> bool {
    containers(one)
        .iter()
        .any(|container| container.get("ports").is_some_and(|ports| !ports.items().is_empty()))
}

fn leaving(one: &Workload, objects: &[&Document], findings: &mut Findings) {
    if !serves(one) {
        return;
    }
    let said = pod(one).and_then(|pod| pod.entry("terminationGracePeriodSeconds"));
    let grace = said.and_then(|entry| entry.value.text()?.parse().ok()).unwrap_or(DEFAULT_GRACE);
    if let Some(entry) = said.filter(|_| grace < LEAST_GRACE) {
        let title = format!("{grace} s are too few to finish what was begun");
        findings.say(&SHORT_GRACE, Level::Warning, one.file, span(entry), &one.subject, title);
    }
    for container in containers(one) {
        let Some(ports) = container.get("ports") else { continue };
        for port in ports.items() {
            if let Some(entry) = port.entry("hostPort") {
                let title = "only one replica a node can take the port".to_owned();
                findings.say(&HOST_PORT, Level::Note, one.file, span(entry), &one.subject, title);
            }
        }
        let first =
            container.entries().first().map_or(container.span.clone(), |entry| entry.key_span.clone());
        let name = container.text_at(&["name"]).unwrap_or("");
        if container.get("readinessProbe").is_none() {
            findings.say(
                &NO_READINESS,
                Level::Warning,
                one.file,
                first.clone(),
                &one.subject,
                format!("the container `{name}` gets requests before it is ready"),
            );
        }
        match container.entry_at(&["lifecycle", "preStop"]) {
            None => {
                findings.say(
                    &NO_PRE_STOP,
                    Level::Note,
                    one.file,
                    first,
                    &one.subject,
                    format!("the container `{name}` may stop while requests are still sent to it"),
                );
            }
            Some(entry) => {
                if let Some(sleep) = slept(&entry.value).filter(|sleep| *sleep >= grace) {
                    findings.say(
                        &SHORT_GRACE,
                        Level::Warning,
                        one.file,
                        span(entry),
                        &one.subject,
                        format!("{sleep} s of {grace} s are slept: nothing is left to finish requests"),
                    );
                }
            }
        }
    }
    if !budget(one, objects)
        && let Some(entry) = one.root.entry("spec")
    {
        findings.say(
            &NO_BUDGET,
            Level::Note,
            one.file,
            entry.key_span.clone(),
            &one.subject,
            "a node drain may take all replicas at once".into(),
        );
    }
}

/// How long a pre-stop hook sleeps, natively or by a command.
fn slept(hook: &Node) -> Option<i64> {
    if let Some(seconds) = hook.text_at(&["sleep", "seconds"]) {
        return seconds.parse().ok();
    }
    let words: Vec<&str> = hook
        .at(&["exec", "command"])?
        .items()
        .iter()
        .filter_map(Node::text)
        .flat_map(str::split_whitespace)
        .collect();
    let at = words.iter().position(|word| word.ends_with("sleep"))?;
    words.get(at + 1)?.trim_end_matches([';', 's']).parse().ok()
}

/// Whether a disruption budget selects the pods.
fn budget(one: &Workload, objects: &[&Document]) -> bool {
    let labels = one.root.at(&["spec", "template", "metadata", "labels"]).map_or(&[][..], Node::entries);
    objects.iter().any(|object| {
        object.root.text_at(&["kind"]) == Some("PodDisruptionBudget")
            && object.root.at(&["spec", "selector", "matchLabels"]).is_some_and(|wanted| {
                !wanted.entries().is_empty()
                    && wanted.entries().iter().all(|want| {
                        labels
                            .iter()
                            .any(|label| label.key == want.key && label.value.text() == want.value.text())
                    })
            })
    })
}
