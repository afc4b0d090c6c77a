//! What each kind of file says, a file a kind.

mod apache;
mod backing;
mod caddy;
mod chart;
mod cloudformation;
mod compose;
mod embedded;
mod envoy;
mod haproxy;
mod hcl;
mod ingress;
mod nginx;
mod nomad;
mod object;
mod platform;
pub(crate) mod scaler;
mod traefik;
mod values;
pub(crate) mod workload;

use std::ops::Range;

use crate::finding::Level;
use crate::span::FileId;

use super::files::Syntax;
use super::finding::{DeployFinding, Form};
use super::read::{Kind, Set};
pub(crate) use backing::is_backing;
pub(crate) use envoy::is_configuration as is_envoy;
pub(crate) use platform::{Platform, platform};
pub(crate) use traefik::is_configuration as is_traefik;

/// Collects findings while the rules look.
pub(crate) struct Findings<'a> {
    set: &'a Set<'a>,
    all: Vec<DeployFinding>,
}

/// Runs every rule over everything that was read.
pub(crate) fn run(set: &Set) -> Vec<DeployFinding> {
    let mut findings = Findings { set, all: Vec::new() };
    for (id, _) in set.sources.iter() {
        let text = set.readable(id);
        text_rule(set.syntax[id.index()], id, text, &mut findings);
    }
    let mut variables = hcl::Variables::default();
    for (id, body) in &set.bodies {
        hcl::variables(set.folder(*id), body, &mut variables);
    }
    for (id, body) in &set.bodies {
        match set.syntax[id.index()] {
            Syntax::Nomad => nomad::check(body, *id, &mut findings),
            _ => hcl::check(*id, set.folder(*id), body, &variables, &mut findings),
        }
    }
    for document in &set.documents {
        let (root, file) = (&document.root, document.file);
        match document.kind {
            Kind::Object => {
                object::check(document, &mut findings);
                embedded::check(root, file, &mut findings);
            }
            Kind::Compose => compose::check(document, &mut findings),
            Kind::CloudFormation => cloudformation::check(document, &mut findings),
            Kind::Platform(which) => platform::check(which, root, file, &mut findings),
            Kind::Traefik => traefik::check(root, file, &mut findings),
            Kind::Envoy => envoy::check(root, file, "cluster", &mut findings),
            Kind::Values => values::check(document, &mut findings),
        }
    }
    workload::check(&mut findings);
    chart::check(&mut findings);
    findings.all
}

/// The rules that look at a text line by line or block by block.
fn text_rule(syntax: Syntax, file: FileId, text: &str, findings: &mut Findings) {
    match syntax {
        Syntax::Nginx => nginx::check(file, text, findings),
        Syntax::Haproxy => haproxy::check(file, text, findings),
        Syntax::Apache => apache::check(file, text, findings),
        Syntax::Caddy => caddy::check(file, text, findings),
        Syntax::Yaml | Syntax::Toml | Syntax::Hcl | Syntax::Nomad => {}
    }
}

impl Findings<'_> {
    /// Adds a finding; in a template, what turns the text on is said and makes it less sure.
    pub(crate) fn say(
        &mut self,
        form: &'static Form,
        level: Level,
        file: FileId,
        span: Range<usize>,
        subject: &str,
        title: String,
    ) -> &mut DeployFinding {
        let (mut level, mut notes) = (level, Vec::new());
        if let Some(condition) = self.set.condition(file, span.start) {
            level = level.min(Level::Warning);
            notes.push(values::what_turns_on(self.set, file, condition));
        }
        self.all.push(DeployFinding {
            form,
            level,
            file,
            span,
            subject: subject.to_owned(),
            title,
            notes,
            related: Vec::new(),
            code: None,
            suppression: None,
            fingerprint: String::new(),
        });
        self.all.last_mut().expect("one was pushed")
    }
}
