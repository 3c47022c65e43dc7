//! Tokens of an authorization server, and signatures.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use enginehouse_capabilities::{Error, Result, Signing, ToolServers, Unsigned};
use enginehouse_protocols::mcp::{ClientCredentials, McpAuth, McpVersion, TokenPlace};
use futures::future::join_all;
use serde_json::json;

use crate::{
    call, call_within,
    fake::{Asked, Fake, late},
    servers,
};

/// Gives `t1`, `t2`, … that hold for so long.
async fn tokens(expires_in: u64) -> Fake {
    tokens_after(Duration::ZERO, expires_in).await
}

/// Takes its time for each.
async fn tokens_after(wait: Duration, expires_in: u64) -> Fake {
    Fake::start(move |fake, asked| {
        let place = fake.url.trim_end_matches("/mcp");
        Some(match asked.path.as_str() {
            "/token" => {
                let token = format!("t{}", fake.asked("POST").len());
                let token = json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in});
                late(Json(token).into_response(), wait)
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
    tokio::time::sleep(Duration::from_millis(700)).await;
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
async fn many_who_are_refused_at_once_wait_for_one_token() {
    let slow = Duration::from_millis(300);
    // The first call is let in with the first token, all others with the second alone.
    let guarded = guarded(|fake| if fake.calls() < 2 { "t1".to_owned() } else { "t2".to_owned() }).await;
    let tokens = tokens_after(slow, 3600).await;
    let servers = servers(&guarded.url, auth(endpoint(&tokens)), None);
    call(&servers, "do", "{}").await.unwrap();
    for reply in join_all((0..8).map(|_| call(&servers, "do", "{}"))).await {
        reply.unwrap();
    }
    assert_eq!(tokens.asked("POST").len(), 2, "one that was taken back, one in its place");
    assert!(guarded.calls() <= 1 + 8 * 2, "each is refused and sent again once at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_comes_late_does_not_give_up_the_token_that_came_meanwhile() {
    // Of two calls with the token that was taken back, one hears of it after the other has a new one.
    let guarded = Fake::start(|fake, asked| {
        let fits = bearer(asked) == if fake.calls() < 2 { "Bearer t1" } else { "Bearer t2" };
        let refused = || StatusCode::UNAUTHORIZED.into_response();
        let hears_late = asked.body["params"]["name"] == "late";
        (!fits).then(|| if hears_late { late(refused(), Duration::from_millis(500)) } else { refused() })
    })
    .await;
    let tokens = tokens(3600).await;
    let servers = servers(&guarded.url, auth(endpoint(&tokens)), None);
    call(&servers, "do", "{}").await.unwrap();
    let soon = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        call(&servers, "do", "{}").await
    };
    let (one, other) = tokio::join!(call(&servers, "late", "{}"), soon);
    one.unwrap();
    other.unwrap();
    assert_eq!(tokens.asked("POST").len(), 2);
    assert!(guarded.calls() <= 5, "each is sent again once at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_outlives_who_began_it_and_tells_all_who_wait_how_it_failed() {
    let slow = Duration::from_secs(2);
    let (tokens, open) = (tokens_after(slow, 3600).await, Fake::start(|_, _| None).await);
    let servers = servers(&open.url, auth(endpoint(&tokens)), None);
    let error = call_within(&servers, "do", "{}", Duration::from_millis(100)).await.unwrap_err();
    assert!(matches!(&error, Error::TimedOut(text) if text.contains("not called")), "{error}");
    call(&servers, "do", "{}").await.unwrap();
    assert_eq!(tokens.asked("POST").len(), 1);

    // Gives one token, and nothing that anybody can read after it.
    let broken = Fake::start(move |fake, _| {
        let first = fake.asked("POST").len() == 1;
        let token = || Json(json!({"access_token": "t1", "expires_in": 3600})).into_response();
        Some(if first { token() } else { late("nothing".into_response(), slow) })
    })
    .await;
    let guarded = guarded(|fake| if fake.calls() < 2 { "t1".to_owned() } else { "t2".to_owned() }).await;
    let servers = crate::servers(&guarded.url, auth(endpoint(&broken)), None);
    call(&servers, "do", "{}").await.unwrap();
    for answer in join_all((0..8).map(|_| call(&servers, "do", "{}"))).await {
        assert!(matches!(answer, Err(Error::Unconfigured(_))), "{answer:?}");
    }
    assert_eq!(broken.asked("POST").len(), 2, "they all waited for the same");
    let error = call(&servers, "do", "{}").await.unwrap_err();
    assert!(matches!(error, Error::Unconfigured(_)) && broken.asked("POST").len() == 3, "the next one tries anew");
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
