//! Models of Bedrock that say what they are told to, in the binary event stream of `ConverseStream`.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use async_trait::async_trait;
use axum::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use flate2::Crc;
use futures::stream;
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};

use super::{Answer, Call, Service};
use crate::{Script, model::ServiceModel};

/// What a model says to one request.
#[derive(Debug, Clone)]
pub struct ModelReply {
    /// The text, in the pieces that it comes in.
    pub pieces: Vec<String>,
    /// `end_turn`; none: the stream ends without a word.
    pub stop_reason: Option<String>,
    /// Read and written.
    pub tokens: (u32, u32),
    /// An exception after the pieces, in the stream: `throttlingException`.
    pub exception: Option<String>,
}

impl ModelReply {
    /// A whole answer.
    pub fn text(text: &str) -> Self {
        Self::pieces([text], "end_turn")
    }

    /// An answer in pieces, with its stop reason.
    pub fn pieces<'a>(pieces: impl IntoIterator<Item = &'a str>, stop_reason: &str) -> Self {
        let pieces = pieces.into_iter().map(str::to_owned).collect();
        Self { pieces, stop_reason: Some(stop_reason.into()), tokens: (11, 7), exception: None }
    }
}

/// Bedrock. Clones share what it says.
#[derive(Debug, Clone)]
pub struct Bedrock {
    model: Arc<ServiceModel>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    script: Mutex<Script<ModelReply>>,
    /// By model: the error that it answers each time.
    failing: Mutex<BTreeMap<String, (String, String)>>,
}

impl Bedrock {
    /// All models together say these in turn.
    pub async fn that_says(replies: impl IntoIterator<Item = ModelReply>) -> Self {
        let model = tokio::task::spawn_blocking(|| ServiceModel::load("bedrock-runtime")).await.unwrap();
        let script = Mutex::new(replies.into_iter().collect());
        Self { model: Arc::new(model), state: Arc::new(State { script, ..State::default() }) }
    }

    /// What they say, to be changed.
    pub fn script(&self) -> MutexGuard<'_, Script<ModelReply>> {
        self.state.script.lock()
    }

    /// From now on, this model answers an error: `ThrottlingException`.
    pub fn fail(&self, model: &str, code: &str, message: &str) {
        self.state.failing.lock().insert(model.into(), (code.into(), message.into()));
    }

    /// A message of the stream, held against the model of the service.
    fn event(&self, kind: &str, content: Value) -> Bytes {
        let events = self.model.shapes.members("ConverseStreamOutput");
        let event = events.iter().find(|event| event.wire == kind).unwrap_or_else(|| panic!("no event `{kind}`"));
        let mut wrong = Vec::new();
        self.model.shapes.check(&event.shape, &content, kind, &mut wrong);
        assert!(wrong.is_empty(), "the fake says what the service does not: {wrong:?}");
        let (about, named) = match kind.ends_with("Exception") {
            true => ("exception", ":exception-type"),
            false => ("event", ":event-type"),
        };
        let headers = [(":message-type", about), (named, kind), (":content-type", "application/json")];
        frame(&headers, content.to_string().as_bytes())
    }

    fn stream(&self, reply: ModelReply) -> Vec<Bytes> {
        let delta =
            |piece: &String| self.event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": piece}}));
        let mut frames = vec![self.event("messageStart", json!({"role": "assistant"}))];
        frames.extend(reply.pieces.iter().map(delta));
        if let Some(exception) = &reply.exception {
            frames.push(self.event(exception, json!({"message": "it broke in the middle"})));
            return frames;
        }
        frames.push(self.event("contentBlockStop", json!({"contentBlockIndex": 0})));
        if let Some(reason) = reply.stop_reason {
            frames.push(self.event("messageStop", json!({"stopReason": reason})));
            let (read, written) = reply.tokens;
            let usage = json!({"inputTokens": read, "outputTokens": written, "totalTokens": read + written});
            frames.push(self.event("metadata", json!({"usage": usage, "metrics": {"latencyMs": 12}})));
        }
        frames
    }
}

#[async_trait]
impl Service for Bedrock {
    fn name(&self) -> &'static str {
        "bedrock-runtime"
    }

    async fn answer(&self, call: Call) -> Answer {
        assert_eq!(call.operation, "ConverseStream", "these models only answer as a stream");
        let model = call.input["modelId"].as_str().unwrap_or_default();
        if let Some((code, message)) = self.state.failing.lock().get(model) {
            return Answer::error(code, message);
        }
        if let Some(wrong) = wrong(&call.input) {
            return Answer::error("ValidationException", &wrong);
        }
        let reply = self.script().next();
        let frames = self.stream(reply);
        Answer::Body(json!({}), Body::from_stream(stream::iter(frames.into_iter().map(Ok::<_, Infallible>))))
    }
}

/// What the model does not say of a conversation, and Bedrock refuses.
fn wrong(input: &Value) -> Option<String> {
    let messages = input["messages"].as_array()?;
    let roles: Vec<_> = messages.iter().filter_map(|message| message["role"].as_str()).collect();
    if roles.first() != Some(&"user") {
        return Some("A conversation must start with a user message. Try again with a conversation that starts with a user message.".into());
    }
    let twice = roles.windows(2).any(|two| two[0] == two[1]);
    twice.then(|| "A conversation must alternate between user and assistant roles.".into())
}

/// `application/vnd.amazon.eventstream`: lengths and their checksum, headers, payload, and the checksum of all.
fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    const TEXT: u8 = 7;
    let mut named = BytesMut::new();
    for (name, value) in headers {
        named.put_u8(u8::try_from(name.len()).unwrap());
        named.put_slice(name.as_bytes());
        named.put_u8(TEXT);
        named.put_u16(u16::try_from(value.len()).unwrap());
        named.put_slice(value.as_bytes());
    }
    let mut frame = BytesMut::new();
    frame.put_u32(u32::try_from(16 + named.len() + payload.len()).unwrap());
    frame.put_u32(u32::try_from(named.len()).unwrap());
    frame.put_u32(checksum(&frame));
    frame.put_slice(&named);
    frame.put_slice(payload);
    frame.put_u32(checksum(&frame));
    frame.freeze()
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut checksum = Crc::new();
    checksum.update(bytes);
    checksum.sum()
}
