//! `/healthz` and `/readyz`.

use axum::{Json, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;
use enginehouse_runtime::PluginState;

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
    if let Err(error) = app.store.ping().await {
        problems.push(error.to_string());
    }
    let mut serving = 0;
    for status in app.plugins.statuses() {
        match status.state {
            PluginState::Serving { .. } => serving += 1,
            PluginState::Failed { reason } => problems.push(format!("the plugin `{}` failed: {reason}", status.name)),
        }
    }
    let ready = serving > 0 && app.store.ping().await.is_ok();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, problems }))
}
