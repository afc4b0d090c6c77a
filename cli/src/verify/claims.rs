//! What the static analysis says about the service's source, by route: the state that a
//! difference may come from.
//!
//! Reads the code only. Where there is none, or none that can be read, there are no claims.

use std::path::Path;

use crate::finding::{AccessKind, Confidence, Context, Finding, Landing, Level, Mechanism, Role, RuleMeta};
use crate::report::{accessor, words};
use crate::sink::Policy;
use crate::workspace::{self, Request as ReadRequest};

use super::record::Request;

/// A finding, as far as runs can be held against it.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) rule: &'static str,
    pub(crate) meta: &'static RuleMeta,
    pub(crate) role: Role,
    pub(crate) mechanism: Mechanism,
    pub(crate) confidence: Confidence,
    pub(crate) landing: Landing,
    pub(crate) level: Level,
    pub(crate) symbol: String,
    pub(crate) title: String,
    pub(crate) help: String,
    /// Where it should live; nothing where it may stay.
    pub(crate) lands: Option<&'static str>,
    /// What takes the declaration's place there, line by line; nothing where none is known.
    pub(crate) accessor: Vec<String>,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// The declaration's line.
    pub(crate) text: String,
    pub(crate) fingerprint: String,
    writes: Vec<String>,
    reads: Vec<String>,
    /// Some access runs in a request of no known route, or by itself.
    unknown: bool,
}

/// How well a claim fits a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// The route is not among those that the analysis names.
    No,
    /// The analysis knows no route, or all.
    Maybe,
    /// The route is named.
    Yes,
}

/// Analyses the source below a folder.
pub(crate) fn read(folder: &Path) -> Vec<Claim> {
    let request = ReadRequest { path: folder.to_owned(), ..ReadRequest::default() };
    let Ok(workspace) = workspace::load(&request) else { return Vec::new() };
    let report = crate::analyze(workspace, &Policy::default(), &|_, _| {});
    let claim = |finding: &Finding| {
        let file = report.sources.file(finding.site.place.file);
        let (line, column) = file.line_column(finding.site.place.span.start);
        let routes = |kind: AccessKind| {
            let accesses = finding.accesses.iter().filter(|access| access.kind == kind);
            let mut routes: Vec<String> = accesses
                .filter_map(|access| match &access.context {
                    Context::Request { routes } => Some(routes.clone()),
                    Context::Background | Context::Startup => None,
                })
                .flatten()
                .collect();
            routes.sort();
            routes.dedup();
            routes
        };
        let unknown = finding.accesses.iter().any(|access| match &access.context {
            Context::Request { routes } => routes.is_empty(),
            Context::Background => true,
            Context::Startup => false,
        });
        Claim {
            rule: finding.rule.name,
            meta: finding.rule,
            role: finding.role,
            mechanism: finding.site.mechanism,
            confidence: finding.confidence,
            landing: finding.landing,
            level: finding.level,
            symbol: finding.site.symbol.clone(),
            title: finding.title.clone(),
            help: finding.help.clone(),
            lands: words::landing(finding.landing),
            accessor: finding.accessor.as_ref().map(accessor::lines).unwrap_or_default(),
            file: file.path.clone(),
            line,
            column,
            text: file.line_text(line).trim().to_owned(),
            fingerprint: finding.fingerprint.clone(),
            writes: routes(AccessKind::Write),
            reads: routes(AccessKind::Read),
            unknown,
        }
    };
    report.findings.iter().map(claim).collect()
}

impl Claim {
    pub(crate) fn written_by(&self, request: &Request) -> Fit {
        self.fit(&self.writes, request)
    }

    /// Whoever writes has usually looked first.
    pub(crate) fn read_by(&self, request: &Request) -> Fit {
        self.fit(&self.reads, request).max(self.fit(&self.writes, request))
    }

    fn fit(&self, routes: &[String], request: &Request) -> Fit {
        if routes.iter().any(|route| route != "*" && leads_to(route, request)) {
            Fit::Yes
        } else if self.unknown || routes.is_empty() || routes.iter().any(|route| route == "*") {
            Fit::Maybe
        } else {
            Fit::No
        }
    }
}

/// Whether a route, as `GET /items/{id}`, is the request's.
fn leads_to(route: &str, request: &Request) -> bool {
    let (method, pattern) = route.split_once(' ').unwrap_or(("*", route));
    if !(method == "*" || method == "ANY" || method.eq_ignore_ascii_case(&request.method)) {
        return false;
    }
    let mut pattern = pattern.split('/').filter(|part| !part.is_empty());
    let mut path = request.path().split('/').filter(|part| !part.is_empty());
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), found) if wanted.starts_with("{*") || wanted == "*" || wanted == "**" => {
                return found.is_some() || wanted == "**";
            }
            (Some(wanted), Some(found)) if wanted.contains('{') || wanted == found => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_lead_to_paths() {
        let request = |method: &str, target: &str| Request {
            method: method.into(),
            target: target.into(),
            ..Request::default()
        };
        assert!(leads_to("GET /items/{id}", &request("GET", "/items/7?x=1")));
        assert!(!leads_to("GET /items/{id}", &request("GET", "/items")));
        assert!(!leads_to("POST /items", &request("GET", "/items")));
        assert!(leads_to("* /files/{*path}", &request("PUT", "/files/a/b")));
    }
}
