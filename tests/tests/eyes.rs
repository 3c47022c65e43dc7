//! What the server tells of itself: spans, logs, readiness; and what it never tells.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use bytes::Bytes;
use enginehouse_tests::{Parts, TestHost, fake_engine::FakeEngine};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
/// What a caller's own trace looks like on the wire (W3C Trace Context, level 1).
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
/// Stands in a prompt, in code, in a cell and in a password: none of it is anybody's business.
const SECRET: &str = "hunter2-4711";

/// A collector of spans: the wire format of OTLP over HTTP, decoded with the protocol's own definitions.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    async fn start() -> Self {
        let spans = Arc::new(Mutex::new(Vec::new()));
        let routes = Router::new().route("/v1/traces", post(collect)).with_state(Arc::clone(&spans));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, spans }
    }

    /// The spans of a trace, once there is one with this name.
    async fn trace(&self, trace: &str, last: &str) -> Vec<Span> {
        for _ in 0..300 {
            let all = self.spans.lock().unwrap().clone();
            let found: Vec<_> = all.into_iter().filter(|span| hex(&span.trace_id) == trace).collect();
            if found.iter().any(|span| span.name == last) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no span `{last}` came for the trace {trace}: {:?}", self.spans.lock().unwrap());
    }
}

async fn collect(State(spans): State<Arc<Mutex<Vec<Span>>>>, body: Bytes) -> StatusCode {
    let request = ExportTraceServiceRequest::decode(body).expect("the body is what OTLP says");
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    spans.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
    StatusCode::OK
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn program(fake: &str) -> Value {
    let code = format!(
        "# fake: {fake}\nfrom pyspark.sql import SparkSession\n\
         spark = SparkSession.builder.appName(\"{SECRET}\").getOrCreate()\nspark.range(3).show()\n"
    );
    json!({ "framework": "spark", "prompt": format!("count {SECRET}"), "code": code })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_trace_goes_through_request_run_steps_and_plugin_calls() {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let collector = Collector::start().await;
    let parts = Parts {
        engine: Some(engine.url.clone()),
        config: format!("[traces]\notlp = \"{}\"", collector.url),
        environment: vec![("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned())],
        ..Parts::default()
    };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    let request = host.http.post(host.at("/v1/runs")).header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
    let answer = request.json(&program("ok 0 200")).send().await.unwrap();
    let told = answer.headers()["traceparent"].to_str().unwrap().to_owned();
    assert!(told.starts_with(&format!("00-{TRACE}-")) && !told.contains(PARENT), "{told}");
    let run = answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(host.ended(&run).await.unwrap()["state"], "succeeded");

    let spans = collector.trace(TRACE, "run").await;
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"));
    let request = named("POST /v1/runs");
    assert_eq!(hex(&request.parent_span_id), PARENT);
    assert!(told.contains(&hex(&request.span_id)), "{told}");
    let whole = named("run");
    assert_eq!(whole.parent_span_id, request.span_id);
    assert!(whole.end_time_unix_nano - whole.start_time_unix_nano >= 200_000_000);
    for (step, call) in [
        ("queued", "plan"),
        ("validating", "validate"),
        ("submitting", "submit"),
        ("running", "poll"),
        ("collecting", "fetch"),
    ] {
        let step = named(&format!("step {step}"));
        assert_eq!(step.parent_span_id, request.span_id);
        let within = |span: &&Span| span.name == call && span.parent_span_id == step.span_id;
        assert!(call == "poll" || spans.iter().any(|span| within(&span)), "no call {call} in {step:?}: {spans:?}");
    }
    assert!(!format!("{spans:?}").contains(SECRET), "a span holds what it must not");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_json_where_that_is_asked_for_and_holds_no_data() {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let parts = Parts {
        engine: Some(engine.url.clone()),
        config: "[log]\nformat = \"json\"".to_owned(),
        environment: vec![("RUST_LOG", "debug".to_owned())],
        log: Some(log.clone()),
        ..Parts::default()
    };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    let uploaded = host.upload("me", "secret.csv", format!("a,b\n1,{SECRET}\n")).await.unwrap();
    let reading = |fake| {
        let code =
            program(fake)["code"].as_str().unwrap().replace("range(3)", &format!("read.csv({})", uploaded["uri"]));
        json!({ "framework": "spark", "prompt": SECRET, "session_id": "me", "code": code })
    };
    let body = reading("fail 0 0");
    let run = host.run(body).await.unwrap();
    assert_eq!(host.ended(&run).await.unwrap()["state"], "failed");
    // One that waits for its answer, and gets an error that names what the engine said.
    let seed = json!({ "spark_code": reading("lost 0 0")["code"], "session_id": "me" });
    let answer = host.http.post(host.at("/spark/validate-execute")).json(&seed).send().await.unwrap();
    assert!(answer.status().is_server_error(), "{}", answer.status());
    drop(host);

    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(
        lines.iter().any(|line| line["message"].as_str().is_some_and(|text| text.starts_with("serving"))),
        "{text}"
    );
    let failed = lines.iter().find(|line| line["message"] == "a request failed").expect("the failure is logged");
    assert_eq!(failed["span"]["http.route"], "/spark/validate-execute", "{failed}");
    assert_eq!(failed["span"]["trace_id"].as_str().map(str::len), Some(32), "{failed}");
    assert!(!text.contains(SECRET), "the log holds what it must not");
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_store_plugins_and_engines_apart() {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let parts = Parts { engine: Some(engine.url.clone()), ..Parts::default() };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    let ready = host.get("/readyz").await.unwrap();
    assert_eq!((&ready["ready"], &ready["store"]["ready"]), (&json!(true), &json!(true)), "{ready}");
    let named = |part: &str| -> Vec<(String, bool)> {
        let parts = ready[part].as_array().unwrap().iter();
        parts.map(|part| (part["name"].as_str().unwrap().to_owned(), part["ready"].as_bool().unwrap())).collect()
    };
    assert_eq!(named("plugins"), [("ray".to_owned(), true), ("spark".to_owned(), true)]);
    assert!(named("engines").contains(&("spark/local".to_owned(), true)), "{ready}");
}

#[test]
fn a_collector_that_is_no_url_is_told_before_a_port_opens() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("enginehouse.toml");
    std::fs::write(&config, "[traces]\notlp = \"not a url\"").unwrap();
    let output = std::process::Command::new(BIN)
        .arg("--config")
        .arg(&config)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("traces.otlp"), "{said}");
}
