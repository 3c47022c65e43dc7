//! Tokens by OAuth 2 client credentials (RFC 6749, 4.4).

use std::{sync::Arc, time::Duration};

use enginehouse_capabilities::Error;
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::{peer::Peer, settings::url};

/// A token, or an authorization server's description of itself, has some KiB.
const MOST_BYTES: usize = 256 << 10;
const PATIENCE: Duration = Duration::from_secs(20);
/// A token is not used in its last seconds, so that it does not expire on its way.
const MARGIN: Duration = Duration::from_secs(30);
/// Where the server does not say how long a token holds.
const USUAL_LIFE: Duration = Duration::from_secs(300);

/// Our own name and secret at an authorization server.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Who gives tokens.
    pub place: TokenPlace,
    /// Our name there.
    pub client_id: String,
    /// Our secret there, sent in the header `Authorization` (`client_secret_basic`).
    pub client_secret: SecretString,
    /// What we ask leave for; empty for what the server gives by itself.
    pub scopes: Vec<String>,
}

/// Who gives tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// The address of the token endpoint.
    Endpoint(String),
    /// An issuer that describes itself under `/.well-known/` (RFC 8414, else OpenID Connect Discovery).
    Issuer(String),
}

/// Gives tokens for one server of tools.
#[derive(Debug)]
pub(super) struct AuthorizationServer {
    peer: Arc<Peer>,
    credentials: ClientCredentials,
    client: Client,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: SecretString,
    /// Not to be used any more from then on.
    pub(super) until: Instant,
}

/// Why there is no token, for each of those who waited for it.
#[derive(Debug, Clone)]
pub(super) struct NoToken {
    meaning: fn(String) -> Error,
    text: String,
}

impl From<NoToken> for Error {
    fn from(reason: NoToken) -> Self {
        (reason.meaning)(reason.text)
    }
}

type Result<T> = std::result::Result<T, NoToken>;

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    token_type: Option<String>,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Description {
    issuer: String,
    token_endpoint: String,
}

impl AuthorizationServer {
    pub(super) fn new(peer: Arc<Peer>, credentials: ClientCredentials, client: Client) -> Self {
        Self { peer, credentials, client }
    }

    /// A new token.
    pub(super) async fn token(&self) -> Result<Token> {
        let endpoint = match &self.credentials.place {
            TokenPlace::Endpoint(endpoint) => endpoint.clone(),
            TokenPlace::Issuer(issuer) => self.discover(issuer).await?,
        };
        let endpoint = url(&endpoint).map_err(|reason| self.misbehaves(&reason))?;
        let scope = self.credentials.scopes.join(" ");
        let mut form = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        // Name and secret go into the header the way RFC 6749, 2.3.1 wants it: encoded as in a form.
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let name = encoded(&self.credentials.client_id);
        let secret = encoded(self.credentials.client_secret.expose_secret());
        let asked = self.client.post(endpoint).basic_auth(name, Some(secret)).form(&form);
        let answer: Answer = match self.ask(asked).await? {
            Ok(answer) => answer,
            // 400 is OAuth 2's answer to what it refuses: the name, the secret or the scopes.
            Err(status @ (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) => {
                return Err(self.none(Error::Denied, &format!("gives no token (HTTP {status})")));
            }
            Err(status) => return Err(self.unexpected(status)),
        };
        if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(self.misbehaves("it gives a token that is no bearer token"));
        }
        let life = answer.expires_in.map_or(USUAL_LIFE, Duration::from_secs).min(Duration::from_secs(86_400));
        // A token with less life than the margin still serves for half of it.
        let life = life.saturating_sub(MARGIN).max(life / 2);
        self.peer.secrets.learn(&answer.access_token);
        Ok(Token { value: answer.access_token, until: Instant::now() + life })
    }

    /// The token endpoint of an issuer.
    async fn discover(&self, issuer: &str) -> Result<String> {
        let issuer = issuer.trim_end_matches('/');
        let base = url(issuer).map_err(|reason| self.misbehaves(&reason))?;
        // RFC 8414 puts the name before the issuer's path, OpenID Connect after it.
        let mut oauth = base.clone();
        oauth.set_path(&format!("/.well-known/oauth-authorization-server{}", base.path().trim_end_matches('/')));
        let openid = url(&format!("{issuer}/.well-known/openid-configuration")).map_err(|r| self.misbehaves(&r))?;
        let mut last = StatusCode::NOT_FOUND;
        for place in [oauth, openid] {
            match self.ask::<Description>(self.client.get(place)).await? {
                // Else somebody could speak for another (RFC 8414, 3.3).
                Ok(told) if told.issuer.trim_end_matches('/') != issuer => {
                    return Err(self.misbehaves(&format!("it calls itself {}", self.peer.quoted(&told.issuer))));
                }
                Ok(told) => return Ok(told.token_endpoint),
                Err(status) => last = status,
            }
        }
        Err(self.unexpected(last))
    }

    /// A good answer, or the status of another.
    async fn ask<T: DeserializeOwned>(&self, asked: RequestBuilder) -> Result<std::result::Result<T, StatusCode>> {
        let asked = asked.header("accept", "application/json").timeout(PATIENCE);
        let mut answer = asked.send().await.map_err(|error| self.unreachable(error))?;
        if !answer.status().is_success() {
            return Ok(Err(answer.status()));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| self.unreachable(error))? {
            body.extend_from_slice(&piece);
            if body.len() > MOST_BYTES {
                return Err(self.misbehaves("its answer has no end"));
            }
        }
        // What the parser says could have a part of the token in it.
        serde_json::from_slice(&body).map(Ok).map_err(|_| self.misbehaves("its answer is not what OAuth 2 says"))
    }

    fn unreachable(&self, error: reqwest::Error) -> NoToken {
        let reason = self.peer.quoted(&error.without_url().to_string());
        self.none(Error::Unavailable, &format!("cannot be reached, so nothing was sent to the tool server ({reason})"))
    }

    fn unexpected(&self, status: StatusCode) -> NoToken {
        let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let meaning = if is_passing { Error::Unavailable } else { Error::Unconfigured };
        self.none(meaning, &format!("answered HTTP {status}"))
    }

    fn misbehaves(&self, reason: &str) -> NoToken {
        self.none(Error::Unconfigured, &format!("does not do: {reason}"))
    }

    fn none(&self, meaning: fn(String) -> Error, what: &str) -> NoToken {
        let text = format!(
            "the authorization server of the tool server `{0}` {what}; the setting is `tools.servers.{0}.auth`",
            self.peer.name
        );
        NoToken { meaning, text }
    }
}
