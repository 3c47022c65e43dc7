//! An OpenAI-compatible endpoint (chat completions, streamed) that says what it is told to.

use std::{collections::VecDeque, convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use futures::{StreamExt, stream};
use hyper::body::Incoming;
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    Script,
    aws::Fault,
    serve::{self, Broken},
};

/// What the endpoint says to one request.
#[derive(Debug, Clone)]
pub enum ChatReply {
    /// An answer in pieces, its finish reason, and the tokens read and written where the endpoint counts them.
    Said(Vec<String>, String, Option<(u32, u32)>),
    /// The data of each event as it goes over the wire; the end of the body follows at once.
    Events(Vec<String>),
    /// Any other status, with a body.
    Status(u16, String),
}

impl ChatReply {
    /// A whole answer.
    pub fn text(text: &str) -> Self {
        Self::pieces([text], "stop")
    }

    /// An answer in pieces, with its finish reason.
    pub fn pieces<'a>(pieces: impl IntoIterator<Item = &'a str>, finish: &str) -> Self {
        Self::Said(pieces.into_iter().map(str::to_owned).collect(), finish.into(), Some((11, 7)))
    }

    /// An error as OpenAI writes it.
    pub fn error(status: u16, kind: &str, code: Option<&str>, message: &str) -> Self {
        Self::Status(
            status,
            json!({"error": {"message": message, "type": kind, "param": null, "code": code}}).to_string(),
        )
    }
}

/// The endpoint, on a port of this machine. Dropped, it fails the test where a
/// request was made that the API does not know.
pub struct FakeOpenAi {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    script: Mutex<Script<ChatReply>>,
    faults: Mutex<VecDeque<Fault>>,
    /// Each request: its body, and what it says who asks.
    requests: Mutex<Vec<(Value, Option<String>)>>,
    wrong: Mutex<Vec<String>>,
}

impl FakeOpenAi {
    /// Starts it on a free port, to say these in turn.
    pub async fn that_says(replies: impl IntoIterator<Item = ChatReply>) -> Self {
        let state = Arc::new(State { script: Mutex::new(replies.into_iter().collect()), ..State::default() });
        let serving = Arc::clone(&state);
        let (address, server) = serve::http(move |request| serve(Arc::clone(&serving), request)).await;
        Self { address, state, server }
    }

    /// What to set as the base url.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it says, to be changed.
    pub fn script(&self) -> MutexGuard<'_, Script<ChatReply>> {
        self.state.script.lock()
    }

    /// The next request meets this fault.
    pub fn fault(&self, fault: Fault) {
        self.state.faults.lock().push_back(fault);
    }

    /// The bodies of all requests so far, those that met a fault among them.
    pub fn requests(&self) -> Vec<Value> {
        self.state.requests.lock().iter().map(|(body, _)| body.clone()).collect()
    }

    /// The `Authorization` of all requests so far.
    pub fn callers(&self) -> Vec<Option<String>> {
        self.state.requests.lock().iter().map(|(_, caller)| caller.clone()).collect()
    }
}

impl Drop for FakeOpenAi {
    fn drop(&mut self) {
        self.server.abort();
        let wrong = std::mem::take(&mut *self.state.wrong.lock());
        if !std::thread::panicking() {
            assert!(wrong.is_empty(), "requests that the API does not know: {wrong:#?}");
        }
    }
}

async fn serve(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Broken> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await?;
    if head.method != "POST" || head.uri.path() != "/v1/chat/completions" {
        return Ok(status(404, "404 page not found".into()));
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let caller = head.headers.get(header::AUTHORIZATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into());
    state.wrong.lock().extend(wrong(&body));
    state.requests.lock().push((body, caller));
    let fault = state.faults.lock().pop_front();
    let error = |code, kind, message| match ChatReply::error(code, kind, None, message) {
        ChatReply::Status(code, body) => Ok(status(code, body)),
        _ => unreachable!(),
    };
    match fault {
        None => Ok(state.next()),
        Some(Fault::Cut) => Err("cut".into()),
        Some(Fault::Slow(time)) => {
            tokio::time::sleep(time).await;
            Ok(state.next())
        }
        Some(Fault::Partial) => partial(state.next()).await,
        Some(Fault::Malformed) => Ok(events(vec!["{\"this is\": no JSON".into()])),
        Some(Fault::Throttled) => error(429, "rate_limit_error", "Rate limit reached"),
        Some(Fault::Internal) => Ok(status(500, "<html>something broke</html>".into())),
        Some(Fault::Expired) => error(401, "invalid_request_error", "the key has expired"),
        Some(Fault::Denied) => error(403, "permission_error", "not for you"),
        #[allow(unreachable_patterns, reason = "faults that only AWS has")]
        Some(other) => Err(format!("{other:?} is no fault of this endpoint").into()),
    }
}

impl State {
    fn next(&self) -> Response<Body> {
        match self.script.lock().next() {
            ChatReply::Said(pieces, finish, usage) => events(said(&pieces, &finish, usage)),
            ChatReply::Events(data) => events(data),
            ChatReply::Status(code, body) => status(code, body),
        }
    }
}

fn said(pieces: &[String], finish: &str, usage: Option<(u32, u32)>) -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_770_000_000, "model": "small-1",
            "system_fingerprint": "fp_1", "choices": choices, "usage": usage,
        })
    };
    let choice = |delta: Value, finish: Value| {
        let choices = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        chunk(choices, Value::Null).to_string()
    };
    let mut events = vec![choice(json!({"role": "assistant", "content": ""}), Value::Null)];
    events.extend(pieces.iter().map(|piece| choice(json!({"content": piece}), Value::Null)));
    events.push(choice(json!({}), finish.into()));
    events.extend(usage.map(|(read, written)| {
        let usage = json!({"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written});
        chunk(json!([]), usage).to_string()
    }));
    events.push("[DONE]".into());
    events
}

fn events(data: Vec<String>) -> Response<Body> {
    let pieces = stream::iter(data).map(|data| Ok::<_, Infallible>(format!("data: {data}\n\n")));
    let response = Response::builder().header(header::CONTENT_TYPE, "text/event-stream");
    response.body(Body::from_stream(pieces)).unwrap()
}

fn status(code: u16, body: String) -> Response<Body> {
    let kind = if body.starts_with('{') { "application/json" } else { "text/html" };
    let response = Response::builder().status(StatusCode::from_u16(code).unwrap()).header(header::CONTENT_TYPE, kind);
    response.body(body.into()).unwrap()
}

/// The first half of an answer, and then the end of the connection.
async fn partial(response: Response<Body>) -> Result<Response<Body>, Broken> {
    let (head, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await?;
    let half = whole.slice(..whole.len() / 2);
    let pieces = stream::once(async { Ok(half) }).chain(stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }));
    Ok(Response::from_parts(head, Body::from_stream(pieces)))
}

/// What a request has that the API, as all its makers have it, does not know.
fn wrong(body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{what}: {body}"));
        }
    };
    let known = ["model", "messages", "stream", "stream_options", "temperature", "max_tokens", "max_completion_tokens"];
    for (name, _) in body.as_object().into_iter().flatten() {
        expect(known.contains(&name.as_str()), &format!("`{name}` is not known everywhere"));
    }
    expect(body["model"].is_string(), "a model is named");
    expect(
        body["stream"] == true && body["stream_options"] == json!({"include_usage": true}),
        "a stream with its usage",
    );
    let most = [&body["max_tokens"], &body["max_completion_tokens"]];
    expect(most.iter().filter(|most| most.as_u64().is_some_and(|most| most > 0)).count() == 1, "one bound of tokens");
    expect(body["temperature"].is_null() || body["temperature"].is_number(), "a temperature is a number");
    let messages = body["messages"].as_array();
    expect(messages.is_some_and(|messages| !messages.is_empty()), "there are messages");
    for message in messages.into_iter().flatten() {
        let role = message["role"].as_str().unwrap_or_default();
        expect(["system", "user", "assistant"].contains(&role) && message["content"].is_string(), "a role and a text");
    }
    wrong
}
