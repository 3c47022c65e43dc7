//! Runs that survive their servers: nothing lost, nothing doubled, nothing stuck, nothing misreported.
//!
//! Thirty crashes over each store, or as many as `ENGINEHOUSE_KILLS` says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails loudly"
)]

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use enginehouse::store::LEASE;
use enginehouse_tests::{
    Parts, TestHost,
    fake_engine::{FakeEngine, Stage},
    postgres::TestPostgres,
};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use rand::Rng;
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
/// How soon after its crash the last runs of a server have ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that shows something, and what the fake engine makes of it.
fn program(outcome: &str, queue: u64, run: u64) -> String {
    format!(
        "# fake: {outcome} {queue} {run}\nfrom pyspark.sql import SparkSession\n\
         spark = SparkSession.builder.getOrCreate()\nspark.range(3).show()\n"
    )
}

fn parts(engine: &FakeEngine, postgres: Option<&TestPostgres>) -> Parts {
    Parts {
        engine: Some(engine.url.clone()),
        postgres: postgres.map(|server| server.database().unwrap()),
        ..Parts::default()
    }
}

/// What was asked of a run, by the key it was asked with.
#[derive(Debug, Clone)]
struct Asked {
    outcome: &'static str,
    run: Option<String>,
}

/// Asks for runs until it is told to stop; what no answer came to is asked again with the same key.
async fn ask(base: Arc<Mutex<String>>, asked: Arc<Mutex<BTreeMap<String, Asked>>>, stop: Arc<Mutex<bool>>) {
    let http = enginehouse_tests::client();
    let mut number = 0;
    while !*stop.lock().unwrap() {
        let outcome = ["ok", "ok", "fail", "lost", "cancel", "approve"][number % 6];
        let (queue, run) = (rand::rng().random_range(0..300), rand::rng().random_range(0..1500));
        let behaves = if matches!(outcome, "cancel" | "approve") { "ok" } else { outcome };
        let body = json!({
            "framework": "spark", "session_id": format!("session-{}", number % 40), "code": program(behaves, queue, run),
            "approval": if outcome == "approve" { "before-run" } else { "auto" },
        });
        let key = format!("key-{number}");
        asked.lock().unwrap().insert(key.clone(), Asked { outcome, run: None });
        let run = loop {
            let url = format!("{}/v1/runs", base.lock().unwrap());
            let sent = http.post(url).header("idempotency-key", &key).json(&body).send().await;
            match sent {
                Ok(answer) if answer.status() == 202 => {
                    // A server that ends in the middle of its answer has given none.
                    if let Ok(view) = answer.json::<Value>().await {
                        break view["id"].as_str().unwrap().to_owned();
                    }
                }
                Ok(answer) if answer.status() == 503 => {}
                Ok(answer) => panic!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
                Err(_) => {}
            }
            if *stop.lock().unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        asked.lock().unwrap().get_mut(&key).unwrap().run = Some(run.clone());
        if outcome == "cancel" {
            let url = format!("{}/v1/runs/{run}/cancel", base.lock().unwrap());
            let _told_again_later = http.post(url).send().await;
        }
        number += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn survives_crashes(postgres: Option<&TestPostgres>) {
    let kills: usize = std::env::var("ENGINEHOUSE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(30);
    let engine = FakeEngine::start(Duration::from_millis(20)).await.unwrap();
    let mut host = TestHost::start_with(BIN, parts(&engine, postgres)).await.unwrap();
    let base = Arc::new(Mutex::new(host.base.clone()));
    let (asked, stop) = (Arc::new(Mutex::new(BTreeMap::new())), Arc::new(Mutex::new(false)));
    let asking = tokio::spawn(ask(Arc::clone(&base), Arc::clone(&asked), Arc::clone(&stop)));
    for _ in 0..kills {
        let pause = rand::rng().random_range(20..1200);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        host = host.crash_and_restart().await.unwrap();
        *base.lock().unwrap() = host.base.clone();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    *stop.lock().unwrap() = true;
    asking.await.unwrap();
    let asked: Vec<Asked> = asked.lock().unwrap().values().filter(|asked| asked.run.is_some()).cloned().collect();
    assert!(asked.len() >= kills, "only {} runs were made", asked.len());

    // Those that wait are told to go on, all at once.
    for Asked { run, .. } in asked.iter().filter(|asked| asked.outcome == "approve") {
        let run = run.as_deref().unwrap();
        until_it_waits_or_ends(&host, run).await;
        let code = host.get(&format!("/v1/runs/{run}/code")).await.unwrap();
        let sha256 = code[0]["sha256"].clone();
        host.post(&format!("/v1/runs/{run}/approve"), json!({ "sha256": sha256 })).await.unwrap();
    }
    let mut ended = HashMap::new();
    let since = Instant::now();
    for Asked { outcome, run } in &asked {
        let run = run.as_deref().unwrap();
        loop {
            let view = host.get(&format!("/v1/runs/{run}")).await.expect("no run is lost");
            if !view["finished_at"].is_null() {
                ended.insert(run.to_owned(), (*outcome, view["state"].as_str().unwrap().to_owned()));
                break;
            }
            assert!(since.elapsed() < PATIENCE, "a run is stuck: {view}");
            if *outcome == "cancel" {
                host.post(&format!("/v1/runs/{run}/cancel"), json!({})).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    for (run, (outcome, state)) in &ended {
        let right: &[&str] = match *outcome {
            "ok" | "approve" => &["succeeded"],
            "fail" | "lost" => &["failed"],
            _ => &["cancelled", "succeeded"],
        };
        assert!(right.contains(&state.as_str()), "the run {run} was to be {outcome} and is told as {state}");
    }
    check_engine(&engine, &ended);
    println!("{kills} crashes, {} runs: none lost, doubled, stuck or misreported", ended.len());
}

async fn until_it_waits_or_ends(host: &TestHost, run: &str) {
    let since = Instant::now();
    loop {
        let view = host.get(&format!("/v1/runs/{run}")).await.expect("no run is lost");
        if view["state"] == "awaiting-approval" || !view["finished_at"].is_null() {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "a run is stuck: {view}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every run that has had to has had one program, and none runs on.
fn check_engine(engine: &FakeEngine, ended: &HashMap<String, (&str, String)>) {
    let mut programs: HashMap<String, usize> = HashMap::new();
    for (token, stage) in engine.programs() {
        let run = uuid::Uuid::parse_str(&token[1..33]).unwrap().to_string();
        let over = matches!(stage, Stage::Ended(_) | Stage::Cancelled);
        assert!(over || !ended.contains_key(&run), "the program of the run {run} goes on: {stage:?}");
        if ended.get(&run).is_some_and(|(_, state)| state == "succeeded") {
            assert!(matches!(stage, Stage::Ended(_)), "the run {run} is told as a success, its program as {stage:?}");
        }
        *programs.entry(run).or_default() += 1;
    }
    for (run, (_, state)) in ended {
        let had = programs.get(run).copied().unwrap_or_default();
        assert!(had == 1 || (had == 0 && state == "cancelled"), "the run {run}, {state}, had {had} programs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crashes_lose_nothing_over_sqlite() {
    survives_crashes(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crashes_lose_nothing_over_postgres() {
    survives_crashes(Some(&*TestPostgres::shared().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_takes_over_the_runs_of_one_that_is_gone() {
    let engine = FakeEngine::start(Duration::from_millis(5)).await.unwrap();
    let postgres = TestPostgres::shared().unwrap();
    let parts = parts(&engine, Some(&*postgres));
    let mut gone = TestHost::start_with(BIN, parts.clone()).await.unwrap();
    let other = TestHost::start_with(BIN, parts).await.unwrap();
    let mut runs = Vec::new();
    for number in 0..40 {
        let body = json!({ "framework": "spark", "code": program("ok", 0, 1000 + number * 10) });
        runs.push(gone.run(body).await.unwrap());
    }
    gone.crash().unwrap();
    let since = Instant::now();
    for run in &runs {
        loop {
            let view = other.get(&format!("/v1/runs/{run}")).await.unwrap();
            if !view["finished_at"].is_null() {
                assert_eq!(view["state"], "succeeded", "{view}");
                break;
            }
            let late = LEASE + Duration::from_secs(5);
            assert!(since.elapsed() < late, "not ended {:?} after the crash: {view}", since.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert_eq!(engine.programs().len(), runs.len(), "nothing was begun twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_disconnects_show_each_event_once_and_in_order() {
    let engine = FakeEngine::start(Duration::ZERO).await.unwrap();
    let host = TestHost::start_with(BIN, parts(&engine, None)).await.unwrap();
    let mut disconnects = 0;
    while disconnects < 1000 {
        let body = json!({ "framework": "spark", "code": program("ok", 100, 200) });
        let run = host.run(body).await.unwrap();
        let (mut seen, mut over) = (Vec::new(), false);
        while !over {
            let mut request = host.http.get(host.at(&format!("/v1/runs/{run}/events")));
            if let Some(last) = seen.last() {
                request = request.header("last-event-id", format!("{last}"));
            }
            let mut events = request.send().await.unwrap().bytes_stream().eventsource();
            // One or two events, and then the connection is gone.
            for _ in 0..rand::rng().random_range(1..3) {
                match events.next().await {
                    Some(event) => seen.push(event.unwrap().id.parse::<usize>().unwrap()),
                    None => {
                        over = true;
                        break;
                    }
                }
            }
            disconnects += usize::from(!over);
        }
        assert_eq!(seen, (1..=seen.len()).collect::<Vec<_>>());
        let view = host.get(&format!("/v1/runs/{run}")).await.unwrap();
        assert_eq!(view["state"], "succeeded");
        assert!(seen.len() >= 8, "{seen:?}");
    }
}
