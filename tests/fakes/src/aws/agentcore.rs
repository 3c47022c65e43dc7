//! Bedrock AgentCore with an agent that says what it is told to.

use std::{convert::Infallible, sync::Arc};

use async_trait::async_trait;
use axum::body::Body;
use futures::{StreamExt, stream};
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};

use super::{Answer, Call, Service};
use crate::Script;

/// What the agent says to one invocation.
#[derive(Debug, Clone)]
pub enum AgentReply {
    /// `application/json`: a text or an object.
    Json(Value),
    /// `text/event-stream`: the data of each event as it goes over the wire.
    Events(Vec<String>),
    /// A body of any type.
    Raw(String, Vec<u8>),
    /// An error of AgentCore.
    Error(String, String),
}

impl AgentReply {
    /// What the seed's agent answers: one text.
    pub fn text(text: &str) -> Self {
        Self::Json(text.into())
    }

    /// An error of AgentCore by its name, `RuntimeClientError`.
    pub fn error(code: &str, message: &str) -> Self {
        Self::Error(code.into(), message.into())
    }
}

/// AgentCore with one agent. Clones share what it says.
#[derive(Debug, Clone, Default)]
pub struct AgentCore(Arc<State>);

#[derive(Debug, Default)]
struct State {
    script: Mutex<Script<AgentReply>>,
    payloads: Mutex<Vec<Value>>,
}

impl AgentCore {
    /// An agent that says these in turn.
    pub fn that_says(replies: impl IntoIterator<Item = AgentReply>) -> Self {
        let script = Mutex::new(replies.into_iter().collect());
        Self(Arc::new(State { script, ..State::default() }))
    }

    /// What it says, to be changed.
    pub fn script(&self) -> MutexGuard<'_, Script<AgentReply>> {
        self.0.script.lock()
    }

    /// The payloads so far, in their order.
    pub fn payloads(&self) -> Vec<Value> {
        self.0.payloads.lock().clone()
    }
}

#[async_trait]
impl Service for AgentCore {
    fn name(&self) -> &'static str {
        "bedrock-agentcore"
    }

    async fn answer(&self, call: Call) -> Answer {
        assert_eq!(call.operation, "InvokeAgentRuntime", "this agent is only invoked");
        let payload: Value = serde_json::from_slice(&call.body).expect("a payload is JSON");
        let session = call.input["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"].as_str().unwrap_or_default().to_owned();
        if let Some(wrong) = wrong(&payload, &session) {
            return Answer::error("ValidationException", &wrong);
        }
        self.0.payloads.lock().push(payload);
        let body = |kind: &str, body: Body| {
            let output = json!({"Content-Type": kind, "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": session});
            Answer::Body(output, body)
        };
        match self.script().next() {
            AgentReply::Json(value) => body("application/json", value.to_string().into()),
            AgentReply::Raw(kind, bytes) => body(&kind, bytes.into()),
            AgentReply::Events(events) => {
                // One piece of the body each, as they come from a model.
                let pieces = stream::iter(events).map(|data| Ok::<_, Infallible>(format!("data: {data}\n\n")));
                body("text/event-stream; charset=utf-8", Body::from_stream(pieces))
            }
            AgentReply::Error(code, message) => Answer::error(&code, &message),
        }
    }
}

/// What the model does not say of payload and session, and AgentCore or the seed's agent asks for.
fn wrong(payload: &Value, session: &str) -> Option<String> {
    let members: Vec<_> = payload.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if members != ["model_id", "prompt", "session_id", "system_prompt"] {
        return Some(format!("the payload has the members {members:?}"));
    }
    if payload["session_id"] != session {
        return Some("payload and header name different sessions".into());
    }
    let fits = (33..=100).contains(&session.len()) && session.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (!fits).then(|| format!("a session cannot be named `{session}`"))
}
