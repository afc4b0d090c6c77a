//! The service behind the proxy, on hyper: each path is one thing that a proxy may get wrong.
//! Every answer says in `x-replica` who gave it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::env;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, TRAILER, TRANSFER_ENCODING, UPGRADE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::grpc;

pub(crate) type AnyBody = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// So long nobody reads, in the case about that.
pub(crate) const PAUSE: Duration = Duration::from_secs(2);

/// `--serve` for this program as the service.
pub(crate) fn serve() -> String {
    let program = env::current_exe().unwrap();
    format!(
        "PROXY_PORT={{port}} PROXY_REPLICA={{replica}} {} --exact service::service --nocapture",
        program.display()
    )
}

/// Not a test: the service, where it is started as one.
#[test]
fn service() {
    let Ok(port) = env::var("PROXY_PORT") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ =
                    server.serve_connection_with_upgrades(TokioIo::new(stream), service_fn(serve_one)).await;
            });
        }
    });
}

/// Nothing where the connection is to be closed without an answer.
async fn serve_one(request: Request<Incoming>) -> Result<Response<AnyBody>, &'static str> {
    eprintln!("asked {} {}", request.method(), request.uri().path());
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let mut response = match parts.as_slice() {
        ["plain"] => says("ok"),
        // By what name it is asked, wherever the protocol has it.
        ["name"] => {
            let header = request.headers().get("host").map(|name| name.to_str().unwrap().to_owned());
            says(header.or(request.uri().authority().map(ToString::to_string)).unwrap_or_default())
        }
        ["echo"] => says(format!("{{\"bytes\":{}}}", read(request.into_body()).await)),
        ["slow"] => {
            tokio::time::sleep(PAUSE).await;
            says(format!("{{\"bytes\":{}}}", read(request.into_body()).await))
        }
        // One says how long it is, the other does not.
        ["bytes", count] => made(Made::new(count.parse().unwrap(), true)),
        ["stream", count] => made(Made::new(count.parse().unwrap(), false)),
        ["trailers"] => trailers(request.into_body()).await,
        ["events", count] => events(&request, count.parse().unwrap()),
        ["early"] => {
            tokio::spawn(read(request.into_body()));
            let mut response = says("too much");
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            response
        }
        ["refused"] => {
            let mut response = says("not you");
            *response.status_mut() = StatusCode::FORBIDDEN;
            response
        }
        ["adds"] => upgraded(request, |text| text.parse::<u64>().unwrap() + 1),
        ["counts", name] => {
            let name = (*name).to_owned();
            upgraded(request, move |_| count(&name))
        }
        // Who was cut off gets something else each time, everybody else the replica's name.
        ["note"] => match request.into_body().collect().await.unwrap().to_bytes().is_empty() {
            true => says(replica()),
            false => says(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().to_string()),
        },
        ["hangup"] => return Err("hangs up"),
        ["die"] if replica() == "1" => std::process::exit(70),
        ["die"] => says("lives"),
        ["test.Echo", "Say"] => grpc::answer(request).await,
        _ => {
            let mut response = says("no such path");
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    };
    response.headers_mut().insert("x-replica", HeaderValue::from_str(&replica()).unwrap());
    Ok(response)
}

fn replica() -> String {
    env::var("PROXY_REPLICA").unwrap()
}

fn says(text: impl Into<Bytes>) -> Response<AnyBody> {
    Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed_unsync())
}

fn made(body: Made) -> Response<AnyBody> {
    Response::new(body.map_err(|never| match never {}).boxed_unsync())
}

async fn read(mut body: Incoming) -> u64 {
    let mut count = 0;
    while let Some(Ok(frame)) = body.frame().await {
        count += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    count
}

/// How often it was called with this name, in this process.
fn count(name: &str) -> u64 {
    static COUNTS: Mutex<Option<HashMap<String, u64>>> = Mutex::new(None);
    let mut counts = COUNTS.lock().unwrap();
    let count = counts.get_or_insert_default().entry(name.to_owned()).or_default();
    *count += 1;
    *count
}

/// Says what trailers came in, and sends one.
async fn trailers(body: Incoming) -> Response<AnyBody> {
    let came = body.collect().await.unwrap().trailers().cloned().unwrap_or_default();
    let came = came.get("x-check").map_or("none", |value| value.to_str().unwrap()).to_owned();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("5"));
    let body = Full::new(Bytes::from(came)).map_err(|never: Infallible| match never {});
    let mut response = Response::new(body.with_trailers(async move { Some(Ok(trailers)) }).boxed_unsync());
    // Only a body in chunks has trailers.
    response.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    response.headers_mut().insert(TRAILER, HeaderValue::from_static("x-sum"));
    response
}

/// Events up to `count`, from the one on that the client had last; the stream stays open.
fn events(request: &Request<Incoming>, count: u64) -> Response<AnyBody> {
    let last = request.headers().get("last-event-id");
    let last: u64 = last.map_or(0, |id| id.to_str().unwrap().parse().unwrap());
    let events: String = (last + 1..=count).map(|id| format!("id: {id}\ndata: x\n\n")).collect();
    let mut response =
        Response::new(Open(Some(events.into())).map_err(|never| match never {}).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

/// A body that says something, and does not end.
struct Open(Option<Bytes>);

impl Body for Open {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None => Poll::Pending,
        }
    }
}

/// A WebSocket that answers each text with a number. The key of the handshake is nobody's concern here.
fn upgraded(
    mut request: Request<Incoming>,
    answer: impl Fn(&str) -> u64 + Send + 'static,
) -> Response<AnyBody> {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrade.await.unwrap());
        loop {
            let mut head = [0; 6];
            if stream.read_exact(&mut head).await.is_err() || head[0] != 0x81 {
                return;
            }
            let mut text = vec![0; usize::from(head[1] & 0x7f)];
            stream.read_exact(&mut text).await.unwrap();
            text.iter_mut().zip(head[2..].iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
            let answer = answer(std::str::from_utf8(&text).unwrap()).to_string();
            let mut frame = vec![0x81, answer.len() as u8];
            frame.extend(answer.bytes());
            if stream.write_all(&frame).await.is_err() {
                return;
            }
        }
    });
    let mut response = says("");
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response
}

/// So many bytes, made as they are asked for. Says how many that were while nobody read.
struct Made {
    left: u64,
    made: u64,
    begun: Instant,
    told: bool,
    announced: bool,
}

impl Made {
    fn new(left: u64, announced: bool) -> Self {
        Made { left, made: 0, begun: Instant::now(), told: false, announced }
    }
}

impl Body for Made {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if self.begun.elapsed() >= PAUSE && !self.told {
            self.told = true;
            eprintln!("made before anybody read: {}", self.made);
        }
        let size = self.left.min(64 << 10);
        self.left -= size;
        self.made += size;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; size as usize])))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.announced { SizeHint::with_exact(self.left) } else { SizeHint::default() }
    }
}
