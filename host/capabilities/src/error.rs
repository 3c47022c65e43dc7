//! Why a capability did not do what it was asked.

/// The result of every capability call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error by meaning. The text is for the reader: it names who failed and says the next step.
///
/// The cases are those of the plugin contract (`wit/types.wit`), so that nothing is lost on the way to a guest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operator or the run's own scope does not allow it. Raised before any effect.
    #[error("denied: {0}")]
    Denied(String),
    /// No backend is set up for it; the text names the setting to fill in.
    #[error("unconfigured: {0}")]
    Unconfigured(String),
    /// There is no such thing.
    #[error("not found: {0}")]
    NotFound(String),
    /// The request cannot be right as it stands.
    #[error("invalid: {0}")]
    Invalid(String),
    /// It is there already, or a token came back with another request.
    #[error("conflict: {0}")]
    Conflict(String),
    /// A budget is spent; the text names it.
    #[error("quota exceeded: {0}")]
    QuotaExceeded(String),
    /// Worth trying again later.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Took longer than the caller allows.
    #[error("timed out: {0}")]
    TimedOut(String),
    /// Everything else.
    #[error("{message}")]
    Other {
        /// What was tried, and by whom.
        message: String,
        /// What went wrong below.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl Error {
    /// An error without a meaning of its own: `message` says what was tried, `source` what went wrong.
    pub fn other(message: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other { message: message.into(), source: Some(source.into()) }
    }

    /// What it is, in one word, for who reads it as JSON: `not-found`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Unconfigured(_) => "unconfigured",
            Self::NotFound(_) => "not-found",
            Self::Invalid(_) => "invalid",
            Self::Conflict(_) => "conflict",
            Self::QuotaExceeded(_) => "quota-exceeded",
            Self::Unavailable(_) => "unavailable",
            Self::TimedOut(_) => "timed-out",
            Self::Other { .. } => "other",
        }
    }
}

/// Names that there are, for who asked for another: `there is a, b`, or `there is none`.
pub fn known<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() { "there is none".to_owned() } else { format!("there is {}", names.join(", ")) }
}
