//! The verdict in words, a format a file: `terminal`, `json`, `junit`, `sarif`.

use std::io::{self, Write};

use super::terminal::{self, Look};
use super::{Verdict, json, junit, sarif};
use crate::report::escape;

/// A form of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum VerdictFormat {
    /// For reading in a terminal
    Human,
    /// Everything in one object
    Json,
    /// JUnit's XML, a suite a schedule
    Junit,
    /// SARIF 2.1.0: witnesses of the findings of `check`
    Sarif,
}

/// Writes the whole verdict. `prefix` leads from the repository to the source, as in `services/shop/`.
pub(crate) fn write(
    format: VerdictFormat,
    verdict: &Verdict,
    look: Look,
    prefix: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        VerdictFormat::Human => {
            out.write_all(terminal::baseline(verdict, look).as_bytes())?;
            for line in &verdict.runs {
                out.write_all(terminal::run(line, look).as_bytes())?;
            }
            out.write_all(terminal::verdict(verdict, look).as_bytes())
        }
        VerdictFormat::Json => out.write_all(escape::json(&json::value(verdict))?.as_bytes()),
        VerdictFormat::Junit => junit::write(verdict, out),
        VerdictFormat::Sarif => sarif::write(verdict, prefix, out),
    }
}
