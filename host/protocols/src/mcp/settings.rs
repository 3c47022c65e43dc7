//! What the operator says about a server of tools.

use std::{fmt, str::FromStr};

use enginehouse_capabilities::{Error, Result};
use rmcp::model::ProtocolVersion;
use url::Url;

use super::McpAuth;

/// A server of tools.
#[derive(Debug, Clone)]
pub struct McpServer {
    /// Where it takes requests: `https://tools.example.com/mcp`. Redirects are not followed.
    pub url: String,
    /// What it wants to see.
    pub auth: McpAuth,
    /// The version to speak; none: the latest is asked for, and where the server does not know that question, an older one is
    /// agreed on. To be set for old servers that break on the question instead of refusing it.
    pub version: Option<McpVersion>,
}

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McpVersion {
    /// The first over streamable HTTP.
    V20250326,
    /// With structured content.
    V20250618,
    /// The last with sessions.
    V20251125,
    /// Without sessions: each request says all there is to know.
    V20260728,
}

impl McpVersion {
    /// All of them, the oldest first.
    pub const ALL: [Self; 4] = [Self::V20250326, Self::V20250618, Self::V20251125, Self::V20260728];

    /// As the protocol has it: `2025-06-18`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V20250326 => "2025-03-26",
            Self::V20250618 => "2025-06-18",
            Self::V20251125 => "2025-11-25",
            Self::V20260728 => "2026-07-28",
        }
    }

    pub(super) fn on_the_wire(self) -> ProtocolVersion {
        match self {
            Self::V20250326 => ProtocolVersion::V_2025_03_26,
            Self::V20250618 => ProtocolVersion::V_2025_06_18,
            Self::V20251125 => ProtocolVersion::V_2025_11_25,
            Self::V20260728 => ProtocolVersion::V_2026_07_28,
        }
    }

    /// Whether a connection begins with a handshake.
    pub(super) fn has_sessions(self) -> bool {
        self != Self::V20260728
    }
}

impl fmt::Display for McpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for McpVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::Invalid(format!("there is no version `{text}` of MCP here; there are {known}"))
        })
    }
}

/// An address of HTTP, else what is wrong with it, without the address: it may have a password in it.
pub(crate) fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("the address cannot be read ({error})"))?;
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => Ok(url),
        "http" | "https" => Err("an address has no name and password in it".to_owned()),
        _ => Err("the address is not one of http or https".to_owned()),
    }
}

/// What somebody else wrote, short and in one line.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 400;
    let short: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let dots = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    format!("`{}{dots}`", short.trim())
}
