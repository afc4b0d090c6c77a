//! A WebSocket, or whatever else a connection was upgraded to: passes bytes both ways and
//! writes the messages of a WebSocket into the book.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};

use super::proxy::Route;
use super::websocket::Messages;

/// Runs until both sides have ended.
pub(super) async fn run(client: OnUpgrade, replica: OnUpgrade, route: Arc<Route>, number: usize) {
    if let (Ok(client), Ok(replica)) = tokio::join!(client, replica) {
        let (from_client, to_client) = split(TokioIo::new(client));
        let (from_replica, to_replica) = split(TokioIo::new(replica));
        tokio::join!(
            pass(from_client, to_replica, true, &route, number),
            pass(from_replica, to_client, false, &route, number)
        );
    }
    route.book().ended(number);
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    from_client: bool,
    route: &Route,
    number: usize,
) {
    let mut messages = Messages::new(from_client);
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..read];
        for message in messages.feed(bytes) {
            route.book().message(number, message);
        }
        if to.write_all(bytes).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
