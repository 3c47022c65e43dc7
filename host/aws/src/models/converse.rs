//! Models of Bedrock's own, by the API that is the same for all of them.

use std::fmt;

use async_trait::async_trait;
use aws_sdk_bedrockruntime::{
    Client,
    config::{Builder, StalledStreamProtectionConfig},
    error::SdkError,
    operation::converse_stream::ConverseStreamOutput as Stream,
    types::{
        ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput as Event, GuardrailStreamConfiguration,
        InferenceConfiguration, Message as BedrockMessage, SystemContentBlock,
        error::ConverseStreamOutputError as Broken,
    },
};
use aws_smithy_types::{
    error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata},
    timeout::TimeoutConfig,
};
use enginehouse_capabilities::{
    CallContext, CodegenReply, CodegenRequest, Error, Finish, Listener, Message, Model, Result, Role,
};

use super::{MOST_BYTES, MOST_TIME, finish, too_long, within};
use crate::{Account, Service, failure::Failure, retry::OnlyThrottled};

/// Which models, and how they are asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ConverseConfig {
    /// Ids or inference profiles: the one to ask, then those to ask in its place, in this order.
    pub models: Vec<String>,
    /// What looks over prompts and answers.
    pub guardrail: Option<Guardrail>,
    /// 0 to 1; none: the model's own.
    pub temperature: Option<f32>,
}

/// A guardrail of Bedrock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// Its id or ARN.
    pub id: String,
    /// `1`, or `DRAFT`.
    pub version: String,
}

/// [`Model`] over `ConverseStream`.
///
/// Where a model is throttled after the SDK's retries, unavailable, not ready, unknown or not allowed, the next of the list is asked;
/// never after any of an answer has come, nor where it is open whether the model has worked. Sent again is only what was throttled.
/// An answer has at most 4 MiB of text and 15 minutes.
#[derive(Clone)]
pub struct ConverseModel {
    client: Client,
    pub(super) config: ConverseConfig,
    name: String,
}

/// What a guardrail takes beside the model.
pub(super) const APPLY_GUARDRAIL: &str = "bedrock:ApplyGuardrail";

/// An answer that did not come.
enum Missed {
    /// This model did nothing; the next may.
    Next(Error),
    Final(Error),
}

impl ConverseModel {
    /// A client. Speaks to nobody yet.
    pub fn new(account: &Account, config: ConverseConfig) -> Self {
        let sdk = account.config_of(Service::BedrockRuntime);
        let timeouts = sdk.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let client = Builder::from(&sdk)
            .timeout_config(timeouts.read_timeout(MOST_TIME).build())
            // A model may think for minutes between two pieces.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_classifier(OnlyThrottled)
            .build();
        let name = account.name("Bedrock", Service::BedrockRuntime);
        Self { client: Client::from_conf(client), config, name }
    }

    async fn first_that_answers(&self, request: &CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        let mut missed =
            Error::Unconfigured(format!("no model of {} is named; the setting is a list of them", self.name));
        for model in &self.config.models {
            match self.ask(model, request, listener).await {
                Ok(reply) => return Ok(reply),
                Err(Missed::Final(error)) => return Err(error),
                Err(Missed::Next(error)) => {
                    tracing::warn!(model, %error, "a model does not answer; the next of the list is asked");
                    missed = error;
                }
            }
        }
        Err(missed)
    }

    async fn ask(
        &self,
        model: &str,
        request: &CodegenRequest,
        listener: &dyn Listener,
    ) -> Result<CodegenReply, Missed> {
        let stream = self.begin(model, request).await?;
        self.read(model, stream, listener).await.map_err(Missed::Final)
    }

    async fn begin(&self, model: &str, request: &CodegenRequest) -> Result<Stream, Missed> {
        let messages = request.messages.iter().map(message).collect::<Result<_>>().map_err(Missed::Final)?;
        // Bedrock refuses an empty text.
        let system = (!request.system.is_empty()).then(|| vec![SystemContentBlock::Text(request.system.clone())]);
        let inference = InferenceConfiguration::builder()
            .max_tokens(i32::try_from(request.max_tokens.max(1)).unwrap_or(i32::MAX))
            .set_temperature(self.config.temperature);
        let guardrail = self.config.guardrail.as_ref().map(|guardrail| {
            let config = GuardrailStreamConfiguration::builder();
            config.guardrail_identifier(&guardrail.id).guardrail_version(&guardrail.version).build()
        });
        let call = self
            .client
            .converse_stream()
            .model_id(model)
            .set_system(system)
            .set_messages(Some(messages))
            .inference_config(inference.build())
            .set_guardrail_config(guardrail);
        call.send().await.map_err(|e| self.failed(model, e.into()))
    }

    async fn read(&self, model: &str, mut answer: Stream, listener: &dyn Listener) -> Result<CodegenReply> {
        let who = format!("the model `{model}` of {}", self.name);
        let mut reply = CodegenReply {
            text: String::new(),
            finish: Finish::Complete,
            model: model.to_owned(),
            input_tokens: 0,
            output_tokens: 0,
        };
        let mut reason = None;
        while let Some(event) = answer.stream.recv().await.map_err(|e| broken(&who, e))? {
            match event {
                Event::ContentBlockDelta(block) => {
                    // What a model thinks is no part of its answer; a call of a tool shows in the stop reason.
                    let Some(ContentBlockDelta::Text(piece)) = block.delta else { continue };
                    if reply.text.len() + piece.len() > MOST_BYTES {
                        return Err(too_long(&who));
                    }
                    reply.text.push_str(&piece);
                    listener.hear(&piece);
                }
                Event::MessageStop(stop) => reason = Some(stop.stop_reason),
                Event::Metadata(metadata) => {
                    if let Some(usage) = metadata.usage {
                        reply.input_tokens = u64::try_from(usage.input_tokens).unwrap_or_default();
                        reply.output_tokens = u64::try_from(usage.output_tokens).unwrap_or_default();
                    }
                }
                _ => {}
            }
        }
        let reason = reason.ok_or_else(|| Error::Unavailable(format!("{who} broke off in the middle of an answer")))?;
        reply.finish = finish(reason.as_str()).ok_or_else(|| Error::Other {
            message: format!("{who} ended its answer for the reason `{reason}`, which leaves no usable text"),
            source: None,
        })?;
        Ok(reply)
    }

    fn failed(&self, model: &str, failure: Failure) -> Missed {
        let tried = format!("{} could not ask the model `{model}`", self.name);
        let next = may_have_a_substitute(&failure);
        let error = match failure.code() {
            "ModelTimeoutException" => {
                Error::TimedOut(format!("{tried}: the model took too long ({})", failure.text()))
            }
            "ModelNotReadyException" => Error::Unavailable(format!("{tried}: it is not ready ({})", failure.text())),
            "ModelErrorException" | "ModelStreamErrorException" => {
                Error::Unavailable(format!("{tried}: the model failed ({}); try again later", failure.text()))
            }
            code if code.starts_with("AccessDenied") && is_of_guardrail(&failure) => Error::Denied(format!(
                "{tried}: it refused the credentials in use ({}); they need `{APPLY_GUARDRAIL}` on the guardrail `{}`",
                failure.text(),
                self.config.guardrail.as_ref().map(|guardrail| guardrail.id.as_str()).unwrap_or_default()
            )),
            code if code.starts_with("AccessDenied") => Error::Denied(format!(
                "{tried}: it refused the credentials in use ({}); they need `bedrock:InvokeModelWithResponseStream` on it, and the account access to the model",
                failure.text()
            )),
            _ => failure.told(&tried),
        };
        if next { Missed::Next(error) } else { Missed::Final(error) }
    }
}

/// Whether the model has surely done nothing, for a reason of its own.
fn may_have_a_substitute(failure: &Failure) -> bool {
    match failure.code() {
        "ServiceUnavailableException" | "ModelNotReadyException" | "ResourceNotFoundException" => true,
        // So Bedrock tells an id that it does not know.
        "ValidationException" => failure.text().contains("model identifier"),
        // All models are asked with the same guardrail.
        code if code.starts_with("AccessDenied") => !is_of_guardrail(failure),
        code => code.starts_with("Throttl"),
    }
}

/// Whether a refusal is about the guardrail and not about the model.
fn is_of_guardrail(failure: &Failure) -> bool {
    failure.text().contains(APPLY_GUARDRAIL)
}

fn message(message: &Message) -> Result<BedrockMessage> {
    let role = match message.role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    };
    let built = BedrockMessage::builder().role(role).content(ContentBlock::Text(message.text.clone())).build();
    built.map_err(|e| Error::other("a message for Bedrock could not be put together", e))
}

/// An answer that failed after it began.
fn broken<R>(who: &str, error: SdkError<Broken, R>) -> Error
where
    SdkError<Broken, R>: std::error::Error,
{
    let text = || DisplayErrorContext(&error).to_string();
    let Some(said) = error.as_service_error() else {
        return Error::Unavailable(format!("{who} broke off in the middle of an answer ({})", text()));
    };
    let text = said.message().map_or_else(text, str::to_owned);
    match said {
        Broken::ValidationException(_) => Error::Invalid(format!("{who} refused in the middle of an answer: {text}")),
        _ => Error::Unavailable(format!("{who} failed in the middle of an answer: {text}; try again later")),
    }
}

#[async_trait]
impl Model for ConverseModel {
    async fn answer(&self, _: &CallContext, request: CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        within(&self.name, self.first_that_answers(&request, listener)).await
    }
}

impl fmt::Debug for ConverseModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConverseModel").field("name", &self.name).field("config", &self.config).finish()
    }
}

impl fmt::Display for ConverseModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {}", self.name, self.config.models.join(", else "))
    }
}
