//! Errors as callers see them: RFC 9457 problem documents.
//!
//! The only place that knows status codes. What is the caller's to mend is told and not logged; what is ours is logged
//! once, here, and told without its inner parts.

use std::collections::BTreeSet;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use enginehouse_capabilities::{self as capabilities, Interface};
use enginehouse_protocols::oci;
use enginehouse_runtime as runtime;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::views::FindingView;
use crate::{plugins, service, store};

/// A problem document with its status.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    extra: Map<String, Value>,
}

/// A problem document (RFC 9457). Paths of the seed document add `success: false` and `error`.
#[derive(Debug, Serialize)]
struct Problem {
    /// `urn:enginehouse:problem:` and a stable name.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened, and what to do.
    detail: String,
}

impl ApiError {
    /// A problem of this kind.
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), extra: Map::new() }
    }

    /// A request that cannot be right as it stands.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", detail)
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// The same problem, with the members that clients of the seed's paths look at.
    pub fn for_seed(self) -> Self {
        let detail = self.detail.clone();
        self.with("success", Value::Bool(false)).with("error", Value::String(detail))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            // Without the detail: what an engine says may hold a cell of data.
            let run = self.extra.get("run").and_then(|run| run.as_str());
            tracing::warn!(kind = self.kind, run, "a request failed");
        }
        let problem = Problem {
            kind: format!("urn:enginehouse:problem:{}", self.kind),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let mut document = self.extra;
        if let Ok(Value::Object(members)) = serde_json::to_value(problem) {
            document.extend(members);
        }
        let mut response = (self.status, Json(Value::Object(document))).into_response();
        let problem_json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
        if self.status == StatusCode::SERVICE_UNAVAILABLE || self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

impl From<service::Error> for ApiError {
    fn from(error: service::Error) -> Self {
        use service::Error as E;
        let detail = error.to_string();
        let problem = |status, kind| Self::new(status, kind, detail.clone());
        match error {
            E::Invalid(_) => problem(StatusCode::BAD_REQUEST, "invalid-request"),
            E::NotFound(_) => problem(StatusCode::NOT_FOUND, "not-found"),
            E::Conflict(_) => problem(StatusCode::CONFLICT, "conflict"),
            E::TooLarge(_) => problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            E::TooSlow(_) => problem(StatusCode::REQUEST_TIMEOUT, "too-slow"),
            E::Busy(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "busy"),
            E::Unsupported(_) => problem(StatusCode::UNPROCESSABLE_ENTITY, "unsupported"),
            E::Rejected { run, code, findings } => {
                let findings: Vec<_> = findings.into_iter().map(FindingView::from).collect();
                let document = problem(StatusCode::UNPROCESSABLE_ENTITY, "code-rejected")
                    .with("findings", json!(findings))
                    .with("code", Value::String(code));
                run.into_iter().fold(document, |document, run| document.with("run", json!(run)))
            }
            E::StillRunning(run) => problem(StatusCode::GATEWAY_TIMEOUT, "still-running").with("run", json!(run)),
            E::RunFailed { run, kind, .. } => {
                let (status, name) = match kind.as_str() {
                    "unavailable" | "engine-lost" => (StatusCode::SERVICE_UNAVAILABLE, "engine-unavailable"),
                    "timed-out" => (StatusCode::GATEWAY_TIMEOUT, "timed-out"),
                    "cancelled" => (StatusCode::CONFLICT, "cancelled"),
                    _ => (StatusCode::INTERNAL_SERVER_ERROR, "run-failed"),
                };
                problem(status, name).with("run", json!(run)).with("kind", json!(kind))
            }
            E::Internal(_) => internal("the server", &error),
            E::Capability(error) => capability(&error),
            E::Plugin(error) => plugin(&error),
            E::Plugins(error) => plugins(&error),
            E::Store(error) => store(&error),
        }
    }
}

fn store(error: &store::Error) -> ApiError {
    use store::Error as E;
    let detail = match error {
        E::KeyTaken(_) => format!("{error}: use a new key"),
        E::ComponentInUse(_) | E::NoComponent(_) => error.to_string(),
        E::OutputTaken(_) => format!("{error}: wait for it, or choose another prefix"),
        E::NotOwned => return ApiError::new(StatusCode::NOT_FOUND, "not-found", error.to_string()),
        E::TooManySessions(_) | E::TooManyRuns(_) => {
            return ApiError::new(StatusCode::TOO_MANY_REQUESTS, "quota-exceeded", error.to_string());
        }
        E::Database(_) | E::Silent(_) => {
            tracing::error!(%error, "the store does not answer");
            let detail = "the store does not answer at the moment; nothing is lost: try again";
            return ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", detail);
        }
        _ => return internal("the store", error),
    };
    ApiError::new(StatusCode::CONFLICT, "conflict", detail)
}

fn capability(error: &capabilities::Error) -> ApiError {
    use capabilities::Error as E;
    match error {
        E::Denied(text) => ApiError::new(StatusCode::FORBIDDEN, "denied", text),
        E::Unconfigured(text) => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unconfigured", text),
        E::NotFound(text) => ApiError::new(StatusCode::NOT_FOUND, "not-found", text),
        E::Invalid(text) => ApiError::new(StatusCode::BAD_REQUEST, "invalid-request", text),
        E::Conflict(text) => ApiError::new(StatusCode::CONFLICT, "conflict", text),
        E::QuotaExceeded(text) => ApiError::new(StatusCode::TOO_MANY_REQUESTS, "quota-exceeded", text),
        E::Unavailable(text) | E::TimedOut(text) => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text),
        other => internal("a backend", other),
    }
}

fn plugin(error: &runtime::Error) -> ApiError {
    use runtime::Error as E;
    match error {
        E::Failed(runtime::Failure::Unsupported(text)) => {
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unsupported", text)
        }
        E::Input(value) => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", value.to_string()),
        E::Busy(_) => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error.to_string()),
        E::Failed(_) => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "engine-unavailable", error.to_string()),
        other => internal("the framework's plugin", other),
    }
}

fn plugins(error: &plugins::Error) -> ApiError {
    use plugins::Error as E;
    let problem = |status, kind| ApiError::new(status, kind, error.to_string());
    match error {
        E::NotFound(_) => problem(StatusCode::NOT_FOUND, "not-found"),
        E::Invalid(_) => problem(StatusCode::BAD_REQUEST, "invalid-request"),
        E::Refused(runtime::LoadError::Host(_)) => internal("the plugin runtime", error),
        E::Refused(runtime::LoadError::TooLarge { .. }) => problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
        E::Refused(runtime::LoadError::Describe(error)) if matches!(**error, runtime::Error::Busy(_)) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "busy")
        }
        E::Refused(_) => problem(StatusCode::UNPROCESSABLE_ENTITY, "plugin-refused"),
        E::Unsigned(_) => problem(StatusCode::FORBIDDEN, "not-signed"),
        E::Registry(oci::Error::Unavailable { .. }) => problem(StatusCode::BAD_GATEWAY, "registry-unavailable"),
        E::Registry(_) => problem(StatusCode::UNPROCESSABLE_ENTITY, "not-pulled"),
        E::Fails(report) => problem(StatusCode::UNPROCESSABLE_ENTITY, "plugin-fails").with("report", json!(report)),
        E::Widens { missing, serving, .. } => {
            let names = |interfaces: &BTreeSet<Interface>| {
                json!(interfaces.iter().map(|interface| interface.as_str()).collect::<Vec<_>>())
            };
            let problem = problem(StatusCode::CONFLICT, "not-granted").with("missing", names(missing));
            serving.iter().fold(problem, |problem, serving| problem.with("serving", names(serving)))
        }
        E::Store(error) => store(error),
        E::FellOver => internal("the plugin runtime", error),
        E::Ending => problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    }
}

fn internal(who: &str, error: &dyn std::error::Error) -> ApiError {
    tracing::error!(%error, who, "a request failed inside");
    let detail = format!("{who} failed; the server's log has the reason");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_at_a_busy_time_is_told_when_to_come_again() {
        let response = ApiError::from(service::Error::Busy("eight are on their way".into())).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
    }
}
