//! State that a foreign call makes without a type of ours to hold it: keys made at
//! random at start-up, limiters of libraries whose types the tables do not know.

use super::context::{Contexts, When};
use super::external::{self, Kind};
use super::site::split_words;
use super::summary::{ForeignCall, Summary};
use super::tree::ItemId;
use super::types::last_part;
use crate::finding::{AccessKind, Mechanism};

/// What such a call makes.
pub(super) struct Made {
    pub(super) kind: Kind,
    pub(super) mechanism: Mechanism,
    /// A file is written in the same function: the value may outlive the process.
    pub(super) kept: bool,
    /// The environment is asked in the same function: this is for when it says nothing.
    pub(super) fallback: bool,
    /// The tables know the type or function.
    pub(super) known: bool,
}

/// Looks at one foreign call; `function` names what it stands in, a function or a
/// static's initialiser.
pub(super) fn made(
    call: &ForeignCall,
    summary: &Summary,
    id: ItemId,
    function: &str,
    of_static: bool,
    contexts: &Contexts,
) -> Option<Made> {
    let when = contexts.region(summary, id, call.region);
    let path = call.path.as_str();
    let built = matches!(
        last_part(path),
        "new" | "default" | "from" | "builder" | "new_layer" | "with_capacity" | "keyed" | "direct"
    );
    let owner_kind = match path.rsplit_once("::") {
        Some((owner, _)) if built && call.bound.is_none() && (when.startup || when.assumed) => {
            external::kind(owner)
        }
        _ => Kind::Other,
    };
    if matches!(owner_kind, Kind::MemorySessions | Kind::Limiter | Kind::JobStore | Kind::SocketHub) {
        return Some(Made {
            kind: owner_kind,
            mechanism: Mechanism::Component,
            kept: false,
            fallback: false,
            known: true,
        });
    }
    if path.ends_with("streamable_http::endpoint") && (when.startup || when.assumed) {
        // The endpoint of an MCP server keeps a map of its sessions.
        return Some(Made {
            kind: Kind::MemorySessions,
            mechanism: Mechanism::Component,
            kept: false,
            fallback: false,
            known: true,
        });
    }
    if let Some(made) = outside(call, summary, &when, function) {
        return Some(made);
    }
    if (when.request || when.background) && !when.startup && !when.assumed {
        return None;
    }
    let last = last_part(path);
    let owner = path.rsplit_once("::").map_or("", |(owner, _)| last_part(owner));
    let (random, key_type) = (is_random(path), makes_key(path));
    let about_itself = limiting(owner) || limiting(last);
    if !random && !key_type && !about_itself {
        return None;
    }
    let mut words = Vec::new();
    for text in [function, owner, last, call.bound.map_or("", |(name, _)| name.as_str())] {
        split_words(text, &mut words);
    }
    let says = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if says(&["tls", "cert", "certs", "certificate", "x509", "acme", "csr", "test", "nonce", "salt"]) {
        return None;
    }
    // A function that is there to make keys: what its callers do with them decides.
    let mut own = Vec::new();
    split_words(function, &mut own);
    if !of_static && own.iter().any(|word| matches!(word.as_str(), "generate" | "gen" | "keygen" | "random"))
    {
        return None;
    }
    // A key for a certificate is certified, not shared.
    if summary.foreign.iter().any(|other| {
        let path = other.path.as_str();
        path.contains("CertificateParams")
            || path.contains("CertificateSigningRequest")
            || path.contains("X509")
    }) {
        return None;
    }
    let named = says(&["secret", "jwt"])
        || says(&["key", "pepper"])
            && says(&["signing", "session", "cookie", "hmac", "encryption", "private", "master", "token"]);
    if key_type || random && named && (call.bound.is_some() || of_static) && !when.request {
        let kept = summary.foreign.iter().any(|other| {
            let path = other.path.as_str();
            path.ends_with("fs::write") || path.ends_with("File::create") || path.contains("OpenOptions")
        });
        // The same type is read from what was given, or the environment is asked.
        let given = |other: &ForeignCall| {
            let (theirs, how) = other.path.as_str().rsplit_once("::").unwrap_or_default();
            last_part(theirs) == owner && (how.starts_with("from") || how == "read")
        };
        let fallback =
            summary.foreign.iter().any(|other| other.path.as_str().contains("env::var") || given(other));
        return Some(Made {
            kind: Kind::RandomKey,
            mechanism: Mechanism::ProcessSecret,
            kept,
            fallback,
            known: key_type,
        });
    }
    let limits =
        says(&["limiter", "ratelimit", "governor", "throttle"]) || says(&["rate"]) && says(&["limit"]);
    let unknown = external::kind(owner) == Kind::Other && external::kind(last) == Kind::Other;
    if limits
        && about_itself
        && unknown
        && !says(&["concurrency", "config", "error", "body", "size", "from", "key", "extractor"])
    {
        return Some(Made {
            kind: Kind::Limiter,
            mechanism: Mechanism::Component,
            kept: false,
            fallback: false,
            known: false,
        });
    }
    None
}

/// What a call that no binding names is called by: what it makes, not how.
pub(super) fn name(path: &str) -> &str {
    match path.rsplit_once("::") {
        Some((owner, "new" | "default" | "builder" | "from" | "endpoint")) => last_part(owner),
        _ => last_part(path),
    }
}

/// Whether a call is a key type's own generator.
pub(super) fn makes_key(path: &str) -> bool {
    let owner = path.rsplit_once("::").map_or("", |(owner, _)| last_part(owner));
    let makes = matches!(
        last_part(path),
        "generate" | "random" | "new_random" | "generate_key" | "try_generate" | "from_rng" | "ephemeral"
    );
    match owner {
        "Key" | "SigningKey" | "SecretKey" | "EncodingKey" | "HmacKey" | "Keypair" | "KeyPair"
        | "PrivateKey" | "SymmetricKey" | "LocalKey" | "CookieKey" | "MasterKey" | "TokenSigner" => makes,
        // Its constructor takes a generator of random numbers.
        "RsaPrivateKey" => makes || matches!(last_part(path), "new" | "new_with_exp"),
        _ => false,
    }
}

/// Whether a name says that it limits others.
fn limiting(name: &str) -> bool {
    let mut words = Vec::new();
    split_words(name, &mut words);
    words.iter().any(|word| matches!(word.as_str(), "limiter" | "ratelimit" | "governor" | "throttle"))
}

/// Whether a call's last name is one of those that answer random bytes, or fill some in.
pub(super) fn is_random(path: &str) -> bool {
    matches!(
        last_part(path),
        "random"
            | "fill_bytes"
            | "try_fill_bytes"
            | "sample_string"
            | "sample_iter"
            | "gen"
            | "new_v4"
            | "fill"
            | "getrandom"
    )
}

/// State that lies outside the process's memory, or moves by its clock.
fn outside(call: &ForeignCall, summary: &Summary, when: &When, function: &str) -> Option<Made> {
    let path = call.path.as_str();
    let last = last_part(path);
    let plain = |kind, mechanism, known| Some(Made { kind, mechanism, kept: false, fallback: false, known });
    let strings = || call.strings.iter().map(|text| text.as_str());
    // A text that something is compared with opens nothing.
    let compared = matches!(last, "Some" | "eq" | "ne" | "contains" | "starts_with" | "ends_with");
    let in_memory = last == "open_in_memory"
        || !compared
            && strings().any(|text| {
                text == ":memory:" || text.starts_with("sqlite::memory:") || text.contains("mode=memory")
            });
    let serving = when.request && !when.startup && !when.assumed;
    if in_memory && !serving {
        // One arm of a choice: the other opens a file or a server.
        let chosen = summary.foreign.iter().any(|other| {
            matches!(last_part(other.path.as_str()), "open" | "connect" | "open_with_flags")
                && other.span != call.span
        });
        let known = (last != "open_in_memory" || !when.assumed) && !chosen;
        return plain(Kind::MemoryDatabase, Mechanism::Component, known);
    }
    let embedded = matches!(
        path,
        "sled::open"
            | "sled::Config::new"
            | "rocksdb::DB::open"
            | "redb::Database::create"
            | "redb::Database::open"
    ) || path.ends_with("DB::open_default")
        || path.ends_with("PickleDb::new")
        || path.contains("rusqlite") && last == "open"
        || path.ends_with("TransactionDB::open")
        || strings().any(|text| {
            text.starts_with("sqlite://") || text.starts_with("sqlite:") && !text.contains("memory")
        });
    if embedded && !serving {
        return plain(Kind::EmbeddedDatabase, Mechanism::LocalDisk, true);
    }
    let ticks = matches!(last, "interval" | "interval_at") && (path.contains("time") || path == last)
        || matches!(last, "run_interval" | "new_cron_job" | "new_repeated")
        || path.ends_with("Job::new_async")
        || path.ends_with("Job::new_repeated_async")
        || path.ends_with("Scheduler::new")
        || path.ends_with("AsyncScheduler::new");
    if ticks && (when.background || when.startup) && !when.request {
        let mut words = Vec::new();
        split_words(function, &mut words);
        let reaches_out = words.iter().any(|word| {
            matches!(
                word.as_str(),
                "send"
                    | "mail"
                    | "mails"
                    | "email"
                    | "digest"
                    | "digests"
                    | "bill"
                    | "billing"
                    | "charge"
                    | "invoice"
                    | "report"
                    | "reports"
                    | "notify"
                    | "reminder"
                    | "reminders"
                    | "publish"
                    | "export"
                    | "import"
                    | "sync"
                    | "payout"
            )
        });
        return plain(Kind::Timer, Mechanism::Timer, reaches_out);
    }
    None
}

/// Whether a call reads or writes files.
pub(super) fn disk_access(call: &ForeignCall) -> Option<AccessKind> {
    let path = call.path.as_str();
    if !(path.contains("fs::") || path.starts_with("File::") || path.contains("::File::")) {
        return None;
    }
    match last_part(path) {
        "write" | "create" | "create_new" | "rename" | "remove_file" | "copy" | "remove_dir_all"
        | "hard_link" => Some(AccessKind::Write),
        "open" | "read" | "read_to_string" | "read_dir" | "open_async" => Some(AccessKind::Read),
        _ => None,
    }
}

/// Whether a call puts something on the disk.
pub(super) fn creates(call: &ForeignCall) -> bool {
    matches!(
        last_part(call.path.as_str()),
        "write" | "create" | "create_new" | "rename" | "copy" | "hard_link"
    )
}
