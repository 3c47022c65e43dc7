//! Runs as rows: journal, cancel, restart, sessions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use enginehouse_tests::TestHost;
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const CSV: &str = "id,region,amount\n1,West,2\n2,East,3\n3,West,5\n";

/// A program that reads its source, then sleeps, then writes.
fn slow(uri: &str, seconds: u32) -> String {
    format!(
        "import os, time\nfrom pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n\
         df = spark.read.option('header', True).csv({uri:?})\nprint('awake', flush=True)\ntime.sleep({seconds})\n\
         df.write.mode('overwrite').parquet(os.environ['OUTPUT_PATH'])\n"
    )
}

async fn events(host: &TestHost, run: &str, after: Option<&str>) -> Vec<(String, String, Value)> {
    let mut request = host.http.get(host.at(&format!("/v1/runs/{run}/events")));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let mut stream = request.send().await.unwrap().bytes_stream().eventsource();
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        events.push((event.id, event.event, serde_json::from_str(&event.data).unwrap()));
    }
    events
}

#[tokio::test]
async fn the_journal_tells_every_state_and_resumes_without_gap_or_repeat() {
    let host = TestHost::start(BIN).await.unwrap();
    host.upload("me", "x.csv", CSV).await.unwrap();
    let run = host.run(json!({ "framework": "spark", "session_id": "me", "prompt": "count rows" })).await.unwrap();
    let live = events(&host, &run, None).await;
    let states: Vec<_> = live
        .iter()
        .filter(|(_, kind, _)| kind == "state")
        .map(|(_, _, entry)| entry["data"]["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        states,
        ["queued", "generating", "validating", "submitting", "running", "collecting", "succeeded"],
        "{live:?}"
    );
    let ids: Vec<u64> = live.iter().map(|(id, ..)| id.parse().unwrap()).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());

    let rest = events(&host, &run, Some("3")).await;
    assert_eq!(rest, live[3..]);
}

#[tokio::test]
async fn a_run_survives_twenty_crashes_of_the_server() {
    let mut host = TestHost::start(BIN).await.unwrap();
    let upload = host.upload("me", "x.csv", CSV).await.unwrap();
    let code = slow(upload["uri"].as_str().unwrap(), 20);
    let run = host.run(json!({ "framework": "spark", "session_id": "me", "code": code })).await.unwrap();
    for _ in 0..20 {
        let pause = rand::random_range(0..1500);
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        host = host.crash_and_restart().await.unwrap();
    }
    let ended = host.ended(&run).await.unwrap();
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let table = host.get(&format!("/v1/runs/{run}/results")).await.unwrap();
    assert_eq!(table["rows"].as_array().unwrap().len(), 3, "{table}");
    let log = host.get(&format!("/v1/runs/{run}/log")).await.unwrap();
    assert_eq!(log["text"].as_str().unwrap().matches("awake").count(), 1, "it ran once: {log}");

    let left = async || host.get(&format!("/v1/objects?prefix=s3://enginehouse/runs/{run}/")).await.unwrap();
    assert_ne!(left().await["objects"], json!([]));
    let deleted = host.http.delete(host.at(&format!("/v1/runs/{run}"))).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(left().await["objects"], json!([]), "its objects went with it");
    let programs = enginehouse_tests::files(&host.data().join("processes"));
    let of_the_run = format!("r{}", run.replace('-', ""));
    let kept: Vec<_> = programs.iter().filter(|file| file.to_string_lossy().contains(&of_the_run)).collect();
    assert!(kept.is_empty(), "what its programs left went with it: {kept:?}");
}

#[tokio::test]
async fn a_cancelled_run_ends_and_leaves_nothing() {
    let host = TestHost::start(BIN).await.unwrap();
    let upload = host.upload("me", "x.csv", CSV).await.unwrap();
    let code = slow(upload["uri"].as_str().unwrap(), 600);
    let run = host.run(json!({ "framework": "spark", "session_id": "me", "code": code })).await.unwrap();
    while host.get(&format!("/v1/runs/{run}")).await.unwrap()["state"] != "running" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    host.post(&format!("/v1/runs/{run}/cancel"), json!({})).await.unwrap();
    let ended = host.ended(&run).await.unwrap();
    assert_eq!(ended["state"], "cancelled", "{ended}");
    let left = host.get(&format!("/v1/objects?prefix=s3://enginehouse/runs/{run}/")).await.unwrap();
    assert_eq!(left["objects"], json!([]));
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_ended() {
    let host = TestHost::start(BIN).await.unwrap();
    let upload = host.upload("me", "x.csv", CSV).await.unwrap();
    let code = slow(upload["uri"].as_str().unwrap(), 600);
    let request = json!({ "framework": "spark", "session_id": "me", "code": code, "timeout_seconds": 15 });
    let run = host.run(request).await.unwrap();
    let ended = host.ended(&run).await.unwrap();
    assert_eq!(ended["state"], "timed-out", "{ended}");
}

#[tokio::test]
async fn the_same_key_makes_one_run() {
    let host = TestHost::start(BIN).await.unwrap();
    host.upload("me", "x.csv", CSV).await.unwrap();
    let send = async |prompt: &str| {
        let body = json!({ "framework": "spark", "session_id": "me", "prompt": prompt, "generate_only": true });
        host.http.post(host.at("/v1/runs")).header("idempotency-key", "k1").json(&body).send().await.unwrap()
    };
    let first: Value = send("count rows").await.json().await.unwrap();
    let second: Value = send("count rows").await.json().await.unwrap();
    assert_eq!(first["id"], second["id"]);
    enginehouse_tests::problem(send("total amount").await, 409).await.unwrap();
}

#[tokio::test]
async fn an_output_of_the_callers_own_is_never_overwritten_unasked() {
    let host = TestHost::start(BIN).await.unwrap();
    host.upload("me", "x.csv", CSV).await.unwrap();
    let request = json!({
        "framework": "spark", "session_id": "me", "prompt": "count rows", "output": "s3://mine/results"
    });
    let run = host.run(request.clone()).await.unwrap();
    assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");
    let there = host.get("/v1/objects?prefix=s3://mine/results/").await.unwrap();
    assert!(!there["objects"].as_array().unwrap().is_empty());

    host.refused("/v1/runs", request.clone(), 409).await.unwrap();
    let mut again = request;
    again["overwrite"] = json!(true);
    let run = host.run(again).await.unwrap();
    assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");

    host.http.delete(host.at(&format!("/v1/runs/{run}"))).send().await.unwrap();
    let there = host.get("/v1/objects?prefix=s3://mine/results/").await.unwrap();
    assert!(!there["objects"].as_array().unwrap().is_empty(), "a caller's own prefix stays");
}

#[tokio::test]
async fn sources_persist_until_changed_and_history_stays() {
    let host = TestHost::start(BIN).await.unwrap();
    let upload = host.upload("me", "x.csv", CSV).await.unwrap();
    let generate = async || {
        host.post("/v1/frameworks/spark/generate", json!({ "session_id": "me", "prompt": "count rows" })).await
    };
    let first = generate().await.unwrap();
    assert!(first["code"].as_str().unwrap().contains(upload["uri"].as_str().unwrap()));
    assert_eq!(generate().await.unwrap()["code"], first["code"]);

    host.post("/sessions/me/reset", json!({})).await.unwrap();
    let session = host.get("/v1/sessions/me").await.unwrap();
    assert_eq!(session["sources"], json!([]));
    assert_eq!(session["runs"].as_array().unwrap().len(), 2);
    assert!(generate().await.is_err(), "there is nothing to count any more");
}
