//! Uploads, the catalog, sessions and health.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Answer;
use crate::{
    http::{
        AppState,
        body::{self, Path},
        caller::Caller,
    },
    service::{self, catalog, ids, inspect::Hints, runs, sessions, uploads},
    store::RunState,
};

/// A CSV as text.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct UploadCsv {
    filename: String,
    content: String,
    session_id: Option<String>,
}

/// Where the CSV is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct UploadedCsv {
    success: bool,
    s3_uri: String,
    bucket: String,
    key: String,
    /// The first lines.
    preview: String,
    session_id: String,
}

/// Keeps a CSV and makes it its session's source.
#[utoipa::path(post, path = "/upload-csv", request_body = UploadCsv, responses((status = 200, body = UploadedCsv)))]
pub(in crate::http) async fn upload_csv(
    app: AppState,
    Caller(owner): Caller,
    body::Json(asked): body::Json<UploadCsv>,
) -> Answer<UploadedCsv> {
    let session = asked.session_id.unwrap_or_else(ids::new_session);
    let hints = Hints { format: Some("csv".to_owned()), ..Hints::default() };
    let upload = uploads::Upload { owner, session: session.clone(), name: asked.filename, hints, encoding: None };
    let body = stream::once(std::future::ready(Ok(Bytes::from(asked.content))));
    let source = uploads::add(&app, upload, body).await?.source;
    let uri: enginehouse_capabilities::ObjectUri = source.uri.parse().map_err(service::Error::from)?;
    Ok(Json(UploadedCsv {
        success: true,
        s3_uri: source.uri,
        bucket: uri.bucket().to_owned(),
        key: uri.key().to_owned(),
        preview: source.sample.unwrap_or_default(),
        session_id: session,
    }))
}

/// The databases of the catalog.
#[utoipa::path(get, path = "/glue/databases", responses((status = 200, body = Object)))]
pub(in crate::http) async fn glue_databases(app: AppState) -> Answer<Value> {
    let (mut databases, mut after) = (Vec::new(), None);
    loop {
        let page = catalog::databases(&app, after.as_deref()).await?;
        databases.extend(page.names);
        after = page.next;
        if after.is_none() {
            return Ok(Json(json!({ "success": true, "databases": databases })));
        }
    }
}

/// The tables of a database, with every column.
#[utoipa::path(get, path = "/glue/tables/{database}", responses((status = 200, body = Object)))]
pub(in crate::http) async fn glue_tables(app: AppState, Path(database): Path<String>) -> Answer<Value> {
    let (mut tables, mut after) = (Vec::new(), None);
    loop {
        let page = catalog::tables(&app, &database, after.as_deref()).await?;
        for name in page.names {
            let table = catalog::table(&app, &database, &name).await?;
            let columns = |columns: &[enginehouse_capabilities::Column]| -> Vec<Value> {
                columns.iter().map(|c| json!({ "name": c.name, "type": c.data_type })).collect()
            };
            tables.push(json!({
                "name": table.name,
                "location": table.location.as_ref().map(ToString::to_string),
                "format": table.format,
                "columns": columns(&table.columns),
                "partition_keys": columns(&table.partition_keys),
            }));
        }
        after = page.next;
        if after.is_none() {
            return Ok(Json(json!({ "success": true, "tables": tables })));
        }
    }
}

/// Clears a session's sources; its history stays.
#[utoipa::path(post, path = "/sessions/{id}/reset", responses((status = 200, body = Object)))]
pub(in crate::http) async fn reset_session(
    app: AppState,
    Caller(owner): Caller,
    Path(id): Path<String>,
) -> Answer<Value> {
    sessions::reset(&app, &owner, &id).await?;
    Ok(Json(
        json!({ "success": true, "message": format!("the sources of session {id} are cleared; its history stays") }),
    ))
}

/// What was asked and what was run in a session: its newest 100 runs, the oldest first.
#[utoipa::path(get, path = "/history/{id}", responses((status = 200, body = Object)))]
pub(in crate::http) async fn history(app: AppState, Caller(owner): Caller, Path(id): Path<String>) -> Answer<Value> {
    // Clients of this path ask before they have used a session.
    let session = match sessions::get(&app, &owner, &id).await {
        Err(service::Error::NotFound(_)) => sessions::Session { id, ..sessions::Session::default() },
        known => known?,
    };
    let (mut conversation, mut executions) = (Vec::new(), Vec::new());
    for row in session.runs.into_iter().rev() {
        let code = runs::code(&app, row.id).await?.pop().map(|attempt| attempt.code);
        let (run, framework, at) = (row.id, row.framework, row.created_at);
        if !row.request.task.prompt.is_empty() {
            conversation.push(json!({
                "type": "generation", "prompt": row.request.task.prompt, "generated_code": code, "timestamp": at,
                "framework": framework, "run": run,
            }));
        }
        if !row.request.generate_only {
            let message = row.problem.map_or_else(|| row.state.to_string(), |problem| problem.detail);
            executions.push(json!({
                "code": code, "result": message, "timestamp": at, "success": row.state == RunState::Succeeded,
                "framework": framework, "run": run,
            }));
        }
    }
    Ok(Json(json!({
        "success": true, "session_id": session.id, "conversation_history": conversation, "execution_results": executions,
    })))
}

/// Whether the server answers and its store does.
#[utoipa::path(get, path = "/health", responses((status = 200, body = Object)))]
pub(in crate::http) async fn health(app: AppState) -> Answer<Value> {
    app.store.ping().await.map_err(service::Error::from)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    Ok(Json(json!({ "status": "healthy", "timestamp": seconds })))
}
