//! From a registry's challenge to the header that answers it.

use base64::{Engine, engine::general_purpose::STANDARD};
use http_auth::{ChallengeRef, parser::ChallengeParser};
use reqwest::{
    Client, Response, StatusCode,
    header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use super::{credentials::Login, error::quoted};

/// A token with its surroundings. They have at most some KiB.
pub(super) const MOST_BYTES: u64 = 256 << 10;

/// What a registry wants to see.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password.
    Basic,
    /// A token of this service.
    Bearer { realm: String, service: Option<String> },
}

/// What is asked for in the first answer of a registry; a token goes before a password.
pub(super) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|header| header.to_str().ok());
    let all: Vec<ChallengeRef<'_>> = texts.flat_map(|text| ChallengeParser::new(text).map_while(Result::ok)).collect();
    let bearer = all.iter().filter(|challenge| challenge.scheme.eq_ignore_ascii_case("bearer"));
    let bearer = bearer.filter_map(|challenge| {
        let value = |name: &str| {
            let named = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            named.map(|(_, value)| value.to_unescaped())
        };
        Some(Challenge::Bearer { realm: value("realm")?, service: value("service") })
    });
    let basic =
        || all.iter().any(|challenge| challenge.scheme.eq_ignore_ascii_case("basic")).then_some(Challenge::Basic);
    bearer.into_iter().next().or_else(basic)
}

/// The header for a registry that wants name and password; none without them.
pub(super) fn basic(login: &Login) -> Option<HeaderValue> {
    let Login::Password(username, password) = login else { return None };
    header(&format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose_secret()))))
}

/// Asks the service at `realm` for leave to read `repository`, and no more than that whatever the registry suggests.
pub(super) async fn ask(
    client: &Client,
    realm: &Url,
    service: Option<&str>,
    repository: &str,
    login: &Login,
) -> reqwest::Result<Response> {
    let scope = format!("repository:{repository}:pull");
    let asked: Vec<(&str, &str)> =
        service.map(|service| ("service", service)).into_iter().chain([("scope", &*scope)]).collect();
    let request = match login {
        Login::Anonymous => client.get(realm.clone()).query(&asked),
        Login::Password(username, password) => {
            client.get(realm.clone()).query(&asked).basic_auth(username, Some(password.expose_secret()))
        }
        Login::IdentityToken(token) => {
            let traded = [
                ("grant_type", "refresh_token"),
                ("client_id", "enginehouse"),
                ("refresh_token", token.expose_secret()),
            ];
            client.post(realm.clone()).form(&asked.into_iter().chain(traded).collect::<Vec<_>>())
        }
    };
    request.send().await
}

/// Whether the service said that this login does not do.
pub(super) fn refused(status: StatusCode) -> bool {
    // 400 is OAuth 2's answer to a token that is not valid any more.
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST].contains(&status)
}

/// The header from the service's answer.
pub(super) fn bearer(answer: &[u8]) -> Result<HeaderValue, String> {
    #[derive(Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(answer).map_err(|_| "its token service sends no token".to_owned())?;
    let token = answer.token.or(answer.access_token).unwrap_or_default();
    match header(&format!("Bearer {token}")) {
        Some(header) if !token.is_empty() => Ok(header),
        _ => Err("its token service sends no token".to_owned()),
    }
}

/// The address of a token service.
pub(super) fn realm(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|_| format!("its token service has no address: {}", quoted(text)))
}

fn header(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&'static str]) -> Option<Challenge> {
        let pair = |text: &&'static str| (WWW_AUTHENTICATE, HeaderValue::from_static(text));
        challenge(&texts.iter().map(pair).collect())
    }

    #[test]
    fn a_token_goes_before_a_password() {
        let token = r#"Bearer realm="https://auth.example.com/token",service="a \"b\"",scope="repository:x:push""#;
        let bearer = Challenge::Bearer {
            realm: "https://auth.example.com/token".to_owned(),
            service: Some("a \"b\"".to_owned()),
        };
        assert_eq!(of(&[r#"Basic realm="x""#, token]), Some(bearer));
        assert_eq!(of(&[r#"basic realm="x""#]), Some(Challenge::Basic));
    }

    #[test]
    fn what_is_no_challenge_counts_for_nothing() {
        for text in
            ["", "Bearer", "Bearer realm", "Negotiate", r#"Bearer realm="unfinished"#, ",,,", "Bearer service=x"]
        {
            assert_eq!(of(&[text]), None, "{text}");
        }
    }

    #[test]
    fn a_token_that_is_no_headers_value_is_refused() {
        for answer in [r#"{"token":"a\nb"}"#, r#"{"token":""}"#, "{}", "[]", "<html>", r#"{"token":7}"#] {
            assert!(bearer(answer.as_bytes()).is_err(), "{answer}");
        }
        assert_eq!(bearer(br#"{"access_token":"abc"}"#).unwrap(), "Bearer abc");
    }
}
