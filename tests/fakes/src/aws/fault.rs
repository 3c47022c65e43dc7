//! What goes wrong between us and a service.

use std::time::Duration;

use super::Answer;

/// Something that goes wrong once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The service has too much to do; it did nothing.
    Throttled,
    /// The service fell over; what it did before is unknown.
    Internal,
    /// The connection ends before an answer.
    Cut,
    /// The answer takes so long.
    Slow(Duration),
    /// The connection ends in the middle of the answer.
    Partial,
    /// The answer says 200 and is no JSON.
    Malformed,
    /// The credentials have expired.
    Expired,
    /// The caller has no right to it.
    Denied,
}

impl Fault {
    /// The service's own answer, where it is the service that answers.
    pub(super) fn answer(&self, service: &str, operation: &str) -> Option<Answer> {
        match self {
            Self::Throttled => Some(Answer::error_with(429, "ThrottlingException", "Rate exceeded")),
            Self::Internal => Some(Answer::error_with(500, "InternalServerException", "something broke")),
            Self::Expired => Some(Answer::error_with(
                403,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            )),
            Self::Denied => {
                let user = "User: arn:aws:iam::000000000000:user/somebody";
                let message = format!("{user} is not authorized to perform: {service}:{operation}");
                Some(Answer::error_with(403, "AccessDeniedException", &message))
            }
            Self::Cut | Self::Slow(_) | Self::Partial | Self::Malformed => None,
        }
    }
}
