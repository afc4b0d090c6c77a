//! What is made for small folders: which objects, of which types, and what is left to people.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service as KubernetesService;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::*;
use crate::deploy::{tree::Node, yaml};
use crate::sink::Policy;
use crate::workspace::{self, Request};

const SHOP: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        # The only one.
        - name: shop
          image: shop:1
          ports:
            - containerPort: 3000

      terminationGracePeriodSeconds: 60 # slow orders
";

/// A service whose rooms are all that it keeps.
const ROOMS: &str = include_str!("../../../tests/deploy/rooms.rs.txt");

const SESSIONS: &str = "use std::{collections::HashMap, sync::Mutex};
use axum::{Router, routing::{get, post}};
static SESSIONS: Mutex<HashMap<String, String>> = Mutex::new(HashMap::new());
async fn login(token: String) { SESSIONS.lock().unwrap().insert(token, String::new()); }
async fn me(token: String) -> String { SESSIONS.lock().unwrap().get(&token).cloned().unwrap_or_default() }
#[tokio::main]
async fn main() {
    let app = Router::new().route(\"/login\", post(login)).route(\"/me\", get(me));
    axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:3000\").await.unwrap(), app).await.unwrap();
}
";

fn made(files: &[(&str, &str)], code: Option<&str>, wishes: &Wishes) -> Made {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let analysis = code.map(|code| {
        let source = tempfile::tempdir().unwrap();
        std::fs::create_dir(source.path().join("src")).unwrap();
        let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n";
        std::fs::write(source.path().join("Cargo.toml"), manifest).unwrap();
        std::fs::write(source.path().join("src/main.rs"), code).unwrap();
        let request = Request { path: source.path().to_owned(), ..Request::default() };
        crate::analyze(workspace::load(&request).unwrap(), &Policy::default(), &|_, _| {})
    });
    generate(folder.path(), analysis.as_ref(), wishes).unwrap()
}

fn text<'a>(made: &'a Made, path: &str) -> &'a str {
    let found = made.files.iter().find(|file| file.path == path);
    &found.unwrap_or_else(|| panic!("{path}: {:?}", made.kept)).text
}

fn paths(made: &Made) -> Vec<&str> {
    made.files.iter().map(|file| file.path.as_str()).collect()
}

/// Reads every object as its type, with unknown keys refused; answers with the kinds.
#[track_caller]
fn typed_objects(text: &str) -> Vec<String> {
    let read = yaml::read(text);
    assert!(read.errors.is_empty() && read.repeated.is_empty(), "{text}");
    let objects = read.documents.iter().filter(|root| root.get("kind").is_some());
    objects
        .map(|root: &Node| {
            let kind = root.text_at(&["kind"]).unwrap();
            let result = match kind {
                "Deployment" => typed::read::<Deployment>(text, root).map(drop),
                "HorizontalPodAutoscaler" => typed::read::<HorizontalPodAutoscaler>(text, root).map(drop),
                "PodDisruptionBudget" => typed::read::<PodDisruptionBudget>(text, root).map(drop),
                "Service" => typed::read::<KubernetesService>(text, root).map(drop),
                "Ingress" => typed::read::<Ingress>(text, root).map(drop),
                other => Err(format!("{other} is not expected")),
            };
            result.unwrap_or_else(|why| panic!("{why}\n{text}"));
            kind.to_owned()
        })
        .collect()
}

#[test]
fn a_deployment_gets_what_it_lacks() {
    let made = made(&[("base/shop.yaml", SHOP)], None, &Wishes::default());
    assert_eq!(
        paths(&made),
        [
            "base/alerts.test.yaml",
            "base/alerts.yaml",
            "base/canary.md",
            "base/dashboard.json",
            "base/shop-autoscaler.yaml",
            "base/shop-disruption-budget.yaml",
            "base/shop.yaml",
        ]
    );
    assert!(made.kept.is_empty(), "{:?}", made.kept);
    for path in ["base/shop-autoscaler.yaml", "base/shop-disruption-budget.yaml", "base/shop.yaml"] {
        assert_eq!(typed_objects(text(&made, path)).len(), 1);
    }
    let mut lines = SHOP.lines().filter(|line| !line.contains("replicas"));
    let changed = text(&made, "base/shop.yaml");
    let new: Vec<&str> = {
        let mut next = lines.next();
        let rest = changed.lines().filter(|line| {
            let same = next == Some(*line);
            if same {
                next = lines.next();
            }
            !same
        });
        rest.collect()
    };
    assert_eq!(lines.next(), None, "every other line is still there, in order");
    assert!(new.contains(&"          lifecycle:"), "{new:?}");
    assert!(changed.contains(
        "          lifecycle:\n            preStop:\n              sleep:\n                seconds: 5\n"
    ));
    assert!(changed.contains("tcpSocket"), "no path is known");
    assert!(changed.ends_with("\n\n      terminationGracePeriodSeconds: 60 # slow orders\n"));
}

#[test]
fn the_autoscaler_names_the_deployment_and_starts_where_it_is() {
    let shop = SHOP.replace("replicas: 1", "replicas: 4");
    let wishes = Wishes { most: 20, ..Wishes::default() };
    let made = made(&[("shop.yaml", &shop)], None, &wishes);
    let scaler = text(&made, "shop-autoscaler.yaml");
    assert!(
        scaler.contains("  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: shop\n")
    );
    assert!(scaler.contains("minReplicas: 4\n") && scaler.contains("maxReplicas: 20\n"));
    assert!(scaler.contains("namespace: web\n"));
    let budget = text(&made, "shop-disruption-budget.yaml");
    assert!(budget.contains("  maxUnavailable: 1\n") && budget.contains("      app: shop\n"), "{budget}");
}

#[test]
fn what_is_there_is_not_made_again() {
    let first = made(&[("shop.yaml", SHOP)], None, &Wishes::default());
    let files: Vec<(&str, &str)> =
        first.files.iter().map(|one| (one.path.as_str(), one.text.as_str())).collect();
    let again = made(&files, None, &Wishes::default());
    assert_eq!(paths(&again), ["alerts.test.yaml", "alerts.yaml", "canary.md", "dashboard.json"]);
    for file in &again.files {
        if file.path != "canary.md" {
            assert_eq!(text(&first, &file.path), file.text, "the same bytes");
        }
    }
}

#[test]
fn an_old_cluster_sleeps_by_a_command() {
    let wishes = Wishes { kubernetes: (1, 29), ..Wishes::default() };
    let made = made(&[("shop.yaml", SHOP)], None, &wishes);
    let changed = text(&made, "shop.yaml");
    assert!(changed.contains("              exec:\n                command:\n                  - sleep\n                  - \"5\"\n"));
}

#[test]
fn line_ends_stay_and_what_cannot_be_edited_is_named() {
    let shop = SHOP.replace('\n', "\r\n");
    let made_one = made(&[("shop.yaml", &shop)], None, &Wishes::default());
    let changed = text(&made_one, "shop.yaml");
    assert_eq!(changed.matches('\n').count(), changed.matches("\r\n").count());
    let flow = "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: 'shop:1', ports: [{containerPort: 80}]}]}
";
    let made_two = made(&[("shop.yaml", flow)], None, &Wishes::default());
    assert!(made_two.kept[0].contains("written in one line"), "{:?}", made_two.kept);
    assert!(!paths(&made_two).contains(&"shop.yaml"));
    let misspelt = SHOP.replace("ports:", "prots:\n            - a\n          ports:");
    let made_three = made(&[("shop.yaml", &misspelt)], None, &Wishes::default());
    assert!(
        made_three.kept[0].contains("`spec.template.spec.containers[0].prots` is no key"),
        "{:?}",
        made_three.kept
    );
}

#[test]
fn databases_and_templates_get_nothing() {
    let database = SHOP.replace("shop:1", "postgres:16");
    let template = SHOP.replace("name: shop,", "name: {{ .Release.Name }},");
    let made =
        made(&[("db.yaml", &database), ("chart/templates/shop.yaml", &template)], None, &Wishes::default());
    assert!(made.files.is_empty(), "{:?}", paths(&made));
    assert_eq!(made.kept.len(), 1);
    assert!(made.kept[0].contains("a template"), "{:?}", made.kept);
}

#[test]
fn what_the_code_keeps_is_not_scaled_out() {
    let first = made(&[("shop.yaml", SHOP)], Some(SESSIONS), &Wishes::default());
    assert!(
        first.kept[0]
            .ends_with("no autoscaler: the code still keeps `SESSIONS` in src/main.rs:3 in its process"),
        "{:?}",
        first.kept
    );
    assert!(!paths(&first).contains(&"shop-autoscaler.yaml"));
    assert!(text(&first, "shop.yaml").contains("replicas: 1"));
    let steps = "### shop

```sh
kubectl apply -n web -f shop-disruption-budget.yaml
kubectl apply -n web -f shop.yaml  # probes and pre-stop
kubectl rollout status -n web deployment/shop
```
";
    let plan = text(&first, "canary.md");
    assert!(plan.contains(steps) && !plan.contains("kubectl scale"), "{plan}");
}

#[test]
fn the_plan_names_no_file_that_is_not_written() {
    // Too short a time to stop: `deploy check` would find it in the copy.
    let dropped = SHOP.replace("terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 5");
    let first = made(&[("shop.yaml", &dropped)], None, &Wishes::default());
    assert!(first.kept.iter().any(|one| one.starts_with("shop.yaml: not written")), "{:?}", first.kept);
    let plan = text(&first, "canary.md");
    assert!(!plan.contains("-f shop.yaml") && plan.contains("-f shop-autoscaler.yaml"), "{plan}");
    let keyless = ROOMS.replace("/ws/{room}", "/ws");
    let second = made(&[("shop.yaml", SHOP)], Some(&keyless), &Wishes::default());
    assert!(!text(&second, "canary.md").contains("tier.yaml"));
    let ready = made(&[("shop.yaml", SHOP)], None, &Wishes::default());
    let files: Vec<(&str, &str)> =
        ready.files.iter().map(|one| (one.path.as_str(), one.text.as_str())).collect();
    let again = made(&files, None, &Wishes::default());
    assert!(!text(&again, "canary.md").contains("kubectl"), "nothing is left to apply");
}

#[test]
fn two_services_of_one_folder_do_not_share_a_file() {
    let cart = SHOP.replace("shop", "cart");
    let other = SHOP.replace("namespace: web", "namespace: test");
    let files = [("cart.yaml", &*cart), ("shop.yaml", SHOP), ("test.yaml", &*other)];
    let wishes = Wishes { proxies: vec![Proxy::Haproxy], ..Wishes::default() };
    let made = made(&files, None, &wishes);
    assert!(text(&made, "haproxy.cfg").contains("Each request of cart goes"));
    assert!(text(&made, "shop-autoscaler.yaml").contains("namespace: web\n"));
    let mut paths = paths(&made);
    let all = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), all, "{paths:?}");
    assert_eq!(
        made.kept,
        [
            "shop.yaml:1: Deployment shop: haproxy.cfg not written: that file is for cart.yaml:1: Deployment cart; give each a folder of its own",
            "test.yaml:1: Deployment shop: shop-autoscaler.yaml not written: that file is for shop.yaml:1: Deployment shop; give each a folder of its own",
            "test.yaml:1: Deployment shop: shop-disruption-budget.yaml not written: that file is for shop.yaml:1: Deployment shop; give each a folder of its own",
            "test.yaml:1: Deployment shop: haproxy.cfg not written: that file is for cart.yaml:1: Deployment cart; give each a folder of its own",
        ]
    );
    let plan = text(&made, "canary.md");
    assert_eq!(plan.matches("-f shop-autoscaler.yaml").count(), 1, "{plan}");
    assert!(!plan.contains("-n test -f shop-autoscaler.yaml"), "{plan}");
}

#[test]
fn a_path_that_only_tells_that_it_lives_is_no_readiness() {
    let code = ROOMS.replace("/healthz", "/livez");
    let made = made(&[("shop.yaml", SHOP)], Some(&code), &Wishes::default());
    assert!(!text(&made, "shop.yaml").contains("/livez"));
}

#[test]
fn open_connections_get_a_tier_of_their_own() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: shop}\n  ports: [{port: 80}]\n";
    let ingress = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
";
    let wishes = Wishes { proxies: vec![Proxy::Nginx, Proxy::Haproxy], ..Wishes::default() };
    let files = [("shop.yaml", SHOP), ("web.yaml", service), ("ingress.yaml", ingress)];
    let made = made(&files, Some(ROOMS), &wishes);
    assert!(made.kept.is_empty(), "{:?}", made.kept);
    let tier = text(&made, "shop-stateful-tier.yaml");
    assert_eq!(typed_objects(tier), ["Deployment", "Service", "Ingress", "PodDisruptionBudget"]);
    assert!(tier.contains("upstream-hash-by: \"$1\"\n"), "{tier}");
    assert!(tier.contains("path: /ws/([^/]+)\n") || tier.contains("path: \"/ws/([^/]+)\"\n"), "{tier}");
    assert!(tier.contains("host: shop.example.com\n") && tier.contains("ingressClassName: nginx\n"));
    assert!(tier.contains("ROOMS in src/main.rs:4"), "{tier}");
    // The stateless Service must not lead to the tier.
    assert!(!tier.contains("app: shop\n") && tier.contains("app: shop-rooms\n"));
    assert!(paths(&made).contains(&"shop-autoscaler.yaml"), "the rest is scaled");
    assert!(text(&made, "shop.yaml").contains("path: /healthz"), "the code says where it is ready");
    assert!(text(&made, "nginx.conf").contains("\"~^/ws/([^/]+)$\" $1;"));
    let haproxy = text(&made, "haproxy.cfg");
    assert!(haproxy.contains("set-var(txn.key) path,field(3,/) if rooms0\n"), "{haproxy}");
    assert!(haproxy.contains("    balance hash var(txn.key)\n"), "{haproxy}");
    let plan = text(&made, "canary.md");
    assert!(plan.contains("\nkubectl apply -n web -f shop-stateful-tier.yaml\n"), "{plan}");
}

#[test]
fn routes_with_another_key_are_not_of_the_tier() {
    let more = ".route(\"/ws/{room}\", get(join)).route(\"/users/{user}/live\", get(join))\
        .route(\"/api/v1/rooms/{room}/live\", get(join))";
    let code = ROOMS.replace(".route(\"/ws/{room}\", get(join))", more);
    let wishes = |key: Option<&str>| Wishes {
        proxies: vec![Proxy::Nginx, Proxy::Haproxy],
        key: key.map(str::to_owned),
        ..Wishes::default()
    };
    let by_room = made(&[("shop.yaml", SHOP)], Some(&code), &wishes(None));
    let tier = text(&by_room, "shop-stateful-tier.yaml");
    assert!(tier.contains("# `GET /users/{user}/live` reads it without a room"), "{tier}");
    assert_eq!(tier.matches("          - path: ").count(), 2, "{tier}");
    let haproxy = text(&by_room, "haproxy.cfg");
    for line in [
        "acl rooms0 path_reg ^/api/v1/rooms/([^/]+)/live$",
        "http-request set-var(txn.key) path,field(5,/) if rooms0",
        "acl rooms1 path_reg ^/ws/([^/]+)$",
        "http-request set-var(txn.key) path,field(3,/) if rooms1",
    ] {
        assert!(haproxy.contains(&format!("    {line}\n")), "{line}\n{haproxy}");
    }
    assert!(!haproxy.contains("users") && !text(&by_room, "nginx.conf").contains("users"));
    let by_user = made(&[("shop.yaml", SHOP)], Some(&code), &wishes(Some("user")));
    let tier = text(&by_user, "shop-stateful-tier.yaml");
    assert!(tier.contains("# `GET /ws/{room}` reads it without a user"), "{tier}");
    assert!(text(&by_user, "haproxy.cfg").contains("path,field(3,/) if rooms0\n"));
}

#[test]
fn a_tier_without_a_key_is_not_made() {
    let code = ROOMS.replace("/ws/{room}", "/ws");
    let made = made(&[("shop.yaml", SHOP)], Some(&code), &Wishes::default());
    assert!(made.kept.iter().any(|one| one.contains("no key in GET /ws")), "{:?}", made.kept);
    assert!(!paths(&made).iter().any(|path| path.contains("tier")));
}

#[test]
fn nothing_that_is_made_is_found() {
    let wishes = Wishes { proxies: vec![Proxy::Nginx, Proxy::Haproxy], ..Wishes::default() };
    let made = made(&[("shop.yaml", SHOP)], Some(ROOMS), &wishes);
    let texts = made.files.iter().map(|one| (one.path.clone(), PathBuf::from(&one.path), one.text.clone()));
    let report = crate::deploy::judge(PathBuf::new(), files::many(texts.collect()));
    let found: Vec<_> = report.active().map(|one| (one.form.name, &one.title)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(
        report.problems.is_empty() && report.notes.is_empty(),
        "{:?} {:?}",
        report.problems,
        report.notes
    );
}
