//! From what an endpoint and its client say to errors by meaning.

use async_openai::error::OpenAIError;
use enginehouse_capabilities::Error;
use reqwest::StatusCode;
use serde_json::Value;

/// The most characters of an endpoint's own words in an error.
const MOST_TEXT: usize = 500;

/// An answer that did not begin.
pub(super) fn before(who: &str, error: OpenAIError) -> Error {
    match error {
        OpenAIError::Boxed(ours) => match ours.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(other) => Error::other(format!("{who} could not be asked"), other),
        },
        other => Error::other(format!("{who} could not be asked"), other),
    }
}

/// An answer that began.
pub(super) fn amid(who: &str, error: &OpenAIError) -> Error {
    match error {
        // Not what was sent instead, which may be anything.
        OpenAIError::JSONDeserialize(error, _) => Error::Other {
            message: format!("{who} sends pieces of an answer that cannot be read ({error})"),
            source: None,
        },
        other => broke_off(who, &other.to_string()),
    }
}

pub(super) fn broke_off(who: &str, why: &str) -> Error {
    Error::Unavailable(format!("{who} broke off in the middle of an answer ({}); try again later", shortened(why)))
}

/// An error in the place of a piece of the answer.
pub(super) fn told(who: &str, error: &Value) -> Error {
    let (code, text) = (code_of(error), text_of(error));
    match error
        .get("code")
        .and_then(Value::as_u64)
        .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok())
    {
        Some(status) => by_status(who, status, code, &text),
        None => Error::Unavailable(format!("{who} failed in the middle of an answer: {text}; try again later")),
    }
}

/// An answer with another status than a good one.
pub(super) fn refused(who: &str, status: StatusCode, body: &[u8]) -> Error {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = said.get("error").unwrap_or(&said);
    let text = match error {
        Value::Null => shortened(&String::from_utf8_lossy(body)),
        error => text_of(error),
    };
    by_status(who, status, code_of(error), &text)
}

fn by_status(who: &str, status: StatusCode, code: &str, text: &str) -> Error {
    match status.as_u16() {
        401 | 403 => Error::Denied(format!("{who} refused the key in use, or there is none ({status}: {text})")),
        404 => Error::NotFound(format!(
            "{who}: there is no such model, or no chat completions below this base url ({text})"
        )),
        429 if code == "insufficient_quota" => {
            Error::QuotaExceeded(format!("{who}: the quota of the account is used up ({text}); look at its billing"))
        }
        408 | 504 => Error::TimedOut(format!("{who} took too long ({status}: {text})")),
        409 | 425 | 429 | 500.. => Error::Unavailable(format!("{who} answered {status}: {text}; try again later")),
        400..=499 => Error::Invalid(format!("{who} refused the request ({status}: {text})")),
        300..=399 => Error::Invalid(format!(
            "{who} sends its callers elsewhere ({status}), and nobody follows; set the base url to where it is"
        )),
        _ => Error::Other { message: format!("{who} answered {status}: {text}"), source: None },
    }
}

/// Without the address, which the name has.
pub(super) fn unsent(who: &str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let below = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let reason = below.fold(error.to_string(), |text, error| format!("{text}: {error}"));
    if error.is_timeout() && !error.is_connect() {
        Error::TimedOut(format!("{who} took too long ({reason})"))
    } else if error.is_connect() {
        Error::Unavailable(format!("{who} cannot be reached ({reason}); is it running?"))
    } else {
        Error::Unavailable(format!("{who} broke off before it answered ({reason})"))
    }
}

/// OpenAI's shape, Ollama's and vLLM's, or whatever it is.
fn text_of(error: &Value) -> String {
    let text = error.as_str().or_else(|| ["message", "detail"].iter().find_map(|name| error.get(*name)?.as_str()));
    shortened(&text.map_or_else(|| error.to_string(), str::to_owned))
}

fn code_of(error: &Value) -> &str {
    let text = |name| error.get(name).and_then(Value::as_str);
    text("code").or_else(|| text("type")).unwrap_or_default()
}

fn shortened(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST_TEXT).collect()
}
