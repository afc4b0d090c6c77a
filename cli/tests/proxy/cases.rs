//! The test command: the test program started again as a client, which works off one case.

use std::env;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::grpc;
use super::service::PAUSE;
use super::socket::Socket;
use super::support::http::handshake;
use super::wire::Wire;

/// 64 MB.
const LARGE: usize = 64 << 20;

/// Not a test: the client, where it is started as one.
#[test]
fn client() {
    let (Ok(case), Ok(url)) = (env::var("PROXY_CASE"), env::var("STATELESS_URL")) else { return };
    let address = url.strip_prefix("http://").unwrap();
    // The harness prints what it does on the same line.
    println!();
    match case.as_str() {
        "keep-alive" => {
            let mut wire = Wire::open(address);
            (0..6).for_each(|_| wire.ask("GET /plain", ""));
        }
        "streams" => wait(streams(address)),
        "grpc" => wait(grpc::say(&url, &["hello", "again", "nobody"])),
        "long" => long(address),
        "counts" => counts(address),
        "resumes" => resumes(address),
        "notes-returns" => {
            let note = if hears_four(address, "/adds", |last| last) > 0 { "cut off" } else { "" };
            Wire::open(address).ask("POST /note", note);
        }
        "large" => large(address),
        "backpressure" => backpressure(address),
        "continue" => waits_for_continue(address),
        "trailers" => trailers(address),
        "early" => early(address),
        "refused" => refused(address),
        "half-close" => half_close(address),
        "hangs-up" => {
            let mut wire = Wire::open(address);
            for _ in 0..3 {
                wire.ask("GET /plain", "");
                wire.ask("GET /hangup", "");
                wire.ask("POST /hangup", "something");
            }
        }
        "dies" => {
            let mut wire = Wire::open(address);
            wire.ask("POST /die", "");
            wire.ask("POST /die", "");
        }
        other => panic!("no case {other}"),
    }
}

fn wait(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

async fn streams(address: &str) {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let ask = |method: &str, path: &str, body: Vec<u8>| {
        let request = hyper::Request::builder().method(method).uri(format!("http://{address}{path}"));
        let answer = sender.clone().send_request(request.body(Full::new(Bytes::from(body))).unwrap());
        async move {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status(), 200);
            println!("met {}", answer.headers()["x-replica"].to_str().unwrap());
            answer.into_body().collect().await.unwrap().to_bytes()
        }
    };
    for _ in 0..6 {
        assert_eq!(ask("GET", "/plain", Vec::new()).await, "ok");
    }
    // Who builds an address from it leads the client back to where it came from.
    assert_eq!(ask("GET", "/name", Vec::new()).await, address);
    let mut burst = tokio::task::JoinSet::new();
    for size in (0..6).map(|n| 100_000 + n) {
        let answer = ask("POST", "/echo", vec![b'x'; size]);
        burst.spawn(async move { assert_eq!(answer.await, format!("{{\"bytes\":{size}}}")) });
    }
    burst.join_all().await;
}

/// One event after the other, as far as they have come.
struct Events {
    wire: Wire,
    text: String,
}

impl Events {
    fn open(address: &str, path: &str, last: u64) -> Self {
        let mut wire = Wire::open(address);
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {last}\r\n\r\n"));
        wire.head();
        Events { wire, text: String::new() }
    }

    /// The next event's id; nothing where the stream has ended.
    fn next(&mut self) -> Option<u64> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let id = event.strip_prefix("id: ").unwrap().lines().next().unwrap().parse().unwrap();
                println!("event {id}");
                self.text = rest.to_owned();
                return Some(id);
            }
            self.text += std::str::from_utf8(&self.wire.chunk()?).unwrap();
        }
    }
}

fn long(address: &str) {
    for _ in 0..2 {
        let mut socket = Socket::open(address, "/adds");
        for said in ["0", "1"] {
            socket.say(said);
            println!("heard {}", socket.next().unwrap());
        }
    }
    for _ in 0..2 {
        let mut events = Events::open(address, "/events/2", 0);
        while events.next() != Some(2) {}
        let stream = events.wire.connection.get_mut();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        println!("{}", if stream.read(&mut [0; 1]).is_err() { "still open" } else { "over" });
    }
}

/// Says something until it has heard four answers, and comes back where it is cut off: so often.
fn hears_four(address: &str, path: &str, next: impl Fn(u64) -> u64) -> usize {
    let (mut socket, mut heard, mut last, mut cut) = (Socket::open(address, path), 0, 0, 0);
    while heard < 4 {
        socket.say(&next(last).to_string());
        match socket.next() {
            Some(text) => {
                println!("heard {text}");
                (heard, last) = (heard + 1, text.parse().unwrap());
            }
            None => {
                println!("closed");
                socket = Socket::open(address, path);
                cut += 1;
            }
        }
    }
    cut
}

fn counts(address: &str) {
    hears_four(address, "/counts/anna", |_| 0);
}

fn resumes(address: &str) {
    let (mut events, mut last) = (Events::open(address, "/events/3", 0), 0);
    while last < 3 {
        match events.next() {
            Some(id) => last = id,
            None => {
                println!("closed");
                events = Events::open(address, "/events/3", last);
            }
        }
    }
    hears_four(address, "/adds", |last| last);
}

fn large(address: &str) {
    let body = vec![b'x'; LARGE];
    let told = format!("{{\"bytes\":{LARGE}}}").into_bytes();
    let mut wire = Wire::open(address);
    wire.send(format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGE}\r\n\r\n"));
    wire.send(&body);
    assert_eq!(wire.answer().1, told);
    wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunk in body.chunks(100_000) {
        wire.send(format!("{:x}\r\n", chunk.len()));
        wire.send(chunk);
        wire.send("\r\n");
    }
    wire.send("0\r\n\r\n");
    assert_eq!(wire.answer().1, told);
    wire.send(format!("GET /bytes/{LARGE} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert!(wire.answer().1 == body);
    wire.send(format!("GET /stream/{LARGE} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert!(wire.answer().1 == body);
    println!("all of it, four times");
}

fn backpressure(address: &str) {
    let mut wire = Wire::open(address);
    wire.send(format!("POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGE}\r\n\r\n"));
    let mut stream = wire.connection.get_ref().try_clone().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let sending = thread::spawn(move || {
        for chunk in vec![b'x'; LARGE].chunks(64 << 10) {
            stream.write_all(chunk).unwrap();
            counted.fetch_add(chunk.len(), Ordering::Relaxed);
        }
    });
    thread::sleep(PAUSE / 2);
    println!("sent before anybody read: {}", sent.load(Ordering::Relaxed));
    sending.join().unwrap();
    wire.answer();

    wire.send(format!("GET /bytes/{LARGE} HTTP/1.1\r\nHost: x\r\n\r\n"));
    thread::sleep(PAUSE + PAUSE / 2);
    assert_eq!(wire.answer().1.len(), LARGE);
}

fn waits_for_continue(address: &str) {
    let mut wire = Wire::open(address);
    wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n");
    println!("{}", wire.head()[0]);
    wire.send(vec![b'x'; 200_000]);
    let (status, body) = wire.answer();
    println!("{status}\n{}", String::from_utf8_lossy(&body));
}

fn trailers(address: &str) {
    let mut wire = Wire::open(address);
    wire.send(
        "POST /trailers HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\nTrailer: x-check\r\n\
         Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-check: 7\r\n\r\n",
    );
    let (_, body) = wire.answer();
    println!("request's trailer: x-check: {}", String::from_utf8_lossy(&body));
    println!("answer's trailer: {}", wire.line().trim());
}

fn early(address: &str) {
    let mut wire = Wire::open(address);
    wire.send(format!("POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGE}\r\n\r\n"));
    let body = vec![b'x'; LARGE];
    let (first, rest) = body.split_at(256 << 10);
    wire.send(first);
    let (status, _) = wire.answer();
    println!("{status}");
    wire.send(rest);
    wire.ask("GET /plain", "");
}

fn refused(address: &str) {
    let mut wire = Wire::open(address);
    wire.send(handshake("x", "/refused"));
    let (status, body) = wire.answer();
    println!("{status}\n{}", String::from_utf8_lossy(&body));
    wire.ask("GET /plain", "");
}

fn half_close(address: &str) {
    let mut socket = Socket::open(address, "/adds");
    socket.say("6");
    socket.close_half();
    println!("heard {}", socket.next().unwrap());
}
