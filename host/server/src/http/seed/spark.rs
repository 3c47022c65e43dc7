//! `/spark/…`.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{RunAnswer, SelectedTable, Served, sources, told};
use crate::{
    app::App,
    http::{ApiError, AppState, body, caller::Caller, views::FindingView},
    service::{self, frameworks, runs},
    store::RunRow,
};

const SPARK: &str = "spark";

/// What to write code for.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct SparkGenerate {
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
pub(in crate::http) struct SparkExecute {
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
pub(in crate::http) struct SparkResult {
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
pub(in crate::http) struct SparkAnswer {
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
pub(in crate::http) async fn generate(
    app: AppState,
    Caller(owner): Caller,
    body::Json(asked): body::Json<SparkGenerate>,
) -> RunAnswer<SparkAnswer> {
    if asked.framework.as_deref().is_some_and(|framework| framework != SPARK) {
        return Err(ApiError::invalid("`framework` is `spark` on this path").into());
    }
    if asked.selected_postgres_tables.is_some_and(|tables| !tables.is_empty()) {
        let text = "tables of a PostgreSQL database cannot be read yet: leave `selected_postgres_tables` out";
        return Err(service::Error::Unsupported(text.to_owned()).into());
    }
    let platform = asked.execution_platform;
    let new = runs::NewRun {
        owner,
        framework: SPARK.to_owned(),
        session: asked.session_id,
        prompt: asked.prompt,
        sources: sources(asked.s3_input_path, asked.selected_tables),
        platform: platform.clone(),
        output: asked.s3_output_path,
        ..runs::NewRun::default()
    };
    let row = frameworks::generate(&app, new).await?;
    let served_by = row.pin.clone();
    let mut written = answer(&app, row).await?;
    written.execution_platform = platform.or(written.execution_platform);
    Ok(Served(served_by, Json(written)))
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
pub(in crate::http) async fn validate_execute(
    app: AppState,
    Caller(owner): Caller,
    body::Json(asked): body::Json<SparkExecute>,
) -> RunAnswer<SparkAnswer> {
    let new = runs::NewRun {
        owner,
        framework: SPARK.to_owned(),
        session: asked.session_id,
        code: Some(asked.spark_code),
        sources: sources(asked.s3_input_path, asked.selected_tables),
        platform: asked.execution_platform,
        output: asked.s3_output_path,
        ..runs::NewRun::default()
    };
    let row = runs::answered(&app, new).await?;
    Ok(Served(row.pin.clone(), Json(answer(&app, row).await?)))
}

async fn answer(app: &App, row: RunRow) -> Result<SparkAnswer, service::Error> {
    let told = told(app, row).await?;
    let ran = !told.row.request.generate_only;
    let prefix = told.row.plan.is_some().then(|| crate::run::attempt_of(app.runs.places(), &told.row)).transpose()?;
    let (spark_code, author, notes, findings) =
        told.attempt.map(|a| (a.code, a.author, a.notes, a.findings.unwrap_or_default())).unwrap_or_default();
    Ok(SparkAnswer {
        success: told.success,
        result: SparkResult {
            spark_code,
            execution_result: ran.then_some(if told.success { "success" } else { "failed" }),
            execution_message: told.message,
            execution_output: told.log.lines().map(str::to_owned).collect(),
            actual_results: told.rows,
            s3_output_path: prefix.map(|attempt| attempt.output).or(told.row.request.task.output),
        },
        framework: SPARK,
        execution_platform: told.row.plan.map(|plan| plan.platform),
        session_id: told.row.session,
        run: told.row.id,
        author,
        notes,
        findings: findings.into_iter().map(FindingView::from).collect(),
    })
}
