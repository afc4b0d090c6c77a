//! Connections of HTTP/2 to replicas: one each, shared by all of its streams.
//!
//! None of a pool's: a pool says the address it connects to as `:authority`, while a replica has to
//! be asked by the name that the client used. Sends nothing twice.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::proxy::{AnyBody, reason};

/// See the module.
#[derive(Default)]
pub(super) struct Streams(Mutex<HashMap<SocketAddr, (SendRequest<AnyBody>, Instant)>>);

impl Streams {
    /// Sends it to a replica; `resting` is how long a connection may have been without use.
    pub(super) async fn request(
        &self,
        address: SocketAddr,
        request: Request<AnyBody>,
        resting: Duration,
    ) -> Result<Response<Incoming>, String> {
        let mut sender = match self.known(address, resting) {
            Some(sender) => sender,
            None => self.connect(address).await?,
        };
        sender.send_request(request).await.map_err(|error| reason(&error))
    }

    fn known(&self, address: SocketAddr, resting: Duration) -> Option<SendRequest<AnyBody>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, used) = known.get_mut(&address)?;
        let fresh = used.elapsed() < resting && !sender.is_closed();
        *used = Instant::now();
        fresh.then(|| sender.clone())
    }

    /// In the place of the one before, which ends with its last stream.
    async fn connect(&self, address: SocketAddr) -> Result<SendRequest<AnyBody>, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|error| reason(&error))?;
        tokio::spawn(connection);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(address, (sender.clone(), Instant::now()));
        Ok(sender)
    }
}
