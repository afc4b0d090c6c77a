//! `deploy fix` and `deploy generate` as commands: what they write, what they refuse.

use std::path::Path;
use std::process::Command;

use crate::support::{Run, SERVICE, Tree, binary, manifest, run};

const SERVICE_YAML: &str = "# Shop.
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  sessionAffinity: ClientIP
  ports: [{port: 80}]
";
const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/affinity: cookie
    other: \"1\"
";
const BALANCER: &str = "resource \"aws_lb_target_group\" \"a\" {
  stickiness {
    enabled = true
    type    = \"lb_cookie\"
  }
}
";

fn deploy(arguments: &[&str], root: &Path) -> Run {
    let mut command = binary();
    command.arg("deploy").arg(arguments[0]).arg(root).args(&arguments[1..]);
    run(command)
}

fn read(tree: &Tree, path: &str) -> String {
    std::fs::read_to_string(tree.path(path)).unwrap()
}

fn git(tree: &Tree, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(tree.root()).args(["-c", "user.name=a", "-c", "user.email=a@example.com"]);
    assert!(command.args(arguments).output().unwrap().status.success(), "{arguments:?}");
}

#[test]
fn one_step_after_another() {
    let tree = Tree::new();
    tree.file("k8s/service.yaml", SERVICE_YAML).file("k8s/ingress.yaml", INGRESS).file("main.tf", BALANCER);
    let first = deploy(&["fix", "--only", "service"], tree.root());
    assert_eq!(first.code, Some(0));
    assert_eq!(
        first.stdout,
        "service: k8s/service.yaml:6: `sessionAffinity: ClientIP` pins a client's address to one replica\n1 file changed\n"
    );
    assert_eq!(read(&tree, "k8s/service.yaml"), SERVICE_YAML.replace("  sessionAffinity: ClientIP\n", ""));
    assert_eq!((read(&tree, "k8s/ingress.yaml"), read(&tree, "main.tf")), (INGRESS.into(), BALANCER.into()));

    let second = deploy(&["fix", "--only", "ingress"], tree.root());
    assert!(second.stdout.starts_with("ingress: k8s/ingress.yaml:6"), "{}", second.stdout);
    assert_eq!(read(&tree, "main.tf"), BALANCER);

    let third = deploy(&["fix", "--only", "balancer"], tree.root());
    assert!(third.stdout.starts_with("balancer: main.tf:2"), "{}", third.stdout);
    assert_eq!(read(&tree, "main.tf"), BALANCER.replace("true", "false"));
    assert_eq!(deploy(&["fix"], tree.root()).stdout, "0 files changed\n", "a second run proposes nothing");
}

#[test]
fn all_at_once_is_told_from_the_inside_out() {
    let tree = Tree::new();
    tree.file("a.tf", BALANCER).file("b.yaml", INGRESS).file("c.yaml", SERVICE_YAML);
    let said = deploy(&["fix"], tree.root()).stdout;
    let steps: Vec<&str> =
        said.lines().filter_map(|line| line.split_once(": ").map(|(step, _)| step)).collect();
    assert_eq!(steps, ["service", "ingress", "balancer"]);
}

#[test]
fn what_git_could_not_restore_is_not_changed() {
    let tree = Tree::new();
    tree.file("service.yaml", SERVICE_YAML).file("other.txt", "1");
    git(&tree, &["init", "-q"]);
    let untracked = deploy(&["fix"], tree.root());
    assert_eq!(untracked.code, Some(2));
    assert!(untracked.stderr.contains("has uncommitted changes"), "{}", untracked.stderr);
    assert!(untracked.stderr.contains("--allow-dirty"));
    git(&tree, &["add", "-A"]);
    git(&tree, &["commit", "-q", "-m", "a"]);
    let changed = SERVICE_YAML.replace("# Shop.", "# The shop.");
    tree.file("service.yaml", &changed).file("other.txt", "2");
    assert_eq!(deploy(&["fix"], tree.root()).code, Some(2));
    assert_eq!(read(&tree, "service.yaml"), changed);
    assert_eq!(deploy(&["fix", "--diff"], tree.root()).code, Some(0), "looking is free");
    assert_eq!(deploy(&["fix", "--allow-dirty"], tree.root()).stdout.lines().last(), Some("1 file changed"));
    assert_eq!(read(&tree, "service.yaml"), changed.replace("  sessionAffinity: ClientIP\n", ""));
    git(&tree, &["checkout", "-q", "service.yaml"]);
    assert_eq!(deploy(&["fix"], tree.root()).code, Some(0), "another file's changes do not matter");
}

#[test]
fn the_diff_is_what_git_applies() {
    let tree = Tree::new();
    tree.file("k8s/service.yaml", SERVICE_YAML.replace('\n', "\r\n")).file("main.tf", BALANCER);
    git(&tree, &["init", "-q"]);
    let diff = deploy(&["fix", "--diff"], tree.root()).stdout;
    assert_eq!(read(&tree, "main.tf"), BALANCER, "nothing is changed");
    tree.file("fix.diff", &diff);
    git(&tree, &["apply", "fix.diff"]);
    let wanted = SERVICE_YAML.replace("  sessionAffinity: ClientIP\n", "").replace('\n', "\r\n");
    assert_eq!(read(&tree, "k8s/service.yaml"), wanted);
    assert_eq!(read(&tree, "main.tf"), BALANCER.replace("true", "false"));
}

#[test]
fn what_the_code_needs_stays_without_force() {
    let tree = Tree::new();
    tree.file("deploy/service.yaml", SERVICE_YAML)
        .file("app/Cargo.toml", manifest("app"))
        .file("app/src/main.rs", SERVICE);
    let code = tree.path("app");
    let code = code.to_str().unwrap();
    let kept = deploy(&["fix", "--code", code], &tree.path("deploy"));
    assert_eq!(kept.stdout, "0 files changed\n");
    assert!(kept.stderr.contains("it hides `SESSIONS` in src/main.rs:9"), "{}", kept.stderr);
    let forced = deploy(&["fix", "--code", code, "--force"], &tree.path("deploy"));
    assert_eq!(forced.stdout.lines().last(), Some("1 file changed"));
}

#[test]
fn a_mark_at_the_start_and_permissions_stay() {
    let tree = Tree::new();
    tree.file("service.yaml", format!("\u{feff}{SERVICE_YAML}"));
    let path = tree.path("service.yaml");
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    deploy(&["fix"], tree.root());
    assert_eq!(
        read(&tree, "service.yaml"),
        format!("\u{feff}{}", SERVICE_YAML.replace("  sessionAffinity: ClientIP\n", ""))
    );
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777,
        0o640
    );
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop
        image: shop:1
        ports:
        - containerPort: 80
";

#[test]
fn findings_about_the_code_know_how_many_replicas_run() {
    let tree = Tree::new();
    let scaler = |most: &str| {
        format!(
            "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: shop}}
spec:
  scaleTargetRef: {{kind: Deployment, name: shop}}
  minReplicas: 2
  maxReplicas: {most}
"
        )
    };
    tree.file("app/Cargo.toml", manifest("app"))
        .file("app/src/main.rs", SERVICE)
        .file("one/shop.yaml", DEPLOYMENT)
        .file("three/shop.yaml", DEPLOYMENT.replace("  selector", "  replicas: 3\n  selector"))
        .file("many/shop.yaml", DEPLOYMENT)
        .file("many/scaler.yaml", scaler("9"))
        .file("unknown/shop.yaml", DEPLOYMENT.replace("  selector", "  replicas: ${REPLICAS}\n  selector"))
        .file("some/shop.yaml", DEPLOYMENT)
        .file("some/scaler.yaml", scaler("${MOST}"))
        .file("keda/shop.yaml", DEPLOYMENT)
        .file(
            "keda/scaler.yaml",
            "apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: shop}
spec:
  scaleTargetRef: {name: shop}
  minReplicaCount: 1
",
        )
        .file("database/db.yaml", DEPLOYMENT.replace("shop:1", "postgres:16"));
    let effect = |folder: &str| {
        let mut command = binary();
        command
            .arg("check")
            .arg(tree.path("app"))
            .args(["--format", "json", "--deploy"])
            .arg(tree.path(folder));
        let report = run(command).json();
        report["findings"][0]["effect"]["replicas"].as_str().unwrap().to_owned()
    };
    let without = effect("database");
    assert!(!without.contains("Deployment"), "{without}");
    let more = |said: &str| format!("{without}; {said}");
    assert_eq!(effect("one"), more("Deployment shop runs one replica (shop.yaml:4)"));
    assert_eq!(effect("three"), more("Deployment shop runs 3 replicas (shop.yaml:5)"));
    assert_eq!(effect("many"), more("Deployment shop runs 2 to 9 replicas (scaler.yaml:4)"));
    assert_eq!(effect("keda"), more("Deployment shop runs 1 to 100 replicas (scaler.yaml:4)"));
    assert_eq!(effect("unknown"), without, "a variable is no number");
    assert_eq!(effect("some"), without, "nor is it one of an autoscaler");
    let missing = deploy_missing(&tree);
    assert_eq!(missing.code, Some(2));
}

fn deploy_missing(tree: &Tree) -> Run {
    let mut command = binary();
    command.arg("check").arg(tree.path("app")).arg("--deploy").arg(tree.path("none"));
    run(command)
}

#[test]
fn generate_overwrites_nothing_unless_told() {
    let tree = Tree::new();
    tree.file("k8s/shop.yaml", DEPLOYMENT).file("out/k8s/alerts.yaml", "mine\n");
    let out = tree.path("out");
    let arguments = ["generate", "--into", out.to_str().unwrap()];
    let refused = deploy(&arguments, tree.root());
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("alerts.yaml` is there already; nothing was written"),
        "{}",
        refused.stderr
    );
    assert!(!tree.path("out/k8s/shop.yaml").exists(), "none is written where one is in the way");
    let forced = deploy(&[&arguments[..], &["--force"]].concat(), &tree.path("k8s"));
    assert_eq!(forced.code, Some(0));
    assert_eq!(forced.stdout.lines().last(), Some("7 files written"), "{}", forced.stdout);
    assert_eq!(read(&tree, "out/k8s/alerts.yaml"), "mine\n", "of another folder");
    assert!(read(&tree, "out/alerts.yaml").contains("StoreErrors"));
    let again = deploy(&arguments, &tree.path("k8s"));
    assert_eq!(again.stdout, "0 files written\n", "what says the same is not in the way");
    assert_eq!(read(&tree, "k8s/shop.yaml"), DEPLOYMENT, "the file itself stays");
}

#[test]
fn generate_says_what_it_cannot_make() {
    let tree = Tree::new();
    tree.file("a.yaml", SERVICE_YAML);
    let nothing = deploy(&["generate", "--into", "/dev/null/x"], tree.root());
    assert_eq!((nothing.code, &*nothing.stdout), (Some(0), "0 files written\n"));
    let missing = deploy(&["generate", "--into", "x"], &tree.path("none"));
    assert_eq!(missing.code, Some(2));
    let version = deploy(&["generate", "--into", "x", "--kubernetes", "new"], tree.root());
    assert_eq!(version.code, Some(2));
    assert!(version.stderr.contains("as in 1.30"), "{}", version.stderr);
}

/// A `helm` that says what the real one would say about the chart below.
#[cfg(unix)]
const HELM: &str = "#!/bin/sh
[ \"$1\" = template ] || exit 1
[ -f \"$3/Chart.yaml\" ] || exit 1
if grep -q 'broken: true' \"$3/values.yaml\"; then echo 'Error: parse error' >&2; exit 1; fi
cat <<'END'
---
# Source: shop/templates/on.yaml
apiVersion: v1
kind: Service
metadata:
  name: on
spec:
  sessionAffinity: ClientIP
---
# Source: shop/templates/hash.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: hash
  annotations:
    nginx.ingress.kubernetes.io/upstream-hash-by: \"$request_uri\"
spec: {}
---
# Source: shop/templates/tests/single.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: single
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: single
          image: shop:1
---
# Source: shop/templates/off.yaml
apiVersion: v1
kind: Service
metadata:
  name: off
spec:
  type: ClusterIP
END
";

#[cfg(unix)]
#[test]
fn helm_says_what_is_really_there() {
    let tree = Tree::new();
    let template = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec:\n  type: ClusterIP\n  {{{{- if .Values.{value} }}}}\n  sessionAffinity: ClientIP\n  {{{{- end }}}}\n"
        )
    };
    tree.file("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
        .file("chart/values.yaml", "on: \"yes, please\"\noff: \"\"\n")
        .file("chart/templates/on.yaml", template("on"))
        .file("chart/templates/off.yaml", template("off"))
        .file(
            "chart/templates/hash.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: hash\n  annotations:\n    a: b\n    {{- if .Values.on }}\n    nginx.ingress.kubernetes.io/upstream-hash-by: \"$request_uri\"\n    {{- end }}\nspec: {}\n",
        )
        .file(
            "chart/templates/tests/single.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: single}\nspec:\n  {{- if .Values.on }}\n  replicas: 1\n  {{- end }}\n  template:\n    spec: {containers: [{name: single, image: 'shop:1'}]}\n",
        )
        .file("bin/helm", HELM);
    std::fs::set_permissions(tree.path("bin/helm"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let check_in = |folder: &str, more: &[&str], path: &str| {
        let mut command = binary();
        command.args(["deploy", "check", "--format", "json"]).arg(tree.path(folder)).args(more);
        run({
            command.env("PATH", format!("{path}:/usr/bin:/bin"));
            command
        })
    };
    let check = |more: &[&str], path: &str| check_in("chart", more, path);
    let bin = tree.path("bin").display().to_string();
    let levels = |run: &Run| {
        let report = run.json();
        let all = report["findings"].as_array().unwrap().iter();
        let sticky = all.filter(|one| one["form"] == "service-session-affinity");
        sticky.map(|one| format!("{} {}", one["path"], one["level"])).collect::<Vec<_>>()
    };
    let off = "\"templates/off.yaml\" \"warning\"";
    assert_eq!(levels(&check(&[], &bin)), [off, "\"templates/on.yaml\" \"warning\""]);
    let rendered = check(&["--render"], &bin);
    assert_eq!(levels(&rendered), [off, "\"templates/on.yaml\" \"error\""]);
    assert!(rendered.stdout.contains("with the chart's own values does not have it"));
    // What is only worth a note stays one.
    let report = rendered.json();
    for form in ["ingress-hash", "one-replica"] {
        let one = report["findings"].as_array().unwrap().iter().find(|one| one["form"] == form).unwrap();
        let notes = one["notes"].to_string();
        assert!(notes.contains("with the chart's own values has it"), "{form}: {notes}");
        assert_eq!(one["level"], "note", "{form}");
    }
    let inside = check_in("chart/templates", &["--render"], &bin);
    assert_eq!(levels(&inside), ["\"off.yaml\" \"warning\"", "\"on.yaml\" \"error\""]);
    // Only the chart's own folder of that name holds templates.
    tree.file("templates/chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
        .file("templates/chart/values.yaml", "")
        .file("templates/chart/files/on.yaml", template("on"));
    let outside = check_in("templates/chart", &["--render"], &bin);
    assert_eq!(levels(&outside), ["\"files/on.yaml\" \"warning\""]);
    assert!(!outside.stdout.contains("helm template"), "{}", outside.stdout);
    let lacking = check(&["--render"], "/none");
    assert!(lacking.stdout.contains("`helm` cannot be started"), "{}", lacking.stdout);
    assert_eq!(levels(&lacking), levels(&check(&[], &bin)));
    tree.file("chart/values.yaml", "broken: true\n");
    assert!(check(&["--render"], &bin).stdout.contains("not rendered: Error: parse error"));
}
