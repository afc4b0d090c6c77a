//! Stands between the clients and the replicas, and picks a replica for every request: also on
//! one connection, and for every stream of HTTP/2.
//!
//! Binds a port of the loopback only. Sends no request twice, to whomever: a failure reaches
//! the client as 502 and the book as what it is.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

use super::book::{Book, Entry};
use super::failure::Failure;
use super::held::{self, Held};
use super::record;
use super::replica::Fleet;
use super::schedule::Before;
use super::streams::Streams;
use super::tee::Tee;
use super::tunnel;

/// Bodies up to this length are read before the request is passed on.
const READ_FIRST: u64 = 64 << 10;

/// A connection that rested longer may be closed by the other side at any moment, and a request
/// that meets this would look like a fault of the service.
const RESTING: Duration = Duration::from_secs(1);

pub(super) type AnyBody = UnsyncBoxBody<Bytes, hyper::Error>;

/// Listens for as long as it lives.
pub(crate) struct Proxy {
    address: SocketAddr,
    current: Arc<Mutex<Option<Arc<Route>>>>,
    accepting: tokio::task::JoinHandle<()>,
}

/// Where requests go in one run.
pub(crate) struct Route {
    book: Book,
    fleet: Arc<Fleet>,
    /// Why nothing can be passed on any more.
    broken: Mutex<Option<Failure>>,
    http1: Client<HttpConnector, AnyBody>,
    http2: Streams,
}

impl Route {
    pub(crate) fn new(book: Book, fleet: Arc<Fleet>) -> Arc<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http1 = Client::builder(TokioExecutor::new())
            .retry_canceled_requests(false)
            .pool_idle_timeout(RESTING)
            .pool_timer(TokioTimer::new())
            .set_host(false)
            .build(connector);
        Arc::new(Route { book, fleet, broken: Mutex::default(), http1, http2: Streams::default() })
    }

    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    /// Why nothing could be passed on any more; given once.
    pub(crate) fn broken(&self) -> Option<Failure> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn give_up(&self, failure: Failure) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// Asks the replica at this address to end, in the middle of the request.
    async fn interrupt(&self, address: SocketAddr, number: usize) {
        self.book.leaves(number);
        self.fleet.ask_to_end(address).await;
    }

    /// Where the request goes after what is to happen before it.
    async fn act(&self, before: Before, replica: usize) -> Option<SocketAddr> {
        match before {
            Before::Kill(replica) => self.fleet.kill(replica).await,
            Before::Replace => {
                return match self.fleet.replace(replica).await {
                    Ok(old) => Some(old),
                    Err(failure) => {
                        self.give_up(failure);
                        None
                    }
                };
            }
            Before::Restart => {
                // What is under way may end first; this request is one of them.
                for _ in 0..500 {
                    if self.book.open() <= 1 {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                if let Err(failure) = self.fleet.restart().await {
                    self.give_up(failure);
                }
            }
        }
        self.fleet.address(replica)
    }
}

impl Proxy {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let current: Arc<Mutex<Option<Arc<Route>>>> = Arc::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&current)));
        Ok(Proxy { address, current, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// For the test: `http://127.0.0.1:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on requests go here; nowhere without a route.
    pub(crate) fn set(&self, route: Option<Arc<Route>>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = route;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, current: Arc<Mutex<Option<Arc<Route>>>>) {
    for connection in 0_u64.. {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: others are given back.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let current = Arc::clone(&current);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let route = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
                async move {
                    Ok::<_, Infallible>(match route {
                        Some(route) => pass(route, connection, request).await,
                        None => refuse("no run is under way"),
                    })
                }
            });
            let server = auto::Builder::new(TokioExecutor::new());
            // The client's own troubles are the client's.
            let _ = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
        });
    }
}

async fn pass(route: Arc<Route>, connection: u64, mut request: Request<Incoming>) -> Response<AnyBody> {
    let upgrade = request.headers().contains_key(header::UPGRADE) && request.version() == Version::HTTP_11;
    let from_client = upgrade.then(|| hyper::upgrade::on(&mut request));
    let (mut head, body) = request.into_parts();
    let mut entry = record::Request {
        method: head.method.to_string(),
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: headers(&head.headers),
        body: record::Body::default(),
    };
    let short = body.size_hint().exact().is_some_and(|length| length <= READ_FIRST);
    let body = match short {
        true => match body.collect().await {
            Ok(read) => Ok(read.to_bytes()),
            Err(_) => return refuse("the request broke off"),
        },
        false => Err(body),
    };
    if let Ok(read) = &body {
        entry.body.push(read);
    }
    let Entry { number, replica, before, cut } = route.book.enter(connection, entry);
    let address = match before {
        Some(before) => route.act(before, replica).await,
        None => route.fleet.address(replica),
    };
    let unsent = |why: &str| {
        route.book.failed(number, why.to_owned());
        refuse(why)
    };
    let Some(address) = address else { return unsent("no such replica") };
    let leaving = Arc::clone(&route);
    let leave = async move { leaving.interrupt(address, number).await };
    let replaced = before == Some(Before::Replace);
    let body: AnyBody = match body {
        Ok(read) if replaced && read.len() > 1 => {
            Held::new(read, leave).map_err(|never| match never {}).boxed_unsync()
        }
        body => {
            if replaced {
                tokio::spawn(held::after_receipt(leave));
            }
            passed_on(body, &route, number)
        }
    };
    let http2 = head.version == Version::HTTP_2;
    if addressed(&mut head, address, route.fleet.host(replica)).is_none() {
        return unsent("the request's target is no path");
    }
    head.version = if http2 { Version::HTTP_2 } else { Version::HTTP_11 };
    between(&mut head.headers, upgrade);
    let request = Request::from_parts(head, body);
    let sent = match http2 {
        true => route.http2.request(address, request, RESTING).await,
        false => route.http1.request(request).await.map_err(|error| reason(&error)),
    };
    let mut response = match sent {
        Ok(response) => response,
        Err(why) => {
            route.book.failed(number, why.clone());
            return refuse(&format!("replica {replica}: {why}"));
        }
    };

    let answer = record::Answer {
        status: response.status().as_u16(),
        headers: headers(response.headers()),
        ..record::Answer::default()
    };
    let cut = cut.filter(|_| answer.status == 101 || answer.streams_events());
    route.book.answered(number, answer);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(from_client) = from_client
    {
        let from_replica = hyper::upgrade::on(&mut response);
        tokio::spawn(tunnel::run(from_client, from_replica, Arc::clone(&route), number, cut));
        let (head, _) = response.into_parts();
        return Response::from_parts(head, Full::default().map_err(|never| match never {}).boxed_unsync());
    }
    between(response.headers_mut(), false);
    response.map(|body| Tee::answer(body, route, number, cut).boxed_unsync())
}

/// Says where the request goes, and by what name the replica is asked: by that of `--target`, else
/// by the one that the client uses. Nothing where its target is no path.
fn addressed(head: &mut Parts, address: SocketAddr, host: Option<&str>) -> Option<()> {
    let http2 = head.version == Version::HTTP_2;
    let header = head.headers.remove(header::HOST);
    let authority = head.uri.authority().and_then(|name| HeaderValue::from_str(name.as_str()).ok());
    let said = if http2 { authority.or(header) } else { header.or(authority) };
    let name = host.and_then(|host| HeaderValue::from_str(host).ok()).or(said);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let uri = Uri::builder().scheme("http").path_and_query(target);
    // Over HTTP/2 the name is a part of the target; over HTTP/1.1 it is a header, and the target
    // says where to connect.
    let uri = match &name {
        Some(name) if http2 => uri.authority(name.as_bytes()),
        _ => uri.authority(address.to_string()),
    };
    if let Some(name) = name.filter(|_| !http2) {
        head.headers.insert(header::HOST, name);
    }
    head.uri = uri.build().ok()?;
    Some(())
}

/// The body as it came: read already, or written down while it passes.
fn passed_on(body: Result<Bytes, Incoming>, route: &Arc<Route>, number: usize) -> AnyBody {
    match body {
        Ok(read) => Full::new(read).map_err(|never| match never {}).boxed_unsync(),
        Err(streamed) => Tee::request(streamed, Arc::clone(route), number).boxed_unsync(),
    }
}

/// Takes out what is said from one hop to the next.
fn between(headers: &mut HeaderMap, upgrade: bool) {
    if upgrade {
        // A compressed message could not be read on the way.
        headers.remove("sec-websocket-extensions");
        return;
    }
    // Trailers pass, so whoever wants them still does: gRPC, and clients that name `TE` as one
    // of the headers for the next hop alone.
    let trailers = headers.get(header::TE).is_some_and(|value| value == "trailers");
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        headers.remove(name);
    }
    headers.remove(header::TE);
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
}

pub(super) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// The innermost cause: the outer ones only say that something failed.
pub(super) fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn refuse(why: &str) -> Response<AnyBody> {
    let body = Full::from(format!("cargo stateless verify: {why}\n")).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
