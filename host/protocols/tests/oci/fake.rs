//! A registry that does as it is told, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use sha2::{Digest, Sha256};

/// Ends with the runtime of its test.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) host: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

impl Fake {
    /// One that answers each request so; the function is given its own host.
    pub(crate) async fn start(answer: impl Fn(&str, &Asked) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { host: listener.local_addr().unwrap().to_string(), asked: Arc::default() };
        let here = fake.clone();
        let handle = move |request: Request| {
            let (here, answer) = (here.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                let asked = Asked {
                    line: format!("{} {}", parts.method, parts.uri),
                    authorization: parts.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned()),
                    body: String::from_utf8_lossy(&body).into_owned(),
                };
                here.asked.lock().unwrap().push(asked.clone());
                answer(&here.host, &asked)
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await.unwrap() });
        fake
    }

    pub(crate) fn reference(&self) -> String {
        format!("{}/spark:1", self.host)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The manifest of a component that announces so many bytes.
pub(crate) fn manifest(component: &[u8], size: u64) -> String {
    let digest = digest(component);
    format!(
        r#"{{"schemaVersion":2,"config":{{}},"layers":[{{"mediaType":"application/wasm","digest":"{digest}","size":{size}}}]}}"#
    )
}

/// The honest manifest of `component`, and this in its place.
pub(crate) fn instead(asked: &Asked, component: &[u8], blob: impl FnOnce() -> Response) -> Response {
    if asked.line.contains("/manifests/") {
        manifest(component, component.len() as u64).into_response()
    } else {
        blob()
    }
}

/// A body without an end. `announced` is its length, as far as it says.
pub(crate) fn endless(status: StatusCode, announced: Option<u64>) -> Response {
    let piece = Bytes::from(vec![b' '; 64 << 10]);
    let body = Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())));
    let response = Response::builder().status(status);
    let response = announced.into_iter().fold(response, |response, length| response.header("content-length", length));
    response.body(body).unwrap()
}

pub(crate) fn redirect(to: &str) -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [("location", to.to_owned())]).into_response()
}
