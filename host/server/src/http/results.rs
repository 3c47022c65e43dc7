//! `/v1/runs/{id}/results`.

use std::io;

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Answer, ApiError, AppState,
    body::{Path, Query},
    format::Format,
    views::ColumnView,
};
use crate::{
    results::{ColumnSchema, Download, Page},
    service::results,
};

/// Columns and rows of one table.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResultsView {
    pub table: String,
    pub columns: Vec<ColumnView>,
    /// Cells in the order of the columns.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub rows: Vec<Vec<serde_json::Value>>,
    /// The `offset` of the next page; none on the last.
    pub next: Option<u64>,
    /// All rows, where the format tells.
    pub total_rows: Option<u64>,
}

impl ResultsView {
    fn new(table: String, page: Page) -> Self {
        let column = |c: ColumnSchema| ColumnView { name: c.name, data_type: Some(c.data_type) };
        let Page { columns, rows, next, total_rows } = page;
        Self { table, columns: columns.into_iter().map(column).collect(), rows, next, total_rows }
    }
}

/// Which rows, and how they are written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultsQuery {
    /// None: the first table.
    table: Option<String>,
    /// `json`: a page of rows. `csv`, `jsonl`, `arrow` or `parquet`: the whole table, streamed. None: what the header
    /// `Accept` likes best of these, else `json`.
    format: Option<String>,
    /// The first row of a page. A whole table has no pages: there it is refused.
    offset: Option<u64>,
    /// The rows of a page: 100 where none is given, at most 10,000. A whole table has no pages: there it is refused.
    limit: Option<usize>,
}

/// Rows of a table that a run wrote: a page as JSON, or the whole table as a stream.
///
/// A table is streamed in the order of its pages and is never wholly in memory. At most eight are on their way at once, and
/// who takes nothing for ten minutes is cut off. A stream that fails breaks off without
/// its end, so a client that checks the end of its response never takes a part for the whole.
#[utoipa::path(
    get, path = "/v1/runs/{id}/results", params(ResultsQuery),
    responses(
        (status = 200, content(
            (ResultsView = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"),
            (Vec<u8> = "application/vnd.apache.parquet"),
        )),
        (status = 400, description = "an unknown format, or a page of a whole table"),
        (status = 404, description = "no such run or table"),
        (status = 409, description = "the run goes on"),
        (status = 503, description = "as many whole tables are being downloaded as there may be at once"),
    )
)]
pub(super) async fn read(
    app: AppState,
    Path(id): Path<Uuid>,
    Query(query): Query<ResultsQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let format = match query.format.as_deref() {
        Some(name) => Format::named(name)?,
        None => Format::accepted(&headers),
    };
    let table = query.table.as_deref();
    let Some(output) = format.output else {
        let (offset, limit) = (query.offset.unwrap_or(0), query.limit.unwrap_or(100));
        let (table, page) = results::page(&app, id, table, offset, limit).await?;
        return Ok(Json(ResultsView::new(table, page)).into_response());
    };
    if query.offset.is_some() || query.limit.is_some() {
        let name = format.name;
        return Err(ApiError::invalid(format!(
            "`{name}` is the whole table: leave out `offset` and `limit`, or ask for pages with `format=json`"
        )));
    }
    let (table, download) = results::download(&app, id, table, output).await?;
    Ok(attachment(id, &table, format, download))
}

/// A whole table as a file of its name. What was sent before an error is cut off, not ended.
fn attachment(run: Uuid, table: &str, format: &Format, download: Download) -> Response {
    let Download { bytes, body } = download;
    let body = body.map_err(move |error| {
        // Without the error, which may hold a cell: a page of the same table tells it to who may read it.
        tracing::warn!(%run, "a download broke off");
        io::Error::other(error)
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type));
    let file = format!("attachment; filename=\"{}.{}\"", file_name(table), format.name);
    headers.extend(HeaderValue::try_from(file).map(|file| (header::CONTENT_DISPOSITION, file)));
    // What a program wrote is shown as data, never run as a page of ours.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(bytes.map(|bytes| (header::CONTENT_LENGTH, HeaderValue::from(bytes))));
    response
}

/// A table's name as the name of a file anywhere: plain letters, digits, `-`, `_` and `.`, at most 100, no `.` first.
fn file_name(table: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = table.trim_start_matches('.').chars().take(100).map(plain).collect();
    if name.is_empty() { "table".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_safe_name() {
        for (table, name) in [
            ("result", "result"),
            ("by region-2.v1", "by_region-2.v1"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\"; filename=\"b\r\nX: y", "a___filename__b__X__y"),
            ("Süd", "S_d"),
            ("...", "table"),
        ] {
            assert_eq!(file_name(table), name);
        }
        assert_eq!(file_name(&"x".repeat(1000)).len(), 100);
    }
}
