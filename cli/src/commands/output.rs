//! Writes reports to files: all of each or nothing, and none if one of them cannot be.
//!
//! A report is made in a new file beside its place ([`stage`]) and then moved there
//! ([`Staged::place`]): whoever reads the place sees the old report or the new one, never a
//! part. A link stays a link, and what is not a regular file (`/dev/stdout`, a pipe) is
//! written to, never replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::ValueEnum;

use super::interrupt::Temporary;
use super::stdout;
use crate::args::Output;
use crate::error::Error;

/// Writes a report.
type Fill<'a> = Box<dyn Fn(&mut dyn Write) -> io::Result<()> + 'a>;

/// A report on its way.
pub(super) struct Staged<'a, F> {
    output: &'a Output<F>,
    fill: Fill<'a>,
    step: Step,
}

enum Step {
    /// Made; to be moved.
    Move { made: Temporary, to: PathBuf },
    /// To be written to what is there.
    Write(Place),
}

/// What an `--output` names.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// This process's own standard output, by whichever name.
    Stdout,
    /// Another open file, or no regular one: written to as it is.
    Stream(PathBuf),
    /// A regular file, or one to be.
    File(PathBuf),
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        let stdout = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
        if stdout.iter().any(|name| path == Path::new(name)) {
            return Ok(Place::Stdout);
        }
        // An open file can be a regular one, in which others have written before.
        if path == Path::new("/dev/stderr")
            || path.starts_with("/dev/fd")
            || path.starts_with("/proc/self/fd")
        {
            return Ok(Place::Stream(path.to_owned()));
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_file() => Ok(Place::File(fs::canonicalize(path)?)),
            Ok(meta) if meta.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => Ok(Place::Stream(path.to_owned())),
            Err(_) => new_file(path).map(Place::File),
        }
    }
}

/// Where a file comes to be that is not there: where links lead, if they do.
fn new_file(path: &Path) -> io::Result<PathBuf> {
    const LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&path) else {
            let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            return Ok(fs::canonicalize(parent.unwrap_or(Path::new(".")))?.join(name));
        };
        path = path.with_file_name("").join(target);
    }
    Err(io::Error::other("a link that leads in a circle"))
}

/// Fails if two outputs name the same file, or one of them that which standard output goes to:
/// the one report would silently take the place of the other. What cannot be found is for [`stage`] to say.
pub(super) fn distinct<F>(outputs: &[Output<F>]) -> Result<(), Error> {
    let mut known = Vec::new();
    for output in outputs {
        if let Ok(Place::File(file)) = Place::of(&output.file) {
            if known.contains(&file) || stdout::goes_to(&file) {
                return Err(Error::SameOutput { path: output.file.clone() });
            }
            known.push(file);
        }
    }
    Ok(())
}

/// Makes the report with `fill`, without changing what is there.
pub(super) fn stage<'a, F: ValueEnum>(
    output: &'a Output<F>,
    fill: impl Fn(&mut dyn Write) -> io::Result<()> + 'a,
) -> Result<Staged<'a, F>, Error> {
    let step = match Place::of(&output.file) {
        Ok(Place::File(to)) => make(&to, &fill),
        other => other.map(Step::Write),
    };
    let step = step.map_err(|error| cannot(output, error))?;
    Ok(Staged { output, fill: Box::new(fill), step })
}

fn make(to: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Step> {
    let (made, file) = Temporary::create(beside(to))?;
    if let Ok(meta) = fs::metadata(to) {
        file.set_permissions(meta.permissions())?;
    }
    fill_file(file, fill)?;
    Ok(Step::Move { made, to: to.to_owned() })
}

/// Writes a file that is no report: all of it or nothing.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let fill = |out: &mut dyn Write| out.write_all(text.as_bytes());
    match Place::of(path)? {
        Place::File(to) => match make(&to, fill)? {
            Step::Move { made, to } => made.rename(&to),
            Step::Write(_) => Ok(()),
        },
        Place::Stdout => fill(&mut io::stdout().lock()),
        Place::Stream(path) => {
            OpenOptions::new().append(true).open(path).and_then(|file| fill_file(file, fill))
        }
    }
}

fn fill_file(file: File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    fill(&mut out)?;
    out.flush()
}

/// A name that no other process uses, and never one too long for the file system.
fn beside(target: &Path) -> PathBuf {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    target.with_file_name(format!(".cargo-stateless-{}-{made}.tmp", std::process::id()))
}

impl<F: ValueEnum> Staged<'_, F> {
    /// Puts the report into its place.
    pub(super) fn place(self) -> Result<(), Error> {
        let fill = &self.fill;
        let placed = match self.step {
            Step::Move { made, to } => made.rename(&to),
            Step::Write(Place::Stdout) => return stdout::write(fill),
            Step::Write(Place::Stream(path) | Place::File(path)) => {
                OpenOptions::new().append(true).open(path).and_then(|file| fill_file(file, fill))
            }
        };
        match placed {
            // As on standard output: who reads a pipe may have seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            placed => placed.map_err(|error| cannot(self.output, error)),
        }
    }
}

fn cannot<F: ValueEnum>(output: &Output<F>, source: io::Error) -> Error {
    let format = output.format.to_possible_value();
    let format = format.map_or_else(String::new, |value| value.get_name().to_owned());
    Error::Output { format, path: output.file.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let failed = make(&path, |out| {
            out.write_all(b"half of the n")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(files(dir.path()), ["report.json"]);

        let made = make(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let Step::Move { made, to } = made else { panic!("a file is moved") };
        made.rename(&to).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(files(dir.path()), ["report.json"]);
    }

    #[test]
    fn what_was_made_and_not_placed_goes_away() {
        let dir = tempfile::tempdir().unwrap();
        drop(make(&dir.path().join("report.json"), |out| out.write_all(b"new")).unwrap());
        assert_eq!(files(dir.path()), Vec::<String>::new());
    }
}
