//! Functions whose bodies are closures of the test.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Answer, Call, Service};

/// What a function comes to.
#[derive(Debug, Clone, Default)]
pub struct LambdaOutcome {
    /// What it returned, or Lambda's record of its failure.
    pub payload: Value,
    /// `Unhandled` or `Handled` where it failed.
    pub function_error: Option<String>,
    /// What it printed; its last 4 KiB are told.
    pub log: String,
    /// How long it takes.
    pub delay: Duration,
}

impl LambdaOutcome {
    /// It returned this.
    pub fn returned(payload: Value) -> Self {
        Self { payload, ..Self::default() }
    }

    /// It raised this, as Lambda's own runtimes tell it.
    pub fn raised(error_type: &str, message: &str) -> Self {
        let payload = json!({"errorType": error_type, "errorMessage": message, "stackTrace": []});
        Self { payload, function_error: Some("Unhandled".into()), ..Self::default() }
    }
}

type Function = Arc<dyn Fn(Value) -> BoxFuture<'static, LambdaOutcome> + Send + Sync>;

/// What each function has.
const MEMORY_MB: u32 = 3008;

/// Lambda's id of every call.
const REQUEST: &str = "00000000-0000-0000-0000-000000000000";

/// Lambda, as far as functions are called. A clone is the same service.
///
/// Each function has 3,008 MB, and the log of a call ends with Lambda's own report of it.
#[derive(Clone, Default)]
pub struct Lambda {
    functions: Arc<Mutex<BTreeMap<String, Function>>>,
    busy: Arc<AtomicUsize>,
}

impl Lambda {
    /// Lambda without a function.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a function of this name.
    #[must_use]
    pub fn function<F>(self, name: &str, body: impl Fn(Value) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = LambdaOutcome> + Send + 'static,
    {
        let body: Function = Arc::new(move |event| Box::pin(body(event)));
        self.functions.lock().insert(name.to_owned(), body);
        self
    }

    /// Turns the next calls away as Lambda itself does when all that may run does.
    pub fn busy_for(&self, calls: usize) {
        self.busy.store(calls, Ordering::SeqCst);
    }
}

#[async_trait]
impl Service for Lambda {
    fn name(&self) -> &'static str {
        "lambda"
    }

    async fn answer(&self, call: Call) -> Answer {
        assert_eq!(call.operation, "Invoke", "the fake of Lambda is called, and no more");
        if self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |calls| calls.checked_sub(1)).is_ok() {
            return Answer::error("TooManyRequestsException", "Rate Exceeded.");
        }
        let asked = call.input["FunctionName"].as_str().unwrap();
        let name = asked.rsplit("function:").next().and_then(|name| name.split(':').next()).unwrap_or(asked);
        let Some(function) = self.functions.lock().get(name).cloned() else {
            return Answer::error("ResourceNotFoundException", &format!("Function not found: {asked}"));
        };
        if call.input["X-Amz-Invocation-Type"] == "DryRun" {
            return Answer::Body(json!({"StatusCode": 204}), Body::empty());
        }
        let Ok(event) = serde_json::from_slice(&call.body) else {
            return Answer::error("InvalidRequestContentException", "Could not parse request body into json");
        };
        let begun = Instant::now();
        let LambdaOutcome { payload, function_error, log, delay } = function(event).await;
        tokio::time::sleep(delay).await;
        let log = with_report(log, begun.elapsed());
        let mut output = json!({"X-Amz-Executed-Version": "$LATEST"});
        if let Some(error) = function_error {
            output["X-Amz-Function-Error"] = error.into();
        }
        if call.input["X-Amz-Log-Type"] == "Tail" {
            let tail = &log.as_bytes()[log.len().saturating_sub(4096)..];
            output["X-Amz-Log-Result"] = STANDARD.encode(tail).into();
        }
        Answer::Body(output, Body::from(payload.to_string()))
    }
}

/// A log as it is when Lambda has written its own lines.
fn with_report(mut log: String, took: Duration) -> String {
    if !log.is_empty() && !log.ends_with('\n') {
        log.push('\n');
    }
    let (exact, billed) = (took.as_secs_f64() * 1000.0, took.as_millis() + 1);
    let report = format!(
        "END RequestId: {REQUEST}\nREPORT RequestId: {REQUEST}\tDuration: {exact:.2} ms\tBilled Duration: {billed} ms\t\
         Memory Size: {MEMORY_MB} MB\tMax Memory Used: 127 MB\t\n"
    );
    log + &report
}
