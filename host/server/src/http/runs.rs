//! `/v1/runs`.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Answer, ApiError, AppState,
    body::{self, Path, Query},
    caller::Caller,
    views::{NewRunView, RunView},
};
use crate::{
    service::{retention, runs},
    store::{RunFilter, RunRow, RunState},
};

/// Starts a run and answers at once; the run is durable by then.
///
/// The header `Idempotency-Key` makes the same request answer with the same run.
#[utoipa::path(
    post, path = "/v1/runs", request_body = NewRunView,
    responses((status = 202, body = RunView), (status = 409, description = "the key, or the output prefix, is taken"))
)]
pub(super) async fn create(
    app: AppState,
    Caller(owner): Caller,
    headers: HeaderMap,
    body::Json(asked): body::Json<NewRunView>,
) -> Answer<Accepted> {
    let idempotency_key = key_of(&headers)?;
    let row = runs::create(&app, runs::NewRun { owner, idempotency_key, ..asked.into() }).await?;
    Ok(accepted(row))
}

/// Runs once more what a run was asked for, with the sources as they were then.
///
/// Code that was written for it is written anew. The header `Idempotency-Key` makes the same request answer with the same run.
#[utoipa::path(
    post, path = "/v1/runs/{id}/rerun",
    responses((status = 202, body = RunView), (status = 409, description = "the key, or the output prefix, is taken"))
)]
pub(super) async fn rerun(
    app: AppState,
    Caller(owner): Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Answer<Accepted> {
    Ok(accepted(runs::rerun(&app, owner, id, key_of(&headers)?).await?))
}

type Accepted = (StatusCode, [(header::HeaderName, String); 1], Json<RunView>);

fn accepted(row: RunRow) -> Accepted {
    (StatusCode::ACCEPTED, [(header::LOCATION, format!("/v1/runs/{}", row.id))], Json(row.into()))
}

fn key_of(headers: &HeaderMap) -> Answer<Option<String>> {
    let key = headers.get("idempotency-key").map(|key| key.to_str().map(str::to_owned)).transpose();
    let key = key.map_err(|_| ApiError::invalid("an Idempotency-Key is visible ASCII"))?;
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 255) {
        return Err(ApiError::invalid("an Idempotency-Key has 1 to 255 characters"));
    }
    Ok(key)
}

/// Which runs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    session_id: Option<String>,
    framework: Option<String>,
    state: Option<RunState>,
    /// Only runs older than this one: the last of the page before.
    before: Option<Uuid>,
    /// At most 200.
    limit: Option<u32>,
}

/// The newest runs first.
#[utoipa::path(get, path = "/v1/runs", params(ListQuery), responses((status = 200, body = Vec<RunView>)))]
pub(super) async fn list(
    app: AppState,
    Caller(owner): Caller,
    Query(query): Query<ListQuery>,
) -> Answer<Json<Vec<RunView>>> {
    let filter = RunFilter {
        owner: Some(owner),
        session: query.session_id,
        framework: query.framework,
        state: query.state,
        before: query.before,
        limit: query.limit.unwrap_or(50),
    };
    Ok(Json(runs::list(&app, &filter).await?.into_iter().map(RunView::from).collect()))
}

/// One run.
#[utoipa::path(get, path = "/v1/runs/{id}", responses((status = 200, body = RunView)))]
pub(super) async fn show(app: AppState, Path(id): Path<Uuid>) -> Answer<Json<RunView>> {
    Ok(Json(runs::get(&app, id).await?.into()))
}

/// Where in a log to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct LogQuery {
    /// The byte to begin at: the `next` of the piece before.
    #[serde(default)]
    from: u64,
}

/// A piece of a log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogView {
    text: String,
    /// The byte after it; hand it back as `from` to get what follows.
    next: u64,
    /// Nothing will follow.
    end: bool,
    /// Bytes left out before this piece, because the first and the last 8 MiB are kept and engines may drop some themselves.
    dropped: u64,
}

/// What a run's programs printed, attempt after attempt, as it was followed; about 256 KiB at a time.
#[utoipa::path(get, path = "/v1/runs/{id}/log", params(LogQuery), responses((status = 200, body = LogView)))]
pub(super) async fn log(app: AppState, Path(id): Path<Uuid>, Query(query): Query<LogQuery>) -> Answer<Json<LogView>> {
    let (page, end) = runs::log(&app, id, query.from).await?;
    Ok(Json(LogView { text: page.text, next: page.next, end, dropped: page.dropped }))
}

/// Asks a run to end.
#[utoipa::path(post, path = "/v1/runs/{id}/cancel", responses((status = 202, body = RunView)))]
pub(super) async fn cancel(app: AppState, Path(id): Path<Uuid>) -> Answer<(StatusCode, Json<RunView>)> {
    Ok((StatusCode::ACCEPTED, Json(runs::cancel(&app, id).await?.into())))
}

/// Which code may run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalView {
    /// SHA-256 of the code, in hex, as `/v1/runs/{id}/code` tells it.
    sha256: String,
}

/// Lets the code of a run go to its engine, where it was asked to wait for that (`approval: "before-run"`).
#[utoipa::path(
    post, path = "/v1/runs/{id}/approve", request_body = ApprovalView,
    responses((status = 202, body = RunView), (status = 409, description = "it does not wait, or waits with other code"))
)]
pub(super) async fn approve(
    app: AppState,
    Path(id): Path<Uuid>,
    body::Json(approval): body::Json<ApprovalView>,
) -> Answer<(StatusCode, Json<RunView>)> {
    Ok((StatusCode::ACCEPTED, Json(runs::approve(&app, id, &approval.sha256).await?.into())))
}

/// Deletes a run that has ended, with its code, journal and objects; a prefix that its caller chose for the results stays.
#[utoipa::path(
    delete, path = "/v1/runs/{id}",
    responses((status = 204, description = "it is gone"), (status = 409, description = "it has not ended"))
)]
pub(super) async fn delete(app: AppState, Path(id): Path<Uuid>) -> Answer<StatusCode> {
    retention::delete(&app, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
