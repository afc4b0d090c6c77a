//! What users and operators will notice, in their words, tied to the sites that cause it.

use serde::Serialize;

use super::dossier::Site;
use crate::finding::{Landing, Level, Mechanism, Role};

/// One thing that somebody will notice.
#[derive(Debug, Serialize)]
pub(crate) struct Symptom {
    /// In the words of whoever notices it.
    pub(crate) sentence: &'static str,
    /// Ids of the sites behind it.
    pub(crate) sites: Vec<String>,
}

/// Whether a site makes it happen.
type Causes = fn(&Site) -> bool;

const SYMPTOMS: &[(&str, Causes)] = &[
    ("Users get logged out when you deploy", |site| matches!(site.role, Role::Session | Role::Secret)),
    ("A user who has just logged in is a stranger to the next request", |site| {
        matches!(site.role, Role::Session | Role::Secret)
    }),
    ("A crash loses what users entered", |site| {
        site.role == Role::Entity && site.mechanism != Mechanism::LocalDisk
    }),
    ("What one request stores the next one does not find", |site| site.role == Role::Entity),
    ("A crash loses work that was accepted", |site| site.role == Role::Queue),
    ("Limits multiply with the number of replicas", |site| site.role == Role::RateLimit),
    ("The same number is given out twice", |site| site.role == Role::Sequence),
    ("Things that must happen once happen on every replica at a time", |site| {
        site.role == Role::Coordination || site.mechanism == Mechanism::Timer
    }),
    ("Messages reach only those who are connected to the same replica", |site| site.role == Role::Connection),
    ("A change of settings reaches one replica only", |site| site.role == Role::Config),
    ("Users see old data, and then new, and then old again", |site| {
        site.role == Role::Cache && site.landing != Landing::Stays
    }),
    ("A file that was stored is there for some requests and missing for others", |site| {
        site.mechanism == Mechanism::LocalDisk
    }),
    ("Servers cannot be added when load rises", |site| site.landing != Landing::Stays),
    ("The balancer needs sticky sessions", |site| {
        matches!(site.role, Role::Session | Role::Entity | Role::RateLimit | Role::Connection)
    }),
    ("Memory grows until the process is restarted", |site| site.unbounded),
];

/// Those that the sites cause. What is only worth knowing causes none.
pub(crate) fn of(sites: &[Site]) -> Vec<Symptom> {
    SYMPTOMS
        .iter()
        .filter_map(|(sentence, causes)| {
            let behind: Vec<String> = sites
                .iter()
                .filter(|site| site.level >= Level::Warning && causes(site))
                .map(|site| site.id.clone())
                .collect();
            (!behind.is_empty()).then_some(Symptom { sentence, sites: behind })
        })
        .collect()
}
