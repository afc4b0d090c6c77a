//! CloudFormation: target groups and listeners with stickiness, services and groups of one.

use crate::finding::Level;

use super::super::finding::{AWS_STICKY, ONE_REPLICA};
use super::super::read::Document;
use super::super::tree::{Entry, Node};
use super::Findings;

pub(super) fn check(document: &Document, findings: &mut Findings) {
    let Some(resources) = document.root.get("Resources") else { return };
    for resource in resources.entries() {
        let kind = resource.value.text_at(&["Type"]).unwrap_or("");
        let Some(properties) = resource.value.get("Properties") else { continue };
        let subject = format!("{kind} {}", resource.key);
        let mut say = |form, entry: &Entry, title: &str| {
            findings.say(
                form,
                Level::Error,
                document.file,
                entry.key_span.start..entry.value.span.end.max(entry.key_span.end),
                &subject,
                title.to_owned(),
            );
        };
        match kind {
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                for attribute in properties.get("TargetGroupAttributes").map_or(&[][..], Node::items) {
                    let on = attribute.get("Value").is_some_and(Node::is_true);
                    if attribute.text_at(&["Key"]) == Some("stickiness.enabled")
                        && on
                        && let Some(entry) = attribute.entry("Key")
                    {
                        say(&AWS_STICKY, entry, "the target group pins a client to one target");
                    }
                }
            }
            "AWS::ElasticLoadBalancing::LoadBalancer" => {
                for key in ["LBCookieStickinessPolicy", "AppCookieStickinessPolicy"] {
                    if let Some(entry) = properties.entry(key) {
                        say(&AWS_STICKY, entry, "the balancer pins a client to one instance by cookie");
                    }
                }
            }
            "AWS::ECS::Service" => {
                if let Some(entry) =
                    properties.entry("DesiredCount").filter(|entry| entry.value.text() == Some("1"))
                {
                    say(&ONE_REPLICA, entry, "one task");
                }
            }
            "AWS::AutoScaling::AutoScalingGroup" => {
                if let Some(entry) =
                    properties.entry("MaxSize").filter(|entry| entry.value.text() == Some("1"))
                {
                    say(&ONE_REPLICA, entry, "one instance at most");
                }
            }
            _ => properties.walk(&mut |_, entry| {
                if entry.key == "TargetGroupStickinessConfig"
                    && entry.value.get("Enabled").is_some_and(Node::is_true)
                {
                    say(&AWS_STICKY, entry, "the listener pins a client to one target group");
                }
            }),
        }
    }
}
