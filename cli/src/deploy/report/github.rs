//! The report as GitHub's workflow commands, which become annotations of a change.
//!
//! Text of the checked files must never be read as a command: line ends and the signs that
//! separate a command's parts are encoded.

use std::io::{self, Write};

use crate::finding::Level;

use super::{DeployReport, headline, locate};

pub(super) fn write(report: &DeployReport, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.active() {
        let (path, line, column) = locate(report, finding);
        let command = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut text = headline(finding);
        if let Some(code) = &finding.code {
            text.push_str(&format!("; {}", code.sentence()));
        }
        let title = format!("{} ({})", finding.form.name, finding.form.class.name());
        let (path, title, text) = (property(path), property(&title), data(&text));
        writeln!(out, "::{command} file={path},line={line},col={column},title={title}::{text}")?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_command() {
        assert_eq!(property("a,b:c\n::error::x"), "a%2Cb%3Ac%0A%3A%3Aerror%3A%3Ax");
    }
}
