//! A run that remembers says the same as one that does not, whatever happened in between.

mod support;

use std::fs;
use std::time::{Duration, SystemTime};

use support::{SERVICE, Tree, binary, run};

/// A tree to analyse and a folder to remember in.
struct Remembering {
    tree: Tree,
    home: tempfile::TempDir,
}

impl Remembering {
    fn new() -> Self {
        Remembering { tree: Tree::with_good(), home: tempfile::tempdir().unwrap() }
    }

    fn check(&self, cached: bool) -> (Option<i32>, String) {
        let mut command = binary();
        command.env("XDG_CACHE_HOME", self.home.path()).args(["check", "--format", "json", "--show-fine"]);
        command.args(if cached { &[][..] } else { &["--no-cache"] }).arg(self.tree.root());
        let run = run(command);
        (run.code, run.stdout)
    }

    /// Twice with what is remembered, once without: all the same. How many results there are.
    #[track_caller]
    fn agrees(&self) -> usize {
        let fresh = self.check(false);
        assert_eq!(self.check(true), fresh);
        assert_eq!(self.check(true), fresh);
        self.results()
    }

    fn results(&self) -> usize {
        self.kept().iter().filter(|path| path.extension().is_some_and(|ending| ending == "result")).count()
    }

    fn kept(&self) -> Vec<std::path::PathBuf> {
        let Ok(entries) = fs::read_dir(self.home.path().join("cargo-stateless")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

#[test]
fn nothing_is_kept_or_used_unless_wanted() {
    let all = Remembering::new();
    all.check(false);
    assert_eq!(all.kept().len(), 0);
    assert_eq!(all.agrees(), 1);
}

#[test]
fn edits_renames_and_removals_are_seen() {
    let all = Remembering::new();
    assert_eq!(all.agrees(), 1);
    all.tree.file("good/src/main.rs", SERVICE.replace("SESSIONS", "CARTS"));
    assert_eq!(all.agrees(), 2);
    assert!(all.check(true).1.contains("CARTS"));
    fs::rename(all.tree.path("good/src/main.rs"), all.tree.path("good/src/other.rs")).unwrap();
    assert_eq!(all.agrees(), 3);
    all.tree.file("good/src/main.rs", "fn main() {}\n");
    assert_eq!(all.agrees(), 4);
    fs::remove_file(all.tree.path("good/src/other.rs")).unwrap();
    assert_eq!(all.agrees(), 5);
    // As it was in the beginning: found again.
    all.tree.file("good/src/main.rs", SERVICE);
    assert_eq!(all.agrees(), 5);
}

#[test]
fn a_change_is_seen_though_size_and_time_stay() {
    let all = Remembering::new();
    let path = all.tree.path("good/src/main.rs");
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let set = |text: &str| {
        fs::write(&path, text).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
    };
    set(SERVICE);
    assert_eq!(all.agrees(), 1);
    set(&SERVICE.replace("SESSIONS", "SESSIONZ"));
    assert_eq!(all.agrees(), 2);
    assert!(all.check(true).1.contains("SESSIONZ"));
    // Touched, but the same.
    fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now()).unwrap();
    assert_eq!(all.agrees(), 2);
}

#[test]
fn manifests_settings_and_suppressions_are_seen() {
    let all = Remembering::new();
    assert_eq!(all.agrees(), 1);
    let manifest = fs::read_to_string(all.tree.path("good/Cargo.toml")).unwrap();
    all.tree.file("good/Cargo.toml", manifest.replace("good", "better"));
    assert_eq!(all.agrees(), 2);
    all.tree.file("good/Rocket.toml", "[default.databases.x]\nurl = \"sqlite::memory:\"\n");
    assert_eq!(all.agrees(), 3);
    assert!(all.check(true).1.contains("Rocket.toml"));
    let allowed = SERVICE.replace(
        "static SESSIONS",
        "// stateless: allow(in-memory-session, reason = \"one\")\nstatic SESSIONS",
    );
    all.tree.file("good/src/main.rs", &allowed);
    // What is found stays the same, what is said of it does not.
    assert_eq!(all.agrees(), 3);
    assert!(all.check(true).1.contains("in-source"));
}

#[test]
fn damage_to_what_is_remembered_is_survived() {
    let all = Remembering::new();
    all.agrees();
    for damage in [&b""[..], b"short", &[0; 4096]] {
        for path in all.kept() {
            fs::write(path, damage).unwrap();
        }
        all.agrees();
    }
    fs::remove_dir_all(all.home.path().join("cargo-stateless")).unwrap();
    all.agrees();
}

#[test]
fn runs_at_once_do_not_disturb_each_other() {
    let all = Remembering::new();
    let fresh = all.check(false);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| all.check(true))).collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), fresh);
        }
    });
    assert_eq!(all.results(), 1);
}

#[test]
fn nothing_is_kept_in_the_analysed_tree() {
    let all = Remembering::new();
    let inside = all.tree.path("good/.cache");
    let mut command = binary();
    command.env("XDG_CACHE_HOME", &inside).arg("check").arg(all.tree.root());
    run(command);
    assert!(!inside.exists());
}

#[test]
fn every_fixture_is_judged_as_without_it() {
    let home = tempfile::tempdir().unwrap();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let check = |cached: &[&str]| {
        let mut command = binary();
        command.env("XDG_CACHE_HOME", home.path()).args(["check", "--format", "json", "--show-fine"]);
        let run = run({
            command.args(cached).arg(fixtures);
            command
        });
        (run.code, run.stdout)
    };
    let fresh = check(&["--no-cache"]);
    assert_eq!(check(&[]), fresh);
    assert_eq!(check(&[]), fresh);
    assert!(fresh.1.contains("fingerprint"));
}
