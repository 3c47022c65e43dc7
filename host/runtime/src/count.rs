//! Counts calls of plugins by how they ended.

use crate::{Error, Stage};

/// The name of the counter; its labels are `framework`, `export` and `outcome`.
const CALLS: &str = "enginehouse_plugin_calls_total";

/// How a call ended, in a word.
pub(crate) fn outcome<T>(result: &Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "answered",
        Err(Error::Trapped { .. } | Error::StackOverflow(_)) => "trapped",
        Err(Error::OutOfMemory { .. }) => "out-of-memory",
        Err(Error::OutOfTime { .. }) => "out-of-time",
        Err(Error::Busy(_)) => "busy",
        Err(Error::Invalid(_)) => "invalid",
        Err(_) => "failed",
    }
}

/// Counts a call.
pub(crate) fn ended(framework: &str, stage: Stage, outcome: &'static str) {
    let labels = [("framework", framework.to_owned()), ("export", stage.to_string()), ("outcome", outcome.to_owned())];
    metrics::counter!(CALLS, &labels).increment(1);
}
