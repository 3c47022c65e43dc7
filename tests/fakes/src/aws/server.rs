//! The server behind every fake of AWS.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{HeaderMap, Method, Response, Uri},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use hyper::body::Incoming;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{Answer, Fault};
use crate::{
    model::{Request, ServiceModel},
    serve::{self, Broken},
};

/// A service: what it answers to calls that its model allows.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// The folder of its model in botocore: `emr-serverless`.
    fn name(&self) -> &'static str;

    /// The answer to one call.
    async fn answer(&self, call: Call) -> Answer;
}

/// A call that the model allows.
#[derive(Debug, Clone)]
pub struct Call {
    /// `StartJobRun`.
    pub operation: String,
    /// As it came.
    pub method: Method,
    /// Path and query, as they came.
    pub uri: Uri,
    /// The members of the input under their names on the wire.
    pub input: Value,
    /// The body as it came.
    pub body: Bytes,
    /// All headers.
    pub headers: HeaderMap,
}

/// A service on a port of this machine. Dropped, it fails the test where something was asked or answered that its model does not allow.
pub struct FakeAws {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

struct State {
    model: ServiceModel,
    service: Box<dyn Service>,
    /// Each is met by one call, of the operation that it names or of any.
    faults: Mutex<VecDeque<(Option<String>, Fault)>>,
    calls: Mutex<Vec<Call>>,
    wrong: Mutex<Vec<String>>,
}

impl FakeAws {
    /// Starts it on a free port.
    pub async fn start(service: impl Service) -> Self {
        let name = service.name();
        let model = tokio::task::spawn_blocking(move || ServiceModel::load(name)).await.unwrap();
        let state = Arc::new(State {
            model,
            service: Box::new(service),
            faults: Mutex::default(),
            calls: Mutex::default(),
            wrong: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        let (address, server) = serve::http(move |request| serve(Arc::clone(&serving), request)).await;
        Self { address, state, server }
    }

    /// What to set as the service's endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next call of any operation meets this fault.
    pub fn fault(&self, fault: Fault) {
        self.state.faults.lock().push_back((None, fault));
    }

    /// The next call of this operation meets this fault.
    pub fn fault_at(&self, operation: &str, fault: Fault) {
        self.state.faults.lock().push_back((Some(operation.to_owned()), fault));
    }

    /// All calls so far, those that met a fault among them.
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().clone()
    }

    /// How often an operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.state.calls.lock().iter().filter(|call| call.operation == operation).count()
    }

    /// What the model did not allow so far, of our requests and of the fake's answers; taken, it no longer fails the test.
    pub fn take_wrong(&self) -> Vec<String> {
        std::mem::take(&mut self.state.wrong.lock())
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        self.server.abort();
        let wrong = self.take_wrong();
        if !std::thread::panicking() {
            assert!(wrong.is_empty(), "the service's model does not allow this: {wrong:#?}");
        }
    }
}

async fn serve(state: Arc<State>, request: hyper::Request<Incoming>) -> Result<Response<Body>, Broken> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await?;
    let mut read = state.model.read(&head.method, &head.uri, &head.headers, &body);
    read.wrong.extend(unsigned(&head.headers, &head.uri, &state.model.signing_name));
    let Request { operation, input, wrong } = read;
    if !wrong.is_empty() {
        let message = wrong.join("; ");
        state.wrong.lock().extend(wrong);
        return state.respond(&operation, Answer::error_with(400, "ValidationException", &message));
    }
    let call = Call { operation, method: head.method, uri: head.uri, input, body, headers: head.headers };
    let operation = call.operation.clone();
    state.calls.lock().push(call.clone());
    let answer = || async { state.respond(&operation, state.service.answer(call).await) };
    let fault = state.next_fault(&operation);
    match fault {
        None => answer().await,
        // An error of the service function ends the connection without a word.
        Some(Fault::Cut) => Err("cut".into()),
        Some(Fault::Lost) => {
            answer().await?;
            Err("lost".into())
        }
        Some(Fault::Slow(time)) => {
            tokio::time::sleep(time).await;
            answer().await
        }
        Some(Fault::Partial) => partial(answer().await?).await,
        Some(Fault::Malformed) => {
            let (mut head, _) = answer().await?.into_parts();
            head.headers.remove("content-length");
            Ok(Response::from_parts(head, Body::from("{\"this is\": no JSON")))
        }
        Some(fault) => {
            let said = fault.answer(&state.model.signing_name, &operation).ok_or("a fault without an answer")?;
            state.respond(&operation, said)
        }
    }
}

impl State {
    /// What the service would not say fails the test, and ends the connection.
    fn respond(&self, operation: &str, answer: Answer) -> Result<Response<Body>, Broken> {
        answer.into_response(&self.model, operation).map_err(|wrong| {
            let told = wrong.join("; ").into();
            self.wrong.lock().extend(wrong);
            told
        })
    }

    fn next_fault(&self, operation: &str) -> Option<Fault> {
        let mut faults = self.faults.lock();
        let at = faults.iter().position(|(only, _)| only.as_deref().is_none_or(|only| only == operation))?;
        faults.remove(at).map(|(_, fault)| fault)
    }
}

/// Half of a body that was announced whole.
async fn partial(response: Response<Body>) -> Result<Response<Body>, Broken> {
    let (mut head, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await?;
    head.headers.insert("content-length", whole.len().into());
    let half = whole.slice(..whole.len() / 2);
    let pieces = stream::once(async { Ok::<_, std::io::Error>(half) }).chain(stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::ErrorKind::ConnectionReset.into())
    }));
    Ok(Response::from_parts(head, Body::from_stream(pieces)))
}

/// Why a request is not signed for the service, in its headers or ahead in its address.
fn unsigned(headers: &HeaderMap, uri: &Uri, service: &str) -> Option<String> {
    let signature = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let scope = signature.strip_prefix("AWS4-HMAC-SHA256 Credential=").and_then(|rest| rest.split(',').next());
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let ahead = query.into_owned().find_map(|(name, value)| (name == "X-Amz-Credential").then_some(value));
    let scope = scope.map(str::to_owned).or(ahead);
    let fits = scope.is_some_and(|scope| scope.ends_with(&format!("/{service}/aws4_request")));
    (!fits).then(|| format!("the request is not signed for {service}: {signature}"))
}
