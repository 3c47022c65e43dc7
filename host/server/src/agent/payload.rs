//! What the agent is asked.

use axum::{
    body,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use enginehouse_capabilities::{CodegenRequest, Message, Role};
use serde::Deserialize;
use serde_json::json;

const MOST_BYTES: usize = 1 << 20;
/// The most tokens of an answer, as our plugins ask for: the payload has no word for it.
const MOST_TOKENS: u32 = 8_192;
const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";
/// As AgentCore bounds the header.
const LONGEST_SESSION: usize = 256;

pub(super) struct Invocation {
    pub(super) request: CodegenRequest,
    /// Empty where nobody names one.
    pub(super) session: String,
}

/// What the seed's agent takes. `model_id` may stand there as well.
#[derive(Deserialize)]
struct Payload {
    prompt: String,
    system_prompt: Option<String>,
    session_id: Option<String>,
}

/// A payload that cannot be right.
pub(super) struct Wrong(String);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let status = StatusCode::BAD_REQUEST;
        let problem = json!({
            "type": "urn:enginehouse:problem:invalid-request",
            "title": "Bad Request",
            "status": status.as_u16(),
            "detail": self.0,
        });
        (status, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
    }
}

pub(super) async fn read(request: Request) -> Result<Invocation, Wrong> {
    let (head, body) = request.into_parts();
    let too_large = |_| Wrong(format!("the payload did not come whole, or has more than {} MiB", MOST_BYTES >> 20));
    let body = body::to_bytes(body, MOST_BYTES).await.map_err(too_large)?;
    let payload: Payload = serde_json::from_slice(&body).map_err(|e| {
        Wrong(format!("the payload is to be JSON with a `prompt`, `system_prompt`, `model_id` and `session_id`: {e}"))
    })?;
    if payload.prompt.trim().is_empty() {
        return Err(Wrong("the `prompt` is empty".into()));
    }
    let by_header = || head.headers.get(SESSION)?.to_str().ok().map(str::to_owned);
    let session = payload.session_id.filter(|session| !session.is_empty()).or_else(by_header).unwrap_or_default();
    if session.len() > LONGEST_SESSION {
        return Err(Wrong(format!("the `session_id` has more than {LONGEST_SESSION} characters")));
    }
    let messages = vec![Message { role: Role::User, text: payload.prompt }];
    let system = payload.system_prompt.unwrap_or_default();
    Ok(Invocation { request: CodegenRequest { system, messages, max_tokens: MOST_TOKENS }, session })
}

/// Whether events are named, and wanted at least as much as JSON.
pub(super) fn prefers_events(headers: &HeaderMap) -> bool {
    let accepted: Vec<_> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accepted = accepted.join(",");
    let wanted = |wanted: &str| {
        let mut kinds = accepted.split(',').map(|kind| kind.split(';').map(str::trim));
        kinds.find_map(|mut parts| {
            let named = parts.next()?.eq_ignore_ascii_case(wanted);
            let weight = || parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            named.then(weight)
        })
    };
    let events = wanted("text/event-stream").unwrap_or_default();
    events > 0.0 && events >= wanted("application/json").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn accepting(accept: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())])
    }

    #[test]
    fn events_are_for_whoever_names_them() {
        for accept in [
            "text/event-stream",
            "application/json, text/event-stream",
            "application/json;q=0.5, Text/Event-Stream;q=0.9",
        ] {
            assert!(prefers_events(&accepting(accept)), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/event-stream;q=0.5",
            "text/event-stream;q=0",
            "text/*",
        ] {
            assert!(!prefers_events(&accepting(accept)), "{accept}");
        }
        assert!(!prefers_events(&HeaderMap::new()));
    }

    async fn reading(body: impl Into<Body>) -> Result<Invocation, String> {
        let request = Request::builder().header(SESSION, "by-header").body(body.into()).unwrap();
        read(request).await.map_err(|Wrong(detail)| detail)
    }

    #[tokio::test]
    async fn a_payload_says_what_the_model_is_asked() {
        let whole = r#"{"prompt": "p", "system_prompt": "s", "model_id": "m", "session_id": "by-body", "more": 1}"#;
        let Invocation { request, session } = reading(whole).await.unwrap();
        assert_eq!(
            (request.system.as_str(), request.messages[0].text.as_str(), session.as_str()),
            ("s", "p", "by-body")
        );
        let least = reading(r#"{"prompt": "p", "system_prompt": null}"#).await.unwrap();
        assert_eq!((least.request.system.as_str(), least.session.as_str()), ("", "by-header"));
    }

    #[tokio::test]
    async fn what_cannot_be_right_is_refused_with_its_reason() {
        let long = format!("{{\"prompt\": \"p\", \"session_id\": \"{}\"}}", "s".repeat(257));
        let large = format!("{{\"prompt\": \"{}\"}}", "p".repeat(1 << 20));
        for (body, told) in [
            ("", "JSON"),
            ("{}", "`prompt`"),
            ("[]", "JSON"),
            (r#"{"prompt": " "}"#, "empty"),
            (r#"{"prompt": 1}"#, "JSON"),
            (&long, "256"),
            (&large, "1 MiB"),
        ] {
            let wrong = reading(body.to_owned()).await.err().unwrap();
            assert!(wrong.contains(told), "{wrong}");
        }
    }
}
