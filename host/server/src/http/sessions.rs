//! `/v1/sessions`.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, AppState,
    body::{self, Path},
    caller::Caller,
    views::RunView,
};
use crate::{service::sessions, store::SourceRef};

/// A session: the sources its next request reads, and its newest 100 runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    id: String,
    sources: Vec<SourceRef>,
    runs: Vec<RunView>,
}

/// A session.
#[utoipa::path(
    get, path = "/v1/sessions/{id}",
    responses((status = 200, body = SessionView), (status = 404, description = "nobody has used it yet"))
)]
pub(super) async fn show(app: AppState, Caller(owner): Caller, Path(id): Path<String>) -> Answer<Json<SessionView>> {
    let session = sessions::get(&app, &owner, &id).await?;
    let runs = session.runs.into_iter().map(RunView::from).collect();
    Ok(Json(SessionView { id: session.id, sources: session.sources, runs }))
}

/// What a session is to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionSources {
    sources: Vec<SourceRef>,
}

/// Sets what a session reads, until it is set again.
#[utoipa::path(
    put, path = "/v1/sessions/{id}", request_body = SessionSources, responses((status = 200, body = SessionView))
)]
pub(super) async fn set(
    app: AppState,
    Caller(owner): Caller,
    Path(id): Path<String>,
    body::Json(asked): body::Json<SessionSources>,
) -> Answer<Json<SessionView>> {
    sessions::set_sources(&app, &owner, &id, &asked.sources).await?;
    show(app, Caller(owner), Path(id)).await
}

/// Clears a session's sources; its history stays.
#[utoipa::path(post, path = "/v1/sessions/{id}/reset", responses((status = 200, body = SessionView)))]
pub(super) async fn reset(app: AppState, Caller(owner): Caller, Path(id): Path<String>) -> Answer<Json<SessionView>> {
    sessions::reset(&app, &owner, &id).await?;
    show(app, Caller(owner), Path(id)).await
}
