//! Configuration of proxies.

use super::says;

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
fn a_cookie_that_the_service_itself_sets() {
    says(
        "haproxy.cfg",
        "backend shop
  cookie SHOPSESSION «haproxy-sticky error»
  server one 10.0.0.1:80 cookie a
backend plain
  cookie SHOPSESSION
  server one 10.0.0.1:80
",
    );
}

#[test]
fn a_header_with_a_semicolon_is_no_nginx() {
    says(
        "edge.cfg",
        "frontend public
  http-response set-header Strict-Transport-Security \"max-age=31536000; preload\"
  default_backend shop
backend shop
  cookie SRV insert indirect «haproxy-sticky error»
  server one 10.0.0.1:80 cookie a
",
    );
}
