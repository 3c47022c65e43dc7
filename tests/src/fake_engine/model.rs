//! The engine's other half: a model that says what it was told to say.

use std::fmt;

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, CodegenReply, CodegenRequest, Error, Finish, Listener, Model, Result};
use reqwest::StatusCode;

/// Asks a [`FakeEngine`](super::FakeEngine) for the next of its replies.
#[derive(Debug)]
pub struct FakeModel {
    url: String,
    http: reqwest::Client,
}

impl FakeModel {
    /// Of the engine at this url.
    pub fn new(url: String) -> Self {
        Self { url, http: crate::client() }
    }
}

impl fmt::Display for FakeModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a fake model at {}", self.url)
    }
}

#[async_trait]
impl Model for FakeModel {
    async fn answer(&self, _: &CallContext, request: CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        let prompt: String = request.messages.iter().map(|message| format!("{}\n", message.text)).collect();
        let sent = self.http.post(format!("{}/generate", self.url)).body(prompt).send().await;
        let answer = sent.map_err(|error| Error::Unavailable(error.to_string()))?;
        match answer.status() {
            StatusCode::OK => {
                let text = answer.text().await.map_err(|error| Error::Unavailable(error.to_string()))?;
                listener.hear(&text);
                let (model, finish) = ("fake".to_owned(), Finish::Complete);
                Ok(CodegenReply { text, finish, model, input_tokens: 1, output_tokens: 1 })
            }
            _ => Err(Error::Unconfigured("the fake model has nothing more to say".to_owned())),
        }
    }
}
