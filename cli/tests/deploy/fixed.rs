//! `deploy fix` on each format: the lines that go, and nothing else.

use cargo_stateless::deploy::fix::{self, Wishes};

use super::check_one;

/// Fixes a text in which `-` marks lines that must go and `~a~b~` a change from a to b. A second
/// run must propose nothing.
#[track_caller]
fn fixes(name: &str, marked: &str) {
    let (mut before, mut after) = (String::new(), String::new());
    for line in marked.split_inclusive('\n') {
        if let Some(gone) = line.strip_prefix('-').filter(|gone| !gone.starts_with('-')) {
            before.push_str(gone);
        } else if let [head, from, to, tail] = line.split('~').collect::<Vec<_>>()[..] {
            before.push_str(&format!("{head}{from}{tail}"));
            after.push_str(&format!("{head}{to}{tail}"));
        } else if let Some(new) = line.strip_prefix('+') {
            after.push_str(new);
        } else {
            before.push_str(line);
            after.push_str(line);
        }
    }
    for (before, after) in
        [(before.clone(), after.clone()), (before.replace('\n', "\r\n"), after.replace('\n', "\r\n"))]
    {
        let report = check_one(name, &before);
        let plan = fix::plan(&report, Wishes::default());
        assert_eq!(plan.changes.len(), 1, "{name}: {:?}\n{before}", plan.kept);
        assert_eq!(plan.changes[0].after, after, "{name}");
        let again = fix::plan(&check_one(name, &after), Wishes::default());
        assert!(again.changes.is_empty(), "{name}: a second run changes {:?}", again.changes);
    }
}

#[test]
fn kubernetes() {
    fixes(
        "a.yaml",
        "# Shop.
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
-  sessionAffinity: ClientIP # for now
-  sessionAffinityConfig:
-    clientIP:
-      timeoutSeconds: 600

  # The port.
  ports:
  - port: 80
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    other: \"1\"
-    nginx.ingress.kubernetes.io/affinity: cookie
-    nginx.ingress.kubernetes.io/session-cookie-name: route
    nginx.ingress.kubernetes.io/proxy-body-size: 8m
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: ~1~2~ # one
  strategy:
    type: ~Recreate~RollingUpdate~
  template: {spec: {containers: [{name: shop, image: shop:1}]}}
",
    );
    fixes(
        "only.yaml",
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
-  annotations:
-    nginx.ingress.kubernetes.io/affinity: cookie
spec: {}
",
    );
    fixes(
        "rule.yaml",
        "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
-  trafficPolicy:
-    loadBalancer:
-      consistentHash:
-        useSourceIp: true
",
    );
}

#[test]
fn proxies() {
    fixes(
        "nginx.conf",
        "upstream shop {
-  ip_hash;
  # Two of them.
  server a:1;
}
server { listen 80; location / { proxy_pass http://shop; } }
",
    );
    fixes(
        "haproxy.cfg",
        "backend one
  balance ~source~roundrobin~
  server a 10.0.0.1:80 check
backend two
-  cookie SRV insert indirect nocache
  server a 10.0.0.1:80 check~ cookie a~~ inter 2s
  server b 10.0.0.2:80 check~ cookie b~~
",
    );
    fixes(
        "httpd.conf",
        "<Proxy balancer://shop>
    BalancerMember http://a route=a
-    ProxySet stickysession=SID
</Proxy>
ProxyPass / balancer://other/~ stickysession=SID~~ lbmethod=byrequests
",
    );
    fixes(
        "Caddyfile",
        "example.com {
  reverse_proxy a:1 b:1 {
-    lb_policy ip_hash
    health_uri /
  }
}
",
    );
    fixes(
        "dynamic.toml",
        "[http.services.a.loadBalancer]
-  [http.services.a.loadBalancer.sticky.cookie]
-    name = \"a\"
  # Servers.
  [[http.services.a.loadBalancer.servers]]
    url = \"http://a\"
",
    );
}

#[test]
fn clouds_and_compose() {
    fixes(
        "main.tf",
        "resource \"aws_lb_target_group\" \"a\" {
  stickiness {
    enabled = ~true~false~ # why
    type    = \"lb_cookie\"
  }
}
resource \"aws_lb_target_group\" \"b\" {
  stickiness {
+    enabled = false
    type = \"lb_cookie\"
  }
}
",
    );
    fixes(
        "stack.yaml",
        "Resources:
  On:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetGroupAttributes:
      - Key: stickiness.enabled
        Value: '~true~false~'
",
    );
    fixes(
        "compose.yaml",
        "services:
  shop:
    image: shop:1
    labels:
      - traefik.enable=true
-      - traefik.http.services.shop.loadbalancer.sticky.cookie=true
-      - traefik.http.services.shop.loadbalancer.sticky.cookie.name=x
",
    );
    fixes("values.yaml", "ingress:\n  sticky:\n    enabled: ~true~false~ # for now\n");
}

#[test]
fn what_cannot_be_cut_out_stays_and_is_named() {
    let flow = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {sessionAffinity: ClientIP}\n";
    let plan = fix::plan(&check_one("a.yaml", flow), Wishes::default());
    assert!(plan.changes.is_empty());
    assert_eq!(plan.kept.len(), 1);
    let template = "apiVersion: v1\nkind: Service\nspec:\n  {{- if .Values.a }}\n  sessionAffinity: ClientIP\n  {{- end }}\n";
    let plan = fix::plan(&check_one("templates/a.yaml", template), Wishes::default());
    assert!(plan.changes.is_empty(), "what decides is elsewhere");
    assert!(plan.kept[0].why.contains("change it where that is decided"));
}

#[test]
fn what_is_a_whole_service_is_not_cut_out() {
    let text = "http:
  routers: {a: {rule: 'Host(`a`)', service: picked}}
  services:
    picked:
      highestRandomWeight:
        services: [{name: b}, {name: c}]
    b: {loadBalancer: {servers: [{url: 'http://b'}]}}
    c: {loadBalancer: {servers: [{url: 'http://c'}]}}
";
    let plan = fix::plan(&check_one("dynamic.yaml", text), Wishes::default());
    assert!(plan.changes.is_empty(), "a router names it");
    assert!(plan.kept[0].why.contains("`weighted`"), "{:?}", plan.kept);
}

#[test]
fn the_diff_is_one_that_git_applies() {
    let text = "upstream shop {\n  ip_hash;\n  server a:1;\n}\n";
    let plan = fix::plan(&check_one("nginx.conf", text), Wishes::default());
    assert_eq!(
        fix::unified(&plan.changes[0]),
        "--- a/nginx.conf\n+++ b/nginx.conf\n@@ -1,4 +1,3 @@\n upstream shop {\n-  ip_hash;\n   server a:1;\n }\n"
    );
}

#[test]
fn several_documents_and_anchors_keep_their_own() {
    fixes(
        "all.yaml",
        "# One.
apiVersion: v1
kind: Service
metadata: {name: a, labels: &labels {app: a}}
spec:
-  sessionAffinity: ClientIP
  selector: *labels
  ports: &ports
  - port: 80
--- # two
apiVersion: v1
kind: Service
metadata: {name: b}
spec:
  sessionAffinity: None
  ports: [{port: 80}]
---

apiVersion: v1
kind: Service
metadata: {name: c}
spec:
-  sessionAffinity: ClientIP
  ports: [{port: 80}]
...
",
    );
}

#[test]
fn what_others_take_from_an_anchor_is_left_to_people() {
    for (name, text) in [
        // The anchor is defined in what would go.
        (
            "a.yaml",
            "apiVersion: v1
kind: Service
metadata: {name: a}
spec:
  sessionAffinity: ClientIP
  sessionAffinityConfig: &config {clientIP: {timeoutSeconds: 600}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
data: {x: 1}
---
apiVersion: v1
kind: Service
metadata: {name: c, annotations: {a: b}}
spec:
  sessionAffinityConfig: {}
",
        ),
        (
            "compose.yaml",
            "x-app: &app
  image: shop:1
  deploy: &deploy
    replicas: 1
services:
  web:
    <<: *app
  worker:
    image: worker:1
    deploy: *deploy
",
        ),
    ] {
        let plan = fix::plan(&check_one(name, text), Wishes::default());
        match name {
            // Nobody uses it: it may go.
            "a.yaml" => assert_eq!(plan.changes.len(), 1, "{:?}", plan.kept),
            _ => {
                assert!(plan.changes.is_empty(), "{:?}", plan.changes);
                assert!(!plan.kept.is_empty());
            }
        }
    }
}

#[test]
fn a_template_is_edited_around_its_actions() {
    fixes(
        "chart/templates/service.yaml",
        "apiVersion: v1
kind: Service
metadata:
  name: {{ include \"shop.name\" . }}
  labels: {{- include \"shop.labels\" . | nindent 4 }}
spec:
  type: {{ .Values.service.type }}
-  sessionAffinity: ClientIP
  ports:
    {{- range .Values.ports }}
    - port: {{ . }}
    {{- end }}
",
    );
}
