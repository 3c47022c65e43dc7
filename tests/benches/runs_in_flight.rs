//! What ten thousand runs in flight cost a server: memory, and how soon it accepts one more.
//!
//! `cargo bench -p enginehouse-tests --bench runs_in_flight` starts the real server over SQLite on an engine that runs nothing
//! ([`enginehouse_tests::fake_engine`]), prints a table and, last, one line of JSON. A step is one change of a run's state,
//! durable when it is counted.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and fails loudly"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use enginehouse_tests::{
    Parts, TestHost,
    fake_engine::{FakeEngine, Stage},
};
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const RUNS: usize = 10_000;
/// Callers that ask at once while the runs are made.
const CALLERS: usize = 16;
/// Runs that are asked for one after the other while the others go on.
const MORE: usize = 500;
/// Until the runs only go on.
const SETTLE: Duration = Duration::from_secs(20);
/// States that a run goes through until its engine has it: queued, validating, submitting, running.
const STEPS: usize = 4;

fn program(number: usize) -> String {
    format!(
        "# fake: ok 0 3600000\nfrom pyspark.sql import SparkSession\n\
         spark = SparkSession.builder.appName(\"{}\").getOrCreate()\nspark.range(3).show()\n",
        number % 100
    )
}

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let engine = FakeEngine::start(Duration::ZERO).await.unwrap();
    let parts = Parts { engine: Some(engine.url.clone()), ..Parts::default() };
    let host = Arc::new(TestHost::start_with(BIN, parts).await.unwrap());
    let idle = host.memory_kib().unwrap();

    let begun = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (host, next) = (Arc::clone(&host), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= RUNS {
                        return;
                    }
                    let session = format!("caller-{caller}");
                    let body = json!({ "framework": "spark", "session_id": session, "code": program(number) });
                    host.run(body).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let accepted = begun.elapsed();
    while engine.programs().len() < RUNS {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    while host.get("/v1/runs?state=submitting&limit=1").await.unwrap() != json!([]) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let made = begun.elapsed();
    let steps = (RUNS * STEPS) as f64 / made.as_secs_f64();
    // Each is looked at once more before it only waits.
    tokio::time::sleep(SETTLE).await;
    assert!(engine.programs().iter().all(|(_, stage)| *stage == Stage::Running));

    let mut times = Vec::with_capacity(MORE);
    for number in 0..MORE {
        let body = json!({ "framework": "spark", "code": program(number) });
        let asked = Instant::now();
        host.run(body).await.unwrap();
        times.push(asked.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times.sort_by(f64::total_cmp);
    let (median, p99) = (times[MORE / 2], times[MORE * 99 / 100]);
    let memory = host.memory_kib().unwrap();

    let mb = |kib: u64| kib as f64 / 1024.0;
    println!("runs in flight                                {RUNS:>10}");
    println!("made and handed to the engine within          {:>10.1} s", made.as_secs_f64());
    println!("  accepted within                             {:>10.1} s, {CALLERS} callers", accepted.as_secs_f64());
    println!("  durable steps a second                      {steps:>10.0}");
    println!("memory of the server                          {:>10.1} MB, {:.1} MB without runs", mb(memory), mb(idle));
    println!("one more run is accepted within, median       {median:>10.2} ms");
    println!("  and at p99                                  {p99:>10.2} ms");
    let line = json!({
        "bench": "runs_in_flight",
        "in_flight": RUNS,
        "rss_mb": (mb(memory) * 10.0).round() / 10.0,
        "idle_rss_mb": (mb(idle) * 10.0).round() / 10.0,
        "accept_p99_ms": (p99 * 100.0).round() / 100.0,
        "steps_per_second": steps.round(),
    });
    println!("{line}");
}
