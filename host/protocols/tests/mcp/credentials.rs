//! Tokens of an authorization server, and signatures.

use std::sync::Arc;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use enginehouse_capabilities::{Error, Result, Signing, ToolServers, Unsigned};
use enginehouse_protocols::mcp::{ClientCredentials, McpAuth, McpVersion, TokenPlace};
use serde_json::json;

use crate::{
    call,
    fake::{Asked, Fake},
    servers,
};

/// Gives `t1`, `t2`, … that hold for so long.
async fn tokens(expires_in: u64) -> Fake {
    Fake::start(move |fake, asked| {
        let place = fake.url.trim_end_matches("/mcp");
        Some(match asked.path.as_str() {
            "/token" => {
                let token = format!("t{}", fake.asked("POST").len());
                Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in})).into_response()
            }
            "/.well-known/openid-configuration" => {
                Json(json!({"issuer": place, "token_endpoint": format!("{place}/token")})).into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        })
    })
    .await
}

fn auth(place: TokenPlace) -> McpAuth {
    McpAuth::ClientCredentials(ClientCredentials {
        place,
        client_id: "house".into(),
        client_secret: "s p:c".into(),
        scopes: vec!["tools".into(), "more".into()],
    })
}

fn endpoint(fake: &Fake) -> TokenPlace {
    TokenPlace::Endpoint(fake.url.replace("/mcp", "/token"))
}

/// Lets in who has this token.
async fn guarded(by: impl Fn(&Fake) -> String + Clone + Send + Sync + 'static) -> Fake {
    Fake::start(move |fake, asked| {
        (bearer(asked) != format!("Bearer {}", by(fake))).then(|| StatusCode::UNAUTHORIZED.into_response())
    })
    .await
}

fn bearer(asked: &Asked) -> String {
    asked.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_fetched_once_and_kept() {
    let (tokens, guarded) = (tokens(3600).await, guarded(|_| "t1".to_owned()).await);
    let servers = servers(&guarded.url, auth(endpoint(&tokens)), None);
    for _ in 0..3 {
        call(&servers, "do", "{}").await.unwrap();
    }
    let asked = tokens.asked("POST");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].text, "grant_type=client_credentials&scope=tools+more");
    // house:s+p%3Ac
    assert_eq!(bearer(&asked[0]), "Basic aG91c2U6cytwJTNBYw==");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_is_replaced_before_it_does() {
    let (tokens, open) = (tokens(1).await, Fake::start(|_, _| None).await);
    let servers = servers(&open.url, auth(endpoint(&tokens)), None);
    call(&servers, "do", "{}").await.unwrap();
    let before = tokens.asked("POST").len();
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    call(&servers, "do", "{}").await.unwrap();
    assert_eq!(tokens.asked("POST").len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_taken_back_is_replaced_once() {
    // The first token holds until a tool is called for the second time.
    let guarded = guarded(|fake| if fake.calls() < 2 { "t1".to_owned() } else { "t2".to_owned() }).await;
    let tokens = tokens(3600).await;
    let servers = servers(&guarded.url, auth(endpoint(&tokens)), None);
    call(&servers, "do", "{}").await.unwrap();
    call(&servers, "do", "{}").await.unwrap();
    assert_eq!((guarded.calls(), tokens.asked("POST").len()), (3, 2));

    let never = self::guarded(|_| "none".to_owned()).await;
    let servers = crate::servers(&never.url, auth(endpoint(&tokens)), Some(McpVersion::V20250618));
    let error = call(&servers, "do", "{}").await.unwrap_err();
    assert!(matches!(&error, Error::Denied(text) if text.contains("`tools.servers.trial.auth`")), "{error}");
    assert_eq!(never.asked("initialize").len(), 2, "the same is asked twice at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_says_where_it_gives_tokens() {
    let (tokens, guarded) = (tokens(3600).await, guarded(|_| "t1".to_owned()).await);
    let issuer = TokenPlace::Issuer(tokens.url.replace("/mcp", "/"));
    call(&servers(&guarded.url, auth(issuer), None), "do", "{}").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_server_that_does_not_do_is_told_apart() {
    type Case = (fn() -> Response, fn(&Error) -> bool);
    let cases: [Case; 4] = [
        (|| StatusCode::UNAUTHORIZED.into_response(), |error| matches!(error, Error::Denied(_))),
        (|| StatusCode::BAD_GATEWAY.into_response(), |error| matches!(error, Error::Unavailable(_))),
        (|| Json(json!({"access_token": 7})).into_response(), |error| matches!(error, Error::Unconfigured(_))),
        (|| "x".repeat(1 << 20).into_response(), |error| matches!(error, Error::Unconfigured(_))),
    ];
    for (answer, expected) in cases {
        let tokens = Fake::start(move |_, _| Some(answer())).await;
        let open = Fake::start(|_, _| None).await;
        let error = call(&servers(&open.url, auth(endpoint(&tokens)), None), "do", "{}").await.unwrap_err();
        assert!(expected(&error) && error.to_string().contains("authorization server"), "{error:?}");
        assert_eq!(open.asked("initialize").len() + open.asked("server/discover").len(), 0, "nothing goes out without");
    }
}

#[derive(Debug)]
struct Marked;

#[async_trait::async_trait]
impl Signing for Marked {
    async fn sign(&self, request: Unsigned<'_>) -> Result<Vec<(String, String)>> {
        let mark = format!("{} {} {}", request.method, request.url, String::from_utf8_lossy(request.body));
        Ok(vec![("x-mark".to_owned(), mark)])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_over_what_is_sent() {
    let fake = Fake::start(|_, _| None).await;
    let servers = servers(&fake.url, McpAuth::Signed(Arc::new(Marked)), None);
    servers.list("trial").await.unwrap();
    call(&servers, "do", r#"{"b": {"z": 1, "a": [2]}, "a": 1.5}"#).await.unwrap();
    for method in ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"] {
        let asked = fake.asked(method).remove(0);
        assert_eq!(asked.headers["x-mark"].to_str().unwrap(), format!("POST {} {}", fake.url, asked.text));
    }
}
