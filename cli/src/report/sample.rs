//! Reports made by hand, for the tests of all formats.
//!
//! [`report`] has several files, every level, text that is not ASCII, tabs and CRLF.
//! [`hostile`] has what a malicious project could put into names, paths and source.

use std::path::PathBuf;

use crate::finding::{
    Access, AccessKind, Accessor, Confidence, Context, Effect, Finding, Fine, Landing, Level, Mechanism,
    Needs, Note, Problem, Role, RuleMeta, SiteInfo, Suppression, SuppressionKind,
};
use crate::source::{SourceFile, Sources};
use crate::span::{Place, Span};

use super::escape::is_hidden;
use super::{Format, Hidden, Options, Report};

pub(crate) static SESSION: RuleMeta = RuleMeta {
    name: "in-memory-session",
    summary: "Sessions are kept in the memory of one process",
    page: "# in-memory-session\n\nSessions are kept in the memory of one process.\n\n## Effect\n",
};
pub(crate) static COUNTER: RuleMeta = RuleMeta {
    name: "in-memory-counter",
    summary: "A counter that clients see is kept in one process",
    page: "# in-memory-counter\n",
};
pub(crate) static RULES: [&RuleMeta; 2] = [&COUNTER, &SESSION];

pub(crate) const AUTH: &str = "\
use std::collections::HashMap;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::read);

static SESSIONS: LazyLock<Mutex<HashMap<String, User>>> = LazyLock::new(Default::default);

async fn login(form: Form<Login>) -> Response {
    let token = token();
    SESSIONS.lock().unwrap().insert(token, form.user);
    ok()
}

async fn logout(token: Token) {
    SESSIONS.lock().unwrap().remove(&token);
}
";
pub(crate) const ORDERS: &str = "\
async fn orders(token: Token) -> Orders {
    let user = auth::SESSIONS.lock().unwrap().get(&token).cloned();
    Orders::of(user)
}

async fn me(token: Token) -> User {
    auth::SESSIONS.lock().unwrap()[&token].clone()
}
";
/// CRLF line ends, a tab, and names that take more bytes than columns.
pub(crate) const SIZE: &str = "// 語\r\n\r\nstruct Zähler {\r\n    größe: AtomicU64,\r\n}\r\n\r\n\
fn besuch(z: &Zähler) { /* 語 */\tz.größe.fetch_add(1); }\r\n\r\n    static CACHE: X = X;\r\n";

/// What a format says.
pub(crate) fn said(format: Format, report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    super::write(format, report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Whether a terminal would only show this text, and not obey it.
pub(crate) fn is_safe(text: &str) -> bool {
    !text.contains(|c| c != '\n' && is_hidden(c))
}

pub(crate) fn sources(files: &[(&str, &str)]) -> Sources {
    let file =
        |(path, text): &(&str, &str)| SourceFile::new((*path).into(), PathBuf::from(path), (*text).into(), 0);
    Sources::new(files.iter().map(file).collect())
}

/// The only, or the first, occurrence of a text in a file.
pub(crate) fn at(sources: &Sources, path: &str, text: &str) -> Place {
    let (id, file) = sources.iter().find(|(_, file)| file.path == path).unwrap();
    let start = file.text.find(text).unwrap() as u32;
    Place { file: id, span: Span { start, end: start + text.len() as u32 } }
}

pub(crate) fn access(kind: AccessKind, place: Place, function: &str, routes: &[&str]) -> Access {
    let context = Context::Request { routes: routes.iter().map(|&route| route.into()).collect() };
    let operation = if kind == AccessKind::Write { "insert" } else { "get" };
    Access { kind, place, function: function.into(), context, operation: operation.into() }
}

pub(crate) fn finding(symbol: &str, place: Place, accesses: Vec<Access>) -> Finding {
    Finding {
        rule: &SESSION,
        site: SiteInfo {
            symbol: symbol.into(),
            package: "shop".into(),
            item_path: format!("crate::auth::{symbol}"),
            mechanism: Mechanism::Static,
            place,
            ty: "LazyLock<Mutex<HashMap<String, User>>>".into(),
            also: Vec::new(),
        },
        role: Role::Session,
        confidence: Confidence::Sure,
        level: Level::Error,
        suppression: None,
        title: "logged-in users are kept in a static".into(),
        effect: Effect {
            replicas: "a login is known to one replica only: the others answer 401".into(),
            restart: "everybody is logged out".into(),
        },
        accesses,
        landing: Landing::Redis,
        accessor: None,
        help: "Keep the token and its user in a shared store, with the lifetime of a session.".into(),
        unbounded: true,
        reasons: vec!["written on POST /login and read on GET /me".into()],
        fingerprint: "0123456789abcdef0123456789abcdef".into(),
    }
}

fn accessor() -> Accessor {
    Accessor {
        declaration: "#[externalized(key = \"session:{}\", ttl = \"1h\")]\nstatic SESSIONS: Sessions;".into(),
        construction: String::new(),
        insert: Some("#[stateless_store::externalized(key = \"session:{}\", ttl = \"1h\")]".into()),
        key: "session:{}".into(),
        needs: vec![Needs { ty: "User".into(), derive: vec!["Serialize".into(), "Deserialize".into()] }],
        notes: vec!["a `SystemTime` does".into()],
    }
}

pub(crate) fn report() -> Report {
    let sources = sources(&[
        ("src/auth.rs", AUTH),
        ("src/orders.rs", ORDERS),
        ("src/größe.rs", SIZE),
        ("src/main.rs", "fn main() { serve(router()) }\n"),
    ]);
    let auth = |text| at(&sources, "src/auth.rs", text);
    let orders = |text| at(&sources, "src/orders.rs", text);
    let size = |text| at(&sources, "src/größe.rs", text);

    let mut sessions = finding(
        "SESSIONS",
        auth("SESSIONS"),
        vec![
            access(
                AccessKind::Write,
                auth("SESSIONS.lock().unwrap().insert(token, form.user)"),
                "auth::login",
                &["POST /login"],
            ),
            access(
                AccessKind::Write,
                auth("SESSIONS.lock().unwrap().remove(&token)"),
                "auth::logout",
                &["POST /logout"],
            ),
            access(
                AccessKind::Read,
                orders("auth::SESSIONS.lock().unwrap().get(&token)"),
                "orders::orders",
                &["GET /orders"],
            ),
            access(
                AccessKind::Read,
                orders("auth::SESSIONS.lock().unwrap()[&token]"),
                "orders::me",
                &["GET /me"],
            ),
        ],
    );
    sessions.site.also = vec![at(&sources, "src/main.rs", "router()")];

    sessions.accessor = Some(accessor());
    let mut counter = finding("Zähler::größe", size("größe"), Vec::new());
    counter.rule = &COUNTER;
    counter.role = Role::Sequence;
    counter.confidence = Confidence::Likely;
    counter.level = Level::Warning;
    counter.site.mechanism = Mechanism::SharedField;
    counter.title = "visits are counted in this process".into();
    counter.landing = Landing::Database;
    counter.unbounded = false;
    counter.accesses = vec![Access {
        operation: "fetch_add".into(),
        ..access(AccessKind::Write, size("z.größe.fetch_add(1)"), "besuch", &[])
    }];

    let mut cache = finding("CACHE", size("CACHE"), Vec::new());
    cache.role = Role::Cache;
    cache.confidence = Confidence::Worth;
    cache.level = Level::Note;
    cache.title = "a read-through cache".into();
    cache.landing = Landing::Stays;

    let mut suppressed = finding("DEMO", at(&sources, "src/main.rs", "main"), Vec::new());
    suppressed.suppression = Some(Suppression {
        kind: SuppressionKind::InSource,
        reason: "a demonstration".into(),
        place: Some(at(&sources, "src/main.rs", "fn")),
    });
    let mut known = finding("KNOWN", at(&sources, "src/main.rs", "router"), Vec::new());
    known.level = Level::Warning;
    known.suppression =
        Some(Suppression { kind: SuppressionKind::Baseline, reason: String::new(), place: None });
    let problem = Problem {
        check: "unused-suppression",
        level: Level::Warning,
        place: auth("static LIMITS"),
        message: "this suppresses nothing".into(),
        help: "remove it".into(),
    };

    let mut limits = finding("LIMITS", auth("LIMITS"), Vec::new()).site;
    limits.ty = "LazyLock<Limits>".into();
    let reason = "set once at start-up and only read".into();
    Report {
        root: PathBuf::from("/srv/my shop"),
        prefix: String::new(),
        rules: &RULES,
        findings: vec![sessions, counter, cache, suppressed, known],
        fine: vec![Fine { site: limits, role: Role::Config, reason }],
        notes: vec![
            Note { path: "src/broken.rs".into(), line: Some(7), message: "expected `;`".into() },
            Note { path: "/dev/shop".into(), line: None, message: "not a file".into() },
        ],
        problems: vec![problem],
        hidden: Hidden { allowed: 3, unchanged: 4 },
        files: 4,
        sources,
        spent: Vec::new(),
    }
}

/// Nothing found in nothing.
pub(crate) fn empty() -> Report {
    Report {
        root: PathBuf::from("/"),
        prefix: String::new(),
        sources: Sources::default(),
        rules: &RULES,
        findings: Vec::new(),
        fine: Vec::new(),
        notes: Vec::new(),
        problems: Vec::new(),
        hidden: Hidden::default(),
        files: 0,
        spent: Vec::new(),
    }
}

/// Escape codes, control characters and bidi overrides wherever a project can put them.
pub(crate) fn hostile() -> Report {
    let evil = "\u{1b}[2J\u{202e}\u{9b}31m\n\u{7}\u{2066}\r";
    let path = "src/a\nb\u{1b}[2J.rs";
    let text = "static EVIL: &str = \"\u{1b}]0;owned\u{7}\u{202e}\"; // \u{9b}2J\u{0}\rx\n\
                fn f\u{200b}() { EVIL.put(\"\u{2067}\") }\n";
    let sources = sources(&[(path, text)]);
    let place = at(&sources, path, "EVIL");
    let mut write = access(AccessKind::Write, at(&sources, path, "EVIL.put"), evil, &[evil]);
    write.operation = evil.into();
    let mut read = access(AccessKind::Read, at(&sources, path, "\u{1b}]0;owned"), evil, &[]);
    read.context = Context::Background;
    let mut found = finding(&format!("EVIL{evil}"), place, vec![write, read]);
    found.site.also = vec![place];
    for text in [
        &mut found.title,
        &mut found.help,
        &mut found.effect.replicas,
        &mut found.effect.restart,
        &mut found.site.package,
        &mut found.site.item_path,
        &mut found.site.ty,
        &mut found.fingerprint,
    ] {
        text.push_str(evil);
    }
    found.reasons = vec![evil.into()];
    found.accessor = Some(Accessor {
        declaration: evil.into(),
        construction: evil.into(),
        insert: Some(evil.into()),
        key: evil.into(),
        needs: vec![Needs { ty: evil.into(), derive: vec!["Serialize".into()] }],
        notes: vec![evil.into()],
    });
    let mut aside = found.clone();
    aside.suppression =
        Some(Suppression { kind: SuppressionKind::InSource, reason: evil.into(), place: Some(place) });
    let problem = Problem {
        check: "unused-suppression",
        level: Level::Warning,
        place,
        message: evil.into(),
        help: evil.into(),
    };
    let fine = Fine { site: found.site.clone(), role: Role::Config, reason: evil.into() };
    Report {
        root: PathBuf::from(format!("/srv/{evil}")),
        prefix: String::new(),
        rules: &RULES,
        findings: vec![found, aside],
        fine: vec![fine],
        notes: vec![Note { path: path.into(), line: None, message: evil.into() }],
        problems: vec![problem],
        hidden: Hidden::default(),
        files: 1,
        sources,
        spent: Vec::new(),
    }
}
