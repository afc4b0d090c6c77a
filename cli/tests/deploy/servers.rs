//! What was fixed and generated, in the hands of real servers: nginx, HAProxy, promtool.
//!
//! A server that is not installed fails the test, with the line that installs it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Tree, binary, run};

const ROOMS: &str = include_str!("rooms.rs.txt");

/// The path of a program that the machine has to have.
fn program(name: &str, package: &str) -> PathBuf {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin"];
    let mut paths = folders.iter().map(|folder| Path::new(folder).join(name));
    paths.find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("`{name}` is not installed: apt-get install -y --no-install-recommends {package}")
    })
}

/// Three replicas: each answers every request with its number.
fn replicas() -> Vec<u16> {
    (0..3)
        .map(|number| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    thread::spawn(move || replica(stream, number));
                }
            });
            port
        })
        .collect()
}

fn replica(stream: TcpStream, number: usize) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut lines = BufReader::new(stream).lines();
    loop {
        let mut empty = true;
        for line in lines.by_ref() {
            match line {
                Ok(line) if line.is_empty() => break,
                Ok(_) => empty = false,
                Err(_) => return,
            }
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
        if empty || out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// A client with one connection and its cookies.
struct Client {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
    cookie: Option<String>,
}

impl Client {
    fn new(port: u16) -> Self {
        Client { port, stream: None, cookie: None }
    }

    /// The number of the replica that answers.
    fn get(&mut self, path: &str) -> u32 {
        for _ in 0..2 {
            if let Some(number) = self.attempt(path) {
                return number;
            }
            self.stream = None;
        }
        panic!("no answer from port {}", self.port);
    }

    fn attempt(&mut self, path: &str) -> Option<u32> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut()?;
        let cookie = self.cookie.as_ref().map_or_else(String::new, |cookie| format!("Cookie: {cookie}\r\n"));
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop.example.com\r\n{cookie}\r\n");
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let lower = line.trim().to_ascii_lowercase();
            if lower.is_empty() {
                break;
            }
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if lower.starts_with("set-cookie:") {
                let value = line.split_once(':')?.1.split(';').next()?.trim().to_owned();
                self.cookie = Some(value);
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        String::from_utf8(body).ok()?.parse().ok()
    }
}

/// How often each replica answers one client.
fn answers(port: u16, path: &str) -> BTreeMap<u32, usize> {
    let mut client = Client::new(port);
    let mut counts = BTreeMap::new();
    for _ in 0..30 {
        *counts.entry(client.get(path)).or_insert(0) += 1;
    }
    counts
}

#[track_caller]
fn spread(port: u16, path: &str) {
    let counts = answers(port, path);
    assert_eq!(counts.len(), 3, "{counts:?}");
    assert!(counts.values().all(|count| *count >= 6), "{counts:?}");
}

#[track_caller]
fn pinned(port: u16, path: &str) -> u32 {
    let counts = answers(port, path);
    assert_eq!(counts.len(), 1, "{counts:?}");
    counts.into_keys().next().unwrap()
}

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serves(mut command: Command, port: u16) -> Server {
    let started = Instant::now();
    let server = Server(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap());
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(20), "does not listen: {command:?}");
        thread::sleep(Duration::from_millis(20));
    }
    server
}

/// nginx with that configuration, which first passes `nginx -t`. Its own files go below `folder`:
/// where they lie otherwise only the system may write.
fn nginx(folder: &Path, text: &str, port: u16) -> Server {
    let nginx = program("nginx", "nginx");
    let own = folder.display();
    let settings = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String = settings.iter().map(|name| format!("    {name}_temp_path {own}/{name};\n")).collect();
    let config = folder.join("test-nginx.conf");
    let text = text.replacen("http {\n", &format!("http {{\n    access_log off;\n{paths}"), 1);
    std::fs::write(&config, text).unwrap();
    let command = |more: &[&str]| {
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(folder).arg("-c").arg(&config);
        // One process without a master: it ends when it is killed.
        command
            .arg("-g")
            .arg(format!("pid {own}/nginx.pid; error_log stderr; daemon off; master_process off;"));
        command.args(more);
        command
    };
    let tested = command(&["-t"]).output().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
    serves(command(&[]), port)
}

/// HAProxy with that configuration, which first passes `haproxy -c`.
fn haproxy(folder: &Path, text: &str, port: u16) -> Server {
    let haproxy = program("haproxy", "haproxy");
    let config = folder.join("test-haproxy.cfg");
    std::fs::write(&config, text).unwrap();
    let tested = Command::new(&haproxy).arg("-c").arg("-f").arg(&config).output().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
    let mut command = Command::new(&haproxy);
    command.arg("-db").arg("-f").arg(&config);
    serves(command, port)
}

/// A file of the shop's deployment, with free ports.
fn fixture(name: &str, replicas: &[u16], port: u16) -> String {
    let path = format!("{}/../fixtures/shop/deploy/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut text = std::fs::read_to_string(path).unwrap();
    for (at, replica) in replicas.iter().enumerate() {
        text = text.replace(&format!("127.0.0.1:300{}", at + 1), &format!("127.0.0.1:{replica}"));
    }
    text.replace("8080", &port.to_string())
}

fn deploy(command: &str, root: &Path, arguments: &[&str]) {
    let mut binary = binary();
    binary.arg("deploy").arg(command).arg(root).args(arguments);
    let run = run(binary);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}

#[test]
fn a_fixed_nginx_spreads_what_it_pinned() {
    let (replicas, port, tree) = (replicas(), free_port(), Tree::new());
    let before = fixture("nginx.conf", &replicas, port);
    {
        let _server = nginx(tree.root(), &before, port);
        pinned(port, "/");
    }
    tree.file("deploy/nginx.conf", &before);
    deploy("fix", &tree.path("deploy"), &[]);
    let after = std::fs::read_to_string(tree.path("deploy/nginx.conf")).unwrap();
    assert_ne!(after, before);
    let _server = nginx(tree.root(), &after, port);
    spread(port, "/");
}

#[test]
fn a_fixed_haproxy_spreads_what_it_pinned() {
    let (replicas, port, tree) = (replicas(), free_port(), Tree::new());
    let before = fixture("haproxy.cfg", &replicas, port);
    {
        let _server = haproxy(tree.root(), &before, port);
        pinned(port, "/");
    }
    tree.file("deploy/haproxy.cfg", &before);
    deploy("fix", &tree.path("deploy"), &[]);
    let after = std::fs::read_to_string(tree.path("deploy/haproxy.cfg")).unwrap();
    let _server = haproxy(tree.root(), &after, port);
    spread(port, "/");
}

/// Generates for a service with rooms, with these proxies.
fn hybrid(replicas: &[u16], port: u16) -> Tree {
    hybrid_of(ROOMS, replicas, port)
}

fn hybrid_of(code: &str, replicas: &[u16], port: u16) -> Tree {
    let tree = Tree::new();
    let deployment = "apiVersion: apps/v1
kind: Deployment
metadata: {name: chat-web}
spec:
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      containers:
        - name: chat
          image: chat:1
          ports:
            - containerPort: 3000
";
    tree.file("deploy/chat.yaml", deployment)
        .file("app/Cargo.toml", "[package]\nname = \"chat\"\nversion = \"0.1.0\"\n")
        .file("app/src/main.rs", code);
    let (into, app, port) = (tree.path("out"), tree.path("app"), port.to_string());
    let mut arguments = vec!["--into", into.to_str().unwrap(), "--code", app.to_str().unwrap()];
    arguments.extend(["--listen", &port, "--proxy", "nginx", "--proxy", "haproxy"]);
    let servers: Vec<String> = replicas.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    for server in &servers {
        arguments.extend(["--server", server]);
    }
    deploy("generate", &tree.path("deploy"), &arguments);
    tree
}

/// All of one room meets on one replica, whoever asks; rooms are on several; the rest is spread.
#[track_caller]
fn by_room(port: u16) {
    spread(port, "/");
    spread(port, "/rooms");
    let at: Vec<u32> = (0..12).map(|room| pinned(port, &format!("/ws/room-{room}"))).collect();
    let other_client: Vec<u32> = (0..12).map(|room| pinned(port, &format!("/ws/room-{room}?as=b"))).collect();
    assert_eq!(at, other_client);
    assert!(at.iter().collect::<BTreeSet<_>>().len() > 1, "{at:?}");
}

#[test]
fn a_generated_nginx_spreads_all_but_rooms() {
    let (replicas, port) = (replicas(), free_port());
    let tree = hybrid(&replicas, port);
    let text = std::fs::read_to_string(tree.path("out/nginx.conf")).unwrap();
    let _server = nginx(tree.root(), &text, port);
    by_room(port);
}

#[test]
fn a_generated_haproxy_spreads_all_but_rooms() {
    let (replicas, port) = (replicas(), free_port());
    let tree = hybrid(&replicas, port);
    let text = std::fs::read_to_string(tree.path("out/haproxy.cfg")).unwrap();
    let _server = haproxy(tree.root(), &text, port);
    by_room(port);
}

/// Two routes to the rooms, each with the room at another place, and one by another key.
fn several_routes() -> String {
    let more = ".route(\"/ws/{room}\", get(join)).route(\"/users/{user}/live\", get(join))\
        .route(\"/api/v1/rooms/{room}/live\", get(join))";
    let code = ROOMS.replace(".route(\"/ws/{room}\", get(join))", more);
    assert_ne!(code, ROOMS);
    code
}

/// A room meets on one replica, by whichever route its clients come.
#[track_caller]
fn by_room_on_every_route(port: u16) {
    by_room(port);
    for room in 0..6 {
        let at = pinned(port, &format!("/ws/room-{room}"));
        assert_eq!(pinned(port, &format!("/api/v1/rooms/room-{room}/live")), at, "room {room}");
    }
    spread(port, "/users/room-1/live");
}

#[test]
fn rooms_on_several_routes_meet_behind_nginx() {
    let (replicas, port) = (replicas(), free_port());
    let tree = hybrid_of(&several_routes(), &replicas, port);
    let text = std::fs::read_to_string(tree.path("out/nginx.conf")).unwrap();
    let _server = nginx(tree.root(), &text, port);
    by_room_on_every_route(port);
}

#[test]
fn rooms_on_several_routes_meet_behind_haproxy() {
    let (replicas, port) = (replicas(), free_port());
    let tree = hybrid_of(&several_routes(), &replicas, port);
    let text = std::fs::read_to_string(tree.path("out/haproxy.cfg")).unwrap();
    let _server = haproxy(tree.root(), &text, port);
    by_room_on_every_route(port);
}

fn promtool(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(program("promtool", "prometheus"));
    let done = command.current_dir(folder).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.success(), text)
}

#[test]
fn prometheus_takes_the_rules_and_their_tests() {
    let tree = hybrid(&[1], 8080);
    let out = tree.path("out");
    let (good, said) = promtool(&out, &["check", "rules", "alerts.yaml"]);
    assert!(good && said.contains("4 rules found"), "{said}");
    let (good, said) = promtool(&out, &["test", "rules", "alerts.test.yaml"]);
    assert!(good, "{said}");
    // The tests can fail: each limit, raised a hundredfold, is noticed.
    let rules = std::fs::read_to_string(out.join("alerts.yaml")).unwrap();
    for limit in ["> 0.01\n", "> 0.25\n", "> 0.05\n", "> 1.5\n"] {
        assert_eq!(rules.matches(limit).count(), 1, "{limit}");
        std::fs::write(out.join("alerts.yaml"), rules.replace(limit, "> 150\n")).unwrap();
        let (good, said) = promtool(&out, &["test", "rules", "alerts.test.yaml"]);
        assert!(!good, "{limit}: {said}");
    }
}

#[test]
fn grafana_gets_panels_over_expressions_that_prometheus_reads() {
    let tree = hybrid(&[1], 8080);
    let text = std::fs::read_to_string(tree.path("out/dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert_eq!(panels.len(), 10);
    let rules: Vec<String> = panels
        .iter()
        .enumerate()
        .map(|(at, panel)| {
            let expr = panel["targets"][0]["expr"].as_str().unwrap().replace("$job", ".*");
            format!("      - record: panel:{at}\n        expr: {}\n", serde_json::json!(expr))
        })
        .collect();
    let file = format!("groups:\n  - name: panels\n    rules:\n{}", rules.concat());
    tree.file("panels.yaml", file);
    let (good, said) = promtool(tree.root(), &["check", "rules", "panels.yaml"]);
    assert!(good && said.contains("10 rules found"), "{said}");
}
