//! A server by a library that is not ours, in each of its ways to answer and each version of the protocol.

use enginehouse_capabilities::{Error, ToolServers, conformance};
use enginehouse_protocols::mcp::{McpAuth, McpVersion};
use serde_json::{Value, json};

use crate::{call, python::Real, servers};

async fn passes(words: &[&str]) {
    let real = Real::start(words).await;
    for version in McpVersion::ALL.map(Some).into_iter().chain([None]) {
        let servers = servers(&real.url, McpAuth::None, version);
        conformance::tools(&servers, "trial", "absent").await;
        let reply = call(&servers, "weather", r#"{"city": "Oslo"}"#).await.unwrap();
        let content: Value = serde_json::from_str(&reply.content).unwrap();
        assert_eq!(content, json!({"city": "Oslo", "degrees": 21.5}), "structured content, {version:?}");
        assert_eq!(call(&servers, "greet", r#"{"name": "you"}"#).await.unwrap().content, r#""Hello, you""#);
        assert_eq!(
            call(&servers, "chatty", "{}").await.unwrap().content,
            r#""done""#,
            "what is said before is ignored"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_sessions_that_answers_with_events_is_called() {
    passes(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_sessions_that_answers_with_json_is_called() {
    passes(&["json"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_sessions_that_answers_with_events_is_called() {
    passes(&["stateless"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_sessions_that_answers_with_json_is_called() {
    passes(&["stateless", "json"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_no_text_come_whole_and_large_ones_are_refused() {
    let real = Real::start(&[]).await;
    let servers = servers(&real.url, McpAuth::None, None);
    let parts: Value = serde_json::from_str(&call(&servers, "picture", "{}").await.unwrap().content).unwrap();
    assert_eq!((&parts[0]["type"], &parts[0]["mimeType"]), (&json!("image"), &json!("image/png")));
    let most = call(&servers, "bulky", &format!(r#"{{"bytes": {}}}"#, (6 << 20) - 2)).await.unwrap();
    assert_eq!(most.content.len(), 6 << 20);
    let more = call(&servers, "bulky", &format!(r#"{{"bytes": {}}}"#, 6 << 20)).await.unwrap_err();
    assert!(matches!(&more, Error::Other { message, .. } if message.contains("the tool has run")), "{more}");
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_a_tool_does_not_take_are_told() {
    let real = Real::start(&["json"]).await;
    for version in [McpVersion::V20250618, McpVersion::V20260728] {
        let servers = servers(&real.url, McpAuth::None, Some(version));
        match call(&servers, "add", r#"{"a": "many"}"#).await {
            // This server has the tool say it.
            Ok(reply) => assert!(reply.is_error, "{reply:?}"),
            Err(error) => assert!(matches!(error, Error::Invalid(_)), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_is_shown_and_a_wrong_one_is_denied_with_the_setting() {
    let real = Real::start(&["token=sesame"]).await;
    for version in [None, Some(McpVersion::V20250326), Some(McpVersion::V20260728)] {
        let right = servers(&real.url, McpAuth::Bearer("sesame".into()), version);
        assert!(call(&right, "add", r#"{"a": 1, "b": 1}"#).await.unwrap().content.contains('2'));
        for auth in [McpAuth::None, McpAuth::Bearer("guessed".into())] {
            let wrong = servers(&real.url, auth, version);
            for answer in [wrong.list("trial").await.map(drop), call(&wrong, "add", "{}").await.map(drop)] {
                match answer {
                    Err(Error::Denied(text)) => assert!(text.contains("`tools.servers.trial.auth`"), "{text}"),
                    other => panic!("{version:?}: {other:?}"),
                }
            }
            assert!(!format!("{wrong:?} {wrong}").contains("guessed"));
        }
    }
}
