//! One rule for sessions: sources persist until they are changed, each run takes a snapshot, a rerun takes the same one, and
//! the history is the runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::time::Duration;

use enginehouse_tests::{Parts, TestHost, fake_engine::FakeEngine, problem};
use reqwest::{Method, Response};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

async fn house(config: &str) -> (FakeEngine, TestHost) {
    let engine = FakeEngine::start(Duration::from_millis(2)).await.unwrap();
    let parts = Parts { engine: Some(engine.url.clone()), config: config.to_owned(), ..Parts::default() };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    (engine, host)
}

fn program(session: &str, fake: &str) -> Value {
    let code = format!(
        "# fake: {fake}\nfrom pyspark.sql import SparkSession\n\
         spark = SparkSession.builder.getOrCreate()\nspark.range(3).show()\n"
    );
    json!({ "framework": "spark", "session_id": session, "code": code })
}

async fn sources(host: &TestHost, run: &str) -> Value {
    host.get(&format!("/v1/runs/{run}")).await.unwrap()["sources"].clone()
}

#[tokio::test]
async fn each_run_keeps_the_sources_that_its_session_had() {
    let (_engine, host) = house("").await;
    let first = host.upload("me", "first.csv", "a\n1\n").await.unwrap()["uri"].clone();
    let mut reading = program("me", "ok 0 0");
    let code = reading["code"].as_str().unwrap().replace("range(3)", &format!("read.csv({first}, header=True)"));
    reading["code"] = json!(code);
    let run = host.run(reading).await.unwrap();
    let again = host.run(program("me", "ok 0 0")).await.unwrap();
    assert_eq!(sources(&host, &run).await, json!([first]));
    assert_eq!(sources(&host, &again).await, json!([first]), "sources persist");

    let second = host.upload("me", "second.csv", "b\n2\n").await.unwrap()["uri"].clone();
    let changed = host.run(program("me", "ok 0 0")).await.unwrap();
    assert_eq!(sources(&host, &changed).await, json!([second]));
    assert_eq!(sources(&host, &run).await, json!([first]), "a snapshot never changes");

    host.post("/v1/sessions/me/reset", json!({})).await.unwrap();
    let without = host.run(program("me", "ok 0 0")).await.unwrap();
    assert_eq!(sources(&host, &without).await, json!([]));

    let rerun = host.post(&format!("/v1/runs/{run}/rerun"), json!({})).await.unwrap();
    assert_eq!(rerun["sources"], json!([first]), "a rerun takes the run's snapshot and not its session's sources");
    let rerun = rerun["id"].as_str().unwrap().to_owned();
    assert_ne!(rerun, run);
    assert_eq!(host.ended(&rerun).await.unwrap()["state"], "succeeded");

    let session = host.get("/v1/sessions/me").await.unwrap();
    let history: Vec<_> = session["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(history, [&rerun, &without, &changed, &again, &run].map(String::as_str));
    assert_eq!(session["sources"], json!([]));
}

#[tokio::test]
async fn a_rerun_with_a_key_is_made_once() {
    let (engine, host) = house("").await;
    let run = host.run(program("me", "ok 0 0")).await.unwrap();
    let other = host.run(program("me", "ok 0 100")).await.unwrap();
    let rerun = async |run: &str| {
        let url = host.at(&format!("/v1/runs/{run}/rerun"));
        host.http.post(url).header("idempotency-key", "again").send().await.unwrap()
    };
    let first: Value = rerun(&run).await.json().await.unwrap();
    let second: Value = rerun(&run).await.json().await.unwrap();
    assert_eq!(first["id"], second["id"]);
    problem(rerun(&other).await, 409).await.unwrap();
    for id in [run.as_str(), other.as_str(), first["id"].as_str().unwrap()] {
        host.ended(id).await.unwrap();
    }
    assert_eq!(engine.programs().len(), 3);
    host.refused("/v1/runs/01900000-0000-7000-8000-000000000000/rerun", json!({}), 404).await.unwrap();
}

#[tokio::test]
async fn sessions_and_runs_are_their_owners_alone() {
    let (_engine, host) = house("[callers]\nheader = \"x-forwarded-user\"").await;
    let send = async |method: Method, path: &str, who: &str, body: Option<Value>| -> Response {
        let request = host.http.request(method, host.at(path)).header("x-forwarded-user", who);
        body.iter().fold(request, |request, body| request.json(body)).send().await.unwrap()
    };
    let nobody = host.http.get(host.at("/v1/runs")).send().await.unwrap();
    let told = problem(nobody, 401).await.unwrap();
    assert!(told["detail"].as_str().unwrap().contains("x-forwarded-user"), "{told}");

    let made: Value =
        send(Method::POST, "/v1/runs", "ann", Some(program("hers", "ok 0 0"))).await.json().await.unwrap();
    let run = made["id"].as_str().unwrap();
    problem(send(Method::POST, "/v1/runs", "bob", Some(program("hers", "ok 0 0"))).await, 404).await.unwrap();
    problem(send(Method::GET, "/v1/sessions/hers", "bob", None).await, 404).await.unwrap();
    problem(send(Method::POST, "/v1/sessions/hers/reset", "bob", None).await, 404).await.unwrap();
    for (method, path) in [
        (Method::GET, ""),
        (Method::GET, "/code"),
        (Method::GET, "/log"),
        (Method::GET, "/events"),
        (Method::GET, "/results"),
        (Method::POST, "/cancel"),
        (Method::POST, "/approve"),
        (Method::POST, "/rerun"),
        (Method::DELETE, ""),
    ] {
        let path = format!("/v1/runs/{run}{path}");
        problem(send(method.clone(), &path, "bob", None).await, 404).await.unwrap();
    }
    let upload = async |who: &'static str, session: &str| {
        let file = reqwest::multipart::Part::bytes(b"a\n1\n".to_vec()).file_name("x.csv");
        let form = reqwest::multipart::Form::new().text("session_id", session.to_owned()).part("file", file);
        let request = host.http.post(host.at("/v1/uploads")).header("x-forwarded-user", who).multipart(form);
        request.send().await.unwrap()
    };
    let mine: Value = upload("ann", "hers").await.json().await.unwrap();
    let uri = mine["uri"].as_str().unwrap();
    problem(upload("bob", "hers").await, 404).await.unwrap();
    problem(send(Method::PUT, "/v1/sessions/hers", "bob", Some(json!({ "sources": [] }))).await, 404).await.unwrap();
    let check = json!({ "session_id": "hers", "code": "x = 1" });
    problem(send(Method::POST, "/v1/frameworks/spark/validate", "bob", Some(check)).await, 404).await.unwrap();
    let seed = json!({ "session_id": "hers", "filename": "x.csv", "content": "a\n1\n" });
    problem(send(Method::POST, "/upload-csv", "bob", Some(seed)).await, 404).await.unwrap();
    let history: Value = send(Method::GET, "/history/hers", "bob", None).await.json().await.unwrap();
    assert_eq!(history["execution_results"], json!([]));

    // What runs and sessions keep in the store is theirs as well.
    let key = uri.trim_start_matches("s3://");
    problem(send(Method::GET, &format!("/v1/objects/{key}"), "bob", None).await, 404).await.unwrap();
    assert_eq!(send(Method::GET, &format!("/v1/objects/{key}"), "ann", None).await.status(), 200);
    for (prefix, status) in [("", 400), ("ru", 400), ("runs/", 400), ("uploads/", 400), ("uploads/hers/", 404)] {
        let path = format!("/v1/objects?prefix=s3://enginehouse/{prefix}");
        problem(send(Method::GET, &path, "bob", None).await, status).await.unwrap();
    }
    let reading = json!({ "framework": "spark", "prompt": "count rows", "sources": [{ "uri": uri }] });
    problem(send(Method::POST, "/v1/runs", "bob", Some(reading)).await, 404).await.unwrap();
    let table = json!({ "location": uri });
    problem(send(Method::PUT, "/v1/catalog/d/t", "bob", Some(table)).await, 404).await.unwrap();

    // A proxy that adds its header to the sender's own does not tell who it is.
    let both = host.http.get(host.at("/v1/runs")).header("x-forwarded-user", "ann").header("x-forwarded-user", "bob");
    problem(both.send().await.unwrap(), 401).await.unwrap();

    let listed = async |who| send(Method::GET, "/v1/runs", who, None).await.json::<Vec<Value>>().await.unwrap().len();
    assert_eq!((listed("ann").await, listed("bob").await), (1, 0));
    assert_eq!(send(Method::GET, &format!("/v1/runs/{run}"), "ann", None).await.status(), 200);
    assert_eq!(send(Method::GET, "/v1/sessions/hers", "ann", None).await.status(), 200);

    // The same key of two callers makes two runs.
    let keyed = async |who: &str, session: &str| {
        let request = host.http.post(host.at("/v1/runs")).header("x-forwarded-user", who);
        let request = request.header("idempotency-key", "k").json(&program(session, "ok 0 0"));
        request.send().await.unwrap().json::<Value>().await.unwrap()["id"].clone()
    };
    assert_ne!(keyed("ann", "s-ann").await, keyed("bob", "s-bob").await);
}

#[tokio::test]
async fn jobs_on_ray_are_their_owners_alone() {
    let (_engine, host) = house("[callers]\nheader = \"x-forwarded-user\"").await;
    let send = async |method: Method, path: &str, who: &str, body: Option<Value>| -> (u16, Value) {
        let request = host.http.request(method, host.at(path)).header("x-forwarded-user", who);
        let answer = body.iter().fold(request, |request, body| request.json(body)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let code = "# fake: ok 0 600000\nimport ray\n\nray.init()\nprint(1)\n";
    let (_, made) = send(Method::POST, "/v1/runs", "ann", Some(json!({ "framework": "ray", "code": code }))).await;
    let run = made["id"].as_str().unwrap();
    for (method, path) in [(Method::POST, "stop"), (Method::GET, "logs")] {
        let path = format!("/ray/jobs/{run}/{path}");
        let (status, told) = send(method, &path, "bob", None).await;
        assert_eq!(status, 404, "{path}: {told}");
    }
    let (_, theirs) = send(Method::GET, "/ray/jobs", "bob", None).await;
    assert_eq!(theirs["jobs"], json!([]));
    let (_, hers) = send(Method::GET, "/ray/jobs", "ann", None).await;
    assert_eq!(hers["jobs"][0]["job_id"], run, "{hers}");
    let (status, stopped) = send(Method::POST, &format!("/ray/jobs/{run}/stop"), "ann", None).await;
    assert_eq!((status, &stopped["success"]), (200, &json!(true)), "{stopped}");
}

#[tokio::test]
async fn there_are_so_many_sessions_and_open_runs() {
    let (_engine, host) = house("[limits]\nsessions = 2\nopen-runs = 1").await;
    let open = host.run(program("a", "ok 0 600000")).await.unwrap();
    let told = host.refused("/v1/runs", program("a", "ok 0 0"), 429).await.unwrap();
    assert!(told["detail"].as_str().unwrap().contains("limits.open-runs"), "{told}");
    host.upload("b", "x.csv", "a\n1\n").await.unwrap();
    let told = host.refused("/v1/runs", program("c", "ok 0 0"), 429).await.unwrap();
    assert!(told["detail"].as_str().unwrap().contains("limits.sessions"), "{told}");
    host.post(&format!("/v1/runs/{open}/cancel"), json!({})).await.unwrap();
    host.ended(&open).await.unwrap();
    host.run(program("a", "ok 0 0")).await.expect("there is room again");
}
