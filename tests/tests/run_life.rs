//! The life of a run on an engine that does as it is told: approval, trying out, limits, mending.
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
    fake_engine::{FakeEngine, Outcome, Stage},
};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

async fn house() -> (FakeEngine, TestHost) {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let parts = Parts { engine: Some(engine.url.clone()), ..Parts::default() };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    (engine, host)
}

fn program(fake: &str) -> String {
    format!(
        "# fake: {fake}\nfrom pyspark.sql import SparkSession\n\
         spark = SparkSession.builder.getOrCreate()\nspark.range(3).show()\n"
    )
}

async fn until(host: &TestHost, run: &str, state: &str) -> Value {
    for _ in 0..400 {
        let view = host.get(&format!("/v1/runs/{run}")).await.unwrap();
        if view["state"] == state {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the run {run} does not become {state}");
}

fn stages(engine: &FakeEngine) -> Vec<Stage> {
    engine.programs().into_iter().map(|(_, stage)| stage).collect()
}

#[tokio::test]
async fn code_waits_for_its_approval_and_runs_as_it_was_approved() {
    let (engine, host) = house().await;
    let body = json!({ "framework": "spark", "code": program("ok 0 0"), "approval": "before-run" });
    let run = host.run(body.clone()).await.unwrap();
    until(&host, &run, "awaiting-approval").await;
    let path = format!("/v1/runs/{run}/approve");
    let refused = host.refused(&path, json!({ "sha256": "00" }), 409).await.unwrap();
    assert!(refused["detail"].as_str().unwrap().contains("/code"), "{refused}");
    assert_eq!(stages(&engine), []);

    let code = host.get(&format!("/v1/runs/{run}/code")).await.unwrap();
    let approval = json!({ "sha256": code[0]["sha256"] });
    host.post(&path, approval.clone()).await.unwrap();
    host.post(&path, approval.clone()).await.expect("saying it again is no error");
    assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");
    assert_eq!(stages(&engine), [Stage::Ended(Outcome::Ok)]);

    let other = host.run(body).await.unwrap();
    until(&host, &other, "awaiting-approval").await;
    host.post(&format!("/v1/runs/{other}/cancel"), json!({})).await.unwrap();
    assert_eq!(host.ended(&other).await.unwrap()["state"], "cancelled");
    host.refused(&format!("/v1/runs/{other}/approve"), approval, 409).await.unwrap();
    assert_eq!(stages(&engine).len(), 1);
}

#[tokio::test]
async fn trying_out_checks_and_plans_and_runs_nothing() {
    let (engine, host) = house().await;
    let body = json!({ "framework": "spark", "code": program("ok 0 0"), "dry_run": true });
    let run = host.run(body).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!((&view["state"], &view["platform"]), (&json!("succeeded"), &json!("local")), "{view}");
    assert!(!view["reason"].as_str().unwrap().is_empty());
    assert_eq!(stages(&engine), []);
    let events = host.http.get(host.at(&format!("/v1/runs/{run}/events"))).send().await.unwrap().text().await.unwrap();
    let planned = events.lines().find(|line| line.contains("\"reads\"")).expect("what was planned is told");
    assert!(planned.contains(&format!("s3://enginehouse/runs/{run}/")), "{planned}");

    let bad = json!({ "framework": "spark", "code": "import os\nos.system('id')\n", "dry_run": true });
    let run = host.run(bad).await.unwrap();
    assert_eq!(host.ended(&run).await.unwrap()["state"], "rejected");
}

#[tokio::test]
async fn what_waits_too_long_at_its_engine_is_withdrawn() {
    let (engine, host) = house().await;
    let body = json!({ "framework": "spark", "code": program("ok 600000 0"), "queue_seconds": 1 });
    let run = host.run(body).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!(view["state"], "timed-out", "{view}");
    assert!(view["problem"]["detail"].as_str().unwrap().contains("queue_seconds"), "{view}");
    assert_eq!(stages(&engine), [Stage::Cancelled]);
}

#[tokio::test]
async fn what_began_in_time_while_nobody_looked_goes_on() {
    let (engine, mut host) = house().await;
    let body = json!({ "framework": "spark", "code": program("ok 500 5000"), "queue_seconds": 1 });
    let run = host.run(body).await.unwrap();
    until(&host, &run, "running").await;
    host.crash().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let host = host.crash_and_restart().await.unwrap();
    assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");
    assert_eq!(stages(&engine), [Stage::Ended(Outcome::Ok)]);
}

#[tokio::test]
async fn what_is_read_is_never_overwritten() {
    let (_engine, host) = house().await;
    host.put_object("data", "in/x.csv", "a\n1\n").await.unwrap();
    for (uri, output) in [("x.csv", ""), ("", ""), ("", "/deeper")] {
        let (uri, output) = (format!("s3://data/in/{uri}"), format!("s3://data/in{output}"));
        let body = json!({
            "framework": "spark", "prompt": "count rows", "sources": [{ "uri": uri }], "output": output, "overwrite": true
        });
        host.refused("/v1/runs", body, 409).await.unwrap();
    }
    let kept = host.http.get(host.at("/v1/objects/data/in/x.csv")).send().await.unwrap();
    assert_eq!(kept.text().await.unwrap(), "a\n1\n");
}

#[tokio::test]
async fn what_runs_too_long_is_ended_and_waiting_does_not_count() {
    let (engine, host) = house().await;
    let body = json!({ "framework": "spark", "code": program("ok 3000 600000"), "run_seconds": 1 });
    let run = host.run(body).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!(view["state"], "timed-out", "{view}");
    assert!(view["problem"]["detail"].as_str().unwrap().contains("run_seconds"), "{view}");
    assert_eq!(stages(&engine), [Stage::Cancelled]);
}

#[tokio::test]
async fn limits_beyond_what_is_allowed_are_refused() {
    let (_engine, host) = house().await;
    for (name, value) in [("run_seconds", 86_401), ("queue_seconds", 0), ("max_attempts", 11)] {
        let mut body = json!({ "framework": "spark", "code": program("ok 0 0") });
        body[name] = json!(value);
        let problem = host.refused("/v1/runs", body, 400).await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(name), "{problem}");
    }
}

#[tokio::test]
async fn a_callers_own_code_is_never_written_anew() {
    let (engine, host) = house().await;
    let body = json!({ "framework": "spark", "prompt": "show it", "code": program("fail 0 0"), "max_attempts": 5 });
    let run = host.run(body).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!((&view["state"], &view["attempts"]), (&json!("failed"), &json!(1)), "{view}");
    assert_eq!((stages(&engine), engine.prompts().len()), (vec![Stage::Ended(Outcome::Fail)], 0));
}

#[tokio::test]
async fn code_that_the_engine_failed_on_is_mended_with_the_failure_in_hand() {
    let (engine, host) = house().await;
    let refused = "import os\nos.system('id')\n".to_owned();
    engine.say([refused, program("fail 0 0"), program("ok 0 0")].map(|code| format!("```python\n{code}```")));
    let body = json!({ "framework": "spark", "prompt": "show three numbers", "max_attempts": 5 });
    let run = host.run(body).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!((&view["state"], &view["attempts"]), (&json!("succeeded"), &json!(3)), "{view}");
    let code = host.get(&format!("/v1/runs/{run}/code")).await.unwrap();
    assert!(!code[0]["findings"].as_array().unwrap().is_empty(), "{code}");
    assert!(code[0]["failure"].is_null() && !code[1]["failure"].is_null() && code[2]["failure"].is_null(), "{code}");
    let prompts = engine.prompts();
    assert_eq!(prompts.len(), 3);
    for attempt in code.as_array().unwrap() {
        let model = &attempt["model"];
        assert_eq!((&model["name"], &model["output_tokens"]), (&json!("fake"), &json!(1)), "{attempt}");
        assert_eq!(model["prompt_sha256"].as_str().map(str::len), Some(64), "{attempt}");
    }
    assert!(prompts[1].contains("os.system"), "the finding is told: {}", prompts[1]);
    let failure = code[1]["failure"]["message"].as_str().unwrap();
    assert!(prompts[2].contains(failure), "the failure is told: {}", prompts[2]);
    assert_eq!(stages(&engine).len(), 2);
}

#[tokio::test]
async fn mending_ends_where_it_goes_in_circles() {
    let (engine, host) = house().await;
    // Other code, and the same failure.
    let again = program("fail 0 0") + "spark.stop()\n";
    engine.say([program("fail 0 0"), again, program("ok 0 0")].map(|code| format!("```python\n{code}```")));
    let run = host.run(json!({ "framework": "spark", "prompt": "show it", "max_attempts": 5 })).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!((&view["state"], &view["attempts"]), (&json!("failed"), &json!(2)), "{view}");
    assert_eq!(view["problem"]["kind"], "program-failed");

    // The same code.
    let (engine, host) = house().await;
    engine.say([program("fail 0 0"), program("fail 0 0")].map(|code| format!("```python\n{code}```")));
    let run = host.run(json!({ "framework": "spark", "prompt": "show it", "max_attempts": 5 })).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!((&view["state"], &view["attempts"]), (&json!("failed"), &json!(1)), "{view}");
    assert_eq!(stages(&engine).len(), 1, "what failed is not run again as it was");
}

#[tokio::test]
async fn a_key_stands_for_the_whole_request() {
    let (_engine, host) = house().await;
    let send = async |body: &Value| {
        host.http.post(host.at("/v1/runs")).header("idempotency-key", "k").json(body).send().await.unwrap()
    };
    let mut body = json!({ "framework": "spark", "code": program("ok 0 0"), "session_id": "me" });
    let first: Value = send(&body).await.json().await.unwrap();
    let again: Value = send(&body).await.json().await.unwrap();
    assert_eq!(first["id"], again["id"]);
    body["run_seconds"] = json!(7);
    enginehouse_tests::problem(send(&body).await, 409).await.unwrap();
}

#[tokio::test]
async fn a_run_is_deleted_once_it_has_ended() {
    let (_engine, host) = house().await;
    let run = host.run(json!({ "framework": "spark", "code": program("ok 0 60000") })).await.unwrap();
    until(&host, &run, "running").await;
    let delete = async || host.http.delete(host.at(&format!("/v1/runs/{run}"))).send().await.unwrap();
    enginehouse_tests::problem(delete().await, 409).await.unwrap();
    host.post(&format!("/v1/runs/{run}/cancel"), json!({})).await.unwrap();
    host.ended(&run).await.unwrap();
    assert_eq!(delete().await.status(), 204);
    enginehouse_tests::problem(delete().await, 404).await.unwrap();
}

#[tokio::test]
async fn what_the_server_does_is_measured_without_names_of_callers() {
    let (_engine, host) = house().await;
    let body = json!({ "framework": "spark", "code": program("ok 0 60000"), "session_id": "secret-session" });
    let going_on = host.run(body).await.unwrap();
    until(&host, &going_on, "running").await;
    let run = host.run(json!({ "framework": "spark", "code": program("ok 0 0") })).await.unwrap();
    host.ended(&run).await.unwrap();
    let text = host.http.get(host.at("/metrics")).send().await.unwrap().text().await.unwrap();
    for line in [
        "enginehouse_runs{framework=\"spark\",state=\"running\"} 1",
        "enginehouse_runs{framework=\"ray\",state=\"queued\"} 0",
        "enginehouse_runs_ended_total{framework=\"spark\",state=\"succeeded\"} 1",
        "enginehouse_runs_driven 1",
        "enginehouse_http_requests_total{method=\"POST\",route=\"/v1/runs\",status=\"202\"} 2",
        "enginehouse_plugin_calls_total{framework=\"spark\",export=\"submit\",outcome=\"answered\"} 2",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    for id in [&run, &going_on, "secret-session"] {
        assert!(!text.contains(id), "{id} is in\n{text}");
    }
}

#[tokio::test]
async fn a_second_server_keeps_out_of_the_data_folder() {
    let (_engine, host) = house().await;
    let second = std::process::Command::new(BIN)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(host.data())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned() + &String::from_utf8_lossy(&second.stdout);
    assert!(said.contains("another server uses the data folder"), "{said}");
}

#[tokio::test]
async fn runs_that_wait_for_the_model_leave_room_for_others() {
    let (engine, host) = house().await;
    engine.think(Duration::from_secs(600));
    for number in 0..40 {
        host.run(json!({ "framework": "spark", "prompt": format!("question {number}") })).await.unwrap();
    }
    while engine.prompts().len() < 24 {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let run = host.run(json!({ "framework": "spark", "code": program("ok 50 200") })).await.unwrap();
    let ended = until(&host, &run, "succeeded").await;
    assert_eq!(ended["attempts"], 1, "{ended}");
    assert_eq!(engine.prompts().len(), 24, "the others wait for a place to write");
}
