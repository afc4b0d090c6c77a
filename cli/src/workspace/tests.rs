//! What [`load`] says about packages, beyond which files it reads (see `tests/cli.rs`).

use std::fs;
use std::path::Path;

use super::*;

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn load_at(path: &Path) -> Workspace {
    load(&Request { path: path.to_owned(), ..Request::default() }).unwrap()
}

fn targets(package: &Package) -> Vec<(&str, TargetKind, &str)> {
    package.targets.iter().map(|target| (target.name.as_str(), target.kind, target.root.as_str())).collect()
}

const MEMBER: &str = "[package]\nname = 'the-api'\n[dependencies]\naxum.workspace = true\n[dev-dependencies]\ninsta = '1'\n\
    [lib]\nname = 'api_core'\n[[bin]]\nname = 'the-api'\n[[bin]]\nname = 'admin'\npath = 'tools/admin.rs'\n";

const WORKSPACE: &str = "[workspace]\nmembers = ['crates/*']\n[workspace.dependencies]\naxum = { version = '0.8', features = ['ws'] }\n";

fn workspace() -> tempfile::TempDir {
    tree(&[
        ("Cargo.toml", WORKSPACE),
        ("config/default.toml", "a = 1"),
        ("crates/api/Cargo.toml", MEMBER),
        ("crates/api/Rocket.toml", "b = 1"),
        ("crates/api/src/lib.rs", ""),
        ("crates/api/src/main.rs", "fn main() {}"),
        ("crates/api/src/bin/job-runner.rs", "fn main() {}"),
        ("crates/api/tools/admin.rs", "fn main() {}"),
        ("crates/api/web/src/app.json", "{}"),
        ("crates/api/tests/it.rs", ""),
        ("crates/derive/Cargo.toml", "[package]\nname = 'derive'\n[lib]\nproc-macro = true\n"),
        ("crates/derive/src/lib.rs", ""),
    ])
}

#[test]
fn packages_targets_and_dependencies() {
    let dir = workspace();
    let found = load_at(dir.path());
    let names: Vec<_> =
        found.packages.iter().map(|package| (package.name.as_str(), package.dir.as_str())).collect();
    assert_eq!(names, [("the-api", "crates/api"), ("derive", "crates/derive")]);
    assert_eq!(found.packages.iter().map(|package| package.proc_macro).collect::<Vec<_>>(), [false, true]);
    let api = &found.packages[0];
    let expected = [
        ("api_core", TargetKind::Lib, "crates/api/src/lib.rs"),
        ("admin", TargetKind::Bin, "crates/api/tools/admin.rs"),
        ("job_runner", TargetKind::Bin, "crates/api/src/bin/job-runner.rs"),
        ("the_api", TargetKind::Bin, "crates/api/src/main.rs"),
    ];
    assert_eq!(targets(api), expected);
    let axum = Dependency { name: "axum".into(), package: "axum".into(), features: vec!["ws".into()] };
    assert_eq!(api.dependencies, [axum]);
    assert!(found.notes.is_empty() && found.warnings.is_empty());
    assert_eq!((found.files_found, found.left_out.len()), (5, 1));
}

#[test]
fn settings_files_and_whose_they_are() {
    let dir = workspace();
    let found = load_at(dir.path());
    let config: Vec<_> = found.config_files.iter().map(|file| (file.path.as_str(), file.package)).collect();
    assert_eq!(config, [("config/default.toml", None), ("crates/api/Rocket.toml", Some(0))]);
}

#[test]
fn a_member_inherits_from_above_the_analysed_folder() {
    let dir = workspace();
    for (path, root) in
        [("crates/api", "src/main.rs"), ("crates/api/src", "main.rs"), ("crates/api/src/main.rs", "main.rs")]
    {
        let found = load_at(&dir.path().join(path));
        let api = &found.packages[0];
        assert_eq!((api.name.as_str(), api.dir.as_str()), ("the-api", ""), "{path}");
        assert_eq!(api.dependencies[0].features, ["ws"], "{path}");
        assert!(targets(api).contains(&("the_api", TargetKind::Bin, root)), "{path}: {api:#?}");
        assert!(found.notes.is_empty(), "{path}: {:?}", found.notes);
    }
}

#[test]
fn tests_bring_their_dependencies() {
    let dir = workspace();
    let request = Request { path: dir.path().to_owned(), tests: true, ..Request::default() };
    let found = load(&request).unwrap();
    let api = &found.packages[0];
    assert!(targets(api).contains(&("it", TargetKind::Other, "crates/api/tests/it.rs")));
    assert_eq!(api.dependencies.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["axum", "insta"]);
}

#[test]
fn a_plain_folder_is_a_package_of_its_own() {
    let dir = tree(&[("svc/a.rs", ""), ("svc/b/c.rs", "")]);
    let found = load_at(&dir.path().join("svc"));
    assert_eq!(found.packages.len(), 1);
    let package = &found.packages[0];
    assert_eq!((package.name.as_str(), package.dir.as_str(), package.targets.len()), ("svc", "", 0));
    assert_eq!(found.sources.len(), 2);
}

#[test]
fn manifests_count_even_where_an_ignore_file_matches_them() {
    let dir = tree(&[
        (".gitignore", "*.toml\nskipped/\n"),
        ("Cargo.toml", "[workspace]\nmembers = ['server']\n"),
        ("server/Cargo.toml", "[package]\nname = 'server'\n[lib]\nname = 'shop'\n"),
        ("server/src/lib.rs", ""),
        ("skipped/Cargo.toml", "[package]\nname = 'skipped'\n"),
        ("skipped/src/lib.rs", ""),
    ]);
    let found = load_at(dir.path());
    let names: Vec<_> = found.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["server"]);
    assert_eq!(targets(&found.packages[0]), [("shop", TargetKind::Lib, "server/src/lib.rs")]);
}

#[test]
fn a_manifest_among_the_sources_that_builds_nothing_takes_nothing() {
    let dir = tree(&[
        ("Cargo.toml", "[package]\nname = 'shop'\n[lib]\nname = 'shop_lib'\npath = 'src/lib.rs'\n"),
        ("src/Cargo.toml", "[package]\nname = 'left_over'\n"),
        ("src/lib.rs", ""),
        ("src/main.rs", "fn main() {}"),
    ]);
    let found = load_at(dir.path());
    let expected = [("shop_lib", TargetKind::Lib, "src/lib.rs"), ("shop", TargetKind::Bin, "src/main.rs")];
    assert_eq!(found.packages.len(), 1);
    assert_eq!(targets(&found.packages[0]), expected);
}
