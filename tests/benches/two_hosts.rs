//! What a second server on the same PostgreSQL adds: steps a second of one, then of two.
//!
//! `cargo bench -p enginehouse-tests --bench two_hosts` prints a table and, last, one line of JSON. The engine takes its time
//! for each call, as engines over a network do, so that a server is bounded by the steps that it takes at once and not by this
//! machine's cores, which both share.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and fails loudly"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use enginehouse_tests::{Parts, TestHost, fake_engine::FakeEngine, postgres::TestPostgres};
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const RUNS: usize = 400;
const LATENCY: Duration = Duration::from_millis(400);
/// States that a run goes through: queued, validating, submitting, running, collecting, succeeded.
const STEPS: usize = 6;
const CODE: &str = "# fake: ok 0 0\nfrom pyspark.sql import SparkSession\n\
                    spark = SparkSession.builder.getOrCreate()\nspark.range(3).show()\n";

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    threads.block_on(async {
        let (one, two) = (steps_per_second(1).await, steps_per_second(2).await);
        println!("durable steps a second, one server            {one:>8.1}");
        println!("durable steps a second, two servers           {two:>8.1}   {:.2} × one", two / one);
        let round = |figure: f64| (figure * 100.0).round() / 100.0;
        let line = json!({
            "bench": "two_hosts",
            "one_steps_per_second": round(one),
            "two_steps_per_second": round(two),
            "ratio": round(two / one),
        });
        println!("{line}");
    });
}

async fn steps_per_second(hosts: usize) -> f64 {
    let engine = FakeEngine::start(LATENCY).await.unwrap();
    let postgres = TestPostgres::start().unwrap();
    let parts =
        Parts { engine: Some(engine.url.clone()), postgres: Some(postgres.database().unwrap()), ..Parts::default() };
    let mut started = Vec::new();
    for _ in 0..hosts {
        started.push(Arc::new(TestHost::start_with(BIN, parts.clone()).await.unwrap()));
    }
    let begun = Instant::now();
    let asked: Vec<_> = (0..RUNS)
        .map(|number| {
            let host = Arc::clone(&started[number % hosts]);
            tokio::spawn(async move { host.run(json!({ "framework": "spark", "code": CODE })).await.unwrap() })
        })
        .collect();
    for asked in asked {
        let run = asked.await.unwrap();
        assert_eq!(started[0].ended(&run).await.unwrap()["state"], "succeeded");
    }
    (RUNS * STEPS) as f64 / begun.elapsed().as_secs_f64()
}
