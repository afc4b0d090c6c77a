//! A dashboard for Grafana over the metrics of `stateless-store`.

use serde_json::{Value, json};

use super::Wishes;
use super::alerts::{self, CONFLICTS, OPERATIONS, REPEATS, ROUND_TRIPS};

/// Two panels stand beside each other.
const WIDTH: usize = 12;
const HEIGHT: usize = 8;

pub(super) fn json(wishes: &Wishes) -> String {
    let rate = |name: &str, by: &str| format!("sum by ({by}) (rate({name}{{job=~\"$job\"}}[5m]))");
    let panels = [
        ("Operations a second, by replica", "ops", rate(OPERATIONS, "instance"), "{{instance}}"),
        ("Busiest replica against the average (1 is even)", "none", alerts::uneven("5m"), "{{job}}"),
        ("Operations a second, by accessor", "ops", rate(OPERATIONS, "accessor"), "{{accessor}}"),
        ("Share that failed", "percentunit", alerts::errors("5m"), "{{accessor}}"),
        ("Slowest hundredth", "s", alerts::slowest("5m"), "{{accessor}}"),
        ("Cookies without a session", "percentunit", alerts::lost(&wishes.sessions, "5m"), "{{accessor}}"),
        ("Answers that are no value, by outcome", "ops", others(), "{{accessor}} {{outcome}}"),
        (
            "Round trips an operation",
            "none",
            format!("{}\n  / {}", rate(ROUND_TRIPS, "accessor"), rate(OPERATIONS, "accessor")),
            "{{accessor}}",
        ),
        ("Conflicts a second", "ops", rate(CONFLICTS, "accessor"), "{{accessor}}"),
        ("Repeats a second", "ops", rate(REPEATS, "accessor"), "{{accessor}}"),
    ];
    let panels: Vec<Value> = panels
        .iter()
        .enumerate()
        .map(|(at, (title, unit, expr, legend))| panel(at, title, unit, expr, legend))
        .collect();
    let dashboard = json!({
        "title": "Stateless store",
        "uid": "stateless-store",
        "schemaVersion": 39,
        "editable": true,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "tags": ["stateless"],
        "templating": {"list": [
            {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"},
            {
                "name": "job", "label": "Job", "type": "query", "multi": true, "includeAll": true,
                "datasource": {"type": "prometheus", "uid": "$source"},
                "query": format!("label_values({OPERATIONS}, job)"), "refresh": 2,
            },
        ]},
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

fn others() -> String {
    format!("sum by (accessor, outcome) (rate({OPERATIONS}{{job=~\"$job\", outcome!=\"ok\"}}[5m]))")
}

fn panel(at: usize, title: &str, unit: &str, expr: &str, legend: &str) -> Value {
    json!({
        "id": at + 1,
        "title": title,
        "type": "timeseries",
        "datasource": {"type": "prometheus", "uid": "$source"},
        "gridPos": {"x": at % 2 * WIDTH, "y": at / 2 * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "expr": expr, "legendFormat": legend}],
    })
}
