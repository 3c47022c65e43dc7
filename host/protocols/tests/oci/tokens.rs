//! Registries that want a token, and the services that hand them out.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use enginehouse_protocols::oci::{Credentials, Error};

use crate::{
    fake::{Asked, Fake, endless, instead, redirect},
    password, pull, pull_as,
};

const COMPONENT: &[u8] = b"a component";

/// A registry that wants the token `abc`, and whose token service answers so.
async fn wanting_token(token: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Fake {
    Fake::start(move |host, asked| {
        if asked.line.contains("/token") {
            return token();
        }
        match asked.authorization.as_deref() {
            Some("Bearer abc") => instead(asked, COMPONENT, || COMPONENT.into_response()),
            _ => challenge(&format!("http://{host}/token?x=1")),
        }
    })
    .await
}

fn challenge(realm: &str) -> Response {
    let header = format!(r#"Bearer realm="{realm}",service="the service",scope="repository:spark:push,delete""#);
    (StatusCode::UNAUTHORIZED, [("www-authenticate", header)]).into_response()
}

fn service(fake: &Fake) -> Asked {
    fake.asked().into_iter().find(|asked| asked.line.contains("/token")).unwrap()
}

#[tokio::test]
async fn a_token_to_read_is_asked_for_and_shown() {
    let fake = wanting_token(|| r#"{"token":"abc"}"#.into_response()).await;
    assert_eq!(pull(&fake.reference()).await.unwrap().wasm, COMPONENT);
    let asked = service(&fake);
    assert_eq!(asked.line, "GET /token?x=1&service=the+service&scope=repository%3Aspark%3Apull");
    assert_eq!(asked.authorization, None);
    assert_eq!(fake.asked().len(), 4, "the token is asked for once");
}

#[tokio::test]
async fn a_password_goes_to_the_token_service() {
    let fake = wanting_token(|| r#"{"access_token":"abc"}"#.into_response()).await;
    assert_eq!(pull_as(&fake.reference(), &password("secret")).await.unwrap().wasm, COMPONENT);
    let basic = format!("Basic {}", STANDARD.encode("reader:secret"));
    assert_eq!(service(&fake).authorization, Some(basic));
    assert!(
        fake.asked()
            .iter()
            .filter(|asked| !asked.line.contains("/token"))
            .all(|asked| { asked.authorization.as_deref().is_none_or(|shown| shown == "Bearer abc") })
    );
}

#[tokio::test]
async fn an_identity_token_is_traded() {
    let fake = wanting_token(|| r#"{"access_token":"abc"}"#.into_response()).await;
    let folder = tempfile::tempdir().unwrap();
    let config = format!(r#"{{"auths":{{"{}":{{"identitytoken":"of mine"}}}}}}"#, fake.host);
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let docker = Credentials::DockerConfigIn(folder.path().to_owned());
    assert_eq!(pull_as(&fake.reference(), &docker).await.unwrap().wasm, COMPONENT);
    let asked = service(&fake);
    assert!(asked.line.starts_with("POST ") && asked.authorization.is_none());
    let expected = "grant_type=refresh_token&client_id=enginehouse&refresh_token=of+mine";
    assert!(asked.body.ends_with(expected) && asked.body.contains("scope=repository%3Aspark%3Apull"), "{}", asked.body);
}

#[tokio::test]
async fn a_token_service_that_says_no_is_not_allowed() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST] {
        let fake = wanting_token(move || endless(status, None)).await;
        assert!(matches!(pull(&fake.reference()).await.unwrap_err(), Error::NotAllowed { .. }));
    }
    let fake = wanting_token(|| r#"{"token":"another"}"#.into_response()).await;
    assert!(matches!(pull(&fake.reference()).await.unwrap_err(), Error::NotAllowed { .. }));
    assert_eq!(fake.asked().len(), 3, "a token that does not do is not asked for again");
}

#[tokio::test]
async fn a_hostile_token_service_gets_nowhere() {
    let answers: [fn() -> Response; 4] = [
        || r#"{"token":"a\r\nhost: b"}"#.into_response(),
        || "<html>".into_response(),
        || redirect("http://127.0.0.1:1/"),
        || r#"{"token":""}"#.into_response(),
    ];
    for answer in answers {
        let error = pull_as(&wanting_token(answer).await.reference(), &password("secret")).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaves { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    for announced in [None, Some(1 << 40)] {
        let fake = wanting_token(move || endless(StatusCode::OK, announced)).await;
        assert!(matches!(pull(&fake.reference()).await.unwrap_err(), Error::TooLarge { what: "the token", .. }));
    }
}

#[tokio::test]
async fn a_password_is_not_sent_in_the_clear() {
    for realm in ["http://registry.invalid/token", "http://10.0.0.1/", "file:///etc/passwd", "token", ""] {
        let fake = Fake::start(move |_, _| challenge(realm)).await;
        let error = pull_as(&fake.reference(), &password("secret")).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaves { .. }), "{realm}: {error}");
        assert_eq!(fake.asked().len(), 1);
    }
}
