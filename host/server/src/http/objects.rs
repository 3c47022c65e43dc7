//! `/v1/objects`.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use enginehouse_capabilities::ObjectEntry;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, AppState,
    body::{Path, Query, declared_length},
    caller::Caller,
};
use crate::service::{intake, objects};

/// One object.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ObjectView {
    uri: String,
    bytes: u64,
    /// Milliseconds since the Unix epoch.
    modified: u64,
}

impl From<ObjectEntry> for ObjectView {
    fn from(entry: ObjectEntry) -> Self {
        Self { uri: entry.uri.to_string(), bytes: entry.bytes, modified: entry.modified }
    }
}

/// One page of objects.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ObjectsView {
    objects: Vec<ObjectView>,
    /// The `after` of the next page; none on the last.
    next: Option<String>,
}

/// Which objects.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// `s3://bucket/prefix/`.
    prefix: String,
    /// The `next` of the page before.
    after: Option<String>,
}

/// The objects under a prefix.
#[utoipa::path(get, path = "/v1/objects", params(ListQuery), responses((status = 200, body = ObjectsView)))]
pub(super) async fn list(
    app: AppState,
    Caller(owner): Caller,
    Query(query): Query<ListQuery>,
) -> Answer<Json<ObjectsView>> {
    let page = objects::list(&app, &owner, &query.prefix, query.after.as_deref()).await?;
    Ok(Json(ObjectsView { objects: page.entries.into_iter().map(ObjectView::from).collect(), next: page.next }))
}

/// One object's bytes.
#[utoipa::path(
    get, path = "/v1/objects/{bucket}/{*key}", description = "The key may hold `/`.",
    params(("bucket" = String, Path), ("key" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>))
)]
pub(super) async fn get(
    app: AppState,
    Caller(owner): Caller,
    Path((bucket, key)): Path<(String, String)>,
) -> Answer<impl IntoResponse> {
    let (entry, body) = objects::get(&app, &owner, &uri(&bucket, &key)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, entry.bytes.to_string()),
        // What a program wrote is shown as bytes, never run as a page of ours.
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(body)))
}

/// Writes an object, where the store is our own; streamed.
#[utoipa::path(
    put, path = "/v1/objects/{bucket}/{*key}",
    params(("bucket" = String, Path), ("key" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ObjectView), (status = 409, description = "runs and uploads are kept there"))
)]
pub(super) async fn put(
    app: AppState,
    Path((bucket, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, Json<ObjectView>)> {
    intake::check_length(&app, declared_length(&headers))?;
    let body = body.into_data_stream().map_err(std::io::Error::other);
    let entry = objects::put(&app, &uri(&bucket, &key), body).await?;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

fn uri(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}
