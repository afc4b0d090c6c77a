//! Starts the replicas of one run, waits until they answer, and ends them.
//!
//! Which request goes where is not decided here. Every run has replicas of its own, started
//! afresh; they end with the value that holds them.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::command::Serve;
use super::failure::Failure;
use super::group::{self, Group, MARK};
use super::log::Log;
use super::namespace::{self, Namespace, Relay};
use super::target::Target;
use super::{binds, shared, workdir};

/// How long a replica that was asked to end may take until that is worth a warning. Deployments
/// often give 30 seconds; this is a test, whose requests are short.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// How replicas are started; the same for all runs.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) serve: Serve,
    /// Where replicas run elsewhere: what there is to start is nothing then.
    pub(crate) targets: Vec<Target>,
    /// Each in a namespace of its own.
    pub(crate) namespace: Option<Namespace>,
    /// Where the source binds a port of its own.
    pub(crate) source: PathBuf,
    /// What has to answer before a replica counts as ready; a connection where there is none.
    pub(crate) ready: Option<String>,
    /// How long that may take.
    pub(crate) patience: Duration,
    /// Where the caller stands.
    pub(crate) here: PathBuf,
    /// What each replica gets a copy of; nothing where they share the caller's folder.
    pub(crate) copied: Option<Vec<PathBuf>>,
    /// A folder for the copies.
    pub(crate) scratch: PathBuf,
    /// A folder for the logs.
    pub(crate) logs: PathBuf,
    /// Marks every process; see [`group::MARK`].
    pub(crate) mark: String,
}

/// One process that serves.
#[derive(Debug)]
struct Replica {
    number: usize,
    address: SocketAddr,
    folder: PathBuf,
    group: Group,
    /// The way into its namespace.
    relay: Option<Relay>,
    log: Log,
    /// Ended on purpose: its end is no failure.
    expected_end: bool,
}

impl Service {
    /// Starts so many replicas and waits for all of them. `run` names folders and logs.
    async fn start(&self, count: usize, run: &str) -> Result<Vec<Replica>, Failure> {
        let mut replicas = Vec::with_capacity(count);
        for number in 0..count {
            replicas.push(self.spawn(number, run, None)?);
        }
        for replica in &mut replicas {
            self.wait(replica).await?;
        }
        Ok(replicas)
    }

    fn spawn(&self, number: usize, run: &str, folder: Option<PathBuf>) -> Result<Replica, Failure> {
        let (address, socket, relay) = match &self.namespace {
            None => (free_address().map_err(Failure::Proxy)?, None, None),
            Some(namespace) => {
                let socket = self.socket(number, run);
                let relay = Relay::start(&socket, &namespace.shared).map_err(Failure::Proxy)?;
                (relay.address, Some(socket), Some(relay))
            }
        };
        let folder = folder.map_or_else(|| self.folder(number, run), Ok)?;
        let log_path = self.log_path(number, run);
        let prepare = |path: &Path, source| Failure::Prepare { path: path.to_owned(), source };
        let log = Log::create(log_path.clone()).map_err(|source| prepare(&log_path, source))?;
        // In a namespace it has the port that it wants.
        let port = self.namespace.as_ref().map_or(address.port(), |namespace| namespace.port);
        let fill = |word: &String| Serve::fill(word, number, port);
        let program = fill(&self.serve.program);
        let mut command = match (&self.namespace, socket) {
            (Some(namespace), Some(socket)) => {
                namespace.command(&socket, &program).map_err(Failure::Proxy)?
            }
            _ => Command::new(&program),
        };
        command
            .args(self.serve.arguments.iter().map(fill))
            .envs(self.serve.variables.iter().map(|(name, value)| (name, fill(value))))
            .env("PORT", port.to_string())
            .env(MARK, &self.mark)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.copied.is_some() {
            let temporary = folder.with_extension("tmp");
            std::fs::create_dir_all(&temporary).map_err(|source| prepare(&temporary, source))?;
            command.env("TMPDIR", temporary);
        }
        let mut group = Group::start(&mut command).map_err(|source| Failure::Start {
            program,
            source,
            help: "a path is looked for from this folder, a plain name in PATH",
        })?;
        log.follow(group.child());
        Ok(Replica { number, address, folder, group, relay, log, expected_end: false })
    }

    /// Short, as the system wants such names: no folder of the run's.
    fn socket(&self, number: usize, run: &str) -> PathBuf {
        static TURN: AtomicU32 = AtomicU32::new(0);
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let run = run.split('-').next().unwrap_or_default();
        let _ = std::fs::create_dir_all(&self.scratch);
        self.scratch.join(format!("{run}-{number}-{turn}.s"))
    }

    /// Where the source says which port it binds, and the way out. Reads the whole source.
    fn bound_elsewhere(&self) -> Option<String> {
        let bind = binds::first(&self.source).filter(|_| self.namespace.is_none())?;
        Some(format!(
            "{} binds port {} itself: read it from PORT or `{{port}}`, or give each replica a network namespace with \
             `--port {}`",
            bind.place, bind.port, bind.port
        ))
    }

    fn folder(&self, number: usize, run: &str) -> Result<PathBuf, Failure> {
        let Some(files) = &self.copied else { return Ok(self.here.clone()) };
        let folder = self.scratch.join(run).join(format!("replica-{number}"));
        workdir::copy(&self.here, files, &folder)
            .map_err(|source| Failure::Prepare { path: folder.clone(), source })?;
        Ok(folder)
    }

    /// A restarted replica has a log of its own.
    fn log_path(&self, number: usize, run: &str) -> PathBuf {
        let folder = self.logs.join(run);
        let names = (0..).map(|turn| match turn {
            0 => format!("replica-{number}.log"),
            turn => format!("replica-{number}.restart-{turn}.log"),
        });
        let mut paths = names.map(|name| folder.join(name)).filter(|path| !path.exists());
        paths.next().unwrap_or(folder)
    }

    /// What was seen of a replica that is not ready in time, and the way out.
    fn unready(&self, address: SocketAddr, status: Option<u16>) -> (String, String) {
        if let Some(status) = status {
            let path = self.ready.as_deref().unwrap_or("/");
            let help = "`--ready` wants a path that answers 2xx or 3xx once the service works";
            return (format!("GET {path} answers {status}"), help.to_owned());
        }
        let help = self.bound_elsewhere().unwrap_or_else(|| {
            "the service has to listen on the port it is given, as `{port}` in `--serve` or as PORT; \
             `--ready-timeout` waits longer"
                .to_owned()
        });
        (format!("nothing answers on {address}"), help)
    }

    async fn wait(&self, replica: &mut Replica) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            if let Some(died) = replica.died("before it was ready").await {
                let Failure::Died { replica, when, status, log, log_file, .. } = died else {
                    return Err(died);
                };
                let help = self.bound_elsewhere().map(String::into_boxed_str);
                return Err(Failure::Died { replica, when, status, log, log_file, help });
            }
            let seen = answer(replica.address, self.ready.as_deref(), replica.relay.is_some()).await;
            if let Ok(None | Some(200..=399)) = seen {
                return Ok(());
            }
            if started.elapsed() > self.patience {
                let (what, help) = self.unready(replica.address, seen.ok().flatten());
                return Err(Failure::NotReady {
                    replica: replica.number,
                    seconds: self.patience.as_secs(),
                    what,
                    log: replica.log.last_lines(),
                    help,
                });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Replica {
    /// Whether it ended although nobody wanted it to.
    async fn died(&mut self, when: &'static str) -> Option<Failure> {
        let status = if self.expected_end { None } else { self.group.status() }?;
        self.log.last_words().await;
        Some(Failure::Died {
            replica: self.number,
            when,
            status: group::ended(status),
            log: self.log.last_lines(),
            log_file: self.log.path().to_owned(),
            help: None,
        })
    }
}

/// The replicas of one run, together.
#[derive(Debug)]
pub(crate) struct Fleet {
    service: Arc<Service>,
    run: String,
    replicas: Mutex<Vec<Replica>>,
    /// The same as in `replicas`, for who only wants to know where to send.
    addresses: std::sync::Mutex<Vec<SocketAddr>>,
    /// Replaced, and asked to end.
    leaving: Mutex<Vec<Leaving>>,
}

/// A replica that another one has taken the place of.
#[derive(Debug)]
struct Leaving {
    replica: Replica,
    asked: Option<Instant>,
}

impl Fleet {
    /// Starts so many replicas, and waits for them.
    pub(crate) async fn start(service: Arc<Service>, count: usize, run: String) -> Result<Self, Failure> {
        let replicas = match service.targets.is_empty() {
            true => service.start(count, &run).await?,
            false => Vec::new(),
        };
        let own = replicas.iter().map(|replica| replica.address);
        let elsewhere = service.targets.iter().map(|target| target.address);
        let addresses = std::sync::Mutex::new(own.chain(elsewhere).collect());
        Ok(Fleet { service, run, replicas: Mutex::new(replicas), addresses, leaving: Mutex::default() })
    }

    /// What a replica that runs elsewhere is asked by: it may know one name only.
    pub(crate) fn host(&self, replica: usize) -> Option<&str> {
        self.service.targets.get(replica).map(|target| target.host.as_str())
    }

    pub(crate) fn address(&self, replica: usize) -> Option<SocketAddr> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).get(replica).copied()
    }

    /// Ends all, and starts others in their folders.
    pub(crate) async fn restart(&self) -> Result<(), Failure> {
        let mut replicas = self.replicas.lock().await;
        Group::end_all(replicas.iter_mut().map(|replica| &mut replica.group));
        for replica in replicas.iter_mut() {
            *replica = self.service.spawn(replica.number, &self.run, Some(replica.folder.clone()))?;
        }
        for replica in replicas.iter_mut() {
            self.service.wait(replica).await?;
        }
        let addresses = replicas.iter().map(|replica| replica.address).collect();
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
        Ok(())
    }

    /// Starts another one in its place, and gives back the old one's address: it still serves what
    /// is under way, until [`Fleet::ask_to_end`].
    pub(crate) async fn replace(&self, number: usize) -> Result<SocketAddr, Failure> {
        let mut replicas = self.replicas.lock().await;
        let mut leaving = self.leaving.lock().await;
        // A new machine has nothing of the old one's disk.
        let run = format!("{}/replaced-{}", self.run, leaving.len());
        let mut new = self.service.spawn(number, &run, None)?;
        self.service.wait(&mut new).await?;
        let address = new.address;
        let old = match replicas.get_mut(number) {
            Some(replica) => std::mem::replace(replica, new),
            None => return Ok(address),
        };
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = addresses.get_mut(number) {
            *known = address;
        }
        let before = old.address;
        leaving.push(Leaving { replica: old, asked: None });
        Ok(before)
    }

    /// Asks the replica that was replaced at this address to end.
    pub(crate) async fn ask_to_end(&self, address: SocketAddr) {
        for leaving in self.leaving.lock().await.iter_mut() {
            if leaving.replica.address == address && leaving.asked.is_none() {
                leaving.replica.group.ask();
                leaving.asked = Some(Instant::now());
            }
        }
    }

    /// The replicas that were asked to end and still run, once they had enough time.
    pub(crate) async fn lingering(&self) -> Vec<usize> {
        let mut leaving = self.leaving.lock().await;
        let mut numbers = Vec::new();
        for Leaving { replica, asked } in leaving.iter_mut() {
            let Some(asked) = asked else { continue };
            while replica.group.status().is_none() && asked.elapsed() < GRACE {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if replica.group.status().is_none() {
                numbers.push(replica.number);
            }
        }
        numbers
    }

    /// Ends one at once, as when a machine fails.
    pub(crate) async fn kill(&self, number: usize) {
        if let Some(replica) = self.replicas.lock().await.get_mut(number) {
            replica.expected_end = true;
            replica.group.kill();
        }
    }

    /// Whether one of them ended although nobody wanted it to.
    pub(crate) async fn died(&self) -> Result<(), Failure> {
        // Whoever holds them is about to end them.
        let Ok(mut replicas) = self.replicas.try_lock() else { return Ok(()) };
        for replica in replicas.iter_mut() {
            if let Some(died) = replica.died("while the test ran").await {
                return Err(died);
            }
        }
        Ok(())
    }

    /// Files that several of them have open for writing.
    pub(crate) async fn shared_files(&self) -> BTreeSet<PathBuf> {
        let replicas = self.replicas.lock().await;
        shared::files(&replicas.iter().map(|replica| replica.group.id()).collect::<Vec<_>>())
    }

    /// Ends all of them; they may first end by themselves.
    pub(crate) async fn end(&self) {
        self.leaving.lock().await.clear();
        Group::end_all(self.replicas.lock().await.iter_mut().map(|replica| &mut replica.group));
    }
}

/// An address that nobody listens on. The system's own choice is given to the next who asks once
/// it is let go, be it another verification or an outgoing connection: hence a range below, in
/// which each process starts elsewhere and takes no port twice.
fn free_address() -> io::Result<SocketAddr> {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97) % COUNT;
    for _ in 0..COUNT {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (start + turn) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port as u16));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The status of a GET; nothing where only the connection was asked for.
async fn answer(address: SocketAddr, path: Option<&str>, relayed: bool) -> io::Result<Option<u16>> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let Some(path) = path else {
            let open = !relayed || namespace::stays_open(&mut stream).await;
            return if open { Ok(None) } else { Err(io::ErrorKind::ConnectionRefused.into()) };
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while head.len() < 12 && stream.read_buf(&mut head).await? > 0 {}
        let head = String::from_utf8_lossy(&head);
        let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
        status.map(Some).ok_or_else(|| io::Error::other("no HTTP"))
    };
    tokio::time::timeout(Duration::from_secs(5), ask)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
