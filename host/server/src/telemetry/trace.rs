//! W3C trace context: from a request's headers, through the row of its run, into the spans of its steps.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use axum::http::{HeaderMap, HeaderValue};
use opentelemetry::{
    Context, KeyValue, global,
    trace::{Span as _, SpanContext, Status, TraceContextExt as _, Tracer as _},
};
use opentelemetry_http::HeaderExtractor;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::store::{Problem, RunRow, RunState, now_ms};

const HEADER: &str = "traceparent";

/// Makes a span part of the trace that the sender of a request began, if they did. Fills the span's field `trace_id`.
pub(crate) fn continue_request(span: &Span, headers: &HeaderMap) {
    join(span, global::get_text_map_propagator(|propagator| propagator.extract(&HeaderExtractor(headers))));
}

/// Makes a span part of the trace that a run was begun in. Fills the span's field `trace_id`.
pub(crate) fn continue_run(span: &Span, row: &RunRow) {
    join(span, context_of(row));
}

fn join(span: &Span, parent: Context) {
    if parent.span().span_context().is_valid() {
        // Refused where no one collects spans, and then there is nothing to join.
        let _joined = span.set_parent(parent);
    }
    let context = span_context(span);
    if context.is_valid() {
        span.record("trace_id", tracing::field::display(context.trace_id()));
    }
}

/// The current span as the header `traceparent` says it; none where no one collects spans.
pub(crate) fn carried() -> Option<String> {
    let mut headers = HashMap::new();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&Span::current().context(), &mut headers));
    headers.remove(HEADER)
}

/// Tells the trace of the current span to who sent the request.
pub(crate) fn tell(headers: &mut HeaderMap) {
    if let Some(value) = carried().and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(HEADER, value);
    }
}

/// One span over the whole run, from its request to its end.
pub(crate) fn run_ended(row: &RunRow, state: RunState, problem: Option<&Problem>) {
    let tracer = global::tracer("enginehouse");
    let attributes = [
        KeyValue::new("run", row.id.to_string()),
        KeyValue::new("framework", row.framework.clone()),
        KeyValue::new("state", state.as_str()),
        KeyValue::new("attempts", i64::from(row.attempt)),
    ];
    let builder = tracer.span_builder("run").with_start_time(at(row.created_at)).with_attributes(attributes);
    let mut span = tracer.build_with_context(builder, &context_of(row));
    if state == RunState::Failed {
        span.set_status(Status::error(problem.map(|problem| problem.kind.clone()).unwrap_or_default()));
    }
    span.end_with_timestamp(at(now_ms()));
}

fn context_of(row: &RunRow) -> Context {
    let carried: HashMap<String, String> = row.trace.iter().map(|trace| (HEADER.to_owned(), trace.clone())).collect();
    global::get_text_map_propagator(|propagator| propagator.extract(&carried))
}

fn span_context(span: &Span) -> SpanContext {
    span.context().span().span_context().clone()
}

fn at(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms.try_into().unwrap_or_default())
}
