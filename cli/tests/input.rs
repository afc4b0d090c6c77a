//! Bad input: each thing that cannot be read is named once with the reason, the rest is
//! analysed, and nothing panics, hangs or overflows the stack.

mod support;

use std::fs;

use support::{Run, SERVICE, Tree, binary, manifest, run};

/// Checks a tree of the good package and one bad file in a package beside it.
fn with_bad_file(text: impl AsRef<[u8]>) -> Run {
    let tree = Tree::with_good();
    tree.file("bad/Cargo.toml", manifest("bad")).file("bad/src/main.rs", text);
    tree.check(&[])
}

/// Whatever was done with the bad file, the run ends by itself, the good file's finding is
/// there, and the bad one is named at most once, with a reason.
#[track_caller]
fn survives(text: impl AsRef<[u8]>) -> Run {
    let run = with_bad_file(text);
    run.assert_good_is_found();
    let named: Vec<_> = run.notes().into_iter().filter(|(path, _)| path == "bad/src/main.rs").collect();
    assert!(named.len() <= 1, "{named:#?}");
    assert!(named.iter().all(|(_, reason)| !reason.is_empty()));
    run
}

fn in_function(expression: &str) -> String {
    format!("fn main() {{\n    let x = {expression};\n}}\n")
}

// What the parser meets.

#[test]
fn a_syntax_error() {
    let run = with_bad_file("fn main() {\n    let x = ;\n}\n");
    run.assert_good_is_found();
    assert!(!run.note("bad/src/main.rs").is_empty());
}

#[test]
fn unbalanced_delimiters_and_unknown_tokens() {
    for text in [
        "fn main() {",
        "fn main() }",
        "fn main() { \"never closed }",
        "fn main() { \u{0} }",
        "/* never closed",
    ] {
        let run = with_bad_file(text);
        run.assert_good_is_found();
        run.note("bad/src/main.rs");
    }
}

#[test]
fn an_empty_file_is_no_problem() {
    assert!(survives("").notes().is_empty());
    assert!(survives("// nothing but words\n").notes().is_empty());
}

#[test]
fn nested_parentheses() {
    survives(in_function(&format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000))));
}

#[test]
fn nested_parentheses_that_are_never_closed() {
    survives(in_function(&"(".repeat(20_000)));
}

#[test]
fn nested_blocks() {
    survives(format!("fn main() {}{}", "{".repeat(20_000), "}".repeat(20_000)));
}

#[test]
fn nested_arrays_and_calls() {
    survives(in_function(&format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000))));
    survives(in_function(&format!("{}1{}", "f(".repeat(20_000), ")".repeat(20_000))));
}

#[test]
fn nested_types() {
    survives(format!("static X: {}u8{} = 1;\nfn main() {{}}\n", "Vec<".repeat(20_000), ">".repeat(20_000)));
}

#[test]
fn nested_reference_and_pointer_types() {
    survives(format!("fn f(x: {}u8) {{}}\nfn main() {{}}\n", "&".repeat(20_001)));
    survives(format!("fn f(x: {}u8) {{}}\nfn main() {{}}\n", "*const ".repeat(20_000)));
}

#[test]
fn nested_modules_and_macros() {
    survives(format!("{}{}", "mod a {".repeat(20_000), "}".repeat(20_000)));
    survives(in_function(&format!("{}1{}", "vec![".repeat(20_000), "]".repeat(20_000))));
}

#[test]
fn nested_patterns_and_use_trees() {
    survives(format!("fn main() {{ let {}x{} = y; }}", "(".repeat(20_000), ",)".repeat(20_000)));
    survives(format!("use {}b{};", "a::{".repeat(20_000), "}".repeat(20_000)));
}

#[test]
fn a_chain_of_method_calls() {
    survives(in_function(&format!("a{}", ".b()".repeat(30_000))));
}

#[test]
fn a_chain_of_fields_indexes_and_question_marks() {
    survives(in_function(&format!("a{}", ".b".repeat(30_000))));
    survives(in_function(&format!("a{}", "[0]".repeat(30_000))));
    survives(in_function(&format!("a{}", "?".repeat(30_000))));
    survives(in_function(&format!("a{}", "()".repeat(30_000))));
}

#[test]
fn a_long_sum() {
    survives(in_function(&format!("1{}", "+1".repeat(100_000))));
}

#[test]
fn a_long_assignment_range_and_cast() {
    survives(in_function(&format!("{}1", "a = ".repeat(20_000))));
    survives(in_function(&format!("1{}", " as u8".repeat(20_000))));
}

#[test]
fn many_prefixes() {
    survives(in_function(&format!("{}1", "!".repeat(20_000))));
    survives(in_function(&format!("{}1", "& ".repeat(20_000))));
    survives(in_function(&format!("{}1", "*".repeat(20_000))));
    survives(in_function(&format!("{}1", "-".repeat(20_000))));
}

#[test]
fn many_else_ifs() {
    survives(format!("fn main() {{\n    if a {{}}{}\n}}\n", " else if a {}".repeat(20_000)));
}

#[test]
fn many_closures_and_returns() {
    survives(in_function(&format!("{}1", "|| ".repeat(20_000))));
    survives(in_function(&format!("{}1", "return ".repeat(20_000))));
    survives(in_function(&format!("{}1", "move || ".repeat(20_000))));
}

#[test]
fn a_long_path_and_a_long_name() {
    survives(in_function(&format!("a{}", "::b".repeat(30_000))));
    survives(format!("static {}: u8 = 1;\nfn main() {{}}\n", "X".repeat(1_000_000)));
}

// What the file system has to offer.

#[test]
fn a_large_generated_file() {
    let line = "pub const ENTRY: &[u8] = b\"0123456789abcdef0123456789abcdef\";\n";
    let run = with_bad_file(line.repeat(50 * 1024 * 1024 / line.len()));
    run.assert_good_is_found();
    assert!(run.note("bad/src/main.rs").contains("above the limit of 8.0 MiB"));
}

#[test]
fn invalid_utf8() {
    let run = with_bad_file(b"fn main() {}\n// caf\xe9\n");
    run.assert_good_is_found();
    assert!(run.note("bad/src/main.rs").contains("not UTF-8"));
    assert_eq!(run.json()["notes"][0]["line"], 2);
    // What an editor makes of it when told to save as "Unicode".
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain("fn main() {}".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(with_bad_file(utf16).note("bad/src/main.rs").contains("not UTF-8"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends() {
    let tree = Tree::with_good();
    tree.file("good/src/main.rs", format!("\u{feff}{}", SERVICE.replace('\n', "\r\n")));
    let run = tree.check(&[]);
    run.assert_good_is_found();
    assert!(run.notes().is_empty());
    let line = SERVICE.lines().position(|line| line.contains("static SESSIONS")).unwrap() + 1;
    assert_eq!(run.json()["findings"][0]["site"]["place"]["line"], line);
}

#[test]
fn an_empty_folder() {
    let tree = Tree::new();
    tree.check(&[]).assert_refused(&["no Rust file", "looked for `.rs` files", "--no-ignore"]);
    tree.file("README.md", "nothing here").check(&[]).assert_refused(&["no Rust file"]);
}

#[test]
fn only_files_that_cannot_be_read() {
    let tree = Tree::new();
    tree.file("a.rs", b"\xff").check(&[]).assert_refused(&["no Rust file", "a.rs: not UTF-8"]);
}

#[test]
fn only_tests() {
    let tree = Tree::new();
    tree.file("Cargo.toml", manifest("only-tests")).file("tests/a.rs", SERVICE);
    tree.check(&[]).assert_refused(&["1 Rust file was left out", "--tests"]);
    assert_eq!(tree.check(&["--tests"]).sessions(), ["tests/a.rs"]);
}

#[test]
fn a_path_that_is_not_there() {
    let tree = Tree::new();
    for path in ["nowhere", "nowhere/Cargo.toml", "nowhere/x.rs"] {
        let mut command = binary();
        command.arg("check").arg(tree.path(path));
        run(command).assert_refused(&["nowhere", "does not exist"]);
    }
}

#[test]
fn a_path_that_is_no_code() {
    let tree = Tree::new();
    tree.file("notes.md", "words");
    let mut command = binary();
    command.arg("check").arg(tree.path("notes.md"));
    run(command).assert_refused(&["notes.md", "neither a folder nor a `.rs` file"]);
}

#[test]
fn a_manifest_that_does_not_parse() {
    for bad in ["[package\nname = ", "[package]\nname = 5\n", "\u{0}", "[package]\nname = 'a'\nname = 'b'\n"]
    {
        let tree = Tree::with_good();
        tree.file("broken/Cargo.toml", bad).file("broken/src/main.rs", SERVICE);
        let run = tree.check(&[]);
        assert_eq!(run.code, Some(1));
        assert_eq!(run.sessions(), ["broken/src/main.rs", "good/src/main.rs"]);
        assert!(run.note("broken/Cargo.toml").contains("does not parse"));
        // The folder is a package of its own name.
        assert_eq!(tree.check(&["-p", "broken"]).sessions(), ["broken/src/main.rs"]);
    }
}

#[test]
fn a_manifest_that_is_no_text() {
    let tree = Tree::with_good();
    tree.file("broken/Cargo.toml", b"[package]\nname = \"\xff\"\n").file("broken/src/lib.rs", "");
    let run = tree.check(&[]);
    run.assert_good_is_found();
    assert!(run.note("broken/Cargo.toml").contains("not UTF-8"));
}

#[test]
fn a_manifest_that_is_nested_too_deeply() {
    let tree = Tree::with_good();
    tree.file("broken/Cargo.toml", format!("a = {}{}", "[".repeat(20_000), "]".repeat(20_000)));
    tree.file("broken/src/lib.rs", "");
    let run = tree.check(&[]);
    run.assert_good_is_found();
    assert!(run.note("broken/Cargo.toml").contains("does not parse"));
}

#[test]
fn a_manifest_without_a_package_or_a_workspace() {
    let tree = Tree::with_good();
    tree.file("odd/Cargo.toml", "[dependencies]\n").file("odd/src/lib.rs", "");
    let run = tree.check(&[]);
    run.assert_good_is_found();
    assert!(run.note("odd/Cargo.toml").contains("neither a package nor a workspace"));
}

#[test]
fn a_workspace_that_cannot_be_found() {
    let tree = Tree::with_good();
    let bad = "[package]\nname = 'bad'\nversion.workspace = true\nworkspace = '../../nowhere'\n[dependencies]\naxum.workspace = true\n";
    tree.file("bad/Cargo.toml", bad).file("bad/src/lib.rs", "");
    let run = tree.check(&[]);
    run.assert_good_is_found();
    assert!(run.note("bad/Cargo.toml").contains("../../nowhere"));
}

#[test]
fn targets_that_are_not_there() {
    let tree = Tree::with_good();
    let bad =
        "[package]\nname = 'bad'\n[lib]\npath = 'gone.rs'\n[[bin]]\nname = 'out'\npath = '../../../x.rs'\n";
    tree.file("bad/Cargo.toml", bad).file("bad/src/lib.rs", "");
    let run = tree.check(&[]);
    run.assert_good_is_found();
    let note = run.note("bad/Cargo.toml");
    assert!(note.contains("`gone.rs` does not exist"), "{note}");
    assert!(note.contains("`../../../x.rs` lies outside"), "{note}");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;

    #[test]
    fn links_in_a_circle() {
        let tree = Tree::with_good();
        symlink("..", tree.path("good/src/up")).unwrap();
        symlink(tree.root(), tree.path("good/top")).unwrap();
        symlink("self.rs", tree.path("good/src/self.rs")).unwrap();
        symlink("b", tree.path("a")).unwrap();
        symlink("a", tree.path("b")).unwrap();
        for arguments in [&[][..], &["--no-ignore"]] {
            let run = tree.check(arguments);
            run.assert_good_is_found();
            for link in ["good/src/up", "good/top"] {
                assert!(run.note(link).contains("a folder that it lies in"));
            }
            for link in ["good/src/self.rs", "a", "b"] {
                assert!(run.note(link).contains("in a circle"));
            }
        }
    }

    #[test]
    fn links_out_and_nowhere() {
        let tree = Tree::with_good();
        let outside = Tree::with_good();
        symlink(outside.path("good"), tree.path("outside")).unwrap();
        symlink("gone", tree.path("good/src/gone.rs")).unwrap();
        symlink("gone", tree.path("LICENSE")).unwrap();
        let run = tree.check(&[]);
        run.assert_good_is_found();
        assert!(run.note("outside").contains("outside"));
        assert!(run.note("good/src/gone.rs").contains("cannot be followed"));
        assert_eq!(run.notes().len(), 2, "a link that is no code is nobody's business");
    }

    #[test]
    fn a_file_behind_links_is_read_once() {
        let tree = Tree::with_good();
        symlink("main.rs", tree.path("good/src/again.rs")).unwrap();
        symlink("good", tree.path("same")).unwrap();
        let run = tree.check(&[]);
        run.assert_good_is_found();
        assert!(run.notes().is_empty(), "all of it was read");

        // Outside, a link is the only name that the file has here.
        let other = Tree::new();
        other.file("elsewhere.rs", SERVICE);
        let tree = Tree::new();
        tree.file("Cargo.toml", manifest("linked")).file("src/lib.rs", "");
        symlink(other.path("elsewhere.rs"), tree.path("src/one.rs")).unwrap();
        symlink(other.path("elsewhere.rs"), tree.path("src/two.rs")).unwrap();
        assert_eq!(tree.check(&[]).sessions(), ["src/one.rs"]);
    }

    #[test]
    fn the_root_may_be_a_link() {
        let tree = Tree::with_good();
        let other = Tree::new();
        symlink(tree.root(), other.path("link")).unwrap();
        let mut command = binary();
        command.arg("check").arg(other.path("link")).args(["--format", "json"]);
        run(command).assert_good_is_found();
    }

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn pipes_sockets_and_devices() {
        let tree = Tree::with_good();
        pipe(&tree.path("good/src/pipe.rs"));
        pipe(&tree.path("good/Rocket.toml"));
        let _socket = std::os::unix::net::UnixListener::bind(tree.path("good/src/socket.rs")).unwrap();
        symlink("/dev/zero", tree.path("good/src/zero.rs")).unwrap();
        fs::create_dir(tree.path("odd")).unwrap();
        pipe(&tree.path("odd/Cargo.toml"));
        for arguments in [&[][..], &["--no-ignore"]] {
            let run = tree.check(arguments);
            run.assert_good_is_found();
            assert!(run.note("good/src/pipe.rs").contains("a named pipe"));
            assert!(run.note("good/src/socket.rs").contains("a socket"));
            assert!(run.note("good/src/zero.rs").contains("a device"));
            assert!(run.note("odd/Cargo.toml").contains("a named pipe"));
        }
        for odd in ["good/src/pipe.rs", "odd/Cargo.toml"] {
            let mut command = binary();
            command.arg("check").arg(tree.path(odd));
            run(command).assert_refused(&["a named pipe"]);
        }
    }

    #[test]
    fn an_ignore_file_that_never_ends() {
        let tree = Tree::with_good();
        tree.file("waits/src/lib.rs", "");
        pipe(&tree.path("waits/.gitignore"));
        let run = tree.check(&[]);
        run.assert_good_is_found();
        assert!(run.note("waits").contains(".gitignore"));

        symlink("/dev/zero", tree.path(".ignore")).unwrap();
        let run = tree.check(&[]);
        run.assert_good_is_found();
        assert!(run.note(".ignore").contains("no ordinary file"));
    }

    /// Root may read everything, so a test that runs as root runs the binary as nobody.
    /// It needs a copy of it where nobody can get at it.
    fn as_somebody(tree: &Tree, path: &str) -> Command {
        const NOBODY: u32 = 65534;
        let copy = tree.path(".binary/cargo-stateless");
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_cargo-stateless"), &copy).unwrap();
        fs::set_permissions(tree.root(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(copy);
        command.arg("check").arg(tree.path(path)).args(["--format", "json"]).current_dir("/");
        if fs::metadata(tree.root()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn allow(tree: &Tree, path: &str, mode: u32) {
        fs::set_permissions(tree.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_and_folders_without_permission() {
        let tree = Tree::with_good();
        tree.file("good/src/secret.rs", "")
            .file("locked/src/lib.rs", "")
            .file("odd/Cargo.toml", manifest("odd"));
        tree.file("odd/src/lib.rs", "");
        allow(&tree, "good/src/secret.rs", 0);
        allow(&tree, "odd/Cargo.toml", 0);
        allow(&tree, "locked", 0);
        let run = run(as_somebody(&tree, ""));
        allow(&tree, "locked", 0o755);
        run.assert_good_is_found();
        for path in ["good/src/secret.rs", "odd/Cargo.toml", "locked"] {
            assert!(run.note(path).contains("ermission denied"), "{run:#?}");
        }
    }

    #[test]
    fn a_path_without_permission() {
        let tree = Tree::with_good();
        tree.file("locked/src/lib.rs", "");
        allow(&tree, "locked", 0);
        let at_it = run(as_somebody(&tree, "locked"));
        let below_it = run(as_somebody(&tree, "locked/src"));
        allow(&tree, "locked", 0o755);
        at_it.assert_refused(&["locked", "ermission denied"]);
        below_it.assert_refused(&["locked/src", "ermission denied"]);
    }

    #[test]
    fn names_that_are_no_text_or_two_lines() {
        let tree = Tree::new();
        tree.file("Cargo.toml", manifest("names"));
        tree.file(OsStr::from_bytes(b"src/caf\xe9.rs"), SERVICE);
        tree.file("src/two\nlines\u{1b}[31m.rs", SERVICE);
        tree.file(OsStr::from_bytes(b"src/bad\xff.rs"), b"\xff");
        let run = tree.check(&[]);
        assert_eq!(run.code, Some(1));
        assert_eq!(run.sessions().len(), 2, "{run:#?}");
        assert!(run.sessions()[0].starts_with("src/caf"));
        assert_eq!(run.notes().len(), 1);
        assert!(run.notes()[0].0.starts_with("src/bad"));

        let mut command = binary();
        command.arg("check").arg(tree.root()).args(["--format", "short"]);
        let short = support::run(command);
        assert_eq!(short.stdout.lines().count(), 3, "{}", short.stdout);
        assert!(!short.stdout.contains('\u{1b}'));
    }

    /// `rm` manages what the standard library may not: a level takes it a file descriptor.
    fn remove(tree: &Tree, path: &str) {
        assert!(Command::new("rm").arg("-rf").arg(tree.path(path)).status().unwrap().success());
    }

    #[test]
    fn deep_folders() {
        let tree = Tree::with_good();
        let deep = "d/".repeat(1_500);
        tree.file(format!("{deep}deep.rs"), SERVICE);
        let runs = [tree.check(&[]), tree.check(&["--no-ignore"])];
        remove(&tree, "d");
        for run in runs {
            assert_eq!(run.sessions(), [format!("{deep}deep.rs"), "good/src/main.rs".to_owned()]);
        }
    }

    /// Paths have a greatest length; folders can be nested further than that.
    #[test]
    fn folders_deeper_than_any_path() {
        let tree = Tree::with_good();
        let half = "d/".repeat(1_500);
        fs::create_dir_all(tree.path(&half)).unwrap();
        tree.file(format!("e/{half}deep.rs"), SERVICE);
        fs::rename(tree.path("e"), tree.path(format!("{half}e"))).unwrap();
        let runs = [tree.check(&[]), tree.check(&["--no-ignore"])];
        remove(&tree, "d");
        for run in runs {
            run.assert_good_is_found();
            assert_eq!(run.notes().len(), 1, "{:#?}", run.notes());
            let (path, message) = run.notes().remove(0);
            assert!(path.starts_with("d/d/") && path.len() < 300, "{path}");
            assert!(message.contains("cannot be read"), "{message}");
        }
    }
}
