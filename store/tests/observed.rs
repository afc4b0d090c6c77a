//! What can be seen from outside: spans, counters, histograms; and that no value is among it.

use std::sync::{Arc, Mutex};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde::{Deserialize, Serialize};
use stateless_store::testing::chaos::{Chaos, Faults};
use stateless_store::{Externalize, Memory, Store};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "cart:{user}")]
struct Cart {
    #[externalize(key)]
    user: String,
    items: Vec<String>,
}

/// Calls of which one fails.
async fn run(faults: Faults) {
    let store = Store::over(Chaos::before(Memory::new(), faults));
    let at = Cart::at(&store, "secret-key");
    at.load().await.unwrap();
    let value = Cart { items: vec!["secret-value".to_owned()], ..Cart::default() };
    at.insert(&value).await.unwrap();
    at.insert(&value).await.unwrap_err();
    at.update(|cart| cart.items.push("secret-value".to_owned())).await.unwrap();
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

/// Spans are for whoever listens when their place in the code is first met: a test that listens must not
/// meet another one there.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn operations_are_counted_by_accessor_and_outcome() {
    let _alone = alone();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || block_on(run(Faults::from_seed(1))));
    let mut counters = Vec::new();
    let mut histograms = 0;
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<String> =
            key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.key().name(), labels.join(" "));
        assert!(!name.contains("secret"), "{name}");
        match value {
            DebugValue::Counter(count) => counters.push(format!("{name}: {count}")),
            DebugValue::Histogram(times) => {
                assert!(name.starts_with("stateless_store_operation_seconds"), "{name}");
                histograms += times.len();
            }
            DebugValue::Gauge(_) => panic!("{name}"),
        }
    }
    counters.sort();
    let wanted = [
        "stateless_store_misses_total accessor=cart operation=load: 1",
        "stateless_store_operations_total accessor=cart operation=insert outcome=exists: 1",
        "stateless_store_operations_total accessor=cart operation=insert outcome=ok: 1",
        "stateless_store_operations_total accessor=cart operation=load outcome=ok: 1",
        "stateless_store_operations_total accessor=cart operation=update outcome=ok: 1",
        "stateless_store_round_trips_total accessor=cart operation=insert: 2",
        // The first of them prepares the place.
        "stateless_store_round_trips_total accessor=cart operation=load: 2",
        "stateless_store_round_trips_total accessor=cart operation=update: 2",
    ];
    assert_eq!(counters, wanted);
    assert_eq!(histograms, 4);
}

#[test]
fn conflicts_and_repeats_are_counted() {
    let _alone = alone();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let faults = Faults::from_seed(3).conflicts(0.9);
    metrics::with_local_recorder(&recorder, || block_on(run(faults)));
    let conflicts = snapshotter.snapshot().into_vec().into_iter().any(|(key, _, _, value)| {
        key.key().name() == "stateless_store_conflicts_total" && value != DebugValue::Counter(0)
    });
    assert!(conflicts);
}

/// Writes down spans with their fields.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("stateless_store")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut spans = self.0.lock().unwrap();
        let mut line = span.metadata().name().to_owned();
        span.record(&mut Line(&mut line));
        spans.push(line);
        Id::from_u64(spans.len() as u64)
    }
    fn record(&self, span: &Id, values: &Record<'_>) {
        let at = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Line(&mut self.0.lock().unwrap()[at]));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = String::from("event");
        event.record(&mut Line(&mut line));
        assert!(!line.contains("secret"), "{line}");
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn each_operation_has_one_span() {
    let _alone = alone();
    let spans = Spans::default();
    tracing::subscriber::with_default(spans.clone(), || block_on(run(Faults::from_seed(1))));
    let found = spans.0.lock().unwrap().clone();
    let wanted = [
        "stateless_store accessor=\"cart\" operation=\"load\" outcome=\"ok\"",
        "stateless_store accessor=\"cart\" operation=\"insert\" outcome=\"ok\"",
        "stateless_store accessor=\"cart\" operation=\"insert\" outcome=\"exists\"",
        "stateless_store accessor=\"cart\" operation=\"update\" outcome=\"ok\"",
    ];
    assert_eq!(found, wanted);
}
