//! Why a service did not do what a caller asked.

use enginehouse_capabilities as capabilities;
use enginehouse_runtime as runtime;
use uuid::Uuid;

use crate::{plugins, store};

/// The result of every service.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error by meaning; only `http` knows status codes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be right as it stands.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It is in the way of what is there.
    #[error("{0}")]
    Conflict(String),
    /// It is larger than it may be.
    #[error("{0}")]
    TooLarge(String),
    /// It takes longer to arrive than a request may.
    #[error("{0}")]
    TooSlow(String),
    /// As much of it is going on as there may be at once.
    #[error("{0}")]
    Busy(String),
    /// The framework or platform cannot do it as things are set up.
    #[error("{0}")]
    Unsupported(String),
    /// The code was refused before anything ran.
    #[error("the code was refused: {}", first_message(.findings))]
    Rejected {
        /// The run that it was refused in; none for a bare validation.
        run: Option<Uuid>,
        /// The code that was refused.
        code: String,
        /// Why.
        findings: Vec<runtime::Finding>,
    },
    /// The run goes on, but the caller does not wait any longer.
    #[error("the run {0} goes on, but its answer took longer than a request may wait: ask for GET /v1/runs/{0}")]
    StillRunning(Uuid),
    /// The run ended without doing what was asked, through no fault of its code.
    #[error("{detail}")]
    RunFailed {
        /// The run.
        run: Uuid,
        /// `timed-out`, `engine-lost`, `cancelled`, ….
        kind: String,
        /// What happened and what to do.
        detail: String,
    },
    /// A part of the server fell over.
    #[error("{0}")]
    Internal(String),
    /// A capability did not do it.
    #[error(transparent)]
    Capability(#[from] capabilities::Error),
    /// A plugin did not do it.
    #[error(transparent)]
    Plugin(#[from] runtime::Error),
    /// A plugin was not installed or activated.
    #[error(transparent)]
    Plugins(#[from] plugins::Error),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn first_message(findings: &[runtime::Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.severity == runtime::Severity::Error);
    errors.map(|finding| format!("{} {}", finding.rule, finding.message)).next().unwrap_or_default()
}
