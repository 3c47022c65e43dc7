//! Counts calls of plugins by how they ended.

use crate::{Error, Stage};

/// The name of the counter; its labels are `framework`, `export` and `outcome`.
const CALLS: &str = "enginehouse_plugin_calls_total";

/// Counts a call; how it ended, in a word.
pub(crate) fn ended<T>(framework: &str, stage: Stage, result: &Result<T, Error>) -> &'static str {
    let outcome = match result {
        Ok(_) => "answered",
        Err(Error::Trapped { .. } | Error::StackOverflow(_)) => "trapped",
        Err(Error::OutOfMemory { .. }) => "out-of-memory",
        Err(Error::OutOfTime { .. }) => "out-of-time",
        Err(Error::Busy(_)) => "busy",
        Err(Error::Invalid(_)) => "invalid",
        Err(_) => "failed",
    };
    let labels = [("framework", framework.to_owned()), ("export", stage.to_string()), ("outcome", outcome.to_owned())];
    metrics::counter!(CALLS, &labels).increment(1);
    outcome
}
