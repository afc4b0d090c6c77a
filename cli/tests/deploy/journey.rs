//! The shop goes from one sticky replica to many by `deploy fix` and `deploy generate` alone.
//!
//! The book's chapter has the commands and what they print; here they run. `BLESS=1` writes the
//! output anew. That the result is what it should be is asserted apart, by hand.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Tree, binary, run};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn copy(from: &Path, tree: &Tree, to: &str, wanted: &[&str]) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let end = entry.path().extension().and_then(|end| end.to_str()).unwrap_or("");
        if entry.file_type().is_file() && wanted.contains(&end) {
            let path = Path::new(to).join(entry.path().strip_prefix(from).unwrap());
            tree.file(path, fs::read(entry.path()).unwrap());
        }
    }
}

/// The manifests, and the shop's code before and after its state moved out.
fn start() -> Tree {
    let tree = Tree::new();
    let shop = repository().join("fixtures/shop");
    copy(&shop.join("deploy"), &tree, "deploy", &["yaml"]);
    copy(&shop.join("before"), &tree, "before", &["rs", "toml"]);
    copy(&shop.join("after"), &tree, "after", &["rs", "toml"]);
    tree
}

/// Runs a line of the chapter; answers with what it prints, standard output first.
fn step(tree: &Tree, line: &str) -> String {
    let arguments = line.strip_prefix("cargo stateless ").expect("a command of ours");
    let mut command = binary();
    command.current_dir(tree.root()).args(arguments.split_whitespace());
    let run = run(command);
    assert_ne!(run.code, Some(2), "{line}: {}", run.stderr);
    run.stdout + &run.stderr
}

#[test]
fn the_chapter_is_real() {
    let path = repository().join("docs/src/deploy/shop.md");
    let page = fs::read_to_string(&path).unwrap();
    let tree = start();
    let mut real = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        real.push_str(line);
        real.push('\n');
        let made = match line {
            "<!-- step -->" => {
                let fence = lines.next().unwrap();
                let command = lines.next().unwrap().strip_prefix("$ ").unwrap();
                format!("{fence}\n$ {command}\n{}```\n", step(&tree, command))
            }
            _ => match line.strip_prefix("<!-- file: ").and_then(|rest| rest.strip_suffix(" -->")) {
                Some(name) => {
                    let fence = lines.next().unwrap();
                    let text = fs::read_to_string(tree.path(name)).unwrap();
                    format!("{fence}\n{text}```\n")
                }
                None => continue,
            },
        };
        lines.by_ref().find(|line| *line == "```").expect("the block ends");
        real.push_str(&made);
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, real).unwrap();
    } else {
        assert_eq!(page, real, "run with BLESS=1 and look at the difference");
    }
}

#[test]
fn sticky_and_single_becomes_scaled_by_fix_and_generate_alone() {
    let tree = start();
    let check = "cargo stateless deploy check deploy --format short";
    let forms = |text: &str| {
        let names = text
            .lines()
            .filter_map(|line| line.split_once('[')?.1.split_once(']').map(|(name, _)| name.to_owned()));
        names.collect::<Vec<_>>()
    };
    let mut before = forms(&step(&tree, check));
    before.sort();
    assert_eq!(
        before,
        [
            "ingress-cookie-affinity",
            "no-autoscaler",
            "no-disruption-budget",
            "no-pre-stop",
            "no-readiness-probe",
            "one-replica",
            "recreate",
            "service-session-affinity",
        ]
    );
    // Before its state has moved nothing is taken away, and nothing scales it out.
    assert!(step(&tree, "cargo stateless deploy fix deploy --code before").starts_with("0 files changed"));
    let made = step(&tree, "cargo stateless deploy generate deploy --into early --code before");
    assert!(made.contains("no autoscaler: the code still keeps"), "{made}");
    assert!(!tree.path("early/shop-autoscaler.yaml").exists());

    step(&tree, "cargo stateless deploy fix deploy --code after");
    step(&tree, "cargo stateless deploy generate deploy --into deploy --force --code after");
    assert_eq!(step(&tree, check), "", "nothing is found any more, not even a note");
    let read = |name: &str| fs::read_to_string(tree.path(Path::new("deploy").join(name))).unwrap();
    let (shop, ingress) = (read("shop.yaml"), read("ingress.yaml"));
    for gone in ["replicas", "Recreate", "sessionAffinity", "clientIP"] {
        assert!(!shop.contains(gone), "{gone}");
    }
    assert!(!ingress.contains("affinity") && !ingress.contains("session-cookie"));
    for kept in
        ["# Never two at a time.", "labels: {app: shop}", "targetPort: http", "{name: PORT, value: \"3000\"}"]
    {
        assert!(shop.contains(kept), "{kept}");
    }
    assert!(ingress.contains("proxy-body-size: 1m"));
    for new in ["type: RollingUpdate", "path: /healthz", "preStop:"] {
        assert!(shop.contains(new), "{new}");
    }
    assert!(read("shop-autoscaler.yaml").contains("minReplicas: 2\n"));
    assert!(read("shop-disruption-budget.yaml").contains("maxUnavailable: 1\n"));
    // The result lies beside the fixture, where the shop's own tests take its alerts from.
    let kept = repository().join("fixtures/shop/scaled");
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(tree.path("deploy")).unwrap() {
        let name = PathBuf::from(entry.unwrap().file_name());
        let text = fs::read_to_string(tree.path("deploy").join(&name)).unwrap();
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(&kept).unwrap();
            fs::write(kept.join(&name), &text).unwrap();
        }
        let known = fs::read_to_string(kept.join(&name)).unwrap_or_default();
        assert!(known == text, "{} is stale: run with BLESS=1", name.display());
        names.push(name);
    }
    assert_eq!(fs::read_dir(&kept).unwrap().count(), names.len());
    // A second run of both has nothing to do.
    assert_eq!(step(&tree, "cargo stateless deploy fix deploy --code after"), "0 files changed\n");
    let again = step(&tree, "cargo stateless deploy generate deploy --into deploy --force --code after");
    assert!(!again.contains("shop.yaml"), "{again}");
}
