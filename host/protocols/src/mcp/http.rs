//! Each request of the protocol with its credentials on it.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use enginehouse_capabilities::{Error, Result, Unsigned};
use reqwest::{
    header::{AUTHORIZATION, HeaderName, HeaderValue},
    redirect::Policy,
};
use rmcp::{
    model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage},
    transport::{
        common::client_side_sse::BoxedSseResponse,
        streamable_http_client::{
            StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse, StreamableHttpResponseLimits,
        },
    },
};
use url::Url;

use super::auth::Authorizer;

const CONNECT: Duration = Duration::from_secs(10);

type Failure = StreamableHttpError<reqwest::Error>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// The client under the protocol. It follows no redirect, so that nobody else is shown the credentials, and sends nothing again but
/// once what a server refused for a token that may have been taken back.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    authorizer: Arc<Authorizer>,
}

/// What speaks HTTP for everything about one server.
pub(super) fn http(url: &Url) -> Result<reqwest::Client> {
    // The one TLS library of the process; refused where it was chosen before.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT)
        .user_agent(concat!("enginehouse/", env!("CARGO_PKG_VERSION")));
    // A proxy would carry the plain HTTP of this machine over the network.
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let client = if is_here { client.no_proxy() } else { client };
    client.build().map_err(|e| Error::other("the client for servers of tools cannot be made", e))
}

impl Client {
    pub(super) fn new(http: reqwest::Client, authorizer: Authorizer) -> Self {
        Self { http, authorizer: Arc::new(authorizer) }
    }

    /// The headers of a request, those of the protocol included.
    async fn headers(&self, method: &str, url: &str, body: &[u8], mut headers: Headers) -> Result<Headers, Failure> {
        let own = self.authorizer.headers(Unsigned { method, url, body }).await;
        // The transport has no other place for an error of ours; it is taken out again in `failure`.
        headers.extend(own.map_err(|error| StreamableHttpError::Io(io::Error::other(error)))?);
        Ok(headers)
    }

    async fn post(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let body = if self.authorizer.reads_the_body() { serde_json::to_vec(&message)? } else { Vec::new() };
        let all = self.headers("POST", &uri, &body, headers.clone()).await?;
        let (place, again, shown) = (uri.clone(), message.clone(), all.get(&AUTHORIZATION).cloned());
        let answer =
            self.http.post_message_with_response_limits(uri, message, session.clone(), None, all, limits).await;
        if !is_unauthorized(&answer) || !shown.is_some_and(|refused| self.authorizer.renew(&refused)) {
            return answer;
        }
        // 401: the server looked no further than at the token.
        let all = self.headers("POST", &place, &body, headers).await?;
        self.http.post_message_with_response_limits(place, again, session, None, all, limits).await
    }
}

impl StreamableHttpClient for Client {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, None, headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let asked = match &message {
            ClientJsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        match (self.post(uri, message, session, headers, limits).await?, asked) {
            (StreamableHttpPostResponse::Json(answer, session), Some(asked)) => {
                Ok(StreamableHttpPostResponse::Json(correlated(answer, asked)?, session))
            }
            (other, _) => Ok(other),
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        headers: Headers,
    ) -> Result<(), Failure> {
        let headers = self.headers("DELETE", &uri, &[], headers).await?;
        self.http.delete_session(uri, session, None, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        _: Option<String>,
        headers: Headers,
    ) -> Result<BoxedSseResponse, Failure> {
        // A stream that belongs to no call could only bring what is refused or ignored.
        if last_event.is_none() {
            return Err(StreamableHttpError::ServerDoesNotSupportSse);
        }
        let headers = self.headers("GET", &uri, &[], headers).await?;
        self.http.get_stream(uri, session, last_event, None, headers).await
    }
}

/// The answer, where it is one to what was asked: else the caller would wait for another in vain.
fn correlated(answer: ServerJsonRpcMessage, asked: RequestId) -> Result<ServerJsonRpcMessage, Failure> {
    match answer {
        ServerJsonRpcMessage::Response(response) if is_same(&response.id, &asked) => {
            Ok(ServerJsonRpcMessage::Response(response))
        }
        // Who could not read the request cannot name it.
        ServerJsonRpcMessage::Error(error) if error.id.as_ref().is_none_or(|id| is_same(id, &asked)) => {
            Ok(ServerJsonRpcMessage::error(error.error, Some(asked)))
        }
        _ => Err(StreamableHttpError::UnexpectedServerResponse("it answers what was not asked".into())),
    }
}

/// Some servers write the number back as a string.
fn is_same(one: &RequestId, other: &RequestId) -> bool {
    one == other || one.to_string() == other.to_string()
}

fn is_unauthorized(answer: &Result<StreamableHttpPostResponse, Failure>) -> bool {
    match answer {
        Err(StreamableHttpError::AuthRequired(_)) => true,
        Err(error) => super::failure::status(error) == Some(401),
        Ok(_) => false,
    }
}
