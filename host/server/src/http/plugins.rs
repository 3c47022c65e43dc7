//! `/v1/plugins`: the operator's part.

use axum::{
    Json,
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};
use enginehouse_capabilities::Interface;
use enginehouse_runtime::Generation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, ApiError, AppState,
    body::{self, Path},
};
use crate::{
    plugins::{Installed, Package, Trial},
    service::plugins::{self, Activated, Plugin},
    store::{ComponentRow, Terms},
};

/// Ed25519 over the component's bytes, in base64.
const SIGNATURE: &str = "enginehouse-signature";

/// The plugin of a framework.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PluginView {
    framework: String,
    serving: bool,
    /// Which generation serves.
    generation: Option<u32>,
    /// SHA-256 of its component, in hex.
    digest: Option<String>,
    /// The plugin's own version.
    version: Option<String>,
    /// The last activation, where it failed; what served before goes on.
    failure: Option<FailureView>,
    /// The candidate that is tried out beside it.
    trial: Option<TrialView>,
    /// Every activation and trial, the newest first, at most 100.
    generations: Vec<GenerationView>,
    /// What can be activated, the newest first.
    components: Vec<ComponentView>,
}

/// An activation that failed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FailureView {
    digest: String,
    /// Why, and what to do.
    reason: String,
    /// Milliseconds since the Unix epoch.
    at: i64,
}

/// One activation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GenerationView {
    generation: u32,
    digest: String,
    /// The interfaces that it was granted.
    grants: Vec<&'static str>,
    /// It came with the server.
    bundled: bool,
    /// Milliseconds since the Unix epoch.
    activated_at: i64,
    /// Runs that have not ended and are pinned to it.
    runs: u64,
    /// This server has it in memory.
    in_memory: bool,
    /// It is, or was, a candidate.
    trial: bool,
    /// Why its trial ended.
    trial_ended: Option<String>,
}

/// A candidate, and what it has shown on this server.
#[derive(Debug, Serialize, ToSchema)]
struct TrialView {
    generation: u32,
    digest: String,
    version: String,
    terms: Terms,
    /// Calls of the candidate.
    calls: u64,
    /// Those that failed through its own fault.
    failed: u64,
    /// Readings that both made.
    mirrored: u64,
    /// Those in which their findings differ.
    changed_findings: u64,
    /// Those in which one lets the code run and the other does not.
    changed_verdicts: u64,
    /// How much longer the candidate takes to read, on average; null before both have read enough.
    slowdown: Option<f64>,
}

impl TrialView {
    fn of(trial: &Trial, serving: Option<&Generation>) -> Self {
        let shown = trial.shown(serving);
        Self {
            generation: trial.candidate.number(),
            digest: trial.candidate.digest().to_owned(),
            version: trial.candidate.describe().version.clone(),
            terms: trial.terms.clone(),
            calls: shown.calls,
            failed: shown.failed,
            mirrored: shown.mirrored,
            changed_findings: shown.changed_findings,
            changed_verdicts: shown.changed_verdicts,
            slowdown: shown.slowdown,
        }
    }
}

/// A component.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ComponentView {
    /// SHA-256, in hex.
    digest: String,
    version: String,
    /// The interfaces that it asks for.
    imports: Vec<&'static str>,
    bytes: u64,
    /// What a registry calls it, by digest.
    reference: Option<String>,
    /// Who signed it.
    publisher: Option<String>,
    /// Milliseconds since the Unix epoch.
    added_at: i64,
}

fn names<'a>(interfaces: impl IntoIterator<Item = &'a Interface>) -> Vec<&'static str> {
    interfaces.into_iter().map(|interface| interface.as_str()).collect()
}

impl From<Plugin> for PluginView {
    fn from(plugin: Plugin) -> Self {
        let serving = plugin.serving.as_deref();
        Self {
            serving: serving.is_some(),
            generation: serving.map(Generation::number),
            digest: serving.map(|serving| serving.digest().to_owned()),
            version: serving.map(|serving| serving.describe().version.clone()),
            trial: plugin.trial.map(|trial| TrialView::of(&trial, serving)),
            failure: plugin.failure.map(|failure| FailureView {
                digest: failure.digest,
                reason: failure.reason,
                at: failure.at,
            }),
            generations: plugin.generations.into_iter().map(GenerationView::from).collect(),
            components: plugin.components.into_iter().map(ComponentView::from).collect(),
            framework: plugin.framework,
        }
    }
}

impl From<Activated> for GenerationView {
    fn from(Activated { row, in_memory, runs }: Activated) -> Self {
        Self {
            generation: row.number,
            digest: row.digest,
            grants: names(&row.grants),
            bundled: row.bundled,
            activated_at: row.activated_at,
            runs,
            in_memory,
            trial: row.trial.is_some(),
            trial_ended: row.trial.and_then(|trial| trial.ended),
        }
    }
}

impl From<ComponentRow> for ComponentView {
    fn from(row: ComponentRow) -> Self {
        Self {
            digest: row.digest,
            version: row.version,
            imports: names(&row.imports),
            bytes: row.bytes,
            reference: row.reference,
            publisher: row.publisher,
            added_at: row.added_at,
        }
    }
}

/// The plugins of all frameworks, those that do not serve among them.
#[utoipa::path(get, path = "/v1/plugins", responses((status = 200, body = Vec<PluginView>), (status = 401)))]
pub(super) async fn list(app: AppState) -> Answer<Json<Vec<PluginView>>> {
    Ok(Json(plugins::list(&app).await?.into_iter().map(PluginView::from).collect()))
}

/// What was installed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InstalledView {
    /// SHA-256, in hex: name it to activate the component.
    digest: String,
    framework: String,
    version: String,
    /// The interfaces that it asks for: grant them when it is activated.
    imports: Vec<&'static str>,
    /// Who signed it.
    publisher: Option<String>,
    /// What a registry calls it, by digest.
    reference: Option<String>,
}

/// What is in a registry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InRegistry {
    /// `HOST/NAME:TAG`, or `HOST/NAME@sha256:…`.
    reference: String,
}

/// Takes a component in: the one that is sent, with its detached Ed25519 signature in base64 in the header `enginehouse-signature`
/// where it has one, or one from an OCI registry, as JSON with its `reference`. It serves nobody until it is activated.
#[utoipa::path(
    post, path = "/v1/plugins", request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses(
        (status = 201, body = InstalledView),
        (status = 413, description = "more than 64 MiB"),
        (status = 422, description = "it is no plugin that this server takes; the detail says why")
    )
)]
pub(super) async fn install(
    app: AppState,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<(StatusCode, Json<InstalledView>)> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let package = if kind.starts_with("application/json") {
        let asked: InRegistry = serde_json::from_slice(&body)
            .map_err(|error| ApiError::invalid(format!("the body names no `reference`: {error}")))?;
        Package::Registry(asked.reference)
    } else {
        let signature = headers.get(SIGNATURE).map(|signature| signature.as_bytes().to_vec());
        Package::Component { wasm: body, signature }
    };
    let Installed { digest, framework, version, imports, publisher, reference } =
        plugins::install(&app, package).await?;
    let installed = InstalledView { digest, framework, version, imports: names(&imports), publisher, reference };
    Ok((StatusCode::CREATED, Json(installed)))
}

/// Which component is to serve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Activate {
    /// SHA-256 of a component, in hex; its beginning is enough where it fits no other.
    digest: String,
    /// Interfaces to be granted on top of what the generation that serves was granted.
    #[serde(default)]
    grant: Vec<String>,
}

/// The generation that serves now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServingView {
    framework: String,
    generation: u32,
    digest: String,
    version: String,
}

impl ServingView {
    fn of(generation: &Generation) -> Self {
        let described = generation.describe();
        Self {
            framework: described.framework.clone(),
            generation: generation.number(),
            digest: generation.digest().to_owned(),
            version: described.version.clone(),
        }
    }
}

/// Lets a component serve its framework. Calls that have begun, and runs, go on with the generation they began with.
#[utoipa::path(
    post, path = "/v1/plugins/{framework}/activate", request_body = Activate,
    responses(
        (status = 200, body = ServingView),
        (status = 404),
        (status = 409, description = "it asks for more than it was granted: `missing` says for what"),
        (status = 422, description = "it does not do what the contract promises")
    )
)]
pub(super) async fn activate(
    app: AppState,
    Path(framework): Path<String>,
    body::Json(asked): body::Json<Activate>,
) -> Answer<Json<ServingView>> {
    let generation = plugins::activate(&app, &framework, &asked.digest, &asked.grant).await?;
    Ok(Json(ServingView::of(&generation)))
}

/// Which component is to be tried out, and on which terms.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TryOut {
    /// SHA-256 of a component, in hex; its beginning is enough where it fits no other.
    digest: String,
    /// Interfaces to be granted on top of what the generation that serves was granted.
    #[serde(default)]
    grant: Vec<String>,
    #[serde(default)]
    terms: Terms,
}

/// Tries a component out beside the one that serves: it reads what that reads, and takes its share of new runs. The trial ends by
/// itself where its terms are broken.
#[utoipa::path(
    post, path = "/v1/plugins/{framework}/trial", request_body = TryOut,
    responses((status = 200, body = ServingView), (status = 404), (status = 409), (status = 422))
)]
pub(super) async fn try_out(
    app: AppState,
    Path(framework): Path<String>,
    body::Json(asked): body::Json<TryOut>,
) -> Answer<Json<ServingView>> {
    let candidate = plugins::try_out(&app, &framework, &asked.digest, &asked.grant, asked.terms).await?;
    Ok(Json(ServingView::of(&candidate)))
}

/// Ends the trial of a candidate; runs that it has begun go on.
#[utoipa::path(delete, path = "/v1/plugins/{framework}/trial", responses((status = 204), (status = 404)))]
pub(super) async fn end_trial(app: AppState, Path(framework): Path<String>) -> Answer<StatusCode> {
    plugins::end_trial(&app, &framework).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the candidate on trial serve.
#[utoipa::path(post, path = "/v1/plugins/{framework}/promote", responses((status = 200, body = ServingView), (status = 404)))]
pub(super) async fn promote(app: AppState, Path(framework): Path<String>) -> Answer<Json<ServingView>> {
    Ok(Json(ServingView::of(&*plugins::promote(&app, &framework).await?)))
}

/// Which generation to go back to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollBack {
    /// Its number; none: the last with another component.
    #[serde(default)]
    to: Option<u32>,
}

/// Lets an earlier generation's component serve again, under a new number.
#[utoipa::path(
    post, path = "/v1/plugins/{framework}/rollback", request_body = RollBack,
    responses((status = 200, body = ServingView), (status = 404))
)]
pub(super) async fn roll_back(
    app: AppState,
    Path(framework): Path<String>,
    body::Json(asked): body::Json<RollBack>,
) -> Answer<Json<ServingView>> {
    let generation = plugins::roll_back(&app, &framework, asked.to).await?;
    Ok(Json(ServingView::of(&generation)))
}

/// Forgets a component that does not serve and that no run needs.
#[utoipa::path(
    delete, path = "/v1/plugins/{framework}/components/{digest}",
    responses((status = 204), (status = 404), (status = 409, description = "it serves, or runs are pinned to it"))
)]
pub(super) async fn remove(app: AppState, Path((framework, digest)): Path<(String, String)>) -> Answer<StatusCode> {
    plugins::remove(&app, &framework, &digest).await?;
    Ok(StatusCode::NO_CONTENT)
}
