//! Models behind the chat completions of OpenAI's API, as Ollama, vLLM, llama.cpp and hosted ones serve them.
//!
//! The client is `async-openai` over a transport of our own (`transport`): the crate's own sends what met a 5xx up to four times, which a model
//! may have worked on, and reads errors of any size. Its types of an answer are too strict for what is not OpenAI (`chunk`).

mod chunk;
mod failure;
mod transport;

use std::{fmt, sync::Arc, time::Duration};

use async_openai::{
    Client,
    types::chat::{
        ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
        ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    },
};
use async_trait::async_trait;
use enginehouse_capabilities::{
    CallContext, CodegenReply, CodegenRequest, Error, Finish, Listener, Message, Model, Result, Role,
};
use futures::StreamExt;
use secrecy::SecretString;
use url::Url;

use self::{chunk::Chunk, failure::Endpoint, transport::Access};

/// The most bytes of an answer's text.
const MOST_BYTES: usize = 4 << 20;
/// From the request to the last piece of the answer: a model on this machine may have to be loaded first.
const MOST_TIME: Duration = Duration::from_secs(15 * 60);

/// Which model, and where.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// What stands before `/chat/completions`: `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// Sent as a bearer token; none: nothing is.
    pub api_key: Option<SecretString>,
    /// `qwen2.5-coder:7b`.
    pub model: String,
    /// 0 to 2; none: the model's own.
    pub temperature: Option<f32>,
}

/// [`Model`] over chat completions that stream.
///
/// The bound of tokens travels as `max_tokens`, which all know, and as `max_completion_tokens` to OpenAI and Azure, whose newer models refuse the
/// other. Nothing is sent twice, and no redirect is followed. An answer has at most 4 MiB of text and 15 minutes; a connection is
/// made within 5 s. Tokens that the endpoint does not count are 0.
#[derive(Clone)]
pub struct OpenAiModel {
    client: Client<Access>,
    model: String,
    temperature: Option<f32>,
    /// The newer name of the bound of tokens.
    newer: bool,
    endpoint: Arc<Endpoint>,
}

impl OpenAiModel {
    /// A client of one model. Speaks to nobody yet.
    ///
    /// # Errors
    /// `Invalid` where the base url is none of `http` or `https`, or the key cannot stand in a header.
    pub fn new(config: OpenAiConfig) -> Result<Self> {
        let url = base(&config.base_url)?;
        let host = url.host_str().unwrap_or_default();
        let newer = ["openai.com", "openai.azure.com"]
            .iter()
            .any(|maker| host.strip_suffix(maker).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
        let shown = format!("{}{}", url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
        let name = format!("the model `{}` at {shown}", config.model);
        let endpoint = Arc::new(Endpoint::new(name, config.api_key.clone()));
        let client = transport::client(&url, config.api_key, &endpoint)?;
        Ok(Self { client, model: config.model, temperature: config.temperature, newer, endpoint })
    }

    async fn ask(&self, request: &CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        let asked = self.client.chat().create_stream_byot::<_, Chunk>(self.request(request)).await;
        let mut chunks = asked.map_err(|e| self.endpoint.before(e))?;
        let mut reply = CodegenReply {
            text: String::new(),
            finish: Finish::Complete,
            model: self.model.clone(),
            input_tokens: 0,
            output_tokens: 0,
        };
        let (mut reason, mut refused) = (None, false);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|e| self.endpoint.amid(&e))?;
            if let Some(error) = chunk.error {
                return Err(self.endpoint.told(&error));
            }
            if let Some(usage) = chunk.usage {
                (reply.input_tokens, reply.output_tokens) = (usage.prompt_tokens, usage.completion_tokens);
            }
            if let Some(model) = chunk.model.filter(|model| !model.is_empty()) {
                reply.model = self.endpoint.shortened(&model);
            }
            for choice in chunk.choices.unwrap_or_default() {
                refused |= choice.delta.refusal.is_some();
                for piece in
                    [choice.delta.content, choice.delta.refusal].into_iter().flatten().filter(|piece| !piece.is_empty())
                {
                    if reply.text.len() + piece.len() > MOST_BYTES {
                        let most = MOST_BYTES >> 20;
                        return Err(self.endpoint.other(format_args!("sends an answer of more than {most} MiB")));
                    }
                    reply.text.push_str(&piece);
                    listener.hear(&piece);
                }
                reason = choice.finish_reason.or(reason);
            }
        }
        reply.finish = match reason.as_deref() {
            None => return Err(self.endpoint.broke_off("it ended without a reason")),
            Some("stop") if refused => Finish::Refused,
            Some("stop") => Finish::Complete,
            Some("length") => Finish::Truncated,
            Some("content_filter") => Finish::Refused,
            Some(other) => return Err(self.endpoint.ended(other)),
        };
        Ok(reply)
    }

    fn request(&self, request: &CodegenRequest) -> CreateChatCompletionRequest {
        let system = (!request.system.is_empty())
            .then(|| ChatCompletionRequestSystemMessage::from(request.system.as_str()).into());
        let most = request.max_tokens.max(1);
        #[expect(deprecated, reason = "the only name of the bound that all endpoints know")]
        CreateChatCompletionRequest {
            model: self.model.clone(),
            messages: system.into_iter().chain(request.messages.iter().map(message)).collect(),
            stream: Some(true),
            stream_options: Some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
            temperature: self.temperature,
            max_tokens: (!self.newer).then_some(most),
            max_completion_tokens: self.newer.then_some(most),
            ..CreateChatCompletionRequest::default()
        }
    }
}

#[async_trait]
impl Model for OpenAiModel {
    async fn answer(&self, _: &CallContext, request: CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        let late =
            || Error::TimedOut(format!("{} has not answered in {} minutes", self.endpoint, MOST_TIME.as_secs() / 60));
        tokio::time::timeout(MOST_TIME, self.ask(&request, listener)).await.map_err(|_| late())?
    }
}

fn message(message: &Message) -> ChatCompletionRequestMessage {
    match message.role {
        Role::User => ChatCompletionRequestUserMessage::from(message.text.as_str()).into(),
        Role::Assistant => ChatCompletionRequestAssistantMessage::from(message.text.as_str()).into(),
    }
}

/// Without what would be shown in errors: who asks has a setting of its own.
fn base(text: &str) -> Result<Url> {
    let wrong =
        |why: &str| Error::Invalid(format!("the base url of the model {why}; it is like `http://127.0.0.1:11434/v1`"));
    let url = Url::parse(text).map_err(|e| wrong(&format!("cannot be read ({e})")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("is to begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(
            "has a password, a query or a fragment, and is to have none; a key has a setting of its own",
        ));
    }
    Ok(url)
}

impl fmt::Debug for OpenAiModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiModel")
            .field("name", &self.endpoint.to_string())
            .field("temperature", &self.temperature)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for OpenAiModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoint.fmt(f)
    }
}
