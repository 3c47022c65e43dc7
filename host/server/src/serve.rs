//! Serves the API until it is told to stop.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{
    app::{App, Start},
    config::Config,
    http,
};

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
    pub async fn start(config: Config, start: Start) -> anyhow::Result<Self> {
        config.check()?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}: choose another with --listen", config.listen))?;
        let address = listener.local_addr()?;
        let app = App::start(config, start).await?;
        Ok(Self { app, address, listener })
    }

    /// Answers requests until `stop` is done. Programs that run go on, and the next start takes them up.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let router = http::router(Arc::clone(&self.app));
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let stop = async move {
            stop.await;
            let _nobody_waits = stopping.send(());
        };
        let serving = axum::serve(self.listener, router).with_graceful_shutdown(stop).into_future();
        let enough = async {
            // Those who follow a run's events would hold the server for as long as the run takes.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        };
        tokio::select! {
            done = serving => done.context("the listener failed"),
            () = enough => Ok(()),
        }
    }
}
