//! Counts what goes over the wire: bytes both ways, and round trips.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
pub struct Wire {
    pub address: String,
    trips: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    received: Arc<AtomicUsize>,
}

impl Wire {
    pub async fn before(server: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let wire = Self { address: listener.local_addr()?.to_string(), ..Self::default() };
        let (server, counts) = (server.to_owned(), wire.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(server) = TcpStream::connect(&server).await {
                    tokio::spawn(counts.clone().pass(client, server));
                }
            }
        });
        Ok(wire)
    }

    async fn pass(self, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let spoke = Arc::new(AtomicBool::new(true));
        let (heard, received) = (spoke.clone(), self.received.clone());
        tokio::spawn(async move {
            let mut buffer = vec![0; 65536];
            while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
                heard.store(true, Ordering::SeqCst);
                received.fetch_add(count, Ordering::SeqCst);
                if to_client.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        });
        let mut buffer = vec![0; 65536];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            if spoke.swap(false, Ordering::SeqCst) {
                self.trips.fetch_add(1, Ordering::SeqCst);
            }
            self.sent.fetch_add(count, Ordering::SeqCst);
            if to_server.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    }

    /// Round trips, bytes to the server and bytes from it since the last call.
    pub fn counts(&self) -> (usize, usize, usize) {
        (
            self.trips.swap(0, Ordering::SeqCst),
            self.sent.swap(0, Ordering::SeqCst),
            self.received.swap(0, Ordering::SeqCst),
        )
    }
}
