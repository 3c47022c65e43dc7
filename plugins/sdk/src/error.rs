//! Words for the errors of host functions.

use crate::Error;

impl Error {
    /// What the host says went wrong, without the kind of error.
    pub fn text(&self) -> &str {
        match self {
            Self::Denied(text)
            | Self::Unconfigured(text)
            | Self::NotFound(text)
            | Self::Invalid(text)
            | Self::Conflict(text)
            | Self::QuotaExceeded(text)
            | Self::Unavailable(text)
            | Self::TimedOut(text)
            | Self::Other(text) => text,
        }
    }
}
