//! Who may come in: no web page through a browser, and to the operator's part only who holds the token.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::ApiError;
use crate::app::App;

/// Refuses requests whose `Host` is not this machine, and those that a web page from elsewhere sends: a page can make a
/// browser knock at loopback, but cannot choose these two headers.
pub(super) async fn same_machine(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    if !host.is_some_and(is_loopback) {
        return closed("the `Host` header does not name this machine: use localhost or 127.0.0.1");
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let from = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        let from = from.as_ref().and_then(|uri| uri.authority()).map(|authority| authority.as_str());
        if from.is_none() || from != host {
            return closed("the request comes from a web page of another origin");
        }
    }
    next.run(request).await
}

fn closed(detail: &str) -> Response {
    ApiError::new(StatusCode::FORBIDDEN, "closed", detail).into_response()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Lets in who sends the operator's token as a bearer token.
pub(super) async fn operator(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if holds_token(request.headers(), &app.operator_token) {
        return next.run(request).await;
    }
    let file = "operator.token in the data folder";
    let detail = format!("this part is the operator's: send `Authorization: Bearer …` with what is in {file}");
    ApiError::new(StatusCode::UNAUTHORIZED, "operator-only", detail).into_response()
}

/// Whether a request has this token as its bearer token; an empty one is nobody's.
pub(crate) fn holds_token(headers: &HeaderMap, token: &str) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    // Digests are compared so that the time taken tells nothing about the token.
    !token.is_empty() && Sha256::digest(sent) == Sha256::digest(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for host in ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "[::1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.org", "localhost.example.org", "127.0.0.1.example.org:80", "10.0.0.1", "[::2]:80"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn only_the_token_opens_the_operators_part() {
        let mut headers = HeaderMap::new();
        assert!(!holds_token(&headers, "secret"));
        headers.insert(header::AUTHORIZATION, "Bearer wrong".parse().unwrap());
        assert!(!holds_token(&headers, "secret"));
        headers.insert(header::AUTHORIZATION, "Bearer secret".parse().unwrap());
        assert!(holds_token(&headers, "secret"));
        headers.insert(header::AUTHORIZATION, "Bearer ".parse().unwrap());
        assert!(!holds_token(&headers, ""));
    }
}
