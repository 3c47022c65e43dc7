//! The HTTP server behind every fake.

use std::net::SocketAddr;

use axum::{
    body::Body,
    http::{Request, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};

/// Why a connection ends without an answer.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Serves on a free port of this machine. An error of the answer ends its connection without a word.
pub(crate) async fn http<F>(
    answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
) -> (SocketAddr, JoinHandle<()>)
where
    F: Future<Output = Result<Response<Body>, Broken>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(answer.clone());
            tokio::spawn(async move {
                // What breaks off is meant to, or the client's business.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, server)
}
