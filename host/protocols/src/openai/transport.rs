//! How requests are sent: once, to one place, and with a bound on what is read of the answer.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use async_openai::{Client, config::Config, error::OpenAIError, middleware::HttpRequestFactory};
use bytes::BytesMut;
use enginehouse_capabilities::{Error, Result};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{
    Body, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::failure::Endpoint;

const CONNECT: Duration = Duration::from_secs(5);
/// Of an answer as it travels, where each token has a few hundred bytes around it.
const MOST_OF_ANSWER: usize = 64 << 20;
/// An answer that comes at once, as JSON has it.
const LONGEST_LINE: usize = 8 << 20;
const MOST_OF_ERROR: usize = 64 << 10;

/// Where the endpoint is, and who asks.
#[derive(Clone)]
pub(super) struct Access {
    base: String,
    headers: HeaderMap,
    key: SecretString,
}

impl Config for Access {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// A client of one endpoint.
pub(super) fn client(url: &Url, key: Option<SecretString>, endpoint: &Arc<Endpoint>) -> Result<Client<Access>> {
    let mut headers = HeaderMap::new();
    if let Some(key) = &key {
        // Without the error, which may show it.
        let bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()));
        let mut bearer =
            bearer.map_err(|_| Error::Invalid(format!("the key of {endpoint} has characters that no header takes")))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    let key = key.unwrap_or_default();
    // The one TLS library of the process; refused where it was chosen before.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let http =
        reqwest::Client::builder().redirect(Policy::none()).retry(reqwest::retry::never()).connect_timeout(CONNECT);
    let http = http.user_agent(concat!("enginehouse/", env!("CARGO_PKG_VERSION")));
    // A proxy would carry the prompts to this machine over the network.
    let http = if is_here(url) { http.no_proxy() } else { http };
    let http = http.build().map_err(|e| Error::other(format!("a client of {endpoint} could not be made"), e))?;
    let base = url.as_str().trim_end_matches('/').to_owned();
    let (builds, endpoint) = (http.clone(), Arc::clone(endpoint));
    let once = tower::service_fn(move |request: HttpRequestFactory| {
        let (http, endpoint) = (http.clone(), Arc::clone(&endpoint));
        async move { send(&http, request, &endpoint).await }
    });
    Ok(Client::build(builds, Access { base, headers, key }).with_http_service(once))
}

async fn send(
    http: &reqwest::Client,
    request: HttpRequestFactory,
    endpoint: &Endpoint,
) -> Result<Response, OpenAIError> {
    let request = request.build().await?;
    let answer = http.execute(request).await.map_err(|e| ours(endpoint.unsent(e)))?;
    let status = answer.status();
    if !status.is_success() {
        let body = start_of(answer).await;
        return Err(ours(endpoint.refused(status, &body)));
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/event-stream") {
        return Err(ours(endpoint.no_stream(kind)));
    }
    Ok(bounded(answer))
}

/// As the client hands errors of its transport on.
fn ours(error: Error) -> OpenAIError {
    OpenAIError::Boxed(Box::new(error))
}

/// With a bound on all of it, and on a line; in whole lines, since the parser of events looks at half a line anew with each piece.
fn bounded(answer: Response) -> Response {
    let pieces = answer.bytes_stream().map_err(io::Error::other).boxed().fuse();
    let lines = stream::try_unfold((pieces, BytesMut::new(), 0), async |(mut pieces, mut rest, mut read)| {
        while let Some(piece) = pieces.try_next().await? {
            rest.extend_from_slice(&piece);
            read += piece.len();
            if read > MOST_OF_ANSWER || rest.len() > LONGEST_LINE {
                return Err(io::Error::other("it sends far more than an answer"));
            }
            if let Some(end) = piece.iter().rposition(|byte| *byte == b'\n') {
                let lines = rest.split_to(rest.len() - piece.len() + end + 1).freeze();
                return Ok(Some((lines, (pieces, rest, read))));
            }
        }
        let rest = rest.freeze();
        Ok((!rest.is_empty()).then(|| (rest, (pieces, BytesMut::new(), read))))
    });
    http::Response::new(Body::wrap_stream(lines)).into()
}

/// What has come of an error, up to the most that is read.
async fn start_of(mut answer: Response) -> Vec<u8> {
    let mut start = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        start.extend_from_slice(&piece);
        if start.len() >= MOST_OF_ERROR {
            break;
        }
    }
    start.truncate(MOST_OF_ERROR);
    start
}

fn is_here(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
