//! A rule on the command line, by its name.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::rules::{self, Rule};

/// Takes a rule's name as it stands anywhere: `in-memory-lock`, `stateless::in-memory-lock`,
/// `in_memory_lock`.
#[derive(Debug, Clone)]
pub(super) struct Named;

impl TypedValueParser for Named {
    type Value = &'static Rule;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let name = value.to_string_lossy().to_lowercase().replace('_', "-");
        let name = name.strip_prefix("stateless::").unwrap_or(&name);
        let known = rules::RULES.iter().find(|rule| rule.meta.name == name);
        known.copied().ok_or_else(|| {
            let names = PossibleValuesParser::new(rules::ALL.iter().map(|rule| rule.name));
            match names.parse_ref(command, argument, OsStr::new(name)) {
                Err(unknown) => unknown,
                Ok(_) => clap::Error::new(clap::error::ErrorKind::InvalidValue).with_cmd(command),
            }
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = rules::ALL.iter().map(|rule| PossibleValue::new(rule.name).help(rule.summary));
        Some(Box::new(values))
    }
}
