//! `/v1/frameworks`: what is loaded, and what answers within the request.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, AppState,
    body::{self, Path},
    caller::Caller,
    views::{FindingView, FrameworkView, Generated, HealthView, NewRunView},
};
use crate::{
    service::{frameworks, runs},
    store::SourceRef,
};

/// The frameworks that serve.
#[utoipa::path(get, path = "/v1/frameworks", responses((status = 200, body = Vec<FrameworkView>)))]
pub(super) async fn list(app: AppState) -> Json<Vec<FrameworkView>> {
    Json(frameworks::list(&app).into_iter().map(FrameworkView::from).collect())
}

/// One framework.
#[utoipa::path(get, path = "/v1/frameworks/{framework}", responses((status = 200, body = FrameworkView)))]
pub(super) async fn show(app: AppState, Path(name): Path<String>) -> Answer<Json<FrameworkView>> {
    Ok(Json(frameworks::get(&app, &name)?.into()))
}

/// What stands behind a framework's platforms.
#[utoipa::path(get, path = "/v1/frameworks/{framework}/status", responses((status = 200, body = Vec<HealthView>)))]
pub(super) async fn status(app: AppState, Path(name): Path<String>) -> Answer<Json<Vec<HealthView>>> {
    let health = frameworks::status(&app, &name).await?;
    let view = |h: enginehouse_runtime::Health| HealthView { platform: h.platform, ready: h.ready, detail: h.detail };
    Ok(Json(health.into_iter().map(view).collect()))
}

/// Writes code and reads it; runs nothing.
#[utoipa::path(
    post, path = "/v1/frameworks/{framework}/generate",
    request_body = NewRunView,
    responses((status = 200, body = Generated), (status = 422, description = "the code was refused, or the request is not understood"))
)]
pub(super) async fn generate(
    app: AppState,
    Caller(owner): Caller,
    Path(name): Path<String>,
    body::Json(asked): body::Json<NewRunView>,
) -> Answer<Json<Generated>> {
    let asked = runs::NewRun { owner, framework: name, ..asked.into() };
    let row = frameworks::generate(&app, asked).await?;
    let last = runs::code(&app, row.id).await?.pop();
    let (code, author, notes, findings) =
        last.map(|a| (a.code, a.author, a.notes, a.findings.unwrap_or_default())).unwrap_or_default();
    let findings = findings.into_iter().map(FindingView::from).collect();
    let platform = row.plan.map(|plan| plan.platform);
    Ok(Json(Generated { run: row.id, session_id: row.session, code, author, notes, findings, platform }))
}

/// Code to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ValidateView {
    pub code: String,
    /// Whose sources it may read where none are named.
    pub session_id: Option<String>,
    pub sources: Option<Vec<SourceRef>>,
    pub platform: Option<String>,
    /// A prefix of the caller's own for the results.
    pub output: Option<String>,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Validated {
    /// Whether it may run: no finding is an error.
    pub clean: bool,
    pub findings: Vec<FindingView>,
}

/// Reads code and runs none of it.
#[utoipa::path(
    post, path = "/v1/frameworks/{framework}/validate",
    request_body = ValidateView, responses((status = 200, body = Validated))
)]
pub(super) async fn validate(
    app: AppState,
    Caller(owner): Caller,
    Path(name): Path<String>,
    body::Json(asked): body::Json<ValidateView>,
) -> Answer<Json<Validated>> {
    let ValidateView { code, session_id: session, sources, platform, output } = asked;
    let asked = frameworks::ToValidate { owner, code, session, sources, platform, output };
    let findings: Vec<_> = frameworks::validate(&app, &name, asked).await?.into_iter().map(FindingView::from).collect();
    Ok(Json(Validated { clean: findings.iter().all(|finding| finding.severity != "error"), findings }))
}
