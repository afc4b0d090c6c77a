//! Against earlier audits: what was fixed, what is new, and how the numbers went.
//!
//! Sites are the same where their fingerprints are. An earlier audit may be the JSON of
//! `audit`, or that of `check`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::dossier::Site;
use crate::finding::Level;

/// An earlier audit, as far as it matters now.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    label: String,
    services: Vec<Before>,
}

#[derive(Debug, Clone)]
struct Before {
    name: String,
    sites: Vec<Known>,
    trend: Vec<Point>,
}

/// A site, as an earlier report knew it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) fingerprint: String,
    pub(crate) symbol: String,
    pub(crate) title: String,
    pub(crate) level: Level,
}

/// What changed.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    /// The earlier audit's name.
    pub(crate) than: String,
    pub(crate) fixed: Vec<Known>,
    /// Ids of sites that were not there.
    pub(crate) new: Vec<String>,
    /// Ids of sites that are still there.
    pub(crate) unchanged: Vec<String>,
}

/// One audit in a trend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) label: String,
    pub(crate) errors: u32,
    pub(crate) warnings: u32,
    pub(crate) notes: u32,
}

#[derive(Deserialize)]
struct AuditFile {
    #[serde(default)]
    label: String,
    services: Vec<ServiceFile>,
}

#[derive(Deserialize)]
struct ServiceFile {
    name: String,
    sites: Vec<Known>,
    #[serde(default)]
    trend: Vec<Point>,
}

#[derive(Deserialize)]
struct CheckFile {
    findings: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    fingerprint: String,
    title: String,
    level: Level,
    site: Symbol,
    #[serde(default)]
    suppression: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Symbol {
    symbol: String,
}

/// Reads an earlier report; `name` stands in where it has no label. The error says what was wrong.
pub(crate) fn read(text: &str, name: &str) -> Result<Earlier, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if value.get("services").is_some() {
        let file: AuditFile = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let label = if file.label.is_empty() { name.to_owned() } else { file.label };
        let services = file.services.into_iter();
        let services =
            services.map(|one| Before { name: one.name, sites: one.sites, trend: one.trend }).collect();
        return Ok(Earlier { label, services });
    }
    // The JSON of `deploy check` has findings too, and an empty one would say that all was fixed.
    if value.get("fine").is_none() {
        return Err("it is neither the JSON of `audit` nor that of `check`".to_owned());
    }
    let file: CheckFile = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let active = file.findings.into_iter().filter(|found| found.suppression.is_none());
    let sites = active
        .map(|found| Known {
            fingerprint: found.fingerprint,
            symbol: found.site.symbol,
            title: found.title,
            level: found.level,
        })
        .collect();
    Ok(Earlier {
        label: name.to_owned(),
        services: vec![Before { name: String::new(), sites, trend: Vec::new() }],
    })
}

impl Earlier {
    /// Whether it has something to say about the service of that name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.service(name).is_some()
    }

    /// The service of that name; a report of `check` names none and is about any.
    fn service(&self, name: &str) -> Option<&Before> {
        self.services.iter().find(|one| one.name.is_empty() || one.name == name)
    }
}

/// What changed since then; nothing where the earlier audit did not know the service. What was only
/// `set_aside`, by its fingerprint, is not fixed.
pub(crate) fn change(name: &str, sites: &[Site], set_aside: &[String], earlier: &Earlier) -> Option<Change> {
    let before = earlier.service(name)?;
    let known: BTreeSet<&str> = before.sites.iter().map(|site| site.fingerprint.as_str()).collect();
    let now = sites.iter().map(|site| &site.fingerprint).chain(set_aside);
    let now: BTreeSet<&str> = now.map(String::as_str).collect();
    let ids = |old: bool| {
        let of = sites.iter().filter(|site| known.contains(site.fingerprint.as_str()) == old);
        of.map(|site| site.id.clone()).collect()
    };
    Some(Change {
        than: earlier.label.clone(),
        fixed: before.sites.iter().filter(|site| !now.contains(site.fingerprint.as_str())).cloned().collect(),
        new: ids(false),
        unchanged: ids(true),
    })
}

/// The numbers of all audits, the present one last; empty without an earlier one.
pub(crate) fn trend(name: &str, sites: &[Site], earlier: &[Earlier], label: &str) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for audit in earlier {
        let Some(before) = audit.service(name) else { continue };
        let own = point(audit.label.clone(), before.sites.iter().map(|site| site.level));
        // A trend that an earlier audit had ends with that audit itself.
        let told = before.trend.iter().take(before.trend.len().saturating_sub(1)).cloned();
        for point in told.chain([own]) {
            if !points.contains(&point) {
                points.push(point);
            }
        }
    }
    if points.is_empty() {
        return points;
    }
    let label = if label.is_empty() { "now" } else { label };
    points.push(point(label.to_owned(), sites.iter().map(|site| site.level)));
    points
}

fn point(label: String, levels: impl Iterator<Item = Level>) -> Point {
    let mut point = Point { label, errors: 0, warnings: 0, notes: 0 };
    for level in levels {
        match level {
            Level::Error => point.errors += 1,
            Level::Warning => point.warnings += 1,
            Level::Note => point.notes += 1,
        }
    }
    point
}
