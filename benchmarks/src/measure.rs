//! Takes the time of two sides in turn.

use std::future::Future;
use std::time::{Duration, Instant};

/// Rounds of each side, fewer where they take longer than this together, and calls in a round.
const ROUNDS: usize = 40;
const LEAST_ROUNDS: usize = 8;
const LONGEST: Duration = Duration::from_secs(25);
const CALLS: usize = 250;
/// Tasks at the same time, and calls of each.
const TASKS: usize = 64;
const EACH: usize = 40;

/// What came of all rounds.
pub struct Rounds {
    sides: [Times; 2],
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
pub async fn pair(one: impl Call, other: impl Call) -> Rounds {
    let mut sides = [Times::default(), Times::default()];
    // Warm: connections, scripts, prepared statements.
    for i in 0..50 {
        one(i % TASKS).await;
        other(i % TASKS).await;
    }
    crowd(&one).await;
    crowd(&other).await;
    let start = Instant::now();
    // Two rounds at a time, one in each order.
    for round in 0..ROUNDS {
        if round % 2 == 0 && round >= LEAST_ROUNDS && start.elapsed() > LONGEST {
            break;
        }
        for side in [round % 2, 1 - round % 2] {
            match side {
                0 => sides[0].add(&one).await,
                _ => sides[1].add(&other).await,
            }
        }
    }
    Rounds { sides }
}

/// A figure for each round, in the order of the rounds.
#[derive(Default)]
struct Times {
    /// Half of the calls were quicker, in seconds.
    p50: Vec<f64>,
    /// 99 of 100 calls were quicker, in seconds.
    p99: Vec<f64>,
    /// Calls a second with many tasks.
    throughput: Vec<f64>,
}

impl Times {
    async fn add(&mut self, call: &impl Call) {
        let one = call.clone();
        // In a task of its own, as a handler runs.
        let times = tokio::spawn(async move {
            let mut times = Vec::with_capacity(CALLS);
            for i in 0..CALLS {
                let start = Instant::now();
                one(i % TASKS).await;
                times.push(start.elapsed().as_secs_f64());
            }
            times.sort_unstable_by(f64::total_cmp);
            times
        });
        let times = times.await.expect("a call failed");
        self.p50.push(times[CALLS / 2]);
        self.p99.push(times[CALLS * 99 / 100]);
        self.throughput.push(crowd(call).await);
    }
}

/// The figure that a share of them is below.
fn quantile(figures: &[f64], share: f64) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_unstable_by(f64::total_cmp);
    figures[((figures.len() - 1) as f64 * share).round() as usize]
}

/// The ratio of each round: its median, and where the middle half of the rounds lies.
fn ratio(ours: &[f64], theirs: &[f64]) -> String {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    let [low, middle, high] = [0.25, 0.5, 0.75].map(|share| quantile(&ratios, share));
    format!("{middle:.2} ({low:.2} to {high:.2})")
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
pub fn line(call: &str, rounds: Rounds) {
    let [ours, theirs] = &rounds.sides;
    let micros = |times: &Times| format!("{:.0} µs", quantile(&times.p50, 0.5) * 1e6);
    println!(
        "| {call} | {} | {} | {} | {} | {:.0}/s | {:.0}/s | {} |",
        micros(ours),
        micros(theirs),
        ratio(&ours.p50, &theirs.p50),
        ratio(&ours.p99, &theirs.p99),
        quantile(&ours.throughput, 0.5),
        quantile(&theirs.throughput, 0.5),
        ratio(&ours.throughput, &theirs.throughput),
    );
}
