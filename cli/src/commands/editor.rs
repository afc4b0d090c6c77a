//! `ra`: one command for an editor that runs only one. Cargo's messages, then findings.
//!
//! Passes on what cargo prints byte for byte; understands none of it.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use super::{DENIED, analyse, denies, interrupt, say_warnings, stdout};
use crate::args::RaArgs;
use crate::error::Error;
use crate::report::{self, Format, Options};

/// What rust-analyzer itself would run.
const DEFAULT: [&str; 3] = ["check", "--workspace", "--all-targets"];

pub(super) fn run(args: &RaArgs) -> Result<u8, Error> {
    let mut cargo = command(&args.cargo);
    // Both at once: the analysis is done long before a compiler is.
    let (report, passed) = thread::scope(|scope| {
        let passing = scope.spawn(|| pass(&mut cargo));
        let report = analyse(&args.read, &args.policy, true);
        (report, passing.join().unwrap_or_else(|_| Err(io::Error::other("its messages were lost"))))
    });
    if let Err(Error::Configuration { problems, sources }) = &report {
        stdout::write(|out| report::write_problem_messages(problems, sources, out))?;
    }
    let (report, warnings) = report?;
    say_warnings(&warnings, &report, None, Format::Rustc);
    let options = Options { verbose: args.verbose, ..Options::default() };
    stdout::write(|out| report::write(Format::Rustc, &report, &options, out))?;
    let succeeded = passed.map_err(|source| Error::Cargo {
        program: cargo.get_program().to_string_lossy().into_owned(),
        source,
    })?;
    Ok(if !succeeded || denies(&report, &args.policy) { DENIED } else { 0 })
}

/// The cargo that called this, or the one in the path, told to print messages.
fn command(arguments: &[OsString]) -> Command {
    let default = DEFAULT.map(OsString::from);
    let arguments = if arguments.is_empty() { &default[..] } else { arguments };
    // Only rustup's own cargo knows about `+nightly`.
    let by_rustup = arguments.first().is_some_and(|first| first.as_encoded_bytes().starts_with(b"+"));
    let called_by = std::env::var_os("CARGO").filter(|_| !by_rustup);
    let mut command = Command::new(called_by.as_deref().unwrap_or(OsStr::new("cargo")));
    command.args(with_messages(arguments)).stdout(Stdio::piped());
    command
}

/// Asks for messages, unless that was done, before what cargo hands to another program.
fn with_messages(arguments: &[OsString]) -> Vec<OsString> {
    let end = arguments.iter().position(|one| one == "--").unwrap_or(arguments.len());
    let asked = |one: &OsString| one.as_encoded_bytes().starts_with(b"--message-format");
    let mut all = arguments.to_vec();
    if !arguments[..end].iter().any(asked) {
        all.insert(end, "--message-format=json".into());
    }
    all
}

/// Runs cargo, and says whether it succeeded.
fn pass(cargo: &mut Command) -> io::Result<bool> {
    if let Some(messages) = interrupt::start(cargo)?
        && let Err(error) = copy(messages)
    {
        // Nobody reads on, so nobody needs cargo to.
        interrupt::kill();
        interrupt::wait()?;
        return if error.kind() == io::ErrorKind::BrokenPipe { Ok(true) } else { Err(error) };
    }
    Ok(interrupt::wait()?.success())
}

/// Hands on as it comes. A line that breaks off, as when cargo is killed, is ended, or the
/// next message would be lost as well.
fn copy(mut from: impl Read) -> io::Result<()> {
    let mut to = io::stdout();
    let mut buffer = vec![0; 64 << 10];
    let mut last = b'\n';
    loop {
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        to.write_all(chunk)?;
        to.flush()?;
        last = *chunk.last().unwrap_or(&b'\n');
    }
    if last == b'\n' { Ok(()) } else { to.write_all(b"\n").and_then(|()| to.flush()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_asked_for_once_and_before_the_arguments_of_others() {
        let with = |words: &str| {
            let words: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
            let all = with_messages(&words).into_iter().map(|word| word.into_string().unwrap());
            all.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(with("clippy --workspace"), "clippy --workspace --message-format=json");
        assert_eq!(with("clippy -- -D warnings"), "clippy --message-format=json -- -D warnings");
        let asked = "check --message-format=json-diagnostic-rendered-ansi";
        assert_eq!(with(asked), asked);
        assert_eq!(with("check --message-format json -q"), "check --message-format json -q");
    }
}
