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
    /// The connection ends before an answer; the service did nothing.
    Cut,
    /// The connection ends before an answer; the service did what it was asked.
    Lost,
    /// The answer takes so long.
    Slow(Duration),
    /// The connection ends in the middle of the answer.
    Partial,
    /// The answer says 200 and is no JSON.
    Malformed,
    /// The credentials have expired.
    Expired,
    /// Nobody knows the credentials.
    Unknown,
    /// The caller has no right to it.
    Denied,
}

impl Fault {
    /// The service's own answer, where it is the service that answers.
    pub(super) fn answer(&self, service: &str, operation: &str) -> Option<Answer> {
        // S3 has words of its own.
        let s3 = service == "s3";
        let said = |status: u16, code: &str, message: &str| Some(Answer::error_with(status, code, message));
        match self {
            Self::Throttled if s3 => said(503, "SlowDown", "Please reduce your request rate."),
            Self::Throttled => said(429, "ThrottlingException", "Rate exceeded"),
            Self::Internal if s3 => said(500, "InternalError", "We encountered an internal error. Please try again."),
            Self::Internal => said(500, "InternalServerException", "something broke"),
            Self::Expired if s3 => said(400, "ExpiredToken", "The provided token has expired."),
            Self::Expired => {
                said(403, "ExpiredTokenException", "The security token included in the request is expired")
            }
            Self::Unknown if s3 => {
                said(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
            }
            Self::Unknown => {
                said(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
            }
            Self::Denied => {
                let user = "User: arn:aws:iam::000000000000:user/somebody";
                let message = format!("{user} is not authorized to perform: {service}:{operation}");
                said(403, if s3 { "AccessDenied" } else { "AccessDeniedException" }, &message)
            }
            Self::Cut | Self::Lost | Self::Slow(_) | Self::Partial | Self::Malformed => None,
        }
    }
}
