//! Random edits of the fixtures: after each, a run that remembers says byte for byte what one says
//! that does not, and edits that the analysis cannot see are not analysed again.
//!
//! `STATELESS_EDITS` edits (40 unless told) from the seed `STATELESS_SEED` (the same unless told) on the
//! tree `STATELESS_TREE` (the fixtures unless told), which is copied first.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{binary, run};

/// xorshift64: the same numbers everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }

    fn of<'s, T>(&mut self, list: &'s [T]) -> Option<&'s T> {
        list.get(self.below(list.len()))
    }
}

struct Edited {
    tree: tempfile::TempDir,
    home: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Edited {
    fn copy_of(from: &Path) -> Edited {
        let tree = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        let seen = |entry: &walkdir::DirEntry| entry.file_name() != "target" && entry.file_name() != ".git";
        for entry in walkdir::WalkDir::new(from).sort_by_file_name().into_iter().filter_entry(seen) {
            let entry = entry.unwrap();
            let to = tree.path().join(entry.path().strip_prefix(from).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(&to).unwrap();
            } else if entry.file_type().is_file() {
                fs::copy(entry.path(), &to).unwrap();
                if to.extension().is_some_and(|ending| ending == "rs") && fs::read_to_string(&to).is_ok() {
                    files.push(to);
                }
            }
        }
        Edited { tree, home: tempfile::tempdir().unwrap(), files }
    }

    fn check(&self, cached: bool) -> String {
        let mut command = binary();
        command.env("XDG_CACHE_HOME", self.home.path()).args(["check", "--format", "json", "--show-fine"]);
        command.args(if cached { &[][..] } else { &["--no-cache"] }).arg(self.tree.path());
        let run = run(command);
        format!("{:?}\n{}", run.code, run.stdout)
    }

    /// How many results are kept.
    fn results(&self) -> usize {
        let Ok(entries) = fs::read_dir(self.home.path().join("cargo-stateless")) else { return 0 };
        let ending = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|one| one == "result");
        entries.flatten().filter(ending).count()
    }
}

/// Makes one edit of the kind, where the text has a place for it.
type Edit = fn(&str, &mut Chance) -> Option<String>;

/// Those that change nothing that the analysis can see.
const UNSEEN: [(&str, Edit); 6] = [
    ("a comment above an item", |text, chance| {
        before(text, chance, |line| line.starts_with("fn ") || line.starts_with("pub "), "// Why.\n")
    }),
    ("documentation", |text, chance| {
        before(text, chance, |line| line.starts_with("fn ") || line.starts_with("pub fn "), "/// What.\n")
    }),
    ("a comment at the end", |text, _| Some(format!("{text}\n/* {text_len} */\n", text_len = text.len()))),
    ("a comment in a body", |text, chance| {
        before(text, chance, |line| line.starts_with("    let ") && line.ends_with(';'), "    // So.\n\n")
    }),
    ("a test", |text, _| {
        Some(format!("{text}\n#[cfg(test)]\nmod tests_{} {{ #[test] fn a() {{ b(); }} }}\n", text.len()))
    }),
    ("visibility", |text, chance| {
        let found = lines(text, |line| line.starts_with("fn ") || line.starts_with("async fn "));
        let at = *chance.of(&found)?;
        // Not where macros read it.
        (!text.contains("macro_rules!")).then(|| format!("{}pub(crate) {}", &text[..at], &text[at..]))
    }),
];

/// Those that may change what is found.
const SEEN: [(&str, Edit); 12] = [
    ("a function", |text, _| Some(format!("{text}\nfn added_{}() {{}}\n", text.len()))),
    ("a function that keeps something", |text, _| {
        let name = text.len();
        Some(format!(
            "{text}\nstatic ADDED_{name}: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\n\
             pub async fn added_{name}() {{ ADDED_{name}.lock().unwrap().push(1); }}\n"
        ))
    }),
    ("a statement", |text, chance| {
        let added = ["    println!(\"here\");\n", "    let _ = 1;\n", "    drop(());\n"][chance.below(3)];
        before(text, chance, |line| line.starts_with("    let "), added)
    }),
    ("an access", |text, chance| {
        let statics: Vec<&str> =
            text.split("static ").skip(1).filter_map(|rest| rest.split(':').next()).collect();
        let name = chance.of(&statics)?.trim();
        before(
            text,
            chance,
            |line| line.starts_with("    let "),
            &format!("    {name}.lock().unwrap().clear();\n"),
        )
    }),
    ("a route", |text, _| {
        let at = text.find(".route(")?;
        let name = text.len();
        let (head, tail) = text.split_at(at);
        let handler = format!("async fn added_{name}() -> String {{ String::new() }}\n");
        Some(format!("{head}.route(\"/added/{name}\", get(added_{name})){tail}\n{handler}"))
    }),
    ("an access less", |text, chance| {
        let touches = [".insert(", ".lock(", ".fetch_add(", ".get(", ".remove(", ".push("];
        without(text, chance, |line| touches.iter().any(|touch| line.contains(touch)))
    }),
    ("a line less", |text, chance| without(text, chance, |line| line.ends_with(';'))),
    ("a line twice", |text, chance| {
        let found = lines(text, |line| line.ends_with(';'));
        let at = *chance.of(&found)?;
        let line = text[at..].lines().next()?;
        Some(format!("{}{line}\n{}", &text[..at], &text[at..]))
    }),
    ("another number", |text, chance| {
        let found: Vec<usize> =
            text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
        let at = *chance.of(&found)?;
        Some(format!("{}{}{}", &text[..at], chance.below(10), &text[at + 1..]))
    }),
    ("another text", |text, chance| {
        let found: Vec<usize> = text.match_indices("(\"").map(|(at, _)| at + 2).collect();
        let at = *chance.of(&found)?;
        Some(format!("{}x{}", &text[..at], &text[at..]))
    }),
    ("parentheses", |text, _| {
        let at = text.find(".await")?;
        let start = text[..at].rfind(['=', '{', ';', '\n'])? + 1;
        Some(format!("{}({}){}", &text[..start], &text[start..at], &text[at..]))
    }),
    ("a byte less", |text, chance| {
        let (at, gone) = text.char_indices().nth(chance.below(text.chars().count()))?;
        Some(format!("{}{}", &text[..at], &text[at + gone.len_utf8()..]))
    }),
];

/// Where lines begin that look like this.
fn lines(text: &str, like: impl Fn(&str) -> bool) -> Vec<usize> {
    let mut at = 0;
    let starts = text.split_inclusive('\n').map(|line| {
        at += line.len();
        (at - line.len(), line.trim_end())
    });
    starts.filter(|(_, line)| like(line)).map(|(start, _)| start).collect()
}

fn before(text: &str, chance: &mut Chance, like: impl Fn(&str) -> bool, added: &str) -> Option<String> {
    let at = *chance.of(&lines(text, like))?;
    Some(format!("{}{added}{}", &text[..at], &text[at..]))
}

fn without(text: &str, chance: &mut Chance, like: impl Fn(&str) -> bool) -> Option<String> {
    let at = *chance.of(&lines(text, like))?;
    let end = text[at..].find('\n')? + at + 1;
    Some(format!("{}{}", &text[..at], &text[end..]))
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn any_edit_is_judged_as_if_nothing_were_remembered() {
    let from = std::env::var("STATELESS_TREE")
        .map_or_else(|_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures")), PathBuf::from);
    let edited = Edited::copy_of(&from);
    let mut chance = Chance(number("STATELESS_SEED", 0x5eed) | 1);
    let mut last = edited.check(true);
    assert_eq!(last, edited.check(false));
    let (mut unseen, mut recalled) = (0, 0);
    for _ in 0..number("STATELESS_EDITS", 40) {
        let all: Vec<_> = UNSEEN.iter().chain(&SEEN).collect();
        let (name, edit) = all[chance.below(all.len())];
        let file = chance.of(&edited.files).unwrap();
        let text = fs::read_to_string(file).unwrap();
        let Some(changed) = edit(&text, &mut chance) else { continue };
        fs::write(file, &changed).unwrap();
        let before = edited.results();
        let remembered = edited.check(true);
        let anew = edited.results() - before;
        assert_eq!(remembered, edited.check(false), "{name} in {}", file.display());
        assert_eq!(remembered, edited.check(true), "once more, {name} in {}", file.display());
        unseen += usize::from(UNSEEN.iter().any(|(one, _)| *one == *name));
        recalled += usize::from(anew == 0);
        // Most edits go again, so that the tree stays one of services; what was is found again.
        if chance.below(4) > 0 {
            fs::write(file, &text).unwrap();
            assert_eq!(edited.check(true), last, "taken back, {name} in {}", file.display());
        } else {
            last = remembered;
        }
    }
    assert!(unseen > 0 && recalled > 0, "{unseen} {recalled}");
}

#[test]
fn what_cannot_be_seen_is_not_analysed_again() {
    let edited = Edited::copy_of(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures")));
    let mut chance = Chance(7);
    edited.check(true);
    assert_eq!(edited.results(), 1);
    for (name, edit) in &UNSEEN {
        // In a file that findings point into, and in one that they do not.
        for part in ["shop", "quiet"] {
            let of_part = |file: &&PathBuf| file.strip_prefix(edited.tree.path()).unwrap().starts_with(part);
            let mut made = false;
            for file in edited.files.iter().filter(of_part) {
                let text = fs::read_to_string(file).unwrap();
                let Some(changed) = edit(&text, &mut chance) else { continue };
                fs::write(file, changed).unwrap();
                made = true;
                assert_eq!(edited.check(true), edited.check(false), "{name} in {}", file.display());
                assert_eq!(edited.results(), 1, "{name} in {}", file.display());
                break;
            }
            assert!(made, "{name} in {part}");
        }
    }
}
