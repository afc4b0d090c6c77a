//! The autoscaler and the disruption budget.

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget,
    ResourceMetricSource,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::service::Service;
use super::{Wishes, emit, typed};

/// Fewer replicas than two are one.
const LEAST: u32 = 2;

pub(super) fn autoscaler(service: &Service, wishes: &Wishes) -> String {
    let least = service.replicas.unwrap_or(LEAST).max(LEAST);
    let object = HorizontalPodAutoscaler {
        metadata: metadata(service, service.name),
        spec: HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".into()),
                kind: "Deployment".into(),
                name: service.name.into(),
            },
            min_replicas: Some(least as i32),
            max_replicas: wishes.most.max(least) as i32,
            metrics: Some(vec![MetricSpec {
                type_: "Resource".into(),
                resource: Some(ResourceMetricSource {
                    name: "cpu".into(),
                    target: MetricTarget {
                        type_: "Utilization".into(),
                        average_utilization: Some(70),
                        ..MetricTarget::default()
                    },
                }),
                ..MetricSpec::default()
            }]),
            behavior: Some(HorizontalPodAutoscalerBehavior {
                scale_down: Some(HPAScalingRules {
                    stabilization_window_seconds: Some(300),
                    policies: Some(vec![HPAScalingPolicy {
                        type_: "Pods".into(),
                        value: 1,
                        period_seconds: 60,
                    }]),
                    ..HPAScalingRules::default()
                }),
                scale_up: None,
            }),
        },
        status: None,
    };
    let head = format!(
        "Chooses how many replicas of {} there are. Its Deployment has no `replicas:`, which would\nset the number back at each rollout.",
        service.name
    );
    let why = [
        ("apiVersion", &*head),
        ("spec.minReplicas", "Two is the least with which one can go away."),
        ("spec.maxReplicas", "What the store and the database take: measure, then raise."),
        (
            "spec.metrics.0",
            "Of what the containers ask for; without `resources.requests.cpu` nothing happens.",
        ),
        (
            "spec.behavior.scaleDown",
            "Slowly: one a minute, after five quiet minutes. Scaling down is not an eviction, so the\ndisruption budget does not slow it.",
        ),
    ];
    emit::yaml(&typed::value(&object), &why)
}

/// One of the pods with these labels may go away at a time.
pub(super) fn disruption_budget(
    service: &Service,
    name: &str,
    labels: BTreeMap<String, String>,
) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: metadata(service, name),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    }
}

pub(super) fn budget(service: &Service) -> String {
    let object = disruption_budget(service, service.name, service.labels.clone());
    let why = [
        ("apiVersion", "A drained node takes its replicas one after another."),
        (
            "spec.maxUnavailable",
            "Not `minAvailable`: with as many as there are replicas no node could be drained at all.",
        ),
    ];
    emit::yaml(&typed::value(&object), &why)
}

pub(super) fn metadata(service: &Service, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: service.namespace.map(str::to_owned),
        ..ObjectMeta::default()
    }
}
