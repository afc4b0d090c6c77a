//! The vocabulary: what a site is, who touches it, what breaks, where it should go.
//!
//! Plain data. The model and the rules fill it in, the reports put it into words;
//! nothing here knows how either works.

use serde::{Deserialize, Serialize};

use crate::span::Place;

/// How a piece of state is held: a fact, found by the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// A global of any form.
    Static,
    /// One copy a thread or a worker.
    ThreadLocal,
    /// A field of a value that all requests share.
    SharedField,
    /// A binding of the set-up code that handlers capture or extract.
    SharedLocal,
    /// A library part that keeps its state in this process.
    Component,
    /// A key made at random when the process starts.
    ProcessSecret,
    /// Files of this machine, written while serving.
    LocalDisk,
    /// Work started by this process's own clock.
    Timer,
}

/// What a piece of state is to the service: a judgment, made by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Who is logged in, hand-shakes, one-time codes.
    Session,
    /// Domain data whose only copy this is.
    Entity,
    /// Derived data that can be computed or fetched again.
    Cache,
    /// Counts per client that decide who is refused.
    RateLimit,
    /// Identifiers and counters whose value a client sees.
    Sequence,
    /// Locks, in-flight sets, leader flags.
    Coordination,
    /// Work accepted but not yet done.
    Queue,
    /// Live sockets, subscribers, broadcast channels.
    Connection,
    /// Keys.
    Secret,
    /// Counters for operators.
    Metrics,
    /// Set once at start and only read.
    Config,
    /// A means (pool, client, channel to an own task), not data.
    Handle,
}

/// How sure the analysis is. Decides the default level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Worth knowing: level `note`.
    Worth,
    /// Likely: level `warning`.
    Likely,
    /// Sure: level `error`.
    Sure,
}

/// What a finding does to the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Listed, changes nothing.
    Note,
    /// Listed, fails only under `--deny warnings`.
    Warning,
    /// Fails the run.
    Error,
}

impl Confidence {
    /// The level that a finding of this confidence has unless configured otherwise.
    pub fn level(self) -> Level {
        match self {
            Confidence::Worth => Level::Note,
            Confidence::Likely => Level::Warning,
            Confidence::Sure => Level::Error,
        }
    }
}

/// What every finding of one rule shares.
#[derive(Debug, Serialize)]
pub struct RuleMeta {
    /// The rule's name, as in `in-memory-session`.
    pub name: &'static str,
    /// One line for listings and SARIF.
    pub summary: &'static str,
    /// The page: Markdown with fixed headings.
    #[serde(skip)]
    pub page: &'static str,
}

/// One place that holds state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SiteInfo {
    /// `NAME` for a static, `Type::field` for a field, `function::binding` for a local.
    pub symbol: String,
    /// Package that holds it; the folder's name where there is no manifest.
    pub package: String,
    /// Module path and symbol, as in `crate::auth::SESSIONS`: the site's identity.
    pub item_path: String,
    /// How it is held.
    pub mechanism: Mechanism,
    /// The declared name.
    pub place: Place,
    /// The declared type as written, shortened; empty where none is written.
    pub ty: String,
    /// Other places that name the same state: its construction, the layer that installs it.
    pub also: Vec<Place>,
}

/// When an access runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "kebab-case")]
pub enum Context {
    /// While a request is served; the routes that lead here, as far as known.
    Request {
        /// Routes that reach the access, sorted; may be empty.
        routes: Vec<String>,
    },
    /// In a task or thread of its own.
    Background,
    /// Before the first request.
    Startup,
}

impl Context {
    /// The routes that lead here, as far as known.
    pub fn routes(&self) -> &[String] {
        match self {
            Context::Request { routes } => routes,
            Context::Background | Context::Startup => &[],
        }
    }
}

/// What an access does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessKind {
    /// Changes the state.
    Write,
    /// Only looks.
    Read,
}

/// One access to a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Access {
    /// Write or read.
    pub kind: AccessKind,
    /// The expression.
    pub place: Place,
    /// The function it stands in, as in `auth::login` or `ChatServer::join`.
    pub function: String,
    /// When it runs.
    pub context: Context,
    /// The operation: `insert`, `fetch_add`, `=`.
    pub operation: String,
}

/// Where the state should live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Landing {
    /// A store with expiry.
    Redis,
    /// The database that is the source of truth.
    Database,
    /// A signed token that the client carries.
    Token,
    /// Publish and subscribe between replicas; the sockets stay.
    PubSub,
    /// A broker or a jobs table.
    Broker,
    /// Configuration, the same for every replica.
    Configuration,
    /// Shared object storage.
    ObjectStore,
    /// It may stay.
    Stays,
}

/// What takes the state's place, with the crate `stateless-store`: text to paste.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accessor {
    /// The declaration: a static with its attribute, a field, or a binding.
    pub declaration: String,
    /// How the field is made where its struct is; empty for a static or a binding.
    pub construction: String,
    /// What makes an accessor of the declaration that is there, put before it; for a static.
    pub insert: Option<String>,
    /// Where it is stored: a template for a map, one key for anything else.
    pub key: String,
    /// Types of the code at hand that have to derive more.
    pub needs: Vec<Needs>,
    /// What else there is to know, a sentence each.
    pub notes: Vec<String>,
}

/// A type and what it has to derive to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Its name.
    #[serde(rename = "type")]
    pub ty: String,
    /// Those of `Serialize` and `Deserialize` that it lacks.
    pub derive: Vec<String>,
}

/// What a client sees.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Effect {
    /// With N replicas behind a balancer that picks one at random.
    pub replicas: String,
    /// After this process restarts.
    pub restart: String,
}

/// Who set a finding aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionKind {
    /// A comment or an attribute at the site.
    InSource,
    /// The baseline: known before, and accepted.
    Baseline,
}

/// Why a finding is not counted among those that need somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Who says so.
    pub kind: SuppressionKind,
    /// The reason that stands there; empty where the kind has none.
    pub reason: String,
    /// Where it is said.
    pub place: Option<Place>,
}

/// One piece of state that a second replica breaks, or that is worth knowing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that claims it.
    #[serde(with = "crate::rules::by_name")]
    pub rule: &'static RuleMeta,
    /// Where the state is.
    pub site: SiteInfo,
    /// What it is.
    pub role: Role,
    /// How sure.
    pub confidence: Confidence,
    /// What it does to the exit status: by its confidence, unless configured otherwise.
    pub level: Level,
    /// Set aside: listed by formats for programs, never counted among the levels.
    #[serde(skip)]
    pub suppression: Option<Suppression>,
    /// One line: what is kept where.
    pub title: String,
    /// What breaks.
    pub effect: Effect,
    /// Writes and reads, sorted: writes first, then by place.
    pub accesses: Vec<Access>,
    /// Where it should live.
    pub landing: Landing,
    /// What takes its place, where an accessor of the store fits.
    pub accessor: Option<Accessor>,
    /// What to do, in a sentence or two.
    pub help: String,
    /// Nothing ever removes entries or bounds their number.
    pub unbounded: bool,
    /// Why the rule claims it, strongest first; for `-v` and JSON.
    pub reasons: Vec<String>,
    /// Identity that survives moved lines: hex, 32 digits.
    pub fingerprint: String,
}

/// Something wrong with what was said about findings: a suppression that matches nothing,
/// a stale entry of the baseline, a hint about a site that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem, as in `unused-suppression`.
    pub check: &'static str,
    /// What it does to the exit status.
    pub level: Level,
    /// Where it is said.
    pub place: Place,
    /// One line: what is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
}

/// A site that was looked at and found harmless.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fine {
    /// Where.
    pub site: SiteInfo,
    /// What it is.
    pub role: Role,
    /// Why it is harmless.
    pub reason: String,
}

/// Something that could not be read or analysed, named once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The file or folder, relative to the analysed root where it lies inside.
    pub path: String,
    /// 1-based line, where there is one.
    pub line: Option<u32>,
    /// What is wrong and what was done about it.
    pub message: String,
}
