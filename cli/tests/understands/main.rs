//! One small service for each thing that the analysis understands, through the real binary.
//!
//! A case is a name, what is to be found (nothing else may be), and the sources. An expectation
//! is `symbol mechanism role`, where `*` and `-` are any and `|` separates choices, then, where it
//! matters, `w=` the routes of the writes (all of them), `r=` routes among those of the reads, and
//! `unbounded` or `bounded`, or the level. What is not understood yet stands in [`KNOWN_GAPS`].

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use serde_json::Value;

use support::Tree;

/// Makes a test of each case, and a list of their names.
macro_rules! cases {
    ($($name:ident: [$($expected:literal),*] $source:literal)+) => {
        pub(crate) const NAMES: &[&str] = &[$(concat!(module_path!(), "::", stringify!($name))),+];
        $(
            #[test]
            fn $name() {
                crate::case(concat!(module_path!(), "::", stringify!($name)), &[$($expected),*], $source);
            }
        )+
    };
}

mod actix;
mod axum;
mod channels;
mod components;
mod fates;
mod handed;
mod judging;
mod names;
mod numbers;
mod others;
mod owned;
mod rocket;
mod routes;
mod statics;
mod uses;

/// Cases that the analysis gets wrong, and what it lacks. The list may only shrink: a case that
/// is understood by now fails until its line is gone.
const KNOWN_GAPS: &[(&str, &str)] = &[
    ("actix::system_service", "`from_registry()` yields no address, so its messages carry no route"),
    ("components::cron_scheduler", "a scheduler and the job added to it are two findings"),
    ("judging::role_from_a_name_alone", "a list called SEEN is taken for a set of seen ids"),
    ("names::wrappers", "the cell that holds the holder is named instead of its field"),
    ("others::jsonrpsee_module", "the context argument of a registered method has no type"),
    ("others::socketioxide", "the socket server and the state it carries are two findings"),
];

/// What `//# std axum` stands for.
const USES: &[(&str, &str)] = &[
    (
        "std",
        "use std::collections::{BTreeMap, HashMap, HashSet, VecDeque}; \
         use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering}; \
         use std::sync::{Arc, LazyLock, Mutex, OnceLock, RwLock};",
    ),
    (
        "axum",
        "use axum::extract::{FromRef, Path, State}; use axum::http::StatusCode; \
         use axum::routing::{get, post}; use axum::{Extension, Json, Router};",
    ),
    ("actix", "use actix_web::{get, post, web, App, HttpServer, Responder};"),
    ("rocket", "use rocket::{get, post, routes, State};"),
];

#[test]
fn known_gaps_are_cases() {
    let modules = [
        actix::NAMES,
        axum::NAMES,
        channels::NAMES,
        components::NAMES,
        fates::NAMES,
        handed::NAMES,
        judging::NAMES,
        names::NAMES,
        numbers::NAMES,
        others::NAMES,
        owned::NAMES,
        rocket::NAMES,
        routes::NAMES,
        statics::NAMES,
        uses::NAMES,
    ];
    let names: BTreeSet<&str> = modules.concat().into_iter().map(short).collect();
    for (name, reason) in KNOWN_GAPS {
        assert!(names.contains(name), "no case is called {name}");
        assert!(!reason.is_empty(), "{name} needs a reason");
    }
    let listed: BTreeSet<&str> = KNOWN_GAPS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed.len(), KNOWN_GAPS.len(), "a gap is listed twice");
}

/// The name without the test program's.
fn short(name: &str) -> &str {
    name.split_once("::").unwrap().1
}

#[track_caller]
fn case(name: &str, expected: &[&str], source: &str) {
    let wrong = differences(expected, source);
    match KNOWN_GAPS.iter().find(|(gap, _)| *gap == short(name)) {
        None => assert!(wrong.is_empty(), "{wrong:#?}"),
        Some(_) => assert!(!wrong.is_empty(), "{name} is understood now: take it out of KNOWN_GAPS"),
    }
}

/// Writes the sources, each under its `//- /path` line; `src/main.rs` where there is none. A source
/// that speaks of `Cargo.toml` brings its own, or wants none.
fn tree(source: &str) -> Tree {
    let tree = Tree::new();
    if !source.contains("Cargo.toml") {
        tree.file("Cargo.toml", support::manifest("shop"));
    }
    let mut path = "src/main.rs";
    let mut text = String::new();
    for line in source.lines() {
        if let Some(next) = line.strip_prefix("//- /") {
            tree.file(path, &text);
            (path, text) = (next, String::new());
        } else if let Some(names) = line.trim_start().strip_prefix("//# ") {
            for name in names.split(' ') {
                text.push_str(USES.iter().find(|(known, _)| *known == name).unwrap().1);
            }
            text.push('\n');
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    tree.file(path, &text);
    tree
}

/// What the report says otherwise than expected.
fn differences(expected: &[&str], source: &str) -> Vec<String> {
    let report = tree(source).check(&[]).json();
    let mut findings: Vec<&Value> = report["findings"].as_array().unwrap().iter().collect();
    let mut wrong: Vec<String> = report["notes"].as_array().unwrap().iter().map(Value::to_string).collect();
    for line in expected {
        let mut words = line.split(' ');
        let (symbols, mechanism, role) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let Some(at) = findings.iter().position(|one| fits(symbols, &one["site"]["symbol"])) else {
            wrong.push(format!("missing: {line}"));
            continue;
        };
        let finding = findings.remove(at);
        if !fits(mechanism, &finding["site"]["mechanism"]) || !fits(role, &finding["role"]) {
            wrong.push(format!("{line}: {} {}", finding["site"]["mechanism"], finding["role"]));
        }
        for word in words {
            if !holds(word, finding) {
                wrong.push(format!("{line}: not {word}: {}", finding["accesses"]));
            }
        }
    }
    wrong.extend(findings.iter().map(|one| format!("not expected: {}", one["title"])));
    wrong
}

/// Whether a value is one of the choices.
fn fits(choices: &str, value: &Value) -> bool {
    choices == "*" || choices == "-" || choices.split('|').any(|choice| value == choice)
}

fn holds(word: &str, finding: &Value) -> bool {
    if let Some(listed) = word.strip_prefix("w=") {
        return routes(finding, "write") == listed.split(',').map(str::to_owned).collect();
    }
    if let Some(listed) = word.strip_prefix("r=") {
        let known = routes(finding, "read");
        return listed.split(',').all(|route| known.contains(route));
    }
    if matches!(word, "note" | "warning" | "error") {
        return finding["level"] == word;
    }
    assert!(["unbounded", "bounded"].contains(&word), "{word}");
    finding["unbounded"] == (word == "unbounded")
}

/// The routes of a finding's writes or reads, as in `POST:/login`.
fn routes(finding: &Value, kind: &str) -> BTreeSet<String> {
    let accesses = finding["accesses"].as_array().unwrap().iter().filter(|one| one["kind"] == kind);
    let routes = accesses.filter_map(|one| one["routes"].as_array()).flatten();
    routes.map(|route| route.as_str().unwrap().replace(' ', ":")).collect()
}
