//! What the caller sees of a run while it goes on.

use async_trait::async_trait;

use crate::CallContext;

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// For the caller.
    Info,
    /// Something to look at.
    Warn,
    /// Something that failed.
    Error,
}

/// Takes the lines that plugins write into a run's event stream.
#[async_trait]
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Adds a line of at most 8 KiB. A note never fails the call it comes from: what cannot be kept is logged.
    async fn note(&self, cx: &CallContext, level: Level, message: &str);
}
