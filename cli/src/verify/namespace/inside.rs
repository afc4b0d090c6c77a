//! The process inside a namespace: starts the service, and passes bytes between its port and a
//! socket in the file system.
//!
//! Ends when the service ends, and as it does. A signal to end is the service's alone: it may still
//! have something to finish, which has to get out.

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send, socket};

use super::shared_socket;

/// Words: socket, port, shared ports, program, its arguments.
pub(crate) fn run(words: &[OsString]) -> Result<ExitCode, String> {
    let [socket, port, shared, program, arguments @ ..] = words else {
        return Err("this is a part of `cargo stateless verify`, and not to be called".to_owned());
    };
    let number = |text: &str| text.parse::<u16>().map_err(|error| format!("port `{text}`: {error}"));
    let port = number(&port.to_string_lossy())?;
    let shared = shared.to_string_lossy();
    let shared: Vec<u16> =
        shared.split(',').filter(|port| !port.is_empty()).map(number).collect::<Result<_, _>>()?;
    let socket = PathBuf::from(socket);

    let unheeded = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        let _ = signal_hook::flag::register(signal, Arc::clone(&unheeded));
    }
    loopback_up().map_err(|error| format!("the namespace has no loopback: {error}"))?;
    for port in shared {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = listener.map_err(|error| format!("port {port} in the namespace: {error}"))?;
        let path = shared_socket(&socket, port);
        thread::spawn(move || let_out(&listener, &path));
    }
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).map_err(|error| format!("{}: {error}", socket.display()))?;
    let mut service = Command::new(program)
        .args(arguments)
        .spawn()
        .map_err(|error| format!("`{}` cannot be started: {error}", program.to_string_lossy()))?;
    thread::spawn(move || let_in(&listener, port));
    let status = service.wait().map_err(|error| error.to_string())?;
    // As a shell has it.
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// What comes from outside goes to the service.
fn let_in(listener: &UnixListener, port: u16) {
    for outer in listener.incoming().flatten() {
        thread::spawn(move || {
            if let Ok(inner) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                let _ = inner.set_nodelay(true);
                pass(outer, inner);
            }
        });
    }
}

/// What the service asks of a shared port goes out.
fn let_out(listener: &TcpListener, path: &Path) {
    for inner in listener.incoming().flatten() {
        let Ok(outer) = UnixStream::connect(path) else { continue };
        thread::spawn(move || pass(outer, inner));
    }
}

/// Both ways, until both are closed.
fn pass(outer: UnixStream, inner: TcpStream) {
    let (Ok(mut from_outer), Ok(mut to_inner)) = (outer.try_clone(), inner.try_clone()) else { return };
    let there = thread::spawn(move || {
        let _ = io::copy(&mut from_outer, &mut to_inner);
        let _ = to_inner.shutdown(Shutdown::Write);
    });
    let (mut from_inner, mut to_outer) = (inner, outer);
    let _ = io::copy(&mut from_inner, &mut to_outer);
    let _ = to_outer.shutdown(Shutdown::Write);
    let _ = there.join();
}

/// Brings up the namespace's own loopback: a message to the kernel's routing socket, as `ip link
/// set lo up` sends it.
fn loopback_up() -> io::Result<()> {
    const NEW_LINK: u16 = 16;
    const REQUEST_AND_ACKNOWLEDGE: u16 = 1 | 4;
    const UP: u32 = 1;
    let mut message = Vec::new();
    // Header: length, type, flags, sequence, sender.
    message.extend(32_u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes());
    message.extend(0_u32.to_ne_bytes());
    // Family and type of any; the first interface, which is the loopback; flags, and which change.
    message.extend(0_u32.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    let kernel = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    send(&kernel, &message, SendFlags::empty())?;
    let mut answer = [0_u8; 256];
    let (_, length) = recv(&kernel, &mut answer[..], RecvFlags::empty())?;
    // Behind the header of an acknowledgement stands an error number, negative.
    match answer.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes) {
        Some(0) if length >= 20 => Ok(()),
        Some(number) => Err(io::Error::from_raw_os_error(-number)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
