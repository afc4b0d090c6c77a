//! Each form in a file as somebody could have written it. A line that must be found ends with
//! `«form level»`; any other finding of its class, in any line, is a failure.

use cargo_stateless::deploy::finding::Class;

use super::check_one;

/// Compares what is said about stickiness and single instances with the marks in the text.
#[track_caller]
fn says(name: &str, marked: &str) {
    let mut text = String::new();
    let mut expected = Vec::new();
    for (at, line) in marked.lines().enumerate() {
        let (line, mark) = match line.split_once('«') {
            Some((line, mark)) => (line.trim_end(), mark.strip_suffix('»')),
            None => (line, None),
        };
        expected.extend(mark.map(|mark| format!("{} {mark}", at + 1)));
        text.push_str(line);
        text.push('\n');
    }
    let report = check_one(name, &text);
    let found: Vec<String> = report
        .active()
        .filter(|one| matches!(one.form.class, Class::Sticky | Class::SingleInstance))
        .map(|one| {
            let (_, line, _) = report.sources.locate(one.place());
            format!("{line} {} {:?}", one.form.name, one.level).to_lowercase()
        })
        .collect();
    assert_eq!(found, expected, "{name}\n{text}\nunclear: {:?}", report.notes);
}

#[test]
fn services_of_a_cluster() {
    says(
        "service.yaml",
        "apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  sessionAffinity: ClientIP «service-session-affinity error»
  sessionAffinityConfig:
    clientIP: {timeoutSeconds: 600}
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec:
  # sessionAffinity: ClientIP
  sessionAffinity: None
---
apiVersion: v1
kind: Service
metadata: {name: shop-postgres}
spec:
  sessionAffinity: ClientIP
",
    );
    says(
        "service.json",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"shop\"},
 \"spec\": {\"ports\": [],
  \"sessionAffinity\": \"ClientIP\" «service-session-affinity error»
 }}",
    );
}

#[test]
fn ingresses() {
    says(
        "ingress.yaml",
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/affinity: cookie «ingress-cookie-affinity error»
    nginx.ingress.kubernetes.io/session-cookie-name: route
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: hashed
  annotations:
    nginx.ingress.kubernetes.io/upstream-hash-by: $remote_addr «ingress-hash error»
    nginx.org/sticky-cookie-services: serviceName=a srv_id expires=1h «ingress-cookie-affinity error»
    nginx.org/lb-method: ip_hash «ingress-hash error»
    haproxy.org/cookie-persistence: SRV «ingress-cookie-affinity error»
    haproxy.org/load-balance: source «ingress-hash error»
    haproxy-ingress.github.io/affinity: cookie «ingress-cookie-affinity error»
    alb.ingress.kubernetes.io/target-group-attributes: a=b,stickiness.enabled=true «aws-stickiness error»
    konghq.com/hash-on: cookie «ingress-hash error»
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: plain
  annotations:
    # nginx.ingress.kubernetes.io/affinity: cookie
    nginx.ingress.kubernetes.io/session-cookie-name: route
    nginx.ingress.kubernetes.io/load-balance: ewma
    nginx.org/lb-method: least_conn
    haproxy.org/cookie-persistence: \"false\"
    alb.ingress.kubernetes.io/target-group-attributes: stickiness.enabled=false
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: sharded
  annotations:
    nginx.ingress.kubernetes.io/upstream-hash-by: $http_x_tenant_id «ingress-hash note»
",
    );
    says(
        "controller.yaml",
        "apiVersion: v1
kind: ConfigMap
metadata: {name: nginx-config}
data:
  lb-method: ip_hash «ingress-hash error»
  proxy-body-size: 8m
",
    );
}

#[test]
fn gateways_and_meshes() {
    says(
        "routes.yaml",
        "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  rules:
  - sessionPersistence: «gateway-session-persistence error»
      sessionName: shop
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  trafficPolicy:
    loadBalancer:
      consistentHash: «mesh-consistent-hash error»
        httpCookie: {name: user, ttl: 0s}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: sharded}
spec:
  host: shards
  trafficPolicy:
    loadBalancer:
      consistentHash: «mesh-consistent-hash note»
        httpHeaderName: x-shard
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain}
spec:
  host: plain
  trafficPolicy:
    loadBalancer: {simple: LEAST_REQUEST}
---
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: {name: shop}
spec:
  routes:
  - loadBalancerPolicy:
      strategy: Cookie «ingress-cookie-affinity error»
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: shop}
spec:
  routes:
  - services:
    - name: shop
      sticky: «traefik-sticky error»
        cookie: {httpOnly: true}
---
apiVersion: k8s.nginx.org/v1
kind: VirtualServer
metadata: {name: shop}
spec:
  upstreams:
  - name: a
    sessionCookie: «ingress-cookie-affinity error»
      enable: true
  - name: b
    lb-method: round_robin
    sessionCookie:
      enable: false
---
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {name: shop}
spec:
  sessionAffinity:
    affinityType: GENERATED_COOKIE «cloud-session-affinity error»
",
    );
    says(
        "definition.yaml",
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: x}
spec:
  versions:
  - schema: {properties: {sessionPersistence: {type: object}, sticky: {cookie: {}}}}
",
    );
}

#[test]
fn envoy() {
    says(
        "envoy.yaml",
        "static_resources:
  listeners:
  - filter_chains:
    - filters:
      - typed_config:
          route_config:
            virtual_hosts:
            - routes:
              - route:
                  cluster: shop
                  hash_policy:
                  - cookie: {name: shop, ttl: 0s}
  clusters:
  - name: shop
    lb_policy: RING_HASH «mesh-consistent-hash error»
  - name: other
    lb_policy: ROUND_ROBIN
",
    );
    says(
        "envoy.yaml",
        "static_resources:
  listeners:
  - routes: [{route: {hash_policy: [{header: {header_name: x-tenant}}]}}]
  clusters:
  - name: shards
    lb_policy: MAGLEV «mesh-consistent-hash note»
",
    );
}

#[test]
fn traefik() {
    says(
        "dynamic.toml",
        "[http.services.shop.loadBalancer]
  [http.services.shop.loadBalancer.sticky.cookie] «traefik-sticky error»
    name = \"shop\"
[http.services.other.loadBalancer]
  [[http.services.other.loadBalancer.servers]]
    url = \"http://a\"
",
    );
    says(
        "dynamic.yaml",
        "http:
  services:
    shop:
      loadBalancer:
        sticky: «traefik-sticky error»
          cookie: {}
    plain:
      loadBalancer:
        servers: [{url: http://a}]
",
    );
    says(
        "compose.yaml",
        "services:
  shop:
    build: .
    labels:
      - traefik.http.services.shop.loadbalancer.sticky.cookie=true «traefik-sticky error»
      - traefik.http.services.shop.loadbalancer.sticky.cookie.name=x
  plain:
    build: .
    labels:
      traefik.http.services.plain.loadbalancer.sticky.cookie: \"false\"
      # traefik.http.services.plain.loadbalancer.sticky.cookie: \"true\"
",
    );
}

#[test]
fn nginx() {
    says(
        "nginx.conf",
        "http {
  upstream shop { server a:1; ip_hash; «nginx-sticky error»
  }
  upstream hashed {
    hash $cookie_sid consistent; «nginx-sticky error»
    server a:1;
  }
  upstream named {
    sticky cookie srv_id; «nginx-sticky error»
  }
  upstream files {
    hash $request_uri consistent; «nginx-sticky note»
  }
  upstream plain {
    # ip_hash;
    least_conn;
    server a:1;
  }
  map_hash_bucket_size 64;
  server { listen 80; location / { if ($cookie_sid) { return 403; } proxy_pass http://plain; } }
}
",
    );
    says(
        "map.yaml",
        "apiVersion: v1
kind: ConfigMap
metadata: {name: proxy}
data:
  nginx.conf: |
    upstream shop {
      ip_hash; «nginx-sticky error»
      server a:1;
    }
    server { listen 80; location / { proxy_pass http://shop; } }
  other: text
",
    );
    says(
        "nginx.conf.j2",
        "upstream shop {
  ip_hash; «nginx-sticky error»
  server {{ host }}:80;
}
server { listen 80; location / { proxy_pass http://shop; } }
",
    );
}

#[test]
fn haproxy() {
    says(
        "haproxy.cfg",
        "defaults
  mode http
frontend web
  bind :80
  stick-table type ip size 1m expire 10s store http_req_rate(10s)
  http-request track-sc0 src
  http-request deny if { sc_http_req_rate(0) gt 100 }
  default_backend a
backend a
  balance source «haproxy-sticky error»
  server one 10.0.0.1:80
backend b
  balance roundrobin
  cookie SRV insert indirect nocache «haproxy-sticky error»
  server one 10.0.0.1:80 cookie one
backend c
  stick-table type ip size 1m
  stick on src «haproxy-sticky error»
  server one 10.0.0.1:80
backend d
  # balance source
  balance leastconn
  server one 10.0.0.1:80
backend e
  balance hdr(X-Tenant) «haproxy-sticky note»
  server one 10.0.0.1:80
backend mysql
  mode tcp
  balance source
  server one 10.0.0.1:3306
",
    );
}

#[test]
fn apache_and_caddy() {
    says(
        "httpd.conf",
        "<Proxy balancer://shop>
    BalancerMember http://a route=a
    ProxySet stickysession=SID «apache-sticky error»
</Proxy>
ProxyPass /other balancer://other/ StickySession=JSESSIONID|jsessionid «apache-sticky error»
# ProxySet stickysession=SID
ProxyPass /plain balancer://plain/ lbmethod=byrequests
",
    );
    says(
        "Caddyfile",
        "example.com {
  reverse_proxy a:1 b:1 {
    lb_policy cookie sid secret «caddy-sticky error»
  }
  reverse_proxy /x a:1 b:1 {
    lb_policy ip_hash «caddy-sticky error»
  }
  reverse_proxy /y a:1 b:1 {
    # lb_policy ip_hash
    lb_policy least_conn
  }
}
",
    );
}

#[test]
fn terraform() {
    says(
        "main.tf",
        "resource \"aws_lb_target_group\" \"implied\" {
  stickiness { «aws-stickiness error»
    type = \"lb_cookie\"
  }
}
resource \"aws_lb_target_group\" \"off\" {
  stickiness {
    enabled = false
    type    = \"lb_cookie\"
  }
  // stickiness { type = \"lb_cookie\" }
}
resource \"aws_lb_target_group\" \"given\" {
  stickiness { «aws-stickiness warning»
    enabled = var.sticky
    type    = \"lb_cookie\"
  }
}
resource \"aws_lb_target_group\" \"passed\" {
  dynamic \"stickiness\" { «aws-stickiness note»
    for_each = var.stickiness
    content { enabled = stickiness.value.enabled }
  }
}
module \"alb\" {
  target_groups = { one = {
    stickiness = { «aws-stickiness error»
      enabled = true
    }
  } }
}
resource \"google_compute_backend_service\" \"a\" {
  session_affinity = \"CLIENT_IP\" «cloud-session-affinity error»
}
resource \"google_compute_backend_service\" \"b\" {
  session_affinity = \"NONE\"
}
resource \"azurerm_linux_web_app\" \"a\" {
  client_affinity_enabled = true «cloud-session-affinity error»
}
resource \"aws_ecs_service\" \"one\" {
  desired_count = 1 «one-replica error»
}
resource \"aws_ecs_service\" \"two\" {
  desired_count = 2
}
",
    );
}

#[test]
fn cloudformation() {
    says(
        "stack.yaml",
        "AWSTemplateFormatVersion: '2010-09-09'
Resources:
  On:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetGroupAttributes:
      - Key: stickiness.enabled «aws-stickiness error»
        Value: 'true'
  Off:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetGroupAttributes:
      - {Key: stickiness.enabled, Value: 'false'}
      - {Key: stickiness.type, Value: lb_cookie}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      DefaultActions:
      - ForwardConfig:
          TargetGroupStickinessConfig: «aws-stickiness error»
            Enabled: true
  Service:
    Type: AWS::ECS::Service
    Properties:
      DesiredCount: 1 «one-replica error»
      Cluster: !Ref Cluster
",
    );
}

#[test]
fn nomad() {
    says(
        "shop.nomad",
        "job \"shop\" {
  group \"web\" {
    count = 1 «one-replica error»
    network {
      port \"http\" {
        static = 80 «host-port note»
      }
    }
    service {
      tags = [
        \"traefik.http.services.shop.loadbalancer.sticky.cookie=true\", «traefik-sticky error»
      ]
    }
    task \"web\" {
      config { image = \"shop:1\" }
    }
  }
  group \"db\" {
    count = 1
    task \"db\" {
      config { image = \"postgres:16\" }
    }
  }
}
",
    );
}

#[test]
fn compose() {
    says(
        "compose.yaml",
        "services:
  web:
    build: .
    container_name: web «fixed-container-name warning»
    ports:
      - \"8080:80\" «host-port warning»
      - \"9090:90\"
  api:
    image: example/api:1
    ports: [\"80\", \"8000-8010:80\"]
    deploy:
      replicas: 1 «one-replica error»
  db:
    image: postgres:16
    container_name: db
    ports: [\"5432:5432\"]
    deploy: {replicas: 1}
  proxy:
    image: nginx
    ports: [\"80:80\"]
",
    );
    says(
        "compose.dev.yaml",
        "services:
  web:
    build: .
    container_name: web «fixed-container-name note»
",
    );
    says(
        "docker-compose.yml",
        "services:
  web:
    build: .
    environment:
      DATABASE_URL: sqlite:///data/app.db «sqlite-volume error»
    volumes: [data:/data]
volumes: {data: {}}
",
    );
}

#[test]
fn platforms() {
    says(
        "fly.toml",
        "app = \"shop\"
[mounts] «platform-disk error»
  source = \"data\"
  destination = \"/data\"
[http_service]
  min_machines_running = 1 «one-replica note»
",
    );
    says(
        "render.yaml",
        "services:
  - type: web
    name: shop
    runtime: rust
    numInstances: 1 «one-replica error»
    disk: «platform-disk error»
      name: data
      mountPath: /data
  - type: redis
    name: cache
    plan: starter
    numInstances: 1
",
    );
    says(
        "app.yaml",
        "runtime: custom
manual_scaling:
  instances: 1 «one-replica error»
network:
  session_affinity: true «cloud-session-affinity error»
",
    );
    says(
        "app.json",
        "{\"formation\": {\"web\": {
  \"quantity\": 1 «one-replica error»
}}}
",
    );
}

#[test]
fn workloads() {
    says(
        "deployment.yaml",
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 1 «one-replica error»
  strategy:
    type: Recreate «recreate error»
  template: {spec: {containers: [{name: shop, image: shop:1, ports: [{containerPort: 80}]}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: two}
spec:
  replicas: 2
  template: {spec: {containers: [{name: two, image: shop:1}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: implied}
spec: «one-replica note»
  template: {spec: {containers: [{name: implied, image: shop:1}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec:
  replicas: 1
  strategy: {type: Recreate}
  template: {spec: {containers: [{name: cache, image: redis:7}]}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  template: {spec: {containers: [{name: agent, image: agent:1}], volumes: [{name: h, hostPath: {path: /var}}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: one}
spec:
  scaleTargetRef: {kind: Deployment, name: one}
  maxReplicas: 1 «one-replica error»
",
    );
}
