//! From what a service and its client say to errors by meaning.

use std::io::ErrorKind::ConnectionRefused;

use aws_smithy_runtime_api::{client::result::SdkError, http::Response as HttpResponse};
use aws_smithy_types::{
    byte_stream::error::Error as ByteStreamError,
    error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata},
};
use enginehouse_capabilities::{Error, ObjectUri};

use crate::credentials::Lack;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A call that failed, of whichever operation.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    /// The service's own word for it; empty where the answer had none.
    code: String,
    /// What the service wrote about it, or the chain of causes.
    text: String,
    source: Source,
}

#[derive(Debug)]
enum Kind {
    Unreachable,
    TimedOut,
    Answered(u16),
    /// There was nothing to sign the request with.
    Unsigned(Lack),
    /// The request cannot be built.
    Unbuilt,
    /// The answer ended before its body did.
    BrokeOff,
    Other,
}

impl Failure {
    /// The service's own word for it, `EntityNotFoundException`; empty where the answer had none.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// What the service wrote about it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the service may have begun what it was asked: not where it turned the request away, or nothing was sent.
    pub(crate) fn may_have_begun(&self) -> bool {
        match self.kind {
            Kind::Unsigned(_) | Kind::Unbuilt => false,
            Kind::Unreachable => !is_refused(self.source.as_ref()),
            Kind::Answered(400..500) => false,
            Kind::Answered(_) => !is_throttling(&self.code),
            Kind::TimedOut | Kind::BrokeOff | Kind::Other => true,
        }
    }

    pub(crate) fn is_no_such_bucket(&self) -> bool {
        self.code == "NoSuchBucket"
    }

    pub(crate) fn is_no_such_key(&self) -> bool {
        self.code == "NoSuchKey"
    }

    pub(crate) fn is_beyond_the_end(&self) -> bool {
        matches!(self.kind, Kind::Answered(416))
    }

    /// A write was to find nothing, and found something, or another write of the same at the same time.
    pub(crate) fn is_condition_failed(&self) -> bool {
        matches!(self.kind, Kind::Answered(412)) || self.code == "ConditionalRequestConflict"
    }

    /// Somebody made the bucket meanwhile.
    pub(crate) fn is_made_already(&self) -> bool {
        matches!(self.code.as_str(), "BucketAlreadyOwnedByYou" | "BucketAlreadyExists")
    }

    /// The error to hand on. `tried` is who could not do what: `Glue in us-east-1 could not list the databases`.
    pub(crate) fn told(self, tried: &str) -> Error {
        let Self { kind, code, text, source } = self;
        match (kind, code.as_str()) {
            (Kind::Unreachable, _) => Error::Unavailable(format!("{tried}: it cannot be reached ({text})")),
            (Kind::TimedOut, _) => Error::TimedOut(format!("{tried}: it took too long ({text})")),
            (Kind::Unsigned(lack), _) => lack.told(tried),
            (Kind::Unbuilt, _) => {
                Error::Invalid(format!("{tried}: nothing was sent, since the request cannot be made ({text})"))
            }
            (Kind::BrokeOff, _) => Error::Unavailable(format!(
                "{tried}: the connection ended in the middle of an answer, and half of one is not used ({text}); try again, and where \
                 it ends each time, look at what lies between"
            )),
            (_, "RequestTimeTooSkewed" | "RequestExpired") => clock(tried),
            // So the JSON services say it.
            (_, "InvalidSignatureException") if text.contains("Signature expired") => clock(tried),
            (_, "ExpiredToken" | "ExpiredTokenException") => Error::Denied(format!(
                "{tried}: the AWS credentials in use have expired; renew them where they come from (`aws sso login`, or what \
                     fills the environment or the profile)"
            )),
            (_, "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId") => {
                Error::Denied(format!(
                    "{tried}: AWS does not know the credentials in use ({code} {text}); correct them where they come from: the \
                 environment, or the profile in `aws.profile`"
                ))
            }
            (_, "ServiceQuotaExceededException" | "ResourceNumberLimitExceededException") => {
                Error::QuotaExceeded(format!("{tried}: a quota of the account is used up ({code} {text})"))
            }
            (_, code) if is_throttling(code) => {
                Error::Unavailable(format!("{tried}: it answered {code} {text}; try again later"))
            }
            (_, code) if is_missing(code) => Error::NotFound(format!("{tried}: {code} {text}")),
            (_, code) if is_denied(code) => {
                Error::Denied(format!("{tried}: it refused the credentials in use ({code} {text})"))
            }
            (Kind::Answered(401 | 403), _) => {
                Error::Denied(format!("{tried}: it refused the credentials in use ({code} {text})"))
            }
            (Kind::Answered(404), _) => Error::NotFound(format!("{tried}: {code} {text}")),
            (Kind::Answered(409 | 412), _) | (_, "ConflictException") => {
                Error::Conflict(format!("{tried}: {code} {text}"))
            }
            (Kind::Answered(429 | 500..), _) => {
                Error::Unavailable(format!("{tried}: it answered {code} {text}; try again later"))
            }
            (Kind::Answered(400..), _) => Error::Invalid(format!("{tried}: {code} {text}")),
            _ => Error::other(tried, source),
        }
    }

    /// The same for an object: `who` could not `verb` it.
    pub(crate) fn told_of(self, who: &str, verb: &str, uri: &ObjectUri) -> Error {
        match (&self.kind, self.code.as_str()) {
            (_, "NoSuchBucket") => Error::NotFound(format!("{who} has no bucket `{}`", uri.bucket())),
            (Kind::Answered(301), _) | (_, "PermanentRedirect" | "AuthorizationHeaderMalformed") => {
                let bucket = uri.bucket();
                Error::Unconfigured(format!(
                    "{who} has no bucket `{bucket}`: it is in another region; set `aws.region` to it"
                ))
            }
            // It is the upload that is missing, whatever there is of the object.
            (_, "NoSuchUpload") => Error::Unavailable(format!(
                "{who} could not {verb} `{uri}`: its upload was ended meanwhile, by a rule of the bucket or somebody else; write it again"
            )),
            (Kind::Answered(404), _) => Error::NotFound(format!("{who} has no object `{uri}`")),
            _ => self.told(&format!("{who} could not {verb} `{uri}`")),
        }
    }
}

/// Nobody listens there, so nothing was sent.
fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).any(|cause| cause.kind() == ConnectionRefused)
}

fn clock(tried: &str) -> Error {
    Error::Unavailable(format!("{tried}: its clock and this machine's differ by too much; set this machine's clock"))
}

/// Words of several services for the same: too much at once.
fn is_throttling(code: &str) -> bool {
    matches!(code, "TooManyRequestsException" | "SlowDown" | "RequestLimitExceeded") || code.contains("Throttl")
}

/// Glue and other JSON-RPC services answer 400 for everything.
fn is_missing(code: &str) -> bool {
    matches!(code, "EntityNotFoundException" | "ResourceNotFoundException")
}

fn is_denied(code: &str) -> bool {
    code.starts_with("AccessDenied")
        || matches!(code, "InvalidSignatureException" | "MissingAuthenticationTokenException")
}

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(e: SdkError<E, HttpResponse>) -> Self {
        let kind = match &e {
            SdkError::TimeoutError(_) => Kind::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Kind::TimedOut,
            // The SDK has no other place for it: no connection was tried.
            SdkError::DispatchFailure(_) if let Some(lack) = Lack::of(&e) => Kind::Unsigned(lack),
            SdkError::DispatchFailure(failure) if failure.is_user() => Kind::Other,
            SdkError::DispatchFailure(_) => Kind::Unreachable,
            SdkError::ConstructionFailure(_) => Kind::Unbuilt,
            SdkError::ServiceError(answer) => Kind::Answered(answer.raw().status().as_u16()),
            SdkError::ResponseError(answer) => Kind::Answered(answer.raw().status().as_u16()),
            _ => Kind::Other,
        };
        Self {
            kind,
            code: e.code().unwrap_or_default().to_owned(),
            text: e.message().map_or_else(|| DisplayErrorContext(&e).to_string(), str::to_owned),
            source: Box::new(e),
        }
    }
}

impl From<ByteStreamError> for Failure {
    fn from(e: ByteStreamError) -> Self {
        let text = DisplayErrorContext(&e).to_string();
        Self { kind: Kind::BrokeOff, code: String::new(), text, source: Box::new(e) }
    }
}
