//! `audit`: the analysis of one or several services as a report that a team decides from.
//!
//! [`collect`] turns a report of `check` into plain data, once; every format prints that same
//! data, so no two of them can disagree on a number. What the deployment's files say and what
//! `verify` measured is taken from their JSON ([`evidence`]). Nothing here analyses code, reads
//! the clock or opens a file.

mod advice;
pub(crate) mod collect;
pub(crate) mod dossier;
pub(crate) mod evidence;
mod figures;
mod highlight;
mod html;
mod layout;
mod map;
mod markdown;
mod plan;
pub(crate) mod profile;
mod scorecard;
pub(crate) mod since;
mod symptoms;
mod target;
mod trend;

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::report::escape;

pub(crate) use dossier::Service;
pub(crate) use markdown::plan as write_plan;

/// Rises when a field of the JSON goes away or changes its meaning.
const SCHEMA: u32 = 1;

/// A form that the audit can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    /// One file that opens in any browser, from disk, without a network
    Html,
    /// Text for a wiki or an issue tracker
    Markdown,
    /// Everything, for programs and for `--since`
    Json,
}

/// One audit: every service that was named.
#[derive(Debug, Serialize)]
pub(crate) struct Audit {
    /// [`SCHEMA`].
    pub(crate) schema: u32,
    /// A name for this audit, for the trend of later ones; empty where none was given.
    pub(crate) label: String,
    /// In the order in which they were named.
    pub(crate) services: Vec<Service>,
}

impl Audit {
    pub(crate) fn new(label: String, services: Vec<Service>) -> Self {
        Audit { schema: SCHEMA, label, services }
    }
}

/// Writes the audit in that format.
pub(crate) fn write(format: AuditFormat, audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let text = match format {
        AuditFormat::Html => html::page(audit),
        AuditFormat::Markdown => markdown::document(audit),
        AuditFormat::Json => escape::json(audit)?,
    };
    out.write_all(text.as_bytes())
}
