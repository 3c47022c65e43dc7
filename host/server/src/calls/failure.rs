//! Why a call has no answer, as it is kept.

use enginehouse_capabilities::Error;
use serde::{Deserialize, Serialize};

/// An error that is the last word on a call, with its text.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Failure {
    Denied(String),
    Unconfigured(String),
    NotFound(String),
    Invalid(String),
    Conflict(String),
    QuotaExceeded(String),
    Other(String),
}

impl Failure {
    /// None where nobody can know whether what was called ran.
    pub(super) fn of(error: Error) -> Option<Self> {
        Some(match error {
            Error::Unavailable(_) | Error::TimedOut(_) => return None,
            Error::Denied(text) => Self::Denied(text),
            Error::Unconfigured(text) => Self::Unconfigured(text),
            Error::NotFound(text) => Self::NotFound(text),
            Error::Invalid(text) => Self::Invalid(text),
            Error::Conflict(text) => Self::Conflict(text),
            Error::QuotaExceeded(text) => Self::QuotaExceeded(text),
            error => Self::Other(error.to_string()),
        })
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(text) => Self::Denied(text),
            Failure::Unconfigured(text) => Self::Unconfigured(text),
            Failure::NotFound(text) => Self::NotFound(text),
            Failure::Invalid(text) => Self::Invalid(text),
            Failure::Conflict(text) => Self::Conflict(text),
            Failure::QuotaExceeded(text) => Self::QuotaExceeded(text),
            Failure::Other(message) => Self::Other { message, source: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_was_kept_means_what_it_did() {
        let again = |error: Error| {
            let kept = serde_json::to_string(&Failure::of(error)?).unwrap();
            Some(Error::from(serde_json::from_str::<Failure>(&kept).unwrap()))
        };
        assert!(matches!(again(Error::NotFound("a".into())), Some(Error::NotFound(text)) if text == "a"));
        assert!(matches!(again(Error::QuotaExceeded("a".into())), Some(Error::QuotaExceeded(_))));
        assert!(again(Error::Unavailable("it may have run".into())).is_none());
        assert!(again(Error::TimedOut("it may have run".into())).is_none());
    }
}
