//! Objects of a cluster.

use super::says;

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

#[test]
fn what_is_only_run_for_development() {
    let text = "apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 1 «one-replica LEVEL»
  strategy:
    type: Recreate «recreate LEVEL»
  template: {spec: {containers: [{name: shop, image: 'shop:1'}]}}
";
    for path in ["overlays/dev/shop.yaml", "tests/shop.yaml", "shop.local.yaml", "e2e/k8s/shop.yaml"] {
        says(path, &text.replace("LEVEL", "note"));
    }
    // An example is what people take for production.
    for path in ["examples/shop.yaml", "overlays/prod/shop.yaml", "latest.yaml", "device/shop.yaml"] {
        says(path, &text.replace("LEVEL", "error"));
    }
}

#[test]
fn what_stands_between_a_service_and_its_database() {
    says(
        "proxies.yaml",
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: between}
spec:
  replicas: 1
  template: {spec: {containers: [{name: between, image: 'proxysql/proxysql:2'}]}}
",
    );
}

#[test]
fn objects_that_values_carry_along() {
    says(
        "values.yaml",
        "replicaCount: 3
extraObjects:
  - apiVersion: projectcontour.io/v1
    kind: HTTPProxy
    metadata: {name: shop}
    spec:
      routes:
        - loadBalancerPolicy:
            strategy: Cookie «ingress-cookie-affinity error»
  - apiVersion: cloud.google.com/v1
    kind: BackendConfig
    metadata: {name: shop}
    spec:
      sessionAffinity:
        affinityType: GENERATED_COOKIE «cloud-session-affinity error»
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: side}
    spec: «one-replica note»
      strategy:
        type: Recreate «recreate error»
      template: {spec: {containers: [{name: side, image: 'side:1'}]}}
",
    );
}

#[test]
fn values_of_a_charts_own_tests() {
    says("ci/shop-values.yaml", "strategy:\n  type: Recreate «recreate note»\n");
    says("shop-values.yaml", "strategy:\n  type: Recreate «recreate warning»\n");
}

#[test]
fn a_template_is_judged_by_its_charts_name() {
    let service = "apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  sessionAffinity: ClientIP";
    says("etcd/templates/service.yaml", service);
    says("shop/templates/service.yaml", &format!("{service} «service-session-affinity error»"));
    says("ingress.yaml.tpl", &format!("{service} «service-session-affinity error»"));
}

#[test]
fn groups_of_replicas() {
    says(
        "model.yaml",
        "apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: model}
spec:
  replicas: 1 «one-replica error»
  leaderWorkerTemplate:
    workerTemplate: {spec: {containers: [{name: model, image: 'model:1'}]}}
",
    );
}
