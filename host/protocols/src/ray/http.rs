//! One request to whichever address answers, and what its status means.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use enginehouse_capabilities::{Error, Result};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::health::Health;
use crate::{
    mcp::{quoted, url},
    secrets::Secrets,
};

/// Of an answer that is no good, this much is read, and the end of it told.
const MOST_OF_AN_ERROR: usize = 16 << 10;
const TOLD: usize = 360;

/// How long an address, of which there may be several, has to be reached and to go on with an answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(8);

/// How long an answer may take to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It is there already.
    Question,
    /// Ray itself waits ten seconds for who is to do it.
    Effect,
    /// A hundred MB may have to be gathered.
    Log,
}

impl Patience {
    fn time(self) -> Duration {
        match self {
            Self::Question => ANSWERS_WITHIN,
            Self::Effect => Duration::from_secs(20),
            Self::Log => Duration::from_secs(120),
        }
    }
}

pub(super) struct Http {
    name: String,
    client: reqwest::Client,
    addresses: Vec<Url>,
    health: Health,
    token: Option<SecretString>,
    /// The token, wherever an answer repeats it.
    secrets: Secrets,
    /// Whether Ray itself has answered since the start.
    met: AtomicBool,
}

impl Http {
    pub(super) fn new(name: &str, urls: &[String], token: Option<SecretString>) -> Result<Self> {
        let wrong = |reason: String| Error::Invalid(format!("`tools.servers.{name}.urls`: {reason}"));
        let mut addresses = Vec::new();
        for text in urls {
            let mut address = url(text).map_err(wrong)?;
            // Without it the last part of a path would be replaced.
            if !address.path().ends_with('/') {
                address.set_path(&format!("{}/", address.path()));
            }
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(wrong("name at least one address".to_owned()));
        }
        // The one TLS library of the process; refused where it was chosen before.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(ANSWERS_WITHIN / 2)
            .no_proxy()
            .user_agent(concat!("enginehouse/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::other("the client for clusters cannot be made", error))?;
        let health = Health::new(addresses.len());
        let secrets = Secrets::new(token.clone());
        Ok(Self { name: name.to_owned(), client, addresses, health, token, secrets, met: AtomicBool::new(false) })
    }

    /// The whole body of a good answer.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<Value>, most: usize) -> Result<Vec<u8>> {
        let mut answer = self.open(method, path, body).await?;
        let mut whole = Vec::new();
        while let Some(piece) = self.next(&mut answer).await? {
            whole.extend_from_slice(&piece);
            if whole.len() > most {
                return Err(self.malformed(&format!("its answer has more than {most} bytes")));
            }
        }
        Ok(whole)
    }

    /// Whether there is something at this path.
    pub(super) async fn exists(&self, path: &str) -> Result<bool> {
        match self.open(Method::GET, path, None).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts a file there.
    pub(super) async fn put(&self, path: &str, file: Vec<u8>) -> Result<()> {
        let file = Bytes::from(file);
        let with_file = move |request: RequestBuilder| request.body(Body::from(file.clone()));
        self.good(self.send(Patience::Effect, Method::PUT, path, with_file).await?).await.map(drop)
    }

    /// A good answer, of which nothing was read yet.
    pub(super) async fn open(&self, method: Method, path: &str, body: Option<Value>) -> Result<Response> {
        let with_body = |request: RequestBuilder| match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let patience = if method == Method::GET { Patience::Question } else { Patience::Effect };
        self.good(self.send(patience, method, path, with_body).await?).await
    }

    /// The next piece of an answer.
    pub(super) async fn next(&self, answer: &mut Response) -> Result<Option<Bytes>> {
        match timeout(ANSWERS_WITHIN, answer.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => {
                Err(self.unavailable(&format!("the connection broke ({})", causes(&error.without_url()))))
            }
            Err(_) => Err(self.unavailable("it stopped in the middle of an answer")),
        }
    }

    pub(super) fn malformed(&self, reason: &str) -> Error {
        Error::Other {
            message: format!("the cluster `{}` does not speak as Ray does: {reason}", self.name),
            source: None,
        }
    }

    /// A good answer that the cluster may take its time for; the address is no worse for it.
    pub(super) async fn open_slowly(&self, path: &str) -> Result<Response> {
        self.good(self.send(Patience::Log, Method::GET, path, |request| request).await?).await
    }

    async fn send(
        &self,
        patience: Patience,
        method: Method,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response> {
        let mut last = "its addresses did not answer a moment ago, and are left alone for some seconds".to_owned();
        for at in self.health.order() {
            let Some(place) = self.addresses.get(at).and_then(|address| address.join(path).ok()) else { continue };
            if !self.health.may_try(at) {
                continue;
            }
            let mut request = with(self.client.request(method.clone(), place));
            if let Some(token) = &self.token {
                request = request.bearer_auth(token.expose_secret());
            }
            let asked = Instant::now();
            match timeout(patience.time(), request.send()).await {
                // Something stands before the head, and does not reach it.
                Ok(Ok(answer)) if matches!(answer.status().as_u16(), 502..=504) => {
                    last = format!("HTTP {}", answer.status());
                }
                Ok(Ok(answer)) => {
                    self.health.answered(at);
                    return Ok(answer);
                }
                Ok(Err(error)) => last = causes(&error.without_url()),
                Err(_) => {
                    last = format!("no answer within {} s", patience.time().as_secs());
                    if patience == Patience::Log {
                        continue;
                    }
                }
            }
            self.health.failed(at, asked);
        }
        Err(self.unavailable(&format!("it cannot be reached ({last})")))
    }

    async fn good(&self, mut answer: Response) -> Result<Response> {
        let status = answer.status();
        if status.is_success() {
            self.met.store(true, Ordering::Relaxed);
            return Ok(answer);
        }
        let mut text = Vec::new();
        while text.len() < MOST_OF_AN_ERROR
            && let Ok(Some(piece)) = self.next(&mut answer).await
        {
            text.extend_from_slice(&piece);
        }
        let text = self.secrets.out_of(&String::from_utf8_lossy(&text));
        // Ray answers with tracebacks, which say what happened in their last line.
        let text = text.trim_end();
        let text = quoted(text.get(text.ceil_char_boundary(text.len().saturating_sub(TOLD))..).unwrap_or_default());
        let name = &self.name;
        Err(match status {
            // In Ray's words. Anything else at this address does not know Ray's paths, and so nothing of its jobs.
            StatusCode::NOT_FOUND if text.contains("does not exist") => {
                Error::NotFound(format!("the cluster `{name}` knows no such thing: {text}"))
            }
            StatusCode::NOT_FOUND if self.met.load(Ordering::Relaxed) => self.unavailable(&format!(
                "something else answers in its place (HTTP {status}); if that lasts, look at `tools.servers.{name}.urls`"
            )),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Denied(format!(
                "the cluster `{name}` refused the credentials in use (HTTP {status}); the setting is `tools.servers.{name}.token`"
            )),
            StatusCode::BAD_REQUEST => Error::Invalid(format!("the cluster `{name}` refuses it: {text}")),
            status
                if status.is_redirection()
                    || matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_FOUND) =>
            {
                Error::Unconfigured(format!(
                    "the cluster `{name}` answers HTTP {status}, so this is not where Ray takes jobs; the setting is `tools.servers.{name}.urls`"
                ))
            }
            StatusCode::TOO_MANY_REQUESTS => self.unavailable(&format!("it answers HTTP {status}")),
            status if status.is_server_error() => self.unavailable(&format!("it answers HTTP {status}: {text}")),
            status => self.malformed(&format!("it answers HTTP {status}: {text}")),
        })
    }

    fn unavailable(&self, reason: &str) -> Error {
        Error::Unavailable(format!("the cluster `{}`: {reason}", self.name))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("name", &self.name).field("health", &self.health).finish_non_exhaustive()
    }
}

/// An error with what is behind it; by itself it only says that sending failed.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    text
}
