//! A proxy that counts round trips: how often a client speaks after the server has spoken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Stands between a client and a server on loopback.
pub(crate) struct Proxy {
    pub(crate) address: String,
    trips: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    silent: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let proxy = Self { address, trips: Arc::default(), bytes: Arc::default(), silent: Arc::default() };
        let (trips, bytes, silent) = (proxy.trips.clone(), proxy.bytes.clone(), proxy.silent.clone());
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                let (trips, bytes, silent) = (trips.clone(), bytes.clone(), silent.clone());
                tokio::spawn(pass(client, server, trips, bytes, silent));
            }
        });
        proxy
    }

    /// Round trips since the last call.
    #[allow(dead_code)]
    pub(crate) fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
    }

    /// Bytes from the client since the last call.
    #[allow(dead_code)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.swap(0, Ordering::SeqCst)
    }

    /// Swallows what the server says from now on. A connection that was silent once stays so, as
    /// one whose other end has gone without a word.
    #[allow(dead_code)]
    pub(crate) fn hush(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    trips: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    silent: Arc<AtomicBool>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let server_spoke = Arc::new(AtomicBool::new(true));
    let spoke = server_spoke.clone();
    let back = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        let mut lost = false;
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            spoke.store(true, Ordering::SeqCst);
            lost |= silent.load(Ordering::SeqCst);
            if !lost && to_client.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
        if server_spoke.swap(false, Ordering::SeqCst) {
            trips.fetch_add(1, Ordering::SeqCst);
        }
        bytes.fetch_add(count, Ordering::SeqCst);
        if to_server.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    drop(to_server);
    back.abort();
}
