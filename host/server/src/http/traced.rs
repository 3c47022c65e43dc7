//! A span for each request: part of its sender's trace where there is one, and told back to them.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument as _, field::Empty, info_span};

use crate::telemetry::trace;

/// Answers a request within a span. It names the route and never the path, which may hold what callers named.
pub(super) async fn traced(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = request.method().clone();
    let span = info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        trace_id = Empty,
    );
    trace::continue_request(&span, request.headers());
    async {
        let mut response = next.run(request).await;
        let span = tracing::Span::current();
        span.record("http.response.status_code", response.status().as_u16());
        if response.status().is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
        trace::tell(response.headers_mut());
        response
    }
    .instrument(span)
    .await
}
