//! `/metrics`, and the counting of requests.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Answer, AppState};
use crate::{measure, service};

/// Counts a request under its route, never under the path that was asked for.
pub(super) async fn counted(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    measure::request(method.as_str(), route, response.status().as_u16(), begun.elapsed());
    response
}

/// Figures of this server in Prometheus' text format: requests, runs, steps, plugin calls.
#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(app: AppState) -> Answer<Response> {
    let text = measure::render(&app.metrics, &app.store, &app.plugins).await.map_err(service::Error::from)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
