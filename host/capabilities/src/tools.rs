//! Tools behind a gateway.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{CallContext, Result, Token};

/// One tool that a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// As the gateway gives it, the target's prefix included.
    pub name: String,
    /// For people and models.
    pub description: String,
    /// JSON Schema.
    pub input_schema: String,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolReply {
    /// JSON: the structured content where the tool gives one, else the text content.
    pub content: String,
    /// The tool ran and says that it failed.
    pub is_error: bool,
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolState {
    /// No answer yet.
    Running,
    /// It answered.
    Answered(ToolReply),
    /// The connection or the host went down in the meantime; the tool may have run.
    Lost,
}

/// Calls tools of servers by their names in the operator's settings.
#[async_trait]
pub trait Tools: Send + Sync + fmt::Debug + fmt::Display {
    /// What `server` offers.
    async fn list(&self, server: &str) -> Result<Vec<Tool>>;

    /// For what answers within 30 s. `arguments` is a JSON object. Sent once, never again.
    async fn call(&self, cx: &CallContext, server: &str, tool: &str, arguments: &str) -> Result<ToolReply>;

    /// For what takes longer. A token that was used before starts nothing.
    async fn start(&self, cx: &CallContext, token: &Token, server: &str, tool: &str, arguments: &str) -> Result<()>;

    /// The same answer any number of times, until the run is deleted; where the tool did not run, the error that says why.
    async fn check(&self, token: &Token) -> Result<ToolState>;
}

/// Servers of tools, as an adapter reaches them: what stands behind [`Tools`], which adds the background and the memory.
#[async_trait]
pub trait ToolServers: Send + Sync + fmt::Debug + fmt::Display {
    /// What `server` offers, all pages of it.
    ///
    /// # Errors
    /// `Unconfigured` with the servers there are, `Unavailable` where it cannot be reached.
    async fn list(&self, server: &str) -> Result<Vec<Tool>>;

    /// Calls a tool once and waits for its answer for `patience` at most. An answer with `is_error` is an answer. Sent once, never
    /// again once it may have begun.
    ///
    /// # Errors
    /// `NotFound` for a tool that the server does not know, `Invalid` for arguments that it refuses, `TimedOut` and `Unavailable`
    /// where nobody can know whether the tool ran: then the text says so.
    async fn call(
        &self,
        cx: &CallContext,
        server: &str,
        tool: &str,
        arguments: &str,
        patience: Duration,
    ) -> Result<ToolReply>;
}
