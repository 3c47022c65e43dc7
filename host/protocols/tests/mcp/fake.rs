//! A server of tools that does as it is told, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// Ends with the runtime of its test.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) method: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Fake {
    /// Answers each request so; `None` for the usual answer, that of a server with sessions and one tool, `do`.
    pub(crate) async fn start(
        answer: impl Fn(&Fake, &Asked) -> Option<Response> + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { url: format!("http://{}/mcp", listener.local_addr().unwrap()), asked: Arc::default() };
        let here = fake.clone();
        let handle = move |request: Request| {
            let (here, answer) = (here.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
                let http = parts.method;
                let body_json: Value = serde_json::from_slice(&body).unwrap_or_default();
                let asked = Asked {
                    path: parts.uri.path().to_owned(),
                    method: body_json["method"].as_str().unwrap_or(http.as_str()).to_owned(),
                    headers: parts.headers,
                    body: body_json,
                    text: String::from_utf8_lossy(&body).into_owned(),
                };
                here.asked.lock().unwrap().push(asked.clone());
                answer(&here, &asked).unwrap_or_else(|| usual(&http, &asked))
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await.unwrap() });
        fake
    }

    pub(crate) fn asked(&self, method: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| asked.method == method).cloned().collect()
    }

    /// How often a tool was called.
    pub(crate) fn calls(&self) -> usize {
        self.asked("tools/call").len()
    }
}

fn usual(http: &Method, asked: &Asked) -> Response {
    match asked.method.as_str() {
        "initialize" => {
            let result = json!({
                "protocolVersion": asked.body["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "fake", "version": "1"},
            });
            ([("mcp-session-id", "first")], answer(asked, result)).into_response()
        }
        "tools/list" => answer(asked, json!({"tools": [tool("do")]})),
        "tools/call" => answer(asked, json!({"content": [{"type": "text", "text": "done"}]})),
        method if method.starts_with("notifications/") => StatusCode::ACCEPTED.into_response(),
        _ if http == Method::POST => error(asked, -32601, "no such method"),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

pub(crate) fn tool(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}})
}

pub(crate) fn answer(asked: &Asked, result: Value) -> Response {
    Json(json!({"jsonrpc": "2.0", "id": asked.body["id"], "result": result})).into_response()
}

pub(crate) fn error(asked: &Asked, code: i32, message: &str) -> Response {
    Json(json!({"jsonrpc": "2.0", "id": asked.body["id"], "error": {"code": code, "message": message}})).into_response()
}

/// The same answer, whose body comes after so long.
pub(crate) fn late(answer: Response, after: Duration) -> Response {
    let (head, body) = answer.into_parts();
    let wait = stream::once(tokio::time::sleep(after)).filter_map(|()| async { None::<Result<Bytes, axum::Error>> });
    Response::from_parts(head, Body::from_stream(wait.chain(body.into_data_stream())))
}

pub(crate) fn body(kind: &str, body: impl Into<Body>) -> Response {
    Response::builder().header("content-type", kind).body(body.into()).unwrap()
}
