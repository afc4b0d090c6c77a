//! Terraform: target groups, balancers and services that pin clients or run once.
//!
//! A switch that is a variable counts as what the variable is by default, and less surely: a
//! caller can say otherwise. A `dynamic` block only passes on what a caller says.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey, TraversalOperator};
use hcl_edit::structure::{Attribute, Block, Body};
use rustc_hash::FxHashMap;

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{AWS_STICKY, CLOUD_AFFINITY, Form, ONE_REPLICA, RECREATE, SERVICE_AFFINITY};
use super::{Findings, is_backing};

/// What is said about a variable: by folder and name.
pub(super) type Variables = FxHashMap<(String, String), Option<bool>>;

/// Which value of an attribute pins clients.
enum Value {
    /// This one, whatever the case.
    Is(&'static str),
    /// Any other text than these.
    Not(&'static [&'static str]),
    True,
    One,
}

/// Resource, attribute at any depth, value, form, what it does.
type Switch = (&'static str, &'static str, Value, &'static Form, &'static str);

static SWITCHES: &[Switch] = &[
    ("google_compute_backend_service", "session_affinity", Value::Not(&["NONE"]), &CLOUD_AFFINITY, PINS),
    (
        "google_compute_region_backend_service",
        "session_affinity",
        Value::Not(&["NONE"]),
        &CLOUD_AFFINITY,
        PINS,
    ),
    ("google_compute_target_pool", "session_affinity", Value::Not(&["NONE"]), &CLOUD_AFFINITY, PINS),
    ("google_cloud_run_v2_service", "session_affinity", Value::True, &CLOUD_AFFINITY, PINS),
    ("google_cloud_run_v2_service", "max_instance_count", Value::One, &ONE_REPLICA, "one instance at most"),
    ("azurerm_application_gateway", "cookie_based_affinity", Value::Is("enabled"), &CLOUD_AFFINITY, PINS),
    ("azurerm_linux_web_app", "client_affinity_enabled", Value::True, &CLOUD_AFFINITY, PINS),
    ("azurerm_windows_web_app", "client_affinity_enabled", Value::True, &CLOUD_AFFINITY, PINS),
    ("azurerm_app_service", "client_affinity_enabled", Value::True, &CLOUD_AFFINITY, PINS),
    ("azurerm_frontdoor", "session_affinity_enabled", Value::True, &CLOUD_AFFINITY, PINS),
    ("azurerm_cdn_frontdoor_origin_group", "session_affinity_enabled", Value::True, &CLOUD_AFFINITY, PINS),
    ("azurerm_lb_rule", "load_distribution", Value::Not(&["Default"]), &CLOUD_AFFINITY, PINS),
    ("azurerm_container_app", "max_replicas", Value::One, &ONE_REPLICA, "one replica at most"),
    ("cloudflare_load_balancer", "session_affinity", Value::Not(&["none", ""]), &CLOUD_AFFINITY, PINS),
    ("hcloud_load_balancer_service", "sticky_sessions", Value::True, &CLOUD_AFFINITY, PINS),
    ("alicloud_slb_listener", "sticky_session", Value::Is("on"), &CLOUD_AFFINITY, PINS),
    ("alicloud_alb_server_group", "sticky_session_enabled", Value::True, &CLOUD_AFFINITY, PINS),
    ("linode_nodebalancer_config", "stickiness", Value::Not(&["none"]), &CLOUD_AFFINITY, PINS),
    ("scaleway_lb_backend", "sticky_sessions", Value::Not(&["none"]), &CLOUD_AFFINITY, PINS),
    ("ibm_is_lb_pool", "session_persistence_type", Value::Not(&[""]), &CLOUD_AFFINITY, PINS),
    ("kubernetes_service", "session_affinity", Value::Is("clientip"), &SERVICE_AFFINITY, PINS),
    ("kubernetes_service_v1", "session_affinity", Value::Is("clientip"), &SERVICE_AFFINITY, PINS),
    ("kubernetes_deployment", "replicas", Value::One, &ONE_REPLICA, "one replica"),
    ("kubernetes_deployment_v1", "replicas", Value::One, &ONE_REPLICA, "one replica"),
    ("aws_ecs_service", "desired_count", Value::One, &ONE_REPLICA, "one task"),
    ("digitalocean_app", "instance_count", Value::One, &ONE_REPLICA, "one instance"),
    ("aws_autoscaling_group", "max_size", Value::One, &ONE_REPLICA, "one instance at most"),
    ("aws_appautoscaling_target", "max_capacity", Value::One, &ONE_REPLICA, "one task at most"),
];

const PINS: &str = "clients are pinned to one replica";

/// Blocks that pin clients by being there.
static BLOCKS: &[(&str, &str)] = &[
    ("openstack_lb_pool_v2", "persistence"),
    ("oci_load_balancer_backend_set", "session_persistence_configuration"),
    ("oci_load_balancer_backend_set", "lb_cookie_session_persistence_configuration"),
];

/// Remembers the defaults of the variables that a file declares.
pub(super) fn variables(folder: &str, body: &Body, all: &mut Variables) {
    for block in body.get_blocks("variable") {
        let Some(name) = block.labels.first() else { continue };
        let default = block.body.get_attribute("default").and_then(|one| one.value.as_bool());
        all.insert((folder.to_owned(), name.as_str().to_owned()), default);
    }
}

/// What a switch is worth.
struct Said {
    level: Level,
    note: Option<String>,
}

struct File<'f, 'a> {
    file: FileId,
    folder: &'f str,
    variables: &'f Variables,
    findings: &'f mut Findings<'a>,
}

/// Looks at every resource and module of a file.
pub(super) fn check(file: FileId, folder: &str, body: &Body, variables: &Variables, findings: &mut Findings) {
    let mut file = File { file, folder, variables, findings };
    for block in body.blocks() {
        let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
        match (block.ident.as_str(), &labels[..]) {
            ("resource", [kind, name]) => file.resource(kind, &format!("{kind} {name}"), block),
            ("module", [name]) => file.module(&format!("module {name}"), &block.body),
            _ => {}
        }
    }
}

impl File<'_, '_> {
    fn say(
        &mut self,
        form: &'static Form,
        span: Option<Range<usize>>,
        subject: &str,
        title: &str,
        said: Said,
    ) {
        let Some(span) = span else { return };
        let finding = self.findings.say(form, said.level, self.file, span, subject, title.to_owned());
        finding.notes.extend(said.note);
    }

    fn resource(&mut self, kind: &str, subject: &str, block: &Block) {
        let body = &block.body;
        if kind.starts_with("kubernetes_") && is_backing(subject.rsplit(' ').next().unwrap_or("")) {
            return;
        }
        match kind {
            "aws_lb_target_group" | "aws_alb_target_group" => {
                for one in body.get_blocks("stickiness") {
                    // The block alone turns it on.
                    let said = self.enabled(&one.body).unwrap_or(Some(sure()));
                    if let Some(said) = said {
                        let title = "the target group pins a client to one target";
                        self.say(&AWS_STICKY, one.ident.span(), subject, title, said);
                    }
                }
                self.dynamic(body, subject);
            }
            "aws_lb_cookie_stickiness_policy" | "aws_app_cookie_stickiness_policy" => {
                let title = "the balancer pins a client to one instance by cookie";
                let first = body.attributes().next().and_then(|one| one.key.span());
                self.say(&AWS_STICKY, first.or(block.ident.span()), subject, title, sure());
            }
            "aws_lb_listener" | "aws_alb_listener" | "aws_lb_listener_rule" | "aws_alb_listener_rule" => {
                let mut found = Vec::new();
                each_block(body, &mut |one| {
                    if one.has_ident("stickiness") {
                        found.push(one.clone());
                    }
                });
                for one in found {
                    if let Some(Some(said)) = self.enabled(&one.body) {
                        let title = "the listener pins a client to one target group";
                        self.say(&AWS_STICKY, one.ident.span(), subject, title, said);
                    }
                }
            }
            "digitalocean_loadbalancer" => {
                for one in body.get_blocks("sticky_sessions") {
                    let kind = one.body.get_attribute("type").and_then(|one| one.value.as_str());
                    if kind == Some("cookies") {
                        self.say(&CLOUD_AFFINITY, one.ident.span(), subject, PINS, sure());
                    }
                }
            }
            "aws_elastic_beanstalk_environment" => self.beanstalk(body, subject),
            _ => {}
        }
        for (_, name) in BLOCKS.iter().filter(|(resource, _)| *resource == kind) {
            for one in body.get_blocks(name) {
                self.say(&CLOUD_AFFINITY, one.ident.span(), subject, PINS, sure());
            }
        }
        self.switches(kind, subject, body);
        if kind.starts_with("kubernetes_deployment") {
            let mut found = Vec::new();
            each_attribute(body, &mut |key, value, span| {
                if key == "type" && value.as_str() == Some("Recreate") {
                    found.push(span);
                }
            });
            for span in found {
                let title = "the old replica stops before the new one starts";
                self.say(&RECREATE, span, subject, title, sure());
            }
        }
    }

    fn switches(&mut self, kind: &str, subject: &str, body: &Body) {
        let mine: Vec<&Switch> = SWITCHES.iter().filter(|(resource, ..)| *resource == kind).collect();
        if mine.is_empty() {
            return;
        }
        let mut found = Vec::new();
        each_attribute(body, &mut |key, value, span| {
            for (_, attribute, wanted, form, title) in mine.iter().filter(|(_, name, ..)| *name == key) {
                let _ = attribute;
                found.push((*form, span.clone(), *title, self.worth(value, wanted)));
            }
        });
        for (form, span, title, said) in found {
            if let Some(said) = said {
                self.say(form, span, subject, title, said);
            }
        }
    }

    fn worth(&self, value: &Expression, wanted: &Value) -> Option<Said> {
        let text = value.as_str().map(str::to_ascii_lowercase);
        match wanted {
            Value::True => self.on(value),
            Value::One => (number(value) == Some(1)).then(sure),
            Value::Is(is) => (text? == *is).then(sure),
            Value::Not(not) => {
                let text = text?;
                (!not.iter().any(|one| one.eq_ignore_ascii_case(&text))).then(sure)
            }
        }
    }

    /// A `stickiness` object that a module is given, or one task.
    fn module(&mut self, subject: &str, body: &Body) {
        let scaled = body
            .attributes()
            .any(|one| one.key.as_str().contains("autoscaling") && one.value.as_bool() == Some(true));
        let count = body.get_attribute("desired_count").filter(|one| number(&one.value) == Some(1));
        if let Some(count) = count.filter(|_| !scaled) {
            let note = "unless the module scales it".to_owned();
            self.say(
                &ONE_REPLICA,
                count.span(),
                subject,
                "one task",
                Said { level: Level::Warning, note: Some(note) },
            );
        }
        let mut found: Vec<(Option<Range<usize>>, Expression)> = Vec::new();
        for attribute in body.attributes() {
            objects(
                attribute.key.as_str(),
                attribute.key.span(),
                &attribute.value,
                0,
                &mut |key, span, value| {
                    if key == "stickiness" {
                        found.push((span, value.clone()));
                    }
                },
            );
        }
        for (span, value) in found {
            let Expression::Object(object) = &value else { continue };
            let enabled = object.iter().find(|(key, _)| name(key).is_some_and(|name| name == "enabled"));
            let said = match enabled {
                Some((_, value)) => self.on(value.expr()),
                None => Some(sure()),
            };
            if let Some(said) = said {
                let title = "the target group pins a client to one target";
                self.say(&AWS_STICKY, span, subject, title, said);
            }
        }
    }

    fn beanstalk(&mut self, body: &Body, subject: &str) {
        for setting in body.get_blocks("setting") {
            let text = |key: &str| setting.body.get_attribute(key).and_then(|one| one.value.as_str());
            let on = text("value").is_some_and(|value| value.eq_ignore_ascii_case("true"));
            let span = setting.body.get_attribute("name").and_then(Attribute::span);
            match text("name") {
                Some("StickinessEnabled" | "Stickiness Policy") if on => {
                    self.say(&AWS_STICKY, span, subject, PINS, sure());
                }
                Some("EnvironmentType") if text("value") == Some("SingleInstance") => {
                    self.say(&ONE_REPLICA, span, subject, "one instance without a balancer", sure());
                }
                _ => {}
            }
        }
    }

    /// A module's own switch: worth knowing, decided elsewhere.
    fn dynamic(&mut self, body: &Body, subject: &str) {
        for one in body.get_blocks("dynamic") {
            if one.labels.first().is_some_and(|label| label.as_str() == "stickiness") {
                let title = "pins a client to one target where the caller says so";
                self.say(
                    &AWS_STICKY,
                    one.ident.span(),
                    subject,
                    title,
                    Said { level: Level::Note, note: None },
                );
            }
        }
    }

    /// What `enabled` says: nothing where it is not there.
    fn enabled(&self, body: &Body) -> Option<Option<Said>> {
        body.get_attribute("enabled").map(|one| self.on(&one.value))
    }

    /// Whether an expression is true, as far as it says.
    fn on(&self, value: &Expression) -> Option<Said> {
        if let Some(on) = value.as_bool().or_else(|| value.as_str()?.parse().ok()) {
            return on.then(sure);
        }
        let said = |note: String| Some(Said { level: Level::Warning, note: Some(note) });
        let Some(variable) = variable(value) else {
            return said("whether it is on is computed".into());
        };
        match self.variables.get(&(self.folder.to_owned(), variable.clone())) {
            Some(Some(on)) => {
                said(format!("`var.{variable}` is {} by default", if *on { "on" } else { "off" }))
            }
            Some(None) => said(format!("where `var.{variable}` is true; it has no default")),
            None => said(format!("where `var.{variable}` is true; it is not declared in this folder")),
        }
    }
}

fn sure() -> Said {
    Said { level: Level::Error, note: None }
}

/// The name of `var.name`, also inside the quotes of old files.
fn variable(value: &Expression) -> Option<String> {
    if let Some(traversal) = value.as_traversal() {
        let is_var = traversal.expr.as_variable().is_some_and(|one| one.as_str() == "var");
        let TraversalOperator::GetAttr(name) = traversal.operators.first()?.value() else { return None };
        return (is_var && traversal.operators.len() == 1).then(|| name.as_str().to_owned());
    }
    let template = value.as_string_template()?.to_string();
    let inner = template.trim().trim_matches('"').trim_start_matches("${").trim_end_matches('}').trim();
    let name = inner.strip_prefix("var.")?;
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).then(|| name.to_owned())
}

fn name(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(ident) => Some(ident.as_str()),
        ObjectKey::Expression(value) => {
            value.as_str().or_else(|| value.as_variable().map(|one| one.as_str()))
        }
    }
}

/// What is called with a key, where it stands, and its value.
type Seen<'s> = dyn FnMut(&str, Option<Range<usize>>, &Expression) + 's;
/// The same for the attributes of a body.
type Attributes<'s> = dyn FnMut(&str, &Expression, Option<Range<usize>>) + 's;

/// Every key with its value, in objects and lists inside one another.
fn objects(key: &str, span: Option<Range<usize>>, value: &Expression, depth: usize, seen: &mut Seen) {
    const DEEPEST: usize = 32;
    if depth > DEEPEST {
        return;
    }
    seen(key, span, value);
    match value {
        Expression::Object(object) => {
            for (key, value) in object {
                if let Some(name) = name(key) {
                    objects(name, key.span(), value.expr(), depth + 1, seen);
                }
            }
        }
        Expression::Array(items) => {
            for item in items {
                objects("", item.span(), item, depth + 1, seen);
            }
        }
        _ => {}
    }
}

pub(super) fn number(value: &Expression) -> Option<i64> {
    value.as_number().and_then(hcl_edit::Number::as_i64)
}

pub(super) fn each_block(body: &Body, seen: &mut dyn FnMut(&Block)) {
    for block in body.blocks() {
        seen(block);
        each_block(&block.body, seen);
    }
}

fn each_attribute(body: &Body, seen: &mut Attributes) {
    for attribute in body.attributes() {
        seen(attribute.key.as_str(), &attribute.value, attribute.key.span());
    }
    for block in body.blocks() {
        each_attribute(&block.body, seen);
    }
}
