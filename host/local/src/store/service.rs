//! The protocol over a layout, and a port for it.

use std::io;

use axum::{Router, extract::Request, http::StatusCode, response::IntoResponse};
use s3s::{
    Body,
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tokio::net::TcpListener;

use super::{credentials::Credentials, endpoint::Files, layout::Layout};

pub(super) fn service(layout: Layout, credentials: &Credentials) -> S3Service {
    let mut service = S3ServiceBuilder::new(Files::new(layout));
    // With this set, a request without a valid signature is refused before any handler sees it.
    service.set_auth(SimpleAuth::from_single(credentials.access_key.clone(), credentials.secret_key.clone()));
    service.build()
}

/// Answers requests until the future is dropped.
pub(super) async fn serve(service: S3Service, listener: TcpListener) -> io::Result<()> {
    if !listener.local_addr()?.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the embedded object store listens on loopback only"));
    }
    let router = Router::new().fallback(move |request: Request| {
        let service = service.clone();
        async move {
            match service.call(request.map(Body::http_body_unsync)).await {
                Ok(response) => response.map(axum::body::Body::new),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    });
    axum::serve(listener, router).await
}
