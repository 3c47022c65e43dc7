//! S3 in front of an endpoint that does the work.

use std::net::SocketAddr;

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Request, Response},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Answer, Call, Service};
use crate::serve::Broken;

/// Hands each request that the model allows on as it came, its `Host` included, so that the signature still holds.
#[derive(Debug)]
pub struct S3Proxy {
    upstream: SocketAddr,
}

impl S3Proxy {
    /// In front of the endpoint at this address.
    pub fn new(upstream: SocketAddr) -> Self {
        Self { upstream }
    }

    async fn forward(&self, call: Call) -> Result<Response<Body>, Broken> {
        let stream = TcpStream::connect(self.upstream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(call.method).uri(call.uri).body(Body::from(call.body))?;
        *request.headers_mut() = call.headers;
        Ok(sender.send_request(request).await?.map(Body::new))
    }
}

#[async_trait]
impl Service for S3Proxy {
    fn name(&self) -> &'static str {
        "s3"
    }

    async fn answer(&self, call: Call) -> Answer {
        match self.forward(call).await {
            Ok(response) => Answer::Whole(response),
            Err(error) => Answer::error("InternalError", &format!("the endpoint behind this fake failed: {error}")),
        }
    }
}
