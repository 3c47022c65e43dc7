//! Request bodies and queries whose errors are problem documents too.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::ApiError;
use crate::service::{self, intake::Fault};

/// The largest JSON body: code of 1 MiB, whose escapes may double it.
pub(super) const JSON_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A JSON body.
#[derive(Debug)]
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // Refused before any of it is read: a sender that waits to be told is told.
        if declared_length(request.headers()).is_some_and(|bytes| bytes > JSON_BODY_BYTES as u64) {
            return Err(too_large());
        }
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &JsonRejection) -> ApiError {
    if let Some(fault) = Fault::behind(rejection) {
        return service::Error::from(fault).into();
    }
    let text = rejection.body_text();
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "the body is not declared as JSON: send the header `Content-Type: application/json`",
        ),
        StatusCode::UNPROCESSABLE_ENTITY => ApiError::invalid(format!("the body does not fit this request: {text}")),
        status => ApiError::new(status, "invalid-request", text),
    }
}

fn too_large() -> ApiError {
    let mib = JSON_BODY_BYTES >> 20;
    let detail = format!("a JSON body has at most {mib} MiB: send data with POST /v1/uploads");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}

/// How many bytes a request says it has.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The query of a uri.
#[derive(Debug)]
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|error| ApiError::invalid(error.body_text()))
    }
}

/// The parameters of a path.
#[derive(Debug)]
pub(super) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|error| ApiError::invalid(error.body_text()))
    }
}
