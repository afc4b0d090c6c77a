//! The verdict for people: a line a schedule, then each difference.
//!
//! Text that the service or its test made is shown escaped.

use std::fmt::Write as _;

use super::{Case, Divergence, Field, RunLine, Seen, Verdict};
use crate::report::escape::visible;
use crate::report::words::count;

/// How it looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) color: bool,
    pub(crate) verbose: bool,
    pub(crate) quiet: bool,
}

impl Look {
    fn painted(self, style: &str, text: &str) -> String {
        if self.color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

const NAME: &str = "1";
const RED: &str = "1;31";
const GREEN: &str = "1;32";
const BLUE: &str = "1;34";

/// Once the baseline is measured.
pub(crate) fn baseline(verdict: &Verdict, look: Look) -> String {
    if look.quiet {
        return String::new();
    }
    let mut text = format!("{:<12}{} x {}\n", "replicas", verdict.replicas, visible(&verdict.service));
    let noise = match verdict.noise.len() {
        0 => String::new(),
        1 => "; 1 field differs on one replica too and is not compared".to_owned(),
        number => format!("; {number} fields differ on one replica too and are not compared"),
    };
    let _ = writeln!(text, "{:<12}{}{noise}", "baseline", count(verdict.requests, "request"));
    if look.verbose {
        for (route, path, sort) in &verdict.noise {
            let _ = writeln!(text, "{:<12}{}  {}: {}", "", visible(route), visible(path), sort.words());
        }
    }
    text
}

/// Once a schedule is done.
pub(crate) fn run(line: &RunLine, look: Look) -> String {
    if look.quiet {
        return String::new();
    }
    let mut text = format!("{:<12}{} same", line.schedule.to_string(), line.same);
    if line.differ > 0 {
        text += &look.painted(RED, &format!(", {} differ", line.differ));
    }
    if line.absent > 0 {
        let _ = write!(text, ", {} never came", line.absent);
    }
    if line.cut > 0 {
        let _ = write!(text, ", {} cut off by the kill", line.cut);
    }
    if line.drained > 0 {
        let _ = write!(text, "; {} under way when asked to end", line.drained);
        if line.unfinished > 0 {
            text += &look.painted(RED, &format!(", {} not finished", line.unfinished));
        }
    }
    if let Some((status, _)) = &line.failed {
        let _ = write!(text, "; the test fails ({status})");
    }
    text + "\n"
}

/// In the end.
pub(crate) fn verdict(verdict: &Verdict, look: Look) -> String {
    let mut text = String::new();
    for warning in &verdict.warnings {
        let _ = writeln!(text, "\n{}: {}", look.painted("1;33", "warning"), visible(warning));
    }
    for divergence in &verdict.divergences {
        text += &one(divergence, look);
    }
    if verdict.divergences.is_empty()
        && let Some((line, (status, output))) =
            verdict.runs.iter().find_map(|line| Some((line, line.failed.as_ref()?)))
    {
        let _ = writeln!(
            text,
            "\n{}: the test fails with {}, although no answer differs: {status}{output}",
            look.painted(RED, "error"),
            line.schedule
        );
    }
    if !look.quiet {
        text += &coverage(verdict, look);
    }
    text += &scorecard(verdict);
    let schedules = verdict.runs.len();
    let said = match (verdict.stateless(), verdict.divergences.len()) {
        (true, _) => {
            look.painted(GREEN, "stateless")
                + &format!(": no answer depends on the replica, over {}", count(schedules, "schedule"))
        }
        (false, 0) => look.painted(RED, "not stateless") + ": the test needs one replica",
        (false, number) => look.painted(RED, "not stateless") + ": " + &count(number, "difference"),
    };
    if !look.quiet || !verdict.stateless() {
        let _ = writeln!(text, "\n{said}");
    }
    text
}

/// The numbers, beside those of before where there are some.
fn scorecard(verdict: &Verdict) -> String {
    let Some(card) = &verdict.scorecard else { return String::new() };
    let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let mut text = format!("\n{:<40}", "scorecard");
    if verdict.before.is_some() {
        let _ = write!(text, "{:<18}now", "before");
    }
    text = text.trim_end().to_owned() + "\n";
    let before = verdict.before.as_ref().map(|before| before.rows());
    for (at, (name, value)) in card.rows().into_iter().enumerate() {
        let was = before.as_ref().and_then(|rows| rows.get(at)).map(|(_, value)| shown(value.clone()));
        let was = was.map_or_else(String::new, |was| format!("{was:<18}"));
        let _ = writeln!(text, "  {name:<38}{was}{}", shown(value));
    }
    text
}

/// What was shown and what was not.
fn coverage(verdict: &Verdict, look: Look) -> String {
    let mut text = String::new();
    let (all, never) = (verdict.coverage.all(), verdict.coverage.never_crossed().count());
    if all > 0 {
        let _ = writeln!(
            text,
            "\ncovered     {} of {all} pairs of routes that depend on each other were served by different processes",
            all - never
        );
        for (writer, reader) in verdict.coverage.never_crossed() {
            let _ = writeln!(text, "{:<12}never: {}, then {}", "", visible(writer), visible(reader));
        }
    }
    let unseen = &verdict.without_witness;
    if !unseen.is_empty() {
        let _ = writeln!(
            text,
            "{:<12}{} of `check` without a witness{}",
            "",
            count(unseen.len(), "finding"),
            if look.verbose { ":" } else { " (-v lists them)" }
        );
        for finding in unseen.iter().filter(|_| look.verbose) {
            let _ = writeln!(text, "{:<12}{}", "", visible(finding));
        }
    }
    text
}

/// Whether a recorded failure is still there.
pub(crate) fn replayed(case: &Case, fields: &[Field], look: Look) -> String {
    if fields.is_empty() {
        return format!("{} {}\n", look.painted(GREEN, "FIXED"), visible(&case.title));
    }
    let mut text = format!("{} {}\n", look.painted(RED, "FAILED"), visible(&case.title));
    for field in fields {
        let _ = writeln!(text, "  {}", differs(field));
    }
    text
}

/// One difference as a diagnostic.
pub(super) fn one(divergence: &Divergence, look: Look) -> String {
    let (reader, cause) = (&divergence.reader, divergence.explanation.cause);
    let head = format!("error[{}]", cause.name());
    let mut text = format!("\n{}: {}\n", look.painted(RED, &head), look.painted(NAME, &title(divergence)));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {} {value}", look.painted(BLUE, &format!("{name:<9}")));
    };
    if let Some(writer) = &divergence.writer {
        let gave = divergence
            .explanation
            .link
            .as_ref()
            .map_or_else(String::new, |link| format!(", which gave out {}", visible(&link.issued.name)));
        line("writer", &format!("{}{gave}", request(writer)));
    }
    let carried =
        divergence.explanation.link.as_ref().map_or_else(String::new, |link| {
            format!(", which carries it in {}", visible(&link.carried.place))
        });
    line("reader", &format!("{}{carried}", request(reader)));
    let shown = if look.verbose { usize::MAX } else { 4 };
    for field in divergence.fields.iter().filter(|field| field.path != "status").take(shown) {
        line("differs", &differs(field));
    }
    if divergence.fields.len() > shown {
        line("", &format!("and {}", count(divergence.fields.len() - shown, "more field")));
    }
    line("cause", cause.words());
    if let Some(help) = cause.help() {
        line("help", help);
    }
    if let Some(claim) = &divergence.explanation.claim {
        line(
            "state",
            &format!("{}:{}:{} {}", visible(&claim.file), claim.line, claim.column, visible(&claim.text)),
        );
        line("", &format!("{}: {} [{}]", claim.rule, visible(&claim.title), &claim.fingerprint[..8]));
        line("help", &visible(&claim.help));
        if let Some(lands) = claim.lands {
            line("lands in", lands);
        }
        for (at, code) in claim.accessor.iter().enumerate() {
            line(if at == 0 { "accessor" } else { "" }, code);
        }
    }
    let schedules: Vec<String> = divergence.schedules.iter().map(ToString::to_string).collect();
    line("seen with", &schedules.join(", "));
    if let Some(small) = &divergence.shrunk {
        let (requests, replays) = (count(small.requests, "request"), count(small.replays, "replay"));
        line("shrunk", &format!("to {requests} in {replays}"));
        line(
            "replay",
            &format!("cargo stateless verify --replay {}", visible(&small.file.to_string_lossy())),
        );
    }
    text
}

/// One line: what was seen.
pub(crate) fn title(divergence: &Divergence) -> String {
    let reader = &divergence.reader;
    let (line, replica) = (visible(&reader.line), reader.replica);
    match divergence.fields.first() {
        Some(field) if field.path == "status" => {
            let verb = if reader.status.starts_with("no answer") { "gets" } else { "answers" };
            format!(
                "{line} on replica {replica} {verb} {}, on one replica {}",
                reader.status, divergence.expected
            )
        }
        _ => format!("{line} on replica {replica} answers something else than on one replica"),
    }
}

fn request(seen: &Seen) -> String {
    format!("#{} {} on replica {}", seen.number, visible(&seen.line), seen.replica)
}

/// A field that differs. One that is not there has no value.
fn differs(field: &Field) -> String {
    let words = |text: &str| if text.is_empty() { "nothing".to_owned() } else { visible(text).into_owned() };
    format!("{}: {}, on one replica {}", visible(&field.path), words(&field.is), words(&field.was))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::compare::Kind;

    #[test]
    fn a_field_that_is_not_there_is_said_to_be_nothing() {
        let case = r#"{"version": 1, "title": "GET / differs", "serve": "", "ready": null, "reset": null,
                       "steps": [], "noise": []}"#;
        let case: Case = serde_json::from_str(case).unwrap();
        let field =
            Field { path: "header.etag".into(), kind: Kind::Presence, was: "x".into(), is: String::new() };
        let look = Look { color: false, verbose: false, quiet: false };
        let text = replayed(&case, &[field], look);
        assert_eq!(text, "FAILED GET / differs\n  header.etag: nothing, on one replica x\n");
    }
}
