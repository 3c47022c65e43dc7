//! Which export a call is in.

use std::fmt;

/// An export of the contract. What a host function may do depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `describe`
    Describe,
    /// `plan`
    Plan,
    /// `generate`
    Generate,
    /// `validate`
    Validate,
    /// `submit`
    Submit,
    /// `poll`
    Poll,
    /// `log`
    Log,
    /// `cancel`
    Cancel,
    /// `fetch`
    Fetch,
    /// `status`
    Status,
}

impl Stage {
    pub(crate) const ALL: [Self; 10] = [
        Self::Describe,
        Self::Plan,
        Self::Generate,
        Self::Validate,
        Self::Submit,
        Self::Poll,
        Self::Log,
        Self::Cancel,
        Self::Fetch,
        Self::Status,
    ];

    /// Whether the call is about an attempt, and so may act within it.
    pub fn has_attempt(self) -> bool {
        matches!(self, Self::Submit | Self::Poll | Self::Log | Self::Cancel | Self::Fetch)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Describe => "describe",
            Self::Plan => "plan",
            Self::Generate => "generate",
            Self::Validate => "validate",
            Self::Submit => "submit",
            Self::Poll => "poll",
            Self::Log => "log",
            Self::Cancel => "cancel",
            Self::Fetch => "fetch",
            Self::Status => "status",
        })
    }
}
