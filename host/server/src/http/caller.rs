//! Who sent a request, as the operator's proxy says it.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::ApiError;
use crate::{
    app::App,
    service::{self, sessions::LOCAL},
};

/// The name of who sent a request. Without a proxy that tells, everybody on this machine is the same one.
pub(super) struct Caller(pub(super) String);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Some(header) = &app.config.callers.header else { return Ok(Self(LOCAL.to_owned())) };
        let mut names = parts.headers.get_all(header).iter();
        let name = names.next().and_then(|name| name.to_str().ok()).map(str::trim);
        match (name, names.next()) {
            (Some(name), None) if (1..=256).contains(&name.len()) => Ok(Self(name.to_owned())),
            // Of two, one may be the sender's own.
            _ => Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "unknown-caller",
                format!("the header `{header}` must name the caller, once: come through the proxy that authenticates"),
            )),
        }
    }
}

/// Hides a run from all but its owner.
pub(super) async fn own_run(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    if app.config.callers.header.is_none() {
        return next.run(request).await;
    }
    let id = parameters.iter().find(|(name, _)| *name == "id").and_then(|(_, id)| id.parse::<Uuid>().ok());
    let Some(id) = id else { return next.run(request).await };
    match app.store.owner(id).await {
        Ok(Some(owner)) if owner != caller.0 => {
            ApiError::from(service::Error::NotFound(format!("there is no run {id}"))).into_response()
        }
        Ok(_) => next.run(request).await,
        Err(error) => ApiError::from(service::Error::from(error)).into_response(),
    }
}
