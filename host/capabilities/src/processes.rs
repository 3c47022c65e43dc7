//! Engines on the host's own machine, each program in a sandbox of its own.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{CallContext, LogChunk, Result, Token};

/// A program for an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Names this piece of work for ever; begins with the attempt's token.
    pub token: Token,
    /// An engine by its name in the operator's settings.
    pub engine: String,
    /// Run first; the code sees the names that it leaves. Empty for none. At most 1 MiB.
    pub prelude: String,
    /// Run as a file of its own, so that line numbers hold. At most 1 MiB.
    pub code: String,
    /// The sandbox is ended after it.
    pub timeout: Duration,
}

/// How far a program is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessState {
    /// Waits for a place.
    Queued,
    /// Runs.
    Running,
    /// The exit status; negative where a signal ended it. With 0, what it wrote is in the store.
    Exited(i32),
    /// A limit of the sandbox ended it: `memory`, `time`, `disk`, `processes`, or `cancelled` where it was asked for.
    Stopped(String),
    /// Gone, with no exit status on record.
    Lost,
}

impl ProcessState {
    /// Whether nothing will change any more.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// Which of a program's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessOutput {
    /// What the program printed.
    Stdout,
    /// The engine's own log and the program's errors.
    Stderr,
}

/// Runs programs in sandboxes.
///
/// What a program may read and write is not asked for: the adapter mounts the attempt's inputs to read and its output to
/// write, both from the [`CallContext`]. Results appear in the store whole, when the program has exited with 0, or not
/// at all. States and logs are durable: they are found again after a restart of the host.
#[async_trait]
pub trait Processes: Send + Sync + fmt::Debug + fmt::Display {
    /// Starts a program and returns at once. A token that was used before starts nothing; with another program it is
    /// `Conflict`. Nor does one that was cancelled before, whatever the program. `Unconfigured` names the command that installs a missing engine; `Invalid` where the context has no
    /// attempt.
    async fn start(&self, cx: &CallContext, program: Program) -> Result<()>;

    /// `NotFound` for a token that started nothing and was not cancelled.
    async fn check(&self, token: &Token) -> Result<ProcessState>;

    /// At most 256 KiB. The first and the last 8 MiB of each output are kept.
    async fn log(&self, token: &Token, output: ProcessOutput, after: u64) -> Result<LogChunk>;

    /// Ends a program; one that has ended is no error. A token that started nothing so far never will, also after a
    /// restart: it is `Stopped("cancelled")` from now on, so that whoever cancels need not know how far a `start` is.
    async fn cancel(&self, token: &Token) -> Result<()>;

    /// Forgets a program that has ended, with its logs, or that a token was cancelled. `Conflict` while it runs.
    async fn remove(&self, token: &Token) -> Result<()>;

    /// Whether `engine` could run a program now: its version and limits in words, else `Unconfigured` with what is
    /// missing and the command that mends it. Starts nothing.
    async fn probe(&self, engine: &str) -> Result<String>;
}
