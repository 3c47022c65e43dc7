//! What a program prints reaches its caller while it runs, once and whole, and a program that falls silent is ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::time::Duration;

use enginehouse_tests::{
    Parts, TestHost,
    fake_engine::{FakeEngine, Stage},
};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

async fn house() -> (FakeEngine, TestHost) {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let parts = Parts { engine: Some(engine.url.clone()), ..Parts::default() };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    (engine, host)
}

fn program(fake: &str) -> Value {
    let code = format!(
        "# fake: {fake}\nfrom pyspark.sql import SparkSession\n\
         spark = SparkSession.builder.getOrCreate()\nspark.range(3).show()\n"
    );
    json!({ "framework": "spark", "code": code })
}

/// The log from a byte on, with where it goes on and whether it has ended.
async fn read(host: &TestHost, run: &str, from: u64) -> (String, u64, bool) {
    let page = host.get(&format!("/v1/runs/{run}/log?from={from}")).await.unwrap();
    assert_eq!(page["dropped"], 0);
    (page["text"].as_str().unwrap().to_owned(), page["next"].as_u64().unwrap(), page["end"].as_bool().unwrap())
}

async fn read_to_the_end(host: &TestHost, run: &str) -> String {
    let (mut text, mut from) = (String::new(), 0);
    loop {
        let (piece, next, end) = read(host, run, from).await;
        text.push_str(&piece);
        if end {
            return text;
        }
        if piece.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        from = next;
    }
}

fn lines(count: usize) -> String {
    (1..=count).map(|number| format!("line {number}\n")).collect()
}

#[tokio::test]
async fn a_log_is_read_while_its_program_runs_and_when_its_engine_is_gone() {
    let (engine, host) = house().await;
    let run = host.run(program("ok 0 4000 100")).await.unwrap();
    let early = loop {
        let (text, _, end) = read(&host, &run, 0).await;
        assert!(!end);
        if !text.is_empty() {
            break text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(lines(40).starts_with(&early) && early.len() < lines(40).len(), "{early}");
    assert_eq!(read_to_the_end(&host, &run).await, lines(40));
    assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");
    drop(engine);
    let host = host.crash_and_restart().await.unwrap();
    assert_eq!(read_to_the_end(&host, &run).await, lines(40));
}

#[tokio::test]
async fn a_server_that_dies_while_it_follows_loses_no_line_and_doubles_none() {
    let (_engine, mut host) = house().await;
    let run = host.run(program("ok 0 6000 20")).await.unwrap();
    for _ in 0..3 {
        while read(&host, &run, 0).await.0.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        host = host.crash_and_restart().await.unwrap();
    }
    assert_eq!(read_to_the_end(&host, &run).await, lines(300));
    assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");
}

#[tokio::test]
async fn the_last_words_of_a_program_that_fails_are_kept() {
    let (_engine, host) = house().await;
    for fake in ["fail 0 1000 300e", "fail 0 1000 300", "lost 0 1000 300", "lost 0 1000 300e"] {
        let run = host.run(program(fake)).await.unwrap();
        assert_eq!(host.ended(&run).await.unwrap()["state"], "failed");
        assert_eq!(read_to_the_end(&host, &run).await, lines(3), "{fake}");
    }
}

#[tokio::test]
async fn a_program_that_falls_silent_is_ended_and_one_that_prints_goes_on() {
    let (engine, host) = house().await;
    let limited = |fake| {
        let mut body = program(fake);
        body["idle_seconds"] = json!(2);
        body
    };
    let silent = host.run(limited("ok 0 600000")).await.unwrap();
    let printing = host.run(limited("ok 0 7000 500")).await.unwrap();
    let warning = host.run(limited("ok 0 7000 500e")).await.unwrap();
    let view = host.ended(&silent).await.unwrap();
    assert_eq!(view["state"], "timed-out", "{view}");
    assert!(view["problem"]["detail"].as_str().unwrap().contains("idle_seconds"), "{view}");
    assert_eq!(engine.programs().iter().filter(|(_, stage)| *stage == Stage::Cancelled).count(), 1);
    for run in [printing, warning] {
        assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");
        assert_eq!(read_to_the_end(&host, &run).await, lines(14));
    }
    let mut wrong = program("ok 0 0");
    wrong["idle_seconds"] = json!(0);
    host.refused("/v1/runs", wrong, 400).await.unwrap();
}
