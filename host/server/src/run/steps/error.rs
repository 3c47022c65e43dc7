//! What goes wrong in a step: what is tried again, what ends the run, and how that is told.

use enginehouse_capabilities as capabilities;
use enginehouse_runtime::{self as runtime, EngineError, Failure, HostError};

use crate::{
    plugins,
    store::{self, Problem, RunState},
};

/// A step could not be taken.
#[derive(Debug, thiserror::Error)]
pub(in crate::run) enum Error {
    /// The store failed, or the run moved on.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The plugin, or what it called, failed.
    #[error(transparent)]
    Plugin(#[from] runtime::Error),
    /// A capability failed.
    #[error(transparent)]
    Capability(#[from] capabilities::Error),
    /// The plugin that the run needs does not serve.
    #[error("the plugin of the run does not serve: {0}")]
    NoPlugin(#[from] plugins::Error),
    /// The task that took it ended without an answer.
    #[error("a step of the run fell over; the server's log says where")]
    FellOver,
}

impl Error {
    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Store(_) => self.is_the_stores(),
            Self::FellOver => true,
            Self::Plugin(error) => matches!(
                error,
                runtime::Error::Busy(_)
                    | runtime::Error::OutOfTime { clock: runtime::Clock::Wall, .. }
                    | runtime::Error::Failed(Failure::Host(HostError::Unavailable(_) | HostError::TimedOut(_)))
            ),
            Self::Capability(error) => {
                matches!(error, capabilities::Error::Unavailable(_) | capabilities::Error::TimedOut(_))
            }
            Self::NoPlugin(_) => true,
        }
    }

    /// Whether nothing can be written either, so that the run cannot even be given up.
    pub(in crate::run) fn is_the_stores(&self) -> bool {
        matches!(self, Self::Store(error) if !error.is_lasting())
    }

    pub(super) fn is_moved(&self) -> bool {
        matches!(self, Self::Store(store::Error::Moved(_)))
    }

    /// The kind of problem for the run's caller.
    pub(in crate::run) fn kind(&self) -> &'static str {
        match self {
            Self::Plugin(_) if !self.is_passing() => "plugin-failed",
            _ if self.is_passing() => "unavailable",
            _ => "host-failed",
        }
    }
}

/// What a plugin says when it cannot go on.
pub(super) struct No {
    pub(super) state: RunState,
    pub(super) kind: &'static str,
    pub(super) detail: String,
}

/// Tells a plugin's considered *no*, which ends the run, from a call that failed.
pub(super) fn answer<T>(result: Result<T, runtime::Error>) -> Result<Result<T, No>, Error> {
    let error = match result {
        Ok(value) => return Ok(Ok(value)),
        Err(error) => Error::Plugin(error),
    };
    let (state, kind) = match &error {
        Error::Plugin(runtime::Error::Failed(failure)) if !error.is_passing() => match failure {
            Failure::Unsupported(_) => (RunState::Rejected, "unsupported"),
            Failure::Rejected(_) => (RunState::Rejected, "rejected"),
            Failure::Host(HostError::Unconfigured(_)) => (RunState::Rejected, "unconfigured"),
            Failure::Host(HostError::NotFound(_)) => (RunState::Failed, "not-found"),
            Failure::Host(_) => (RunState::Failed, "host-failed"),
            Failure::Lost(_) => (RunState::Failed, "engine-lost"),
        },
        _ => return Err(error),
    };
    Ok(Err(No { state, kind, detail: error.to_string() }))
}

/// How a program that failed ends its run.
pub(super) fn ended_by(failure: &EngineError, cancel_requested: bool) -> (RunState, Problem) {
    let (state, kind) = match failure.kind.as_str() {
        _ if cancel_requested => (RunState::Cancelled, "cancelled"),
        "time" => (RunState::TimedOut, "timed-out"),
        "lost" => (RunState::Failed, "engine-lost"),
        _ => (RunState::Failed, "program-failed"),
    };
    let place = failure.line.map(|line| format!(" in line {line}")).unwrap_or_default();
    let detail = format!("{}{place}: {}", failure.kind, failure.message);
    (state, Problem { kind: kind.to_owned(), detail })
}
