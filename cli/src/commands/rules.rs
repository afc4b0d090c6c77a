//! `explain` and `rules`: what the rules say of themselves.

use std::io::{self, Write};

use serde::Serialize;

use super::{stdout, use_color};
use crate::args::{ExplainArgs, ListFormat, RulesArgs};
use crate::error::Error;
use crate::finding::{Landing, Role};
use crate::report::{escape, page};
use crate::rules::RULES;

pub(super) fn explain(args: &ExplainArgs) -> Result<u8, Error> {
    let color = use_color(args.color, stdout::is_terminal());
    let text = page::rendered(args.rule.meta.page, color, stdout::width());
    stdout::write(|out| out.write_all(text.as_bytes()))?;
    Ok(0)
}

pub(super) fn list(args: &RulesArgs) -> Result<u8, Error> {
    stdout::write(|out| match args.format {
        ListFormat::Human => table(out),
        ListFormat::Json => json(out),
    })?;
    Ok(0)
}

fn table(out: &mut dyn Write) -> io::Result<()> {
    let width = RULES.iter().map(|rule| rule.meta.name.len()).max().unwrap_or(0);
    for rule in RULES {
        writeln!(out, "{:width$}  {}", rule.meta.name, rule.meta.summary)?;
    }
    writeln!(out, "\n`cargo stateless explain RULE` shows a rule's page.")
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    summary: &'static str,
    role: Role,
    landing: Landing,
    page: &'static str,
}

fn json(out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Listed> = RULES
        .iter()
        .map(|rule| Listed {
            name: rule.meta.name,
            summary: rule.meta.summary,
            role: rule.role,
            landing: rule.landing,
            page: rule.meta.page,
        })
        .collect();
    out.write_all(escape::json(&rules)?.as_bytes())
}
