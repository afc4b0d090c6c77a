//! What every backend has to keep to, as a suite that anybody can run on theirs.
//!
//! ```
//! use stateless_store::Memory;
//! use stateless_store::testing::conformance::{Subject, check};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let memory = Memory::new();
//! let clock = memory.clone();
//! let subject = Subject::new(memory).passing_time(move |by| clock.advance(by));
//! check(&subject).await.unwrap();
//! # }
//! ```
//!
//! Each case works in a namespace of its own, so that the suite can run on a server with other
//! data. It does not test what a server does when it fails.

mod concurrent;
mod expiry;
mod keys;
mod lists;
mod random;
mod records;
mod schema;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Backend, Capabilities};
use crate::{Error, ErrorKind, Options, Store};

/// A backend to be checked.
pub struct Subject {
    backend: Arc<dyn Backend>,
    clock: Option<Box<dyn Fn(Duration) + Send + Sync>>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("backend", &self.backend).finish_non_exhaustive()
    }
}

impl Subject {
    /// A backend whose clock is the real one: waiting is done by sleeping.
    pub fn new(backend: impl Backend) -> Self {
        Self::shared(Arc::new(backend))
    }

    /// The same, of a backend that is shared already.
    pub fn shared(backend: Arc<dyn Backend>) -> Self {
        Self { backend, clock: None }
    }

    /// Puts the backend's clock forward instead of sleeping.
    pub fn passing_time(mut self, advance: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.clock = Some(Box::new(advance));
        self
    }
}

/// What one case finds to be wrong.
type Verdict = Result<(), String>;
type Running<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

struct Case {
    name: &'static str,
    needs: Capabilities,
    run: for<'a> fn(&'a Context<'a>) -> Running<'a>,
}

/// What a case works with.
struct Context<'a> {
    subject: &'a Subject,
    namespace: String,
}

impl Context<'_> {
    fn store(&self) -> Result<Store, String> {
        self.store_with(Store::options())
    }

    fn store_with(&self, options: Options) -> Result<Store, String> {
        options
            .namespace(&self.namespace)
            .with(self.subject.backend.clone())
            .map_err(|error| error.to_string())
    }

    async fn pass(&self, time: Duration) {
        match &self.subject.clock {
            Some(advance) => advance(time),
            // A little more, since a server's clock ticks in milliseconds.
            None => tokio::time::sleep(time + Duration::from_millis(5)).await,
        }
    }
}

/// Fails a case with what was found.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(format!($($what)+));
        }
    };
}
use ensure;

/// Fails a case unless two values are equal.
macro_rules! equal {
    ($found:expr, $wanted:expr, $what:expr) => {
        match (&$found, &$wanted) {
            (found, wanted) if found == wanted => {}
            (found, wanted) => {
                return Err(format!("{}: found {found:?}, wanted {wanted:?}", $what));
            }
        }
    };
}
use equal;

/// The value of a call that must not fail.
fn ok<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// A call that must fail in a certain way.
fn fails<T>(result: Result<T, Error>, wanted: &str, what: &str) -> Verdict {
    match result {
        Ok(_) => Err(format!("{what}: went through, wanted {wanted}")),
        Err(error) if error.kind().outcome() == wanted => Ok(()),
        Err(error) => Err(format!("{what}: {error}; wanted {wanted}")),
    }
}

macro_rules! cases {
    ($($needs:ident: $module:ident::$name:ident;)*) => {
        &[$(Case {
            name: stringify!($name),
            needs: $needs,
            run: |context| Box::pin($module::$name(context)),
        }),*]
    };
}

const NOTHING: Capabilities = Capabilities::ALL.without_lists().without_counters();
const LISTS: Capabilities = Capabilities::ALL.without_counters();
const COUNTERS: Capabilities = Capabilities::ALL.without_lists();

const CASES: &[Case] = cases! {
    NOTHING: records::what_is_saved_is_loaded;
    NOTHING: records::an_absent_record_is_none_or_a_default_with_its_key;
    NOTHING: records::a_stale_save_is_refused;
    NOTHING: records::only_changes_are_sent;
    NOTHING: records::a_deleted_record_stays_deleted;
    NOTHING: records::a_record_unseen_before_its_delete_stays_deleted;
    NOTHING: records::versions_go_on_after_a_delete;
    NOTHING: records::insert_creates_and_put_overwrites;
    NOTHING: records::a_field_can_be_written_alone;
    NOTHING: records::take_hands_out_the_record;
    NOTHING: records::an_optional_field_can_go;
    NOTHING: records::bulk_loads_keep_the_order;
    NOTHING: records::a_record_over_the_limit_is_not_sent;
    NOTHING: records::an_update_can_decide_against_it;
    COUNTERS: records::counters_never_conflict;
    COUNTERS: records::counters_stay_in_their_range;
    COUNTERS: records::save_never_overwrites_counters;
    NOTHING: random::random_writes_do_what_they_do_in_memory;
    NOTHING: concurrent::no_update_is_lost;
    NOTHING: concurrent::a_delete_ends_what_is_under_way;
    NOTHING: concurrent::one_of_many_takes;
    NOTHING: concurrent::one_of_many_inserts;
    NOTHING: concurrent::one_of_many_saves;
    COUNTERS: concurrent::no_count_is_lost;
    NOTHING: concurrent::bulk_loads_that_touch_do_not_block_each_other;
    NOTHING: expiry::an_expired_record_is_absent_at_once;
    NOTHING: expiry::a_fixed_lifetime_is_not_renewed;
    NOTHING: expiry::a_lifetime_is_renewed_by_writes;
    NOTHING: expiry::a_lifetime_is_renewed_by_reads;
    NOTHING: expiry::a_record_without_lifetime_stays;
    NOTHING: expiry::a_late_save_of_an_expired_record_is_refused;
    NOTHING: expiry::a_tombstone_ends;
    NOTHING: schema::older_records_are_migrated;
    NOTHING: schema::a_field_write_migrates_first;
    NOTHING: schema::newer_fields_survive_an_older_binary;
    NOTHING: schema::a_newer_schema_is_an_error;
    NOTHING: schema::an_undecodable_record_is_an_error_or_a_miss;
    NOTHING: schema::a_failing_migration_is_an_error;
    NOTHING: schema::two_types_cannot_share_a_key;
    NOTHING: keys::no_two_keys_are_one;
    NOTHING: keys::hostile_keys_work;
    NOTHING: keys::namespaces_are_apart;
    LISTS: lists::records_are_listed_by_field;
    LISTS: lists::pages_show_each_record_once;
    LISTS: lists::pages_during_writes_show_what_stays;
    LISTS: lists::a_change_moves_a_record;
    LISTS: lists::what_is_gone_is_not_listed;
    LISTS: lists::an_index_that_came_later_is_filled_by_writes;
    LISTS: lists::hostile_index_values_work;
    LISTS: lists::one_bad_record_does_not_hide_the_others;
};

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Cases that passed.
    pub passed: Vec<&'static str>,
    /// Cases that need what the backend says it cannot do.
    pub left_out: Vec<&'static str>,
}

/// Cases that failed, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct Failures(Vec<(&'static str, String)>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} case(s) failed", self.0.len())?;
        for (name, reason) in &self.0 {
            writeln!(f, "  {name}: {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failures {}

/// Runs all cases.
pub async fn check(subject: &Subject) -> Result<Report, Failures> {
    let can = subject.backend.capabilities();
    let run = format!("{:x}", fastrand::u64(..));
    let mut report = Report::default();
    let mut failures = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        if (case.needs.lists && !can.lists) || (case.needs.counters && !can.counters) {
            report.left_out.push(case.name);
            continue;
        }
        let context = Context { subject, namespace: format!("c{number}_{run}") };
        match (case.run)(&context).await {
            Ok(()) => report.passed.push(case.name),
            Err(reason) => failures.push((case.name, reason)),
        }
    }
    if failures.is_empty() { Ok(report) } else { Err(Failures(failures)) }
}

/// The kind of an error, for cases that look closer.
fn kind<T: fmt::Debug>(result: Result<T, Error>) -> Result<ErrorKind, String> {
    match result {
        Ok(value) => Err(format!("went through: {value:?}")),
        Err(error) => Ok(error.kind().clone()),
    }
}
