//! The records that the store keeps.

use std::{collections::BTreeMap, fmt, str::FromStr};

use enginehouse_runtime::{Choice, EngineError, Finding, Outcome, Task};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Cost, DayCap, Pin};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Accepted; nothing has happened yet.
    Queued,
    /// The plugin writes code.
    Generating,
    /// The plugin reads the code.
    Validating,
    /// The code is clean; its caller has yet to say that it may run.
    AwaitingApproval,
    /// The work is being handed to the engine.
    Submitting,
    /// The engine has it.
    Running,
    /// The results are being gathered.
    Collecting,
    /// Done, and the results are there.
    Succeeded,
    /// The program or its engine failed.
    Failed,
    /// Ended on request.
    Cancelled,
    /// Took longer than it may.
    TimedOut,
    /// The code, or the task, was refused; nothing ran.
    Rejected,
}

impl RunState {
    pub(crate) const ALL: [Self; 12] = [
        Self::Queued,
        Self::Generating,
        Self::Validating,
        Self::AwaitingApproval,
        Self::Submitting,
        Self::Running,
        Self::Collecting,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::TimedOut,
        Self::Rejected,
    ];

    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::TimedOut | Self::Rejected)
    }

    /// As callers read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Generating => "generating",
            Self::Validating => "validating",
            Self::AwaitingApproval => "awaiting-approval",
            Self::Submitting => "submitting",
            Self::Running => "running",
            Self::Collecting => "collecting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// A state that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state of a run")]
pub struct UnknownState(String);

/// A source as callers name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum SourceRef {
    /// An object, or with a `/` at its end all objects under it.
    Object {
        /// `s3://bucket/key`.
        uri: String,
        /// `csv`, `parquet` or `json`; told from the name where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
        /// How to read it: `header`, `delimiter`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        properties: BTreeMap<String, String>,
    },
    /// A table of the catalog.
    Table {
        /// `database.table`.
        table: String,
    },
}

/// What was asked for, with everything the run needs from outside: a snapshot that never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// The task that the plugin sees.
    pub task: Task,
    /// Code that the caller brought; none where it is to be written.
    pub code: Option<String>,
    /// Stop once the code is clean; nothing is run.
    pub generate_only: bool,
    /// Choose a platform as for a run, and stop once the code is clean.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether clean code waits until its caller says that it may run.
    #[serde(default)]
    pub approval: Approval,
    /// Whether objects under a caller's output prefix may be replaced.
    pub overwrite: bool,
    /// How many times code may be written.
    pub max_attempts: u32,
    /// How long it may wait at its engine before the program begins, in seconds.
    #[serde(default = "a_day")]
    pub queue_seconds: u32,
    /// How long the program may run, in seconds.
    #[serde(alias = "timeout_seconds")]
    pub run_seconds: u32,
    /// How long the program may print nothing, in seconds; none: as long as it runs.
    #[serde(default)]
    pub idle_seconds: Option<u32>,
}

/// What requests of an older version waited at most.
fn a_day() -> u32 {
    24 * 3600
}

/// When clean code may run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// At once.
    #[default]
    Auto,
    /// When its caller has approved these very bytes.
    BeforeRun,
}

/// Why a run did not succeed, in words for its caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// Stable: `rejected`, `unsupported`, `program-failed`, `engine-lost`, `timed-out`, `plugin-failed`, `unavailable`.
    pub kind: String,
    /// What happened and what to do.
    pub detail: String,
}

/// One run.
#[derive(Debug, Clone)]
pub struct RunRow {
    pub id: Uuid,
    pub session: String,
    pub framework: String,
    pub state: RunState,
    /// Who may see it.
    pub owner: String,
    /// W3C trace context (`traceparent`) of the request that made it.
    pub trace: Option<String>,
    pub request: RunRequest,
    pub plan: Option<Choice>,
    pub attempt: u32,
    pub ticket: Option<String>,
    pub outcome: Option<Outcome>,
    pub problem: Option<Problem>,
    pub cancel_requested: bool,
    /// SHA-256 of the code that its caller said may run.
    pub approved: Option<String>,
    /// The host that drives it.
    pub host: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    /// When its attempt was first handed to the engine.
    pub submitted_at: Option<i64>,
    /// When the engine began its program.
    pub began_at: Option<i64>,
    /// When its program began, or last printed something.
    pub heard_at: Option<i64>,
    pub finished_at: Option<i64>,
    /// The generation of the plugin that it is pinned to; none for runs of a version that pinned none.
    pub pin: Option<Pin>,
    /// Where its attempt's log goes on, for the plugin.
    pub log_next: u64,
    /// What it costs, where its platform has a price.
    pub cost: Cost,
}

/// One piece of code of a run.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    pub number: u32,
    pub code: String,
    pub sha256: String,
    pub author: String,
    pub notes: Vec<String>,
    pub findings: Option<Vec<Finding>>,
    pub digest: Option<String>,
    pub failure: Option<EngineError>,
    /// What the model that wrote it says of it; none where no model did.
    pub model: Option<ModelUse>,
    pub created_at: i64,
}

/// One answer of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUse {
    /// The model that answered.
    pub model: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// SHA-256 of the whole prompt, in hex.
    pub prompt_sha256: String,
}

/// What one step of a run changes, written in one transaction with its journal entry.
#[derive(Debug, Clone, Default)]
pub struct Step {
    pub state: Option<RunState>,
    pub plan: Option<Choice>,
    pub draft: Option<AttemptRow>,
    pub findings: Option<(Vec<Finding>, String)>,
    pub ticket: Option<String>,
    pub outcome: Option<Outcome>,
    pub failure: Option<EngineError>,
    pub problem: Option<Problem>,
    /// The engine has begun the program.
    pub began: bool,
    /// What the run is expected to cost.
    pub cost_expected: Option<f64>,
    /// Taken only while the runs of a day stay under it, among which the run then counts.
    pub day_cap: Option<DayCap>,
    /// What an attempt did cost; added to what the attempts before it did.
    pub cost_billed: Option<f64>,
    /// Further journal entries: kind and data.
    pub entries: Vec<(&'static str, serde_json::Value)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_as_it_was_written() {
        for state in RunState::ALL {
            assert_eq!(state.as_str().parse::<RunState>().unwrap(), state);
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert!("lost".parse::<RunState>().is_err());
    }
}
