//! A WebSocket, or whatever else a connection was upgraded to: passes bytes both ways and
//! writes the messages of a WebSocket into the book. Where the schedule wants the client to come
//! back, it is told that the service restarts.

use std::pin::pin;
use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};

use super::proxy::Route;
use super::websocket::{Messages, RESTARTS};

/// Runs until both sides have ended, or `cut` messages have come from the replica.
pub(super) async fn run(
    client: OnUpgrade,
    replica: OnUpgrade,
    route: Arc<Route>,
    number: usize,
    cut: Option<usize>,
) {
    if let (Ok(client), Ok(replica)) = tokio::join!(client, replica) {
        let (from_client, to_client) = split(TokioIo::new(client));
        let (from_replica, to_replica) = split(TokioIo::new(replica));
        let mut asking = pin!(pass(from_client, to_replica, true, &route, number, None));
        let mut telling = pin!(pass(from_replica, to_client, false, &route, number, cut));
        tokio::select! {
            _ = &mut asking => {
                telling.await;
            }
            end = &mut telling => if end == End::Closed {
                asking.await;
            },
        }
    }
    route.book().ended(number);
}

/// How one direction ended.
#[derive(PartialEq, Eq)]
enum End {
    Closed,
    Cut,
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    from_client: bool,
    route: &Route,
    number: usize,
    mut cut: Option<usize>,
) -> End {
    let mut messages = Messages::new(from_client);
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let mut bytes = &buffer[..read];
        if let Some(left) = &mut cut {
            // A byte at a time: what comes after the last message must not pass.
            for at in 0..read {
                for message in messages.feed(&bytes[at..=at]) {
                    route.book().message(number, message);
                    *left = left.saturating_sub(1);
                }
                if *left == 0 {
                    bytes = &bytes[..=at];
                    break;
                }
            }
        } else {
            for message in messages.feed(bytes) {
                route.book().message(number, message);
            }
        }
        if to.write_all(bytes).await.is_err() {
            break;
        }
        if cut == Some(0) {
            let _ = to.write_all(&RESTARTS).await;
            let _ = to.shutdown().await;
            return End::Cut;
        }
    }
    let _ = to.shutdown().await;
    End::Closed
}
