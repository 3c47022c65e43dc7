//! `/v1/frameworks`: what is loaded, and what answers within the request.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, AppState,
    body::{self, Path},
    caller::Caller,
    served::Served,
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
pub(super) async fn status(app: AppState, Path(name): Path<String>) -> Answer<Served<Json<Vec<HealthView>>>> {
    let (health, served_by) = frameworks::status(&app, &name).await?;
    let view = |h: enginehouse_runtime::Health| HealthView { platform: h.platform, ready: h.ready, detail: h.detail };
    Ok(Served(Some(served_by), Json(health.into_iter().map(view).collect())))
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
) -> Answer<Served<Json<Generated>>> {
    let asked = runs::NewRun { owner, framework: name, ..asked.into() };
    let row = frameworks::generate(&app, asked).await?;
    let last = runs::code(&app, row.id).await?.pop();
    let (code, author, notes, findings) =
        last.map(|a| (a.code, a.author, a.notes, a.findings.unwrap_or_default())).unwrap_or_default();
    let findings = findings.into_iter().map(FindingView::from).collect();
    let platform = row.plan.map(|plan| plan.platform);
    let generated = Generated { run: row.id, session_id: row.session, code, author, notes, findings, platform };
    Ok(Served(row.pin, Json(generated)))
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
    /// Which generation of the framework's plugin read it.
    pub generation: u32,
    /// SHA-256 of that plugin, in hex.
    pub digest: String,
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
) -> Answer<Served<Json<Validated>>> {
    let ValidateView { code, session_id: session, sources, platform, output } = asked;
    let asked = frameworks::ToValidate { owner, code, session, sources, platform, output };
    let (findings, served_by) = frameworks::validate(&app, &name, asked).await?;
    let findings: Vec<_> = findings.into_iter().map(FindingView::from).collect();
    let clean = findings.iter().all(|finding| finding.severity != "error");
    let validated = Validated { clean, findings, generation: served_by.generation, digest: served_by.digest.clone() };
    Ok(Served(Some(served_by), Json(validated)))
}
