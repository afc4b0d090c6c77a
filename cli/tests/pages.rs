//! The book says what the program does.
//!
//! A rule's page is a test: its stateful example must trigger the rule, its stateless one must
//! be silent. What the book and the README take from elsewhere (pages, help, output of runs) is
//! compared with its source; `BLESS=1 cargo test --test pages` rewrites it. Links must resolve.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Tree, binary, run};

const HEADINGS: [&str; 6] = [
    "What it finds",
    "Why it breaks with two replicas",
    "Stateful",
    "Stateless",
    "What to do",
    "When to allow it",
];

/// Rules whose findings may all be worth no more than a note.
const MAY_BE_NOTES: [&str; 2] = ["local-disk", "timer"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A rule's page, `cli/src/rules/<rule>.md`.
struct Page {
    rule: String,
    text: String,
}

impl Page {
    /// The text below a heading.
    fn part(&self, heading: &str) -> &str {
        let start = format!("\n## {heading}\n");
        let (_, rest) =
            self.text.split_once(&start).unwrap_or_else(|| panic!("{}: no `{heading}`", self.rule));
        rest.split_once("\n## ").map_or(rest, |(part, _)| part)
    }

    /// The one code block below a heading.
    fn example(&self, heading: &str) -> &str {
        let part = self.part(heading);
        let fences = part.matches("```").count();
        assert_eq!(fences, 2, "{}: one block below `{heading}`", self.rule);
        let (_, rest) = part
            .split_once("```rust\n")
            .unwrap_or_else(|| panic!("{}: no Rust below `{heading}`", self.rule));
        rest.split_once("```").unwrap().0
    }

    /// The sentence below the title.
    fn summary(&self) -> &str {
        self.text.split("\n\n").nth(1).unwrap()
    }
}

fn pages() -> Vec<Page> {
    let folder = repository().join("cli/src/rules");
    let mut pages: Vec<Page> = files_below(&folder, "md")
        .iter()
        .map(|path| Page {
            rule: path.file_stem().unwrap().to_str().unwrap().replace('_', "-"),
            text: read(path),
        })
        .collect();
    let order = rules();
    pages.sort_by_key(|page| {
        let at = order.iter().position(|rule| *rule == page.rule);
        (at.unwrap_or(order.len()), page.rule.clone())
    });
    pages
}

/// All rules that the program has, in its own order.
fn rules() -> Vec<String> {
    let tree = Tree::new();
    tree.file("src/main.rs", "fn main() {}\n");
    let mut command = binary();
    command.arg("check").arg(tree.root()).args(["--format", "sarif"]);
    let log = run(command).json();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    rules.iter().map(|rule| text(&rule["id"])).collect()
}

/// `(rule, level, symbol)` of every finding in a file that stands alone.
fn findings(code: &str) -> Vec<(String, String, String)> {
    let tree = Tree::new();
    tree.file("src/main.rs", code);
    let report = tree.check(&[]).json();
    assert_eq!(report["notes"], Value::Array(Vec::new()));
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|one| (text(&one["rule"]), text(&one["level"]), text(&one["site"]["symbol"])))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Files below a folder whose names end so, sorted.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

// Rules' pages.

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let pages: BTreeSet<String> = pages().into_iter().map(|page| page.rule).collect();
    let rules: BTreeSet<String> = rules().into_iter().collect();
    assert_eq!(pages, rules);
}

#[test]
fn pages_have_the_same_headings() {
    for page in pages() {
        let mut code = false;
        let mut headings = Vec::new();
        for line in page.text.lines() {
            code ^= line.starts_with("```");
            if !code && line.starts_with('#') {
                headings.push(line.to_owned());
            }
        }
        let mut wanted = vec![format!("# {}", page.rule)];
        wanted.extend(HEADINGS.map(|heading| format!("## {heading}")));
        assert_eq!(headings, wanted);
        let summary = page.summary();
        let sentence = summary.ends_with('.') && !summary.contains(". ") && !summary.contains('\n');
        assert!(sentence, "{}: not one sentence: {summary}", page.rule);
        for heading in HEADINGS {
            let part = page.part(heading);
            assert!(!part.trim().is_empty(), "{}: {heading}", page.rule);
        }
    }
}

#[test]
fn stateful_examples_trigger_their_rule() {
    let rules = rules();
    let mut silent = Vec::new();
    for page in pages().iter().filter(|page| rules.contains(&page.rule)) {
        let found = findings(page.example("Stateful"));
        let enough = |level: &str| level != "note" || MAY_BE_NOTES.contains(&&*page.rule);
        if !found.iter().any(|(rule, level, _)| *rule == page.rule && enough(level)) {
            silent.push((page.rule.clone(), found));
        }
    }
    assert!(silent.is_empty(), "page, what was found: {silent:#?}");
}

#[test]
fn stateless_examples_are_silent() {
    let mut loud = Vec::new();
    for page in pages() {
        let mut found = findings(page.example("Stateless"));
        found.retain(|(_, level, _)| level != "note");
        if !found.is_empty() {
            loud.push((page.rule.clone(), found));
        }
    }
    assert!(loud.is_empty(), "page, what was found: {loud:#?}");
}

// What is taken from elsewhere.

#[test]
fn the_book_has_the_rules_pages() {
    let folder = repository().join("docs/src/rules");
    let mut wanted = vec![("index.md".to_owned(), index(&pages()))];
    for page in pages() {
        wanted.push((format!("{}.md", page.rule), page.text));
    }
    let mut stale = Stale::default();
    for (name, text) in &wanted {
        stale.compare(&folder.join(name), text);
    }
    for path in files_below(&folder, "md") {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !wanted.iter().any(|(known, _)| known == name) {
            stale.remove(&path);
        }
    }
    let contents = repository().join("docs/src/SUMMARY.md");
    stale.compare(&contents, &with_rules(&read(&contents)));
    stale.none();
}

/// The table of contents with a line for each rule, and for no other, below `Rules`.
fn with_rules(contents: &str) -> String {
    let mut text = String::new();
    for line in contents.lines().filter(|line| !line.starts_with("    - [") || !line.contains("](rules/")) {
        text += &format!("{line}\n");
        if line == "- [Rules](rules/index.md)" {
            for rule in rules() {
                text += &format!("    - [{rule}](rules/{rule}.md)\n");
            }
        }
    }
    text
}

fn index(pages: &[Page]) -> String {
    let mut text = String::from(
        "# Rules\n\n\
         Each finding belongs to one rule, which says what the state is to the service. Every page has an example \
         that the\nrule finds and the same service without the state; both are run through the tool by a test.\n\n",
    );
    for page in pages {
        let summary = page.summary();
        text += &format!("- [`{0}`]({0}.md): {summary}\n", page.rule);
    }
    text
}

/// A comment `<!-- run: ARGUMENTS -->`, or `<!-- run: ARGUMENTS; show: TEXT -->`, stands before
/// a block with what the program prints for these arguments in the repository's root. `show`
/// leaves out all findings but those with TEXT in their first lines; ` | ` stands between texts.
#[test]
fn output_in_the_texts_is_real() {
    let mut stale = Stale::default();
    let mut seen = 0;
    for path in texts() {
        let old = read(&path);
        let mut new = String::new();
        let mut rest = old.as_str();
        while let Some((before, after)) = rest.split_once("<!-- run: ") {
            let (marker, after) = after.split_once(" -->\n```text\n").unwrap();
            let (_, after) = after.split_once("\n```\n").unwrap();
            let shown = shown_run(marker);
            new += &format!("{before}<!-- run: {marker} -->\n```text\n{shown}\n```\n");
            rest = after;
            seen += 1;
        }
        stale.compare(&path, &(new + rest));
    }
    stale.none();
    assert!(seen > 0);
}

/// A comment `<!-- written: COMMAND FILE -->` stands before a block with the file that the command
/// writes into an empty folder.
#[test]
fn files_in_the_texts_are_those_that_are_written() {
    let mut stale = Stale::default();
    let mut seen = 0;
    for path in texts() {
        let old = read(&path);
        let mut new = String::new();
        let mut rest = old.as_str();
        while let Some((before, after)) = rest.split_once("<!-- written: ") {
            let (marker, after) = after.split_once(" -->\n```").unwrap();
            let (language, after) = after.split_once('\n').unwrap();
            let (_, after) = after.split_once("```\n").unwrap();
            let (command, file) = marker.split_once(' ').unwrap();
            let tree = Tree::new();
            let mut program = binary();
            program.current_dir(tree.root()).arg(command);
            assert_eq!(run(program).code, Some(0), "{marker}");
            let text = read(&tree.path(file));
            new += &format!("{before}<!-- written: {marker} -->\n```{language}\n{text}```\n");
            rest = after;
            seen += 1;
        }
        stale.compare(&path, &(new + rest));
    }
    stale.none();
    assert!(seen > 0);
}

fn shown_run(marker: &str) -> String {
    let (arguments, shown) = match marker.split_once("; show: ") {
        Some((arguments, shown)) => (arguments, Some(shown)),
        None => (marker, None),
    };
    let mut command = binary();
    command.current_dir(repository()).args(arguments.split_whitespace());
    let run = run(command);
    // What stops a run is said on standard error.
    let output = if run.stdout.is_empty() { run.stderr } else { run.stdout };
    let output = match shown {
        Some(shown) => only(&output, shown),
        None => output,
    };
    let output = output.lines().map(str::trim_end).collect::<Vec<_>>();
    format!("$ cargo stateless {arguments}\n{}", output.join("\n").trim_end())
}

/// The parts of the report for people that show `shown`, and its last lines.
fn only(output: &str, shown: &str) -> String {
    const STARTS: [&str; 4] = ["error[", "warning[", "note[", "looked at and fine"];
    const LEFT_OUT: &str = "[..]";
    let (body, summary) = output.trim_end().rsplit_once("\n\n").unwrap();
    let mut parts: Vec<Vec<&str>> = Vec::new();
    for line in body.lines() {
        if parts.is_empty() || STARTS.iter().any(|start| line.starts_with(start)) {
            parts.push(Vec::new());
        }
        parts.last_mut().unwrap().push(line);
    }
    let mut kept: Vec<String> = Vec::new();
    for part in parts {
        let mut head = part.iter().take(4);
        if head.any(|line| shown.split(" | ").any(|text| line.contains(text))) {
            kept.push(part.join("\n").trim_end().to_owned());
        } else if kept.last().is_none_or(|last| last != LEFT_OUT) {
            kept.push(LEFT_OUT.to_owned());
        }
    }
    assert!(kept.iter().any(|part| part != LEFT_OUT), "{shown} is not in: {output}");
    kept.push(summary.to_owned());
    kept.join("\n\n")
}

/// Files that differ from what they should be.
#[derive(Default)]
struct Stale(Vec<PathBuf>);

impl Stale {
    fn compare(&mut self, path: &Path, wanted: &str) {
        if fs::read_to_string(path).is_ok_and(|found| found == wanted) {
            return;
        }
        if bless() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, wanted).unwrap();
        } else {
            self.0.push(path.to_owned());
        }
    }

    fn remove(&mut self, path: &Path) {
        if bless() {
            fs::remove_file(path).unwrap();
        } else {
            self.0.push(path.to_owned());
        }
    }

    #[track_caller]
    fn none(&self) {
        assert!(self.0.is_empty(), "stale, `BLESS=1 cargo test --test pages` rewrites them: {:#?}", self.0);
    }
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

// Links.

/// Every text of the repository that people read and that is written by hand or from a page.
fn texts() -> Vec<PathBuf> {
    let root = repository();
    let mut texts: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].iter().map(|name| root.join(name)).collect();
    texts.push(root.join("fixtures/README.md"));
    texts.extend(files_below(&root.join("docs"), "md"));
    texts
}

/// Lines outside of code blocks, without `code`.
fn prose(text: &str) -> String {
    let mut code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if !code {
            let spoken: Vec<&str> = line.split('`').step_by(2).collect();
            prose += &spoken.join("`");
            prose.push('\n');
        }
    }
    prose
}

/// Targets of `[text](target)`.
fn links(text: &str) -> Vec<String> {
    prose(text)
        .split("](")
        .skip(1)
        .map(|rest| rest.split_once(')').expect("a link ends").0.trim().to_owned())
        .collect()
}

/// The names by which a text's headings can be linked to.
fn anchors(text: &str) -> Vec<String> {
    let mut code = false;
    let heading = |line: &&str| {
        code ^= line.starts_with("```");
        !code && line.starts_with('#')
    };
    text.lines()
        .filter(heading)
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for path in texts() {
        for link in links(&read(&path)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let known = target.exists()
                && (anchor.is_empty() || anchors(&read(&target)).contains(&anchor.to_owned()));
            if !known {
                broken.push((path.clone(), link));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_table_of_contents_has_every_chapter_once() {
    let folder = repository().join("docs/src");
    let mut listed = links(&read(&folder.join("SUMMARY.md")));
    listed.sort();
    let mut chapters: Vec<String> = files_below(&folder, "md")
        .iter()
        .map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/"))
        .filter(|name| name != "SUMMARY.md")
        .collect();
    chapters.sort();
    assert_eq!(listed, chapters);
}
