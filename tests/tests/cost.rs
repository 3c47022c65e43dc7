//! What runs cost: told before and after, and held to caps before anything is submitted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::time::Duration;

use enginehouse_tests::{Parts, TestHost, fake_engine::FakeEngine, guests};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const PRICES: &str = "[frameworks.spark.prices.local]\nvcpu-hour = 0.5\n";

/// A server whose plugin takes what a run uses from its prompt: expected and billed vCPU hours.
async fn house(config: &str) -> (FakeEngine, TestHost) {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let parts = Parts {
        engine: Some(engine.url.clone()),
        config: format!("{config}\n{PRICES}"),
        environment: vec![(guests::VARIABLE, guests::METERED.to_owned())],
        ..Parts::default()
    };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    (engine, host)
}

/// Where a refused run would have written to.
const OUTPUT: &str = "s3://results/mine/";

async fn ended(host: &TestHost, usage: &str) -> Value {
    let run = host.run(json!({ "framework": "spark", "prompt": usage, "code": "# fake: ok 0 0\n" })).await.unwrap();
    host.ended(&run).await.unwrap()
}

#[tokio::test]
async fn a_run_says_what_it_will_cost_and_what_it_did() {
    let (engine, host) = house("").await;
    let view = ended(&host, "4 5").await;
    assert_eq!((&view["state"], &view["cost"]), (&json!("succeeded"), &json!({ "expected": 2.0, "billed": 2.5 })));
    let unknown = ended(&host, "? ?").await;
    assert_eq!((&unknown["state"], &unknown["cost"]), (&json!("succeeded"), &Value::Null));

    let body = json!({ "framework": "spark", "prompt": "4 5", "code": "# fake: ok 0 0\n", "dry_run": true });
    let tried = host.ended(&host.run(body).await.unwrap()).await.unwrap();
    assert_eq!(tried["cost"], json!({ "expected": 2.0, "billed": null }));
    assert_eq!(engine.programs().len(), 2);
}

#[tokio::test]
async fn a_run_that_costs_too_much_is_refused_before_it_is_submitted() {
    let (engine, host) = house("[cost]\nper-run = 2.0").await;
    let refused = ended(&host, "4.1 0").await;
    assert_eq!((&refused["state"], &refused["problem"]["kind"]), (&json!("rejected"), &json!("over-budget")));
    assert!(refused["problem"]["detail"].as_str().unwrap().contains("cost.per-run"), "{refused}");
    let unknown = ended(&host, "? 0").await;
    assert_eq!(unknown["problem"]["kind"], "over-budget", "what nobody knows cannot be held to a cap");
    assert_eq!(engine.programs(), []);
    assert_eq!(ended(&host, "4 0").await["state"], "succeeded");
}

#[tokio::test]
async fn a_day_has_a_cap_that_holds_over_a_restart() {
    let (engine, host) = house("[cost]\nper-day = 5.0").await;
    assert_eq!(ended(&host, "4 8").await["cost"]["billed"], 4.0);
    let host = host.crash_and_restart().await.unwrap();
    let refused = ended(&host, "4 4").await;
    assert_eq!((&refused["state"], &refused["problem"]["kind"]), (&json!("rejected"), &json!("over-budget")));
    assert!(refused["problem"]["detail"].as_str().unwrap().contains("cost.per-day"), "{refused}");
    host.put_object("results", "mine/old.csv", "a\n1\n").await.unwrap();
    let body = json!({
        "framework": "spark", "prompt": "4 4", "code": "# fake: ok 0 0\n", "output": OUTPUT, "overwrite": true
    });
    let refused = host.ended(&host.run(body).await.unwrap()).await.unwrap();
    assert_eq!(refused["problem"]["kind"], "over-budget");
    let old = host.http.get(host.at("/v1/objects/results/mine/old.csv")).send().await.unwrap();
    assert_eq!(old.status(), 200, "what a refused run would have replaced is still there");
    assert_eq!(ended(&host, "2 2").await["state"], "succeeded");
    assert_eq!(engine.programs().len(), 2);
}
