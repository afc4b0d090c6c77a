//! Every rule meets every fixture: `check` against the hand-written `expected.toml` of each service.
//!
//! The labels are the truth, written before the tool ran; what the tool does not know yet stands in
//! `fixtures_gaps.toml`, which may only shrink. A finding belongs to the site that it names: same
//! symbol, or else the nearest, at most [`NEAR`] lines from the declaration or an `also` line.
//!
//! Routes: a labelled write has to be named by a write. A labelled read may be named by a write
//! too, as one operation often does both (`fetch_add`, `remove`). A write that no label lists is
//! extra, and so is a read by a route that no label lists at all.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use support::{binary, run};

/// A finding this many lines off still names the site.
const NEAR: usize = 2;

// What the files say.

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    site: Vec<Site>,
}

/// A site as labelled. `fixtures/README.md` describes the fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Site {
    symbol: String,
    file: String,
    line_has: String,
    #[serde(default)]
    also: Vec<Spot>,
    mechanism: String,
    role: String,
    verdict: Verdict,
    writes: Vec<String>,
    reads: Vec<String>,
    why: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spot {
    file: String,
    line_has: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Hazard,
    Benign,
}

const MECHANISMS: [&str; 8] = [
    "static",
    "thread-local",
    "shared-field",
    "shared-local",
    "component",
    "process-secret",
    "local-disk",
    "timer",
];

const ROLES: [&str; 12] = [
    "session",
    "entity",
    "cache",
    "rate-limit",
    "sequence",
    "coordination",
    "queue",
    "connection",
    "secret",
    "metrics",
    "config",
    "handle",
];

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gaps {
    #[serde(default)]
    gap: Vec<Gap>,
}

/// Something the tool gets wrong for a known reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gap {
    service: String,
    symbol: String,
    what: What,
    why: String,
}

/// A way to be wrong about a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    /// A hazard that is not reported.
    Missed,
    /// A harmless site that is reported.
    Benign,
    /// Reported where no site is labelled, or a second time. The symbol is the tool's.
    Unexpected,
    Role,
    Mechanism,
    /// A labelled route that the evidence does not name.
    Routes,
    /// A route that the evidence names and no label does.
    ExtraRoutes,
}

const WHATS: [What; 7] = [
    What::Missed,
    What::Benign,
    What::Unexpected,
    What::Role,
    What::Mechanism,
    What::Routes,
    What::ExtraRoutes,
];

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            What::Missed => "missed",
            What::Benign => "benign",
            What::Unexpected => "unexpected",
            What::Role => "role",
            What::Mechanism => "mechanism",
            What::Routes => "routes",
            What::ExtraRoutes => "extra-routes",
        })
    }
}

struct Service {
    name: String,
    dir: PathBuf,
    sites: Vec<Site>,
}

fn services() -> Vec<Service> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut found = Vec::new();
    let entries = fs::read_dir(&root).unwrap().map(Result::unwrap);
    for (entry, half) in entries.flat_map(|entry| ["before", "after"].map(|half| (entry.path(), half))) {
        let dir = entry.join(half);
        if !dir.join("Cargo.toml").is_file() {
            continue;
        }
        let mut name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if half == "after" {
            name += "/after";
        }
        let text = fs::read_to_string(dir.join("expected.toml"))
            .unwrap_or_else(|error| panic!("{name}: expected.toml: {error}"));
        let labels: Labels =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: expected.toml: {error}"));
        let sites = labels.site;
        found.push(Service { name, dir, sites });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!found.is_empty(), "no fixtures");
    found
}

fn gaps() -> Vec<Gap> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures_gaps.toml");
    let gaps: Gaps = toml::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("fixtures_gaps.toml: {error}"));
    gaps.gap
}

/// The 1-based line that holds a text, which has to be the only one.
fn line_of(dir: &Path, file: &str, line_has: &str) -> Result<usize, String> {
    let text = fs::read_to_string(dir.join(file)).map_err(|error| format!("{file}: {error}"))?;
    let lines: Vec<usize> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.contains(line_has))
        .map(|(number, _)| number)
        .collect();
    match lines[..] {
        [line] => Ok(line),
        [] => Err(format!("{file}: no line has `{line_has}`")),
        _ => Err(format!("{file}: lines {lines:?} have `{line_has}`")),
    }
}

// The labels themselves.

fn problems_of(site: &Site, dir: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    let own = (&site.file, &site.line_has);
    let spots = site.also.iter().map(|spot| (&spot.file, &spot.line_has));
    for (file, line_has) in std::iter::once(own).chain(spots) {
        problems.extend(line_of(dir, file, line_has).err());
    }
    if !MECHANISMS.contains(&site.mechanism.as_str()) {
        problems.push(format!("mechanism `{}`", site.mechanism));
    }
    if !ROLES.contains(&site.role.as_str()) {
        problems.push(format!("role `{}`", site.role));
    }
    for (list, name) in [(&site.writes, "writes"), (&site.reads, "reads")] {
        for route in list {
            let known = route.split_once(' ').is_some_and(|(method, path)| {
                METHODS.contains(&method) && path.starts_with('/') && !path.contains(' ')
            });
            if !known && route != "*" {
                problems.push(format!("{name}: `{route}`"));
            }
        }
        if list.iter().map(|route| plain(route)).collect::<BTreeSet<_>>().len() != list.len() {
            problems.push(format!("{name} names a route twice"));
        }
        if list.len() > 1 && list.iter().any(|route| route == "*") {
            problems.push(format!("{name}: `*` stands alone"));
        }
    }
    if site.symbol.trim().is_empty() || site.why.trim().is_empty() {
        problems.push("symbol or why is empty".into());
    }
    problems
}

#[test]
fn every_label_is_valid_and_names_one_line() {
    let mut problems = Vec::new();
    for service in services() {
        let mut symbols = BTreeSet::new();
        for site in &service.sites {
            let mut found = problems_of(site, &service.dir);
            if !symbols.insert(&site.symbol) {
                found.push("is listed twice".into());
            }
            let place = format!("{} {}", service.name, site.symbol);
            problems.extend(found.iter().map(|problem| format!("{place}: {problem}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

// What the tool says.

/// A finding at level error or warning.
#[derive(Debug)]
struct Finding {
    symbol: String,
    file: String,
    line: usize,
    role: String,
    mechanism: String,
    writes: BTreeSet<String>,
    reads: BTreeSet<String>,
}

fn findings(service: &Service) -> Vec<Finding> {
    let mut command = binary();
    command.args(["check", "--format", "json"]).arg(&service.dir);
    let run = run(command);
    assert!(matches!(run.code, Some(0 | 1)), "{}: {run:#?}", service.name);
    assert_eq!(run.notes(), [], "{}: not analysed", service.name);
    let report = run.json();
    let list = report["findings"].as_array().unwrap().iter();
    list.filter(|finding| finding["level"] != "note").map(finding_of).collect()
}

fn finding_of(finding: &Value) -> Finding {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let site = &finding["site"];
    let routes = |kind: &str| {
        let accesses = finding["accesses"].as_array().unwrap().iter();
        accesses
            .filter(|access| access["kind"] == kind && access["when"] == "request")
            .flat_map(|access| access["routes"].as_array().unwrap())
            .map(|route| plain(route.as_str().unwrap()))
            .collect()
    };
    Finding {
        symbol: text(&site["symbol"]),
        file: text(&site["place"]["file"]),
        line: site["place"]["line"].as_u64().unwrap() as usize,
        role: text(&finding["role"]),
        mechanism: text(&site["mechanism"]),
        writes: routes("write"),
        reads: routes("read"),
    }
}

/// A route with each parameter as `{}`, whatever the framework writes.
fn plain(route: &str) -> String {
    let Some((method, path)) = route.split_once(' ') else {
        return route.to_owned();
    };
    let mut out = format!("{method} ");
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let parameter = part.starts_with([':', '*', '<']) || part.starts_with('{');
        let _ = write!(out, "/{}", if parameter { "{}" } else { part });
    }
    if out.ends_with(' ') {
        out.push('/');
    }
    out
}

// How the two meet.

/// What one service gets right and wrong.
#[derive(Debug, Default)]
struct Score {
    hazards: usize,
    found: usize,
    benign: usize,
    wrong: BTreeMap<(String, What), String>,
}

impl Score {
    fn wrong(&mut self, symbol: &str, what: What, words: String) {
        let known = self.wrong.entry((symbol.to_owned(), what)).or_default();
        if !known.is_empty() {
            known.push_str("; ");
        }
        known.push_str(&words);
    }

    fn count(&self, what: What) -> usize {
        self.wrong.keys().filter(|(_, wrong)| *wrong == what).count()
    }
}

/// Lines between a finding and the nearest line at which naming the site is right.
fn distance(site: &Site, dir: &Path, finding: &Finding) -> Option<usize> {
    let own = (&site.file, &site.line_has);
    let spots = site.also.iter().map(|spot| (&spot.file, &spot.line_has));
    std::iter::once(own)
        .chain(spots)
        .filter(|(file, _)| **file == finding.file)
        .filter_map(|(file, line_has)| line_of(dir, file, line_has).ok())
        .map(|line| line.abs_diff(finding.line))
        .filter(|far| *far <= NEAR)
        .min()
}

/// Pairs findings with sites, the surest pairs first: same symbol, then nearest.
fn pairs(service: &Service, findings: &[Finding]) -> BTreeMap<usize, usize> {
    let mut candidates = Vec::new();
    for (at, finding) in findings.iter().enumerate() {
        for (label, site) in service.sites.iter().enumerate() {
            if let Some(far) = distance(site, &service.dir, finding) {
                let last = |symbol: &str| symbol.rsplit("::").next().map(str::to_owned);
                let same = site.symbol == finding.symbol;
                let alike = last(&site.symbol) == last(&finding.symbol);
                candidates.push((!same, !alike, far, at, label));
            }
        }
    }
    candidates.sort_unstable();
    let mut by_finding = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (_, _, _, at, label) in candidates {
        if !by_finding.contains_key(&at) && taken.insert(label) {
            by_finding.insert(at, label);
        }
    }
    by_finding
}

fn score(service: &Service) -> Score {
    let findings = findings(service);
    let pairs = pairs(service, &findings);
    let mut score = Score::default();
    for (label, site) in service.sites.iter().enumerate() {
        let reported = pairs.iter().find(|(_, other)| **other == label);
        let reported = reported.map(|(at, _)| &findings[*at]);
        match (site.verdict, reported) {
            (Verdict::Benign, None) => score.benign += 1,
            (Verdict::Benign, Some(finding)) => {
                score.benign += 1;
                let words = format!("reported as {}", finding.role);
                score.wrong(&site.symbol, What::Benign, words);
            }
            (Verdict::Hazard, None) => {
                score.hazards += 1;
                let words = format!("{} {}", site.mechanism, site.role);
                score.wrong(&site.symbol, What::Missed, words);
            }
            (Verdict::Hazard, Some(finding)) => {
                score.hazards += 1;
                score.found += 1;
                compare(site, finding, &mut score);
            }
        }
    }
    for (at, finding) in findings.iter().enumerate() {
        if !pairs.contains_key(&at) {
            let words = format!("{}:{} as {}", finding.file, finding.line, finding.role);
            score.wrong(&finding.symbol, What::Unexpected, words);
        }
    }
    score
}

fn compare(site: &Site, finding: &Finding, score: &mut Score) {
    let pairs =
        [(What::Role, &site.role, &finding.role), (What::Mechanism, &site.mechanism, &finding.mechanism)];
    for (what, wanted, said) in pairs {
        if wanted != said {
            score.wrong(&site.symbol, what, format!("{said}, is {wanted}"));
        }
    }
    let labelled = |list: &[String]| -> BTreeSet<String> { list.iter().map(|route| plain(route)).collect() };
    let (writes, reads) = (labelled(&site.writes), labelled(&site.reads));
    let every = |list: &BTreeSet<String>| list.contains("*");
    let any = |route: &String| route == "*";
    let missing = [
        ("write", lacking(&writes, |route| finding.writes.contains(route) || any(route))),
        (
            "read",
            lacking(&reads, |route| {
                finding.reads.contains(route) || finding.writes.contains(route) || any(route)
            }),
        ),
    ];
    let extra = [
        ("write", lacking(&finding.writes, |route| every(&writes) || writes.contains(route))),
        (
            "read",
            lacking(&finding.reads, |route| {
                every(&writes) || every(&reads) || writes.contains(route) || reads.contains(route)
            }),
        ),
    ];
    for (what, lists) in [(What::Routes, missing), (What::ExtraRoutes, extra)] {
        for (kind, list) in lists {
            if !list.is_empty() {
                score.wrong(&site.symbol, what, format!("{kind}: {}", list.join(", ")));
            }
        }
    }
}

fn lacking(list: &BTreeSet<String>, known: impl Fn(&String) -> bool) -> Vec<String> {
    list.iter().filter(|route| !known(route)).cloned().collect()
}

#[test]
#[allow(clippy::print_stdout)]
fn findings_match_the_labels_but_for_known_gaps() {
    let mut known: BTreeMap<(String, String, What), Gap> = BTreeMap::new();
    let mut trouble = Vec::new();
    for gap in gaps() {
        if gap.why.trim().is_empty() {
            trouble.push(format!("the gap {} {} has no why", gap.service, gap.symbol));
        }
        let key = (gap.service.clone(), gap.symbol.clone(), gap.what);
        if let Some(gap) = known.insert(key, gap) {
            let (service, symbol, what) = (gap.service, gap.symbol, gap.what);
            trouble.push(format!("the gap {service} {symbol} {what} is listed twice"));
        }
    }
    let mut table = Table::default();
    let mut open = String::new();
    for service in services() {
        let score = score(&service);
        for ((symbol, what), words) in &score.wrong {
            let key = (service.name.clone(), symbol.clone(), *what);
            let gap = known.remove(&key);
            let sign = if gap.is_some() { "known" } else { "NEW" };
            let line = format!("{:<13} {what:<12} {symbol}: {words}", service.name);
            let _ = writeln!(open, "{sign:<5} {line}");
            if gap.is_none() {
                trouble.push(line);
            }
        }
        table.add(&service.name, &score);
    }
    println!("{open}\n{table}");
    for (service, symbol, what) in known.into_keys() {
        trouble.push(format!(
            "{service} {symbol}: the gap `{what}` is closed (or names nothing): take it off fixtures_gaps.toml"
        ));
    }
    assert!(trouble.is_empty(), "\n{}", trouble.join("\n"));
}

/// The summary, a row a service and one for all.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<(String, Vec<usize>)>,
}

impl Table {
    fn add(&mut self, name: &str, score: &Score) {
        let mut row = vec![score.hazards, score.found, score.benign];
        row.extend(WHATS.map(|what| score.count(what)));
        self.rows.push((name.to_owned(), row));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<14} hazards  found harmless |", "service")?;
        for what in WHATS {
            write!(f, " {what:>12}")?;
        }
        let columns = 3 + WHATS.len();
        let sums = (0..columns).map(|at| self.rows.iter().map(|(_, row)| row[at]).sum()).collect();
        let all = ("all".to_owned(), sums);
        for (name, row) in self.rows.iter().chain([&all]) {
            write!(f, "\n{name:<14} {:>7} {:>6} {:>8} |", row[0], row[1], row[2])?;
            for number in &row[3..] {
                write!(f, " {number:>12}")?;
            }
        }
        Ok(())
    }
}
