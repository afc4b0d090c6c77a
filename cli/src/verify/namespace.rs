//! Replicas that all bind the same port, fixed in their code: each in a network namespace of its
//! own, where only it has that port.
//!
//! A small process ([`inside`]) stands in the namespace beside the replica and passes bytes between
//! it and a socket in the file system, which namespaces do not divide; [`Relay`] does the same
//! outside, on a port of the loopback. Needs Linux and the program `unshare`, and no rights
//! where the system lets users make namespaces.

pub(crate) mod inside;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// What makes this program the process inside.
pub(crate) const INSIDE: &str = "__inside-namespace";

/// What every replica's namespace is like.
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    /// The port that the service binds.
    pub(super) port: u16,
    /// Ports of this machine's loopback that the service needs: a database's, say.
    pub(super) shared: Vec<u16>,
    /// Words before the program: `unshare` and its options.
    unshare: Vec<&'static str>,
}

/// From a port outside to the process inside, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(super) address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Namespace {
    /// Fails where the system makes no namespaces: why.
    pub(super) fn new(port: u16, shared: Vec<u16>) -> Result<Self, String> {
        let mut why = String::new();
        // Root needs no user namespace; others are root in one of their own.
        for options in [&["unshare", "--net"][..], &["unshare", "--user", "--map-root-user", "--net"]] {
            let tried = Command::new(options[0])
                .args(&options[1..])
                .args(["--", "true"])
                .stdin(Stdio::null())
                .output();
            match tried {
                Ok(output) if output.status.success() => {
                    return Ok(Namespace { port, shared, unshare: options.to_vec() });
                }
                Ok(output) => why = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                Err(error) => why = format!("`unshare` cannot be started: {error}"),
            }
        }
        Err(why)
    }

    /// The command that runs a program in a new namespace, reached by this socket.
    pub(super) fn command(&self, socket: &Path, program: &str) -> io::Result<Command> {
        let shared: Vec<String> = self.shared.iter().map(u16::to_string).collect();
        let mut command = Command::new(self.unshare[0]);
        command.args(&self.unshare[1..]).arg("--").arg(std::env::current_exe()?).arg(INSIDE);
        command.arg(socket).arg(self.port.to_string()).arg(shared.join(",")).arg(program);
        Ok(command)
    }
}

/// The socket of a shared port.
fn shared_socket(socket: &Path, port: u16) -> PathBuf {
    socket.with_extension(format!("{port}.s"))
}

impl Relay {
    /// Listens on a port of the system's choice for what is to go inside, and on sockets for what
    /// comes out of there.
    pub(super) fn start(socket: &Path, shared: &[u16]) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let inner = socket.to_owned();
        let mut tasks = vec![tokio::spawn(async move {
            while let Ok((mut outer, _)) = listener.accept().await {
                let inner = inner.clone();
                tokio::spawn(async move {
                    if let Ok(mut inner) = UnixStream::connect(inner).await {
                        let _ = outer.set_nodelay(true);
                        let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
                    }
                });
            }
        })];
        for port in shared.iter().copied() {
            let path = shared_socket(socket, port);
            let _ = std::fs::remove_file(&path);
            let listener = UnixListener::bind(path)?;
            tasks.push(tokio::spawn(async move {
                while let Ok((mut inner, _)) = listener.accept().await {
                    tokio::spawn(async move {
                        if let Ok(mut outer) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                            let _ = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
                        }
                    });
                }
            }));
        }
        Ok(Relay { address, tasks })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A relay takes every connection, and closes it where nobody listens inside.
pub(super) async fn stays_open(stream: &mut TcpStream) -> bool {
    let read = tokio::time::timeout(Duration::from_millis(60), stream.read_u8()).await;
    !matches!(read, Ok(Err(_)))
}
