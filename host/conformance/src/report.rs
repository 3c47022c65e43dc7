//! What the kit found.

mod junit;
mod text;

use std::time::Duration;

use serde::{Serialize, Serializer};

/// How a plugin stood up to each check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Which plugin; none where it does not load.
    pub plugin: Option<Identity>,
    /// In the order in which they were made.
    pub checks: Vec<Check>,
}

/// Names a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// As its description says.
    pub framework: String,
    /// As its description says.
    pub version: String,
    /// SHA-256 of the component, in hex.
    pub digest: String,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What it belongs to.
    pub suite: Suite,
    /// What a plugin that passes does, in words.
    pub name: &'static str,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took; in JSON `took_ms`.
    #[serde(rename = "took_ms", serialize_with = "millis")]
    pub took: Duration,
}

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "kebab-case")]
pub enum Outcome {
    /// As the contract says.
    Passed,
    /// What happened, and what the author has to do.
    Failed(String),
    /// Why it could not be made.
    Skipped(String),
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// Each export answers as the contract says.
    Contract,
    /// No call depends on an earlier one of the same instance.
    Statelessness,
    /// What stands behind the host functions may refuse.
    Capabilities,
    /// Calls stay well within what they may use.
    Limits,
}

impl Report {
    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed(_)))
    }
}

impl std::fmt::Display for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Contract => "contract",
            Self::Statelessness => "statelessness",
            Self::Capabilities => "capabilities",
            Self::Limits => "limits",
        })
    }
}

fn millis<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
