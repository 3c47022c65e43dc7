//! `/v1/runs/{id}/code`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, AppState, body::Path, views::FindingView};
use crate::service::code::{self, Attempt};

/// One piece of code of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptView {
    pub number: u32,
    pub code: String,
    /// Of the code, in hex.
    pub sha256: String,
    /// `model`, `recipes` or `caller`.
    pub author: String,
    pub notes: Vec<String>,
    /// The model that wrote it; none where no model did.
    pub model: Option<ModelView>,
    /// None until it was read.
    pub findings: Option<Vec<FindingView>>,
    /// The plugin that read it.
    pub plugin_digest: Option<String>,
    /// How the engine failed on it.
    pub failure: Option<FailureView>,
    /// Milliseconds since the Unix epoch.
    pub created_at: i64,
    /// What changed since the attempt before it, as a unified diff of lines; empty where nothing did, none for the first.
    pub diff: Option<String>,
}

/// What a model says of its answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ModelView {
    pub name: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Of all that it was told, in hex.
    pub prompt_sha256: String,
}

/// A failure as the engine told it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FailureView {
    pub kind: String,
    pub message: String,
    /// The line in the submitted code.
    pub line: Option<u32>,
    pub hint: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { row, diff } = attempt;
        Self {
            number: row.number,
            code: row.code,
            sha256: row.sha256,
            author: row.author,
            notes: row.notes,
            model: row.model.map(|used| ModelView {
                name: used.model,
                input_tokens: used.input_tokens,
                output_tokens: used.output_tokens,
                prompt_sha256: used.prompt_sha256,
            }),
            findings: row.findings.map(|findings| findings.into_iter().map(FindingView::from).collect()),
            plugin_digest: row.digest,
            failure: row.failure.map(|f| FailureView { kind: f.kind, message: f.message, line: f.line, hint: f.hint }),
            created_at: row.created_at,
            diff,
        }
    }
}

/// Every piece of code that was written for a run, with what was found in it and how it differs from the one before.
#[utoipa::path(get, path = "/v1/runs/{id}/code", responses((status = 200, body = Vec<AttemptView>)))]
pub(super) async fn list(app: AppState, Path(id): Path<Uuid>) -> Answer<Json<Vec<AttemptView>>> {
    Ok(Json(code::attempts(&app, id).await?.into_iter().map(AttemptView::from).collect()))
}
