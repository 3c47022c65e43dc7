//! Functions that answer within minutes.

use std::fmt;

use async_trait::async_trait;

use crate::{CallContext, Result, Token};

/// What a service bills for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionBilled {
    /// How long it counts.
    pub milliseconds: u32,
    /// What the function was given for that time, used or not.
    pub memory_mb: u32,
}

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionAnswer {
    /// JSON, as the function returned it, at most 6 MB.
    pub payload: String,
    /// Set where the function itself failed.
    pub error: Option<String>,
    /// The last 4 KiB of its log.
    pub log: String,
    /// None where the service does not say.
    pub billed: Option<FunctionBilled>,
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

/// Functions, as an adapter reaches them: what stands behind [`Functions`], which adds the background and the memory.
#[async_trait]
pub trait Invoke: Send + Sync + fmt::Debug + fmt::Display {
    /// Refuses, before anything is sent, a target that is not set up or a payload that is too large.
    ///
    /// # Errors
    /// `Unconfigured` with the targets there are, or `Invalid`.
    fn check(&self, target: &str, payload: &str) -> Result<()>;

    /// Calls a function once and waits for its answer, for minutes. An answer with `error` set is an answer. Never sent again
    /// once it may have begun.
    ///
    /// # Errors
    /// Only where the function did not run, or nobody can know whether it did: then the text says so.
    async fn invoke(&self, cx: &CallContext, token: &Token, target: &str, payload: &str) -> Result<FunctionAnswer>;
}
