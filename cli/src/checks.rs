//! What can be wrong with what was said about findings: the kinds of [`Problem`], which have
//! levels like rules.
//!
//! [`Problem`]: crate::finding::Problem

/// A kind of problem.
#[derive(Debug)]
pub(crate) struct Check {
    /// The name, as in `unused-suppression`.
    pub(crate) name: &'static str,
    /// One line for listings.
    pub(crate) summary: &'static str,
}

pub(crate) static INVALID_SUPPRESSION: Check = Check {
    name: "invalid-suppression",
    summary: "a suppression without a reason, of no rule, or that cannot be read",
};
pub(crate) static UNUSED_SUPPRESSION: Check =
    Check { name: "unused-suppression", summary: "a suppression that matches no finding" };
pub(crate) static STALE_BASELINE: Check =
    Check { name: "stale-baseline", summary: "an entry of the baseline that matches no finding" };
pub(crate) static UNUSED_HINT: Check =
    Check { name: "unused-hint", summary: "a role for a site that is not there" };

/// All of them, in the order of listings.
pub(crate) static CHECKS: [&Check; 4] =
    [&INVALID_SUPPRESSION, &UNUSED_SUPPRESSION, &STALE_BASELINE, &UNUSED_HINT];
