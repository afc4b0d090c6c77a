//! Every format through the real binary: what its readers insist on, with ordinary, hostile and
//! huge input.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::Message;
use cargo_metadata::diagnostic::Diagnostic;
use serde_json::Value;

use support::{Run, SERVICE, Tree, binary, manifest, run};

const FORMATS: [&str; 8] = ["human", "short", "json", "sarif", "rustc", "github", "gitlab", "junit"];

fn check(root: &Path, arguments: &[&str]) -> Run {
    let mut command = binary();
    command.current_dir(root).arg("check").args(arguments);
    run(command)
}

fn format(root: &Path, format: &str) -> Run {
    check(root, &["--format", format])
}

/// As rust-analyzer reads them: every line has to be a message of cargo's.
fn diagnostics(lines: &str) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (message, line) in Message::parse_stream(lines.as_bytes()).zip(lines.lines()) {
        match message.unwrap() {
            Message::CompilerMessage(message) => all.push(message.message),
            other => panic!("{line}: {other:?}"),
        }
    }
    assert_eq!(all.len(), lines.lines().count());
    all
}

/// The text that a span's columns cut out of the file that it names.
fn cut_out(span: &cargo_metadata::diagnostic::DiagnosticSpan) -> String {
    let file = fs::read_to_string(&span.file_name).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    let mut text = String::new();
    for line in span.line_start..=span.line_end {
        let chars: Vec<char> = lines[line - 1].chars().collect();
        let from = if line == span.line_start { span.column_start - 1 } else { 0 };
        let to = if line == span.line_end { span.column_end - 1 } else { chars.len() };
        text.extend(&chars[from..to]);
    }
    text
}

fn services() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fixtures");
    let mut services = Vec::new();
    for entry in fs::read_dir(fixtures).unwrap() {
        for turn in ["before", "after"] {
            let path = entry.as_ref().unwrap().path().join(turn);
            if path.join("Cargo.toml").is_file() {
                services.push(path);
            }
        }
    }
    services.sort();
    assert!(services.len() > 10);
    services
}

// rustc.

#[test]
fn rust_analyzers_parser_reads_every_message_of_every_fixture() {
    let mut seen = 0;
    for service in services() {
        let json = format(&service, "json").json();
        let findings = json["findings"].as_array().unwrap();
        let messages = diagnostics(&format(&service, "rustc").stdout);
        assert_eq!(messages.len(), findings.len(), "{}", service.display());
        for (message, finding) in messages.iter().zip(findings) {
            let (rule, level) = (&finding["rule"], &finding["level"]);
            let code = message.code.as_ref().unwrap();
            assert_eq!(code.code, format!("stateless::{}", rule.as_str().unwrap()));
            assert_eq!(serde_json::to_value(message.level).unwrap(), *level);
            let primary: Vec<_> = message.spans.iter().filter(|span| span.is_primary).collect();
            assert_eq!(primary.len(), 1);
            let place = &finding["site"]["place"];
            let path = fs::canonicalize(service.join(place["file"].as_str().unwrap())).unwrap();
            assert_eq!(Path::new(&primary[0].file_name), path);
            assert_eq!(primary[0].line_start as u64, place["line"].as_u64().unwrap());
            for span in &message.spans {
                assert!(span.label.is_some() && span.line_start >= 1 && span.column_start >= 1);
                let source = fs::read_to_string(&span.file_name).unwrap();
                let bytes = &source[span.byte_start as usize..span.byte_end as usize];
                assert_eq!(cut_out(span), bytes.replace(['\n', '\r'], ""), "columns and bytes agree");
                for (line, at) in span.text.iter().zip(span.line_start..) {
                    assert_eq!(line.text, source.lines().nth(at - 1).unwrap());
                }
            }
            assert!(message.rendered.as_ref().is_some_and(|text| text.ends_with('\n')));
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} messages");
}

#[test]
fn columns_count_characters_past_wide_letters_tabs_and_crlf() {
    let tree = Tree::new();
    let text = SERVICE
        .replace("static SESSIONS", "/* größe 語 𝄞 */\tstatic SESSIONS")
        .replace("    SESSIONS.lock()", "\t\t/* 語 */ SESSIONS.lock()")
        .replace('\n', "\r\n");
    tree.file("Cargo.toml", manifest("wide")).file("src/größe, 語.rs", &text);
    let messages = diagnostics(&format(tree.root(), "rustc").stdout);
    let spans = &messages[0].spans;
    assert_eq!(cut_out(&spans[0]), "SESSIONS");
    let chars = "/* größe 語 𝄞 */\tstatic ".chars().count();
    assert_eq!((spans[0].column_start, spans[0].column_end), (chars + 1, chars + 9));
    assert!(spans.len() > 1);
    for span in spans {
        assert!(cut_out(span).contains("SESSIONS") || cut_out(span).starts_with("sessions"), "{span:?}");
        assert!(!span.text[0].text.contains('\r'));
    }
}

// github, gitlab, junit.

#[test]
fn paths_are_those_of_the_repository_that_a_service_checked_out() {
    let tree = Tree::with_good();
    for (variable, format, wanted) in [
        ("GITHUB_WORKSPACE", "github", "file=good/src/main.rs,"),
        ("CI_PROJECT_DIR", "gitlab", "\"path\": \"good/src/main.rs\""),
        ("GITHUB_WORKSPACE", "sarif", "\"uri\": \"good/src/main.rs\""),
        ("CI_PROJECT_DIR", "junit", "good/src/main.rs:9:8: error[in-memory-session]"),
    ] {
        let mut command = binary();
        command.current_dir(tree.path("good")).env(variable, tree.root()).args(["check", "--format", format]);
        let run = run(command);
        assert!(run.stdout.contains(wanted), "{}", run.stdout);
    }
}

#[test]
fn gitlab_gets_an_array_in_any_case() {
    let tree = Tree::new();
    tree.file("src/main.rs", "fn main() {}\n");
    assert_eq!(format(tree.root(), "gitlab").stdout, "[]\n");
    assert_eq!(format(tree.root(), "github").stdout, "");
    assert_eq!(format(tree.root(), "rustc").stdout, "");
    let xml = format(tree.root(), "junit").stdout;
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("failures"), Some("0"));
}

#[test]
fn github_shows_ten_of_a_level_and_is_told_of_the_rest() {
    let tree = many(25);
    let run = format(tree.root(), "github");
    let errors: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[9].starts_with("::error title=cargo stateless::16 more errors"), "{}", errors[9]);
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("- ")).count(), 16);
}

/// A service with so many stores of sessions.
fn many(number: usize) -> Tree {
    let tree = Tree::new();
    let mut text = SERVICE.to_owned();
    for at in 1..number {
        text += &format!(
            "static SESSIONS{at}: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);\n\
             async fn login{at}(Json(login): Json<Login>) {{ SESSIONS{at}.lock().unwrap().insert(login.token, login.user); }}\n\
             async fn whoami{at}(Path(token): Path<String>) -> String {{ SESSIONS{at}.lock().unwrap()[&token].clone() }}\n\
             fn more{at}() -> Router {{ Router::new().route(\"/login{at}\", post(login{at})).route(\"/who{at}/{{token}}\", get(whoami{at})) }}\n"
        );
    }
    tree.file("Cargo.toml", manifest("many")).file("src/main.rs", &text);
    tree
}

// sarif.

fn fingerprints(root: &Path) -> BTreeSet<String> {
    let log = format(root, "sarif").json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let prints = results.iter().map(|result| &result["partialFingerprints"]["statelessSite/v1"]);
    let prints: BTreeSet<String> = prints.map(|print| print.as_str().unwrap().to_owned()).collect();
    assert_eq!(prints.len(), results.len(), "each its own");
    prints
}

fn copy(from: &Path, to: &Path, change: &dyn Fn(&str) -> String) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.as_ref().unwrap().file_name());
        if path.is_dir() {
            copy(&path, &to.join(name), change);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            fs::write(to.join(name), change(&fs::read_to_string(&path).unwrap())).unwrap();
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn fingerprints_survive_moved_lines() {
    for service in services().iter().filter(|path| path.ends_with("before")) {
        let before = fingerprints(service);
        let tree = Tree::new();
        // Longer lines, more lines, other columns.
        copy(service, &tree.path("moved"), &|text| {
            format!("// moved\n\n\n{}\n", text.replace("\n", "\n\n   "))
        });
        assert_eq!(fingerprints(&tree.path("moved")), before, "{}", service.display());
    }
}

#[test]
fn more_findings_than_code_scanning_takes() {
    const FILES: usize = 251;
    let tree = Tree::new();
    let mut main = "use axum::{Router, routing::get};\n".to_owned();
    let mut routes = String::new();
    for file in 0..FILES {
        let mut text = "use std::collections::HashMap;\nuse std::sync::{LazyLock, Mutex};\nuse axum::extract::{Json, Path};\n".to_owned();
        let (mut add, mut show) = (String::new(), String::new());
        for at in 0..100 {
            text += &format!(
                "static ITEMS{at}: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);\n"
            );
            add += &format!("ITEMS{at}.lock().unwrap().insert(key.clone(), value.clone());\n");
            show += &format!("all.extend(ITEMS{at}.lock().unwrap().get(&key).cloned());\n");
        }
        text +=
            &format!("pub async fn add(Path(key): Path<String>, Json(value): Json<String>) {{ {add} }}\n");
        text += &format!(
            "pub async fn show(Path(key): Path<String>) -> Json<Vec<String>> {{ let mut all = vec![]; {show} Json(all) }}\n"
        );
        tree.file(format!("src/m{file}.rs"), text);
        main += &format!("mod m{file};\n");
        routes += &format!(".route(\"/m{file}/{{key}}\", get(m{file}::show).post(m{file}::add))");
    }
    main += &format!(
        "#[tokio::main]\nasync fn main() {{ let app = Router::new(){routes};\n\
         let listener = tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap();\n\
         axum::serve(listener, app).await.unwrap(); }}\n"
    );
    tree.file("Cargo.toml", manifest("many")).file("src/main.rs", main);
    let text = format(tree.root(), "sarif").stdout;
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 25_000);
    let notes = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    let said = notes[0]["message"]["text"].as_str().unwrap();
    assert!(said.starts_with("100 of 25100 findings are left out"), "{said}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    assert!(packed.finish().unwrap().len() < 10_000_000);
}

// All of them.

#[test]
fn formats_are_the_same_for_any_number_of_threads() {
    for service in services().iter().filter(|path| path.ends_with("before")).take(4) {
        for format in FORMATS {
            let mut said = Vec::new();
            for threads in ["1", "2", "7"] {
                let mut command = binary();
                command.current_dir(service).env("RAYON_NUM_THREADS", threads);
                command.args(["check", "--format", format]);
                said.push(run(command).stdout);
            }
            assert!(said[0] == said[1] && said[1] == said[2], "{format} of {}", service.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn hostile_names_and_text_stay_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new();
    tree.file("Cargo.toml", manifest("evil"));
    let names: [&[u8]; 5] = [
        b"src/a\n::error::b.rs",
        b"src/100%,b:c;d.rs",
        b"src/##[add-mask]x.rs",
        b"src/\xff\xfe.rs",
        b"src/<a b=\"&'\">]]>.rs",
    ];
    for (at, name) in names.iter().enumerate() {
        let text = SERVICE
            .replace("SESSIONS", &format!("SESSIONS_{at}"))
            .replace("\"/login\"", "\"/::login\\n%0A\"");
        tree.file(Path::new(OsStr::from_bytes(name)), text);
    }
    for format_name in FORMATS {
        let run = format(tree.root(), format_name);
        assert_eq!(run.code, Some(1), "{format_name}: {run:#?}");
        for at in 0..names.len() {
            assert!(run.stdout.contains(&format!("SESSIONS_{at}")), "{format_name}: {at}");
        }
        let hidden = |c: char| c != '\n' && c.is_control();
        assert!(!run.stdout.contains(hidden), "{format_name}");
    }
    let commands = format(tree.root(), "github").stdout;
    for line in commands.lines() {
        assert!(line.starts_with("::error file=src/"), "{line}");
        let (properties, _) = line["::error ".len()..].split_once("::").unwrap();
        let keys: Vec<&str> = properties.split(',').map(|one| one.split_once('=').unwrap().0).collect();
        assert_eq!(keys, ["file", "line", "endLine", "col", "endColumn", "title"], "{line}");
    }
    assert!(commands.contains("file=src/100%25%2Cb%3Ac;d.rs,"), "{commands}");
    assert!(commands.contains("file=src/a%0A%3A%3Aerror%3A%3Ab.rs,"), "{commands}");
    assert_eq!(diagnostics(&format(tree.root(), "rustc").stdout).len(), names.len());
    roxmltree::Document::parse(&format(tree.root(), "junit").stdout).unwrap();
    let log = format(tree.root(), "sarif").stdout;
    assert!(log.contains("\"src/%FF%FE.rs\""), "a name that is no text is an address all the same");
    let issues: Value = format(tree.root(), "gitlab").json();
    assert_eq!(issues[1]["location"]["path"], "src/100%,b:c;d.rs");
}

#[test]
fn a_huge_line_does_not_make_a_huge_report() {
    let tree = Tree::new();
    let filler = "0,".repeat(1 << 17);
    let text = SERVICE.replace("static SESSIONS", &format!("static N: &[u8] = &[{filler}]; static SESSIONS"));
    tree.file("Cargo.toml", manifest("huge")).file("src/main.rs", text);
    for format_name in FORMATS {
        let run = format(tree.root(), format_name);
        assert!(run.stdout.contains("SESSIONS"), "{format_name}");
        assert!(run.stdout.len() < 200_000, "{format_name}: {} bytes", run.stdout.len());
    }
    let messages = diagnostics(&format(tree.root(), "rustc").stdout);
    assert_eq!(cut_out(&messages[0].spans[0]), "SESSIONS");
}
