//! Findings that need more than one file, or more than one line.

use super::{check_all, said};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop
        image: shop:1
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {path: /ready, port: 80}}
        lifecycle: {preStop: {sleep: {seconds: 5}}}
";
const SCALER: &str = "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec: {scaleTargetRef: {kind: Deployment, name: shop}, minReplicas: 2, maxReplicas: 9}
";
const BUDGET: &str = "apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: shop}}}
";

#[test]
fn an_autoscaler_and_a_budget_may_stand_in_other_files() {
    assert_eq!(
        said(&check_all(&[("a.yaml", DEPLOYMENT)])),
        ["4 no-autoscaler note", "4 no-disruption-budget note"]
    );
    let all = [("a.yaml", DEPLOYMENT), ("hpa.yaml", SCALER), ("pdb.yaml", BUDGET)];
    assert_eq!(said(&check_all(&all)), ["5 replicas-beside-autoscaler warning"]);
    let elsewhere = [("a/b/c/d.yaml", DEPLOYMENT), ("x/y/z/hpa.yaml", SCALER), ("x/y/z/pdb.yaml", BUDGET)];
    assert_eq!(
        said(&check_all(&elsewhere)),
        ["4 no-autoscaler note", "4 no-disruption-budget note"],
        "another deployment of the same name"
    );
}

#[test]
fn a_replica_that_cannot_leave() {
    let without = DEPLOYMENT
        .replace("        readinessProbe: {httpGet: {path: /ready, port: 80}}\n", "")
        .replace("        lifecycle: {preStop: {sleep: {seconds: 5}}}\n", "");
    let all = [("a.yaml", &*without), ("hpa.yaml", SCALER), ("pdb.yaml", BUDGET)];
    assert_eq!(
        said(&check_all(&all)),
        ["5 replicas-beside-autoscaler warning", "10 no-pre-stop note", "10 no-readiness-probe warning"]
    );
    for long in ["{sleep: {seconds: 40}}", "{exec: {command: [sh, -c, sleep 40]}}"] {
        let text = DEPLOYMENT.replace("{sleep: {seconds: 5}}", long).replace("  replicas: 3\n", "");
        let all = [("a.yaml", &*text), ("hpa.yaml", SCALER), ("pdb.yaml", BUDGET)];
        assert_eq!(said(&check_all(&all)), ["13 short-grace-period warning"], "{long}");
    }
}

#[test]
fn a_claim_belongs_to_whoever_mounts_it() {
    let claim = "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
";
    let with = |image: &str| {
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: x}}
spec:
  replicas: 2
  template:
    spec:
      containers: [{{name: x, image: '{image}', volumeMounts: [{{name: d, mountPath: /data}}]}}]
      volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]
"
        )
    };
    let of = |image: &str| {
        let report = check_all(&[("a.yaml", &with(image)), ("b.yaml", claim)]);
        let claims = said(&report).into_iter().filter(|one| one.contains("read-write-once"));
        claims.collect::<Vec<_>>()
    };
    assert_eq!(of("shop:1"), ["5 read-write-once error"]);
    assert!(of("postgres:16").is_empty());
}

#[test]
fn values_turn_a_template_on() {
    let template = "apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  type: ClusterIP
  {{- if .Values.service.pin }}
  sessionAffinity: ClientIP
  {{- end }}
";
    let chart = |pin: &str| {
        let values = format!("service:\n  pin: {pin}\n");
        check_all(&[
            ("chart/Chart.yaml", "apiVersion: v2\nname: shop\n"),
            ("chart/values.yaml", &values),
            ("chart/templates/service.yaml", template),
        ])
    };
    let off = chart("false");
    assert_eq!(said(&off), ["8 service-session-affinity warning"]);
    let note = &off.findings[0].notes[0];
    assert!(note.contains("`service.pin` is off by default (chart/values.yaml:2)"), "{note}");
    let on = chart("true");
    assert_eq!(said(&on), ["8 service-session-affinity warning", "2 helm-values-sticky error"]);
}
