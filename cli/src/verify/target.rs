//! Replicas that run elsewhere: what `--target` names, as an address to send to.
//!
//! Connects once to each, to say so early where nothing answers. Ends none of them.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::failure::Failure;
use super::plan::Plan;
use super::schedule::Schedule;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A replica that runs elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// As the caller names it: what the Host header says.
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
}

/// The replicas of `--target`; none without it.
pub(super) fn resolve(plan: &Plan) -> Result<Vec<Target>, Failure> {
    if plan.targets.is_empty() {
        return Ok(Vec::new());
    }
    let ends = |schedule: &Schedule| matches!(schedule, Schedule::Restart | Schedule::Kill | Schedule::Drain);
    if let Some(schedule) = plan.schedules().iter().find(|schedule| ends(schedule)) {
        return Err(Failure::Elsewhere { schedule: schedule.to_string() });
    }
    let resolved = plan
        .targets
        .iter()
        .map(|target| one(target).map_err(|why| Failure::Target { target: target.clone(), why }));
    let resolved = resolved.collect::<Result<Vec<Target>, _>>()?;
    for (at, target) in resolved.iter().enumerate() {
        if resolved[..at].iter().any(|other| other.address == target.address) {
            let why = format!("{} is named already; two replicas are needed", target.address);
            return Err(Failure::Target { target: plan.targets[at].clone(), why });
        }
    }
    match plan.targets.as_slice() {
        [target] => {
            let why = "it is the only one; two are needed".to_owned();
            Err(Failure::Target { target: target.clone(), why })
        }
        _ => Ok(resolved),
    }
}

fn one(target: &str) -> Result<Target, String> {
    let host = target.strip_prefix("http://").ok_or("only `http://` is spoken")?.trim_end_matches('/');
    if host.contains(['/', '?', '#']) {
        return Err("a replica has no path".to_owned());
    }
    let with_port = match host.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => host.to_owned(),
        _ => format!("{host}:80"),
    };
    // A name may stand for an address of each kind, and a service listen on one.
    let mut why = "it has no address".to_owned();
    for address in with_port.to_socket_addrs().map_err(|error| error.to_string())? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(Target { host: host.to_owned(), address }),
            Err(error) => why = format!("nothing answers: {error}"),
        }
    }
    Err(why)
}
