//! Takes the time of two sides in turn.

use std::future::Future;
use std::time::{Duration, Instant};

/// Rounds of each side, and calls in a round.
const ROUNDS: usize = 40;
const CALLS: usize = 250;
/// Tasks at the same time, and calls of each.
const TASKS: usize = 64;
const EACH: usize = 40;

/// What one side achieved: the median of its rounds.
#[derive(Clone, Copy)]
pub struct Side {
    /// Half of the calls were quicker.
    pub p50: Duration,
    /// 99 of 100 calls were quicker.
    pub p99: Duration,
    /// Calls a second with many tasks.
    pub throughput: f64,
}

pub trait Call: Fn(usize) -> Self::Running + Clone + Send + 'static {
    type Running: Future<Output = ()> + Send;
}

impl<F, R> Call for F
where
    F: Fn(usize) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send,
{
    type Running = R;
}

/// Measures two sides in turn. A call gets a number: that of the record to use.
pub async fn pair(one: impl Call, other: impl Call) -> (Side, Side) {
    let mut sides = [Times::default(), Times::default()];
    // Warm: connections, scripts, prepared statements.
    for i in 0..50 {
        one(i % TASKS).await;
        other(i % TASKS).await;
    }
    crowd(&one).await;
    crowd(&other).await;
    for round in 0..ROUNDS {
        // Neither side is always the first.
        for side in [round % 2, 1 - round % 2] {
            match side {
                0 => sides[0].add(&one).await,
                _ => sides[1].add(&other).await,
            }
        }
    }
    (sides[0].side(), sides[1].side())
}

#[derive(Default)]
struct Times {
    p50: Vec<Duration>,
    p99: Vec<Duration>,
    throughput: Vec<f64>,
}

impl Times {
    async fn add(&mut self, call: &impl Call) {
        let mut times = Vec::with_capacity(CALLS);
        for i in 0..CALLS {
            let start = Instant::now();
            call(i % TASKS).await;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        self.p50.push(times[CALLS / 2]);
        self.p99.push(times[CALLS * 99 / 100]);
        self.throughput.push(crowd(call).await);
    }

    fn side(&mut self) -> Side {
        self.p50.sort_unstable();
        self.p99.sort_unstable();
        self.throughput.sort_by(f64::total_cmp);
        Side {
            p50: self.p50[self.p50.len() / 2],
            p99: self.p99[self.p99.len() / 2],
            throughput: self.throughput[self.throughput.len() / 2],
        }
    }
}

/// Calls a second of many tasks, each on a record of its own.
async fn crowd(call: &impl Call) -> f64 {
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let call = call.clone();
            tokio::spawn(async move {
                for _ in 0..EACH {
                    call(task).await;
                }
            })
        })
        .collect();
    for task in tasks {
        // A call that fails panics, and the figures would mean nothing.
        task.await.expect("a call failed");
    }
    (TASKS * EACH) as f64 / start.elapsed().as_secs_f64()
}

/// Begins a table.
pub fn heading(title: &str, one: &str, other: &str) {
    println!("\n### {title}\n");
    println!(
        "| call | {one}, p50 | {other}, p50 | p50, ratio | p99, ratio | {one}, 64 tasks | {other}, 64 tasks | throughput, ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
}

/// A line of a table: ours, theirs, and ours to theirs.
pub fn line(call: &str, (ours, theirs): (Side, Side)) {
    let micros = |time: Duration| format!("{:.0} µs", time.as_secs_f64() * 1e6);
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!(
        "| {call} | {} | {} | {:.2} | {:.2} | {:.0}/s | {:.0}/s | {:.2} |",
        micros(ours.p50),
        micros(theirs.p50),
        ratio(ours.p50, theirs.p50),
        ratio(ours.p99, theirs.p99),
        ours.throughput,
        theirs.throughput,
        ours.throughput / theirs.throughput,
    );
}
