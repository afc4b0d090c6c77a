//! Code that nobody wrote for this tool: its own crates, and those downloaded crates of the lock
//! file that are on this disk, as far as they are small. `scripts/robust` reads all of them.

mod support;

use std::path::{Path, PathBuf};

use support::{binary, run};

/// How large the crates may be together, and how many bytes one may have.
const ALL: u64 = 2 << 20;
const ONE: u64 = 64 << 10;

fn rust_bytes(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let rust = files.filter(|one| one.path().extension().is_some_and(|ending| ending == "rs"));
    rust.filter_map(|one| Some(one.metadata().ok()?.len())).sum()
}

/// Small crates of the lock file, where cargo has unpacked them; none is no mistake.
fn downloaded(root: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let Some(Ok(registries)) = home.map(|home| std::fs::read_dir(home.join("registry/src"))) else {
        return Vec::new();
    };
    let registries: Vec<PathBuf> = registries.flatten().map(|entry| entry.path()).collect();
    let lock: toml::Table = std::fs::read_to_string(root.join("Cargo.lock")).unwrap().parse().unwrap();
    let mut left = ALL;
    let mut found = Vec::new();
    for package in lock["package"].as_array().unwrap() {
        let name = format!("{}-{}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        for folder in registries.iter().map(|registry| registry.join(&name)) {
            let bytes = rust_bytes(&folder);
            if (1..=ONE.min(left)).contains(&bytes) {
                left -= bytes;
                found.push(folder);
            }
        }
    }
    found
}

#[test]
fn every_file_of_real_crates_is_analysed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let own = ["cli", "macros", "store", "fixtures"].map(|name| root.join(name));
    let (mut files, mut unread) = (0, Vec::new());
    for folder in own.into_iter().chain(downloaded(root)) {
        let mut command = binary();
        command.args(["check", "--no-cache", "--no-ignore", "--tests", "--benches", "--examples"]);
        command.args(["--format", "json"]).arg(&folder);
        let run = run(command);
        if run.code == Some(2) && run.stderr.contains("no Rust file") {
            continue;
        }
        assert!(matches!(run.code, Some(0 | 1)), "{}: {:?} {}", folder.display(), run.code, run.stderr);
        files += run.json()["summary"]["files"].as_u64().unwrap();
        unread.extend(run.notes().into_iter().map(|note| (folder.clone(), note)));
    }
    assert!(files > 300, "{files}");
    assert!(unread.len() as u64 * 200 < files, "{unread:#?}");
}
