//! A server that repeats what it was shown.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use enginehouse_capabilities::{Error, ToolServers};
use enginehouse_protocols::mcp::{ClientCredentials, McpAuth, McpServer, McpServers, McpVersion, TokenPlace};
use serde_json::json;

use crate::{
    call,
    fake::{Asked, Fake, answer, body, error},
    servers,
};

const SECRET: &str = "hunter2-0123456789";

/// The ways to repeat it, one a tool.
fn repeat(asked: &Asked, what: &str) -> Option<Response> {
    let tool = asked.body["params"]["name"].as_str().unwrap_or_default();
    let text = format!("no such token: {what}");
    Some(match tool {
        "told" => error(asked, -32603, &text),
        "invalid" => error(asked, -32602, &text),
        "cut" => error(asked, -32603, &format!("{}{what}", "x".repeat(390))),
        "failed" => answer(asked, json!({"content": [{"type": "text", "text": text}], "isError": true})),
        "structured" => answer(asked, json!({"content": [], "structuredContent": {"said": text}, "isError": true})),
        "page" => body("text/html", text),
        "malformed" => body("application/json", text),
        // The client below shows 256 bytes of it.
        "preview" => body("application/json", format!("{}{what}{what}", "x".repeat(240))),
        "kind" => body(&format!("text/{what}"), text),
        "teapot" => (StatusCode::IM_A_TEAPOT, text).into_response(),
        "challenged" => {
            let challenge = format!("Bearer error=\"{text}\"");
            (StatusCode::FORBIDDEN, [("www-authenticate", challenge)]).into_response()
        }
        _ => return None,
    })
}

const WAYS: [&str; 11] =
    ["told", "invalid", "cut", "failed", "structured", "page", "malformed", "preview", "kind", "teapot", "challenged"];

async fn holds_its_tongue(servers: &McpServers) {
    for way in WAYS {
        let said = match call(servers, way, "{}").await {
            Ok(reply) => {
                assert!(reply.is_error && reply.content.contains("no such token: [a secret]"), "{way}: {reply:?}");
                serde_json::from_str::<serde_json::Value>(&reply.content).unwrap();
                format!("{reply:?}")
            }
            Err(error) => format!("{error} {error:?} {servers:?} {servers}"),
        };
        assert!(!said.contains(&SECRET[..9]), "{way}: {said}");
    }
}

/// The usual list has none of the tools, so that it is told, too, what a tool that is not there says.
fn list(asked: &Asked) -> Option<Response> {
    let tool = |name: &&str| crate::fake::tool(name);
    (asked.method == "tools/list").then(|| answer(asked, json!({"tools": WAYS.iter().map(tool).collect::<Vec<_>>()})))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_is_not_repeated() {
    let fake = Fake::start(|_, asked| list(asked).or_else(|| repeat(asked, SECRET))).await;
    for version in [McpVersion::V20250618, McpVersion::V20251125] {
        holds_its_tongue(&servers(&fake.url, McpAuth::Bearer(SECRET.into()), Some(version))).await;
    }
    let greeting = Fake::start(|_, asked| Some(error(asked, -32603, &format!("no such token: {SECRET}")))).await;
    let version = Fake::start(|_, asked| {
        let result =
            json!({"protocolVersion": SECRET, "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}});
        (asked.method == "initialize").then(|| answer(asked, result))
    })
    .await;
    let odd = Fake::start(|_, asked| Some(answer(asked, json!({"said": SECRET})))).await;
    for fake in [greeting, version, odd] {
        for version in [None, Some(McpVersion::V20250618), Some(McpVersion::V20260728)] {
            let servers = servers(&fake.url, McpAuth::Bearer(SECRET.into()), version);
            let error = servers.list("trial").await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains(&SECRET[..9]), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_is_a_token_that_was_fetched_nor_what_it_was_fetched_with() {
    let tokens =
        Fake::start(|_, _| Some(Json(json!({"access_token": SECRET, "expires_in": 3600})).into_response())).await;
    let fake = Fake::start(|_, asked| list(asked).or_else(|| repeat(asked, SECRET))).await;
    let auth = |place: TokenPlace, secret: &str| {
        McpAuth::ClientCredentials(ClientCredentials {
            place,
            client_id: "house".into(),
            client_secret: secret.into(),
            scopes: Vec::new(),
        })
    };
    let place = TokenPlace::Endpoint(tokens.url.clone());
    holds_its_tongue(&servers(&fake.url, auth(place.clone(), "another"), None)).await;

    let other = Fake::start(|_, asked| list(asked).or_else(|| repeat(asked, "the client\u{27}s \"secret\""))).await;
    let error =
        call(&servers(&other.url, auth(place, "the client's \"secret\""), None), "told", "{}").await.unwrap_err();
    assert!(error.to_string().contains("no such token: [a secret]"), "{error}");

    for said in [json!({"issuer": SECRET, "token_endpoint": "x"}), json!({"access_token": [SECRET]})] {
        let tokens = Fake::start(move |_, _| Some(Json(said.clone()).into_response())).await;
        for place in [TokenPlace::Issuer(tokens.url.replace("/mcp", "")), TokenPlace::Endpoint(tokens.url.clone())] {
            let error = call(&servers(&fake.url, auth(place, SECRET), None), "do", "{}").await.unwrap_err();
            assert!(matches!(error, Error::Unconfigured(_)) && !error.to_string().contains(SECRET), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_what_stands_in_an_address() {
    let fake = Fake::start(|_, asked| list(asked).or_else(|| repeat(asked, &format!("key={SECRET}")))).await;
    holds_its_tongue(&servers(&format!("{}?key={SECRET}", fake.url), McpAuth::None, None)).await;
    let gone = servers(&format!("http://127.0.0.1:1/mcp?key={SECRET}"), McpAuth::None, None);
    assert!(!gone.list("trial").await.unwrap_err().to_string().contains(SECRET));

    for url in ["http://user:hunter2@x/mcp", "ftp://user:hunter2@x/mcp", "http://user:hunter2@x:99999/", "hunter2"] {
        let server = McpServer { url: url.to_owned(), auth: McpAuth::None, version: None };
        let error = McpServers::new([("trial".to_owned(), server)].into()).unwrap_err();
        assert!(
            matches!(&error, Error::Invalid(text) if text.contains("`tools.servers.trial.url`") && !text.contains("hunter2")),
            "{url}: {error}"
        );
    }
}
