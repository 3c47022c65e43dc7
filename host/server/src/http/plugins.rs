//! `/v1/plugins`: the operator's part.

use axum::Json;
use enginehouse_runtime::PluginState;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;

/// How a plugin stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PluginView {
    name: String,
    serving: bool,
    framework: Option<String>,
    version: Option<String>,
    /// SHA-256 of the component, in hex.
    digest: Option<String>,
    /// Why it does not serve.
    reason: Option<String>,
}

/// Every plugin, serving or not.
#[utoipa::path(get, path = "/v1/plugins", responses((status = 200, body = Vec<PluginView>), (status = 401)))]
pub(super) async fn list(app: AppState) -> Json<Vec<PluginView>> {
    let view = |status: enginehouse_runtime::PluginStatus| {
        let name = status.name;
        match status.state {
            PluginState::Serving { description, digest } => PluginView {
                name,
                serving: true,
                framework: Some(description.framework),
                version: Some(description.version),
                digest: Some(digest),
                reason: None,
            },
            PluginState::Failed { reason } => {
                PluginView { name, serving: false, framework: None, version: None, digest: None, reason: Some(reason) }
            }
        }
    };
    Json(app.plugins.statuses().into_iter().map(view).collect())
}
