//! The connection of one client: its requests go over it one after the other, so that the proxy
//! knows who sends them. A pool would now and then open another one.
//!
//! Sends nothing twice.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::verify::record::{Answer, Request};
use crate::verify::replay::{PATIENCE, built, collected};

/// See the module.
#[derive(Default)]
pub(super) struct Line(Option<SendRequest<Full<Bytes>>>);

impl Line {
    /// The answer to one request, or why there is none.
    pub(super) async fn ask(&mut self, request: &Request, address: SocketAddr) -> Result<Answer, String> {
        let asked = tokio::time::timeout(PATIENCE, self.once(request, address)).await;
        asked.unwrap_or_else(|_| {
            // What comes on it later answers nothing.
            self.0 = None;
            Err(format!("nothing after {} s", PATIENCE.as_secs()))
        })
    }

    async fn once(&mut self, request: &Request, address: SocketAddr) -> Result<Answer, String> {
        let mut sent = built(request, address, &[])?;
        if !sent.headers().contains_key(HOST) {
            let host = HeaderValue::try_from(address.to_string()).map_err(|error| error.to_string())?;
            sent.headers_mut().insert(HOST, host);
        }
        let target = sent.uri().path_and_query().map_or("/", |target| target.as_str());
        *sent.uri_mut() = target.parse().map_err(|_| "the request's target is no path".to_owned())?;
        let sender = self.sender(address).await?;
        collected(sender.send_request(sent).await.map_err(|error| error.to_string())?).await
    }

    /// The connection as it is, or another one where it was closed.
    async fn sender(&mut self, address: SocketAddr) -> Result<&mut SendRequest<Full<Bytes>>, String> {
        let open = match &mut self.0 {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !open {
            self.0 = None;
        }
        match &mut self.0 {
            Some(sender) => Ok(sender),
            none => {
                let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
                let _ = stream.set_nodelay(true);
                let shaken = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
                tokio::spawn(shaken.1);
                Ok(none.insert(shaken.0))
            }
        }
    }
}
