//! From what an endpoint and its client say to errors by meaning.

use std::fmt;

use async_openai::error::OpenAIError;
use enginehouse_capabilities::Error;
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

use crate::secrets::Secrets;

/// The most characters of an endpoint's own words in an error.
const MOST_TEXT: usize = 500;

/// The model at its endpoint, as errors call it. They repeat what the endpoint says, but never the key.
pub(super) struct Endpoint {
    name: String,
    secrets: Secrets,
}

impl Endpoint {
    pub(super) fn new(name: String, key: Option<SecretString>) -> Self {
        Self { name, secrets: Secrets::new(key) }
    }

    /// An answer that did not begin.
    pub(super) fn before(&self, error: OpenAIError) -> Error {
        match error {
            OpenAIError::Boxed(ours) => match ours.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(other) => self.unasked(&other.to_string()),
            },
            other => self.unasked(&other.to_string()),
        }
    }

    fn unasked(&self, why: &str) -> Error {
        self.other(format_args!("could not be asked ({})", self.shortened(why)))
    }

    /// An answer that began.
    pub(super) fn amid(&self, error: &OpenAIError) -> Error {
        match error {
            // Not all of what was sent instead, which may be anything.
            OpenAIError::JSONDeserialize(error, _) => self.other(format_args!(
                "sends pieces of an answer that cannot be read ({})",
                self.shortened(&error.to_string())
            )),
            other => self.broke_off(&other.to_string()),
        }
    }

    pub(super) fn broke_off(&self, why: &str) -> Error {
        Error::Unavailable(format!(
            "{self} broke off in the middle of an answer ({}); try again later",
            self.shortened(why)
        ))
    }

    /// An error in the place of a piece of the answer.
    pub(super) fn told(&self, error: &Value) -> Error {
        let (code, text) = (code_of(error), self.text_of(error));
        match error
            .get("code")
            .and_then(Value::as_u64)
            .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok())
        {
            Some(status) => self.by_status(status, code, &text),
            None => Error::Unavailable(format!("{self} failed in the middle of an answer: {text}; try again later")),
        }
    }

    /// An answer with another status than a good one.
    pub(super) fn refused(&self, status: StatusCode, body: &[u8]) -> Error {
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = said.get("error").unwrap_or(&said);
        let text = match error {
            Value::Null => self.shortened(&String::from_utf8_lossy(body)),
            error => self.text_of(error),
        };
        self.by_status(status, code_of(error), &text)
    }

    /// An answer of another kind than a stream of events.
    pub(super) fn no_stream(&self, kind: &str) -> Error {
        self.other(format_args!(
            "answers `{}` and no stream of events; is this the base url of an OpenAI-compatible API?",
            self.shortened(kind)
        ))
    }

    /// An answer that ended, and not as an answer does.
    pub(super) fn ended(&self, reason: &str) -> Error {
        let reason = self.shortened(reason);
        self.other(format_args!("ended its answer for the reason `{reason}`, which leaves no usable text"))
    }

    fn by_status(&self, status: StatusCode, code: &str, text: &str) -> Error {
        match status.as_u16() {
            401 | 403 => Error::Denied(format!("{self} refused the key in use, or there is none ({status}: {text})")),
            404 => Error::NotFound(format!(
                "{self}: there is no such model, or no chat completions below this base url ({text})"
            )),
            429 if code == "insufficient_quota" => Error::QuotaExceeded(format!(
                "{self}: the quota of the account is used up ({text}); look at its billing"
            )),
            408 | 504 => Error::TimedOut(format!("{self} took too long ({status}: {text})")),
            409 | 425 | 429 | 500.. => Error::Unavailable(format!("{self} answered {status}: {text}; try again later")),
            400..=499 => Error::Invalid(format!("{self} refused the request ({status}: {text})")),
            300..=399 => Error::Invalid(format!(
                "{self} sends its callers elsewhere ({status}), and nobody follows; set the base url to where it is"
            )),
            _ => self.other(format_args!("answered {status}: {text}")),
        }
    }

    /// Without the address, which the name has.
    pub(super) fn unsent(&self, error: reqwest::Error) -> Error {
        let error = error.without_url();
        let below = std::iter::successors(std::error::Error::source(&error), |error| error.source());
        let reason = self.shortened(&below.fold(error.to_string(), |text, error| format!("{text}: {error}")));
        if error.is_timeout() && !error.is_connect() {
            Error::TimedOut(format!("{self} took too long ({reason})"))
        } else if error.is_connect() {
            Error::Unavailable(format!("{self} cannot be reached ({reason}); is it running?"))
        } else {
            Error::Unavailable(format!("{self} broke off before it answered ({reason})"))
        }
    }

    /// What has no meaning of its own.
    pub(super) fn other(&self, what: fmt::Arguments<'_>) -> Error {
        Error::Other { message: format!("{self} {what}"), source: None }
    }

    /// OpenAI's shape, Ollama's and vLLM's, or whatever it is.
    fn text_of(&self, error: &Value) -> String {
        let text = error.as_str().or_else(|| ["message", "detail"].iter().find_map(|name| error.get(*name)?.as_str()));
        self.shortened(&text.map_or_else(|| error.to_string(), str::to_owned))
    }

    /// What the endpoint says, on one line and without the key.
    pub(super) fn shortened(&self, text: &str) -> String {
        let text = self.secrets.out_of(text);
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST_TEXT).collect()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn code_of(error: &Value) -> &str {
    let text = |name| error.get(name).and_then(Value::as_str);
    text("code").or_else(|| text("type")).unwrap_or_default()
}
