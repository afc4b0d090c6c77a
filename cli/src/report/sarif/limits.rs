//! What GitHub's code scanning takes of a log, and what is left out of a larger one.
//!
//! It refuses a log that is over a limit as a whole, so the least severe results go first.
//! Other services have no lower limits.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::finding::Finding;

/// Results of a run that are taken.
pub(super) const RESULTS: usize = 25_000;
/// Of these, what is shown.
const SHOWN: usize = 5_000;
/// Places of a result that are kept, less the one of the result itself.
pub(super) const RELATED: usize = 99;
/// Bytes of a log, packed by gzip.
const PACKED: usize = 10_000_000;
/// Characters of a rule's descriptions.
const DESCRIPTION: usize = 1024;

/// The most severe findings, in the order in which they were; set aside ones are the least.
pub(super) fn most_severe(findings: &[Finding], most: usize) -> Vec<&Finding> {
    let mut ranked: Vec<(usize, &Finding)> = findings.iter().enumerate().collect();
    ranked.sort_by_key(|(_, finding)| (finding.suppression.is_some(), std::cmp::Reverse(finding.level)));
    ranked.truncate(most);
    ranked.sort_by_key(|(at, _)| *at);
    ranked.into_iter().map(|(_, finding)| finding).collect()
}

/// How many results the log should have instead of as many as it has, if it is too large.
pub(super) fn fewer(results: usize, log: &str) -> io::Result<Option<usize>> {
    // Packing makes nothing much larger.
    if log.len() < PACKED || results == 0 {
        return Ok(None);
    }
    let packed = packed(log)?;
    // A little less than in proportion, so that few turns are needed.
    Ok((packed > PACKED).then(|| (results as u128 * PACKED as u128 * 9 / 10 / packed as u128) as usize))
}

fn packed(text: &str) -> io::Result<usize> {
    struct Counted(usize);
    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut encoder = GzEncoder::new(Counted(0), Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?.0)
}

/// What a reader should know about what is not there.
pub(super) fn said(kept: usize, all: usize) -> Option<String> {
    let shown = format!("GitHub shows the {SHOWN} most severe of them");
    if kept < all {
        let left_out = all - kept;
        return Some(format!(
            "{left_out} of {all} findings are left out, the least severe ones: code scanning takes {RESULTS} results and \
             10 MB; {shown}; the JSON report has all"
        ));
    }
    (kept > SHOWN).then(|| format!("{kept} findings: {shown}"))
}

/// A description, or its beginning.
pub(super) fn description(text: &'static str) -> &'static str {
    text.char_indices().nth(DESCRIPTION).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::finding::Level;

    #[test]
    fn the_least_severe_go_first_and_the_order_stays() {
        let findings = sample::report().findings;
        let levels: Vec<Level> = findings.iter().map(|finding| finding.level).collect();
        let (error, warning, note) = (Level::Error, Level::Warning, Level::Note);
        assert_eq!(levels, [error, warning, note, error, warning], "the last two are set aside");
        let kept = |most| {
            let kept = most_severe(&findings, most);
            kept.iter().map(|finding| finding.site.symbol.clone()).collect::<Vec<_>>()
        };
        assert_eq!(kept(5).len(), 5);
        assert_eq!(kept(3), ["SESSIONS", "Zähler::größe", "CACHE"]);
        assert_eq!(kept(1), ["SESSIONS"]);
    }

    #[test]
    fn a_log_that_packs_badly_is_cut() {
        let mut state = 1u32;
        let noise: String = (0..24_000_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b'!' + (state >> 24) as u8 % 90)
            })
            .collect();
        let fewer_results = fewer(1000, &noise).unwrap().unwrap();
        assert!((400..500).contains(&fewer_results), "{fewer_results}");
        assert_eq!(fewer(1000, &"a".repeat(24_000_000)).unwrap(), None);
        assert_eq!(fewer(0, &noise).unwrap(), None, "there is nothing left to leave out");
    }

    #[test]
    fn descriptions_end_where_they_would_be_refused() {
        let long: &'static str = "ß".repeat(2000).leak();
        assert_eq!(description(long).chars().count(), 1024);
        assert_eq!(description("short"), "short");
    }
}
