//! Where plugins come from: signed components, OCI registries, a watched folder.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

#[path = "../../host/protocols/tests/oci/registry.rs"]
#[allow(dead_code, reason = "another test has more registries")]
mod registry;

use std::{path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{
    Signer as _, SigningKey,
    pkcs8::{EncodePublicKey as _, spki::der::pem::LineEnding},
};
use enginehouse_tests::{
    Parts, TestHost,
    guests::{grown, mark, marked},
    problem,
};
use registry::TestRegistry;
use reqwest::{Method, Response};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

async fn host(config: String) -> TestHost {
    TestHost::start_with(BIN, Parts { config, ..Parts::default() }).await.unwrap()
}

/// A publisher: signs with the key of this number.
fn signed(key: u8, wasm: &[u8]) -> String {
    STANDARD.encode(SigningKey::from_bytes(&[key; 32]).sign(wasm).to_bytes())
}

/// Writes the public key of this number.
fn publish(key: u8, file: &Path) {
    let public = SigningKey::from_bytes(&[key; 32]).verifying_key();
    std::fs::write(file, public.to_public_key_pem(LineEnding::LF).unwrap()).unwrap();
}

fn only_signed_by(file: &Path) -> String {
    format!("[plugins]\nrequire-signature = true\npublishers = {{ acme = {:?} }}", file.display().to_string())
}

async fn hand_in(host: &TestHost, wasm: Vec<u8>, signature: Option<String>) -> Response {
    let request = host.as_operator(Method::POST, "/v1/plugins").unwrap().body(wasm);
    let request = signature.into_iter().fold(request, |request, text| request.header("enginehouse-signature", text));
    request.send().await.unwrap()
}

async fn pull(host: &TestHost, reference: &str) -> Response {
    let asked = json!({ "reference": reference });
    host.as_operator(Method::POST, "/v1/plugins").unwrap().json(&asked).send().await.unwrap()
}

#[tokio::test]
async fn only_what_a_known_publisher_has_signed_serves_where_that_is_required() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("acme.pem");
    publish(1, &key);
    let mut host = host(only_signed_by(&key)).await;
    let wasm = marked(1);
    for (signature, text) in [
        (None, "it came with none"),
        (Some(signed(2, &wasm)), "no known publisher signed"),
        (Some(signed(1, &marked(2))), "no known publisher signed"),
        (Some("nonsense".to_owned()), "not an Ed25519 signature"),
    ] {
        let refused = problem(hand_in(&host, wasm.clone(), signature).await, 403).await.unwrap();
        assert!(refused["detail"].as_str().unwrap().contains(text), "{refused}");
    }
    let installed: Value = hand_in(&host, wasm.clone(), Some(signed(1, &wasm))).await.json().await.unwrap();
    assert_eq!(installed["publisher"], "acme");
    assert!(host.activate("marked", installed["digest"].as_str().unwrap(), &[]).await.unwrap().status().is_success());
    let served: Vec<Value> = serde_json::from_value(host.get("/v1/frameworks").await.unwrap()).unwrap();
    assert_eq!(served.len(), 3, "what came with the server needs no signature");

    // The publisher has another key from now on.
    publish(3, &key);
    host = host.crash_and_restart().await.unwrap();
    let plugin = host.plugin("marked").await.unwrap();
    assert_eq!(plugin["serving"], false);
    assert!(plugin["failure"]["reason"].as_str().unwrap().contains("no known publisher"), "{plugin}");
}

#[tokio::test]
async fn a_signature_that_does_not_count_is_refused_also_where_none_is_needed() {
    let host = host(String::new()).await;
    let wasm = marked(1);
    problem(hand_in(&host, wasm.clone(), Some(signed(1, &wasm))).await, 403).await.unwrap();
    assert_eq!(hand_in(&host, wasm, None).await.status(), 201);
}

#[tokio::test]
async fn a_plugin_is_pulled_from_a_registry_and_known_by_its_digest() {
    let registry = TestRegistry::start();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("acme.pem");
    publish(1, &key);
    let host = host(only_signed_by(&key)).await;
    let wasm = marked(7);
    let signature = signed(1, &wasm);
    let annotations = [("dev.enginehouse.signature", signature.as_str())];
    let digest = registry.push("acme/marked:1.0", &[("application/wasm", &wasm)], &annotations).await;
    let installed: Value = pull(&host, &registry.reference("acme/marked:1.0")).await.json().await.unwrap();
    let by_digest = registry.reference(&format!("acme/marked@{digest}"));
    assert_eq!((&installed["publisher"], &installed["reference"]), (&json!("acme"), &json!(by_digest)));
    host.activate("marked", installed["digest"].as_str().unwrap(), &[]).await.unwrap();
    let read = host.post("/v1/frameworks/marked/validate", json!({ "code": "a" })).await.unwrap();
    assert_eq!(read["findings"][0]["message"], mark(7));
    assert_eq!(host.plugin("marked").await.unwrap()["components"][0]["reference"], by_digest);

    registry.push("acme/unsigned:1.0", &[("application/wasm", &wasm)], &[]).await;
    problem(pull(&host, &registry.reference("acme/unsigned:1.0")).await, 403).await.unwrap();
    problem(pull(&host, &registry.reference("acme/nothing:1.0")).await, 422).await.unwrap();
    problem(pull(&host, "no reference at all").await, 422).await.unwrap();
    problem(pull(&host, "127.0.0.1:1/a/b:1").await, 502).await.unwrap();
    let unknown = host.as_operator(Method::POST, "/v1/plugins").unwrap().json(&json!({ "ref": "x" })).send();
    problem(unknown.await.unwrap(), 400).await.unwrap();
}

#[tokio::test]
async fn what_is_saved_in_the_watched_folder_serves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marked.wasm");
    std::fs::write(&file, marked(1)).unwrap();
    let host = host(format!("[plugins]\nwatch = {:?}", folder.path().display().to_string())).await;
    let serves = async |number: u32| {
        for _ in 0..100 {
            let asked = json!({ "code": format!("{number}") });
            let read = host.post("/v1/frameworks/marked/validate", asked).await;
            if read.is_ok_and(|read| read["findings"][0]["message"] == mark(number)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} does not serve", mark(number));
    };
    serves(1).await;
    std::fs::write(&file, marked(2)).unwrap();
    serves(2).await;
    // Not whole, and then whole: what served goes on meanwhile. It asks for more, which the folder grants.
    std::fs::write(&file, &grown(3)[..1000]).unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    serves(2).await;
    std::fs::write(&file, grown(3)).unwrap();
    serves(3).await;
}
