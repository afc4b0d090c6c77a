//! Where reports go: several files at once, links and devices, readers that go away, signals.
#![cfg(unix)]

mod support;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use support::{Tree, binary, run, signal, until};

fn check(tree: &Tree, arguments: &[&str]) -> Command {
    let mut command = binary();
    command.current_dir(tree.root()).args(["check", "good"]).args(arguments);
    command
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

// Several files.

#[test]
fn one_file_cannot_hold_two_reports() {
    let tree = Tree::with_good();
    tree.file("old.json", "old");
    symlink(tree.path("old.json"), tree.path("link.json")).unwrap();
    for second in ["new.json", "./new.json", "good/../new.json"] {
        let run = run(check(&tree, &["--output", "json=new.json", "--output", &format!("sarif={second}")]));
        run.assert_refused(&[
            &format!("two reports cannot both be written to `{second}`"),
            "a file of its own",
        ]);
    }
    run(check(&tree, &["--output", "json=old.json", "--output", "short=link.json"]))
        .assert_refused(&["two reports"]);
    assert_eq!(names(tree.root()), ["good", "link.json", "old.json"]);
    assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");

    // What goes to standard output is a report as well.
    let mut command = check(&tree, &["--output", "json=link.json"]);
    let stdout = File::options().append(true).open(tree.path("old.json")).unwrap();
    let output = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("other than that of standard output"));
    assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
}

#[test]
fn a_name_may_be_as_long_as_names_may_be() {
    let tree = Tree::with_good();
    let name = format!("{}.json", "n".repeat(250));
    let run = run(check(&tree, &["--output", &format!("json={name}")]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    assert_eq!(names(tree.root()), ["good", &name]);
}

#[test]
fn none_is_written_where_one_cannot_be() {
    let tree = Tree::with_good();
    tree.file("old.json", "old");
    let run = run(check(&tree, &["--output", "json=old.json", "--output", "sarif=nowhere/a.sarif"]));
    assert_eq!(run.code, Some(2));
    assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
    assert_eq!(names(tree.root()), ["good", "old.json"]);
}

// What is there already.

#[test]
fn permissions_stay_and_links_stay_links() {
    let tree = Tree::with_good();
    tree.file("real.json", "old");
    fs::set_permissions(tree.path("real.json"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.json", tree.path("link.json")).unwrap();
    run(check(&tree, &["--output", "json=link.json"]));
    assert!(tree.path("link.json").is_symlink());
    assert!(fs::read_to_string(tree.path("real.json")).unwrap().starts_with('{'));
    assert_eq!(fs::metadata(tree.path("real.json")).unwrap().permissions().mode() & 0o777, 0o640);
    // A link to what is not there yet: the file that it names is made.
    symlink("to-be.json", tree.path("early.json")).unwrap();
    run(check(&tree, &["--output", "json=early.json"]));
    assert!(tree.path("early.json").is_symlink());
    assert!(fs::read_to_string(tree.path("to-be.json")).unwrap().starts_with('{'));
    assert_eq!(names(tree.root()), ["early.json", "good", "link.json", "real.json", "to-be.json"]);
}

#[test]
fn devices_and_standard_output_are_written_to() {
    let tree = Tree::with_good();
    let alone = run(check(&tree, &["--format", "short"])).stdout;
    let both = run(check(&tree, &["--format", "short", "--output", "gitlab=/dev/stdout"])).stdout;
    let annotations = both.strip_prefix(&alone).expect("the report first");
    assert!(annotations.starts_with("[\n"), "{annotations}");

    // The same where standard output is a file, in which others have written before.
    let log = tree.path("log");
    fs::write(&log, "before\n").unwrap();
    let mut command = check(&tree, &["--format", "short", "--output", "gitlab=/dev/stdout"]);
    command.stdout(File::options().append(true).open(&log).unwrap()).stdin(Stdio::null());
    command.status().unwrap();
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("before\n{both}"));

    let mut command = check(&tree, &["--format", "short", "--output", "gitlab=/dev/stderr"]);
    fs::write(&log, "before\n").unwrap();
    command.stdout(Stdio::null()).stderr(File::options().append(true).open(&log).unwrap());
    command.status().unwrap();
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("before\n{annotations}"));

    let run = run(check(&tree, &["--output", "json=/dev/null", "--output", "sarif=/dev/null"]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    assert!(!Path::new("/dev/null").is_file());
    assert_eq!(names(tree.root()), ["good", "log"]);
}

// Readers.

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let tree = Tree::with_good();
    for arguments in [
        &["check", "good", "-v"][..],
        &["check", "good", "--format", "json"],
        &["check", "good", "--format", "sarif"],
        &["check", "good", "--format", "rustc"],
        &["check", "good", "--format", "junit"],
        &["explain", "timer"],
        &["rules", "--format", "json"],
        &["completions", "zsh"],
        &["man"],
        &["--help"],
    ] {
        let mut command = binary();
        command.current_dir(tree.root()).args(arguments).stdin(Stdio::null());
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output =
            command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let wanted = if arguments[0] == "check" { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(wanted), "{arguments:?}: {output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("error"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let tree = Tree::with_good();
    let mut command = check(&tree, &["--format", "json"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("standard output cannot be written"));
}

// Signals.

#[test]
fn a_signal_leaves_the_old_file_and_no_half_one() {
    use std::os::unix::process::ExitStatusExt;
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let tree = Tree::with_good();
        tree.file("old.json", "old");
        mkfifo(&tree.path("pipe"));
        // Nobody reads the pipe, so the run stops between making the files and naming them.
        let mut child = check(&tree, &["--output", "sarif=pipe", "--output", "json=old.json"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("the new file is made", || names(tree.root()).iter().any(|name| name.ends_with(".tmp")));
        assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        assert_eq!(names(tree.root()), ["good", "old.json", "pipe"]);
        assert_eq!(fs::read_to_string(tree.path("old.json")).unwrap(), "old");
    }
}

#[test]
fn a_pipe_gets_its_report_when_somebody_reads() {
    let tree = Tree::with_good();
    mkfifo(&tree.path("pipe"));
    let pipe = tree.path("pipe");
    let reader = thread::spawn(move || {
        let mut text = String::new();
        File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
        text
    });
    let run = run(check(&tree, &["--output", "json=pipe"]));
    assert_eq!(run.code, Some(1));
    assert!(reader.join().unwrap().starts_with("{\n"));
}
