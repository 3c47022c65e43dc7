//! The paths of the seed document, in their own shapes, over the same services.

pub(super) mod any;
pub(super) mod data;
pub(super) mod ray;
pub(super) mod spark;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{ApiError, served::Served};
use crate::{
    app::App,
    service::{Error, results, runs},
    store::{AttemptRow, RunRow, RunState, SourceRef},
};

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
/// What a run gave, with the generation that served it.
type RunAnswer<T> = Result<Served<Json<T>>, SeedError>;

/// A table, as text or as an object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum SelectedTable {
    /// `database.table`.
    Name(String),
    /// Its two parts.
    Parts { database: String, table: String },
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

/// What came of a run, before it has the shape of one of the paths.
struct Told {
    row: RunRow,
    /// The last code, with who wrote it and what was found in it.
    attempt: Option<AttemptRow>,
    attempts: usize,
    success: bool,
    /// What happened, in a sentence.
    message: String,
    /// What the program printed.
    log: String,
    /// The first rows of the first table, as objects.
    rows: Vec<Map<String, Value>>,
}

async fn told(app: &App, row: RunRow) -> Result<Told, Error> {
    let mut attempts = runs::code(app, row.id).await?;
    let (count, attempt) = (attempts.len(), attempts.pop());
    let ran = !row.request.generate_only;
    let success = row.state == RunState::Succeeded;
    let log = if ran { runs::log_of_last_attempt(app, row.id, PREVIEW_LOG_BYTES).await? } else { String::new() };
    let tables = row.outcome.as_ref().map_or(0, |outcome| outcome.tables.len());
    let mut rows = Vec::new();
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
    Ok(Told { row, attempt, attempts: count, success, message, log, rows })
}
