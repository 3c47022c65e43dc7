//! The jobs of one cluster as tools over MCP, for servers and agents that do not reach the cluster itself.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header::WWW_AUTHENTICATE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use enginehouse_protocols::ray::{self, RayJobs};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use crate::http::holds_token;

/// Serves the cluster under `/mcp` until `shutdown` is done.
///
/// # Errors
/// For an address that others can reach without a token to be shown, and where the listener fails.
pub(crate) async fn serve(
    listen: SocketAddr,
    jobs: RayJobs,
    token: Option<SecretString>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let only_loopback = listen.ip().is_loopback();
    anyhow::ensure!(
        only_loopback || token.is_some(),
        "refusing to listen on {listen} without a token: whoever reaches it runs programs on the cluster; name one with --token-file"
    );
    let tools = Router::new().nest_service("/mcp", ray::serve(jobs, only_loopback));
    let tools = match token {
        Some(token) => tools.layer(middleware::from_fn(move |request: Request, next: Next| {
            let may = holds_token(request.headers(), token.expose_secret());
            async move { if may { next.run(request).await } else { refused() } }
        })),
        None => tools,
    };
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, "the gateway serves the cluster's jobs as tools under /mcp");
    axum::serve(listener, tools).with_graceful_shutdown(shutdown).await.context("the gateway stopped")
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "send the gateway's token as a bearer token\n")
        .into_response()
}
