//! How we say who we are to a server of tools.

use std::sync::Arc;

use enginehouse_capabilities::{Error, Result, Signing, Unsigned};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{
    oauth::{AuthorizationServer, ClientCredentials},
    peer::Peer,
    tokens::Tokens,
};

const BEARER: &str = "Bearer ";

/// What a server wants to see.
#[derive(Debug, Clone, Default)]
pub enum McpAuth {
    /// Nothing.
    #[default]
    None,
    /// A token that does not change.
    Bearer(SecretString),
    /// Tokens of an authorization server, which is asked with a name and a secret of our own.
    ClientCredentials(ClientCredentials),
    /// A signature of each request, such as AgentCore Gateway wants with AWS_IAM.
    Signed(Arc<dyn Signing>),
}

impl McpAuth {
    /// What nobody may read in an error.
    pub(super) fn secret(&self) -> Option<SecretString> {
        match self {
            Self::None | Self::Signed(_) => None,
            Self::Bearer(token) => Some(token.clone()),
            Self::ClientCredentials(credentials) => Some(credentials.client_secret.clone()),
        }
    }
}

/// Makes the headers of each request to one server.
#[derive(Debug)]
pub(super) struct Authorizer {
    peer: Arc<Peer>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    None,
    Bearer(SecretString),
    Tokens(Tokens),
    Signed(Arc<dyn Signing>),
}

impl Authorizer {
    pub(super) fn new(peer: Arc<Peer>, auth: McpAuth, client: &reqwest::Client) -> Self {
        let way = match auth {
            McpAuth::None => Way::None,
            McpAuth::Bearer(token) => Way::Bearer(token),
            McpAuth::ClientCredentials(credentials) => {
                Way::Tokens(Tokens::new(AuthorizationServer::new(Arc::clone(&peer), credentials, client.clone())))
            }
            McpAuth::Signed(signing) => Way::Signed(signing),
        };
        Self { peer, way }
    }

    /// Whether the headers depend on the body.
    pub(super) fn reads_the_body(&self) -> bool {
        matches!(self.way, Way::Signed(_))
    }

    /// The headers for one request, which is sent as it is here.
    pub(super) async fn headers(&self, request: Unsigned<'_>) -> Result<Vec<(HeaderName, HeaderValue)>> {
        match &self.way {
            Way::None => Ok(Vec::new()),
            Way::Bearer(token) => Ok(vec![self.bearer(token)?]),
            Way::Tokens(tokens) => Ok(vec![self.bearer(&tokens.current().await?)?]),
            Way::Signed(signing) => {
                let headers = signing.sign(request).await?;
                let shown = headers.into_iter().map(|(name, value)| {
                    self.peer.secrets.learn(&value.as_str().into());
                    self.header(&name, &value)
                });
                shown.collect()
            }
        }
    }

    /// Whether another token may do where the server refused this `Authorization`: then the next headers have one.
    pub(super) fn renew(&self, refused: &HeaderValue) -> bool {
        let token = refused.to_str().ok().and_then(|value| value.strip_prefix(BEARER));
        match (&self.way, token) {
            (Way::Tokens(tokens), Some(token)) => {
                tokens.give_up(token);
                true
            }
            _ => false,
        }
    }

    fn bearer(&self, token: &SecretString) -> Result<(HeaderName, HeaderValue)> {
        self.header(AUTHORIZATION.as_str(), &format!("{BEARER}{}", token.expose_secret()))
    }

    fn header(&self, name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
        let pair = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        let (name, mut value) = pair.ok_or_else(|| {
            Error::Invalid(format!(
                "what `tools.servers.{}.auth` gives does not fit in a header of HTTP; it has control characters",
                self.peer.name
            ))
        })?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}
