//! Configuration of nginx or HAProxy for a service without a cluster, or in front of one: each
//! request goes to any replica, and only what stays in memory to the replica of its key.

use clap::ValueEnum;

use super::service::Service;
use super::tiers::{self, Routes};
use super::{Wishes, pod};

/// A proxy to write a configuration for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Proxy {
    /// nginx.conf
    Nginx,
    /// haproxy.cfg
    Haproxy,
}

/// The name of the file and its text.
pub(super) fn configuration(proxy: Proxy, service: &Service, wishes: &Wishes) -> (String, String) {
    let routes = tiers::routes(service, wishes).and_then(Result::ok);
    let port = service.port.unwrap_or(80);
    let servers = match &wishes.servers[..] {
        [] => vec![format!("{}:{port}", service.name)],
        servers => servers.to_vec(),
    };
    let ready = pod::path(service, wishes);
    match proxy {
        Proxy::Nginx => ("nginx.conf".to_owned(), nginx(service, &servers, wishes.listen, routes.as_ref())),
        Proxy::Haproxy => {
            ("haproxy.cfg".to_owned(), haproxy(service, &servers, wishes.listen, ready, routes.as_ref()))
        }
    }
}

/// What stays, for the comment that sets the finding aside.
fn reason(service: &Service, routes: &Routes) -> String {
    let sites: Vec<&str> = service.rooms.iter().map(|room| room.symbol.as_str()).collect();
    format!("{} by {}", sites.join(", "), routes.key)
}

fn nginx(service: &Service, servers: &[String], listen: u16, routes: Option<&Routes>) -> String {
    let name = identifier(service.name);
    let lines = servers.iter().map(|server| format!("        server {server};\n")).collect::<String>();
    let (mut map, mut upstream, mut locations) = (String::new(), String::new(), String::new());
    if let Some(routes) = routes {
        let paths: String = routes.paths.iter().map(|path| format!("        \"~^{path}$\" $1;\n")).collect();
        map = format!(
            "    # The {} in the path.\n    map $uri ${name}_key {{\n        default \"\";\n{paths}    }}\n\n",
            routes.key
        );
        upstream = format!(
            "    # Open connections stay in memory: all of one {key} meets on one server.\n    upstream {name}_rooms {{\n        # stateless: allow(nginx-sticky, reason = \"{}\")\n        hash ${name}_key consistent;\n{lines}    }}\n\n",
            reason(service, routes),
            key = routes.key,
        );
        for path in &routes.paths {
            locations.push_str(&format!(
                "        location ~ \"^{path}$\" {{\n            proxy_pass http://{name}_rooms;\n            proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n            proxy_set_header Host $host;\n            # Longer than the pause between two messages.\n            proxy_read_timeout 1h;\n        }}\n\n"
            ));
        }
    }
    format!(
        "# Each request of {} goes to any replica: no ip_hash, no hash, no cookie.
events {{}}

http {{
{map}    upstream {name} {{
        # Round robin over all workers, not over each worker alone.
        zone {name} 64k;
{lines}        keepalive 32;
    }}

{upstream}    server {{
        listen {listen};

{locations}        location / {{
            proxy_pass http://{name};
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_set_header Host $host;
            # A replica that goes away: the next one answers, but nothing is written twice.
            proxy_next_upstream error timeout;
        }}
    }}
}}
",
        service.name
    )
}

fn haproxy(
    service: &Service,
    servers: &[String],
    listen: u16,
    ready: Option<&str>,
    routes: Option<&Routes>,
) -> String {
    let name = identifier(service.name);
    let lines: String = servers
        .iter()
        .enumerate()
        .map(|(at, server)| format!("    server {name}{at} {server} check\n"))
        .collect();
    let check = ready.map_or_else(String::new, |path| {
        format!("    # Only a replica that is ready gets requests.\n    option httpchk GET {path}\n    http-check expect status 200\n")
    });
    let (mut rules, mut backend) = (String::new(), String::new());
    if let Some(routes) = routes {
        // Each path has the key at a place of its own; HAProxy counts the parts.
        for (number, path) in routes.paths.iter().enumerate() {
            let at = path.split('/').take_while(|part| !part.starts_with('(')).count() + 1;
            rules.push_str(&format!(
                "    acl rooms{number} path_reg ^{path}$\n    http-request set-var(txn.key) path,field({at},/) if rooms{number}\n"
            ));
        }
        rules.push_str(&format!("    use_backend {name}_rooms if {{ var(txn.key) -m found }}\n"));
        backend = format!(
            "\n# Open connections stay in memory: all of one {key} meets on one server.\nbackend {name}_rooms\n    # stateless: allow(haproxy-sticky, reason = \"{}\")\n    balance hash var(txn.key)\n    hash-type consistent\n    timeout tunnel 1h\n{check}{lines}",
            reason(service, routes),
            key = routes.key,
        );
    }
    format!(
        "# Each request of {} goes to any replica: no `balance source`, no cookie, no `stick on`.
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend {name}
    bind :{listen}
{rules}    default_backend {name}_any

backend {name}_any
    balance roundrobin
{check}{lines}{backend}",
        service.name
    )
}

/// Names of Kubernetes may have dashes, variables of nginx may not.
fn identifier(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
