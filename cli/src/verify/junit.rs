//! The verdict as JUnit's XML: each schedule is a suite, each difference that it shows a case that
//! failed. A schedule that shows none has one case that passed.

use std::io::{self, Write};

use super::terminal::{self, Look};
use super::{Divergence, RunLine, Verdict};
use crate::report::junit::{Case, Outcome, Suite, document};
use crate::report::words::count;

pub(super) fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let suites: Vec<Suite> = verdict.runs.iter().map(|line| suite(verdict, line)).collect();
    document(&suites, out)
}

fn suite(verdict: &Verdict, line: &RunLine) -> Suite {
    let name = line.schedule.to_string();
    let shown = verdict.divergences.iter().filter(|one| one.schedules.contains(&line.schedule));
    let mut cases: Vec<Case> = shown.map(|one| case(&name, one)).collect();
    if let Some((status, output)) = &line.failed {
        let outcome = Outcome::Failed {
            title: format!("the test fails: {status}"),
            text: output.trim_start().to_owned(),
        };
        cases.push(Case { name: "the test".to_owned(), class: class(&name), outcome });
    }
    if cases.is_empty() {
        let text = format!("{} answered as by one replica", count(line.same, "request"));
        let outcome = Outcome::Passed { text };
        cases.push(Case { name: "every answer".to_owned(), class: class(&name), outcome });
    }
    Suite { name, cases }
}

/// One difference: told by its route and its cause, which stay the same from run to run.
fn case(schedule: &str, divergence: &Divergence) -> Case {
    let plain = Look { color: false, verbose: true, quiet: false };
    let name = format!("{} ({})", divergence.reader.route, divergence.explanation.cause.name());
    let title = terminal::title(divergence);
    let text = terminal::one(divergence, plain).trim_start().to_owned();
    Case { name, class: class(schedule), outcome: Outcome::Failed { title, text } }
}

fn class(schedule: &str) -> String {
    format!("verify.{}", schedule.replace(' ', "-"))
}
