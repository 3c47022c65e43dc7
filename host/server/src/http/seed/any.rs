//! `/generate` and `/execute`, for any framework.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{RunAnswer, SelectedTable, Served, sources, told};
use crate::{
    http::{AppState, body, caller::Caller, views::FindingView},
    service::{frameworks, runs},
};

/// What these paths mean where a request names no framework.
const DEFAULT: &str = "ray";

/// What to write code for.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct SeedGenerate {
    prompt: String,
    session_id: Option<String>,
    /// `ray` where it is missing.
    framework: Option<String>,
    s3_input_path: Option<String>,
    s3_output_path: Option<String>,
    selected_tables: Option<Vec<SelectedTable>>,
    execution_platform: Option<String>,
}

/// Code that is clean.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SeedGenerated {
    success: bool,
    code: String,
    /// None: what goes wrong is a problem document, with the same member.
    error: Option<String>,
    session_id: String,
    /// How often code was written.
    iterations: usize,
    framework: String,
    /// The run behind it: `/v1/runs/{id}`.
    run: Uuid,
    /// `recipes`, `model` or `caller`.
    author: String,
    notes: Vec<String>,
    findings: Vec<FindingView>,
}

/// Code to check and to run.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct SeedExecute {
    code: String,
    session_id: Option<String>,
    /// `ray` where it is missing.
    framework: Option<String>,
    s3_input_path: Option<String>,
    s3_output_path: Option<String>,
    selected_tables: Option<Vec<SelectedTable>>,
    execution_platform: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SeedExecuted {
    success: bool,
    /// What the program printed, and nothing that its engine did.
    output: String,
    /// Why it failed; none where it did not.
    error: Option<String>,
    session_id: String,
    /// The run: `/v1/runs/{id}`.
    job_id: Uuid,
    framework: String,
    execution_result: &'static str,
    /// The first 100 rows of the first table, as objects.
    #[schema(value_type = Vec<Object>)]
    actual_results: Vec<Map<String, Value>>,
    findings: Vec<FindingView>,
}

/// Writes code and checks it; runs nothing.
#[utoipa::path(post, path = "/generate", request_body = SeedGenerate, responses((status = 200, body = SeedGenerated)))]
pub(in crate::http) async fn generate(
    app: AppState,
    Caller(owner): Caller,
    body::Json(asked): body::Json<SeedGenerate>,
) -> RunAnswer<SeedGenerated> {
    let new = runs::NewRun {
        owner,
        framework: asked.framework.unwrap_or_else(|| DEFAULT.to_owned()),
        session: asked.session_id,
        prompt: asked.prompt,
        sources: sources(asked.s3_input_path, asked.selected_tables),
        platform: asked.execution_platform,
        output: asked.s3_output_path,
        ..runs::NewRun::default()
    };
    let row = frameworks::generate(&app, new).await?;
    let told = told(&app, row).await?;
    let (code, author, notes, findings) =
        told.attempt.map(|a| (a.code, a.author, a.notes, a.findings.unwrap_or_default())).unwrap_or_default();
    let generated = SeedGenerated {
        success: told.success,
        code,
        error: None,
        session_id: told.row.session,
        iterations: told.attempts,
        framework: told.row.framework,
        run: told.row.id,
        author,
        notes,
        findings: findings.into_iter().map(FindingView::from).collect(),
    };
    Ok(Served(told.row.pin, Json(generated)))
}

/// Checks code, runs it and waits for its results, at most 20 minutes.
#[utoipa::path(
    post, path = "/execute", request_body = SeedExecute,
    responses(
        (status = 200, body = SeedExecuted),
        (status = 422, description = "the code was refused; the findings say why"),
        (status = 504, description = "the run goes on; its id is in the answer")
    )
)]
pub(in crate::http) async fn execute(
    app: AppState,
    Caller(owner): Caller,
    body::Json(asked): body::Json<SeedExecute>,
) -> RunAnswer<SeedExecuted> {
    let new = runs::NewRun {
        owner,
        framework: asked.framework.unwrap_or_else(|| DEFAULT.to_owned()),
        session: asked.session_id,
        code: Some(asked.code),
        sources: sources(asked.s3_input_path, asked.selected_tables),
        platform: asked.execution_platform,
        output: asked.s3_output_path,
        ..runs::NewRun::default()
    };
    let row = runs::answered(&app, new).await?;
    let told = told(&app, row).await?;
    let findings = told.attempt.and_then(|attempt| attempt.findings).unwrap_or_default();
    let executed = SeedExecuted {
        success: told.success,
        output: told.log,
        error: (!told.success).then_some(told.message),
        session_id: told.row.session,
        job_id: told.row.id,
        framework: told.row.framework,
        execution_result: if told.success { "success" } else { "failed" },
        actual_results: told.rows,
        findings: findings.into_iter().map(FindingView::from).collect(),
    };
    Ok(Served(told.row.pin, Json(executed)))
}
