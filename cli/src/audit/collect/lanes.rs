//! Who can work at the same time: sites that share no function are in lanes of their own.

use std::collections::BTreeMap;

use crate::finding::Finding;

/// Sites that the same functions touch belong into one pair of hands: a name for each group,
/// by the first of its sites.
pub(super) fn of(findings: &[&Finding]) -> Vec<String> {
    let mut lane_of: Vec<usize> = (0..findings.len()).collect();
    let mut first: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        for access in &finding.accesses {
            let key = (finding.site.package.as_str(), access.function.as_str());
            let other = *first.entry(key).or_insert(at);
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
    fn sites_that_share_a_function_share_a_lane() {
        let report = sample::report();
        let findings: Vec<&Finding> = report.active().collect();
        assert_eq!(of(&findings[..1]), ["A"]);
        assert_eq!(of(&[findings[0], findings[0]]), ["A", "A"]);
        assert_eq!(lane_name(25), "Z");
        assert_eq!(lane_name(26), "A2");
    }
}
