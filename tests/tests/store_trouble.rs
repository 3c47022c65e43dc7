//! A store that is broken, too new, or gone for a while: a clear error, and nothing lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use enginehouse_tests::{Parts, TestHost, fake_engine::FakeEngine, postgres::TestPostgres};
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

fn program() -> String {
    "# fake: ok 200 2000\nfrom pyspark.sql import SparkSession\n\
     spark = SparkSession.builder.getOrCreate()\nspark.range(3).show()\n"
        .to_owned()
}

/// What a server says that does not start over this data folder.
fn complaint(data: &Path) -> String {
    let output = Command::new(BIN).args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).output().unwrap();
    assert!(!output.status.success(), "it started");
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("enginehouse.sqlite");
    let garbage = "this is no database ".repeat(1000);
    std::fs::write(&file, &garbage).unwrap();
    let said = complaint(folder.path());
    assert!(said.contains("enginehouse.sqlite") && said.contains("put a copy back"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), garbage);
}

#[test]
fn a_damaged_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("enginehouse.sqlite");
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.extend([0x10, 0x00, 1, 1, 0, 64, 32, 32]);
    bytes.resize(8192, 0xA5);
    std::fs::write(&file, bytes).unwrap();
    let said = complaint(folder.path());
    assert!(said.contains("enginehouse.sqlite") && said.contains("put a copy back"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_and_comes_back_costs_time_alone() {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let mut postgres = TestPostgres::start().unwrap();
    let parts = Parts { engine: Some(engine.url.clone()), postgres: Some(postgres.database().unwrap()) };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..20 {
        runs.push(host.run(json!({ "framework": "spark", "code": program() })).await.unwrap());
    }
    postgres.crash().unwrap();

    let ready = host.http.get(host.at("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let refused = host.http.post(host.at("/v1/runs")).json(&json!({ "framework": "spark", "code": program() }));
    let problem = enginehouse_tests::problem(refused.send().await.unwrap(), 503).await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("nothing is lost"), "{problem}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    postgres.restart().unwrap();

    let since = Instant::now();
    for run in &runs {
        let ended = host.ended(run).await.unwrap();
        assert_eq!(ended["state"], "succeeded", "{ended}");
    }
    assert!(since.elapsed() < Duration::from_secs(60), "it took {:?}", since.elapsed());
    assert_eq!(engine.programs().len(), runs.len(), "nothing was begun twice");
    let ready = host.http.get(host.at("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
}
