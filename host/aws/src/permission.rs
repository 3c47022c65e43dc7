//! What an account must allow, and whether it does.

use enginehouse_capabilities::{Error, Result};

/// One thing that must be allowed.
#[derive(Debug)]
pub struct Permission {
    /// The IAM action: `s3:GetObject`.
    pub action: &'static str,
    /// What it is needed on, as people call it: `s3://bucket`.
    pub on: String,
    /// What asking for it came to.
    pub verdict: Verdict,
}

/// What asking came to.
#[derive(Debug)]
pub enum Verdict {
    /// It is allowed.
    Allowed,
    /// It is refused, or what it is needed on is not there.
    Failed(Error),
    /// It cannot be asked for without doing it; the reason.
    Untried(&'static str),
}

impl Permission {
    /// With what asking for it came to.
    pub fn new(action: &'static str, on: impl Into<String>, asked: Result<()>) -> Self {
        let verdict = match asked {
            Ok(()) => Verdict::Allowed,
            Err(error) => Verdict::Failed(error),
        };
        Self { action, on: on.into(), verdict }
    }

    /// Asked about something that is not there on purpose: who may not ask is refused before anybody looks for it.
    pub(crate) fn on_nothing(action: &'static str, on: impl Into<String>, asked: Result<()>) -> Self {
        Self::new(action, on, if let Err(Error::NotFound(_)) = asked { Ok(()) } else { asked })
    }

    pub(crate) fn untried(action: &'static str, on: impl Into<String>, reason: &'static str) -> Self {
        Self { action, on: on.into(), verdict: Verdict::Untried(reason) }
    }
}
