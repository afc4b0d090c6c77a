//! A service that keeps its state in its own memory, or shares it: the test program itself,
//! started again. Speaks as much HTTP/1.1 as the tests need.
//!
//! `TWIN_STORE` names a folder that all replicas share; without it everything stays in memory.
//! Nothing here goes through a library: what is tested must not be what it is tested with.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::support::until;

/// `--serve` for this program as the service. `settings` are variables, as `TWIN_STORE=/tmp/x`.
pub(crate) fn serve(settings: &str) -> String {
    let program = env::current_exe().unwrap();
    format!(
        "TWIN_PORT={{port}} TWIN_REPLICA={{replica}} {settings} {} --exact twin::service --nocapture",
        program.display()
    )
}

/// Not a test: the service, where it is started as one.
#[test]
fn service() {
    let Ok(port) = env::var("TWIN_PORT") else { return };
    match env::var("TWIN_TROUBLE").as_deref() {
        Ok("exits") => {
            eprintln!("no database at db:5432");
            std::process::exit(3);
        }
        Ok("never-ready") => loop {
            println!("waiting for the database");
            thread::sleep(Duration::from_millis(50));
        },
        Ok("shares-a-file") => {
            let file = fs::OpenOptions::new().append(true).create(true).open("app.db").unwrap();
            std::mem::forget(file);
        }
        Ok("floods") => {
            thread::spawn(|| {
                loop {
                    println!("{}", "x".repeat(4000));
                }
            });
        }
        Ok("forks") => {
            // A daemon in a session of its own: outside of the process group.
            let daemon = std::process::Command::new("setsid").args(["sleep", "4242"]).spawn();
            thread::spawn(move || daemon.unwrap().wait());
        }
        _ => {}
    }
    if env::var("TWIN_DRAINS").is_ok() {
        drain_on_sigterm();
    }
    // Some have a port of their own in their code.
    let port = env::var("TWIN_FIXED_PORT").unwrap_or(port);
    if let Ok(other) = env::var("TWIN_NEEDS_PORT") {
        let mut greeting = [0];
        TcpStream::connect(format!("127.0.0.1:{other}")).unwrap().read_exact(&mut greeting).unwrap();
    }
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap_or_else(|error| {
        eprintln!("cannot listen on {port}: {error}");
        std::process::exit(4);
    });
    // In one piece, whatever else is printed meanwhile.
    let line = format!("listening on {port} in group {}\n", std::process::id());
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || while answer(&stream).is_some() {});
    }
}

/// On SIGTERM ends once no request is open, as a service should.
fn drain_on_sigterm() {
    let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]).unwrap();
    thread::spawn(move || {
        signals.forever().next();
        while OPEN.load(Ordering::SeqCst) > 0 {
            thread::sleep(Duration::from_millis(2));
        }
        // The last answer is on its way.
        thread::sleep(Duration::from_millis(20));
        std::process::exit(0);
    });
}

/// Requests whose first line was read and whose answer was not written.
static OPEN: AtomicU64 = AtomicU64::new(0);

/// Where the state is.
static MEMORY: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);

fn folder() -> Option<PathBuf> {
    env::var_os("TWIN_STORE").map(PathBuf::from)
}

fn file(folder: &std::path::Path, name: &str) -> PathBuf {
    folder.join(name.replace('/', "_"))
}

/// Reads a value, changes it, and gives back what it is then.
fn change(name: &str, change: impl FnOnce(Option<String>) -> Option<String>) -> Option<String> {
    let mut memory = MEMORY.lock().unwrap();
    let Some(folder) = folder() else {
        let map = memory.get_or_insert_default();
        let new = change(map.get(name).cloned());
        match &new {
            Some(value) => map.insert(name.to_owned(), value.clone()),
            None => map.remove(name),
        };
        return new;
    };
    // Whoever can make the file has the lock of all replicas.
    let lock = folder.join("lock");
    until("the lock of all replicas stays taken", || fs::File::create_new(&lock).is_ok());
    let path = file(&folder, name);
    let new = change(fs::read_to_string(&path).ok());
    match &new {
        Some(value) => fs::write(&path, value).unwrap(),
        None => {
            let _ = fs::remove_file(&path);
        }
    }
    fs::remove_file(&lock).unwrap();
    new
}

fn get(name: &str) -> Option<String> {
    change(name, |value| value)
}

fn put(name: &str, value: &str) {
    change(name, |_| Some(value.to_owned()));
}

fn count(name: &str) -> u64 {
    let add = |value: Option<String>| value.map_or(0, |value| value.parse::<u64>().unwrap()) + 1;
    change(name, |value| Some(add(value).to_string())).unwrap().parse().unwrap()
}

/// Never the same twice, in no process.
fn fresh() -> String {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let mixed = (now ^ (u64::from(std::process::id()) << 40) ^ turn).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:016x}{:08x}", mixed ^ (mixed >> 29), turn.wrapping_mul(0x9e37_79b1) as u32)
}

struct Request {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    body: String,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

fn says(status: u16, body: impl Into<String>) -> Answer {
    Answer { status, headers: Vec::new(), body: body.into() }
}

/// One request on a connection; nothing once the other side has closed it.
fn answer(stream: &TcpStream) -> Option<()> {
    let mut lines = BufReader::new(stream);
    let mut first = String::new();
    lines.read_line(&mut first).ok().filter(|read| *read > 0)?;
    OPEN.fetch_add(1, Ordering::SeqCst);
    let answered = respond(stream, &mut lines, &first);
    OPEN.fetch_sub(1, Ordering::SeqCst);
    answered
}

fn respond(stream: &TcpStream, lines: &mut BufReader<&TcpStream>, first: &str) -> Option<()> {
    let mut parts = first.split_whitespace();
    let (method, path) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse::<usize>().unwrap());
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    let request = Request { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() };
    let answer = route(&request);
    let mut text = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        text += &format!("{name}: {value}\r\n");
    }
    let mut stream = stream;
    stream.write_all((text + "\r\n" + &answer.body).as_bytes()).ok()
}

/// Two calls of Redis, one of them a script that does more; one transaction of PostgreSQL.
fn call_store() {
    if let Ok(address) = env::var("TWIN_REDIS") {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut call = |line: &str| {
            stream.write_all(line.as_bytes()).unwrap();
            assert!(stream.read(&mut [0; 64]).unwrap() > 0);
        };
        call("GET a\r\n");
        call("EVAL \"redis.call('get', 'a') redis.call('get', 'b')\" 0\r\n");
    }
    if let Ok(url) = env::var("TWIN_POSTGRES") {
        let called = std::process::Command::new("psql").args([&url, "-XAtc", "select 1"]).output().unwrap();
        assert!(called.status.success(), "{called:?}");
    }
}

fn route(request: &Request) -> Answer {
    let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    let cookie = request.headers.get("cookie").and_then(|line| line.strip_prefix("sid="));
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["healthz"]) => says(200, "ok"),
        // By what name it is asked.
        ("GET", ["name"]) => says(200, request.headers.get("host").map_or("", String::as_str)),

        // A session: who is logged in, and what lies in the cart.
        ("POST", ["login"]) => {
            let sid = fresh();
            put(&format!("session-{sid}"), &request.body);
            Answer { headers: vec![("Set-Cookie", format!("sid={sid}; Path=/"))], ..says(204, "") }
        }
        ("GET", ["whoami"]) => match cookie.and_then(|sid| get(&format!("session-{sid}"))) {
            Some(user) => says(200, format!("{{\"user\":\"{user}\"}}")),
            None => says(401, "log in first"),
        },
        ("POST", ["cart"]) => {
            let Some(sid) = cookie else { return says(401, "") };
            change(&format!("cart-{sid}"), |cart| Some(cart.unwrap_or_default() + &request.body + ","));
            says(204, "")
        }
        ("GET", ["cart"]) => {
            let cart = cookie.and_then(|sid| get(&format!("cart-{sid}"))).unwrap_or_default();
            let items: Vec<String> = cart.split_terminator(',').map(|item| format!("\"{item}\"")).collect();
            says(200, format!("{{\"items\":[{}]}}", items.join(",")))
        }

        // Things with ids.
        ("POST", ["items"]) => {
            let id = fresh();
            put(&format!("item-{id}"), &request.body);
            says(201, format!("{{\"id\":\"{id}\"}}"))
        }
        ("GET", ["items", id]) => match get(&format!("item-{id}")) {
            Some(item) => says(200, format!("{{\"id\":\"{id}\",\"item\":\"{item}\"}}")),
            None => says(404, "no such item"),
        },

        // A counter, a limit.
        ("POST", ["hits"]) => says(200, format!("{{\"hits\":{}}}", count("hits"))),
        ("GET", ["limited"]) => match count("limited") {
            0..=3 => says(200, "ok"),
            _ => says(429, "too many"),
        },

        // Every answer is another one, and means the same.
        ("GET", ["noisy"]) => {
            let mut items: Vec<String> = (0..5)
                .map(|n| {
                    let id = fresh();
                    match id.as_bytes()[0] % 2 {
                        0 => format!("{{\"id\":\"{id}\",\"n\":{n}}}"),
                        _ => format!("{{\"n\":{n},\"id\":\"{id}\"}}"),
                    }
                })
                .collect();
            items.sort_by_key(|_| fresh());
            let body = format!("{{\"request\":\"{}\",\"items\":[{}]}}", fresh(), items.join(","));
            Answer { headers: vec![("X-Request-Id", fresh())], ..says(200, body) }
        }

        // A store that is called.
        ("GET", ["stored"]) => {
            call_store();
            says(200, "ok")
        }

        ("GET", ["slow"]) => {
            thread::sleep(Duration::from_millis(150));
            says(200, "ok")
        }

        ("GET", ["crash"]) if env::var("TWIN_REPLICA").as_deref() == Ok("1") => {
            eprintln!("out of memory");
            std::process::exit(70);
        }
        ("GET", ["crash"]) => says(200, "fine"),
        _ => says(404, "no such route"),
    }
}
