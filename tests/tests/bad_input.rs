//! Bad input: a clear problem each, and a server as it was before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use enginehouse_tests::{TestHost, problem};
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const CSV: &str = "id,region,amount\n1,West,2\n2,East,3\n";

#[tokio::test]
async fn bad_code_is_refused_with_its_findings_and_never_runs() {
    let host = TestHost::start(BIN).await.unwrap();
    let upload = host.upload("me", "sales.csv", CSV).await.unwrap();
    let uri = upload["uri"].as_str().unwrap();
    let read = format!(
        "import os\nfrom pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n\
         df = spark.read.csv({uri:?}, header=True)\n"
    );
    let write = "df.write.mode('overwrite').parquet(os.environ['OUTPUT_PATH'])\n";
    for (what, code, rule) in [
        ("a shell", format!("{read}os.system('id')\n{write}"), "X101"),
        ("what does not parse", "def f(:\n".to_owned(), "C001"),
        ("an unknown name", format!("{read}df = df.filter(col('id') > 1)\n{write}"), "C003"),
        ("another object", format!("{read}other = spark.read.csv('s3://other/x.csv')\n{write}"), "P003"),
        ("a place of its own", format!("{read}df.write.parquet('s3://other/out/')\n"), "P026"),
        ("deep nesting", format!("x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000)), "C001"),
    ] {
        let refused = host
            .refused("/spark/validate-execute", json!({ "spark_code": code, "session_id": "me" }), 422)
            .await
            .unwrap();
        let findings = refused["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["rule"] == rule), "{what}: {refused}");
        let run = refused["run"].as_str().unwrap();
        let view = host.get(&format!("/v1/runs/{run}")).await.unwrap();
        assert_eq!(view["state"], "rejected", "{what}");
        let log = host.get(&format!("/v1/runs/{run}/log")).await.unwrap();
        assert_eq!((log["text"].as_str(), log["end"].as_bool()), (Some(""), Some(true)), "{what}: nothing ran");
    }
}

#[tokio::test]
async fn what_recipes_do_not_understand_is_told_and_not_guessed() {
    let host = TestHost::start(BIN).await.unwrap();
    host.upload("me", "sales.csv", CSV).await.unwrap();
    for prompt in ["write a poem about the sea", "train a neural network on amount", "total colour by region"] {
        let refused = host
            .refused("/v1/frameworks/spark/generate", json!({ "session_id": "me", "prompt": prompt }), 422)
            .await
            .unwrap();
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("codegen"), "{prompt}: {detail}");
    }
}

#[tokio::test]
async fn requests_that_cannot_be_right_say_what_to_do() {
    let host = TestHost::start(BIN).await.unwrap();
    let long = "x".repeat(64 * 1024 + 1);
    for (path, body, status) in [
        ("/v1/runs", json!({ "framework": "spark" }), 400),
        ("/v1/runs", json!({ "framework": "spark", "prompt": "  " }), 400),
        ("/v1/runs", json!({ "framework": "spark", "prompt": long }), 413),
        ("/v1/runs", json!({ "framework": "mars", "prompt": "count rows" }), 404),
        ("/v1/runs", json!({ "framework": "spark", "prompt": "count", "unknown": 1 }), 400),
        ("/v1/runs", json!({ "framework": "spark", "prompt": "count", "options": { "x": "y" } }), 400),
        ("/v1/runs", json!({ "framework": "spark", "prompt": "count", "session_id": "../x" }), 400),
        (
            "/v1/runs",
            json!({ "framework": "spark", "prompt": "count", "sources": [{ "uri": "s3://none/x.csv" }] }),
            404,
        ),
        ("/v1/runs", json!({ "framework": "spark", "prompt": "count", "sources": [{ "uri": "/etc/passwd" }] }), 400),
        ("/v1/runs", json!({ "framework": "spark", "prompt": "count", "sources": [{ "table": "no.table" }] }), 404),
        ("/spark/generate", json!({ "prompt": "count", "selected_postgres_tables": [{}] }), 422),
        ("/upload-csv", json!({ "filename": "../../x.csv", "content": CSV }), 400),
        ("/upload-csv", json!({ "filename": "x.csv", "content": "" }), 400),
    ] {
        let told = host.refused(path, body.clone(), status).await;
        told.unwrap_or_else(|error| {
            panic!("{path} {}: {error}", body.to_string().chars().take(200).collect::<String>())
        });
    }
    let text = host.http.post(host.at("/v1/runs")).body("{}").send().await.unwrap();
    problem(text, 415).await.unwrap();
    let cut = host.http.post(host.at("/v1/runs")).header("content-type", "application/json").body("{\"a\":");
    problem(cut.send().await.unwrap(), 400).await.unwrap();
    let unknown = "/v1/runs/00000000-0000-0000-0000-000000000000";
    for path in ["/nothing", unknown, "/v1/frameworks/mars", "/v1/sessions/nobody"] {
        problem(host.http.get(host.at(path)).send().await.unwrap(), 404).await.unwrap();
    }
    problem(host.http.get(host.at("/v1/runs/no-id")).send().await.unwrap(), 400).await.unwrap();
    problem(host.http.delete(host.at("/v1/runs")).send().await.unwrap(), 405).await.unwrap();
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn an_upload_whose_sender_hangs_up_is_not_kept() {
    use tokio::io::AsyncWriteExt;

    let host = TestHost::start(BIN).await.unwrap();
    let address = host.base.strip_prefix("http://").unwrap();
    let mut sender = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\
                Content-Type: multipart/form-data; boundary=x\r\n\r\n\
                --x\r\nContent-Disposition: form-data; name=\"session_id\"\r\n\r\ncut\r\n\
                --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cut.csv\"\r\n\r\n";
    sender.write_all(head.as_bytes()).await.unwrap();
    sender.write_all("id,amount\n1,2\n".repeat(1000).as_bytes()).await.unwrap();
    sender.flush().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    drop(sender);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    let kept = enginehouse_tests::files(&host.data().join("objects"));
    assert!(!kept.iter().any(|file| file.to_string_lossy().contains("cut.csv")), "{kept:?}");
    problem(host.http.get(host.at("/v1/sessions/cut")).send().await.unwrap(), 404).await.unwrap();
}
