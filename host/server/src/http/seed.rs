//! The paths of the seed document, in their own shapes, over the same services.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    ApiError, AppState,
    body::{self, Path},
    views::FindingView,
};
use crate::{
    app::App,
    service::{self, catalog, frameworks, ids, inspect::Hints, results, runs, sessions, uploads},
    store::{RunRow, RunState, SourceRef},
};

const SPARK: &str = "spark";
/// How many rows and bytes of a result the blocking paths show; the rest is under `/v1/runs/{id}`.
const PREVIEW_ROWS: usize = 100;
const PREVIEW_LOG_BYTES: usize = 256 * 1024;

/// A problem document with the members that these paths' clients look at.
#[derive(Debug)]
pub(super) struct SeedError(ApiError);

impl<E: Into<ApiError>> From<E> for SeedError {
    fn from(error: E) -> Self {
        Self(error.into().for_seed())
    }
}

impl IntoResponse for SeedError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

type Answer<T> = Result<Json<T>, SeedError>;

/// A table, as text or as an object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum SelectedTable {
    /// `database.table`.
    Name(String),
    /// Its two parts.
    Parts { database: String, table: String },
}

/// What to write code for.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SparkGenerate {
    prompt: String,
    session_id: Option<String>,
    framework: Option<String>,
    s3_input_path: Option<String>,
    s3_output_path: Option<String>,
    selected_tables: Option<Vec<SelectedTable>>,
    #[schema(value_type = Option<Vec<Object>>)]
    selected_postgres_tables: Option<Vec<Value>>,
    execution_platform: Option<String>,
}

/// Code to check and to run.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SparkExecute {
    #[serde(alias = "code")]
    spark_code: String,
    session_id: Option<String>,
    s3_input_path: Option<String>,
    s3_output_path: Option<String>,
    selected_tables: Option<Vec<SelectedTable>>,
    execution_platform: Option<String>,
}

/// The original's six fields.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SparkResult {
    spark_code: String,
    /// `success` or `failed`; none where nothing was run.
    execution_result: Option<&'static str>,
    execution_message: String,
    /// What the program printed, by line.
    execution_output: Vec<String>,
    /// The first 100 rows of the first table, as objects.
    #[schema(value_type = Vec<Object>)]
    actual_results: Vec<Map<String, Value>>,
    s3_output_path: Option<String>,
}

/// An answer of the Spark paths.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SparkAnswer {
    success: bool,
    result: SparkResult,
    framework: &'static str,
    execution_platform: Option<String>,
    session_id: String,
    /// The run behind it: `/v1/runs/{id}`.
    run: Uuid,
    /// `recipes`, `model` or `caller`.
    author: String,
    notes: Vec<String>,
    findings: Vec<FindingView>,
}

/// Writes Spark code and checks it; runs nothing.
#[utoipa::path(post, path = "/spark/generate", request_body = SparkGenerate, responses((status = 200, body = SparkAnswer)))]
pub(super) async fn spark_generate(app: AppState, body::Json(asked): body::Json<SparkGenerate>) -> Answer<SparkAnswer> {
    if asked.framework.as_deref().is_some_and(|framework| framework != SPARK) {
        return Err(ApiError::invalid("`framework` is `spark` on this path").into());
    }
    if asked.selected_postgres_tables.is_some_and(|tables| !tables.is_empty()) {
        let text = "tables of a PostgreSQL database cannot be read yet: leave `selected_postgres_tables` out";
        return Err(service::Error::Unsupported(text.to_owned()).into());
    }
    let platform = asked.execution_platform;
    let new = runs::NewRun {
        framework: SPARK.to_owned(),
        session: asked.session_id,
        prompt: asked.prompt,
        sources: sources(asked.s3_input_path, asked.selected_tables),
        platform: platform.clone(),
        output: asked.s3_output_path,
        ..runs::NewRun::default()
    };
    let row = frameworks::generate(&app, new).await?;
    let mut answer = spark_answer(&app, row).await?;
    answer.execution_platform = platform.or(answer.execution_platform);
    Ok(Json(answer))
}

/// Checks Spark code, runs it and waits for its results, at most 20 minutes.
#[utoipa::path(
    post, path = "/spark/validate-execute", request_body = SparkExecute,
    responses(
        (status = 200, body = SparkAnswer),
        (status = 422, description = "the code was refused; the findings say why"),
        (status = 504, description = "the run goes on; its id is in the answer")
    )
)]
pub(super) async fn spark_validate_execute(
    app: AppState,
    body::Json(asked): body::Json<SparkExecute>,
) -> Answer<SparkAnswer> {
    let new = runs::NewRun {
        framework: SPARK.to_owned(),
        session: asked.session_id,
        code: Some(asked.spark_code),
        sources: sources(asked.s3_input_path, asked.selected_tables),
        platform: asked.execution_platform,
        output: asked.s3_output_path,
        ..runs::NewRun::default()
    };
    let row = runs::create(&app, new).await?;
    let row = runs::wait(&app, row.id, app.patience).await?;
    let row = runs::expect_answer(&app, row).await?;
    Ok(Json(spark_answer(&app, row).await?))
}

fn sources(path: Option<String>, tables: Option<Vec<SelectedTable>>) -> Option<Vec<SourceRef>> {
    let object = path.filter(|path| !path.is_empty());
    let object = object.map(|uri| SourceRef::Object { uri, format: None, properties: Default::default() });
    let table = |selected| SourceRef::Table {
        table: match selected {
            SelectedTable::Name(name) => name,
            SelectedTable::Parts { database, table } => format!("{database}.{table}"),
        },
    };
    let named: Vec<_> = object.into_iter().chain(tables.into_iter().flatten().map(table)).collect();
    (!named.is_empty()).then_some(named)
}

async fn spark_answer(app: &App, row: RunRow) -> Result<SparkAnswer, service::Error> {
    let last = runs::code(app, row.id).await?.pop();
    let (code, author, notes, findings) =
        last.map(|a| (a.code, a.author, a.notes, a.findings.unwrap_or_default())).unwrap_or_default();
    let ran = !row.request.generate_only;
    let success = row.state == RunState::Succeeded;
    let (mut output, mut rows) = (Vec::new(), Vec::new());
    if ran {
        let log = runs::whole_log(app, row.id, PREVIEW_LOG_BYTES).await?;
        output = log.lines().map(str::to_owned).collect();
    }
    let tables = row.outcome.as_ref().map_or(0, |outcome| outcome.tables.len());
    if success && tables > 0 {
        let (_, page) = results::page_of(app, &row, None, 0, PREVIEW_ROWS).await?;
        let names: Vec<_> = page.columns.into_iter().map(|column| column.name).collect();
        rows = page.rows.into_iter().map(|row| names.iter().cloned().zip(row).collect()).collect();
    }
    let message = match &row.problem {
        Some(problem) => problem.detail.clone(),
        None if ran => format!("succeeded with {tables} tables"),
        None => "the code is clean; nothing was run".to_owned(),
    };
    let prefix = row.plan.is_some().then(|| crate::run::attempt_of(app.runs.places(), &row)).transpose()?;
    Ok(SparkAnswer {
        success,
        result: SparkResult {
            spark_code: code,
            execution_result: ran.then_some(if success { "success" } else { "failed" }),
            execution_message: message,
            execution_output: output,
            actual_results: rows,
            s3_output_path: prefix.map(|attempt| attempt.output).or(row.request.task.output),
        },
        framework: SPARK,
        execution_platform: row.plan.map(|plan| plan.platform),
        session_id: row.session,
        run: row.id,
        author,
        notes,
        findings: findings.into_iter().map(FindingView::from).collect(),
    })
}

/// A CSV as text.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct UploadCsv {
    filename: String,
    content: String,
    session_id: Option<String>,
}

/// Where the CSV is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadedCsv {
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
pub(super) async fn upload_csv(app: AppState, body::Json(asked): body::Json<UploadCsv>) -> Answer<UploadedCsv> {
    let session = asked.session_id.unwrap_or_else(ids::new_session);
    let hints = Hints { format: Some("csv".to_owned()), ..Hints::default() };
    let upload = uploads::Upload { session: session.clone(), name: asked.filename, hints };
    let body = stream::once(std::future::ready(Ok(Bytes::from(asked.content))));
    let source = uploads::add(&app, upload, body).await?;
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
pub(super) async fn glue_databases(app: AppState) -> Answer<Value> {
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
pub(super) async fn glue_tables(app: AppState, Path(database): Path<String>) -> Answer<Value> {
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
pub(super) async fn reset_session(app: AppState, Path(id): Path<String>) -> Answer<Value> {
    sessions::reset(&app, &id).await?;
    Ok(Json(
        json!({ "success": true, "message": format!("the sources of session {id} are cleared; its history stays") }),
    ))
}

/// What was asked and what was run in a session: its newest 100 runs, the oldest first.
#[utoipa::path(get, path = "/history/{id}", responses((status = 200, body = Object)))]
pub(super) async fn history(app: AppState, Path(id): Path<String>) -> Answer<Value> {
    let session = sessions::get(&app, &id).await?;
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
pub(super) async fn health(app: AppState) -> Answer<Value> {
    app.store.ping().await.map_err(service::Error::from)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    Ok(Json(json!({ "status": "healthy", "timestamp": seconds })))
}
