//! Alert rules for Prometheus over the metrics of `stateless-store`, and their tests.
//!
//! Only what the store itself says is asked, so the rules hold for any service that uses it,
//! whatever its web framework calls its own metrics.

use serde_json::{Value, json};

use super::{Wishes, emit};

/// Names that `store/src/observe.rs` gives out; a test compares them.
pub(super) const OPERATIONS: &str = "stateless_store_operations_total";
pub(super) const SECONDS: &str = "stateless_store_operation_seconds";
pub(super) const MISSES: &str = "stateless_store_misses_total";
pub(super) const CONFLICTS: &str = "stateless_store_conflicts_total";
pub(super) const REPEATS: &str = "stateless_store_repeats_total";
pub(super) const ROUND_TRIPS: &str = "stateless_store_round_trips_total";

/// Outcomes that are the store's fault; the others are answers.
pub(super) const FAULTS: &str = "timeout|unreachable|interrupted|rejected";

/// The share of operations that failed.
pub(super) fn errors(window: &str) -> String {
    format!(
        "sum by (job, accessor) (rate({OPERATIONS}{{outcome=~\"{FAULTS}\"}}[{window}]))\n  / sum by (job, accessor) (rate({OPERATIONS}[{window}]))"
    )
}

/// The slowest hundredth, from buckets or from the exporter's own quantiles.
pub(super) fn slowest(window: &str) -> String {
    format!(
        "(\n  histogram_quantile(0.99, sum by (job, accessor, le) (rate({SECONDS}_bucket[{window}])))\n  or max by (job, accessor) ({SECONDS}{{quantile=\"0.99\"}})\n)"
    )
}

/// The share of sessions that were asked for and are not there.
pub(super) fn lost(sessions: &str, window: &str) -> String {
    format!(
        "sum by (job, accessor) (rate({MISSES}{{accessor=~\"{sessions}\", operation=\"load\"}}[{window}]))\n  / sum by (job, accessor) (rate({OPERATIONS}{{accessor=~\"{sessions}\", operation=\"load\"}}[{window}]))"
    )
}

/// How much more the busiest replica does than the average one.
pub(super) fn uneven(window: &str) -> String {
    let each = format!("sum by (job, instance) (rate({OPERATIONS}[{window}]))");
    format!("max by (job) ({each})\n  / avg by (job) ({each})")
}

pub(super) fn rules(wishes: &Wishes) -> String {
    let busy = format!("avg by (job) (sum by (job, instance) (rate({OPERATIONS}[15m])))");
    let rules = [
        rule(
            "StoreErrors",
            &format!("{}\n  > 0.01", errors("5m")),
            "5m",
            "page",
            "The store fails {{ $value | humanizePercentage }} of the operations on {{ $labels.accessor }}",
        ),
        rule(
            "StoreSlow",
            &format!("{}\n  > 0.25", slowest("5m")),
            "10m",
            "page",
            "The slowest hundredth of the operations on {{ $labels.accessor }} takes {{ $value | humanizeDuration }}",
        ),
        rule(
            "SessionsLost",
            &format!("{}\n  > 0.05", lost(&wishes.sessions, "10m")),
            "10m",
            "page",
            "{{ $value | humanizePercentage }} of the cookies on {{ $labels.accessor }} lead to no session: their requests get 401",
        ),
        rule(
            "UnevenLoad",
            &format!("{}\n  > 1.5\nand {busy}\n  > 1", uneven("15m")),
            "15m",
            "ticket",
            "One replica of {{ $labels.job }} does {{ $value | humanize }} times the average: something still pins clients",
        ),
    ];
    let value = json!({"groups": [{"name": "stateless-store", "rules": rules}]});
    let why = [
        (
            "groups",
            "Over the metrics of stateless-store. Test them with: promtool test rules alerts.test.yaml",
        ),
        (
            "groups.0.rules.0",
            "Only faults of the store count: a conflict, or a record that is not there, is an answer.",
        ),
        (
            "groups.0.rules.1",
            "From buckets, or from quantiles where the exporter makes a summary of histograms.",
        ),
        (
            "groups.0.rules.2",
            "401 after a valid cookie. The store is only asked for a session where a request carries\na cookie; one that is not there was lost, or never written where this replica looks.\nExpired ones are a few: raise the limit if your sessions are short.",
        ),
        (
            "groups.0.rules.3",
            "Stickiness left somewhere. Random clients on 3 replicas reach 1.3; pinned ones go beyond.\nBelow one operation a second chance alone is uneven.",
        ),
    ];
    emit::yaml(&value, &why)
}

fn rule(name: &str, expr: &str, wait: &str, severity: &str, summary: &str) -> Value {
    json!({
        "alert": name,
        "expr": expr,
        "for": wait,
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    })
}

/// For each alert a time at which it is silent and one at which it fires.
pub(super) fn tests() -> String {
    let series = |name: &str, labels: &str, instance: &str, values: &str| {
        json!({
            "series": format!("{name}{{job=\"shop\", instance=\"{instance}\", {labels}}}"),
            "values": values,
        })
    };
    let load = "accessor=\"session\", operation=\"load\"";
    let ok = &format!("{load}, outcome=\"ok\"");
    // A quiet half hour, then trouble for an hour.
    let operations = [
        series(OPERATIONS, ok, "a", "0+600x90"),
        series(OPERATIONS, ok, "b", "0+600x30 18000+0x60"),
        series(OPERATIONS, ok, "c", "0+600x30 18000+0x60"),
        series(OPERATIONS, &format!("{load}, outcome=\"unreachable\""), "a", "0+0x30 0+60x60"),
        series(MISSES, load, "a", "0+1x30 30+120x60"),
        series(&format!("{SECONDS}_bucket"), &format!("{ok}, le=\"0.01\""), "a", "0+600x30 18000+0x60"),
        series(&format!("{SECONDS}_bucket"), &format!("{ok}, le=\"1\""), "a", "0+600x90"),
        series(&format!("{SECONDS}_bucket"), &format!("{ok}, le=\"+Inf\""), "a", "0+600x90"),
    ];
    let expect = |at: &str, name: &str, labels: Value| json!({"eval_time": at, "alertname": name, "exp_alerts": labels});
    let silent = |name: &str| expect("25m", name, json!([]));
    let fires = |name: &str, labels: Value, summary: &str| {
        expect("80m", name, json!([{"exp_labels": labels, "exp_annotations": {"summary": summary}}]))
    };
    let of = |severity: &str| json!({"severity": severity, "job": "shop", "accessor": "session"});
    let cases = json!([
        silent("StoreErrors"),
        silent("StoreSlow"),
        silent("SessionsLost"),
        silent("UnevenLoad"),
        fires("StoreErrors", of("page"), "The store fails 9.091% of the operations on session"),
        fires("StoreSlow", of("page"), "The slowest hundredth of the operations on session takes 990.1ms"),
        fires(
            "SessionsLost",
            of("page"),
            "18.18% of the cookies on session lead to no session: their requests get 401"
        ),
        fires(
            "UnevenLoad",
            json!({"severity": "ticket", "job": "shop"}),
            "One replica of shop does 3 times the average: something still pins clients"
        ),
    ]);
    let value = json!({
        "rule_files": ["alerts.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": operations, "alert_rule_test": cases}],
    });
    let why = [
        ("rule_files", "Run by `promtool test rules`. Change it together with the limits in alerts.yaml."),
        (
            "tests.0.input_series",
            "Half an hour of three equal replicas, then an hour in which one gets everything, a tenth\nof it fails, sessions are missing and answers take a second.",
        ),
    ];
    emit::yaml(&value, &why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_that_the_store_gives_out() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/src/observe.rs");
        let store = std::fs::read_to_string(path).expect("the store lies beside the tool");
        for name in [OPERATIONS, SECONDS, MISSES, CONFLICTS, REPEATS, ROUND_TRIPS] {
            assert!(store.contains(&format!("\"{name}\"")), "{name}");
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/src/error.rs");
        let errors = std::fs::read_to_string(path).expect("the store lies beside the tool");
        for outcome in FAULTS.split('|') {
            assert!(errors.contains(&format!("=> \"{outcome}\"")), "{outcome}");
        }
    }
}
