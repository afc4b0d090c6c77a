//! Input that is broken, hostile or odd: named, the rest checked, nothing panics.

use super::{check_all, check_one, said};

const STICKY: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  sessionAffinity: ClientIP\n";

fn reasons(report: &cargo_stateless::deploy::DeployReport) -> Vec<&str> {
    report.notes.iter().map(|note| note.message.as_str()).collect()
}

#[test]
fn a_broken_document_hides_no_other() {
    let report = check_one("a.yaml", &format!("a: [1\nb: }}\n---\n{STICKY}"));
    assert_eq!(said(&report), ["8 service-session-affinity error"]);
    assert_eq!(report.notes.len(), 1);
    assert!(report.notes[0].message.starts_with("no YAML"), "{:?}", report.notes);
    let report = check_one("a.yaml", &format!("{STICKY}---\napiVersion: v1\nkind: Serv"));
    assert_eq!(said(&report), ["5 service-session-affinity error"]);
}

#[test]
fn tabs_and_repeated_keys_are_named() {
    let report = check_all(&[("tabs.yaml", "a:\n\tb: 1\n"), ("ok.yaml", STICKY)]);
    assert_eq!(said(&report), ["5 service-session-affinity error"]);
    assert_eq!(report.notes.len(), 1);
    let report = check_one("twice.yaml", "a: 1\nb: 2\na: 3\n");
    assert_eq!(reasons(&report), ["the key `a` stands twice in one map: readers differ in which one counts"]);
    assert_eq!(report.notes[0].line, Some(3));
}

#[test]
fn line_ends_and_marks_of_other_systems() {
    let report = check_one("a.yaml", &format!("\u{feff}{}", STICKY.replace('\n', "\r\n")));
    assert_eq!(said(&report), ["5 service-session-affinity error"]);
    let nginx = "upstream a {\r\n  ip_hash;\r\n  server b:1;\r\n}\r\n";
    assert_eq!(said(&check_one("nginx.conf", nginx)), ["2 nginx-sticky error"]);
    let hcl = "resource \"aws_lb_target_group\" \"a\" {\r\n  stickiness {\r\n    type = \"lb_cookie\"\r\n  }\r\n}\r\n";
    assert_eq!(said(&check_one("a.tf", hcl)), ["2 aws-stickiness error"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), [0x61, 0xff, 0xfe]).unwrap();
    std::fs::write(folder.path().join("b.yaml"), STICKY).unwrap();
    let big = std::fs::File::create(folder.path().join("c.yaml")).unwrap();
    big.set_len(50 << 20).unwrap();
    let report = cargo_stateless::deploy::check(folder.path()).unwrap();
    assert_eq!(said(&report), ["5 service-session-affinity error"]);
    assert_eq!(reasons(&report), ["not UTF-8", "larger than 8 MB"]);
    assert!(cargo_stateless::deploy::check(&folder.path().join("none")).is_err());
}

#[test]
fn what_nests_without_end_is_refused() {
    for (name, text) in [
        ("a.yaml", "[".repeat(100_000)),
        ("b.yaml", "{a: ".repeat(100_000)),
        ("c.tf", format!("a = {}", "[".repeat(100_000))),
        ("nginx.conf", "upstream {".repeat(100_000)),
        ("e.yaml", "- ".repeat(100_000)),
    ] {
        let report = check_one(name, &text);
        assert_eq!(report.notes.len(), 1, "{name}: {:?}", report.notes);
        assert!(said(&report).is_empty());
    }
}

#[test]
fn anchors_that_loop_or_explode_are_named() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "));
    }
    let report = check_all(&[("bomb.yaml", &bomb), ("loop.yaml", "a: &a\n  b: *a\n"), ("ok.yaml", STICKY)]);
    assert_eq!(said(&report), ["5 service-session-affinity error"]);
    assert_eq!(report.notes.len(), 2, "{:?}", report.notes);
}

/// What is hostile gets by with little memory: a limit on the process, not a measurement.
#[cfg(unix)]
#[test]
fn memory_has_a_bound() {
    let tree = crate::support::Tree::new();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", "));
    }
    tree.file("bomb.yaml", bomb)
        .file("half.yaml", format!("{STICKY}---\n{}", &STICKY[..40]))
        .file("wide.yaml", "- {a: 1}\n".repeat(800_000))
        .file("merges.yaml", format!("a: &a {{{}}}\n{}", "b: 1", "c:\n  <<: *a\n".repeat(100_000)))
        .file("fifty.yaml", "a: 1\n".repeat(10 << 20))
        .file("ok.yaml", STICKY);
    let mut command = std::process::Command::new("sh");
    // Kilobytes of address space; the working thread's stack alone reserves a quarter of that.
    let binary = env!("CARGO_BIN_EXE_cargo-stateless");
    command.arg("-c").arg(format!("ulimit -v 1500000; exec '{binary}' deploy check . --format short"));
    command.current_dir(tree.root()).env("RAYON_NUM_THREADS", "2");
    let run = crate::support::run(command);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.contains("ok.yaml:5:3: error[service-session-affinity]"), "{}", run.stdout);
    assert!(run.stdout.contains("half.yaml:5:3: error[service-session-affinity]"), "{}", run.stdout);
    for (name, reason) in [
        ("bomb.yaml", "aliases make it more than"),
        ("wide.yaml", "more than"),
        ("merges.yaml", "more than"),
        ("fifty.yaml", "larger than 8 MB"),
    ] {
        let line = run.stdout.lines().find(|line| line.starts_with(name) && line.contains("unclear"));
        assert!(line.is_some_and(|line| line.contains(reason)), "{name}: {line:?}");
    }
}

/// Work must grow with the size of a file, not with its square.
#[test]
fn a_file_of_seventy_thousand_documents() {
    let text = format!("---\n{STICKY}").repeat(70_000);
    let began = std::time::Instant::now();
    let report = check_one("a.yaml", &text);
    assert_eq!(report.active().count(), 70_000);
    assert!(report.notes.is_empty(), "{:?}", report.notes);
    let plan = cargo_stateless::deploy::fix::plan(&report, Default::default());
    let [change] = &plan.changes[..] else { panic!("{:?}", plan.kept.first()) };
    assert!(!change.after.contains("sessionAffinity"));
    assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
}
