//! `--deny`, `--warn` and `--allow`: flags of which the last one counts.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{self, Verdict};

/// What fails a run beyond errors, in place of a rule.
const WARNINGS: &str = "warnings";

/// What the flags say, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LevelFlags {
    pub(crate) rules: Vec<(&'static str, Verdict)>,
    /// `--deny warnings`.
    pub(crate) deny_warnings: bool,
}

const FLAGS: [(&str, Verdict, &str); 3] = [
    (
        "deny",
        Verdict::Deny,
        "Make every finding of a rule an error; `warnings` lets those fail the run (repeatable)",
    ),
    (
        "warn",
        Verdict::Warn,
        "Make every finding of a rule a warning; `all` stands for all rules (repeatable)",
    ),
    ("allow", Verdict::Allow, "List no finding of a rule (repeatable)"),
];

impl Args for LevelFlags {
    fn augment_args(command: Command) -> Command {
        FLAGS.iter().fold(command, |command, (name, verdict, help)| {
            let verdict = *verdict;
            let flag = Arg::new(*name)
                .long(*name)
                .value_name("RULE")
                .help(*help)
                .help_heading("Levels")
                .action(ArgAction::Append)
                .value_parser(move |value: &str| parse(value, verdict));
            command.arg(flag)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn parse(value: &str, verdict: Verdict) -> Result<&'static str, String> {
    match value {
        WARNINGS if verdict == Verdict::Deny => Ok(WARNINGS),
        WARNINGS => Err("`warnings` goes with `--deny` only".to_owned()),
        name => config::flag(name),
    }
}

impl FromArgMatches for LevelFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut said: Vec<(usize, &'static str, Verdict)> = Vec::new();
        for (name, verdict, _) in FLAGS {
            let values = matches.get_many::<&'static str>(name).into_iter().flatten();
            let places = matches.indices_of(name).into_iter().flatten();
            said.extend(places.zip(values).map(|(place, value)| (place, *value, verdict)));
        }
        said.sort_by_key(|(place, ..)| *place);
        let mut flags = LevelFlags::default();
        for (_, name, verdict) in said {
            if name == WARNINGS {
                flags.deny_warnings = true;
            } else {
                flags.rules.push((name, verdict));
            }
        }
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(words: &str) -> Result<LevelFlags, clap::Error> {
        let command = LevelFlags::augment_args(Command::new("x").no_binary_name(true));
        LevelFlags::from_arg_matches(&command.try_get_matches_from(words.split_whitespace())?)
    }

    #[test]
    fn the_order_is_kept_across_flags() {
        let found = flags("--allow timer --deny=all --deny warnings --warn timer").unwrap();
        let rules = vec![("timer", Verdict::Allow), ("all", Verdict::Deny), ("timer", Verdict::Warn)];
        assert_eq!(found, LevelFlags { rules, deny_warnings: true });
        assert_eq!(flags("").unwrap(), LevelFlags::default());
    }

    #[test]
    fn unknown_rules_are_refused() {
        assert!(flags("--deny timr").unwrap_err().to_string().contains("did you mean `timer`?"));
        assert!(flags("--allow warnings").unwrap_err().to_string().contains("--deny"));
    }
}
