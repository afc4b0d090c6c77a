//! Which findings a comment or an attribute suppresses, and which of those suppress nothing.

use std::collections::{HashMap, HashSet};

use super::Complaints;
use crate::checks::{INVALID_SUPPRESSION, UNUSED_SUPPRESSION};
use crate::finding::{Finding, Fine, SiteInfo, Suppression, SuppressionKind};
use crate::source::Sources;
use crate::span::{FileId, Place, Span};
use crate::suppress::{Directive, Scan};
use crate::workspace::Workspace;

/// A directive by its file and its number there.
type Id = (FileId, usize);

/// Marks the findings that are suppressed, and complains about the rest of the suppressions.
pub(super) fn mark(
    findings: &mut [Finding],
    fine: &[Fine],
    scans: &[(FileId, Scan)],
    workspace: &Workspace,
    complaints: &mut Complaints<'_>,
) {
    let sources = &workspace.sources;
    let directives = Directives::new(scans, sources);
    // What was of use: a directive and the rule that it was of use for, if it names rules.
    let mut used: HashSet<(Id, &str)> = HashSet::new();
    for finding in &mut *findings {
        let rule = finding.rule.name;
        let Some((id, directive)) = directives.of(&finding.site, Some(rule), sources) else { continue };
        used.insert((id, if directive.is_attribute() { "" } else { rule }));
        finding.suppression = Some(Suppression {
            kind: SuppressionKind::InSource,
            reason: directive.reason.clone(),
            place: Some(Place { file: id.0, span: directive.span }),
        });
    }
    // An attribute says what is meant, whether or not the analysis comes to the same.
    for one in fine {
        used.extend(directives.of(&one.site, None, sources).map(|(id, _)| (id, "")));
    }

    let sites = Sites::new(findings, fine);
    for (file, scan) in scans {
        let package = Some(sources.file(*file).package);
        for problem in &scan.malformed {
            let place = Place { file: *file, span: problem.span };
            complaints.add(
                &INVALID_SUPPRESSION,
                package,
                place,
                problem.message.clone(),
                problem.help.clone(),
            );
        }
        for (at, directive) in scan.directives.iter().enumerate() {
            let names = directive.rules.iter().copied();
            let attribute = directive.is_attribute().then_some(("", directive.span));
            for (rule, span) in names.chain(attribute) {
                if used.contains(&((*file, at), rule)) {
                    continue;
                }
                let (message, help) = sites.unused(*file, directive, rule, sources);
                complaints.add(&UNUSED_SUPPRESSION, package, Place { file: *file, span }, message, help);
            }
        }
    }
}

struct Directives<'s> {
    by_file: HashMap<FileId, &'s [Directive]>,
    /// Attributes on types, by package and the type's name.
    by_type: HashMap<(usize, &'s str), (Id, &'s Directive)>,
}

impl<'s> Directives<'s> {
    fn new(scans: &'s [(FileId, Scan)], sources: &Sources) -> Self {
        let by_file = scans.iter().map(|(file, scan)| (*file, scan.directives.as_slice())).collect();
        let mut by_type = HashMap::new();
        for (file, scan) in scans {
            for (at, directive) in scan.directives.iter().enumerate() {
                if let Some(name) = &directive.type_name {
                    let package = sources.file(*file).package;
                    by_type.entry((package, name.as_str())).or_insert(((*file, at), directive));
                }
            }
        }
        Directives { by_file, by_type }
    }

    /// The directive that covers a site: of those around it the one that covers least, else
    /// one on a type that its declaration names. Without a rule, attributes only.
    fn of(&self, site: &SiteInfo, rule: Option<&str>, sources: &Sources) -> Option<(Id, &'s Directive)> {
        let file = site.place.file;
        let asks =
            |one: &Directive| one.is_attribute() || one.rules.iter().any(|(name, _)| rule == Some(*name));
        let around = self.by_file.get(&file).copied().unwrap_or_default().iter().enumerate();
        let nearest = around
            .filter(|(_, one)| one.covers.is_some_and(|span| holds(span, site.place)) && asks(one))
            .min_by_key(|(at, one)| (one.covers.map(|span| span.end - span.start), *at));
        nearest.map(|(at, one)| ((file, at), one)).or_else(|| {
            let package = sources.file(file).package;
            let words = site.ty.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.filter(|word| !word.is_empty()).find_map(|word| self.by_type.get(&(package, word)).copied())
        })
    }
}

fn holds(span: Span, place: Place) -> bool {
    span.start <= place.span.start && place.span.start < span.end
}

/// What there is to say about places: by file, in the order of the text.
struct Sites<'f> {
    found: HashMap<FileId, Vec<&'f Finding>>,
    fine: HashMap<FileId, Vec<&'f Fine>>,
}

impl<'f> Sites<'f> {
    fn new(findings: &'f [Finding], fine: &'f [Fine]) -> Self {
        let mut sites = Sites { found: HashMap::new(), fine: HashMap::new() };
        for finding in findings {
            sites.found.entry(finding.site.place.file).or_default().push(finding);
        }
        for one in fine {
            sites.fine.entry(one.site.place.file).or_default().push(one);
        }
        sites
    }

    /// Why a suppression matches nothing, and what to do about it.
    fn unused(&self, file: FileId, directive: &Directive, rule: &str, sources: &Sources) -> (String, String) {
        let found = self.found.get(&file).map(Vec::as_slice).unwrap_or_default();
        let fine = self.fine.get(&file).map(Vec::as_slice).unwrap_or_default();
        let what = if directive.is_attribute() { "attribute" } else { "suppression" };
        let remove = format!("remove the {what}");
        // Sorted by place, and there can be as many as there are suppressions.
        let first = |span: Span| found.partition_point(|one| one.site.place.span.start < span.start);
        if let Some(span) = directive.covers {
            let inside = found[first(span)..].iter().take_while(|one| holds(span, one.site.place));
            if let Some(other) = inside.into_iter().next() {
                let message =
                    format!("nothing here is `{rule}`: `{}` is `{}`", other.site.symbol, other.rule.name);
                return match &other.suppression {
                    Some(_) => {
                        (format!("this {what} is one too many: {message}, and suppressed already"), remove)
                    }
                    None => (message, format!("did you mean `allow({}, ..)`?", other.rule.name)),
                };
            }
            let at = fine.partition_point(|one| one.site.place.span.start < span.start);
            if let Some(one) = fine.get(at).filter(|one| holds(span, one.site.place)) {
                let message =
                    format!("there is nothing to suppress: `{}` is fine, {}", one.site.symbol, one.reason);
                return (message, remove);
            }
        }
        let message = match directive.covers {
            Some(_) => format!("this {what} matches no finding"),
            None => format!("this {what} belongs to no code: none follows it directly"),
        };
        let after = found.partition_point(|one| one.site.place.span.start < directive.span.start);
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|at| found.get(at));
        let nearest = near
            .filter(|one| directive.is_attribute() || one.rule.name == rule)
            .filter(|one| one.suppression.is_none())
            .min_by_key(|one| one.site.place.span.start.abs_diff(directive.span.start));
        match nearest {
            Some(one) => {
                let (_, line, _) = sources.locate(one.site.place);
                let symbol = &one.site.symbol;
                (
                    message,
                    format!(
                        "`{symbol}` is found in line {line}: put it at the end of that line or directly above; else {remove}"
                    ),
                )
            }
            None => (message, remove),
        }
    }
}
