//! What changed since a git revision, as git says: `--since REV`.
//!
//! Asks the user's own `git`, with everything switched off that could run a program, write or
//! use the network. Which findings a change touches is asked by [`crate::sink`].

mod diff;

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::near::did_you_mean;
use crate::source::Sources;
use crate::span::Place;
use crate::workspace::shown;
use diff::Hunk;

/// Lines that changed, by file.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    hunks: HashMap<String, Vec<Hunk>>,
    /// Files that git compares; of any other file, all is new.
    tracked: HashSet<String>,
    /// Repositories inside this one, each with `/` at its end, and whether anything in one changed.
    inner: Vec<(String, bool)>,
}

impl Changes {
    #[cfg(test)]
    pub(crate) fn track(&mut self, path: &str) {
        self.tracked.insert(path.to_owned());
    }

    /// Whether a place has a line that changed.
    pub(crate) fn touch(&self, sources: &Sources, place: Place) -> bool {
        let file = sources.file(place.file);
        let path = &file.path;
        if let Some((_, changed)) = self.inner.iter().find(|(dir, _)| path.starts_with(dir.as_str())) {
            return *changed;
        }
        if !self.tracked.contains(path) {
            return true;
        }
        let Some(hunks) = self.hunks.get(path) else { return false };
        let (first, _) = file.line_column(place.span.start);
        let (last, _) = file.line_column(place.span.end);
        hunks.iter().any(|hunk| hunk.touches(first, last))
    }
}

/// Files that can hold a site.
const KINDS: [&str; 5] = [":(top)*.rs", ":(top)*.toml", ":(top)*.yaml", ":(top)*.yml", ":(top)*.json"];

/// Compares the folder as it lies there with where `revision` and its history part.
///
/// # Errors
/// No git, no repository, no such revision, no common history.
pub(crate) fn changes(root: &Path, revision: &str) -> Result<Changes, Error> {
    let git = Git { root, revision };
    let prefix = git.prefix()?;
    let base = git.base()?;
    let mut changes = Changes::default();
    let mut inner = Vec::new();
    for entry in git.must(&["ls-files", "-s", "-z", "--", "."])?.split(|byte| *byte == 0) {
        // `MODE HASH STAGE\tPATH`; a link is read where it leads, which git does not compare.
        let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else { continue };
        let path = &entry[tab + 1..];
        match entry.get(..6) {
            Some(b"160000") => inner.push(path.to_owned()),
            Some(b"120000") => {}
            _ => drop(changes.tracked.insert(git.shown(path))),
        }
    }

    let prefixes = ["--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=none"];
    let plain = ["--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--unified=0"];
    let mut arguments: Vec<Vec<u8>> = Vec::new();
    arguments.extend(["diff"].iter().chain(&plain).chain(&prefixes).map(|word| word.as_bytes().to_owned()));
    arguments.extend([base.into_bytes(), b"--".to_vec()]);
    arguments.extend(KINDS.iter().map(|kind| kind.as_bytes().to_owned()));
    arguments.extend(inner.iter().map(|path| [b":(literal)", path.as_slice()].concat()));
    let arguments: Vec<_> = arguments.iter().map(|bytes| os(bytes)).collect();
    for (path, hunks) in diff::parse(&git.must(&arguments)?) {
        if let Some(path) = path.strip_prefix(prefix.as_slice()) {
            changes.hunks.entry(git.shown(path)).or_default().extend(hunks);
        }
    }
    changes.inner = inner
        .iter()
        .map(|path| git.shown(path))
        .map(|path| (format!("{path}/"), changes.hunks.contains_key(&path)))
        .collect();
    Ok(changes)
}

#[cfg(unix)]
fn os(bytes: &[u8]) -> std::ffi::OsString {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(bytes).to_owned()
}

#[cfg(not(unix))]
fn os(bytes: &[u8]) -> std::ffi::OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

struct Git<'g> {
    root: &'g Path,
    revision: &'g str,
}

impl Git<'_> {
    /// A path below the root under the name that reports use.
    fn shown(&self, path: &[u8]) -> String {
        shown(self.root, &self.root.join(PathBuf::from(os(path))))
    }

    /// From the top of the repository to the root: empty, or with `/` at its end.
    fn prefix(&self) -> Result<Vec<u8>, Error> {
        let (answer, said) = self.ask(&["rev-parse", "--is-inside-work-tree", "--show-prefix"])?;
        let answer = answer.ok_or_else(|| {
            self.error(format!("git says: {said}"), "`--since` needs a git repository with files checked out")
        })?;
        match answer.strip_prefix(b"true\n") {
            Some(prefix) => Ok(prefix.strip_suffix(b"\n").unwrap_or(prefix).to_owned()),
            None => Err(self.error(
                "the folder is not a work tree of a git repository".to_owned(),
                "`--since` needs a git repository with files checked out",
            )),
        }
    }

    /// The commit to compare with: where the history of the revision and the present one part,
    /// or what others did since then would count as changed here.
    fn base(&self) -> Result<String, Error> {
        let commit = format!("{}^{{commit}}", self.revision);
        let (found, _) = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        let Some(commit) = found else { return Err(self.no_such_revision()) };
        let commit = line(&commit);
        match self.ask(&["merge-base", &commit, "HEAD"])? {
            (Some(base), _) => Ok(line(&base)),
            (None, _) if self.is_shallow() => {
                Err(self.error("the history up to there is not in this shallow clone".to_owned(), DEEPER))
            }
            (None, said) if !said.is_empty() => {
                Err(self.error(format!("git says: {said}"), "`--since` needs a commit to compare with"))
            }
            (None, _) => Err(self.error(
                "it has no commit in common with the one that is checked out".to_owned(),
                "name a revision of the same history",
            )),
        }
    }

    fn no_such_revision(&self) -> Error {
        if self.is_shallow() {
            return self.error("there is no such revision in this shallow clone".to_owned(), DEEPER);
        }
        let all = self.ask(&["for-each-ref", "--format=%(refname:short)"]);
        let all = all.ok().and_then(|(all, _)| all).unwrap_or_default();
        let all = String::from_utf8_lossy(&all).into_owned();
        let help = did_you_mean(self.revision, all.lines()).unwrap_or_else(|| {
            "name one commit: a branch, a tag or a hash; `git fetch` gets what others have".to_owned()
        });
        self.error("there is no such revision".to_owned(), &help)
    }

    fn is_shallow(&self) -> bool {
        let asked = self.ask(&["rev-parse", "--is-shallow-repository"]);
        asked.is_ok_and(|(answer, _)| answer.is_some_and(|answer| line(&answer) == "true"))
    }

    fn must(&self, arguments: &[impl AsRef<OsStr>]) -> Result<Vec<u8>, Error> {
        let (answer, said) = self.ask(arguments)?;
        answer.ok_or_else(|| self.error(format!("git says: {said}"), "`--since` needs an answer from git"))
    }

    /// What git answers, if it succeeds, and what it complains about.
    fn ask(&self, arguments: &[impl AsRef<OsStr>]) -> Result<(Option<Vec<u8>>, String), Error> {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.root);
        for setting in ["core.quotepath=false", "core.fsmonitor=false", "diff.relative=false"] {
            command.args(["-c", setting]);
        }
        // A hook's settings are about the repository of the hook, which may be another one.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF"] {
            command.env_remove(name);
        }
        command.envs([
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("LC_ALL", "C"),
        ]);
        let output =
            command.args(arguments).stdin(Stdio::null()).output().map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => {
                    self.error("there is no `git` to ask".to_owned(), "install git, or leave `--since` out")
                }
                _ => self.error(
                    format!("`git` cannot be run: {error}"),
                    "leave `--since` out to check everything",
                ),
            })?;
        let said = String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("fatal: ").to_owned();
        Ok((output.status.success().then_some(output.stdout), said))
    }

    fn error(&self, reason: String, help: &str) -> Error {
        Error::Since { revision: self.revision.to_owned(), reason, help: help.to_owned() }
    }
}

const DEEPER: &str = "fetch more of it: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout";

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
