//! The code generation agent that frameworks share, as a container of Bedrock AgentCore runs it: any model of ours behind `POST /invocations`,
//! and `GET /ping`.
//!
//! Nobody is authenticated here: AgentCore lets in whom IAM allows, and elsewhere a proxy has to.

mod answer;
mod payload;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{Request, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use enginehouse_capabilities::{CallContext, CodegenRequest, Listener, Model};
use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
    task::JoinSet,
};

use self::payload::Invocation;

/// How long invocations that go on may take once the agent is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(30);

/// Serves the agent until `shutdown` is done; what is being answered then has half a minute more.
///
/// `POST /invocations` takes `{"prompt": …, "system_prompt": …, "model_id": …, "session_id": …}` of at most 1 MiB. The prompt is required. Which model
/// answers is this agent's configuration, and not `model_id`; the answer names it. Without a `session_id` the header
/// `X-Amzn-Bedrock-AgentCore-Runtime-Session-Id` counts; sessions share nothing here. What cannot be right is a problem document with 400.
///
/// The answer is `{"code": text, "model": …, "stop_reason": …, "usage": {"input_tokens": …, "output_tokens": …}, "session_id": …}`, with the stop reasons `end_turn`,
/// `max_tokens` and `content_filtered`. Who accepts `text/event-stream` at least as gladly as JSON hears `{"text": piece}` as they come, and
/// last the same without the code and with `"done": true`. A model that fails is `{"error": {"kind": …, "message": …}}` in the place of either, with status 200,
/// since AgentCore hands on no body of another status; kinds are those of the plugin contract: `unavailable`, `quota-exceeded`, ….
///
/// `GET /ping` says `Healthy`, or `HealthyBusy` while an invocation goes on, and since when.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    listener: TcpListener,
    model: Arc<dyn Model>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let stopping = Arc::new(Notify::new());
    let told = Arc::clone(&stopping);
    let agent = Arc::new(Agent { model, work: Arc::new(Work::new()) });
    let served = axum::serve(listener, router(agent)).with_graceful_shutdown(async move {
        shutdown.await;
        told.notify_one();
    });
    let last_answers = async {
        stopping.notified().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        done = served.into_future() => done.context("the listener of the agent failed"),
        () = last_answers => Ok(()),
    }
}

#[derive(Debug)]
struct Agent {
    model: Arc<dyn Model>,
    work: Arc<Work>,
}

fn router(agent: Arc<Agent>) -> Router {
    Router::new().route("/invocations", post(invoke)).route("/ping", get(ping)).with_state(agent)
}

async fn invoke(State(agent): State<Arc<Agent>>, request: Request) -> Response {
    let working = Working::begin(&agent.work);
    let events = payload::prefers_events(request.headers());
    let Invocation { request, session } = match payload::read(request).await {
        Ok(invocation) => invocation,
        Err(wrong) => return wrong.into_response(),
    };
    tracing::info!(session, "an invocation");
    let model = Arc::clone(&agent.model);
    if events {
        let events = Sse::new(told(model, request, session, working));
        return events.keep_alive(KeepAlive::default()).into_response();
    }
    let reply = model.answer(&context(), request, &()).await;
    drop(working);
    Json(answer::whole(&reply, &session)).into_response()
}

async fn ping(State(agent): State<Arc<Agent>>) -> Json<Value> {
    let status = if agent.work.going_on.load(Ordering::Relaxed) > 0 { "HealthyBusy" } else { "Healthy" };
    Json(json!({"status": status, "time_of_last_update": agent.work.since.load(Ordering::Relaxed)}))
}

/// The pieces of an answer as events. Whoever stops listening ends the work.
fn told(
    model: Arc<dyn Model>,
    request: CodegenRequest,
    session: String,
    working: Working,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let (teller, pieces) = mpsc::unbounded_channel();
    let mut asking = JoinSet::new();
    asking.spawn(async move {
        let reply = model.answer(&context(), request, &Telling(teller)).await;
        drop(working);
        answer::last(&reply, &session)
    });
    stream::unfold((pieces, asking), async |(mut pieces, mut asking)| {
        let data = match pieces.recv().await {
            Some(piece) => json!({"text": piece}),
            // All pieces are told: the end, and then nothing.
            None => match asking.join_next().await? {
                Ok(last) => last,
                Err(_) => answer::broken(),
            },
        };
        Some((Ok(Event::default().data(data.to_string())), (pieces, asking)))
    })
}

fn context() -> CallContext {
    CallContext { framework: "codegen-agent".into(), digest: String::new(), run: None, attempt: None }
}

struct Telling(mpsc::UnboundedSender<String>);

impl Listener for Telling {
    fn hear(&self, piece: &str) {
        // Nobody may be listening any more.
        let _gone = self.0.send(piece.to_owned());
    }
}

/// What goes on, and when that last changed between something and nothing: seconds since 1970.
#[derive(Debug)]
struct Work {
    going_on: AtomicUsize,
    since: AtomicU64,
}

impl Work {
    fn new() -> Self {
        Self { going_on: AtomicUsize::new(0), since: AtomicU64::new(now()) }
    }
}

/// One invocation, for as long as it lives.
struct Working(Arc<Work>);

impl Working {
    fn begin(work: &Arc<Work>) -> Self {
        if work.going_on.fetch_add(1, Ordering::Relaxed) == 0 {
            work.since.store(now(), Ordering::Relaxed);
        }
        Self(Arc::clone(work))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if self.0.going_on.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.since.store(now(), Ordering::Relaxed);
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
