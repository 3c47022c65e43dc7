//! Candidates that are tried out beside the generation that serves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

use std::{collections::BTreeMap, time::Duration};

use enginehouse_tests::{
    Parts, TestHost,
    guests::{mark, marked},
    postgres::TestPostgres,
    problem,
};
use reqwest::{Method, Response};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

async fn host() -> TestHost {
    TestHost::start_with(BIN, Parts::default()).await.unwrap()
}

async fn try_out(host: &TestHost, wasm: Vec<u8>, terms: Value) -> Response {
    let digest = host.install(wasm).await.unwrap();
    let asked = json!({ "digest": digest, "terms": terms });
    let path = "/v1/plugins/marked/trial";
    host.as_operator(Method::POST, path).unwrap().json(&asked).send().await.unwrap()
}

async fn promote(host: &TestHost) -> Response {
    host.as_operator(Method::POST, "/v1/plugins/marked/promote").unwrap().send().await.unwrap()
}

async fn read(host: &TestHost, code: &str) -> Value {
    host.post("/v1/frameworks/marked/validate", json!({ "code": code })).await.unwrap()
}

/// How many of so many runs each generation had.
async fn runs(host: &TestHost, count: u32) -> BTreeMap<u64, u32> {
    let mut by_generation = BTreeMap::new();
    for _ in 0..count {
        let run = host.run(json!({ "framework": "marked", "code": "at once" })).await.unwrap();
        let run = host.ended(&run).await.unwrap();
        assert_eq!(run["state"], "succeeded", "{run}");
        *by_generation.entry(run["generation"].as_u64().unwrap()).or_default() += 1;
    }
    by_generation
}

/// The plugin, once something is so.
async fn once(host: &TestHost, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..100 {
        let plugin = host.plugin("marked").await.unwrap();
        if is_so(&plugin) {
            return plugin;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{}", host.plugin("marked").await.unwrap());
}

#[tokio::test]
async fn a_candidate_reads_what_the_serving_generation_reads_and_answers_nobody() {
    let host = host().await;
    problem(try_out(&host, marked(2), json!({})).await, 400).await.unwrap();
    host.swap("marked", marked(1)).await.unwrap();
    assert!(try_out(&host, marked(2), json!({})).await.status().is_success());
    for number in 0..10 {
        assert_eq!(read(&host, &format!("{number}")).await["findings"][0]["message"], mark(1));
    }
    let plugin = once(&host, |plugin| plugin["trial"]["mirrored"] == 10).await;
    let trial = &plugin["trial"];
    // Both find the same rule, each with its own mark in it.
    assert_eq!(
        (&trial["changed_findings"], &trial["changed_verdicts"], &trial["failed"]),
        (&json!(10), &json!(0), &json!(0))
    );
    assert_eq!((&plugin["generation"], &trial["generation"]), (&json!(0), &json!(1)));
    assert_eq!(runs(&host, 5).await, [(0, 5)].into(), "it has no share of the runs");
}

#[tokio::test]
async fn a_candidate_takes_its_share_of_new_runs_and_is_promoted() {
    let mut host = host().await;
    host.swap("marked", marked(1)).await.unwrap();
    assert!(try_out(&host, marked(2), json!({ "share": 50 })).await.status().is_success());
    let by_generation = runs(&host, 40).await;
    assert!((5..=35).contains(&by_generation[&1]), "{by_generation:?}");
    host = host.crash_and_restart().await.unwrap();
    assert_eq!(host.plugin("marked").await.unwrap()["trial"]["generation"], 1, "a trial goes on after a crash");
    assert_eq!(read(&host, "a").await["generation"], 0);
    assert!(promote(&host).await.status().is_success());
    assert_eq!(read(&host, "a").await["generation"], 2);
    let plugin = host.plugin("marked").await.unwrap();
    assert_eq!((&plugin["trial"], &plugin["generation"]), (&Value::Null, &json!(2)));
    assert_eq!(plugin["generations"][1]["trial_ended"], "it serves as generation 2");
    problem(promote(&host).await, 404).await.unwrap();
    host = host.crash_and_restart().await.unwrap();
    assert_eq!(read(&host, "b").await["findings"][0]["message"], mark(2), "and it serves after the next one");
}

#[tokio::test]
async fn a_trial_whose_terms_are_broken_ends_by_itself() {
    let host = host().await;
    host.swap("marked", marked(1)).await.unwrap();
    // It lets code run that the serving generation refuses.
    let lenient = enginehouse_tests::guests::lenient(2);
    assert!(try_out(&host, lenient.clone(), json!({ "share": 100, "min_calls": 5 })).await.status().is_success());
    assert_eq!(runs(&host, 2).await, [(1, 2)].into());
    for number in 0..10 {
        read(&host, &format!("bad {number}")).await;
    }
    // It takes no calls from its end on; why it ended is written next.
    let plugin = once(&host, |plugin| plugin["generations"][0]["trial_ended"].is_string()).await;
    assert_eq!(plugin["trial"], Value::Null);
    let ended = plugin["generations"][0]["trial_ended"].as_str().unwrap();
    assert!(ended.contains("verdicts changed"), "{ended}");
    assert_eq!(runs(&host, 3).await, [(0, 3)].into(), "what serves takes all runs again");

    assert!(try_out(&host, lenient, json!({ "max_changed": 1.0, "min_calls": 5 })).await.status().is_success());
    for number in 0..10 {
        read(&host, &format!("bad again {number}")).await;
    }
    once(&host, |plugin| plugin["trial"]["changed_verdicts"] == 10).await;
    host.swap("marked", marked(3)).await.unwrap();
    let plugin = host.plugin("marked").await.unwrap();
    assert_eq!((&plugin["trial"], &plugin["generation"]), (&Value::Null, &json!(3)), "another activation ends it");
    for terms in
        [json!({ "share": 101 }), json!({ "max_failures": 2.0 }), json!({ "max_slowdown": 0.5 }), json!({ "x": 1 })]
    {
        problem(try_out(&host, marked(4), terms).await, 400).await.unwrap();
    }
}

#[tokio::test]
async fn servers_that_share_a_store_follow_each_other() {
    let postgres = TestPostgres::shared().unwrap();
    let parts = Parts { postgres: Some(postgres.database().unwrap()), ..Parts::default() };
    let one = TestHost::start_with(BIN, parts.clone()).await.unwrap();
    let two = TestHost::start_with(BIN, parts).await.unwrap();
    let serves = |generation: u64| move |plugin: &Value| plugin["generation"] == generation;
    one.swap("marked", marked(1)).await.unwrap();
    once(&two, |plugin| plugin["generation"] == 0).await;
    assert_eq!(read(&two, "a").await["findings"][0]["message"], mark(1));
    assert!(try_out(&two, marked(2), json!({})).await.status().is_success());
    once(&one, |plugin| plugin["trial"]["generation"] == 1).await;
    assert!(promote(&one).await.status().is_success());
    let plugin = once(&two, serves(2)).await;
    assert_eq!(plugin["trial"], Value::Null);
    assert_eq!(read(&two, "b").await["findings"][0]["message"], mark(2));
}
