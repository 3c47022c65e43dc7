//! Names the generation of a plugin that an answer comes from.

use axum::{
    http::HeaderValue,
    response::{IntoResponse, Response},
};

use crate::store::Pin;

/// `<number>; digest=<SHA-256 of the component, in hex>`.
const HEADER: &str = "enginehouse-generation";

/// An answer with the generation that served it; none for runs of a version that pinned none.
pub(super) struct Served<T>(pub(super) Option<Pin>, pub(super) T);

impl<T: IntoResponse> IntoResponse for Served<T> {
    fn into_response(self) -> Response {
        let Self(pin, answer) = self;
        let mut response = answer.into_response();
        let value = pin.map(|pin| HeaderValue::try_from(format!("{}; digest={}", pin.generation, pin.digest)));
        if let Some(Ok(value)) = value {
            response.headers_mut().insert(HEADER, value);
        }
        response
    }
}
