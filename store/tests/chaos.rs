//! Services on a bad day, and instances that share nothing but the store.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use stateless_store::testing::chaos::{Chaos, Faults};
use stateless_store::testing::instances::Instances;
use stateless_store::{ErrorKind, Memory, StateCounter, StateMap, Store};

fn store(faults: Faults) -> (Memory, Store) {
    let memory = Memory::new();
    (memory.clone(), Store::over(Chaos::before(memory, faults)))
}

#[tokio::test(start_paused = true)]
async fn conflicts_and_delays_lose_nothing() {
    let faults = Faults::from_seed(1).conflicts(0.5).delays(Duration::from_millis(20));
    let (_, store) = store(faults);
    let map: StateMap<u8, u32> = StateMap::new(&store, "n:{}");
    map.insert(&1, &0).await.unwrap();
    for _ in 0..100 {
        map.update(&1, |n| *n += 1).await.unwrap();
    }
    assert_eq!(map.get(&1).await.unwrap(), Some(100));
}

/// A broken connection is an error that says so; reads are repeated, writes are not.
#[tokio::test(start_paused = true)]
async fn lost_answers_are_honest() {
    let (memory, chaotic) = store(Faults::from_seed(2).lost_answers(0.3));
    let counter: StateCounter<u64> = StateCounter::new(&chaotic, "n");
    let (mut sure, mut unsure) = (0, 0);
    for _ in 0..200 {
        match counter.add(1).await {
            Ok(_) => sure += 1,
            Err(error) => {
                assert!(error.may_have_happened(), "{error}");
                unsure += 1;
            }
        }
    }
    assert!(sure > 100 && unsure > 30, "{sure} {unsure}");
    let steady = Store::over(memory);
    let counted = StateCounter::<u64>::new(&steady, "n").get().await.unwrap();
    assert_eq!(counted, sure + unsure, "an answer was lost, not a count");
    let mut failed = 0;
    for _ in 0..200 {
        failed += u32::from(counter.get().await.is_err());
    }
    assert!(failed < 20, "reads are repeated: {failed} failed");
}

#[tokio::test(start_paused = true)]
async fn lost_requests_change_nothing() {
    let (memory, chaotic) = store(Faults::from_seed(3).lost_requests(0.3));
    let counter: StateCounter<u64> = StateCounter::new(&chaotic, "n");
    let mut sure = 0;
    for _ in 0..200 {
        sure += u64::from(counter.add(1).await.is_ok());
    }
    let steady = Store::over(memory);
    assert_eq!(StateCounter::<u64>::new(&steady, "n").get().await.unwrap(), sure);
    assert!(sure < 200);
}

#[tokio::test]
async fn evictions_are_absent_records() {
    let (_, store) = store(Faults::from_seed(4).evictions(0.5));
    let map: StateMap<u32, u32> = StateMap::new(&store, "n:{}");
    let mut gone = 0;
    for key in 0..50 {
        map.insert(&key, &1).await.unwrap();
        match map.update(&key, |n| *n += 1).await {
            Ok(()) => {}
            Err(error) if error.is_absent() => gone += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!((10..50).contains(&gone), "{gone}");
}

#[tokio::test]
async fn a_run_can_be_repeated() {
    let faults = Faults::from_seed(5).lost_requests(0.5);
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (_, store) = store(faults);
        let counter: StateCounter<u64> = StateCounter::new(&store, "n");
        let mut outcomes = Vec::new();
        for _ in 0..50 {
            outcomes.push(counter.add(1).await.is_ok());
        }
        runs.push(outcomes);
    }
    assert_eq!(runs[0], runs[1]);
}

/// A service that signs in: once with its own map, once with the store's.
struct Service {
    own: Mutex<HashMap<String, String>>,
    shared: StateMap<String, String>,
}

impl Service {
    fn new(store: Store) -> Self {
        Self { own: Mutex::default(), shared: StateMap::new(&store, "session:{}") }
    }
}

#[tokio::test]
async fn two_instances_show_what_is_not_shared() {
    let mut service = Instances::in_memory(2, Service::new);
    let first = service.next();
    first.own.lock().unwrap().insert("t".to_owned(), "anna".to_owned());
    first.shared.insert("t", &"anna".to_owned()).await.unwrap();
    let second = service.next();
    assert_eq!(second.own.lock().unwrap().get("t"), None, "state of its own");
    assert_eq!(second.shared.get("t").await.unwrap().as_deref(), Some("anna"));
    service.restart();
    assert!(service.all().iter().all(|service| service.own.lock().unwrap().is_empty()));
    assert_eq!(service.next().shared.get("t").await.unwrap().as_deref(), Some("anna"));
}

/// An update under a conflict at every attempt ends, and says how often it tried.
#[tokio::test(start_paused = true)]
async fn an_update_is_bounded() {
    let memory = Memory::new();
    let chaos = Chaos::before(memory, Faults::from_seed(6).conflicts(1.0));
    let store = Store::options().update_attempts(5).with(std::sync::Arc::new(chaos)).unwrap();
    let map: StateMap<u8, u32> = StateMap::new(&store, "n:{}");
    map.insert(&1, &0).await.unwrap();
    let error = map.update(&1, |n| *n += 1).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Conflict { attempts: 5 });
    assert_eq!(map.get(&1).await.unwrap(), Some(0));
}
