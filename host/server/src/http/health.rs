//! `/healthz` and `/readyz`.

use std::time::Duration;

use axum::{Json, http::StatusCode};
use futures::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;
use crate::{app::App, plugins::Status, service::frameworks};

/// Who asks whether the server is ready does not wait for long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = String)))]
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// Whether requests can be served, and what stands in the way, part by part.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// The store can be read and written, and a framework serves.
    ready: bool,
    store: Part,
    /// One that failed leaves the others serving.
    plugins: Vec<Part>,
    /// What is behind the platforms of each framework. One that is down leaves the server ready: its runs wait.
    engines: Vec<Part>,
}

/// How one part is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Part {
    /// `store`; a plugin's name; `<framework>/<platform>`.
    name: String,
    ready: bool,
    /// What is wrong with it, or its version.
    detail: Option<String>,
}

/// Ready: the store can be read and written, and a framework serves.
#[utoipa::path(get, path = "/readyz", responses((status = 200, body = Ready), (status = 503, body = Ready)))]
pub(super) async fn ready(app: AppState) -> (StatusCode, Json<Ready>) {
    let (store, engines) = tokio::join!(store(&app), engines(&app));
    let plugins: Vec<_> = app.plugins.statuses().into_iter().map(plugin).collect();
    let ready = store.ready && plugins.iter().any(|plugin| plugin.ready);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, store, plugins, engines }))
}

async fn store(app: &App) -> Part {
    let read = match tokio::time::timeout(PATIENCE, app.store.ping()).await {
        Ok(answer) => answer.err().map(|error| error.to_string()),
        Err(_) => Some(format!("the store does not answer within {} s", PATIENCE.as_secs())),
    };
    let detail = read.or_else(|| app.runs.trouble());
    Part { name: "store".to_owned(), ready: detail.is_none(), detail }
}

fn plugin(status: Status) -> Part {
    let version = status.serving.as_ref().map(|serving| serving.describe().version.clone());
    let detail = version.or_else(|| status.failure.map(|failure| failure.reason));
    Part { name: status.framework, ready: status.serving.is_some(), detail }
}

async fn engines(app: &App) -> Vec<Part> {
    let asked = app.plugins.serving().into_iter().map(async |plugin| {
        let framework = plugin.describe().framework.clone();
        match tokio::time::timeout(PATIENCE, frameworks::status(app, &framework)).await {
            Ok(Ok((platforms, _))) => platforms
                .into_iter()
                .map(|health| Part {
                    name: format!("{framework}/{}", health.platform),
                    ready: health.ready,
                    detail: Some(health.detail),
                })
                .collect(),
            Ok(Err(error)) => vec![Part { name: framework, ready: false, detail: Some(error.to_string()) }],
            Err(_) => {
                let detail = format!("its plugin does not answer within {} s", PATIENCE.as_secs());
                vec![Part { name: framework, ready: false, detail: Some(detail) }]
            }
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}
