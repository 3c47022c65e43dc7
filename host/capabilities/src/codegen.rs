//! The code generation agent that all frameworks share.

use std::fmt;

use async_trait::async_trait;

use crate::{CallContext, Result};

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The framework's plugin, on behalf of the caller.
    User,
    /// The model.
    Assistant,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

/// What a model is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodegenRequest {
    /// The framework's own instructions.
    pub system: String,
    /// The conversation, the newest last.
    pub messages: Vec<Message>,
    /// The most tokens of the answer.
    pub max_tokens: u32,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It is whole.
    Complete,
    /// The model ran out of tokens: the text is cut off.
    Truncated,
    /// A guardrail or the model itself declined.
    Refused,
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodegenReply {
    /// The text, as it came.
    pub text: String,
    /// How it ended.
    pub finish: Finish,
    /// The model that answered.
    pub model: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// Writes text with a model.
#[async_trait]
pub trait Codegen: Send + Sync + fmt::Debug + fmt::Display {
    /// One answer. `Unconfigured` where the operator has set up no model.
    async fn generate(&self, cx: &CallContext, request: CodegenRequest) -> Result<CodegenReply>;
}

/// Hears what a model says, as it comes.
pub trait Listener: Send + Sync {
    /// The next piece of the answer, of any length; pieces joined are the text of the reply. Returns at once.
    fn hear(&self, piece: &str);
}

/// Hears nothing.
impl Listener for () {
    fn hear(&self, _: &str) {}
}

/// A model, as an adapter reaches it: what stands behind [`Codegen`].
#[async_trait]
pub trait Model: Send + Sync + fmt::Debug + fmt::Display {
    /// One answer. Where the backend can stream, pieces are heard as they come; an answer that fails half-way is an error
    /// whatever was heard. Sent once: what may have been answered is never asked for again.
    ///
    /// # Errors
    /// `Unavailable` where the model cannot be reached or has too much to do, `QuotaExceeded` where a quota is used up,
    /// `Denied` where it refuses the credentials, `Invalid` where it refuses the request.
    async fn answer(&self, cx: &CallContext, request: CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply>;
}
