//! Batches on a managed service.

use std::fmt;

use async_trait::async_trait;

use crate::{CallContext, LogChunk, ObjectUri, Result, Token};

/// A batch to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRequest {
    /// Names this batch for ever.
    pub token: Token,
    /// A name from the operator's settings.
    pub target: String,
    /// For people.
    pub name: String,
    /// The script.
    pub entry_point: ObjectUri,
    /// Handed to the script.
    pub arguments: Vec<String>,
    /// The engine's properties.
    pub properties: Vec<(String, String)>,
    /// Objects with classes.
    pub jars: Vec<ObjectUri>,
    /// At most the attempt's.
    pub timeout_minutes: u32,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Waits for a place.
    Queued,
    /// Runs.
    Running,
    /// Done.
    Succeeded,
    /// Failed by itself.
    Failed,
    /// Ended on request.
    Cancelled,
}

/// What the service says of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The service's own id.
    pub id: String,
    /// How far it is.
    pub state: BatchState,
    /// The service's own word for the state, and its detail.
    pub detail: String,
    /// vCPU hours billed so far.
    pub vcpu_hours: Option<f64>,
    /// GB hours billed so far.
    pub memory_gb_hours: Option<f64>,
}

/// Which of a batch driver's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchOutput {
    /// What it printed.
    Stdout,
    /// What it logged.
    Stderr,
}

/// Runs batches. The adapter adds what narrows a batch to the attempt's inputs and prefixes.
#[async_trait]
pub trait Batches: Send + Sync + fmt::Debug + fmt::Display {
    /// The batch's id; the same token gives the same batch, and with another request it is `Conflict`.
    async fn start(&self, cx: &CallContext, request: BatchRequest) -> Result<String>;

    /// What the service says of it now.
    async fn get(&self, target: &str, id: &str) -> Result<Batch>;

    /// The driver's, at most 256 KiB a call; on some services only after the end.
    async fn log(&self, target: &str, id: &str, output: BatchOutput, after: u64) -> Result<LogChunk>;

    /// Ends a batch; one that has ended is no error.
    async fn cancel(&self, target: &str, id: &str) -> Result<()>;
}
