//! What the check of deployment files says: classes, forms, findings.
//!
//! Plain data. [`FORMS`] is the one list that reports, pages and help are made from.

use std::ops::Range;

use serde::Serialize;

use crate::finding::{Level, Role, Suppression};
use crate::span::{FileId, Place, Span};

/// What a deployment file assumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// One client's requests are pinned to one replica.
    Sticky,
    /// There is only one replica, or only one at a time.
    SingleInstance,
    /// Data lies on a disk that one replica, or one node, has.
    LocalVolume,
    /// A replica that goes away breaks its requests, or none can go away.
    Drain,
}

impl Class {
    /// As SARIF and the pages spell it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Sticky => "sticky",
            Class::SingleInstance => "single-instance",
            Class::LocalVolume => "local-volume",
            Class::Drain => "drain",
        }
    }
}

/// One way in which files say something of a [`Class`].
#[derive(Debug)]
pub struct Form {
    /// The rule's name in reports.
    pub name: &'static str,
    /// What it assumes.
    pub class: Class,
    /// What was found, in a few words.
    pub summary: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

/// Something that a file says.
#[derive(Debug, Clone)]
pub struct DeployFinding {
    /// Which form it has.
    pub form: &'static Form,
    /// How sure it is that this stands in the way.
    pub level: Level,
    /// The file.
    pub file: FileId,
    /// The bytes that say it.
    pub span: Range<usize>,
    /// What it is about: kind and name of the object, the block, the service.
    pub subject: String,
    /// What was found there.
    pub title: String,
    /// More that belongs to the judgment: what turns it on, what it hides.
    pub notes: Vec<String>,
    /// Other places that belong to the same finding.
    pub related: Vec<(Place, String)>,
    /// What the service's code has to do with it, where the code was looked at.
    pub code: Option<Code>,
    /// Set aside by a comment.
    pub suppression: Option<Suppression>,
    /// Identity that survives moved lines: hex, 32 digits.
    pub fingerprint: String,
}

impl DeployFinding {
    /// Where it stands.
    pub fn place(&self) -> Place {
        place(self.file, &self.span)
    }
}

pub(crate) fn place(file: FileId, span: &Range<usize>) -> Place {
    Place { file, span: Span { start: span.start as u32, end: span.end as u32 } }
}

/// What the service's code has to do with a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Code {
    /// The sites that would break; empty where it can go now.
    pub needed_by: Vec<Need>,
}

/// One site that still needs what a deployment file says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Need {
    /// The site's symbol.
    pub symbol: String,
    /// `path:line` in the code.
    pub place: String,
    /// What it is to the service.
    pub role: Role,
    /// The finding's identity in the report of `check`.
    pub fingerprint: String,
}

impl Code {
    /// The join in a sentence.
    pub fn sentence(&self) -> String {
        const SHOWN: usize = 3;
        let [first, rest @ ..] = &self.needed_by[..] else {
            return "nothing that was found in the code needs it: it can go now".to_owned();
        };
        let mut text = format!("it hides `{}` in {}", first.symbol, first.place);
        for need in rest.iter().take(SHOWN - 1) {
            text.push_str(&format!(", `{}` in {}", need.symbol, need.place));
        }
        if self.needed_by.len() > SHOWN {
            text.push_str(&format!(" and {} more", self.needed_by.len() - SHOWN));
        }
        let they = if rest.is_empty() { "that has" } else { "those have" };
        format!("{text}; remove it after {they} moved")
    }
}

macro_rules! forms {
    ($($id:ident = $name:literal, $class:ident, $summary:literal, $help:literal;)*) => {
        $(
            #[doc = $summary]
            pub(crate) static $id: Form = Form {
                name: $name,
                class: Class::$class,
                summary: $summary,
                help: $help,
            };
        )*
        /// Every form, in the order of the pages.
        pub static FORMS: &[&Form] = &[$(&$id),*];
    };
}

forms! {
    SERVICE_AFFINITY = "service-session-affinity", Sticky, "a Service that pins clients by address",
        "remove `sessionAffinity` and its configuration once no state needs it";
    INGRESS_COOKIE = "ingress-cookie-affinity", Sticky, "an ingress that pins clients by cookie",
        "remove the affinity annotations once no state needs them";
    INGRESS_HASH = "ingress-hash", Sticky, "an ingress that picks the replica by a hash",
        "remove the hash annotation, unless it spreads a key over shards on purpose";
    GATEWAY_SESSION = "gateway-session-persistence", Sticky, "a Gateway route or policy with session persistence",
        "remove `sessionPersistence` once no state needs it";
    MESH_HASH = "mesh-consistent-hash", Sticky, "a mesh or proxy that picks the replica by a consistent hash",
        "balance by round robin or least requests instead";
    TRAEFIK_STICKY = "traefik-sticky", Sticky, "a Traefik service with a sticky cookie",
        "remove the `sticky` settings once no state needs them";
    NGINX_STICKY = "nginx-sticky", Sticky, "an nginx upstream that pins clients",
        "remove the directive; nginx then balances round robin";
    HAPROXY_STICKY = "haproxy-sticky", Sticky, "an HAProxy backend that pins clients",
        "balance by `roundrobin` or `leastconn`, without cookie and stick rules";
    APACHE_STICKY = "apache-sticky", Sticky, "an Apache balancer with sticky sessions",
        "remove `stickysession` and the routes of the members";
    CADDY_STICKY = "caddy-sticky", Sticky, "a Caddy proxy that pins clients",
        "use `lb_policy round_robin` or `least_conn`";
    AWS_STICKY = "aws-stickiness", Sticky, "a load balancer's target group with stickiness",
        "turn stickiness off; in Terraform say `enabled = false`, since the block alone turns it on";
    CLOUD_AFFINITY = "cloud-session-affinity", Sticky, "a platform's session affinity",
        "turn the session affinity off";
    VALUES_STICKY = "helm-values-sticky", Sticky, "values that turn stickiness on",
        "turn it off in the values once no state needs it";
    ONE_REPLICA = "one-replica", SingleInstance, "a workload of one replica",
        "run two or more, or let an autoscaler decide";
    RECREATE = "recreate", SingleInstance, "an update that stops the old replica before the new one starts",
        "use `RollingUpdate`";
    NEEDLESS_STATEFULSET = "stateful-set", SingleInstance, "a StatefulSet without a need for one",
        "use a Deployment";
    FIXED_NAME = "fixed-container-name", SingleInstance, "a fixed container name",
        "remove `container_name`: two replicas cannot share it";
    HOST_PORT = "host-port", SingleInstance, "a fixed port of the host",
        "publish the port on the balancer only, or let the platform choose one";
    PLATFORM_DISK = "platform-disk", SingleInstance, "a disk of the platform that only one instance can have",
        "keep the data in an object store or a database that all instances reach";
    SQLITE_VOLUME = "sqlite-volume", SingleInstance, "a database in a file on a volume",
        "use a database server that all replicas reach";
    HOST_PATH = "host-path", LocalVolume, "a folder of the node",
        "keep the data in an object store or a database";
    EMPTY_DIR = "empty-dir", LocalVolume, "a folder that goes away with the replica",
        "keep only what may be lost there";
    CLAIM_ONE_NODE = "read-write-once", LocalVolume, "a claim that one node can mount",
        "keep the data in an object store or a database, or use a ReadWriteMany claim";
    BIND_MOUNT = "bind-mount", LocalVolume, "a folder of the host",
        "keep the data in an object store or a database";
    NO_READINESS = "no-readiness-probe", Drain, "no readiness probe",
        "add a `readinessProbe`, so that only a replica that is ready gets requests";
    NO_PRE_STOP = "no-pre-stop", Drain, "requests may still arrive while the replica stops",
        "add a pre-stop sleep of a few seconds and finish open requests on SIGTERM";
    SHORT_GRACE = "short-grace-period", Drain, "too little time to finish",
        "make `terminationGracePeriodSeconds` longer than the pre-stop sleep and the slowest request together";
    NO_BUDGET = "no-disruption-budget", Drain, "no disruption budget",
        "add a PodDisruptionBudget with `maxUnavailable: 1`";
    NO_AUTOSCALER = "no-autoscaler", Drain, "no autoscaler",
        "add a HorizontalPodAutoscaler";
    REPLICAS_AND_AUTOSCALER = "replicas-beside-autoscaler", Drain, "a replica count beside an autoscaler",
        "remove `replicas`: each rollout resets what the autoscaler decided";
}
