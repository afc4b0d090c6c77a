//! How much work a site is: a table that the user may edit.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::{Mechanism, Role};

/// The table that holds where no other is given.
pub(crate) const DEFAULT: &str = include_str!("profile.toml");

/// Days of one developer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    site: BTreeMap<Role, f64>,
    #[serde(default)]
    times: BTreeMap<Mechanism, f64>,
    pub(crate) once: Once,
    #[serde(default)]
    pub(crate) team: Team,
}

/// Who does it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Team {
    pub(crate) developers: usize,
}

impl Default for Team {
    fn default() -> Self {
        Team { developers: 3 }
    }
}

/// What is done once for the service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Once {
    pub(crate) decide: f64,
    pub(crate) store: f64,
    pub(crate) verify: f64,
    pub(crate) deploy: f64,
}

impl Default for Profile {
    fn default() -> Self {
        Profile::parse(DEFAULT).expect("a test parses the table that comes with the tool")
    }
}

impl Profile {
    /// Reads a table; the error names the line and what is wrong there.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let profile: Profile = toml::from_str(text).map_err(|error| error.to_string())?;
        let once = &profile.once;
        let all = profile.site.values().chain(profile.times.values()).copied();
        let all = all.chain([once.decide, once.store, once.verify, once.deploy]);
        for days in all {
            if !days.is_finite() || !(0.0..=10_000.0).contains(&days) {
                return Err(format!("{days} is no number of days between 0 and 10000"));
            }
        }
        if !(1..=1000).contains(&profile.team.developers) {
            return Err(format!("{} is no number of developers between 1 and 1000", profile.team.developers));
        }
        Ok(profile)
    }

    /// Days for one site that moves; a role that the table leaves out takes one.
    pub(crate) fn days(&self, role: Role, mechanism: Mechanism) -> f64 {
        let days = self.site.get(&role).copied().unwrap_or(1.0);
        days * self.times.get(&mechanism).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_tool_is_read_and_the_mechanism_weighs() {
        let profile = Profile::default();
        assert_eq!(profile.days(Role::Session, Mechanism::Static), 1.0);
        assert_eq!(profile.days(Role::Session, Mechanism::Component), 0.5);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let wrong = DEFAULT.replace("session = 1.0", "sesion = 1.0");
        let said = Profile::parse(&wrong).unwrap_err();
        assert!(said.contains("line 6") && said.contains("sesion"), "{said}");
        let said = Profile::parse(&DEFAULT.replace("store = 1.0", "store = -1.0")).unwrap_err();
        assert!(said.contains("-1 is no number of days"), "{said}");
        let said = Profile::parse(&DEFAULT.replace("store = 1.0", "store = nan")).unwrap_err();
        assert!(said.contains("NaN is no number"), "{said}");
        let said = Profile::parse(&DEFAULT.replace("developers = 3", "developers = 0")).unwrap_err();
        assert!(said.contains("0 is no number of developers"), "{said}");
    }
}
