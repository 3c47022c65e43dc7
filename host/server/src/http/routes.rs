//! Every route, grouped by who calls it.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware, routing::get};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiError, body::JSON_BODY_BYTES, caller, catalog, code, doors, events, frameworks, health, measured, objects, pace,
    plugins, results, rules, runs, seed, sessions, traced, uploads,
};
use crate::app::App;
use enginehouse_runtime::MAX_COMPONENT_BYTES;

#[derive(OpenApi)]
#[openapi(info(title = "Enginehouse", description = "Plain requests to checked code to results on data engines."))]
struct Document;

/// All routes over one application.
pub fn router(app: Arc<App>) -> Router {
    let (api, document) = described(&app).split_for_parts();
    let document = Arc::new(plain_paths(document));
    api.route("/openapi.json", get(move || async move { axum::Json(document.as_ref().clone()) }))
        .fallback(|| async {
            ApiError::new(StatusCode::NOT_FOUND, "no-such-route", "there is no such route; /openapi.json lists all")
        })
        .method_not_allowed_fallback(|| async {
            let detail = "this route has another method; /openapi.json lists all";
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
        })
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES))
        .layer(middleware::from_fn(pace::paced))
        .layer(middleware::from_fn(doors::same_machine))
        .layer(middleware::from_fn(measured::counted))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(traced::traced))
        .with_state(app)
}

/// Writes `{*key}`, which is axum's, as OpenAPI has it.
fn plain_paths(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    document
}

fn described(app: &Arc<App>) -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        // Callers
        .routes(routes!(frameworks::list))
        .routes(routes!(frameworks::show))
        .routes(routes!(frameworks::status))
        .routes(routes!(frameworks::generate))
        .routes(routes!(frameworks::validate))
        .routes(routes!(rules::list))
        .routes(routes!(rules::show))
        .routes(routes!(runs::create, runs::list))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(runs::show, runs::delete))
                .routes(routes!(code::list))
                .routes(routes!(runs::log))
                .routes(routes!(results::read))
                .routes(routes!(runs::cancel))
                .routes(routes!(runs::approve))
                .routes(routes!(runs::rerun))
                .routes(routes!(events::follow))
                .routes(routes!(seed::ray::stop))
                .routes(routes!(seed::ray::logs))
                .layer(middleware::from_fn_with_state(Arc::clone(app), caller::own_run)),
        )
        .routes(routes!(sessions::show, sessions::set))
        .routes(routes!(sessions::reset))
        .merge(OpenApiRouter::new().routes(routes!(uploads::create)).layer(DefaultBodyLimit::disable()))
        .routes(routes!(catalog::databases))
        .routes(routes!(catalog::tables))
        .routes(routes!(catalog::show, catalog::register, catalog::forget))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(objects::list))
                .routes(routes!(objects::get, objects::put))
                .layer(DefaultBodyLimit::disable()),
        )
        // Callers of the seed document's paths
        .routes(routes!(seed::any::generate))
        .routes(routes!(seed::any::execute))
        .routes(routes!(seed::spark::generate))
        .routes(routes!(seed::spark::validate_execute))
        .routes(routes!(seed::ray::status))
        .routes(routes!(seed::ray::jobs))
        .routes(routes!(seed::data::upload_csv))
        .routes(routes!(seed::data::glue_databases))
        .routes(routes!(seed::data::glue_tables))
        .routes(routes!(seed::data::reset_session))
        .routes(routes!(seed::data::history))
        .routes(routes!(seed::data::health))
        // Operators
        .merge(
            OpenApiRouter::new()
                .routes(routes!(plugins::list, plugins::install))
                .routes(routes!(plugins::activate))
                .routes(routes!(plugins::try_out, plugins::end_trial))
                .routes(routes!(plugins::promote))
                .routes(routes!(plugins::roll_back))
                .routes(routes!(plugins::remove))
                // A component's own limit says more than a body's.
                .layer(DefaultBodyLimit::max(MAX_COMPONENT_BYTES + 1))
                .layer(middleware::from_fn_with_state(Arc::clone(app), doors::operator)),
        )
        // Machines
        .routes(routes!(measured::metrics))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
}
