//! From what S3 and its client say to errors by meaning.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::ByteStreamError,
};
use enginehouse_capabilities::{Error, ObjectUri};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A call that failed, of whichever operation.
#[derive(Debug)]
pub(super) struct Failure {
    kind: Kind,
    /// S3's own word for it; empty where the answer had none.
    code: String,
    /// What S3 wrote about it, or the chain of causes.
    text: String,
    source: Source,
}

#[derive(Debug)]
enum Kind {
    Unreachable,
    TimedOut,
    Answered(u16),
    Other,
}

impl Failure {
    pub(super) fn is_no_such_bucket(&self) -> bool {
        self.code == "NoSuchBucket"
    }

    pub(super) fn is_no_such_key(&self) -> bool {
        self.code == "NoSuchKey"
    }

    pub(super) fn is_beyond_the_end(&self) -> bool {
        matches!(self.kind, Kind::Answered(416))
    }

    /// Somebody made the bucket meanwhile.
    pub(super) fn is_made_already(&self) -> bool {
        matches!(self.code.as_str(), "BucketAlreadyOwnedByYou" | "BucketAlreadyExists")
    }

    /// The error to hand on: `who` could not `verb` the object at `uri`.
    pub(super) fn told(self, who: &str, verb: &str, uri: &ObjectUri) -> Error {
        let Self { kind, code, text, source } = self;
        let tried = format!("{who} could not {verb} `{uri}`");
        match (kind, code.as_str()) {
            (Kind::Unreachable, _) => Error::Unavailable(format!("{tried}: it cannot be reached ({text})")),
            (Kind::TimedOut, _) => Error::TimedOut(format!("{tried}: it took too long ({text})")),
            (_, "NoSuchBucket") => Error::NotFound(format!("{who} has no bucket `{}`", uri.bucket())),
            (_, "RequestTimeTooSkewed") => Error::Unavailable(format!(
                "{tried}: its clock and this machine's differ by too much; set this machine's clock"
            )),
            (Kind::Answered(404), _) => Error::NotFound(format!("{who} has no object `{uri}`")),
            (Kind::Answered(401 | 403), _) => {
                Error::Denied(format!("{tried}: it refused the credentials in use ({code} {text})"))
            }
            (Kind::Answered(409 | 412), _) => Error::Conflict(format!("{tried}: {code} {text}")),
            (Kind::Answered(429 | 500..), _) => {
                Error::Unavailable(format!("{tried}: it answered {code} {text}; try again later"))
            }
            (Kind::Answered(400..), _) => Error::Invalid(format!("{tried}: {code} {text}")),
            _ => Error::other(tried, source),
        }
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(e: SdkError<E, HttpResponse>) -> Self {
        let kind = match &e {
            SdkError::TimeoutError(_) => Kind::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Kind::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_user() => Kind::Other,
            SdkError::DispatchFailure(_) => Kind::Unreachable,
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
        Self { kind: Kind::Unreachable, code: String::new(), text, source: Box::new(e) }
    }
}
