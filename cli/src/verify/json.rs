//! The verdict for programs.

use serde_json::{Value, json};

use super::{Divergence, RunLine, Seen, Verdict};

/// Everything, in one object.
pub(crate) fn value(verdict: &Verdict) -> Value {
    json!({
        "version": 1,
        "stateless": verdict.stateless(),
        "service": verdict.service,
        "replicas": verdict.replicas,
        "requests": verdict.requests,
        "noise": verdict.noise.iter().map(|(route, field, sort)| json!({"route": route, "field": field, "looks_like": sort.words()})).collect::<Vec<_>>(),
        "runs": verdict.runs.iter().map(run).collect::<Vec<_>>(),
        "divergences": verdict.divergences.iter().map(divergence).collect::<Vec<_>>(),
        "coverage": {
            "pairs": verdict.coverage.all(),
            "never_crossed": verdict.coverage.never_crossed()
                .map(|(writer, reader)| json!({"writer": writer, "reader": reader})).collect::<Vec<_>>(),
        },
        "without_witness": verdict.without_witness,
        "warnings": verdict.warnings,
        "scorecard": verdict.scorecard,
        "before": verdict.before,
    })
}

fn run(line: &RunLine) -> Value {
    json!({
        "schedule": line.schedule.to_string(),
        "same": line.same,
        "differ": line.differ,
        "absent": line.absent,
        "cut": line.cut,
        "under_way_when_asked_to_end": line.drained,
        "not_finished": line.unfinished,
        "test_failed": line.failed.as_ref().map(|(status, _)| status),
    })
}

fn divergence(divergence: &Divergence) -> Value {
    let explanation = &divergence.explanation;
    json!({
        "cause": explanation.cause.name(),
        "schedules": divergence.schedules.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "reader": seen(&divergence.reader),
        "expected_status": divergence.expected,
        "writer": divergence.writer.as_ref().map(seen),
        "carries": explanation.link.as_ref().map(|link| json!({
            "given_out_as": link.issued.name,
            "carried_in": link.carried.place,
        })),
        "fields": divergence.fields.iter().map(|field| json!({
            "field": field.path, "one_replica": field.was, "here": field.is,
        })).collect::<Vec<_>>(),
        "finding": explanation.claim.as_ref().map(|claim| json!({
            "rule": claim.rule,
            "title": claim.title,
            "symbol": claim.symbol,
            "file": claim.file,
            "line": claim.line,
            "column": claim.column,
            "fingerprint": claim.fingerprint,
            "landing": claim.landing,
            "help": claim.help,
            "accessor": (!claim.accessor.is_empty()).then(|| claim.accessor.join("\n")),
        })),
        "shrunk": divergence.shrunk.as_ref().map(|small| json!({
            "requests": small.requests, "replays": small.replays, "replay": small.file.to_string_lossy(),
        })),
    })
}

fn seen(seen: &Seen) -> Value {
    json!({"number": seen.number, "request": seen.line, "route": seen.route, "replica": seen.replica, "status": seen.status})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::evidence::{self, Evidence};
    use crate::verify::explain;
    use crate::verify::schedule::Schedule;

    /// What the one writes the other reads: a difference with a status that is no number, too.
    #[test]
    fn the_audit_reads_it() {
        let reader = Seen {
            number: 1,
            line: "GET /me".into(),
            route: "GET /me".into(),
            replica: 2,
            status: "no answer (cut off)".into(),
        };
        let one = Divergence {
            base: 0,
            writer_base: None,
            schedules: vec![Schedule::Kill],
            reader,
            expected: "200".into(),
            fields: Vec::new(),
            writer: None,
            explanation: explain::shutdown(),
            shrunk: None,
        };
        let verdict = Verdict { replicas: 3, requests: 1, divergences: vec![one], ..Verdict::default() };
        let read = evidence::read(&value(&verdict).to_string());
        let Ok(Evidence::Measured(measured)) = read else { panic!("{:?}", read.err()) };
        assert_eq!((measured.replicas, measured.divergences.len(), measured.stateless), (3, 1, false));
        assert_eq!(measured.divergences[0].reader.status.as_deref(), Some("no answer (cut off)"));
    }
}
