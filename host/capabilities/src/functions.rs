//! Functions that answer within minutes.

use std::fmt;

use async_trait::async_trait;

use crate::{CallContext, Result, Token};

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionAnswer {
    /// JSON, as the function returned it, at most 6 MB.
    pub payload: String,
    /// Set where the function itself failed.
    pub error: Option<String>,
    /// The last 4 KiB of its log.
    pub log: String,
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionState {
    /// No answer yet.
    Running,
    /// It answered.
    Answered(FunctionAnswer),
    /// The host went down in the meantime and cannot know the answer; the function may have run.
    Lost,
}

/// Calls functions by their names in the operator's settings.
#[async_trait]
pub trait Functions: Send + Sync + fmt::Debug + fmt::Display {
    /// Starts a call and returns at once. A token that was used before starts nothing; with another payload it is
    /// `Conflict`. `payload` is JSON, at most 6 MB.
    async fn start(&self, cx: &CallContext, token: &Token, target: &str, payload: &str) -> Result<()>;

    /// The same answer any number of times, until the run is deleted.
    async fn check(&self, token: &Token) -> Result<FunctionState>;
}
