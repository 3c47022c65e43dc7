//! `/healthz` and `/readyz`.

use std::time::Duration;

use axum::{Json, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;
use enginehouse_runtime::PluginState;

/// Who asks whether the server is ready does not wait for long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = String)))]
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// Whether requests can be served, and what stands in the way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    ready: bool,
    /// What is not as it should be; a plugin that failed leaves the others serving.
    problems: Vec<String>,
}

/// Ready: the store answers and a framework serves.
#[utoipa::path(get, path = "/readyz", responses((status = 200, body = Ready), (status = 503, body = Ready)))]
pub(super) async fn ready(app: AppState) -> (StatusCode, Json<Ready>) {
    let mut problems = Vec::new();
    let store = tokio::time::timeout(PATIENCE, app.store.ping()).await;
    let answers = matches!(store, Ok(Ok(())));
    match store {
        Ok(Ok(())) => {}
        Ok(Err(error)) => problems.push(error.to_string()),
        Err(_) => problems.push(format!("the store does not answer within {} s", PATIENCE.as_secs())),
    }
    let mut serving = 0;
    for status in app.plugins.statuses() {
        match status.state {
            PluginState::Serving { .. } => serving += 1,
            PluginState::Failed { reason } => problems.push(format!("the plugin `{}` failed: {reason}", status.name)),
        }
    }
    let ready = serving > 0 && answers;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, problems }))
}
