//! Who can work at the same time: sites that share no function are in lanes of their own. And which
//! of them live with connections.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Access, Finding, Role};

/// Sites that the same functions touch belong into one pair of hands: a name for each group,
/// by the first of its sites.
pub(super) fn of(findings: &[&Finding]) -> Vec<String> {
    let mut lane_of: Vec<usize> = (0..findings.len()).collect();
    let mut first: BTreeMap<Function, usize> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        for access in &finding.accesses {
            let other = *first.entry(function(finding, access)).or_insert(at);
            let (a, b) = (lane_of[other], lane_of[at]);
            let (low, high) = (a.min(b), a.max(b));
            lane_of.iter_mut().filter(|lane| **lane == high).for_each(|lane| *lane = low);
        }
    }
    let mut names: BTreeMap<usize, usize> = BTreeMap::new();
    for lane in &lane_of {
        let next = names.len();
        names.entry(*lane).or_insert(next);
    }
    lane_of.iter().map(|lane| lane_name(names[lane])).collect()
}

/// A function, in which package.
type Function<'a> = (&'a str, &'a str);

fn function<'a>(finding: &'a Finding, access: &'a Access) -> Function<'a> {
    (&finding.site.package, &access.function)
}

/// For each site the connections that a function of its own serves as well: state of a game or a room
/// that lives with its sockets looks like this.
pub(super) fn sockets(findings: &[&Finding]) -> Vec<Vec<usize>> {
    let mut served: BTreeMap<Function, BTreeSet<usize>> = BTreeMap::new();
    let connections = findings.iter().enumerate().filter(|(_, finding)| finding.role == Role::Connection);
    for (at, finding) in connections {
        for access in &finding.accesses {
            served.entry(function(finding, access)).or_default().insert(at);
        }
    }
    let of = |finding: &&Finding| -> Vec<usize> {
        let keeps = !matches!(finding.role, Role::Connection | Role::Session | Role::Secret);
        let accesses = finding.accesses.iter().filter(|_| keeps);
        let found: BTreeSet<usize> =
            accesses.filter_map(|access| served.get(&function(finding, access))).flatten().copied().collect();
        found.into_iter().collect()
    };
    findings.iter().map(of).collect()
}

/// `A` .. `Z`, then `A2` ..
fn lane_name(at: usize) -> String {
    let letter = char::from(b'A' + (at % 26) as u8);
    if at < 26 { letter.to_string() } else { format!("{letter}{}", at / 26 + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn state_that_connections_are_served_with_names_them() {
        let mut report = sample::report();
        let mut socket = report.findings[0].clone();
        report.findings[0].role = Role::Entity;
        socket.role = Role::Connection;
        let other = report.findings[1].clone();
        let found = [&report.findings[0], &other, &socket];
        assert_eq!(sockets(&found), [vec![2], vec![], vec![]]);
        // A session is for every request, whoever else is connected.
        let session = Finding { role: Role::Session, ..report.findings[0].clone() };
        assert!(sockets(&[&session, &socket]).iter().all(Vec::is_empty));
    }

    #[test]
    fn sites_that_share_a_function_share_a_lane() {
        let report = sample::report();
        let findings: Vec<&Finding> = report.active().collect();
        assert_eq!(of(&findings[..1]), ["A"]);
        assert_eq!(of(&[findings[0], findings[0]]), ["A", "A"]);
        assert_eq!(lane_name(25), "Z");
        assert_eq!(lane_name(26), "A2");
    }
}
