//! What `check` proposes to paste, pasted: for each finding of each fixture, into a crate that is
//! checked against the store.
//!
//! The types that it names are copied from the fixture, with the derives that the finding asks for
//! and no other; types of other crates are stubs. Which findings have no accessor is a list by hand.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use support::{Tree, binary, run};

/// Findings that land in a store or database and have no accessor, and why.
const NONE: &[(&str, &str)] = &[
    ("chat/before Hub::rooms", "its entries hold a channel"),
    ("chat/before Room::history", "it lies in the entries of another site"),
    ("chat/before Room::topic", "it lies in the entries of another site"),
    ("chat/before main::store", "a library's store"),
    ("gateway/before main::limiter", "a library's limiter"),
    ("lobby/before Tables::open", "its entries hold a channel"),
    ("todo/before main::seen_keys", "what it holds is only known where it is used"),
];

/// What is to be printed, word for word, for one finding of each sort.
const PRINTED: &[(&str, &str)] = &[
    (
        "shop/before SESSIONS",
        "#[externalized(key = \"session:{}\", ttl = \"1h\", touch = \"read\")]\n\
         static SESSIONS: LazyLock<Mutex<HashMap<String, Session>>>;",
    ),
    (
        "shop/before AppState::carts",
        "carts: StateMap<String, Cart>,\ncarts: StateMap::new(&store, \"cart:{}\"),",
    ),
    (
        "shop/before NEXT_ORDER",
        "#[externalized(key = \"next-order\")]\nstatic NEXT_ORDER: AtomicU64 = AtomicU64::new(1000);",
    ),
    (
        "pastebin/before Quota::0",
        "struct Quota(StateMap<IpAddr, u32>);\n\
         Quota(StateMap::new(&store, \"quota:{}\").ttl(Duration::from_secs(15 * 60), Touch::Never))",
    ),
    (
        "pastebin/before Volatile::pastes",
        "pastes: StateMap<String, Paste, Listed>,\npastes: StateMap::listed(&store, \"paste:{}\"),",
    ),
    (
        "desk/before WRONG_PINS",
        "#[externalized(key = \"wrong-pin:{}\", ttl = \"15m\")]\n\
         static WRONG_PINS: RefCell<HashMap<String, u32>>;",
    ),
    (
        "desk/before main::notes",
        "let notes: StateMap<u32, Vec<String>> = StateMap::new(&store, \"note:{}\");",
    ),
    ("todo/before main::db", "let db: StateCell<Vec<Todo>> = StateCell::new(&store, \"db\");"),
];

/// What stands above each pasted text: imports, and stubs of other crates.
const AROUND: &str = r#"
    #![allow(dead_code, unused_imports)]
    use std::cell::RefCell;
    use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicU32, AtomicU64};
    use std::sync::{Arc, LazyLock, Mutex, RwLock};
    use std::time::{Duration, SystemTime};

    use serde::{Deserialize, Serialize};
    use stateless_store::{externalized, Listed, StateCell, StateCounter, StateMap, Store, Touch};

    use crate::stubs::{Bytes, DashMap, Lazy, Uuid};
    use crate::usable::{Usable, UsableList};
"#;

const STUBS: &str = r#"
/// Types of crates that this one does not depend on, as they are with their features for serde.
mod stubs {
    use std::hash::Hash;
    use std::marker::PhantomData;

    #[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
    pub struct Uuid(u128);
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    pub struct Bytes(Vec<u8>);
    pub struct DashMap<K, V>(PhantomData<(K, V)>);
    pub struct Lazy<T>(PhantomData<T>);

    impl<K: Hash + Eq, V> DashMap<K, V> {
        pub fn new() -> Self {
            Self(PhantomData)
        }
    }

    impl<T> Lazy<T> {
        pub const fn new(_: fn() -> T) -> Self {
            Self(PhantomData)
        }
    }
}

/// Whether the methods of an accessor can be called: its types can be stored.
mod usable {
    use stateless_store::{Count, Listed, StateCell, StateCounter, StateMap, Unlisted, Value};

    pub trait Usable {
        fn usable(&self) {}
    }
    impl<K: serde::Serialize, V: Value> Usable for StateMap<K, V, Unlisted> {}
    impl<V: Value> Usable for StateCell<V> {}
    impl<N: Count> Usable for StateCounter<N> {}

    pub trait UsableList {
        fn usable(&self) {}
    }
    impl<K: serde::Serialize + serde::de::DeserializeOwned, V: Value> UsableList for StateMap<K, V, Listed> {}
}
"#;

struct Proposal {
    /// `shop/before SESSIONS`
    name: String,
    folder: PathBuf,
    symbol: String,
    landing: String,
    accessor: Value,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn proposals() -> Vec<Proposal> {
    let mut out = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        for twin in ["before", "after"] {
            let folder = entry.as_ref().unwrap().path().join(twin);
            if !folder.join("Cargo.toml").is_file() {
                continue;
            }
            let mut command = binary();
            command.args(["check", "--format", "json"]).arg(&folder);
            for finding in run(command).json()["findings"].as_array().unwrap() {
                let symbol = finding["site"]["symbol"].as_str().unwrap().to_owned();
                let service = entry.as_ref().unwrap().file_name().into_string().unwrap();
                out.push(Proposal {
                    name: format!("{service}/{twin} {symbol}"),
                    folder: folder.clone(),
                    symbol,
                    landing: finding["landing"].as_str().unwrap().to_owned(),
                    accessor: finding["accessor"].clone(),
                });
            }
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

impl Proposal {
    fn text(&self, field: &str) -> &str {
        self.accessor[field].as_str().unwrap_or_default()
    }

    fn printed(&self) -> String {
        format!("{}\n{}", self.text("declaration"), self.text("construction")).trim_end().to_owned()
    }
}

#[test]
fn what_can_live_in_a_store_has_an_accessor_and_nothing_else() {
    let mut without = Vec::new();
    for one in proposals() {
        let lands = matches!(one.landing.as_str(), "redis" | "database");
        match (lands, one.accessor.is_null()) {
            (true, true) => without.push(one.name),
            (false, false) => panic!("{} lands in {}", one.name, one.landing),
            _ => {}
        }
    }
    let listed: Vec<&str> = NONE.iter().map(|(name, _)| *name).collect();
    assert_eq!(without, listed);
}

#[test]
fn it_is_printed_in_the_names_of_the_code() {
    let all = proposals();
    for (name, text) in PRINTED {
        let one = all.iter().find(|one| one.name == *name).unwrap_or_else(|| panic!("no finding {name}"));
        assert_eq!(one.printed(), *text, "{name}");
    }
    let mut command = binary();
    command.args(["check", "--color", "never"]).arg(fixtures().join("shop/before"));
    let human = run(command).stdout;
    for (_, text) in PRINTED.iter().filter(|(name, _)| name.starts_with("shop/")) {
        for line in text.lines() {
            assert!(human.contains(&format!("\n    {line}\n")), "{line}\n{human}");
        }
    }
}

#[test]
fn two_accessors_of_a_service_never_share_a_key() {
    let all = proposals();
    let mut seen = BTreeSet::new();
    for one in all.iter().filter(|one| !one.accessor.is_null()) {
        assert!(seen.insert((&one.folder, one.text("key"))), "{}", one.name);
    }
}

#[test]
fn what_has_one_name_in_two_modules_has_two_keys() {
    let held = "pub static SEEN: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Default::default);";
    let module = |name: &str| {
        format!(
            "pub mod {name} {{ pub mod state {{ use std::collections::HashMap; \
             use std::sync::{{LazyLock, Mutex}}; {held} \
             pub async fn add() {{ SEEN.lock().unwrap().insert(\"a\".into(), 1); }} \
             pub async fn show() -> String {{ SEEN.lock().unwrap().len().to_string() }} }} }}\n"
        )
    };
    let main = "use axum::{Router, routing::{get, post}};\n\
        async fn main() { let app = Router::new()\n\
            .route(\"/carts\", post(carts::state::add)).route(\"/carts/all\", get(carts::state::show))\n\
            .route(\"/orders\", post(orders::state::add)).route(\"/orders/all\", get(orders::state::show));\n\
            axum::serve(listener, app).await; }\n";
    let service = [module("carts"), module("orders"), main.to_owned()].concat();
    assert_eq!(keys(&service), ["carts-state-seen:{}", "orders-state-seen:{}"]);
}

#[test]
fn what_has_one_name_in_one_function_has_no_key() {
    let service = "use axum::{Router, extract::State, routing::{get, post}};\n\
        use std::collections::HashMap; use std::sync::{Arc, Mutex};\n\
        type One = Arc<Mutex<HashMap<String, u32>>>; type Two = Arc<Mutex<HashMap<String, u64>>>;\n\
        async fn add(State(all): State<One>) { all.lock().unwrap().insert(\"a\".into(), 1); }\n\
        async fn show(State(all): State<One>) -> String { all.lock().unwrap().len().to_string() }\n\
        async fn put(State(all): State<Two>) { all.lock().unwrap().insert(\"a\".into(), 1); }\n\
        async fn tell(State(all): State<Two>) -> String { all.lock().unwrap().len().to_string() }\n\
        async fn main() {\n\
            let seen: One = Default::default();\n\
            let one = Router::new().route(\"/one\", post(add).get(show)).with_state(seen);\n\
            let seen: Two = Default::default();\n\
            let two = Router::new().route(\"/two\", post(put).get(tell)).with_state(seen);\n\
            axum::serve(listener, one.merge(two)).await; }\n";
    assert_eq!(keys(service), ["none", "none"]);
}

/// The keys that are proposed for a service of one file, in its order.
fn keys(main: &str) -> Vec<String> {
    let tree = Tree::new();
    tree.file("Cargo.toml", "[package]\nname = \"twice\"\nedition = \"2024\"\n");
    tree.file("src/main.rs", main);
    let mut command = binary();
    command.args(["check", "--format", "json"]).arg(tree.root());
    let report = run(command).json();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|one| one["accessor"]["key"].as_str().unwrap_or("none").to_owned()).collect()
}

#[test]
fn what_is_printed_compiles_against_the_store() {
    let mut code = STUBS.to_owned();
    let mut pasted = 0;
    for (number, one) in proposals().iter().filter(|one| !one.accessor.is_null()).enumerate() {
        let sources = Sources::of(&one.folder);
        let _ = write!(code, "\n/// {}\nmod m{number} {{{AROUND}", one.name);
        code.push_str(&sources.types(&one.printed(), one));
        code.push_str(&paste(one));
        code.push_str("}\n");
        pasted += 1;
        if !one.accessor["insert"].is_null() {
            let item = sources.item(&format!("static {}", name(one))).expect("the static");
            let _ = write!(code, "\nmod i{number} {{{AROUND}");
            code.push_str(&sources.types(&item, one));
            let _ = write!(
                code,
                "{}\n{item}\nfn usable() {{ {}.usable(); }}\n}}\n",
                one.text("insert"),
                name(one)
            );
            pasted += 1;
        }
    }
    assert!(pasted > 30, "only {pasted} texts");
    check(&code);
}

/// The last part of the symbol.
fn name(one: &Proposal) -> &str {
    one.symbol.rsplit("::").next().unwrap()
}

/// The proposed text where it belongs: at the top, in a struct, in a function.
fn paste(one: &Proposal) -> String {
    let (declaration, construction) = (one.text("declaration"), one.text("construction"));
    // All types are copied into one module.
    let (declaration, construction) = (local(declaration), local(construction));
    if declaration.starts_with("#[externalized") {
        return format!("{declaration}\nfn usable() {{ {}.usable(); }}\n", name(one));
    }
    if declaration.starts_with("let ") {
        return format!("fn usable(store: Store) {{ {declaration} {}.usable(); }}\n", name(one));
    }
    if declaration.starts_with("struct ") {
        return format!("{declaration}\nfn usable(store: Store) {{ {construction}.0.usable(); }}\n");
    }
    let field = declaration.split(':').next().unwrap();
    format!(
        "struct Holder {{ {declaration} }}\n\
         fn usable(store: Store) {{ Holder {{ {construction} }}.{field}.usable(); }}\n"
    )
}

/// A text whose types have no path: `crate::some::Type` is `Type`.
fn local(text: &str) -> String {
    let mut pieces = text.split("crate::");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for mut rest in pieces {
        while let Some((module, inner)) = rest.split_once("::") {
            if !module.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
                break;
            }
            rest = inner;
        }
        out.push_str(rest);
    }
    out
}

/// All source files of a fixture.
struct Sources(Vec<String>);

impl Sources {
    fn of(folder: &Path) -> Self {
        let entries = fs::read_dir(folder.join("src")).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.is_file());
        Self(files.map(|path| fs::read_to_string(path).unwrap()).collect())
    }

    /// An item that begins with these words, from its name to its end, without its attributes.
    fn item(&self, head: &str) -> Option<String> {
        let (text, at) = self.find(head)?;
        Some(text[at..end(text, at)].to_owned())
    }

    fn find(&self, head: &str) -> Option<(&str, usize)> {
        self.0.iter().find_map(|text| {
            let ends =
                |at: usize| !text[at + head.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
            text.match_indices(head).map(|(at, _)| at).find(|at| ends(*at)).map(|at| (text.as_str(), at))
        })
    }

    /// The types that a text names, those that they name, and so on: with what each derives, and
    /// with what the finding says that it has to.
    fn types(&self, text: &str, one: &Proposal) -> String {
        let mut out = String::new();
        let mut done = BTreeSet::new();
        let mut waiting: Vec<String> = words(text);
        let notes = one.accessor["notes"].to_string();
        while let Some(word) = waiting.pop() {
            if !done.insert(word.clone()) {
                continue;
            }
            let found =
                ["struct", "enum", "type"].iter().find_map(|head| self.find(&format!("{head} {word}")));
            let Some((text, at)) = found else { continue };
            // The holder itself is what the text replaces.
            if text[at..].starts_with("struct")
                && one.text("declaration").starts_with(&format!("struct {word}("))
            {
                continue;
            }
            let mut item = text[at..end(text, at)].to_owned();
            waiting.extend(words(&item));
            if notes.contains("SystemTime") {
                item = item.replace("Instant", "SystemTime");
            }
            if notes.contains("serde leaves out") {
                item = item.replace("#[serde(skip)]", "");
            }
            for line in attributes(text, at) {
                let _ = writeln!(out, "{line}");
            }
            let needs = one.accessor["needs"].as_array().unwrap().iter();
            for needs in needs.filter(|needs| needs["type"] == word.as_str()) {
                let derive: Vec<&str> =
                    needs["derive"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                let _ = writeln!(out, "#[derive({})]", derive.join(", "));
            }
            let _ = writeln!(out, "{item}");
        }
        out
    }
}

/// Names that could be types.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_uppercase())).map(str::to_owned).collect()
}

/// Where an item ends: at its semicolon, or at the bracket that closes its first one.
fn end(text: &str, at: usize) -> usize {
    let mut depth = 0;
    for (offset, letter) in text[at..].char_indices() {
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => {
                depth -= 1;
                if depth == 0
                    && letter == '}'
                    && text[at..].starts_with(['s', 'e'])
                    && !text[at..].starts_with("static")
                {
                    return at + offset + 1;
                }
            }
            ';' if depth == 0 => return at + offset + 1,
            _ => {}
        }
    }
    text.len()
}

/// The attribute lines above an item that concern serde or what it derives.
fn attributes(text: &str, at: usize) -> Vec<&str> {
    let above: Vec<&str> = text[..at].lines().collect();
    // The last piece is the beginning of the item's own line.
    let own = usize::from(!text[..at].ends_with('\n'));
    let lines = above.iter().rev().skip(own).map(|line| line.trim());
    let mut kept: Vec<&str> = lines
        .take_while(|line| line.starts_with("#[") || line.starts_with("///"))
        .filter(|line| line.starts_with("#[derive") || line.starts_with("#[serde"))
        // Where a fixture has serde from its framework.
        .filter(|line| !line.contains("crate ="))
        .collect();
    kept.reverse();
    kept
}

/// Checks a crate of this code against the store, with the versions of this workspace.
fn check(code: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("accessors");
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[workspace]\n\n[package]\nname = \"accessors\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         stateless-store = {{ path = {:?}, default-features = false }}\n",
        root.join("store")
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::write(folder.join("src/lib.rs"), code).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["check", "--offline", "--quiet", "--message-format", "short"]).current_dir(&folder);
    command.env("CARGO_TARGET_DIR", folder.join("target")).env_remove("RUSTFLAGS");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", folder.join("src/lib.rs").display());
}
