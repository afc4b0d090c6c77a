//! `deploy`: checks, mends and makes deployment files.

#[cfg(feature = "generate")]
mod generate;

use std::io::{self, IsTerminal};
use std::path::Path;

use super::{DENIED, output, painted, say, stdout, use_color};
use crate::args::deploy::{Deny, Deploy, DeployCheckArgs, DeployFixArgs};
use crate::deploy::finding::Class;
use crate::deploy::fix::{self, Change, Plan, Wishes};
use crate::deploy::report::{self, DeployFormat};
use crate::deploy::{self, DeployReport};
use crate::error::Error;
use crate::finding::Level;
use crate::report::escape::visible;
use crate::report::{Options, words};
use crate::sink::Policy;
use crate::workspace::{self, Request};

pub(super) fn run(command: &Deploy) -> Result<u8, Error> {
    match command {
        Deploy::Check(args) => check(args),
        Deploy::Fix(args) => mend(args),
        #[cfg(feature = "generate")]
        Deploy::Generate(args) => generate::run(args),
    }
}

fn check(args: &DeployCheckArgs) -> Result<u8, Error> {
    output::distinct(&args.report.output)?;
    let mut report = read(&args.path)?;
    if args.render {
        deploy::render(&mut report);
    }
    join_code(&mut report, args.code.as_deref(), &args.path)?;
    let report = &report;
    if !args.quiet && !matches!(args.report.format, DeployFormat::Human | DeployFormat::Short) {
        say_notes(report, use_color(args.report.color, io::stderr().is_terminal()));
    }
    let options = |color, width| Options {
        color,
        width,
        quiet: args.quiet,
        verbose: args.verbose,
        ..Options::default()
    };
    let files: Result<Vec<_>, Error> = args
        .report
        .output
        .iter()
        .map(|file| {
            let options = options(false, stdout::WIDTH);
            output::stage(file, move |out| report::write(file.format, report, &options, out))
        })
        .collect();
    let here = options(use_color(args.report.color, stdout::is_terminal()), stdout::width());
    let shown = stdout::write(|out| report::write(args.report.format, report, &here, out));
    for file in files? {
        file.place()?;
    }
    shown?;
    let least = if args.deny == Some(Deny::Warnings) { Level::Warning } else { Level::Error };
    let denied = report.worst().is_some_and(|worst| worst >= least);
    Ok(if denied { DENIED } else { 0 })
}

fn mend(args: &DeployFixArgs) -> Result<u8, Error> {
    let mut report = read(&args.path)?;
    join_code(&mut report, args.code.as_deref(), &args.path)?;
    let plan = fix::plan(&report, Wishes { force: args.force, only: args.only });
    let mut text = String::new();
    if args.diff {
        plan.changes.iter().for_each(|change| text.push_str(&fix::unified(change)));
    } else {
        if !args.allow_dirty {
            refuse_dirty(&report.root, &plan)?;
        }
        for change in &plan.changes {
            write_back(change)?;
        }
        let mut done: Vec<_> = plan.changes.iter().flat_map(|change| &change.done).collect();
        done.sort();
        for (step, what) in done {
            text.push_str(&format!("{}: {}\n", format!("{step:?}").to_lowercase(), visible(what)));
        }
        text.push_str(&format!("{} changed\n", words::count(plan.changes.len(), "file")));
    }
    stdout::write(|out| out.write_all(text.as_bytes()))?;
    for kept in &plan.kept {
        let (place, what, why) = (visible(&kept.place), visible(&kept.what), visible(&kept.why));
        say(&format!("kept: {place}: {what}: {why}\n"));
    }
    Ok(0)
}

/// A byte order mark is no part of the text that was edited, and stays.
fn write_back(change: &Change) -> Result<(), Error> {
    let path = &change.full_path;
    let cannot = |source| Error::Unreadable { path: path.clone(), source };
    let mark = std::fs::read(path).map_err(cannot)?.starts_with("\u{feff}".as_bytes());
    let text = format!("{}{}", if mark { "\u{feff}" } else { "" }, change.after);
    output::write_whole(path, &text).map_err(|source| Error::NotWritten { path: path.clone(), source })
}

/// What is to change must be restorable: git has it as it is, or there is no git.
fn refuse_dirty(root: &Path, plan: &Plan) -> Result<(), Error> {
    for change in &plan.changes {
        let asked = std::process::Command::new("git")
            .arg("-C")
            .arg(root)
            .args(["status", "--porcelain", "--"])
            .arg(&change.full_path)
            .output();
        if asked.is_ok_and(|said| said.status.success() && !said.stdout.is_empty()) {
            return Err(Error::Dirty { path: change.full_path.clone() });
        }
    }
    Ok(())
}

/// How many replicas the deployment at a path runs.
pub(super) fn replicas(path: &Path) -> Result<Option<deploy::Running>, Error> {
    deploy::running(path).map_err(|source| cannot_read(path, source))
}

fn read(path: &Path) -> Result<DeployReport, Error> {
    deploy::check(path).map_err(|source| cannot_read(path, source))
}

fn cannot_read(path: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::NotFound => Error::NoDeployment { path: path.to_owned() },
        _ => Error::Unreadable { path: path.to_owned(), source },
    }
}

/// Looks at the code that `--code` names, or at that in the folder itself if there is some, and
/// tells the findings what of it they hide.
fn join_code(report: &mut DeployReport, code: Option<&Path>, path: &Path) -> Result<(), Error> {
    let wants = |class| matches!(class, Class::Sticky | Class::SingleInstance);
    if code.is_none() && !report.findings.iter().any(|finding| wants(finding.form.class)) {
        return Ok(());
    }
    if let Some(analysis) = read_code(code, path)? {
        deploy::join(report, &analysis);
    }
    Ok(())
}

/// What `check` says about the code that `--code` names, or that lies in the folder itself.
fn read_code(code: Option<&Path>, path: &Path) -> Result<Option<crate::report::Report>, Error> {
    let Some(source) = code.or_else(|| path.join("Cargo.toml").is_file().then_some(path)) else {
        return Ok(None);
    };
    let request = Request { path: source.to_owned(), ..Request::default() };
    let workspace = match workspace::load(&request) {
        Ok(workspace) => workspace,
        // Nobody asked for the code: what is wrong with it is for `check` to say.
        Err(_) if code.is_none() => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(crate::analyze(workspace, &Policy::default(), &|_, _| {})))
}

/// What was not read, for whoever runs a program that reads the report.
fn say_notes(report: &DeployReport, color: bool) {
    let head = painted("warning", "1;33", color);
    for note in &report.notes {
        let line = note.line.map_or_else(String::new, |line| format!(":{line}"));
        say(&format!("{head}: {}{line}: {}\n", visible(&note.path), visible(&note.message)));
    }
}
