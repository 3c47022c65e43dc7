//! From what went wrong below to errors by meaning.

use std::fmt;

use enginehouse_capabilities::Error;
use rmcp::{
    ErrorData, ServiceError,
    model::ErrorCode,
    service::ClientInitializeError,
    transport::{DynamicTransportError, streamable_http_client::StreamableHttpError},
};

use super::{peer::Peer, settings::quoted};

type HttpFailure = StreamableHttpError<reqwest::Error>;

/// What is left of the connection, with the error to hand on.
#[derive(Debug)]
pub(super) enum Failed {
    /// The server forgot the session and handled nothing.
    SessionGone,
    /// The next call makes another connection.
    Broken(Error),
    /// The connection is as good as before.
    Answered(Error),
}

/// What was being done, for the text of the error.
#[derive(Debug, Clone, Copy)]
pub(super) enum Doing<'a> {
    Connecting,
    Listing,
    /// This tool.
    Calling(&'a str),
}

/// Who was spoken to about what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried<'a> {
    pub(super) peer: &'a Peer,
    pub(super) doing: Doing<'a>,
}

impl Tried<'_> {
    /// A connection could not be made.
    pub(super) fn not_connected(self, error: ClientInitializeError) -> Failed {
        match error {
            ClientInitializeError::TransportError { error, .. } => self.not_carried(error),
            ClientInitializeError::LegacyFallbackFailed { fallback, .. } => self.not_connected(*fallback),
            ClientInitializeError::JsonRpcError(error) => Failed::Broken(self.other(self.told(&error))),
            ClientInitializeError::ConnectionClosed(_) => {
                Failed::Broken(Error::Unavailable(format!("{self}: it breaks off while it is greeted")))
            }
            ClientInitializeError::NoCompatibleProtocolVersion { server_supported, .. } => {
                let versions: Vec<&str> = server_supported.iter().map(|version| version.as_str()).collect();
                Failed::Broken(self.version(&versions.join(", ")))
            }
            error => Failed::Broken(self.other(self.peer.quoted(&error.to_string()))),
        }
    }

    /// A request over a connection came to nothing.
    pub(super) fn not_answered(self, error: ServiceError) -> Failed {
        match error {
            ServiceError::McpError(error) if error.code == ErrorCode::HEADER_MISMATCH => Failed::Broken(
                Error::Unavailable(format!("{self}: it changed what the tool takes, and nothing ran; call again")),
            ),
            ServiceError::McpError(error) => Failed::Answered(self.refused(&error)),
            ServiceError::TransportSend(error) => self.not_carried(error),
            ServiceError::TransportClosed => Failed::Broken(Error::Unavailable(format!(
                "{self}: the connection ended before the answer was there, or the answer is too large{}",
                self.perhaps()
            ))),
            ServiceError::UnexpectedResponse => {
                Failed::Answered(self.other(format!("it answers with something else{}", self.perhaps())))
            }
            error => Failed::Broken(self.other(format!("{}{}", self.peer.quoted(&error.to_string()), self.perhaps()))),
        }
    }

    /// The version that the server wants is none of ours.
    pub(super) fn version(self, theirs: &str) -> Error {
        Error::Unconfigured(format!(
            "{self}: it speaks MCP {}, and here are {}; see `tools.servers.{}.version`",
            self.peer.quoted(theirs),
            super::McpVersion::ALL.map(super::McpVersion::as_str).join(", "),
            self.peer.name
        ))
    }

    /// What has no meaning of its own.
    pub(super) fn other(self, reason: impl fmt::Display) -> Error {
        Error::Other { message: format!("{self}: {reason}"), source: None }
    }

    /// What is to be said where a call may have had its effect.
    pub(super) fn perhaps(self) -> &'static str {
        match self.doing {
            Doing::Calling(_) => "; the tool may have run",
            Doing::Connecting | Doing::Listing => "",
        }
    }

    fn told(self, error: &ErrorData) -> String {
        format!("it answers {} {}", error.code.0, self.peer.quoted(&error.message))
    }

    fn refused(self, error: &ErrorData) -> Error {
        let text = format!("{self}: {}", self.told(error));
        match error.code {
            ErrorCode::METHOD_NOT_FOUND => Error::NotFound(text),
            ErrorCode::INVALID_PARAMS | ErrorCode::INVALID_REQUEST | ErrorCode::PARSE_ERROR => Error::Invalid(text),
            _ => self.other(self.told(error)),
        }
    }

    fn not_carried(self, error: DynamicTransportError) -> Failed {
        match error.error.downcast::<HttpFailure>() {
            Ok(error) => self.not_sent(*error),
            Err(error) => Failed::Broken(self.other(self.peer.quoted(&error.to_string()))),
        }
    }

    fn not_sent(self, error: HttpFailure) -> Failed {
        let perhaps = self.perhaps();
        let unavailable = |reason: String| Failed::Broken(Error::Unavailable(format!("{self}: {reason}")));
        let status = status(&error);
        match error {
            StreamableHttpError::SessionExpired => Failed::SessionGone,
            // One of our own, put there by `http`.
            StreamableHttpError::Io(error) => match error.downcast::<Error>() {
                Ok(error) => Failed::Answered(error),
                Err(error) => unavailable(format!("{}{perhaps}", self.peer.quoted(&error.to_string()))),
            },
            StreamableHttpError::AuthRequired(_) => Failed::Answered(self.denied(401)),
            StreamableHttpError::InsufficientScope(_) => Failed::Answered(self.denied(403)),
            StreamableHttpError::Client(error) if error.is_connect() => unavailable(format!(
                "it cannot be reached, and nothing was sent ({})",
                self.causes(&error.without_url())
            )),
            StreamableHttpError::Client(error) => {
                unavailable(format!("the connection broke ({}){perhaps}", self.causes(&error.without_url())))
            }
            StreamableHttpError::ResponseBodyTooLarge { max_size } => {
                Failed::Answered(self.other(format!("its answer has more than {max_size} bytes{perhaps}")))
            }
            error => match status {
                Some(status @ (401 | 403)) => Failed::Answered(self.denied(status)),
                Some(429) => unavailable("it answers HTTP 429 and did nothing; try again later".to_owned()),
                Some(status @ 500..) => unavailable(format!("it answers HTTP {status}{perhaps}")),
                Some(status @ (300..=399 | 404 | 405)) => Failed::Answered(Error::Unconfigured(format!(
                    "{self}: it answers HTTP {status}, so this is not where it takes requests; the setting is `tools.servers.{}.url`",
                    self.peer.name
                ))),
                Some(status) => Failed::Answered(self.other(format!("it answers HTTP {status}"))),
                None => Failed::Broken(
                    self.other(format!("its answer is not MCP ({}){perhaps}", self.peer.quoted(&error.to_string()))),
                ),
            },
        }
    }

    /// An error with what is behind it; by itself it only says that sending failed.
    fn causes(self, error: &dyn std::error::Error) -> String {
        let below = std::iter::successors(error.source(), |error| error.source());
        self.peer.quoted(&below.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
    }

    fn denied(self, status: u16) -> Error {
        Error::Denied(format!(
            "{self}: it refused the credentials in use (HTTP {status}); the setting is `tools.servers.{}.auth`",
            self.peer.name
        ))
    }
}

impl fmt::Display for Tried<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.peer.name;
        match self.doing {
            Doing::Connecting => write!(f, "no connection with the tool server `{server}`"),
            Doing::Listing => write!(f, "the tool server `{server}` did not say which tools it has"),
            Doing::Calling(tool) => write!(f, "the tool {} of the tool server `{server}` gave no answer", quoted(tool)),
        }
    }
}

/// The status of an answer that was no good, where it is known.
pub(super) fn status(error: &HttpFailure) -> Option<u16> {
    match error {
        StreamableHttpError::HttpStatus(error) => Some(error.status),
        StreamableHttpError::Client(error) => error.status().map(|status| status.as_u16()),
        // The client below has no other word for it.
        StreamableHttpError::UnexpectedServerResponse(text) => {
            text.strip_prefix("HTTP ").and_then(|rest| rest.get(..3)).and_then(|digits| digits.parse().ok())
        }
        _ => None,
    }
}
