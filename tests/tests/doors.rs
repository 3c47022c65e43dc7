//! Who may come in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use enginehouse_tests::{TestHost, problem};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

#[tokio::test]
async fn no_web_page_gets_in() {
    let host = TestHost::start(BIN).await.unwrap();
    let rebound = host.http.get(host.at("/v1/runs")).header("host", "evil.example").send().await.unwrap();
    problem(rebound, 403).await.unwrap();
    let page = host.http.get(host.at("/v1/runs")).header("origin", "https://evil.example").send().await.unwrap();
    problem(page, 403).await.unwrap();
    let opaque = host.http.get(host.at("/v1/runs")).header("origin", "null").send().await.unwrap();
    problem(opaque, 403).await.unwrap();
    let own = host.http.get(host.at("/v1/runs")).header("origin", host.base.clone()).send().await.unwrap();
    assert!(own.status().is_success());
}

#[tokio::test]
async fn the_operators_part_needs_the_token() {
    use std::os::unix::fs::PermissionsExt;

    let host = TestHost::start(BIN).await.unwrap();
    problem(host.http.get(host.at("/v1/plugins")).send().await.unwrap(), 401).await.unwrap();
    let wrong = host.http.get(host.at("/v1/plugins")).bearer_auth("wrong").send().await.unwrap();
    problem(wrong, 401).await.unwrap();

    let file = host.data().join("operator.token");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(file).unwrap();
    let plugins: serde_json::Value =
        host.http.get(host.at("/v1/plugins")).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    for framework in ["ray", "spark"] {
        let found = plugins.as_array().unwrap().iter().find(|plugin| plugin["framework"] == framework);
        assert!(found.is_some_and(|plugin| plugin["serving"] == true), "{framework} in {plugins}");
    }
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = tokio::process::Command::new(BIN)
        .args(["serve", "--listen", "0.0.0.0:0", "--data"])
        .arg(folder.path())
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("loopback"), "{said}");
}

#[tokio::test]
async fn every_route_is_described() {
    let host = TestHost::start(BIN).await.unwrap();
    let document = host.get("/openapi.json").await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/v1/frameworks",
        "/v1/frameworks/{framework}/generate",
        "/v1/runs",
        "/v1/runs/{id}/events",
        "/v1/runs/{id}/results",
        "/v1/uploads",
        "/v1/catalog/{database}/{table}",
        "/v1/sessions/{id}",
        "/spark/generate",
        "/spark/validate-execute",
        "/upload-csv",
        "/glue/databases",
        "/glue/tables/{database}",
        "/sessions/{id}/reset",
        "/history/{id}",
        "/health",
        "/healthz",
        "/readyz",
    ] {
        assert!(paths.contains_key(path), "{path} is missing from {:?}", paths.keys());
    }
}
