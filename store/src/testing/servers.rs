//! Redis and PostgreSQL from Debian's packages, on free loopback ports, in temporary folders.
//!
//! A server ends with the value that started it, and with the process, however that ends. A
//! package that is missing is an error that says how to install it.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts what follows, says its process id, and ends it when standard input ends: so that a
/// test that dies leaves no server behind.
const KEEPER: &str = r#"signal=$1; log=$2; shift 2
"$@" >"$log" 2>&1 &
echo $!
read -r _
kill -"$signal" $! 2>/dev/null
wait"#;

/// Why a server cannot be had.
#[derive(Debug)]
pub struct ServerError(String);

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServerError {}

impl From<std::io::Error> for ServerError {
    fn from(error: std::io::Error) -> Self {
        Self(format!("a server for a test could not be started: {error}"))
    }
}

/// How much a server keeps when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As quick as it goes: nothing is kept.
    None,
    /// Every acknowledged write is on disk: Redis with `appendonly yes` and `appendfsync always`,
    /// PostgreSQL with its defaults (`fsync`, `synchronous_commit`).
    Full,
}

/// A server that a test has started.
pub struct Server {
    recipe: Recipe,
    running: Option<Running>,
    folder: TempDir,
    starts: u32,
}

struct Running {
    keeper: Child,
    input: Option<ChildStdin>,
    pid: u32,
}

struct Recipe {
    url: String,
    program: PathBuf,
    arguments: Vec<String>,
    /// What the log says when the server takes calls.
    ready: &'static str,
    signal: &'static str,
    /// User and group to run as.
    user: Option<(u32, u32)>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.recipe.url).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts Redis.
    pub fn redis(durability: Durability) -> Result<Self, ServerError> {
        let program = find("redis-server", &[]).ok_or_else(|| missing("redis-server"))?;
        let folder = tempfile::Builder::new().prefix("stateless-redis-").tempdir()?;
        let port = free_port()?;
        let mut arguments: Vec<String> =
            ["--bind", "127.0.0.1", "--save", "", "--port"].map(str::to_owned).to_vec();
        arguments.extend([port.to_string(), "--dir".into(), text(folder.path())]);
        if durability == Durability::Full {
            let on = ["--appendonly", "yes", "--appendfsync", "always"];
            arguments.extend(on.map(str::to_owned));
        }
        let recipe = Recipe {
            url: format!("redis://127.0.0.1:{port}"),
            program,
            arguments,
            ready: "Ready to accept connections",
            signal: "TERM",
            user: None,
        };
        Self::start(recipe, folder)
    }

    /// Starts PostgreSQL, as the user `postgres` where the test runs as root, which it refuses.
    pub fn postgres(durability: Durability) -> Result<Self, ServerError> {
        let folders = debian_folders();
        let initdb = find("initdb", &folders).ok_or_else(|| missing("postgresql"))?;
        let program = find("postgres", &folders).ok_or_else(|| missing("postgresql"))?;
        let folder = tempfile::Builder::new().prefix("stateless-postgres-").tempdir()?;
        let user = match running_as_root()? {
            true => Some(user("postgres")?),
            false => None,
        };
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid))?;
        }
        let data = folder.path().join("data");
        let mut command = Command::new(initdb);
        command
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"])
            .args(["--no-sync", "--no-instructions", "--pgdata"])
            .arg(&data)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        let made = command.output()?;
        if !made.status.success() {
            let cause = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(ServerError(format!("initdb failed: {cause}")));
        }
        let port = free_port()?;
        let mut arguments = vec![
            "-D".to_owned(),
            text(&data),
            "-p".to_owned(),
            port.to_string(),
            "-k".to_owned(),
            text(folder.path()),
        ];
        let mut settings = vec![
            "listen_addresses=127.0.0.1",
            "max_connections=200",
            "shared_buffers=32MB",
            "autovacuum=off",
        ];
        if durability == Durability::None {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
        }
        for setting in settings {
            arguments.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let recipe = Recipe {
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            program,
            arguments,
            ready: "database system is ready to accept connections",
            signal: "INT",
            user,
        };
        Self::start(recipe, folder)
    }

    /// The address, for [`Store::connect`](crate::Store::connect).
    pub fn url(&self) -> &str {
        &self.recipe.url
    }

    /// The address without its scheme and user: host and port.
    pub fn address(&self) -> &str {
        let rest = self.recipe.url.split("//").nth(1).unwrap_or_default();
        let rest = rest.split('/').next().unwrap_or_default();
        rest.rsplit('@').next().unwrap_or_default()
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().map_or(0, |running| running.pid)
    }

    /// Ends the server as a power cut would end its process.
    pub fn kill(&mut self) -> Result<(), ServerError> {
        if let Some(running) = &self.running {
            Command::new("kill").arg("-KILL").arg(running.pid.to_string()).status()?;
        }
        self.stop();
        Ok(())
    }

    /// Starts the server again, at the same address and with the data that it kept.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.stop();
        self.launch()
    }

    /// Ends the server in good order.
    pub fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.input.take());
            // It ends by itself; where it does not there is nothing more to do.
            let _ = running.keeper.wait();
        }
    }

    fn start(recipe: Recipe, folder: TempDir) -> Result<Self, ServerError> {
        let mut server = Self { recipe, running: None, folder, starts: 0 };
        server.launch()?;
        Ok(server)
    }

    fn launch(&mut self) -> Result<(), ServerError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.launch_once(deadline) {
                // After a kill the old server's children may need a moment to go.
                Err(_) if Instant::now() < deadline && self.starts > 1 => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                result => return result,
            }
        }
    }

    fn launch_once(&mut self, deadline: Instant) -> Result<(), ServerError> {
        self.starts += 1;
        let log = self.folder.path().join(format!("log-{}", self.starts));
        File::create(&log)?;
        let recipe = &self.recipe;
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER, "sh", recipe.signal])
            .arg(&log)
            .arg(&recipe.program)
            .args(&recipe.arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some((uid, gid)) = recipe.user {
            chown(&log, Some(uid), Some(gid))?;
            command.uid(uid).gid(gid);
        }
        let mut keeper = command.spawn()?;
        let input = keeper.stdin.take();
        let mut line = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let pid = line
            .trim()
            .parse()
            .map_err(|_| ServerError("the server's process id is not known".to_owned()))?;
        self.running = Some(Running { keeper, input, pid });
        while Instant::now() < deadline {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if said.contains(recipe.ready) {
                return Ok(());
            }
            let alive = Path::new("/proc").join(pid.to_string()).exists();
            if !alive || is_zombie(pid) {
                self.stop();
                return Err(ServerError(format!("the server ended at once:\n{said}")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.stop();
        Err(ServerError("the server did not start in time".to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}

fn missing(package: &str) -> ServerError {
    ServerError(format!(
        "the Debian package `{package}` is missing; install it with `scripts/setup`, \
         or with `apt-get install -y --no-install-recommends {package}`"
    ))
}

/// A program in the folders given, or in the search path.
fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .iter()
        .cloned()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Where Debian keeps PostgreSQL's programs, the newest version first.
fn debian_folders() -> Vec<PathBuf> {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn free_port() -> Result<u16, ServerError> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn running_as_root() -> Result<bool, ServerError> {
    let mut status = String::new();
    File::open("/proc/self/status")?.read_to_string(&mut status)?;
    let uid = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_whitespace().nth(1));
    Ok(uid == Some("0"))
}

/// A user's id and group.
fn user(name: &str) -> Result<(u32, u32), ServerError> {
    let users = fs::read_to_string("/etc/passwd")?;
    let found = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        if parts.next() != Some(name) {
            return None;
        }
        let uid = parts.nth(1)?.parse().ok()?;
        let gid = parts.next()?.parse().ok()?;
        Some((uid, gid))
    });
    found.ok_or_else(|| ServerError(format!("there is no user `{name}`; {}", missing("postgresql"))))
}
