//! An agent in Bedrock AgentCore, which writes the code.

use std::fmt;

use async_trait::async_trait;
use aws_sdk_bedrockagentcore::{
    Client,
    config::{Builder, StalledStreamProtectionConfig},
    primitives::{Blob, ByteStream},
};
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::{Bytes, BytesMut};
use enginehouse_capabilities::{
    CallContext, CodegenReply, CodegenRequest, Error, Listener, Message, Model, Result, Role,
};
use eventsource_stream::Eventsource;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde_json::json;
use uuid::Uuid;

use super::{MOST_BYTES, MOST_TIME, answer::Reading, too_long, within};
use crate::{Account, Service, failure::Failure, retry::OnlyTurnedAway};

/// Which agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCoreConfig {
    /// `arn:aws:bedrock-agentcore:us-east-1:000000000000:runtime/codegen-0123456789`.
    pub runtime_arn: String,
    /// An endpoint of it; none: `DEFAULT`.
    pub qualifier: Option<String>,
    /// The model that the agent is asked to use. The seed's agent does not answer without one.
    pub model_id: Option<String>,
}

/// [`Model`] over `InvokeAgentRuntime`.
///
/// The payload is what the seed's agent takes: `{prompt, system_prompt, model_id, session_id}`. A conversation of one message is the
/// prompt as it is; of several, each stands below a line `User:` or `Assistant:`, with an empty line between two. The payload has no
/// word for the most tokens: that bound is the agent's own. All attempts of a run share a session, a call outside a run has its own.
///
/// The answer may be:
/// - `text/event-stream`, heard as it comes. The data of an event is JSON as below or plain text; `[DONE]` ends it. Events without text,
///   model, stop reason or usage are passed over.
/// - `application/json`: a text, or an object with the text under the first of `code`, `result`, `response`, `text`, `completion`,
///   `output`, `message`, `content`, where it may stand deeper, in objects and lists. `error` makes it an error. `model`, `stop_reason`
///   (Bedrock's words; none is an end) and `usage` (`input_tokens`, `output_tokens`) may stand beside it.
/// - any other text, as it is.
///
/// An answer has at most 4 MiB and 15 minutes. Sent again is only what was throttled, or met a conflict that AgentCore says to
/// try again.
#[derive(Clone)]
pub struct AgentCoreModel {
    client: Client,
    pub(super) config: AgentCoreConfig,
    name: String,
}

impl AgentCoreModel {
    /// A client of one agent. Speaks to nobody yet.
    pub fn new(account: &Account, config: AgentCoreConfig) -> Self {
        let sdk = account.config_of(Service::BedrockAgentcore);
        let timeouts = sdk.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let client = Builder::from(&sdk)
            .timeout_config(timeouts.read_timeout(MOST_TIME).build())
            // An agent may think for minutes between two pieces.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_classifier(OnlyTurnedAway)
            .build();
        let name = account.name("Bedrock AgentCore", Service::BedrockAgentcore);
        Self { client: Client::from_conf(client), config, name }
    }

    async fn ask(&self, cx: &CallContext, request: &CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        let session = session(cx);
        let payload = json!({
            "prompt": prompt(&request.messages),
            "system_prompt": request.system,
            "model_id": self.config.model_id,
            "session_id": session,
        });
        let call = self
            .client
            .invoke_agent_runtime()
            .agent_runtime_arn(&self.config.runtime_arn)
            .set_qualifier(self.config.qualifier.clone())
            .runtime_session_id(session)
            .content_type("application/json")
            .accept("application/json, text/event-stream")
            .payload(Blob::new(payload.to_string()));
        let answer = call.send().await.map_err(|e| self.failed(e.into()))?;
        let agent = format!("the agent `{}`", self.config.runtime_arn);
        let mut reading = Reading::new(&agent, listener);
        let kind = answer.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let chunks = self.bounded(answer.response);
        match kind.as_str() {
            "text/event-stream" => self.read_events(chunks, &mut reading).await?,
            kind => {
                let whole: Vec<Bytes> = chunks.try_collect().await?;
                let whole = String::from_utf8(whole.concat())
                    .map_err(|e| Error::other(format!("{agent} answers no text"), e))?;
                match kind {
                    "application/json" => reading.json(&whole)?,
                    kind if kind.starts_with("text/") => reading.plain(&whole)?,
                    kind => {
                        return Err(Error::Other {
                            message: format!("{agent} answers `{kind}`, which is no text"),
                            source: None,
                        });
                    }
                }
            }
        }
        reading.reply(self.config.model_id.as_deref().unwrap_or(&self.config.runtime_arn))
    }

    async fn read_events(&self, chunks: impl Stream<Item = Result<Bytes>>, reading: &mut Reading<'_>) -> Result<()> {
        let mut events = std::pin::pin!(lines(chunks).eventsource());
        while let Some(event) = events.next().await {
            use eventsource_stream::EventStreamError::Transport;
            let event = event.map_err(|e| match e {
                Transport(error) => error,
                other => Error::Other {
                    message: format!("{} sends events that cannot be read: {other}", self.name),
                    source: None,
                },
            })?;
            if event.data == "[DONE]" {
                break;
            }
            reading.event(&event.data)?;
        }
        Ok(())
    }

    /// What the agent sends, up to the most that is read.
    fn bounded(&self, body: ByteStream) -> impl Stream<Item = Result<Bytes>> + '_ {
        stream::try_unfold((body, 0), async |(mut body, read)| {
            let broken = |e| Failure::from(e).told(&format!("{} was not heard out", self.name));
            let Some(chunk) = body.try_next().await.map_err(broken)? else { return Ok(None) };
            let read = read + chunk.len();
            if read > MOST_BYTES { Err(too_long(&self.name)) } else { Ok(Some((chunk, (body, read)))) }
        })
    }

    fn failed(&self, failure: Failure) -> Error {
        let arn = &self.config.runtime_arn;
        match failure.code() {
            "RuntimeClientError" => {
                Error::Other { message: format!("the agent `{arn}` failed: {}", failure.text()), source: None }
            }
            "RetryableConflictException" => Error::Unavailable(format!(
                "the session of this run is still busy at the agent `{arn}`: {}",
                failure.text()
            )),
            code if code.starts_with("AccessDenied") => Error::Denied(format!(
                "{} refused the credentials in use ({}); they need `bedrock-agentcore:InvokeAgentRuntime` on `{arn}`",
                self.name,
                failure.text()
            )),
            _ => failure.told(&format!("{} could not invoke the agent `{arn}`", self.name)),
        }
    }
}

#[async_trait]
impl Model for AgentCoreModel {
    async fn answer(&self, cx: &CallContext, request: CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        within(&self.name, self.ask(cx, &request, listener)).await
    }
}

/// In whole lines, since the parser of events looks at half a line anew with each piece.
fn lines(chunks: impl Stream<Item = Result<Bytes>>) -> impl Stream<Item = Result<Bytes>> {
    let chunks = Box::pin(chunks.fuse());
    stream::try_unfold((chunks, BytesMut::new()), async |(mut chunks, mut rest)| {
        while let Some(chunk) = chunks.try_next().await? {
            rest.extend_from_slice(&chunk);
            if let Some(end) = chunk.iter().rposition(|byte| *byte == b'\n') {
                let lines = rest.split_to(rest.len() - chunk.len() + end + 1).freeze();
                return Ok(Some((lines, (chunks, rest))));
            }
        }
        let rest = rest.freeze();
        Ok((!rest.is_empty()).then(|| (rest, (chunks, BytesMut::new()))))
    })
}

/// 33 to 100 characters of `[a-zA-Z0-9-]`, as AgentCore wants them.
fn session(cx: &CallContext) -> String {
    format!("enginehouse-{}", cx.run.unwrap_or_else(Uuid::now_v7))
}

fn prompt(messages: &[Message]) -> String {
    if let [only] = messages {
        return only.text.clone();
    }
    let labelled = messages.iter().map(|message| {
        let label = match message.role {
            Role::User => "User",
            Role::Assistant => "Assistant",
        };
        format!("{label}:\n{}", message.text)
    });
    labelled.collect::<Vec<_>>().join("\n\n")
}

impl fmt::Debug for AgentCoreModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentCoreModel").field("name", &self.name).field("config", &self.config).finish()
    }
}

impl fmt::Display for AgentCoreModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the agent `{}`", self.config.runtime_arn)
    }
}
