//! Tests of the terminal report: its wording, its size, and that nothing raw gets through.

use textwrap::core::display_width;

use super::super::{Format, sample};
use super::*;
use crate::finding::{AccessKind, Context};

fn said(report: &Report, options: &Options) -> String {
    sample::said(Format::Human, report, options)
}

#[test]
fn a_finding_reads_from_what_to_what_to_do() {
    let mut report = sample::report();
    report.findings.truncate(2);
    report.problems.clear();
    let quiet = Options { quiet: true, ..Options::default() };
    let expected = "\
error[in-memory-session]

  × logged-in users are kept in a static (`SESSIONS`)
   ╭─[src/auth.rs:5:8]
 5 │ static SESSIONS: LazyLock<Mutex<HashMap<String, User>>> = LazyLock::new(Default::default);
   ·        ────┬───
   ·            ╰── kept here: a static
   ╰────
   ╭─[src/auth.rs:9:5]
 9 │     SESSIONS.lock().unwrap().insert(token, form.user);
   ·     ────────────────────────┬────────────────────────
   ·                             ╰── written in `auth::login` (insert), on POST /login
   ╰────
    ╭─[src/auth.rs:14:5]
 14 │     SESSIONS.lock().unwrap().remove(&token);
    ·     ───────────────────┬───────────────────
    ·                        ╰── written in `auth::logout` (insert), on POST /logout
    ╰────
   ╭─[src/orders.rs:2:16]
 2 │     let user = auth::SESSIONS.lock().unwrap().get(&token).cloned();
   ·                ─────────────────────┬────────────────────
   ·                                     ╰── read in `orders::orders` (get), on GET /orders
   ╰────
   ╭─[src/orders.rs:7:5]
 7 │     auth::SESSIONS.lock().unwrap()[&token].clone()
   ·     ───────────────────┬──────────────────
   ·                        ╰── read in `orders::me` (get), on GET /me
   ╰────
  with N replicas: a login is known to one replica only: the others answer 401
  after a restart: everybody is logged out
  grows: nothing removes entries or bounds their number
  belongs in: Redis, or another shared store with expiry
  accessor: of `stateless-store`, to paste in its place
    #[externalized(key = \"session:{}\", ttl = \"1h\")]
    static SESSIONS: Sessions;
  derive: Serialize, Deserialize on `User`
  note: a `SystemTime` does
  help: Keep the token and its user in a shared store, with the lifetime of a session.

warning[in-memory-counter]

  ⚠ visits are counted in this process (`Zähler::größe`)
   ╭─[src/größe.rs:4:5]
 4 │     größe: AtomicU64,
   ·     ──┬──
   ·       ╰── kept here: a field that all requests share
 5 │ }
 6 │ 
 7 │ fn besuch(z: &Zähler) { /* 語 */    z.größe.fetch_add(1); }
   ·                                     ──────────┬─────────
   ·                                               ╰─┤ written in `besuch` (fetch_add), while
   ·                                                 │ serving a request
   ╰────
  with N replicas: a login is known to one replica only: the others answer 401
  after a restart: everybody is logged out
  belongs in: the database that is the source of truth
  help: Keep the token and its user in a shared store, with the lifetime of a session.
";
    assert_eq!(said(&report, &quiet), expected);
}

#[test]
fn the_end_says_what_was_left_out_and_counts() {
    let all = Options { show_fine: true, ..Options::default() };
    let expected = "
looked at and fine
  src/auth.rs
    3:8 `LIMITS` (configuration): set once at start-up and only read

not analysed: src/broken.rs:7: expected `;`
not analysed: /dev/shop: not a file
1 error, 1 warning, 1 note in 4 files; 1 suppressed, 1 in the baseline, 3 allowed, 4 unchanged; \
1 problem with the configuration; 1 site looked at and fine; 2 not analysed
more: cargo stateless explain in-memory-session
";
    let report = sample::report();
    assert!(said(&report, &all).ends_with(expected), "{}", said(&report, &all));
    let plain = said(&report, &Options::default());
    assert!(plain.contains("; 1 site looked at and fine (--show-fine lists them); 2 not analysed\n"));
    assert!(!plain.contains("LIMITS` (configuration)"));
}

#[test]
fn quiet_says_findings_only() {
    let quiet = Options { quiet: true, show_fine: true, ..Options::default() };
    let text = said(&sample::report(), &quiet);
    assert!(text.ends_with("\n  help: remove it\n"), "a problem can fail the run: {text}");
    assert_eq!(said(&sample::empty(), &quiet), "");
    assert_eq!(said(&sample::empty(), &Options::default()), "nothing found in 0 files\n");
}

#[test]
fn what_was_set_aside_is_only_counted_and_problems_come_last() {
    let text = said(&sample::report(), &Options::default());
    assert!(!text.contains("DEMO") && !text.contains("KNOWN"), "{text}");
    let expected = "
warning[unused-suppression]

  ⚠ this suppresses nothing
   ╭─[src/auth.rs:3:1]
 3 │ static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::read);
   · ──────┬──────
   ·       ╰── said here
   ╰────
  help: remove it

not analysed: ";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn verbose_adds_identity_and_reasons() {
    let text = said(&sample::report(), &Options { verbose: true, ..Options::default() });
    for line in [
        "\n  site: crate::auth::SESSIONS of package shop\n",
        "\n  type: LazyLock<Mutex<HashMap<String, User>>>\n",
        "\n  see also: src/main.rs:1:19\n",
        "\n  because: written on POST /login and read on GET /me\n",
        "\n  fingerprint: 0123456789abcdef0123456789abcdef\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in {text}");
    }
}

#[test]
fn colour_comes_only_when_asked_for_and_changes_no_word() {
    let report = sample::report();
    let plain = said(&report, &Options::default());
    assert!(sample::is_safe(&plain));
    let colored = said(&report, &Options { color: true, ..Options::default() });
    assert!(colored.contains("\u{1b}[31merror[in-memory-session]"));
    let mut stripped = String::new();
    for (at, part) in colored.split("\u{1b}[").enumerate() {
        let text = if at == 0 { part } else { part.split_once('m').unwrap().1 };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn the_width_is_kept() {
    let mut report = sample::report();
    // Lines that are not laid out, because they are made for searching.
    report.notes.clear();
    report.fine.clear();
    report.findings.truncate(3);
    report.problems.clear();
    report.hidden = Default::default();
    for width in [40, 60, 80, 100, 200] {
        let text = said(&report, &Options { width, ..Options::default() });
        for line in text.lines() {
            assert!(display_width(line) <= width.max(52), "{width}: {line}");
        }
    }
    let narrow = said(&report, &Options { width: 60, ..Options::default() });
    let wide = said(&report, &Options { width: 200, ..Options::default() });
    assert!(narrow.lines().count() > wide.lines().count());
    // A terminal that says it has no columns is no reason to fail.
    said(&report, &Options { width: 0, ..Options::default() });
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    for verbose in [false, true] {
        let options = Options { verbose, show_fine: true, ..Options::default() };
        let text = said(&sample::hostile(), &options);
        assert!(sample::is_safe(&text), "{text:?}");
        assert!(text.contains("[src/a\\nb\\u{1b}[2J.rs:1:8]"), "{text}");
        assert!(text.contains("static EVIL: &str = \"\\u{1b}]0;owned\\u{7}\\u{202e}\""), "{text}");
    }
}

/// One finding with many accesses, each far from the next.
fn busy(writes: usize, reads: usize) -> Report {
    let use_of = |at: usize| format!("fn f{at}() {{ STATE.call_{at}_here() }}\n\n\n\n\n");
    let text: String = std::iter::once("static STATE: X = X;\n\n\n\n\n".to_owned())
        .chain((0..writes + reads).map(use_of))
        .collect();
    let sources = sample::sources(&[("src/a.rs", &text)]);
    let accesses = (0..writes + reads).map(|at| {
        let kind = if at < writes { AccessKind::Write } else { AccessKind::Read };
        let place = sample::at(&sources, "src/a.rs", &format!("STATE.call_{at}_here()"));
        sample::access(kind, place, &format!("f{at}"), &["GET /x"])
    });
    let finding = sample::finding("STATE", sample::at(&sources, "src/a.rs", "STATE"), accesses.collect());
    Report { findings: vec![finding], sources, files: 1, ..sample::empty() }
}

#[test]
fn a_finding_fits_a_screen_and_counts_what_it_leaves_out() {
    let report = busy(30, 30);
    let text = said(&report, &Options { quiet: true, ..Options::default() });
    assert!(text.lines().count() <= 40, "{}\n{text}", text.lines().count());
    assert!(text.contains("written in `f0`") && text.contains("read in `f30`"), "{text}");
    assert!(
        text.contains(
            "\n  and 28 more writes in `f2`, `f3`, `f4` and 25 more functions; \
             28 more reads in"
        ),
        "{text}"
    );
    let all = Options { quiet: true, verbose: true, ..Options::default() };
    let text = said(&report, &all);
    assert_eq!(text.matches("written in").count(), 30);
    assert_eq!(text.matches("read in").count(), 30);
    assert!(!text.contains("more writes"));
}

#[test]
fn the_most_telling_accesses_are_labelled_first() {
    let mut report = busy(12, 1);
    let accesses = &mut report.findings[0].accesses;
    for access in &mut accesses[..10] {
        access.context = Context::Startup;
    }
    accesses[10].function = "same".into();
    accesses[11].function = "same".into();
    let text = said(&report, &Options::default());
    // One of the two in `same`, then another function, even if only at start-up.
    assert_eq!(text.matches("written in `same`").count(), 1, "{text}");
    assert!(text.contains("written in `f0` (insert), at start-up"), "{text}");
    assert!(text.contains("and 9 more writes in `f2`, `f3`, `f4` and "), "{text}");
}
