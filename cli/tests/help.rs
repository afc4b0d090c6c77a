//! What the program says of itself: rules' pages, lists, completions, the manual page.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use support::{Run, binary, run};

fn said(arguments: &[&str]) -> Run {
    let mut command = binary();
    command.args(arguments);
    run(command)
}

fn rules() -> Vec<Value> {
    said(&["rules", "--format", "json"]).json().as_array().unwrap().clone()
}

// Rules.

#[test]
fn every_rule_is_listed_with_its_page() {
    let rules = rules();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    assert!(rules.len() >= 12);
    let table = said(&["rules"]);
    assert_eq!(table.code, Some(0));
    for (rule, line) in rules.iter().zip(table.stdout.lines()) {
        let (name, summary) = (rule["name"].as_str().unwrap(), rule["summary"].as_str().unwrap());
        let page = fs::read_to_string(folder.join(format!("{}.md", name.replace('-', "_")))).unwrap();
        assert_eq!(rule["page"], page);
        assert!(line.starts_with(&format!("{name} ")) && line.ends_with(summary), "{line}");
    }
    let lock = rules.iter().find(|rule| rule["name"] == "in-memory-lock").unwrap();
    assert_eq!((&lock["role"], &lock["landing"]), (&"coordination".into(), &"redis".into()));
}

#[test]
fn explain_shows_all_of_a_page_in_any_width() {
    for rule in rules() {
        let name = rule["name"].as_str().unwrap();
        let run = said(&["explain", name]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.starts_with(&format!("{name}\n\n")));
        for line in run.stdout.lines().filter(|line| !line.starts_with("    ")) {
            assert!(line.chars().count() <= 100, "{line}");
        }
        // Words are those of the page, code is as it stands there.
        let words = |text: &str| {
            let kept = text.replace("```rust", "").replace("```", "").replace('#', "");
            kept.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(words(&run.stdout), words(rule["page"].as_str().unwrap()), "{name}");
    }
}

#[test]
fn explain_takes_a_rule_as_it_stands_in_a_message() {
    let plain = said(&["explain", "in-memory-lock"]).stdout;
    for name in ["stateless::in-memory-lock", "in_memory_lock", "In-Memory-Lock"] {
        assert_eq!(said(&["explain", name]).stdout, plain);
    }
    let coloured = said(&["explain", "timer", "--color", "always"]).stdout;
    assert!(coloured.starts_with("\u{1b}[1mtimer\u{1b}[0m\n"));
}

#[test]
fn explain_knows_what_was_meant() {
    let run = said(&["explain", "in-memory-lok"]);
    run.assert_refused(&["in-memory-lok", "in-memory-lock", "a similar value exists"]);
    said(&["explain", "nonsense"]).assert_refused(&["possible values: in-memory-session"]);
    said(&["explain"]).assert_refused(&["<RULE>"]);
    said(&["rules", "--format", "yaml"]).assert_refused(&["possible values: human, json"]);
}

// Completions.

/// What bash offers for the words of a command line, the last of them unfinished.
fn bash(before: &str, words: &[&str]) -> Vec<String> {
    let script = said(&["completions", "bash"]);
    assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""));
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let ask = format!(
        "{before}\n{}\nCOMP_WORDS=({}); COMP_CWORD={}; COMP_LINE='{}'; COMP_POINT=${{#COMP_LINE}}\n\
         function=$(complete -p {} | sed 's/.* -F \\([^ ]*\\) .*/\\1/')\n\
         \"$function\" '{}' '{}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        script.stdout,
        quoted.join(" "),
        words.len() - 1,
        words.join(" "),
        words[0],
        words[0],
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let output = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_by_either_name() {
    for call in [&["cargo-stateless"][..], &["cargo", "stateless"]] {
        let words = |more: &[&str]| bash("", &[call, more].concat());
        assert_eq!(words(&["expl"]), ["explain"]);
        assert_eq!(words(&["explain", "in-memory-lo"]), ["in-memory-lock"]);
        assert_eq!(words(&["check", "--format", "sa"]), ["sarif"]);
        assert!(words(&["check", "--m"]).contains(&"--manifest-path".to_owned()));
    }
}

#[test]
fn bash_leaves_the_rest_to_cargos_own_completions() {
    let cargos = "_cargo() { COMPREPLY=(\"cargo's own, after $3\"); }; complete -F _cargo cargo";
    assert_eq!(bash(cargos, &["cargo", "bui"]), ["cargo's own, after cargo"]);
    assert_eq!(bash(cargos, &["cargo", "stateless", "expl"]), ["explain"]);
    // Read twice, as by two start-up files.
    let twice = format!("{cargos}\n{}", said(&["completions", "bash"]).stdout);
    assert_eq!(bash(&twice, &["cargo", "bui"]), ["cargo's own, after cargo"]);
}

#[test]
fn every_shell_knows_every_command_and_rule() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = said(&["completions", shell]).stdout;
        for word in ["check", "ra", "explain", "rules", "completions", "man", "format", "manifest-path"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // The other two complete no values, by what their generator knows.
        if ["bash", "zsh", "fish"].contains(&shell) {
            assert!(script.contains("in-memory-session") && script.contains("junit"), "{shell}");
        }
    }
    // The function that cargo's own zsh completions call for `cargo stateless`.
    assert!(said(&["completions", "zsh"]).stdout.contains("_cargo-stateless() {"));
    said(&["completions", "tcsh"]).assert_refused(&["possible values: bash"]);
}

// The manual page.

#[test]
fn the_manual_page_has_every_command_and_flag_of_the_help() {
    let page = said(&["man"]);
    assert_eq!((page.code, page.stderr.as_str()), (Some(0), ""));
    let plain = page.stdout.replace("\\-", "-");
    for word in ["check", "ra", "explain", "rules", "completions", "man"] {
        assert!(plain.contains(&format!("\n.SH {}\n", word.to_uppercase())), "{word}");
        let help = said(&[word, "--help"]).stdout;
        let flags = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 3);
        for flag in flags.map(|flag| flag.trim_matches(|c: char| !c.is_alphanumeric() && c != '-')) {
            assert!(plain.contains(flag), "{word}: {flag}");
        }
    }
    assert!(plain.contains("Exit status: 0 nothing denied"));
    assert!(plain.contains("cargo stateless check"));
    // Every request begins a line, and no text is mistaken for one.
    let requests = ["SH", "SS", "TH", "TP", "PP", "RS", "RE", "IP", "br", "ie", "el", "if", "ds"];
    for line in page.stdout.lines().filter(|line| line.starts_with('.')) {
        let request = line[1..].split_whitespace().next().unwrap_or("");
        assert!(requests.contains(&request), "{line}");
    }
}
