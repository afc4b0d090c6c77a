//! Autoscalers: which workload each decides about, and between which numbers.
//!
//! What one says about the workload's own count is judged with the workload.

use crate::finding::Level;

use super::super::finding::ONE_REPLICA;
use super::super::read::Document;
use super::super::tree::{Entry, Node};
use super::object::subject;
use super::workload::span;
use super::{Findings, is_backing};

/// The autoscaler that decides about the workload of a kind and name.
pub(super) fn of<'a>(kind: &str, name: &str, objects: &[&'a Document]) -> Option<&'a Document> {
    objects.iter().copied().find(|object| {
        let target = object.root.at(&["spec", "scaleTargetRef"]);
        matches!(object.root.text_at(&["kind"]), Some("HorizontalPodAutoscaler" | "ScaledObject"))
            && target.is_some_and(|target| {
                target.text_at(&["name"]) == Some(name)
                    && target.text_at(&["kind"]).is_none_or(|other| other == kind)
            })
    })
}

/// The least and the most replicas that an autoscaler chooses; nothing where no number is written.
pub(crate) fn bounds(scaler: &Document) -> Option<(u32, u32)> {
    let spec = |key| scaler.root.entry_at(&["spec", key]);
    match scaler.root.text_at(&["kind"]) {
        // KEDA goes down to nothing where it is not told otherwise, and up to a hundred.
        Some("ScaledObject") => {
            Some((number(spec("minReplicaCount"), 0)?, number(spec("maxReplicaCount"), 100)?))
        }
        _ => {
            let least = number(spec("minReplicas"), 1)?;
            Some((least, number(spec("maxReplicas"), least)?))
        }
    }
}

/// What is written, or what is meant where nothing is; nothing where no number is written.
pub(crate) fn number(entry: Option<&Entry>, otherwise: u32) -> Option<u32> {
    match entry.filter(|entry| !entry.value.is_null()) {
        Some(entry) => entry.value.text()?.parse().ok(),
        None => Some(otherwise),
    }
}

/// An autoscaler that can only choose one.
pub(super) fn check(objects: &[&Document], findings: &mut Findings) {
    for object in objects {
        let root = &object.root;
        let most = match root.text_at(&["kind"]) {
            Some("HorizontalPodAutoscaler") => root.entry_at(&["spec", "maxReplicas"]),
            Some("ScaledObject") => root.entry_at(&["spec", "maxReplicaCount"]),
            Some("Service") if root.text_at(&["apiVersion"]).is_some_and(|api| api.contains("knative")) => {
                knative_most(root)
            }
            _ => None,
        };
        let target = root.text_at(&["spec", "scaleTargetRef", "name"]).unwrap_or("");
        if let Some(entry) = most.filter(|entry| entry.value.text() == Some("1") && !is_backing(target)) {
            let title = "one replica at most".to_owned();
            findings.say(&ONE_REPLICA, Level::Error, object.file, span(entry), &subject(root), title);
        }
    }
}

fn knative_most(root: &Node) -> Option<&Entry> {
    let annotations = root.at(&["spec", "template", "metadata", "annotations"])?;
    ["autoscaling.knative.dev/max-scale", "autoscaling.knative.dev/maxScale"]
        .iter()
        .find_map(|key| annotations.entry(key))
}
