//! Serves the API until it is told to stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;

use crate::{
    app::{App, Start},
    config::Config,
    http,
};

/// How long the head of a request may take: a sender that never ends it holds a connection.
const HEADERS: Duration = Duration::from_secs(20);
/// How long requests that are being answered may take once the server is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    /// Its parts.
    pub app: Arc<App>,
    /// Where it listens.
    pub address: SocketAddr,
    listener: TcpListener,
}

impl Server {
    /// Checks the configuration, opens the port and starts every part. Requests wait until [`Server::run`].
    ///
    /// # Errors
    /// What in the configuration, the data folder or the port stands in the way.
    pub async fn start(mut config: Config, start: Start) -> anyhow::Result<Self> {
        config.check()?;
        // Databases and sandboxes take no relative paths.
        config.data = std::path::absolute(&config.data)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}: choose another with --listen", config.listen))?;
        let address = listener.local_addr()?;
        let app = App::start(config, start).await?;
        Ok(Self { app, address, listener })
    }

    /// Answers requests until `stop` is done. Programs and batches that run go on, and the next start takes them up; of functions and
    /// tools that are being called nobody will know the answer: their calls are lost, and never made again.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let router = http::router(Arc::clone(&self.app));
        let handle = axum_server::Handle::new();
        // Whoever may also speak HTTP/2 is waited for until the first byte, and has no limit on its head.
        let mut server = axum_server::from_tcp(self.listener.into_std()?)?.handle(handle.clone()).http1_only();
        server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
        let serving = server.serve(router.into_make_service());
        tokio::pin!(serving);
        tokio::select! {
            done = &mut serving => return done.context("the listener failed"),
            () = stop => {}
        }
        // Those who follow a run's events would hold the server for as long as the run takes.
        handle.graceful_shutdown(Some(LAST_ANSWERS));
        let served = serving.await.context("the listener failed");
        if let Err(error) = self.app.runs.leave().await {
            tracing::warn!(%error, "the store could not be told of the end; other hosts wait for this one's lease");
        }
        served
    }
}
