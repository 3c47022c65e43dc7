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

use enginehouse_tests::{Parts, TestHost, clock::TestClock, fake_engine::FakeEngine, postgres::TestPostgres};
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
    let parts =
        Parts { engine: Some(engine.url.clone()), postgres: Some(postgres.database().unwrap()), ..Parts::default() };
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

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_loses_nothing() {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let wrapper = "bwrap --die-with-parent --dev-bind / / --size 24000000 --tmpfs {data} --";
    let parts = Parts {
        engine: Some(engine.url.clone()),
        wrapper: wrapper.split(' ').map(str::to_owned).collect(),
        ..Parts::default()
    };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    let body = json!({ "framework": "spark", "code": program() });
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(host.run(body.clone()).await.unwrap());
    }
    let filler = host.inner_data().unwrap().join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}

    // What the database had room for in its own files is used up first.
    let refused = loop {
        let answer = host.http.post(host.at("/v1/runs")).json(&body).send().await.unwrap();
        if answer.status() != 202 {
            break answer;
        }
        let made: serde_json::Value = answer.json().await.unwrap();
        runs.push(made["id"].as_str().unwrap().to_owned());
        assert!(runs.len() < 5_000, "the disk is not full");
    };
    let problem = enginehouse_tests::problem(refused, 503).await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("nothing is lost"), "{problem}");
    let unready = answers(&host, 503).await;
    assert!(unready["store"]["detail"].as_str().unwrap().contains("full"), "{unready}");

    std::fs::remove_file(&filler).unwrap();
    drop(file);
    answers(&host, 200).await;
    for run in &runs {
        assert_eq!(host.ended(run).await.unwrap()["state"], "succeeded");
    }
    assert_eq!(engine.programs().len(), runs.len(), "nothing was begun twice");
}

/// What `/readyz` says once it answers with this status.
async fn answers(host: &TestHost, status: u16) -> serde_json::Value {
    for _ in 0..300 {
        let ready = host.http.get(host.at("/readyz")).send().await.unwrap();
        if ready.status() == status {
            return ready.json().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("/readyz does not answer {status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_changes_no_limit_and_no_end() {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let clock = TestClock::new().unwrap();
    let parts = Parts { engine: Some(engine.url.clone()), environment: clock.environment(), ..Parts::default() };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    let body = json!({ "framework": "spark", "code": program(), "queue_seconds": 30, "run_seconds": 30 });
    let mut runs = Vec::new();
    for offset in ["+0", "+3d", "-3d", "+30d", "+0"] {
        clock.jump(offset).unwrap();
        runs.push(host.run(body.clone()).await.unwrap());
        tokio::time::sleep(Duration::from_millis(700)).await;
        answers(&host, 200).await;
    }
    let too_long = json!({ "framework": "spark", "code": program().replace("2000", "600000"), "run_seconds": 1 });
    let too_long = host.run(too_long).await.unwrap();
    clock.jump("-3d").unwrap();
    for run in &runs {
        let ended = host.ended(run).await.unwrap();
        assert_eq!(ended["state"], "succeeded", "{ended}");
    }
    let ended = host.ended(&too_long).await.unwrap();
    assert_eq!(ended["state"], "timed-out", "limits hold whatever the clock says: {ended}");
    assert_eq!(engine.programs().len(), runs.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_databases_clock_that_jumps_takes_no_run_from_who_lives_nor_keeps_one_from_who_takes_over() {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let clock = TestClock::new().unwrap();
    let postgres = TestPostgres::start_in(clock.environment()).unwrap();
    let parts =
        Parts { engine: Some(engine.url.clone()), postgres: Some(postgres.database().unwrap()), ..Parts::default() };
    let mut first = TestHost::start_with(BIN, parts.clone()).await.unwrap();
    let second = TestHost::start_with(BIN, parts).await.unwrap();
    let body = json!({ "framework": "spark", "code": program() });
    let mut runs = Vec::new();
    for offset in ["+0", "+3h", "-3h", "+0"] {
        clock.jump(offset).unwrap();
        for host in [&first, &second] {
            for _ in 0..3 {
                runs.push(host.run(body.clone()).await.unwrap());
            }
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    // The first one's lease is from a time that is three hours ahead from now on.
    runs.push(first.run(body.clone()).await.unwrap());
    first.crash().unwrap();
    clock.jump("-3h").unwrap();
    let since = Instant::now();
    for run in &runs {
        let ended = second.ended(run).await.unwrap();
        assert_eq!(ended["state"], "succeeded", "{ended}");
    }
    assert!(since.elapsed() < Duration::from_secs(9 + 5 + 5), "it took {:?}", since.elapsed());
    assert_eq!(engine.programs().len(), runs.len(), "nothing was begun twice");
}
