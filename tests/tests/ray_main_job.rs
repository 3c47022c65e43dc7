//! The same house, another engine: requests in plain language on real Ray, by `/v1` and by the seed's own paths.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{collections::BTreeMap, fmt::Write};

use enginehouse_tests::TestHost;
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

/// A CSV made anew, and what its amounts come to by region.
fn sales() -> (String, BTreeMap<String, i64>) {
    let (mut csv, mut totals) = (String::from("id,region,amount\n"), BTreeMap::new());
    for id in 0..500 {
        let region = ["North", "South, far", "East"][rand::random_range(0..3)];
        let amount = rand::random_range(-1000..1000_i64);
        writeln!(csv, "{id},\"{region}\",{amount}").unwrap();
        *totals.entry(region.to_owned()).or_default() += amount;
    }
    (csv, totals)
}

fn totals_of(rows: &Value) -> BTreeMap<String, i64> {
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| (row[0].as_str().unwrap().to_owned(), row[1].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn the_seeds_ray_request_works_verbatim() {
    let host = TestHost::start(BIN).await.unwrap();
    let request = json!({
        "prompt": "Calculate sum of numbers 1-100",
        "session_id": "session-123",
        "framework": "ray"
    });
    let written = host.post("/generate", request).await.unwrap();
    assert_eq!((&written["success"], &written["session_id"]), (&json!(true), &json!("session-123")), "{written}");
    let code = written["code"].as_str().unwrap();
    assert!(code.contains("@ray.remote") && code.contains(".remote("), "{code}");

    let ran = host.post("/execute", json!({ "code": code, "session_id": "session-123" })).await.unwrap();
    assert_eq!((&ran["success"], &ran["execution_result"]), (&json!(true), &json!("success")), "{ran}");
    let output = ran["output"].as_str().unwrap();
    assert!(output.contains("5050"), "{ran}");
    for noise in ["INFO", "WARNING", "raylet", "pid=", "Started a local Ray instance"] {
        assert!(!output.contains(noise), "the engine's own words are not the program's: {output}");
    }
    let history = host.get("/history/session-123").await.unwrap();
    assert_eq!(history["execution_results"][0]["framework"], "ray");
}

#[tokio::test]
async fn a_request_over_a_csv_becomes_the_right_table() {
    let host = TestHost::start(BIN).await.unwrap();
    let (csv, totals) = sales();
    host.upload("ray", "sales.csv", csv).await.unwrap();
    let run =
        host.run(json!({ "framework": "ray", "session_id": "ray", "prompt": "total amount by region" })).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!(view["state"], "succeeded", "{view}");
    let page = host.get(&format!("/v1/runs/{run}/results")).await.unwrap();
    assert_eq!(totals_of(&page["rows"]), totals);
}

#[tokio::test]
async fn what_a_program_prints_is_its_own_to_the_last_line() {
    let host = TestHost::start(BIN).await.unwrap();
    let code = "import ray\n\nray.init()\n\n\n@ray.remote\ndef tell(n):\n    print(f\"task {n} says WARNING raylet\")\n    return n\n\n\n\
                print(\"INFO my own line\")\nprint(sum(ray.get([tell.remote(n) for n in range(20)])))\n";
    let ran = host.post("/execute", json!({ "code": code, "framework": "ray" })).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
    let mut lines: Vec<&str> = ran["output"].as_str().unwrap().lines().collect();
    lines.sort_unstable();
    let mut expected: Vec<String> = (0..20).map(|n| format!("task {n} says WARNING raylet")).collect();
    expected.extend(["INFO my own line".to_owned(), "190".to_owned()]);
    expected.sort();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_value_and_a_figure_come_back_beside_the_log() {
    let host = TestHost::start(BIN).await.unwrap();
    let code = "import json\nimport os\n\nimport pyarrow.fs\nimport ray\n\nray.init()\noutput = os.environ[\"OUTPUT_PATH\"]\n\
                store, prefix = pyarrow.fs.FileSystem.from_uri(output)\n\
                with store.open_output_stream(prefix.rstrip(\"/\") + \"/bars.svg\") as file:\n    file.write(b\"<svg/>\")\n\
                print(\"two numbers\")\nprint(json.dumps({\"mean\": 1.5, \"of\": [1, 2]}))\n";
    let run = host.run(json!({ "framework": "ray", "code": code })).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!(view["state"], "succeeded", "{view}");
    assert_eq!(view["document"], json!({ "mean": 1.5, "of": [1, 2] }), "{view}");
    let [figure] = view["figures"].as_array().unwrap().as_slice() else { panic!("{view}") };
    assert!(figure.as_str().unwrap().ends_with("/output/bars.svg"), "{figure}");
}

#[tokio::test]
async fn a_task_that_fails_is_told_with_its_line() {
    let host = TestHost::start(BIN).await.unwrap();
    let code = "import ray\n\nray.init()\n\n\n@ray.remote\ndef divide(n):\n    return 1 / n\n\n\nprint(ray.get(divide.remote(0)))\n";
    let ran = host.post("/execute", json!({ "code": code })).await.unwrap();
    assert_eq!((&ran["success"], &ran["execution_result"]), (&json!(false), &json!("failed")), "{ran}");
    let error = ran["error"].as_str().unwrap();
    assert!(error.contains("ZeroDivisionError") && error.contains("line 8"), "{error}");
}

#[tokio::test]
async fn code_for_another_engine_or_with_a_shell_is_refused() {
    let host = TestHost::start(BIN).await.unwrap();
    for (code, rule) in [
        ("import os\nimport ray\nray.init()\nos.system('id')\nprint(1)\n", "X101"),
        ("from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\nprint(1)\n", "R020"),
        ("import ray\nray.init(address='ray://10.0.0.1:10001')\nprint(1)\n", "R002"),
        ("import ray\nprint(ray.data.read_csv('s3://other/x.csv').count())\n", "R024"),
    ] {
        let refused = host.refused("/execute", json!({ "code": code }), 422).await.unwrap();
        assert_eq!(refused["success"], false);
        let findings = refused["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["rule"] == rule), "{code}: {refused}");
    }
    host.refused("/generate", json!({ "prompt": "count", "framework": "mars" }), 404).await.unwrap();
    let unknown = json!({ "prompt": "count", "framework": "ray", "execution_platform": "moon" });
    host.refused("/generate", unknown, 422).await.unwrap_or_else(|error| panic!("{error}"));
}
